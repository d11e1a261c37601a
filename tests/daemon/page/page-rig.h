/* SPDX-License-Identifier: MIT */
#ifndef PAGE_RIG_H
#define PAGE_RIG_H

#include <stdio.h>

#include "fake-audio.h"
#include "page.h"

/** The pages on a graph by hand: no clock but the graph's, and no thread unless there is a loop. */

#define RIG_TOLD_MAX 64u
#define RIG_RATE 48000u

struct rig {
	char folder[64];
	struct fake_audio audio;
	struct pl_gateway gateway;
	struct pl_page_def defs[8];
	struct pl_pages *pages;
	uint64_t memory_bytes;
	sd_event *event; /**< with the threads and a loop; NULL: without */
	/* what was told */
	unsigned n_told, n_states;
	struct told {
		struct pl_page_record record;
		bool began;
		char path[512];
	} told[RIG_TOLD_MAX];
};

void rig_make(struct rig *rig);
/** Also after rig_stop(). */
void rig_start(struct rig *rig);
void rig_apply(struct rig *rig);
void rig_stop(struct rig *rig);
void rig_remove(struct rig *rig);
/** A two-tone page of channel 1: 1000.0 and 1500.0 Hz, 1 and 3 s, 30 s record, 5 s pre-roll. */
struct pl_page_def *rig_add(struct rig *rig, const char *id);

/** Time passes, 100 ms at a time. */
void rig_play(struct rig *rig, double seconds);
/** With a loop: run it until then. */
void rig_wait(struct rig *rig, bool (*ready)(struct rig *rig));
/** Both tones end now. @return the position */
uint64_t rig_page(struct rig *rig, const char *id);
void rig_digits(struct rig *rig, uint32_t channel_id, const char *digits);

/** Path of a clip. */
const char *rig_clip(struct rig *rig, const char *name, char *path, size_t size);
/** Files of the clips' directory, parts too. */
unsigned rig_count_files(struct rig *rig);

/** A clip as samples. @return frames, -1 for none */
int64_t rig_read(const char *path, int16_t **ret_samples);
/** Samples that are not the device's from `position` on. @return UINT64_MAX for another length */
uint64_t rig_compare(const char *path, const char *target, uint64_t position, uint64_t n_frames);

#endif
