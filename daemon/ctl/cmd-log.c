/* SPDX-License-Identifier: MIT */
#include "ctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/** log: what the daemon said, and what it says. */

#define LINES_DEFAULT 50u
#define LEVEL_COLUMNS 7
#define EVENT_COLUMNS 24

static void print_text(struct json_object *record)
{
	struct json_object *data = ctl_json_member(record, "data");
	double ts = ctl_json_double(record, "ts");
	time_t at = (time_t)ts;
	char text[32] = "?";
	struct tm local;

	if (ctl_json_member(record, "missed")) {
		printf("%.0f records are gone: too many came at once\n",
		       ctl_json_double(record, "missed"));
		return;
	}
	if (localtime_r(&at, &local))
		strftime(text, sizeof(text), "%F %T", &local);
	printf("%s.%03d  ", text, (int)((ts - (double)at) * 1000.0));
	ctl_print_padded(ctl_json_string(record, "level"), LEVEL_COLUMNS);
	printf("  ");
	ctl_print_padded(ctl_json_string(record, "event_type"), EVENT_COLUMNS);
	printf("  ");
	ctl_print_text(ctl_json_string(record, "message"));
	if (ctl_json_member(record, "error")) {
		printf(": ");
		ctl_print_text(ctl_json_string(record, "error"));
	}
	if (data && json_object_object_length(data) > 0) {
		putchar(' ');
		ctl_print_text(json_object_to_json_string_ext(
			data, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	}
	putchar('\n');
}

/* --- once -------------------------------------------------------------------------- */

static int show(struct ctl *ctl, uint32_t n_lines, const char *level, const char *event)
{
	ctl_cleanup_message *reply = NULL;
	ctl_cleanup_json *document = NULL;
	struct json_object *records;
	const char *json;
	int code;

	code = ctl_call(ctl, CTL_PATH, CTL_MANAGER, "ReadLog", &reply, "uss", n_lines, level,
			event);
	if (code != CTL_OK)
		return code;
	if (sd_bus_message_read(reply, "s", &json) < 0 || !(document = json_tokener_parse(json)) ||
	    !(records = ctl_json_member(document, "records")))
		return ctl_fail(ctl, CTL_REFUSED, "partyline's answer makes no sense");
	if (ctl->json) {
		ctl_json_print(json_object_get(records));
		return CTL_OK;
	}
	for (size_t i = 0; i < json_object_array_length(records); i++)
		print_text(json_object_array_get_idx(records, i));
	return CTL_OK;
}

/* --- as it grows --------------------------------------------------------------------- */

/** One line that is complete. */
static void print_line(const struct ctl *ctl, const char *line)
{
	ctl_cleanup_json *record = NULL;

	if (ctl->json) {
		puts(line);
		return;
	}
	record = json_tokener_parse(line);
	if (record)
		print_text(record);
}

/** Until its end. */
static void print_stream(const struct ctl *ctl, FILE *stream)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	while ((n = getline(&line, &size, stream)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		print_line(ctl, line);
		fflush(stdout);
	}
	free(line);
}

static int follow(struct ctl *ctl, uint32_t n_lines, const char *level, const char *event)
{
	ctl_cleanup_message *reply = NULL;
	FILE *stream;
	int code, fd;

	code = ctl_call(ctl, CTL_PATH, CTL_MANAGER, "FollowLog", &reply, "uss", n_lines, level,
			event);
	if (code != CTL_OK)
		return code;
	if (sd_bus_message_read(reply, "h", &fd) < 0 || (fd = dup(fd)) < 0)
		return ctl_fail(ctl, CTL_REFUSED, "partyline's answer makes no sense");
	stream = fdopen(fd, "r");
	if (!stream) {
		close(fd);
		return ctl_fail(ctl, CTL_REFUSED, "cannot read the log: %s", strerror(errno));
	}
	print_stream(ctl, stream);
	fclose(stream);
	return ctl_fail(ctl, CTL_NOT_RUNNING, "partyline has ended");
}

int ctl_run_log(struct ctl *ctl, int n, char *arguments[])
{
	uint32_t n_lines = ctl->has_lines ? ctl->lines : LINES_DEFAULT;
	const char *level = ctl->level ? ctl->level : "", *event = ctl->event ? ctl->event : "";

	return ctl->follow ? follow(ctl, n_lines, level, event) : show(ctl, n_lines, level, event);
}
