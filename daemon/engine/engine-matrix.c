/* SPDX-License-Identifier: MIT */
#include "engine-matrix.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <pipewire/pipewire.h>

#include "engine-meters.h"
#include "engine-props.h"

/** How often the page is looked at until it shows our serial: about a quantum. */
#define POLL_USEC 5000u
/** The meters' socket may come a moment after the node. */
#define METERS_RETRY_USEC 100000u

struct engine_matrix {
	sd_event *event;
	struct engine_matrix_options options;

	struct pw_registry *registry; /* NULL: no server */
	struct spa_hook registry_listener;
	struct pw_proxy *node; /* NULL: no matrix */
	struct spa_hook node_proxy_listener, node_listener;
	uint32_t node_id;
	bool node_known; /* its properties are here */
	bool node_fits;  /* its size is ours: it gets the state */
	bool may_set;    /* PipeWire lets us */
	uint32_t node_n_tablets, node_n_channels;
	char meters_path[108];
	struct engine_meters *meters;

	struct pl_model model; /* where the matrix shall be */
	bool has_model;
	int64_t serial;        /* newest sent */
	int64_t synced_serial; /* of the message with everything, 0: not sent */
	sd_event_source *poll_timer;
	bool connected;
	char trouble[256];
};

/* --- connected or not --------------------------------------------------------- */

/** The page shows the whole state, or something newer of ours. */
static bool state_has_arrived(const struct engine_matrix *matrix)
{
	int64_t serial = (int64_t)engine_meters_serial(matrix->meters);

	return matrix->synced_serial != 0 && serial >= matrix->synced_serial &&
	       serial <= matrix->serial;
}

static void set_connected(struct engine_matrix *matrix, bool connected)
{
	if (matrix->connected == connected)
		return;
	matrix->connected = connected;
	if (matrix->options.on_changed)
		matrix->options.on_changed(matrix->options.userdata);
}

static void poll_later(struct engine_matrix *matrix)
{
	sd_event_source_set_time_relative(matrix->poll_timer, POLL_USEC);
	sd_event_source_set_enabled(matrix->poll_timer, SD_EVENT_ONESHOT);
}

static void fetch_meters(struct engine_matrix *matrix);

static int on_poll(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct engine_matrix *matrix = userdata;

	if (!matrix->node_fits)
		return 0;
	if (!matrix->meters) {
		fetch_meters(matrix);
		return 0;
	}
	if (state_has_arrived(matrix))
		set_connected(matrix, true);
	else
		poll_later(matrix);
	return 0;
}

static void on_meters_page(void *userdata, int r)
{
	struct engine_matrix *matrix = userdata;

	if (r < 0) {
		matrix->meters = engine_meters_free(matrix->meters);
		pl_log_error(matrix->options.log, "engine.meters_error", r, NULL, NULL,
			     "The meter page at %s cannot be had", matrix->meters_path);
		sd_event_source_set_time_relative(matrix->poll_timer, METERS_RETRY_USEC * 10);
		sd_event_source_set_enabled(matrix->poll_timer, SD_EVENT_ONESHOT);
		return;
	}
	poll_later(matrix);
}

static void fetch_meters(struct engine_matrix *matrix)
{
	int r;

	if (!matrix->meters_path[0])
		return;
	r = engine_meters_new(matrix->event, matrix->meters_path, on_meters_page, matrix,
			      &matrix->meters);
	if (r < 0) {
		sd_event_source_set_time_relative(matrix->poll_timer, METERS_RETRY_USEC);
		sd_event_source_set_enabled(matrix->poll_timer, SD_EVENT_ONESHOT);
	}
}

/* --- the matrix node -------------------------------------------------------------- */

/** @param before  NULL: everything. @param keys_nsec  0: at the next block */
static int send(struct engine_matrix *matrix, const struct pl_model *before,
		const struct pl_model *after, uint64_t keys_nsec)
{
	struct spa_pod *pod;
	int r;

	r = engine_props_build(before, after, matrix->serial + 1, keys_nsec, &pod);
	if (r <= 0)
		return r;
	r = pw_node_set_param((struct pw_node *)matrix->node, SPA_PARAM_Props, 0, pod);
	free(pod);
	if (r < 0)
		return r;
	matrix->serial++;
	return 0;
}

static void send_everything(struct engine_matrix *matrix)
{
	int r;

	if (!matrix->node_fits || !matrix->has_model)
		return;
	r = send(matrix, NULL, &matrix->model, 0);
	if (r < 0) {
		pl_log_error(matrix->options.log, "engine.refused", r, NULL, NULL,
			     "The state could not be sent to the matrix");
		return;
	}
	matrix->synced_serial = matrix->serial;
	poll_later(matrix);
}

static void forget_node(struct engine_matrix *matrix)
{
	if (matrix->node) {
		spa_hook_remove(&matrix->node_listener);
		spa_hook_remove(&matrix->node_proxy_listener);
		pw_proxy_destroy(matrix->node);
		matrix->node = NULL;
	}
	matrix->node_known = matrix->node_fits = false;
	matrix->meters_path[0] = '\0';
	matrix->meters = engine_meters_free(matrix->meters);
	matrix->synced_serial = 0;
	sd_event_source_set_enabled(matrix->poll_timer, SD_EVENT_OFF);
	set_connected(matrix, false);
}

static uint32_t get_number(const struct spa_dict *props, const char *key)
{
	const char *text = spa_dict_lookup(props, key);

	return text ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

static void on_node_info(void *userdata, const struct pw_node_info *info)
{
	struct engine_matrix *matrix = userdata;
	uint32_t n_tablets, n_channels;
	const char *path;

	if (matrix->node_known || !info->props)
		return;
	matrix->node_known = true;
	n_tablets = get_number(info->props, PL_KEY_TABLETS);
	n_channels = get_number(info->props, PL_KEY_CHANNELS);
	matrix->node_n_tablets = n_tablets;
	matrix->node_n_channels = n_channels;
	if (n_tablets != matrix->options.n_tablets || n_channels != matrix->options.n_channels) {
		pl_log_error(matrix->options.log, "engine.size_differs", 0,
			     "give both the same size: tablets and channels in the daemon's "
			     "configuration, partyline.tablets and partyline.channels for the "
			     "module",
			     NULL,
			     "The matrix has %u tablets and %u channels, the configuration %u "
			     "and %u: it is left alone",
			     n_tablets, n_channels, matrix->options.n_tablets,
			     matrix->options.n_channels);
		return;
	}
	path = spa_dict_lookup(info->props, PL_KEY_METERS_SOCKET);
	snprintf(matrix->meters_path, sizeof(matrix->meters_path), "%s", path ? path : "");
	if (!path)
		pl_log_error(matrix->options.log, "engine.meters_error", 0,
			     "the node has no " PL_KEY_METERS_SOCKET, NULL,
			     "The matrix gets its state, but there are no meters");
	matrix->node_fits = true;
	fetch_meters(matrix);
	send_everything(matrix);
}

static const struct pw_node_events node_events = {
	PW_VERSION_NODE_EVENTS,
	.info = on_node_info,
};

static void on_node_error(void *userdata, int seq, int res, const char *message)
{
	struct engine_matrix *matrix = userdata;

	pl_log_error(matrix->options.log, "engine.refused", res, message, NULL,
		     "The matrix has refused a change");
}

static const struct pw_proxy_events node_proxy_events = {
	PW_VERSION_PROXY_EVENTS,
	.error = on_node_error,
};

/* --- in the graph ------------------------------------------------------------------- */

static bool is_matrix(const struct spa_dict *props)
{
	const char *role = props ? spa_dict_lookup(props, PL_KEY_ROLE) : NULL;
	const char *name = props ? spa_dict_lookup(props, PW_KEY_NODE_NAME) : NULL;

	return (role && strcmp(role, PL_ROLE_MATRIX) == 0) ||
	       (name && strcmp(name, PL_NODE_MATRIX) == 0);
}

static void on_global(void *userdata, uint32_t id, uint32_t permissions, const char *type,
		      uint32_t version, const struct spa_dict *props)
{
	struct engine_matrix *matrix = userdata;

	if (matrix->node || strcmp(type, PW_TYPE_INTERFACE_Node) != 0 || !is_matrix(props))
		return;
	matrix->node = pw_registry_bind(matrix->registry, id, type, PW_VERSION_NODE, 0);
	if (!matrix->node) {
		pl_log_error(matrix->options.log, "engine.refused", -errno, NULL, NULL,
			     "The matrix cannot be bound");
		return;
	}
	matrix->node_id = id;
	matrix->may_set = PW_PERM_IS_W(permissions) && PW_PERM_IS_X(permissions);
	pw_proxy_add_listener(matrix->node, &matrix->node_proxy_listener, &node_proxy_events,
			      matrix);
	pw_proxy_add_object_listener(matrix->node, &matrix->node_listener, &node_events, matrix);
}

static void on_global_remove(void *userdata, uint32_t id)
{
	struct engine_matrix *matrix = userdata;

	if (matrix->node && matrix->node_id == id)
		forget_node(matrix);
}

static const struct pw_registry_events registry_events = {
	PW_VERSION_REGISTRY_EVENTS,
	.global = on_global,
	.global_remove = on_global_remove,
};

void engine_matrix_attach(struct engine_matrix *matrix, struct pw_registry *registry)
{
	matrix->registry = registry;
	pw_registry_add_listener(registry, &matrix->registry_listener, &registry_events, matrix);
}

void engine_matrix_detach(struct engine_matrix *matrix)
{
	if (!matrix)
		return;
	forget_node(matrix);
	if (matrix->registry)
		spa_hook_remove(&matrix->registry_listener);
	matrix->registry = NULL;
}

/* --- for the engine ------------------------------------------------------------------- */

int engine_matrix_apply_keys(struct engine_matrix *matrix, const struct pl_model *before,
			     const struct pl_model *after, uint64_t keys_nsec)
{
	int r;

	if (matrix->synced_serial != 0) {
		r = send(matrix, before, after, keys_nsec);
		if (r < 0)
			return r;
	}
	matrix->model = *after;
	return 0;
}

int engine_matrix_apply(struct engine_matrix *matrix, const struct pl_model *before,
			const struct pl_model *after)
{
	int r;

	/* Without the whole state a difference is worth nothing; it comes with the matrix. */
	if (before && matrix->synced_serial != 0) {
		r = send(matrix, before, after, 0);
		if (r < 0)
			return r;
	}
	matrix->model = *after;
	matrix->has_model = true;
	if (!before)
		send_everything(matrix);
	return 0;
}

int engine_matrix_read_meters(struct engine_matrix *matrix, struct pl_meters_data *ret_data)
{
	uint64_t now_usec;

	sd_event_now(matrix->event, CLOCK_MONOTONIC, &now_usec);
	return engine_meters_read(matrix->meters, now_usec, ret_data);
}

bool engine_matrix_is_connected(const struct engine_matrix *matrix)
{
	return matrix->connected;
}

const char *engine_matrix_trouble(struct engine_matrix *matrix)
{
	if (!matrix->node_known)
		return "PipeWire runs, but the matrix is not in it; is the Partyline module "
		       "loaded (50-partyline.conf in pipewire.conf.d)?";
	if (!matrix->may_set)
		return "PipeWire lets the daemon look and not set: it could not open the manager's "
		       "socket beside the ordinary one; put its user into that socket's group (of an "
		       "appliance: partyline-pipewire) and restart it";
	if (matrix->node_fits)
		return "the matrix has not taken the settings yet";
	snprintf(
		matrix->trouble, sizeof(matrix->trouble),
		"the matrix has %u tablets and %u channels, the configuration %u and %u; give both "
		"the same size",
		matrix->node_n_tablets, matrix->node_n_channels, matrix->options.n_tablets,
		matrix->options.n_channels);
	return matrix->trouble;
}

/* --- life ----------------------------------------------------------------------------- */

int engine_matrix_new(sd_event *event, const struct engine_matrix_options *options,
		      struct engine_matrix **ret_matrix)
{
	struct engine_matrix *matrix = calloc(1, sizeof(*matrix));
	struct timespec ts;
	int r;

	if (!matrix)
		return -ENOMEM;
	matrix->event = sd_event_ref(event);
	matrix->options = *options;
	/* Larger than any of an earlier daemon, so that its page is not taken for ours. */
	clock_gettime(CLOCK_REALTIME, &ts);
	matrix->serial = (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
	r = sd_event_add_time(event, &matrix->poll_timer, CLOCK_MONOTONIC, 0, 0, on_poll, matrix);
	if (r >= 0)
		r = sd_event_source_set_enabled(matrix->poll_timer, SD_EVENT_OFF);
	if (r < 0) {
		engine_matrix_free(matrix);
		return r;
	}
	*ret_matrix = matrix;
	return 0;
}

struct engine_matrix *engine_matrix_free(struct engine_matrix *matrix)
{
	if (!matrix)
		return NULL;
	sd_event_source_disable_unref(matrix->poll_timer);
	sd_event_unref(matrix->event);
	free(matrix);
	return NULL;
}
