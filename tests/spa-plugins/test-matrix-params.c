/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <errno.h>
#include <float.h>
#include <stdlib.h>

#include <spa/control/control.h>
#include <spa/param/format.h>
#include <spa/param/latency-utils.h>
#include <spa/param/param.h>
#include <spa/param/props.h>
#include <spa/pod/builder.h>
#include <spa/pod/iter.h>

#include "matrix-host.h"
#include "random.h"

/* What the matrix node takes and refuses: sizes, Props, control data, formats. */

PL_TEST(bad_sizes_are_named)
{
	static const char *const bad[][2] = {{"0", "4"},  {"65", "4"}, {"x", "4"},    {"", "4"},
					     {"-1", "4"}, {"16", "0"}, {"16", "4.5"}, {"16", "65"}};

	for (uint32_t i = 0; i < SPA_N_ELEMENTS(bad); i++) {
		struct host h;

		PL_EXPECT(host_init(&h, bad[i][0], bad[i][1], 0) == -EINVAL);
		PL_EXPECT(strstr(h.last_log, i < 5 ? PL_KEY_TABLETS : PL_KEY_CHANNELS) != NULL);
		host_done(&h);
	}
}

/** What enum_params gives for Props, as bytes. */
struct snapshot {
	uint8_t bytes[65536];
	uint32_t size;
};

static void on_result(void *data, int seq, int res, uint32_t type, const void *result)
{
	const struct spa_result_node_params *r = result;
	struct snapshot *s = data;

	if (s->size + SPA_POD_SIZE(r->param) > sizeof(s->bytes))
		return;
	memcpy(s->bytes + s->size, r->param, SPA_POD_SIZE(r->param));
	s->size += SPA_POD_SIZE(r->param);
}

static void take(struct host *h, uint32_t id, struct snapshot *s)
{
	static const struct spa_node_events events = {
		SPA_VERSION_NODE_EVENTS,
		.result = on_result,
	};
	struct spa_hook hook;

	spa_zero(hook);
	s->size = 0;
	spa_node_add_listener(h->node, &hook, &events, s);
	spa_node_enum_params(h->node, 0, id, 0, UINT32_MAX, NULL);
	spa_hook_remove(&hook);
}

static void bad_pair(struct host_props *p, uint32_t which)
{
	static const float floats[9] = {0, 0, 0, NAN, 0, 0, 0, 0, 0};
	static const int32_t modes[] = {0, 4, 0};
	static const uint64_t keys[] = {0, 4, 0};

	switch (which) {
	case 0:
		host_props_double(p, PL_PARAM_HEADROOM_DB, 60.5);
		break;
	case 1:
		host_props_double(p, PL_PARAM_HEADROOM_DB, NAN);
		break;
	case 2:
		host_props_floats(p, PL_PARAM_UPLINK, floats, 6);
		break;
	case 3:
		host_props_floats(p, PL_PARAM_UPLINK, floats + 4, 5);
		break;
	case 4:
		host_props_floats(p, PL_PARAM_DOWNLINK, floats + 4, 4);
		break;
	case 5:
		host_props_ints(p, PL_PARAM_MODES, modes, 3);
		break;
	case 6:
		host_props_longs(p, PL_PARAM_KEYS, keys, 3);
		break;
	case 7:
		host_props_bits(p, PL_PARAM_TABLET_MUTE, 8);
		break;
	case 8:
		host_props_double(p, PL_PARAM_RAMP_MS, 0.5);
		break;
	case 9:
		host_props_double(p, "partyline.uplink.3.1", 0.5);
		break;
	case 10:
		host_props_double(p, "partyline.uplink.1.01", 0.5);
		break;
	case 11:
		host_props_double(p, "partyline.uplink.1.1", -0.1);
		break;
	case 12:
		host_props_double(p, "partyline.upplink.1.1", 0.1);
		break;
	case 13:
		host_props_double(p, "partyline.key.1.1", 0.5);
		break;
	case 14:
		host_props_double(p, PL_PARAM_PARTY_LINE, 2.0);
		break;
	case 15:
		host_props_double(p, PL_PARAM_VOX_THRESHOLD_DB, 1.0);
		break;
	case 16:
		host_props_floats(p, PL_PARAM_SIDETONE, floats, 3 + 1);
		break;
	default:
		spa_pod_builder_string(&p->builder, PL_PARAM_HEADROOM_DB);
		spa_pod_builder_string(&p->builder, "6");
		break;
	}
}

#define N_BAD 18u

PL_TEST(bad_props_change_nothing)
{
	static struct snapshot before, after;
	struct host h;

	start(&h, "3", "2");
	host_process(&h, 64, RATE);
	take(&h, SPA_PARAM_Props, &before);
	PL_CHECK(before.size > 0);
	for (uint32_t i = 0; i < N_BAD; i++) {
		struct host_props p;

		h.last_log[0] = '\0';
		host_props_begin(&p);
		host_props_double(&p, PL_PARAM_HEADROOM_DB, 3.0);
		host_props_double(&p, "partyline.uplink.1.1", 0.7);
		bad_pair(&p, i);
		PL_CHECK_INT(host_props_send(&h, &p), -EINVAL);
		PL_CHECK(strstr(h.last_log, "partyline.") != NULL);
		take(&h, SPA_PARAM_Props, &after);
		PL_CHECK(before.size == after.size &&
			 memcmp(before.bytes, after.bytes, before.size) == 0);
	}
	host_done(&h);
}

PL_TEST(props_and_their_info)
{
	static struct snapshot s;
	uint64_t keys[3] = {1, 0, 3};
	struct host h;
	struct host_props p;
	uint32_t n_infos = 0;

	start(&h, "3", "2");
	host_props_begin(&p);
	host_props_longs(&p, PL_PARAM_KEYS, keys, 3);
	host_props_bits(&p, "somebody.else", 1);
	PL_CHECK_INT(host_props_send(&h, &p), 0);
	take(&h, SPA_PARAM_Props, &s);
	/* What is published can be set again. */
	PL_CHECK_INT(spa_node_set_param(h.node, SPA_PARAM_Props, 0, (struct spa_pod *)s.bytes), 0);
	host_process(&h, 64, RATE);
	PL_CHECK_INT(h.page->data.keys[0], 1);
	PL_CHECK_INT(h.page->data.keys[2], 3);
	/* None: back to defaults. */
	PL_CHECK_INT(spa_node_set_param(h.node, SPA_PARAM_Props, 0, NULL), 0);
	host_process(&h, 64, RATE);
	PL_CHECK_INT(h.page->data.keys[2], 0);
	take(&h, SPA_PARAM_PropInfo, &s);
	for (uint32_t at = 0; at < s.size; n_infos++)
		at += SPA_ROUND_UP_N(SPA_POD_SIZE((struct spa_pod *)(s.bytes + at)), 8);
	PL_CHECK(n_infos >= 15 && n_infos < 32);
	host_done(&h);
}

PL_TEST(arrays_may_be_structs)
{
	struct host h;
	struct host_props p;
	struct spa_pod_frame f;

	start(&h, "2", "1");
	host_props_begin(&p);
	host_props_double(&p, PL_PARAM_HEADROOM_DB, 0.0);
	spa_pod_builder_string(&p.builder, PL_PARAM_UPLINK);
	spa_pod_builder_push_struct(&p.builder, &f);
	spa_pod_builder_int(&p.builder, 1);
	spa_pod_builder_double(&p.builder, 0.0);
	spa_pod_builder_pop(&p.builder, &f);
	PL_CHECK_INT(host_props_send(&h, &p), 0);
	fill(&h, 0, 64, 0.5f);
	fill(&h, 1, 64, 0.4f);
	host_process(&h, 64, RATE);
	PL_CHECK(all_near(host_out(&h, 2), 64, limited(0.5)));
	host_done(&h);
}

/** One good key event at frame 10, to be damaged. */
static uint32_t good_event(struct host *h)
{
	struct host_props c;

	host_control_begin(&c);
	host_control_key(&c, 10, 1, 1, true);
	host_control_end(h, &c);
	return h->control_size;
}

PL_TEST(damaged_control_only_counts)
{
	struct host h;
	uint32_t size;

	pl_random_seed(3);
	start(&h, "2", "2");
	size = good_event(&h);
	host_process(&h, 64, RATE);
	PL_CHECK_INT(h.page->data.keys[0], 1);
	PL_CHECK_INT(h.page->data.n_bad_control, 0);

	for (uint32_t cut = 0; cut < size; cut++) {
		good_event(&h);
		h.control_size = cut;
		PL_CHECK(host_process(&h, 64, RATE) >= 0);
	}
	for (uint32_t i = 0; i < 20000; i++) {
		good_event(&h);
		for (uint32_t k = 0; k <= i % 4; k++)
			h.control[pl_random_below(size)] = (uint8_t)pl_random_next();
		PL_CHECK(host_process(&h, 64, RATE) >= 0);
	}
	PL_CHECK(h.page->data.n_bad_control > 1000);
	/* It still listens. */
	good_event(&h);
	PL_CHECK(host_process(&h, 64, RATE) >= 0);
	PL_CHECK(h.page->data.keys[0] & 1u);
	host_done(&h);
}

PL_TEST(control_out_of_range)
{
	static const struct {
		uint32_t offset, tablet, channel;
	} bad[] = {{64, 1, 1}, {UINT32_MAX, 1, 1}, {0, 0, 1}, {0, 3, 1}, {0, 1, 3}, {0, 65, 1}};
	struct host h;
	struct host_props c;
	uint64_t n_bad = 0;

	start(&h, "2", "2");
	for (uint32_t i = 0; i < SPA_N_ELEMENTS(bad); i++) {
		host_control_begin(&c);
		host_control_key(&c, bad[i].offset, bad[i].tablet, bad[i].channel, true);
		host_control_end(&h, &c);
		host_process(&h, 64, RATE);
		PL_CHECK_INT(h.page->data.n_bad_control, ++n_bad);
		PL_CHECK_INT(h.page->data.keys[0] | h.page->data.keys[1], 0);
	}
	/* Out of order: the second one is refused, the first one and the third act. */
	host_control_begin(&c);
	host_control_key(&c, 20, 1, 1, true);
	host_control_key(&c, 10, 1, 2, true);
	host_control_key(&c, 30, 2, 2, true);
	host_control_end(&h, &c);
	host_process(&h, 64, RATE);
	PL_CHECK_INT(h.page->data.n_bad_control, ++n_bad);
	PL_CHECK_INT(h.page->data.keys[0], 1);
	PL_CHECK_INT(h.page->data.keys[1], 2);
	host_done(&h);
}

PL_TEST(wrong_formats_and_ports)
{
	uint8_t buffer[512];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	struct spa_pod *pod;
	struct host h;

	start(&h, "1", "1");
	pod = spa_pod_builder_add_object(&b, SPA_TYPE_OBJECT_Format, SPA_PARAM_Format,
					 SPA_FORMAT_mediaType, SPA_POD_Id(SPA_MEDIA_TYPE_audio),
					 SPA_FORMAT_mediaSubtype,
					 SPA_POD_Id(SPA_MEDIA_SUBTYPE_raw));
	PL_CHECK_INT(
		spa_node_port_set_param(h.node, SPA_DIRECTION_INPUT, 0, SPA_PARAM_Format, 0, pod),
		-EINVAL);
	PL_CHECK_INT(
		spa_node_port_set_param(h.node, SPA_DIRECTION_INPUT, 2, SPA_PARAM_Format, 0, pod),
		-EINVAL);
	PL_CHECK_INT(
		spa_node_port_set_param(h.node, SPA_DIRECTION_INPUT, 3, SPA_PARAM_Format, 0, pod),
		-EINVAL);
	PL_CHECK_INT(
		spa_node_port_set_param(h.node, SPA_DIRECTION_OUTPUT, 2, SPA_PARAM_Format, 0, pod),
		-EINVAL);
	PL_CHECK_INT(spa_node_set_io(h.node, PL_IO_METERS, h.page, sizeof(*h.page) - 1), -ENOSPC);
	host_done(&h);
}

PL_TEST_MAIN()
