/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_LIB_CONTROL_H
#define PARTYLINE_LIB_CONTROL_H

#include "pod.h"

/**
 * Properties of a control port's sequence, one after the other.
 *
 * Thread: data. RT-safe. The bytes may be anything and may change meanwhile.
 */
struct pl_control {
	uint32_t n_frames;
	uint32_t n_bad;       /**< events or properties refused so far */
	uint32_t last_offset; /**< events must come in order */
	uint32_t n_left;      /**< events still looked at: a bound on the work of one cycle */
	uint32_t offset;
	struct pl_pod_reader events;
	struct pl_pod_reader object;
	struct pl_pod_list params;
	bool in_object;
	bool in_params;
};

/** events of one cycle that are looked at; more are counted as bad */
#define PL_CONTROL_EVENTS_MAX 1024u
/** bytes of one cycle that are looked at; a longer sequence is refused */
#define PL_CONTROL_SIZE_MAX 65536u

struct pl_control_property {
	uint32_t offset; /**< frames, 0..n_frames-1 */
	char name[PL_POD_NAME_MAX];
	struct pl_pod value;
};

/** @param data NULL: no events. Not a sequence: one bad event. */
void pl_control_init(struct pl_control *control, const void *data, size_t size, uint32_t n_frames);

/** @return false after the last; n_bad then holds all that was refused on the way */
bool pl_control_next(struct pl_control *control, struct pl_control_property *ret_property);

#endif
