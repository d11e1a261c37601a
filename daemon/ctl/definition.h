/* SPDX-License-Identifier: MIT */
#ifndef PL_CTL_DEFINITION_H
#define PL_CTL_DEFINITION_H

#include "ctl.h"

#define CTL_GATEWAY CTL_NAME ".Gateway"

/** What the commands of the gateway share. */

/**
 * ID, ENDPOINT and any number of NAME=VALUE as a definition; "opus.fec=true" goes into "opus".
 *
 * @param endpoint_name  "endpoint" or "source"
 */
int ctl_definition(struct ctl *ctl, int n, char *arguments[], const char *endpoint_name,
		   struct json_object **ret_definition);
/** Call a method. @param text  its one argument, or NULL @param ret_document  its answer, or NULL */
int ctl_call_gateway(struct ctl *ctl, const char *member, const char *text,
		     struct json_object **ret_document);
#define CTL_ASSIGNMENTS_MAX 40
/** What follows a command's name: "add", "list" … */
struct ctl_verb {
	const char *name, *arguments;
	int n_min, n_max; /**< arguments behind the name */
	int (*run)(struct ctl *ctl, int n, char *arguments[]);
	bool is_busless; /**< needs no Partyline */
};
/** Find it, check the arguments, connect, run it; sorted by name. For commands that are busless. */
int ctl_run_verb(struct ctl *ctl, const struct ctl_verb *verbs, size_t n_verbs, int n,
		 char *arguments[]);
/** "ID WHAT", or {"WHAT": "ID"} */
int ctl_done(struct ctl *ctl, const char *what, const char *id);
/** For people or as one line of JSON. Takes the document. */
int ctl_print_document(struct ctl *ctl, struct json_object *document);
/** @return borrowed, or NULL */
struct json_object *ctl_find_id(struct json_object *array, const char *id);

#endif
