/* SPDX-License-Identifier: MIT */
#include "definition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* stream add, page add: "opus.ptime_ms=10" and the like to JSON. */

/** Members that are text although their value may look like a number. */
static bool is_text(const char *member)
{
	static const char *const names[] = {"address",    "agency_name", "alert", "affiliation_id",
					    "channel_id", "digits",      "host",  "id",
					    "interface",  "key",         "name",  "url",
					    "user_name"};
	const char *last = strrchr(member, '.');

	last = last ? last + 1 : member;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], last) == 0)
			return true;
	return false;
}

static struct json_object *value_of(const char *member, const char *text)
{
	char *end;
	double number;

	if (is_text(member))
		return json_object_new_string(text);
	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		return json_object_new_boolean(text[0] == 't');
	if (text[0] && text[strspn(text, "0123456789")] == '\0' && strlen(text) < 16)
		return json_object_new_int64(strtoll(text, NULL, 10));
	number = strtod(text, &end);
	if (end != text && *end == '\0' && number > -1e15 && number < 1e15)
		return json_object_new_double_s(number, text);
	return json_object_new_string(text);
}

static struct json_object *object_at(struct json_object *tree, const char *name)
{
	struct json_object *found = ctl_json_member(tree, name);

	if (!found) {
		found = json_object_new_object();
		json_object_object_add(tree, name, found);
	}
	return json_object_is_type(found, json_type_object) ? found : NULL;
}

static int assign(struct ctl *ctl, struct json_object *tree, const char *assignment)
{
	const char *equals = strchr(assignment, '=');
	char member[96];
	char *name = member, *dot;

	if (!equals || equals == assignment || (size_t)(equals - assignment) >= sizeof(member))
		return ctl_fail(ctl, CTL_USAGE, "NAME=VALUE is wanted, not \"%s\"", assignment);
	memcpy(member, assignment, (size_t)(equals - assignment));
	member[equals - assignment] = '\0';
	while ((dot = strchr(name, '.'))) {
		*dot = '\0';
		tree = object_at(tree, name);
		if (!tree)
			return ctl_fail(ctl, CTL_USAGE, "\"%s\" has a value already", name);
		name = dot + 1;
	}
	json_object_object_add(tree, name, value_of(name, equals + 1));
	return CTL_OK;
}

int ctl_definition(struct ctl *ctl, int n, char *arguments[], const char *endpoint_name,
		   struct json_object **ret_definition)
{
	struct json_object *tree = json_object_new_object();
	int code = CTL_OK;

	json_object_object_add(tree, "id", json_object_new_string(arguments[0]));
	json_object_object_add(tree, endpoint_name, json_object_new_string(arguments[1]));
	for (int i = 2; code == CTL_OK && i < n; i++)
		code = assign(ctl, tree, arguments[i]);
	if (code != CTL_OK) {
		json_object_put(tree);
		return code;
	}
	*ret_definition = tree;
	return CTL_OK;
}

int ctl_call_gateway(struct ctl *ctl, const char *member, const char *text,
		     struct json_object **ret_document)
{
	ctl_cleanup_message *reply = NULL;
	const char *answer;
	int code;

	code = ctl_call(ctl, CTL_PATH, CTL_GATEWAY, member, ret_document ? &reply : NULL,
			text ? "s" : NULL, text);
	if (code != CTL_OK || !ret_document)
		return code;
	if (sd_bus_message_read(reply, "s", &answer) < 0)
		return ctl_fail(ctl, CTL_REFUSED, "an answer of an unknown shape");
	*ret_document = json_tokener_parse(answer);
	return *ret_document ? CTL_OK : ctl_fail(ctl, CTL_REFUSED, "%s gave no JSON", member);
}

int ctl_done(struct ctl *ctl, const char *what, const char *id)
{
	struct json_object *answer;

	if (!ctl->json) {
		printf("%s %s\n", id, what);
		return CTL_OK;
	}
	answer = json_object_new_object();
	json_object_object_add(answer, what, json_object_new_string(id));
	ctl_json_print(answer);
	return CTL_OK;
}

int ctl_print_document(struct ctl *ctl, struct json_object *document)
{
	if (ctl->json) {
		ctl_json_print(document);
		return CTL_OK;
	}
	puts(json_object_to_json_string_ext(document, JSON_C_TO_STRING_PRETTY |
							      JSON_C_TO_STRING_SPACED |
							      JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(document);
	return CTL_OK;
}

struct json_object *ctl_find_id(struct json_object *array, const char *id)
{
	for (size_t i = 0; array && i < json_object_array_length(array); i++) {
		struct json_object *element = json_object_array_get_idx(array, i);

		if (strcmp(ctl_json_string(element, "id"), id) == 0)
			return element;
	}
	return NULL;
}

/* --- a command's verbs ------------------------------------------------------------------------ */

/** Appends "A, B". */
static void join(char *text, size_t size, const char *word)
{
	size_t n = strlen(text);

	snprintf(text + n, size - n, "%s%s", n ? ", " : "", word);
}

int ctl_run_verb(struct ctl *ctl, const struct ctl_verb *verbs, size_t n_verbs, int n,
		 char *arguments[])
{
	char all[160] = "";

	for (size_t i = 0; i < n_verbs; i++) {
		const struct ctl_verb *verb = &verbs[i];
		int code;

		join(all, sizeof(all), verb->name);
		if (strcmp(verb->name, arguments[0]) != 0)
			continue;
		if (n - 1 < verb->n_min || n - 1 > verb->n_max)
			return ctl_fail(ctl, CTL_USAGE, "usage: partylinectl %s %s%s%s",
					ctl->command->name, verb->name,
					verb->arguments[0] ? " " : "", verb->arguments);
		code = verb->is_busless ? CTL_OK : ctl_connect(ctl);
		return code == CTL_OK ? verb->run(ctl, n - 1, arguments + 1) : code;
	}
	return ctl_fail(ctl, CTL_USAGE, "%s can %s, not \"%s\"", ctl->command->name, all,
			arguments[0]);
}
