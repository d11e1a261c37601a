/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_BENCH_SGEMM_H
#define PARTYLINE_BENCH_SGEMM_H

#include <stdint.h>

/** out[i][n] = sum_k gains[i * 64 + k] * in[k][n], as a plain loop for the compiler to tune. */
typedef void (*pl_sgemm_func)(float *const out[], const float *gains, const float *const in[],
			      uint32_t n_out, uint32_t n_in, uint32_t n_frames);

/** The loop compiled for the instruction set of these kernels; plain C when there is none. */
pl_sgemm_func pl_sgemm_find(const char *kernels_name);

void pl_sgemm_c(float *const out[], const float *gains, const float *const in[], uint32_t n_out,
		uint32_t n_in, uint32_t n_frames);
void pl_sgemm_sse(float *const out[], const float *gains, const float *const in[], uint32_t n_out,
		  uint32_t n_in, uint32_t n_frames);
void pl_sgemm_avx2(float *const out[], const float *gains, const float *const in[], uint32_t n_out,
		   uint32_t n_in, uint32_t n_frames);
void pl_sgemm_avx512(float *const out[], const float *gains, const float *const in[],
		     uint32_t n_out, uint32_t n_in, uint32_t n_frames);
void pl_sgemm_neon(float *const out[], const float *gains, const float *const in[], uint32_t n_out,
		   uint32_t n_in, uint32_t n_frames);

#endif
