/* SPDX-License-Identifier: MIT */
#include "engine-audio.h"
#include "engine-private.h"
#include "engine.h"

/* The daemon's audio ports as control declares them. */

static int ops_open(void *engine, const struct pl_audio_port_info *info, int wake_fd,
		    struct pl_audio_port **ret_port)
{
	return engine_audio_open(pl_engine_audio(engine), info, wake_fd, ret_port);
}

static struct pl_audio_port *ops_close(void *engine, struct pl_audio_port *port)
{
	engine_audio_close(pl_engine_audio(engine), port);
	return NULL;
}

static int ops_bridge(void *engine, struct pl_audio_port *capture, struct pl_audio_port *playback,
		      bool open)
{
	return engine_audio_bridge(pl_engine_audio(engine), capture, playback, open);
}

static size_t ops_read(struct pl_audio_port *port, float *samples, size_t n_frames)
{
	return engine_ring_read(engine_audio_ring(port), samples, n_frames);
}

static size_t ops_available(const struct pl_audio_port *port)
{
	return engine_ring_available(engine_audio_ring((struct pl_audio_port *)port));
}

static size_t ops_write(struct pl_audio_port *port, const float *samples, size_t n_frames)
{
	return engine_ring_write(engine_audio_ring(port), samples, n_frames);
}

static void ops_time(const struct pl_audio_port *port, struct pl_audio_time *ret_time)
{
	engine_ring_time(engine_audio_ring((struct pl_audio_port *)port), ret_time);
}

const struct pl_audio_ops *pl_engine_get_audio_ops(void)
{
	static const struct pl_audio_ops ops = {
		.open = ops_open,
		.close = ops_close,
		.bridge = ops_bridge,
		.read = ops_read,
		.available = ops_available,
		.write = ops_write,
		.time = ops_time,
	};

	return &ops;
}
