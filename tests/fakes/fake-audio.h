/* SPDX-License-Identifier: MIT */
#ifndef FAKE_AUDIO_H
#define FAKE_AUDIO_H

#include <pthread.h>

#include "audio.h"

/**
 * A graph by hand: time passes when the test says so, and every sample is a function of its device
 * and its position. Thread: the fields and the functions that are not of audio.h: one; the ports' own:
 * any.
 */
struct fake_audio {
	pthread_mutex_t lock;
	uint32_t rate_hz;  /**< 48000 at first */
	uint64_t position; /**< of the next sample */
	uint64_t nsec;     /**< CLOCK_MONOTONIC of it */
	bool loses;        /**< what passes now reaches no port */
	bool refuses;      /**< open() fails */
	struct pl_audio_port *ports;
	unsigned n_bridges; /**< that are open */
};

void fake_audio_init(struct fake_audio *audio);
void fake_audio_done(struct fake_audio *audio);
const struct pl_audio_ops *fake_audio_ops(void);

/** The sample of a device, -10000..10000; / 32767.0 is what its port gives. */
int fake_audio_sample(const char *target, uint64_t position);
/** That many frames pass; at most the ports' capacity at a time. */
void fake_audio_play(struct fake_audio *audio, uint64_t n_frames);

/** nsec, from any thread. */
uint64_t fake_audio_now_nsec(struct fake_audio *audio);
/** What no port's owner has read yet, of all ports; from any thread. */
uint64_t fake_audio_unread(struct fake_audio *audio);

/** Ports of that device and way, and what a bridge has copied into them. */
unsigned fake_audio_count(const struct fake_audio *audio, const char *target,
			  enum pl_audio_way way);
uint64_t fake_audio_bridged(const struct fake_audio *audio, const char *target);

#endif
