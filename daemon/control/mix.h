/* SPDX-License-Identifier: MIT */
#ifndef PL_MIX_H
#define PL_MIX_H

#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "binding.h"

/**
 * What a listener in a browser hears: places of the intercom, each with a gain and a place between
 * left and right. As text, for a URL:
 *
 *	tablet.1.listen,channel.2.out:-6,tablet.3.talk:0:-1,(device:card:USB,0/2):3
 *
 * that is source[:gain_db[:pan]]; a device stands in brackets, because its name may have colons and
 * commas of its own. As JSON: [{"source":"channel.2.out","gain_db":-6,"pan":0}].
 *
 * Thread: any.
 */

enum pl_mix_kind {
	PL_MIX_TABLET_TALK,   /**< tablet.N.talk: what is said into it, keys or no keys */
	PL_MIX_TABLET_LISTEN, /**< tablet.N.listen: what its person hears */
	PL_MIX_CHANNEL_IN,    /**< channel.N.in: from its outside input */
	PL_MIX_CHANNEL_OUT,   /**< channel.N.out: to its outside output */
	/** device:NAME: what a sound card captures, its first port, or device:NAME/PORT: another; see
	 * pl_device_name_read(). Silence while it is not there */
	PL_MIX_DEVICE,
};

#define PL_MIX_SOURCES_MAX 256u
/** Of these, devices. */
#define PL_MIX_DEVICES_MAX 8u
/** dB; the lowest gain is silence. */
#define PL_MIX_GAIN_MIN_DB (-240.0)
#define PL_MIX_GAIN_MAX_DB 20.0

struct pl_mix_source {
	enum pl_mix_kind kind;
	uint32_t id;    /**< from 1; of a device: its place in the mix's devices, from 1 */
	double gain_db; /**< PL_MIX_GAIN_MIN_DB (silence) .. PL_MIX_GAIN_MAX_DB */
	double pan;     /**< -1 (left) .. 1 (right); 0: as loud in both as it is */
};

struct pl_mix {
	size_t n_sources;
	struct pl_mix_source sources[PL_MIX_SOURCES_MAX]; /**< each place once */
	size_t n_devices;
	struct pl_binding devices[PL_MIX_DEVICES_MAX];
};

/** "tablet.64.listen", "device:serial:…,0/64" */
#define PL_MIX_NAME_MAX (PL_DEVICE_NAME_MAX + 16u)
/** @return length */
int pl_mix_source_name(const struct pl_mix *mix, const struct pl_mix_source *source,
		       char ret_name[PL_MIX_NAME_MAX]);

struct pl_mix_reading {
	uint32_t n_tablets, n_channels; /**< ids beyond these are refused */
	char *reason;                   /**< one sentence for people, on -EINVAL */
	size_t reason_size;
};

/** @return 0 or -EINVAL; *ret_mix is untouched then */
int pl_mix_from_text(const struct pl_mix_reading *reading, const char *text,
		     struct pl_mix *ret_mix);
/** Likewise. @param array  [{"source", "gain_db", "pan"}]; the last two may be left out: 0 */
int pl_mix_from_json(const struct pl_mix_reading *reading, struct json_object *array,
		     struct pl_mix *ret_mix);
/** @return the same; NULL without memory */
struct json_object *pl_mix_to_json(const struct pl_mix *mix);

#endif
