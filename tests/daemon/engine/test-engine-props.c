/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <stdlib.h>

#include <spa/param/props.h>
#include <spa/pod/iter.h>
#include <spa/pod/parser.h>

#include "engine-props.h"

/** What is in one message: the keys in order, and their values by key. */
struct message {
	struct spa_pod *pod;
	unsigned n;
	struct {
		const char *key;
		const struct spa_pod *value;
	} pair[64];
};

static void message_done(struct message *m)
{
	free(m->pod);
	memset(m, 0, sizeof(*m));
}

/** @return what the builder returned */
static int build_timed(const struct pl_model *before, const struct pl_model *after,
		       uint64_t keys_nsec, struct message *m)
{
	const struct spa_pod_prop *params;
	const char *key = NULL;
	struct spa_pod *pod;
	int r;

	memset(m, 0, sizeof(*m));
	r = engine_props_build(before, after, 77, keys_nsec, &m->pod);
	if (r <= 0)
		return r;
	if (!spa_pod_is_object_type(m->pod, SPA_TYPE_OBJECT_Props) ||
	    SPA_POD_OBJECT_ID(m->pod) != SPA_PARAM_Props)
		return -1;
	params = spa_pod_find_prop(m->pod, NULL, SPA_PROP_params);
	if (!params)
		return -1;
	SPA_POD_STRUCT_FOREACH (&params->value, pod) {
		if (!key) {
			if (spa_pod_get_string(pod, &key) < 0)
				return -1;
			continue;
		}
		m->pair[m->n].key = key;
		m->pair[m->n++].value = pod;
		key = NULL;
	}
	return key ? -1 : r;
}

static int build(const struct pl_model *before, const struct pl_model *after, struct message *m)
{
	return build_timed(before, after, 0, m);
}

static const struct spa_pod *value(const struct message *m, const char *key)
{
	for (unsigned i = 0; i < m->n; i++)
		if (strcmp(m->pair[i].key, key) == 0)
			return m->pair[i].value;
	return NULL;
}

static float get_float(const struct message *m, const char *key)
{
	float f = -1.0f;

	if (value(m, key))
		spa_pod_get_float(value(m, key), &f);
	return f;
}

/** The n floats of an array, NULL if it is none of this length. */
static const float *get_floats(const struct message *m, const char *key, uint32_t n)
{
	uint32_t n_values = 0;
	const struct spa_pod *pod = value(m, key);
	const float *floats;

	if (!pod || !spa_pod_is_array(pod) || SPA_POD_ARRAY_VALUE_TYPE(pod) != SPA_TYPE_Float)
		return NULL;
	floats = spa_pod_get_array(pod, &n_values);
	return n_values == n ? floats : NULL;
}

PL_TEST(everything)
{
	struct pl_model model;
	struct message m;
	const float *up, *down;
	int64_t serial = 0;

	pl_model_init(&model, 16, 4);
	model.channel[2].uplink[5] = 0.75;
	model.tablet[15].downlink[3] = 0.25;
	PL_CHECK_INT(build(NULL, &model, &m), 1);
	up = get_floats(&m, PL_PARAM_UPLINK, 64);
	down = get_floats(&m, PL_PARAM_DOWNLINK, 64);
	PL_CHECK(up && down);
	PL_CHECK_NEAR(up[2 * 16 + 5], 0.75, 0.0);
	PL_CHECK_NEAR(up[2 * 16 + 6], PL_GAIN_DEFAULT, 1e-8);
	PL_CHECK_NEAR(down[15 * 4 + 3], 0.25, 0.0);
	PL_CHECK(value(&m, PL_PARAM_HEADROOM_DB) && value(&m, PL_PARAM_KEYS) &&
		 value(&m, PL_PARAM_MODES) && value(&m, PL_PARAM_TABLET_MUTE) &&
		 value(&m, PL_PARAM_TALK_MUTE) && value(&m, PL_PARAM_LISTEN_MUTE) &&
		 value(&m, PL_PARAM_CHANNEL_MUTE) && value(&m, PL_PARAM_SIDETONE) &&
		 value(&m, PL_PARAM_PARTY_LINE) && value(&m, PL_PARAM_RAMP_MS) &&
		 value(&m, PL_PARAM_VOX_THRESHOLD_DB) && value(&m, PL_PARAM_VOX_HANG_MS));
	PL_CHECK(value(&m, PL_PARAM_SERIAL));
	PL_CHECK(spa_pod_get_long(value(&m, PL_PARAM_SERIAL), &serial) == 0 && serial == 77);
	PL_CHECK_INT(m.n, 15);
	message_done(&m);

	pl_model_init(&model, 64, 64);
	PL_CHECK_INT(build(NULL, &model, &m), 1);
	PL_CHECK(get_floats(&m, PL_PARAM_UPLINK, 4096));
	PL_CHECK(get_floats(&m, PL_PARAM_DOWNLINK, 4096));
	message_done(&m);
}

PL_TEST(one_change_is_one_value)
{
	struct pl_model a, b;
	struct message m;
	bool down = false;

	pl_model_init(&a, 16, 4);
	b = a;
	b.channel[1].uplink[15] = 0.5;
	PL_CHECK_INT(build(&a, &b, &m), 1);
	PL_CHECK_INT(m.n, 2);
	PL_CHECK_NEAR(get_float(&m, "partyline.uplink.2.16"), 0.5, 0.0);
	message_done(&m);

	b = a;
	b.tablet[15].downlink[0] = 2.0;
	PL_CHECK_INT(build(&a, &b, &m), 1);
	PL_CHECK_NEAR(get_float(&m, "partyline.downlink.16.1"), 2.0, 0.0);
	message_done(&m);

	b = a;
	b.tablet[6].keys = 0x8;
	PL_CHECK_INT(build(&a, &b, &m), 1);
	PL_CHECK_INT(m.n, 2);
	PL_CHECK(value(&m, "partyline.key.7.4"));
	PL_CHECK(spa_pod_get_bool(value(&m, "partyline.key.7.4"), &down) == 0 && down);
	message_done(&m);
	PL_CHECK_INT(build(&b, &a, &m), 1);
	PL_CHECK(spa_pod_get_bool(value(&m, "partyline.key.7.4"), &down) == 0 && !down);
	message_done(&m);
}

PL_TEST(the_time_of_keys_goes_with_them)
{
	struct pl_model before, after;
	struct message m;
	int64_t nsec = 0;

	pl_model_init(&before, 16, 4);
	after = before;
	after.tablet[2].keys = 8;
	PL_CHECK_INT(build_timed(&before, &after, 123456789012345u, &m), 1);
	PL_CHECK(value(&m, "partyline.key.3.4") != NULL);
	PL_CHECK(value(&m, PL_PARAM_KEYS_NSEC) != NULL);
	PL_CHECK_INT(spa_pod_get_long(value(&m, PL_PARAM_KEYS_NSEC), &nsec), 0);
	PL_CHECK_INT(nsec, 123456789012345);
	message_done(&m);

	PL_CHECK_INT(build(&before, &after, &m), 1);
	PL_CHECK(value(&m, PL_PARAM_KEYS_NSEC) == NULL);
	message_done(&m);
}

PL_TEST(many_changes_are_one_array)
{
	struct pl_model a, b;
	struct message m;

	pl_model_init(&a, 16, 4);
	b = a;
	for (unsigned t = 0; t < PL_PROPS_CELLS_MAX; t++)
		b.channel[t % 4].uplink[t] = 0.5;
	PL_CHECK_INT(build(&a, &b, &m), 1);
	PL_CHECK_INT(m.n, PL_PROPS_CELLS_MAX + 1);
	message_done(&m);
	b.channel[3].uplink[0] = 0.5;
	PL_CHECK_INT(build(&a, &b, &m), 1);
	PL_CHECK_INT(m.n, 2);
	PL_CHECK(get_floats(&m, PL_PARAM_UPLINK, 64));
	message_done(&m);
	for (unsigned t = 0; t < 16; t++)
		b.tablet[t].keys = 0xf;
	PL_CHECK_INT(build(&a, &b, &m), 1);
	PL_CHECK(value(&m, PL_PARAM_KEYS));
	PL_CHECK_INT(m.n, 3);
	message_done(&m);
}

PL_TEST(what_the_matrix_does_not_know_sends_nothing)
{
	struct pl_model a, b;
	struct message m;

	pl_model_init(&a, 16, 4);
	b = a;
	b.busy_refusal = true;
	b.talk_timeout_s = 10.0;
	strcpy(b.tablet[0].name, "Desk");
	b.tablet_mute_set = 1;
	PL_CHECK_INT(build(&a, &b, &m), 0);
}

PL_TEST(options_go_alone)
{
	struct pl_model a, b;
	struct message m;
	double headroom_db = 0.0;
	int64_t mask = 0;

	pl_model_init(&a, 64, 64);
	b = a;
	b.headroom_db = 3.5;
	b.tablet_mute = UINT64_C(1) << 63;
	PL_CHECK_INT(build(&a, &b, &m), 1);
	PL_CHECK_INT(m.n, 3);
	PL_CHECK(spa_pod_get_double(value(&m, PL_PARAM_HEADROOM_DB), &headroom_db) == 0);
	PL_CHECK_NEAR(headroom_db, 3.5, 0.0);
	PL_CHECK(spa_pod_get_long(value(&m, PL_PARAM_TABLET_MUTE), &mask) == 0);
	PL_CHECK((uint64_t)mask == UINT64_C(1) << 63);
	message_done(&m);
}

PL_TEST_MAIN()
