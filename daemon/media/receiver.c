/* SPDX-License-Identifier: MIT */
#include "receiver.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drift.h"
#include "opus-codec.h"
#include "resampler.h"
#include "rtp.h"

#define CHUNK 1024u /**< output frames that are made at once */
#define FADE_FRAMES 120u
#define STEP 120u
/** Made-up sound keeps its level for 40 ms, then fades. */
#define FADE_FROM 1920u
#define FADE_UNTIL PL_JITTER_CONCEAL_MAX
/** Below -54 dBFS a packet may be left out unheard. */
#define QUIET_PEAK 0.002f
/** Comfort noise that is less than this for FADE_UNTIL frames is silence. */
#define SILENT_PEAK 1e-4f
/** What must be left of the excess when a packet is left out: 2 ms. */
#define DROP_MARGIN 96.0
#define ANTICIPATE_S 10.0
#define SSRC_SILENT_NS 100000000u
/** Speed against nominal: for up to 10 ms of excess, and for 40 ms and more. */
#define ADJUST_SMALL 0.005
#define ADJUST_LARGE 0.02
#define EXCESS_SMALL 480.0
#define EXCESS_LARGE 1920.0
#define EXCESS_NONE 12.0
#define ADJUST_SLEW 0.0005 /**< a pull, at most */

struct pl_receiver {
	uint8_t n_channels, payload_type;
	uint32_t rate_hz;
	struct pl_jitter *jitter;
	struct pl_opus_decoder *decoder;
	struct pl_resampler *resampler;
	struct pl_drift drift;
	struct pl_rtcp_source source;

	bool has_ssrc, has_candidate;
	uint32_t ssrc, candidate;
	uint16_t candidate_sequence;
	uint64_t last_nsec;
	uint64_t n_packets, n_bytes, n_refused, n_restarts;

	double clock;   /**< played, in the sender's samples */
	double nominal; /**< played, in ours, at 48 kHz */
	double adjust;
	uint64_t pull_nsec;
	uint32_t pull_frames; /**< of 48 kHz */

	float gain;    /**< of what is made up */
	bool has_tail; /**< what was left out goes on here, to be faded away from */
	uint32_t silent_frames;
	float tail[FADE_FRAMES * 2];
	float pcm[PL_OPUS_FRAMES_MAX * 2];
};

int pl_receiver_new(const struct pl_receiver_config *config, struct pl_receiver **ret_receiver)
{
	struct pl_receiver *r;
	int e;

	if (config->n_channels != 1 && config->n_channels != 2)
		return -EINVAL;
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->n_channels = config->n_channels;
	r->payload_type = config->payload_type;
	r->adjust = 1;
	pl_drift_init(&r->drift);
	e = pl_jitter_new(&config->jitter, &r->jitter);
	if (e >= 0)
		e = pl_opus_decoder_new(config->n_channels, &r->decoder);
	if (e >= 0)
		e = pl_receiver_set_rate(r, config->rate_hz);
	if (e < 0) {
		pl_receiver_free(r);
		return e;
	}
	*ret_receiver = r;
	return 0;
}

struct pl_receiver *pl_receiver_free(struct pl_receiver *receiver)
{
	if (receiver) {
		pl_jitter_free(receiver->jitter);
		pl_opus_decoder_free(receiver->decoder);
		pl_resampler_free(receiver->resampler);
	}
	free(receiver);
	return NULL;
}

int pl_receiver_set_rate(struct pl_receiver *r, uint32_t rate_hz)
{
	struct pl_resampler *resampler;
	int e;

	if (rate_hz == r->rate_hz)
		return 0;
	e = pl_resampler_new(PL_OPUS_RATE_HZ, rate_hz, r->n_channels, PL_OPUS_FRAMES_MAX,
			     &resampler);
	if (e < 0)
		return e;
	pl_resampler_free(r->resampler);
	r->resampler = resampler;
	r->rate_hz = rate_hz;
	return 0;
}

void pl_receiver_set_jitter(struct pl_receiver *r, const struct pl_jitter_config *jitter)
{
	pl_jitter_set(r->jitter, jitter);
}

/* --- in ------------------------------------------------------------------------------------ */

static void begin_source(struct pl_receiver *r, uint32_t ssrc)
{
	if (r->has_ssrc)
		r->n_restarts++;
	r->has_ssrc = true;
	r->has_candidate = false;
	r->ssrc = ssrc;
	pl_rtcp_source_init(&r->source, ssrc);
	pl_jitter_reset(r->jitter);
	pl_drift_restart(&r->drift);
}

static bool is_believed(struct pl_receiver *r, const struct pl_rtp_packet *p, uint64_t now_nsec)
{
	bool follows;

	if (!r->has_ssrc) {
		begin_source(r, p->ssrc);
		return true;
	}
	if (p->ssrc == r->ssrc) {
		r->has_candidate = false;
		return true;
	}
	follows = r->has_candidate && r->candidate == p->ssrc &&
		  p->sequence == (uint16_t)(r->candidate_sequence + 1);
	r->has_candidate = true;
	r->candidate = p->ssrc;
	r->candidate_sequence = p->sequence;
	if (!follows || now_nsec - r->last_nsec < SSRC_SILENT_NS)
		return false;
	begin_source(r, p->ssrc);
	return true;
}

/** What the drift is measured by: our clock between two pulls goes on with the machine's. */
static double clock_at(const struct pl_receiver *r, uint64_t now_nsec)
{
	double since = 0;

	if (r->pull_nsec && now_nsec > r->pull_nsec)
		since = (double)(now_nsec - r->pull_nsec) * 1e-9 * PL_OPUS_RATE_HZ;
	return r->nominal + fmin(since, r->pull_frames);
}

/**
 * When the sender is the slower one, its packets come later and later within a cycle of ours, until
 * all of them miss the pull that they were in time for: from one to the next they need a whole
 * quantum more. What would miss it in ANTICIPATE_S counts as if it had.
 */
static double clock_needed(const struct pl_receiver *r, uint64_t now_nsec)
{
	double ppm = pl_drift_ppm(&r->drift), phase;

	if (ppm > -pl_drift_error_ppm(&r->drift) || !r->pull_nsec || now_nsec < r->pull_nsec)
		return r->clock;
	phase = (double)(now_nsec - r->pull_nsec) * 1e-9 * PL_OPUS_RATE_HZ;
	phase -= ppm * 1e-6 * ANTICIPATE_S * PL_OPUS_RATE_HZ;
	return phase > r->pull_frames ? r->clock + r->pull_frames : r->clock;
}

int pl_receiver_push_payload(struct pl_receiver *r, uint16_t sequence, uint32_t timestamp,
			     bool marker, const uint8_t *payload, size_t size, uint64_t now_nsec)
{
	struct pl_jitter_packet packet = {
		.sequence = sequence,
		.timestamp = timestamp,
		.marker = marker,
		.payload = payload,
		.size = size,
	};
	int frames = pl_opus_packet_frames(payload, size);

	if (frames < 0 || size > PL_JITTER_PAYLOAD_MAX) {
		r->n_refused++;
		return -EBADMSG;
	}
	packet.frames = (uint32_t)frames;
	packet.has_fec = pl_opus_packet_has_fec(payload, size);
	r->n_packets++;
	r->last_nsec = now_nsec;
	switch (pl_jitter_push(r->jitter, &packet, clock_needed(r, now_nsec))) {
	case PL_JITTER_REFUSED:
		return -EXDEV;
	case PL_JITTER_RESTARTED:
		r->n_restarts++;
		pl_rtcp_source_init(&r->source, r->ssrc);
		pl_drift_restart(&r->drift);
		break;
	case PL_JITTER_DUPLICATE:
		return 0;
	case PL_JITTER_LATE:
	case PL_JITTER_TAKEN:
		break;
	}
	pl_rtcp_source_received(&r->source, sequence, timestamp, now_nsec);
	if (r->pull_nsec)
		pl_drift_note(&r->drift, clock_at(r, now_nsec) / PL_OPUS_RATE_HZ,
			      (double)pl_jitter_last_timestamp(r->jitter) / PL_OPUS_RATE_HZ);
	return 0;
}

int pl_receiver_push(struct pl_receiver *r, const uint8_t *data, size_t size, uint64_t now_nsec)
{
	struct pl_rtp_packet packet;
	int e;

	e = pl_rtp_parse(data, size, &packet);
	if (e < 0) {
		r->n_refused++;
		return e;
	}
	if (packet.payload_type != r->payload_type) {
		r->n_refused++;
		return -EPROTOTYPE;
	}
	if (pl_opus_packet_frames(packet.payload, packet.payload_size) < 0) {
		r->n_refused++;
		return -EBADMSG;
	}
	if (!is_believed(r, &packet, now_nsec)) {
		r->n_refused++;
		return -EXDEV;
	}
	e = pl_receiver_push_payload(r, packet.sequence, packet.timestamp, packet.marker,
				     packet.payload, packet.payload_size, now_nsec);
	if (e >= 0)
		r->n_bytes += size;
	return e;
}

void pl_receiver_end(struct pl_receiver *r)
{
	pl_jitter_end(r->jitter);
}

void pl_receiver_sender_report(struct pl_receiver *r, const struct pl_rtcp_compound *rtcp,
			       uint64_t now_nsec)
{
	if (!r->has_ssrc || rtcp->ssrc != r->ssrc)
		return;
	if (rtcp->is_sender)
		pl_rtcp_source_sender_report(&r->source, rtcp->ntp, now_nsec);
	if (rtcp->bye)
		pl_receiver_end(r);
}

bool pl_receiver_report(struct pl_receiver *r, uint64_t now_nsec, struct pl_rtcp_report *ret_report)
{
	if (!r->has_ssrc || !r->source.heard)
		return false;
	pl_rtcp_source_report(&r->source, now_nsec, ret_report);
	return true;
}

/* --- out ----------------------------------------------------------------------------------- */

static void ramp(struct pl_receiver *r, float to, uint32_t ramp_frames, uint32_t frames)
{
	float from = r->gain;

	if (from == to && to == 1.0f)
		return;
	for (uint32_t i = 0; i < frames; i++) {
		float g = i < ramp_frames ? from + (to - from) * (float)(i + 1) / (float)ramp_frames
					  : to;

		for (uint8_t c = 0; c < r->n_channels; c++)
			r->pcm[i * r->n_channels + c] *= g;
	}
	r->gain = to;
}

static float peak_of(const float *samples, uint32_t n)
{
	float peak = 0;

	for (uint32_t i = 0; i < n; i++)
		peak = fmaxf(peak, fabsf(samples[i]));
	return peak;
}

/** Concealment comes in multiples of 2.5 ms; the step may be shorter. */
static void conceal(struct pl_receiver *r, uint32_t frames)
{
	uint32_t whole = (frames + STEP - 1) / STEP * STEP;

	if (pl_opus_conceal(r->decoder, r->pcm, whole) < 0)
		memset(r->pcm, 0, (size_t)frames * r->n_channels * sizeof(float));
}

static float fade_of(uint32_t made_up)
{
	if (made_up <= FADE_FROM)
		return 1;
	if (made_up >= FADE_UNTIL)
		return 0;
	return 0.5f + 0.5f * cosf((float)M_PI * (float)(made_up - FADE_FROM) /
				  (float)(FADE_UNTIL - FADE_FROM));
}

static void silence(struct pl_receiver *r, uint32_t frames)
{
	/* sound must not end in a step: one more made-up piece, faded out */
	if (r->gain > 0) {
		conceal(r, frames);
		ramp(r, 0, frames, frames);
		return;
	}
	memset(r->pcm, 0, (size_t)frames * r->n_channels * sizeof(float));
}

static void comfort(struct pl_receiver *r, uint32_t frames)
{
	conceal(r, frames);
	ramp(r, 1, FADE_FRAMES, frames);
	if (peak_of(r->pcm, frames * r->n_channels) > SILENT_PEAK)
		r->silent_frames = 0;
	else
		r->silent_frames += frames;
	if (r->silent_frames > FADE_UNTIL)
		pl_jitter_end(r->jitter);
}

/** @return frames; 0: left out, as there is too much and it is quiet */
static uint32_t sound(struct pl_receiver *r, const struct pl_jitter_step *step, double held)
{
	uint32_t n = FADE_FRAMES * r->n_channels, frames;
	int e;

	if (step->skipped && !r->has_tail && pl_opus_conceal(r->decoder, r->tail, FADE_FRAMES) >= 0)
		r->has_tail = true;
	e = pl_opus_decode(r->decoder, step->payload, step->size, r->pcm, PL_OPUS_FRAMES_MAX);
	if (e < 0) {
		conceal(r, step->frames);
		e = (int)step->frames;
	}
	frames = (uint32_t)e;
	ramp(r, 1, FADE_FRAMES, frames);
	if (r->has_tail) {
		for (uint32_t i = 0; i < n; i++) {
			uint32_t frame = i / r->n_channels;
			float g = (float)(frame + 1) / FADE_FRAMES;

			r->pcm[i] = r->tail[i] + (r->pcm[i] - r->tail[i]) * g;
		}
		r->has_tail = false;
	} else if (pl_jitter_excess(r->jitter, r->clock, held) > DROP_MARGIN &&
		   peak_of(r->pcm, frames * r->n_channels) < QUIET_PEAK) {
		memcpy(r->tail, r->pcm, n * sizeof(float));
		r->has_tail = true;
		pl_jitter_dropped(r->jitter, frames);
		return 0;
	}
	return frames;
}

/** One step of the jitter buffer, into the resampler. */
static void make(struct pl_receiver *r)
{
	double held = pl_resampler_held(r->resampler);
	struct pl_jitter_step step;
	uint32_t frames;

	pl_jitter_next(r->jitter, r->clock, held, &step);
	frames = step.frames;
	if (step.action != PL_JITTER_COMFORT)
		r->silent_frames = 0;
	switch (step.action) {
	case PL_JITTER_DECODE:
		frames = sound(r, &step, held);
		break;
	case PL_JITTER_FEC:
		if (pl_opus_decode_fec(r->decoder, step.payload, step.size, r->pcm, frames) !=
		    (int)frames)
			conceal(r, frames);
		ramp(r, 1, FADE_FRAMES, frames);
		break;
	case PL_JITTER_CONCEAL:
		conceal(r, frames);
		ramp(r, r->gain > 0 ? fade_of(step.made_up + frames) : 0, frames, frames);
		break;
	case PL_JITTER_COMFORT:
		comfort(r, frames);
		break;
	case PL_JITTER_SILENCE:
		silence(r, frames);
		break;
	}
	pl_resampler_push(r->resampler, r->pcm, frames);
}

/**
 * How fast to play so that the lag becomes what is wanted. A deficit is met within 0.4 s, as it costs
 * packets; an excess within 2 s, and not the last quarter of a millisecond.
 */
static void steer(struct pl_receiver *r)
{
	double excess = pl_jitter_excess(r->jitter, r->clock, pl_resampler_held(r->resampler));
	double size = excess < 0 ? -excess : fmax(excess - EXCESS_NONE, 0), most, wanted;

	most = ADJUST_SMALL +
	       (ADJUST_LARGE - ADJUST_SMALL) *
		       fmin(fmax((size - EXCESS_SMALL) / (EXCESS_LARGE - EXCESS_SMALL), 0), 1);
	wanted = fmin(size / ((excess < 0 ? 0.4 : 2.0) * PL_OPUS_RATE_HZ), most);
	wanted = 1 + (excess < 0 ? -wanted : wanted);
	r->adjust += fmin(fmax(wanted - r->adjust, -ADJUST_SLEW), ADJUST_SLEW);
	pl_resampler_set_adjust(r->resampler, r->adjust * (1 + 1e-6 * pl_drift_ppm(&r->drift)));
}

/** The clock goes on by so many frames of the graph. */
static void go_on(struct pl_receiver *r, uint64_t n_frames)
{
	double frames = (double)n_frames * PL_OPUS_RATE_HZ / r->rate_hz;

	r->nominal += frames;
	r->clock += frames * (1 + 1e-6 * pl_drift_ppm(&r->drift));
}

void pl_receiver_skip(struct pl_receiver *r, uint64_t n_frames)
{
	go_on(r, n_frames);
}

void pl_receiver_pull(struct pl_receiver *r, float *const dst[], uint32_t n_frames,
		      uint64_t now_nsec)
{
	double per_frame = (double)PL_OPUS_RATE_HZ / r->rate_hz;
	float *at[PL_RESAMPLER_CHANNELS_MAX] = {dst[0], r->n_channels > 1 ? dst[1] : NULL};

	r->pull_nsec = now_nsec;
	r->pull_frames = (uint32_t)(n_frames * per_frame);
	while (n_frames > 0) {
		uint32_t n = n_frames < CHUNK ? n_frames : CHUNK;

		steer(r);
		while (pl_resampler_needed(r->resampler, n) > 0)
			make(r);
		pl_resampler_pull(r->resampler, at, n);
		for (uint8_t c = 0; c < r->n_channels; c++)
			at[c] += n;
		n_frames -= n;
		go_on(r, n);
	}
}

void pl_receiver_status(const struct pl_receiver *r, uint64_t now_nsec,
			struct pl_receiver_status *ret_status)
{
	struct pl_receiver_status s = {0};

	pl_jitter_status(r->jitter, r->clock, pl_resampler_held(r->resampler), &s.jitter);
	s.n_packets = r->n_packets;
	s.n_bytes = r->n_bytes;
	s.n_lost = pl_rtcp_source_lost(&r->source);
	s.n_refused = r->n_refused + s.jitter.n_refused;
	s.loss_percent = pl_rtcp_source_loss_percent(&r->source, now_nsec);
	s.jitter_ms = pl_rtcp_source_jitter_ms(&r->source);
	s.drift_ppm = pl_drift_ppm(&r->drift);
	s.heard = r->n_packets > 0;
	s.last_nsec = r->last_nsec;
	s.ssrc = r->has_ssrc ? r->ssrc : 0;
	s.n_restarts = r->n_restarts;
	s.packet_ms = s.jitter.packet_frames * 1000.0 / PL_OPUS_RATE_HZ;
	s.buffer_ms = s.jitter.wait_ms;
	s.lookahead_ms = s.packet_ms > 0 ? (s.packet_ms < 10 ? 2.5 : 6.5) : 0;
	s.resampler_ms = pl_resampler_delay(r->resampler) * 1000.0 / PL_OPUS_RATE_HZ;
	*ret_status = s;
}
