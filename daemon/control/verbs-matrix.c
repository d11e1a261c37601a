/* SPDX-License-Identifier: MIT */
#include "control-internal.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/** dB of the verbs; silence below everything that is audible, as in Mission Control's meters */
#define GAIN_DB_MIN -240.0
#define GAIN_DB_MAX 20.0

/** @param field  "/uplink" or "/downlink" */
static int check_cell(const struct pl_matrix_cell *cell, uint32_t n_rows, uint32_t n_columns,
		      const char *field, const char *row_word, const char *column_word,
		      struct pl_error *ret_error)
{
	char pointer[96];

	if (cell->row_id < 1 || cell->row_id > n_rows) {
		snprintf(pointer, sizeof(pointer), "%s/%u", field, cell->row_id);
		return error_set(ret_error, -ENOENT, pointer, "no %s %u; %ss are 1 to %u", row_word,
				 cell->row_id, row_word, n_rows);
	}
	snprintf(pointer, sizeof(pointer), "%s/%u/%u", field, cell->row_id, cell->column_id);
	if (cell->column_id < 1 || cell->column_id > n_columns)
		return error_set(ret_error, -ENOENT, pointer, "no %s %u; %ss are 1 to %u",
				 column_word, cell->column_id, column_word, n_columns);
	return check_range(cell->gain, 0.0, PL_GAIN_MAX, pointer, ret_error);
}

static void clear_uplink(struct pl_model *model)
{
	for (uint32_t c = 0; c < model->n_channels; c++) {
		memset(model->channel[c].uplink, 0, sizeof(model->channel[c].uplink));
		model->channel[c].uplink_set = 0;
	}
}

static void clear_downlink(struct pl_model *model)
{
	for (uint32_t t = 0; t < model->n_tablets; t++) {
		memset(model->tablet[t].downlink, 0, sizeof(model->tablet[t].downlink));
		model->tablet[t].downlink_set = 0;
	}
}

static void put_uplink(struct pl_model *model, uint32_t channel_id, uint32_t tablet_id, double gain)
{
	/* Adding 0.0 makes -0.0 positive, so that it reads and compares as 0. */
	model->channel[channel_id - 1].uplink[tablet_id - 1] = gain + 0.0;
	model->channel[channel_id - 1].uplink_set |= pl_mask_bit(tablet_id);
}

static void put_downlink(struct pl_model *model, uint32_t tablet_id, uint32_t channel_id,
			 double gain)
{
	model->tablet[tablet_id - 1].downlink[channel_id - 1] = gain + 0.0;
	model->tablet[tablet_id - 1].downlink_set |= pl_mask_bit(channel_id);
}

static int check_rows(const struct pl_control *control, const struct pl_matrix_change *change,
		      struct pl_error *ret_error)
{
	uint32_t n_tablets = control->model.n_tablets, n_channels = control->model.n_channels;
	int r;

	for (uint32_t i = 0; change->uplink && i < change->uplink->n_cells; i++) {
		r = check_cell(&change->uplink->cells[i], n_channels, n_tablets, "/uplink",
			       "channel", "tablet", ret_error);
		if (r < 0)
			return r;
	}
	for (uint32_t i = 0; change->downlink && i < change->downlink->n_cells; i++) {
		r = check_cell(&change->downlink->cells[i], n_tablets, n_channels, "/downlink",
			       "tablet", "channel", ret_error);
		if (r < 0)
			return r;
	}
	if (change->headroom_db)
		return check_range(*change->headroom_db, 0.0, PL_HEADROOM_DB_MAX, "/headroom_db",
				   ret_error);
	return 0;
}

int pl_control_set_matrix(struct pl_control *control, const struct pl_actor *actor,
			  const struct pl_matrix_change *change, struct pl_error *ret_error)
{
	int r;

	r = control_begin(control, actor, PL_ROLE_OPERATE, ret_error);
	if (r < 0)
		return r;
	r = check_rows(control, change, ret_error);
	if (r < 0)
		return r;

	if (change->uplink) {
		clear_uplink(&control->next);
		for (uint32_t i = 0; i < change->uplink->n_cells; i++) {
			const struct pl_matrix_cell *cell = &change->uplink->cells[i];

			put_uplink(&control->next, cell->row_id, cell->column_id, cell->gain);
		}
	}
	if (change->downlink) {
		clear_downlink(&control->next);
		for (uint32_t i = 0; i < change->downlink->n_cells; i++) {
			const struct pl_matrix_cell *cell = &change->downlink->cells[i];

			put_downlink(&control->next, cell->row_id, cell->column_id, cell->gain);
		}
	}
	if (change->headroom_db)
		control->next.headroom_db = *change->headroom_db + 0.0;
	return control_commit(control, actor, 1, ret_error);
}

int pl_control_set_uplink(struct pl_control *control, const struct pl_actor *actor,
			  uint32_t channel_id, uint32_t tablet_id, double gain,
			  struct pl_error *ret_error)
{
	int r;

	r = control_begin(control, actor, PL_ROLE_OPERATE, ret_error);
	if (r == 0)
		r = check_channel(control, channel_id, ret_error);
	if (r == 0)
		r = check_tablet(control, tablet_id, ret_error);
	if (r == 0)
		r = check_range(gain, 0.0, PL_GAIN_MAX, "/gain", ret_error);
	if (r < 0)
		return r;
	put_uplink(&control->next, channel_id, tablet_id, gain);
	return control_commit(control, actor, 1, ret_error);
}

int pl_control_set_downlink(struct pl_control *control, const struct pl_actor *actor,
			    uint32_t tablet_id, uint32_t channel_id, double gain,
			    struct pl_error *ret_error)
{
	int r;

	r = control_begin(control, actor, PL_ROLE_OPERATE, ret_error);
	if (r == 0)
		r = check_tablet(control, tablet_id, ret_error);
	if (r == 0)
		r = check_channel(control, channel_id, ret_error);
	if (r == 0)
		r = check_range(gain, 0.0, PL_GAIN_MAX, "/gain", ret_error);
	if (r < 0)
		return r;
	put_downlink(&control->next, tablet_id, channel_id, gain);
	return control_commit(control, actor, 1, ret_error);
}

/** -12 dB gives the very default, so that rows count as untouched again. */
static double gain_from_db(double gain_db)
{
	if (gain_db <= GAIN_DB_MIN)
		return 0.0;
	if (gain_db == -12.0)
		return PL_GAIN_DEFAULT;
	return pow(10.0, gain_db / 20.0);
}

int pl_control_set_uniform(struct pl_control *control, const struct pl_actor *actor, double gain_db,
			   struct pl_error *ret_error)
{
	double gain;
	int r;

	r = control_begin(control, actor, PL_ROLE_OPERATE, ret_error);
	if (r == 0)
		r = check_range(gain_db, GAIN_DB_MIN, GAIN_DB_MAX, "/gain_db", ret_error);
	if (r < 0)
		return r;
	gain = gain_from_db(gain_db);
	for (uint32_t c = 1; c <= control->next.n_channels; c++) {
		for (uint32_t t = 1; t <= control->next.n_tablets; t++) {
			put_uplink(&control->next, c, t, gain);
			put_downlink(&control->next, t, c, gain);
		}
	}
	return control_commit(control, actor, 1, ret_error);
}

int pl_control_set_headroom(struct pl_control *control, const struct pl_actor *actor,
			    double headroom_db, struct pl_error *ret_error)
{
	struct pl_matrix_change change = {.headroom_db = &headroom_db};

	return pl_control_set_matrix(control, actor, &change, ret_error);
}
