/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "bench-sgemm.h"

/* Compiled once for each instruction set, with -O3 and nothing special. */
void SGEMM(float *const out[], const float *gains, const float *const in[], uint32_t n_out,
	   uint32_t n_in, uint32_t n_frames)
{
	for (uint32_t i = 0; i < n_out; i++) {
		float *restrict dst = out[i];

		memset(dst, 0, n_frames * sizeof(*dst));
		for (uint32_t k = 0; k < n_in; k++) {
			const float *restrict src = in[k];
			float gain = gains[i * 64u + k];

			for (uint32_t n = 0; n < n_frames; n++)
				dst[n] += gain * src[n];
		}
	}
}
