/* SPDX-License-Identifier: MIT */
#include "lookup.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "thread.h"

#define HOST_MAX_ 256u

struct lookup {
	_Atomic int n_refs; /* its owner and its thread */
	char host[HOST_MAX_];
	char port[8];
	int done_fd; /* the thread's own */
	struct lookup_address address;
	_Atomic int state; /* -EAGAIN, then the result; releases the address */
};

static int ask(const char *host, const char *port, int flags, struct lookup_address *ret_address)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_DGRAM,
		.ai_flags = flags | AI_NUMERICSERV,
	};
	struct addrinfo *list = NULL;
	int r = getaddrinfo(host, port, &hints, &list);

	if (r != 0)
		return -EHOSTUNREACH;
	memcpy(&ret_address->address, list->ai_addr, list->ai_addrlen);
	ret_address->size = list->ai_addrlen;
	freeaddrinfo(list);
	return 0;
}

int lookup_numeric(const char *host, uint16_t port, struct lookup_address *ret_address)
{
	char text[8];

	snprintf(text, sizeof(text), "%u", port);
	return ask(host, text, AI_NUMERICHOST, ret_address) < 0 ? -EINVAL : 0;
}

static void unref(struct lookup *lookup)
{
	if (atomic_fetch_sub(&lookup->n_refs, 1) > 1)
		return;
	close(lookup->done_fd);
	free(lookup);
}

static void *look_up(void *userdata)
{
	static const uint64_t one = 1;
	struct lookup *lookup = userdata;
	int r = ask(lookup->host, lookup->port, AI_ADDRCONFIG, &lookup->address);

	atomic_store(&lookup->state, r);
	while (write(lookup->done_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	unref(lookup);
	return NULL;
}

int lookup_new(const char *host, uint16_t port, int done_fd, struct lookup **ret_lookup)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));
	pthread_t thread;
	int r;

	if (!lookup)
		return -ENOMEM;
	snprintf(lookup->host, sizeof(lookup->host), "%s", host);
	snprintf(lookup->port, sizeof(lookup->port), "%u", port);
	atomic_init(&lookup->n_refs, 2);
	atomic_init(&lookup->state, -EAGAIN);
	lookup->done_fd = dup(done_fd);
	if (lookup->done_fd < 0) {
		r = -errno;
		free(lookup);
		return r;
	}
	r = pl_thread_start("lookup", look_up, lookup, &thread);
	if (r < 0) {
		close(lookup->done_fd);
		free(lookup);
		return r;
	}
	pthread_detach(thread);
	*ret_lookup = lookup;
	return 0;
}

struct lookup *lookup_free(struct lookup *lookup)
{
	if (lookup)
		unref(lookup);
	return NULL;
}

int lookup_result(struct lookup *lookup, struct lookup_address *ret_address)
{
	int state = atomic_load(&lookup->state);

	if (state == 0)
		*ret_address = lookup->address;
	return state;
}
