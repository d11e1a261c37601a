/* SPDX-License-Identifier: MIT */
#include "config-listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "config-read.h"

/** Where what was refused is, and why. */
struct refusal {
	char *pointer, *reason;
	size_t pointer_size, reason_size;
};

static int refuse(const struct refusal *refusal, const char *pointer, const char *reason)
{
	snprintf(refusal->pointer, refusal->pointer_size, "%s", pointer);
	snprintf(refusal->reason, refusal->reason_size, "%s", reason);
	return -EINVAL;
}

/** @param key  below the server's place, "" for all of it */
static int refuse_server(const struct refusal *refusal, size_t index, const char *key,
			 const char *reason)
{
	snprintf(refusal->pointer, refusal->pointer_size, "/listen/ice_servers/%zu%s%s", index,
		 key[0] ? "/" : "", key);
	snprintf(refusal->reason, refusal->reason_size, "%s", reason);
	return -EINVAL;
}

/** It goes into a header of HTTP. */
static bool is_printable(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static int take_credential_file(const struct refusal *refusal, size_t index, const char *path,
				struct pl_ice_server *server)
{
	char reason[128];
	int r;

	/* The daemon's folder is anybody's guess. */
	if (path[0] != '/')
		return refuse_server(refusal, index, "credential_file", "must be an absolute path");
	r = config_read_secret_file(path, server->credential, sizeof(server->credential));
	if (r == 0 || r == -ENOMEM)
		return r;
	snprintf(reason, sizeof(reason), "the file cannot be read: %s", strerror(-r));
	return refuse_server(refusal, index, "credential_file", reason);
}

/** Who may use the server: all of it with TURN, nothing of it with STUN. */
static int take_user(const struct refusal *refusal, size_t index, struct json_object *tree,
		     struct pl_ice_server *server)
{
	struct json_object *file = config_member(tree, "credential_file");
	bool turn = server->scheme != PL_ICE_STUN;
	int r;

	if (file && config_member(tree, "credential"))
		return refuse_server(
			refusal, index, "credential_file",
			"the credential is given twice: credential or credential_file");
	if (!turn && (file || config_member(tree, "credential") || config_member(tree, "username")))
		return refuse_server(refusal, index, "",
				     "a \"stun:\" server takes no username and no credential");
	if (config_take_string(tree, "username", server->username, sizeof(server->username)) < 0)
		return refuse_server(refusal, index, "username", "is too long");
	if (config_take_string(tree, "credential", server->credential, sizeof(server->credential)) <
	    0)
		return refuse_server(refusal, index, "credential", "is too long");
	if (file) {
		r = take_credential_file(refusal, index, json_object_get_string(file), server);
		if (r < 0)
			return r;
	}
	if (turn && (!server->username[0] || !server->credential[0]))
		return refuse_server(refusal, index, "",
				     "a TURN server needs a username, and a credential or "
				     "credential_file");
	if (!is_printable(server->username))
		return refuse_server(refusal, index, "username", "must be printable ASCII");
	if (!is_printable(server->credential))
		return refuse_server(refusal, index, file ? "credential_file" : "credential",
				     "must be printable ASCII");
	return 0;
}

static int take_ice_servers(const struct refusal *refusal, struct json_object *array,
			    struct pl_config *c)
{
	size_t n = array ? json_object_array_length(array) : 0;

	if (n > 0 && !PL_HAVE_LIBNICE)
		return refuse(refusal, "/listen/ice_servers",
			      "this Partyline is built without libnice: remove it, or build with "
			      "-Dlibnice=enabled");
	/* The schema has the same bound. */
	if (n > PL_ICE_SERVERS_MAX)
		return refuse(refusal, "/listen/ice_servers", "has too many servers");
	for (size_t i = 0; i < n; i++) {
		struct json_object *tree = json_object_array_get_idx(array, i);
		struct pl_ice_server *server = &c->listen_ice_servers[i];
		const char *url = json_object_get_string(config_member(tree, "urls"));
		char reason[256] = "";
		int r;

		/* What is there of it when it is refused is forgotten too. */
		c->n_listen_ice_servers = i + 1;
		if (strlen(url) != (size_t)json_object_get_string_len(config_member(tree, "urls")))
			return refuse_server(refusal, i, "urls", "has a NUL in it");
		if (pl_ice_server_read(url, server, reason, sizeof(reason)) < 0)
			return refuse_server(refusal, i, "urls", reason);
		r = take_user(refusal, i, tree, server);
		if (r < 0)
			return r;
	}
	return 0;
}

static int take_addresses(const struct refusal *refusal, struct json_object *listen,
			  struct pl_config *c)
{
	int r = config_take_list(listen, "addresses", c->listen_addresses, &c->n_listen_addresses);

	for (size_t i = 0; r == 0 && i < c->n_listen_addresses; i++) {
		struct in6_addr address;

		if (inet_pton(AF_INET, c->listen_addresses[i], &address) != 1 &&
		    inet_pton(AF_INET6, c->listen_addresses[i], &address) != 1)
			r = refuse(refusal, "/listen/addresses", "should be IP addresses");
	}
	return r;
}

int config_take_listen(struct json_object *tree, struct pl_config *config, char *ret_pointer,
		       size_t pointer_size, char *ret_reason, size_t reason_size)
{
	const struct refusal refusal = {
		.pointer = ret_pointer,
		.pointer_size = pointer_size,
		.reason = ret_reason,
		.reason_size = reason_size,
	};
	struct json_object *v = config_member(tree, "frame_ms");
	uint32_t port = config->listen_port;
	int r;

	if (v)
		config->listen_frame_ms = json_object_get_double(v);
	config_take_uint(tree, "port", &port);
	config->listen_port = (uint16_t)port;
	config_take_uint(tree, "bitrate_bps", &config->listen_bitrate_bps);
	if (config_take_string(tree, "address", config->listen_address,
			       sizeof(config->listen_address)) < 0)
		return refuse(&refusal, "/listen/address", "is too long");
	r = take_addresses(&refusal, tree, config);
	if (r < 0)
		return r;
	return take_ice_servers(&refusal, config_member(tree, "ice_servers"), config);
}

bool config_listen_differs(const struct pl_config *a, const struct pl_config *b)
{
	for (size_t i = 0; i < a->n_listen_addresses && i < b->n_listen_addresses; i++)
		if (strcmp(a->listen_addresses[i], b->listen_addresses[i]) != 0)
			return true;
	for (size_t i = 0; i < a->n_listen_ice_servers && i < b->n_listen_ice_servers; i++) {
		const struct pl_ice_server *x = &a->listen_ice_servers[i];
		const struct pl_ice_server *y = &b->listen_ice_servers[i];

		if (strcmp(x->url, y->url) != 0 || strcmp(x->username, y->username) != 0 ||
		    strcmp(x->credential, y->credential) != 0)
			return true;
	}
	return strcmp(a->listen_address, b->listen_address) != 0 ||
	       a->listen_port != b->listen_port || a->n_listen_addresses != b->n_listen_addresses ||
	       a->n_listen_ice_servers != b->n_listen_ice_servers ||
	       a->listen_frame_ms != b->listen_frame_ms ||
	       a->listen_bitrate_bps != b->listen_bitrate_bps;
}

void config_listen_done(struct pl_config *config)
{
	explicit_bzero(config->listen_ice_servers, sizeof(config->listen_ice_servers));
	config->n_listen_ice_servers = 0;
}
