/* SPDX-License-Identifier: MIT */
#ifndef PL_GATEWAY_FIELDS_H
#define PL_GATEWAY_FIELDS_H

#include "fields.h"
#include "gateway-def.h"

/** The gateway's structures and their JSON; only for the model's own files. */
extern const struct pl_field pl_stream_fields[];
extern const struct pl_field pl_line_fields[];
extern const struct pl_field pl_tone_input_fields[];
extern const struct pl_field pl_tone_filter_fields[];
extern const struct pl_field pl_page_fields[];
extern const struct pl_field pl_mqtt_fields[];
extern const struct pl_field pl_s3_fields[];
extern const struct pl_field pl_clips_fields[];

extern const char *const pl_stream_protocol_words[2];
extern const char *const pl_stream_cipher_words[3];
extern const char *const pl_line_function_words[5];

#endif
