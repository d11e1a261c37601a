/* SPDX-License-Identifier: MIT */
#include "writer-private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"

/** A power cut costs at most this much of a clip, and what the page cache was told since. */
#define SYNC_SECONDS 4u

/* --- what the capture thread does ------------------------------------------------------------ */

int pl_clip_open(struct pl_writer *w, const char *name, uint32_t rate_hz, struct pl_clip **ret_clip)
{
	struct pl_clip *clip = calloc(1, sizeof(*clip)), **end;

	if (!clip)
		return -ENOMEM;
	clip->writer = w;
	clip->rate_hz = rate_hz;
	snprintf(clip->name, sizeof(clip->name), "%s", name);
	pl_writer_lock(w);
	for (end = &w->clips; *end; end = &(*end)->next)
		;
	*end = clip;
	pl_writer_kick(w);
	pl_writer_unlock(w);
	*ret_clip = clip;
	return 0;
}

static struct pl_chunk *add_chunk(struct pl_clip *clip, bool silence)
{
	struct pl_writer *w = clip->writer;
	struct pl_chunk *chunk;

	if (!silence && w->memory + PL_CHUNK_BYTES > w->memory_max)
		return NULL;
	chunk = calloc(1, sizeof(*chunk));
	if (!chunk)
		return NULL;
	if (!silence) {
		chunk->samples = malloc(PL_CHUNK_BYTES);
		if (!chunk->samples) {
			free(chunk);
			return NULL;
		}
		w->memory += PL_CHUNK_BYTES;
	}
	if (clip->last)
		clip->last->next = chunk;
	else
		clip->first = chunk;
	clip->last = chunk;
	return chunk;
}

static struct pl_chunk *chunk_free(struct pl_writer *w, struct pl_chunk *chunk)
{
	if (chunk && chunk->samples)
		w->memory -= PL_CHUNK_BYTES;
	if (chunk)
		free(chunk->samples);
	free(chunk);
	return NULL;
}

/** Silence takes no memory, so that a clip keeps its time whatever happens. */
static void feed_silence(struct pl_clip *clip, uint64_t n, bool lost)
{
	struct pl_chunk *chunk = clip->last;

	if (!chunk || chunk->samples)
		chunk = add_chunk(clip, true);
	if (chunk)
		chunk->n += n;
	if (lost || !chunk) {
		clip->n_lost += n;
		clip->writer->status.n_lost_frames += n;
	}
}

static void feed(struct pl_clip *clip, const int16_t *samples, uint64_t n)
{
	while (n > 0) {
		struct pl_chunk *chunk = clip->last;
		uint64_t part;

		if (!chunk || !chunk->samples || chunk->n == PL_CHUNK_FRAMES)
			chunk = add_chunk(clip, false);
		if (!chunk) {
			feed_silence(clip, n, true);
			return;
		}
		part = PL_CHUNK_FRAMES - chunk->n;
		part = part < n ? part : n;
		memcpy(chunk->samples + chunk->n, samples, part * sizeof(*samples));
		chunk->n += part;
		samples += part;
		n -= part;
	}
}

void pl_clip_feed(struct pl_clip *clip, const int16_t *samples, uint64_t n, bool lost)
{
	struct pl_writer *w = clip->writer;

	if (n == 0)
		return;
	pl_writer_lock(w);
	if (samples)
		feed(clip, samples, n);
	else
		feed_silence(clip, n, lost);
	pl_writer_unlock(w);
}

void pl_clip_end(struct pl_clip *clip)
{
	struct pl_writer *w = clip->writer;

	pl_writer_lock(w);
	clip->ended = true;
	pl_writer_kick(w);
	pl_writer_unlock(w);
}

/* --- what the writer does -------------------------------------------------------------------- */

struct pl_clip *pl_clip_free(struct pl_clip *clip)
{
	struct pl_chunk *chunk;

	if (!clip)
		return NULL;
	while ((chunk = clip->first)) {
		clip->first = chunk->next;
		chunk_free(clip->writer, chunk);
	}
	pl_clip_file_free(clip->disk.file);
	free(clip->disk.directory);
	free(clip);
	return NULL;
}

/** Each clip stays in the directory where it began. */
static int open_file(struct pl_writer *w, struct pl_clip *clip)
{
	int folder, r;

	if (!clip->disk.directory) {
		pl_writer_lock(w);
		clip->disk.directory = strdup(w->directory ? w->directory : "");
		pl_writer_unlock(w);
		if (!clip->disk.directory)
			return -ENOMEM;
	}
	r = pl_folder_open(clip->disk.directory, &folder);
	if (r < 0)
		return r;
	r = pl_clip_file_new(folder, clip->name, clip->rate_hz, &clip->disk.file);
	close(folder);
	return r;
}

static struct pl_chunk *take_chunk(struct pl_writer *w, struct pl_clip *clip)
{
	struct pl_chunk *chunk;

	pl_writer_lock(w);
	chunk = clip->first;
	if (chunk) {
		clip->first = chunk->next;
		if (!clip->first)
			clip->last = NULL;
	}
	pl_writer_unlock(w);
	return chunk;
}

static int write_chunks(struct pl_writer *w, struct pl_clip *clip)
{
	struct pl_chunk *chunk;
	int r;

	r = pl_clip_file_flush(clip->disk.file);
	while (r == 0 && (chunk = take_chunk(w, clip))) {
		r = pl_clip_file_write(clip->disk.file, chunk->samples, chunk->n);
		pl_writer_lock(w);
		chunk_free(w, chunk);
		pl_writer_unlock(w);
	}
	if (r == 0 && pl_clip_file_frames(clip->disk.file) >
			      clip->disk.synced + (uint64_t)SYNC_SECONDS * clip->rate_hz) {
		r = pl_clip_file_sync(clip->disk.file);
		if (r == 0)
			clip->disk.synced = pl_clip_file_frames(clip->disk.file);
	}
	return r;
}

static int finish(struct pl_writer *w, struct pl_clip *clip)
{
	struct pl_writer_news news = {.type = PL_NEWS_CLIP, .n_lost_frames = clip->n_lost};
	int r;

	r = pl_clip_file_finish(clip->disk.file, news.name, sizeof(news.name));
	if (r < 0)
		return r;
	snprintf(news.asked, sizeof(news.asked), "%s", clip->name);
	snprintf(news.directory, sizeof(news.directory), "%s", clip->disk.directory);
	news.length_s = (double)pl_clip_file_frames(clip->disk.file) / clip->rate_hz;
	/* who is told asks for the list */
	pl_writer_add_present(w, news.directory, news.name);
	pl_writer_tell(w, &news);
	return 1;
}

/** @return 1 when it is complete, 0, or a negative errno */
static int do_clip(struct pl_writer *w, struct pl_clip *clip)
{
	bool ended;
	int r = 0;

	pl_writer_lock(w);
	ended = clip->ended; /* before the chunks: what ended before has all of them */
	pl_writer_unlock(w);
	if (!clip->disk.file)
		r = open_file(w, clip);
	if (r == 0)
		r = write_chunks(w, clip);
	if (r == 0 && ended)
		r = finish(w, clip);
	return r;
}

void pl_writer_do_clips(struct pl_writer *w)
{
	struct pl_clip **at = &w->clips, *clip;

	/* Others only ever add at the end. */
	for (;;) {
		int r;

		pl_writer_lock(w);
		clip = *at;
		pl_writer_unlock(w);
		if (!clip)
			return;
		r = do_clip(w, clip);
		if (r < 0)
			pl_writer_fail(w, "a clip cannot be written to",
				       clip->disk.directory ? clip->disk.directory : "", r);
		pl_writer_lock(w);
		if (r > 0) {
			*at = clip->next;
			pl_clip_free(clip);
			w->sweep_wanted = true;
		} else {
			at = &clip->next;
		}
		pl_writer_unlock(w);
	}
}
