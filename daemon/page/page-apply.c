/* SPDX-License-Identifier: MIT */
#include "page-private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** A page is told some time after its last tone ended, and a tone may last longer than it must. */
#define LATE_SECONDS 10.0
/** A digit, and the pause behind it. */
#define DIGIT_SECONDS 2.5

static bool same(struct pl_endpoint a, struct pl_endpoint b)
{
	return a.is_tablet == b.is_tablet && a.id == b.id;
}

/** From the earliest sample of a clip until the page is known. */
static double keep_s(const struct pl_page_def *def)
{
	double tones = def->a_length_s + (def->kind == PL_PAGE_TWO_TONE ? def->b_length_s : 0.0);

	if (def->kind == PL_PAGE_DTMF)
		tones = DIGIT_SECONDS * (double)strlen(def->digits);
	return def->pre_roll_s + tones + LATE_SECONDS;
}

/** Endpoints that clips may be made of. @return their number, of at most n_defs */
static size_t list_taps(const struct pl_pages *pages, struct pl_tap_def *ret_taps)
{
	size_t n = 0;

	for (size_t i = 0; i < pages->n_defs; i++) {
		const struct pl_page_def *def = &pages->defs[i];
		size_t t;

		if (def->record_length_s <= 0.0)
			continue;
		for (t = 0; t < n && !same(ret_taps[t].endpoint, def->source); t++)
			;
		if (t == n)
			ret_taps[n++] = (struct pl_tap_def){.endpoint = def->source};
		if (keep_s(def) > ret_taps[t].keep_s)
			ret_taps[t].keep_s = keep_s(def);
	}
	return n;
}

static size_t list_passes(const struct pl_pages *pages, struct pl_pass *ret_passes)
{
	size_t n = 0;

	for (size_t i = 0; i < pages->n_defs; i++) {
		const struct pl_page_def *def = &pages->defs[i];
		const struct pl_pass pass = {
			.source = def->source,
			.target_id = def->passthrough_channel_id,
			.capture = pl_recorder_port(pages->recorder, def->source),
		};

		if (def->record_length_s > 0.0 && def->passthrough_channel_id > 0)
			ret_passes[n++] = pass;
	}
	return n;
}

/** Ports: passes go before what they take their audio from, and come after it. */
static int apply_ports(struct pl_pages *pages)
{
	struct pl_tap_def *taps = calloc(pages->n_defs + 1, sizeof(*taps));
	struct pl_pass *passes = calloc(pages->n_defs + 1, sizeof(*passes));
	size_t n_taps, n_passes = 0;
	int r = taps && passes ? 0 : -ENOMEM, r_pass;

	if (r == 0) {
		n_taps = list_taps(pages, taps);
		n_passes = list_passes(pages, passes);
		/* the capture port of a pass that stays may be one that goes */
		for (size_t i = 0; i < n_passes; i++) {
			bool stays = false;

			for (size_t t = 0; t < n_taps; t++)
				stays = stays || same(taps[t].endpoint, passes[i].source);
			if (!stays)
				passes[i].capture = NULL;
		}
		pl_passthrough_drop(pages->passthrough, passes, n_passes);
		r = pl_recorder_set_taps(pages->recorder, taps, n_taps);
		n_passes = list_passes(pages, passes);
		r_pass = pl_passthrough_add(pages->passthrough, passes, n_passes);
		r = r < 0 ? r : r_pass;
	}
	free(taps);
	free(passes);
	return r;
}

static int take_defs(struct pl_pages *pages, const struct pl_gateway *gateway)
{
	struct pl_page_def *defs = calloc(gateway->n_pages + 1, sizeof(*defs));
	uint64_t *last_digit = calloc(gateway->n_pages + 1, sizeof(*last_digit));

	if (!defs || !last_digit) {
		free(defs);
		free(last_digit);
		return -ENOMEM;
	}
	for (size_t i = 0; i < gateway->n_pages; i++) {
		const struct pl_page_source *source =
			pl_pages_source(pages, gateway->pages[i].source);

		defs[i] = gateway->pages[i];
		last_digit[i] = source ? source->digits.n_heard : 0;
	}
	free(pages->defs);
	free(pages->last_digit);
	pages->defs = defs;
	pages->last_digit = last_digit;
	pages->n_defs = gateway->n_pages;
	return 0;
}

/** Clips that were not told as complete before the daemon ended. */
static void recover(struct pl_pages *pages)
{
	const char *names[2 * PL_PAGE_HISTORY_MAX];
	const struct pl_page_record *record;
	size_t n = 0;

	if (pages->recovered)
		return;
	pages->recovered = true;
	for (size_t i = 0; (record = pl_history_get(pages->history, i)); i++) {
		bool known = n > 0 && strcmp(names[n - 1], record->clip) == 0;

		if (record->clip[0] && !record->clip_complete && !known)
			names[n++] = record->clip;
	}
	pl_writer_recover(pages->writer, names, n);
}

int pl_pages_apply(void *userdata, const struct pl_gateway *before, const struct pl_gateway *after)
{
	struct pl_pages *pages = userdata;
	int r, r_ports;

	r = take_defs(pages, after);
	if (r < 0)
		return r;
	pages->uploads = after->s3.enabled;
	pages->delete_local = after->s3.enabled && after->s3.delete_local;
	if (after->clips.directory[0])
		snprintf(pages->directory, sizeof(pages->directory), "%s", after->clips.directory);
	else
		snprintf(pages->directory, sizeof(pages->directory), "%.4000s/clips",
			 pages->options.state_directory);
	pl_pages_protect(pages);
	r = pl_writer_set_place(pages->writer, pages->directory, after->clips.keep_bytes);
	recover(pages);
	r_ports = apply_ports(pages);
	pl_pages_update(pages);
	return r < 0 ? r : r_ports;
}
