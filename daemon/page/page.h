/* SPDX-License-Identifier: MIT */
#ifndef PL_PAGE_H
#define PL_PAGE_H

#include <systemd/sd-event.h>

#include "audio.h"
#include "gateway.h"
#include "log.h"

/**
 * Acts on tones: passthrough, clips with what was before the tones, the history of pages.
 * Thread: the daemon's one loop. Nothing here waits for a disk.
 */
struct pl_pages;

struct pl_pages_options {
	sd_event *
		event; /**< NULL: the caller calls pl_pages_run(), and there are no threads: tests */
	const struct pl_audio_ops *audio_ops;
	void *audio;
	struct pl_log *log;          /**< NULL: none */
	const char *state_directory; /**< of the history, and of clips unless configured */
	uint64_t memory_bytes;       /**< for audio that waits for the disk; 0: 64 MiB */
	uint64_t (*now_nsec)(void);  /**< CLOCK_MONOTONIC; NULL: the system's */
	/** see pl_control_page_changed() */
	void (*on_changed)(void *userdata, const struct pl_page_record *record, bool began,
			   const char *clip_path);
	/** see pl_control_pages_changed() */
	void (*on_state)(void *userdata);
	void *userdata;
};

/** Reads the history; what a crash has left is finished once the definitions are there. */
int pl_pages_new(const struct pl_pages_options *options, struct pl_pages **ret_pages);
/** Running clips are finished as they are; the next start tells of them. @return NULL */
struct pl_pages *pl_pages_free(struct pl_pages *pages);

/** What does the work of struct pl_gateway_parts; its object is the struct pl_pages. */
const struct pl_page_ops *pl_pages_ops(void);

/** Without a loop: what is due. */
void pl_pages_run(struct pl_pages *pages);

#endif
