/* SPDX-License-Identifier: MIT */
#include "checks.h"

#include <errno.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

void ctl_findings_init(struct ctl_findings *findings)
{
	findings->problems = json_object_new_array();
	findings->warnings = json_object_new_array();
}

void ctl_findings_add(struct json_object *list, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	json_object_array_add(list, json_object_new_string(text));
}

int ctl_findings_code(const struct ctl_findings *findings)
{
	if (json_object_array_length(findings->problems) > 0)
		return CTL_UNWELL;
	return json_object_array_length(findings->warnings) > 0 ? CTL_WARNED : CTL_OK;
}

/* --- the disk ---------------------------------------------------------------------- */

#define DISK_FULL_BYTES (64u * 1024u) /* less than a state file and its successor */
#define DISK_LOW_BYTES (32u * 1024u * 1024u)

static void state_folder(bool is_system, char *ret_path, size_t size)
{
	const char *base = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (is_system)
		snprintf(ret_path, size, "/var/lib/partyline");
	else if (base && base[0] == '/')
		snprintf(ret_path, size, "%s/partyline", base);
	else
		snprintf(ret_path, size, "%s/.local/state/partyline", home ? home : "");
}

void ctl_check_disk(struct ctl_findings *findings, bool is_system)
{
	struct statvfs disk;
	char path[4096];
	uint64_t free_bytes;

	state_folder(is_system, path, sizeof(path));
	if (statvfs(path, &disk) < 0)
		return;
	free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
	if (disk.f_flag & ST_RDONLY)
		ctl_findings_add(
			findings->problems,
			"%s is on a disk that can only be read: changes are refused, they could "
			"not be kept (look at: findmnt -T %s; dmesg)",
			path, path);
	else if (free_bytes < DISK_FULL_BYTES || (disk.f_files > 0 && disk.f_favail == 0))
		ctl_findings_add(
			findings->problems,
			"the disk of %s is full: changes are refused, they could not be kept; "
			"make room (df -h %s)",
			path, path);
	else if (free_bytes < DISK_LOW_BYTES)
		ctl_findings_add(
			findings->warnings,
			"the disk of %s is nearly full, %llu MB are left; make room (df -h %s)",
			path, (unsigned long long)(free_bytes >> 20), path);
}

/* --- the configuration file ------------------------------------------------------------ */

/** Run `partyline --check-config`. @return its exit code, -1 when it could not be run; what it says is in text */
static int run_check(const char *path, char *ret_text, size_t size)
{
	char *const argv[] = {"partyline", "--check-config", "--config", (char *)path, NULL};
	posix_spawn_file_actions_t actions;
	size_t n_read = 0;
	ssize_t n;
	pid_t pid;
	int ends[2], status, r;

	if (pipe(ends) < 0)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, ends[0]);
	r = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	while (r == 0 && (n = read(ends[0], ret_text + n_read, size - 1 - n_read)) > 0)
		n_read += (size_t)n;
	close(ends[0]);
	ret_text[n_read] = '\0';
	ret_text[strcspn(ret_text, "\n")] = '\0';
	if (r != 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

void ctl_check_config(struct ctl_findings *findings, const char *path)
{
	char text[600];

	/* Whoever may not read it cannot judge it. */
	if (!path[0] || access(path, R_OK) < 0)
		return;
	if (run_check(path, text, sizeof(text)) == 78)
		ctl_findings_add(
			findings->problems,
			"the configuration file has a mistake and will not be taken at the next "
			"start or reload: %s (check with: partyline --check-config --config %s)",
			text, path);
}
