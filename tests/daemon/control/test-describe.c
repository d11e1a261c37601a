/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <errno.h>
#include <math.h>
#include <time.h>

#include "config.h"
#include "describe.h"
#include "json-strict.h"

static const struct pl_actor admin = {.face = "cli", .name = "t", .role = PL_ROLE_ADMIN};

static int no_apply(void *engine, const struct pl_model *before, const struct pl_model *after)
{
	return 0;
}

static int some_meters(void *engine, struct pl_meters_data *ret_data)
{
	bool *running = engine;

	if (!*running)
		return -ENODATA;
	memset(ret_data, 0, sizeof(*ret_data));
	ret_data->rate_hz = 44100;
	ret_data->quantum = 512;
	ret_data->tablet_listen[1].vu = 0.5f;
	ret_data->channel_out[0].vu = 1.0f;
	ret_data->channel_in[1].vu = 1.0f;
	return 0;
}

static bool is_connected(void *engine)
{
	return *(bool *)engine;
}

/** A control of 2 tablets and 2 channels. */
static struct pl_control *start(struct pl_config *config, bool *running)
{
	static const struct pl_engine_ops ops = {no_apply, some_meters, is_connected};
	struct pl_control *control = NULL;
	struct pl_model model;

	pl_config_defaults(config);
	pl_model_init(&model, 2, 2);
	pl_control_new(config, &model, &ops, running, NULL, NULL, &control);
	return control;
}

/** Puts the object; the text is the caller's buffer. Stamps are cut to 0, checked to be now. */
static const char *text_of(struct json_object *object, char *buffer, size_t size)
{
	const char *const stamps[] = {"\"ts\":", "\"timestamp\":"};
	double now = (double)time(NULL);

	snprintf(buffer, size, "%s",
		 json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
	json_object_put(object);
	for (unsigned i = 0; i < 2; i++) {
		char *at = strstr(buffer, stamps[i]), *end;
		double ts;

		if (!at)
			continue;
		at += strlen(stamps[i]);
		/* The place after the number is the point of it. NOLINTNEXTLINE(cert-err34-c) */
		sscanf(at, "%lf", &ts);
		PL_EXPECT(fabs(ts - now) < 120.0);
		end = at + strcspn(at, ",}");
		*at = '0';
		memmove(at + 1, end, strlen(end) + 1);
	}
	return buffer;
}

PL_TEST(health)
{
	struct pl_config config;
	bool running = false;
	struct pl_control *control = start(&config, &running);
	char text[2048];

	PL_CHECK_STR(text_of(pl_describe_health(control), text, sizeof(text)),
		     "{\"status\":\"ok\",\"ts\":0,\"num_channels\":2,\"num_tablets\":2,"
		     "\"fs\":48000,\"frame_size\":1024,"
		     "\"config\":{\"fs\":48000,\"frame_size\":1024,\"headroom_db\":12.0}}");
	running = true;
	PL_CHECK_INT(pl_control_set_headroom(control, &admin, 3.0, NULL), 0);
	/* the graph's numbers, and what the file says */
	PL_CHECK_STR(text_of(pl_describe_health(control), text, sizeof(text)),
		     "{\"status\":\"ok\",\"ts\":0,\"num_channels\":2,\"num_tablets\":2,"
		     "\"fs\":44100,\"frame_size\":512,"
		     "\"config\":{\"fs\":48000,\"frame_size\":1024,\"headroom_db\":12.0}}");
	pl_control_free(control);
}

PL_TEST(state_and_levels)
{
	struct pl_config config;
	bool running = false;
	struct pl_control *control = start(&config, &running);
	char text[4096];

	PL_CHECK_STR(text_of(pl_describe_vu(control), text, sizeof(text)),
		     "{\"ts\":0,\"vu_db\":{\"tablets\":{\"1\":-240.0,\"2\":-240.0},"
		     "\"channels\":{\"1\":-240.0,\"2\":-240.0}}}");
	PL_CHECK_INT(pl_control_set_uniform(control, &admin, 0.0, NULL), 0);
	PL_CHECK_INT(pl_control_set_tablet_mute(control, &admin, 1, true, NULL), 0);
	PL_CHECK_INT(pl_control_press_key(control, &admin, 2, 1, 1, NULL), 0);
	PL_CHECK_STR(text_of(pl_describe_state(control), text, sizeof(text)),
		     "{\"ts\":0,\"vu_db\":{\"tablets\":{\"1\":-240.0,\"2\":-240.0},"
		     "\"channels\":{\"1\":-240.0,\"2\":-240.0}},"
		     "\"config\":{\"headroom_db\":12.0,\"tablet_mute\":{\"1\":true},"
		     "\"channel_mute\":{},"
		     "\"uplink\":{\"1\":{\"1\":1.0,\"2\":1.0},\"2\":{\"1\":1.0,\"2\":1.0}},"
		     "\"downlink\":{\"1\":{\"1\":1.0,\"2\":1.0},\"2\":{\"1\":1.0,\"2\":1.0}}},"
		     "\"ptt\":{\"timestamp\":0,\"channels\":{\"1\":[2],\"2\":[]}}}");
	pl_control_free(control);
}

static double level(struct json_object *vu, const char *group, const char *id)
{
	struct json_object *o = vu;

	if (!json_object_object_get_ex(o, "vu_db", &o) ||
	    !json_object_object_get_ex(o, group, &o) || !json_object_object_get_ex(o, id, &o))
		return NAN;
	return json_object_get_double(o);
}

/** "tablets" is what a tablet hears, "channels" is the party line; both from `vu`. */
PL_TEST(levels_are_of_the_outputs)
{
	struct pl_config config;
	bool running = true;
	struct pl_control *control = start(&config, &running);
	struct json_object *vu = pl_describe_vu(control);

	PL_CHECK_NEAR(level(vu, "tablets", "1"), -240.0, 0.0);
	PL_CHECK_NEAR(level(vu, "tablets", "2"), -6.0205990447, 1e-9);
	PL_CHECK_NEAR(level(vu, "channels", "1"), 8.685889e-7, 1e-12);
	PL_CHECK_NEAR(level(vu, "channels", "2"), -240.0, 0.0);
	json_object_put(vu);
	pl_control_free(control);
}

PL_TEST(keys)
{
	struct pl_config config;
	bool running = true;
	struct pl_control *control = start(&config, &running);
	char text[1024];

	PL_CHECK_INT(pl_control_press_key(control, &admin, 1, 1, 1, NULL), 0);
	PL_CHECK_STR(
		text_of(pl_describe_key(control, 1, 1), text, sizeof(text)),
		"{\"tablet_id\":1,\"channel\":1,\"ptt_state\":\"ACTIVE\","
		"\"channel_state\":{\"channel\":1,\"state\":\"ACTIVE\",\"active_tablets\":[1]},"
		"\"tablet_channels\":[1]}");
	PL_CHECK_STR(
		text_of(pl_describe_key(control, 2, 1), text, sizeof(text)),
		"{\"tablet_id\":2,\"channel\":1,\"ptt_state\":\"IDLE\","
		"\"channel_state\":{\"channel\":1,\"state\":\"ACTIVE\",\"active_tablets\":[1]},"
		"\"tablet_channels\":[]}");
	PL_CHECK(!pl_describe_key(control, 3, 1));
	PL_CHECK_STR(text_of(pl_describe_ptt(control), text, sizeof(text)),
		     "{\"timestamp\":0,\"channels\":{\"1\":[1],\"2\":[]}}");
	pl_control_free(control);
}

PL_TEST(levels_in_db)
{
	PL_CHECK_NEAR(pl_level_db(0.0), -240.0, 0.0);
	PL_CHECK_NEAR(pl_level_db(1e-13), -240.0, 0.0);
	PL_CHECK_NEAR(pl_level_db((double)NAN), -240.0, 0.0);
	PL_CHECK_NEAR(pl_level_db(0.70710678118654752), -3.0102991, 1e-6);
	PL_CHECK_NEAR(pl_level_db(1.0), 0.0, 1e-6);
}

PL_TEST_MAIN()
