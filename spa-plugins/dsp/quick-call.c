/* SPDX-License-Identifier: MIT */
#include "quick-call.h"

#include <math.h>

const float pl_quick_call_hz[PL_QUICK_CALL_TONES] = {
	288.5f,  296.5f,  304.7f,  313.0f,  321.7f,  330.5f,  339.6f,  349.0f,  358.6f,  368.5f,
	378.6f,  389.0f,  399.8f,  410.8f,  422.1f,  433.7f,  445.7f,  457.9f,  470.5f,  483.5f,
	496.8f,  510.5f,  524.6f,  539.0f,  553.9f,  569.1f,  584.8f,  600.9f,  617.4f,  634.5f,
	651.9f,  669.9f,  688.3f,  707.3f,  726.8f,  746.8f,  767.4f,  788.5f,  810.2f,  832.5f,
	855.5f,  879.0f,  903.2f,  928.1f,  953.7f,  979.9f,  1006.9f, 1034.7f, 1063.2f, 1092.4f,
	1122.5f, 1153.4f, 1185.2f, 1217.8f, 1251.4f, 1285.8f, 1321.2f, 1357.6f, 1395.0f, 1433.4f,
	1472.9f, 1513.5f, 1555.2f, 1598.0f, 1642.0f, 1687.2f, 1733.7f, 1781.5f, 1830.5f, 1881.0f,
	1930.2f, 1989.0f, 2043.8f, 2094.5f, 2155.6f, 2212.2f, 2271.7f, 2334.6f, 2401.0f, 2468.2f,
};

bool pl_quick_call_neighbours(float frequency_hz, float *ret_below, float *ret_above)
{
	uint32_t i = 0;

	while (i < PL_QUICK_CALL_TONES &&
	       fabsf(frequency_hz - pl_quick_call_hz[i]) > PL_QUICK_CALL_SAME * frequency_hz)
		i++;
	*ret_below = i > 0 && i < PL_QUICK_CALL_TONES ? pl_quick_call_hz[i - 1u] : 0.0f;
	*ret_above = i + 1u < PL_QUICK_CALL_TONES ? pl_quick_call_hz[i + 1u] : INFINITY;
	return i < PL_QUICK_CALL_TONES;
}
