/* SPDX-License-Identifier: MIT */
#ifndef PL_HTTP_DOCUMENTS_H
#define PL_HTTP_DOCUMENTS_H

#include <json-c/json.h>

#include "control.h"

/**
 * The documents of our own endpoints below /api and of /ws/events; openapi.json
 * gives every field. Each returns a new object that the caller puts; NULL without
 * memory. Ids count from 1, arrays of a matrix from 0 (id - 1).
 */

/** Everything that can be set, and what it can be set to: {"ts","engine_connected","options","tablets",
 * "channels","uplink","downlink","devices"} */
struct json_object *pl_document_state(struct pl_control *control);
struct json_object *pl_document_options(const struct pl_model *model);
/** @param tablet_id  1..model->n_tablets */
struct json_object *pl_document_tablet(const struct pl_control *control, uint32_t tablet_id);
/** Who has a tablet; NULL: nobody, or no memory */
struct json_object *pl_document_claim(const struct pl_control *control, uint32_t tablet_id);
struct json_object *pl_document_channel(const struct pl_model *model, uint32_t channel_id);
/** The sound cards: the list of pl_describe_devices() */
struct json_object *pl_document_devices(struct pl_control *control);
/** {"channel","tablet","gain","gain_db"} */
struct json_object *pl_document_cell(uint32_t channel_id, uint32_t tablet_id, double gain);
/** One change: {"type","ts","actor":{"face","name"},…what has changed, as it is now} */
struct json_object *pl_document_event(struct pl_control *control, const struct pl_event *event);
/** All meters and gates: {"ts","vu_db","input_db","hold_db","input_hold_db","talking","running"} */
struct json_object *pl_document_meters(struct pl_control *control);
/** Without the last decimals of a double that nobody measures: 3 decimals, for levels in dB. */
struct json_object *pl_json_decibel(double db);

/** Seconds since 1970 */
double pl_now_seconds(void);
/** Linear to dB; 0 and below give PL_METERS_DB_MIN. */
double pl_gain_to_db(double gain);
/** dB to linear; PL_METERS_DB_MIN and below give 0. */
double pl_db_to_gain(double gain_db);

#endif
