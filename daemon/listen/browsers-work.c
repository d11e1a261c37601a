/* SPDX-License-Identifier: MIT */
#include "browsers-private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CAPTURE_CAPACITY 32768u
/** Always captured while somebody listens: it keeps the time of who hears nothing. */
#define CLOCK_PLACE listen_place(PL_MIX_CHANNEL_OUT, 1)

/* --- the thread ------------------------------------------------------------------------------- */

static void on_deadline(void *userdata, uint64_t deadline)
{
	const struct pl_browsers *browsers = userdata;

	if (deadline < browsers->own.next_nsec)
		pl_work_thread_kick(browsers->thread);
}

static void flush(const struct pl_browsers *browsers)
{
	if (browsers->network->ops->flush)
		browsers->network->ops->flush(browsers->network);
}

static void hear(struct pl_browsers *browsers)
{
	struct listen_sources *sources = browsers->own.sources;
	uint32_t n;

	while ((n = listen_sources_next(sources)) > 0) {
		for (size_t i = 0; i < browsers->n_sessions; i++)
			listen_session_hear(browsers->sessions[i], sources->blocks, n,
					    sources->rate_hz);
		flush(browsers);
	}
}

static uint64_t work(void *userdata, uint64_t now, bool graph_moved)
{
	struct pl_browsers *browsers = userdata;
	uint64_t next = UINT64_MAX;

	if (graph_moved) {
		browsers->own.moved_nsec = now;
		hear(browsers);
	}
	for (size_t i = 0; i < browsers->n_sessions; i++) {
		uint64_t deadline = listen_session_work(browsers->sessions[i], pl_work_now_nsec(),
							browsers->own.moved_nsec);

		next = deadline < next ? deadline : next;
	}
	/* Nothing to send is the rule when only time has passed. */
	if (browsers->n_sessions > 0)
		flush(browsers);
	browsers->own.next_nsec = next;
	return next;
}

/* --- calls of the main thread ----------------------------------------------------------------- */

struct call {
	struct pl_browsers *browsers;
	struct listen_session *session;
	const struct pl_mix *mix, *heard;
	const struct pl_webrtc_offer *offer;
	const struct pl_webrtc_fragment *fragment;
	struct pl_audio_port *ports[LISTEN_PLACES];
	int r;
};

static void call_start(void *userdata)
{
	struct call *call = userdata;
	struct pl_browsers *browsers = call->browsers;

	call->r = browsers->network->ops->start(browsers->network, browsers->thread);
}

static void call_stop(void *userdata)
{
	struct call *call = userdata;
	struct listen_network *network = call->browsers->network;

	if (network->ops->stop)
		network->ops->stop(network);
}

static void call_prepare(void *userdata)
{
	struct call *call = userdata;
	struct listen_network *network = call->browsers->network;

	network->ops->prepare(network);
}

static void call_add(void *userdata)
{
	struct call *call = userdata;
	struct pl_browsers *browsers = call->browsers;

	call->r = listen_session_connect(call->session, browsers->network, call->offer,
					 browsers->identity);
	if (call->r >= 0)
		browsers->sessions[browsers->n_sessions++] = call->session;
}

static void call_remove(void *userdata)
{
	struct call *call = userdata;
	struct pl_browsers *browsers = call->browsers;

	listen_session_disconnect(call->session);
	flush(browsers);
	for (size_t i = 0; i < browsers->n_sessions; i++) {
		if (browsers->sessions[i] != call->session)
			continue;
		/* In the order in which they were opened. */
		browsers->n_sessions--;
		memmove(&browsers->sessions[i], &browsers->sessions[i + 1u],
			(browsers->n_sessions - i) * sizeof(browsers->sessions[0]));
		break;
	}
}

static void call_end(void *userdata)
{
	struct call *call = userdata;

	listen_session_end(call->session);
	flush(call->browsers);
}

static void call_set_mix(void *userdata)
{
	struct call *call = userdata;

	listen_session_set_mix(call->session, call->mix, call->heard);
}

static void call_restart(void *userdata)
{
	struct call *call = userdata;

	call->r = call->session->transport->ops->restart(call->session->transport, call->fragment);
}

static void call_add_candidates(void *userdata)
{
	struct call *call = userdata;

	call->session->transport->ops->add_candidates(call->session->transport, call->fragment);
}

/** Ports that were opened are put in. */
static void call_put_ports(void *userdata)
{
	struct call *call = userdata;

	for (uint32_t i = 0; i < LISTEN_PLACES; i++)
		if (call->ports[i])
			call->browsers->own.sources->ports[i] = call->ports[i];
}

/** Ports that nobody needs are taken out, for who closes them. */
static void call_take_ports(void *userdata)
{
	struct call *call = userdata;
	const struct pl_browsers *browsers = call->browsers;
	bool used[LISTEN_PLACES] = {false};

	for (size_t i = 0; i < browsers->n_sessions; i++) {
		const struct listen_session *session = browsers->sessions[i];

		if (session->fixed.talks)
			continue;
		used[CLOCK_PLACE] = true;
		for (size_t k = 0; k < session->heard.n_sources; k++)
			used[listen_place(session->heard.sources[k].kind,
					  session->heard.sources[k].id)] = true;
		for (uint32_t k = 0; k < session->mixer.n_voices; k++)
			used[session->mixer.voices[k].place] = true;
	}
	for (uint32_t i = 0; i < LISTEN_PLACES; i++) {
		call->ports[i] = used[i] ? NULL : browsers->own.sources->ports[i];
		if (call->ports[i])
			browsers->own.sources->ports[i] = NULL;
	}
}

/* --- the main thread -------------------------------------------------------------------------- */

void browsers_prepare(struct pl_browsers *browsers)
{
	struct call call = {.browsers = browsers};

	if (browsers->network->ops->prepare)
		pl_work_thread_call(browsers->thread, call_prepare, &call);
}

int browsers_add(struct pl_browsers *browsers, struct listen_session *session,
		 const struct pl_webrtc_offer *offer)
{
	struct call call = {.browsers = browsers, .session = session, .offer = offer};

	if (browsers->n_sessions == SESSIONS_MAX)
		return -ENOSPC;
	pl_work_thread_call(browsers->thread, call_add, &call);
	return call.r;
}

void browsers_remove(struct pl_browsers *browsers, struct listen_session *session)
{
	struct call call = {.browsers = browsers, .session = session};

	pl_work_thread_call(browsers->thread, call_remove, &call);
	if (session->playback.port)
		browsers->options.audio->close(browsers->options.engine, session->playback.port);
	listen_session_free(session);
}

void browsers_end(struct pl_browsers *browsers, struct listen_session *session)
{
	struct call call = {.browsers = browsers, .session = session};

	pl_work_thread_call(browsers->thread, call_end, &call);
}

void browsers_set_mix(struct pl_browsers *browsers, struct listen_session *session,
		      const struct pl_mix *mix, const struct pl_mix *heard)
{
	struct call call = {.browsers = browsers, .session = session, .mix = mix, .heard = heard};

	pl_work_thread_call(browsers->thread, call_set_mix, &call);
}

int browsers_restart(struct pl_browsers *browsers, struct listen_session *session,
		     const struct pl_webrtc_fragment *fragment)
{
	struct call call = {.browsers = browsers, .session = session, .fragment = fragment};

	pl_work_thread_call(browsers->thread, call_restart, &call);
	return call.r;
}

void browsers_add_candidates(struct pl_browsers *browsers, struct listen_session *session,
			     const struct pl_webrtc_fragment *fragment)
{
	struct call call = {.browsers = browsers, .session = session, .fragment = fragment};

	if (session->transport->ops->add_candidates)
		pl_work_thread_call(browsers->thread, call_add_candidates, &call);
}

static int open_place(struct pl_browsers *browsers, enum pl_mix_kind kind, uint32_t id,
		      struct call *call)
{
	uint32_t place = listen_place(kind, id);
	char name[LISTEN_NAME_MAX], target[LISTEN_NAME_MAX];
	const struct pl_audio_port_info info = {
		.way = PL_AUDIO_CAPTURE,
		.name = name,
		.target = target,
		.capacity = CAPTURE_CAPACITY,
	};

	if (browsers->own.sources->ports[place] || call->ports[place])
		return 0;
	listen_source_names(kind, id, kind == PL_MIX_DEVICE ? &browsers->devices[id - 1u] : NULL,
			    name, target);
	return browsers->options.audio->open(browsers->options.engine, &info,
					     pl_work_thread_wake_fd(browsers->thread),
					     &call->ports[place]);
}

/** The id of a device that is listened to, or of a free place. @return it, or -EUSERS */
static int id_of_device(struct pl_browsers *browsers, const struct pl_binding *device)
{
	int id = -EUSERS;

	for (uint32_t i = 0; i < LISTEN_DEVICES; i++) {
		if (pl_binding_equal(&browsers->devices[i], device))
			return (int)i + 1;
		if (id < 0 && !pl_binding_is_set(&browsers->devices[i]))
			id = (int)i + 1;
	}
	if (id > 0)
		browsers->devices[id - 1] = *device;
	return id;
}

int browsers_open_places(struct pl_browsers *browsers, const struct pl_mix *mix,
			 struct pl_mix *ret_heard)
{
	struct call call = {.browsers = browsers};
	int r;

	*ret_heard = *mix;
	r = open_place(browsers, PL_MIX_CHANNEL_OUT, 1, &call);
	for (size_t i = 0; r >= 0 && i < mix->n_sources; i++) {
		struct pl_mix_source *source = &ret_heard->sources[i];

		if (source->kind == PL_MIX_DEVICE) {
			r = id_of_device(browsers, &mix->devices[source->id - 1u]);
			source->id = (uint32_t)r;
		}
		if (r >= 0)
			r = open_place(browsers, source->kind, source->id, &call);
	}
	/* What could be opened is closed with the rest when nobody hears it. */
	pl_work_thread_call(browsers->thread, call_put_ports, &call);
	return r;
}

void browsers_close_places(struct pl_browsers *browsers)
{
	struct call call = {.browsers = browsers};

	pl_work_thread_call(browsers->thread, call_take_ports, &call);
	for (uint32_t i = 0; i < LISTEN_PLACES; i++)
		if (call.ports[i])
			browsers->options.audio->close(browsers->options.engine, call.ports[i]);
	for (uint32_t i = 0; i < LISTEN_DEVICES; i++)
		if (!browsers->own.sources->ports[listen_place(PL_MIX_DEVICE, i + 1u)])
			browsers->devices[i] = (struct pl_binding){0};
}

/* --- life ------------------------------------------------------------------------------------- */

static int open_network(struct pl_browsers *browsers)
{
	const struct listen_network_options options = {
		.address = browsers->address,
		.port = browsers->options.port,
		.candidates = browsers->options.candidates,
		.n_candidates = browsers->options.n_candidates,
		.ice_servers = browsers->options.ice_servers,
		.n_ice_servers = browsers->options.n_ice_servers,
		.n_transports_max = SESSIONS_MAX,
		.on_deadline = on_deadline,
		.userdata = browsers,
	};

	if (browsers->network)
		return 0;
#if PL_HAVE_LIBNICE
	if (options.n_ice_servers > 0)
		return listen_nice_open(&options, &browsers->network, browsers->trouble,
					sizeof(browsers->trouble));
#endif
	return listen_lite_open(&options, &browsers->network, browsers->trouble,
				sizeof(browsers->trouble));
}

static int start_thread(struct pl_browsers *browsers)
{
	const struct pl_work_options options = {
		.name = "browsers",
		.work = work,
		.userdata = browsers,
	};
	struct call call = {.browsers = browsers};
	int r;

	if (browsers->thread)
		return 0;
	if (!browsers->own.sources)
		browsers->own.sources = calloc(1, sizeof(*browsers->own.sources));
	if (!browsers->own.sources)
		return -ENOMEM;
	browsers->own.sources->audio = browsers->options.audio;
	browsers->own.next_nsec = UINT64_MAX;
	r = pl_work_thread_new(&options, &browsers->thread);
	if (r < 0)
		return r;
	pl_work_thread_call(browsers->thread, call_start, &call);
	if (call.r < 0)
		browsers->thread = pl_work_thread_free(browsers->thread);
	return call.r;
}

int browsers_start(struct pl_browsers *browsers)
{
	int r = open_network(browsers);

	if (r < 0)
		return r;
	if (!browsers->identity)
		r = pl_identity_new((uint64_t)time(NULL), &browsers->identity);
	if (r >= 0)
		r = start_thread(browsers);
	if (r < 0)
		snprintf(browsers->trouble, sizeof(browsers->trouble),
			 "listening in a browser cannot start: %s", strerror(-r));
	else
		browsers->trouble[0] = '\0';
	return r;
}

void browsers_stop(struct pl_browsers *browsers)
{
	struct call call = {.browsers = browsers};

	while (browsers->n_sessions > 0)
		browsers_remove(browsers, browsers->sessions[browsers->n_sessions - 1u]);
	if (browsers->thread) {
		browsers_close_places(browsers);
		pl_work_thread_call(browsers->thread, call_stop, &call);
	}
	browsers->thread = pl_work_thread_free(browsers->thread);
	if (browsers->network)
		browsers->network = browsers->network->ops->close(browsers->network);
	browsers->identity = pl_identity_free(browsers->identity);
	free(browsers->own.sources);
	browsers->own.sources = NULL;
}
