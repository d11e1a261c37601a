/* SPDX-License-Identifier: MIT */
#ifndef PL_MODULE_ARGS_H
#define PL_MODULE_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pipewire/properties.h>
#include <spa/utils/dict.h>

#include <partyline/keys.h>

#define PL_ARG_TABLETS "tablets"
#define PL_ARG_CHANNELS "channels"
#define PL_ARG_RATE "audio.rate"
#define PL_ARG_REMOTE "remote.name"
#define PL_ARG_NODE_PROPS "node.props"
#define PL_ARG_MATRIX_PROPS "matrix.props"
#define PL_ARG_TABLET_PROPS "tablet.props"
#define PL_ARG_CHANNEL_PROPS "channel.props"
#define PL_ARG_TABLET_DESCRIPTIONS "tablet.descriptions"
#define PL_ARG_CHANNEL_DESCRIPTIONS "channel.descriptions"
#define PL_ARG_ALSA_CARDS "alsa.cards"
#define PL_ARG_ALSA_PROPS "alsa.props"

#define PL_RATE_HZ_MIN 8000u
#define PL_RATE_HZ_MAX 192000u

/** What the matrix asks for at the server's default rate, as node.latency: a player that asks for
 * more (pw-cat: 100 ms) must not raise the quantum, and with it the delay, of everybody; who asks
 * for less gets it. Frames: 5.3 ms at 48 kHz. */
#define PL_LATENCY_FRAMES_DEFAULT 256u

/** What libpipewire-module-partyline is told, checked as a whole. */
struct pl_module_args {
	/** "tablets", 1..PL_TABLETS_MAX; default: context property partyline.tablets, else 16 */
	uint32_t n_tablets;
	/** "channels", 1..PL_CHANNELS_MAX; default: context property partyline.channels, else 4 */
	uint32_t n_channels;
	/** "audio.rate", 8000..192000 Hz, of the devices; 0, the default, is the graph's */
	uint32_t rate_hz;
	/** "remote.name": server to export to, outside of a server; NULL is the default one */
	char *remote_name;
	/** "node.props": more properties of every node; the three below go before it */
	struct pw_properties *node_props;
	/** "matrix.props"; without a node.latency, here or above, it is PL_LATENCY_FRAMES_DEFAULT */
	struct pw_properties *matrix_props;
	struct pw_properties *tablet_props;  /**< "tablet.props": both sides of a tablet */
	struct pw_properties *channel_props; /**< "channel.props": both sides of a channel */
	/** "tablet.descriptions": [ "Gallery" "Stage" … ], node.description of the tablets from 1;
	 * at most as many as there are tablets; default "Partyline Tablet N" */
	char *tablet_descriptions[PL_TABLETS_MAX];
	/** "channel.descriptions", likewise; default "Partyline Channel N" */
	char *channel_descriptions[PL_CHANNELS_MAX];
	/** "alsa.cards": true or false, default false: the server itself has the sound cards, see
	 * cards.h; only in a server */
	bool has_alsa_cards;
	/** "alsa.props": more properties of the sound cards' nodes, for example audio.format */
	struct pw_properties *alsa_props;
};

/**
 * Read the module's arguments. Unknown names, broken syntax and values out of range are errors.
 *
 * @param text       SPA JSON, as in a .conf file; NULL is all defaults
 * @param over       arguments that go before those in text, the section module.partyline.args of
 *                   the configuration; NULL for none
 * @param defaults   the context's properties; NULL for none
 * @param ret_args   set on success only; free with pl_module_args_done()
 * @param ret_reason on error: a sentence that names the argument and its allowed range
 * @return 0, -EINVAL or -ENOMEM
 *
 * Thread: main.
 */
int pl_module_args_parse(const char *text, const struct spa_dict *over,
			 const struct spa_dict *defaults, struct pl_module_args *ret_args,
			 char *ret_reason, size_t reason_size);

/** Frees what the structure owns; a zeroed one is fine. */
void pl_module_args_done(struct pl_module_args *args);

#endif
