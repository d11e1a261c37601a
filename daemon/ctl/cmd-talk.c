/* SPDX-License-Identifier: MIT */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

/** mute, unmute, mode, sidetone, key, release-all: what one tablet or channel does. */

/* --- mutes ---------------------------------------------------------------------- */

struct mute_kind {
	const char *word, *object, *interface, *property;
};

static const struct mute_kind mute_kinds[] = {
	{"channel", "channel", CTL_CHANNEL, "Muted"},
	{"listen", "tablet", CTL_TABLET, "ListenMuted"},
	{"tablet", "tablet", CTL_TABLET, "Muted"},
	{"talk", "tablet", CTL_TABLET, "TalkMuted"},
};

static int set_mute(struct ctl *ctl, char *arguments[], bool mute)
{
	const struct mute_kind *kind = NULL;
	struct json_object *answer;
	char path[64], name[64];
	uint32_t id;
	int code;

	for (size_t i = 0; i < sizeof(mute_kinds) / sizeof(mute_kinds[0]); i++) {
		if (strcmp(mute_kinds[i].word, arguments[0]) == 0)
			kind = &mute_kinds[i];
	}
	if (!kind)
		return ctl_fail(ctl, CTL_USAGE,
				"channel, tablet, talk or listen is wanted, not \"%s\"",
				arguments[0]);
	code = ctl_find(ctl, kind->object, arguments[1], &id, path);
	if (code == CTL_OK)
		code = ctl_set_bool(ctl, path, kind->interface, kind->property, mute);
	if (code != CTL_OK)
		return code;

	if (!ctl->json) {
		printf("%s %u: %s%s\n", kind->object, id,
		       strcmp(kind->word, kind->object) == 0 ? "" : kind->word,
		       strcmp(kind->word, kind->object) == 0 ? (mute ? "muted" : "not muted")
							     : (mute ? " muted" : " not muted"));
		return CTL_OK;
	}
	ctl_snake_case(kind->property, name, sizeof(name));
	answer = json_object_new_object();
	json_object_object_add(answer, kind->object, json_object_new_int64(id));
	json_object_object_add(answer, name, json_object_new_boolean(mute));
	ctl_json_print(answer);
	return CTL_OK;
}

int ctl_run_mute(struct ctl *ctl, int n, char *arguments[])
{
	return set_mute(ctl, arguments, true);
}

int ctl_run_unmute(struct ctl *ctl, int n, char *arguments[])
{
	return set_mute(ctl, arguments, false);
}

/* --- one property of a tablet -------------------------------------------------------- */

static int print_tablet_value(struct ctl *ctl, uint32_t id, const char *path, const char *property)
{
	ctl_cleanup_json *value = NULL;
	struct json_object *answer;
	char name[64], text[32];
	int code;

	code = ctl_get(ctl, path, CTL_TABLET, property, &value);
	if (code != CTL_OK)
		return code;
	ctl_snake_case(property, name, sizeof(name));
	if (ctl->json) {
		answer = json_object_new_object();
		json_object_object_add(answer, "tablet", json_object_new_int64(id));
		json_object_object_add(answer, name, json_object_get(value));
		ctl_json_print(answer);
		return CTL_OK;
	}
	if (json_object_is_type(value, json_type_string))
		printf("tablet %u: mode %s\n", id, json_object_get_string(value));
	else
		printf("tablet %u: sidetone %s\n", id,
		       ctl_db_text(text, json_object_get_double(value), "off"));
	return CTL_OK;
}

int ctl_run_mode(struct ctl *ctl, int n, char *arguments[])
{
	char path[64];
	uint32_t id;
	int code;

	code = ctl_find(ctl, "tablet", arguments[0], &id, path);
	if (code == CTL_OK && n > 1)
		code = ctl_set_string(ctl, path, CTL_TABLET, "Mode", arguments[1]);
	if (code != CTL_OK)
		return code;
	return print_tablet_value(ctl, id, path, "Mode");
}

int ctl_run_sidetone(struct ctl *ctl, int n, char *arguments[])
{
	double gain_db;
	char path[64];
	uint32_t id;
	int code;

	code = ctl_find(ctl, "tablet", arguments[0], &id, path);
	if (code == CTL_OK && n > 1) {
		code = ctl_parse_gain(ctl, arguments[1], &gain_db);
		if (code == CTL_OK)
			code = ctl_set_double(ctl, path, CTL_TABLET, "SidetoneDb", gain_db);
	}
	if (code != CTL_OK)
		return code;
	return print_tablet_value(ctl, id, path, "SidetoneDb");
}

/* --- keys ---------------------------------------------------------------------------- */

static int call_key(struct ctl *ctl, const char *verb, const char *path, uint32_t channel_id,
		    bool *ret_down)
{
	ctl_cleanup_message *reply = NULL;
	int code, down = 0;

	if (strcmp(verb, "press") == 0) {
		*ret_down = true;
		return ctl_call(ctl, path, CTL_TABLET, "PressKey", NULL, "uu", channel_id,
				ctl->priority);
	}
	if (strcmp(verb, "release") == 0) {
		*ret_down = false;
		return ctl_call(ctl, path, CTL_TABLET, "ReleaseKey", NULL, "u", channel_id);
	}
	code = ctl_call(ctl, path, CTL_TABLET, "ToggleKey", &reply, "uu", channel_id,
			ctl->priority);
	if (code == CTL_OK && sd_bus_message_read(reply, "b", &down) < 0)
		return ctl_fail(ctl, CTL_REFUSED, "a key of an unknown shape");
	*ret_down = down;
	return code;
}

int ctl_run_key(struct ctl *ctl, int n, char *arguments[])
{
	struct json_object *answer;
	uint32_t tablet_id, channel_id;
	char path[64];
	bool down = false;
	int code;

	if (strcmp(arguments[0], "press") != 0 && strcmp(arguments[0], "release") != 0 &&
	    strcmp(arguments[0], "toggle") != 0)
		return ctl_fail(ctl, CTL_USAGE, "press, release or toggle is wanted, not \"%s\"",
				arguments[0]);
	code = ctl_parse_id(ctl, "CHANNEL", arguments[2], &channel_id);
	if (code == CTL_OK)
		code = ctl_find(ctl, "tablet", arguments[1], &tablet_id, path);
	if (code == CTL_OK)
		code = call_key(ctl, arguments[0], path, channel_id, &down);
	if (code != CTL_OK)
		return code;

	if (!ctl->json) {
		printf("tablet %u, channel %u: key %s\n", tablet_id, channel_id,
		       down ? "down" : "up");
		return CTL_OK;
	}
	answer = json_object_new_object();
	json_object_object_add(answer, "tablet", json_object_new_int64(tablet_id));
	json_object_object_add(answer, "channel", json_object_new_int64(channel_id));
	json_object_object_add(answer, "down", json_object_new_boolean(down));
	ctl_json_print(answer);
	return CTL_OK;
}

int ctl_run_release_all(struct ctl *ctl, int n, char *arguments[])
{
	struct json_object *answer;
	char path[64];
	uint32_t id;
	int code;

	if (n > 0) {
		code = ctl_find(ctl, "tablet", arguments[0], &id, path);
		if (code == CTL_OK)
			code = ctl_call(ctl, path, CTL_TABLET, "ReleaseAll", NULL, NULL);
	} else {
		code = ctl_call(ctl, CTL_PATH, CTL_MANAGER, "ReleaseAllKeys", NULL, NULL);
	}
	if (code != CTL_OK)
		return code;

	if (!ctl->json) {
		if (n > 0)
			printf("tablet %u: all keys up\n", id);
		else
			puts("all keys of all tablets are up");
		return CTL_OK;
	}
	answer = json_object_new_object();
	if (n > 0)
		json_object_object_add(answer, "tablet", json_object_new_int64(id));
	json_object_object_add(answer, "released", json_object_new_boolean(true));
	ctl_json_print(answer);
	return CTL_OK;
}
