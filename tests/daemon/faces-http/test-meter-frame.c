/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "meter-frame.h"
#include "pltest.h"

/** Byte by byte, as somebody without our headers reads it. */
static uint64_t get(const unsigned char *at, unsigned n_bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < n_bytes; i++)
		value |= (uint64_t)at[i] << (8u * i);
	return value;
}

static int level(const unsigned char *at)
{
	return (int16_t)get(at, 2);
}

/** Of a level in dB: what VU and peak hold are made of. */
static struct pl_meters_point point(double vu_db, double hold_db)
{
	return (struct pl_meters_point){
		.vu = (float)pow(10.0, vu_db / 20.0),
		.rms = 1e-3f,
		.peak = 1e-2f,
		.peak_hold = (float)pow(10.0, hold_db / 20.0),
	};
}

PL_TEST(every_value_is_where_the_document_says)
{
	struct pl_meters_data *meters = calloc(1, sizeof(*meters));
	unsigned char bytes[PL_METER_FRAME_MAX];
	struct pl_meter_frame frame = {
		.n_tablets = 3,
		.n_channels = 2,
		.serial = 0x01020304,
		.running = true,
		.ts = 1234567.25,
		.meters = meters,
	};
	double ts;
	uint64_t bits;

	PL_CHECK(meters);
	meters->talking[0] = UINT64_C(0x8000000000000001);
	meters->talking[2] = 2;
	meters->tablet_listen[1] = point(-20, -10);
	meters->tablet_talk[1] = point(-30.5, 3.25);
	meters->channel_out[1] = point(-6, 0);
	meters->channel_in[0] = point(-59.99, -47.11);

	PL_CHECK_INT(pl_meter_frame_write(&frame, bytes), 16 + 3 * 8 + 3 * 8 + 2 * 8);
	PL_CHECK_INT(bytes[0], 1);
	PL_CHECK_INT(bytes[1], 1);
	PL_CHECK_INT(bytes[2], 3);
	PL_CHECK_INT(bytes[3], 2);
	PL_CHECK_INT(get(bytes + 4, 4), 0x01020304);
	bits = get(bytes + 8, 8);
	memcpy(&ts, &bits, sizeof(ts));
	PL_CHECK(ts == 1234567.25);
	PL_CHECK(get(bytes + 16, 8) == UINT64_C(0x8000000000000001));
	PL_CHECK_INT(get(bytes + 24, 8), 0);
	PL_CHECK_INT(get(bytes + 32, 8), 2);
	PL_CHECK_INT(level(bytes + 40), -24000);
	PL_CHECK_INT(level(bytes + 48), -2000);
	PL_CHECK_INT(level(bytes + 50), -1000);
	PL_CHECK_INT(level(bytes + 52), -3050);
	PL_CHECK_INT(level(bytes + 54), 325);
	PL_CHECK_INT(level(bytes + 64), -24000);
	PL_CHECK_INT(level(bytes + 68), -5999);
	PL_CHECK_INT(level(bytes + 70), -4711);
	PL_CHECK_INT(level(bytes + 72), -600);
	PL_CHECK_INT(level(bytes + 74), 0);
	PL_CHECK_INT(level(bytes + 78), -24000);
	free(meters);
}

PL_TEST(the_largest_fits_and_no_level_wraps)
{
	struct pl_meters_data *meters = calloc(1, sizeof(*meters));
	unsigned char bytes[PL_METER_FRAME_MAX];
	const struct pl_meter_frame frame = {.n_tablets = 64, .n_channels = 64, .meters = meters};

	PL_CHECK(meters);
	meters->tablet_listen[0].vu = INFINITY;
	meters->tablet_listen[0].peak_hold = NAN;
	meters->tablet_talk[0].vu = 3e38f;
	PL_CHECK_INT(pl_meter_frame_write(&frame, bytes), PL_METER_FRAME_MAX);
	PL_CHECK_INT(bytes[1], 0);
	PL_CHECK_INT(level(bytes + 16 + 64 * 8), INT16_MAX);
	PL_CHECK_INT(level(bytes + 16 + 64 * 8 + 2), -24000);
	PL_CHECK_INT(level(bytes + 16 + 64 * 8 + 4), INT16_MAX);
	free(meters);
}

PL_TEST_MAIN()
