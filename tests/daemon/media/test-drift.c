/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "line.h"
#include "pltest.h"

/*
 * A sender whose clock is 200 ppm fast or slow, on a line that jitters: an hour if asked (bench),
 * two minutes else, in which the clocks part by 24 ms. Nothing is late, concealed or left out, no
 * sample is out of the sine's line, and the lag stays where it is wanted.
 *
 *	test-drift [SECONDS]
 */

#define RATE 48000u
#define HZ 440.0
#define AMPLITUDE 0.5
/** Until the drift is known and met. */
#define SETTLE_S 20.0

static double seconds = 120;

struct tape {
	float before[2];
	uint64_t n;
	double step_max;
	double lag_min_ms, lag_max_ms, off_max_ms;
};

static float sine(void *userdata, uint64_t position)
{
	(void)userdata;
	/* 440 Hz: 1200 samples are 11 periods */
	return (float)(AMPLITUDE * sin(2 * M_PI * HZ / RATE * (double)(position % 1200)));
}

static void heard(void *userdata, const float *samples, uint32_t n_frames, uint64_t position)
{
	struct tape *tape = userdata;

	(void)position;
	for (uint32_t i = 0; i < n_frames; i++) {
		float x = samples[i];

		tape->step_max = fmax(tape->step_max,
				      fabs((double)x - 2 * tape->before[1] + tape->before[0]));
		tape->before[0] = tape->before[1];
		tape->before[1] = x;
	}
	tape->n += n_frames;
}

static void run(double ppm)
{
	const double sine_step = AMPLITUDE * pow(2 * M_PI * HZ / RATE, 2);
	struct tape tape = {.lag_min_ms = INFINITY};
	struct pl_receiver_status begin, status = {.drift_ppm = NAN};
	struct line_config config;
	struct line *line;

	line_defaults(&config);
	config.opus.ptime_ms = 20;
	config.opus.complexity = 0;
	config.opus.bitrate_bps = 96000;
	config.send_quantum = config.receive_quantum = 1024;
	config.jitter_ms = 1;
	config.jitter.safety = 1;
	config.send_ppm = ppm;
	line = line_new(&config);
	line_run(line, SETTLE_S, sine, heard, &tape);
	pl_receiver_status(line_receiver(line), line_now(line), &begin);
	tape.step_max = 0;
	for (int i = 0; i < (int)((seconds - SETTLE_S) / 10); i++) {
		line_run(line, 10, sine, heard, &tape);
		pl_receiver_status(line_receiver(line), line_now(line), &status);
		tape.lag_min_ms = fmin(tape.lag_min_ms, status.jitter.lag_ms);
		tape.lag_max_ms = fmax(tape.lag_max_ms, status.jitter.lag_ms);
		tape.off_max_ms =
			fmax(tape.off_max_ms, fabs(status.jitter.lag_ms - status.jitter.target_ms));
	}
	printf("# %+g ppm, %.0f s: drift known as %+.1f ppm, lag %.1f to %.1f ms, at most "
	       "%.1f from its target, late %llu, "
	       "concealed %llu, left out %llu, largest second difference %.2f of the sine's\n",
	       ppm, seconds, status.drift_ppm, tape.lag_min_ms, tape.lag_max_ms, tape.off_max_ms,
	       (unsigned long long)(status.jitter.n_late - begin.jitter.n_late),
	       (unsigned long long)(status.jitter.n_concealed - begin.jitter.n_concealed),
	       (unsigned long long)(status.jitter.n_skipped - begin.jitter.n_skipped),
	       tape.step_max / sine_step);
	PL_EXPECT(tape.step_max < 1.5 * sine_step);
	PL_EXPECT(status.jitter.n_late == begin.jitter.n_late);
	PL_EXPECT(status.jitter.n_concealed == begin.jitter.n_concealed);
	PL_EXPECT(status.jitter.n_skipped == begin.jitter.n_skipped);
	PL_EXPECT(fabs(status.drift_ppm - ppm) < 20);
	PL_EXPECT(tape.off_max_ms < 8);
	PL_EXPECT(tape.lag_min_ms > 10 && tape.lag_max_ms < 100);
	line_free(line);
}

PL_TEST(a_fast_sender)
{
	run(200);
}

PL_TEST(a_slow_sender)
{
	run(-200);
}

int main(int argc, char *argv[])
{
	if (argc > 1)
		seconds = fmax(strtod(argv[1], NULL), SETTLE_S + 10);
	return pl_test_main(1, argv);
}
