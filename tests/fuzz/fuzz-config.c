/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "fuzz.h"

/** They go into headers and to a library: what is completed is read as itself. */
static void check_ice_servers(const struct pl_config *config)
{
	if (config->n_listen_ice_servers > PL_ICE_SERVERS_MAX)
		abort();
	for (size_t i = 0; i < config->n_listen_ice_servers; i++) {
		const struct pl_ice_server *server = &config->listen_ice_servers[i];
		struct pl_ice_server again;
		char reason[256];

		if (pl_ice_server_read(server->url, &again, reason, sizeof(reason)) < 0 ||
		    strcmp(again.url, server->url) != 0 || again.port == 0 || !again.host[0] ||
		    strpbrk(server->username, "\r\n") || strpbrk(server->credential, "\r\n"))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pl_config config;
	char reason[256] = "";
	int r;

	r = pl_config_parse("input", (const char *)data, size, &config, reason, sizeof(reason));
	if (r < 0) {
		/* A refusal says why, and is never the schema's own fault. */
		if (!reason[0] || (r != -EINVAL && r != -ENOMEM))
			abort();
		return 0;
	}
	/* What is taken is within its bounds, and every text ends. */
	if (config.n_tablets < 1 || config.n_tablets > 64 || config.n_channels < 1 ||
	    config.n_channels > 64 || !(config.headroom_db >= 0.0 && config.headroom_db <= 60.0) ||
	    config.log_rotate_bytes < 4096 || config.log_keep_days < 1 ||
	    strnlen(config.http_address, sizeof(config.http_address)) ==
		    sizeof(config.http_address) ||
	    strnlen(config.state_directory, sizeof(config.state_directory)) ==
		    sizeof(config.state_directory))
		abort();
	check_ice_servers(&config);
	pl_config_done(&config);
	return 0;
}
