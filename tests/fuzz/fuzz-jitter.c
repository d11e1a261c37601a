/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "jitter.h"
#include "opus-codec.h"

/*
 * A script of packets and steps, and what must hold whatever it is: a step gives a packet once only
 * and none that did not come, its frames are within bounds, what waits is bounded, numbers are
 * numbers, and after it a stream in order is played in order.
 *
 * Four bytes each: what, then its argument.
 */

struct model {
	struct pl_jitter *jitter;
	double clock;
	uint16_t sequence;
	uint32_t timestamp;
	uint32_t serial;
	uint32_t last_serial; /**< of what was decoded last */
	bool given[4096];
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static enum pl_jitter_verdict push(struct model *m, uint16_t sequence, uint32_t timestamp,
				   uint32_t frames, bool fec)
{
	uint8_t payload[8] = {0};
	struct pl_jitter_packet packet = {
		.sequence = sequence,
		.timestamp = timestamp,
		.payload = payload,
		.size = sizeof(payload),
		.frames = frames,
		.has_fec = fec,
	};
	enum pl_jitter_verdict verdict;

	m->serial = (m->serial + 1) % 4096;
	m->given[m->serial] = false;
	memcpy(payload, &m->serial, sizeof(m->serial));
	verdict = pl_jitter_push(m->jitter, &packet, m->clock);
	require(frames >= 120 && frames <= 5760 ? true : verdict == PL_JITTER_REFUSED);
	return verdict;
}

static struct pl_jitter_step step(struct model *m)
{
	struct pl_jitter_status status;
	struct pl_jitter_step s;

	pl_jitter_next(m->jitter, m->clock, 0, &s);
	require(s.frames >= 1 && s.frames <= PL_OPUS_FRAMES_MAX);
	require(!!s.payload == (s.action == PL_JITTER_DECODE || s.action == PL_JITTER_FEC));
	if (s.action == PL_JITTER_DECODE) {
		require(s.size == 8);
		memcpy(&m->last_serial, s.payload, sizeof(m->last_serial));
		require(m->last_serial < 4096 && !m->given[m->last_serial]);
		m->given[m->last_serial] = true;
	}
	m->clock += s.frames;
	pl_jitter_status(m->jitter, m->clock, 0, &status);
	require(status.n_packets <= PL_JITTER_PACKETS_MAX);
	require(isfinite(status.lag_ms) && isfinite(status.target_ms) && isfinite(status.wait_ms));
	require(isfinite(pl_jitter_excess(m->jitter, m->clock, 0)));
	return s;
}

static void run(struct model *m, const uint8_t *line)
{
	int16_t argument = (int16_t)(line[1] | line[2] << 8);
	uint32_t frames = 120u << (line[3] & 3);

	switch (line[0] % 8) {
	case 0: /* the next one */
	case 1:
		m->sequence++;
		m->timestamp += frames;
		push(m, m->sequence, m->timestamp, frames, line[3] & 4);
		break;
	case 2: /* one near it */
		push(m, (uint16_t)(m->sequence + argument % 32),
		     m->timestamp + (uint32_t)(argument % 32 * 240), frames, line[3] & 4);
		break;
	case 3: /* anything */
		push(m, (uint16_t)(m->sequence + argument), (uint32_t)argument * 65537u,
		     (uint32_t)line[3] * 40u, line[3] & 1);
		break;
	case 4:
	case 5:
		for (int i = 0; i <= line[1] % 8; i++)
			step(m);
		break;
	case 6: /* some are lost, or there is a pause */
		m->sequence = (uint16_t)(m->sequence + (line[3] & 1 ? line[1] : 0));
		m->timestamp += line[1] * 240u;
		break;
	default:
		if (line[3] & 1) {
			pl_jitter_end(m->jitter);
		} else {
			struct pl_jitter_config config = {.safety = line[1] / 200.0 - 0.1,
							  .min_ms = line[2] - 10.0,
							  .max_ms = argument};

			pl_jitter_set(m->jitter, &config);
		}
	}
}

/** A second in order, in time: at the end what is pushed is played. */
static void recover(struct model *m)
{
	const struct pl_jitter_config config = {.safety = 0.5, .max_ms = 100};
	uint32_t first = 0, n_played = 0;
	double due = m->clock;

	pl_jitter_set(m->jitter, &config);
	m->timestamp += 480000;
	for (int i = 0; i < 800; i++) {
		m->sequence++;
		m->timestamp += 240;
		push(m, m->sequence, m->timestamp, 240, false);
		due += 240;
		if (i == 400)
			first = m->serial;
		while (m->clock < due) {
			struct pl_jitter_step s = step(m);

			if (i > 400 && s.action == PL_JITTER_DECODE) {
				uint32_t ahead = (m->last_serial + 4096 - first) % 4096;

				require(ahead <= 400 || ahead > 4096 - 256);
				n_played++;
			}
		}
	}
	require(n_played > 350 && n_played < 700);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pl_jitter_config config = {.safety = 0.5, .max_ms = 200};
	static struct model m;

	if (!m.jitter && pl_jitter_new(&config, &m.jitter) < 0)
		abort();
	pl_jitter_reset(m.jitter);
	pl_jitter_set(m.jitter, &config);
	m.clock = 0;
	m.sequence = 65500;
	m.timestamp = 0xffff0000u;
	for (size_t at = 0; at + 4 <= size && at < 4096; at += 4)
		run(&m, data + at);
	if (size % 8 == 5) /* it takes as long as all of the rest */
		recover(&m);
	return 0;
}
