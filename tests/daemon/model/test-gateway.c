/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "gateway-json.h"
#include "gateway-kept.h"

/* 44 bytes: key and salt of AES-256-GCM */
#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKis="
#define KEY_32 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static char pointer[256], reason[256];

/** As a configuration with 16 tablets and 4 channels would take it. */
static int parse(const char *text, struct pl_gateway *gateway)
{
	const struct pl_gateway_reading reading = {
		.pointer = pointer,
		.pointer_size = sizeof(pointer),
		.reason = reason,
		.reason_size = sizeof(reason),
	};
	const struct pl_gateway_bounds bounds = {
		.n_tablets = 16,
		.n_channels = 4,
		.pointer = pointer,
		.pointer_size = sizeof(pointer),
		.reason = reason,
		.reason_size = sizeof(reason),
	};
	struct json_object *tree = NULL;
	int r;

	memset(gateway, 0, sizeof(*gateway));
	pointer[0] = reason[0] = '\0';
	r = pl_json_parse(text, strlen(text), &tree, reason, sizeof(reason));
	if (r == 0)
		r = pl_gateway_from_json(&reading, tree, gateway);
	if (r == 0)
		r = pl_gateway_check(gateway, &bounds);
	json_object_put(tree);
	return r;
}

PL_TEST(base64_is_read_as_written)
{
	uint8_t data[64], back[64];
	char text[PL_BASE64_SIZE(64)];

	for (unsigned i = 0; i < 64; i++)
		data[i] = (uint8_t)(i * 37u);
	for (unsigned n = 0; n <= 64; n++) {
		pl_base64_write(data, n, text);
		PL_CHECK_INT(strlen(text) + 1, PL_BASE64_SIZE(n));
		PL_CHECK_INT(pl_base64_read(text, back, sizeof(back)), n);
		PL_CHECK(memcmp(data, back, n) == 0);
	}
	PL_CHECK_INT(pl_base64_read("AAA", back, 64), -EINVAL);
	PL_CHECK_INT(pl_base64_read("A===", back, 64), -EINVAL);
	PL_CHECK_INT(pl_base64_read("AA=A", back, 64), -EINVAL);
	PL_CHECK_INT(pl_base64_read("AB==", back, 64), -EINVAL);
	PL_CHECK_INT(pl_base64_read("AAAA", back, 2), -ENOSPC);
}

PL_TEST(a_stream_has_its_defaults)
{
	struct pl_gateway g;
	const struct pl_stream_def *s;

	PL_CHECK_INT(
		parse("{\"streams\":[{\"id\":\"a\",\"endpoint\":\"channel.2\",\"remote\":{\"host\":"
		      "\"192.0.2.7\",\"port\":5004},\"local\":{\"port\":5004},\"srtp\":{\"key\":"
		      "\"" KEY "\"}}]}",
		      &g),
		0);
	s = pl_gateway_stream(&g, "a");
	PL_CHECK(s);
	PL_CHECK(!s->endpoint.is_tablet && s->endpoint.id == 2);
	PL_CHECK_INT(s->way, PL_STREAM_BOTH);
	PL_CHECK_INT(s->transmit, PL_TRANSMIT_ALWAYS);
	PL_CHECK_INT(s->cipher, PL_CIPHER_AES_256_GCM);
	PL_CHECK_INT(s->secret_size, 44);
	PL_CHECK_INT(s->secret[43], 43);
	PL_CHECK_INT(s->payload_type, 96);
	PL_CHECK_INT(s->dscp, 46);
	PL_CHECK_NEAR(s->ptime_ms, 5.0, 0.0);
	PL_CHECK(s->fec && !s->dtx);
	PL_CHECK(g.sap_listen);
	PL_CHECK_INT(s->origin, PL_ORIGIN_CONFIG);
	pl_gateway_done(&g);
}

PL_TEST(an_echostream_has_its_own_defaults)
{
	struct pl_gateway g;

	PL_CHECK_INT(parse("{\"streams\":[{\"id\":\"e\",\"endpoint\":\"tablet.16\",\"protocol\":"
			   "\"echostream\",\"echostream\":{\"url\":\"wss://h/ws/\",\"channel_id\":"
			   "\"555\",\"key\":\"" KEY_32 "\"}}]}",
			   &g),
		     0);
	PL_CHECK_INT(g.streams[0].transmit, PL_TRANSMIT_KEYED);
	PL_CHECK_NEAR(g.streams[0].ptime_ms, 40.0, 0.0);
	PL_CHECK(!g.streams[0].fec);
	PL_CHECK_INT(g.streams[0].secret_size, 32);
	PL_CHECK(!g.sap_listen);
	pl_gateway_done(&g);
}

PL_TEST(the_profile_is_four_keys)
{
	struct pl_gateway g;

	PL_CHECK_INT(parse("{\"gpio\":{\"profile\":\"rpi-echostream\",\"lines\":[{\"id\":\"lamp\","
			   "\"line\":5,\"function\":\"tally\",\"channel\":1}]}}",
			   &g),
		     0);
	PL_CHECK_INT(g.n_lines, 5);
	PL_CHECK_STR(g.lines[0].line_name, "GPIO20");
	PL_CHECK_STR(g.lines[3].line_name, "GPIO24");
	PL_CHECK_INT(g.lines[3].channel_id, 4);
	PL_CHECK_INT(g.lines[3].tablet_id, 4);
	PL_CHECK(g.lines[3].active_low && g.lines[3].pull == PL_PULL_UP);
	PL_CHECK_INT(g.lines[4].offset, 5);
	PL_CHECK(!g.lines[4].active_low && g.lines[4].pull == PL_PULL_AS_IS);
	pl_gateway_done(&g);
}

PL_TEST(a_pages_source_is_listened_to)
{
	struct pl_gateway g;

	PL_CHECK_INT(parse("{\"tones\":{\"inputs\":[{\"endpoint\":\"channel.1\"}],\"pages\":["
			   "{\"id\":\"p\",\"source\":\"channel.1\",\"kind\":\"dtmf\",\"digits\":"
			   "\"12A#\"},{\"id\":\"q\",\"source\":\"tablet.3\",\"a_hz\":1000,\"b_hz\":"
			   "1500,\"a_length_s\":1,\"b_length_s\":3}]}}",
			   &g),
		     0);
	PL_CHECK_INT(g.n_tone_inputs, 2);
	PL_CHECK(g.tone_inputs[0].dtmf);
	PL_CHECK(g.tone_inputs[1].endpoint.is_tablet && g.tone_inputs[1].endpoint.id == 3);
	PL_CHECK(!g.tone_inputs[1].dtmf);
	pl_gateway_done(&g);
}

#define STREAM(more) "{\"streams\":[{\"id\":\"a\",\"endpoint\":\"channel.1\"" more "}]}"
#define PAGE(more) "{\"tones\":{\"pages\":[{\"id\":\"a\",\"source\":\"channel.1\"" more "}]}}"
#define REMOTE ",\"remote\":{\"host\":\"h\",\"port\":1}"

PL_TEST(what_is_wrong_is_named_with_the_way_out)
{
	static const struct {
		const char *text, *pointer, *reason;
	} cases[] = {
		{"[]", "", "must be of type object"},
		{"{\"stream\":[]}", "/stream", "unknown key"},
		{"{\"streams\":{}}", "/streams", "must be of type array"},
		{"{\"streams\":[{\"endpoint\":\"channel.1\"}]}", "/streams/0/id", "is missing"},
		{"{\"streams\":[{\"id\":\"A\"}]}", "/streams/0/id",
		 "must be 1 to 31 characters of a to z, 0 to 9 and -"},
		{"{\"streams\":[{\"id\":\"a\",\"endpoint\":\"channel.0\"}]}", "/streams/0/endpoint",
		 "must be channel.N or tablet.N"},
		{STREAM(",\"way\":\"up\""), "/streams/0/way",
		 "must be one of \"send\", \"receive\", \"both\""},
		{STREAM(",\"way\":null"), "/streams/0/way", "must be one of"},
		{STREAM(",\"dscp\":64"), "/streams/0/dscp", "must be 0 to 63"},
		{STREAM(",\"dscp\":1.5"), "/streams/0/dscp", "must be of type integer"},
		{STREAM(",\"name\":\"\\u0007\""), "/streams/0/name", "control characters"},
		{STREAM(""), "/streams/0/remote/host", "needs to know where to"},
		{STREAM(",\"way\":\"receive\""), "/streams/0/local/port", "port of its own"},
		{STREAM(",\"way\":\"send\"" REMOTE), "/streams/0/srtp/key",
		 "partylinectl stream key"},
		{STREAM(",\"way\":\"send\",\"srtp\":{\"key\":\"AAAA\"}" REMOTE),
		 "/streams/0/srtp/key", "has 3 bytes, this cipher takes 44"},
		{STREAM(",\"way\":\"send\",\"srtp\":{\"key\":\"?\"}" REMOTE), "/streams/0/srtp/key",
		 "must be a key in base64"},
		{STREAM(",\"way\":\"send\",\"srtp\":{\"cipher\":\"none\",\"key\":\"" KEY
			"\"}" REMOTE),
		 "/streams/0/srtp/key", "takes no key"},
		{STREAM(",\"srtp\":{\"key_file\":\"/x\"}"), "/streams/0/srtp/key_file",
		 "only be named in the configuration file"},
		{STREAM(",\"opus\":{\"ptime_ms\":7}"), "/streams/0/opus/ptime_ms",
		 "must be one of 2.5"},
		{STREAM(",\"jitter\":{\"min_ms\":300}"), "/streams/0/jitter/min_ms",
		 "at most max_ms"},
		{STREAM(",\"echostream\":{}"), "/streams/0/echostream", "only for the protocol"},
		{STREAM(",\"protocol\":\"echostream\",\"remote\":{}"), "/streams/0/remote",
		 "only for the protocol \"rtp\""},
		{STREAM(",\"protocol\":\"echostream\""), "/streams/0/echostream/url",
		 "must begin with ws"},
		{"{\"gpio\":{\"lines\":[{\"id\":\"k\",\"line\":1,\"channel\":5,\"tablet\":1}]}}",
		 "/gpio/lines/0/channel", "no channel 5; channels are 1 to 4"},
		{"{\"gpio\":{\"lines\":[{\"id\":\"k\",\"line\":1,\"channel\":1}]}}",
		 "/gpio/lines/0/tablet", "is missing"},
		{"{\"gpio\":{\"profile\":\"rpi-echostream\",\"lines\":[{\"id\":\"k\",\"line\":"
		 "\"GPIO20\",\"channel\":1,\"tablet\":1}]}}",
		 "/gpio/lines/4/line", "the line \"key-1\" has this one already"},
		{"{\"gpio\":{\"profile\":\"rpi\"}}", "/gpio/profile", "rpi-echostream"},
		{PAGE(""), "/tones/pages/0/a_hz", "must be 200 to 3500"},
		{PAGE(",\"a_hz\":1000,\"b_hz\":1001,\"a_length_s\":1,\"b_length_s\":1"),
		 "/tones/pages/0/b_hz", "kind \"long\""},
		{PAGE(",\"kind\":\"dtmf\",\"digits\":\"12x\""), "/tones/pages/0/digits",
		 "must be 1 to 31 of"},
		{PAGE(",\"kind\":\"dtmf\",\"digits\":\"1\",\"passthrough_channel\":1"),
		 "/tones/pages/0/passthrough_channel", "passed through to itself"},
		{PAGE(",\"kind\":\"dtmf\",\"digits\":\"1\",\"passthrough_channel\":5"),
		 "/tones/pages/0/passthrough_channel", "no channel 5"},
		{"{\"tones\":{\"inputs\":[{\"endpoint\":\"channel.1\"},{\"endpoint\":"
		 "\"channel.1\"}]}}",
		 "/tones/inputs/1/endpoint", "already"},
		{"{\"mqtt\":{}}", "/mqtt/host", "is missing"},
		{"{\"mqtt\":{\"host\":\"h\",\"key_file\":\"/k\"}}", "/mqtt/certificate_file",
		 "belong together"},
		{"{\"mqtt\":{\"host\":\"h\",\"topic\":\"a/#\"}}", "/mqtt/topic", "wildcards"},
		{"{\"s3\":{\"bucket\":\"b\"}}", "/s3/access_key", "is missing"},
		{"{\"s3\":{\"bucket\":\"b\",\"endpoint\":\"h\"}}", "/s3/endpoint", "https://"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pl_gateway g;

		if (parse(cases[i].text, &g) != -EINVAL)
			PL_FAIL_("taken: %s", cases[i].text);
		if (strcmp(pointer, cases[i].pointer) != 0 || !strstr(reason, cases[i].reason))
			PL_FAIL_("%s: \"%s\" \"%s\"", cases[i].text, pointer, reason);
		pl_gateway_done(&g);
	}
}

#define RECEIVER(id, address, port)                                                                \
	"{\"id\":\"" id "\",\"endpoint\":\"channel.1\",\"way\":\"receive\",\"local\":{"            \
	"\"address\":\"" address "\",\"port\":" port "},\"srtp\":{\"cipher\":\"none\"}}"

PL_TEST(two_streams_never_share_a_port)
{
	struct pl_gateway g;

	PL_CHECK_INT(
		parse("{\"streams\":[" RECEIVER("a", "", "5004") "," RECEIVER("b", "", "5006") "]}",
		      &g),
		0);
	pl_gateway_done(&g);
	/* RTCP has the odd one. */
	PL_CHECK_INT(
		parse("{\"streams\":[" RECEIVER("a", "", "5004") "," RECEIVER("b", "", "5005") "]}",
		      &g),
		-EINVAL);
	PL_CHECK_STR(pointer, "/streams/1/local/port");
	PL_CHECK(strstr(reason, "stream \"a\""));
	pl_gateway_done(&g);
	/* Each its own group */
	PL_CHECK_INT(parse("{\"streams\":[" RECEIVER("a", "239.1.1.1", "5004") "," RECEIVER(
				   "b", "239.1.1.2", "5004") "]}",
			   &g),
		     0);
	pl_gateway_done(&g);
	PL_CHECK_INT(
		parse("{\"streams\":[" RECEIVER("a", "", "5004") "," RECEIVER("a", "", "5006") "]}",
		      &g),
		-EINVAL);
	PL_CHECK_STR(pointer, "/streams/1/id");
	pl_gateway_done(&g);
}

static struct json_object *write_all(const struct pl_gateway *g)
{
	return pl_gateway_to_json(g);
}

PL_TEST(nothing_written_holds_a_secret)
{
	struct json_object *tree;
	struct pl_gateway g;
	const char *text;

	PL_CHECK_INT(
		parse("{\"streams\":[{\"id\":\"a\",\"endpoint\":\"channel.2\",\"remote\":{\"host\":"
		      "\"h\",\"port\":5004},\"local\":{\"port\":5004},\"srtp\":{\"key\":\"" KEY
		      "\"}}],\"mqtt\":{\"host\":\"h\",\"password\":\"hush-1\"},\"s3\":{\"bucket\":"
		      "\"b\",\"access_key\":\"who\",\"secret_key\":\"hush-2\"}}",
		      &g),
		0);
	tree = write_all(&g);
	text = json_object_to_json_string_ext(tree, JSON_C_TO_STRING_NOSLASHESCAPE);
	PL_CHECK(strstr(text, "\"who\""));
	PL_CHECK(!strstr(text, "hush"));
	PL_CHECK(!strstr(text, "AAECAwQF"));
	json_object_put(tree);
	pl_gateway_done(&g);
}

static void check_again(const struct pl_gateway *g)
{
	struct json_object *tree = write_all(g);
	struct pl_gateway again;
	int r = parse(json_object_to_json_string(tree), &again);

	json_object_put(tree);
	if (r < 0)
		PL_FAIL_("%s %s", pointer, reason);
	PL_CHECK(pl_gateway_equal(g, &again));
	pl_gateway_done(&again);
}

PL_TEST(what_is_written_is_read_as_it_was)
{
	struct pl_gateway g, copy;

	PL_CHECK_INT(
		parse("{\"streams\":[{\"id\":\"a\",\"endpoint\":\"channel.2\",\"way\":\"send\","
		      "\"remote\":{\"host\":\"h\",\"port\":5004},\"srtp\":{\"cipher\":\"none\"},"
		      "\"opus\":{\"channels\":2,\"ptime_ms\":2.5,\"dtx\":true}},{\"id\":\"e\","
		      "\"endpoint\":\"tablet.16\",\"protocol\":\"echostream\",\"echostream\":{"
		      "\"url\":\"ws://h/ws/\",\"channel_id\":\"555\"}}],\"gpio\":{\"lines\":[{"
		      "\"id\":\"k\",\"line\":\"GPIO20\",\"channel\":4,\"tablet\":9,\"debounce_ms\":"
		      "2.5,\"mode\":\"latch\"},{\"id\":\"o\",\"chip\":\"gpiochip1\",\"line\":7,"
		      "\"channel\":1,\"function\":\"carrier\",\"threshold_db\":-30.5}]},\"tones\":{"
		      "\"inputs\":[{\"endpoint\":\"channel.1\",\"detect_new_tones\":true,"
		      "\"filters\":[{\"id\":\"f\",\"type\":\"center\",\"frequency_hz\":900,"
		      "\"range_hz\":50}]}],\"pages\":[{\"id\":\"p\",\"source\":\"channel.1\","
		      "\"a_hz\":1000,\"b_hz\":1500,\"a_length_s\":1,\"b_length_s\":3,\"clip\":"
		      "\"opus\",\"tolerance_unit\":\"hz\",\"a_tolerance\":10,\"record_length_s\":"
		      "30,\"passthrough_channel\":2,\"alert\":\"Ring\"},{\"id\":\"l\",\"source\":"
		      "\"channel.1\",\"kind\":\"long\",\"a_hz\":600,\"a_length_s\":5}]},\"clips\":{"
		      "\"directory\":\"/c\",\"keep_bytes\":5},\"sap\":{\"listen\":true}}",
		      &g),
		0);
	check_again(&g);
	PL_CHECK_INT(pl_gateway_copy(&g, &copy), 0);
	PL_CHECK(pl_gateway_equal(&g, &copy));
	copy.pages[0].clip_opus = false;
	PL_CHECK(!pl_gateway_equal(&g, &copy));
	pl_gateway_done(&copy);
	pl_gateway_done(&g);
}

PL_TEST(what_verbs_added_comes_back_with_its_keys)
{
	const struct pl_gateway_reading reading = {
		.pointer = pointer,
		.pointer_size = sizeof(pointer),
		.reason = reason,
		.reason_size = sizeof(reason),
	};
	struct pl_gateway_kept kept = {0}, again = {0};
	struct json_object *tree;
	struct pl_gateway g;

	PL_CHECK_INT(
		parse("{\"streams\":[{\"id\":\"a\",\"endpoint\":\"channel.2\",\"remote\":{\"host\":"
		      "\"h\",\"port\":5004},\"local\":{\"port\":5004},\"srtp\":{\"key\":\"" KEY
		      "\"}}],\"tones\":{\"pages\":[{\"id\":\"l\",\"source\":\"channel.1\",\"kind\":"
		      "\"long\",\"a_hz\":600,\"a_length_s\":5}]}}",
		      &g),
		0);
	g.streams[0].origin = PL_ORIGIN_ADDED;
	g.pages[0].origin = PL_ORIGIN_ADDED;
	pl_gateway_init(&kept.added);
	PL_CHECK_INT(pl_gateway_add_stream(&kept.added, &g.streams[0]), 0);
	PL_CHECK_INT(pl_gateway_add_page(&kept.added, &g.pages[0]), 0);
	kept.jitter[0] = (struct pl_kept_jitter){"other", 0.75, 0.5};
	kept.n_jitter = 1;
	tree = pl_gateway_kept_to_json(&kept);
	PL_CHECK_INT(pl_gateway_kept_from_json(&reading, tree, &again), 0);
	PL_CHECK(pl_stream_def_equal(&again.added.streams[0], &g.streams[0]));
	PL_CHECK(pl_page_def_equal(&again.added.pages[0], &g.pages[0]));
	PL_CHECK_INT(again.n_jitter, 1);
	PL_CHECK_STR(again.jitter[0].id, "other");
	PL_CHECK_NEAR(again.jitter[0].safety, 0.75, 0.0);
	pl_gateway_kept_done(&again);
	json_object_object_del(tree, "version");
	PL_CHECK_INT(pl_gateway_kept_from_json(&reading, tree, &again), -EINVAL);
	PL_CHECK_STR(pointer, "/version");
	json_object_put(tree);
	pl_gateway_kept_done(&kept);
	pl_gateway_done(&g);
}

PL_TEST_MAIN()
