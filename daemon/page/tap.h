/* SPDX-License-Identifier: MIT */
#ifndef PL_PAGE_TAP_H
#define PL_PAGE_TAP_H

#include "audio.h"
#include "model.h"
#include "ring.h"
#include "writer.h"

/**
 * One endpoint that is listened to. Its samples are numbered by a count of its own that never jumps:
 * the graph's position plus `shift`, which changes when the graph's clock does.
 *
 * Thread: the caller keeps others away.
 */
struct pl_tap {
	struct pl_tap *next;
	struct pl_endpoint endpoint;
	struct pl_audio_port *port;
	double keep_s;
	uint32_t rate_hz; /**< 0: nothing heard yet */
	struct pl_ring ring;
	uint64_t shift; /**< modulo 2^64 */
	/** where a sample was, to measure a gap by when the graph's clock has jumped */
	uint64_t mark_count, mark_nsec;
	struct pl_recording *recordings;
};

/** A clip that runs. */
struct pl_recording {
	struct pl_recording *next;
	struct pl_clip *clip;
	char name[256];
	bool opus;
	uint64_t begin, end; /**< counts of the tap */
	uint64_t fed;        /**< the next sample that it gets */
	uint64_t deadline_nsec;
};

/** Ends its recordings; the port is the caller's. @return NULL */
struct pl_tap *pl_tap_free(struct pl_tap *tap);
/** Keep that much from now on. @return 0 or -ENOMEM */
int pl_tap_keep(struct pl_tap *tap, double keep_s);
/** Take what the port has; recordings that are over end. */
void pl_tap_run(struct pl_tap *tap, const struct pl_audio_ops *ops, uint64_t now_nsec);
/** Begin a clip; what is older than all that is kept is not in it. `end` is the caller's to set. */
int pl_tap_record(struct pl_tap *tap, struct pl_writer *writer, const char *name, uint64_t begin,
		  struct pl_recording **ret_recording);
/** Give it what was heard already. */
void pl_tap_catch_up(struct pl_tap *tap, struct pl_recording *recording);
/** End all recordings now. */
void pl_tap_end(struct pl_tap *tap);

#endif
