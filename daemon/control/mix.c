/* SPDX-License-Identifier: MIT */
#include "mix.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json-strict.h"

#define WORD_MAX (PL_MIX_NAME_MAX + 64u)
#define DEVICE "device:"

static const struct {
	const char *before, *after;
	bool is_tablet;
} kinds[] = {
	[PL_MIX_TABLET_TALK] = {"tablet.", ".talk", true},
	[PL_MIX_TABLET_LISTEN] = {"tablet.", ".listen", true},
	[PL_MIX_CHANNEL_IN] = {"channel.", ".in", false},
	[PL_MIX_CHANNEL_OUT] = {"channel.", ".out", false},
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

__attribute__((format(printf, 2, 3))) static int refuse(const struct pl_mix_reading *reading,
							const char *format, ...)
{
	va_list args;

	va_start(args, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is, one line above */
	vsnprintf(reading->reason, reading->reason_size, format, args);
	va_end(args);
	return -EINVAL;
}

int pl_mix_source_name(const struct pl_mix *mix, const struct pl_mix_source *source,
		       char ret_name[PL_MIX_NAME_MAX])
{
	const struct pl_binding *device;

	if (source->kind == PL_MIX_DEVICE) {
		device = &mix->devices[source->id - 1u];
		return snprintf(ret_name, PL_MIX_NAME_MAX,
				device->port > 1 ? DEVICE "%s/%u" : DEVICE "%s", device->device,
				device->port);
	}
	return snprintf(ret_name, PL_MIX_NAME_MAX, "%s%u%s", kinds[source->kind].before, source->id,
			kinds[source->kind].after);
}

/* --- one source ----------------------------------------------------------------------- */

/** Decimal, from 1, without leading zeros. @return characters read; 0: there is no such number */
static size_t read_id(const char *text, uint32_t *ret_id)
{
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > 3 || text[0] == '0')
		return 0;
	*ret_id = (uint32_t)strtoul(text, NULL, 10);
	return n;
}

/** Behind a slash at the end, where no number of a PCM device would have one; else the first. */
static uint32_t take_port(char *name)
{
	char *slash = strrchr(name, '/');
	uint32_t port = 1;

	if (!slash || read_id(slash + 1, &port) == 0 || slash[1 + strspn(slash + 1, "0123456789")])
		return 1;
	*slash = '\0';
	return port;
}

/** A device has its place in the mix before its source has. */
static int read_device(const struct pl_mix_reading *reading, const char *name, struct pl_mix *mix,
		       struct pl_mix_source *source)
{
	struct pl_binding device = {0};
	char text[PL_MIX_NAME_MAX];
	const char *why = NULL;

	snprintf(text, sizeof(text), "%s", name + strlen(DEVICE));
	device.port = take_port(text);
	if (device.port > PL_BINDING_PORT_MAX)
		return refuse(reading, "A port of a device is 1 to %u", PL_BINDING_PORT_MAX);
	if (strlen(name) >= PL_MIX_NAME_MAX || pl_device_name_read(text, device.device, &why) < 0)
		return refuse(reading, "\"%.40s\": %s", name, why ? why : "the name is too long");
	source->kind = PL_MIX_DEVICE;
	for (size_t i = 0; i < mix->n_devices; i++)
		if (pl_binding_equal(&mix->devices[i], &device)) {
			source->id = (uint32_t)i + 1u;
			return 0;
		}
	if (mix->n_devices == PL_MIX_DEVICES_MAX)
		return refuse(reading, "A mix has at most %u devices", PL_MIX_DEVICES_MAX);
	mix->devices[mix->n_devices++] = device;
	source->id = (uint32_t)mix->n_devices;
	return 0;
}

static int read_name(const struct pl_mix_reading *reading, const char *name, struct pl_mix *mix,
		     struct pl_mix_source *source)
{
	if (strncmp(name, DEVICE, strlen(DEVICE)) == 0)
		return read_device(reading, name, mix, source);
	for (size_t k = 0; k < N_KINDS; k++) {
		size_t n_before = strlen(kinds[k].before), n;
		uint32_t n_there = kinds[k].is_tablet ? reading->n_tablets : reading->n_channels;

		if (strncmp(name, kinds[k].before, n_before) != 0)
			continue;
		n = read_id(name + n_before, &source->id);
		if (n == 0 || strcmp(name + n_before + n, kinds[k].after) != 0)
			continue;
		if (source->id > n_there)
			return refuse(reading, "There is no %s; the last one is %u", name, n_there);
		source->kind = (enum pl_mix_kind)k;
		return 0;
	}
	return refuse(reading,
		      "\"%.40s\" is not a source; one is tablet.N.talk, tablet.N.listen, "
		      "channel.N.in, channel.N.out or device:NAME",
		      name);
}

static int check_values(const struct pl_mix_reading *reading, const char *name,
			const struct pl_mix_source *source)
{
	/* NaN is refused too. */
	if (!(source->gain_db >= PL_MIX_GAIN_MIN_DB && source->gain_db <= PL_MIX_GAIN_MAX_DB))
		return refuse(reading, "The gain of %s should be from %g (silence) to %g dB", name,
			      PL_MIX_GAIN_MIN_DB, PL_MIX_GAIN_MAX_DB);
	if (!(source->pan >= -1.0 && source->pan <= 1.0))
		return refuse(reading, "The pan of %s should be from -1 (left) to 1 (right)", name);
	return 0;
}

static int add(const struct pl_mix_reading *reading, const char *name,
	       const struct pl_mix_source *source, struct pl_mix *mix)
{
	int r = check_values(reading, name, source);

	if (r < 0)
		return r;
	for (size_t i = 0; i < mix->n_sources; i++)
		if (mix->sources[i].kind == source->kind && mix->sources[i].id == source->id)
			return refuse(reading, "%s is there twice", name);
	if (mix->n_sources == PL_MIX_SOURCES_MAX)
		return refuse(reading, "A mix has at most %u sources", PL_MIX_SOURCES_MAX);
	mix->sources[mix->n_sources++] = *source;
	return 0;
}

/* --- text ----------------------------------------------------------------------------- */

/** Digits with a point whatever the locale; "-inf" is silence. */
static int read_number(const char *text, double *ret_value)
{
	static const char chars[] = "+-.0123456789";
	locale_t plain, before;
	char *end;

	if (strcmp(text, "-inf") == 0) {
		*ret_value = PL_MIX_GAIN_MIN_DB;
		return 0;
	}
	if (text[0] == '\0' || text[strspn(text, chars)] != '\0')
		return -EINVAL;
	plain = newlocale(LC_NUMERIC_MASK, "C", NULL);
	if (!plain)
		return -EINVAL;
	before = uselocale(plain);
	*ret_value = strtod(text, &end);
	uselocale(before);
	freelocale(plain);
	return *end == '\0' && isfinite(*ret_value) ? 0 : -EINVAL;
}

/** To the bracket that closes a name; 0: it has none. */
static size_t length_in_brackets(const char *text)
{
	const char *end = text[0] == '(' ? text : NULL;

	while (end && (end = strchr(end + 1, ')')))
		if (end[1] == '\0' || end[1] == ',' || end[1] == ':')
			return (size_t)(end - text);
	return 0;
}

/** @param n_name  where the bracket closes, when one opens it */
static int read_word(const struct pl_mix_reading *reading, char *word, size_t n_name,
		     struct pl_mix *mix)
{
	struct pl_mix_source source = {0};
	double *const values[] = {&source.gain_db, &source.pan};
	char *rest = word, *name;
	int r;

	if (word[0] == '(') {
		name = word + 1;
		rest = word + n_name;
		*rest++ = '\0';
		rest = *rest == ':' ? rest + 1 : NULL;
	} else {
		name = strsep(&rest, ":");
	}
	r = read_name(reading, name, mix, &source);

	for (size_t i = 0; r >= 0 && rest && i < 2; i++) {
		const char *text = strsep(&rest, ":");

		if (read_number(text, values[i]) < 0)
			return refuse(reading, "\"%.20s\" behind %s is not a number", text, name);
	}
	if (r >= 0 && rest)
		return refuse(reading, "%s has more than a gain and a pan", name);
	return r < 0 ? r : add(reading, name, &source, mix);
}

int pl_mix_from_text(const struct pl_mix_reading *reading, const char *text, struct pl_mix *ret_mix)
{
	struct pl_mix mix;
	int r = 0;

	mix.n_sources = mix.n_devices = 0;
	while (r >= 0 && *text) {
		size_t n_name = length_in_brackets(text);
		size_t n = n_name + strcspn(text + n_name, ",");
		char word[WORD_MAX];

		if (text[0] == '(' && n_name == 0)
			return refuse(reading, "A bracket is open in \"%.40s\"", text);

		if (n >= sizeof(word))
			return refuse(reading, "\"%.20s…\" is not a source", text);
		snprintf(word, sizeof(word), "%.*s", (int)n, text);
		r = read_word(reading, word, n_name, &mix);
		text += n;
		if (*text == ',' && *++text == '\0')
			return refuse(reading, "Something should follow the last comma");
	}
	if (r < 0)
		return r;
	*ret_mix = mix;
	return 0;
}

/* --- JSON ----------------------------------------------------------------------------- */

static bool is_number(struct json_object *value)
{
	return json_object_is_type(value, json_type_double) ||
	       json_object_is_type(value, json_type_int);
}

static int read_object(const struct pl_mix_reading *reading, struct json_object *object,
		       struct pl_mix *mix)
{
	struct pl_mix_source source = {0};
	const char *name = NULL;
	int r;

	if (!json_object_is_type(object, json_type_object))
		return refuse(reading, "A source should be an object");
	json_object_object_foreach (object, key, value) {
		if (strcmp(key, "source") == 0 && json_object_is_type(value, json_type_string))
			name = json_object_get_string(value);
		else if (strcmp(key, "gain_db") == 0 && is_number(value))
			source.gain_db = json_object_get_double(value);
		else if (strcmp(key, "pan") == 0 && is_number(value))
			source.pan = json_object_get_double(value);
		else
			return refuse(reading,
				      "\"%.20s\" of a source: it has \"source\", a text, "
				      "\"gain_db\" and \"pan\", numbers",
				      key);
	}
	if (!name)
		return refuse(reading, "\"source\" of a source is missing");
	r = read_name(reading, name, mix, &source);
	return r < 0 ? r : add(reading, name, &source, mix);
}

int pl_mix_from_json(const struct pl_mix_reading *reading, struct json_object *array,
		     struct pl_mix *ret_mix)
{
	struct pl_mix mix;
	int r = 0;

	if (!json_object_is_type(array, json_type_array))
		return refuse(reading, "The sources should be an array");
	mix.n_sources = mix.n_devices = 0;
	for (size_t i = 0; r >= 0 && i < json_object_array_length(array); i++)
		r = read_object(reading, json_object_array_get_idx(array, i), &mix);
	if (r < 0)
		return r;
	*ret_mix = mix;
	return 0;
}

struct json_object *pl_mix_to_json(const struct pl_mix *mix)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < mix->n_sources; i++) {
		const struct pl_mix_source *source = &mix->sources[i];
		struct json_object *object = json_object_new_object();
		char name[PL_MIX_NAME_MAX];
		int r = object ? 0 : -1;

		pl_mix_source_name(mix, source, name);
		if (r == 0) {
			r = pl_json_add(object, "source", json_object_new_string(name));
			r |= pl_json_add(object, "gain_db", pl_json_double(source->gain_db));
			r |= pl_json_add(object, "pan", pl_json_double(source->pan));
		}
		if (r < 0 || json_object_array_add(array, object) < 0) {
			json_object_put(object);
			json_object_put(array);
			return NULL;
		}
	}
	return array;
}
