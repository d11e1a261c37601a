/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access.h"
#include "config.h"
#include "describe-gateway.h"
#include "gateway.h"

static const struct pl_actor admin = {.face = "cli", .name = "t", .role = PL_ROLE_ADMIN};
static const struct pl_actor operator_ = {.face = "http", .name = "t", .role = PL_ROLE_OPERATE};
static const struct pl_actor viewer = {.face = "ws", .name = "t", .role = PL_ROLE_VIEW};

/* Parts and a keeper that write down what they are told and can refuse. */
struct bench {
	char path[64];
	struct pl_config config;
	struct pl_control *control;
	struct pl_error error;

	size_t n_kept_streams, n_kept_pages, n_kept_jitter;
	unsigned n_kept;
	int keep_result;

	unsigned n_applied, n_keys_changed, n_outputs, n_tones, n_exported, n_uploads, n_audited;
	const char *audited;
	size_t n_streams, n_pages; /* as the parts have them */
	double safety;
	int apply_result;
	uint64_t keys, active;
	bool kept_before_applied;
	struct pl_page_record record;

	struct pl_listener listener;
	unsigned n_events[PL_EVENT_EXPORT + 1];
};

static int keep(void *keeper, const struct pl_model *model, bool keys_only)
{
	return 0;
}

static int keep_gateway(void *keeper, const struct pl_gateway_kept *kept)
{
	struct bench *b = keeper;

	if (b->keep_result < 0)
		return b->keep_result;
	b->n_kept++;
	b->n_kept_streams = kept->added.n_streams;
	b->n_kept_pages = kept->added.n_pages;
	b->n_kept_jitter = kept->n_jitter;
	return 0;
}

static int apply_streams(void *streams, const struct pl_gateway *before,
			 const struct pl_gateway *after)
{
	struct bench *b = streams;

	if (before && b->apply_result < 0) {
		int r = b->apply_result;

		b->apply_result = 0;
		return r;
	}
	b->n_applied++;
	b->n_streams = after->n_streams;
	b->safety = after->n_streams ? after->streams[0].jitter_safety : -1.0;
	return 0;
}

static int sdp(void *streams, const char *id, char *ret_text, size_t size)
{
	return snprintf(
		ret_text, size,
		"v=0\r\nm=audio 5004 RTP/SAVP 96\r\na=crypto:1 AEAD_AES_256_GCM inline:hush\r\n"
		"a=ptime:5\r\n");
}

static void keys_changed(void *streams, const struct pl_model *model)
{
	struct bench *b = streams;

	b->n_keys_changed++;
	b->keys = model->tablet[0].keys;
}

static int apply_pages(void *pages, const struct pl_gateway *before, const struct pl_gateway *after)
{
	struct bench *b = pages;

	b->n_pages = after->n_pages;
	return 0;
}

static void tone(void *pages, const struct pl_tone_event *event)
{
	((struct bench *)pages)->n_tones++;
}

static size_t history(void *pages, struct pl_page_record *ret_records, size_t n_max)
{
	struct bench *b = pages;

	ret_records[0] = b->record;
	return 1;
}

static void clip_uploaded(void *pages, const char *message_id, const char *url)
{
	((struct bench *)pages)->n_uploads++;
}

static uint64_t active(void *pages)
{
	return ((struct bench *)pages)->active;
}

static int apply_other(void *part, const struct pl_gateway *before, const struct pl_gateway *after)
{
	return 0;
}

static void outputs(void *gpio, const struct pl_model *model, const struct pl_meters_data *meters,
		    uint64_t page_channels)
{
	struct bench *b = gpio;

	b->n_outputs++;
	b->active = page_channels;
}

static int export_page(void *export, const struct pl_page_record *record)
{
	((struct bench *)export)->n_exported++;
	return 0;
}

static int export_clip(void *export, const struct pl_page_record *record, const char *path)
{
	((struct bench *)export)->n_uploads++;
	return 0;
}

static void on_event(void *userdata, const struct pl_event *event)
{
	((struct bench *)userdata)->n_events[event->type]++;
}

static void on_audit(void *userdata, const struct pl_audit *audit)
{
	struct bench *b = userdata;

	b->n_audited++;
	b->audited = audit->verb;
}

static void write_config(const struct bench *b, const char *text)
{
	FILE *file = fopen(b->path, "we");

	if (!file || fputs(text, file) < 0 || fclose(file) != 0)
		abort();
}

#define RECEIVER(id, port)                                                                         \
	"{\"id\":\"" id "\",\"endpoint\":\"channel.1\",\"way\":\"receive\",\"local\":{\"port\":"   \
	"" port "},\"srtp\":{\"cipher\":\"none\"}}"
#define CONFIG(streams)                                                                            \
	"{\"gateway\":{\"streams\":[" streams "],\"gpio\":{\"lines\":[{\"id\":\"lamp\",\"line\":"  \
	"5,\"function\":\"tally\",\"channel\":1}]}}}"

static void bench_start(struct bench *b, const char *config)
{
	static const struct pl_keeper_ops keeper = {.keep = keep, .keep_gateway = keep_gateway};
	static const struct pl_stream_ops streams = {
		.apply = apply_streams, .sdp = sdp, .keys_changed = keys_changed};
	static const struct pl_gpio_ops gpio = {.apply = apply_other, .outputs = outputs};
	static const struct pl_page_ops pages = {.apply = apply_pages,
						 .tone = tone,
						 .history = history,
						 .clip_uploaded = clip_uploaded,
						 .active = active};
	static const struct pl_export_ops export = {
		.apply = apply_other, .page = export_page, .clip = export_clip};
	const struct pl_gateway_parts parts = {
		.stream_ops = &streams,
		.streams = b,
		.gpio_ops = &gpio,
		.gpio = b,
		.page_ops = &pages,
		.pages = b,
		.export_ops = &export,
		.export = b,
	};
	char reason[512] = "";
	struct pl_model model;
	int fd;

	memset(b, 0, sizeof(*b));
	strcpy(b->path, "/tmp/partyline-test-XXXXXX");
	fd = mkstemp(b->path);
	if (fd < 0 || close(fd) < 0)
		abort();
	write_config(b, config);
	if (pl_config_load(b->path, &b->config, reason, sizeof(reason)) < 0) {
		printf("%s\n", reason);
		abort();
	}
	pl_model_init(&model, 16, 4);
	if (pl_control_new(&b->config, &model, NULL, NULL, &keeper, b, &b->control) < 0)
		abort();
	b->listener = (struct pl_listener){.on_event = on_event, .userdata = b};
	pl_control_add_listener(b->control, &b->listener);
	pl_control_set_audit(b->control, on_audit, b);
	if (pl_control_set_gateway_parts(b->control, &parts) < 0)
		abort();
}

static void bench_stop(struct bench *b)
{
	pl_control_free(b->control);
	pl_config_done(&b->config);
	unlink(b->path);
}

static struct pl_stream_def receiver(const char *id, uint16_t port)
{
	struct pl_stream_def stream;

	pl_stream_def_init(&stream, PL_STREAM_RTP);
	snprintf(stream.id, sizeof(stream.id), "%s", id);
	stream.endpoint = (struct pl_endpoint){false, 2};
	stream.way = PL_STREAM_RECEIVE;
	stream.local_port = port;
	stream.secret_size = 44;
	return stream;
}

PL_TEST(parts_have_the_configuration_at_first)
{
	struct bench b;

	bench_start(&b, CONFIG(RECEIVER("a", "5004")));
	PL_CHECK_INT(b.n_applied, 1);
	PL_CHECK_INT(b.n_streams, 1);
	PL_CHECK_INT(b.n_keys_changed, 1);
	PL_CHECK(pl_control_has_outputs(b.control));
	bench_stop(&b);
}

PL_TEST(a_stream_is_added_kept_and_removed)
{
	struct pl_stream_def stream = receiver("b", 5006);
	struct bench b;

	bench_start(&b, CONFIG(RECEIVER("a", "5004")));
	PL_CHECK_INT(pl_control_add_stream(b.control, &operator_, &stream, &b.error), -EPERM);
	PL_CHECK_INT(pl_control_add_stream(b.control, &admin, &stream, &b.error), 0);
	PL_CHECK_INT(b.n_kept_streams, 1);
	PL_CHECK_INT(b.n_streams, 2);
	PL_CHECK_INT(b.n_events[PL_EVENT_GATEWAY], 1);
	PL_CHECK_STR(b.audited, "add_stream");
	PL_CHECK_INT(pl_control_gateway(b.control)->streams[1].origin, PL_ORIGIN_ADDED);
	PL_CHECK_INT(pl_control_add_stream(b.control, &admin, &stream, &b.error), -EEXIST);
	stream = receiver("c", 5007);
	PL_CHECK_INT(pl_control_add_stream(b.control, &admin, &stream, &b.error), -EINVAL);
	PL_CHECK_STR(b.error.field, "/local/port");
	PL_CHECK_INT(pl_control_remove_stream(b.control, &admin, "a", &b.error), -EROFS);
	PL_CHECK_INT(pl_control_remove_stream(b.control, &admin, "x", &b.error), -ENOENT);
	PL_CHECK_INT(b.n_events[PL_EVENT_GATEWAY], 1);
	PL_CHECK_INT(pl_control_remove_stream(b.control, &admin, "b", &b.error), 0);
	PL_CHECK_INT(b.n_kept_streams, 0);
	PL_CHECK_INT(b.n_streams, 1);
	bench_stop(&b);
}

PL_TEST(what_cannot_be_kept_or_applied_changes_nothing)
{
	struct pl_stream_def stream = receiver("b", 5006);
	struct bench b;

	bench_start(&b, CONFIG(RECEIVER("a", "5004")));
	b.keep_result = -ENOSPC;
	PL_CHECK_INT(pl_control_add_stream(b.control, &admin, &stream, &b.error), -ENOSPC);
	PL_CHECK(strstr(b.error.message, "make room"));
	PL_CHECK_INT(b.n_streams, 1);
	b.keep_result = 0;
	b.apply_result = -ENOMEM;
	PL_CHECK_INT(pl_control_add_stream(b.control, &admin, &stream, &b.error), -ENOMEM);
	/* taken back */
	PL_CHECK_INT(b.n_kept_streams, 0);
	PL_CHECK_INT(pl_control_gateway(b.control)->n_streams, 1);
	PL_CHECK_INT(b.n_events[PL_EVENT_GATEWAY], 0);
	PL_CHECK_INT(pl_control_add_stream(b.control, &admin, &stream, &b.error), 0);
	bench_stop(&b);
}

PL_TEST(the_configuration_wins_and_nothing_is_lost)
{
	struct pl_stream_def stream = receiver("b", 5006);
	struct bench b;

	bench_start(&b, CONFIG(RECEIVER("a", "5004")));
	PL_CHECK_INT(pl_control_add_stream(b.control, &admin, &stream, &b.error), 0);
	write_config(&b, CONFIG(RECEIVER("a", "5004") "," RECEIVER("b", "5008")));
	PL_CHECK_INT(pl_control_reload_config(b.control, &admin, &b.error), 0);
	PL_CHECK_INT(b.n_streams, 2);
	PL_CHECK_INT(pl_gateway_stream(pl_control_gateway(b.control), "b")->local_port, 5008);
	PL_CHECK(strstr(pl_control_gateway_trouble(b.control),
			"the stream \"b\" is not used: /streams/2/id there is a stream \"b\""));
	/* Its port is the configuration's now: hidden for another reason, kept all the same. */
	write_config(&b, CONFIG(RECEIVER("a", "5006")));
	PL_CHECK_INT(pl_control_reload_config(b.control, &admin, &b.error), 0);
	PL_CHECK_INT(b.n_streams, 1);
	PL_CHECK_INT(b.n_kept_streams, 1);
	PL_CHECK(pl_control_gateway_trouble(b.control)[0]);
	write_config(&b, CONFIG(RECEIVER("a", "5004")));
	PL_CHECK_INT(pl_control_reload_config(b.control, &admin, &b.error), 0);
	PL_CHECK_INT(b.n_streams, 2);
	PL_CHECK_STR(pl_control_gateway_trouble(b.control), "");
	bench_stop(&b);
}

PL_TEST(a_broken_configuration_leaves_the_gateway_alone)
{
	struct bench b;

	bench_start(&b, CONFIG(RECEIVER("a", "5004")));
	write_config(&b, CONFIG(RECEIVER("a", "5004") "," RECEIVER("a", "5008")));
	PL_CHECK_INT(pl_control_reload_config(b.control, &admin, &b.error), -EINVAL);
	PL_CHECK(strstr(b.error.message, "/gateway/streams/1/id"));
	PL_CHECK_INT(b.n_applied, 1);
	bench_stop(&b);
}

PL_TEST(the_jitter_buffer_is_set_live_until_the_configuration_says_otherwise)
{
	struct bench b;

	bench_start(&b, CONFIG(RECEIVER("a", "5004")));
	PL_CHECK_INT(pl_control_set_jitter(b.control, &viewer, "a", 0.9, &b.error), -EPERM);
	PL_CHECK_INT(pl_control_set_jitter(b.control, &operator_, "a", 1.5, &b.error), -EINVAL);
	PL_CHECK_INT(pl_control_set_jitter(b.control, &operator_, "x", 0.5, &b.error), -ENOENT);
	PL_CHECK_INT(pl_control_set_jitter(b.control, &operator_, "a", 0.9, &b.error), 0);
	PL_CHECK_NEAR(b.safety, 0.9, 0.0);
	PL_CHECK_INT(b.n_kept_jitter, 1);
	PL_CHECK_INT(pl_control_reload_config(b.control, &admin, &b.error), 0);
	PL_CHECK_NEAR(b.safety, 0.9, 0.0);
	write_config(&b, "{\"gateway\":{\"streams\":[{\"id\":\"a\",\"endpoint\":\"channel.1\","
			 "\"way\":\"receive\",\"local\":{\"port\":5004},\"srtp\":{\"cipher\":"
			 "\"none\"},\"jitter\":{\"safety\":0.1}}]}}");
	PL_CHECK_INT(pl_control_reload_config(b.control, &admin, &b.error), 0);
	PL_CHECK_NEAR(b.safety, 0.1, 0.0);
	bench_stop(&b);
}

PL_TEST(keys_reach_streams_and_lamps_at_once)
{
	struct bench b;

	bench_start(&b, CONFIG(RECEIVER("a", "5004")));
	PL_CHECK_INT(pl_control_press_key(b.control, &operator_, 1, 2, 1, &b.error), 0);
	PL_CHECK_INT(b.n_keys_changed, 2);
	PL_CHECK_INT(b.keys, 2);
	PL_CHECK(b.n_outputs >= 1);
	b.n_outputs = 0;
	PL_CHECK_INT(pl_control_set_mode(b.control, &operator_, 1, PL_TALK_MODE_LATCH, &b.error),
		     0);
	PL_CHECK_INT(b.n_keys_changed, 2);
	PL_CHECK_INT(b.n_outputs, 0);
	bench_stop(&b);
}

PL_TEST(a_key_of_a_stream_is_only_for_admins_and_audited)
{
	char text[PL_SDP_MAX];
	struct bench b;

	bench_start(&b,
		    "{\"gateway\":{\"streams\":[{\"id\":\"a\",\"endpoint\":\"channel.1\",\"way\":"
		    "\"receive\",\"local\":{\"port\":5004},\"srtp\":{\"key\":\"AAECAwQFBgcICQoLDA0O"
		    "DxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKis=\"}}]}}");
	PL_CHECK(pl_control_stream_sdp(b.control, &operator_, "a", text, sizeof(text)) > 0);
	PL_CHECK_STR(text, "v=0\r\nm=audio 5004 RTP/SAVP 96\r\na=ptime:5\r\n");
	PL_CHECK_INT(b.n_audited, 0);
	PL_CHECK(pl_control_stream_sdp(b.control, &admin, "a", text, sizeof(text)) > 0);
	PL_CHECK(strstr(text, "inline:hush"));
	PL_CHECK_INT(b.n_audited, 1);
	PL_CHECK_STR(b.audited, "stream_sdp");
	PL_CHECK_INT(pl_control_stream_sdp(b.control, &admin, "x", text, sizeof(text)), -ENOENT);
	bench_stop(&b);
}

PL_TEST(a_page_is_made_of_what_was_heard)
{
	const struct pl_page_def *page;
	struct bench b;

	bench_start(&b, CONFIG(""));
	strcpy(b.record.message_id, "m-1");
	b.record.tone = (struct pl_tone_event){
		.endpoint = {false, 3},
		.type = PL_TONE_NEW_PAIR,
		.a_hz = 979.9,
		.b_hz = 1530.0,
		.a_length_s = 1.0,
		.b_length_s = 0.1,
	};
	PL_CHECK_INT(pl_control_page_from_record(b.control, &admin, "m-2", "p", &b.error), -ENOENT);
	PL_CHECK_INT(pl_control_page_from_record(b.control, &admin, "m-1", "P", &b.error), -EINVAL);
	PL_CHECK_INT(pl_control_page_from_record(b.control, &operator_, "m-1", "p", &b.error),
		     -EPERM);
	PL_CHECK_INT(pl_control_page_from_record(b.control, &admin, "m-1", "p", &b.error), 0);
	page = pl_gateway_page(pl_control_gateway(b.control), "p");
	PL_CHECK(page && page->source.id == 3 && page->kind == PL_PAGE_TWO_TONE);
	PL_CHECK_NEAR(page->a_hz, 979.9, 0.0);
	PL_CHECK_NEAR(page->a_length_s, 0.8, 1e-9);
	PL_CHECK_NEAR(page->b_length_s, 0.2, 0.0);
	PL_CHECK_INT(b.n_pages, 1);
	PL_CHECK_INT(b.n_kept_pages, 1);
	PL_CHECK_INT(pl_control_gateway(b.control)->n_tone_inputs, 1);
	PL_CHECK_INT(pl_control_page_from_record(b.control, &admin, "m-1", "p", &b.error), -EEXIST);
	PL_CHECK_INT(pl_control_remove_page(b.control, &admin, "p", &b.error), 0);
	PL_CHECK_INT(pl_control_gateway(b.control)->n_tone_inputs, 0);
	bench_stop(&b);
}

PL_TEST(tones_and_pages_go_where_they_should)
{
	struct bench b;

	bench_start(&b, CONFIG(""));
	strcpy(b.record.message_id, "m-1");
	pl_control_tone_heard(b.control, &b.record.tone);
	PL_CHECK_INT(b.n_tones, 1);
	PL_CHECK_INT(b.n_events[PL_EVENT_TONE], 1);
	pl_control_page_changed(b.control, &b.record, true, NULL);
	PL_CHECK_INT(b.n_exported, 1);
	pl_control_page_changed(b.control, &b.record, false, "/clip.wav");
	PL_CHECK_INT(b.n_exported, 1);
	PL_CHECK_INT(b.n_uploads, 1);
	pl_control_clip_uploaded(b.control, "m-1", "https://x");
	PL_CHECK_INT(b.n_uploads, 2);
	PL_CHECK_INT(b.n_events[PL_EVENT_PAGE], 3);
	pl_control_clip_uploaded(b.control, "older", "");
	PL_CHECK_INT(b.n_events[PL_EVENT_PAGE], 3);
	bench_stop(&b);
}

PL_TEST(a_stream_in_the_clear_is_told)
{
	struct json_object *list;
	struct bench b;

	bench_start(&b, CONFIG(RECEIVER("a", "5004")));
	list = pl_describe_gateway_warnings(b.control);
	PL_CHECK_INT(json_object_array_length(list), 1);
	PL_CHECK(strstr(json_object_get_string(list), "stream a is not encrypted"));
	json_object_put(list);
	bench_stop(&b);
}

PL_TEST_MAIN()
