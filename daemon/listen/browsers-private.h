/* SPDX-License-Identifier: MIT */
#ifndef PL_BROWSERS_PRIVATE_H
#define PL_BROWSERS_PRIVATE_H

#include "browsers.h"
#include "identity.h"
#include "model.h"
#include "session.h"
#include "sources.h"
#include "transport.h"
#include "work-thread.h"

/** Only for browsers*.c. */

/** One talker a tablet. */
#define SESSIONS_MAX (PL_LISTENERS_MAX + PL_TABLETS_MAX)

struct pl_browsers {
	sd_event *event;
	struct pl_browsers_options options;
	char address[64];
	int notify_fd;
	sd_event_source *notify_source;
	char trouble[256];

	/* NULL until the first session */
	struct pl_identity *identity;
	struct listen_network *network;
	struct pl_work_thread *thread;

	/* changed when the thread stands still; each reads them */
	struct listen_session *sessions[SESSIONS_MAX];
	size_t n_sessions;

	/* main's: whose the ports of devices are; the name is "" where there is none */
	struct pl_binding devices[LISTEN_DEVICES];

	struct {
		struct listen_sources *sources;
		uint64_t moved_nsec; /* when the graph last did */
		uint64_t next_nsec;  /* when work() is called at the latest */
	} own;                       /* the thread's */
};

/* browsers-work.c. Thread: the one that works, but for _start and _stop. */

/** Network, identity and thread, when they are not there yet. @return 0 or negative errno, with trouble */
int browsers_start(struct pl_browsers *browsers);
void browsers_stop(struct pl_browsers *browsers);

/* Thread: main; what is changed is changed while the thread stands still. */

void browsers_prepare(struct pl_browsers *browsers);
/** @return 0 or as listen_session_connect(); -ENOSPC: there are too many */
int browsers_add(struct pl_browsers *browsers, struct listen_session *session,
		 const struct pl_webrtc_offer *offer);
/** It is said goodbye to, forgotten and freed; its playback port is closed. */
void browsers_remove(struct pl_browsers *browsers, struct listen_session *session);
/** It is said goodbye to, and ends: the loop removes it. */
void browsers_end(struct pl_browsers *browsers, struct listen_session *session);
/**
 * Open a port for each place of the mix that has none.
 *
 * @param ret_heard  the mix with devices' ids as of listen_place()
 * @return 0; -EUSERS: more devices than LISTEN_DEVICES; negative errno of the port. After an error
 *         browsers_close_places() closes what was opened
 */
int browsers_open_places(struct pl_browsers *browsers, const struct pl_mix *mix,
			 struct pl_mix *ret_heard);
/** Close those that nobody hears any more. */
void browsers_close_places(struct pl_browsers *browsers);
void browsers_set_mix(struct pl_browsers *browsers, struct listen_session *session,
		      const struct pl_mix *mix, const struct pl_mix *heard);
/** @return as struct listen_network_ops' restart */
int browsers_restart(struct pl_browsers *browsers, struct listen_session *session,
		     const struct pl_webrtc_fragment *fragment);
/** More candidates of the browser. */
void browsers_add_candidates(struct pl_browsers *browsers, struct listen_session *session,
			     const struct pl_webrtc_fragment *fragment);

#endif
