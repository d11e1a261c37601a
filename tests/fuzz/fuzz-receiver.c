/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "receiver.h"

/*
 * Datagrams of a stream that is not protected, and what is played of them: finite and within ±2,
 * whatever Opus makes of it. Two bytes of length and what to do first, then the datagram.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pl_receiver *receiver;
	static uint64_t now_nsec = 1000000000;
	struct pl_receiver_status status;
	static float planes[2][2048];
	float *dst[2] = {planes[0], planes[1]};

	if (!receiver) {
		const struct pl_receiver_config config = {
			.n_channels = 2,
			.payload_type = 96,
			.rate_hz = 48000,
			.jitter = {.safety = 0.5, .max_ms = 100},
		};

		if (pl_receiver_new(&config, &receiver) < 0)
			abort();
	}
	for (int i = 0; i < 16 && size >= 2; i++) {
		size_t n = data[0];
		uint32_t frames = (uint32_t)(data[1] & 0x7f) * 8;

		data += 2;
		size -= 2;
		n = n < size ? n : size;
		pl_receiver_push(receiver, data, n, now_nsec);
		data += n;
		size -= n;
		now_nsec += 5000000;
		pl_receiver_pull(receiver, dst, frames, now_nsec);
		for (uint32_t k = 0; k < frames; k++)
			for (int c = 0; c < 2; c++)
				if (!(fabsf(planes[c][k]) <= 4))
					abort();
	}
	pl_receiver_status(receiver, now_nsec, &status);
	if (status.jitter.n_packets > PL_JITTER_PACKETS_MAX || !isfinite(status.drift_ppm) ||
	    !isfinite(status.jitter_ms) || !isfinite(status.buffer_ms))
		abort();
	return 0;
}
