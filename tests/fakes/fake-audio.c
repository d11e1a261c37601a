/* SPDX-License-Identifier: MIT */
#include "fake-audio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct pl_audio_port {
	struct pl_audio_port *next;
	struct fake_audio *audio;
	enum pl_audio_way way;
	char target[64];
	/* what was played and not read: spans in order; in a span no sample is missing */
	struct span {
		struct span *next;
		uint64_t position, n, nsec;
		uint32_t rate_hz;
	} * first;
	uint64_t n_waiting, capacity, n_dropped;
	struct pl_audio_port *bridge; /* playback: from there */
	uint64_t n_bridged;
};

int fake_audio_sample(const char *target, uint64_t position)
{
	uint64_t x = position * 2654435761u;

	for (; *target; target++)
		x = x * 31 + (unsigned char)*target;
	x ^= x >> 29;
	x *= 0x9E3779B97F4A7C15u;
	return (int)((x >> 40) % 20001) - 10000;
}

void fake_audio_init(struct fake_audio *audio)
{
	*audio = (struct fake_audio){
		.rate_hz = 48000, .position = 1000000, .nsec = UINT64_C(5000000000000)};
	pthread_mutex_init(&audio->lock, NULL);
}

static void drop_span(struct pl_audio_port *port)
{
	struct span *span = port->first;

	port->first = span->next;
	free(span);
}

static void port_free(struct pl_audio_port *port)
{
	for (struct span *span = port->first, *next; span; span = next) {
		next = span->next;
		free(span);
	}
	free(port);
}

static struct pl_audio_port *port_close(void *engine, struct pl_audio_port *port)
{
	struct fake_audio *audio = engine;
	struct pl_audio_port **at;

	for (at = &audio->ports; *at && *at != port; at = &(*at)->next)
		;
	if (*at)
		*at = port->next;
	port_free(port);
	return NULL;
}

void fake_audio_done(struct fake_audio *audio)
{
	for (struct pl_audio_port *port = audio->ports, *next; port; port = next) {
		next = port->next;
		port_free(port);
	}
	audio->ports = NULL;
	pthread_mutex_destroy(&audio->lock);
}

static int port_open(void *engine, const struct pl_audio_port_info *info, int wake_fd,
		     struct pl_audio_port **ret_port)
{
	struct fake_audio *audio = engine;
	struct pl_audio_port *port = calloc(1, sizeof(*port));

	if (!port || audio->refuses) {
		free(port);
		return -ENOSPC;
	}
	port->audio = audio;
	port->way = info->way;
	strncpy(port->target, info->target, sizeof(port->target) - 1);
	port->capacity = info->capacity;
	port->next = audio->ports;
	audio->ports = port;
	*ret_port = port;
	return 0;
}

static int port_bridge(void *engine, struct pl_audio_port *capture, struct pl_audio_port *playback,
		       bool open)
{
	struct fake_audio *audio = engine;

	if ((playback->bridge != NULL) != open)
		audio->n_bridges += open ? 1u : -1u;
	playback->bridge = open ? capture : NULL;
	return 0;
}

static void take(struct pl_audio_port *port, uint64_t n)
{
	struct fake_audio *audio = port->audio;
	struct span **end, *last = NULL;

	if (audio->loses || n > port->capacity - port->n_waiting) {
		port->n_dropped += n;
		return;
	}
	for (end = &port->first; *end; end = &(*end)->next)
		last = *end;
	port->n_waiting += n;
	if (last && last->position + last->n == audio->position &&
	    last->rate_hz == audio->rate_hz) {
		last->n += n;
		return;
	}
	*end = calloc(1, sizeof(**end));
	if (!*end)
		abort();
	**end = (struct span){.position = audio->position,
			      .n = n,
			      .nsec = audio->nsec,
			      .rate_hz = audio->rate_hz};
}

void fake_audio_play(struct fake_audio *audio, uint64_t n_frames)
{
	pthread_mutex_lock(&audio->lock);
	for (struct pl_audio_port *port = audio->ports; port; port = port->next) {
		if (port->way == PL_AUDIO_CAPTURE)
			take(port, n_frames);
		else if (port->bridge)
			port->n_bridged += n_frames;
	}
	audio->position += n_frames;
	audio->nsec += n_frames * UINT64_C(1000000000) / audio->rate_hz;
	pthread_mutex_unlock(&audio->lock);
}

uint64_t fake_audio_now_nsec(struct fake_audio *audio)
{
	uint64_t nsec;

	pthread_mutex_lock(&audio->lock);
	nsec = audio->nsec;
	pthread_mutex_unlock(&audio->lock);
	return nsec;
}

uint64_t fake_audio_unread(struct fake_audio *audio)
{
	uint64_t n = 0;

	pthread_mutex_lock(&audio->lock);
	for (const struct pl_audio_port *port = audio->ports; port; port = port->next)
		n += port->n_waiting;
	pthread_mutex_unlock(&audio->lock);
	return n;
}

static size_t read_locked(struct pl_audio_port *port, float *samples, size_t n_frames)
{
	struct span *span = port->first;

	if (!span)
		return 0;
	if (n_frames > span->n)
		n_frames = span->n;
	for (size_t i = 0; i < n_frames; i++)
		samples[i] = (float)fake_audio_sample(port->target, span->position + i) / 32767.0f;
	span->position += n_frames;
	span->n -= n_frames;
	span->nsec += n_frames * UINT64_C(1000000000) / span->rate_hz;
	port->n_waiting -= n_frames;
	if (span->n == 0)
		drop_span(port);
	return n_frames;
}

static size_t port_read(struct pl_audio_port *port, float *samples, size_t n_frames)
{
	size_t n;

	pthread_mutex_lock(&port->audio->lock);
	n = read_locked(port, samples, n_frames);
	pthread_mutex_unlock(&port->audio->lock);
	return n;
}

static size_t port_available(const struct pl_audio_port *port)
{
	size_t n;

	pthread_mutex_lock(&port->audio->lock);
	n = port->n_waiting;
	pthread_mutex_unlock(&port->audio->lock);
	return n;
}

static size_t port_write(struct pl_audio_port *port, const float *samples, size_t n_frames)
{
	return 0;
}

static void port_time(const struct pl_audio_port *port, struct pl_audio_time *ret_time)
{
	struct fake_audio *audio = port->audio;

	pthread_mutex_lock(&audio->lock);
	*ret_time = (struct pl_audio_time){
		.position = port->first ? port->first->position : audio->position,
		.nsec = port->first ? port->first->nsec : audio->nsec,
		.rate_hz = port->first ? port->first->rate_hz : audio->rate_hz,
		.quantum = 256,
		.rate_diff = 1.0,
		.n_dropped = port->n_dropped,
	};
	pthread_mutex_unlock(&audio->lock);
}

const struct pl_audio_ops *fake_audio_ops(void)
{
	static const struct pl_audio_ops ops = {
		.open = port_open,
		.close = port_close,
		.bridge = port_bridge,
		.read = port_read,
		.available = port_available,
		.write = port_write,
		.time = port_time,
	};

	return &ops;
}

unsigned fake_audio_count(const struct fake_audio *audio, const char *target, enum pl_audio_way way)
{
	unsigned n = 0;

	for (const struct pl_audio_port *port = audio->ports; port; port = port->next)
		n += port->way == way && strcmp(port->target, target) == 0;
	return n;
}

uint64_t fake_audio_bridged(const struct fake_audio *audio, const char *target)
{
	uint64_t n = 0;

	for (const struct pl_audio_port *port = audio->ports; port; port = port->next)
		if (port->way == PL_AUDIO_PLAYBACK && strcmp(port->target, target) == 0)
			n += port->n_bridged;
	return n;
}
