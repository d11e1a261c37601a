/* SPDX-License-Identifier: MIT */
#ifndef PL_DRIFT_H
#define PL_DRIFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * The sender's clock against ours, by timestamps and arrival times. The arrivals of a window give the
 * middle of (our time - timestamp), the mean of the middle half of them; the median of all slopes between windows (Theil-Sen) is the
 * drift: late packets, bursts and single delays do not move it. Windows begin at 250 ms and grow
 * until 64 of them cover four minutes, so that there is a first answer after four seconds and a
 * precise one later. A change of the route (a jump between windows) begins anew and keeps the
 * answer.
 *
 * Plain data; thread: one.
 */

#define PL_DRIFT_WINDOWS 64u
#define PL_DRIFT_SAMPLES 64u
#define PL_DRIFT_PPM_MAX 1000.0

struct pl_drift {
	double window_s;
	double window_begin, window_end; /**< our time, s; 0: none begun */
	uint32_t n_samples, n_seen;
	double samples[PL_DRIFT_SAMPLES]; /**< of this window, s */
	uint32_t n_windows;
	struct {
		double at, transit;
	} windows[PL_DRIFT_WINDOWS];
	double origin; /**< subtracted from every transit */
	bool has_origin;
	bool settled;
	double spread_s; /**< of the middle half of a window's arrivals */
	double ppm;
};

void pl_drift_init(struct pl_drift *drift);
/** The stream began anew: forget transits, keep the answer. */
void pl_drift_restart(struct pl_drift *drift);
/**
 * @param local_s   our clock (the graph's), seconds
 * @param remote_s  the packet's extended timestamp, seconds
 * @return true when the answer is new
 */
bool pl_drift_note(struct pl_drift *drift, double local_s, double remote_s);
/** Positive: the sender is faster than we are. 0 until known; ± PL_DRIFT_PPM_MAX */
double pl_drift_ppm(const struct pl_drift *drift);
/** By how much that may be wrong: 0.15 of the spread of arrivals over the time seen, at least 3. */
double pl_drift_error_ppm(const struct pl_drift *drift);

#endif
