/* SPDX-License-Identifier: MIT */
#include "main-listen.h"

#include <errno.h>
#include <stdlib.h>

#include "browsers.h"
#include "claims.h"
#include "config.h"

struct pl_main_listen {
	struct pl_control *control;
	struct pl_config config; /* as it was at the start: what is borrowed from it stays */
	struct pl_browsers *browsers;
	struct pl_listener listener;
};

static void on_changed(void *userdata, uint32_t tablet_id)
{
	struct pl_main_listen *listen = userdata;

	pl_control_listen_changed(listen->control, tablet_id);
}

/** Who has lost a tablet talks into it no longer. */
static void on_control_event(void *userdata, const struct pl_event *event)
{
	struct pl_main_listen *listen = userdata;

	if (event->type != PL_EVENT_CLAIM)
		return;
	switch (event->claim_step) {
	case PL_CLAIM_TAKEN_OVER:
	case PL_CLAIM_LEFT:
	case PL_CLAIM_EXPIRED:
	case PL_CLAIM_RELEASED:
		pl_browsers_end_talker(listen->browsers, event->tablet_id);
		break;
	default:
		break;
	}
}

/** A server on the loopback, behind a proxy, has nothing there that STUN could tell. */
static const char *address_of(const struct pl_config *c)
{
	if (c->listen_address[0])
		return c->listen_address;
	return c->n_listen_ice_servers > 0 ? "0.0.0.0" : c->http_address;
}

int pl_main_listen_new(sd_event *event, struct pl_control *control, struct pl_engine *engine,
		       struct pl_main_listen **ret_listen)
{
	struct pl_main_listen *listen = calloc(1, sizeof(*listen));
	struct pl_browsers_options options;
	const struct pl_config *c;
	int r;

	if (!listen)
		return -ENOMEM;
	listen->control = control;
	r = pl_config_copy(pl_control_config(control), &listen->config);
	if (r < 0) {
		free(listen);
		return r;
	}
	c = &listen->config;
	options = (struct pl_browsers_options){
		.audio = pl_engine_get_audio_ops(),
		.engine = engine,
		.address = address_of(c),
		.port = c->listen_port,
		.candidates = (const char *const *)c->listen_addresses,
		.n_candidates = c->n_listen_addresses,
		.ice_servers = c->listen_ice_servers,
		.n_ice_servers = c->n_listen_ice_servers,
		.frame_ms = c->listen_frame_ms,
		.bitrate_bps = c->listen_bitrate_bps,
		.on_changed = on_changed,
		.userdata = listen,
	};
	r = pl_browsers_new(event, &options, &listen->browsers);
	if (r < 0) {
		pl_main_listen_free(listen);
		return r;
	}
	pl_control_set_listen(control, pl_browsers_get_ops(), listen->browsers);
	listen->listener = (struct pl_listener){.on_event = on_control_event, .userdata = listen};
	pl_control_add_listener(control, &listen->listener);
	*ret_listen = listen;
	return 0;
}

struct pl_main_listen *pl_main_listen_free(struct pl_main_listen *listen)
{
	if (!listen)
		return NULL;
	if (listen->listener.on_event)
		pl_control_remove_listener(listen->control, &listen->listener);
	pl_control_set_listen(listen->control, NULL, NULL);
	pl_browsers_free(listen->browsers);
	pl_config_done(&listen->config);
	free(listen);
	return NULL;
}
