/* SPDX-License-Identifier: MIT */
#ifndef PL_AUDIO_H
#define PL_AUDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Audio between the graph and the parts of the daemon that work off the data thread (streams,
 * clips, passthrough). Declared here, implemented by daemon/engine with nodes of the daemon's own
 * (PL_NODE_GATEWAY …) that have a port for each; the policy links a port to the device that its
 * property PL_KEY_PORT_TARGET names.
 *
 * A port is a ring of mono float samples with one producer and one consumer, one of them the data
 * thread, which never waits: a full ring drops the newest and counts it, an empty one gives silence
 * and counts it.
 */

struct pl_audio_port;

enum pl_audio_way {
	PL_AUDIO_CAPTURE,  /**< from the graph: the owner reads */
	PL_AUDIO_PLAYBACK, /**< into the graph: the owner writes */
};

struct pl_audio_port_info {
	enum pl_audio_way way;
	/** of the port, unique: "stream-radio1-send" */
	const char *name;
	/** node.name of the device: PL_NODE_CHANNEL_OUT_FMT … A sink's capture is its monitor; a
	 * source's playback goes into its input */
	const char *target;
	/** frames the ring holds, rounded up to a power of two */
	uint32_t capacity;
};

/**
 * Where in time a sample of a port lies. A gap in `position` is audio that was lost: a read stops
 * before it, so that each sample read is at its place. It goes back when another driver, with a clock
 * of its own, takes over the graph.
 */
struct pl_audio_time {
	uint64_t
		position; /**< samples of the graph's clock, of the next sample to be read or written */
	uint64_t nsec;    /**< CLOCK_MONOTONIC at which the driver began the cycle of that sample */
	uint32_t rate_hz; /**< of the graph; 0 before the first cycle */
	uint32_t quantum; /**< frames a cycle */
	double rate_diff; /**< graph clock against CLOCK_MONOTONIC, as PipeWire measures it; 1.0 */
	uint64_t n_dropped; /**< frames that found the ring full, so far */
	uint64_t n_starved; /**< frames that found it empty, so far */
};

struct pl_audio_ops {
	/**
	 * Main thread. The port is in the filter when the graph is there; when the graph comes back
	 * the port does too.
	 *
	 * @param wake_fd  an eventfd of the caller (EFD_NONBLOCK) that is written once after every
	 *                 cycle in which the port moved (ports of one way may share one: it is
	 *                 written once for all); -1: none
	 * @return 0, -ENOSPC (too many ports), -ENOMEM
	 */
	int (*open)(void *engine, const struct pl_audio_port_info *info, int wake_fd,
		    struct pl_audio_port **ret_port);
	/** Main thread; the owner's other threads no longer use it. @return NULL */
	struct pl_audio_port *(*close)(void *engine, struct pl_audio_port *port);
	/**
	 * Main thread. Copy what a capture port takes into where a playback port plays, in the
	 * cycle itself, with a raised cosine of 5 ms at both ends: passthrough. It has links of its
	 * own, which take a moment the first time: who cannot wait for them calls it with false
	 * before. Closing one of the ports closes it, by its ramp.
	 *
	 * @return 0, -EINVAL (not a capture and a playback port), -ENOMEM
	 */
	int (*bridge)(void *engine, struct pl_audio_port *capture, struct pl_audio_port *playback,
		      bool open);

	/* Any one thread of the owner per port; these never wait and take no lock. */
	/** @return frames copied, up to n_frames, and never beyond a gap: time() tells of it then */
	size_t (*read)(struct pl_audio_port *port, float *samples, size_t n_frames);
	/** Frames that can be read (capture) or that are waiting to be played (playback). */
	size_t (*available)(const struct pl_audio_port *port);
	/** @return frames taken, up to n_frames */
	size_t (*write)(struct pl_audio_port *port, const float *samples, size_t n_frames);
	void (*time)(const struct pl_audio_port *port, struct pl_audio_time *ret_time);
};

#endif
