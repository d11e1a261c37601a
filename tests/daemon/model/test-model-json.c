/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "model-json.h"

static struct json_object *parse(const char *text)
{
	struct json_object *tree = NULL;
	char reason[128];

	return pl_json_parse(text, strlen(text), &tree, reason, sizeof(reason)) < 0 ? NULL : tree;
}

/** The text, written and read again. @return what the reader said */
static int there_and_back(const struct pl_model *model, struct pl_model *ret_model)
{
	struct json_object *tree = pl_model_to_json(model), *again = NULL;
	const char *text = json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PLAIN);
	char pointer[128], reason[128];
	int r;

	r = pl_json_parse(text, strlen(text), &again, reason, sizeof(reason));
	if (r == 0)
		r = pl_model_from_json(again, model->n_tablets, model->n_channels, ret_model,
				       pointer, sizeof(pointer));
	json_object_put(again);
	json_object_put(tree);
	return r;
}

static double random_gain(void)
{
	/* every mantissa bit in use */
	return (double)rand() / RAND_MAX * PL_GAIN_MAX * (1.0 - (double)rand() / RAND_MAX / 3.0);
}

static void fill_bindings(struct pl_binding *bindings)
{
	static const char *const names[] = {
		"card:Loopback,1", "path:pci-0000:00:14.0-usb-0:2:1.0,0", "serial:Ä \"x\" \\ €,31"};

	for (unsigned d = 0; d < PL_DIRECTION_MAX_; d++) {
		if (rand() % 2)
			continue;
		PL_EXPECT(pl_device_name_read(names[rand() % 3], bindings[d].device, NULL) == 0);
		bindings[d].port = (uint32_t)rand() % (PL_BINDING_PORT_MAX + 1);
	}
}

static void fill(struct pl_model *m, uint32_t n_tablets, uint32_t n_channels)
{
	pl_model_init(m, n_tablets, n_channels);
	m->headroom_db = random_gain();
	m->ramp_ms = 1.0 + random_gain();
	m->vox_threshold_db = -random_gain();
	m->vox_hang_ms = random_gain();
	m->talk_timeout_s = random_gain();
	m->party_line = rand() % 2;
	m->busy_refusal = rand() % 2;
	m->tablet_mute_set = (uint64_t)rand() & pl_mask_of(n_tablets);
	m->tablet_mute = m->tablet_mute_set & (uint64_t)rand();
	m->channel_mute_set = (uint64_t)rand() & pl_mask_of(n_channels);
	m->channel_mute = m->channel_mute_set & (uint64_t)rand();
	m->talk_mute = (uint64_t)rand() & pl_mask_of(n_tablets);
	m->listen_mute = (uint64_t)rand() & pl_mask_of(n_tablets);
	for (uint32_t t = 0; t < n_tablets; t++) {
		m->tablet[t].mode = rand() % PL_TALK_MODE_MAX_;
		m->tablet[t].sidetone = rand() % 2 ? (double)rand() / RAND_MAX : 0.0;
		if (rand() % 2)
			snprintf(m->tablet[t].name, PL_NAME_MAX, "Desk \"%u\" \\ ä/€ 😀", t + 1);
		fill_bindings(m->tablet[t].binding);
		if (rand() % 3 == 0)
			continue;
		m->tablet[t].downlink_set = 0;
		for (uint32_t c = 0; c < n_channels; c++) {
			m->tablet[t].downlink[c] = rand() % 2 ? random_gain() : 0.0;
			if (m->tablet[t].downlink[c] > 0.0 || rand() % 2)
				m->tablet[t].downlink_set |= pl_mask_bit(c + 1);
		}
	}
	for (uint32_t c = 0; c < n_channels; c++) {
		fill_bindings(m->channel[c].binding);
		m->channel[c].uplink_set = 0;
		for (uint32_t t = 0; t < n_tablets; t++) {
			m->channel[c].uplink[t] = rand() % 2 ? random_gain() : 0.0;
			if (m->channel[c].uplink[t] > 0.0)
				m->channel[c].uplink_set |= pl_mask_bit(t + 1);
		}
	}
}

PL_TEST(default_state_is_sparse_and_comes_back)
{
	struct pl_model model, again;
	struct json_object *tree, *rows;

	pl_model_init(&model, 16, 4);
	PL_CHECK_INT(there_and_back(&model, &again), 0);
	PL_CHECK(pl_model_equal(&model, &again));

	tree = pl_model_to_json(&model);
	PL_CHECK(json_object_object_get_ex(tree, "uplink", &rows));
	PL_CHECK_INT(json_object_object_length(rows), 0);
	PL_CHECK(json_object_object_get_ex(tree, "tablets", &rows));
	PL_CHECK_INT(json_object_object_length(rows), 0);
	json_object_put(tree);
}

PL_TEST(random_states_come_back_bit_for_bit)
{
	static const uint32_t sizes[][2] = {{1, 1}, {16, 4}, {64, 64}, {3, 64}, {64, 1}};
	struct pl_model model, again;

	srand(1);
	for (unsigned i = 0; i < 50; i++) {
		fill(&model, sizes[i % 5][0], sizes[i % 5][1]);
		PL_CHECK_INT(there_and_back(&model, &again), 0);
		PL_CHECK(pl_model_equal(&model, &again));
	}
}

PL_TEST(doubles_are_short_and_exact)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {{12.0, "12.0"},     {0.1, "0.1"},
		     {0.0, "0.0"},       {PL_GAIN_DEFAULT, "0.251188643150958"},
		     {1.0 / 3.0, NULL},  {1763557764.458557, "1763557764.458557"},
		     {-240.0, "-240.0"}, {5e-324, NULL}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_object *o = pl_json_double(cases[i].value);
		const char *text = json_object_to_json_string(o);

		PL_CHECK(strtod(text, NULL) == cases[i].value);
		if (cases[i].text)
			PL_CHECK_STR(text, cases[i].text);
		json_object_put(o);
	}
}

PL_TEST(every_fault_is_named_and_changes_nothing)
{
	static const struct {
		const char *text, *pointer;
	} cases[] = {
		{"[]", ""},
		{"{}", "/version"},
		{"{\"version\":2}", "/version"},
		{"{\"version\":\"1\"}", "/version"},
		{"{\"version\":1,\"colour\":1}", "/colour"},
		{"{\"version\":1,\"headroom_db\":60.1}", "/headroom_db"},
		{"{\"version\":1,\"headroom_db\":\"6\"}", "/headroom_db"},
		{"{\"version\":1,\"party_line\":1}", "/party_line"},
		{"{\"version\":1,\"vox\":{\"hang\":1}}", "/vox/hang"},
		{"{\"version\":1,\"vox\":{\"threshold_db\":1}}", "/vox/threshold_db"},
		{"{\"version\":1,\"uplink\":{\"5\":{}}}", "/uplink/5"},
		{"{\"version\":1,\"uplink\":{\"01\":{}}}", "/uplink/01"},
		{"{\"version\":1,\"uplink\":{\"1\":[]}}", "/uplink/1"},
		{"{\"version\":1,\"uplink\":{\"1\":{\"17\":0.5}}}", "/uplink/1/17"},
		{"{\"version\":1,\"uplink\":{\"1\":{\"2\":10.5}}}", "/uplink/1/2"},
		{"{\"version\":1,\"uplink\":{\"1\":{\"2\":-1}}}", "/uplink/1/2"},
		{"{\"version\":1,\"downlink\":{\"1\":{\"5\":1}}}", "/downlink/1/5"},
		{"{\"version\":1,\"tablet_mute\":{\"1\":1}}", "/tablet_mute/1"},
		{"{\"version\":1,\"talk_mute\":[1,17]}", "/talk_mute/1"},
		{"{\"version\":1,\"talk_mute\":[0]}", "/talk_mute/0"},
		{"{\"version\":1,\"tablets\":{\"1\":{\"mode\":\"loud\"}}}", "/tablets/1/mode"},
		{"{\"version\":1,\"tablets\":{\"1\":{\"a/b~\":1}}}", "/tablets/1/a~1b~0"},
		{"{\"version\":1,\"channels\":{\"1\":{\"name\":\"a\\nb\"}}}", "/channels/1/name"},
		{"{\"version\":1,\"channels\":{\"1\":{\"capture\":null}}}", "/channels/1/capture"},
		{"{\"version\":1,\"channels\":{\"1\":{\"capture\":{}}}}", "/channels/1/capture"},
		{"{\"version\":1,\"channels\":{\"1\":{\"capture\":{\"port\":1}}}}",
		 "/channels/1/capture"},
		{"{\"version\":1,\"channels\":{\"4\":{\"playback\":{\"device\":\"X\"}}}}",
		 "/channels/4/playback/device"},
		{"{\"version\":1,\"tablets\":{\"2\":{\"capture\":{\"device\":\"card:X\",\"port\":65}}}}",
		 "/tablets/2/capture/port"},
		{"{\"version\":1,\"tablets\":{\"2\":{\"capture\":{\"device\":\"card:X\",\"rate\":1}}}}",
		 "/tablets/2/capture/rate"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_object *tree = parse(cases[i].text);
		struct pl_model model, before;
		char pointer[128];

		pl_model_init(&model, 2, 2);
		before = model;
		PL_CHECK(tree);
		if (pl_model_from_json(tree, 16, 4, &model, pointer, sizeof(pointer)) != -EINVAL)
			PL_FAIL_("%s was taken", cases[i].text);
		else
			PL_CHECK_STR(pointer, cases[i].pointer);
		PL_CHECK(pl_model_equal(&model, &before));
		json_object_put(tree);
	}
}

PL_TEST(what_is_not_json_is_refused)
{
	static const char *const texts[] = {
		"",
		" ",
		"{",
		"{}x",
		"{} {}",
		"{'a':1}",
		"{\"a\":1,}",
		"{\"a\":01}",
		"/* */{}",
		"{\"a\":\"\xff\"}",
		"tru",
		"{\"name\":\"a\\u0000b\"}",
		"{\"a\":1,\"a\":1}",
		"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct json_object *tree = parse(texts[i]);

		if (tree)
			PL_FAIL_("\"%s\" was taken", texts[i]);
		json_object_put(tree);
	}
}

PL_TEST(json_documents_are_taken)
{
	static const char *const texts[] = {"{}", " { } \n", "12", "1.5 ", "true", "\"a\"", "[1]"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct json_object *tree = parse(texts[i]);

		if (!tree)
			PL_FAIL_("\"%s\" was refused", texts[i]);
		json_object_put(tree);
	}
}

PL_TEST(keys_come_back)
{
	struct pl_model model, again;
	struct json_object *tree;
	char pointer[128];

	pl_model_init(&model, 16, 4);
	again = model;
	model.tablet[0].keys = 0x5;
	model.tablet[15].keys = 0x1;
	again.tablet[3].keys = 0xf;
	tree = pl_model_keys_to_json(&model);
	PL_CHECK_STR(json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PLAIN),
		     "{\"version\":1,\"keys\":{\"1\":[1,16],\"3\":[1]}}");
	PL_CHECK_INT(pl_model_keys_from_json(tree, &again, pointer, sizeof(pointer)), 0);
	PL_CHECK(pl_model_equal(&model, &again));
	json_object_put(tree);

	tree = parse("{\"version\":1,\"keys\":{\"1\":[2,17]}}");
	PL_CHECK_INT(pl_model_keys_from_json(tree, &again, pointer, sizeof(pointer)), -EINVAL);
	PL_CHECK_STR(pointer, "/keys/1/1");
	PL_CHECK(pl_model_equal(&model, &again));
	json_object_put(tree);
}

PL_TEST(mission_control_documents)
{
	struct pl_model model;
	struct json_object *tree;

	pl_model_init(&model, 2, 2);
	model.tablet_mute_set = 3;
	model.tablet_mute = 1;
	model.channel[1].uplink_set = 0;
	model.tablet[1].keys = 2;
	tree = pl_model_describe_config(&model);
	PL_CHECK_STR(
		json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PLAIN),
		"{\"headroom_db\":12.0,\"tablet_mute\":{\"1\":true,\"2\":false},"
		"\"channel_mute\":{},"
		"\"uplink\":{\"1\":{\"1\":0.251188643150958,\"2\":0.251188643150958},\"2\":{}},"
		"\"downlink\":{\"1\":{\"1\":0.251188643150958,\"2\":0.251188643150958},"
		"\"2\":{\"1\":0.251188643150958,\"2\":0.251188643150958}}}");
	json_object_put(tree);
	tree = pl_model_describe_keys(&model);
	PL_CHECK_STR(json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PLAIN),
		     "{\"1\":[],\"2\":[2]}");
	json_object_put(tree);
}

PL_TEST(another_size_keeps_what_was_written)
{
	struct pl_model model;

	pl_model_init(&model, 4, 2);
	model.channel[1].uplink[3] = 0.5;
	model.tablet[3].keys = 3;
	model.talk_mute = 0x9;
	strcpy(model.tablet[2].name, "Desk");
	strcpy(model.tablet[2].binding[PL_CAPTURE].device, "card:X,0");
	strcpy(model.channel[1].binding[PL_PLAYBACK].device, "card:Y,0");
	pl_model_resize(&model, 6, 3);
	PL_CHECK_STR(model.channel[1].binding[PL_PLAYBACK].device, "card:Y,0");
	PL_CHECK(pl_model_uplink_is_default(&model, 0));
	PL_CHECK(pl_model_uplink_is_default(&model, 2));
	PL_CHECK(model.channel[1].uplink[3] == 0.5);
	PL_CHECK_INT(model.channel[1].uplink_set, 0xf);
	PL_CHECK(model.channel[1].uplink[4] == 0.0);
	PL_CHECK(pl_model_downlink_is_default(&model, 0));
	PL_CHECK_INT(model.tablet[3].keys, 3);
	pl_model_resize(&model, 3, 1);
	PL_CHECK_INT(model.talk_mute, 1);
	PL_CHECK_STR(model.tablet[2].name, "Desk");
	PL_CHECK_STR(model.tablet[2].binding[PL_CAPTURE].device, "card:X,0");
	PL_CHECK(pl_model_uplink_is_default(&model, 0));
}

PL_TEST(names)
{
	char longest[PL_NAME_MAX + 1];

	memset(longest, 'x', sizeof(longest));
	longest[PL_NAME_MAX - 1] = '\0';
	PL_CHECK(pl_name_is_valid(longest));
	longest[PL_NAME_MAX - 1] = 'x';
	longest[PL_NAME_MAX] = '\0';
	PL_CHECK(!pl_name_is_valid(longest));
	PL_CHECK(pl_name_is_valid(""));
	PL_CHECK(pl_name_is_valid("Łódź €😀"));
	PL_CHECK(!pl_name_is_valid("\xc0\x80"));
	PL_CHECK(!pl_name_is_valid("\xed\xa0\x80"));
	PL_CHECK(!pl_name_is_valid("\xf4\x90\x80\x80"));
	PL_CHECK(!pl_name_is_valid("\xe2\x82"));
	PL_CHECK(!pl_name_is_valid("tab\t"));
	PL_CHECK(!pl_name_is_valid("\x7f"));
	PL_CHECK(!pl_name_is_valid("\xc2\x85"));
}

PL_TEST_MAIN()
