/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include <pipewire/impl.h>
#include <pipewire/keys.h>
#include <pipewire/log.h>
#include <spa/utils/result.h>
#include <spa/utils/string.h>

#include "args.h"
#include "bindings.h"
#include "cards.h"
#include "meters-export.h"
#include "nodes.h"
#include "notify.h"

/**
 * libpipewire-module-partyline: the intercom's matrix and its virtual devices.
 *
 * In a server (context property core.daemon = true) the nodes are made in the server itself. In
 * any other process they are exported to a server, and again whenever that server has restarted.
 * Arguments: args.h.
 */

PW_LOG_TOPIC_STATIC(mod_topic, "mod.partyline");
#define PW_LOG_TOPIC_DEFAULT mod_topic

#define REASON_MAX 256
/* Section of the configuration, as PipeWire's own modules have. */
#define ARGS_SECTION "module.partyline.args"
/* How often a process of its own looks for a server that has gone. */
#define RECONNECT_MS 250

struct impl {
	struct pw_impl_module *module;
	struct pw_context *context;
	struct spa_hook module_listener;

	struct pl_module_args args;
	struct pl_meters_export *meters;
	struct pl_nodes *nodes;
	struct pl_bindings *bindings;
	struct pl_cards *cards;   /* only in a server */
	struct pl_notify *notify; /* likewise */

	/* only outside of a server */
	struct pw_core *core;
	struct spa_hook core_listener;
	struct spa_hook core_proxy_listener;
	struct spa_source *reconnect_timer;
};

static bool is_server(struct pw_context *context)
{
	const struct pw_properties *props = pw_context_get_properties(context);

	return pw_properties_get_bool(props, PW_KEY_CORE_DAEMON, false);
}

static int nodes_start(struct impl *impl)
{
	struct pl_nodes_setup setup = {
		.context = impl->context,
		.core = impl->core,
		.args = &impl->args,
		.meters_socket = pl_meters_export_get_path(impl->meters),
		.page = pl_meters_export_get_page(impl->meters),
	};
	char reason[REASON_MAX];
	int r;

	r = pl_nodes_new(&setup, &impl->nodes, reason, sizeof(reason));
	if (r < 0)
		pw_log_error("%s", reason);
	return r;
}

static int bindings_start(struct impl *impl)
{
	int r = pl_bindings_publish(impl->bindings, impl->core);

	if (r < 0)
		pw_log_error("cannot make the metadata " PL_METADATA ": %s%s", spa_strerror(r),
			     impl->core ? "; is libpipewire-module-metadata loaded?" : "");
	return r;
}

static int cards_start(struct impl *impl)
{
	char reason[REASON_MAX];
	int r;

	if (!impl->args.has_alsa_cards)
		return 0;
	r = pl_cards_new(impl->context, impl->args.alsa_props, &impl->cards, reason,
			 sizeof(reason));
	if (r < 0)
		pw_log_error(PL_ARG_ALSA_CARDS ": %s", reason);
	return r;
}

static void server_disconnect(struct impl *impl)
{
	pl_nodes_free(impl->nodes);
	impl->nodes = NULL;
	pl_bindings_withdraw(impl->bindings);
	if (impl->core)
		pw_core_disconnect(impl->core);
}

/* Also when the context goes: it disconnects its cores before it unloads its modules. */
static void on_core_destroy(void *data)
{
	struct impl *impl = data;

	spa_hook_remove(&impl->core_listener);
	spa_hook_remove(&impl->core_proxy_listener);
	pl_bindings_withdraw(impl->bindings);
	impl->core = NULL;
}

static const struct pw_proxy_events core_proxy_events = {
	PW_VERSION_PROXY_EVENTS,
	.destroy = on_core_destroy,
};

static void reconnect_later(struct impl *impl)
{
	struct timespec when = {.tv_nsec = RECONNECT_MS * SPA_NSEC_PER_MSEC};

	pw_loop_update_timer(pw_context_get_main_loop(impl->context), impl->reconnect_timer, &when,
			     NULL, false);
}

static void on_core_error(void *data, uint32_t id, int seq, int res, const char *message)
{
	struct impl *impl = data;

	pw_log_warn("server: id %u: %s (%s)", id, message, spa_strerror(res));
	/* The core must not go inside its own event: the timer takes it down. */
	if (id == PW_ID_CORE && res == -EPIPE)
		reconnect_later(impl);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.error = on_core_error,
};

static int server_connect(struct impl *impl)
{
	int r;

	impl->core = pw_context_connect(
		impl->context, pw_properties_new(PW_KEY_REMOTE_NAME, impl->args.remote_name, NULL),
		0);
	if (!impl->core)
		return errno ? -errno : -EIO;
	pw_core_add_listener(impl->core, &impl->core_listener, &core_events, impl);
	pw_proxy_add_listener((struct pw_proxy *)impl->core, &impl->core_proxy_listener,
			      &core_proxy_events, impl);
	r = nodes_start(impl);
	if (r >= 0)
		r = bindings_start(impl);
	if (r < 0)
		server_disconnect(impl);
	return r;
}

static void on_reconnect(void *data, uint64_t expirations)
{
	struct impl *impl = data;

	server_disconnect(impl);
	if (server_connect(impl) < 0)
		reconnect_later(impl);
	else
		pw_log_info("connected to the server again");
}

static int start(struct impl *impl)
{
	struct pw_loop *loop = pw_context_get_main_loop(impl->context);
	int r;

	r = pl_meters_export_new(loop, impl->args.n_tablets, impl->args.n_channels, &impl->meters);
	if (r < 0) {
		pw_log_error("cannot export meters in the runtime folder: %s", spa_strerror(r));
		return r;
	}
	r = pl_bindings_new(impl->context, &impl->bindings);
	if (r < 0)
		return r;
	if (is_server(impl->context)) {
		r = nodes_start(impl);
		if (r >= 0)
			r = bindings_start(impl);
		if (r >= 0)
			r = cards_start(impl);
		return r >= 0 ? pl_notify_new(loop, &impl->notify) : r;
	}
	if (impl->args.has_alsa_cards) {
		pw_log_error(PL_ARG_ALSA_CARDS ": only the server itself can own sound cards; load "
					       "the module there");
		return -ENOTSUP;
	}

	impl->reconnect_timer = pw_loop_add_timer(loop, on_reconnect, impl);
	if (!impl->reconnect_timer)
		return -errno;
	r = server_connect(impl);
	if (r < 0)
		pw_log_error("cannot export to the server: %s", spa_strerror(r));
	return r;
}

static void impl_free(struct impl *impl)
{
	if (!impl)
		return;
	pl_notify_free(impl->notify);
	pl_cards_free(impl->cards);
	server_disconnect(impl);
	pl_bindings_free(impl->bindings);
	if (impl->reconnect_timer)
		pw_loop_destroy_source(pw_context_get_main_loop(impl->context),
				       impl->reconnect_timer);
	pl_meters_export_free(impl->meters);
	pl_module_args_done(&impl->args);
	free(impl);
}

static void on_module_destroy(void *data)
{
	struct impl *impl = data;

	spa_hook_remove(&impl->module_listener);
	impl_free(impl);
}

static const struct pw_impl_module_events module_events = {
	PW_VERSION_IMPL_MODULE_EVENTS,
	.destroy = on_module_destroy,
};

static const struct spa_dict_item module_info[] = {
	{PW_KEY_MODULE_AUTHOR, "The Partyline authors"},
	{PW_KEY_MODULE_DESCRIPTION, "Party-line intercom: mixing matrix and virtual devices"},
	{PW_KEY_MODULE_USAGE, "( tablets=<1..64, default 16> ) ( channels=<1..64, default 4> ) "
			      "( audio.rate=<8000..192000 Hz> ) ( remote.name=<server> ) "
			      "( node.props|matrix.props|tablet.props|channel.props={ … } ) "
			      "( tablet.descriptions|channel.descriptions=[ … ] ) "
			      "( alsa.cards=<bool, default false> ) ( alsa.props={ … } )"},
	{PW_KEY_MODULE_VERSION, PL_VERSION},
};

/** So that a drop-in can change an argument of a file that it does not replace. */
static int args_read(struct impl *impl, const char *text)
{
	const struct pw_properties *defaults = pw_context_get_properties(impl->context);
	struct pw_properties *over = pw_properties_new(NULL, NULL);
	char reason[REASON_MAX];
	int r;

	if (!over)
		return -ENOMEM;
	pw_context_conf_update_props(impl->context, ARGS_SECTION, over);
	r = pl_module_args_parse(text, &over->dict, &defaults->dict, &impl->args, reason,
				 sizeof(reason));
	if (r < 0)
		pw_log_error("wrong argument: %s", reason);
	pw_properties_free(over);
	return r;
}

SPA_EXPORT
int pipewire__module_init(struct pw_impl_module *module, const char *args);

int pipewire__module_init(struct pw_impl_module *module, const char *args)
{
	struct pw_context *context = pw_impl_module_get_context(module);
	struct impl *impl;
	int r;

	PW_LOG_TOPIC_INIT(mod_topic);

	impl = calloc(1, sizeof(*impl));
	if (!impl)
		return -ENOMEM;
	impl->module = module;
	impl->context = context;

	r = args_read(impl, args);
	if (r < 0)
		goto error;
	r = start(impl);
	if (r < 0)
		goto error;

	pw_impl_module_add_listener(module, &impl->module_listener, &module_events, impl);
	pw_impl_module_update_properties(module, &SPA_DICT_INIT_ARRAY(module_info));
	return 0;
error:
	impl_free(impl);
	return r;
}
