/* SPDX-License-Identifier: MIT */
#include "kernels-priv.h"

#include <stddef.h>

/* Fastest first. */
static const struct pl_kernels *const tables[] = {
#ifdef PL_HAVE_AVX512
	&pl_kernels_avx512,
#endif
#ifdef PL_HAVE_AVX2
	&pl_kernels_avx2,
#endif
#ifdef PL_HAVE_SSE
	&pl_kernels_sse,
#endif
#ifdef PL_HAVE_NEON
	&pl_kernels_neon,
#endif
	&pl_kernels_c,
};

#define N_TABLES (sizeof(tables) / sizeof(tables[0]))

const struct pl_kernels *pl_kernels_find(uint32_t cpu_flags)
{
	uint32_t i = 0;

	while ((tables[i]->cpu_flags & cpu_flags) != tables[i]->cpu_flags)
		i++;
	return tables[i];
}

const struct pl_kernels *pl_kernels_at(uint32_t index)
{
	return index < N_TABLES ? tables[index] : NULL;
}
