/* SPDX-License-Identifier: MIT */
#ifndef PL_OPUS_CODEC_H
#define PL_OPUS_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Opus (RFC 6716) by libopus, 48 kHz, one or two channels, interleaved float of full scale 1.0.
 *
 * Below 10 ms, or when it is asked for, the encoder is set to restricted low delay (2.5 ms of
 * look-ahead, a third of the processor time at 10 ms; there is no FEC in that mode), else to speech
 * (6.5 ms).
 *
 * Thread: one per object. Nothing is allocated after _new.
 */

#define PL_OPUS_RATE_HZ 48000u
/** Longest packet, RFC 6716 3.2.5 [R5]: 120 ms. */
#define PL_OPUS_FRAMES_MAX 5760u
#define PL_OPUS_PACKET_MAX 1400u

struct pl_opus_config {
	uint8_t n_channels;   /**< 1 or 2 */
	double ptime_ms;      /**< 2.5, 5, 10, 20, 40, 60 */
	uint32_t bitrate_bps; /**< 6000..510000; lowered to what fits PL_OPUS_PACKET_MAX */
	uint8_t complexity;   /**< 0..10 */
	bool fec, dtx;
	bool low_delay;        /**< also from 10 ms on */
	uint8_t expected_loss; /**< per cent, 0..100 */
};

struct pl_opus_encoder;

/** @return 0; -EINVAL: a value out of its range; -ENOMEM */
int pl_opus_encoder_new(const struct pl_opus_config *config, struct pl_opus_encoder **ret_encoder);
/** @return NULL */
struct pl_opus_encoder *pl_opus_encoder_free(struct pl_opus_encoder *encoder);
/** As after _new: what comes next begins from silence. */
void pl_opus_encoder_reset(struct pl_opus_encoder *encoder);
/** Of a packet: 120..2880. */
uint32_t pl_opus_encoder_frames(const struct pl_opus_encoder *encoder);
/** By which the decoded sound is late, in frames: 120 or 312. */
uint32_t pl_opus_encoder_lookahead(const struct pl_opus_encoder *encoder);
/** Live. @param expected_loss per cent */
void pl_opus_encoder_set_loss(struct pl_opus_encoder *encoder, uint8_t expected_loss);
void pl_opus_encoder_set_bitrate(struct pl_opus_encoder *encoder, uint32_t bitrate_bps);
/**
 * @param samples  pl_opus_encoder_frames() × channels; NaN and infinities are silence, what is
 *                 beyond full scale is clipped
 * @param size     of ret_data; PL_OPUS_PACKET_MAX
 * @return bytes; -EIO. pl_opus_is_dtx(): the first of a row tells the receiver that silence begins,
 *         further ones need not be sent
 */
int pl_opus_encode(struct pl_opus_encoder *encoder, const float *samples, uint8_t *ret_data,
		   size_t size);

/** A packet without sound in it, RFC 7587 3.1.3: "two bytes or less". */
static inline bool pl_opus_is_dtx(size_t size)
{
	return size <= 2;
}

struct pl_opus_decoder;

/** @param n_channels  of what comes out; packets may have either */
int pl_opus_decoder_new(uint8_t n_channels, struct pl_opus_decoder **ret_decoder);
/** @return NULL */
struct pl_opus_decoder *pl_opus_decoder_free(struct pl_opus_decoder *decoder);
void pl_opus_decoder_reset(struct pl_opus_decoder *decoder);
/**
 * What comes out is finite and within ±2.
 *
 * @param frames_max  room in ret_samples, frames
 * @return frames; -EBADMSG: no Opus packet; -ENOSPC
 */
int pl_opus_decode(struct pl_opus_decoder *decoder, const uint8_t *data, size_t size,
		   float *ret_samples, uint32_t frames_max);
/** The packet before this one, out of this one's redundancy. @param frames of the lost one */
int pl_opus_decode_fec(struct pl_opus_decoder *decoder, const uint8_t *data, size_t size,
		       float *ret_samples, uint32_t frames);
/** Nothing came: made up from the past. @param frames a multiple of 120, up to 5760 */
int pl_opus_conceal(struct pl_opus_decoder *decoder, float *ret_samples, uint32_t frames);

/** Duration in frames of 48 kHz, 120..5760; -EBADMSG. */
int pl_opus_packet_frames(const uint8_t *data, size_t size);
/** Whether it carries redundancy for the one before (RFC 6716 4.2.4). */
bool pl_opus_packet_has_fec(const uint8_t *data, size_t size);

#endif
