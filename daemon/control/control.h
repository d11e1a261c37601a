/* SPDX-License-Identifier: MIT */
#ifndef PL_CONTROL_H
#define PL_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <partyline/meters.h>

#include "model.h"

/**
 * The verbs. Validation, permission, persistence and events live here once; a
 * face decodes, names the caller, calls one verb and encodes.
 *
 * Thread: the daemon's one loop. Every verb: checks everything first; on an error
 * changes nothing and fills *ret_error (may be NULL); on success the engine has
 * the change, the state is kept (see struct pl_keeper) and the events are out
 * before it returns. A verb that finds nothing to change succeeds.
 *
 * Errors: -EINVAL bad value, -ENOENT no such tablet or channel (out of range),
 * -EBUSY refused because the channel is busy, -EPERM the caller's role is too
 * small; the state could not be kept (then nothing changed): -ENOSPC the disk is full, -ENOMEM,
 * -EIO anything else.
 */

struct pl_control;

/**
 * What a caller may do; each role may do what the ones before it may.
 * VIEW     read everything, change nothing
 * OPERATE  what is done while people talk: talk keys, mutes, gains, headroom, sidetone, modes
 * ADMIN    what shapes the installation: names, sound cards, options of the whole matrix (party
 *          line, ramp, vox, time-out timer, busy refusal), config reload, reset
 */
enum pl_role { PL_ROLE_VIEW, PL_ROLE_OPERATE, PL_ROLE_ADMIN };

/** Who calls, for permission and the log. Borrowed for the call. */
struct pl_actor {
	const char *face; /**< "dbus", "http", "ws", "cli", "gpio", "internal" */
	const char *name; /**< bus name, address …; "" when unknown */
	enum pl_role role;
	const char *token; /**< name of the token that was shown; NULL: none */
	uint64_t key_nsec; /**< when the talk key moved, CLOCK_MONOTONIC; 0: not known, now */
};

struct pl_error {
	int code; /**< the negative errno that the verb returned */
	char field
		[96]; /**< what was refused, as a JSON pointer below the verb's arguments: "/uplink/1/7" */
	char message[512]; /**< one plain sentence, no full stop */
};

/* --- what control needs from others ------------------------------------ */

/**
 * Classes of change, by what they cost the listener; control picks the smallest that does it.
 * The engine is only called for VALUE and above. No verb of the intercom needs ROUTE.
 */
enum pl_change {
	PL_CHANGE_NONE,   /**< nothing audible: a name, an option of control itself */
	PL_CHANGE_VALUE,  /**< ramped in the matrix: gains, mutes, keys, modes … */
	PL_CHANGE_ROUTE,  /**< other links: a crossfade */
	PL_CHANGE_DEVICE, /**< other sound cards: a gap is allowed */
};

/** For two models of one size. */
enum pl_change pl_change_class(const struct pl_model *before, const struct pl_model *after);

#define PL_DEVICE_DESCRIPTION_MAX 128u

enum pl_device_state {
	PL_DEVICE_IDLE,    /**< there, not in use */
	PL_DEVICE_RUNNING, /**< there, samples flow */
	PL_DEVICE_ERROR,   /**< there, but it does not work */
	PL_DEVICE_MISSING, /**< bound, but not there */
};

/** One direction of a sound card. */
struct pl_device {
	enum pl_direction direction;
	/** its names, as pl_device_name_read() writes them; "" where it has none */
	char card[PL_DEVICE_NAME_MAX], path[PL_DEVICE_NAME_MAX], serial[PL_DEVICE_NAME_MAX];
	char description[PL_DEVICE_DESCRIPTION_MAX]; /**< UTF-8, for people */
	uint32_t n_ports;                            /**< 0: not known */
	uint32_t rate_hz;                            /**< 0: not known, as while it is closed */
	enum pl_device_state state;
};

/** The audio engine. Implemented by daemon/engine; tests bring their own. */
struct pl_engine_ops {
	/**
	 * The model has changed from `before` to `after`: bring the matrix there, all of it at one
	 * block boundary. Also called with before == NULL: send everything. Without a
	 * graph this succeeds; everything is sent when the graph is there.
	 */
	int (*apply)(void *engine, const struct pl_model *before, const struct pl_model *after);
	/** Newest meters. @return 0, or -ENODATA without a graph (then faces show silence). */
	int (*read_meters)(void *engine, struct pl_meters_data *ret_data);
	/** @return true while the matrix node is there and has taken the state */
	bool (*is_connected)(void *engine);
	/**
	 * May be NULL. While not connected: why, and what to do, in one plain sentence without a
	 * full stop. @return borrowed until the next call
	 */
	const char *(*trouble)(void *engine);
	/**
	 * May be NULL. The sound cards that are there. pl_control_devices_changed() follows each
	 * change. @return their number; the array is borrowed until the loop runs on
	 */
	size_t (*devices)(void *engine, const struct pl_device **ret_devices);
	/**
	 * May be NULL: apply() then. Like it, when nothing but talk keys differs and it is known when
	 * they moved: they act on the sample of that time, one quantum later.
	 *
	 * @param nsec  CLOCK_MONOTONIC
	 */
	int (*apply_keys)(void *engine, const struct pl_model *before, const struct pl_model *after,
			  uint64_t nsec);
	/** May be NULL. Version of what runs the graph, "1.4.2"; "" while not connected. Borrowed. */
	const char *(*server_version)(void *engine);
};

struct pl_gateway_kept; /* gateway-kept.h */

/** Keeps the state; implemented by control/state-file.c */
struct pl_keeper_ops {
	/**
	 * Keep the model so that neither a crash nor a power cut loses it (write, fsync,
	 * rename). `keys_only`: only talk keys differ; these survive a crash of the daemon,
	 * not a restart of the machine. Called before the engine hears of the change, so that what
	 * is heard is always kept; called again with the old model when the engine refuses.
	 */
	int (*keep)(void *keeper, const struct pl_model *model, bool keys_only);
	/** The same for what verbs have changed about the gateway; may be NULL. */
	int (*keep_gateway)(void *keeper, const struct pl_gateway_kept *kept);
};

/** Announces this Partyline in the network; implemented by daemon/discover. */
struct pl_discover_ops {
	/** @return the name it is announced under, "" when it is not; borrowed until the next call */
	const char *(*name)(void *discover);
	/**
	 * @return why it is not announced although it should be, in one plain sentence without a full
	 *         stop; "" when all is as wanted; borrowed until the next call
	 */
	const char *(*trouble)(void *discover);
};

/* --- events -------------------------------------------------------------- */

enum pl_event_type {
	PL_EVENT_MATRIX,       /**< gains, headroom, modes, sidetone, options; see the flags */
	PL_EVENT_CHANNEL_MUTE, /**< id */
	PL_EVENT_TABLET_MUTE,  /**< id; tablet, talk or listen mute */
	PL_EVENT_KEY_DOWN,     /**< tablet_id, channel_id, priority */
	PL_EVENT_KEY_UP,       /**< tablet_id, channel_id */
	PL_EVENT_NAME,         /**< tablet_id or channel_id */
	PL_EVENT_BINDING, /**< tablet_id or channel_id: bound to another sound card, or to none */
	PL_EVENT_CONFIG_RELOADED,
	PL_EVENT_ENGINE,  /**< connected or not: pl_control_engine_is_connected() */
	PL_EVENT_DEVICES, /**< a sound card came, went or changed: pl_control_list_devices() */
	PL_EVENT_CLAIM,   /**< tablet_id, claim_step: pl_control_get_claim(), claims.h */
	/* the gateway's, see gateway.h */
	PL_EVENT_GATEWAY, /**< definitions changed: pl_control_gateway() */
	PL_EVENT_STREAM,  /**< gateway_id: another state */
	PL_EVENT_LINE,    /**< gateway_id: another state */
	PL_EVENT_PAGE,    /**< page: heard, clip finished or uploaded */
	PL_EVENT_TONE,    /**< tone: a digit, a page or an unknown pair was heard */
	PL_EVENT_EXPORT,  /**< MQTT, S3 or the clips' disk came, went, or has trouble */
	PL_EVENT_LISTEN,  /**< a browser that listens, or talks into tablet_id, came, went or has
			       another mix: listen.h */
};

/**
 * Events are out after the change is kept and applied, in the order of enum pl_event_type, ids
 * rising. A listener must not call a verb; it may remove itself.
 */
struct pl_page_record;
struct pl_tone_event;

struct pl_event {
	enum pl_event_type type;
	enum pl_change change; /**< class of the whole change */
	uint64_t ts_usec;      /**< CLOCK_REALTIME */
	const struct pl_actor *actor;
	const struct pl_model *before; /**< borrowed for the call */
	const struct pl_model *after;
	uint32_t tablet_id;  /**< 0: not about one tablet */
	uint32_t channel_id; /**< 0: not about one channel */
	uint32_t priority;
	unsigned claim_step; /**< enum pl_claim_step, of PL_EVENT_CLAIM */
	bool uplink_changed, downlink_changed, headroom_changed;
	const char *gateway_id;            /**< NULL: not about one stream or line */
	const struct pl_page_record *page; /**< NULL: not about a page */
	const struct pl_tone_event *tone;  /**< NULL: not about a tone */
	bool restart_needed; /**< CONFIG_RELOADED: the file has changes that a restart brings */
};

typedef void (*pl_event_h)(void *userdata, const struct pl_event *event);

struct pl_listener {
	pl_event_h on_event;
	void *userdata;
	struct pl_listener *next; /**< control's */
};

/* --- life ------------------------------------------------------------------ */

struct pl_config; /* control/config.h */

/**
 * Hands `initial` to the engine.
 *
 * @param config  borrowed; outlives the control
 * @param initial state to begin with, copied; time-out timers of its keys start now
 * @param engine_ops  NULL: no engine, everything is accepted, meters are silent
 * @param keeper_ops  NULL: nothing is kept
 */
int pl_control_new(const struct pl_config *config, const struct pl_model *initial,
		   const struct pl_engine_ops *engine_ops, void *engine,
		   const struct pl_keeper_ops *keeper_ops, void *keeper,
		   struct pl_control **ret_control);
struct pl_control *pl_control_free(struct pl_control *control);

void pl_control_add_listener(struct pl_control *control, struct pl_listener *listener);
void pl_control_remove_listener(struct pl_control *control, struct pl_listener *listener);

/** For the engine: the graph came (and has the whole state) or went: sends PL_EVENT_ENGINE. */
void pl_control_engine_changed(struct pl_control *control);
/** For the engine: another list of sound cards, or another state of one: sends PL_EVENT_DEVICES. */
void pl_control_devices_changed(struct pl_control *control);
/** For the loop: release keys whose time-out timer has run out. @return usec (CLOCK_MONOTONIC) of the next, UINT64_MAX for none */
uint64_t pl_control_run_timeouts(struct pl_control *control, uint64_t now_usec);

/* --- reading ------------------------------------------------------------- */

/** Borrowed, valid until the next verb. */
const struct pl_model *pl_control_model(const struct pl_control *control);
/** As last loaded; what needs a restart keeps its running value. Borrowed, until the next reload. */
const struct pl_config *pl_control_config(const struct pl_control *control);
bool pl_control_engine_is_connected(const struct pl_control *control);
/** Why the engine is not connected, for people; "" while it is. Borrowed until the next call. */
const char *pl_control_engine_trouble(const struct pl_control *control);
/** @param ops  NULL: nothing announces this Partyline, as at first */
void pl_control_set_discover(struct pl_control *control, const struct pl_discover_ops *ops,
			     void *discover);
/** The name under which the network knows it, "" for none; see struct pl_discover_ops. */
const char *pl_control_published_name(const struct pl_control *control);
/** Why it is not announced although it should be, for people; "" when all is as wanted. */
const char *pl_control_discover_trouble(const struct pl_control *control);
/** Silence (all zero) with -ENODATA when there is no graph. */
int pl_control_read_meters(struct pl_control *control, struct pl_meters_data *ret_data);

/** One edge of a talk key; Mission Control's ptt_history. */
struct pl_key_record {
	uint64_t ts_usec; /**< CLOCK_REALTIME */
	uint32_t tablet_id, channel_id, priority;
	bool down;
};
#define PL_KEY_HISTORY_MAX 1000u
/** Oldest first. @return number written */
size_t pl_control_key_history(const struct pl_control *control, struct pl_key_record *ret_records,
			      size_t n_max);

/** A sound card and who is bound to it. */
struct pl_device_entry {
	struct pl_device device;
	uint32_t n_uses;
	struct pl_device_use {
		struct pl_endpoint endpoint;
		uint32_t port; /**< 0 = all */
	} uses[PL_TABLETS_MAX + PL_CHANNELS_MAX];
};

struct pl_device_list {
	size_t n_entries;
	struct pl_device_entry entries[];
};

/**
 * Every sound card that is there, then those that are bound and not there (PL_DEVICE_MISSING).
 *
 * @param ret_list  the caller frees it with free()
 */
int pl_control_list_devices(struct pl_control *control, struct pl_device_list **ret_list);

/**
 * What keeps a binding from sounding: one plain sentence without a full stop; "" when it is well,
 * or not bound.
 *
 * @param list      of the same state
 * @param endpoint  must be there
 * @return its length
 */
size_t pl_device_list_trouble(const struct pl_device_list *list, const struct pl_model *model,
			      struct pl_endpoint endpoint, enum pl_direction direction,
			      char *ret_text, size_t size);
/** That, or who else plays to the same port of the card: what is worth saying after binding. */
size_t pl_control_binding_note(struct pl_control *control, struct pl_endpoint endpoint,
			       enum pl_direction direction, char *ret_text, size_t size);

/* --- verbs ---------------------------------------------------------------
 * pl_error.field uses these words: /tablet_id /channel /uplink/<channel>/<tablet>
 * /downlink/<tablet>/<channel> /headroom_db /gain /gain_db /mode /sidetone /name /device /port
 * /ramp_ms /threshold_db /hang_ms /timeout_s; "" when it is about the call as a whole. */

/* Role: operate */

/** Sparse rows as the caller gave them. For uplink rows are channels and columns tablets. */
struct pl_matrix_rows {
	uint32_t n_cells;
	struct pl_matrix_cell {
		uint32_t row_id, column_id;
		double gain; /**< linear, 0..PL_GAIN_MAX */
	} * cells;           /**< borrowed */
};

/** Mission Control's POST /matrix: each part that is given replaces that part as a whole, all at once. */
struct pl_matrix_change {
	const struct pl_matrix_rows *uplink;   /**< NULL: keep */
	const struct pl_matrix_rows *downlink; /**< NULL: keep */
	const double *headroom_db;             /**< NULL: keep */
};
int pl_control_set_matrix(struct pl_control *control, const struct pl_actor *actor,
			  const struct pl_matrix_change *change, struct pl_error *ret_error);

/** One crosspoint, linear. Uplink: what tablet gives to channel; downlink: what channel gives to tablet. */
int pl_control_set_uplink(struct pl_control *control, const struct pl_actor *actor,
			  uint32_t channel_id, uint32_t tablet_id, double gain,
			  struct pl_error *ret_error);
int pl_control_set_downlink(struct pl_control *control, const struct pl_actor *actor,
			    uint32_t tablet_id, uint32_t channel_id, double gain,
			    struct pl_error *ret_error);
/** Everyone to everyone at one gain [dB], -240 (silence) .. +20. */
int pl_control_set_uniform(struct pl_control *control, const struct pl_actor *actor, double gain_db,
			   struct pl_error *ret_error);
int pl_control_set_headroom(struct pl_control *control, const struct pl_actor *actor,
			    double headroom_db, struct pl_error *ret_error);

int pl_control_set_channel_mute(struct pl_control *control, const struct pl_actor *actor,
				uint32_t channel_id, bool mute, struct pl_error *ret_error);
int pl_control_set_tablet_mute(struct pl_control *control, const struct pl_actor *actor,
			       uint32_t tablet_id, bool mute, struct pl_error *ret_error);
int pl_control_set_talk_mute(struct pl_control *control, const struct pl_actor *actor,
			     uint32_t tablet_id, bool mute, struct pl_error *ret_error);
int pl_control_set_listen_mute(struct pl_control *control, const struct pl_actor *actor,
			       uint32_t tablet_id, bool mute, struct pl_error *ret_error);

int pl_control_set_mode(struct pl_control *control, const struct pl_actor *actor,
			uint32_t tablet_id, enum pl_talk_mode mode, struct pl_error *ret_error);
int pl_control_set_sidetone(struct pl_control *control, const struct pl_actor *actor,
			    uint32_t tablet_id, double gain, struct pl_error *ret_error);
int pl_control_set_tablet_name(struct pl_control *control, const struct pl_actor *actor,
			       uint32_t tablet_id, const char *name, struct pl_error *ret_error);
int pl_control_set_channel_name(struct pl_control *control, const struct pl_actor *actor,
				uint32_t channel_id, const char *name, struct pl_error *ret_error);

/**
 * Plug a channel or tablet into a sound card; the policy links them as soon as and as long as the
 * card is there. A card may be bound any number of times: what is captured goes to all, what is
 * played is mixed.
 *
 * @param device  see pl_device_name_read()
 * @param port    0 (all) .. PL_BINDING_PORT_MAX
 */
int pl_control_bind(struct pl_control *control, const struct pl_actor *actor,
		    struct pl_endpoint endpoint, enum pl_direction direction, const char *device,
		    uint32_t port, struct pl_error *ret_error);
int pl_control_unbind(struct pl_control *control, const struct pl_actor *actor,
		      struct pl_endpoint endpoint, enum pl_direction direction,
		      struct pl_error *ret_error);

/* Options of the whole matrix. Role of these, of names and of bindings: admin */
int pl_control_set_party_line(struct pl_control *control, const struct pl_actor *actor,
			      bool party_line, struct pl_error *ret_error);
int pl_control_set_ramp(struct pl_control *control, const struct pl_actor *actor, double ramp_ms,
			struct pl_error *ret_error);
int pl_control_set_vox(struct pl_control *control, const struct pl_actor *actor,
		       double threshold_db, double hang_ms, struct pl_error *ret_error);
/** @param timeout_s  0 (off) .. 3600 */
int pl_control_set_talk_timeout(struct pl_control *control, const struct pl_actor *actor,
				double timeout_s, struct pl_error *ret_error);
int pl_control_set_busy_refusal(struct pl_control *control, const struct pl_actor *actor,
				bool refuse, struct pl_error *ret_error);

/**
 * Talk key. Role: operate. `press` is "on" and `release` is "off" in every mode, so that a
 * repeated or a lost message does no harm. In momentary, open and vox a face presses at the
 * down edge and releases at the up edge; in latch the face toggles: at each down edge it
 * releases when the key is on (pl_control_model()) and presses when not. Repeats change
 * nothing, do not wind the time-out timer and are not in the history. Leaving latch mode
 * releases the tablet's keys: nobody's hand is on them. A channel is busy while another
 * tablet holds its key.
 */
int pl_control_press_key(struct pl_control *control, const struct pl_actor *actor,
			 uint32_t tablet_id, uint32_t channel_id, uint32_t priority,
			 struct pl_error *ret_error);
int pl_control_release_key(struct pl_control *control, const struct pl_actor *actor,
			   uint32_t tablet_id, uint32_t channel_id, struct pl_error *ret_error);
/** Release every key of a tablet (0: of all tablets). */
int pl_control_release_all(struct pl_control *control, const struct pl_actor *actor,
			   uint32_t tablet_id, struct pl_error *ret_error);

/**
 * Read the configuration file again; what can change while running takes effect: headroom_db,
 * fs, frame_size, cors_origins, log level, discover. A broken file changes nothing; the error's
 * message gives the reason, its code is -EINVAL. Role: admin.
 */
int pl_control_reload_config(struct pl_control *control, const struct pl_actor *actor,
			     struct pl_error *ret_error);

/** Forget every setting: pl_model_init() with the configuration's values. Admin. */
int pl_control_reset(struct pl_control *control, const struct pl_actor *actor,
		     struct pl_error *ret_error);

#endif
