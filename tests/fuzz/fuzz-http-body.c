/* SPDX-License-Identifier: MIT */
/**
 * Any bytes as the body of any request: two bytes choose route and ids, the rest is the body.
 * The real decoders, the real control; a body that is refused must leave the model as it was.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "config.h"
#include "fuzz.h"
#include "listen.h"

static int apply(void *engine, const struct pl_model *before, const struct pl_model *after)
{
	return 0;
}

static int read_meters(void *engine, struct pl_meters_data *ret_data)
{
	memset(ret_data, 0, sizeof(*ret_data));
	return -ENODATA;
}

static bool is_connected(void *engine)
{
	return false;
}

static int keep(void *keeper, const struct pl_model *model, bool keys_only)
{
	return 0;
}

static int authenticate(void *access, const struct pl_credential *credential, uint64_t now_s,
			struct pl_identity *ret_identity, uint32_t *ret_retry_s)
{
	return -EACCES;
}

static int add_token(void *access, const struct pl_token_info *info, char ret_token[PL_SECRET_SIZE])
{
	snprintf(ret_token, PL_SECRET_SIZE, "pl_");
	return 0;
}

static int remove_token(void *access, const char *name)
{
	return -ENOENT;
}

static size_t list_tokens(void *access, struct pl_token_info *ret_infos, size_t n_max)
{
	return 0;
}

static bool get_certificate(void *access, struct pl_certificate *ret_certificate)
{
	return false;
}

static int open_listener(void *listen, const struct pl_actor *actor, const struct pl_mix *mix,
			 const char *offer, size_t size, struct pl_listen_answer *ret_answer,
			 struct pl_error *ret_error)
{
	return -EINVAL;
}

static int open_talker(void *listen, const struct pl_actor *actor, uint32_t tablet_id,
		       const char *offer, size_t size, struct pl_listen_answer *ret_answer,
		       struct pl_error *ret_error)
{
	return -EINVAL;
}

static int set_mix(void *listen, const char *id, const struct pl_mix *mix,
		   struct pl_error *ret_error)
{
	/* What came this far was checked. */
	for (size_t i = 0; i < mix->n_sources; i++)
		if ((mix->sources[i].kind == PL_MIX_DEVICE &&
		     mix->sources[i].id > mix->n_devices) ||
		    mix->sources[i].id < 1 || mix->sources[i].id > PL_TABLETS_MAX ||
		    !(mix->sources[i].gain_db <= PL_MIX_GAIN_MAX_DB) ||
		    !(mix->sources[i].pan >= -1.0 && mix->sources[i].pan <= 1.0))
			abort();
	return 0;
}

static int trickle(void *listen, const char *id, const char *tag, const char *fragment, size_t size,
		   struct pl_listen_fragment *ret_fragment, struct pl_error *ret_error)
{
	return -ENOENT;
}

static int close_session(void *listen, const char *id, uint32_t *ret_tablet_id)
{
	return -ENOENT;
}

static int listen_status(void *listen, size_t index, struct pl_listen_status *ret_status)
{
	return -ENOENT;
}

static void listen_overview(void *listen, struct pl_listen_overview *ret_overview)
{
}

static struct pl_control *get_control(void)
{
	static const struct pl_listen_ops listen = {.open_listener = open_listener,
						    .open_talker = open_talker,
						    .set_mix = set_mix,
						    .trickle = trickle,
						    .close = close_session,
						    .status = listen_status,
						    .overview = listen_overview};
	static const struct pl_access_ops access = {.authenticate = authenticate,
						    .add_token = add_token,
						    .remove_token = remove_token,
						    .list_tokens = list_tokens,
						    .get_certificate = get_certificate};
	static const struct pl_engine_ops engine = {apply, read_meters, is_connected};
	static const struct pl_keeper_ops keeper = {keep};
	static struct pl_config config;
	static struct pl_control *control;
	struct pl_model model;

	if (control)
		return control;
	pl_config_defaults(&config);
	pl_model_init(&model, config.n_tablets, config.n_channels);
	if (pl_control_new(&config, &model, &engine, NULL, &keeper, NULL, &control) < 0)
		abort();
	pl_control_set_access(control, &access, NULL);
	pl_control_set_listen(control, &listen, NULL);
	return control;
}

/** The pattern with ids in place of names. */
static void make_path(const char *pattern, unsigned id, char *ret_path, size_t size)
{
	size_t n = 0;

	while (*pattern && n + 4 < size) {
		if (*pattern != '{') {
			ret_path[n++] = *pattern++;
			continue;
		}
		n += (size_t)snprintf(ret_path + n, size - n, "%u", id & 15u);
		pattern = strchr(pattern, '}') + 1;
	}
	ret_path[n] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pl_http_visitor visitor = {.peer = "fuzz", .role = PL_ROLE_ADMIN};
	struct pl_control *control = get_control();
	const struct pl_http_route *routes;
	struct pl_http_question question;
	struct pl_http_reply reply;
	struct pl_model before;
	char path[128];
	size_t n;

	if (size < 2)
		return 0;
	routes = pl_http_routes(&n);
	routes += data[0] % n;
	if (strcmp(routes->pattern, "/config/reload") == 0)
		return 0; /* reads files of the machine */
	make_path(routes->pattern, data[1], path, sizeof(path));
	before = *pl_control_model(control);
	question = (struct pl_http_question){
		.method = routes->method,
		.path = path,
		.query = "",
		.if_match = "*",
		.body = (const char *)data + 2,
		.size = size - 2,
	};
	pl_http_dispatch(control, &visitor, &question, &reply);
	if (!reply.tree || reply.status < 200 || reply.status > 499)
		abort();
	if (reply.status != 200 && (!json_object_object_get_ex(reply.tree, "detail", NULL) ||
				    !pl_model_equal(&before, pl_control_model(control))))
		abort();
	if (!json_object_to_json_string(reply.tree))
		abort();
	json_object_put(reply.tree);
	return 0;
}
