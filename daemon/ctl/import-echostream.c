/* SPDX-License-Identifier: MIT */
#include "import-echostream.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define N_CHANNELS 4u
#define TONES_MAX 100u /* EchoStream's limits */
#define FILTERS_MAX 50u
#define ID_SIZE 32u
/** EchoStream accepts what is this near, whatever its file says: its resolution. Hz */
#define TOLERANCE_HZ_MIN 8.79

static const char *const channel_names[N_CHANNELS] = {"channel_one", "channel_two", "channel_three",
						      "channel_four"};

struct importer {
	const char *url, *unique_id;
	struct json_object *streams, *inputs, *pages, *notes;
	bool failed; /* no memory */
};

/* --- small things ---------------------------------------------------------------------- */

static void __attribute__((format(printf, 2, 3))) note(struct importer *im, const char *format, ...)
{
	struct json_object *value;
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	value = json_object_new_string(text);
	if (!value || json_object_array_add(im->notes, value) < 0)
		im->failed = true;
}

static struct json_object *member(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	if (json_object_is_type(object, json_type_object))
		json_object_object_get_ex(object, name, &value);
	return value;
}

static double number_of(struct json_object *object, const char *name, double otherwise)
{
	struct json_object *value = member(object, name);
	double number;

	if (!json_object_is_type(value, json_type_double) &&
	    !json_object_is_type(value, json_type_int))
		return otherwise;
	number = json_object_get_double(value);
	return isfinite(number) ? number : otherwise;
}

static bool flag_of(struct json_object *object, const char *name)
{
	struct json_object *value = member(object, name);

	return json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value);
}

/** Text as we take it: without control characters, at most size - 1 bytes, whole characters. */
static void text_of(struct json_object *object, const char *name, char *ret_text, size_t size)
{
	struct json_object *value = member(object, name);
	const char *from;
	size_t n = 0;

	ret_text[0] = '\0';
	if (!json_object_is_type(value, json_type_string))
		return;
	from = json_object_get_string(value);
	while (*from) {
		size_t length = 1;

		while (((unsigned char)from[length] & 0xc0u) == 0x80u)
			length++;
		if (n + length >= size)
			break;
		if ((unsigned char)from[0] < 0x20 || from[0] == 0x7f ||
		    ((unsigned char)from[0] == 0xc2 && (unsigned char)from[1] < 0xa0)) {
			ret_text[n++] = ' ';
		} else {
			memcpy(ret_text + n, from, length);
			n += length;
		}
		from += length;
	}
	ret_text[n] = '\0';
}

static void put(struct importer *im, struct json_object *object, const char *name,
		struct json_object *value)
{
	if (!value || json_object_object_add(object, name, value) < 0) {
		json_object_put(value);
		im->failed = true;
	}
}

static void put_text(struct importer *im, struct json_object *object, const char *name,
		     const char *text)
{
	put(im, object, name, json_object_new_string(text));
}

static void put_number(struct importer *im, struct json_object *object, const char *name,
		       double value)
{
	char text[40];

	snprintf(text, sizeof(text), "%.9g", value);
	put(im, object, name, json_object_new_double_s(value, text));
}

static void append(struct importer *im, struct json_object *array, struct json_object *value)
{
	if (!value || json_object_array_add(array, value) < 0) {
		json_object_put(value);
		im->failed = true;
	}
}

static double clamp(double value, double min, double max)
{
	if (value < min)
		return min;
	return value > max ? max : value;
}

/** "T1 north!" becomes "t1-north-"; one that is taken gets a number. */
static void make_id(struct json_object *taken, const char *wish, char ret_id[ID_SIZE])
{
	size_t n = 0;

	for (const char *p = wish; *p && n < 24; p++) {
		char c = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')
			ret_id[n++] = c;
		else if (n > 0 && ret_id[n - 1] != '-')
			ret_id[n++] = '-';
	}
	ret_id[n] = '\0';
	for (unsigned number = 2; number < 2000; number++) {
		bool is_free = ret_id[0] != '\0';

		for (size_t i = 0; is_free && i < json_object_array_length(taken); i++) {
			struct json_object *id = member(json_object_array_get_idx(taken, i), "id");

			is_free = strcmp(json_object_get_string(id), ret_id) != 0;
		}
		if (is_free)
			return;
		snprintf(ret_id + n, ID_SIZE - n, "%s%u", n ? "-" : "x", number);
	}
}

/* --- tones --------------------------------------------------------------------------------- */

static int channel_of_word(struct json_object *detect)
{
	char word[32];

	text_of(detect, "passthrough_channel", word, sizeof(word));
	for (unsigned i = 0; i < N_CHANNELS; i++)
		if (strcmp(word, channel_names[i]) == 0)
			return (int)i + 1;
	return 0;
}

/** @param id  as the file has it */
static bool tone_is_usable(struct importer *im, unsigned channel, const char *id, double a_hz,
			   double b_hz)
{
	if (!id[0] || !(a_hz > 0.0) || !(b_hz > 0.0)) {
		note(im,
		     "channel %u: a tone without id or frequencies is left out, as EchoStream does",
		     channel);
		return false;
	}
	if (a_hz < 200.0 || a_hz > 4000.0 || b_hz < 200.0 || b_hz > 4000.0 ||
	    fabs(a_hz - b_hz) < 5.0) {
		note(im,
		     "channel %u: the tone \"%s\" is left out: both its tones must be within 200 to "
		     "4000 Hz and 5 Hz apart",
		     channel, id);
		return false;
	}
	return true;
}

static void add_page(struct importer *im, unsigned channel, struct json_object *tone,
		     struct json_object *detect)
{
	double a_hz = number_of(tone, "tone_a", 0.0), b_hz = number_of(tone, "tone_b", 0.0);
	double record_s = clamp(number_of(tone, "record_length", 0.0), 0.0, 3600.0);
	int target = flag_of(detect, "tone_passthrough") ? channel_of_word(detect) : 0;
	char wish[64], id[ID_SIZE], source[16], alert[256];
	struct json_object *page;

	text_of(tone, "tone_id", wish, sizeof(wish));
	if (!tone_is_usable(im, channel, wish, a_hz, b_hz))
		return;
	make_id(im->pages, wish, id);
	snprintf(source, sizeof(source), "tablet.%u", channel);
	text_of(tone, "detection_tone_alert", alert, sizeof(alert));
	page = json_object_new_object();
	if (!page) {
		im->failed = true;
		return;
	}
	put_text(im, page, "id", id);
	if (strcmp(id, wish) != 0)
		put_text(im, page, "name", wish);
	put_text(im, page, "source", source);
	put_number(im, page, "a_hz", a_hz);
	put_number(im, page, "b_hz", b_hz);
	put_number(im, page, "a_length_s", clamp(number_of(tone, "tone_a_length", 0.0), 0.2, 20.0));
	put_number(im, page, "b_length_s", clamp(number_of(tone, "tone_b_length", 0.0), 0.2, 20.0));
	put_text(im, page, "tolerance_unit", "hz");
	put_number(im, page, "a_tolerance",
		   clamp(number_of(tone, "tone_a_range", 0.0), TOLERANCE_HZ_MIN, 200.0));
	put_number(im, page, "b_tolerance",
		   clamp(number_of(tone, "tone_b_range", 0.0), TOLERANCE_HZ_MIN, 200.0));
	put_number(im, page, "record_length_s", record_s);
	if (target > 0 && record_s > 0.0)
		put(im, page, "passthrough_channel", json_object_new_int(target));
	if (alert[0])
		put_text(im, page, "alert", alert);
	append(im, im->pages, page);
}

static void add_filter(struct importer *im, struct json_object *filters, struct json_object *from)
{
	static const char *const types[] = {"below", "above", "center"};
	double hz = number_of(from, "frequency", 0.0);
	char wish[64], id[ID_SIZE], type[16];
	struct json_object *filter;
	bool is_known = false;

	text_of(from, "filter_id", wish, sizeof(wish));
	text_of(from, "type", type, sizeof(type));
	for (unsigned i = 0; i < 3; i++)
		is_known = is_known || strcmp(types[i], type) == 0;
	if (!wish[0] || !(hz > 0.0) || !is_known) {
		note(im, "the filter \"%s\" is left out: it needs an id, a frequency and a type",
		     wish);
		return;
	}
	make_id(filters, wish, id);
	filter = json_object_new_object();
	if (!filter) {
		im->failed = true;
		return;
	}
	put_text(im, filter, "id", id);
	put_text(im, filter, "type", type);
	put_number(im, filter, "frequency_hz", clamp(hz, 1.0, 24000.0));
	put_number(im, filter, "range_hz",
		   clamp(number_of(from, "filter_range", 0.0), 0.0, 24000.0));
	append(im, filters, filter);
}

static size_t length_of(struct json_object *array, size_t n_max)
{
	size_t n =
		json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;

	return n > n_max ? n_max : n;
}

static void add_input(struct importer *im, unsigned channel, struct json_object *detect)
{
	struct json_object *details = member(detect, "alert_details");
	struct json_object *from = member(detect, "filter_frequencies");
	struct json_object *input = json_object_new_object(), *filters = json_object_new_array();
	char endpoint[16];

	if (!input || !filters) {
		json_object_put(input);
		json_object_put(filters);
		im->failed = true;
		return;
	}
	snprintf(endpoint, sizeof(endpoint), "tablet.%u", channel);
	put_text(im, input, "endpoint", endpoint);
	put(im, input, "detect_new_tones",
	    json_object_new_boolean(flag_of(details, "detect_new_tones")));
	put_number(im, input, "new_length_s",
		   clamp(number_of(details, "new_tone_length", 1.0), 0.2, 20.0));
	put_number(im, input, "new_range_hz",
		   clamp(number_of(details, "new_tone_range", 3.0), 0.1, 100.0));
	for (size_t i = 0; i < length_of(from, FILTERS_MAX); i++)
		add_filter(im, filters, json_object_array_get_idx(from, i));
	put(im, input, "filters", filters);
	append(im, im->inputs, input);
}

/** Keys that the original reads and never uses. */
static void note_unused(struct importer *im, unsigned channel, struct json_object *from,
			struct json_object *details)
{
	static const char *const of_details[] = {"threshold", "gain", "db"};
	static const char *const of_channel[] = {"input_low_one", "input_low_two", "input_high_one",
						 "input_high_two"};

	for (unsigned i = 0; i < 3; i++)
		if (number_of(details, of_details[i], 0.0) != 0.0)
			note(im,
			     "channel %u: \"%s\" is left out; EchoStream does not use it either",
			     channel, of_details[i]);
	for (unsigned i = 0; i < 4; i++)
		if (flag_of(from, of_channel[i]))
			note(im,
			     "channel %u: \"%s\" is left out; EchoStream does not use it either",
			     channel, of_channel[i]);
}

static void add_tones(struct importer *im, unsigned channel, struct json_object *from)
{
	struct json_object *detect = member(from, "tone_detect_configuration");
	struct json_object *tones = member(detect, "alert_tones");

	note_unused(im, channel, from, member(detect, "alert_details"));
	if (!flag_of(from, "tone_detect")) {
		if (length_of(tones, TONES_MAX) > 0)
			note(im, "channel %u: its tones are left out: tone_detect is off", channel);
		return;
	}
	if (length_of(tones, SIZE_MAX) > TONES_MAX)
		note(im, "channel %u: only its first %u tones are taken, as EchoStream does",
		     channel, TONES_MAX);
	add_input(im, channel, detect);
	for (size_t i = 0; i < length_of(tones, TONES_MAX); i++)
		add_page(im, channel, json_object_array_get_idx(tones, i), detect);
	if (flag_of(detect, "tone_passthrough")) {
		int target = channel_of_word(detect);

		if (target == 0)
			note(im, "channel %u: passthrough_channel names no channel", channel);
		else
			note(im,
			     "channel %u: pages are passed through to the output of channel %d: bind "
			     "its playback to what is to sound (partylinectl bind channel %d playback)",
			     channel, target, target);
	}
}

/* --- streams ---------------------------------------------------------------------------------- */

static void add_stream(struct importer *im, unsigned channel, struct json_object *from)
{
	struct json_object *stream, *echo;
	char channel_id[64], id[ID_SIZE], endpoint[16];

	text_of(from, "channel_id", channel_id, sizeof(channel_id));
	if (!channel_id[0]) {
		note(im, "channel %u has no channel_id: no stream", channel);
		return;
	}
	if (!im->url)
		return;
	stream = json_object_new_object();
	echo = json_object_new_object();
	if (!stream || !echo) {
		json_object_put(stream);
		json_object_put(echo);
		im->failed = true;
		return;
	}
	snprintf(id, sizeof(id), "echostream-%u", channel);
	snprintf(endpoint, sizeof(endpoint), "channel.%u", channel);
	put_text(im, stream, "id", id);
	put_text(im, stream, "endpoint", endpoint);
	put_text(im, stream, "protocol", "echostream");
	put_text(im, stream, "transmit", "keyed");
	put_text(im, echo, "url", im->url);
	put_text(im, echo, "channel_id", channel_id);
	put_text(im, echo, "affiliation_id", im->unique_id);
	put_text(im, echo, "user_name", "EchoStream");
	put(im, stream, "echostream", echo);
	append(im, im->streams, stream);
}

/* --- the whole ---------------------------------------------------------------------------------- */

/** shadow.state.desired, wherever it begins. */
static struct json_object *find_desired(struct json_object *tree)
{
	struct json_object *desired = member(member(member(tree, "shadow"), "state"), "desired");

	if (!desired)
		desired = member(member(tree, "state"), "desired");
	return desired ? desired : tree;
}

/** @return number of channels found */
static unsigned import_channels(struct importer *im, struct json_object *list)
{
	bool seen[N_CHANNELS] = {false};
	unsigned n = 0;

	for (size_t i = 0; i < length_of(list, 64); i++) {
		for (unsigned c = 0; c < N_CHANNELS; c++) {
			struct json_object *from =
				member(json_object_array_get_idx(list, i), channel_names[c]);

			if (!json_object_is_type(from, json_type_object) || seen[c])
				continue;
			seen[c] = true;
			n++;
			add_stream(im, c + 1, from);
			add_tones(im, c + 1, from);
		}
	}
	return n;
}

static void note_next_steps(struct importer *im)
{
	if (!im->url)
		note(im, "no streams: the server's URL is not in this file, give it as the last "
			 "argument");
	else
		note(im,
		     "EchoStream's AES key is not in this file: when the server sends none, put it "
		     "into echostream.key or echostream.key_file of each stream");
	note(im,
	     "MQTT's broker and S3's bucket are not in this file: see \"mqtt\" (device_id \"%s\") and "
	     "\"s3\" in partyline.json(5)",
	     im->unique_id);
	note(im,
	     "each radio is tablet k and talks on channel k alone: partylinectl uniform off; then for "
	     "each k: partylinectl mode k momentary; partylinectl crosspoint set uplink k k 0; "
	     "partylinectl crosspoint set downlink k k 0; partylinectl bind tablet k capture and "
	     "playback CARD");
}

/** Takes the arrays. */
static struct json_object *assemble(struct importer *im)
{
	struct json_object *gateway = json_object_new_object(), *gpio = json_object_new_object(),
			   *tones = json_object_new_object();

	if (!gateway || !gpio || !tones) {
		json_object_put(gateway);
		json_object_put(gpio);
		json_object_put(tones);
		im->failed = true;
		return NULL;
	}
	put_text(im, gpio, "profile", "rpi-echostream");
	put(im, tones, "inputs", json_object_get(im->inputs));
	put(im, tones, "pages", json_object_get(im->pages));
	put(im, gateway, "streams", json_object_get(im->streams));
	put(im, gateway, "gpio", gpio);
	put(im, gateway, "tones", tones);
	return gateway;
}

static struct json_object *parse(const char *text, size_t size, char *ret_reason,
				 size_t reason_size)
{
	struct json_tokener *tokener = size < INT_MAX ? json_tokener_new() : NULL;
	struct json_object *tree = NULL;

	if (!tokener) {
		snprintf(ret_reason, reason_size, "it cannot be read");
		return NULL;
	}
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	tree = json_tokener_parse_ex(tokener, text, (int)size);
	if (!tree)
		snprintf(ret_reason, reason_size, "it is no JSON: %s",
			 json_tokener_error_desc(json_tokener_get_error(tokener)));
	json_tokener_free(tokener);
	return tree;
}

static int import(struct importer *im, struct json_object *tree, char *ret_reason,
		  size_t reason_size)
{
	struct json_object *desired = find_desired(tree);
	char unique_id[64];

	text_of(desired, "unique_id", unique_id, sizeof(unique_id));
	if (!unique_id[0])
		text_of(tree, "unique_id", unique_id, sizeof(unique_id));
	im->unique_id = unique_id;
	if (import_channels(im, member(desired, "software_configuration")) == 0) {
		snprintf(ret_reason, reason_size,
			 "it has no channel_one to channel_four in "
			 "shadow.state.desired.software_configuration");
		return -EINVAL;
	}
	note_next_steps(im);
	im->unique_id = NULL;
	return im->failed ? -ENOMEM : 0;
}

int ctl_import_echostream(const char *text, size_t size, const char *url,
			  struct json_object **ret_gateway, struct json_object **ret_notes,
			  char *ret_reason, size_t reason_size)
{
	struct importer im = {.url = url};
	struct json_object *tree, *gateway = NULL;
	int r;

	tree = parse(text, size, ret_reason, reason_size);
	if (!tree)
		return -EINVAL;
	im.streams = json_object_new_array();
	im.inputs = json_object_new_array();
	im.pages = json_object_new_array();
	im.notes = json_object_new_array();
	r = im.streams && im.inputs && im.pages && im.notes ? 0 : -ENOMEM;
	if (r == 0)
		r = import(&im, tree, ret_reason, reason_size);
	if (r == 0) {
		gateway = assemble(&im);
		r = im.failed ? -ENOMEM : 0;
	}
	json_object_put(im.streams);
	json_object_put(im.inputs);
	json_object_put(im.pages);
	json_object_put(tree);
	if (r < 0) {
		json_object_put(gateway);
		json_object_put(im.notes);
		return r;
	}
	*ret_gateway = gateway;
	*ret_notes = im.notes;
	return 0;
}
