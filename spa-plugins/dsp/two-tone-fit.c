/* SPDX-License-Identifier: MIT */
#include "two-tone-fit.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

typedef float v8 __attribute__((vector_size(32), aligned(4)));

/*
 * Time t runs from the middle of the stretch, so that even and odd functions are orthogonal: the
 * eight unknowns are two systems of four, {cos, t sin} and {sin, t cos} of both tones. Sums of
 * their products are sums over cos of the sum and the difference of two frequencies, which have
 * closed forms.
 */

struct sums {
	double c0; /**< sum of cos(w t) */
	double s1; /**< sum of t sin(w t) */
	double c2; /**< sum of t^2 cos(w t) */
};

/** The Dirichlet kernel and its derivatives. */
static struct sums sums_at(double omega, double n)
{
	double u = omega / 2.0;
	double b = sin(u), b1 = cos(u);
	double a = sin(n * u), a1 = n * cos(n * u);

	if (fabs(b) < 1e-6)
		return (struct sums){n, 0.0, n * (n * n - 1.0) / 12.0};
	return (struct sums){
		.c0 = a / b,
		.s1 = -0.5 * (a1 * b - a * b1) / (b * b),
		.c2 = -0.25 * (-n * n * a / b - 2.0 * a1 * b1 / (b * b) + a / b +
			       2.0 * a * b1 * b1 / (b * b * b)),
	};
}

/** Gauss with pivoting. @return false: singular */
static bool solve(double m[4][5], double x[4])
{
	for (int col = 0; col < 4; col++) {
		int best = col;

		for (int row = col + 1; row < 4; row++)
			best = fabs(m[row][col]) > fabs(m[best][col]) ? row : best;
		if (fabs(m[best][col]) < 1e-9)
			return false;
		for (int k = col; k < 5; k++) {
			double swap = m[col][k];

			m[col][k] = m[best][k];
			m[best][k] = swap;
		}
		for (int row = col + 1; row < 4; row++) {
			double factor = m[row][col] / m[col][col];

			for (int k = col; k < 5; k++)
				m[row][k] -= factor * m[col][k];
		}
	}
	for (int row = 3; row >= 0; row--) {
		x[row] = m[row][4];
		for (int k = row + 1; k < 4; k++)
			x[row] -= m[row][k] * x[k];
		x[row] /= m[row][row];
	}
	return true;
}

/** cos and sin of omega (k - (n - 1) / 2) for eight k at a time, turned on by eight steps. */
struct turner {
	v8 re, im;
	float step_re, step_im;
};

static void turner_init(struct turner *turner, double omega, uint32_t n, double phase)
{
	for (int k = 0; k < 8; k++) {
		double angle = omega * (k - (n - 1.0) / 2.0) + phase;

		turner->re[k] = (float)cos(angle);
		turner->im[k] = (float)sin(angle);
	}
	turner->step_re = (float)cos(8.0 * omega);
	turner->step_im = (float)sin(8.0 * omega);
}

static inline void turner_next(struct turner *turner)
{
	v8 re = turner->re * turner->step_re - turner->im * turner->step_im;

	turner->im = turner->re * turner->step_im + turner->im * turner->step_re;
	turner->re = re;
}

static double sum8(const v8 *v)
{
	double sum = 0.0;

	for (int k = 0; k < 8; k++)
		sum += (double)(*v)[k];
	return sum;
}

/** Sums of x times cos, sin, t cos, t sin of one tone. */
static void correlate(const float *x, uint32_t n, double omega, double ret_sums[4])
{
	struct turner turner;
	v8 sum_c = {0}, sum_s = {0}, sum_tc = {0}, sum_ts = {0}, t;

	turner_init(&turner, omega, n, 0.0);
	for (int k = 0; k < 8; k++)
		t[k] = (float)(k - (n - 1.0) / 2.0);
	for (uint32_t i = 0; i < n; i += 8) {
		v8 v = {0}, vc, vs;

		if (n - i >= 8u)
			v = *(const v8 *)(x + i);
		else
			memcpy(&v, x + i, (n - i) * sizeof(float));
		vc = v * turner.re;
		vs = v * turner.im;
		sum_c += vc;
		sum_s += vs;
		sum_tc += t * vc;
		sum_ts += t * vs;
		t += 8.0f;
		turner_next(&turner);
	}
	ret_sums[0] = sum8(&sum_c);
	ret_sums[1] = sum8(&sum_s);
	ret_sums[2] = sum8(&sum_tc);
	ret_sums[3] = sum8(&sum_ts);
}

/** Left sides: products of the four functions; sign is +1 for the even and -1 for the odd ones. */
static void fill(double m[4][5], const double omega[2], double n, double sign)
{
	for (int a = 0; a < 2; a++) {
		for (int b = 0; b < 2; b++) {
			struct sums sum = sums_at(omega[a] + omega[b], n);
			struct sums diff = sums_at(omega[a] - omega[b], n);

			/* cos cos = (cos- + cos+) / 2, sin sin = (cos- - cos+) / 2 */
			m[2 * a][2 * b] = 0.5 * (diff.c0 + sign * sum.c0);
			m[2 * a + 1][2 * b + 1] = 0.5 * (diff.c2 - sign * sum.c2);
			/* cos a, t sin b: t (sin+ - sin(a - b)) / 2; sin a, t cos b: (sin+ + sin-) / 2 */
			m[2 * a][2 * b + 1] = 0.5 * (sum.s1 - sign * diff.s1);
			m[2 * b + 1][2 * a] = m[2 * a][2 * b + 1];
		}
	}
}

void pl_two_tone_fit_step(struct pl_two_tone_fit *fit, const float *x, uint32_t n)
{
	double right[2][4], even[4][5], odd[4][5], e[4] = {0}, o[4] = {0};
	double power = 0.0, explained = 0.0;
	v8 square = {0};

	for (uint32_t i = 0; i + 8u <= n; i += 8)
		square += *(const v8 *)(x + i) * *(const v8 *)(x + i);
	for (uint32_t i = n & ~7u; i < n; i++)
		power += (double)x[i] * (double)x[i];
	power += sum8(&square);
	fit->power = power / n;
	fit->rest = fit->power;
	for (int k = 0; k < 2; k++)
		correlate(x, n, fit->omega[k], right[k]);
	fill(even, fit->omega, n, 1.0);
	fill(odd, fit->omega, n, -1.0);
	for (int k = 0; k < 2; k++) {
		even[2 * k][4] = right[k][0];
		even[2 * k + 1][4] = right[k][3];
		odd[2 * k][4] = right[k][1];
		odd[2 * k + 1][4] = right[k][2];
	}
	if (!solve(even, e) || !solve(odd, o))
		return;
	for (int k = 0; k < 2; k++) {
		/* x = (c + t c') cos + (s + t s') sin */
		double c = e[2 * k], s1 = e[2 * k + 1], s = o[2 * k], c1 = o[2 * k + 1];
		double square_sum = c * c + s * s + 1e-30;

		explained +=
			c * right[k][0] + s1 * right[k][3] + s * right[k][1] + c1 * right[k][2];
		fit->amplitude[k] = sqrt(square_sum);
		fit->slope[k] = (c * c1 + s * s1) / square_sum * n;
		fit->phase[k] = atan2(-s, c);
		fit->omega[k] += (c1 * -s + s1 * c) / square_sum * -1.0;
	}
	fit->rest = fmax(0.0, (power - explained) / n);
}

void pl_two_tone_fit_rest(const struct pl_two_tone_fit *fit, const float *x, uint32_t n,
			  float *ret_rest)
{
	struct turner turners[2];

	for (int k = 0; k < 2; k++)
		turner_init(&turners[k], fit->omega[k], n, fit->phase[k]);
	for (uint32_t i = 0; i < n; i += 8) {
		v8 v = (float)fit->amplitude[0] * turners[0].re +
		       (float)fit->amplitude[1] * turners[1].re;

		for (uint32_t k = 0; k < 8 && i + k < n; k++)
			ret_rest[i + k] = x[i + k] - v[k];
		turner_next(&turners[0]);
		turner_next(&turners[1]);
	}
}
