/* SPDX-License-Identifier: MIT */
#include "importer.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define TONES_MAX 100u /* EchoStream's limits */
#define FILTERS_MAX 50u
/** EchoStream accepts what is this near, whatever its file says: its resolution. Hz */
#define TOLERANCE_HZ_MIN 8.79

const char *const importer_channel_names[IMPORTER_CHANNELS] = {"channel_one", "channel_two",
							       "channel_three", "channel_four"};

static int channel_of_word(struct json_object *detect)
{
	char word[32];

	importer_text(detect, "passthrough_channel", word, sizeof(word));
	for (unsigned i = 0; i < IMPORTER_CHANNELS; i++)
		if (strcmp(word, importer_channel_names[i]) == 0)
			return (int)i + 1;
	return 0;
}

/** @param id  as the file has it */
static bool tone_is_usable(struct importer *im, unsigned channel, const char *id, double a_hz,
			   double b_hz)
{
	if (!id[0] || !(a_hz > 0.0) || !(b_hz > 0.0)) {
		importer_note(
			im,
			"channel %u: a tone without id or frequencies is left out, as EchoStream does",
			channel);
		return false;
	}
	if (a_hz < 200.0 || a_hz > 3500.0 || b_hz < 200.0 || b_hz > 3500.0 ||
	    fabs(a_hz - b_hz) < 5.0) {
		importer_note(
			im,
			"channel %u: the tone \"%s\" is left out: both its tones must be within 200 to "
			"3500 Hz and 5 Hz apart",
			channel, id);
		return false;
	}
	return true;
}

static const char *const tone_members[] = {
	"tone_id",      "tone_a",       "tone_b",        "tone_a_length",        "tone_b_length",
	"tone_a_range", "tone_b_range", "record_length", "detection_tone_alert", NULL};

static void add_page(struct importer *im, unsigned channel, struct json_object *tone,
		     struct json_object *detect)
{
	double a_hz = importer_number(tone, "tone_a", 0.0),
	       b_hz = importer_number(tone, "tone_b", 0.0);
	double record_s = importer_clamp(importer_number(tone, "record_length", 0.0), 0.0, 3600.0);
	int target = importer_flag(detect, "tone_passthrough") ? channel_of_word(detect) : 0;
	char wish[64], id[IMPORTER_ID_SIZE], source[16], alert[256];
	struct json_object *page;

	importer_note_unknown(im, channel, tone, tone_members);
	importer_text(tone, "tone_id", wish, sizeof(wish));
	if (!tone_is_usable(im, channel, wish, a_hz, b_hz))
		return;
	importer_make_id(im->pages, wish, id);
	snprintf(source, sizeof(source), "channel.%u", channel);
	importer_text(tone, "detection_tone_alert", alert, sizeof(alert));
	page = json_object_new_object();
	if (!page) {
		im->failed = true;
		return;
	}
	importer_put_text(im, page, "id", id);
	if (strcmp(id, wish) != 0)
		importer_put_text(im, page, "name", wish);
	importer_put_text(im, page, "source", source);
	importer_put_number(im, page, "a_hz", a_hz);
	importer_put_number(im, page, "b_hz", b_hz);
	importer_put_number(im, page, "a_length_s",
			    importer_clamp(importer_number(tone, "tone_a_length", 0.0), 0.2, 20.0));
	importer_put_number(im, page, "b_length_s",
			    importer_clamp(importer_number(tone, "tone_b_length", 0.0), 0.2, 20.0));
	importer_put_text(im, page, "tolerance_unit", "hz");
	importer_put_number(im, page, "a_tolerance",
			    importer_clamp(importer_number(tone, "tone_a_range", 0.0),
					   TOLERANCE_HZ_MIN, 200.0));
	importer_put_number(im, page, "b_tolerance",
			    importer_clamp(importer_number(tone, "tone_b_range", 0.0),
					   TOLERANCE_HZ_MIN, 200.0));
	importer_put_number(im, page, "record_length_s", record_s);
	if (target > 0 && record_s > 0.0)
		importer_put(im, page, "passthrough_channel", json_object_new_int(target));
	if (alert[0])
		importer_put_text(im, page, "alert", alert);
	importer_append(im, im->pages, page);
}

static void add_filter(struct importer *im, struct json_object *filters, struct json_object *from)
{
	static const char *const types[] = {"below", "above", "center"};
	double hz = importer_number(from, "frequency", 0.0);
	char wish[64], id[IMPORTER_ID_SIZE], type[16];
	struct json_object *filter;
	bool is_known = false;

	importer_text(from, "filter_id", wish, sizeof(wish));
	importer_text(from, "type", type, sizeof(type));
	for (unsigned i = 0; i < 3; i++)
		is_known = is_known || strcmp(types[i], type) == 0;
	if (!wish[0] || !(hz > 0.0) || !is_known) {
		importer_note(
			im, "the filter \"%s\" is left out: it needs an id, a frequency and a type",
			wish);
		return;
	}
	importer_make_id(filters, wish, id);
	filter = json_object_new_object();
	if (!filter) {
		im->failed = true;
		return;
	}
	importer_put_text(im, filter, "id", id);
	importer_put_text(im, filter, "type", type);
	importer_put_number(im, filter, "frequency_hz", importer_clamp(hz, 1.0, 24000.0));
	importer_put_number(
		im, filter, "range_hz",
		importer_clamp(importer_number(from, "filter_range", 0.0), 0.0, 24000.0));
	importer_append(im, filters, filter);
}

static void add_input(struct importer *im, unsigned channel, struct json_object *detect)
{
	struct json_object *details = importer_member(detect, "alert_details");
	struct json_object *from = importer_member(detect, "filter_frequencies");
	struct json_object *input = json_object_new_object(), *filters = json_object_new_array();
	char endpoint[16];

	if (!input || !filters) {
		json_object_put(input);
		json_object_put(filters);
		im->failed = true;
		return;
	}
	snprintf(endpoint, sizeof(endpoint), "channel.%u", channel);
	importer_put_text(im, input, "endpoint", endpoint);
	importer_put(im, input, "detect_new_tones",
		     json_object_new_boolean(importer_flag(details, "detect_new_tones")));
	importer_put_number(
		im, input, "new_length_s",
		importer_clamp(importer_number(details, "new_tone_length", 1.0), 0.2, 20.0));
	importer_put_number(
		im, input, "new_range_hz",
		importer_clamp(importer_number(details, "new_tone_range", 3.0), 0.1, 100.0));
	for (size_t i = 0; i < importer_length(from, FILTERS_MAX); i++)
		add_filter(im, filters, json_object_array_get_idx(from, i));
	importer_put(im, input, "filters", filters);
	importer_append(im, im->inputs, input);
}

static void note_dead(struct importer *im, unsigned channel, const char *name)
{
	importer_note(im, "channel %u: \"%s\" is left out; EchoStream does not use it either",
		      channel, name);
}

/** Keys that the original reads and never uses, and those that nobody knows. */
static void note_unused(struct importer *im, unsigned channel, struct json_object *from,
			struct json_object *detect)
{
	static const char *const of_channel[] = {"channel_id",
						 "tone_detect",
						 "tone_detect_configuration",
						 "input_low_one",
						 "input_low_two",
						 "input_high_one",
						 "input_high_two",
						 NULL};
	static const char *const of_detect[] = {"tone_passthrough",   "passthrough_channel",
						"alert_details",      "alert_tones",
						"filter_frequencies", NULL};
	static const char *const of_details[] = {
		"threshold",       "gain",           "db", "detect_new_tones",
		"new_tone_length", "new_tone_range", NULL};
	struct json_object *details = importer_member(detect, "alert_details");

	for (unsigned i = 0; i < 3; i++)
		if (importer_number(details, of_details[i], 0.0) != 0.0)
			note_dead(im, channel, of_details[i]);
	for (unsigned i = 3; i < 7; i++)
		if (importer_flag(from, of_channel[i]))
			note_dead(im, channel, of_channel[i]);
	importer_note_unknown(im, channel, from, of_channel);
	importer_note_unknown(im, channel, detect, of_detect);
	importer_note_unknown(im, channel, details, of_details);
}

void importer_add_tones(struct importer *im, unsigned channel, struct json_object *from)
{
	struct json_object *detect = importer_member(from, "tone_detect_configuration");
	struct json_object *tones = importer_member(detect, "alert_tones");

	note_unused(im, channel, from, detect);
	if (!importer_flag(from, "tone_detect")) {
		if (importer_length(tones, TONES_MAX) > 0)
			importer_note(im, "channel %u: its tones are left out: tone_detect is off",
				      channel);
		return;
	}
	if (importer_length(tones, SIZE_MAX) > TONES_MAX)
		importer_note(im,
			      "channel %u: only its first %u tones are taken, as EchoStream does",
			      channel, TONES_MAX);
	add_input(im, channel, detect);
	for (size_t i = 0; i < importer_length(tones, TONES_MAX); i++)
		add_page(im, channel, json_object_array_get_idx(tones, i), detect);
	if (importer_flag(detect, "tone_passthrough") && channel_of_word(detect) == 0)
		importer_note(im, "channel %u: passthrough_channel names no channel", channel);
}
