/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sndfile.h>

#include "clip-file.h"

#define RATE 48000u
#define BLOCK 4800u

struct place {
	char path[64];
	int fd;
};

static void place_make(struct place *p)
{
	snprintf(p->path, sizeof(p->path), "/tmp/partyline-test-XXXXXX");
	if (!mkdtemp(p->path))
		abort();
	p->fd = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void place_remove(struct place *p)
{
	char command[128];

	close(p->fd);
	snprintf(command, sizeof(command), "rm -rf '%s'", p->path);
	/* NOLINTNEXTLINE(cert-env33-c,concurrency-mt-unsafe) */
	if (system(command) != 0)
		abort();
}

static int16_t sample(uint64_t i)
{
	return (int16_t)(i * 7919 % 20011) - 10005;
}

/** A sine, which Opus can keep. */
static void fill(int16_t *samples, uint64_t from, bool sine)
{
	for (uint64_t i = 0; i < BLOCK; i++)
		samples[i] = sine ? (int16_t)(8000.0 *
					      sin(2.0 * M_PI * 1000.0 * (double)(from + i) / RATE))
				  : sample(from + i);
}

/** Write seconds of audio. @return what the last write said */
static int write_some(struct pl_clip_file *file, double seconds, bool sine)
{
	int16_t samples[BLOCK];
	int r = 0;

	for (uint64_t i = 0; i < (uint64_t)(seconds * RATE) && r == 0; i += BLOCK) {
		fill(samples, pl_clip_file_frames(file), sine);
		r = pl_clip_file_write(file, samples, BLOCK);
	}
	return r;
}

/** @return frames, -1 for what is no sound; *ret_wrong: samples that are not as they were written */
static int64_t read_back(const struct place *p, const char *name, uint64_t *ret_wrong)
{
	SF_INFO info = {0};
	char path[400];
	SNDFILE *sound;
	short *samples;
	int64_t n;

	snprintf(path, sizeof(path), "%s/%s", p->path, name);
	sound = sf_open(path, SFM_READ, &info);
	if (!sound)
		return -1;
	samples = calloc((size_t)info.frames + 1, sizeof(*samples));
	n = samples ? sf_read_short(sound, samples, info.frames) : -1;
	*ret_wrong = 0;
	for (int64_t i = 0; i < n; i++)
		*ret_wrong += samples[i] != sample((uint64_t)i);
	free(samples);
	sf_close(sound);
	return n == info.frames ? n : -1;
}

PL_TEST(a_wav_is_exact)
{
	struct pl_clip_file *file = NULL;
	char name[256] = "";
	uint64_t wrong = 1;
	struct place p;

	place_make(&p);
	PL_CHECK_INT(pl_clip_file_new(p.fd, "a.wav", RATE, &file), 0);
	PL_CHECK_INT(write_some(file, 2.5, false), 0);
	PL_CHECK_INT(faccessat(p.fd, "a.wav", F_OK, 0), -1);
	PL_CHECK_INT(pl_clip_file_finish(file, name, sizeof(name)), 0);
	PL_CHECK_STR(name, "a.wav");
	pl_clip_file_free(file);
	PL_CHECK_INT(read_back(&p, name, &wrong), 120000);
	PL_CHECK_INT(wrong, 0);
	PL_CHECK_INT(faccessat(p.fd, ".a.wav.part", F_OK, 0), -1);
	place_remove(&p);
}

PL_TEST(opus_has_its_length_and_is_small)
{
	struct pl_clip_file *file = NULL;
	char name[256] = "";
	double length_s = 0.0;
	struct stat st;
	struct place p;

	place_make(&p);
	PL_CHECK_INT(pl_clip_file_new(p.fd, "a.opus", 44100, &file), -EINVAL);
	PL_CHECK_INT(pl_clip_file_new(p.fd, "a.opus", RATE, &file), 0);
	PL_CHECK_INT(write_some(file, 3.0, true), 0);
	PL_CHECK_INT(pl_clip_file_finish(file, name, sizeof(name)), 0);
	pl_clip_file_free(file);
	PL_CHECK_INT(pl_clip_length(p.fd, name, &length_s), 0);
	PL_CHECK_NEAR(length_s, 3.0, 1e-9);
	PL_CHECK_INT(fstatat(p.fd, name, &st, 0), 0);
	PL_CHECK(st.st_size > 3000 && st.st_size < 30000);
	place_remove(&p);
}

PL_TEST(silence_has_its_length)
{
	struct pl_clip_file *file = NULL;
	char name[256] = "";
	double length_s = 0.0;
	struct place p;

	place_make(&p);
	PL_CHECK_INT(pl_clip_file_new(p.fd, "a.wav", RATE, &file), 0);
	PL_CHECK_INT(pl_clip_file_write(file, NULL, 10001), 0);
	PL_CHECK_INT(pl_clip_file_finish(file, name, sizeof(name)), 0);
	pl_clip_file_free(file);
	PL_CHECK_INT(pl_clip_length(p.fd, name, &length_s), 0);
	PL_CHECK_INT(lround(length_s * RATE), 10001);
	place_remove(&p);
}

PL_TEST(a_name_is_never_taken_from_another)
{
	char name[256] = "";
	struct place p;

	place_make(&p);
	for (int i = 1; i <= 3; i++) {
		struct pl_clip_file *file = NULL;
		char wanted[16];

		PL_CHECK_INT(pl_clip_file_new(p.fd, "a.wav", RATE, &file), 0);
		PL_CHECK_INT(write_some(file, 0.1, false), 0);
		PL_CHECK_INT(pl_clip_file_finish(file, name, sizeof(name)), 0);
		pl_clip_file_free(file);
		snprintf(wanted, sizeof(wanted), i == 1 ? "a.wav" : "a-%d.wav", i);
		PL_CHECK_STR(name, wanted);
	}
	place_remove(&p);
}

/** The limit of the size of files stands in for a full disk: a write takes a part, or nothing. */
static void set_room(rlim_t bytes)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes;
	setrlimit(RLIMIT_FSIZE, &limit);
}

static void check_full(const char *asked, bool sine, int64_t *ret_frames, uint64_t *ret_wrong)
{
	struct pl_clip_file *file = NULL;
	char name[256] = "";
	struct place p;

	place_make(&p);
	PL_CHECK_INT(pl_clip_file_new(p.fd, asked, RATE, &file), 0);
	PL_CHECK_INT(write_some(file, 0.5, sine), 0);
	set_room(5001);
	PL_CHECK_INT(write_some(file, 60.0, sine), -EFBIG);
	PL_CHECK_INT(pl_clip_file_flush(file), -EFBIG);
	PL_CHECK_INT(pl_clip_file_finish(file, name, sizeof(name)), -EFBIG);
	set_room(8003);
	PL_CHECK_INT(pl_clip_file_flush(file), -EFBIG);
	set_room(RLIM_INFINITY);
	PL_CHECK_INT(pl_clip_file_flush(file), 0);
	PL_CHECK_INT(pl_clip_file_finish(file, name, sizeof(name)), 0);
	*ret_frames = (int64_t)pl_clip_file_frames(file);
	pl_clip_file_free(file);
	PL_CHECK_INT(read_back(&p, name, ret_wrong), *ret_frames);
	place_remove(&p);
}

PL_TEST(a_full_disk_takes_nothing_out_of_a_wav)
{
	int64_t frames = 0;
	uint64_t wrong = 1;

	check_full("a.wav", false, &frames, &wrong);
	PL_CHECK_INT(wrong, 0);
	PL_CHECK(frames > 0);
}

PL_TEST(a_full_disk_takes_nothing_out_of_opus)
{
	int64_t frames = 0;
	uint64_t wrong;

	check_full("a.opus", true, &frames, &wrong);
	PL_CHECK(frames > 0);
}

/* --- after a crash -------------------------------------------------------------------------------- */

static void copy_part(const struct place *p, const char *from, const char *to, off_t size)
{
	char command[300];

	snprintf(command, sizeof(command), "head -c %lld '%s/%s' > '%s/%s'", (long long)size,
		 p->path, from, p->path, to);
	/* NOLINTNEXTLINE(cert-env33-c,concurrency-mt-unsafe) */
	if (system(command) != 0)
		abort();
}

PL_TEST(a_wav_cut_anywhere_is_finished)
{
	struct pl_clip_file *file = NULL;
	char name[256];
	double length_s;
	uint64_t wrong;
	struct place p;

	place_make(&p);
	PL_CHECK_INT(pl_clip_file_new(p.fd, "a.wav", RATE, &file), 0);
	PL_CHECK_INT(write_some(file, 1.0, false), 0);
	pl_clip_file_free(file);
	for (off_t size = 0; size < 96044; size += size < 60 ? 1 : 9973) {
		int64_t frames = size > 45 ? (size - 44) / 2 : 0;

		copy_part(&p, ".a.wav.part", ".b.wav.part", size);
		PL_CHECK_INT(pl_clip_repair(p.fd, ".b.wav.part", name, sizeof(name), &length_s), 0);
		PL_CHECK_INT(faccessat(p.fd, ".b.wav.part", F_OK, 0), -1);
		PL_CHECK_STR(name, frames > 0 ? "b.wav" : "");
		PL_CHECK_INT(lround(length_s * RATE), frames);
		if (frames == 0)
			continue;
		PL_CHECK_INT(read_back(&p, name, &wrong), frames);
		PL_CHECK_INT(wrong, 0);
		PL_CHECK_INT(unlinkat(p.fd, name, 0), 0);
	}
	place_remove(&p);
}

PL_TEST(opus_cut_anywhere_is_finished)
{
	struct pl_clip_file *file = NULL;
	char name[256];
	double length_s, longest_s = 0.0;
	unsigned n_empty = 0, n_clips = 0;
	uint64_t wrong;
	struct place p;
	struct stat st;

	place_make(&p);
	PL_CHECK_INT(pl_clip_file_new(p.fd, "a.opus", RATE, &file), 0);
	PL_CHECK_INT(write_some(file, 5.0, true), 0);
	pl_clip_file_free(file);
	PL_CHECK_INT(fstatat(p.fd, ".a.opus.part", &st, 0), 0);
	for (off_t size = 0; size <= st.st_size; size += 331) {
		copy_part(&p, ".a.opus.part", ".b.opus.part", size);
		PL_CHECK_INT(pl_clip_repair(p.fd, ".b.opus.part", name, sizeof(name), &length_s),
			     0);
		if (!name[0]) {
			n_empty++;
			continue;
		}
		PL_CHECK(read_back(&p, name, &wrong) > 0);
		PL_CHECK(length_s >= longest_s);
		longest_s = length_s;
		n_clips++;
		PL_CHECK_INT(unlinkat(p.fd, name, 0), 0);
	}
	PL_CHECK(n_empty > 0 && n_clips > 3);
	PL_CHECK(longest_s > 3.5);
	place_remove(&p);
}

PL_TEST(rubbish_is_removed)
{
	char name[256] = "x";
	double length_s;
	struct place p;

	place_make(&p);
	copy_part(&p, "../../dev/urandom", ".a.wav.part", 5000);
	copy_part(&p, "../../dev/urandom", ".a.opus.part", 5000);
	PL_CHECK_INT(pl_clip_repair(p.fd, ".a.wav.part", name, sizeof(name), &length_s), 0);
	PL_CHECK_STR(name, "");
	PL_CHECK_INT(pl_clip_repair(p.fd, ".a.opus.part", name, sizeof(name), &length_s), 0);
	PL_CHECK_STR(name, "");
	PL_CHECK_INT(pl_clip_repair(p.fd, "a.wav", name, sizeof(name), &length_s), -EINVAL);
	PL_CHECK_INT(pl_clip_repair(p.fd, ".c.wav.part", name, sizeof(name), &length_s), -ENOENT);
	place_remove(&p);
}

PL_TEST_MAIN()
