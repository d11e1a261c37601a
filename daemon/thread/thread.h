/* SPDX-License-Identifier: MIT */
#ifndef PL_THREAD_H
#define PL_THREAD_H

#include <pthread.h>

/**
 * Start a thread that takes no signal: they are the main loop's, and a library's thread that one
 * interrupts does what nobody has thought of.
 *
 * @param name      as top -H and debuggers show it, at most 15 characters
 * @param userdata  must outlive the thread
 * @return 0, or -EAGAIN when there are too many; *ret_thread is untouched then
 *
 * Thread: any. The signal mask of the caller is as before.
 */
int pl_thread_start(const char *name, void *(*function)(void *userdata), void *userdata,
		    pthread_t *ret_thread);

#endif
