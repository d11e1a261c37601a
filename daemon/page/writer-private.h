/* SPDX-License-Identifier: MIT */
#ifndef PL_PAGE_WRITER_PRIVATE_H
#define PL_PAGE_WRITER_PRIVATE_H

#include <pthread.h>

#include "clip-file.h"
#include "writer.h"

/** Audio of a clip on its way, in order. */
struct pl_chunk {
	struct pl_chunk *next;
	uint64_t n;       /* frames */
	int16_t *samples; /* room for PL_CHUNK_FRAMES; NULL: silence */
};
#define PL_CHUNK_FRAMES 16384u
#define PL_CHUNK_BYTES (PL_CHUNK_FRAMES * sizeof(int16_t))

struct pl_clip {
	struct pl_clip *next; /* lock */
	struct pl_writer *writer;
	char name[256];
	uint32_t rate_hz;
	struct pl_chunk *first, *last; /* lock */
	uint64_t n_lost;               /* lock; frames */
	bool ended;                    /* lock */
	/* the writer's thread only */
	struct {
		struct pl_clip_file *file; /* NULL: there is none yet */
		char *directory;
		uint64_t synced; /* frames that were on the disk at the last sync */
	} disk;
};

/** A task for the writer, or news from it. */
struct pl_note {
	struct pl_note *next;
	struct pl_writer_news news;
};
struct pl_notes {
	struct pl_note *first, **end;
};

struct pl_names {
	char **names;
	size_t n;
};

/** Text of whole lines that waits for the disk. */
struct pl_lines {
	char *text;
	size_t size;
	bool replace; /* it takes the place of the file */
};

struct pl_writer {
	pthread_mutex_t lock;
	pthread_cond_t kick; /* CLOCK_MONOTONIC */
	pthread_t thread;
	bool has_thread;
	int wake_fd;
	uint64_t memory_max;

	/* lock */
	bool kicked, quit;
	char *directory;
	uint64_t keep_bytes;
	struct pl_clip *clips; /* in the order they came */
	uint64_t memory;       /* bytes in chunks */
	struct pl_lines lines;
	struct pl_names protected, removals, recover;
	bool recover_wanted, sweep_wanted;
	struct pl_notes news;
	struct pl_clips_status status; /* n_clips, n_bytes, n_lost_frames, trouble */
	struct pl_clip_info *present;  /* in the directory, as far as is known */
	size_t n_present;

	/* the writer's thread only */
	struct {
		char *state_directory;
		int folder; /* of the history; -1: not open */
		int file;   /* the history; -1: not open */
		int64_t size, n_lines;
		struct pl_lines lines; /* taken, and not written yet */
		struct pl_names recover;
		char trouble[256]; /* of this round */
		uint32_t round;
	} disk;
};

/* writer.c */
void pl_writer_lock(struct pl_writer *w);
void pl_writer_unlock(struct pl_writer *w);
/** Wakes the thread. With the lock. */
void pl_writer_kick(struct pl_writer *w);
/** Without the lock. */
void pl_writer_tell(struct pl_writer *w, const struct pl_writer_news *news);
/** Of this round; the first counts. */
void pl_writer_fail(struct pl_writer *w, const char *what, const char *path, int error);
void pl_names_done(struct pl_names *names);
int pl_names_copy(struct pl_names *names, const char *const *list, size_t n);
int pl_names_add(struct pl_names *names, const char *name);
bool pl_names_have(const struct pl_names *names, const char *name);

/* The parts of a round, without the lock. */
/* writer-clip.c */
void pl_writer_do_clips(struct pl_writer *w);
struct pl_clip *pl_clip_free(struct pl_clip *clip);
/* writer-lines.c */
void pl_writer_do_lines(struct pl_writer *w);
/* writer-store.c */
void pl_writer_do_store(struct pl_writer *w);
/** A clip is complete: it is in the directory. */
void pl_writer_add_present(struct pl_writer *w, const char *directory, const char *name);
/** With the lock. */
void pl_writer_drop_present(struct pl_writer *w, const char *name);

#endif
