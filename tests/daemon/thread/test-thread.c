/* SPDX-License-Identifier: MIT */
#include <signal.h>

#include "pltest.h"
#include "thread.h"

struct seen {
	sigset_t mask;
	char name[16];
	pthread_mutex_t named;
};

static void *look(void *userdata)
{
	struct seen *seen = userdata;

	pthread_sigmask(SIG_SETMASK, NULL, &seen->mask);
	/* It is given its name by who started it. */
	pthread_mutex_lock(&seen->named);
	pthread_getname_np(pthread_self(), seen->name, sizeof(seen->name));
	pthread_mutex_unlock(&seen->named);
	return seen;
}

PL_TEST(takes_no_signal_and_has_a_name)
{
	struct seen seen = {.named = PTHREAD_MUTEX_INITIALIZER};
	sigset_t before, after;
	pthread_t thread;
	void *result;

	pthread_sigmask(SIG_SETMASK, NULL, &before);
	pthread_mutex_lock(&seen.named);
	PL_CHECK_INT(pl_thread_start("looks", look, &seen, &thread), 0);
	pthread_mutex_unlock(&seen.named);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	PL_CHECK_INT(pthread_join(thread, &result), 0);
	PL_CHECK(result == &seen);
	PL_CHECK_STR(seen.name, "looks");
	PL_CHECK(sigismember(&seen.mask, SIGTERM) == 1 && sigismember(&seen.mask, SIGCHLD) == 1 &&
		 sigismember(&seen.mask, SIGUSR1) == 1);
	for (int signal = 1; signal < 32; signal++)
		PL_CHECK_INT(sigismember(&after, signal), sigismember(&before, signal));
}

PL_TEST_MAIN()
