/* SPDX-License-Identifier: MIT */
#include "main-faces.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "discover.h"
#include "face-dbus.h"
#include "face-http.h"
#include "json-strict.h"

struct pl_main_faces {
	struct pl_log *log;
	struct pl_face_http *http;
	struct pl_face_dbus *dbus;
	struct pl_discover *discover;
};

static void on_log(void *userdata, const char *event, const char *message, const char *data_json)
{
	struct pl_main_faces *faces = userdata;
	struct json_object *data = NULL;
	enum pl_log_level level = PL_LOG_INFO;
	char reason[64];

	if (data_json)
		pl_json_parse(data_json, strlen(data_json), &data, reason, sizeof(reason));
	if (strcmp(event, "health.check") == 0)
		level = PL_LOG_DEBUG;
	else if (strstr(event, ".error"))
		level = PL_LOG_ERROR;
	pl_log_event(faces->log, level, event, data, "%s", message ? message : "");
}

static void say_why(const struct pl_config *c, int r, char *ret_reason, size_t size)
{
	if (r == -EADDRINUSE)
		snprintf(ret_reason, size,
			 "port %u on %s is in use by another program; stop it, or give another "
			 "with --port or http.port",
			 c->http_port, c->http_address);
	else if (r == -EINVAL || r == -EADDRNOTAVAIL)
		snprintf(ret_reason, size,
			 "\"%s\" is not an IP address of this machine; see --address and "
			 "http.address",
			 c->http_address);
	else
		snprintf(ret_reason, size, "HTTP at %s port %u: %s", c->http_address, c->http_port,
			 strerror(-r));
}

static int start_http(struct pl_main_faces *faces, const struct pl_main_faces_options *options,
		      char *ret_reason, size_t size)
{
	const struct pl_face_http_options http_options = {
		.is_system = options->system_bus,
		.on_log = on_log,
		.log_userdata = faces,
	};
	int r;

	r = pl_face_http_new(options->event, options->control, &http_options, &faces->http);
	if (r < 0)
		say_why(pl_control_config(options->control), r, ret_reason, size);
	return r;
}

/** No bus is trouble for the bus's callers only. */
static void start_dbus(struct pl_main_faces *faces, const struct pl_main_faces_options *options)
{
	const struct pl_face_dbus_options dbus_options = {
		.bus = options->system_bus ? PL_DBUS_SYSTEM : PL_DBUS_SESSION,
		.on_log = on_log,
		.log_userdata = faces,
	};
	int r;

	r = pl_face_dbus_new(options->control, options->event, &dbus_options, &faces->dbus);
	if (r < 0)
		pl_log_error(faces->log, "dbus.error", r, NULL, NULL, "There will be no D-Bus");
}

static void start_discover(struct pl_main_faces *faces, const struct pl_main_faces_options *options)
{
	const struct pl_discover_options discover_options = {
		.port = pl_face_http_port(faces->http),
		.tls = pl_face_http_has_tls(faces->http),
		.log = faces->log,
	};
	int r;

	r = pl_discover_new(options->event, options->control, &discover_options, &faces->discover);
	if (r < 0)
		pl_log_error(faces->log, "discover.error", r, NULL, NULL,
			     "Not announced in the network");
}

int pl_main_faces_new(const struct pl_main_faces_options *options, struct pl_main_faces **ret_faces,
		      char *ret_reason, size_t size)
{
	struct pl_main_faces *faces = calloc(1, sizeof(*faces));
	int r;

	if (!faces) {
		snprintf(ret_reason, size, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	faces->log = options->log;
	r = start_http(faces, options, ret_reason, size);
	if (r < 0) {
		free(faces);
		return r;
	}
	start_dbus(faces, options);
	start_discover(faces, options);
	*ret_faces = faces;
	return 0;
}

struct pl_main_faces *pl_main_faces_free(struct pl_main_faces *faces)
{
	if (!faces)
		return NULL;
	pl_discover_free(faces->discover);
	pl_face_dbus_free(faces->dbus);
	pl_face_http_free(faces->http);
	free(faces);
	return NULL;
}

uint16_t pl_main_faces_port(const struct pl_main_faces *faces)
{
	return pl_face_http_port(faces->http);
}

bool pl_main_faces_has_tls(const struct pl_main_faces *faces)
{
	return pl_face_http_has_tls(faces->http);
}
