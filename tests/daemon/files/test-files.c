/* SPDX-License-Identifier: MIT */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pltest.h"

static char root[64];

static int open_root(void)
{
	char folder[96];
	int fd = -1;

	snprintf(root, sizeof(root), "/tmp/partyline-files-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	snprintf(folder, sizeof(folder), "%s/a/b//c", root);
	return pl_folder_open(folder, &fd) < 0 ? -1 : fd;
}

static void close_root(int fd)
{
	static const char *const names[] = {"one", "one.new", "pipe", "big"};
	static const char *const folders[] = {"/a/b/c", "/a/b", "/a", ""};
	char folder[96];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlinkat(fd, names[i], 0);
	close(fd);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(folder, sizeof(folder), "%s%s", root, folders[i]);
		rmdir(folder);
	}
}

PL_TEST(what_is_written_comes_back)
{
	int fd = open_root();
	char *text = NULL;
	struct stat st;
	size_t size;

	PL_CHECK(fd >= 0);
	PL_CHECK(pl_file_read(fd, "one", 100, &text, &size) == -ENOENT);
	PL_CHECK(pl_file_write(fd, "one", "first", 5) == 0);
	PL_CHECK(pl_file_write(fd, "one", "se\0ond", 6) == 0);
	PL_CHECK(pl_file_read(fd, "one", 6, &text, &size) == 0);
	PL_CHECK(size == 6 && memcmp(text, "se\0ond", 7) == 0);
	free(text);
	PL_CHECK(fstatat(fd, "one", &st, 0) == 0 && (st.st_mode & 0777) == 0600);
	PL_CHECK(fstat(fd, &st) == 0 && (st.st_mode & 0777) == 0700);
	PL_CHECK(faccessat(fd, "one.new", F_OK, 0) < 0);
	close_root(fd);
}

PL_TEST(any_size_is_read_up_to_the_bound)
{
	int fd = open_root();
	static char big[100000];
	char *text = NULL;
	size_t size;

	PL_CHECK(fd >= 0);
	memset(big, 'x', sizeof(big));
	for (size_t n = 0; n < sizeof(big); n = n * 3 + 1) {
		PL_CHECK(pl_file_put(fd, "big", big, n, false) == 0);
		PL_CHECK(pl_file_read(fd, "big", n, &text, &size) == 0);
		PL_CHECK(size == n && strlen(text) == n);
		free(text);
		if (n > 0)
			PL_CHECK(pl_file_read(fd, "big", n - 1, &text, &size) == -EFBIG);
	}
	close_root(fd);
}

PL_TEST(an_error_leaves_the_old_file)
{
	int fd = open_root();
	char long_name[300], *text = NULL;
	size_t size;

	PL_CHECK(fd >= 0);
	PL_CHECK(pl_file_write(fd, "one", "old", 3) == 0);
	/* its place is taken by a folder, which nothing can be written over */
	PL_CHECK(mkdirat(fd, "one.new", 0700) == 0);
	PL_CHECK(pl_file_write(fd, "one", "new", 3) == -EISDIR);
	PL_CHECK(unlinkat(fd, "one.new", AT_REMOVEDIR) == 0);
	PL_CHECK(pl_file_read(fd, "one", 100, &text, &size) == 0 && size == 3);
	PL_CHECK(memcmp(text, "old", 3) == 0);
	free(text);
	memset(long_name, 'n', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	PL_CHECK(pl_file_write(fd, long_name, "new", 3) == -ENAMETOOLONG);
	close_root(fd);
}

PL_TEST(a_pipe_is_not_waited_for)
{
	int fd = open_root();
	char *text = NULL;
	size_t size;

	PL_CHECK(fd >= 0 && mkfifoat(fd, "pipe", 0600) == 0);
	PL_CHECK(pl_file_read(fd, "pipe", 100, &text, &size) == 0 && size == 0);
	free(text);
	close_root(fd);
}

PL_TEST(a_damaged_file_goes_aside)
{
	int fd = open_root();
	char name[80];

	PL_CHECK(fd >= 0);
	PL_CHECK(pl_file_move_aside(fd, "one", name, sizeof(name)) == -ENOENT);
	PL_CHECK(pl_file_write(fd, "one", "?", 1) == 0);
	PL_CHECK(pl_file_move_aside(fd, "one", name, sizeof(name)) == 0);
	PL_CHECK(strncmp(name, "one.bad-", 8) == 0 && faccessat(fd, name, F_OK, 0) == 0);
	PL_CHECK(faccessat(fd, "one", F_OK, 0) < 0);
	unlinkat(fd, name, 0);
	close_root(fd);
}

PL_TEST(no_name_is_no_folder)
{
	int fd;

	PL_CHECK(pl_folder_open("", &fd) == -ENOENT);
	PL_CHECK(pl_folder_open("/proc/self/none", &fd) < 0);
}

PL_TEST_MAIN()
