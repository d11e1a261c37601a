/* SPDX-License-Identifier: MIT */
#include "meter.h"

#include <math.h>

/** IEC 60268-10 type I: 20 dB in 1.7 s, after a hold of 1 s */
#define HOLD_SECONDS 1.0
#define FALL_DB_PER_SECOND (20.0 / 1.7)

void pl_meter_frame_init(struct pl_meter_frame *frame, uint32_t rate_hz)
{
	double seconds;

	frame->n_frames = (uint32_t)lround(rate_hz * PL_METERS_FRAME_SECONDS);
	if (frame->n_frames == 0)
		frame->n_frames = 1;
	seconds = (double)frame->n_frames / (rate_hz ? rate_hz : 1u);
	frame->n_hold = (uint32_t)ceil(HOLD_SECONDS / seconds);
	frame->fall = (float)pow(10.0, -FALL_DB_PER_SECOND * seconds / 20.0);
}

void pl_meter_finish(struct pl_meter *meter, const struct pl_meter_frame *frame)
{
	struct pl_meters_point *p = &meter->point;

	p->rms = (float)sqrt(meter->sum_sq / frame->n_frames);
	p->vu = 0.5f * p->vu + 0.5f * p->rms;
	/* Halving for ever would end in denormals. */
	if (p->vu < 1e-15f)
		p->vu = 0.0f;
	p->peak = meter->peak;
	if (p->peak >= p->peak_hold) {
		p->peak_hold = p->peak;
		meter->n_held = 0;
	} else if (meter->n_held < frame->n_hold) {
		meter->n_held++;
	} else {
		p->peak_hold *= frame->fall;
		if (p->peak_hold < 1e-15f)
			p->peak_hold = 0.0f;
		p->peak_hold = fmaxf(p->peak_hold, p->peak);
	}
	meter->sum_sq = 0.0;
	meter->peak = 0.0f;
}
