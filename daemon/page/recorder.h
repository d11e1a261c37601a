/* SPDX-License-Identifier: MIT */
#ifndef PL_PAGE_RECORDER_H
#define PL_PAGE_RECORDER_H

#include "audio.h"
#include "writer.h"

/**
 * Listens to every endpoint that has pages, keeps its newest seconds, and cuts clips out of what
 * was and what comes. A thread of its own empties the ports ten times a second, so that the data
 * thread need not wake anybody.
 *
 * A clip is exact to the sample: it has every sample that the port gave, in order. Where the port
 * tells that audio was lost there is silence of the same length, counted.
 *
 * Thread: main.
 */
struct pl_recorder;

struct pl_recorder_options {
	const struct pl_audio_ops *audio_ops;
	void *audio;
	struct pl_writer *writer;   /**< borrowed; outlives the recorder */
	uint64_t (*now_nsec)(void); /**< CLOCK_MONOTONIC; NULL: the system's */
	bool no_thread;             /**< the caller calls pl_recorder_work(): tests */
};

int pl_recorder_new(const struct pl_recorder_options *options, struct pl_recorder **ret_recorder);
/** Ends all clips as they are. @return NULL */
struct pl_recorder *pl_recorder_free(struct pl_recorder *recorder);

struct pl_tap_def {
	struct pl_endpoint endpoint;
	double keep_s; /**< what a clip may begin before now */
};
/**
 * Listen to these, and to no other. What stays keeps its audio and its clips; clips of what goes end.
 *
 * @return 0, or the first error: the others are listened to
 */
int pl_recorder_set_taps(struct pl_recorder *recorder, const struct pl_tap_def *taps,
			 size_t n_taps);
/** What is listened to, for passthrough: valid until the endpoint goes. @return NULL: is not */
struct pl_audio_port *pl_recorder_port(struct pl_recorder *recorder, struct pl_endpoint endpoint);

struct pl_record_request {
	struct pl_endpoint endpoint;
	const char *stem; /**< of a new clip's name: without ending */
	bool opus;        /**< else WAV; also when the graph has a rate that Opus does not know */
	uint64_t begin_position; /**< of the first tone, samples of the graph's clock */
	uint64_t end_position;   /**< of the last */
	double pre_roll_s;       /**< before the first */
	double length_s;         /**< after the last */
};
/**
 * Record this, or make the endpoint's running clip of the same format that long.
 *
 * @param ret_name  of the clip
 * @return 1 for a new clip, 0 for one that runs, -ENODATA while there is no audio, -ENOMEM
 */
int pl_recorder_record(struct pl_recorder *recorder, const struct pl_record_request *request,
		       char *ret_name, size_t size);
/** End the clips of an endpoint now. */
void pl_recorder_end(struct pl_recorder *recorder, struct pl_endpoint endpoint);
/** Clips that run. */
uint32_t pl_recorder_count(struct pl_recorder *recorder);

/** Take what the ports have. Only with no_thread. */
void pl_recorder_work(struct pl_recorder *recorder);

#endif
