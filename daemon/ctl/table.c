/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl.h"

#define GAP 2 /* between columns */
#define LINE_SIZE 512u
#define COLUMNS_MAX 100000

/** Where a cell goes on in the next line. */
struct place {
	size_t word, offset;
};

int ctl_terminal_columns(void)
{
	const char *text = getenv("COLUMNS");
	long columns = text ? strtol(text, NULL, 10) : 0;
	struct winsize size;

	if (columns > 0 && columns < COLUMNS_MAX)
		return (int)columns;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		return size.ws_col;
	return 0;
}

static const char *word_at(struct json_object *cell, size_t i)
{
	return json_object_get_string(json_object_array_get_idx(cell, i));
}

/** Of all words in one line, "A, B". */
static int width_of(struct json_object *cell)
{
	size_t n = json_object_array_length(cell);
	int width = n > 0 ? 2 * (int)(n - 1) : 1;

	for (size_t i = 0; i < n; i++)
		width += (int)strlen(word_at(cell, i));
	return width;
}

/** The widest gives way until all of them fit. */
static void fit(int widths[], size_t n_columns, int width)
{
	for (;;) {
		int sum = GAP * (int)(n_columns - 1);
		size_t widest = 0;

		for (size_t i = 0; i < n_columns; i++) {
			sum += widths[i];
			if (widths[i] > widths[widest])
				widest = i;
		}
		if (width <= 0 || sum <= width || widths[widest] <= CTL_TABLE_WIDTH_MIN)
			return;
		widths[widest]--;
	}
}

/** Where a word that is too long is parted: behind its last ":", "-", "/" … that fits. */
static size_t part(const char *word, size_t width)
{
	for (size_t n = width; n > width / 2; n--)
		if (strchr(" :-/.,", word[n - 1]))
			return n;
	return width;
}

/** What of a cell stands in its next line. */
static void take_line(struct json_object *cell, struct place *place, int width,
		      char ret_line[LINE_SIZE])
{
	size_t n_words = json_object_array_length(cell), used = 0;
	size_t room = (size_t)width < LINE_SIZE ? (size_t)width : LINE_SIZE - 1;

	while (place->word < n_words) {
		const char *word = word_at(cell, place->word) + place->offset;
		size_t comma = place->word + 1 < n_words ? 1 : 0, gap = used > 0 ? 1 : 0;
		size_t n = strlen(word);

		if (used + gap + n + comma > room && used > 0)
			break;
		if (n + comma > room) {
			used = part(word, room < n ? room : n - 1);
			memcpy(ret_line, word, used);
			place->offset += used;
			break;
		}
		used += (size_t)snprintf(ret_line + used, LINE_SIZE - used, "%s%s%s",
					 gap ? " " : "", word, comma ? "," : "");
		*place = (struct place){.word = place->word + 1};
	}
	ret_line[used] = '\0';
}

static void print_row(struct json_object *row, const int widths[], size_t n_columns)
{
	struct place places[CTL_TABLE_COLUMNS_MAX] = {{0}};
	bool is_more = true;

	for (bool is_first = true; is_more; is_first = false) {
		int owed = 0; /* spaces, which nobody needs at the end of a line */

		is_more = false;
		for (size_t i = 0; i < n_columns; i++) {
			struct json_object *cell = json_object_array_get_idx(row, i);
			size_t n_words = json_object_array_length(cell);
			char line[LINE_SIZE] = "-";

			if (n_words > 0 || !is_first)
				take_line(cell, &places[i], widths[i], line);
			is_more |= places[i].word < n_words;
			if (line[0]) {
				printf("%*s", owed, "");
				ctl_print_text(line);
				owed = 0;
			}
			owed += widths[i] + GAP - (int)strlen(line);
		}
		putchar('\n');
	}
}

void ctl_print_table(const char *const headings[], size_t n_columns, struct json_object *rows,
		     int width)
{
	int widths[CTL_TABLE_COLUMNS_MAX];

	for (size_t i = 0; i < n_columns; i++) {
		widths[i] = (int)strlen(headings[i]);
		for (size_t k = 0; k < json_object_array_length(rows); k++) {
			int wanted = width_of(
				json_object_array_get_idx(json_object_array_get_idx(rows, k), i));

			if (wanted > widths[i])
				widths[i] = wanted;
		}
	}
	fit(widths, n_columns, width);
	for (size_t i = 0; i < n_columns; i++) {
		if (i + 1 == n_columns)
			puts(headings[i]);
		else
			printf("%-*s  ", widths[i], headings[i]);
	}
	for (size_t k = 0; k < json_object_array_length(rows); k++)
		print_row(json_object_array_get_idx(rows, k), widths, n_columns);
}
