/* SPDX-License-Identifier: MIT */
#include "thread.h"

#include <signal.h>

int pl_thread_start(const char *name, void *(*function)(void *userdata), void *userdata,
		    pthread_t *ret_thread)
{
	sigset_t all, before;
	pthread_t thread;
	int r;

	/* Before it is there: a new thread has the mask of the one that makes it. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = -pthread_create(&thread, NULL, function, userdata);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r < 0)
		return r;
	pthread_setname_np(thread, name);
	*ret_thread = thread;
	return 0;
}
