/* SPDX-License-Identifier: MIT */
#include "checks.h"
#include "definition.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/** status, state, health, version: what is going on. */

static int print_document(struct ctl *ctl, const char *method)
{
	ctl_cleanup_message *reply = NULL;
	struct json_object *document;
	const char *text;
	int code, r;

	code = ctl_call(ctl, CTL_PATH, CTL_MANAGER, method, &reply, NULL);
	if (code != CTL_OK)
		return code;
	r = sd_bus_message_read(reply, "s", &text);
	document = r < 0 ? NULL : json_tokener_parse(text);
	if (!document)
		return ctl_fail(ctl, CTL_REFUSED, "%s gave no JSON", method);
	return ctl_print_document(ctl, document);
}

int ctl_run_state(struct ctl *ctl, int n, char *arguments[])
{
	return print_document(ctl, "GetState");
}

int ctl_run_health(struct ctl *ctl, int n, char *arguments[])
{
	return print_document(ctl, "GetHealth");
}

int ctl_run_version(struct ctl *ctl, int n, char *arguments[])
{
	ctl_cleanup_json *version = NULL;
	struct json_object *answer;
	int code;

	code = ctl_get(ctl, CTL_PATH, CTL_MANAGER, "Version", &version);
	if (code != CTL_OK)
		return code;
	if (!ctl->json) {
		printf("partyline %s, partylinectl " PL_VERSION "\n",
		       json_object_get_string(version));
		return CTL_OK;
	}
	answer = json_object_new_object();
	json_object_object_add(answer, "partyline", json_object_get(version));
	json_object_object_add(answer, "partylinectl", json_object_new_string(PL_VERSION));
	ctl_json_print(answer);
	return CTL_OK;
}

/* --- status ------------------------------------------------------------------ */

/** The sound begins a moment after the daemon: that is no problem yet. */
#define CONNECT_MS 5000u
#define CONNECT_STEP_MS 100u

/** Read the manager's properties, if need be until it is connected or CONNECT_MS are over. */
static int get_manager(struct ctl *ctl, struct json_object **ret_manager)
{
	static const struct timespec step = {.tv_nsec = CONNECT_STEP_MS * 1000000L};

	for (uint32_t waited_ms = 0;; waited_ms += CONNECT_STEP_MS) {
		struct json_object *manager;
		int code = ctl_get_all(ctl, CTL_PATH, CTL_MANAGER, &manager);

		if (code != CTL_OK)
			return code;
		if (ctl_json_bool(manager, "connected") || waited_ms >= CONNECT_MS) {
			*ret_manager = manager;
			return CTL_OK;
		}
		json_object_put(manager);
		nanosleep(&step, NULL);
	}
}

/** Wait for about three graph cycles, so that a graph that runs has moved on. */
static void wait_cycles(struct json_object *manager)
{
	double rate_hz = ctl_json_double(manager, "rate_hz");
	double seconds =
		rate_hz > 0 ? 3.0 * ctl_json_double(manager, "quantum_frames") / rate_hz : 0.0;
	struct timespec pause;

	if (seconds < 0.1)
		seconds = 0.1;
	if (seconds > 3.0)
		seconds = 3.0;
	pause.tv_sec = (time_t)seconds;
	pause.tv_nsec = (long)((seconds - (double)pause.tv_sec) * 1e9);
	nanosleep(&pause, NULL);
}

/** @return true when the graph computes nothing although the engine is there */
static bool graph_stands(struct ctl *ctl, struct json_object *manager)
{
	ctl_cleanup_json *later = NULL;

	wait_cycles(manager);
	if (ctl_get(ctl, CTL_PATH, CTL_MANAGER, "Cycles", &later) != CTL_OK)
		return false;
	return json_object_get_uint64(later) ==
	       json_object_get_uint64(ctl_json_member(manager, "cycles"));
}

/** Sound cards that are bound and do not sound; without the engine none of them can. */
static void add_troubles(struct json_object *problems, struct json_object *manager)
{
	struct json_object *troubles = ctl_json_member(manager, "binding_troubles");

	if (!troubles || !ctl_json_bool(manager, "connected"))
		return;
	for (size_t i = 0; i < json_object_array_length(troubles); i++)
		json_object_array_add(problems,
				      json_object_get(json_object_array_get_idx(troubles, i)));
}

/** What control says of streams, lines, MQTT, S3: plain sentences already. */
static void add_gateway(struct ctl *ctl, const char *property, struct json_object *list)
{
	ctl_cleanup_json *found = NULL;

	if (ctl_get(ctl, CTL_PATH, CTL_NAME ".Gateway", property, &found) != CTL_OK)
		return;
	for (size_t i = 0; i < json_object_array_length(found); i++)
		json_object_array_add(list, json_object_get(json_object_array_get_idx(found, i)));
}

static void find_problems(struct ctl *ctl, struct json_object *manager,
			  struct ctl_findings *findings)
{
	uint64_t n_bad = json_object_get_uint64(ctl_json_member(manager, "bad_samples"));

	if (!ctl_json_bool(manager, "connected"))
		ctl_findings_add(
			findings->problems,
			"the audio engine is not connected: %s (settings are kept and take "
			"effect when it is back)",
			ctl_json_string(manager, "engine_trouble"));
	else if (graph_stands(ctl, manager))
		ctl_findings_add(
			findings->problems,
			"the graph stands still: no driver runs the matrix (look at: pw-top)");
	add_troubles(findings->problems, manager);
	add_gateway(ctl, "Troubles", findings->problems);
	add_gateway(ctl, "Warnings", findings->warnings);
	if (n_bad > 0)
		ctl_findings_add(
			findings->warnings,
			"%llu input samples were not numbers or beyond +24 dBFS and were played as "
			"silence: a client sends rubbish",
			(unsigned long long)n_bad);
	if (ctl->is_system_bus)
		ctl_check_units(findings);
	ctl_check_disk(findings, ctl->is_system_bus);
	ctl_check_config(findings, ctl_json_string(manager, "config_file"));
}

/** Ids of the objects whose boolean property is set. */
static struct json_object *ids_where(struct json_object *objects, const char *key)
{
	struct json_object *ids = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(objects); i++) {
		struct json_object *object = json_object_array_get_idx(objects, i);

		if (ctl_json_bool(object, key))
			json_object_array_add(ids, json_object_get(ctl_json_member(object, "id")));
	}
	return ids;
}

static void print_ids(const char *label, struct json_object *ids)
{
	char text[512];

	if (json_object_array_length(ids) > 0)
		printf("  %s %s\n", label, ctl_ids_text(text, sizeof(text), ids));
}

static void print_keys(struct json_object *tablets)
{
	for (size_t i = 0; i < json_object_array_length(tablets); i++) {
		struct json_object *tablet = json_object_array_get_idx(tablets, i);
		struct json_object *keys = ctl_json_member(tablet, "keys");
		char text[512];

		if (json_object_array_length(keys) > 0)
			printf("  tablet %d holds the key of channel %s\n",
			       (int)ctl_json_double(tablet, "id"),
			       ctl_ids_text(text, sizeof(text), keys));
	}
}

/** Not a problem: whoever knows the address does without. */
static void print_announced(struct json_object *status)
{
	const char *name = ctl_json_string(status, "published_name");
	const char *trouble = ctl_json_string(status, "discover_trouble");

	if (name[0]) {
		fputs("  announced in the network as \"", stdout);
		ctl_print_text(name);
		puts("\"");
	} else if (trouble[0]) {
		printf("  not announced in the network: %s\n", trouble);
	}
}

static void print_findings(const struct ctl_findings *findings)
{
	const struct {
		char mark;
		struct json_object *list;
	} kinds[] = {{'!', findings->problems}, {'?', findings->warnings}};

	for (size_t kind = 0; kind < 2; kind++) {
		for (size_t i = 0; i < json_object_array_length(kinds[kind].list); i++) {
			printf("  %c ", kinds[kind].mark);
			ctl_print_text(json_object_get_string(
				json_object_array_get_idx(kinds[kind].list, i)));
			putchar('\n');
		}
	}
}

static void print_status(struct json_object *status, const struct ctl_findings *findings,
			 struct json_object *tablets)
{
	const char *config_file = ctl_json_string(status, "config_file");

	printf("Partyline %s on the %s bus %s\n", ctl_json_string(status, "version"),
	       ctl_json_string(status, "bus"),
	       ctl_findings_code(findings) == CTL_OK ? "works" : "needs attention:");
	print_findings(findings);

	printf("  %d tablets, %d channels\n", (int)ctl_json_double(status, "n_tablets"),
	       (int)ctl_json_double(status, "n_channels"));
	if (ctl_json_double(status, "rate_hz") > 0)
		printf("  graph at %d Hz, %d samples a cycle\n",
		       (int)ctl_json_double(status, "rate_hz"),
		       (int)ctl_json_double(status, "quantum_frames"));
	printf("  headroom %g dB, party line %s\n", ctl_json_double(status, "headroom_db"),
	       ctl_json_bool(status, "party_line") ? "on" : "off");
	print_ids("muted channels:", ctl_json_member(status, "muted_channels"));
	print_ids("muted tablets:", ctl_json_member(status, "muted_tablets"));
	print_keys(tablets);
	print_announced(status);
	printf("  configuration: %s\n", config_file[0] ? config_file : "the defaults");
}

static void add_members(struct json_object *to, struct json_object *from)
{
	json_object_object_foreach (from, key, value)
		json_object_object_add(to, key, json_object_get(value));
}

/** Nobody is on the bus: what the machine itself can tell. */
static int tell_why_not(struct ctl *ctl)
{
	struct ctl_findings findings;
	struct json_object *status, *error;
	int code = ctl->deferred_code;

	ctl_findings_init(&findings);
	if (ctl->bus_choice != CTL_BUS_SESSION)
		ctl_check_units(&findings);
	if (ctl->json) {
		status = json_object_new_object();
		error = json_object_new_object();
		json_object_object_add(error, "message",
				       json_object_new_string(ctl->deferred_message));
		json_object_object_add(status, "error", error);
		json_object_object_add(status, "ok", json_object_new_boolean(false));
		json_object_object_add(status, "problems", findings.problems);
		json_object_object_add(status, "warnings", findings.warnings);
		ctl_json_print(status);
		fprintf(stderr, "partylinectl: %s\n", ctl->deferred_message);
		return code;
	}
	ctl_fail_deferred(ctl);
	print_findings(&findings);
	json_object_put(findings.problems);
	json_object_put(findings.warnings);
	return code;
}

int ctl_run_status(struct ctl *ctl, int n, char *arguments[])
{
	ctl_cleanup_json *manager = NULL;
	ctl_cleanup_json *matrix = NULL;
	ctl_cleanup_json *tablets = NULL;
	ctl_cleanup_json *channels = NULL;
	struct ctl_findings findings;
	struct json_object *status;
	int code;

	ctl->is_deferring = true;
	code = ctl_connect(ctl);
	if (code != CTL_OK)
		return tell_why_not(ctl);
	ctl->is_deferring = false;
	code = get_manager(ctl, &manager);
	if (code == CTL_OK)
		code = ctl_get_all(ctl, CTL_PATH, CTL_MATRIX, &matrix);
	if (code == CTL_OK)
		code = ctl_get_objects(ctl, "tablet", &tablets);
	if (code == CTL_OK)
		code = ctl_get_objects(ctl, "channel", &channels);
	if (code != CTL_OK)
		return code;

	ctl_findings_init(&findings);
	find_problems(ctl, manager, &findings);
	code = ctl_findings_code(&findings);
	status = json_object_new_object();
	json_object_object_add(status, "ok", json_object_new_boolean(code == CTL_OK));
	json_object_object_add(status, "problems", findings.problems);
	json_object_object_add(status, "warnings", findings.warnings);
	json_object_object_add(status, "bus",
			       json_object_new_string(ctl->is_system_bus ? "system" : "session"));
	add_members(status, manager);
	add_members(status, matrix);
	json_object_object_add(status, "muted_tablets", ids_where(tablets, "muted"));
	json_object_object_add(status, "muted_channels", ids_where(channels, "muted"));
	if (ctl->json) {
		ctl_json_print(status);
	} else {
		print_status(status, &findings, tablets);
		json_object_put(status);
	}
	return code;
}
