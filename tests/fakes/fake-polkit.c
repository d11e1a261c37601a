/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-bus.h>

/**
 * fake-polkit ANSWERS: polkit's authority on the system bus, as far as a mechanism uses it, for tests
 * that want answers (or none) at will. Every question is a line "SENDER ACTION" on stdout.
 *
 * ANSWERS is read again for each question; one word for each action, the first that fits:
 *   ACTION yes|no|silent|error
 * "silent" never answers.
 */

static const char *answers_path;

static void answer_for(const char *action, char word[16])
{
	FILE *file = fopen(answers_path, "re");
	char name[128], value[16];

	snprintf(word, 16, "no");
	if (!file)
		return;
	while (fscanf(file, "%127s %15s", name, value) == 2) {
		if (strcmp(name, action) != 0)
			continue;
		snprintf(word, 16, "%s", value);
		break;
	}
	fclose(file);
}

static int check_authorization(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	const char *kind, *key, *sender, *action;
	char word[16];
	int r;

	r = sd_bus_message_enter_container(message, 'r', "sa{sv}");
	if (r >= 0)
		r = sd_bus_message_read(message, "s", &kind);
	if (r >= 0)
		r = sd_bus_message_read(message, "a{sv}", 1, &key, "s", &sender);
	if (r >= 0)
		r = sd_bus_message_exit_container(message);
	if (r >= 0)
		r = sd_bus_message_read(message, "s", &action);
	if (r < 0)
		return r;
	if (strcmp(kind, "system-bus-name") != 0 || strcmp(key, "name") != 0)
		return -EINVAL;
	printf("%s %s\n", sender, action);
	fflush(stdout);

	answer_for(action, word);
	if (strcmp(word, "silent") == 0)
		return 1;
	if (strcmp(word, "error") == 0)
		return sd_bus_error_set(error, "org.freedesktop.PolicyKit1.Error.Failed",
					"the fake fails");
	return sd_bus_reply_method_return(message, "(bba{ss})", strcmp(word, "yes") == 0, 0, 0);
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("CheckAuthorization", "(sa{sv})sa{ss}us", "(bba{ss})", check_authorization,
		      SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

int main(int argc, char *argv[])
{
	sd_bus *bus = NULL;
	int r;

	if (argc != 2)
		return 2;
	answers_path = argv[1];
	r = sd_bus_open_system(&bus);
	if (r >= 0)
		r = sd_bus_add_object_vtable(bus, NULL, "/org/freedesktop/PolicyKit1/Authority",
					     "org.freedesktop.PolicyKit1.Authority", vtable, NULL);
	if (r >= 0)
		r = sd_bus_request_name(bus, "org.freedesktop.PolicyKit1", 0);
	if (r >= 0) {
		puts("ready");
		fflush(stdout);
	}
	while (r >= 0) {
		r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, UINT64_MAX);
	}
	fprintf(stderr, "fake-polkit: %s\n", strerror(-r));
	sd_bus_flush_close_unref(bus);
	return 1;
}
