/* SPDX-License-Identifier: MIT */
#include "main-about.h"

#include <string.h>

#include <curl/curl.h>
#include <gpiod.h>
#include <json-c/json.h>
#include <libwebsockets.h>
#include <openssl/crypto.h>
#include <opus.h>
#include <pipewire/pipewire.h>
#include <srtp2/srtp.h>

#include "system.h"

/** "libopus 1.4" → "1.4" */
static const char *number_of(const char *text)
{
	const char *space = strrchr(text, ' ');

	return space ? space + 1 : text;
}

void pl_main_tell_about(struct pl_control *control)
{
	const struct pl_about about = {
		.versions =
			{
				{"partyline", PL_VERSION},
				{"libpipewire", pw_get_library_version()},
				{"libwebsockets", lws_get_library_version()},
				{"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)},
				{"opus", number_of(opus_get_version_string())},
				{"libsrtp2", number_of(srtp_get_version_string())},
				{"libgpiod", gpiod_api_version()},
				{"libcurl", curl_version_info(CURLVERSION_NOW)->version},
				{"json-c", json_c_version()},
			},
	};

	pl_control_set_about(control, &about);
}
