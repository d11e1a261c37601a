/* SPDX-License-Identifier: MIT */
#ifndef PL_MODEL_H
#define PL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include <partyline/keys.h>

/**
 * The intercom's state as plain values: no I/O, no loop, no pointers. Copy it
 * with `=`, compare it with pl_model_equal().
 *
 * Arrays are indexed from 0 (id - 1); bit n of a mask is id n + 1. A mask named
 * `_set` tells which ids were ever given: Mission Control's documents show only
 * those.
 */

#define PL_NAME_MAX 64u

struct pl_tablet {
	char name[PL_NAME_MAX]; /**< UTF-8, shown to people; "" = "Tablet N" */
	enum pl_talk_mode mode;
	double sidetone;                  /**< linear, 0..1 */
	double downlink[PL_CHANNELS_MAX]; /**< linear, 0..PL_GAIN_MAX */
	uint64_t downlink_set;            /**< channels named in the row */
	uint64_t keys;                    /**< channels whose talk key is held */
};

struct pl_channel {
	char name[PL_NAME_MAX];        /**< UTF-8; "" = "Channel N" */
	double uplink[PL_TABLETS_MAX]; /**< linear, 0..PL_GAIN_MAX */
	uint64_t uplink_set;           /**< tablets named in the row */
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

/** Everyone to everyone at PL_GAIN_DEFAULT, nothing muted, every mode open. */
void pl_model_init(struct pl_model *model, uint32_t n_tablets, uint32_t n_channels);

bool pl_model_equal(const struct pl_model *a, const struct pl_model *b);

const char *pl_talk_mode_name(enum pl_talk_mode mode);
/** @return 0, or -EINVAL for a word that is none of open, momentary, latch, vox */
int pl_talk_mode_from_name(const char *name, enum pl_talk_mode *ret_mode);

#endif
