/* SPDX-License-Identifier: MIT */
#include "writer-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

/** Lines that wait for a disk: three for each record that counts. */
#define WAITING_MAX (4u << 20)
/** From here on the file holds mostly what no longer counts. */
#define LINES_MAX (4 * (int64_t)PL_PAGE_HISTORY_MAX)

/** The oldest lines go: newer ones of the same records follow. */
static void drop_oldest(struct pl_lines *lines)
{
	char *half = memchr(lines->text + lines->size / 2, '\n', lines->size - lines->size / 2);

	if (!half)
		return;
	lines->size -= (size_t)(half + 1 - lines->text);
	memmove(lines->text, half + 1, lines->size);
}

static int append(struct pl_lines *lines, const char *text, size_t size)
{
	size_t wanted = lines->size + size;
	char *all;

	if (wanted > WAITING_MAX && lines->size > 0)
		drop_oldest(lines);
	if (wanted == 0)
		return 0;
	all = realloc(lines->text, wanted);
	if (!all)
		return -ENOMEM;
	memcpy(all + lines->size, text, size);
	lines->text = all;
	lines->size += size;
	return 0;
}

void pl_writer_keep_line(struct pl_writer *w, const char *line)
{
	pl_writer_lock(w);
	if (append(&w->lines, line, strlen(line)) == 0 && append(&w->lines, "\n", 1) == 0)
		pl_writer_kick(w);
	pl_writer_unlock(w);
}

void pl_writer_replace_lines(struct pl_writer *w, char *text)
{
	pl_writer_lock(w);
	free(w->lines.text);
	w->lines = (struct pl_lines){.text = text, .size = strlen(text), .replace = true};
	pl_writer_kick(w);
	pl_writer_unlock(w);
}

/* --- the writer's thread --------------------------------------------------------------------- */

static int64_t count_lines(const char *text, size_t size)
{
	int64_t n = 0;

	for (size_t i = 0; i < size; i++)
		n += text[i] == '\n';
	return n;
}

static int open_history(struct pl_writer *w)
{
	char *text = NULL;
	size_t size = 0;
	int r;

	if (w->disk.file >= 0)
		return 0;
	if (w->disk.folder < 0) {
		r = pl_folder_open(w->disk.state_directory, &w->disk.folder);
		if (r < 0)
			return r;
	}
	w->disk.file = openat(w->disk.folder, PL_HISTORY_FILE,
			      O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (w->disk.file < 0)
		return -errno;
	r = pl_fd_read(w->disk.file, WAITING_MAX * 4, &text, &size);
	if (r < 0) {
		close(w->disk.file);
		w->disk.file = -1;
		return r;
	}
	/* A line that a power cut has halved is none. */
	while (size > 0 && text[size - 1] != '\n')
		size--;
	w->disk.size = (int64_t)size;
	w->disk.n_lines = count_lines(text, size);
	free(text);
	return 0;
}

static int append_lines(struct pl_writer *w)
{
	const struct pl_lines *lines = &w->disk.lines;
	size_t done = 0;
	int r;

	r = open_history(w);
	if (r < 0)
		return r;
	/* Half a line of the last try is gone with this. */
	if (ftruncate(w->disk.file, w->disk.size) < 0)
		return -errno;
	while (done < lines->size) {
		ssize_t n = pwrite(w->disk.file, lines->text + done, lines->size - done,
				   w->disk.size + (int64_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENOSPC;
		done += (size_t)n;
	}
	if (fdatasync(w->disk.file) < 0)
		return -errno;
	w->disk.size += (int64_t)lines->size;
	w->disk.n_lines += count_lines(lines->text, lines->size);
	return 0;
}

static int replace_lines(struct pl_writer *w)
{
	int r = 0;

	if (w->disk.folder < 0)
		r = pl_folder_open(w->disk.state_directory, &w->disk.folder);
	if (r == 0)
		r = pl_file_write(w->disk.folder, PL_HISTORY_FILE, w->disk.lines.text,
				  w->disk.lines.size);
	if (r == 0 && w->disk.file >= 0) {
		close(w->disk.file);
		w->disk.file = -1;
	}
	return r;
}

/** What came since the last try is put behind it, or in its place. */
static int take_lines(struct pl_writer *w)
{
	struct pl_lines taken, *have = &w->disk.lines;
	int r;

	pl_writer_lock(w);
	taken = w->lines;
	w->lines = (struct pl_lines){0};
	pl_writer_unlock(w);
	if (taken.replace || have->size == 0) {
		free(have->text);
		*have = taken;
		return 0;
	}
	r = append(have, taken.text, taken.size);
	free(taken.text);
	return r;
}

void pl_writer_do_lines(struct pl_writer *w)
{
	struct pl_lines *lines = &w->disk.lines;
	bool replace;
	int r;

	r = take_lines(w);
	if (r == 0 && lines->size == 0)
		return;
	replace = lines->replace;
	if (r == 0)
		r = replace ? replace_lines(w) : append_lines(w);
	if (r < 0) {
		pl_writer_fail(w, "the history of pages cannot be kept in", w->disk.state_directory,
			       r);
		return;
	}
	free(lines->text);
	*lines = (struct pl_lines){0};
	if (!replace && w->disk.n_lines > LINES_MAX) {
		const struct pl_writer_news news = {.type = PL_NEWS_LONG};

		w->disk.n_lines = 0; /* asked once */
		pl_writer_tell(w, &news);
	}
}
