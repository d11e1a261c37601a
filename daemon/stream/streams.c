/* SPDX-License-Identifier: MIT */
#include "streams.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "echostream-hub.h"
#include "offer.h"
#include "sap-room.h"
#include "stream-run.h"
#include "worker.h"

#define WORKERS_MAX 4u

struct pl_streams {
	sd_event *event;
	struct pl_streams_options options;
	int notify_fd;
	sd_event_source *notify_source;
	struct sap_room *sap;

	struct stream_worker *workers[WORKERS_MAX];
	uint32_t n_workers; /* 0 until the first stream */
	struct pl_echo_hub
		*hub; /* NULL until the first stream of EchoStream's; the first worker's */
	struct pl_work_source hub_source;
	struct stream_run *runs[PL_STREAMS_MAX];
	size_t n_runs;

	/* talk keys, as told last */
	uint64_t channel_keys; /* bit (id - 1): held by any tablet */
	uint64_t tablet_keys;  /* bit (id - 1): holds any */
};

/* --- talk keys -------------------------------------------------------------------------------- */

static bool shall_transmit(const struct pl_streams *streams, const struct pl_stream_def *def)
{
	uint64_t keys = def->endpoint.is_tablet ? streams->tablet_keys : streams->channel_keys;

	return def->transmit == PL_TRANSMIT_ALWAYS ||
	       (keys & (UINT64_C(1) << (def->endpoint.id - 1u))) != 0;
}

static void ops_keys_changed(void *object, const struct pl_model *model)
{
	struct pl_streams *streams = object;

	streams->channel_keys = streams->tablet_keys = 0;
	for (uint32_t i = 0; i < model->n_tablets; i++) {
		streams->channel_keys |= model->tablet[i].keys;
		if (model->tablet[i].keys)
			streams->tablet_keys |= UINT64_C(1) << i;
	}
	for (size_t i = 0; i < streams->n_runs; i++) {
		struct stream_run *run = streams->runs[i];
		bool on = shall_transmit(streams, &run->def);

		if (atomic_exchange(&run->transmit, on) != on)
			stream_worker_kick(run->worker);
	}
}

/* --- running what is defined ------------------------------------------------------------------ */

static int start_workers(struct pl_streams *streams)
{
	long n_cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint32_t n = n_cpus < 4                       ? 1u
		     : n_cpus / 2 > (long)WORKERS_MAX ? WORKERS_MAX
						      : (uint32_t)n_cpus / 2u;
	int r = 0;

	while (r >= 0 && streams->n_workers < n) {
		r = stream_worker_new(streams->notify_fd, &streams->workers[streams->n_workers]);
		streams->n_workers += r >= 0;
	}
	/* Fewer do too. */
	return streams->n_workers > 0 ? 0 : r;
}

static struct stream_worker *idlest(const struct pl_streams *streams)
{
	struct stream_worker *best = streams->workers[0];

	for (uint32_t i = 1; i < streams->n_workers; i++) {
		if (stream_worker_n_runs(streams->workers[i]) < stream_worker_n_runs(best))
			best = streams->workers[i];
	}
	return best;
}

static void on_hub(void *userdata, uint64_t now_nsec)
{
	struct pl_streams *streams = userdata;

	pl_echo_hub_run(streams->hub);
}

static void watch_hub(void *userdata)
{
	struct pl_streams *streams = userdata;

	stream_worker_watch(streams->workers[0], pl_echo_hub_fd(streams->hub),
			    &streams->hub_source);
}

static void unwatch_hub(void *userdata)
{
	struct pl_streams *streams = userdata;

	stream_worker_unwatch(streams->workers[0], pl_echo_hub_fd(streams->hub));
}

/** Streams at the same server share its connection, so all of them are the first worker's. */
static int start_hub(struct pl_streams *streams)
{
	int r;

	if (streams->hub)
		return 0;
	r = pl_echo_hub_new(&streams->hub);
	if (r < 0)
		return r;
	streams->hub_source = (struct pl_work_source){on_hub, streams};
	stream_worker_call(streams->workers[0], watch_hub, streams);
	return 0;
}

static void stop_run(struct pl_streams *streams, size_t index)
{
	struct stream_run *run = streams->runs[index];

	sap_room_withdraw(streams->sap, run->def.id);
	stream_worker_remove(run->worker, run);
	stream_run_free(run);
	streams->runs[index] = streams->runs[--streams->n_runs];
}

static int start_run(struct pl_streams *streams, const struct pl_stream_def *def)
{
	bool is_echo = def->protocol == PL_STREAM_ECHOSTREAM;
	struct stream_run *run;
	int r;

	r = start_workers(streams);
	if (r >= 0 && is_echo)
		r = start_hub(streams);
	if (r < 0)
		return r;
	if (streams->n_runs == PL_STREAMS_MAX)
		return -ENOSPC;
	r = stream_run_new(def, streams->options.audio, streams->options.engine,
			   is_echo ? streams->workers[0] : idlest(streams), &run);
	if (r < 0)
		return r;
	run->hub = is_echo ? streams->hub : NULL;
	atomic_store(&run->transmit, shall_transmit(streams, def));
	r = stream_worker_add(run->worker, run);
	if (r < 0) {
		stream_run_free(run);
		return r;
	}
	streams->runs[streams->n_runs++] = run;
	return 0;
}

static struct stream_run *find_run(const struct pl_streams *streams, const char *id)
{
	for (size_t i = 0; i < streams->n_runs; i++) {
		if (strcmp(streams->runs[i]->def.id, id) == 0)
			return streams->runs[i];
	}
	return NULL;
}

struct jitter_args {
	struct stream_run *run;
	struct pl_jitter_config config;
};

static void set_jitter(void *userdata)
{
	const struct jitter_args *args = userdata;

	stream_run_set_jitter(args->run, &args->config);
}

/** @return whether the run is as defined now; else it has to begin anew */
static bool follow_def(struct stream_run *run, const struct pl_stream_def *def)
{
	struct jitter_args args = {
		.run = run,
		.config = {def->jitter_safety, def->jitter_min_ms, def->jitter_max_ms},
	};
	struct pl_stream_def live = run->def;

	/* Nothing of the worker's depends on these. */
	live.origin = def->origin;
	live.announce = def->announce;
	memcpy(live.name, def->name, sizeof(live.name));
	live.jitter_safety = def->jitter_safety;
	live.jitter_min_ms = def->jitter_min_ms;
	live.jitter_max_ms = def->jitter_max_ms;
	if (!pl_stream_def_equal(&live, def))
		return false;
	run->def.origin = def->origin;
	run->def.announce = def->announce;
	memcpy(run->def.name, def->name, sizeof(run->def.name));
	if (run->def.jitter_safety != def->jitter_safety ||
	    run->def.jitter_min_ms != def->jitter_min_ms ||
	    run->def.jitter_max_ms != def->jitter_max_ms)
		stream_worker_call(run->worker, set_jitter, &args);
	return true;
}

/** What is announced and what is not any more. Nobody misses a stream because of that. */
static void announce(struct pl_streams *streams, const struct pl_gateway *gateway)
{
	for (size_t i = 0; i < streams->n_runs; i++) {
		const struct stream_run *run = streams->runs[i];
		struct lookup_address to = {.size = 0};
		char sdp[PL_SDP_MAX];
		int n = stream_offer(&run->def, run->version, false, sdp, sizeof(sdp));

		if (run->hub || !run->def.announce || !(run->def.way & PL_STREAM_SEND) || n < 0) {
			sap_room_withdraw(streams->sap, run->def.id);
			continue;
		}
		/* One that is known by name is told to everybody. */
		lookup_numeric(run->def.remote_host, run->def.remote_port, &to);
		sap_room_announce(streams->sap, run->def.id, sdp, (size_t)n, &to, run->def.ttl,
				  run->def.interface);
	}
	sap_room_listen(streams->sap, gateway->sap_listen);
}

static int ops_apply(void *object, const struct pl_gateway *before, const struct pl_gateway *after)
{
	struct pl_streams *streams = object;
	int res = 0;

	/* First what goes: its port may be another's now. */
	for (size_t i = streams->n_runs; i-- > 0;) {
		const struct pl_stream_def *def =
			pl_gateway_stream(after, streams->runs[i]->def.id);

		if (!def || !follow_def(streams->runs[i], def))
			stop_run(streams, i);
	}
	for (size_t i = 0; i < after->n_streams; i++) {
		const struct pl_stream_def *def = &after->streams[i];
		int r;

		if (find_run(streams, def->id))
			continue;
		r = start_run(streams, def);
		if (r < 0)
			res = r;
	}
	announce(streams, after);
	return res;
}

/* --- telling ---------------------------------------------------------------------------------- */

static int ops_status(void *object, const char *id, struct pl_stream_status *ret_status)
{
	const struct stream_run *run = find_run(object, id);

	if (!run)
		return -ENOENT;
	stream_snapshot_read(&run->snapshot, ret_status);
	return 0;
}

static size_t ops_sap_sessions(void *object, const struct pl_sap_session **ret_sessions)
{
	const struct pl_streams *streams = object;

	return sap_room_sessions(streams->sap, ret_sessions);
}

static int ops_sdp(void *object, const char *id, char *ret_text, size_t size)
{
	const struct stream_run *run = find_run(object, id);

	return run && !run->hub ? stream_offer(&run->def, run->version, true, ret_text, size)
				: -ENOENT;
}

static int on_notify(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct pl_streams *streams = userdata;
	struct pl_stream_status status;
	uint64_t n;

	if (read(fd, &n, sizeof(n)) < 0)
		return 0;
	for (size_t i = 0; i < streams->n_runs; i++) {
		struct stream_run *run = streams->runs[i];

		stream_snapshot_read(&run->snapshot, &status);
		if (status.state == run->told && strcmp(status.trouble, run->told_trouble) == 0)
			continue;
		run->told = status.state;
		memcpy(run->told_trouble, status.trouble, sizeof(run->told_trouble));
		if (streams->options.on_changed)
			streams->options.on_changed(streams->options.userdata, run->def.id);
	}
	return 0;
}

const struct pl_stream_ops *pl_streams_get_ops(void)
{
	static const struct pl_stream_ops ops = {
		.apply = ops_apply,
		.status = ops_status,
		.sdp = ops_sdp,
		.keys_changed = ops_keys_changed,
		.sap_sessions = ops_sap_sessions,
	};

	return &ops;
}

/* --- life ------------------------------------------------------------------------------------- */

int pl_streams_new(sd_event *event, const struct pl_streams_options *options,
		   struct pl_streams **ret_streams)
{
	struct pl_streams *streams = calloc(1, sizeof(*streams));
	int r;

	if (!streams)
		return -ENOMEM;
	streams->options = *options;
	streams->event = sd_event_ref(event);
	streams->notify_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = streams->notify_fd < 0
		    ? -errno
		    : sd_event_add_io(event, &streams->notify_source, streams->notify_fd, EPOLLIN,
				      on_notify, streams);
	if (r >= 0)
		r = sap_room_new(event, &streams->sap);
	if (r < 0) {
		pl_streams_free(streams);
		return r;
	}
	*ret_streams = streams;
	return 0;
}

struct pl_streams *pl_streams_free(struct pl_streams *streams)
{
	if (!streams)
		return NULL;
	while (streams->n_runs > 0)
		stop_run(streams, streams->n_runs - 1u);
	if (streams->hub)
		stream_worker_call(streams->workers[0], unwatch_hub, streams);
	for (uint32_t i = 0; i < streams->n_workers; i++)
		stream_worker_free(streams->workers[i]);
	pl_echo_hub_free(streams->hub);
	sap_room_free(streams->sap);
	sd_event_source_disable_unref(streams->notify_source);
	if (streams->notify_fd >= 0)
		close(streams->notify_fd);
	sd_event_unref(streams->event);
	free(streams);
	return NULL;
}
