/* SPDX-License-Identifier: MIT */
#ifndef PL_CONTROL_LISTEN_H
#define PL_CONTROL_LISTEN_H

#include <json-c/json.h>

#include "control.h"
#include "mix.h"

/**
 * Browsers that listen (WHEP) and talk (WHIP): the verbs, what they need from daemon/listen, and
 * what it tells back. A session is opened by an offer (SDP) and answered at once; whether the browser
 * then connects is an event.
 *
 * Thread: the daemon's one loop for everything here.
 */

/** Of a session, with the final NUL: lower-case hexadecimal, of 96 random bits. */
#define PL_LISTEN_ID_SIZE 25u
#define PL_LISTEN_ANSWER_MAX 8192u
#define PL_LISTENERS_MAX 100u
/** An offer that is longer is none. */
#define PL_LISTEN_OFFER_MAX 65536u

enum pl_listen_state {
	PL_LISTEN_CONNECTING, /**< answered; nothing has come from the browser so far */
	PL_LISTEN_CONNECTED,
	PL_LISTEN_LOST, /**< nothing has come for 5 s; it is closed when that goes on */
};

/** Of one session. Counters count since it was opened. */
struct pl_listen_status {
	char id[PL_LISTEN_ID_SIZE];
	bool talks;          /**< WHIP: into tablet_id; else WHEP: hears mix */
	uint32_t tablet_id;  /**< 0: a listener */
	struct pl_mix mix;   /**< of a listener */
	char actor[64];      /**< who opened it */
	uint64_t since_usec; /**< CLOCK_REALTIME at which it was opened */
	enum pl_listen_state state;
	char address[80];  /**< of the browser: "192.0.2.7:50312"; "" so far */
	double connect_ms; /**< from the answer until it was connected; NaN: it is not yet */
	uint64_t n_packets_sent, n_bytes_sent;
	uint64_t n_packets_received, n_bytes_received;
	uint64_t n_lost;      /**< of a talker's packets */
	uint64_t n_concealed; /**< packets' worth that Opus made up */
	uint64_t n_refused;   /**< datagrams: not authentic, not readable */
	double loss_percent;  /**< talker: of the last 10 s; listener: by its reports; NaN: none */
	double jitter_ms;     /**< likewise */
	double round_trip_ms; /**< by RTCP; NaN: not known */
	double depth_ms;      /**< of a talker's jitter buffer, now; NaN: a listener */
};

/** Of all of it. */
struct pl_listen_overview {
	uint16_t port;     /**< UDP; 0: no session has been there so far */
	char trouble[256]; /**< one plain sentence without a full stop, "" */
	uint32_t n_listeners, n_talkers;
	double frame_ms; /**< of what is sent */
};

/** Names an ICE session, with the final NUL: an entity-tag of RFC 9110 8.8.3, with its quotes. */
#define PL_LISTEN_TAG_SIZE 16u

struct pl_listen_answer {
	char id[PL_LISTEN_ID_SIZE];
	char tag[PL_LISTEN_TAG_SIZE];
	char sdp[PL_LISTEN_ANSWER_MAX];
};

/** To what the browser has sent of its ICE since. */
struct pl_listen_fragment {
	bool restarted;               /**< by new names: then what follows is ours; else "" */
	char tag[PL_LISTEN_TAG_SIZE]; /**< of the new ICE session */
	char sdp[PL_LISTEN_ANSWER_MAX];
};

/** daemon/listen. Errors: -EINVAL the offer cannot be used, -EAGAIN it can be a second later, -ENOSPC too
 * many sessions, -EADDRINUSE the port, -ENOENT no such session, -ENOMEM; with a sentence in *ret_error,
 * which is never NULL. */
struct pl_listen_ops {
	/** See pl_control_prepare_listening(); NULL: nothing takes a while */
	void (*prepare)(void *listen);
	/** -EAGAIN: in a second, what takes a while has begun */
	int (*open_listener)(void *listen, const struct pl_actor *actor, const struct pl_mix *mix,
			     const char *offer, size_t size, struct pl_listen_answer *ret_answer,
			     struct pl_error *ret_error);
	/** What talks into that tablet so far is closed. */
	int (*open_talker)(void *listen, const struct pl_actor *actor, uint32_t tablet_id,
			   const char *offer, size_t size, struct pl_listen_answer *ret_answer,
			   struct pl_error *ret_error);
	/** Without a click. -EPROTOTYPE: it is a talker */
	int (*set_mix)(void *listen, const char *id, const struct pl_mix *mix,
		       struct pl_error *ret_error);
	/**
	 * Candidates or an ICE restart: nothing is heard of it. -EKEYEXPIRED: the tag is an older one
	 *
	 * @param tag  of the ICE session it is for; "*": whichever it is
	 */
	int (*trickle)(void *listen, const char *id, const char *tag, const char *fragment,
		       size_t size, struct pl_listen_fragment *ret_fragment,
		       struct pl_error *ret_error);
	/** @param ret_tablet_id  of a talker; 0: a listener */
	int (*close)(void *listen, const char *id, uint32_t *ret_tablet_id);
	/** The sessions in the order in which they were opened. @return 0, -ENOENT: none so far on */
	int (*status)(void *listen, size_t index, struct pl_listen_status *ret_status);
	void (*overview)(void *listen, struct pl_listen_overview *ret_overview);
};

/** @param ops  NULL: not in this build or test, as at first; verbs fail with -EOPNOTSUPP */
void pl_control_set_listen(struct pl_control *control, const struct pl_listen_ops *ops,
			   void *listen);

/**
 * daemon/listen: a session has connected, is lost, or has ended by itself: sends PL_EVENT_LISTEN.
 * Never from inside of an op: what these do is told by the verbs. The keys that a claim holds are
 * released when nobody is connected any more who talks into its tablet.
 *
 * @param tablet_id  of a talker; 0: a listener
 */
void pl_control_listen_changed(struct pl_control *control, uint32_t tablet_id);

/* --- reading ---------------------------------------------------------------------------------- */

/** @return 0; -ENOENT */
int pl_control_listen_status(struct pl_control *control, size_t index,
			     struct pl_listen_status *ret_status);
void pl_control_listen_overview(struct pl_control *control,
				struct pl_listen_overview *ret_overview);
/** "connecting", "connected", "lost" */
const char *pl_listen_state_name(enum pl_listen_state state);
/** All channels' outputs: what is heard by who asks for nothing else. */
void pl_control_default_mix(const struct pl_control *control, struct pl_mix *ret_mix);
/**
 * {"port","trouble","frame_ms","listeners":[…],"talkers":[…]}; ids, with which a session can be changed
 * and closed, only for the role operate. @return the caller puts it; NULL without memory
 */
struct json_object *pl_describe_listeners(struct pl_control *control, const struct pl_actor *actor);
/**
 * The servers of "listen"/"ice_servers" as WebRTC's RTCIceServer, [{"urls","username","credential"}…], with
 * their credentials: a browser logs in with them. Only for who has a role. @return as above
 */
struct json_object *pl_describe_ice_servers(const struct pl_control *control);

/* --- verbs; errors as above, and -EPERM. pl_error.field: /mix /offer /tablet /id ---------------- */

/**
 * Somebody asks how to come, and is about to: what takes a while, as asking the ICE servers where we
 * can be reached, begins now. It is no event. Role: view.
 */
void pl_control_prepare_listening(struct pl_control *control);

/** Role: view. */
int pl_control_open_listener(struct pl_control *control, const struct pl_actor *actor,
			     const struct pl_mix *mix, const char *offer, size_t size,
			     struct pl_listen_answer *ret_answer, struct pl_error *ret_error);
/** Role: view; who knows the id may change it. -ENOENT: there is no such session */
int pl_control_set_mix(struct pl_control *control, const struct pl_actor *actor, const char *id,
		       const struct pl_mix *mix, struct pl_error *ret_error);
/** Role: operate. @param secret  of the claim on the tablet, "". -EBUSY: somebody else has claimed it */
int pl_control_open_talker(struct pl_control *control, const struct pl_actor *actor,
			   uint32_t tablet_id, const char *secret, const char *offer, size_t size,
			   struct pl_listen_answer *ret_answer, struct pl_error *ret_error);
/**
 * Candidates of the browser, or new names of it: an ICE restart, by which a session goes on in
 * another network. Role: view; who knows the id may. It is no event.
 *
 * @param tag  as of RFC 9725 4.3.1: what If-Match says, NULL: it was not there
 * @return 0; -ENOENT: no such session; -ENOKEY: without a tag; -EKEYEXPIRED: an older ICE session's
 */
int pl_control_trickle(struct pl_control *control, const struct pl_actor *actor, const char *id,
		       const char *tag, const char *fragment, size_t size,
		       struct pl_listen_fragment *ret_fragment, struct pl_error *ret_error);
/** Role: view; who knows the id may close it. */
int pl_control_close_session(struct pl_control *control, const struct pl_actor *actor,
			     const char *id, struct pl_error *ret_error);

#endif
