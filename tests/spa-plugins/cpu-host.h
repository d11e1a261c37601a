/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_TEST_CPU_HOST_H
#define PARTYLINE_TEST_CPU_HOST_H

#include <stdint.h>

#include <spa/support/cpu.h>

/** SPA_CPU_FLAG_ bits of this machine, as far as the kernels ask for them. */
static inline uint32_t pl_host_cpu_flags(void)
{
	uint32_t flags = 0;

#if defined(__x86_64__) || defined(__i386__)
	__builtin_cpu_init();
	if (__builtin_cpu_supports("sse4.1"))
		flags |= SPA_CPU_FLAG_SSE41;
	if (__builtin_cpu_supports("avx2"))
		flags |= SPA_CPU_FLAG_AVX2;
	if (__builtin_cpu_supports("fma"))
		flags |= SPA_CPU_FLAG_FMA3;
	if (__builtin_cpu_supports("avx512f"))
		flags |= SPA_CPU_FLAG_AVX512;
#elif defined(__aarch64__)
	flags = SPA_CPU_FLAG_NEON | SPA_CPU_FLAG_ARMV8;
#endif
	return flags;
}

#endif
