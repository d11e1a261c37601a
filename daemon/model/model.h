/* SPDX-License-Identifier: MIT */
#ifndef PL_MODEL_H
#define PL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include <partyline/keys.h>

#include "binding.h"

/**
 * The intercom's state as plain values: no I/O, no loop, no pointers. Copy it
 * with `=`, compare it with pl_model_equal().
 *
 * Arrays are indexed from 0 (id - 1); bit n of a mask is id n + 1. A mask named
 * `_set` tells which ids were ever given: Mission Control's documents show only
 * those.
 */

#define PL_NAME_MAX 64u

#define PL_TALK_TIMEOUT_S_MAX 3600.0

struct pl_tablet {
	char name[PL_NAME_MAX]; /**< UTF-8, shown to people; "" = "Tablet N" */
	enum pl_talk_mode mode;
	double sidetone;                  /**< linear, 0..1 */
	double downlink[PL_CHANNELS_MAX]; /**< linear, 0..PL_GAIN_MAX */
	uint64_t downlink_set;            /**< channels named in the row */
	uint64_t keys;                    /**< channels whose talk key is held */
	struct pl_binding binding[PL_DIRECTION_MAX_];
};

struct pl_channel {
	char name[PL_NAME_MAX];        /**< UTF-8; "" = "Channel N" */
	double uplink[PL_TABLETS_MAX]; /**< linear, 0..PL_GAIN_MAX */
	uint64_t uplink_set;           /**< tablets named in the row */
	struct pl_binding binding[PL_DIRECTION_MAX_];
};

struct pl_model {
	uint32_t n_tablets;  /**< 1..PL_TABLETS_MAX */
	uint32_t n_channels; /**< 1..PL_CHANNELS_MAX */

	double headroom_db; /**< 0..PL_HEADROOM_DB_MAX */
	bool party_line;
	double ramp_ms;          /**< PL_RAMP_MS_MIN..PL_RAMP_MS_MAX */
	double vox_threshold_db; /**< dBFS, -80..0 */
	double vox_hang_ms;      /**< 0..10000 */

	double talk_timeout_s; /**< time-out timer: a held key is released after this; 0 = off */
	bool busy_refusal;     /**< a channel on which another tablet talks refuses the key */

	uint64_t tablet_mute, tablet_mute_set;
	uint64_t talk_mute;
	uint64_t listen_mute;
	uint64_t channel_mute, channel_mute_set;

	struct pl_tablet tablet[PL_TABLETS_MAX];
	struct pl_channel channel[PL_CHANNELS_MAX];
};

/** One channel or tablet. */
struct pl_endpoint {
	bool is_tablet;
	uint32_t id; /**< from 1 */
};

/** A mask with the bits of ids 1..n, n up to 64. */
static inline uint64_t pl_mask_of(uint32_t n)
{
	return n >= 64u ? UINT64_MAX : (UINT64_C(1) << n) - 1u;
}

/** The bit of an id, 1..64. */
static inline uint64_t pl_mask_bit(uint32_t id)
{
	return UINT64_C(1) << (id - 1u);
}

/** Everyone to everyone at PL_GAIN_DEFAULT, nothing muted, every mode open. */
void pl_model_init(struct pl_model *model, uint32_t n_tablets, uint32_t n_channels);
/** One row of that: everyone at PL_GAIN_DEFAULT. @param channel, tablet  index, from 0 */
void pl_model_init_uplink(struct pl_model *model, uint32_t channel);
void pl_model_init_downlink(struct pl_model *model, uint32_t tablet);

/**
 * Bring a model to another size. What lies beyond the new size is dropped; new ids come
 * with pl_model_init()'s values, and join the rows that still are everyone-to-everyone. A row
 * that was ever written stays as it is: nobody new is heard in it unasked.
 */
void pl_model_resize(struct pl_model *model, uint32_t n_tablets, uint32_t n_channels);

/** Only ids inside the size count. */
bool pl_model_equal(const struct pl_model *a, const struct pl_model *b);
/* Parts of it, for two models of one size. */
bool pl_model_uplink_equal(const struct pl_model *a, const struct pl_model *b);
bool pl_model_downlink_equal(const struct pl_model *a, const struct pl_model *b);
/** party_line, ramp, vox, time-out timer, busy refusal */
bool pl_model_options_equal(const struct pl_model *a, const struct pl_model *b);
bool pl_model_keys_equal(const struct pl_model *a, const struct pl_model *b);
bool pl_model_bindings_equal(const struct pl_model *a, const struct pl_model *b);

/** Borrowed from the model. @param endpoint  inside the model's size */
const struct pl_binding *pl_model_binding(const struct pl_model *model, struct pl_endpoint endpoint,
					  enum pl_direction direction);

/** The row is as pl_model_init() makes it. @param channel, tablet  index, from 0 */
bool pl_model_uplink_is_default(const struct pl_model *model, uint32_t channel);
bool pl_model_downlink_is_default(const struct pl_model *model, uint32_t tablet);

/** Shorter than PL_NAME_MAX bytes, valid UTF-8, no control characters; "" is valid. */
bool pl_name_is_valid(const char *name);

const char *pl_talk_mode_name(enum pl_talk_mode mode);
/** @return 0, or -EINVAL for a word that is none of open, momentary, latch, vox */
int pl_talk_mode_from_name(const char *name, enum pl_talk_mode *ret_mode);

#endif
