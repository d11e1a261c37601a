/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <math.h>
#include <stdlib.h>

#include "line.h"
#include "pltest.h"
#include "resampler.h"

/*
 * Recorded speech over lines that lose, in bursts and singly: how much of it is left against the
 * same line without loss, as segmental signal-to-noise ratio; and that nothing clicks or grows.
 */

#define RATE 48000u
#define SECONDS 10u
#define N (SECONDS * RATE)
#define FOLDER "/usr/share/asterisk/sounds/en_US_f_Allison"
#define SEGMENT 960u /**< 20 ms */
#define SHIFT_MAX 1600

static float *speech;

/** The 8 kHz recordings one after the other, brought to 48 kHz. */
static bool load_speech(void)
{
	struct pl_resampler *resampler;
	struct dirent **names;
	uint32_t n = 0;
	int n_names;

	speech = calloc(N, sizeof(*speech));
	n_names = scandir(FOLDER, &names, NULL, alphasort);
	if (!speech || n_names < 0 || pl_resampler_new(8000, RATE, 1, 4096, &resampler) < 0)
		return false;
	for (int i = 0; i < n_names; i++) {
		char path[512];
		int16_t pcm[1024];
		size_t n_read;
		FILE *file;

		snprintf(path, sizeof(path), FOLDER "/%s", names[i]->d_name);
		free(names[i]);
		if (!strstr(path, ".wav") || n >= N)
			continue;
		file = fopen(path, "rb");
		if (!file || fseek(file, 44, SEEK_SET) != 0)
			return false;
		while ((n_read = fread(pcm, 2, 1024, file)) > 0 && n < N) {
			float in[1024], *out = speech + n;
			uint32_t room = N - n;

			for (size_t k = 0; k < n_read; k++)
				in[k] = (float)pcm[k] / 32768.0f;
			pl_resampler_push(resampler, in, (uint32_t)n_read);
			n += pl_resampler_pull(resampler, &out, room);
		}
		fclose(file);
	}
	free(names);
	pl_resampler_free(resampler);
	return n == N;
}

static float speak(void *userdata, uint64_t position)
{
	return position < N ? speech[position] : 0;
}

struct tape {
	float *samples;
	uint32_t n;
};

static void heard(void *userdata, const float *samples, uint32_t n_frames, uint64_t position)
{
	struct tape *tape = userdata;

	for (uint32_t i = 0; i < n_frames && tape->n < N; i++)
		tape->samples[tape->n++] = samples[i];
}

static struct tape run(const struct line_config *config, struct pl_receiver_status *ret_status)
{
	struct tape tape = {.samples = calloc(N, sizeof(float))};
	struct line *line = line_new(config);

	if (!tape.samples)
		abort();
	line_run(line, SECONDS, speak, heard, &tape);
	pl_receiver_status(line_receiver(line), line_now(line), ret_status);
	line_free(line);
	return tape;
}

/** Largest second difference. */
static double step_max(const struct tape *tape)
{
	double most = 0;

	for (uint32_t i = 2; i < tape->n; i++)
		most = fmax(most, fabs((double)tape->samples[i] - 2.0 * tape->samples[i - 1] +
				       tape->samples[i - 2]));
	return most;
}

static double snr_at(const float *wanted, const float *is)
{
	double signal = 0, noise = 0;

	for (uint32_t i = 0; i < SEGMENT; i++) {
		double d = (double)wanted[i] - is[i];

		signal += (double)wanted[i] * wanted[i];
		noise += d * d;
	}
	return 10 * log10(signal / (noise + 1e-12));
}

/** The best shift of those `step` apart. */
static void scan(const float *wanted, const float *is, int from, int until, int step, double *best,
		 int *best_shift)
{
	int first = from < -SHIFT_MAX ? -SHIFT_MAX : from;

	for (int s = first; s <= until && s <= SHIFT_MAX; s += step) {
		double snr = snr_at(wanted, is + s);

		if (snr > *best) {
			*best = snr;
			*best_shift = s;
		}
	}
}

/** Coarse, then fine: there is nothing above 4 kHz in it. */
static void search(const float *wanted, const float *is, int from, int until, double *best,
		   int *best_shift)
{
	scan(wanted, is, from, until, 5, best, best_shift);
	scan(wanted, is, *best_shift - 4, *best_shift + 4, 1, best, best_shift);
}

/**
 * Mean over the segments with speech in them, each within -10..35 dB, at the best shift near the
 * last one's: the lag of the two lines differs.
 */
static double segmental_snr(const struct tape *wanted, const struct tape *is)
{
	double sum = 0;
	int shift = 0;
	unsigned n = 0, n_bad = 2;

	for (uint32_t at = 2 * RATE; at + SEGMENT + SHIFT_MAX < wanted->n; at += SEGMENT) {
		double energy = 0, best = -99;
		int best_shift = shift;

		for (uint32_t i = 0; i < SEGMENT; i++)
			energy += (double)wanted->samples[at + i] * wanted->samples[at + i];
		if (energy < SEGMENT * 1e-4)
			continue;
		search(wanted->samples + at, is->samples + at, shift - 60, shift + 60, &best,
		       &best_shift);
		n_bad = best < 6 ? n_bad + 1 : 0;
		if (n_bad >= 3)
			search(wanted->samples + at, is->samples + at, -SHIFT_MAX, SHIFT_MAX, &best,
			       &best_shift);
		if (best > 3)
			shift = best_shift;
		sum += fmin(fmax(best, -10), 35);
		n++;
	}
	return n ? sum / n : -99;
}

struct point {
	double loss, burst;
	double least_db; /**< of the curve, at 20 ms with FEC and at 5 ms without */
	double least_short_db;
};

static const struct point points[] = {
	{0.01, 1, 22, 25}, {0.05, 1, 22, 20}, {0.10, 1, 22, 15},
	{0.20, 1, 20, 9},  {0.05, 3, 22, 20}, {0.20, 3, 17, 12},
};

static void check_curve(double ptime_ms)
{
	struct line_config config;
	struct pl_receiver_status status;
	struct tape clean;
	double before = 99, clean_step;

	line_defaults(&config);
	config.opus.ptime_ms = ptime_ms;
	config.jitter_ms = 1;
	clean = run(&config, &status);
	clean_step = step_max(&clean);
	printf("# %g ms packets, no loss: lag %.1f ms, step %.3f\n", ptime_ms, status.jitter.lag_ms,
	       clean_step);
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		const struct point *p = &points[i];
		struct tape tape;
		double snr, step;

		config.loss = p->loss;
		config.burst = p->burst;
		tape = run(&config, &status);
		snr = segmental_snr(&clean, &tape);
		step = step_max(&tape);
		printf("# %g ms packets, loss %2.0f %%, bursts of %g: %.1f dB, lag %.1f ms, recovered %llu, "
		       "concealed %llu, step %.3f\n",
		       ptime_ms, p->loss * 100, p->burst, snr, status.jitter.lag_ms,
		       (unsigned long long)status.jitter.n_recovered,
		       (unsigned long long)status.jitter.n_concealed, step);
		PL_EXPECT(snr > (ptime_ms < 10 ? p->least_short_db : p->least_db));
		/* what FEC gives back hides the difference */
		PL_EXPECT(p->burst > 1 || ptime_ms >= 10 || snr < before);
		before = p->burst > 1 ? before : snr;
		PL_EXPECT(step < 1.5 * clean_step);
		PL_EXPECT(status.jitter.lag_ms < 80);
		PL_EXPECT(status.jitter.n_packets < 40);
		PL_EXPECT(ptime_ms < 10 || status.jitter.n_recovered > 0);
		PL_EXPECT(fabs(status.loss_percent - 100 * p->loss) < 100 * p->loss * 0.5 + 2);
		free(tape.samples);
	}
	free(clean.samples);
}

PL_TEST(the_recordings_are_there)
{
	PL_CHECK(load_speech());
}

PL_TEST(speech_over_20_ms_packets)
{
	check_curve(20);
}

PL_TEST(speech_over_5_ms_packets)
{
	check_curve(5);
}

/* Late and out of order, doubled and lost at once: all of it at once, quick and safe. */
PL_TEST(jitter_and_disorder)
{
	static const double safeties[] = {0, 0.5, 1};
	struct pl_receiver_status status[3];

	for (int i = 0; i < 3; i++) {
		struct line_config config;
		struct tape tape;

		line_defaults(&config);
		config.jitter_ms = 8;
		config.reorder = 0.05;
		config.duplicates = 0.1;
		config.loss = 0.02;
		config.send_ppm = 50;
		config.jitter.safety = safeties[i];
		tape = run(&config, &status[i]);
		printf("# safety %.1f: lag %.1f ms, late %llu, doubled %llu, out of order %llu, concealed %llu, "
		       "step %.3f\n",
		       safeties[i], status[i].jitter.lag_ms,
		       (unsigned long long)status[i].jitter.n_late,
		       (unsigned long long)status[i].jitter.n_duplicate,
		       (unsigned long long)status[i].jitter.n_reordered,
		       (unsigned long long)status[i].jitter.n_concealed, step_max(&tape));
		PL_EXPECT(status[i].jitter.n_duplicate > 100);
		PL_EXPECT(status[i].jitter.n_reordered > 100);
		PL_EXPECT(status[i].jitter.lag_ms < 200);
		free(tape.samples);
	}
	PL_EXPECT(status[0].jitter.lag_ms < status[1].jitter.lag_ms);
	PL_EXPECT(status[1].jitter.lag_ms < status[2].jitter.lag_ms);
	PL_EXPECT(status[0].jitter.n_late > status[1].jitter.n_late);
	PL_EXPECT(status[1].jitter.n_late >= status[2].jitter.n_late);
	PL_EXPECT(status[2].jitter.n_late < 20);
}

PL_TEST_MAIN()
