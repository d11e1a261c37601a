/* SPDX-License-Identifier: MIT */
#include "screen.h"

#include "ctl.h"

#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The scale of a bar [dBFS]. */
#define BAR_DB_MIN (-60.0)
#define BAR_DB_MAX 0.0
/* Colours change at the usual alignment levels: -18 dBFS (EBU R 68) and 6 dB below full scale. */
#define YELLOW_DB (-18.0)
#define RED_DB (-6.0)

#define NAME_COLUMNS 14
#define TALLY_COLUMNS 22
#define LEVEL_COLUMNS 7
/* Below this there is room for one bar a row only. */
#define TWO_BARS_COLUMNS 100

void screen_measure(struct screen *screen)
{
	struct winsize size;
	const char *no_color = getenv("NO_COLOR");

	screen->n_columns = 80;
	screen->n_rows = 24;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
		screen->n_columns = size.ws_col;
		screen->n_rows = size.ws_row;
	}
	screen->is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	screen->has_colour = !no_color || !no_color[0];
}

void screen_enter(void)
{
	fputs("\033[?1049h\033[?25l\033[2J", stdout);
	fflush(stdout);
}

void screen_leave(void)
{
	fputs("\033[0m\033[?25h\033[?1049l", stdout);
	fflush(stdout);
}

static void set_colour(const struct screen *screen, double db)
{
	if (!screen->has_colour)
		return;
	fputs(db >= RED_DB ? "\033[31m" : db >= YELLOW_DB ? "\033[33m" : "\033[32m", stdout);
}

static int bar_position(double db, int width)
{
	double share = (db - BAR_DB_MIN) / (BAR_DB_MAX - BAR_DB_MIN);

	if (share <= 0.0)
		return 0;
	return share >= 1.0 ? width : (int)(share * width + 0.5);
}

/** RMS as a bar, the held peak as a mark. */
static void draw_bar(const struct screen *screen, struct json_object *point, int width)
{
	double rms_db = ctl_json_double(point, "vu_db");
	double peak_db = ctl_json_double(point, "peak_hold_db");
	int filled = bar_position(rms_db, width), mark = bar_position(peak_db, width);
	const char *full = screen->is_utf8 ? "█" : "#", *empty = screen->is_utf8 ? "·" : ".";
	const char *peak = screen->is_utf8 ? "▌" : "|";

	for (int i = 0; i < width; i++) {
		double db = BAR_DB_MIN + (BAR_DB_MAX - BAR_DB_MIN) * i / width;

		if (i < filled) {
			set_colour(screen, db);
			fputs(full, stdout);
		} else if (mark > 0 && i == mark - 1) {
			set_colour(screen, db);
			fputs(peak, stdout);
		} else {
			fputs(screen->has_colour ? "\033[2m" : "", stdout);
			fputs(empty, stdout);
		}
		fputs(screen->has_colour ? "\033[0m" : "", stdout);
	}
	if (rms_db <= CTL_DB_OFF)
		printf("%*s", LEVEL_COLUMNS, "-");
	else
		printf("%*.1f", LEVEL_COLUMNS, rms_db);
}

/** "key 1 3  on 1": at most TALLY_COLUMNS columns */
static void draw_tally(const struct screen *screen, struct json_object *keys,
		       struct json_object *talking)
{
	char key_text[128], talk_text[128], text[300];
	bool has_key = keys && json_object_array_length(keys) > 0;

	snprintf(text, sizeof(text), " key %s on %s",
		 ctl_ids_text(key_text, sizeof(key_text), keys),
		 ctl_ids_text(talk_text, sizeof(talk_text), talking));
	if (has_key && screen->has_colour)
		fputs("\033[1m", stdout);
	ctl_print_padded(text, TALLY_COLUMNS);
	if (has_key && screen->has_colour)
		fputs("\033[0m", stdout);
}

struct row_names {
	char letter;
	const char *first, *second, *keys, *talking;
	bool second_is_main; /* the one that is shown when there is room for one */
};

static void draw_row(const struct screen *screen, const struct row_names *names,
		     struct json_object *meter, struct json_object *object)
{
	bool has_two = screen->n_columns >= TWO_BARS_COLUMNS;
	int n_bars = has_two ? 2 : 1;
	int width = (screen->n_columns - 5 - NAME_COLUMNS - 2 - TALLY_COLUMNS) / n_bars -
		    LEVEL_COLUMNS - 1;
	bool is_muted = ctl_json_bool(object, "muted");

	if (width < 4)
		width = 4;
	printf("%c%3d ", names->letter, (int)ctl_json_double(meter, "id"));
	ctl_print_padded(ctl_json_string(object, "name"), NAME_COLUMNS);
	printf(" %c", is_muted ? 'M' : ' ');
	if (has_two || !names->second_is_main)
		draw_bar(screen, ctl_json_member(meter, names->first), width);
	if (has_two)
		putchar(' ');
	if (has_two || names->second_is_main)
		draw_bar(screen, ctl_json_member(meter, names->second), width);
	draw_tally(screen, ctl_json_member(meter, names->keys),
		   ctl_json_member(meter, names->talking));
	fputs("\033[K\n", stdout);
}

/** @return rows drawn */
static int draw_rows(const struct screen *screen, const struct row_names *names,
		     struct json_object *meters, struct json_object *objects, int n_rows_max)
{
	int n_meters = (int)json_object_array_length(meters);
	int n = n_meters < n_rows_max ? n_meters : n_rows_max;

	for (int i = 0; i < n; i++)
		draw_row(screen, names, json_object_array_get_idx(meters, (size_t)i),
			 json_object_array_get_idx(objects, (size_t)i));
	return n;
}

void screen_draw(const struct screen *screen, struct json_object *meters,
		 struct json_object *tablets, struct json_object *channels)
{
	static const struct row_names tablet = {'T', "talk", "listen", "keys", "talking", false};
	static const struct row_names channel = {
		'C', "outside", "line", "active_tablets", "talking_tablets", true};
	struct json_object *tablet_meters = ctl_json_member(meters, "tablets");
	struct json_object *channel_meters = ctl_json_member(meters, "channels");
	int n_all = (int)(json_object_array_length(tablet_meters) +
			  json_object_array_length(channel_meters));
	int n_rows = screen->n_rows - 2, n_drawn;
	char title[160];

	snprintf(
		title, sizeof(title),
		screen->n_columns >= TWO_BARS_COLUMNS
			? "partyline meters: RMS and peak hold, -60..0 dBFS; tablets talk | listen, channels outside | line; q ends"
			: "partyline meters, -60..0 dBFS; q ends");
	fputs("\033[H", stdout);
	ctl_print_padded(title, screen->n_columns - 1);
	fputs("\033[K\n", stdout);
	/* Channels first: they are few, and what is cut off is at the end. */
	n_drawn = draw_rows(screen, &channel, channel_meters, channels, n_rows);
	n_drawn += draw_rows(screen, &tablet, tablet_meters, tablets, n_rows - n_drawn);
	if (n_drawn < n_all)
		printf("… %d more: make the window taller\033[K", n_all - n_drawn);
	fputs("\033[J", stdout);
	fflush(stdout);
}
