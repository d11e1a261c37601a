/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_DSP_CPU_FLAGS_H
#define PARTYLINE_DSP_CPU_FLAGS_H

/* The bits of spa/support/cpu.h that kernels ask for; the node's tests compare them. */
#define PL_CPU_X86_SSE41 (1u << 8)
#define PL_CPU_X86_AVX2 (1u << 15)
#define PL_CPU_X86_FMA3 (1u << 16)
#define PL_CPU_X86_AVX512 (1u << 19)
#define PL_CPU_ARM_NEON (1u << 5)
#define PL_CPU_ARM_V8 (1u << 6)

#endif
