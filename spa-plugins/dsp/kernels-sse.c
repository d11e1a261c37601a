/* SPDX-License-Identifier: MIT */
#include <smmintrin.h>

#include "cpu-flags.h"

#define VN 4u
#define VF_REGISTER "x"
#define ROWS 3u
#define ROWS_DENSITY 0.98f
typedef __m128 vf;
typedef __m128 vm;

#define vf_load _mm_load_ps
#define vf_loadu _mm_loadu_ps
#define vf_store _mm_store_ps
#define vf_storeu _mm_storeu_ps
#define vf_set1 _mm_set1_ps
#define vf_add _mm_add_ps
#define vf_sub _mm_sub_ps
#define vf_mul _mm_mul_ps
#define vf_div _mm_div_ps
#define vf_min _mm_min_ps
#define vf_fma(a_, b_, c_) _mm_add_ps(_mm_mul_ps(a_, b_), c_)
#define vf_le _mm_cmple_ps
#define vf_ge _mm_cmpge_ps
#define vf_keep _mm_and_ps
#define vf_pick(m_, a_, b_) _mm_blendv_ps(b_, a_, m_)
#define vm_all(m_) (_mm_movemask_ps(m_) == 0xf)

static inline vf vf_abs(vf a)
{
	return _mm_andnot_ps(_mm_set1_ps(-0.0f), a);
}

/* Magnitudes are in the order of their bits. */
static inline vf vf_most(vf a, vf b)
{
	return _mm_castsi128_ps(_mm_max_epi32(_mm_castps_si128(a), _mm_castps_si128(b)));
}

static inline vf vf_sign(vf a, vf s)
{
	return _mm_or_ps(a, _mm_and_ps(_mm_set1_ps(-0.0f), s));
}

static inline vf vf_scale2(vf a, vf k)
{
	return _mm_castsi128_ps(
		_mm_add_epi32(_mm_castps_si128(a), _mm_slli_epi32(_mm_castps_si128(k), 23)));
}

static inline float vf_sum(vf a)
{
	a = _mm_add_ps(a, _mm_movehl_ps(a, a));
	return _mm_cvtss_f32(_mm_add_ss(a, _mm_shuffle_ps(a, a, 1)));
}

static inline float vf_top(vf a)
{
	a = _mm_max_ps(a, _mm_movehl_ps(a, a));
	return _mm_cvtss_f32(_mm_max_ss(a, _mm_shuffle_ps(a, a, 1)));
}

#define KERNELS pl_kernels_sse
#define KERNELS_NAME "sse"
#define KERNELS_FLAGS PL_CPU_X86_SSE41
#include "kernels-simd.h"
