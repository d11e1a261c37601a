/* SPDX-License-Identifier: MIT */
#include "page-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "files.h"

/** A history that is rewritten at 4000 lines of at most 2 kB. */
#define HISTORY_BYTES_MAX (16u << 20)

struct pl_page_source *pl_pages_source(struct pl_pages *pages, struct pl_endpoint endpoint)
{
	uint32_t max = endpoint.is_tablet ? PL_TABLETS_MAX : PL_CHANNELS_MAX;

	if (endpoint.id == 0 || endpoint.id > max)
		return NULL;
	return endpoint.is_tablet ? &pages->tablets[endpoint.id - 1]
				  : &pages->channels[endpoint.id - 1];
}

static uint64_t system_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
}

uint64_t pl_pages_now_usec(const struct pl_pages *pages)
{
	return pages->options.now_nsec() / 1000u;
}

/* --- records ----------------------------------------------------------------------------------- */

static void keep(struct pl_pages *pages, const struct pl_page_record *record)
{
	char *line = pl_history_line(record);

	if (line)
		pl_writer_keep_line(pages->writer, line);
	free(line);
}

void pl_pages_tell(struct pl_pages *pages, const struct pl_page_record *record, bool began,
		   const char *clip_path)
{
	/* First those who keep a page themselves: should this be cut short, the next start tells
	 * them again. */
	if (pages->options.on_changed)
		pages->options.on_changed(pages->options.userdata, record, began, clip_path);
	keep(pages, record);
}

void pl_pages_protect(struct pl_pages *pages)
{
	const char *names[2 * PL_PAGE_HISTORY_MAX];
	const struct pl_page_record *record;
	size_t n = 0;

	for (size_t i = 0; pages->uploads && (record = pl_history_get(pages->history, i)); i++)
		if (record->clip[0] && !record->clip_uploaded)
			names[n++] = record->clip;
	pl_writer_protect(pages->writer, names, n);
}

static void clip_is_complete(struct pl_pages *pages, const struct pl_writer_news *news)
{
	char path[PL_PATH_MAX + 260];
	struct pl_page_record *record;

	snprintf(path, sizeof(path), "%s/%s", news->directory, news->name);
	if (news->n_lost_frames > 0)
		pl_log_event(pages->options.log, PL_LOG_WARNING, "page.clip_gaps", NULL,
			     "The clip \"%s\" has silence for %llu samples that were lost",
			     news->name, (unsigned long long)news->n_lost_frames);
	for (size_t i = 0; (record = pl_history_get(pages->history, i)); i++) {
		if (strcmp(record->clip, news->asked) != 0 || record->clip_complete)
			continue;
		snprintf(record->clip, sizeof(record->clip), "%s", news->name);
		record->clip_length_s = news->length_s;
		record->clip_complete = true;
		pl_pages_tell(pages, record, false, path);
	}
	pl_pages_protect(pages);
}

static void clip_is_nothing(struct pl_pages *pages, const struct pl_writer_news *news)
{
	struct pl_page_record *record;

	for (size_t i = 0; (record = pl_history_get(pages->history, i)); i++) {
		if (strcmp(record->clip, news->asked) != 0 || record->clip_complete)
			continue;
		record->clip[0] = '\0';
		pl_pages_tell(pages, record, false, NULL);
	}
	pl_pages_protect(pages);
}

static void take_news(struct pl_pages *pages)
{
	struct pl_writer_news news;
	char *text;

	while (pl_writer_take_news(pages->writer, &news)) {
		switch (news.type) {
		case PL_NEWS_CLIP:
			clip_is_complete(pages, &news);
			break;
		case PL_NEWS_NO_CLIP:
			clip_is_nothing(pages, &news);
			break;
		case PL_NEWS_LONG:
			text = pl_history_text(pages->history);
			if (text)
				pl_writer_replace_lines(pages->writer, text);
			break;
		}
	}
}

/* --- state ------------------------------------------------------------------------------------- */

static uint64_t active(void *userdata)
{
	const struct pl_pages *pages = userdata;
	uint64_t mask = 0;

	for (uint32_t id = 1; id <= PL_CHANNELS_MAX; id++)
		if (pages->channels[id - 1].until_usec > 0)
			mask |= pl_mask_bit(id);
	return mask;
}

static void status(void *userdata, struct pl_clips_status *ret_status)
{
	struct pl_pages *pages = userdata;

	pl_writer_status(pages->writer, ret_status);
	ret_status->n_recording = pl_recorder_count(pages->recorder);
}

static uint64_t end_sources(struct pl_page_source *sources, uint32_t n, uint64_t now)
{
	uint64_t next = UINT64_MAX;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t *until = &sources[i].until_usec;

		if (*until > 0 && *until <= now)
			*until = 0;
		if (*until > 0 && *until < next)
			next = *until;
	}
	return next;
}

static void log_trouble(struct pl_pages *pages, const char *trouble)
{
	if (trouble[0])
		pl_log_error(pages->options.log, "page.disk_error", 0, trouble, NULL,
			     "Clips wait for their disk");
	else
		pl_log_event(pages->options.log, PL_LOG_INFO, "page.disk", NULL,
			     "Clips are written again");
}

void pl_pages_update(struct pl_pages *pages)
{
	uint64_t now = pl_pages_now_usec(pages), next, t;
	struct pl_clips_status clips;
	bool changed = false;

	next = pl_passthrough_run(pages->passthrough, now);
	t = end_sources(pages->channels, PL_CHANNELS_MAX, now);
	next = t < next ? t : next;
	t = end_sources(pages->tablets, PL_TABLETS_MAX, now);
	next = t < next ? t : next;
	if (pages->timer && next < UINT64_MAX)
		sd_event_source_set_time(pages->timer, next);
	if (pages->timer)
		sd_event_source_set_enabled(pages->timer,
					    next < UINT64_MAX ? SD_EVENT_ONESHOT : SD_EVENT_OFF);

	pl_writer_status(pages->writer, &clips);
	if (strcmp(clips.trouble, pages->trouble) != 0) {
		memcpy(pages->trouble, clips.trouble, sizeof(pages->trouble));
		log_trouble(pages, pages->trouble);
		changed = true;
	}
	if (active(pages) != pages->active) {
		pages->active = active(pages);
		changed = true;
	}
	if (changed && pages->options.on_state)
		pages->options.on_state(pages->options.userdata);
}

void pl_pages_run(struct pl_pages *pages)
{
	if (!pages->options.event) {
		pl_recorder_work(pages->recorder);
		pl_writer_work(pages->writer);
	}
	take_news(pages);
	pl_pages_update(pages);
}

static int on_wake(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	uint64_t n;

	if (read(fd, &n, sizeof(n)) < 0)
		return 0;
	pl_pages_run(userdata);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	pl_pages_update(userdata);
	return 0;
}

/* --- what control asks ------------------------------------------------------------------------- */

static size_t list_history(void *userdata, struct pl_page_record *ret_records, size_t n_max)
{
	struct pl_pages *pages = userdata;
	size_t n_all = 0, n = 0;

	while (pl_history_get(pages->history, n_all))
		n_all++;
	while (n < n_max && n < n_all && n < PL_PAGE_HISTORY_MAX) {
		ret_records[n] = *pl_history_get(pages->history, n_all - 1 - n);
		n++;
	}
	return n;
}

static int clip_path(void *userdata, const char *name, char *ret_path, size_t size)
{
	struct pl_pages *pages = userdata;
	const struct pl_page_record *record;

	for (size_t i = 0; name[0] && (record = pl_history_get(pages->history, i)); i++) {
		if (!record->clip_complete || strcmp(record->clip, name) != 0)
			continue;
		if ((size_t)snprintf(ret_path, size, "%s/%s", pages->directory, name) >= size)
			return -ENAMETOOLONG;
		return access(ret_path, R_OK) < 0 ? -ENOENT : 0;
	}
	return -ENOENT;
}

static int list_clips(void *userdata, struct pl_clip_info **ret_clips)
{
	struct pl_pages *pages = userdata;

	return pl_writer_list(pages->writer, ret_clips);
}

static int remove_clip(void *userdata, const char *name)
{
	struct pl_pages *pages = userdata;
	struct pl_page_record *record;
	bool found = false;

	for (size_t i = 0; name[0] && (record = pl_history_get(pages->history, i)); i++) {
		if (!record->clip_complete || strcmp(record->clip, name) != 0)
			continue;
		found = true;
		if (pages->uploads && !record->clip_uploaded)
			return -EBUSY;
	}
	if (!found)
		return -ENOENT;
	pl_writer_remove(pages->writer, name);
	/* Several pages may share it. */
	for (size_t i = 0; (record = pl_history_get(pages->history, i)); i++) {
		if (!record->clip_complete || strcmp(record->clip, name) != 0)
			continue;
		record->clip[0] = '\0';
		record->clip_complete = false;
		record->clip_length_s = 0.0;
		pl_pages_tell(pages, record, false, NULL);
	}
	return 0;
}

static void clip_uploaded(void *userdata, const char *message_id, const char *url)
{
	struct pl_pages *pages = userdata;
	struct pl_page_record *record = pl_history_find(pages->history, message_id), *other;
	bool needed = false;

	if (!record || !record->clip[0])
		return;
	record->clip_uploaded = true;
	snprintf(record->clip_url, sizeof(record->clip_url), "%s", url);
	keep(pages, record);
	pl_pages_protect(pages);
	/* Several pages may share it. */
	for (size_t i = 0; (other = pl_history_get(pages->history, i)); i++)
		needed =
			needed || (!other->clip_uploaded && strcmp(other->clip, record->clip) == 0);
	if (pages->delete_local && !needed)
		pl_writer_remove(pages->writer, record->clip);
}

const struct pl_page_ops *pl_pages_ops(void)
{
	static const struct pl_page_ops ops = {
		.apply = pl_pages_apply,
		.tone = pl_pages_tone,
		.history = list_history,
		.clip_path = clip_path,
		.clips = list_clips,
		.remove_clip = remove_clip,
		.clip_uploaded = clip_uploaded,
		.end = pl_pages_end,
		.active = active,
		.status = status,
	};

	return &ops;
}

/* --- life --------------------------------------------------------------------------------------- */

/** A history that cannot be read is said, and begun anew behind it. */
static void load_history(struct pl_pages *pages)
{
	char path[PL_PATH_MAX], *text = NULL;
	size_t size = 0;
	int r;

	snprintf(path, sizeof(path), "%.4000s/" PL_HISTORY_FILE, pages->options.state_directory);
	r = pl_file_read(AT_FDCWD, path, HISTORY_BYTES_MAX, &text, &size);
	if (r == -ENOENT)
		return;
	if (r == 0)
		r = pl_history_read(pages->history, text, size);
	free(text);
	if (r < 0)
		pl_log_error(pages->options.log, "page.history_error", r, NULL, NULL,
			     "The history of pages in \"%s\" cannot be read", path);
	else if (r > 0)
		pl_log_event(pages->options.log, PL_LOG_WARNING, "page.history", NULL,
			     "%d damaged lines of \"%s\" were left out", r, path);
}

static int attach(struct pl_pages *pages)
{
	sd_event *event = pages->options.event;
	int r;

	if (!event)
		return 0;
	r = sd_event_add_io(event, &pages->wake, pages->wake_fd, EPOLLIN, on_wake, pages);
	if (r >= 0)
		r = sd_event_add_time(event, &pages->timer, CLOCK_MONOTONIC, 0, 1000, on_timer,
				      pages);
	if (r >= 0)
		r = sd_event_source_set_enabled(pages->timer, SD_EVENT_OFF);
	return r < 0 ? r : 0;
}

static int make_parts(struct pl_pages *pages)
{
	const struct pl_writer_options writer_options = {
		.state_directory = pages->options.state_directory,
		.memory_bytes = pages->options.memory_bytes,
		.wake_fd = pages->wake_fd,
		.no_thread = !pages->options.event,
	};
	struct pl_recorder_options recorder_options = {
		.audio_ops = pages->options.audio_ops,
		.audio = pages->options.audio,
		.now_nsec = pages->options.now_nsec,
		.no_thread = !pages->options.event,
	};
	int r;

	r = pl_history_new(&pages->history);
	if (r == 0)
		r = pl_passthrough_new(pages->options.audio_ops, pages->options.audio,
				       &pages->passthrough);
	if (r == 0)
		r = pl_writer_new(&writer_options, &pages->writer);
	recorder_options.writer = pages->writer;
	if (r == 0)
		r = pl_recorder_new(&recorder_options, &pages->recorder);
	return r;
}

int pl_pages_new(const struct pl_pages_options *options, struct pl_pages **ret_pages)
{
	struct pl_pages *pages = calloc(1, sizeof(*pages));
	int r;

	if (!pages)
		return -ENOMEM;
	pages->options = *options;
	pages->wake_fd = -1;
	pages->options.state_directory = strdup(options->state_directory);
	if (!pages->options.state_directory) {
		free(pages);
		return -ENOMEM;
	}
	if (!pages->options.now_nsec)
		pages->options.now_nsec = system_now;
	pages->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = pages->wake_fd < 0 ? -errno : make_parts(pages);
	if (r == 0)
		r = attach(pages);
	if (r < 0) {
		pl_pages_free(pages);
		return r;
	}
	load_history(pages);
	*ret_pages = pages;
	return 0;
}

/** What was recorded gets its end. Whoever would upload it ends too: the next start tells them. */
static void finish(struct pl_pages *pages)
{
	pl_passthrough_drop(pages->passthrough, NULL, 0);
	pages->recorder = pl_recorder_free(pages->recorder);
	pl_writer_stop(pages->writer);
}

struct pl_pages *pl_pages_free(struct pl_pages *pages)
{
	if (!pages)
		return NULL;
	if (pages->recorder)
		finish(pages);
	pl_writer_free(pages->writer);
	pl_passthrough_free(pages->passthrough);
	pl_history_free(pages->history);
	sd_event_source_disable_unref(pages->timer);
	sd_event_source_disable_unref(pages->wake);
	if (pages->wake_fd >= 0)
		close(pages->wake_fd);
	free(pages->defs);
	free(pages->last_digit);
	free((char *)pages->options.state_directory);
	free(pages);
	return NULL;
}
