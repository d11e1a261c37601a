/* SPDX-License-Identifier: MIT */
#include "page-private.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <systemd/sd-id128.h>

/** A tone whose end lies further back than this was timed by another clock. */
#define TONE_AGE_USEC UINT64_C(60000000)

static uint64_t realtime_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * UINT64_C(1000000) + (uint64_t)ts.tv_nsec / 1000u;
}

/** CLOCK_MONOTONIC of the end of the last tone. */
static uint64_t end_usec(const struct pl_pages *pages, const struct pl_tone_event *tone)
{
	uint64_t now = pl_pages_now_usec(pages), end = tone->end_nsec / 1000u;

	return end > now || now - end > TONE_AGE_USEC ? now : end;
}

static void make_message_id(char ret_id[37])
{
	sd_id128_t id;

	/* version 4, RFC 9562 5.4 */
	if (sd_id128_randomize(&id) < 0)
		memset(&id, 0, sizeof(id));
	snprintf(ret_id, 37, SD_ID128_UUID_FORMAT_STR, SD_ID128_FORMAT_VAL(id));
}

/* --- a page ---------------------------------------------------------------------------------- */

/** EchoStream's name, of no other clip. */
static void make_stem(struct pl_pages *pages, const struct pl_page_def *def, uint64_t ts_usec,
		      char *ret_stem, size_t size)
{
	uint64_t ms = ts_usec / 1000u;

	if (ms <= pages->last_stem_ms && pages->last_stem_ms - ms < 1000)
		ms = pages->last_stem_ms + 1;
	pages->last_stem_ms = ms;
	snprintf(ret_stem, size, "defined_tone_%s%u_%.1f_%.1f_%llu",
		 def->source.is_tablet ? "tablet" : "", def->source.id, def->a_hz,
		 def->kind == PL_PAGE_TWO_TONE ? def->b_hz : 0.0, (unsigned long long)ms);
}

static void start_clip(struct pl_pages *pages, const struct pl_page_def *def,
		       struct pl_page_record *record)
{
	char stem[200];
	const struct pl_record_request request = {
		.endpoint = def->source,
		.stem = stem,
		.opus = def->clip_opus,
		.begin_position = record->tone.begin_position,
		.end_position = record->tone.end_position,
		.pre_roll_s = def->pre_roll_s,
		.length_s = def->record_length_s,
	};
	int r;

	make_stem(pages, def, record->ts_usec, stem, sizeof(stem));
	r = pl_recorder_record(pages->recorder, &request, record->clip, sizeof(record->clip));
	if (r < 0) {
		record->clip[0] = '\0';
		pl_log_error(pages->options.log, "page.clip_error", r, NULL, NULL,
			     "Page \"%s\" is not recorded", def->id);
	} else if (r > 0 && def->clip_opus && strstr(record->clip, ".wav")) {
		pl_log_event(pages->options.log, PL_LOG_WARNING, "page.clip_format", NULL,
			     "Opus does not know the graph's rate: the clip \"%s\" is a WAV",
			     record->clip);
	}
}

static void start_passthrough(struct pl_pages *pages, const struct pl_page_def *def,
			      struct pl_page_record *record, uint64_t until_usec)
{
	int r = pl_passthrough_start(pages->passthrough, def->source, def->passthrough_channel_id,
				     until_usec, &record->passthrough_until_usec);

	if (r < 0)
		pl_log_error(pages->options.log, "page.passthrough_error", r, NULL, NULL,
			     "Page \"%s\" is not passed to channel %u", def->id,
			     def->passthrough_channel_id);
}

/** @param def  NULL: a pair that no page knows, or a page that was just removed */
static void heard(struct pl_pages *pages, const struct pl_page_def *def,
		  const struct pl_tone_event *tone)
{
	struct pl_page_source *source = pl_pages_source(pages, tone->endpoint);
	struct pl_page_record record = {.tone = *tone}, *kept;
	uint64_t end = end_usec(pages, tone), until;

	make_message_id(record.message_id);
	record.ts_usec = realtime_usec() - (pl_pages_now_usec(pages) - end);
	if (def)
		snprintf(record.page_id, sizeof(record.page_id), "%s", def->id);
	if (def && def->record_length_s > 0.0) {
		until = end + (uint64_t)llround(def->record_length_s * 1e6);
		/* First what is heard at once. */
		if (def->passthrough_channel_id > 0)
			start_passthrough(pages, def, &record, until);
		start_clip(pages, def, &record);
		if (until > source->until_usec)
			source->until_usec = until;
	}
	kept = pl_history_add(pages->history, &record, pages->uploads);
	pl_pages_tell(pages, kept, true, NULL);
	pl_pages_protect(pages);
}

/* --- tones ------------------------------------------------------------------------------------ */

static bool is_from(const struct pl_page_def *def, struct pl_endpoint endpoint)
{
	return def->source.is_tablet == endpoint.is_tablet && def->source.id == endpoint.id;
}

static void digit_heard(struct pl_pages *pages, const struct pl_tone_event *event)
{
	struct pl_page_source *source = pl_pages_source(pages, event->endpoint);
	uint64_t length_nsec = (uint64_t)llround(fmax(event->a_length_s, 0.0) * 1e9);
	const struct pl_digit digit = {
		.digit = event->digit,
		.begin_position = event->begin_position,
		.begin_nsec = event->end_nsec > length_nsec ? event->end_nsec - length_nsec : 0,
		.end_nsec = event->end_nsec,
	};

	pl_digits_add(&source->digits, &digit);
	for (size_t i = 0; i < pages->n_defs; i++) {
		const struct pl_page_def *def = &pages->defs[i];
		const struct pl_digit *first;
		struct pl_tone_event tone = *event;

		if (def->kind != PL_PAGE_DTMF || !is_from(def, event->endpoint))
			continue;
		first = pl_digits_match(&source->digits, def->digits, pages->last_digit[i]);
		if (!first)
			continue;
		pages->last_digit[i] = source->digits.n_heard;
		tone.type = PL_TONE_PAGE;
		tone.digit = '\0';
		tone.a_hz = tone.b_hz = 0.0;
		tone.begin_position = first->begin_position;
		tone.a_length_s = (double)(event->end_nsec - first->begin_nsec) * 1e-9;
		snprintf(tone.page_id, sizeof(tone.page_id), "%s", def->id);
		heard(pages, def, &tone);
	}
}

void pl_pages_tone(void *userdata, const struct pl_tone_event *event)
{
	struct pl_pages *pages = userdata;
	const struct pl_page_def *def = NULL;

	if (!pl_pages_source(pages, event->endpoint))
		return;
	switch (event->type) {
	case PL_TONE_DIGIT:
		digit_heard(pages, event);
		break;
	case PL_TONE_PAGE:
		for (size_t i = 0; i < pages->n_defs && !def; i++)
			if (strcmp(pages->defs[i].id, event->page_id) == 0)
				def = &pages->defs[i];
		heard(pages, def, event);
		break;
	case PL_TONE_NEW_PAIR:
		heard(pages, NULL, event);
		break;
	}
	pl_pages_update(pages);
}

void pl_pages_end(void *userdata, uint32_t channel_id)
{
	const struct pl_endpoint endpoint = {.id = channel_id};
	struct pl_pages *pages = userdata;
	struct pl_page_source *source = pl_pages_source(pages, endpoint);

	if (!source)
		return;
	pl_passthrough_end(pages->passthrough, endpoint);
	pl_recorder_end(pages->recorder, endpoint);
	source->until_usec = 0;
	pl_pages_update(pages);
}
