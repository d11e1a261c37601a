/* SPDX-License-Identifier: MIT */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int pl_folder_make(const char *path)
{
	char *copy = strdup(path);
	int r = 0;

	if (!copy)
		return -ENOMEM;
	for (char *p = copy + (copy[0] != '\0'); r == 0; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			r = -errno;
		*p = c;
		if (c == '\0')
			break;
	}
	free(copy);
	return r;
}

int pl_folder_open(const char *path, int *ret_fd)
{
	int fd, r;

	if (!path[0])
		return -ENOENT;
	r = pl_folder_make(path);
	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int pl_fd_read(int fd, size_t size_max, char **ret_text, size_t *ret_size)
{
	size_t size = 0, room = 4096;
	char *text = NULL;
	int r = 0;

	for (;;) {
		char *larger;
		ssize_t n;

		if (size + 1 >= room || !text) {
			room = room < size_max / 2 ? room * 2 : size_max + 2;
			larger = realloc(text, room);
			if (!larger) {
				r = -ENOMEM;
				break;
			}
			text = larger;
		}
		n = read(fd, text + size, room - 1 - size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			r = -errno;
		if (n <= 0)
			break;
		size += (size_t)n;
		if (size > size_max) {
			r = -EFBIG;
			break;
		}
	}
	if (r < 0) {
		free(text);
		return r;
	}
	text[size] = '\0';
	*ret_text = text;
	*ret_size = size;
	return 0;
}

int pl_file_read(int folder, const char *name, size_t size_max, char **ret_text, size_t *ret_size)
{
	int fd, r;

	fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	r = pl_fd_read(fd, size_max, ret_text, ret_size);
	close(fd);
	return r;
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

int pl_file_put(int folder, const char *name, const void *data, size_t size, bool sync)
{
	int fd, r;

	fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = write_all(fd, data, size);
	if (r == 0 && sync && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

int pl_file_write(int folder, const char *name, const void *data, size_t size)
{
	char new_name[NAME_MAX + 1];
	int r;

	if ((size_t)snprintf(new_name, sizeof(new_name), "%s.new", name) >= sizeof(new_name))
		return -ENAMETOOLONG;
	/* one that is left over may have another mode */
	unlinkat(folder, new_name, 0);
	r = pl_file_put(folder, new_name, data, size, true);
	if (r == 0 && renameat(folder, new_name, folder, name) < 0)
		r = -errno;
	if (r == 0 && fsync(folder) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(folder, new_name, 0); /* what is left of it takes room that others need */
	return r;
}

int pl_file_move_aside(int folder, const char *name, char *ret_name, size_t size)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(ret_name, size, "%s.bad-%lld.%06ld", name, (long long)now.tv_sec,
		 now.tv_nsec / 1000);
	return renameat(folder, name, folder, ret_name) < 0 ? -errno : 0;
}
