/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_DSP_KERNELS_PRIV_H
#define PARTYLINE_DSP_KERNELS_PRIV_H

#include "kernels.h"

/* The tables behind pl_kernels_find(); each exists where its PL_HAVE_ macro is defined. */
extern const struct pl_kernels pl_kernels_c;
extern const struct pl_kernels pl_kernels_sse;
extern const struct pl_kernels pl_kernels_avx2;
extern const struct pl_kernels pl_kernels_avx512;
extern const struct pl_kernels pl_kernels_neon;

/** As pl_kernels.sanitise, sample by sample: what the fast variants fall back to on bad input. */
uint32_t pl_sanitise_careful(float *dst, const float *src, uint32_t n_frames,
			     struct pl_level *ret_level);

#endif
