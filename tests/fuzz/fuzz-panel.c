/* SPDX-License-Identifier: MIT */
/**
 * Any bytes as what two panels say, a line each: the real decoder, the real claims. What is refused
 * changes nothing, and when all are silent no key of theirs is left.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "config.h"
#include "fuzz.h"
#include "panel-message.h"

#define SECOND UINT64_C(1000000)

static const struct pl_actor actor = {.face = "ws", .name = "fuzz", .role = PL_ROLE_OPERATE};
/** The key that no panel pressed. */
static const struct pl_actor other = {.face = "gpio", .name = "", .role = PL_ROLE_OPERATE};

struct panel {
	bool has_claim;
	struct pl_claim claim;
};

static int act(struct pl_control *control, struct panel *panel,
	       const struct pl_panel_message *message, uint64_t now)
{
	struct pl_error error;

	switch (message->type) {
	case PL_PANEL_CLAIM:
		if (pl_control_claim(control, &actor, &message->claim, now, &panel->claim, &error) <
		    0)
			return -1;
		panel->has_claim = true;
		return 0;
	case PL_PANEL_LEAVE:
		if (panel->has_claim)
			pl_control_leave_claim(control, &actor, &panel->claim);
		return 0;
	case PL_PANEL_DOWN:
		return pl_control_press_claimed_key(control, &actor, &panel->claim,
						    message->channel_id, message->priority, &error);
	case PL_PANEL_UP:
		return pl_control_release_claimed_key(control, &actor, &panel->claim,
						      message->channel_id, &error);
	case PL_PANEL_PING:
	case PL_PANEL_TYPE_MAX_:
		break;
	}
	return 0;
}

static void say(struct pl_control *control, struct panel *panel, const char *text, size_t size,
		uint64_t now)
{
	struct json_object *details = json_object_new_array();
	struct pl_model before = *pl_control_model(control);
	struct pl_panel_message message;

	if (pl_panel_message_read(text, size, details, &message) < 0) {
		if (json_object_array_length(details) == 0)
			abort();
	} else {
		if (act(control, panel, &message, now) < 0 &&
		    !pl_model_equal(&before, pl_control_model(control)))
			abort();
		pl_panel_message_done(&message);
	}
	json_object_put(details);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = text + size;
	struct panel panels[2] = {0};
	struct pl_control *control;
	struct pl_config config;
	struct pl_model model;
	uint64_t now = SECOND;

	pl_config_defaults(&config);
	pl_model_init(&model, 3, 2);
	if (pl_control_new(&config, &model, NULL, NULL, NULL, NULL, &control) < 0)
		abort();
	if (pl_control_press_key(control, &other, 1, 1, 1, NULL) < 0)
		abort();
	for (unsigned i = 0; text < end; i++) {
		const char *line_end = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((line_end ? line_end : end) - text);

		say(control, &panels[i & 1], text, n, now);
		now += n * 10000u; /* a long message is a slow one */
		pl_control_run_claims(control, now);
		text += line_end ? n + 1 : n;
	}
	pl_control_run_claims(control, now + 60 * SECOND);
	for (uint32_t id = 1; id <= 3; id++)
		if (pl_control_get_claim(control, id, NULL) ||
		    (pl_control_model(control)->tablet[id - 1].keys & ~(id == 1 ? 1u : 0u)))
			abort();
	pl_control_free(control);
	pl_config_done(&config);
	return 0;
}
