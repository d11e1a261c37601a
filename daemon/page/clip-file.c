/* SPDX-License-Identifier: MIT */
#include "clip-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sndfile.h>

#include "clip-write.h"

/** Mono speech in Opus; libsndfile is told by a level between 256 and 6 kbit/s. */
#define OPUS_BITRATE_BPS 32000.0
#define OPUS_LEVEL ((256000.0 - OPUS_BITRATE_BPS) / (256000.0 - 6000.0))
/** Silence is written in pieces of this. */
#define SILENCE_FRAMES 4096u

struct pl_clip_file {
	int folder;
	char name[256], part[264];
	SNDFILE *sound; /* NULL: closed, all of it is in `out` or in the file */
	struct pl_clip_write out;
	uint64_t n_frames;
};

bool pl_clip_rate_is_opus(uint32_t rate_hz)
{
	return rate_hz == 8000 || rate_hz == 12000 || rate_hz == 16000 || rate_hz == 24000 ||
	       rate_hz == 48000;
}

static bool is_opus(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && strcmp(name + n - 5, ".opus") == 0;
}

static int start_sound(struct pl_clip_file *file, uint32_t rate_hz)
{
	SF_INFO info = {.samplerate = (int)rate_hz, .channels = 1};
	double level = OPUS_LEVEL;
	bool opus = is_opus(file->name);

	info.format = opus ? SF_FORMAT_OGG | SF_FORMAT_OPUS : SF_FORMAT_WAV | SF_FORMAT_PCM_16;
	file->sound = sf_open_virtual(pl_clip_write_io(), SFM_WRITE, &info, &file->out);
	if (!file->sound)
		return -EINVAL;
	/* A crash leaves a header that is right up to the last write but one. */
	if (opus)
		sf_command(file->sound, SFC_SET_COMPRESSION_LEVEL, &level, sizeof(level));
	else
		sf_command(file->sound, SFC_SET_UPDATE_HEADER_AUTO, NULL, SF_TRUE);
	return 0;
}

int pl_clip_file_new(int folder, const char *name, uint32_t rate_hz, struct pl_clip_file **ret_file)
{
	struct pl_clip_file *file;
	int r;

	if (is_opus(name) && !pl_clip_rate_is_opus(rate_hz))
		return -EINVAL;
	file = calloc(1, sizeof(*file));
	if (!file)
		return -ENOMEM;
	file->folder = file->out.fd = -1;
	snprintf(file->name, sizeof(file->name), "%s", name);
	snprintf(file->part, sizeof(file->part), ".%.250s" PL_CLIP_PART_SUFFIX, file->name);
	file->folder = fcntl(folder, F_DUPFD_CLOEXEC, 3);
	if (file->folder < 0)
		goto errno_error;
	file->out.fd = openat(file->folder, file->part,
			      O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file->out.fd < 0)
		goto errno_error;
	r = start_sound(file, rate_hz);
	if (r < 0) {
		unlinkat(file->folder, file->part, 0);
		goto error;
	}
	*ret_file = file;
	return 0;
errno_error:
	r = -errno;
error:
	pl_clip_file_free(file);
	return r;
}

struct pl_clip_file *pl_clip_file_free(struct pl_clip_file *file)
{
	if (!file)
		return NULL;
	if (file->sound)
		sf_close(file->sound);
	pl_clip_write_done(&file->out);
	if (file->folder >= 0)
		close(file->folder);
	free(file);
	return NULL;
}

int pl_clip_file_write(struct pl_clip_file *file, const int16_t *samples, size_t n)
{
	static const int16_t silence[SILENCE_FRAMES];

	file->n_frames += n;
	while (n > 0) {
		size_t part = samples || n < SILENCE_FRAMES ? n : SILENCE_FRAMES;

		if (sf_write_short(file->sound, samples ? samples : silence, (sf_count_t)part) !=
		    (sf_count_t)part)
			return -EIO; /* not the disk: `out` takes everything */
		if (samples)
			samples += part;
		n -= part;
	}
	return file->out.error;
}

int pl_clip_file_flush(struct pl_clip_file *file)
{
	return pl_clip_write_flush(&file->out);
}

int pl_clip_file_sync(struct pl_clip_file *file)
{
	return fdatasync(file->out.fd) < 0 ? -errno : 0;
}

int pl_clip_file_finish(struct pl_clip_file *file, char *ret_name, size_t size)
{
	int r;

	if (file->sound) {
		sf_close(file->sound);
		file->sound = NULL;
	}
	r = pl_clip_write_flush(&file->out);
	if (r < 0)
		return r;
	if (fsync(file->out.fd) < 0)
		return -errno;
	return pl_clip_rename(file->folder, file->part, file->name, ret_name, size);
}

uint64_t pl_clip_file_frames(const struct pl_clip_file *file)
{
	return file->n_frames;
}
