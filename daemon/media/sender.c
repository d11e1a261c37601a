/* SPDX-License-Identifier: MIT */
#include "sender.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "resampler.h"
#include "rtp.h"

#define CHUNK 1024u
#define FADE_FRAMES 48u     /**< 1 ms: no click, and no word loses its beginning */
#define TRAILER_MAX 64u     /**< room behind a packet for who protects it */
#define REPORT_INTERVALS 2u /**< RFC 3550 6.4: a sender is who sent within two intervals */

struct pl_sender {
	struct pl_sender_config config;
	struct pl_opus_encoder *encoder;
	struct pl_resampler *resampler; /**< NULL: the graph runs at 48 kHz */
	uint32_t frames;

	bool transmitting;
	bool marker; /**< the next packet begins a talk spurt */
	bool was_dtx;
	uint32_t n_fade; /**< frames still to be faded in */
	uint32_t n_filled;
	uint32_t timestamp; /**< of the first sample in pcm; else of the next one */
	double skipped;     /**< frames of 48 kHz that do not make a whole one yet */
	uint16_t sequence;

	uint64_t n_packets, n_bytes;
	uint32_t n_payload; /**< octets, for SR */
	uint64_t n_reported;
	uint32_t n_idle_reports;
	double round_trip_ms, remote_loss_percent, remote_jitter_ms;

	float pcm[2880 * 2];
	float chunk[CHUNK * 2];
	float planes[2][CHUNK];
	_Alignas(8) uint8_t packet[PL_RTP_HEADER_SIZE + PL_OPUS_PACKET_MAX + TRAILER_MAX];
};

void pl_sender_start_anywhere(struct pl_sender_config *config)
{
	if (getrandom(&config->sequence, sizeof(config->sequence), GRND_NONBLOCK) < 0 ||
	    getrandom(&config->timestamp, sizeof(config->timestamp), GRND_NONBLOCK) < 0)
		config->sequence = 0;
}

int pl_sender_new(const struct pl_sender_config *config, struct pl_sender **ret_sender)
{
	struct pl_sender *s;
	int e;

	if (!config->emit || config->payload_type > 127)
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->config = *config;
	s->config.rate_hz = 0;
	s->sequence = config->sequence;
	s->timestamp = config->timestamp;
	s->round_trip_ms = s->remote_loss_percent = s->remote_jitter_ms = NAN;
	e = pl_opus_encoder_new(&config->opus, &s->encoder);
	if (e >= 0)
		e = pl_sender_set_rate(s, config->rate_hz);
	if (e < 0) {
		pl_sender_free(s);
		return e;
	}
	s->frames = pl_opus_encoder_frames(s->encoder);
	pl_sender_transmit(s, config->transmit);
	*ret_sender = s;
	return 0;
}

struct pl_sender *pl_sender_free(struct pl_sender *sender)
{
	if (sender) {
		pl_opus_encoder_free(sender->encoder);
		pl_resampler_free(sender->resampler);
	}
	free(sender);
	return NULL;
}

int pl_sender_set_rate(struct pl_sender *s, uint32_t rate_hz)
{
	struct pl_resampler *resampler = NULL;
	int e;

	if (rate_hz == s->config.rate_hz)
		return 0;
	if (rate_hz != PL_OPUS_RATE_HZ) {
		e = pl_resampler_new(rate_hz, PL_OPUS_RATE_HZ, s->config.opus.n_channels, CHUNK,
				     &resampler);
		if (e < 0)
			return e;
	}
	pl_resampler_free(s->resampler);
	s->resampler = resampler;
	s->config.rate_hz = rate_hz;
	return 0;
}

static void emit(struct pl_sender *s, int size)
{
	struct pl_rtp_packet header = {
		.payload_type = s->config.payload_type,
		.marker = s->marker,
		.sequence = s->sequence,
		.timestamp = s->timestamp,
		.ssrc = s->config.ssrc,
	};
	size_t n = (size_t)size;

	if (!s->config.raw)
		n += (size_t)pl_rtp_write_header(&header, s->packet, sizeof(s->packet));
	s->marker = false;
	s->sequence++;
	s->n_packets++;
	s->n_bytes += n;
	s->n_payload += (uint32_t)size;
	s->config.emit(s->config.userdata, s->packet, n, sizeof(s->packet));
}

/** A whole packet is there. */
static void finish(struct pl_sender *s)
{
	uint8_t *payload = s->packet + (s->config.raw ? 0 : PL_RTP_HEADER_SIZE);
	int size = pl_opus_encode(s->encoder, s->pcm, payload, PL_OPUS_PACKET_MAX);

	/* The first packet of a pause tells that there is one; the others are not sent. */
	if (size > 0 && !(pl_opus_is_dtx((size_t)size) && s->was_dtx)) {
		if (s->was_dtx)
			s->marker = true;
		emit(s, size);
	}
	if (size > 0)
		s->was_dtx = pl_opus_is_dtx((size_t)size);
	s->timestamp += s->frames;
	s->n_filled = 0;
}

/** A packet of one byte, which says that nothing follows: no loss, RFC 7587 3.1.3. */
static void finish_silent(struct pl_sender *s)
{
	uint8_t *payload = s->packet + (s->config.raw ? 0 : PL_RTP_HEADER_SIZE);
	/* RFC 6716 table 2: CELT full band of 2.5, 5, 10 or 20 ms; one frame, empty */
	uint8_t config = (uint8_t)(s->frames <= 120   ? 28
				   : s->frames <= 240 ? 29
				   : s->frames <= 480 ? 30
						      : 31);

	payload[0] = (uint8_t)(config << 3 | (s->config.opus.n_channels == 2 ? 4 : 0));
	emit(s, 1);
	s->timestamp += s->frames;
}

static void stop(struct pl_sender *s)
{
	uint32_t n_channels = s->config.opus.n_channels, at = s->n_filled;
	uint32_t n_fade = at < FADE_FRAMES ? at : FADE_FRAMES;

	for (uint32_t i = 0; i < n_fade; i++)
		for (uint32_t c = 0; c < n_channels; c++)
			s->pcm[(at - n_fade + i) * n_channels + c] *=
				1.0f - (float)(i + 1) / (float)n_fade;
	if (at > 0) {
		memset(s->pcm + at * n_channels, 0, (s->frames - at) * n_channels * sizeof(float));
		finish(s);
	}
	/* what the encoder holds back, then the end */
	for (uint32_t n = 0; n < pl_opus_encoder_lookahead(s->encoder); n += s->frames) {
		memset(s->pcm, 0, sizeof(s->pcm));
		finish(s);
	}
	if (!s->was_dtx)
		finish_silent(s);
}

void pl_sender_transmit(struct pl_sender *s, bool on)
{
	if (on == s->transmitting)
		return;
	s->transmitting = on;
	if (!on) {
		stop(s);
		return;
	}
	pl_opus_encoder_reset(s->encoder);
	s->marker = true;
	s->was_dtx = false;
	s->n_filled = 0;
	s->n_fade = FADE_FRAMES;
}

/** At 48 kHz, interleaved. */
static void take(struct pl_sender *s, const float *samples, uint32_t n_frames)
{
	uint32_t n_channels = s->config.opus.n_channels;

	if (!s->transmitting) {
		s->timestamp += n_frames;
		return;
	}
	while (n_frames > 0) {
		uint32_t n = s->frames - s->n_filled;
		float *to = s->pcm + s->n_filled * n_channels;

		n = n < n_frames ? n : n_frames;
		memcpy(to, samples, n * n_channels * sizeof(float));
		for (uint32_t i = 0; i < n && s->n_fade > 0; i++, s->n_fade--)
			for (uint32_t c = 0; c < n_channels; c++)
				to[i * n_channels + c] *=
					1.0f - (float)s->n_fade / (float)FADE_FRAMES;
		samples += n * n_channels;
		n_frames -= n;
		s->n_filled += n;
		if (s->n_filled == s->frames)
			finish(s);
	}
}

static void interleave(struct pl_sender *s, const float *left, const float *right, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		s->chunk[2 * i] = left[i];
		s->chunk[2 * i + 1] = right[i];
	}
}

static void resample(struct pl_sender *s, const float *samples, uint32_t n)
{
	uint32_t n_channels = s->config.opus.n_channels, made;
	float *planes[2] = {s->planes[0], s->planes[1]};

	pl_resampler_push(s->resampler, samples, n);
	do {
		made = pl_resampler_pull(s->resampler, planes, CHUNK);
		if (n_channels == 1) {
			take(s, s->planes[0], made);
		} else {
			interleave(s, s->planes[0], s->planes[1], made);
			take(s, s->chunk, made);
		}
	} while (made == CHUNK);
}

void pl_sender_push(struct pl_sender *s, const float *const src[], uint32_t n_frames)
{
	uint32_t n_channels = s->config.opus.n_channels, n;

	for (uint32_t at = 0; at < n_frames; at += n) {
		const float *samples = src[0] + at;

		n = n_frames - at < CHUNK ? n_frames - at : CHUNK;
		if (n_channels == 2) {
			interleave(s, src[0] + at, src[1] + at, n);
			samples = s->chunk;
		}
		if (s->resampler)
			resample(s, samples, n);
		else
			take(s, samples, n);
	}
}

void pl_sender_skip(struct pl_sender *s, uint64_t n_frames)
{
	double frames = (double)n_frames * PL_OPUS_RATE_HZ / s->config.rate_hz + s->skipped;
	double whole = floor(frames);

	s->skipped = frames - whole;
	if (s->transmitting && s->n_filled > 0) {
		uint32_t rest = s->frames - s->n_filled;
		static const float nothing[2880 * 2];

		/* what is begun is filled up with the silence that the gap is */
		if (whole < rest) {
			take(s, nothing, (uint32_t)whole);
			return;
		}
		take(s, nothing, rest);
		whole -= rest;
	}
	s->timestamp += (uint32_t)(uint64_t)whole;
	if (whole > 0)
		s->marker = s->transmitting;
}

void pl_sender_set_ssrc(struct pl_sender *s, uint32_t ssrc)
{
	s->config.ssrc = ssrc;
	s->n_packets = 0;
	s->n_payload = 0;
}

void pl_sender_fill_report(struct pl_sender *s, uint64_t realtime_nsec,
			   struct pl_rtcp_compound *ret_compound)
{
	ret_compound->ssrc = s->config.ssrc;
	s->n_idle_reports = s->n_packets == s->n_reported ? s->n_idle_reports + 1 : 0;
	s->n_reported = s->n_packets;
	ret_compound->is_sender = s->n_packets > 0 && s->n_idle_reports <= REPORT_INTERVALS;
	ret_compound->ntp = pl_ntp_from_nsec(realtime_nsec);
	ret_compound->timestamp = s->timestamp + s->n_filled;
	ret_compound->n_packets = (uint32_t)s->n_packets;
	ret_compound->n_octets = s->n_payload;
}

void pl_sender_heard(struct pl_sender *s, const struct pl_rtcp_compound *rtcp,
		     uint64_t realtime_nsec)
{
	for (uint32_t i = 0; i < rtcp->n_reports; i++) {
		const struct pl_rtcp_report *report = &rtcp->reports[i];
		double round_trip_ms, loss;

		if (report->ssrc != s->config.ssrc)
			continue;
		round_trip_ms = pl_rtcp_round_trip_ms(report, pl_ntp_from_nsec(realtime_nsec));
		if (!isnan(round_trip_ms))
			s->round_trip_ms = round_trip_ms;
		s->remote_loss_percent = report->fraction_lost * 100.0 / 256;
		s->remote_jitter_ms = report->jitter * 1000.0 / PL_RTP_CLOCK_HZ;
		loss = fmax(s->remote_loss_percent, s->config.opus.expected_loss);
		pl_opus_encoder_set_loss(s->encoder, (uint8_t)fmin(loss, 100));
	}
}

void pl_sender_status(const struct pl_sender *s, struct pl_sender_status *ret_status)
{
	double ms = 1000.0 / PL_OPUS_RATE_HZ;

	*ret_status = (struct pl_sender_status){
		.transmitting = s->transmitting,
		.n_packets = s->n_packets,
		.n_bytes = s->n_bytes,
		.packet_ms = s->frames * ms,
		.lookahead_ms = pl_opus_encoder_lookahead(s->encoder) * ms,
		.round_trip_ms = s->round_trip_ms,
		.remote_loss_percent = s->remote_loss_percent,
		.remote_jitter_ms = s->remote_jitter_ms,
	};
	if (s->resampler)
		ret_status->resampler_ms =
			pl_resampler_delay(s->resampler) * 1000.0 / s->config.rate_hz;
}
