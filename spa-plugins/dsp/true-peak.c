/* SPDX-License-Identifier: MIT */
#include "true-peak.h"

#include <math.h>
#include <string.h>

#define N_HISTORY (PL_TRUE_PEAK_TAPS - 1u)

/* ITU-R BS.1770-4, annex 2, table of the interpolating filter. Phases 2 and 3 are phases 1 and 0
 * backwards. */
static const float taps[PL_TRUE_PEAK_PHASES][PL_TRUE_PEAK_TAPS] = {
	{0.0017089843750f, 0.0109863281250f, -0.0196533203125f, 0.0332031250000f, -0.0594482421875f,
	 0.1373291015625f, 0.9721679687500f, -0.1022949218750f, 0.0476074218750f, -0.0266113281250f,
	 0.0148925781250f, -0.0083007812500f},
	{-0.0291748046875f, 0.0292968750000f, -0.0517578125000f, 0.0891113281250f,
	 -0.1665039062500f, 0.4650878906250f, 0.7797851562500f, -0.2003173828125f, 0.1015625000000f,
	 -0.0582275390625f, 0.0330810546875f, -0.0189208984375f},
	{-0.0189208984375f, 0.0330810546875f, -0.0582275390625f, 0.1015625000000f,
	 -0.2003173828125f, 0.7797851562500f, 0.4650878906250f, -0.1665039062500f, 0.0891113281250f,
	 -0.0517578125000f, 0.0292968750000f, -0.0291748046875f},
	{-0.0083007812500f, 0.0148925781250f, -0.0266113281250f, 0.0476074218750f,
	 -0.1022949218750f, 0.9721679687500f, 0.1373291015625f, -0.0594482421875f, 0.0332031250000f,
	 -0.0196533203125f, 0.0109863281250f, 0.0017089843750f},
};

static float largest(const float *x, uint32_t n, float peak)
{
	for (uint32_t i = 0; i < n; i++) {
		float magnitude = fabsf(x[i]);

		peak = magnitude > peak ? magnitude : peak;
	}
	return peak;
}

float pl_true_peak_process(struct pl_true_peak *state, const float *src, uint32_t n_frames)
{
	float x[N_HISTORY + PL_TRUE_PEAK_CHUNK], y[PL_TRUE_PEAK_CHUNK];
	float peak = largest(src, n_frames, 0.0f);

	memcpy(x, state->history, sizeof(state->history));
	memcpy(x + N_HISTORY, src, n_frames * sizeof(float));
	for (uint32_t p = 0; p < PL_TRUE_PEAK_PHASES; p++) {
		memset(y, 0, n_frames * sizeof(float));
		/* Samples are the inner loop, so that the compiler makes vectors of them. */
		for (uint32_t k = 0; k < PL_TRUE_PEAK_TAPS; k++) {
			float tap = taps[p][k];

			for (uint32_t n = 0; n < n_frames; n++)
				y[n] += tap * x[n + N_HISTORY - k];
		}
		peak = largest(y, n_frames, peak);
	}
	memcpy(state->history, x + n_frames, sizeof(state->history));
	return peak;
}
