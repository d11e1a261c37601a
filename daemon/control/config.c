/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config-gateway.h"
#include "config-listen.h"
#include "config-read.h"
#include "files.h"
#include "json-strict.h"
#include "model.h"
#include "partyline.schema.json.h"
#include "schema.h"

#define SYSTEM_CONFIG "/etc/partyline/partyline.json"
/** A configuration of this size is not one. */
#define FILE_SIZE_MAX (1024 * 1024)

static bool non_empty(const char *s)
{
	return s && *s;
}

/** The first directory of a systemd list ("a:b"). */
static void first_of_list(char *to, size_t size, const char *list)
{
	snprintf(to, size, "%.*s", (int)strcspn(list, ":"), list);
}

static void default_directories(struct pl_config *c)
{
	const char *home = getenv("HOME");
	const char *state = getenv("STATE_DIRECTORY"), *xdg_state = getenv("XDG_STATE_HOME");
	const char *run = getenv("RUNTIME_DIRECTORY"), *xdg_run = getenv("XDG_RUNTIME_DIR");

	if (non_empty(state))
		first_of_list(c->state_directory, sizeof(c->state_directory), state);
	else if (non_empty(xdg_state))
		snprintf(c->state_directory, sizeof(c->state_directory), "%s/partyline", xdg_state);
	else
		snprintf(c->state_directory, sizeof(c->state_directory),
			 "%s/.local/state/partyline", non_empty(home) ? home : "");

	if (non_empty(run))
		first_of_list(c->runtime_directory, sizeof(c->runtime_directory), run);
	else if (non_empty(xdg_run))
		snprintf(c->runtime_directory, sizeof(c->runtime_directory), "%s/partyline",
			 xdg_run);
}

/** What depends on other keys, after these are known. */
static void derive(struct pl_config *c, bool has_log_file, bool has_audit_file)
{
	/* The directories leave room for what is added. */
	if (!c->runtime_directory[0])
		snprintf(c->runtime_directory, sizeof(c->runtime_directory), "%.4000s/run",
			 c->state_directory);
	if (!has_log_file)
		snprintf(c->log_file, sizeof(c->log_file), "%.4000s/system.log",
			 c->state_directory);
	if (!has_audit_file)
		snprintf(c->log_audit_file, sizeof(c->log_audit_file), "%.4000s/audit.log",
			 c->state_directory);
}

static void defaults(struct pl_config *c)
{
	memset(c, 0, sizeof(*c));
	c->n_tablets = PL_TABLETS_DEFAULT;
	c->n_channels = PL_CHANNELS_DEFAULT;
	c->fs = 48000;
	c->frame_size = 1024;
	c->headroom_db = PL_HEADROOM_DB_DEFAULT;
	strcpy(c->http_address, "127.0.0.1");
	c->http_port = 8000;
	c->listen_port = 8001;
	c->listen_frame_ms = 10.0;
	c->listen_bitrate_bps = 64000;
	strcpy(c->discover_publish, "auto");
	c->log_rotate_bytes = 10u * 1024u * 1024u;
	c->log_keep_days = 10;
	strcpy(c->log_level, "info");
	strcpy(c->log_service, "partyline");
	pl_gateway_init(&c->gateway);
	default_directories(c);
}

void pl_config_defaults(struct pl_config *config)
{
	defaults(config);
	derive(config, false, false);
}

bool pl_config_is_loopback(const char *address)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, address, &v4) == 1)
		return (ntohl(v4.s_addr) >> 24) == IN_LOOPBACKNET;
	if (inet_pton(AF_INET6, address, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6) ||
		       (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == IN_LOOPBACKNET);
	return strcmp(address, "localhost") == 0;
}

bool pl_config_has_tls(const struct pl_config *config)
{
	return config->tls_always ||
	       (!config->insecure_lan && !pl_config_is_loopback(config->http_address));
}

static void list_done(char *list[], size_t *n)
{
	for (size_t i = 0; i < *n; i++) {
		free(list[i]);
		list[i] = NULL;
	}
	*n = 0;
}

/** Adds copies. @return 0 or -ENOMEM; what is there by then list_done() frees */
static int list_copy(char *const from[], size_t n_from, char *to[], size_t *n_to)
{
	for (*n_to = 0; *n_to < n_from; (*n_to)++) {
		to[*n_to] = strdup(from[*n_to]);
		if (!to[*n_to])
			return -ENOMEM;
	}
	return 0;
}

void pl_config_done(struct pl_config *config)
{
	list_done(config->cors_origins, &config->n_cors_origins);
	list_done(config->http_names, &config->n_http_names);
	list_done(config->listen_addresses, &config->n_listen_addresses);
	config_listen_done(config);
	pl_gateway_done(&config->gateway);
}

int pl_config_copy(const struct pl_config *config, struct pl_config *ret_config)
{
	struct pl_config copy = *config;

	copy.n_cors_origins = copy.n_http_names = copy.n_listen_addresses = 0;
	memset(&copy.gateway, 0, sizeof(copy.gateway));
	if (pl_gateway_copy(&config->gateway, &copy.gateway) < 0 ||
	    list_copy(config->cors_origins, config->n_cors_origins, copy.cors_origins,
		      &copy.n_cors_origins) < 0 ||
	    list_copy(config->http_names, config->n_http_names, copy.http_names,
		      &copy.n_http_names) < 0 ||
	    list_copy(config->listen_addresses, config->n_listen_addresses, copy.listen_addresses,
		      &copy.n_listen_addresses) < 0) {
		pl_config_done(&copy);
		return -ENOMEM;
	}
	*ret_config = copy;
	return 0;
}

/** @param key  enum pl_config_override: what the command line has set does not count */
static bool differs(const struct pl_config *config, uint32_t key, bool difference)
{
	return difference && !(config->overrides & key);
}

bool pl_config_take_reloadable(struct pl_config *config, struct pl_config *fresh)
{
	list_done(config->cors_origins, &config->n_cors_origins);
	list_done(config->http_names, &config->n_http_names);
	pl_gateway_done(&config->gateway);
	memcpy(config->cors_origins, fresh->cors_origins, sizeof(config->cors_origins));
	config->n_cors_origins = fresh->n_cors_origins;
	fresh->n_cors_origins = 0;
	memcpy(config->http_names, fresh->http_names, sizeof(config->http_names));
	config->n_http_names = fresh->n_http_names;
	fresh->n_http_names = 0;
	config->gateway = fresh->gateway;
	memset(&fresh->gateway, 0, sizeof(fresh->gateway));
	memcpy(config->tls_certificate, fresh->tls_certificate, sizeof(config->tls_certificate));
	memcpy(config->tls_key, fresh->tls_key, sizeof(config->tls_key));

	config->fs = fresh->fs;
	config->fs_given = fresh->fs_given;
	config->frame_size = fresh->frame_size;
	config->frame_size_given = fresh->frame_size_given;
	config->headroom_db = fresh->headroom_db;
	memcpy(config->log_level, fresh->log_level, sizeof(config->log_level));
	memcpy(config->discover_publish, fresh->discover_publish, sizeof(config->discover_publish));
	memcpy(config->discover_name, fresh->discover_name, sizeof(config->discover_name));
	memcpy(config->http_local_role, fresh->http_local_role, sizeof(config->http_local_role));

	return differs(config, PL_CONFIG_TABLETS, config->n_tablets != fresh->n_tablets) ||
	       differs(config, PL_CONFIG_CHANNELS, config->n_channels != fresh->n_channels) ||
	       differs(config, PL_CONFIG_HTTP_ADDRESS,
		       strcmp(config->http_address, fresh->http_address) != 0) ||
	       differs(config, PL_CONFIG_HTTP_PORT, config->http_port != fresh->http_port) ||
	       differs(config, PL_CONFIG_INSECURE_LAN,
		       config->insecure_lan != fresh->insecure_lan) ||
	       config->tls_always != fresh->tls_always || config_listen_differs(config, fresh) ||
	       strcmp(config->state_directory, fresh->state_directory) != 0 ||
	       strcmp(config->runtime_directory, fresh->runtime_directory) != 0 ||
	       strcmp(config->log_file, fresh->log_file) != 0 ||
	       strcmp(config->log_audit_file, fresh->log_audit_file) != 0 ||
	       config->log_rotate_bytes != fresh->log_rotate_bytes ||
	       config->log_keep_days != fresh->log_keep_days ||
	       strcmp(config->log_service, fresh->log_service) != 0 ||
	       strcmp(config->pipewire_remote, fresh->pipewire_remote) != 0;
}

/* --- reading what the schema has checked ------------------------------------- */

static int take_tls(struct json_object *tls, struct pl_config *c, const char **ret_pointer)
{
	struct json_object *v = config_member(tls, "always");

	if (v)
		c->tls_always = json_object_get_boolean(v);
	*ret_pointer = "/http/tls/certificate";
	if (config_take_string(tls, "certificate", c->tls_certificate, sizeof(c->tls_certificate)) <
	    0)
		return -EINVAL;
	*ret_pointer = "/http/tls/key";
	return config_take_string(tls, "key", c->tls_key, sizeof(c->tls_key));
}

static int take_log(struct json_object *log, struct pl_config *c, const char **ret_pointer)
{
	struct json_object *v;

	v = config_member(log, "rotate_bytes");
	if (v)
		c->log_rotate_bytes = (uint64_t)json_object_get_double(v);
	config_take_uint(log, "keep_days", &c->log_keep_days);
	*ret_pointer = "/log/level";
	if (config_take_string(log, "level", c->log_level, sizeof(c->log_level)) < 0)
		return -EINVAL;
	*ret_pointer = "/log/service";
	if (config_take_string(log, "service", c->log_service, sizeof(c->log_service)) < 0)
		return -EINVAL;
	*ret_pointer = "/log/audit_file";
	if (config_take_string(log, "audit_file", c->log_audit_file, sizeof(c->log_audit_file)) < 0)
		return -EINVAL;
	*ret_pointer = "/log/file";
	return config_take_string(log, "file", c->log_file, sizeof(c->log_file));
}

static int take_discover(struct json_object *discover, struct pl_config *c,
			 const char **ret_pointer)
{
	*ret_pointer = "/discover/publish";
	if (config_take_string(discover, "publish", c->discover_publish,
			       sizeof(c->discover_publish)) < 0)
		return -EINVAL;
	*ret_pointer = "/discover/name";
	return config_take_string(discover, "name", c->discover_name, sizeof(c->discover_name));
}

/** @param ret_pointer  of what was refused, on -EINVAL: it is too long */
static int take_all(struct json_object *tree, struct pl_config *c, const char **ret_pointer)
{
	struct json_object *http = config_member(tree, "http"), *log = config_member(tree, "log");
	struct json_object *v;
	uint32_t port = c->http_port;
	int r;

	config_take_uint(tree, "tablets", &c->n_tablets);
	config_take_uint(tree, "channels", &c->n_channels);
	c->fs_given = config_member(tree, "fs") != NULL;
	c->frame_size_given = config_member(tree, "frame_size") != NULL;
	config_take_uint(tree, "fs", &c->fs);
	config_take_uint(tree, "frame_size", &c->frame_size);
	v = config_member(tree, "headroom_db");
	if (v)
		c->headroom_db = json_object_get_double(v) + 0.0;
	config_take_uint(http, "port", &port);
	c->http_port = (uint16_t)port;
	v = config_member(http, "insecure_lan");
	if (v)
		c->insecure_lan = json_object_get_boolean(v);

	*ret_pointer = "/state_directory";
	if (config_take_string(tree, "state_directory", c->state_directory, 4000) < 0)
		return -EINVAL;
	*ret_pointer = "/runtime_directory";
	if (config_take_string(tree, "runtime_directory", c->runtime_directory, 4000) < 0)
		return -EINVAL;
	*ret_pointer = "/http/address";
	if (config_take_string(http, "address", c->http_address, sizeof(c->http_address)) < 0)
		return -EINVAL;
	*ret_pointer = "/http/local_role";
	if (config_take_string(http, "local_role", c->http_local_role, sizeof(c->http_local_role)) <
	    0)
		return -EINVAL;
	*ret_pointer = "/pipewire/remote";
	if (config_take_string(config_member(tree, "pipewire"), "remote", c->pipewire_remote,
			       sizeof(c->pipewire_remote)) < 0)
		return -EINVAL;
	r = take_log(log, c, ret_pointer);
	if (r == 0)
		r = take_discover(config_member(tree, "discover"), c, ret_pointer);
	if (r < 0)
		return r;
	r = take_tls(config_member(http, "tls"), c, ret_pointer);
	if (r == 0)
		r = config_take_list(http, "cors_origins", c->cors_origins, &c->n_cors_origins);
	if (r == 0)
		r = config_take_list(http, "names", c->http_names, &c->n_http_names);
	if (r < 0)
		return r;
	derive(c, config_member(log, "file") != NULL, config_member(log, "audit_file") != NULL);
	return 0;
}

int pl_config_parse(const char *name, const char *text, size_t size, struct pl_config *ret_config,
		    char *ret_reason, size_t reason_size)
{
	struct json_object *schema = NULL, *tree = NULL;
	char pointer[256] = "", reason[256] = "";
	const char *refused = "";
	struct pl_config config;
	int r;

	r = pl_json_parse(text, size, &tree, reason, sizeof(reason));
	if (r < 0)
		goto out;
	r = pl_json_parse(partyline_schema, sizeof(partyline_schema) - 1, &schema, reason,
			  sizeof(reason));
	if (r < 0)
		goto out;
	r = pl_schema_check(schema, tree, pointer, sizeof(pointer), reason, sizeof(reason));
	if (r < 0)
		goto out;

	defaults(&config);
	r = take_all(tree, &config, &refused);
	if (r < 0) {
		snprintf(pointer, sizeof(pointer), "%s", refused);
		snprintf(reason, sizeof(reason), "is too long");
	}
	if (r == 0)
		r = config_take_listen(config_member(tree, "listen"), &config, pointer,
				       sizeof(pointer), reason, sizeof(reason));
	if (r == 0)
		r = config_take_gateway(config_member(tree, "gateway"), &config, pointer,
					sizeof(pointer), reason, sizeof(reason));
	if (r < 0) {
		pl_config_done(&config);
		goto out;
	}
	*ret_config = config;
out:
	json_object_put(tree);
	json_object_put(schema);
	if (r == -ENOMEM)
		snprintf(ret_reason, reason_size, "%s: no memory", name);
	else if (r < 0)
		snprintf(ret_reason, reason_size, "%s: %s%s%s", name, pointer,
			 pointer[0] ? ": " : "", reason);
	return r;
}

/* --- the file ------------------------------------------------------------------ */

static int read_file(const char *path, char **ret_text, size_t *ret_size)
{
	int fd, r;

	/* waits for the other end of a pipe: the shell's <(…) is one */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	r = pl_fd_read(fd, FILE_SIZE_MAX, ret_text, ret_size);
	close(fd);
	return r;
}

/** @return true when there is a file to be read: named, or found */
static bool find_file(const char *path, char *ret_path, size_t size)
{
	const char *env = getenv("PARTYLINE_CONFIG");
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (path || non_empty(env)) {
		snprintf(ret_path, size, "%s", path ? path : env);
		return true;
	}
	if (non_empty(xdg))
		snprintf(ret_path, size, "%s/partyline/partyline.json", xdg);
	else
		snprintf(ret_path, size, "%s/.config/partyline/partyline.json",
			 non_empty(home) ? home : "");
	/* A file that is there but may not be read is an error, not "none". */
	if (access(ret_path, F_OK) == 0)
		return true;
	snprintf(ret_path, size, "%s", SYSTEM_CONFIG);
	return access(ret_path, F_OK) == 0;
}

int pl_config_load(const char *path, struct pl_config *ret_config, char *ret_reason,
		   size_t reason_size)
{
	char file[sizeof(ret_config->path)];
	char *text = NULL;
	size_t size = 0;
	int r;

	if (!find_file(path, file, sizeof(file))) {
		pl_config_defaults(ret_config);
		return 0;
	}
	r = read_file(file, &text, &size);
	if (r < 0) {
		snprintf(ret_reason, reason_size, "%s: cannot be read: %s", file, strerror(-r));
		return r;
	}
	r = pl_config_parse(file, text, size, ret_config, ret_reason, reason_size);
	free(text);
	if (r < 0)
		return r;
	memcpy(ret_config->path, file, sizeof(file));
	return 0;
}
