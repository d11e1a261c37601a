/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define UNIT_INTERFACE SYSTEMD ".Unit"
#define SERVICE_INTERFACE SYSTEMD ".Service"
#define TARGET "partyline.target"
#define EXIT_CONFIG 78

/** The appliance's services, in the order in which they need each other. */
static const struct service {
	const char *unit;
	const char *consequence;
	bool is_optional; /* not installed everywhere */
} services[] = {
	{"partyline-pipewire.service", "there is no sound at all", false},
	{"partyline-wireplumber.service",
	 "sound that flows goes on, but programs and sound cards that come now are not connected",
	 false},
	{"partyline.service", "sound goes on as it was set, but nothing can be changed", false},
	{"partyline-recorder.service", "nothing is recorded", true},
};

struct unit {
	char active[32], sub[32], load[32], result[64], status_text[256];
	uint32_t main_pid, n_restarts;
	int exit_status;
	bool condition;
};

static void get_text(sd_bus *bus, const char *path, const char *interface, const char *name,
		     char *ret_text, size_t size)
{
	char *text = NULL;

	ret_text[0] = '\0';
	if (sd_bus_get_property_string(bus, SYSTEMD, path, interface, name, NULL, &text) >= 0)
		snprintf(ret_text, size, "%s", text);
	free(text);
}

static void get_number(sd_bus *bus, const char *path, const char *name, char type, void *ret_value)
{
	sd_bus_get_property_trivial(bus, SYSTEMD, path, SERVICE_INTERFACE, name, NULL, type,
				    ret_value);
}

/** @return whether systemd knows such a unit */
static bool read_unit(sd_bus *bus, const char *name, struct unit *ret_unit)
{
	ctl_cleanup_message *reply = NULL;
	const char *path;
	int condition = 1;

	*ret_unit = (struct unit){.condition = true};
	if (sd_bus_call_method(bus, SYSTEMD, "/org/freedesktop/systemd1", SYSTEMD ".Manager",
			       "LoadUnit", NULL, &reply, "s", name) < 0 ||
	    sd_bus_message_read(reply, "o", &path) < 0)
		return false;
	get_text(bus, path, UNIT_INTERFACE, "LoadState", ret_unit->load, sizeof(ret_unit->load));
	if (strcmp(ret_unit->load, "loaded") != 0)
		return strcmp(ret_unit->load, "masked") == 0;
	get_text(bus, path, UNIT_INTERFACE, "ActiveState", ret_unit->active,
		 sizeof(ret_unit->active));
	get_text(bus, path, UNIT_INTERFACE, "SubState", ret_unit->sub, sizeof(ret_unit->sub));
	if (!strstr(name, ".service"))
		return true;
	get_text(bus, path, SERVICE_INTERFACE, "Result", ret_unit->result,
		 sizeof(ret_unit->result));
	get_text(bus, path, SERVICE_INTERFACE, "StatusText", ret_unit->status_text,
		 sizeof(ret_unit->status_text));
	get_number(bus, path, "MainPID", 'u', &ret_unit->main_pid);
	get_number(bus, path, "NRestarts", 'u', &ret_unit->n_restarts);
	get_number(bus, path, "ExecMainStatus", 'i', &ret_unit->exit_status);
	sd_bus_get_property_trivial(bus, SYSTEMD, path, UNIT_INTERFACE, "ConditionResult", NULL,
				    'b', &condition);
	ret_unit->condition = condition;
	return true;
}

static const char *reason_of(const struct unit *unit)
{
	if (strcmp(unit->result, "watchdog") == 0)
		return "it did not answer and was killed";
	if (strcmp(unit->result, "oom-kill") == 0)
		return "there was not enough memory";
	if (strcmp(unit->result, "signal") == 0 || strcmp(unit->result, "core-dump") == 0)
		return "it crashed";
	if (strcmp(unit->result, "timeout") == 0)
		return "it was not ready in time";
	/* What it said last: of an earlier start that went well it is no reason. */
	return strncmp(unit->status_text, "Cannot", 6) == 0 ? unit->status_text
							    : "it ended by itself";
}

static void judge_service(struct ctl_findings *findings, const struct service *service,
			  const struct unit *unit)
{
	const char *name = service->unit;

	if (strcmp(unit->load, "masked") == 0) {
		ctl_findings_add(findings->problems,
				 "%s is masked, so %s; let it: systemctl unmask --now %s", name,
				 service->consequence, name);
	} else if (strcmp(unit->active, "failed") == 0 && unit->exit_status == EXIT_CONFIG) {
		ctl_findings_add(
			findings->problems,
			"%s does not start because of its configuration, so %s; find the place "
			"with: partyline --check-config; then: systemctl restart %s",
			name, service->consequence, name);
	} else if (strcmp(unit->active, "failed") == 0) {
		ctl_findings_add(
			findings->problems,
			"%s has failed (%s), so %s; look at: journalctl -u %s; then: systemctl "
			"restart %s",
			name, reason_of(unit), service->consequence, name, name);
	} else if (strcmp(unit->active, "activating") == 0) {
		ctl_findings_add(
			findings->problems,
			"%s is not up (%s, started %u times), so %s; look at: journalctl -u %s",
			name, reason_of(unit), unit->n_restarts + 1, service->consequence, name);
	} else if (strcmp(unit->active, "active") != 0 &&
		   !(service->is_optional && !unit->condition)) {
		ctl_findings_add(findings->problems,
				 "%s does not run, so %s; start it: systemctl start %s", name,
				 service->consequence, name);
	}
}

/* --- real-time priority ---------------------------------------------------------------- */

/** Scheduling policy of one thread: proc_pid_stat(5), field 41. @return -1 when it cannot be read */
static int thread_policy(uint32_t pid, const char *tid, char *ret_name, size_t size)
{
	char path[64], line[1024], *at;
	FILE *file;
	int policy = -1;

	snprintf(path, sizeof(path), "/proc/%u/task/%.16s/stat", pid, tid);
	file = fopen(path, "re");
	if (!file)
		return -1;
	at = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
	fclose(file);
	if (!at || !strchr(line, '('))
		return -1;
	snprintf(ret_name, size, "%.*s", (int)(at - strchr(line, '(') - 1), strchr(line, '(') + 1);
	/* Behind the name field 3 comes first. */
	for (int field = 2; field < 41 && at; field++)
		at = strchr(at + 1, ' ');
	if (at)
		policy = (int)strtol(at, NULL, 10);
	return policy;
}

static void check_real_time(struct ctl_findings *findings, uint32_t pid)
{
	char path[64], name[64];
	struct dirent *entry;
	DIR *tasks;
	int policy = -1, found;

	snprintf(path, sizeof(path), "/proc/%u/task", pid);
	tasks = opendir(path);
	if (!tasks)
		return;
	while ((entry = readdir(tasks))) {
		found = entry->d_name[0] == '.'
				? -1
				: thread_policy(pid, entry->d_name, name, sizeof(name));
		if (found >= 0 && strncmp(name, "data-loop", 9) == 0)
			policy = found;
	}
	closedir(tasks);
	if (policy == SCHED_OTHER)
		ctl_findings_add(
			findings->warnings,
			"the graph has no real-time priority, sound may break up when the machine is "
			"busy; look at LimitRTPRIO in: systemctl cat partyline-pipewire.service");
}

/* --- all of it -------------------------------------------------------------------------- */

void ctl_check_units(struct ctl_findings *findings)
{
	__attribute__((cleanup(sd_bus_flush_close_unrefp))) sd_bus *bus = NULL;
	struct unit target, unit;

	if (sd_bus_open_system(&bus) < 0 || !read_unit(bus, TARGET, &target))
		return;
	if (strcmp(target.active, "active") != 0) {
		ctl_findings_add(findings->problems, TARGET
				 " is not started; start it now and at every boot: systemctl "
				 "enable --now " TARGET);
		return;
	}
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		if (!read_unit(bus, services[i].unit, &unit)) {
			if (!services[i].is_optional)
				ctl_findings_add(findings->problems, "%s is not installed, so %s",
						 services[i].unit, services[i].consequence);
			continue;
		}
		judge_service(findings, &services[i], &unit);
		if (i == 0 && unit.main_pid > 0)
			check_real_time(findings, unit.main_pid);
	}
}
