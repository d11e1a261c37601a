/* SPDX-License-Identifier: MIT */
#include "clip-file.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ogg/ogg.h>
#include <sndfile.h>

/** The canonical header of a WAV of PCM, as libsndfile writes it: RIFF, fmt of 16 bytes, data. */
#define WAV_HEADER 44
#define WAV_RIFF_SIZE 4
#define WAV_DATA_TAG 36
#define WAV_DATA_SIZE 40
/** Flag "end of stream" of an Ogg page, and where it is (RFC 3533, 6). */
#define OGG_FLAGS 5
#define OGG_SEGMENTS 26
#define OGG_HEADER_MIN 27
#define OGG_LAST 0x04
/** Pages before the audio: OpusHead, OpusTags (RFC 7845, 3). */
#define OGG_HEADER_PAGES 2
#define OGG_READ 65536
/** Names that are tried when the wished for is taken. */
#define NAMES_MAX 1000

bool pl_clip_part_name(const char *part, char *ret_name, size_t size)
{
	const size_t n_suffix = strlen(PL_CLIP_PART_SUFFIX);
	size_t n = strlen(part);

	if (part[0] != '.' || n <= 1 + n_suffix || n - n_suffix - 1 >= size ||
	    strcmp(part + n - n_suffix, PL_CLIP_PART_SUFFIX) != 0)
		return false;
	snprintf(ret_name, size, "%.*s", (int)(n - n_suffix - 1), part + 1);
	return true;
}

int pl_clip_rename(int folder, const char *part, const char *name, char *ret_name, size_t size)
{
	const char *dot = strrchr(name, '.');
	int n_stem = dot ? (int)(dot - name) : (int)strlen(name);

	snprintf(ret_name, size, "%s", name);
	for (int i = 2; i < NAMES_MAX; i++) {
		if (renameat2(folder, part, folder, ret_name, RENAME_NOREPLACE) == 0)
			return fsync(folder) < 0 ? -errno : 0;
		if (errno == EINVAL && faccessat(folder, ret_name, F_OK, 0) < 0) {
			/* A file system without that flag. */
			if (renameat(folder, part, folder, ret_name) == 0)
				return fsync(folder) < 0 ? -errno : 0;
		}
		if (errno != EEXIST && errno != EINVAL)
			return -errno;
		snprintf(ret_name, size, "%.*s-%d%s", n_stem, name, i, dot ? dot : "");
	}
	return -EEXIST;
}

int pl_clip_length(int folder, const char *name, double *ret_length_s)
{
	SF_INFO info = {0};
	SNDFILE *sound;
	int fd;

	fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	sound = sf_open_fd(fd, SFM_READ, &info, SF_TRUE);
	if (!sound)
		return -EINVAL;
	sf_close(sound);
	if (info.samplerate <= 0)
		return -EINVAL;
	*ret_length_s = (double)info.frames / info.samplerate;
	return 0;
}

static int write_le32(int fd, uint64_t value, off_t at)
{
	uint32_t word = htole32(value < UINT32_MAX ? (uint32_t)value : UINT32_MAX);

	return pwrite(fd, &word, sizeof(word), at) == sizeof(word) ? 0 : -EIO;
}

/** @return 1: it has audio and a right header, 0: no audio, or a negative errno */
static int repair_wav(int fd)
{
	char header[WAV_HEADER];
	struct stat st;
	uint64_t size;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size < WAV_HEADER + 2)
		return 0;
	if (pread(fd, header, sizeof(header), 0) != (ssize_t)sizeof(header) ||
	    memcmp(header, "RIFF", 4) != 0 || memcmp(header + 8, "WAVE", 4) != 0 ||
	    memcmp(header + WAV_DATA_TAG, "data", 4) != 0)
		return 0;
	/* Half a sample is none. */
	size = (uint64_t)st.st_size & ~UINT64_C(1);
	if (ftruncate(fd, (off_t)size) < 0)
		return -errno;
	r = write_le32(fd, size - 8, WAV_RIFF_SIZE);
	if (r == 0)
		r = write_le32(fd, size - WAV_HEADER, WAV_DATA_SIZE);
	return r < 0 ? r : 1;
}

/** Where the last whole page lies. @return pages, or a negative errno */
static int find_last_page(int fd, ogg_sync_state *sync, off_t *ret_at, long *ret_size)
{
	off_t read_at = 0, at = 0;
	int n_pages = 0;

	for (;;) {
		ogg_page page;
		long n = ogg_sync_pageseek(sync, &page);

		if (n > 0) {
			*ret_at = at;
			*ret_size = n;
			at += n;
			n_pages++;
		} else if (n < 0) {
			return n_pages; /* rubbish: what follows cannot be trusted */
		} else {
			char *room = ogg_sync_buffer(sync, OGG_READ);
			ssize_t got = room ? pread(fd, room, OGG_READ, read_at) : -1;

			if (!room)
				return -ENOMEM;
			if (got < 0)
				return -errno;
			if (got == 0)
				return n_pages;
			read_at += got;
			ogg_sync_wrote(sync, got);
		}
	}
}

/** The flag is in the page's header, the checksum over all of it. */
static int mark_last_page(int fd, off_t at, long size)
{
	unsigned char *bytes;
	ogg_page page;
	int r = 0;

	if (size < OGG_HEADER_MIN)
		return -EINVAL;
	bytes = malloc((size_t)size);
	if (!bytes)
		return -ENOMEM;
	if (pread(fd, bytes, (size_t)size, at) != size) {
		r = -EIO;
	} else {
		bytes[OGG_FLAGS] |= OGG_LAST;
		page.header = bytes;
		page.header_len = OGG_HEADER_MIN + bytes[OGG_SEGMENTS];
		page.body = bytes + page.header_len;
		page.body_len = size - page.header_len;
		ogg_page_checksum_set(&page);
		if (pwrite(fd, bytes, (size_t)size, at) != size)
			r = -EIO;
	}
	free(bytes);
	return r;
}

/** As repair_wav(). */
static int repair_ogg(int fd)
{
	ogg_sync_state sync;
	off_t at = 0;
	long size = 0;
	int r;

	ogg_sync_init(&sync);
	r = find_last_page(fd, &sync, &at, &size);
	ogg_sync_clear(&sync);
	if (r < 0)
		return r;
	if (r <= OGG_HEADER_PAGES)
		return 0;
	if (ftruncate(fd, at + size) < 0)
		return -errno;
	r = mark_last_page(fd, at, size);
	return r < 0 ? r : 1;
}

int pl_clip_repair(int folder, const char *part, char *ret_name, size_t size, double *ret_length_s)
{
	char name[256];
	const char *dot;
	int fd, r;

	if (!pl_clip_part_name(part, name, sizeof(name)))
		return -EINVAL;
	dot = strrchr(name, '.');
	fd = openat(folder, part, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	r = dot && strcmp(dot, ".opus") == 0 ? repair_ogg(fd) : repair_wav(fd);
	if (r > 0 && fsync(fd) < 0)
		r = -errno;
	close(fd);
	if (r < 0)
		return r;
	if (r > 0 && pl_clip_length(folder, part, ret_length_s) == 0 && *ret_length_s > 0)
		return pl_clip_rename(folder, part, name, ret_name, size);
	if (unlinkat(folder, part, 0) < 0)
		return -errno;
	ret_name[0] = '\0';
	*ret_length_s = 0.0;
	return 0;
}
