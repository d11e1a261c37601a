/* SPDX-License-Identifier: MIT */
#include "log-file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "files.h"

#define SECONDS_PER_DAY 86400

struct log_file {
	char *path;
	char *folder;
	char *stem;            /* file name without its extension */
	const char *extension; /* with the dot, in path; "" for none */
	uint64_t rotate_bytes;
	uint32_t keep_days;
	int fd; /* -1: not open */
	uint64_t size;
};

static int file_open(struct log_file *file)
{
	struct stat st;
	int fd, r;

	r = pl_folder_make(file->folder);
	if (r < 0)
		return r;
	fd = open(file->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	file->fd = fd;
	file->size = (uint64_t)st.st_size;
	return 0;
}

/** Is this one of our renamed files: stem.DATE.extension */
static bool is_rotated(const struct log_file *file, const char *name)
{
	size_t n_stem = strlen(file->stem), n_extension = strlen(file->extension);
	size_t n = strlen(name);

	if (n <= n_stem + 1 + n_extension || strncmp(name, file->stem, n_stem) != 0 ||
	    name[n_stem] != '.' || strcmp(name + n - n_extension, file->extension) != 0)
		return false;
	for (size_t i = n_stem + 1; i < n - n_extension; i++)
		if (!strchr("0123456789-_", name[i]))
			return false;
	return true;
}

static void delete_old(const struct log_file *file)
{
	time_t oldest = time(NULL) - (time_t)file->keep_days * SECONDS_PER_DAY;
	struct dirent *entry;
	DIR *dir;

	if (file->keep_days == 0)
		return;
	dir = opendir(file->folder);
	if (!dir)
		return;
	/* One thread reads this handle. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while ((entry = readdir(dir))) {
		struct stat st;

		if (is_rotated(file, entry->d_name) &&
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_mtime < oldest)
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
}

/** The disk is full, and these are what we have in it that is worth least. @return true when one went */
static bool delete_oldest(const struct log_file *file)
{
	char oldest[NAME_MAX + 1] = "";
	struct dirent *entry;
	bool deleted;
	DIR *dir;

	dir = opendir(file->folder);
	if (!dir)
		return false;
	/* Their names sort by time. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while ((entry = readdir(dir)))
		if (is_rotated(file, entry->d_name) &&
		    (!oldest[0] || strcmp(entry->d_name, oldest) < 0))
			snprintf(oldest, sizeof(oldest), "%s", entry->d_name);
	deleted = oldest[0] && unlinkat(dirfd(dir), oldest, 0) == 0;
	closedir(dir);
	return deleted;
}

static void rotate(struct log_file *file)
{
	struct timespec ts;
	char stamp[32], *to;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &ts);
	localtime_r(&ts.tv_sec, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%d_%H-%M-%S", &tm);
	if (asprintf(&to, "%s/%s.%s_%06ld%s", file->folder, file->stem, stamp, ts.tv_nsec / 1000,
		     file->extension) < 0)
		return;
	/* If it cannot be renamed the file grows on: better than lost records. */
	if (rename(file->path, to) == 0) {
		close(file->fd);
		file->fd = -1;
	}
	free(to);
	delete_old(file);
}

int log_file_open(const char *path, uint64_t rotate_bytes, uint32_t keep_days,
		  struct log_file **ret_file)
{
	struct log_file *file;
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot;
	int r;

	file = calloc(1, sizeof(*file));
	if (!file)
		return -ENOMEM;
	file->fd = -1;
	file->rotate_bytes = rotate_bytes;
	file->keep_days = keep_days;
	file->path = strdup(path);
	file->folder =
		slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	dot = strrchr(name, '.');
	if (dot == name)
		dot = NULL;
	file->stem = dot ? strndup(name, (size_t)(dot - name)) : strdup(name);
	if (!file->path || !file->folder || !file->stem) {
		log_file_close(file);
		return -ENOMEM;
	}
	file->extension = dot ? file->path + (dot - path) : "";
	r = file_open(file);
	delete_old(file);
	*ret_file = file;
	return r;
}

struct log_file *log_file_close(struct log_file *file)
{
	if (!file)
		return NULL;
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	free(file->folder);
	free(file->stem);
	free(file);
	return NULL;
}

/** All of it or nothing: half a line would spoil the next one. */
static int append(struct log_file *file, const char *line, size_t size)
{
	ssize_t n;
	int r;

	do {
		n = write(file->fd, line, size);
	} while (n < 0 && errno == EINTR);
	if (n == (ssize_t)size) {
		file->size += size;
		return 0;
	}
	r = n < 0 ? -errno : -ENOSPC;
	if (n > 0) {
		off_t end = lseek(file->fd, 0, SEEK_END);

		if (end >= n && ftruncate(file->fd, end - n) < 0)
			r = -errno;
	}
	close(file->fd);
	file->fd = -1;
	return r;
}

static int open_and_append(struct log_file *file, const char *line, size_t size)
{
	int r;

	if (file->fd < 0) {
		r = file_open(file);
		if (r < 0)
			return r;
	}
	return append(file, line, size);
}

int log_file_write(struct log_file *file, const char *line, size_t size)
{
	int r;

	if (file->fd >= 0 && file->rotate_bytes > 0 && file->size > 0 &&
	    file->size + size > file->rotate_bytes)
		rotate(file);
	r = open_and_append(file, line, size);
	while ((r == -ENOSPC || r == -EDQUOT) && delete_oldest(file))
		r = open_and_append(file, line, size);
	return r;
}
