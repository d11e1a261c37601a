/* SPDX-License-Identifier: MIT */
#include "listen.h"

#include <math.h>

#include "config.h"
#include "json-strict.h"

const char *pl_listen_state_name(enum pl_listen_state state)
{
	static const char *const names[] = {"connecting", "connected", "lost"};

	return names[state];
}

/** null for what is not known */
static int add_double(struct json_object *object, const char *key, double value)
{
	if (isfinite(value))
		return pl_json_add(object, key, pl_json_double(value));
	return json_object_object_add(object, key, NULL);
}

static int add_text(struct json_object *object, const char *key, const char *text)
{
	return pl_json_add(object, key, json_object_new_string(text));
}

static int add_uint(struct json_object *object, const char *key, uint64_t value)
{
	return pl_json_add(object, key, json_object_new_uint64(value));
}

static int add_figures(struct json_object *o, const struct pl_listen_status *s)
{
	int r = add_double(o, "connect_ms", s->connect_ms);

	r |= add_uint(o, "packets_sent", s->n_packets_sent);
	r |= add_uint(o, "bytes_sent", s->n_bytes_sent);
	r |= add_uint(o, "packets_received", s->n_packets_received);
	r |= add_uint(o, "bytes_received", s->n_bytes_received);
	r |= add_uint(o, "lost", s->n_lost);
	r |= add_uint(o, "concealed", s->n_concealed);
	r |= add_uint(o, "refused", s->n_refused);
	r |= add_double(o, "loss_percent", s->loss_percent);
	r |= add_double(o, "jitter_ms", s->jitter_ms);
	r |= add_double(o, "round_trip_ms", s->round_trip_ms);
	r |= add_double(o, "depth_ms", s->depth_ms);
	return r;
}

static struct json_object *describe_session(const struct pl_listen_status *s, bool with_id)
{
	struct json_object *object = json_object_new_object();
	int r = object ? 0 : -1;

	if (r == 0 && with_id)
		r = add_text(object, "id", s->id);
	else if (r == 0)
		r = json_object_object_add(object, "id", NULL);
	if (r == 0 && s->talks)
		r = add_uint(object, "tablet", s->tablet_id);
	else if (r == 0)
		r = pl_json_add(object, "mix", pl_mix_to_json(&s->mix));
	if (r == 0)
		r = add_text(object, "actor", s->actor);
	if (r == 0)
		r = pl_json_add(object, "since",
				json_object_new_double((double)s->since_usec * 1e-6));
	if (r == 0)
		r = add_text(object, "state", pl_listen_state_name(s->state));
	if (r == 0)
		r = add_text(object, "address", s->address);
	if (r == 0)
		r = add_figures(object, s);
	if (r == 0)
		return object;
	json_object_put(object);
	return NULL;
}

static int add_sessions(struct pl_control *control, bool with_ids, struct json_object *listeners,
			struct json_object *talkers)
{
	struct pl_listen_status status;

	for (size_t i = 0; pl_control_listen_status(control, i, &status) == 0; i++) {
		struct json_object *session = describe_session(&status, with_ids);

		if (!session ||
		    json_object_array_add(status.talks ? talkers : listeners, session) < 0) {
			json_object_put(session);
			return -1;
		}
	}
	return 0;
}

struct json_object *pl_describe_listeners(struct pl_control *control, const struct pl_actor *actor)
{
	struct json_object *object = json_object_new_object();
	struct json_object *listeners = json_object_new_array(), *talkers = json_object_new_array();
	struct pl_listen_overview overview;
	int r = object && listeners && talkers ? 0 : -1;

	pl_control_listen_overview(control, &overview);
	if (r == 0)
		r = add_sessions(control, actor->role >= PL_ROLE_OPERATE, listeners, talkers);
	if (r == 0)
		r = add_uint(object, "port", overview.port);
	if (r == 0)
		r = add_text(object, "trouble", overview.trouble);
	if (r == 0)
		r = add_double(object, "frame_ms", overview.frame_ms);
	if (r == 0) {
		r = pl_json_add(object, "listeners", json_object_get(listeners));
		r |= pl_json_add(object, "talkers", json_object_get(talkers));
	}
	json_object_put(listeners);
	json_object_put(talkers);
	if (r == 0)
		return object;
	json_object_put(object);
	return NULL;
}

static struct json_object *describe_ice_server(const struct pl_ice_server *server)
{
	struct json_object *object = json_object_new_object();
	int r = object ? 0 : -1;

	if (r == 0)
		r = add_text(object, "urls", server->url);
	if (r == 0 && server->scheme != PL_ICE_STUN)
		r = add_text(object, "username", server->username);
	if (r == 0 && server->scheme != PL_ICE_STUN)
		r = add_text(object, "credential", server->credential);
	if (r == 0)
		return object;
	json_object_put(object);
	return NULL;
}

struct json_object *pl_describe_ice_servers(const struct pl_control *control)
{
	const struct pl_config *config = pl_control_config(control);
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < config->n_listen_ice_servers; i++) {
		struct json_object *server = describe_ice_server(&config->listen_ice_servers[i]);

		if (!server || json_object_array_add(array, server) < 0) {
			json_object_put(server);
			json_object_put(array);
			return NULL;
		}
	}
	return array;
}
