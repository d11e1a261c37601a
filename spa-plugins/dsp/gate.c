/* SPDX-License-Identifier: MIT */
#include "gate.h"

#include <math.h>
#include <stddef.h>

static void go_to(struct pl_gate *gate, float target, uint32_t n_ramp)
{
	if (gate->to == target)
		return;
	gate->from = gate->gain;
	gate->to = target;
	gate->n_ramp = n_ramp;
	gate->n_done = gate->gain == target ? n_ramp : 0;
	gate->step_re = cos(M_PI / n_ramp);
	gate->step_im = sin(M_PI / n_ramp);
	gate->re = 1.0;
	gate->im = 0.0;
}

static void update(struct pl_gate *gate)
{
	const struct pl_gate_settings *s = &gate->settings;
	bool is_active = (s->by_key && gate->key) || (s->by_level && gate->loud);
	float target = is_active ? s->active : s->idle;

	gate->is_active = is_active;
	go_to(gate, target, is_active ? s->attack_frames : s->release_frames);
}

void pl_gate_init(struct pl_gate *gate, const struct pl_gate_settings *settings)
{
	*gate = (struct pl_gate){
		.settings = *settings,
		.gain = settings->idle,
		.to = settings->idle,
	};
}

void pl_gate_set(struct pl_gate *gate, const struct pl_gate_settings *settings)
{
	gate->settings = *settings;
	if (!settings->by_level)
		gate->loud = false;
	update(gate);
}

void pl_gate_set_key(struct pl_gate *gate, bool held)
{
	gate->key = held;
	update(gate);
}

/* The comparisons are false for NaN, so it falls through to silence. */
static float sanitise(float x, float limit, uint64_t *n_bad)
{
	float magnitude = fabsf(x);

	if (magnitude <= limit)
		return magnitude >= 1.17549435e-38f ? x : 0.0f;
	*n_bad += 1;
	return magnitude < INFINITY ? copysignf(limit, x) : 0.0f;
}

static void detect(struct pl_gate *gate, float x, float limit)
{
	uint64_t n_bad = 0;

	if (gate->loud && gate->loud_until <= gate->now) {
		gate->loud = false;
		update(gate);
	}
	if (fabsf(sanitise(x, limit, &n_bad)) < gate->settings.threshold)
		return;
	gate->loud_until = gate->now + 1u + gate->settings.hold_frames;
	if (!gate->loud) {
		gate->loud = true;
		update(gate);
	}
}

static void step(struct pl_gate *gate)
{
	double re = gate->re * gate->step_re - gate->im * gate->step_im;

	gate->im = gate->re * gate->step_im + gate->im * gate->step_re;
	gate->re = re;
	gate->n_done++;
	if (gate->n_done == gate->n_ramp)
		gate->gain = gate->to;
	else
		gate->gain = gate->from + (gate->to - gate->from) * (float)(0.5 - 0.5 * re);
}

void pl_gate_process(struct pl_gate *gate, float *dst, const float *src, const float *detector,
		     float limit, uint32_t n_frames)
{
	for (uint32_t n = 0; n < n_frames; n++) {
		if (gate->settings.by_level)
			detect(gate, detector ? detector[n] : 0.0f, limit);
		if (gate->n_done < gate->n_ramp)
			step(gate);
		dst[n] = src ? gate->gain * sanitise(src[n], limit, &gate->n_bad) : 0.0f;
		gate->now++;
	}
}
