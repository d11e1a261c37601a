/* SPDX-License-Identifier: MIT */
#ifndef PL_CTL_SCREEN_H
#define PL_CTL_SCREEN_H

#include <stdbool.h>

#include <json-c/json.h>

/** Drawing of the live meters: text in, terminal out. */

struct screen {
	int n_columns, n_rows;
	bool is_utf8;
	bool has_colour; /**< not with NO_COLOR set (no-color.org) */
};

/** Read size and abilities of the terminal at stdout. */
void screen_measure(struct screen *screen);
/** Take over the terminal (other page, no cursor), and give it back. */
void screen_enter(void);
void screen_leave(void);

/**
 * Draw one picture.
 *
 * @param meters    as ctl_get_meters() gives them
 * @param tablets, channels  as ctl_get_objects() gives them: names and mutes
 */
void screen_draw(const struct screen *screen, struct json_object *meters,
		 struct json_object *tablets, struct json_object *channels);

#endif
