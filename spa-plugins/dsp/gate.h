/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_DSP_GATE_H
#define PARTYLINE_DSP_GATE_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Push-to-talk, voice switch and ducker on one path: out[n] = g[n] in[n], no latency.
 *
 * It is active while the key is held (not in voice mode) or, by level, from the first sample of
 * the detector at the threshold until hold_frames after the last one. g then moves to its active
 * value along a raised cosine of attack_frames, and back along one of release_frames:
 *   g[n] = from + (to - from) (1 - cos(pi (n - n0 + 1) / L)) / 2
 * from wherever it was, the sample n0 that caused it being the first that differs. The output does
 * not depend on how the signal is cut into blocks.
 *
 * Thread: data. RT-safe: no allocation, lock, log or system call; no memory of its own.
 */
struct pl_gate_settings {
	bool by_key;             /**< the key makes it active */
	bool by_level;           /**< the detector makes it active */
	float threshold;         /**< linear, above 0 */
	float idle;              /**< gain while not active, 0..1 */
	float active;            /**< gain while active, 0..1 */
	uint32_t attack_frames;  /**< at least 1 */
	uint32_t release_frames; /**< at least 1 */
	uint64_t hold_frames;
};

struct pl_gate {
	struct pl_gate_settings settings;
	bool key;
	bool loud;
	bool is_active;
	uint64_t now;
	uint64_t loud_until;
	float gain; /**< of the sample before */
	float from;
	float to;
	uint32_t n_ramp;
	uint32_t n_done;                 /**< n_ramp: at rest */
	double step_re, step_im, re, im; /**< a rotation gives the cosine */
	uint64_t n_bad;                  /**< samples replaced */
};

/** At rest with these settings. */
void pl_gate_init(struct pl_gate *gate, const struct pl_gate_settings *settings);

/** From the next sample on; a gain that differs is reached along a ramp. */
void pl_gate_set(struct pl_gate *gate, const struct pl_gate_settings *settings);

/** From the next sample on. */
void pl_gate_set_key(struct pl_gate *gate, bool held);

/**
 * @param dst n_frames samples; may be src
 * @param src n_frames samples, any bits: NaN, infinities and denormals are silence, magnitudes
 *        above limit are limited; NULL: silence
 * @param detector as src; what the level is taken from. NULL: never loud
 * @param limit linear
 */
void pl_gate_process(struct pl_gate *gate, float *dst, const float *src, const float *detector,
		     float limit, uint32_t n_frames);

#endif
