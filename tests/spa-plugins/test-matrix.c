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

/* What the matrix node does to signals: events, ramps, bad samples, meters, ports. */

PL_TEST(all_unlinked)
{
	struct host h;

	PL_CHECK_INT(host_init(&h, "16", "4", pl_host_cpu_flags()), 0);
	PL_CHECK(host_process(&h, 256, RATE) >= 0);
	host_done(&h);
}

PL_TEST(no_latency)
{
	struct host h;

	start(&h, "2", "1");
	one_path(&h);
	fill(&h, 0, 256, 0.0f);
	host_in(&h, 0)[77] = 0.5f;
	PL_CHECK(host_process(&h, 256, RATE) >= 0);
	for (uint32_t n = 0; n < 256; n++)
		PL_CHECK_NEAR(host_out(&h, 2)[n], n == 77 ? limited(0.5) : 0.0, 1e-6);
	host_done(&h);
}

/** The first sample of a channel that is not as before, in blocks of a quantum. */
static uint64_t first_change(struct host *h, uint32_t quantum, uint64_t edge_at, bool held)
{
	for (uint64_t now = 0; now < 20000; now += quantum) {
		bool seen = edge_at >= now && edge_at < now + quantum;
		const float *out;
		struct host_props c;

		fill(h, 0, quantum, 0.5f);
		if (seen) {
			host_control_begin(&c);
			host_control_key(&c, (uint32_t)(edge_at - now), 1, 1, held);
			host_control_end(h, &c);
		}
		host_process(h, quantum, RATE);
		out = host_out(h, h->n_tablets);
		for (uint32_t n = 0; n < quantum; n++) {
			if (held ? out[n] != 0.0f : fabs(out[n] - limited(0.5)) > 1e-6)
				return now + n;
		}
	}
	return UINT64_MAX;
}

PL_TEST(key_acts_on_its_sample)
{
	static const uint32_t quanta[] = {16, 64, 100, 256, 1024, 8192};

	for (uint32_t i = 0; i < SPA_N_ELEMENTS(quanta); i++) {
		struct host h;
		int32_t modes[2] = {PL_TALK_MODE_MOMENTARY, PL_TALK_MODE_OPEN};
		struct host_props p;

		start(&h, "2", "1");
		one_path(&h);
		host_props_begin(&p);
		host_props_ints(&p, PL_PARAM_MODES, modes, 2);
		PL_CHECK_INT(host_props_send(&h, &p), 0);
		PL_CHECK_INT(first_change(&h, quanta[i], 1000, true), 1000);
		PL_CHECK_INT(h.page->data.keys[0], 1);
		PL_CHECK_INT(h.page->data.talking[0], 1);
		/* The rest of the ramp goes by. */
		for (uint32_t n = 0; n < 1024; n += quanta[i])
			host_process(&h, quanta[i], RATE);
		PL_CHECK_INT(first_change(&h, quanta[i], 1000, false), 1000);
		PL_CHECK_INT(h.page->data.keys[0], 0);
		PL_CHECK_INT(h.page->data.talking[0], 0);
		PL_CHECK_INT(h.page->data.n_bad_control, 0);
		host_done(&h);
	}
}

static void momentary(struct host *h)
{
	int32_t modes[2] = {PL_TALK_MODE_MOMENTARY, PL_TALK_MODE_OPEN};
	struct host_props p;

	start(h, "2", "1");
	one_path(h);
	host_props_begin(&p);
	host_props_ints(&p, PL_PARAM_MODES, modes, 2);
	PL_CHECK_INT(host_props_send(h, &p), 0);
}

/** One key in one message, that moved at a time. */
static void send_key(struct host *h, bool held, uint64_t nsec)
{
	struct host_props p;

	host_props_begin(&p);
	host_props_bool(&p, "partyline.key.1.1", held);
	host_props_bits(&p, PL_PARAM_KEYS_NSEC, nsec);
	PL_CHECK_INT(host_props_send(h, &p), 0);
}

/** Cycles until the channel is no longer silent (open) or no longer full. @return that sample, from now */
static uint64_t wait_for_change(struct host *h, uint32_t quantum, bool open)
{
	for (uint64_t now = 0; now < 40000; now += quantum) {
		const float *out;

		fill(h, 0, quantum, 0.5f);
		host_process(h, quantum, RATE);
		out = host_out(h, h->n_tablets);
		for (uint32_t n = 0; n < quantum; n++) {
			if (open ? out[n] != 0.0f : fabs(out[n] - limited(0.5)) > 1e-6)
				return now + n;
		}
	}
	return UINT64_MAX;
}

/** A time within the cycle that was just processed: sample n of it. */
static uint64_t sample_nsec(const struct host *h, uint32_t quantum, uint32_t n)
{
	uint64_t begin = h->position.clock.nsec - (uint64_t)quantum * SPA_NSEC_PER_SEC / RATE;

	return begin + (uint64_t)n * SPA_NSEC_PER_SEC / RATE + 1000u;
}

PL_TEST(key_acts_a_quantum_after_its_time)
{
	static const uint32_t quanta[] = {64, 100, 256, 1024};

	for (uint32_t i = 0; i < SPA_N_ELEMENTS(quanta); i++) {
		uint32_t quantum = quanta[i];
		struct host h;

		momentary(&h);
		for (uint32_t n = 0; n < quantum; n += 17) {
			/* The cycle that comes gives sample n what happened at sample n of the last. */
			host_process(&h, quantum, RATE);
			send_key(&h, true, sample_nsec(&h, quantum, n));
			PL_CHECK_INT(wait_for_change(&h, quantum, true), n);
			for (uint32_t ramp = 0; ramp < RAMP + quantum; ramp += quantum)
				host_process(&h, quantum, RATE);
			send_key(&h, false, sample_nsec(&h, quantum, n));
			PL_CHECK_INT(wait_for_change(&h, quantum, false), n);
			for (uint32_t ramp = 0; ramp < RAMP + quantum; ramp += quantum)
				host_process(&h, quantum, RATE);
		}
		host_done(&h);
	}
}

PL_TEST(key_that_comes_late_acts_at_once)
{
	struct host h;

	momentary(&h);
	for (unsigned i = 0; i < 4; i++)
		host_process(&h, 256, RATE);
	send_key(&h, true, 1); /* long ago */
	PL_CHECK_INT(wait_for_change(&h, 256, true), 0);
	send_key(&h, false, UINT64_MAX); /* not in this world */
	while (h.page->data.talking[0])
		host_process(&h, 256, RATE);
	send_key(&h, true, sample_nsec(&h, 256, 0) - 1000000u);
	PL_CHECK_INT(wait_for_change(&h, 256, true), 0);
	host_done(&h);
}

PL_TEST(key_waits_no_longer_than_its_sample)
{
	struct host h;

	momentary(&h);
	host_process(&h, 256, RATE);
	/* Ahead of the clock: in the cycle after the next. */
	send_key(&h, true, sample_nsec(&h, 256, 256 + 40));
	PL_CHECK_INT(wait_for_change(&h, 256, true), 256 + 40);
	host_done(&h);
}

PL_TEST(a_newer_word_about_a_key_replaces_the_one_that_waits)
{
	struct host h;
	struct host_props p;
	uint64_t keys[2] = {0, 0};

	momentary(&h);
	host_process(&h, 256, RATE);
	send_key(&h, true, sample_nsec(&h, 256, 100));
	host_props_begin(&p);
	host_props_bool(&p, "partyline.key.1.1", false);
	PL_CHECK_INT(host_props_send(&h, &p), 0);
	PL_CHECK_INT(wait_for_change(&h, 256, true), UINT64_MAX);

	/* All keys at once are not timed, whatever the message says. */
	send_key(&h, true, sample_nsec(&h, 256, 100));
	host_props_begin(&p);
	host_props_longs(&p, PL_PARAM_KEYS, keys, 2);
	host_props_bits(&p, PL_PARAM_KEYS_NSEC, sample_nsec(&h, 256, 101));
	PL_CHECK_INT(host_props_send(&h, &p), 0);
	PL_CHECK_INT(wait_for_change(&h, 256, true), UINT64_MAX);
	host_done(&h);
}

PL_TEST(bursts_of_timed_keys_end_as_the_last_says)
{
	struct host h;

	momentary(&h);
	host_process(&h, 1024, RATE);
	/* More than can wait: what finds no room acts at the next block, with nothing left behind. */
	for (uint32_t i = 0; i < 600; i++)
		send_key(&h, i % 2 == 0, sample_nsec(&h, 1024, i));
	for (unsigned i = 0; i < 4; i++)
		host_process(&h, 1024, RATE);
	PL_CHECK_INT(h.page->data.keys[0], 0);
	send_key(&h, true, sample_nsec(&h, 1024, 7));
	PL_CHECK_INT(wait_for_change(&h, 1024, true), 7);
	host_done(&h);
}

PL_TEST(timed_keys_and_control_events_keep_their_order)
{
	struct host h;
	struct host_props c;
	uint64_t opened;

	momentary(&h);
	host_process(&h, 256, RATE);
	send_key(&h, true, sample_nsec(&h, 256, 50));
	host_control_begin(&c);
	host_control_key(&c, 10, 1, 1, false);
	host_control_key(&c, 200, 1, 1, false);
	host_control_end(&h, &c);
	opened = wait_for_change(&h, 256, true);
	PL_CHECK_INT(opened, 50);
	PL_CHECK_INT(h.page->data.keys[0], 0);
	PL_CHECK_INT(h.page->data.n_bad_control, 0);
	host_done(&h);
}

PL_TEST(ramp_is_a_raised_cosine)
{
	struct host h;

	start(&h, "1", "1");
	one_path(&h);
	fill(&h, 0, 1024, 0.1f);
	host_process(&h, 1024, RATE);
	PL_CHECK_INT(host_set_double(&h, "partyline.uplink.1.1", 0.0), 0);
	host_process(&h, 1024, RATE);
	for (uint32_t n = 0; n < 1024; n++) {
		double w = n < RAMP ? 0.5 - 0.5 * cos(M_PI * (n + 1.0) / RAMP) : 1.0;

		PL_CHECK_NEAR(host_out(&h, 1)[n], limited(0.1 * (1.0 - w)), 1e-6);
	}
	/* Exactly nothing after it. */
	PL_CHECK(host_out(&h, 1)[RAMP] == 0.0f);
	host_done(&h);
}

/** Tone at 1 kHz with all kinds of changes: no step above tone plus ramp. */
PL_TEST(no_clicks)
{
	const double amplitude = 0.2, hz = 1000.0;
	/* Of the tone at gain <= 1, plus the steepest step of a raised cosine. */
	const double most = amplitude * (2.0 * M_PI * hz / RATE + M_PI / 2.0 / RAMP) * 1.001;
	struct host h;
	uint64_t now = 0;
	float last[3] = {0};
	int32_t modes[2] = {PL_TALK_MODE_MOMENTARY, PL_TALK_MODE_MOMENTARY};
	struct host_props p;

	pl_random_seed(9);
	start(&h, "2", "1");
	one_path(&h);
	host_props_begin(&p);
	host_props_ints(&p, PL_PARAM_MODES, modes, 2);
	host_props_double(&p, "partyline.downlink.2.1", 1.0);
	PL_CHECK_INT(host_props_send(&h, &p), 0);
	for (uint32_t block = 0; block < 1000; block++) {
		struct host_props c;
		uint32_t offset = pl_random_below(64);

		for (uint32_t n = 0; n < 64; n++) {
			host_in(&h, 0)[n] = (float)(amplitude * sin(2.0 * M_PI * hz *
								    (double)(now + n) / RATE));
		}
		host_control_begin(&c);
		host_control_key(&c, offset, 1, 1, pl_random_below(2));
		host_control_key(&c, pl_random_below(64 - offset) + offset, 1, 1,
				 pl_random_below(2));
		host_control_end(&h, &c);
		switch (pl_random_below(4)) {
		case 0:
			host_set_double(&h, "partyline.uplink.1.1", pl_random_uniform(0.0, 1.0));
			break;
		case 1:
			host_set_double(&h, PL_PARAM_CHANNEL_MUTE, pl_random_below(2));
			break;
		case 2:
			host_set_double(&h, PL_PARAM_TABLET_MUTE, pl_random_below(4));
			break;
		default:
			break;
		}
		host_process(&h, 64, RATE);
		for (uint32_t n = 0; n < 64; n++) {
			for (uint32_t i = 0; i < 3; i++) {
				/* Listeners have two ramps in a row: uplink and downlink. */
				double allowed =
					i == 2 ? most : most + amplitude * M_PI / 2.0 / RAMP;
				float x = host_out(&h, i)[n];

				PL_CHECK(fabs((double)x - last[i]) <= allowed);
				last[i] = x;
			}
		}
		now += 64;
	}
	host_done(&h);
}

PL_TEST(tables_change_as_a_whole)
{
	struct host h;
	float up[4] = {0, 1, 1, 0}, swapped[4] = {1, 0, 0, 1};
	struct host_props p;

	start(&h, "2", "2");
	host_props_begin(&p);
	host_props_double(&p, PL_PARAM_HEADROOM_DB, 0.0);
	host_props_floats(&p, PL_PARAM_UPLINK, up, 4);
	host_props_bits(&p, PL_PARAM_SERIAL, 41);
	PL_CHECK_INT(host_props_send(&h, &p), 0);
	fill(&h, 0, 512, 0.2f);
	fill(&h, 1, 512, -0.3f);
	host_process(&h, 512, RATE);
	PL_CHECK_INT(h.page->data.serial, 41);
	host_props_begin(&p);
	host_props_floats(&p, PL_PARAM_UPLINK, swapped, 4);
	host_props_bits(&p, PL_PARAM_SERIAL, 42);
	PL_CHECK_INT(host_props_send(&h, &p), 0);
	PL_CHECK_INT(h.page->data.serial, 41);
	host_process(&h, 512, RATE);
	PL_CHECK_INT(h.page->data.serial, 42);
	/* What one channel loses the other gains, sample by sample. */
	for (uint32_t n = 0; n < 512; n++) {
		double w = n < RAMP ? 0.5 - 0.5 * cos(M_PI * (n + 1.0) / RAMP) : 1.0;

		PL_CHECK_NEAR(host_out(&h, 2)[n], limited(-0.3 * (1.0 - w) + 0.2 * w), 1e-6);
		PL_CHECK_NEAR(host_out(&h, 3)[n], limited(0.2 * (1.0 - w) - 0.3 * w), 1e-6);
	}
	host_done(&h);
}

PL_TEST(bad_samples_are_silence)
{
	static const float bad[] = {NAN, INFINITY, -INFINITY, 1e30f, -1e30f, FLT_MAX, 1e-42f};
	struct host h;

	start(&h, "3", "2");
	for (uint32_t block = 0; block < 40; block++) {
		for (uint32_t i = 0; i < 5; i++) {
			for (uint32_t n = 0; n < 100; n++) {
				host_in(&h, i)[n] = (n + i + block) % 3
							    ? bad[(n + block) % SPA_N_ELEMENTS(bad)]
							    : 0.1f;
			}
		}
		host_process(&h, 100, RATE);
		for (uint32_t i = 0; i < 5; i++) {
			for (uint32_t n = 0; n < 100; n++)
				PL_CHECK(fabsf(host_out(&h, i)[n]) <= PL_LIMITER);
		}
	}
	PL_CHECK(h.page->data.n_bad_samples > 0);
	/* Nothing of it is left: silence in, silence out. */
	for (uint32_t i = 0; i < 5; i++)
		fill(&h, i, 100, 0.0f);
	host_process(&h, 100, RATE);
	for (uint32_t i = 0; i < 5; i++) {
		PL_CHECK(all_near(host_out(&h, i), 100, 0.0));
		PL_CHECK(isfinite(h.page->data.tablet_talk[i % 3].vu));
	}
	host_done(&h);
}

PL_TEST(unlinked_and_empty_are_silence)
{
	struct host h;

	start(&h, "2", "1");
	one_path(&h);
	fill(&h, 0, 256, 0.5f);
	host_process(&h, 256, RATE);
	PL_CHECK(all_near(host_out(&h, 2), 256, limited(0.5)));
	h.in[0].empty = true;
	host_process(&h, 256, RATE);
	PL_CHECK(all_near(host_out(&h, 2), 256, 0.0));
	PL_CHECK_INT(h.out[2].chunks[h.out_buffer[2]].flags, SPA_CHUNK_FLAG_EMPTY);
	h.in[0].empty = false;
	host_process(&h, 256, RATE);
	PL_CHECK(all_near(host_out(&h, 2), 256, limited(0.5)));
	PL_CHECK_INT(h.out[2].chunks[h.out_buffer[2]].flags, 0);
	host_link(&h, SPA_DIRECTION_INPUT, 0, false);
	host_link(&h, SPA_DIRECTION_OUTPUT, 0, false);
	host_process(&h, 256, RATE);
	PL_CHECK(all_near(host_out(&h, 2), 256, 0.0));
	PL_CHECK(host_out(&h, 0) == NULL);
	host_done(&h);
}

static double dbfs(double x)
{
	return 20.0 * log10(fmax(x * 1.0000001, 1e-12));
}

PL_TEST(meter_figures)
{
	static const uint32_t rates[] = {8000, 44100, 48000, 192000};

	for (uint32_t r = 0; r < SPA_N_ELEMENTS(rates); r++) {
		uint32_t rate = rates[r], quantum = 300, frame;
		uint64_t now = 0;
		struct host h;

		start(&h, "2", "2");
		PL_CHECK_NEAR(dbfs(h.page->data.tablet_talk[0].vu), -240.0, 1e-9);
		/* A sine of full scale for two seconds. */
		while (now < 2u * rate) {
			for (uint32_t n = 0; n < quantum; n++, now++) {
				host_in(&h, 0)[n] =
					(float)sin(2.0 * M_PI * 1000.0 * (double)now / rate);
			}
			host_process(&h, quantum, rate);
		}
		frame = (uint32_t)lround(rate * 1024.0 / 44100.0);
		PL_CHECK_INT(h.page->data.n_frames, now / frame);
		PL_CHECK_INT(h.page->data.rate_hz, rate);
		PL_CHECK_INT(h.page->data.quantum, quantum);
		PL_CHECK_NEAR(dbfs(h.page->data.tablet_talk[0].vu), -3.01, 0.05);
		PL_CHECK_NEAR(dbfs(h.page->data.tablet_talk[0].rms), -3.01, 0.1);
		PL_CHECK_NEAR(h.page->data.tablet_talk[0].peak, 1.0, 0.08);
		PL_CHECK_NEAR(dbfs(h.page->data.tablet_talk[1].vu), -240.0, 1e-9);
		/* Before the limiter: default norm 0.25/2 for two tablets of gain 0.25. */
		PL_CHECK_NEAR(dbfs(h.page->data.channel_out[0].vu),
			      -3.01 + 20.0 * log10(0.2511886 / 2.0), 0.05);
		host_done(&h);
	}
}

PL_TEST(peak_holds_and_falls)
{
	struct host h;
	double seconds = 0.0, at_1_5 = 0.0, at_2_35 = 0.0;

	start(&h, "1", "1");
	fill(&h, 0, 480, 0.5f);
	/* Whole meter frames of it. */
	for (uint32_t i = 0; i < 10; i++)
		host_process(&h, 480, RATE);
	fill(&h, 0, 480, 0.0f);
	for (uint32_t i = 0; i < 300; i++) {
		host_process(&h, 480, RATE);
		seconds += 0.01;
		if (fabs(seconds - 0.9) < 1e-6)
			PL_CHECK(h.page->data.tablet_talk[0].peak_hold == 0.5f);
		if (fabs(seconds - 1.5) < 1e-6)
			at_1_5 = h.page->data.tablet_talk[0].peak_hold;
		if (fabs(seconds - 2.35) < 1e-6)
			at_2_35 = h.page->data.tablet_talk[0].peak_hold;
	}
	PL_CHECK(h.page->data.tablet_talk[0].peak == 0.0f);
	/* 10 dB in 0.85 s, to a meter frame. */
	PL_CHECK_NEAR(20.0 * log10(at_2_35 / at_1_5), -10.0, 0.4);
	host_done(&h);
}

/** As an async graph hands buffers over: the areas change places every cycle. */
PL_TEST(async_buffers)
{
	struct host h;
	struct spa_io_async_buffers in, out;
	uint32_t direction = SPA_DIRECTION_OUTPUT;

	start(&h, "1", "1");
	one_path(&h);
	in.buffers[0] = in.buffers[1] = SPA_IO_BUFFERS_INIT;
	out.buffers[0] = out.buffers[1] = SPA_IO_BUFFERS_INIT;
	spa_node_port_set_io(h.node, SPA_DIRECTION_INPUT, 0, SPA_IO_AsyncBuffers, &in, sizeof(in));
	spa_node_port_set_io(h.node, SPA_DIRECTION_OUTPUT, 1, SPA_IO_AsyncBuffers, &out,
			     sizeof(out));
	for (uint32_t i = 0; i < 6; i++) {
		uint32_t cycle = h.position.clock.cycle & 1u;
		struct spa_io_buffers *mine = &out.buffers[cycle ? direction ^ 1u : direction];
		struct spa_io_buffers *theirs = &in.buffers[cycle];

		theirs->buffer_id = 0;
		theirs->status = SPA_STATUS_HAVE_DATA;
		fill(&h, 0, 64, 0.01f * (float)i);
		host_process(&h, 64, RATE);
		PL_CHECK_INT(mine->status, SPA_STATUS_HAVE_DATA);
		PL_CHECK_INT(theirs->status, SPA_STATUS_NEED_DATA);
		PL_CHECK_INT(mine->buffer_id, i & 1u);
		PL_CHECK(all_near(h.out[1].samples[mine->buffer_id], 64, limited(0.01 * i)));
		mine->status = SPA_STATUS_NEED_DATA;
	}
	host_done(&h);
}

static void on_latency(void *data, int seq, int res, uint32_t type, const void *result)
{
	const struct spa_result_node_params *r = result;
	struct spa_latency_info info, *wanted = data;

	if (spa_latency_parse(r->param, &info) >= 0 && info.direction == wanted->direction)
		*wanted = info;
}

PL_TEST(latency_passes_through)
{
	static const struct spa_node_events events = {
		SPA_VERSION_NODE_EVENTS,
		.result = on_latency,
	};
	struct spa_latency_info info = SPA_LATENCY_INFO(SPA_DIRECTION_OUTPUT, .min_rate = 10,
							.max_rate = 30),
				found = SPA_LATENCY_INFO(SPA_DIRECTION_OUTPUT);
	uint8_t buffer[512];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	struct spa_hook hook;
	struct host h;

	start(&h, "2", "1");
	PL_CHECK_INT(spa_node_port_set_param(h.node, SPA_DIRECTION_INPUT, 0, SPA_PARAM_Latency, 0,
					     spa_latency_build(&b, SPA_PARAM_Latency, &info)),
		     0);
	spa_zero(hook);
	spa_node_add_listener(h.node, &hook, &events, &found);
	spa_node_port_enum_params(h.node, 0, SPA_DIRECTION_OUTPUT, 2, SPA_PARAM_Latency, 0,
				  UINT32_MAX, NULL);
	spa_hook_remove(&hook);
	PL_CHECK_INT(found.min_rate, 10);
	PL_CHECK_INT(found.max_rate, 30);
	host_done(&h);
}

PL_TEST_MAIN()
