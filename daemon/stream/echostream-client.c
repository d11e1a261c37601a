/* SPDX-License-Identifier: MIT */
#include "echostream-client-private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "thread.h"

#define END_SECONDS 1

struct pl_echo_client {
	struct pl_echo_notes *notes;
	pthread_t thread;
};

struct pl_echo_notes *pl_echo_notes_unref(struct pl_echo_notes *notes)
{
	unsigned n_refs;

	if (!notes)
		return NULL;
	pthread_mutex_lock(&notes->lock);
	n_refs = --notes->n_refs;
	pthread_mutex_unlock(&notes->lock);
	if (n_refs > 0)
		return NULL;
	pthread_cond_destroy(&notes->has_ended);
	pthread_mutex_destroy(&notes->lock);
	free(notes->url);
	free(notes);
	return NULL;
}

/** ws://host:port/path; libwebsockets leaves out the path's first slash. */
static int parse_url(struct pl_echo_notes *notes, const char *url)
{
	size_t size = strlen(url) + 2;
	const char *path;
	char *end;

	notes->url = malloc(2 * size);
	if (!notes->url)
		return -ENOMEM;
	memcpy(notes->url, url, strlen(url) + 1);
	if (lws_parse_uri(notes->url, &notes->scheme, &notes->host, &notes->port, &path) ||
	    (strcmp(notes->scheme, "ws") != 0 && strcmp(notes->scheme, "wss") != 0) ||
	    !notes->host[0] || notes->port <= 0 || notes->port > UINT16_MAX)
		return -EINVAL;
	end = notes->url + size;
	snprintf(end, size, "/%s", path[0] == '/' ? path + 1 : path);
	notes->path = end;
	return 0;
}

static int notes_new(const char *url, int changed_fd, struct pl_echo_notes **ret_notes)
{
	struct pl_echo_notes *notes = calloc(1, sizeof(*notes));
	pthread_condattr_t monotonic;
	int r;

	if (!notes)
		return -ENOMEM;
	pthread_mutex_init(&notes->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&notes->has_ended, &monotonic);
	pthread_condattr_destroy(&monotonic);
	notes->n_refs = 1;
	notes->changed_fd = changed_fd;
	r = parse_url(notes, url);
	if (r < 0) {
		pl_echo_notes_unref(notes);
		return r;
	}
	*ret_notes = notes;
	return 0;
}

static int start_thread(struct pl_echo_client *client)
{
	int r;

	client->notes->n_refs++;
	r = pl_thread_start("echostream", pl_echo_socket_run, client->notes, &client->thread);
	if (r < 0)
		client->notes->n_refs--;
	return r;
}

int pl_echo_client_new(const char *url, int changed_fd, struct pl_echo_client **ret_client)
{
	struct pl_echo_client *client = calloc(1, sizeof(*client));
	int r;

	if (!client)
		return -ENOMEM;
	r = notes_new(url, changed_fd, &client->notes);
	if (r >= 0)
		r = start_thread(client);
	if (r < 0) {
		pl_echo_notes_unref(client->notes);
		free(client);
		return r;
	}
	*ret_client = client;
	return 0;
}

/** The lock is held: the thread cannot take the context away meanwhile. */
static void wake(struct pl_echo_notes *notes)
{
	if (notes->context)
		lws_cancel_service(notes->context);
}

void pl_echo_client_end(struct pl_echo_client *client)
{
	struct pl_echo_notes *notes = client->notes;

	pthread_mutex_lock(&notes->lock);
	notes->quit = true;
	wake(notes);
	pthread_mutex_unlock(&notes->lock);
}

bool pl_echo_client_has_ended(struct pl_echo_client *client)
{
	struct pl_echo_notes *notes = client->notes;
	bool ended;

	pthread_mutex_lock(&notes->lock);
	ended = notes->ended;
	pthread_mutex_unlock(&notes->lock);
	return ended;
}

struct pl_echo_client *pl_echo_client_free(struct pl_echo_client *client)
{
	struct pl_echo_notes *notes;
	struct timespec end;
	int r = 0;

	if (!client)
		return NULL;
	notes = client->notes;
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += END_SECONDS;
	pthread_mutex_lock(&notes->lock);
	notes->quit = true;
	wake(notes);
	while (!notes->ended && r == 0)
		r = pthread_cond_timedwait(&notes->has_ended, &notes->lock, &end);
	notes->changed_fd = -1;
	pthread_mutex_unlock(&notes->lock);
	if (r == 0)
		pthread_join(client->thread, NULL);
	else
		pthread_detach(client->thread);
	pl_echo_notes_unref(notes);
	free(client);
	return NULL;
}

static bool copy(char to[PL_ECHO_ID_MAX], const char *from)
{
	return snprintf(to, PL_ECHO_ID_MAX, "%s", from) < (int)PL_ECHO_ID_MAX;
}

int pl_echo_client_join(struct pl_echo_client *client, const struct pl_echo_identity *identity)
{
	struct pl_echo_notes *notes = client->notes;
	struct pl_echo_wish *wish = NULL;
	int r = -ENOSPC;

	pthread_mutex_lock(&notes->lock);
	for (int i = 0; i < (int)PL_ECHO_MEMBERS_MAX && !wish; i++) {
		if (!notes->wishes[i].used) {
			wish = &notes->wishes[i];
			r = i;
		}
	}
	if (wish) {
		*wish = (struct pl_echo_wish){.serial = ++notes->n_serials};
		if (copy(wish->affiliation_id, identity->affiliation_id) &&
		    copy(wish->user_name, identity->user_name) &&
		    copy(wish->agency_name, identity->agency_name) &&
		    copy(wish->channel_id, identity->channel_id))
			wish->used = true;
		else
			r = -EINVAL;
		wish->identity = (struct pl_echo_identity){wish->affiliation_id, wish->user_name,
							   wish->agency_name, wish->channel_id};
		wake(notes);
	}
	pthread_mutex_unlock(&notes->lock);
	return r;
}

void pl_echo_client_leave(struct pl_echo_client *client, int member)
{
	struct pl_echo_notes *notes = client->notes;

	pthread_mutex_lock(&notes->lock);
	notes->wishes[member].used = false;
	wake(notes);
	pthread_mutex_unlock(&notes->lock);
}

void pl_echo_client_transmit(struct pl_echo_client *client, int member, bool transmit)
{
	struct pl_echo_notes *notes = client->notes;
	struct pl_echo_wish *wish = &notes->wishes[member];

	pthread_mutex_lock(&notes->lock);
	if (wish->transmit && !transmit)
		wish->was_short = true;
	wish->transmit = transmit;
	wake(notes);
	pthread_mutex_unlock(&notes->lock);
}

void pl_echo_client_status(struct pl_echo_client *client, struct pl_echo_client_status *ret_status)
{
	struct pl_echo_notes *notes = client->notes;

	pthread_mutex_lock(&notes->lock);
	*ret_status = notes->status;
	pthread_mutex_unlock(&notes->lock);
}
