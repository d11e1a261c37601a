/* SPDX-License-Identifier: MIT */
#include "face-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/** org.partyline.Partyline1.Matrix; what each member means: dbus/org.partyline.Partyline1.Matrix.xml */

/* --- properties ------------------------------------------------------------- */

static int set_vox_threshold(struct pl_control *control, const struct pl_actor *actor, double value,
			     struct pl_error *ret_error)
{
	return pl_control_set_vox(control, actor, value, pl_control_model(control)->vox_hang_ms,
				  ret_error);
}

static int set_vox_hang(struct pl_control *control, const struct pl_actor *actor, double value,
			struct pl_error *ret_error)
{
	return pl_control_set_vox(control, actor, pl_control_model(control)->vox_threshold_db,
				  value, ret_error);
}

static const struct setting {
	const char *property;
	size_t value; /* in struct pl_model: a double or a bool */
	int (*set_number)(struct pl_control *control, const struct pl_actor *actor, double value,
			  struct pl_error *ret_error);
	int (*set_option)(struct pl_control *control, const struct pl_actor *actor, bool value,
			  struct pl_error *ret_error);
} settings[] = {
	{"HeadroomDb", offsetof(struct pl_model, headroom_db), pl_control_set_headroom, NULL},
	{"RampMs", offsetof(struct pl_model, ramp_ms), pl_control_set_ramp, NULL},
	{"VoxThresholdDb", offsetof(struct pl_model, vox_threshold_db), set_vox_threshold, NULL},
	{"VoxHangMs", offsetof(struct pl_model, vox_hang_ms), set_vox_hang, NULL},
	{"TalkTimeoutSeconds", offsetof(struct pl_model, talk_timeout_s),
	 pl_control_set_talk_timeout, NULL},
	{"PartyLine", offsetof(struct pl_model, party_line), NULL, pl_control_set_party_line},
	{"BusyRefusal", offsetof(struct pl_model, busy_refusal), NULL, pl_control_set_busy_refusal},
};

/** @param property  one of the table */
static const struct setting *find_setting(const char *property)
{
	const struct setting *setting = settings;

	while (strcmp(setting->property, property) != 0)
		setting++;
	return setting;
}

static int get_setting(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;
	const struct setting *setting = find_setting(property);
	const char *value = (const char *)pl_control_model(face->control) + setting->value;

	if (setting->set_option)
		return sd_bus_message_append(reply, "b", (int)*(const bool *)value);
	return sd_bus_message_append(reply, "d", *(const double *)value);
}

static int set_number(sd_bus *bus, const char *path, const char *interface, const char *property,
		      sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_call call;
	double value;
	int r;

	r = pl_dbus_call_begin(&call, userdata, message, error, "d", &value);
	if (r < 0)
		return r;
	r = find_setting(property)->set_number(call.control, &call.actor, value, &call.error);
	return pl_dbus_call_result(&call, r);
}

static int set_option(sd_bus *bus, const char *path, const char *interface, const char *property,
		      sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_call call;
	int value, r;

	r = pl_dbus_call_begin(&call, userdata, message, error, "b", &value);
	if (r < 0)
		return r;
	r = find_setting(property)->set_option(call.control, &call.actor, value, &call.error);
	return pl_dbus_call_result(&call, r);
}

/* --- one crosspoint --------------------------------------------------------- */

static int read_direction(sd_bus_message *message, bool *ret_is_uplink, sd_bus_error *error)
{
	const char *word;
	int r;

	r = sd_bus_message_read(message, "s", &word);
	if (r < 0)
		return r;
	if (strcmp(word, "uplink") != 0 && strcmp(word, "downlink") != 0)
		return sd_bus_error_setf(error, PL_DBUS_ERROR_INVALID_ARGUMENT,
					 "direction is uplink or downlink, not \"%.32s\"", word);
	*ret_is_uplink = word[0] == 'u';
	return 0;
}

static int method_set_crosspoint(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_call call;
	uint32_t tablet_id, channel_id;
	double gain_db;
	bool is_uplink = false;
	int r;

	r = read_direction(message, &is_uplink, error);
	if (r >= 0)
		r = pl_dbus_call_begin(&call, userdata, message, error, "uud", &tablet_id,
				       &channel_id, &gain_db);
	if (r < 0)
		return r;
	if (is_uplink)
		r = pl_control_set_uplink(call.control, &call.actor, channel_id, tablet_id,
					  pl_dbus_gain_from_db(gain_db), &call.error);
	else
		r = pl_control_set_downlink(call.control, &call.actor, tablet_id, channel_id,
					    pl_dbus_gain_from_db(gain_db), &call.error);
	return pl_dbus_call_end(&call, r, NULL);
}

static int method_get_crosspoint(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;
	const struct pl_model *model = pl_control_model(face->control);
	uint32_t tablet_id, channel_id;
	bool is_uplink = false;
	double gain;
	int r;

	r = read_direction(message, &is_uplink, error);
	if (r < 0)
		return r;
	r = sd_bus_message_read(message, "uu", &tablet_id, &channel_id);
	if (r < 0)
		return r;
	if (tablet_id < 1 || tablet_id > model->n_tablets)
		return sd_bus_error_setf(error, PL_DBUS_ERROR_NO_SUCH_TABLET,
					 "there is no tablet %u; tablets are 1 to %u", tablet_id,
					 model->n_tablets);
	if (channel_id < 1 || channel_id > model->n_channels)
		return sd_bus_error_setf(error, PL_DBUS_ERROR_NO_SUCH_CHANNEL,
					 "there is no channel %u; channels are 1 to %u", channel_id,
					 model->n_channels);

	gain = is_uplink ? model->channel[channel_id - 1].uplink[tablet_id - 1]
			 : model->tablet[tablet_id - 1].downlink[channel_id - 1];
	return sd_bus_reply_method_return(message, "d", pl_dbus_gain_to_db(gain));
}

/* --- whole matrices --------------------------------------------------------- */

#define N_CELLS_MAX (PL_TABLETS_MAX * PL_CHANNELS_MAX)

struct cells {
	struct pl_matrix_rows rows;
	struct pl_matrix_cell cell[N_CELLS_MAX];
};

/** "a(uud)" of (tablet, channel, gain_db) to control's rows. @param ret_cells  freed by the caller */
static int read_cells(sd_bus_message *message, bool is_uplink, struct cells **ret_cells,
		      sd_bus_error *error)
{
	struct cells *cells;
	uint32_t n = 0, tablet_id, channel_id;
	double gain_db;
	int r;

	cells = malloc(sizeof(*cells));
	if (!cells)
		return -ENOMEM;

	r = sd_bus_message_enter_container(message, 'a', "(uud)");
	while (r >= 0 &&
	       (r = sd_bus_message_read(message, "(uud)", &tablet_id, &channel_id, &gain_db)) > 0) {
		if (n == N_CELLS_MAX) {
			r = sd_bus_error_setf(error, PL_DBUS_ERROR_INVALID_ARGUMENT,
					      "more than %u crosspoints", N_CELLS_MAX);
			break;
		}
		cells->cell[n++] = (struct pl_matrix_cell){
			.row_id = is_uplink ? channel_id : tablet_id,
			.column_id = is_uplink ? tablet_id : channel_id,
			.gain = pl_dbus_gain_from_db(gain_db),
		};
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(message);
	if (r < 0) {
		free(cells);
		return r;
	}
	cells->rows = (struct pl_matrix_rows){.n_cells = n, .cells = cells->cell};
	*ret_cells = cells;
	return 0;
}

static void free_cells(struct cells **cells)
{
	free(*cells);
}

#define cleanup_cells __attribute__((cleanup(free_cells))) struct cells

static int change_matrix(struct pl_face_dbus *face, sd_bus_message *message,
			 const struct cells *uplink, const struct cells *downlink,
			 sd_bus_error *error)
{
	struct pl_matrix_change change = {
		.uplink = uplink ? &uplink->rows : NULL,
		.downlink = downlink ? &downlink->rows : NULL,
	};
	struct pl_dbus_call call;
	int r;

	r = pl_dbus_call_begin(&call, face, message, error, NULL);
	if (r < 0)
		return r;
	r = pl_control_set_matrix(call.control, &call.actor, &change, &call.error);
	return pl_dbus_call_end(&call, r, NULL);
}

static int method_set_uplink(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;
	cleanup_cells *uplink = NULL;
	int r;

	r = read_cells(message, true, &uplink, error);
	if (r < 0)
		return r;
	return change_matrix(face, message, uplink, NULL, error);
}

static int method_set_downlink(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;
	cleanup_cells *downlink = NULL;
	int r;

	r = read_cells(message, false, &downlink, error);
	if (r < 0)
		return r;
	return change_matrix(face, message, NULL, downlink, error);
}

static int method_set_matrix(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;
	cleanup_cells *uplink = NULL;
	cleanup_cells *downlink = NULL;
	int r;

	r = read_cells(message, true, &uplink, error);
	if (r < 0)
		return r;
	r = read_cells(message, false, &downlink, error);
	if (r < 0)
		return r;
	return change_matrix(face, message, uplink, downlink, error);
}

static int method_get_link(sd_bus_message *message, struct pl_face_dbus *face, bool is_uplink)
{
	__attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *reply = NULL;
	int r;

	r = sd_bus_message_new_method_return(message, &reply);
	if (r < 0)
		return r;
	r = pl_dbus_append_cells(reply, is_uplink, NULL, pl_control_model(face->control));
	if (r < 0)
		return r;
	return sd_bus_send(NULL, reply, NULL);
}

static int method_get_uplink(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return method_get_link(message, userdata, true);
}

static int method_get_downlink(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return method_get_link(message, userdata, false);
}

static int method_set_uniform(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_call call;
	double gain_db;
	int r;

	r = pl_dbus_call_begin(&call, userdata, message, error, "d", &gain_db);
	if (r < 0)
		return r;
	/* -inf is as good a word for silence here as for a crosspoint. */
	if (gain_db < PL_METERS_DB_MIN)
		gain_db = PL_METERS_DB_MIN;
	r = pl_control_set_uniform(call.control, &call.actor, gain_db, &call.error);
	return pl_dbus_call_end(&call, r, NULL);
}

static int method_set_vox(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_call call;
	double threshold_db, hang_ms;
	int r;

	r = pl_dbus_call_begin(&call, userdata, message, error, "dd", &threshold_db, &hang_ms);
	if (r < 0)
		return r;
	r = pl_control_set_vox(call.control, &call.actor, threshold_db, hang_ms, &call.error);
	return pl_dbus_call_end(&call, r, NULL);
}

const sd_bus_vtable pl_dbus_matrix_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_WRITABLE_PROPERTY("HeadroomDb", "d", get_setting, set_number, 0,
				 PL_DBUS_EMITS | PL_DBUS_OPEN),
	SD_BUS_WRITABLE_PROPERTY("PartyLine", "b", get_setting, set_option, 0,
				 PL_DBUS_EMITS | PL_DBUS_OPEN),
	SD_BUS_WRITABLE_PROPERTY("RampMs", "d", get_setting, set_number, 0,
				 PL_DBUS_EMITS | PL_DBUS_OPEN),
	SD_BUS_WRITABLE_PROPERTY("VoxThresholdDb", "d", get_setting, set_number, 0,
				 PL_DBUS_EMITS | PL_DBUS_OPEN),
	SD_BUS_WRITABLE_PROPERTY("VoxHangMs", "d", get_setting, set_number, 0,
				 PL_DBUS_EMITS | PL_DBUS_OPEN),
	SD_BUS_WRITABLE_PROPERTY("TalkTimeoutSeconds", "d", get_setting, set_number, 0,
				 PL_DBUS_EMITS | PL_DBUS_OPEN),
	SD_BUS_WRITABLE_PROPERTY("BusyRefusal", "b", get_setting, set_option, 0,
				 PL_DBUS_EMITS | PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS(
		"SetCrosspoint",
		SD_BUS_ARGS("s", direction, "u", tablet, "u", channel, "d", gain_db),
		SD_BUS_NO_RESULT, method_set_crosspoint, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("GetCrosspoint",
				SD_BUS_ARGS("s", direction, "u", tablet, "u", channel),
				SD_BUS_RESULT("d", gain_db), method_get_crosspoint, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("SetUplink", SD_BUS_ARGS("a(uud)", tablet_channel_gain_db),
				SD_BUS_NO_RESULT, method_set_uplink, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("SetDownlink", SD_BUS_ARGS("a(uud)", tablet_channel_gain_db),
				SD_BUS_NO_RESULT, method_set_downlink, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("SetMatrix",
				SD_BUS_ARGS("a(uud)", uplink_tablet_channel_gain_db, "a(uud)",
					    downlink_tablet_channel_gain_db),
				SD_BUS_NO_RESULT, method_set_matrix, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("GetUplink", SD_BUS_NO_ARGS,
				SD_BUS_RESULT("a(uud)", tablet_channel_gain_db), method_get_uplink,
				PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("GetDownlink", SD_BUS_NO_ARGS,
				SD_BUS_RESULT("a(uud)", tablet_channel_gain_db),
				method_get_downlink, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("SetUniform", SD_BUS_ARGS("d", gain_db), SD_BUS_NO_RESULT,
				method_set_uniform, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("SetVox", SD_BUS_ARGS("d", threshold_db, "d", hang_ms),
				SD_BUS_NO_RESULT, method_set_vox, PL_DBUS_OPEN),
	SD_BUS_SIGNAL_WITH_ARGS("MatrixChanged",
				SD_BUS_ARGS("a(uud)", uplink_tablet_channel_gain_db, "a(uud)",
					    downlink_tablet_channel_gain_db),
				0),
	SD_BUS_VTABLE_END,
};
