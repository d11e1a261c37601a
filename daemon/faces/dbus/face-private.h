/* SPDX-License-Identifier: MIT */
#ifndef PL_FACE_DBUS_PRIVATE_H
#define PL_FACE_DBUS_PRIVATE_H

#include <json-c/json.h>
#include <systemd/sd-bus.h>

#include "callers.h"
#include "face-dbus.h"
#include "log-tail.h"

/** What the files of this folder share; nothing of it leaves the folder. */

#define PL_DBUS_MANAGER_INTERFACE PL_DBUS_NAME ".Manager"
#define PL_DBUS_MATRIX_INTERFACE PL_DBUS_NAME ".Matrix"
#define PL_DBUS_ACCESS_INTERFACE PL_DBUS_NAME ".Access"
#define PL_DBUS_GATEWAY_INTERFACE PL_DBUS_NAME ".Gateway"
#define PL_DBUS_CHANNEL_INTERFACE PL_DBUS_NAME ".Channel"
#define PL_DBUS_TABLET_INTERFACE PL_DBUS_NAME ".Tablet"
#define PL_DBUS_CHANNEL_PREFIX PL_DBUS_PATH "/channel"
#define PL_DBUS_TABLET_PREFIX PL_DBUS_PATH "/tablet"

#define PL_DBUS_ERROR_INVALID_ARGUMENT PL_DBUS_NAME ".Error.InvalidArgument"
#define PL_DBUS_ERROR_NO_SUCH_TABLET PL_DBUS_NAME ".Error.NoSuchTablet"
#define PL_DBUS_ERROR_NO_SUCH_CHANNEL PL_DBUS_NAME ".Error.NoSuchChannel"
#define PL_DBUS_ERROR_BUSY PL_DBUS_NAME ".Error.Busy"
#define PL_DBUS_ERROR_NOT_PERMITTED PL_DBUS_NAME ".Error.NotPermitted"
#define PL_DBUS_ERROR_NO_SUCH_ID PL_DBUS_NAME ".Error.NoSuchId"
#define PL_DBUS_ERROR_EXISTS PL_DBUS_NAME ".Error.Exists"
#define PL_DBUS_ERROR_CONFIGURED PL_DBUS_NAME ".Error.Configured"
#define PL_DBUS_ERROR_STATE_NOT_KEPT PL_DBUS_NAME ".Error.StateNotKept"

/** How documents are written into messages. */
#define PL_DBUS_JSON_FLAGS (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

/** One tablet or channel on the bus: what a fallback vtable's `find` finds. */
struct pl_dbus_object {
	struct pl_face_dbus *face;
	bool is_tablet;
	uint32_t id;
};

struct pl_face_dbus {
	struct pl_control *control;
	sd_event *event;
	struct pl_face_dbus_options options;

	sd_bus *bus; /**< NULL while waiting for the next try */
	bool owns_name;
	sd_event_source *retry;
	uint64_t retry_delay_usec;
	uint32_t operate_gid;            /**< of PL_DBUS_OPERATE_GROUP; UINT32_MAX: there is none */
	struct pl_dbus_callers *callers; /**< NULL on the session bus, and without a bus */

	struct pl_listener listener;
	/** What the bus was last told; the next event is compared with it. */
	struct pl_model told;
	bool told_connected;

	struct pl_dbus_reader *readers; /**< who follow the log */
	uint32_t n_readers;
	struct pl_log_follower log_follower;

	struct pl_dbus_object tablet[PL_TABLETS_MAX];
	struct pl_dbus_object channel[PL_CHANNELS_MAX];
};

/* Property flags; who may call what is control's to decide, by the caller's role. */
#define PL_DBUS_CONST SD_BUS_VTABLE_PROPERTY_CONST
#define PL_DBUS_EMITS SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define PL_DBUS_OPEN SD_BUS_VTABLE_UNPRIVILEGED

/* --- vtables, one file each ------------------------------------------------ */

extern const sd_bus_vtable pl_dbus_manager_vtable[]; /**< userdata: the face */
extern const sd_bus_vtable pl_dbus_access_vtable[];  /**< userdata: the face */
extern const sd_bus_vtable pl_dbus_gateway_vtable[]; /**< userdata: the face */
extern const sd_bus_vtable pl_dbus_matrix_vtable[];  /**< userdata: the face */
extern const sd_bus_vtable pl_dbus_channel_vtable[]; /**< userdata: struct pl_dbus_object */
extern const sd_bus_vtable pl_dbus_tablet_vtable[];  /**< userdata: struct pl_dbus_object */

/* --- sound cards: members of several interfaces (binding.c) ------------------ */

int pl_dbus_get_binding(sd_bus *bus, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error);
int pl_dbus_bind(sd_bus_message *message, void *userdata, sd_bus_error *error);
int pl_dbus_unbind(sd_bus_message *message, void *userdata, sd_bus_error *error);
int pl_dbus_get_devices(sd_bus *bus, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error);
int pl_dbus_get_binding_troubles(sd_bus *bus, const char *path, const char *interface,
				 const char *property, sd_bus_message *reply, void *userdata,
				 sd_bus_error *error);

/** Both interfaces have these. */
#define PL_DBUS_BINDING_MEMBERS                                                                    \
	SD_BUS_PROPERTY("Capture", "(su)", pl_dbus_get_binding, 0, PL_DBUS_EMITS),                 \
		SD_BUS_PROPERTY("Playback", "(su)", pl_dbus_get_binding, 0, PL_DBUS_EMITS),        \
		SD_BUS_METHOD_WITH_ARGS("Bind",                                                    \
					SD_BUS_ARGS("s", direction, "s", device, "u", port),       \
					SD_BUS_RESULT("s", note), pl_dbus_bind, PL_DBUS_OPEN),     \
		SD_BUS_METHOD_WITH_ARGS("Unbind", SD_BUS_ARGS("s", direction), SD_BUS_NO_RESULT,   \
					pl_dbus_unbind, PL_DBUS_OPEN)

/** Put every object, the object manager and the enumerators on a bus. */
int pl_dbus_objects_add(struct pl_face_dbus *face, sd_bus *bus);

/* --- the log (log.c) ----------------------------------------------------------- */

/** Sockets of FollowLog at a time. */
#define PL_DBUS_LOG_READERS_MAX 16u

int pl_dbus_read_log(sd_bus_message *message, void *userdata, sd_bus_error *error);
int pl_dbus_follow_log(sd_bus_message *message, void *userdata, sd_bus_error *error);
/** End all readers. */
void pl_dbus_log_done(struct pl_face_dbus *face);

/* --- changes ----------------------------------------------------------------- */

/** Listener of control: tell the bus what differs from `told`. */
void pl_dbus_on_event(void *userdata, const struct pl_event *event);
/** Tell of the gateway. @return whether the event was one of its (gateway-tell.c) */
bool pl_dbus_tell_gateway(struct pl_face_dbus *face, const struct pl_event *event);
/**
 * Append the crosspoints of `after` as "a(uud)" of (tablet, channel, gain_db).
 *
 * @param before  NULL: all of them; else only those that differ
 */
int pl_dbus_append_cells(sd_bus_message *message, bool is_uplink, const struct pl_model *before,
			 const struct pl_model *after);

/** Take the present state as told, without a signal: after a new connection. */
void pl_dbus_told_now(struct pl_face_dbus *face);

/* --- callers and errors ------------------------------------------------------ */

/** Group id of PL_DBUS_OPERATE_GROUP, UINT32_MAX for none. May ask the system's user database, and wait for it: before the loop runs. */
uint32_t pl_dbus_operate_gid(void);

/**
 * Who sent this message and what he may do, as callers.h has found out before the call came here.
 * Only verbs need it: reading is open to all that the bus lets through.
 *
 * @return 0; -EACCES for a message of nobody
 */
int pl_dbus_actor_from_message(struct pl_face_dbus *face, sd_bus_message *message,
			       struct pl_actor *ret_actor, sd_bus_error *error);

/**
 * Encode a verb's result: pl_error's code and field to an error name, its message in this
 * face's units.
 *
 * @param r  what the verb returned
 * @return r when it is not an error, else a negative errno with *error set
 */
int pl_dbus_result(int r, const struct pl_error *verb_error, sd_bus_error *error);

/* --- one call of a verb (call.c) ---------------------------------------------- */

struct pl_dbus_call {
	struct pl_control *control;
	struct pl_actor actor;
	struct pl_error error; /**< for the verb */
	sd_bus_message *message;
	sd_bus_error *bus_error;
};

/**
 * Read the arguments of a method, or the value of a property, and find out who calls.
 *
 * @param types  what follows it are pointers, as for sd_bus_message_read(); NULL: no arguments, or
 *               they are read already
 * @return < 0 with *error set
 */
int pl_dbus_call_begin(struct pl_dbus_call *call, struct pl_face_dbus *face,
		       sd_bus_message *message, sd_bus_error *error, const char *types, ...);
/** End the setting of a property. @param r  what the verb returned */
int pl_dbus_call_result(const struct pl_dbus_call *call, int r);
/** End a method: the error, or an answer of these values. @param types  may be NULL */
int pl_dbus_call_end(const struct pl_dbus_call *call, int r, const char *types, ...);
/** Answer with a document, which is taken. @param document  NULL: no memory for it */
int pl_dbus_reply_json(sd_bus_message *message, struct json_object *document);

/* --- values ------------------------------------------------------------------- */

/** Gain [dB] to linear: PL_METERS_DB_MIN and below (also -inf) is 0. NaN stays NaN: the verb refuses it. */
double pl_dbus_gain_from_db(double gain_db);
/** Linear gain to dB: 0 is PL_METERS_DB_MIN. */
double pl_dbus_gain_to_db(double gain);

/** What a property named …VuDb or …PeakDb shows of a measuring point [dBFS]: smoothed RMS or the held peak. */
double pl_dbus_point_db(const struct pl_meters_point *point, const char *property);

/** Append the ids of a mask as "au". */
int pl_dbus_append_ids(sd_bus_message *message, uint64_t mask);
/** Tablets that hold the talk key of a channel. */
uint64_t pl_dbus_active_tablets(const struct pl_model *model, uint32_t channel_id);
/** Column of a per-tablet mask: tablets whose mask has the channel's bit. */
uint64_t pl_dbus_column(const uint64_t masks[], uint32_t n_tablets, uint32_t channel_id);
/** The name people see: the set one or "Tablet N"/"Channel N". Borrowed from the model or from `buffer`. */
const char *pl_dbus_shown_name(const char *name, const char *kind, uint32_t id,
			       char buffer[PL_NAME_MAX]);

static inline uint64_t pl_dbus_bit(uint32_t id)
{
	return UINT64_C(1) << (id - 1);
}

#endif
