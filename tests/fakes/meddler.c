/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pipewire/extensions/metadata.h>
#include <pipewire/pipewire.h>
#include <spa/param/props.h>
#include <spa/pod/builder.h>
#include <spa/utils/result.h>

/**
 * meddler [PROPERTIES]: an ordinary program that tries everything that it should not do with the
 * PipeWire server it finds: remove each object, set each node's volume and mute, load, link, write
 * metadata, raise its own rights. For each try one line on stdout:
 *
 *   refused WHAT ID: REASON        or        ALLOWED WHAT ID
 *
 * PROPERTIES are those of its connection, as in a .conf file. Exit code: 0 all refused, 1 something was
 * allowed, 2 it could not even look.
 */

#define GLOBALS_MAX 1024u

struct meddler {
	struct pw_main_loop *loop;
	struct pw_core *core;
	struct spa_hook core_listener;
	struct pw_registry *registry;
	struct spa_hook registry_listener;
	int pending;
	int n_errors;
	char reason[256];
	bool is_gone;

	struct global {
		uint32_t id;
		char type[64];
		char name[128];
	} globals[GLOBALS_MAX];
	unsigned n_globals;
	unsigned n_allowed;
};

static void on_done(void *userdata, uint32_t id, int seq)
{
	struct meddler *m = userdata;

	if (id == PW_ID_CORE && seq == m->pending)
		pw_main_loop_quit(m->loop);
}

static void on_error(void *userdata, uint32_t id, int seq, int res, const char *message)
{
	struct meddler *m = userdata;

	m->n_errors++;
	snprintf(m->reason, sizeof(m->reason), "%s (%s)", message, spa_strerror(res));
	if (id == PW_ID_CORE && res == -EPIPE) {
		m->is_gone = true;
		pw_main_loop_quit(m->loop);
	}
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.done = on_done,
	.error = on_error,
};

static void on_global(void *userdata, uint32_t id, uint32_t permissions, const char *type,
		      uint32_t version, const struct spa_dict *props)
{
	struct meddler *m = userdata;
	struct global *global;
	const char *name = NULL;

	if (m->n_globals == GLOBALS_MAX)
		return;
	/* Oneself, as the server knows it. */
	if (props && strcmp(type, PW_TYPE_INTERFACE_Client) == 0) {
		const char *pid = spa_dict_lookup(props, PW_KEY_SEC_PID);

		if (pid && strtol(pid, NULL, 10) == getpid())
			return;
	}
	if (props)
		name = spa_dict_lookup(props, PW_KEY_NODE_NAME);
	if (!name && props)
		name = spa_dict_lookup(props, PW_KEY_FACTORY_NAME);
	if (!name && props)
		name = spa_dict_lookup(props, PW_KEY_METADATA_NAME);
	global = &m->globals[m->n_globals++];
	global->id = id;
	snprintf(global->type, sizeof(global->type), "%s", strrchr(type, ':') + 1);
	snprintf(global->name, sizeof(global->name), "%s", name ? name : "");
}

static const struct pw_registry_events registry_events = {
	PW_VERSION_REGISTRY_EVENTS,
	.global = on_global,
};

static void round_trip(struct meddler *m)
{
	if (m->is_gone)
		return;
	m->pending = pw_core_sync(m->core, PW_ID_CORE, 0);
	pw_main_loop_run(m->loop);
}

/** What was tried is on its way: what does the server say? */
static void judge(struct meddler *m, const char *what, uint32_t id, const char *name)
{
	round_trip(m);
	if (m->n_errors > 0)
		printf("refused %s %u %s: %s\n", what, id, name, m->reason);
	else
		printf("ALLOWED %s %u %s\n", what, id, name);
	m->n_allowed += m->n_errors == 0;
	m->n_errors = 0;
	fflush(stdout);
}

static void try_node(struct meddler *m, const struct global *global)
{
	struct pw_node *node = pw_registry_bind(m->registry, global->id, PW_TYPE_INTERFACE_Node,
						PW_VERSION_NODE, 0);
	uint8_t buffer[1024];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	struct spa_pod_frame object, params;

	pw_node_set_param(node, SPA_PARAM_Props, 0,
			  spa_pod_builder_add_object(&b, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props,
						     SPA_PROP_mute, SPA_POD_Bool(true)));
	judge(m, "mute", global->id, global->name);

	b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	spa_pod_builder_push_object(&b, &object, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
	spa_pod_builder_prop(&b, SPA_PROP_params, 0);
	spa_pod_builder_push_struct(&b, &params);
	spa_pod_builder_string(&b, "partyline.headroom-db");
	spa_pod_builder_double(&b, 1.0);
	spa_pod_builder_pop(&b, &params);
	pw_node_set_param(node, SPA_PARAM_Props, 0, spa_pod_builder_pop(&b, &object));
	judge(m, "gain", global->id, global->name);
	pw_node_send_command(node, &SPA_NODE_COMMAND_INIT(SPA_NODE_COMMAND_Suspend));
	judge(m, "suspend", global->id, global->name);
	pw_proxy_destroy((struct pw_proxy *)node);
}

static void try_metadata(struct meddler *m, const struct global *global)
{
	struct pw_metadata *metadata = pw_registry_bind(
		m->registry, global->id, PW_TYPE_INTERFACE_Metadata, PW_VERSION_METADATA, 0);

	pw_metadata_set_property(metadata, 0, "partyline.channel.1.capture", "Spa:String:JSON",
				 "{\"device\":\"card:Evil\",\"port\":0}");
	judge(m, "metadata", global->id, global->name);
	pw_metadata_clear(metadata);
	judge(m, "clear-metadata", global->id, global->name);
	pw_proxy_destroy((struct pw_proxy *)metadata);
}

static void try_client(struct meddler *m, const struct global *global)
{
	struct pw_client *client = pw_registry_bind(m->registry, global->id,
						    PW_TYPE_INTERFACE_Client, PW_VERSION_CLIENT, 0);
	struct pw_permission all = PW_PERMISSION_INIT(PW_ID_ANY, PW_PERM_ALL);

	pw_client_update_permissions(client, 1, &all);
	judge(m, "permissions", global->id, global->name);
	pw_proxy_destroy((struct pw_proxy *)client);
}

static void try_create(struct meddler *m, const char *factory, const char *type, uint32_t version,
		       const char *args)
{
	struct pw_properties *props = pw_properties_new_string(args);
	struct pw_proxy *proxy =
		pw_core_create_object(m->core, factory, type, version, &props->dict, 0);

	judge(m, "create", 0, factory);
	if (proxy)
		pw_proxy_destroy(proxy);
	pw_properties_free(props);
	round_trip(m);
	m->n_errors = 0;
}

static void try_everything(struct meddler *m)
{
	struct pw_permission all[] = {PW_PERMISSION_INIT(PW_ID_ANY, PW_PERM_ALL),
				      PW_PERMISSION_INIT(PW_ID_CORE, PW_PERM_ALL)};

	/* Of one's own rights: the server says nothing and cuts it down to what there is. */
	pw_client_update_permissions(pw_core_get_client(m->core), SPA_N_ELEMENTS(all), all);
	round_trip(m);
	m->n_errors = 0;
	for (unsigned i = 0; i < m->n_globals && !m->is_gone; i++) {
		const struct global *global = &m->globals[i];
		char what[80];

		if (strcmp(global->type, "Node") == 0)
			try_node(m, global);
		if (strcmp(global->type, "Metadata") == 0)
			try_metadata(m, global);
		if (strcmp(global->type, "Client") == 0)
			try_client(m, global);
		snprintf(what, sizeof(what), "destroy-%s", global->type);
		pw_registry_destroy(m->registry, global->id);
		judge(m, what, global->id, global->name);
	}
	try_create(m, "spa-node-factory", PW_TYPE_INTERFACE_Node, PW_VERSION_NODE,
		   "factory.name=support.null-audio-sink node.name=meddler object.linger=true");
	try_create(m, "adapter", PW_TYPE_INTERFACE_Node, PW_VERSION_NODE,
		   "factory.name=support.null-audio-sink node.name=meddler object.linger=true "
		   "library.name=partyline/libspa-partyline");
	try_create(m, "spa-device-factory", PW_TYPE_INTERFACE_Device, PW_VERSION_DEVICE,
		   "factory.name=api.alsa.pcm.device");
	try_create(m, "metadata", PW_TYPE_INTERFACE_Metadata, PW_VERSION_METADATA,
		   "metadata.name=partyline");
	try_create(m, "link-factory", PW_TYPE_INTERFACE_Link, PW_VERSION_LINK,
		   "link.output.node=partyline.tablet.2.listen link.input.node=partyline.tablet.1 "
		   "object.linger=true");
}

int main(int argc, char *argv[])
{
	static struct meddler meddler;
	struct meddler *m = &meddler;
	struct pw_context *context;

	pw_init(NULL, NULL);
	m->loop = pw_main_loop_new(NULL);
	context = pw_context_new(pw_main_loop_get_loop(m->loop), NULL, 0);
	m->core =
		pw_context_connect(context, pw_properties_new_string(argc > 1 ? argv[1] : "{}"), 0);
	if (!m->core) {
		fprintf(stderr, "meddler: no server: %s\n", strerror(errno));
		return 2;
	}
	pw_core_add_listener(m->core, &m->core_listener, &core_events, m);
	m->registry = pw_core_get_registry(m->core, PW_VERSION_REGISTRY, 0);
	pw_registry_add_listener(m->registry, &m->registry_listener, &registry_events, m);
	round_trip(m);
	try_everything(m);
	printf("%u objects seen, %u tries allowed\n", m->n_globals, m->n_allowed);
	if (m->n_globals == 0 || m->is_gone)
		return 2;
	return m->n_allowed ? 1 : 0;
}
