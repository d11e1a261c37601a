/* SPDX-License-Identifier: MIT */
#ifndef PL_FACE_HTTP_H
#define PL_FACE_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "control.h"

/**
 * The HTTP and WebSocket face: one port for the API, the event streams and the web
 * page. It decodes, calls one verb of control, encodes; every change made by any face
 * is on /ws/events at once.
 *
 * Thread: the daemon's one loop.
 */

struct pl_face_http;

/** A word for the log, as Mission Control's: "ws.vu.connected", data as JSON text. */
typedef void (*pl_face_http_log_h)(void *userdata, const char *event, const char *message,
				   const char *data_json);

struct pl_face_http_options {
	bool is_system;            /**< of the whole machine: its users are not all admins */
	pl_face_http_log_h on_log; /**< may be NULL */
	void *log_userdata;
};

/**
 * Listen at the address and port of pl_control_config().
 *
 * @param control   borrowed, outlives the face
 * @param options   may be NULL: everything from the configuration
 * @param ret_face  pl_face_http_free() ends every connection and frees it
 * @return 0, -EADDRINUSE, -EADDRNOTAVAIL, -EACCES (the port needs privileges), -EINVAL, -ENOMEM,
 *         -ELIBACC (libwebsockets' libuv plugin is not installed)
 */
int pl_face_http_new(sd_event *event, struct pl_control *control,
		     const struct pl_face_http_options *options, struct pl_face_http **ret_face);
struct pl_face_http *pl_face_http_free(struct pl_face_http *face);

/** Whether it speaks TLS: pl_config_has_tls() when it began. */
bool pl_face_http_has_tls(const struct pl_face_http *face);
/** The port that it listens at. */
uint16_t pl_face_http_port(const struct pl_face_http *face);

#endif
