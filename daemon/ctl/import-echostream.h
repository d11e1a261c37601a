/* SPDX-License-Identifier: MIT */
#ifndef PL_IMPORT_ECHOSTREAM_H
#define PL_IMPORT_ECHOSTREAM_H

#include <stddef.h>

#include <json-c/json.h>

/**
 * EchoStream's ~/.an/config.json as our configuration.
 *
 * Its channel k is a radio: channel k, which has the radio's sound card, with its tones, pages and
 * filters; and tablet k, which is the server's end: an EchoStream stream that sends while key k of
 * the profile rpi-echostream is held. What has no counterpart, is out of range or was never used
 * there is left out and told.
 * Thread: any.
 *
 * @param url          of the server, which the file does not have; NULL: no streams
 * @param ret_gateway  value for "gateway"; put by the caller
 * @param ret_notes    array of plain sentences; put by the caller
 * @param ret_reason   on -EINVAL: why this is no such file
 * @return 0, -EINVAL or -ENOMEM
 */
int ctl_import_echostream(const char *text, size_t size, const char *url,
			  struct json_object **ret_gateway, struct json_object **ret_notes,
			  char *ret_reason, size_t reason_size);

#endif
