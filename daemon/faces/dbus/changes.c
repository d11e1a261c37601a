/* SPDX-License-Identifier: MIT */
#include "face-private.h"

#include <stdio.h>
#include <string.h>

/*
 * Control says that something changed; what changed is found by comparing with what the
 * bus was told last. So no change can be missed or told twice, whatever verb made it.
 */

/* No object has more properties that emit. */
#define N_NAMES_MAX 12u

struct names {
	char *name[N_NAMES_MAX + 1]; /* NULL-terminated, literals; sd-bus wants no const */
	uint32_t n;
};

static void names_add(struct names *names, bool is_changed, const char *name)
{
	if (is_changed && names->n < N_NAMES_MAX)
		names->name[names->n++] = (char *)name;
}

static void emit(struct pl_face_dbus *face, const char *path, const char *interface,
		 struct names *names)
{
	if (names->n > 0)
		sd_bus_emit_properties_changed_strv(face->bus, path, interface, names->name);
}

/* --- matrix ------------------------------------------------------------------- */

static double gain_at(const struct pl_model *model, bool is_uplink, uint32_t tablet,
		      uint32_t channel)
{
	return is_uplink ? model->channel[channel].uplink[tablet]
			 : model->tablet[tablet].downlink[channel];
}

int pl_dbus_append_cells(sd_bus_message *message, bool is_uplink, const struct pl_model *before,
			 const struct pl_model *after)
{
	int r;

	r = sd_bus_message_open_container(message, 'a', "(uud)");
	for (uint32_t t = 0; r >= 0 && t < after->n_tablets; t++) {
		for (uint32_t c = 0; r >= 0 && c < after->n_channels; c++) {
			double gain = gain_at(after, is_uplink, t, c);

			if (before && gain_at(before, is_uplink, t, c) == gain)
				continue;
			r = sd_bus_message_append(message, "(uud)", t + 1, c + 1,
						  pl_dbus_gain_to_db(gain));
		}
	}
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static bool gains_differ(const struct pl_model *a, const struct pl_model *b)
{
	for (uint32_t t = 0; t < a->n_tablets; t++) {
		for (uint32_t c = 0; c < a->n_channels; c++) {
			if (gain_at(a, true, t, c) != gain_at(b, true, t, c) ||
			    gain_at(a, false, t, c) != gain_at(b, false, t, c))
				return true;
		}
	}
	return false;
}

static void tell_gains(struct pl_face_dbus *face, const struct pl_model *after)
{
	__attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *signal = NULL;
	int r;

	if (!gains_differ(&face->told, after))
		return;
	r = sd_bus_message_new_signal(face->bus, &signal, PL_DBUS_PATH, PL_DBUS_MATRIX_INTERFACE,
				      "MatrixChanged");
	if (r >= 0)
		r = pl_dbus_append_cells(signal, true, &face->told, after);
	if (r >= 0)
		r = pl_dbus_append_cells(signal, false, &face->told, after);
	if (r >= 0)
		sd_bus_send(face->bus, signal, NULL);
}

static void tell_matrix(struct pl_face_dbus *face, const struct pl_model *after)
{
	const struct pl_model *told = &face->told;
	struct names names = {0};

	names_add(&names, told->headroom_db != after->headroom_db, "HeadroomDb");
	names_add(&names, told->party_line != after->party_line, "PartyLine");
	names_add(&names, told->ramp_ms != after->ramp_ms, "RampMs");
	names_add(&names, told->vox_threshold_db != after->vox_threshold_db, "VoxThresholdDb");
	names_add(&names, told->vox_hang_ms != after->vox_hang_ms, "VoxHangMs");
	names_add(&names, told->talk_timeout_s != after->talk_timeout_s, "TalkTimeoutSeconds");
	names_add(&names, told->busy_refusal != after->busy_refusal, "BusyRefusal");
	emit(face, PL_DBUS_PATH, PL_DBUS_MATRIX_INTERFACE, &names);
	tell_gains(face, after);
}

/* --- tablets and channels ----------------------------------------------------- */

static void tell_keys(struct pl_face_dbus *face, const struct pl_model *after, uint32_t tablet_id)
{
	uint64_t keys = after->tablet[tablet_id - 1].keys;
	uint64_t changed = face->told.tablet[tablet_id - 1].keys ^ keys;

	for (uint32_t channel_id = 1; channel_id <= after->n_channels; channel_id++) {
		if (changed & pl_dbus_bit(channel_id))
			sd_bus_emit_signal(face->bus, PL_DBUS_PATH, PL_DBUS_MANAGER_INTERFACE,
					   "KeyChanged", "uub", tablet_id, channel_id,
					   (keys & pl_dbus_bit(channel_id)) != 0);
	}
}

static void names_add_bindings(struct names *names, const struct pl_binding *told,
			       const struct pl_binding *now)
{
	names_add(names, !pl_binding_equal(&told[PL_CAPTURE], &now[PL_CAPTURE]), "Capture");
	names_add(names, !pl_binding_equal(&told[PL_PLAYBACK], &now[PL_PLAYBACK]), "Playback");
}

static void tell_tablet(struct pl_face_dbus *face, const struct pl_model *after, uint32_t id)
{
	const struct pl_tablet *told = &face->told.tablet[id - 1], *now = &after->tablet[id - 1];
	uint64_t bit = pl_dbus_bit(id);
	struct names names = {0};
	char path[64];

	names_add(&names, strcmp(told->name, now->name) != 0, "Name");
	names_add(&names, (face->told.tablet_mute ^ after->tablet_mute) & bit, "Muted");
	names_add(&names, (face->told.talk_mute ^ after->talk_mute) & bit, "TalkMuted");
	names_add(&names, (face->told.listen_mute ^ after->listen_mute) & bit, "ListenMuted");
	names_add(&names, told->mode != now->mode, "Mode");
	names_add(&names, told->sidetone != now->sidetone, "SidetoneDb");
	names_add(&names, told->keys != now->keys, "Keys");
	names_add_bindings(&names, told->binding, now->binding);
	if (names.n == 0)
		return;
	snprintf(path, sizeof(path), PL_DBUS_TABLET_PREFIX "/%u", id);
	emit(face, path, PL_DBUS_TABLET_INTERFACE, &names);
	tell_keys(face, after, id);
}

static void tell_channel(struct pl_face_dbus *face, const struct pl_model *after, uint32_t id)
{
	const struct pl_channel *told = &face->told.channel[id - 1], *now = &after->channel[id - 1];
	struct names names = {0};
	char path[64];

	names_add(&names, strcmp(told->name, now->name) != 0, "Name");
	names_add_bindings(&names, told->binding, now->binding);
	names_add(&names, (face->told.channel_mute ^ after->channel_mute) & pl_dbus_bit(id),
		  "Muted");
	names_add(&names,
		  pl_dbus_active_tablets(&face->told, id) != pl_dbus_active_tablets(after, id),
		  "ActiveTablets");
	if (names.n == 0)
		return;
	snprintf(path, sizeof(path), PL_DBUS_CHANNEL_PREFIX "/%u", id);
	emit(face, path, PL_DBUS_CHANNEL_INTERFACE, &names);
}

/** Claims are not in the model: each of their events is a change. */
static void tell_claim(struct pl_face_dbus *face, uint32_t tablet_id)
{
	struct names names = {0};
	char path[64];

	names_add(&names, true, "Claim");
	snprintf(path, sizeof(path), PL_DBUS_TABLET_PREFIX "/%u", tablet_id);
	emit(face, path, PL_DBUS_TABLET_INTERFACE, &names);
}

/* --- all ---------------------------------------------------------------------- */

void pl_dbus_told_now(struct pl_face_dbus *face)
{
	face->told = *pl_control_model(face->control);
	face->told_connected = pl_control_engine_is_connected(face->control);
}

void pl_dbus_on_event(void *userdata, const struct pl_event *event)
{
	struct pl_face_dbus *face = userdata;
	const struct pl_model *after = pl_control_model(face->control);
	bool is_connected = pl_control_engine_is_connected(face->control);
	bool cards_changed = event->type == PL_EVENT_DEVICES || event->type == PL_EVENT_BINDING;
	struct names names = {0};

	/* Without a bus nobody listens; told is set anew when the bus is back. */
	if (!face->bus || pl_dbus_tell_gateway(face, event))
		return;

	names_add(&names, face->told_connected != is_connected, "Connected");
	names_add(&names, cards_changed, "Devices");
	names_add(&names, cards_changed, "BindingTroubles");
	emit(face, PL_DBUS_PATH, PL_DBUS_MANAGER_INTERFACE, &names);
	tell_matrix(face, after);
	for (uint32_t id = 1; id <= after->n_tablets; id++)
		tell_tablet(face, after, id);
	for (uint32_t id = 1; id <= after->n_channels; id++)
		tell_channel(face, after, id);
	if (event->type == PL_EVENT_CLAIM)
		tell_claim(face, event->tablet_id);
	if (event->type == PL_EVENT_LISTEN)
		sd_bus_emit_signal(face->bus, PL_DBUS_PATH, PL_DBUS_MANAGER_INTERFACE,
				   "ListenersChanged", NULL);
	if (event->type == PL_EVENT_CONFIG_RELOADED)
		sd_bus_emit_signal(face->bus, PL_DBUS_PATH, PL_DBUS_MANAGER_INTERFACE,
				   "ConfigReloaded", NULL);
	pl_dbus_told_now(face);
}
