/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_DSP_FPENV_H
#define PARTYLINE_DSP_FPENV_H

#include <stdint.h>

/**
 * Treat denormals as zero for a stretch of work, whatever the host has chosen: tiny products
 * neither slow the thread down nor make results depend on the host. A register write.
 */

static inline uint64_t pl_fpenv_enter(void)
{
#if defined(__SSE__)
	uint32_t saved = __builtin_ia32_stmxcsr();

	__builtin_ia32_ldmxcsr(saved | 0x8040u); /* flush to zero, denormals are zero */
	return saved;
#elif defined(__aarch64__)
	uint64_t saved;

	__asm__ volatile("mrs %0, fpcr" : "=r"(saved));
	__asm__ volatile("msr fpcr, %0" : : "r"(saved | (UINT64_C(1) << 24)));
	return saved;
#else
	return 0;
#endif
}

static inline void pl_fpenv_leave(uint64_t saved)
{
#if defined(__SSE__)
	__builtin_ia32_ldmxcsr((uint32_t)saved);
#elif defined(__aarch64__)
	__asm__ volatile("msr fpcr, %0" : : "r"(saved));
#else
	(void)saved;
#endif
}

#endif
