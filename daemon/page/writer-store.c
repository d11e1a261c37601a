/* SPDX-License-Identifier: MIT */
#include "writer-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

/* The directory of clips: repairing, deleting, room. */

struct entry {
	struct pl_clip_info clip;
	int64_t mtime_nsec;
};

struct entries {
	struct entry *entries;
	size_t n;
	uint64_t bytes;
};

/** Ours and whole: others' files in this directory are left alone. */
static bool is_clip(const char *name)
{
	const char *dot = strrchr(name, '.');

	return name[0] != '.' && strstr(name, "_tone_") && dot &&
	       (strcmp(dot, ".wav") == 0 || strcmp(dot, ".opus") == 0);
}

static int open_directory(struct pl_writer *w, int *ret_folder, char *ret_path, size_t size)
{
	pl_writer_lock(w);
	snprintf(ret_path, size, "%s", w->directory ? w->directory : "");
	pl_writer_unlock(w);
	*ret_folder = open(ret_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret_folder < 0 ? -errno : 0;
}

static DIR *list(int folder)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

/* --- room ------------------------------------------------------------------------------------ */

static int compare_age(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->mtime_nsec != y->mtime_nsec)
		return x->mtime_nsec < y->mtime_nsec ? -1 : 1;
	return strcmp(x->clip.name, y->clip.name);
}

static int read_entries(int folder, struct entries *ret_entries)
{
	struct entries all = {0};
	struct dirent *d;
	DIR *dir;

	dir = list(folder);
	if (!dir)
		return -errno;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own */
	while ((d = readdir(dir))) {
		struct entry *more;
		struct stat st;

		if (!is_clip(d->d_name) ||
		    fstatat(folder, d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		more = reallocarray(all.entries, all.n + 1, sizeof(*more));
		if (!more)
			break; /* these are swept, the rest next time */
		all.entries = more;
		more[all.n].clip.n_bytes = (uint64_t)st.st_size;
		more[all.n].mtime_nsec =
			(int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
		snprintf(more[all.n].clip.name, sizeof(more[all.n].clip.name), "%s", d->d_name);
		all.bytes += more[all.n++].clip.n_bytes;
	}
	closedir(dir);
	if (all.n > 0)
		qsort(all.entries, all.n, sizeof(*all.entries), compare_age);
	*ret_entries = all;
	return 0;
}

/** Their names may be shown from now on. */
static void set_present(struct pl_writer *w, const struct entries *all)
{
	struct pl_clip_info *list = NULL;

	if (all->n > 0)
		list = calloc(all->n, sizeof(*list));
	pl_writer_lock(w);
	w->status.n_clips = all->n;
	w->status.n_bytes = all->bytes;
	/* Without memory it stays as it was. */
	if (list || all->n == 0) {
		free(w->present);
		w->present = list;
		w->n_present = 0;
		for (size_t i = 0; i < all->n; i++)
			if (!pl_names_have(&w->removals, all->entries[i].clip.name))
				list[w->n_present++] = all->entries[i].clip;
	}
	pl_writer_unlock(w);
}

static int sweep(struct pl_writer *w, int folder)
{
	struct entries all = {0}, left;
	int r;

	r = read_entries(folder, &all);
	if (r < 0)
		return r;
	left = (struct entries){.entries = all.entries, .bytes = all.bytes};
	for (size_t i = 0; i < all.n; i++) {
		const struct pl_clip_info *clip = &all.entries[i].clip;
		bool needed, room;

		pl_writer_lock(w);
		room = left.bytes <= w->keep_bytes;
		needed = pl_names_have(&w->protected, clip->name);
		pl_writer_unlock(w);
		if (!room && !needed && unlinkat(folder, clip->name, 0) == 0)
			left.bytes -= clip->n_bytes;
		else
			left.entries[left.n++] = all.entries[i];
	}
	set_present(w, &left);
	free(all.entries);
	return 0;
}

void pl_writer_add_present(struct pl_writer *w, const char *directory, const char *name)
{
	char path[PL_PATH_MAX + 260];
	struct pl_clip_info *more;
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (lstat(path, &st) < 0)
		return;
	pl_writer_lock(w);
	pl_writer_drop_present(w, name);
	more = reallocarray(w->present, w->n_present + 1, sizeof(*more));
	if (more) {
		w->present = more;
		more += w->n_present++;
		snprintf(more->name, sizeof(more->name), "%s", name);
		more->n_bytes = (uint64_t)st.st_size;
	}
	pl_writer_unlock(w);
}

void pl_writer_drop_present(struct pl_writer *w, const char *name)
{
	for (size_t i = 0; i < w->n_present; i++) {
		if (strcmp(w->present[i].name, name) != 0)
			continue;
		w->present[i] = w->present[--w->n_present];
		return;
	}
}

int pl_writer_list(struct pl_writer *w, struct pl_clip_info **ret_clips)
{
	struct pl_clip_info *list = NULL;
	int n;

	pl_writer_lock(w);
	n = (int)w->n_present;
	if (n > 0)
		list = reallocarray(NULL, w->n_present, sizeof(*list));
	if (list)
		memcpy(list, w->present, w->n_present * sizeof(*list));
	pl_writer_unlock(w);
	if (n > 0 && !list)
		return -ENOMEM;
	*ret_clips = list;
	return n;
}

/* --- after a crash ----------------------------------------------------------------------------- */

/** A clip that is written at this very moment is none that a crash left. */
static bool is_open(struct pl_writer *w, const char *name)
{
	bool found = false;

	pl_writer_lock(w);
	for (const struct pl_clip *clip = w->clips; clip && !found; clip = clip->next)
		found = strcmp(clip->name, name) == 0;
	pl_writer_unlock(w);
	return found;
}

static void forget(struct pl_names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(names->names[i], name) != 0)
			continue;
		free(names->names[i]);
		names->names[i] = names->names[--names->n];
		return;
	}
}

/** @return the first error; the others' parts are repaired all the same */
static int repair_parts(struct pl_writer *w, int folder, struct pl_writer_news *news)
{
	struct dirent *d;
	DIR *dir;
	int r = 0;

	dir = list(folder);
	if (!dir)
		return -errno;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own */
	while ((d = readdir(dir))) {
		int r_one;

		if (!pl_clip_part_name(d->d_name, news->asked, sizeof(news->asked)) ||
		    is_open(w, news->asked))
			continue;
		r_one = pl_clip_repair(folder, d->d_name, news->name, sizeof(news->name),
				       &news->length_s);
		if (r_one < 0) {
			r = r < 0 ? r : r_one;
			continue;
		}
		news->type = news->name[0] ? PL_NEWS_CLIP : PL_NEWS_NO_CLIP;
		forget(&w->disk.recover, news->asked);
		pl_writer_tell(w, news);
	}
	closedir(dir);
	return r;
}

static int recover(struct pl_writer *w, int folder, const char *path)
{
	struct pl_writer_news news = {0};
	int r;

	snprintf(news.directory, sizeof(news.directory), "%s", path);
	r = folder < 0 ? 0 : repair_parts(w, folder, &news);
	if (r < 0)
		return r;
	/* The rest: complete when the daemon ended before it could say so, or never begun. */
	for (size_t i = 0; i < w->disk.recover.n; i++) {
		snprintf(news.asked, sizeof(news.asked), "%s", w->disk.recover.names[i]);
		snprintf(news.name, sizeof(news.name), "%s", news.asked);
		news.length_s = 0.0;
		news.type = folder >= 0 && pl_clip_length(folder, news.name, &news.length_s) == 0
				    ? PL_NEWS_CLIP
				    : PL_NEWS_NO_CLIP;
		pl_writer_tell(w, &news);
	}
	return 0;
}

/* --- a round ------------------------------------------------------------------------------------ */

static int remove_clips(int folder, const struct pl_names *names)
{
	int r = 0;

	for (size_t i = 0; folder >= 0 && i < names->n; i++)
		if (unlinkat(folder, names->names[i], 0) < 0 && errno != ENOENT)
			r = -errno;
	return r;
}

static int look_after(struct pl_writer *w, int folder, const char *path, bool recovering)
{
	struct pl_names removals;
	int r, r_recover = 0;

	pl_writer_lock(w);
	removals = w->removals;
	w->removals = (struct pl_names){0};
	w->sweep_wanted = false;
	if (recovering && !w->disk.recover.n) {
		w->disk.recover = w->recover;
		w->recover = (struct pl_names){0};
	}
	pl_writer_unlock(w);

	r = remove_clips(folder, &removals);
	pl_names_done(&removals);
	if (recovering)
		r_recover = recover(w, folder, path);
	if (recovering && r_recover == 0) {
		pl_writer_lock(w);
		w->recover_wanted = false;
		pl_writer_unlock(w);
		pl_names_done(&w->disk.recover);
	}
	r = r < 0 ? r : r_recover;
	return r < 0 || folder < 0 ? r : sweep(w, folder);
}

void pl_writer_do_store(struct pl_writer *w)
{
	char path[PL_PATH_MAX];
	bool recovering, wanted;
	int folder, r;

	pl_writer_lock(w);
	recovering = w->recover_wanted;
	wanted = recovering || w->sweep_wanted || w->removals.n > 0;
	pl_writer_unlock(w);
	if (!wanted)
		return;
	r = open_directory(w, &folder, path, sizeof(path));
	/* It is made with the first clip. */
	if (r == 0 || r == -ENOENT)
		r = look_after(w, folder, path, recovering);
	if (r < 0)
		pl_writer_fail(w, "the clips cannot be looked after in", path, r);
	if (folder >= 0)
		close(folder);
}
