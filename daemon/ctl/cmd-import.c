/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl.h"
#include "import-echostream.h"

/** import: another system's configuration. */

#define FILE_SIZE_MAX (4u * 1024u * 1024u)

/** @return a text that the caller frees, or NULL with errno */
static char *read_file(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "re");
	char *text;
	size_t n;

	if (!file)
		return NULL;
	text = malloc(FILE_SIZE_MAX + 1);
	n = text ? fread(text, 1, FILE_SIZE_MAX + 1, file) : 0;
	if (text && (ferror(file) || n > FILE_SIZE_MAX)) {
		errno = ferror(file) ? errno : EFBIG;
		free(text);
		text = NULL;
	}
	if (text)
		text[n] = '\0';
	fclose(file);
	*ret_size = n;
	return text;
}

/** Beside it, then in its place, with the rights that it had: there may be keys in it. */
static int write_file(const char *path, const char *text)
{
	char beside[4096];
	struct stat st;
	FILE *file;
	int fd, r = 0;

	if (snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside))
		return -ENAMETOOLONG;
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (stat(path, &st) == 0 && (fchmod(fd, st.st_mode & 0777) < 0 ||
				     (geteuid() == 0 && fchown(fd, st.st_uid, st.st_gid) < 0)))
		r = -errno;
	file = fdopen(fd, "w");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	if (r == 0 &&
	    (fputs(text, file) < 0 || fputc('\n', file) < 0 || fflush(file) != 0 || fsync(fd) < 0))
		r = -errno;
	if (fclose(file) != 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(beside, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(beside);
	return r;
}

#define READABLE                                                                                   \
	(JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE)

static int put_into(struct ctl *ctl, struct json_object *gateway, const char *path)
{
	ctl_cleanup_json *config = NULL;
	/* As it reads: "1000" that was a double is an integer then. */
	ctl_cleanup_json *as_read = json_tokener_parse(json_object_to_json_string(gateway));
	struct json_object *there;
	size_t size = 0;
	char *text = read_file(path, &size);
	int r;

	if (!text && errno != ENOENT)
		return ctl_fail(ctl, CTL_REFUSED, "%s cannot be read: %s", path, strerror(errno));
	config = text ? json_tokener_parse(text) : json_object_new_object();
	free(text);
	if (!json_object_is_type(config, json_type_object))
		return ctl_fail(ctl, CTL_REFUSED, "%s is no configuration file; nothing is written",
				path);
	there = ctl_json_member(config, "gateway");
	if (there && json_object_equal(there, as_read)) {
		fprintf(stderr, "%s has just this gateway already; nothing is written.\n", path);
		return CTL_OK;
	}
	if (there)
		return ctl_fail(
			ctl, CTL_REFUSED,
			"%s has another gateway already; nothing is written. Without --write the "
			"new one is printed, to take over what you want of it",
			path);
	json_object_object_add(config, "gateway", json_object_get(gateway));
	r = write_file(path, json_object_to_json_string_ext(config, READABLE));
	if (r < 0)
		return ctl_fail(ctl, CTL_REFUSED, "%s cannot be written: %s", path, strerror(-r));
	fprintf(stderr, "%s has it; partylinectl reload brings it into effect.\n", path);
	return CTL_OK;
}

static int import_file(struct ctl *ctl, const char *path, const char *url)
{
	ctl_cleanup_json *gateway = NULL;
	ctl_cleanup_json *notes = NULL;
	char reason[256] = "";
	size_t size = 0;
	char *text = read_file(path, &size);
	int r;

	if (!text)
		return ctl_fail(ctl, CTL_REFUSED, "%s cannot be read: %s", path, strerror(errno));
	r = ctl_import_echostream(text, size, url, &gateway, &notes, reason, sizeof(reason));
	free(text);
	if (r == -EINVAL)
		return ctl_fail(ctl, CTL_REFUSED, "%s is no configuration of EchoStream: %s", path,
				reason);
	if (r < 0)
		return ctl_fail(ctl, CTL_REFUSED, "%s", strerror(-r));
	for (size_t i = 0; i < json_object_array_length(notes); i++)
		fprintf(stderr, "%s\n",
			json_object_get_string(json_object_array_get_idx(notes, i)));
	if (ctl->write)
		return put_into(ctl, gateway, ctl->write);
	if (ctl->json)
		ctl_json_print(json_object_get(gateway));
	else
		printf("\"gateway\": %s\n", json_object_to_json_string_ext(gateway, READABLE));
	return CTL_OK;
}

int ctl_run_import(struct ctl *ctl, int n, char *arguments[])
{
	const char *url = n > 2 ? arguments[2] : NULL;

	if (strcmp(arguments[0], "echostream") != 0)
		return ctl_fail(ctl, CTL_USAGE, "import knows echostream, not \"%s\"",
				arguments[0]);
	if (url && strncmp(url, "ws://", 5) != 0 && strncmp(url, "wss://", 6) != 0)
		return ctl_fail(ctl, CTL_USAGE, "the server's URL begins with ws:// or wss://");
	return import_file(ctl, arguments[1], url);
}
