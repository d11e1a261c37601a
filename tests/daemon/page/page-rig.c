/* SPDX-License-Identifier: MIT */
#include "page-rig.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sndfile.h>

/* The options' clock has no userdata, and a test has one graph. */
static struct fake_audio *clock_of;

static uint64_t now_nsec(void)
{
	return fake_audio_now_nsec(clock_of);
}

static void on_changed(void *userdata, const struct pl_page_record *record, bool began,
		       const char *clip_path)
{
	struct rig *rig = userdata;
	struct told *told;

	if (rig->n_told == RIG_TOLD_MAX)
		return;
	told = &rig->told[rig->n_told++];
	told->record = *record;
	told->began = began;
	snprintf(told->path, sizeof(told->path), "%s", clip_path ? clip_path : "");
}

static void on_state(void *userdata)
{
	struct rig *rig = userdata;

	rig->n_states++;
}

void rig_make(struct rig *rig)
{
	memset(rig, 0, sizeof(*rig));
	snprintf(rig->folder, sizeof(rig->folder), "/tmp/partyline-test-XXXXXX");
	if (!mkdtemp(rig->folder))
		abort();
	fake_audio_init(&rig->audio);
	rig->gateway.pages = rig->defs;
	rig->gateway.clips.keep_bytes = UINT64_C(1) << 30;
}

void rig_start(struct rig *rig)
{
	const struct pl_pages_options options = {
		.event = rig->event,
		.audio_ops = fake_audio_ops(),
		.audio = &rig->audio,
		.state_directory = rig->folder,
		.memory_bytes = rig->memory_bytes,
		.now_nsec = now_nsec,
		.on_changed = on_changed,
		.on_state = on_state,
		.userdata = rig,
	};

	clock_of = &rig->audio;
	if (pl_pages_new(&options, &rig->pages) < 0)
		abort();
	rig_apply(rig);
}

void rig_apply(struct rig *rig)
{
	if (pl_pages_ops()->apply(rig->pages, NULL, &rig->gateway) < 0)
		abort();
}

void rig_stop(struct rig *rig)
{
	rig->pages = pl_pages_free(rig->pages);
}

void rig_remove(struct rig *rig)
{
	char command[128];

	rig_stop(rig);
	fake_audio_done(&rig->audio);
	snprintf(command, sizeof(command), "rm -rf '%s'", rig->folder);
	/* NOLINTNEXTLINE(cert-env33-c,concurrency-mt-unsafe) */
	if (system(command) != 0)
		abort();
}

struct pl_page_def *rig_add(struct rig *rig, const char *id)
{
	struct pl_page_def *def = &rig->defs[rig->gateway.n_pages++];

	*def = (struct pl_page_def){
		.source = {.id = 1},
		.kind = PL_PAGE_TWO_TONE,
		.a_hz = 1000.0,
		.b_hz = 1500.0,
		.a_length_s = 1.0,
		.b_length_s = 3.0,
		.record_length_s = 30.0,
		.pre_roll_s = 5.0,
	};
	snprintf(def->id, sizeof(def->id), "%s", id);
	return def;
}

static bool everything_is_read(struct rig *rig)
{
	return fake_audio_unread(&rig->audio) == 0;
}

void rig_wait(struct rig *rig, bool (*ready)(struct rig *rig))
{
	while (!ready(rig))
		if (sd_event_run(rig->event, 1000) < 0)
			abort();
}

void rig_play(struct rig *rig, double seconds)
{
	uint64_t n = (uint64_t)llround(seconds * rig->audio.rate_hz),
		 step = rig->event ? 48000 : 4800;

	while (n > 0) {
		uint64_t part = n < step ? n : step;

		fake_audio_play(&rig->audio, part);
		if (rig->event)
			rig_wait(rig, everything_is_read);
		else if (rig->pages)
			pl_pages_run(rig->pages);
		n -= part;
	}
}

uint64_t rig_page(struct rig *rig, const char *id)
{
	struct pl_tone_event event = {
		.endpoint = {.id = 1},
		.type = PL_TONE_PAGE,
		.a_hz = 1001.0,
		.b_hz = 1499.0,
		.a_length_s = 1.0,
		.b_length_s = 3.0,
		.level_db = -12.0,
		.begin_position = rig->audio.position - (uint64_t)4 * rig->audio.rate_hz,
		.end_position = rig->audio.position,
		.end_nsec = rig->audio.nsec,
	};

	for (size_t i = 0; i < rig->gateway.n_pages; i++)
		if (strcmp(rig->defs[i].id, id) == 0)
			event.endpoint = rig->defs[i].source;
	snprintf(event.page_id, sizeof(event.page_id), "%s", id);
	pl_pages_ops()->tone(rig->pages, &event);
	return rig->audio.position;
}

void rig_digits(struct rig *rig, uint32_t channel_id, const char *digits)
{
	for (; *digits; digits++) {
		struct pl_tone_event event = {
			.endpoint = {.id = channel_id},
			.type = PL_TONE_DIGIT,
			.digit = *digits,
			.a_length_s = 0.1,
			.begin_position = rig->audio.position,
		};

		rig_play(rig, 0.1);
		event.end_position = rig->audio.position;
		event.end_nsec = rig->audio.nsec;
		pl_pages_ops()->tone(rig->pages, &event);
		rig_play(rig, 0.1);
	}
}

const char *rig_clip(struct rig *rig, const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s/clips/%s", rig->folder, name);
	return path;
}

unsigned rig_count_files(struct rig *rig)
{
	char path[128];
	struct dirent *d;
	unsigned n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/clips", rig->folder);
	dir = opendir(path);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own */
	while (dir && (d = readdir(dir)))
		n += strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
	if (dir)
		closedir(dir);
	return n;
}

int64_t rig_read(const char *path, int16_t **ret_samples)
{
	SF_INFO info = {0};
	SNDFILE *sound;
	int64_t n = -1;

	sound = sf_open(path, SFM_READ, &info);
	if (!sound)
		return -1;
	*ret_samples = calloc((size_t)info.frames + 1, sizeof(**ret_samples));
	if (*ret_samples)
		n = sf_read_short(sound, *ret_samples, info.frames);
	sf_close(sound);
	return n;
}

uint64_t rig_compare(const char *path, const char *target, uint64_t position, uint64_t n_frames)
{
	int16_t *samples = NULL;
	uint64_t n_wrong = 0;

	if (rig_read(path, &samples) != (int64_t)n_frames) {
		free(samples);
		return UINT64_MAX;
	}
	for (uint64_t i = 0; samples && i < n_frames; i++)
		n_wrong += samples[i] != fake_audio_sample(target, position + i);
	free(samples);
	return n_wrong;
}
