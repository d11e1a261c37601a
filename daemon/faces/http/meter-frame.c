/* SPDX-License-Identifier: MIT */
#include "meter-frame.h"

#include <math.h>
#include <string.h>

#include "describe.h"

static unsigned char *put(unsigned char *at, uint64_t value, unsigned n_bytes)
{
	for (unsigned i = 0; i < n_bytes; i++)
		*at++ = (unsigned char)(value >> (8u * i));
	return at;
}

/** Beyond +327 dBFS nobody plays. */
static unsigned char *put_level(unsigned char *at, double linear)
{
	double value = round(100.0 * pl_level_db(linear));

	if (value > INT16_MAX)
		value = INT16_MAX;
	return put(at, (uint16_t)(int16_t)value, 2);
}

static unsigned char *put_points(unsigned char *at, const struct pl_meters_point *first,
				 const struct pl_meters_point *second, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		at = put_level(at, (double)first[i].vu);
		at = put_level(at, (double)first[i].peak_hold);
		at = put_level(at, (double)second[i].vu);
		at = put_level(at, (double)second[i].peak_hold);
	}
	return at;
}

size_t pl_meter_frame_write(const struct pl_meter_frame *frame, unsigned char *ret_bytes)
{
	const struct pl_meters_data *meters = frame->meters;
	unsigned char *at = ret_bytes;
	uint64_t ts;

	memcpy(&ts, &frame->ts, sizeof(ts));
	at = put(at, PL_METER_FRAME_VERSION, 1);
	at = put(at, frame->running ? 1u : 0u, 1);
	at = put(at, frame->n_tablets, 1);
	at = put(at, frame->n_channels, 1);
	at = put(at, frame->serial, 4);
	at = put(at, ts, 8);
	for (uint32_t t = 0; t < frame->n_tablets; t++)
		at = put(at, meters->talking[t], 8);
	at = put_points(at, meters->tablet_listen, meters->tablet_talk, frame->n_tablets);
	at = put_points(at, meters->channel_out, meters->channel_in, frame->n_channels);
	return (size_t)(at - ret_bytes);
}
