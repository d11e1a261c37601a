/* SPDX-License-Identifier: MIT */
#include <immintrin.h>

#include "cpu-flags.h"

#define VN 8u
#define VF_REGISTER "x"
#define ROWS 3u
#define ROWS_DENSITY 0.86f
typedef __m256 vf;
typedef __m256 vm;

#define vf_load _mm256_load_ps
#define vf_loadu _mm256_loadu_ps
#define vf_store _mm256_store_ps
#define vf_storeu _mm256_storeu_ps
#define vf_set1 _mm256_set1_ps
#define vf_add _mm256_add_ps
#define vf_sub _mm256_sub_ps
#define vf_mul _mm256_mul_ps
#define vf_div _mm256_div_ps
#define vf_min _mm256_min_ps
#define vf_fma _mm256_fmadd_ps
#define vf_le(a_, b_) _mm256_cmp_ps(a_, b_, _CMP_LE_OQ)
#define vf_ge(a_, b_) _mm256_cmp_ps(a_, b_, _CMP_GE_OQ)
#define vf_keep _mm256_and_ps
#define vf_pick(m_, a_, b_) _mm256_blendv_ps(b_, a_, m_)
#define vm_all(m_) (_mm256_movemask_ps(m_) == 0xff)

static inline vf vf_abs(vf a)
{
	return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a);
}

/* Magnitudes are in the order of their bits. */
static inline vf vf_most(vf a, vf b)
{
	return _mm256_castsi256_ps(
		_mm256_max_epi32(_mm256_castps_si256(a), _mm256_castps_si256(b)));
}

static inline vf vf_sign(vf a, vf s)
{
	return _mm256_or_ps(a, _mm256_and_ps(_mm256_set1_ps(-0.0f), s));
}

static inline vf vf_scale2(vf a, vf k)
{
	return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(a),
						    _mm256_slli_epi32(_mm256_castps_si256(k), 23)));
}

static inline float vf_sum(vf a)
{
	__m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));

	b = _mm_add_ps(b, _mm_movehl_ps(b, b));
	return _mm_cvtss_f32(_mm_add_ss(b, _mm_shuffle_ps(b, b, 1)));
}

static inline float vf_top(vf a)
{
	__m128 b = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));

	b = _mm_max_ps(b, _mm_movehl_ps(b, b));
	return _mm_cvtss_f32(_mm_max_ss(b, _mm_shuffle_ps(b, b, 1)));
}

#define KERNELS pl_kernels_avx2
#define KERNELS_NAME "avx2"
#define KERNELS_FLAGS (PL_CPU_X86_AVX2 | PL_CPU_X86_FMA3)
#include "kernels-simd.h"
