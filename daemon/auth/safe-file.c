/* SPDX-License-Identifier: MIT */
#include "safe-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int pl_safe_folder_open(const char *path, int *ret_fd)
{
	char *copy = strdup(path);
	int fd, r = copy ? 0 : -ENOMEM;

	for (char *p = copy ? copy + 1 : NULL; r == 0 && p; p++) {
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
	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

static int write_all(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, text, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		size -= (size_t)n;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

int pl_safe_file_write(int folder, const char *name, const char *text, size_t size)
{
	char new_name[80];
	int fd, r;

	snprintf(new_name, sizeof(new_name), "%s.new", name);
	/* one that is left over may have another mode */
	unlinkat(folder, new_name, 0);
	fd = openat(folder, new_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = write_all(fd, text, size);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && renameat(folder, new_name, folder, name) < 0)
		r = -errno;
	if (r == 0 && fsync(folder) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(folder, new_name, 0);
	return r;
}

int pl_safe_file_read(int folder, const char *name, char **ret_text, size_t *ret_size)
{
	size_t size = 0;
	char *text;
	int fd, r = 0;

	fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	text = malloc(PL_SAFE_FILE_MAX + 1);
	while (text && size <= PL_SAFE_FILE_MAX) {
		ssize_t n = read(fd, text + size, PL_SAFE_FILE_MAX + 1 - size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			r = -errno;
		if (n <= 0)
			break;
		size += (size_t)n;
	}
	close(fd);
	if (!text)
		return -ENOMEM;
	if (r == 0 && size > PL_SAFE_FILE_MAX)
		r = -EFBIG;
	if (r < 0) {
		free(text);
		return r;
	}
	text[size] = '\0';
	*ret_text = text;
	*ret_size = size;
	return 0;
}

int pl_safe_file_move_aside(int folder, const char *name, char *ret_name, size_t size)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(ret_name, size, "%s.bad-%lld.%06ld", name, (long long)now.tv_sec,
		 now.tv_nsec / 1000);
	return renameat(folder, name, folder, ret_name) < 0 ? -errno : 0;
}
