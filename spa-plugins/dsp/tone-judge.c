/* SPDX-License-Identifier: MIT */
#include "tone-track.h"

#include <math.h>

/* A signalling tone: as steady as the noise beside it lets it seem, so that limits are wider by a
 * share of 1 - purity. (Noise of the tone's power, purity 0.5, gives spread 0.3 Hz, stray 0.05, waver
 * 1 dB; notes of instruments have partials, decay and waver.) Measured over recordings: see the
 * scorecard, tests/bench/bench-pages.c. */
#define PURITY_MIN 0.3f
#define COVER_MIN 0.85f
#define SPREAD_MAX_HZ 0.3f
#define SPREAD_MAX_NOISE_HZ 0.8f
#define SPREAD_MAX_RELATIVE 0.0005f
#define STRAY_MAX 0.065f
#define STRAY_MAX_NOISE 0.1f
#define WAVER_MAX_DB 1.2f
#define WAVER_MAX_NOISE_DB 3.3f
#define PARTIAL_MAX 0.0063f /* -22 dB */
#define EVEN_MAX 0.025f     /* -16 dB */
#define ODD_MAX 0.16f       /* -8 dB: a clipped tone has -9.5 */

/* Odd harmonics are what clipping makes; clipped at a low sample rate they come folded. */
static bool odd_harmonic(const struct pl_tone_track *track, float bin, float tone_bin)
{
	float size = (float)track->spectrum.size;

	for (uint32_t n = 3; n <= 11u; n += 2u) {
		float at = (float)n * tone_bin, folded = fabsf(at - size * rintf(at / size));

		if (fabsf(bin - folded) < 2.0f)
			return true;
	}
	return false;
}

/* Highest partial outside the tone's lobe that stands out of its surroundings, relative to the
 * tone. Harmonics, which a clipped tone has, are told apart. */
static void find_partials(const struct pl_tone_track *track, const struct pl_tone_run *run,
			  struct pl_tone_verdict *verdict)
{
	const float *sum = run->sum;
	/* Windows overlap: every third hop is news. The fewer, the further noise reaches up. */
	float most[3] = {0}, stand_out = 3.2f + 18.0f / (1.0f + (float)run->n_sum / 3.0f);

	for (uint32_t k = track->low + 1u; k + 1u < track->high; k++) {
		float around = 0.0f, here = sum[k];
		uint32_t n_around = 0, which = 0;

		if (fabsf((float)k - run->bin) < 4.0f || here < sum[k - 1u] || here < sum[k + 1u])
			continue;
		for (uint32_t j = 3; j <= 10u; j++) {
			if (k >= track->low + j && fabsf((float)(k - j) - run->bin) > 3.5f) {
				around += sum[k - j];
				n_around++;
			}
			if (k + j <= track->high && fabsf((float)(k + j) - run->bin) > 3.5f) {
				around += sum[k + j];
				n_around++;
			}
		}
		if (here * (float)n_around < stand_out * around)
			continue;
		if (odd_harmonic(track, (float)k, run->bin))
			which = 2;
		else if (fabsf((float)k - 2.0f * run->bin) < 2.0f)
			which = 1;
		here = sum[k - 1u] + here + sum[k + 1u];
		most[which] = fmaxf(most[which], here);
	}
	verdict->partial = most[0] / run->sum_tone;
	verdict->even = most[1] / run->sum_tone;
	verdict->odd = most[2] / run->sum_tone;
}

/* Blocks with the loudest and the softest second to one: a fade, a click may spoil one. */
static float waver_of(const struct pl_tone_run *run)
{
	float soft[2] = {INFINITY, INFINITY}, loud[2] = {0};
	uint32_t n = run->n_blocks;

	for (uint32_t i = 0; i < n; i++) {
		float power = run->block_power[i];

		if (power < soft[0])
			soft[1] = soft[0], soft[0] = power;
		else if (power < soft[1])
			soft[1] = power;
		if (power > loud[0])
			loud[1] = loud[0], loud[0] = power;
		else if (power > loud[1])
			loud[1] = power;
	}
	return n > 0 ? loud[n >= 6u] / soft[n >= 6u] : 1.0f;
}

/* Frequency, and how straight the phase is; of four blocks and more, one in which the phase jumps (a
 * packet lost, pages that follow each other on one tone) is left out. */
static void find_steadiness(const struct pl_tone_track *track, const struct pl_tone_run *run,
			    struct pl_tone_verdict *verdict)
{
	uint32_t n = run->n_blocks, worst = 0, left_out = PL_TRACK_BLOCKS_MAX, used;
	float sum = 0.0f, stray = 0.0f;

	for (uint32_t i = 1; i < n; i++)
		if (run->block_stray[i] > run->block_stray[worst])
			worst = i;
	if (n >= 4u)
		left_out = worst;
	used = n >= 4u ? n - 1u : n;
	for (uint32_t i = 0; i < n; i++) {
		if (i == left_out)
			continue;
		sum += run->block_bin[i];
		stray += run->block_stray[i] * run->block_stray[i];
	}
	verdict->hz = track->bin_hz * (used > 0 ? sum / (float)used : run->bin);
	verdict->stray = used > 0 ? sqrtf(stray / (float)used) : 0.0f;
	for (uint32_t i = 0; i < n; i++) {
		float off_hz = fabsf(run->block_bin[i] * track->bin_hz - verdict->hz);

		if (i != left_out)
			verdict->spread_hz = fmaxf(verdict->spread_hz, off_hz);
	}
	verdict->waver = waver_of(run);
}

static bool is_machine(const struct pl_tone_verdict *verdict)
{
	float noise = fmaxf(0.0f, 1.0f - verdict->purity);
	float spread_hz = SPREAD_MAX_HZ + SPREAD_MAX_NOISE_HZ * noise;

	return verdict->purity >= PURITY_MIN && verdict->cover >= COVER_MIN &&
	       verdict->spread_hz <= spread_hz + SPREAD_MAX_RELATIVE * verdict->hz &&
	       verdict->stray <= STRAY_MAX + STRAY_MAX_NOISE * noise &&
	       10.0f * log10f(verdict->waver) <= WAVER_MAX_DB + WAVER_MAX_NOISE_DB * noise &&
	       verdict->partial <= PARTIAL_MAX && verdict->even <= EVEN_MAX &&
	       verdict->odd <= ODD_MAX;
}

void pl_tone_track_judge(const struct pl_tone_track *track, const struct pl_tone_run *run,
			 struct pl_tone_verdict *ret_verdict)
{
	struct pl_tone_verdict verdict = {0};
	float size = (float)track->spectrum.size;

	find_steadiness(track, run, &verdict);
	verdict.length_s = pl_tone_run_length_s(track, run);
	verdict.cover = (float)run->n / (float)(run->last - run->first + 1u);
	if (run->n_sum > 0) {
		find_partials(track, run, &verdict);
		verdict.purity = run->sum_tone / run->sum_total;
		/* power of a lobe: see pl_spectrum_run(); a sine's mean square is half its square */
		verdict.level = sqrtf(run->sum_tone / (float)run->n_sum * 16.0f / 3.0f) / size;
	}
	verdict.machine = is_machine(&verdict);
	*ret_verdict = verdict;
}
