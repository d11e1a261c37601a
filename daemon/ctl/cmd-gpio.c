/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <gpiod.h>

#include "definition.h"

/** gpio: the lines that are defined, and those that this machine has. */

#define DEV "/dev"
#define CHIP_PREFIX "gpiochip"

/* --- list -------------------------------------------------------------------------------- */

static void print_line(struct json_object *line)
{
	struct json_object *status = ctl_json_member(line, "status");
	int tablet = (int)ctl_json_double(line, "tablet");
	char about[48], name[80];

	if (tablet > 0)
		snprintf(about, sizeof(about), "tablet %d on channel %d", tablet,
			 (int)ctl_json_double(line, "channel"));
	else
		snprintf(about, sizeof(about), "channel %d", (int)ctl_json_double(line, "channel"));
	snprintf(name, sizeof(name), "%s", ctl_json_string(line, "line"));
	ctl_print_padded(ctl_json_string(line, "id"), 16);
	printf("  %-8s  ", ctl_json_string(line, "function"));
	ctl_print_padded(about, 24);
	fputs("  ", stdout);
	ctl_print_padded(name, 10);
	printf("  %-8s  ", ctl_json_string(status, "state"));
	ctl_print_text(ctl_json_string(status, "trouble")[0] ? ctl_json_string(status, "trouble")
							     : ctl_json_string(status, "chip"));
	putchar('\n');
}

static int list(struct ctl *ctl, int n, char *arguments[])
{
	ctl_cleanup_json *gateway = NULL;
	struct json_object *lines;
	int code = ctl_call_gateway(ctl, "GetGateway", NULL, &gateway);

	if (code != CTL_OK)
		return code;
	lines = ctl_json_member(ctl_json_member(gateway, "gpio"), "lines");
	if (ctl->json) {
		ctl_json_print(json_object_get(lines));
		return CTL_OK;
	}
	puts("ID                FUNCTION  ABOUT                     LINE        STATE     CHIP");
	for (size_t i = 0; i < json_object_array_length(lines); i++)
		print_line(json_object_array_get_idx(lines, i));
	return CTL_OK;
}

/* --- find -------------------------------------------------------------------------------- */

struct find {
	const char *word; /* NULL: all of them */
	struct json_object *found;
	unsigned n_chips;
	char refused[300]; /* path of a chip that may not be opened */
};

static bool contains(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (; strlen(text) >= n; text++)
		if (strncasecmp(text, word, n) == 0)
			return true;
	return false;
}

static bool is_meant(const struct find *find, struct json_object *line)
{
	static const char *const names[] = {"chip", "label", "name", "used_by"};
	char number[16];

	if (!find->word)
		return true;
	if (strspn(find->word, "0123456789") == strlen(find->word)) {
		snprintf(number, sizeof(number), "%d", (int)ctl_json_double(line, "line"));
		return strcmp(number, find->word) == 0;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (contains(ctl_json_string(line, names[i]), find->word))
			return true;
	return false;
}

static void put_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text ? text : ""));
}

static void find_line(struct find *find, struct gpiod_chip *chip, struct gpiod_chip_info *chip_info,
		      unsigned offset)
{
	struct gpiod_line_info *info = gpiod_chip_get_line_info(chip, offset);
	struct json_object *line = info ? json_object_new_object() : NULL;

	if (line) {
		const char *consumer = gpiod_line_info_get_consumer(info);
		bool is_output = gpiod_line_info_get_direction(info) == GPIOD_LINE_DIRECTION_OUTPUT;

		put_text(line, "chip", gpiod_chip_info_get_name(chip_info));
		put_text(line, "label", gpiod_chip_info_get_label(chip_info));
		json_object_object_add(line, "line", json_object_new_int((int)offset));
		put_text(line, "name", gpiod_line_info_get_name(info));
		put_text(line, "direction", is_output ? "output" : "input");
		if (gpiod_line_info_is_used(info))
			put_text(line, "used_by", consumer && consumer[0] ? consumer : "somebody");
		else
			put_text(line, "used_by", "");
		if (is_meant(find, line))
			json_object_array_add(find->found, json_object_get(line));
	}
	json_object_put(line);
	gpiod_line_info_free(info);
}

static void find_in(struct find *find, const char *path)
{
	struct gpiod_chip *chip = gpiod_chip_open(path);
	struct gpiod_chip_info *info = NULL;

	if (!chip) {
		if (errno == EACCES || errno == EPERM)
			snprintf(find->refused, sizeof(find->refused), "%s", path);
		return;
	}
	find->n_chips++;
	info = gpiod_chip_get_info(chip);
	for (unsigned i = 0; info && i < gpiod_chip_info_get_num_lines(info); i++)
		find_line(find, chip, info, i);
	gpiod_chip_info_free(info);
	gpiod_chip_close(chip);
}

static int is_chip(const struct dirent *entry)
{
	return strncmp(entry->d_name, CHIP_PREFIX, strlen(CHIP_PREFIX)) == 0;
}

static void print_found(struct json_object *found)
{
	puts("CHIP         LABEL                 LINE  NAME              WAY     USED BY");
	for (size_t i = 0; i < json_object_array_length(found); i++) {
		struct json_object *line = json_object_array_get_idx(found, i);

		ctl_print_padded(ctl_json_string(line, "chip"), 11);
		fputs("  ", stdout);
		ctl_print_padded(ctl_json_string(line, "label"), 20);
		printf("  %4d  ", (int)ctl_json_double(line, "line"));
		ctl_print_padded(ctl_json_string(line, "name"), 16);
		printf("  %-6s  ", ctl_json_string(line, "direction"));
		ctl_print_text(ctl_json_string(line, "used_by"));
		putchar('\n');
	}
}

static int find(struct ctl *ctl, int n, char *arguments[])
{
	ctl_cleanup_json *found = json_object_new_array();
	struct find find = {.word = n > 0 ? arguments[0] : NULL, .found = found};
	struct dirent **entries = NULL;
	int n_entries = scandir(DEV, &entries, is_chip, versionsort);

	for (int i = 0; i < n_entries; i++) {
		char path[sizeof(DEV) + sizeof(entries[i]->d_name)];

		snprintf(path, sizeof(path), DEV "/%s", entries[i]->d_name);
		find_in(&find, path);
		free(entries[i]);
	}
	free(entries);
	if (find.n_chips == 0 && find.refused[0])
		return ctl_fail(
			ctl, CTL_NOT_PERMITTED,
			"%s may not be opened; ask as root, or as a member of the group that "
			"owns it (gpio)",
			find.refused);
	if (find.n_chips == 0)
		return ctl_fail(ctl, CTL_REFUSED, "this machine has no GPIO chip");
	if (json_object_array_length(found) == 0)
		return ctl_fail(ctl, CTL_REFUSED,
				"no line is like \"%s\"; \"partylinectl gpio find\" lists all",
				find.word);
	if (ctl->json)
		ctl_json_print(json_object_get(found));
	else
		print_found(found);
	return CTL_OK;
}

/* --- watch ------------------------------------------------------------------------------- */

struct watch {
	struct ctl *ctl;
	bool is_over;
};

static int on_line(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct watch *watch = userdata;
	const char *id, *state, *trouble;

	if (sd_bus_message_read(message, "sss", &id, &state, &trouble) < 0)
		return 0;
	if (watch->ctl->json) {
		struct json_object *line = json_object_new_object();

		put_text(line, "id", id);
		put_text(line, "state", state);
		put_text(line, "trouble", trouble);
		ctl_json_print(line);
	} else {
		ctl_print_padded(id, 16);
		printf("  %-8s  ", state);
		ctl_print_text(trouble);
		putchar('\n');
	}
	fflush(stdout);
	return 0;
}

static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct watch *watch = userdata;

	watch->is_over = true;
	return 0;
}

/** Until partyline leaves the bus, or Ctrl-C. */
static int watch(struct ctl *ctl, int n, char *arguments[])
{
	struct watch watch = {.ctl = ctl};
	int code, r;

	/* Before the list, so that nothing falls between the two. */
	r = sd_bus_add_match(ctl->bus, NULL,
			     "type='signal',sender='" CTL_NAME "',path='" CTL_PATH "',"
			     "interface='" CTL_GATEWAY "',member='LineChanged'",
			     on_line, &watch);
	if (r >= 0)
		r = sd_bus_add_match(ctl->bus, NULL,
				     "type='signal',sender='org.freedesktop.DBus',"
				     "member='NameOwnerChanged',arg0='" CTL_NAME "'",
				     on_owner, &watch);
	code = r >= 0 ? list(ctl, 0, NULL) : CTL_OK;
	if (code != CTL_OK)
		return code;
	fflush(stdout);
	while (r >= 0 && !watch.is_over) {
		r = sd_bus_process(ctl->bus, NULL);
		if (r == 0)
			r = sd_bus_wait(ctl->bus, UINT64_MAX);
	}
	if (watch.is_over)
		return ctl_fail(ctl, CTL_NOT_RUNNING, "partyline has left the bus");
	return ctl_fail(ctl, CTL_NOT_RUNNING, "cannot watch the bus: %s", strerror(-r));
}

/* --- verbs ------------------------------------------------------------------------------- */

int ctl_run_gpio(struct ctl *ctl, int n, char *arguments[])
{
	static const struct ctl_verb verbs[] = {
		{"find", "[WORD]", 0, 1, find, true},
		{"list", "", 0, 0, list, false},
		{"watch", "", 0, 0, watch, false},
	};
	static char just_list[] = "list";
	char *none[] = {just_list};

	return ctl_run_verb(ctl, verbs, sizeof(verbs) / sizeof(verbs[0]), n > 0 ? n : 1,
			    n > 0 ? arguments : none);
}
