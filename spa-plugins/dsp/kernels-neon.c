/* SPDX-License-Identifier: MIT */
#include <arm_neon.h>

#include "cpu-flags.h"

/* 64-bit ARM: NEON with fused multiply-add is always there. */

#define VN 4u
#define VF_REGISTER "w"
#define ROWS 4u
#define ROWS_DENSITY 0.8f
typedef float32x4_t vf;
typedef uint32x4_t vm;

#define vf_load vld1q_f32
#define vf_loadu vld1q_f32
#define vf_store vst1q_f32
#define vf_storeu vst1q_f32
#define vf_set1 vdupq_n_f32
#define vf_add vaddq_f32
#define vf_sub vsubq_f32
#define vf_mul vmulq_f32
#define vf_div vdivq_f32
#define vf_min vminq_f32
#define vf_abs vabsq_f32
#define vf_fma(a_, b_, c_) vfmaq_f32(c_, a_, b_)
#define vf_le vcleq_f32
#define vf_ge vcgeq_f32
#define vf_pick vbslq_f32
#define vm_all(m_) (vminvq_u32(m_) == UINT32_MAX)
#define vf_sum vaddvq_f32
#define vf_top vmaxvq_f32

static inline vf vf_keep(vm m, vf a)
{
	return vreinterpretq_f32_u32(vandq_u32(m, vreinterpretq_u32_f32(a)));
}

/* Magnitudes are in the order of their bits. */
static inline vf vf_most(vf a, vf b)
{
	return vreinterpretq_f32_s32(vmaxq_s32(vreinterpretq_s32_f32(a), vreinterpretq_s32_f32(b)));
}

static inline vf vf_sign(vf a, vf s)
{
	return vbslq_f32(vdupq_n_u32(0x80000000u), s, a);
}

static inline vf vf_scale2(vf a, vf k)
{
	return vreinterpretq_f32_s32(
		vaddq_s32(vreinterpretq_s32_f32(a), vshlq_n_s32(vreinterpretq_s32_f32(k), 23)));
}

#define KERNELS pl_kernels_neon
#define KERNELS_NAME "neon"
#define KERNELS_FLAGS (PL_CPU_ARM_NEON | PL_CPU_ARM_V8)
#include "kernels-simd.h"
