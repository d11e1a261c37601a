/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/json.h>
#include <spa/utils/string.h>

#include "args.h"

#define DESCRIPTION_MAX 256

struct reader {
	const struct pw_properties *text;
	const struct spa_dict *defaults;
	char *reason;
	size_t reason_size;
};

SPA_PRINTF_FUNC(2, 3)
static int refuse(const struct reader *reader, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(reader->reason, reader->reason_size, format, list);
	va_end(list);
	return -EINVAL;
}

static int read_number(const struct reader *reader, const char *name, const char *key, uint32_t min,
		       uint32_t max, uint32_t *value)
{
	const char *text = pw_properties_get(reader->text, name);
	uint32_t number;

	if (!text && key && reader->defaults) {
		text = spa_dict_lookup(reader->defaults, key);
		name = key;
	}
	if (!text)
		return 0;
	/* spa_atou32() takes a sign; nothing here is below zero. */
	if (strchr(text, '-') || !spa_atou32(text, &number, 10) || number < min || number > max)
		return refuse(reader, "%s: %s is not a whole number in %u..%u", name, text, min,
			      max);
	*value = number;
	return 0;
}

/** On NULL, location->reason tells what is wrong with the text, or is NULL: out of memory. */
static struct pw_properties *props_from_text(const char *text, struct spa_error_location *location)
{
	if (!text || !text[strspn(text, " \t\r\n")])
		return pw_properties_new(NULL, NULL);
	return pw_properties_new_string_checked(text, strlen(text), location);
}

static int read_props(const struct reader *reader, const char *name, struct pw_properties **ret)
{
	struct spa_error_location location = {0};
	const char *text = pw_properties_get(reader->text, name);
	struct pw_properties *props;

	if (text && !spa_json_is_object(text, strlen(text)))
		return refuse(reader, "%s: %.40s is not an object { key = value … }", name, text);
	props = props_from_text(text, &location);
	if (!props && location.reason)
		return refuse(reader, "%s: line %d, column %d: %s", name, location.line,
			      location.col, location.reason);
	if (!props)
		return -ENOMEM;
	*ret = props;
	return 0;
}

static int read_descriptions(const struct reader *reader, const char *name, uint32_t n_max,
			     char **descriptions)
{
	const char *text = pw_properties_get(reader->text, name);
	char value[DESCRIPTION_MAX];
	struct spa_json array;
	const char *entry;
	uint32_t n = 0;
	int len;

	if (!text)
		return 0;
	if (spa_json_begin_array(&array, text, strlen(text)) <= 0)
		return refuse(reader, "%s: %.40s is not an array of strings", name, text);
	while ((len = spa_json_next(&array, &entry)) > 0) {
		if (n == n_max)
			return refuse(reader, "%s: more than %u entries", name, n_max);
		if (spa_json_is_container(entry, len) ||
		    spa_json_parse_stringn(entry, len, value, sizeof(value)) <= 0 ||
		    value[0] == '\0')
			return refuse(reader, "%s: entry %u is not a string of 1..%d bytes", name,
				      n + 1, DESCRIPTION_MAX - 1);
		descriptions[n] = strdup(value);
		if (!descriptions[n++])
			return -ENOMEM;
	}
	if (len < 0)
		return refuse(reader, "%s: broken array", name);
	return 0;
}

static int read_bool(const struct reader *reader, const char *name, bool *value)
{
	const char *text = pw_properties_get(reader->text, name);

	if (!text)
		return 0;
	/* spa_atob() takes every other word for false. */
	if (!spa_streq(text, "true") && !spa_streq(text, "false"))
		return refuse(reader, "%s: %.40s is neither true nor false", name, text);
	*value = spa_streq(text, "true");
	return 0;
}

static int read_remote(const struct reader *reader, char **ret)
{
	const char *text = pw_properties_get(reader->text, PL_ARG_REMOTE);

	if (!text)
		return 0;
	if (text[0] == '\0')
		return refuse(reader, "%s: is empty; leave it out for the default server",
			      PL_ARG_REMOTE);
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

static int check_names(const struct reader *reader)
{
	static const char *const known[] = {
		PL_ARG_TABLETS,
		PL_ARG_CHANNELS,
		PL_ARG_RATE,
		PL_ARG_REMOTE,
		PL_ARG_NODE_PROPS,
		PL_ARG_MATRIX_PROPS,
		PL_ARG_TABLET_PROPS,
		PL_ARG_CHANNEL_PROPS,
		PL_ARG_TABLET_DESCRIPTIONS,
		PL_ARG_CHANNEL_DESCRIPTIONS,
		PL_ARG_ALSA_CARDS,
		PL_ARG_ALSA_PROPS,
	};
	const struct spa_dict_item *item;

	spa_dict_for_each (item, &reader->text->dict) {
		size_t i;

		for (i = 0; i < SPA_N_ELEMENTS(known) && !spa_streq(item->key, known[i]); i++)
			;
		if (i == SPA_N_ELEMENTS(known))
			return refuse(reader, "%s: there is no such argument", item->key);
	}
	return 0;
}

static int read_all(const struct reader *reader, struct pl_module_args *args)
{
	int r;

	if ((r = check_names(reader)) < 0)
		return r;
	if ((r = read_number(reader, PL_ARG_TABLETS, PL_KEY_TABLETS, 1, PL_TABLETS_MAX,
			     &args->n_tablets)) < 0)
		return r;
	if ((r = read_number(reader, PL_ARG_CHANNELS, PL_KEY_CHANNELS, 1, PL_CHANNELS_MAX,
			     &args->n_channels)) < 0)
		return r;
	if ((r = read_number(reader, PL_ARG_RATE, NULL, PL_RATE_HZ_MIN, PL_RATE_HZ_MAX,
			     &args->rate_hz)) < 0)
		return r;
	if ((r = read_remote(reader, &args->remote_name)) < 0)
		return r;
	if ((r = read_props(reader, PL_ARG_NODE_PROPS, &args->node_props)) < 0)
		return r;
	if ((r = read_props(reader, PL_ARG_MATRIX_PROPS, &args->matrix_props)) < 0)
		return r;
	if ((r = read_props(reader, PL_ARG_TABLET_PROPS, &args->tablet_props)) < 0)
		return r;
	if ((r = read_props(reader, PL_ARG_CHANNEL_PROPS, &args->channel_props)) < 0)
		return r;
	if ((r = read_bool(reader, PL_ARG_ALSA_CARDS, &args->has_alsa_cards)) < 0)
		return r;
	if ((r = read_props(reader, PL_ARG_ALSA_PROPS, &args->alsa_props)) < 0)
		return r;
	if ((r = read_descriptions(reader, PL_ARG_TABLET_DESCRIPTIONS, args->n_tablets,
				   args->tablet_descriptions)) < 0)
		return r;
	return read_descriptions(reader, PL_ARG_CHANNEL_DESCRIPTIONS, args->n_channels,
				 args->channel_descriptions);
}

int pl_module_args_parse(const char *text, const struct spa_dict *over,
			 const struct spa_dict *defaults, struct pl_module_args *ret_args,
			 char *ret_reason, size_t reason_size)
{
	struct pl_module_args args = {
		.n_tablets = PL_TABLETS_DEFAULT,
		.n_channels = PL_CHANNELS_DEFAULT,
	};
	struct spa_error_location location = {0};
	struct reader reader = {
		.defaults = defaults,
		.reason = ret_reason,
		.reason_size = reason_size,
	};
	struct pw_properties *props;
	int r;

	snprintf(ret_reason, reason_size, "out of memory");
	props = props_from_text(text, &location);
	if (!props && location.reason)
		return refuse(&reader, "line %d, column %d: %s", location.line, location.col,
			      location.reason);
	if (!props)
		return -ENOMEM;

	if (over)
		pw_properties_update(props, over);
	reader.text = props;
	r = read_all(&reader, &args);
	pw_properties_free(props);
	if (r < 0) {
		pl_module_args_done(&args);
		return r;
	}
	ret_reason[0] = '\0';
	*ret_args = args;
	return 0;
}

void pl_module_args_done(struct pl_module_args *args)
{
	pw_properties_free(args->node_props);
	pw_properties_free(args->matrix_props);
	pw_properties_free(args->tablet_props);
	pw_properties_free(args->channel_props);
	pw_properties_free(args->alsa_props);
	free(args->remote_name);
	for (uint32_t i = 0; i < PL_TABLETS_MAX; i++)
		free(args->tablet_descriptions[i]);
	for (uint32_t i = 0; i < PL_CHANNELS_MAX; i++)
		free(args->channel_descriptions[i]);
	memset(args, 0, sizeof(*args));
}
