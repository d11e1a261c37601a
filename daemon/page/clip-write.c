/* SPDX-License-Identifier: MIT */
#include "clip-write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct pl_clip_piece {
	struct pl_clip_piece *next;
	int64_t at;
	size_t done, size;
	char data[];
};

/** @return bytes written, all of them unless *ret_error is set */
static size_t write_at(int fd, const char *data, size_t size, int64_t at, int *ret_error)
{
	size_t done = 0;

	*ret_error = 0;
	while (done < size) {
		ssize_t n = pwrite(fd, data + done, size - done, at + (int64_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			*ret_error = n < 0 ? -errno : -ENOSPC;
			break;
		}
		done += (size_t)n;
	}
	return done;
}

int pl_clip_write_flush(struct pl_clip_write *out)
{
	struct pl_clip_piece *piece;

	while ((piece = out->first)) {
		piece->done +=
			write_at(out->fd, piece->data + piece->done, piece->size - piece->done,
				 piece->at + (int64_t)piece->done, &out->error);
		if (out->error < 0)
			return out->error;
		out->first = piece->next;
		free(piece);
	}
	out->end = NULL;
	/* without memory for a piece there is a hole that nothing fills */
	return out->error;
}

void pl_clip_write_done(struct pl_clip_write *out)
{
	struct pl_clip_piece *piece;

	while ((piece = out->first)) {
		out->first = piece->next;
		free(piece);
	}
	if (out->fd >= 0)
		close(out->fd);
	out->fd = -1;
}

static void keep(struct pl_clip_write *out, const char *data, size_t size, int64_t at)
{
	struct pl_clip_piece *piece = malloc(sizeof(*piece) + size);

	if (!piece) {
		out->error = -ENOMEM;
		return;
	}
	*piece = (struct pl_clip_piece){.at = at, .size = size};
	memcpy(piece->data, data, size);
	if (!out->end)
		out->end = &out->first;
	*out->end = piece;
	out->end = &piece->next;
}

/* --- what libsndfile calls ------------------------------------------------------------------ */

static sf_count_t io_size(void *userdata)
{
	struct pl_clip_write *out = userdata;

	return out->size;
}

static sf_count_t io_seek(sf_count_t offset, int whence, void *userdata)
{
	struct pl_clip_write *out = userdata;

	if (whence == SEEK_CUR)
		offset += out->at;
	else if (whence == SEEK_END)
		offset += out->size;
	if (offset >= 0)
		out->at = offset;
	return out->at;
}

/** It only ever writes, except that it looks at the first bytes of what it updates. */
static sf_count_t io_read(void *data, sf_count_t size, void *userdata)
{
	struct pl_clip_write *out = userdata;
	ssize_t n = pread(out->fd, data, (size_t)size, out->at);

	if (n < 0)
		return 0;
	out->at += n;
	return n;
}

static sf_count_t io_write(const void *data, sf_count_t size, void *userdata)
{
	struct pl_clip_write *out = userdata;
	size_t done = 0;

	if (!out->first && out->error == 0)
		done = write_at(out->fd, data, (size_t)size, out->at, &out->error);
	if (done < (size_t)size)
		keep(out, (const char *)data + done, (size_t)size - done, out->at + (int64_t)done);
	out->at += size;
	if (out->at > out->size)
		out->size = out->at;
	return size;
}

static sf_count_t io_tell(void *userdata)
{
	struct pl_clip_write *out = userdata;

	return out->at;
}

SF_VIRTUAL_IO *pl_clip_write_io(void)
{
	static SF_VIRTUAL_IO io = {
		.get_filelen = io_size,
		.seek = io_seek,
		.read = io_read,
		.write = io_write,
		.tell = io_tell,
	};

	return &io;
}
