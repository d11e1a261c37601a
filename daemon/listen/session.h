/* SPDX-License-Identifier: MIT */
#ifndef PL_LISTEN_SESSION_H
#define PL_LISTEN_SESSION_H

#include <pthread.h>
#include <stdatomic.h>

#include "audio.h"
#include "listen.h"
#include "mixer.h"
#include "playback.h"
#include "receiver.h"
#include "sender.h"
#include "sources.h"
#include "transport.h"
#include "webrtc-sdp.h"

/** One browser that listens, or talks into a tablet: from the graph's ports to its packets. */

/** As told to control, and one more. */
enum listen_session_state {
	LISTEN_SESSION_CONNECTING = PL_LISTEN_CONNECTING,
	LISTEN_SESSION_CONNECTED = PL_LISTEN_CONNECTED,
	LISTEN_SESSION_LOST = PL_LISTEN_LOST,
	LISTEN_SESSION_ENDED, /**< for good: to be removed */
};

struct listen_session_config {
	const struct pl_actor *actor;
	const struct pl_webrtc_offer *offer;
	int notify_fd; /**< written when its state has changed or a source has faded out; borrowed */
	uint32_t tablet_id;         /**< of a talker; 0: a listener */
	const struct pl_mix *mix;   /**< of a listener, as it is told */
	const struct pl_mix *heard; /**< the same for the mixer */
	double frame_ms;
	uint32_t bitrate_bps;
	/** of a talker */
	const struct pl_audio_ops *audio;
	struct pl_audio_port *playback; /**< stays the caller's */
};

struct listen_session {
	struct pl_listen_status
		fixed; /* what does not change: id, talks, tablet_id, actor, since */
	struct listen_transport *transport; /* NULL until _connect, and after _disconnect */
	int notify_fd;
	uint64_t opened_nsec;
	uint8_t payload_type;
	struct pl_opus_config opus;
	uint32_t ssrc;
	char cname[33];
	char mid[PL_WEBRTC_WORD_SIZE]; /* of the offer's section */

	enum listen_session_state told; /* main: of the last event */
	struct pl_mix mix;              /* main */
	struct pl_mix heard;            /* main; the thread reads it when main waits */

	_Atomic int state; /* enum listen_session_state */
	pthread_mutex_t lock;
	struct pl_listen_status status; /* under the lock */

	/* the thread's */
	struct listen_mixer mixer;
	struct pl_sender *sender;     /* NULL until the graph's rate is known */
	struct pl_receiver *receiver; /* likewise */
	uint32_t rate_hz;
	struct pl_playback playback; /* its port: set from the start; of a talker */
	uint64_t report_nsec;        /* of the next one */
	bool reported;
	uint64_t publish_nsec; /* of the next status */
	uint64_t connected_nsec;
	uint64_t n_refused;
};

/** @return 0; -ENOMEM and the like */
int listen_session_new(const struct listen_session_config *config,
		       struct listen_session **ret_session);
/** After _disconnect. Its playback port stays. @return NULL */
struct listen_session *listen_session_free(struct listen_session *session);
/** As last published. Thread: main. */
void listen_session_status(struct listen_session *session, struct pl_listen_status *ret_status);

/* Thread: the one that works. */

/** The next block of all sources: mix, encode, send. */
void listen_session_hear(struct listen_session *session, const float *const blocks[LISTEN_PLACES],
			 uint32_t n_frames, uint32_t rate_hz);
/**
 * What time asks for.
 *
 * @param moved_nsec  when the graph last did
 * @return CLOCK_MONOTONIC of when to call it again at the latest
 */
uint64_t listen_session_work(struct listen_session *session, uint64_t now_nsec,
			     uint64_t moved_nsec);
/**
 * From the next sample on. Main waits.
 *
 * @param heard  the same with devices' ids as of listen_place()
 */
void listen_session_set_mix(struct listen_session *session, const struct pl_mix *mix,
			    const struct pl_mix *heard);
/**
 * A transport of its own: the browser may come. Main waits.
 *
 * @return as struct listen_network_ops' new
 */
int listen_session_connect(struct listen_session *session, struct listen_network *network,
			   const struct pl_webrtc_offer *offer, const struct pl_identity *identity);
/** Says goodbye to the browser, and is nobody any more. Main waits. */
void listen_session_disconnect(struct listen_session *session);
/** Says goodbye to the browser. */
void listen_session_end(struct listen_session *session);

#endif
