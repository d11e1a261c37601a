/* SPDX-License-Identifier: MIT */
#include "worker.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <avahi-client/client.h>
#include <avahi-client/publish.h>
#include <avahi-common/alternative.h>
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <avahi-common/simple-watch.h>
#include <avahi-common/timeval.h>

/** After a failure it is tried again after this time, doubled each time up to the second one. */
#define RETRY_MS_MIN 500u
#define RETRY_MS_MAX 30000u
/** Names that are tried before one gives up for a while: each of them is somebody else's. */
#define NAMES_MAX 64u

/* Everything here runs in the worker's thread. */
struct worker {
	struct pl_notes *notes;
	AvahiSimplePoll *poll;
	const AvahiPoll *api;
	AvahiWatch *wake;
	AvahiTimeout *retry;
	unsigned retry_ms;
	AvahiClient *client;
	AvahiEntryGroup *group;
	struct pl_service service;
	char name[PL_SERVICE_NAME_SIZE]; /* the one that is tried; "": the service's own */
	unsigned n_names;
};

static void publish(struct worker *w);

/* --- telling ----------------------------------------------------------------------- */

/** @param name  NULL: not published */
static void __attribute__((format(printf, 3, 4)))
tell(struct worker *w, const char *name, const char *format, ...)
{
	struct pl_publisher_status status = {0};
	uint64_t one = 1;
	bool changed;
	va_list args;

	snprintf(status.name, sizeof(status.name), "%s", name ? name : "");
	va_start(args, format);
	vsnprintf(status.trouble, sizeof(status.trouble), format, args);
	va_end(args);
	pthread_mutex_lock(&w->notes->lock);
	changed = strcmp(status.name, w->notes->status.name) != 0 ||
		  strcmp(status.trouble, w->notes->status.trouble) != 0;
	w->notes->status = status;
	pthread_mutex_unlock(&w->notes->lock);
	if (changed && write(w->notes->to_loop, &one, sizeof(one)) < 0)
		return; /* full: the loop has not even read the last change */
}

/** No avahi-daemon, or no bus to ask it on: Avahi does not tell these apart. */
static void tell_missing(struct worker *w)
{
	tell(w, NULL,
	     "avahi-daemon is not on the system bus; install the package avahi-daemon or start it "
	     "with \"systemctl start avahi-daemon\"");
}

/* --- coming and going of avahi-daemon ----------------------------------------------------- */

static void disconnect(struct worker *w)
{
	w->api->timeout_update(w->retry, NULL);
	if (w->client)
		avahi_client_free(w->client); /* and the group with it */
	w->client = NULL;
	w->group = NULL;
}

/** The client must not be freed below its own callback: always by the timer. */
static void connect_later(struct worker *w, unsigned after_ms)
{
	struct timeval when;

	w->api->timeout_update(w->retry, avahi_elapse_time(&when, after_ms, 0));
}

static void connect_after_failure(struct worker *w)
{
	connect_later(w, w->retry_ms);
	w->retry_ms = w->retry_ms * 2 < RETRY_MS_MAX ? w->retry_ms * 2 : RETRY_MS_MAX;
}

static void fail(struct worker *w, int error)
{
	tell(w, NULL, "avahi-daemon refuses to publish: %s", avahi_strerror(error));
	connect_after_failure(w);
}

static void on_client(AvahiClient *client, AvahiClientState state, void *userdata)
{
	struct worker *w = userdata;

	w->client = client; /* the first call comes before avahi_client_new() returns */
	switch (state) {
	case AVAHI_CLIENT_S_RUNNING:
		w->retry_ms = RETRY_MS_MIN;
		publish(w);
		break;
	case AVAHI_CLIENT_S_REGISTERING:
	case AVAHI_CLIENT_S_COLLISION:
		/* The machine's own name is being settled; RUNNING follows. */
		if (w->group)
			avahi_entry_group_reset(w->group);
		tell(w, NULL, "avahi-daemon is settling the name of this machine");
		break;
	case AVAHI_CLIENT_CONNECTING:
		tell_missing(w);
		break;
	case AVAHI_CLIENT_FAILURE:
		/* It ended, or the bus did: a client does not outlive this. */
		if (avahi_client_errno(client) == AVAHI_ERR_DISCONNECTED)
			connect_later(w, 0); /* which tells how it stands */
		else
			fail(w, avahi_client_errno(client));
		break;
	}
}

static void connect_client(struct worker *w)
{
	AvahiClient *client;
	int error = 0;

	disconnect(w);
	client = avahi_client_new(w->api, AVAHI_CLIENT_NO_FAIL, on_client, w, &error);
	if (client)
		return;
	w->client = NULL;
	w->group = NULL;
	tell_missing(w);
	connect_after_failure(w);
}

static void on_retry(AvahiTimeout *timeout, void *userdata)
{
	connect_client(userdata);
}

/* --- publishing ---------------------------------------------------------------------------- */

static void take_other_name(struct worker *w)
{
	char *other = avahi_alternative_service_name(w->name);

	if (other)
		snprintf(w->name, sizeof(w->name), "%s", other);
	avahi_free(other);
	w->n_names++;
}

static void on_group(AvahiEntryGroup *group, AvahiEntryGroupState state, void *userdata)
{
	struct worker *w = userdata;

	switch (state) {
	case AVAHI_ENTRY_GROUP_ESTABLISHED:
		w->n_names = 0;
		tell(w, w->name, "%s", "");
		break;
	case AVAHI_ENTRY_GROUP_COLLISION:
		take_other_name(w);
		publish(w);
		break;
	case AVAHI_ENTRY_GROUP_FAILURE:
		fail(w, avahi_client_errno(w->client));
		break;
	case AVAHI_ENTRY_GROUP_UNCOMMITED:
	case AVAHI_ENTRY_GROUP_REGISTERING:
		break;
	}
}

/** @return 0 or an error of Avahi */
static int add_services(struct worker *w)
{
	AvahiStringList *txt = NULL;
	AvahiProtocol protocol;
	AvahiIfIndex interface;
	int r = 0;

	if (pl_service_txt(&w->service, &txt) < 0)
		return AVAHI_ERR_NO_MEMORY;
	pl_service_place(w->service.address, &interface, &protocol);
	for (const char *const *type = pl_service_types(&w->service); r >= 0 && *type; type++)
		r = avahi_entry_group_add_service_strlst(w->group, interface, protocol, 0, w->name,
							 *type, NULL, NULL, w->service.port, txt);
	avahi_string_list_free(txt);
	return r < 0 ? r : avahi_entry_group_commit(w->group);
}

static void publish(struct worker *w)
{
	int r;

	if (!w->name[0] && w->service.name[0])
		snprintf(w->name, sizeof(w->name), "%s", w->service.name);
	else if (!w->name[0])
		pl_service_default_name(avahi_client_get_host_name(w->client), w->name);
	if (!w->group)
		w->group = avahi_entry_group_new(w->client, on_group, w);
	if (!w->group) {
		fail(w, avahi_client_errno(w->client));
		return;
	}
	do {
		avahi_entry_group_reset(w->group);
		r = add_services(w);
		/* Of this very machine; what others have comes to on_group(). */
		if (r == AVAHI_ERR_COLLISION)
			take_other_name(w);
	} while (r == AVAHI_ERR_COLLISION && w->n_names < NAMES_MAX);
	if (r < 0) {
		w->n_names = 0;
		fail(w, r);
	}
}

/* --- the thread ------------------------------------------------------------------------------ */

static void on_wake(AvahiWatch *watch, int fd, AvahiWatchEvent events, void *userdata)
{
	struct worker *w = userdata;
	struct pl_service wanted;
	uint64_t n;
	bool quit;

	if (read(fd, &n, sizeof(n)) < 0)
		return;
	pthread_mutex_lock(&w->notes->lock);
	wanted = w->notes->wanted;
	quit = w->notes->quit;
	pthread_mutex_unlock(&w->notes->lock);
	if (quit) {
		avahi_simple_poll_quit(w->poll);
		return;
	}
	/* A reload that is not about us must not make the entry blink. */
	if (pl_service_equal(&w->service, &wanted))
		return;
	w->service = wanted;
	w->name[0] = '\0';
	w->n_names = 0;
	w->retry_ms = RETRY_MS_MIN;
	if (!wanted.publish) {
		disconnect(w);
		tell(w, NULL, "%s", "");
	} else if (!w->client) {
		connect_client(w);
	} else if (avahi_client_get_state(w->client) == AVAHI_CLIENT_S_RUNNING) {
		publish(w);
	}
}

static void work(struct worker *w)
{
	w->api = avahi_simple_poll_get(w->poll);
	w->wake = w->api->watch_new(w->api, w->notes->to_worker, AVAHI_WATCH_IN, on_wake, w);
	w->retry = w->api->timeout_new(w->api, NULL, on_retry, w);
	if (w->wake && w->retry) {
		avahi_simple_poll_loop(w->poll);
		disconnect(w);
	}
	if (w->wake)
		w->api->watch_free(w->wake);
	if (w->retry)
		w->api->timeout_free(w->retry);
}

void *pl_worker_run(void *userdata)
{
	struct worker w = {.notes = userdata, .retry_ms = RETRY_MS_MIN};

	w.poll = avahi_simple_poll_new();
	if (w.poll) {
		work(&w);
		avahi_simple_poll_free(w.poll);
	} else {
		tell(&w, NULL, "no memory");
	}
	pthread_mutex_lock(&w.notes->lock);
	w.notes->ended = true;
	pthread_cond_signal(&w.notes->has_ended);
	pthread_mutex_unlock(&w.notes->lock);
	pl_notes_unref(w.notes);
	return NULL;
}
