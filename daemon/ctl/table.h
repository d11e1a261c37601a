/* SPDX-License-Identifier: MIT */
#ifndef PL_CTL_TABLE_H
#define PL_CTL_TABLE_H

#include <stddef.h>

#include <json-c/json.h>

/**
 * A table that fits the terminal: columns are as wide as what is in them; where that is too much the
 * widest give way, and their cells go on in the next line.
 */

#define CTL_TABLE_COLUMNS_MAX 8u
/** What a column keeps, however narrow the terminal is. */
#define CTL_TABLE_WIDTH_MIN 10

/** @return columns of the terminal, or of $COLUMNS; 0: standard output is none, anything fits */
int ctl_terminal_columns(void);

/**
 * @param headings   one word for each column
 * @param n_columns  at most CTL_TABLE_COLUMNS_MAX
 * @param rows       array of arrays of cells; a cell is an array of ASCII words, each begins a line
 *                   where one line does not hold them all
 * @param width      as ctl_terminal_columns() has it
 */
void ctl_print_table(const char *const headings[], size_t n_columns, struct json_object *rows,
		     int width);

#endif
