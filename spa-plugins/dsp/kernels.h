/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_DSP_KERNELS_H
#define PARTYLINE_DSP_KERNELS_H

#include <stdint.h>

/**
 * The inner loops of the matrix, one table of functions for each instruction set.
 *
 * Scratch vectors: PL_KERNEL_ALIGN aligned, PL_CHUNK_STRIDE floats long, and zero from the
 * frame count to the end of the variant's last whole vector (at most the next multiple of
 * PL_CHUNK_PAD), so that a kernel always works on whole vectors. Vectors of two variants
 * do not mix. Each output sample is the same sequence of operations whatever its place
 * in the vector, so results do not depend on where a block is cut.
 *
 * Thread: any; all state is the caller's. RT-safe: no allocation, lock, log, system call.
 */

/** most frames in one kernel call */
#define PL_CHUNK 256u
/** frames a scratch vector is padded to */
#define PL_CHUNK_PAD 16u
/** floats from one scratch vector to the next: an odd number of cache lines spreads the sets */
#define PL_CHUNK_STRIDE (PL_CHUNK + PL_CHUNK_PAD)
/** bytes */
#define PL_KERNEL_ALIGN 64u

/** most destinations that mix_rows of some variant takes */
#define PL_ROWS_MAX 4u

/** One steady source of a mix. */
struct pl_term {
	float gain;   /**< linear */
	uint32_t src; /**< scratch vector, floats from base */
};

/** One moving source: gain(n) = from + delta * shape[n]. */
struct pl_ramp_term {
	float from;         /**< linear */
	float delta;        /**< linear */
	const float *shape; /**< readable to the frame count rounded up to PL_CHUNK_PAD */
	uint32_t src;       /**< scratch vector, floats from base */
};

/** Level of a stretch of signal; kernels replace, they do not accumulate. */
struct pl_level {
	float peak;   /**< largest magnitude, full scale 1.0 */
	float sum_sq; /**< sum of squares */
};

struct pl_kernels {
	const char *name;   /**< "c", "sse", "avx2", "avx512", "neon" */
	uint32_t cpu_flags; /**< SPA_CPU_FLAG_ bits that must be present */

	/**
	 * dst[n] = sum over terms, in order, of gain * base[src + n].
	 * @param dst scratch vector that is none of the sources; zero with no terms
	 */
	void (*mix)(float *dst, const float *base, const struct pl_term *terms, uint32_t n_terms,
		    uint32_t n_frames);

	/**
	 * mix for n_rows destinations that have their sources in common: each sample of a
	 * source is loaded once for all of them. The same bits as n_rows times mix; a gain of
	 * 0 adds nothing.
	 * @param dst    n_rows scratch vectors, PL_CHUNK_STRIDE apart
	 * @param gains  n_rows for each source, one source after the other
	 * @param src    n_src scratch vectors, floats from base
	 */
	void (*mix_rows)(float *dst, const float *base, const float *gains, const uint32_t *src,
			 uint32_t n_src, uint32_t n_frames);
	uint32_t n_rows; /**< 1..PL_ROWS_MAX; 1: no mix_rows */
	/** share of gains that are not 0 from which mix_rows is faster than mix; measured */
	float rows_density;

	/** dst[n] += sum over terms, in order, of gain(n) * base[src + n]. */
	void (*mix_ramp)(float *dst, const float *base, const struct pl_ramp_term *terms,
			 uint32_t n_terms, uint32_t n_frames);

	/** dst[n] = sum over pairs, in order, of a(n) * b(n); `src` is not used. */
	void (*ramp_product)(float *dst, const struct pl_ramp_term *a, const struct pl_ramp_term *b,
			     uint32_t n_pairs, uint32_t n_frames);

	/** dst[n] -= a(n) * b(n) * factor[n] * base[a->src + n]. */
	void (*ramp_subtract)(float *dst, const float *base, const struct pl_ramp_term *a,
			      const struct pl_ramp_term *b, const float *factor, uint32_t n_frames);

	/**
	 * Copy a foreign signal into a scratch vector: NaN, infinities and denormals become 0,
	 * magnitudes above PL_INPUT_MAX are limited to it.
	 * @param src n_frames samples, no alignment, read once; anything may be in it
	 * @param ret_level level of dst
	 * @return samples replaced, denormals not counted
	 */
	uint32_t (*sanitise)(float *dst, const float *src, uint32_t n_frames,
			     struct pl_level *ret_level);

	/**
	 * dst = PL_LIMITER * tanh(src / PL_LIMITER), absolute error below 2e-7.
	 * @param dst n_frames samples, no alignment; NULL measures only
	 * @param src scratch vector
	 * @param ret_level level of src, before the limiter
	 */
	void (*limit)(float *dst, const float *src, uint32_t n_frames, struct pl_level *ret_level);
};

/**
 * The fastest table that the CPU can run.
 * @param cpu_flags SPA_CPU_FLAG_ bits of this machine; 0 gives plain C
 */
const struct pl_kernels *pl_kernels_find(uint32_t cpu_flags);

/** Table by position, fastest first, plain C last; NULL after it. For tests and benches. */
const struct pl_kernels *pl_kernels_at(uint32_t index);

#endif
