/* SPDX-License-Identifier: MIT */
#include "ctl.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>
#include <wctype.h>

int ctl_fail_named(struct ctl *ctl, int exit_code, const char *name, const char *message)
{
	if (ctl->is_deferring) {
		ctl->deferred_code = exit_code;
		snprintf(ctl->deferred_name, sizeof(ctl->deferred_name), "%s", name ? name : "");
		snprintf(ctl->deferred_message, sizeof(ctl->deferred_message), "%s", message);
		return exit_code;
	}
	fprintf(stderr, "partylinectl: %s\n", message);
	if (ctl->json) {
		struct json_object *error = json_object_new_object();
		struct json_object *top = json_object_new_object();

		if (name)
			json_object_object_add(error, "name", json_object_new_string(name));
		json_object_object_add(error, "message", json_object_new_string(message));
		json_object_object_add(top, "error", error);
		ctl_json_print(top);
	}
	return exit_code;
}

int ctl_fail(struct ctl *ctl, int exit_code, const char *format, ...)
{
	char message[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	return ctl_fail_named(ctl, exit_code, NULL, message);
}

void ctl_fail_deferred(struct ctl *ctl)
{
	ctl->is_deferring = false;
	if (ctl->deferred_code != CTL_OK)
		ctl_fail_named(ctl, ctl->deferred_code,
			       ctl->deferred_name[0] ? ctl->deferred_name : NULL,
			       ctl->deferred_message);
}

int ctl_parse_id(struct ctl *ctl, const char *what, const char *text, uint32_t *ret_id)
{
	unsigned long id;
	char *end;

	errno = 0;
	id = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || id > UINT32_MAX)
		return ctl_fail(ctl, CTL_USAGE, "%s is a number from 1, not \"%s\"", what, text);
	*ret_id = (uint32_t)id;
	return CTL_OK;
}

int ctl_parse_number(struct ctl *ctl, const char *what, const char *text, double *ret_value)
{
	double value;
	char *end;

	value = strtod(text, &end);
	if (end == text || *end || isnan(value))
		return ctl_fail(ctl, CTL_USAGE, "%s is a number, not \"%s\"", what, text);
	*ret_value = value;
	return CTL_OK;
}

int ctl_parse_gain(struct ctl *ctl, const char *text, double *ret_gain_db)
{
	if (strcasecmp(text, "off") == 0) {
		*ret_gain_db = CTL_DB_OFF;
		return CTL_OK;
	}
	return ctl_parse_number(ctl, "a gain (dB, or off)", text, ret_gain_db);
}

int ctl_parse_switch(struct ctl *ctl, const char *text, bool *ret_on)
{
	if (strcmp(text, "on") != 0 && strcmp(text, "off") != 0)
		return ctl_fail(ctl, CTL_USAGE, "on or off is wanted, not \"%s\"", text);
	*ret_on = text[1] == 'n';
	return CTL_OK;
}

const char *ctl_db_text(char buffer[32], double db, const char *off_word)
{
	if (db <= CTL_DB_OFF)
		snprintf(buffer, 32, "%s", off_word);
	else
		/* + 0.0 makes -0.0 a plain zero */
		snprintf(buffer, 32, "%.1f dB", round(db * 10.0) / 10.0 + 0.0);
	return buffer;
}

const char *ctl_ids_text(char *buffer, size_t size, struct json_object *ids)
{
	size_t n_ids = ids ? json_object_array_length(ids) : 0, used = 0;

	snprintf(buffer, size, "-");
	for (size_t i = 0; i < n_ids && used + 1 < size; i++) {
		int n = snprintf(buffer + used, size - used, "%s%d", i ? ", " : "",
				 json_object_get_int(json_object_array_get_idx(ids, i)));

		used += n > 0 ? (size_t)n : 0;
	}
	return buffer;
}

/** Print at most `width` columns. @return columns printed */
static int print_columns(const char *text, int width)
{
	mbstate_t state = {0};
	int used = 0;

	while (*text) {
		wchar_t c = L'?';
		size_t n = mbrtowc(&c, text, MB_CUR_MAX, &state);
		int columns;

		if (n == (size_t)-1 || n == (size_t)-2 || n == 0) {
			memset(&state, 0, sizeof(state));
			n = 1;
			c = L'?';
		}
		/* A name must not be able to move the cursor. */
		columns = iswprint((wint_t)c) ? wcwidth(c) : -1;
		if (columns < 0) {
			columns = 1;
			if (used + columns > width)
				break;
			putchar('?');
		} else {
			if (used + columns > width)
				break;
			fwrite(text, 1, n, stdout);
		}
		used += columns;
		text += n;
	}
	return used;
}

void ctl_print_padded(const char *text, int width)
{
	for (int used = print_columns(text, width); used < width; used++)
		putchar(' ');
}

void ctl_print_text(const char *text)
{
	print_columns(text, 1 << 20);
}
