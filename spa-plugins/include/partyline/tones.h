/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_TONES_H
#define PARTYLINE_TONES_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <spa/control/control.h>
#include <spa/param/param.h>
#include <spa/param/props.h>
#include <spa/pod/builder.h>
#include <spa/utils/type.h>

#include <partyline/keys.h>

/**
 * What the tone node (PL_FACTORY_TONE) says on its control output: in each cycle a sequence, in it
 * an SPA_CONTROL_Properties event for each tone at the sample where it was decided, with
 * SPA_PROP_params = { PL_PARAM_TONE_EVENT: array of PL_TONES_EVENT_FIELDS Doubles }, the members of
 * struct pl_tones_event in their order.
 *
 * Thread: any. RT-safe: no allocation, lock, log or system call.
 */

enum pl_tones_kind {
	PL_TONES_DIGIT,     /**< a DTMF digit began and is sure; end_position is 0 */
	PL_TONES_DIGIT_END, /**< it ended */
	PL_TONES_TWO_TONE,  /**< a defined page: tone A, then tone B */
	PL_TONES_LONG,      /**< a defined page: one long tone */
	PL_TONES_NEW_PAIR,  /**< two tones in a row that no page knows */
	PL_TONES_KIND_MAX_,
};

struct pl_tones_event {
	uint32_t port; /**< from 1 */
	enum pl_tones_kind kind;
	uint32_t id;       /**< page: its id in PL_PARAM_TONE_PAGES; digit: its character */
	double a_hz, b_hz; /**< as heard; digit: low and high group; long: b is 0 */
	double a_length_s, b_length_s; /**< as heard; digit: a, b is 0 */
	double level_db;               /**< dBFS RMS of the tones, full-scale sine -3.01 */
	uint64_t begin_position;       /**< samples of the graph's clock: of the digit, of tone A */
	uint64_t end_position;         /**< likewise: of the digit, of the last tone */
	/** CLOCK_MONOTONIC, ns, of end_position; of the begin of a digit that lasts */
	uint64_t nsec;
};
#define PL_TONES_EVENT_FIELDS 11u

/** bytes of one event in a sequence, rounded up; and of the sequence without any */
#define PL_TONES_EVENT_SIZE 256u
#define PL_TONES_HEAD_SIZE 64u

/** The builder's memory is borrowed and never grows: spa_pod_builder_init() with fixed memory. */
static inline void pl_tones_encode(struct spa_pod_builder *builder, uint32_t offset,
				   const struct pl_tones_event *event)
{
	const double fields[PL_TONES_EVENT_FIELDS] = {
		event->port,
		(double)event->kind,
		event->id,
		event->a_hz,
		event->b_hz,
		event->a_length_s,
		event->b_length_s,
		event->level_db,
		(double)event->begin_position,
		(double)event->end_position,
		(double)event->nsec,
	};
	struct spa_pod_frame object, params;

	spa_pod_builder_control(builder, offset, SPA_CONTROL_Properties);
	spa_pod_builder_push_object(builder, &object, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
	spa_pod_builder_prop(builder, SPA_PROP_params, 0);
	spa_pod_builder_push_struct(builder, &params);
	spa_pod_builder_string(builder, PL_PARAM_TONE_EVENT);
	spa_pod_builder_array(builder, sizeof(double), SPA_TYPE_Double, PL_TONES_EVENT_FIELDS,
			      fields);
	spa_pod_builder_pop(builder, &params);
	spa_pod_builder_pop(builder, &object);
}

/** Bytes not read yet. They may be anything and may change meanwhile: each is copied out once. */
struct pl_tones_reader {
	const uint8_t *data;
	size_t size;
};

static inline bool pl_tones_take(struct pl_tones_reader *reader, void *ret_bytes, size_t n)
{
	if (n > reader->size)
		return false;
	memcpy(ret_bytes, reader->data, n);
	reader->data += n;
	reader->size -= n;
	return true;
}

/** Take the next POD and its padding. */
static inline bool pl_tones_take_pod(struct pl_tones_reader *reader, uint32_t type,
				     struct pl_tones_reader *ret_body)
{
	uint32_t head[2];
	size_t padded;

	if (!pl_tones_take(reader, head, sizeof(head)) || head[0] > reader->size)
		return false;
	padded = (head[0] + (size_t)7u) & ~(size_t)7u;
	*ret_body = (struct pl_tones_reader){reader->data, head[0]};
	padded = padded < reader->size ? padded : reader->size;
	reader->data += padded;
	reader->size -= padded;
	return head[1] == type;
}

/** Start on a control buffer. @param data NULL: no events. @return false: not a sequence */
static inline bool pl_tones_open(struct pl_tones_reader *ret_reader, const void *data, size_t size)
{
	struct pl_tones_reader reader = {(const uint8_t *)data, data ? size : 0};
	uint32_t unit[2];

	ret_reader->size = 0;
	return pl_tones_take_pod(&reader, SPA_TYPE_Sequence, ret_reader) &&
	       pl_tones_take(ret_reader, unit, sizeof(unit));
}

static inline bool pl_tones_fields(struct pl_tones_reader *value,
				   double ret_fields[PL_TONES_EVENT_FIELDS])
{
	struct pl_tones_reader params, name, array;
	uint32_t head[2];
	char text[sizeof(PL_PARAM_TONE_EVENT)];

	/* object: type and id, then key and flags of its one property */
	if (!pl_tones_take(value, head, sizeof(head)) || head[0] != SPA_TYPE_OBJECT_Props ||
	    !pl_tones_take(value, head, sizeof(head)) || head[0] != SPA_PROP_params ||
	    !pl_tones_take_pod(value, SPA_TYPE_Struct, &params) ||
	    !pl_tones_take_pod(&params, SPA_TYPE_String, &name) || name.size != sizeof(text) ||
	    !pl_tones_take(&name, text, sizeof(text)) ||
	    memcmp(text, PL_PARAM_TONE_EVENT, sizeof(text)) != 0 ||
	    !pl_tones_take_pod(&params, SPA_TYPE_Array, &array) ||
	    !pl_tones_take(&array, head, sizeof(head)))
		return false;
	return head[0] == sizeof(double) && head[1] == SPA_TYPE_Double &&
	       pl_tones_take(&array, ret_fields, PL_TONES_EVENT_FIELDS * sizeof(double));
}

static inline bool pl_tones_check(const double fields[PL_TONES_EVENT_FIELDS])
{
	for (uint32_t i = 0; i < PL_TONES_EVENT_FIELDS; i++) {
		/* the largest whole number below which a double knows all of them */
		if (!(fabs(fields[i]) <= 9007199254740992.0) || (i != 7u && fields[i] < 0.0))
			return false;
	}
	return fields[0] >= 1.0 && fields[0] <= PL_TONE_PORTS_MAX &&
	       fields[1] < (double)PL_TONES_KIND_MAX_ && fields[2] <= (double)UINT32_MAX;
}

/** The next tone; what is none is passed over. @return false after the last */
static inline bool pl_tones_next(struct pl_tones_reader *reader, struct pl_tones_event *ret_event)
{
	uint32_t head[2];
	struct pl_tones_reader value;
	double f[PL_TONES_EVENT_FIELDS];

	while (pl_tones_take(reader, head, sizeof(head))) {
		bool object = pl_tones_take_pod(reader, SPA_TYPE_Object, &value);

		if (!object || head[1] != SPA_CONTROL_Properties || !pl_tones_fields(&value, f) ||
		    !pl_tones_check(f))
			continue;
		*ret_event = (struct pl_tones_event){
			.port = (uint32_t)f[0],
			.kind = (enum pl_tones_kind)f[1],
			.id = (uint32_t)f[2],
			.a_hz = f[3],
			.b_hz = f[4],
			.a_length_s = f[5],
			.b_length_s = f[6],
			.level_db = f[7],
			.begin_position = (uint64_t)f[8],
			.end_position = (uint64_t)f[9],
			.nsec = (uint64_t)f[10],
		};
		return true;
	}
	return false;
}

#endif
