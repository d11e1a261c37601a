/* SPDX-License-Identifier: MIT */
#ifndef PL_PAGE_PRIVATE_H
#define PL_PAGE_PRIVATE_H

#include "digits.h"
#include "history.h"
#include "page.h"
#include "passthrough.h"
#include "recorder.h"
#include "writer.h"

/** What an endpoint has to do with pages. */
struct pl_page_source {
	struct pl_digits digits;
	uint64_t
		until_usec; /**< CLOCK_MONOTONIC: a page's record length runs until then; 0: none */
};

struct pl_pages {
	struct pl_pages_options options; /* its state_directory is a copy, and owned */
	struct pl_writer *writer;
	struct pl_recorder *recorder;
	struct pl_passthrough *passthrough;
	struct pl_history *history;

	/* the definitions */
	struct pl_page_def *defs;
	uint64_t *last_digit; /* of each: the last that led to it, see pl_digits_match() */
	size_t n_defs;
	bool uploads, delete_local;
	char directory[PL_PATH_MAX]; /* of clips */
	bool recovered;              /* what a crash left was looked for */

	struct pl_page_source channels[PL_CHANNELS_MAX], tablets[PL_TABLETS_MAX];
	uint64_t last_stem_ms;

	/* told last */
	uint64_t active;
	char trouble[256];

	sd_event_source *timer, *wake;
	int wake_fd;
};

/** @return NULL: no such endpoint */
struct pl_page_source *pl_pages_source(struct pl_pages *pages, struct pl_endpoint endpoint);
uint64_t pl_pages_now_usec(const struct pl_pages *pages);

/* page.c */
/** A record has changed: tell it and keep it. */
void pl_pages_tell(struct pl_pages *pages, const struct pl_page_record *record, bool began,
		   const char *clip_path);
/** Times and states have changed: the timer is set, others are told. */
void pl_pages_update(struct pl_pages *pages);
/** Which clips wait for their upload has changed. */
void pl_pages_protect(struct pl_pages *pages);

/* page-apply.c */
int pl_pages_apply(void *userdata, const struct pl_gateway *before, const struct pl_gateway *after);

/* page-tone.c */
void pl_pages_tone(void *userdata, const struct pl_tone_event *event);
void pl_pages_end(void *userdata, uint32_t channel_id);

#endif
