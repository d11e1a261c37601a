/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_DSP_LIMITER_POLY_H
#define PARTYLINE_DSP_LIMITER_POLY_H

/**
 * PL_LIMITER * tanh(x / PL_LIMITER) for single precision, in two pieces that every kernel
 * evaluates alike. Coefficients: minimax fits of our own; errors measured over all floats
 * of the range in single-precision arithmetic.
 */

/** |x| up to here: x + x^3 * P(x^2), absolute error 2.2e-8 */
#define PL_LIMIT_SMALL 0.45f
#define PL_LIMIT_P0 -4.115191400e-01f
#define PL_LIMIT_P1 2.030778825e-01f
#define PL_LIMIT_P2 -9.958653152e-02f
#define PL_LIMIT_P3 3.950588033e-02f

/* Above: sign(x) * (0.9 - 1.8 / (e^(2|x|/0.9) + 1)), absolute error 1.3e-7;
 * e^y = 2^k * 2^f, |f| <= 0.5, 2^f = 1 + f * Q(f) */

/** from here on the result is PL_LIMITER to the last bit */
#define PL_LIMIT_CLAMP 8.5f
/** 2 * log2(e) / PL_LIMITER */
#define PL_LIMIT_LOG2E 3.205988980f
/** 1.5 * 2^23: adding it rounds to the nearest integer, in the low bits */
#define PL_LIMIT_ROUND 12582912.0f
#define PL_LIMIT_Q0 6.931470037e-01f
#define PL_LIMIT_Q1 2.402224243e-01f
#define PL_LIMIT_Q2 5.550733581e-02f
#define PL_LIMIT_Q3 9.671512991e-03f
#define PL_LIMIT_Q4 1.326472731e-03f

#endif
