/* SPDX-License-Identifier: MIT */
#ifndef PL_HTTP_METER_FRAME_H
#define PL_HTTP_METER_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control.h"

/**
 * One message of /ws/vu?format=binary, little endian, without padding:
 *
 *     0  u8   PL_METER_FRAME_VERSION
 *     1  u8   flags: bit 0, the graph runs; without it all is silence
 *     2  u8   T, number of tablets, 1..64
 *     3  u8   C, number of channels, 1..64
 *     4  u32  frames made so far at this rate; a gap is what a slow client did not get
 *     8  f64  seconds since 1970
 *    16  T × u64      channels on which the tablet's gate is open, bit (channel - 1)
 *     …  T × 4 × i16  VU and peak hold of what it hears, VU and peak hold of what it says
 *     …  C × 4 × i16  VU and peak hold of the party line, VU and peak hold of the outside input
 *
 * Levels are dBFS × 100, -24000 for silence: the values of Meters in openapi.json. A later version
 * that only appends keeps the number; one that moves something gets the next.
 */
#define PL_METER_FRAME_VERSION 1u
#define PL_METER_FRAME_HEAD_SIZE 16u
/** Largest: 64 tablets, 64 channels. */
#define PL_METER_FRAME_MAX (PL_METER_FRAME_HEAD_SIZE + 64u * (8u + 8u) + 64u * 8u)

struct pl_meter_frame {
	uint32_t n_tablets, n_channels;
	uint32_t serial;
	bool running;
	double ts; /**< seconds since 1970 */
	const struct pl_meters_data *meters;
};

/**
 * @param ret_bytes  PL_METER_FRAME_MAX bytes of room, any alignment
 * @return number of bytes
 */
size_t pl_meter_frame_write(const struct pl_meter_frame *frame, unsigned char *ret_bytes);

#endif
