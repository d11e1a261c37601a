/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <stdint.h>

#include "cpu-flags.h"

#define VN 16u
#define VF_REGISTER "v"
#define ROWS 4u
#define ROWS_DENSITY 0.68f
typedef __m512 vf;
typedef __mmask16 vm;

#define vf_load _mm512_load_ps
#define vf_loadu _mm512_loadu_ps
#define vf_store _mm512_store_ps
#define vf_storeu _mm512_storeu_ps
#define vf_set1 _mm512_set1_ps
#define vf_add _mm512_add_ps
#define vf_sub _mm512_sub_ps
#define vf_mul _mm512_mul_ps
#define vf_div _mm512_div_ps
#define vf_min _mm512_min_ps
#define vf_abs _mm512_abs_ps
#define vf_fma _mm512_fmadd_ps
#define vf_le(a_, b_) _mm512_cmp_ps_mask(a_, b_, _CMP_LE_OQ)
#define vf_ge(a_, b_) _mm512_cmp_ps_mask(a_, b_, _CMP_GE_OQ)
#define vf_keep _mm512_maskz_mov_ps
#define vf_pick(m_, a_, b_) _mm512_mask_blend_ps(m_, b_, a_)
#define vm_all(m_) ((m_) == 0xffffu)
#define vf_sum _mm512_reduce_add_ps
#define vf_top _mm512_reduce_max_ps

/* Magnitudes are in the order of their bits. */
static inline vf vf_most(vf a, vf b)
{
	return _mm512_castsi512_ps(
		_mm512_max_epi32(_mm512_castps_si512(a), _mm512_castps_si512(b)));
}

/* AVX-512F alone has no bitwise operations on floats. */
static inline vf vf_sign(vf a, vf s)
{
	const __m512i sign = _mm512_set1_epi32(INT32_MIN);

	return _mm512_castsi512_ps(_mm512_or_epi32(_mm512_castps_si512(a),
						   _mm512_and_epi32(sign, _mm512_castps_si512(s))));
}

static inline vf vf_scale2(vf a, vf k)
{
	return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(a),
						    _mm512_slli_epi32(_mm512_castps_si512(k), 23)));
}

#define KERNELS pl_kernels_avx512
#define KERNELS_NAME "avx512"
#define KERNELS_FLAGS (PL_CPU_X86_AVX512 | PL_CPU_X86_AVX2 | PL_CPU_X86_FMA3)
#include "kernels-simd.h"
