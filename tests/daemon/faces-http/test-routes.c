/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <errno.h>
#include <stdio.h>

#include "call.h"
#include "config.h"
#include "listen.h"
#include "static.h"

PL_TEST(routes_are_sorted_and_have_handlers)
{
	size_t n;
	const struct pl_http_route *routes = pl_http_routes(&n);

	PL_CHECK(n > 0);
	for (size_t i = 0; i < n; i++) {
		PL_EXPECT(routes[i].handle && routes[i].n_fields <= PL_BODY_FIELDS_MAX);
		if (i > 0)
			PL_EXPECT(strcmp(routes[i - 1].pattern, routes[i].pattern) <= 0);
	}
}

PL_TEST(paths_find_their_methods)
{
	unsigned get = 1u << PL_HTTP_GET | 1u << PL_HTTP_HEAD | 1u << PL_HTTP_OPTIONS;
	unsigned post = 1u << PL_HTTP_POST | 1u << PL_HTTP_OPTIONS;
	char text[80];

	PL_EXPECT(pl_http_allowed("/health") == get);
	PL_EXPECT(pl_http_allowed("/") == get);
	PL_EXPECT(pl_http_allowed("/docs") == get);
	PL_EXPECT(pl_http_allowed("/ws/vu") == get);
	PL_EXPECT(pl_http_allowed("/channel/1/mute") == post);
	PL_EXPECT(pl_http_allowed("/channel/x/mute") == post);
	PL_EXPECT(pl_http_allowed("/channel//mute") == 0);
	PL_EXPECT(pl_http_allowed("/channel/1/mute/") == 0);
	PL_EXPECT(pl_http_allowed("/channel/1") == 0);
	PL_EXPECT(pl_http_allowed("/channel/12345678901234567890123456789012345/mute") == 0);
	PL_EXPECT(pl_http_allowed("") == 0);
	PL_EXPECT(pl_http_allowed("health") == 0);
	pl_http_allow_text(get, text, sizeof(text));
	PL_EXPECT(strcmp(text, "GET, HEAD, OPTIONS") == 0);
}

PL_TEST(files_are_sorted_and_typed)
{
	PL_CHECK(pl_n_static_files > 5);
	for (size_t i = 0; i < pl_n_static_files; i++) {
		const struct pl_static_file *file = &pl_static_files[i];

		PL_EXPECT(pl_static_find(file->path) == file);
		PL_EXPECT(file->type && file->size > 0 && file->etag[0] == '"');
	}
	PL_EXPECT(pl_static_find("/nope") == NULL);
}

static int open_listener_later(void *listen, const struct pl_actor *actor, const struct pl_mix *mix,
			       const char *offer, size_t size, struct pl_listen_answer *ret_answer,
			       struct pl_error *ret_error)
{
	snprintf(ret_error->message, sizeof(ret_error->message), "not ready");
	return -EAGAIN;
}

PL_TEST(what_is_not_ready_may_be_asked_for_again)
{
	static const struct pl_listen_ops later = {.open_listener = open_listener_later};
	const struct pl_http_visitor visitor = {.role = PL_ROLE_VIEW, .peer = "127.0.0.1:1"};
	const struct pl_http_question question = {.method = PL_HTTP_POST,
						  .path = "/whep",
						  .query = "",
						  .if_match = "",
						  .body = "v=0\r\n",
						  .size = 5};
	struct pl_control *control = NULL;
	struct pl_http_reply reply;
	struct pl_config config;
	struct pl_model model;

	pl_config_defaults(&config);
	pl_model_init(&model, 1, 1);
	PL_CHECK_INT(pl_control_new(&config, &model, NULL, NULL, NULL, NULL, &control), 0);
	pl_control_set_listen(control, &later, NULL);
	pl_http_dispatch(control, &visitor, &question, &reply);
	PL_CHECK_INT(reply.status, 503);
	PL_CHECK(strstr(json_object_to_json_string(reply.tree), "\"not ready\""));
	json_object_put(reply.tree);
	pl_control_free(control);
	pl_config_done(&config);
}

PL_TEST_MAIN()
