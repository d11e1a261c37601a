/* SPDX-License-Identifier: MIT */
#include "jitter.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "jitter-target.h"
#include "opus-codec.h"

#define FRAMES_PER_MS 48.0
#define STEP 120u /**< what Opus conceals in multiples of */
/** Of one step of concealment: more at once sounds better, less lets a late packet in sooner. */
#define CONCEAL_STEP_MAX 480u
/** After so much made-up sound in a pause the lag may be set anew. */
#define REST_FRAMES 2880u
#define SEEN_PACKETS 2048u
/** RFC 3550 A.1 */
#define DROPOUT_MAX 3000
#define MISORDER_MAX 100
/** A lag so far from what the stream had needs a second packet to be believed. */
#define LAG_JUMP (2 * 48000.0)

struct entry {
	int64_t timestamp, sequence;
	uint32_t frames;
	uint16_t size, slot;
	bool has_fec;
};

struct pl_jitter {
	struct pl_jitter_target target;
	struct pl_jitter_status status;

	/* what came */
	bool started;
	int64_t last_timestamp, highest_sequence;
	uint64_t seen[SEEN_PACKETS / 64];
	bool suspect;
	uint16_t suspect_sequence;
	uint32_t suspect_timestamp;
	uint32_t frames; /**< of a packet */
	double mean_lag;

	/* what waits, by timestamp */
	uint32_t n;
	struct entry queue[PL_JITTER_PACKETS_MAX];
	uint16_t free_slots[PL_JITTER_PACKETS_MAX];
	uint32_t n_free;
	uint16_t lent; /**< slot of the step that the caller has; free at the next call */
	bool has_lent;

	/* what is played */
	int64_t play;         /**< timestamp of what comes next */
	int64_t made_up_from; /**< where the last true packet ended */
	int64_t last_sequence;
	uint32_t run; /**< frames made up since */
	uint64_t n_concealed_frames;
	bool quiet; /**< nothing is expected: the next packet sets the lag */
	bool gap_is_pause;
	bool dtx;
	bool skipped;

	/* whether to wait for redundancy */
	double loss; /**< 0..1, of the last hundred packets or so */
	bool fec_wait, fec_seen;

	uint8_t payload[PL_JITTER_PACKETS_MAX][PL_JITTER_PAYLOAD_MAX];
};

int pl_jitter_new(const struct pl_jitter_config *config, struct pl_jitter **ret_jitter)
{
	struct pl_jitter *j = calloc(1, sizeof(*j));

	if (!j)
		return -ENOMEM;
	pl_jitter_target_init(&j->target);
	pl_jitter_set(j, config);
	pl_jitter_reset(j);
	*ret_jitter = j;
	return 0;
}

struct pl_jitter *pl_jitter_free(struct pl_jitter *jitter)
{
	free(jitter);
	return NULL;
}

void pl_jitter_set(struct pl_jitter *j, const struct pl_jitter_config *config)
{
	pl_jitter_target_set(&j->target, config->safety, config->min_ms, config->max_ms);
}

void pl_jitter_reset(struct pl_jitter *j)
{
	j->started = j->suspect = false;
	j->n = 0;
	j->n_free = 0;
	j->has_lent = false;
	for (uint32_t i = 0; i < PL_JITTER_PACKETS_MAX; i++)
		j->free_slots[j->n_free++] = (uint16_t)i;
	memset(j->seen, 0, sizeof(j->seen));
	j->run = 0;
	j->quiet = true;
	j->gap_is_pause = j->dtx = j->skipped = false;
	j->loss = 0;
	j->fec_wait = j->fec_seen = false;
}

static double lag_of(const struct pl_jitter *j, double clock, double held)
{
	return clock - ((double)j->play - held);
}

static double wanted_lag(const struct pl_jitter *j)
{
	const struct pl_jitter_target *t = &j->target;
	double wanted = pl_jitter_target_wanted(t);

	if (j->fec_wait)
		wanted = fmin(wanted + j->frames, pl_jitter_target_low(t) + t->max_frames);
	/* One packet tells nothing about the others: begin with room, it shrinks if it is not used. */
	if (t->n_noted < 32)
		wanted += j->frames * (0.5 + t->safety);
	return wanted;
}

/* --- in ------------------------------------------------------------------------------------ */

static bool mark_seen(struct pl_jitter *j, int64_t sequence)
{
	uint64_t *word, bit;

	if (sequence > j->highest_sequence) {
		int64_t from = j->highest_sequence + 1;

		if (sequence - from >= SEEN_PACKETS)
			from = sequence - SEEN_PACKETS + 1;
		for (int64_t s = from; s <= sequence; s++)
			j->seen[(uint64_t)s % SEEN_PACKETS / 64] &= ~(1ull << ((uint64_t)s % 64));
		j->highest_sequence = sequence;
	}
	word = &j->seen[(uint64_t)sequence % SEEN_PACKETS / 64];
	bit = 1ull << ((uint64_t)sequence % 64);
	if (*word & bit)
		return false;
	*word |= bit;
	return true;
}

static void release(struct pl_jitter *j, uint32_t index)
{
	j->free_slots[j->n_free++] = j->queue[index].slot;
	j->n--;
	memmove(&j->queue[index], &j->queue[index + 1], (j->n - index) * sizeof(j->queue[0]));
}

static void take_back(struct pl_jitter *j)
{
	if (j->has_lent)
		j->free_slots[j->n_free++] = j->lent;
	j->has_lent = false;
}

static bool insert(struct pl_jitter *j, const struct pl_jitter_packet *p, int64_t timestamp,
		   int64_t sequence)
{
	uint32_t at = j->n;
	uint16_t slot;

	while (at > 0 && j->queue[at - 1].timestamp > timestamp)
		at--;
	if (at > 0 && j->queue[at - 1].timestamp == timestamp)
		return false;
	if (j->n_free == 0) {
		if (at == 0)
			return false;
		release(j, 0);
		at--;
		j->skipped = true;
	}
	slot = j->free_slots[--j->n_free];
	memcpy(j->payload[slot], p->payload, p->size);
	memmove(&j->queue[at + 1], &j->queue[at], (j->n - at) * sizeof(j->queue[0]));
	j->queue[at] = (struct entry){
		.timestamp = timestamp,
		.sequence = sequence,
		.frames = p->frames,
		.size = (uint16_t)p->size,
		.slot = slot,
		.has_fec = p->has_fec,
	};
	j->n++;
	return true;
}

static void begin(struct pl_jitter *j, const struct pl_jitter_packet *p)
{
	pl_jitter_reset(j);
	j->started = true;
	/* far from 0, so that what came before the first has a number too */
	j->last_timestamp = (int64_t)p->timestamp + (1ll << 40);
	j->highest_sequence = (int64_t)p->sequence + (1ll << 30) - 1;
	j->last_sequence = j->highest_sequence;
	j->play = j->made_up_from = j->last_timestamp - PL_JITTER_CONCEAL_MAX;
	pl_jitter_target_forget(&j->target);
}

/** RFC 3550 A.1: what is far away is believed when a second one follows it. */
static bool is_far(const struct pl_jitter *j, int64_t timestamp, int64_t sequence, double clock)
{
	int64_t ahead = sequence - j->highest_sequence;

	if (ahead > DROPOUT_MAX || ahead < -MISORDER_MAX)
		return true;
	return fabs(clock - (double)timestamp - pl_jitter_target_low(&j->target)) > LAG_JUMP;
}

static bool follows_suspect(struct pl_jitter *j, const struct pl_jitter_packet *p)
{
	bool follows = j->suspect && p->sequence == (uint16_t)(j->suspect_sequence + 1) &&
		       p->timestamp - j->suspect_timestamp < 48000u;

	j->suspect = true;
	j->suspect_sequence = p->sequence;
	j->suspect_timestamp = p->timestamp;
	return follows;
}

enum pl_jitter_verdict pl_jitter_push(struct pl_jitter *j, const struct pl_jitter_packet *p,
				      double clock)
{
	enum pl_jitter_verdict verdict = PL_JITTER_TAKEN;
	int64_t timestamp, sequence;
	double lag;

	if (p->size == 0 || p->size > PL_JITTER_PAYLOAD_MAX || p->frames < STEP ||
	    p->frames > PL_OPUS_FRAMES_MAX) {
		j->status.n_refused++;
		return PL_JITTER_REFUSED;
	}
	if (!j->started)
		begin(j, p);
	timestamp = j->last_timestamp + (int32_t)(p->timestamp - (uint32_t)j->last_timestamp);
	sequence = j->highest_sequence + (int16_t)(p->sequence - (uint16_t)j->highest_sequence);
	if (j->target.started && is_far(j, timestamp, sequence, clock)) {
		if (!follows_suspect(j, p)) {
			j->status.n_refused++;
			return PL_JITTER_REFUSED;
		}
		begin(j, p);
		timestamp = j->last_timestamp;
		sequence = j->highest_sequence + 1;
		verdict = PL_JITTER_RESTARTED;
	}
	j->suspect = false;
	if (sequence < j->highest_sequence)
		j->status.n_reordered++;
	if (!mark_seen(j, sequence)) {
		j->status.n_duplicate++;
		return PL_JITTER_DUPLICATE;
	}
	j->last_timestamp = timestamp;
	j->frames = p->frames;
	j->fec_seen = j->fec_seen || p->has_fec;
	lag = clock - (double)timestamp;
	pl_jitter_target_note(&j->target, lag, p->frames);
	j->mean_lag += (lag - j->mean_lag) / (j->target.n_noted < 64 ? j->target.n_noted : 64);
	if (timestamp < j->made_up_from) {
		j->status.n_late++;
		return PL_JITTER_LATE;
	}
	if (!insert(j, p, timestamp, sequence)) {
		j->status.n_duplicate++;
		return PL_JITTER_DUPLICATE;
	}
	return verdict;
}

/* --- out ----------------------------------------------------------------------------------- */

/** How much more lag than wanted a late packet may bring: nothing when quick, 200 ms when safe. */
static double late_allowance(const struct pl_jitter *j)
{
	double safety = j->target.safety;

	return PL_TARGET_BIN + (safety > 0.5 ? (2 * safety - 1) * 200 * FRAMES_PER_MS : 0);
}

/** Packets whose time is past: play them after all, or not at all. */
static void settle(struct pl_jitter *j, double clock, double held)
{
	double lag = lag_of(j, clock, held);
	double most = fmin(wanted_lag(j) + late_allowance(j),
			   pl_jitter_target_low(&j->target) + j->target.max_frames);

	while (j->n > 0 && j->queue[0].timestamp < j->play) {
		const struct entry *first = &j->queue[0];

		if (first->timestamp >= j->made_up_from &&
		    lag + (double)(j->play - first->timestamp) <= most) {
			j->play = first->timestamp;
			return;
		}
		j->status.n_late++;
		release(j, 0);
	}
}

/** More waits than ever may: the oldest goes. */
static void bound(struct pl_jitter *j, double held)
{
	const struct pl_jitter_target *t = &j->target;
	double keep = pl_jitter_target_wanted(t) - pl_jitter_target_low(t) + j->frames;
	double most = fmax(t->max_frames, keep) + 2 * (double)j->frames + 2400;
	int64_t end;

	if (j->n == 0)
		return;
	end = j->queue[j->n - 1].timestamp + j->queue[j->n - 1].frames;
	if ((double)(end - j->play) + held <= most)
		return;
	while (j->n > 1 && (double)(end - j->queue[0].timestamp) > keep) {
		j->status.n_skipped += j->queue[0].frames;
		release(j, 0);
	}
	if (j->queue[0].timestamp > j->play) {
		j->play = j->queue[0].timestamp;
		j->skipped = true;
	}
}

/** The first packet after a silence: begin where the lag is as wanted. */
static void position(struct pl_jitter *j, double clock, double held)
{
	int64_t first = j->queue[0].timestamp;
	double play = ceil(clock + held - wanted_lag(j));

	j->play = play < (double)first ? (int64_t)play : first;
	/* far ahead of its time is no time at all */
	if (first - j->play > (int64_t)j->target.max_frames + 48000)
		j->play = first - (int64_t)j->target.max_frames;
	j->gap_is_pause = true;
	j->quiet = false;
}

static void note_loss(struct pl_jitter *j, bool lost)
{
	j->loss += ((lost ? 1.0 : 0.0) - j->loss) / 100;
	if (j->loss > 0.01 && j->fec_seen && j->target.safety >= 0.25)
		j->fec_wait = true;
	else if (j->loss < 0.003)
		j->fec_wait = false;
}

static void make_up(struct pl_jitter *j, uint32_t frames, bool is_pause,
		    struct pl_jitter_step *ret_step)
{
	ret_step->frames = frames;
	ret_step->made_up = j->run;
	if (is_pause && j->dtx) {
		ret_step->action = PL_JITTER_COMFORT;
	} else if (j->quiet || j->run >= PL_JITTER_CONCEAL_MAX || (is_pause && j->gap_is_pause)) {
		ret_step->action = PL_JITTER_SILENCE;
		if (j->n == 0)
			j->quiet = true;
	} else if (is_pause) {
		ret_step->action = PL_JITTER_COMFORT;
	} else {
		ret_step->action = PL_JITTER_CONCEAL;
		j->n_concealed_frames += frames;
	}
	j->play += frames;
	if (j->run < 1u << 30)
		j->run += frames;
}

static uint32_t step_frames(const struct pl_jitter *j)
{
	uint32_t frames = j->frames < CONCEAL_STEP_MAX ? j->frames : CONCEAL_STEP_MAX;

	frames -= frames % STEP;
	return j->quiet || frames == 0 ? STEP : frames;
}

/** Between what was played and the first that waits. */
static void fill_gap(struct pl_jitter *j, struct pl_jitter_step *ret_step)
{
	const struct entry *first = &j->queue[0];
	bool is_pause = j->gap_is_pause || first->sequence == j->last_sequence + 1;
	uint64_t gap = (uint64_t)(first->timestamp - j->play);
	uint32_t frames = step_frames(j);

	if (!is_pause && first->has_fec && j->run < PL_JITTER_CONCEAL_MAX) {
		if (gap == first->frames) {
			*ret_step = (struct pl_jitter_step){
				.action = PL_JITTER_FEC,
				.payload = j->payload[first->slot],
				.size = first->size,
				.frames = first->frames,
				.made_up = j->run,
			};
			j->play += first->frames;
			j->run += first->frames;
			j->status.n_recovered++;
			note_loss(j, true);
			return;
		}
		if (gap > first->frames && gap - first->frames < frames)
			frames = (uint32_t)(gap - first->frames);
	}
	frames = gap < frames ? (uint32_t)gap : frames;
	if (!is_pause)
		note_loss(j, true);
	make_up(j, frames, is_pause, ret_step);
}

static void take_first(struct pl_jitter *j, struct pl_jitter_step *ret_step)
{
	struct entry first = j->queue[0];

	*ret_step = (struct pl_jitter_step){
		.action = PL_JITTER_DECODE,
		.payload = j->payload[first.slot],
		.size = first.size,
		.frames = first.frames,
		.skipped = j->skipped,
		.made_up = j->run,
	};
	j->n--;
	memmove(&j->queue[0], &j->queue[1], j->n * sizeof(j->queue[0]));
	j->lent = first.slot;
	j->has_lent = true;
	j->play = first.timestamp + first.frames;
	j->made_up_from = j->play;
	j->last_sequence = first.sequence;
	j->run = 0;
	j->dtx = pl_opus_is_dtx(first.size);
	j->gap_is_pause = j->skipped = false;
	note_loss(j, false);
}

void pl_jitter_next(struct pl_jitter *j, double clock, double held, struct pl_jitter_step *ret_step)
{
	memset(ret_step, 0, sizeof(*ret_step));
	take_back(j);
	if (j->n > 0 && (j->quiet || (j->dtx && j->run >= REST_FRAMES && !j->gap_is_pause)))
		position(j, clock, held);
	bound(j, held);
	settle(j, clock, held);
	if (j->n == 0)
		make_up(j, step_frames(j), j->dtx, ret_step);
	else if (j->queue[0].timestamp > j->play)
		fill_gap(j, ret_step);
	else
		take_first(j, ret_step);
}

double pl_jitter_excess(const struct pl_jitter *j, double clock, double held)
{
	if (!j->started || j->quiet)
		return 0;
	return lag_of(j, clock, held) - wanted_lag(j);
}

void pl_jitter_dropped(struct pl_jitter *j, uint32_t frames)
{
	j->status.n_skipped += frames;
}

void pl_jitter_end(struct pl_jitter *j)
{
	if (j->n == 0)
		j->quiet = true;
	j->dtx = false;
}

void pl_jitter_status(const struct pl_jitter *j, double clock, double held,
		      struct pl_jitter_status *ret_status)
{
	double low = pl_jitter_target_low(&j->target);

	*ret_status = j->status;
	ret_status->n_packets = j->n;
	ret_status->packet_frames = j->frames;
	ret_status->playing = j->started && !j->quiet;
	if (j->frames)
		ret_status->n_concealed = (j->n_concealed_frames + j->frames - 1) / j->frames;
	if (!ret_status->playing)
		return;
	ret_status->lag_ms = fmax(lag_of(j, clock, held) - low, 0) / FRAMES_PER_MS;
	ret_status->wait_ms = fmax(lag_of(j, clock, held) - j->mean_lag, 0) / FRAMES_PER_MS;
	ret_status->target_ms = fmax(wanted_lag(j) - low, 0) / FRAMES_PER_MS;
}

int64_t pl_jitter_last_timestamp(const struct pl_jitter *j)
{
	return j->last_timestamp;
}
