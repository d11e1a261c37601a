/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "line.h"
#include "pltest.h"

#define RATE 48000u

/** What was played, from `skip` seconds on. */
struct tape {
	double skip_s, hz, amplitude;
	float before[2];
	uint64_t n;
	double step_max; /**< largest second difference */
	double peak;
	uint64_t n_zero; /**< exact */
	uint64_t first_loud;
	bool finite;
};

static void tape_init(struct tape *tape, double skip_s)
{
	*tape = (struct tape){.skip_s = skip_s,
			      .hz = 440,
			      .amplitude = 0.5,
			      .finite = true,
			      .first_loud = UINT64_MAX};
}

static float sine(void *userdata, uint64_t position)
{
	struct tape *tape = userdata;

	return (float)(tape->amplitude *
		       sin(2 * M_PI * fmod(tape->hz * (double)position / RATE, 1)));
}

static void heard(void *userdata, const float *samples, uint32_t n_frames, uint64_t position)
{
	struct tape *tape = userdata;

	for (uint32_t i = 0; i < n_frames; i++) {
		float x = samples[i];

		tape->finite = tape->finite && isfinite(x);
		if (fabsf(x) > 0.1f && tape->first_loud == UINT64_MAX)
			tape->first_loud = position + i;
		if ((double)(position + i) >= tape->skip_s * RATE) {
			tape->step_max = fmax(tape->step_max, fabs((double)x - 2 * tape->before[1] +
								   tape->before[0]));
			tape->peak = fmax(tape->peak, fabsf(x));
			tape->n_zero += x == 0;
			tape->n++;
		}
		tape->before[0] = tape->before[1];
		tape->before[1] = x;
	}
}

static struct pl_receiver_status status_of(struct line *line)
{
	struct pl_receiver_status status;

	pl_receiver_status(line_receiver(line), line_now(line), &status);
	return status;
}

/** The second difference of the sine itself. */
static double step_of(const struct tape *tape)
{
	return tape->amplitude * pow(2 * M_PI * tape->hz / RATE, 2);
}

/* The buffer adds about a quantum and no more than that and a packet, at any quantum and ptime. */
PL_TEST(a_clean_line_is_quick)
{
	static const struct {
		double ptime_ms;
		uint32_t quantum;
		double lag_ms;
	} cases[] = {{2.5, 64, 2.5}, {5, 64, 2.5}, {5, 256, 6.5}, {10, 256, 6.5}, {20, 1024, 23}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct line_config config;
		struct pl_receiver_status status;
		struct tape tape;
		struct line *line;

		line_defaults(&config);
		config.delay_ms = 0;
		config.opus.ptime_ms = cases[i].ptime_ms;
		config.send_quantum = config.receive_quantum = cases[i].quantum;
		tape_init(&tape, 2);
		line = line_new(&config);
		line_run(line, 10, sine, heard, &tape);
		status = status_of(line);
		line_free(line);
		printf("# %.1f ms, quantum %u: lag %.2f ms, a packet waits %.2f ms\n",
		       cases[i].ptime_ms, cases[i].quantum, status.jitter.lag_ms, status.buffer_ms);
		PL_EXPECT(status.jitter.lag_ms < cases[i].lag_ms);
		PL_EXPECT(status.jitter.n_late == 0);
		PL_EXPECT(status.jitter.n_concealed == 0);
		PL_EXPECT(status.n_lost == 0);
		PL_EXPECT(fabs(tape.peak - 0.5) < 0.06);
		PL_EXPECT(tape.step_max < 1.5 * step_of(&tape));
	}
}

/* What a busy machine does costs a moment, and no delay for a minute to come. */
PL_TEST(missed_cycles_leave_no_lag)
{
	struct line_config config;
	double before, after;
	struct tape tape;
	struct line *line;

	line_defaults(&config);
	tape_init(&tape, 0);
	line = line_new(&config);
	line_run(line, 10, sine, heard, &tape);
	before = status_of(line).jitter.lag_ms;
	line_miss_cycles(line, 16);
	line_run(line, 10, sine, heard, &tape);
	after = status_of(line).jitter.lag_ms;
	line_free(line);
	printf("# lag %.2f ms, 10 s after 85 ms were missed %.2f ms\n", before, after);
	PL_EXPECT(after < before + 2);
	PL_EXPECT(tape.finite);
}

/* All packets of 80 ms come at once: one event, not sixteen. */
PL_TEST(a_stall_is_one_event)
{
	struct line_config config;
	double before, after, worst;
	struct tape tape;
	struct line *line;

	line_defaults(&config);
	tape_init(&tape, 0);
	line = line_new(&config);
	line_run(line, 20, sine, heard, &tape);
	before = status_of(line).jitter.target_ms;
	line_hold(line, 0.08);
	line_run(line, 0.5, sine, heard, &tape);
	worst = status_of(line).jitter.target_ms;
	line_run(line, 6, sine, heard, &tape);
	after = status_of(line).jitter.target_ms;
	line_free(line);
	printf("# target %.2f ms, after a stall of 80 ms %.2f ms, 6 s later %.2f ms\n", before,
	       worst, after);
	PL_EXPECT(after < before + 5);
}

/** A short sound at a time of its own, and where the loudest of it is heard. */
struct click {
	uint64_t at, heard_at;
	float peak;
};

static float click_at(void *userdata, uint64_t position)
{
	const struct click *click = userdata;

	/* half a wave of 500 Hz, loudest in its middle */
	if (position < click->at || position >= click->at + 48)
		return 0;
	return 0.5f * (float)sin(M_PI * (double)(position - click->at) / 48);
}

static void click_heard(void *userdata, const float *samples, uint32_t n_frames, uint64_t position)
{
	struct click *click = userdata;

	for (uint32_t i = 0; i < n_frames; i++) {
		if (fabsf(samples[i]) > click->peak) {
			click->peak = fabsf(samples[i]);
			click->heard_at = position + i;
		}
	}
}

/* Click in to click out on a machine that is never late and a network that takes no time: what is
 * sent in a cycle is heard in the next one at the earliest, as in a graph with one clock. The rest
 * are packet, encoder, buffer and resampler; mean over places of the click against the packets. */
PL_TEST(mouth_to_ear)
{
	static const struct {
		double ptime_ms;
		uint32_t quantum;
		double limit_ms;
	} cases[] = {{2.5, 64, 8}, {5, 64, 11},   {2.5, 256, 14},
		     {5, 256, 14}, {10, 256, 26}, {20, 256, 40}};
	enum { CLICKS = 8 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double sum_ms = 0;

		for (uint64_t k = 0; k < CLICKS; k++) {
			struct click click = {.at = 3 * RATE + k * 97};
			struct line_config config;
			struct line *line;

			line_defaults(&config);
			config.delay_ms = 0;
			config.receive_offset_s = -1e-6;
			config.opus.ptime_ms = cases[i].ptime_ms;
			config.send_quantum = config.receive_quantum = cases[i].quantum;
			line = line_new(&config);
			line_run(line, 4, click_at, click_heard, &click);
			line_free(line);
			PL_EXPECT(click.peak > 0.25f);
			sum_ms += ((double)click.heard_at - (double)click.at - 24) * 1000 / RATE;
		}
		printf("# %.1f ms, quantum %u: %.1f ms from mouth to ear\n", cases[i].ptime_ms,
		       cases[i].quantum, sum_ms / CLICKS);
		PL_EXPECT(sum_ms / CLICKS < cases[i].limit_ms);
	}
}

PL_TEST_MAIN()
