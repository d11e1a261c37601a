/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "control.h"
#include "json-strict.h"
#include "model-json.h"
#include "state-file.h"

/**
 * What reads and keeps the state is run again and again, each time with one more allocation that
 * succeeds before none does: nothing crashes, every failure is told as one of memory, a state that
 * is sound is never taken for a damaged one, and what lies on the disk is the old state or the new.
 */

/* A sanitizer has its own malloc(). */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_OWN_MALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
	__has_feature(memory_sanitizer)
#define HAS_OWN_MALLOC 0
#endif
#endif
#ifndef HAS_OWN_MALLOC
#define HAS_OWN_MALLOC 1
#endif

#define EXIT_SKIP 77
/** More than any of the calls below makes. */
#define N_ALLOCATIONS_MAX 100000

#if HAS_OWN_MALLOC

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *memory, size_t size);

static long n_left = -1; /* allocations that succeed; -1: all of them */
static bool has_failed;

static bool is_out(void)
{
	if (n_left < 0)
		return false;
	if (n_left > 0) {
		n_left--;
		return false;
	}
	has_failed = true;
	errno = ENOMEM;
	return true;
}

__attribute__((visibility("default"))) void *malloc(size_t size)
{
	return is_out() ? NULL : __libc_malloc(size);
}

__attribute__((visibility("default"))) void *calloc(size_t n, size_t size)
{
	return is_out() ? NULL : __libc_calloc(n, size);
}

__attribute__((visibility("default"))) void *realloc(void *memory, size_t size)
{
	return is_out() ? NULL : __libc_realloc(memory, size);
}

/** From here on n allocations succeed. */
static void limit(long n)
{
	has_failed = false;
	n_left = n;
}

/** @return true when one was refused since limit() */
static bool unlimit(void)
{
	n_left = -1;
	return has_failed;
}

struct place {
	char folder[64], state[96], run[96];
};

static void place_make(struct place *p)
{
	snprintf(p->folder, sizeof(p->folder), "/tmp/partyline-test-XXXXXX");
	if (!mkdtemp(p->folder))
		abort();
	snprintf(p->state, sizeof(p->state), "%s/state", p->folder);
	snprintf(p->run, sizeof(p->run), "%s/run", p->folder);
}

static void place_remove(const struct place *p)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", p->folder);
	/* NOLINTNEXTLINE(cert-env33-c,concurrency-mt-unsafe) */
	if (system(command) != 0)
		abort();
}

/** With something of every kind in it. */
static void fill(struct pl_model *model, double headroom_db, bool held)
{
	pl_model_init(model, 4, 3);
	model->headroom_db = headroom_db;
	snprintf(model->tablet[0].name, sizeof(model->tablet[0].name), "Bühne");
	model->tablet[1].sidetone = 0.1;
	model->channel_mute = model->channel_mute_set = 1;
	model->tablet[2].keys = held ? 2 : 0;
}

static struct pl_state_file *open_file(const struct place *p)
{
	struct pl_state_file *file = NULL;
	char reason[9000];

	if (pl_state_file_open(p->state, p->run, &file, reason, sizeof(reason)) < 0)
		abort();
	return file;
}

/** The model that a daemon would begin with now; its report is to be empty. */
static void load(const struct place *p, struct pl_model *ret_model)
{
	struct pl_state_file *file = open_file(p);
	struct pl_state_report report;

	if (pl_state_file_load(file, 4, 3, 12.0, ret_model, &report) < 0 || report.n_problems > 0)
		abort();
	pl_state_file_close(file);
}

PL_TEST(a_change_is_kept_or_refused)
{
	const struct pl_keeper_ops *keeper = pl_state_file_keeper();
	struct pl_model before, after, found;
	struct pl_state_file *file;
	struct place p;
	long n;
	int r = -1;

	place_make(&p);
	fill(&before, 1.0, false);
	fill(&after, 2.0, true);
	for (n = 0; n < N_ALLOCATIONS_MAX; n++) {
		file = open_file(&p);
		PL_CHECK_INT(keeper->keep(file, &before, false), 0);
		limit(n);
		r = keeper->keep(file, &after, false);
		if (!unlimit() && r == 0) {
			pl_state_file_close(file);
			break;
		}
		/* control takes it back, which succeeds or not */
		if (r < 0)
			keeper->keep(file, &before, false);
		pl_state_file_close(file);
		PL_CHECK(r == 0 || r == -ENOMEM);
		load(&p, &found);
		PL_CHECK(pl_model_equal(&found, r == 0 ? &after : &before));
	}
	PL_CHECK_INT(r, 0);
	PL_CHECK(n > 20);
	place_remove(&p);
}

PL_TEST(a_sound_state_is_never_taken_for_a_damaged_one)
{
	const struct pl_keeper_ops *keeper = pl_state_file_keeper();
	struct pl_model kept, found;
	struct pl_state_report report;
	struct pl_state_file *file;
	struct place p;
	long n;
	int r = -1;

	place_make(&p);
	fill(&kept, 2.0, true);
	file = open_file(&p);
	PL_CHECK_INT(keeper->keep(file, &kept, false), 0);
	for (n = 0; n < N_ALLOCATIONS_MAX; n++) {
		limit(n);
		r = pl_state_file_load(file, 4, 3, 12.0, &found, &report);
		if (!unlimit() && r == 0)
			break;
		PL_CHECK(r == 0 || r == -ENOMEM);
		if (report.n_problems > 0)
			PL_FAIL_("after %ld allocations: %s", n, report.problem[0]);
		PL_CHECK_INT(report.n_problems, 0);
		if (r == 0)
			PL_CHECK(pl_model_equal(&found, &kept));
	}
	PL_CHECK_INT(r, 0);
	PL_CHECK(n > 20);
	PL_CHECK(pl_model_equal(&found, &kept));
	pl_state_file_close(file);
	place_remove(&p);
}

PL_TEST(opening_fails_as_a_whole)
{
	struct pl_state_file *file;
	char reason[9000];
	struct place p;
	long n;
	int r = -1;

	place_make(&p);
	for (n = 0; n < N_ALLOCATIONS_MAX; n++) {
		limit(n);
		r = pl_state_file_open(p.state, p.run, &file, reason, sizeof(reason));
		if (!unlimit() && r == 0)
			break;
		PL_CHECK(r == 0 || r == -ENOMEM);
		if (r == 0) /* without what may be missing, as the process id in the lock */
			pl_state_file_close(file);
	}
	PL_CHECK_INT(r, 0);
	pl_state_file_close(file);
	place_remove(&p);
}

PL_TEST(a_configuration_is_read_or_refused)
{
	static const char text[] =
		"{\"tablets\":8,\"headroom_db\":1.5,\"http\":{\"port\":1,\"cors_origins\":"
		"[\"http://a\",\"http://b\"]},\"log\":{\"level\":\"debug\",\"service\":\"ñ\"}}";
	struct pl_config config;
	char reason[512];
	long n;
	int r = -1;

	for (n = 0; n < N_ALLOCATIONS_MAX; n++) {
		limit(n);
		r = pl_config_parse("FILE", text, sizeof(text) - 1, &config, reason,
				    sizeof(reason));
		if (!unlimit() && r == 0)
			break;
		if (r == 0) {
			PL_CHECK_INT(config.n_cors_origins, 2);
			PL_CHECK_STR(config.log_service, "ñ");
			pl_config_done(&config);
			continue;
		}
		PL_CHECK_INT(r, -ENOMEM);
		PL_CHECK_STR(reason, "FILE: no memory");
	}
	PL_CHECK_INT(r, 0);
	PL_CHECK(n > 20);
	pl_config_done(&config);
}

PL_TEST_MAIN()

#else

int main(void)
{
	return EXIT_SKIP;
}

#endif
