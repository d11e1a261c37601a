/* SPDX-License-Identifier: MIT */
#include "page-event.h"

#include <stdlib.h>

#include "mqtt.h"
#include "s3-request.h"
#include "s3.h"

#include "pltest.h"

static const struct pl_page_record record = {
	.message_id = "0b0e7a4c-3a57-4b0a-9d52-6a4a3d8a1f10",
	.ts_usec = 1763557764123456u,
	.tone = {.endpoint = {.is_tablet = false, .id = 3},
		 .type = PL_TONE_PAGE,
		 .a_hz = 1000.4,
		 .b_hz = 1499.6},
	.page_id = "t1",
	.clip = "defined_tone_3_1000.0_1500.0_1763557764123.wav",
};

PL_TEST(a_defined_page_is_told_as_echostream_told_it)
{
	const struct pl_page_def page = {
		.id = "t1", .name = "Station 1", .a_hz = 1000.0, .b_hz = 1500.0, .alert = "fire"};
	char *text = pl_page_event_text(&record, &page, "dev1", "https://x/y");

	PL_CHECK(text);
	PL_EXPECT(strcmp(text, "{\"message_id\":\"0b0e7a4c-3a57-4b0a-9d52-6a4a3d8a1f10\","
			       "\"timestamp\":1763557764123,\"device_id\":\"dev1\","
			       "\"event_type\":\"defined_tones_detected\","
			       "\"tone_details\":{\"tone_a\":1000.0,\"tone_b\":1500.0},"
			       "\"endpoint\":\"channel.3\",\"channel\":3,\"tone_id\":\"t1\","
			       "\"name\":\"Station 1\",\"alert\":\"fire\","
			       "\"clip\":\"defined_tone_3_1000.0_1500.0_1763557764123.wav\","
			       "\"clip_url\":\"https://x/y\"}") == 0);
	free(text);
}

PL_TEST(an_unknown_pair_is_told_as_heard)
{
	struct pl_page_record unknown = record;
	char *text;

	unknown.page_id[0] = unknown.clip[0] = '\0';
	unknown.tone.endpoint = (struct pl_endpoint){.is_tablet = true, .id = 2};
	text = pl_page_event_text(&unknown, NULL, "dev1", "");
	PL_CHECK(text);
	PL_EXPECT(strstr(text, "\"event_type\":\"new_tone_detected\""));
	PL_EXPECT(strstr(text, "{\"tone_a\":1000.4,\"tone_b\":1499.6}"));
	PL_EXPECT(strstr(text, "\"endpoint\":\"tablet.2\"") && !strstr(text, "\"channel\""));
	PL_EXPECT(!strstr(text, "tone_id") && !strstr(text, "clip"));
	free(text);
}

PL_TEST(other_kinds_of_page)
{
	struct pl_page_def page = {.id = "t1", .kind = PL_PAGE_LONG, .a_hz = 700.0, .b_hz = 1.0};
	char *text = pl_page_event_text(&record, &page, "d", "");

	PL_CHECK(text && strstr(text, "{\"tone_a\":700.0,\"tone_b\":0.0}"));
	free(text);
	page = (struct pl_page_def){.id = "t1", .kind = PL_PAGE_DTMF, .digits = "12#"};
	text = pl_page_event_text(&record, &page, "d", "");
	PL_CHECK(text && strstr(text, "{\"tone_a\":0.0,\"tone_b\":0.0,\"digits\":\"12#\"}"));
	free(text);
}

PL_TEST(an_upload_is_told)
{
	char *text = pl_clip_event_text("id", "dev1", "https://x", "a/b.wav", 5000000u);

	PL_CHECK(text);
	PL_EXPECT(strcmp(text, "{\"message_id\":\"id\",\"timestamp\":5000,\"device_id\":\"dev1\","
			       "\"event_type\":\"clip_uploaded\",\"clip_url\":\"https://x\","
			       "\"key\":\"a/b.wav\"}") == 0);
	free(text);
}

PL_TEST(topics_have_the_device)
{
	char topic[32];

	PL_CHECK(pl_mqtt_topic("from/device/%s/x", "dev1", topic, sizeof(topic)) == 0);
	PL_CHECK(strcmp(topic, "from/device/dev1/x") == 0);
	PL_CHECK(pl_mqtt_topic("%s%s%d", "a", topic, 5) == 0 && strcmp(topic, "aa%d") == 0);
	PL_CHECK(pl_mqtt_topic("%s", "12345", topic, 5) < 0);
}

PL_TEST(items_come_back)
{
	struct pl_s3_item item = {.message_id = "id", .file = "/x/ä \"b\".wav", .key = "k"}, again;
	char *text = pl_s3_item_to_text(&item);

	PL_CHECK(text && pl_s3_item_from_text(text, strlen(text), &again) == 0);
	PL_CHECK(strcmp(again.file, item.file) == 0 && strcmp(again.key, "k") == 0);
	PL_CHECK(pl_s3_item_from_text(text, strlen(text) - 1, &again) < 0);
	PL_CHECK(pl_s3_item_from_text("[]", 2, &again) < 0);
	PL_CHECK(pl_s3_item_from_text("{\"file\":1}", 10, &again) < 0);
	free(text);
}

PL_TEST(endpoints)
{
	struct pl_s3_def def = {.bucket = "b", .region = "eu-north-1"};
	struct pl_s3_place place;

	PL_CHECK(pl_s3_place_find(&def, &place) == 0);
	PL_CHECK(strcmp(place.host, "b.s3.eu-north-1.amazonaws.com") == 0 &&
		 strcmp(place.root, "/") == 0);
	def.path_style = true;
	snprintf(def.endpoint, sizeof(def.endpoint), "http://[::1]:9000//");
	PL_CHECK(pl_s3_place_find(&def, &place) == 0);
	PL_CHECK(strcmp(place.host, "[::1]:9000") == 0 && strcmp(place.root, "/b/") == 0);
	for (const char *const *bad = (const char *const[]){"ftp://x", "https://", "x",
							    "http://a/?q", "http://u@h", NULL};
	     *bad; bad++) {
		snprintf(def.endpoint, sizeof(def.endpoint), "%s", *bad);
		PL_EXPECT(pl_s3_place_find(&def, &place) < 0);
	}
}

PL_TEST(elements)
{
	char text[16];

	PL_CHECK(pl_s3_element("<a><b>x&quot;y</b></a>", "b", text, sizeof(text)) == 0);
	PL_CHECK(strcmp(text, "x\"y") == 0);
	PL_CHECK(pl_s3_element("<b>0123456789abcdef</b>", "b", text, sizeof(text)) < 0);
	PL_CHECK(pl_s3_element("<b>", "b", text, sizeof(text)) < 0);
	PL_CHECK(pl_s3_element("</b><b>", "b", text, sizeof(text)) < 0);
}

PL_TEST_MAIN()
