/* SPDX-License-Identifier: MIT */
#include "bench-sgemm.h"

#include <string.h>

pl_sgemm_func pl_sgemm_find(const char *kernels_name)
{
#ifdef PL_HAVE_AVX512
	if (strcmp(kernels_name, "avx512") == 0)
		return pl_sgemm_avx512;
#endif
#ifdef PL_HAVE_AVX2
	if (strcmp(kernels_name, "avx2") == 0)
		return pl_sgemm_avx2;
#endif
#ifdef PL_HAVE_SSE
	if (strcmp(kernels_name, "sse") == 0)
		return pl_sgemm_sse;
#endif
#ifdef PL_HAVE_NEON
	if (strcmp(kernels_name, "neon") == 0)
		return pl_sgemm_neon;
#endif
	return pl_sgemm_c;
}
