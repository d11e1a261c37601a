/* SPDX-License-Identifier: MIT */
#ifndef PL_CONFIG_H
#define PL_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway-def.h"
#include "ice-server.h"

/** Keys whose running value is not the file's; a reload leaves them alone. */
enum pl_config_override {
	PL_CONFIG_TABLETS = 1u << 0,
	PL_CONFIG_CHANNELS = 1u << 1,
	PL_CONFIG_HTTP_ADDRESS = 1u << 2,
	PL_CONFIG_HTTP_PORT = 1u << 3,
	PL_CONFIG_INSECURE_LAN = 1u << 4,
};

/**
 * The configuration: one JSON file, checked against conf/partyline.schema.json as a
 * whole before anything of it is used. Defaults: conf/partyline.json; what each key means:
 * the schema.
 */
struct pl_config {
	char path[4096]; /**< file it came from; "" for the defaults */

	uint32_t n_tablets;  /**< "tablets", 1..64, default 16; needs a restart */
	uint32_t n_channels; /**< "channels", 1..64, default 4; needs a restart */

	/** What the command line says and the file does not: pl_config_override */
	uint32_t overrides;

	/* Mission Control's three keys */
	uint32_t fs;         /**< "fs", checked against the graph: a difference is only warned of */
	uint32_t frame_size; /**< "frame_size", likewise */
	bool fs_given;       /**< the file has the key: only then a difference is warned of */
	bool frame_size_given;
	double headroom_db; /**< "headroom_db", 0..60, default 12; reloadable */

	char http_address[64]; /**< "http"/"address", default "127.0.0.1" */
	uint16_t http_port;    /**< "http"/"port", default 8000 */
	bool insecure_lan;     /**< "http"/"insecure_lan", default false */
	bool tls_always;       /**< "http"/"tls"/"always", default false */
	char tls_certificate[4096],
		tls_key[4096]; /**< "http"/"tls": PEM files; "" = our own; reloadable */
	char *http_names
		[16]; /**< "http"/"names": what this machine is called besides; reloadable */
	size_t n_http_names;
	char http_local_role
		[8]; /**< "http"/"local_role": none, view, operate, admin; "" not given; reloadable */
	char *cors_origins[16]; /**< "http"/"cors_origins": exact origins, default none */
	size_t n_cors_origins;

	char discover_publish
		[8]; /**< "discover"/"publish": auto, always, never; default auto; reloadable */
	char discover_name[64]; /**< "discover"/"name"; "" = by the host's name; reloadable */

	char state_directory
		[4096]; /**< "state_directory"; default $STATE_DIRECTORY, else $XDG_STATE_HOME/partyline */
	char runtime_directory
		[4096]; /**< "runtime_directory"; default $RUNTIME_DIRECTORY, else $XDG_RUNTIME_DIR/partyline */
	char log_file[4096];       /**< "log"/"file"; "" = none; default STATE/system.log */
	char log_audit_file[4096]; /**< "log"/"audit_file"; "" = none; default STATE/audit.log */
	uint64_t log_rotate_bytes; /**< "log"/"rotate_bytes", default 10 MiB */
	uint32_t log_keep_days;    /**< "log"/"keep_days", default 10 */
	char log_level[8];         /**< "log"/"level": debug, info, warning, error; default info */
	char log_service[64]; /**< "log"/"service": name in every record; default "partyline" */

	/* daemon/listen; needs a restart */
	char listen_address[64]; /**< "listen"/"address"; "" = http_address, with ICE servers all */
	uint16_t listen_port;    /**< "listen"/"port", UDP, default 8001; 0: any free one */
	char *listen_addresses[8]; /**< "listen"/"addresses": IP addresses that browsers are told */
	size_t n_listen_addresses;
	/** "listen"/"ice_servers"; none: by listen_port alone. Never with !PL_HAVE_LIBNICE */
	struct pl_ice_server listen_ice_servers[PL_ICE_SERVERS_MAX];
	size_t n_listen_ice_servers;
	double listen_frame_ms;      /**< "listen"/"frame_ms": 2.5, 5, 10 or 20, default 10 */
	uint32_t listen_bitrate_bps; /**< "listen"/"bitrate_bps", default 64000 */

	char pipewire_remote[256]; /**< "pipewire"/"remote"; "" = default */

	struct pl_gateway gateway; /**< "gateway": checked and complete; reloadable */
};

/** Whether only this machine reaches the address: 127.0.0.0/8, ::1, either also mapped, localhost. */
bool pl_config_is_loopback(const char *address);
/** Whether HTTP is served over TLS, and others need a token. */
bool pl_config_has_tls(const struct pl_config *config);

void pl_config_defaults(struct pl_config *config);
/** Frees what the structure owns; a zeroed structure is fine. */
void pl_config_done(struct pl_config *config);

/**
 * Errors: -ENOENT and the like when a named file cannot be read, -EINVAL for what is in it.
 *
 * @param path        NULL: $PARTYLINE_CONFIG, else $XDG_CONFIG_HOME/partyline/partyline.json,
 *                    else /etc/partyline/partyline.json, else the defaults
 * @param ret_reason  "FILE: /json/pointer: what is wrong", on any error; nothing of the file
 *                    is in *ret_config then
 */
int pl_config_load(const char *path, struct pl_config *ret_config, char *ret_reason,
		   size_t reason_size);
/** The same for a document in memory; for messages and tests it is called `name`. */
int pl_config_parse(const char *name, const char *text, size_t size, struct pl_config *ret_config,
		    char *ret_reason, size_t reason_size);

/** A copy that owns its own; done with pl_config_done(). @return 0 or -ENOMEM */
int pl_config_copy(const struct pl_config *config, struct pl_config *ret_config);

/**
 * Take from `fresh` what can change while running (moves it; `fresh` stays valid).
 *
 * @return true when something else differs: it needs a restart
 */
bool pl_config_take_reloadable(struct pl_config *config, struct pl_config *fresh);

#endif
