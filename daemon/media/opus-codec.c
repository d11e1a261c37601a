/* SPDX-License-Identifier: MIT */
#include "opus-codec.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <opus.h>

#define OUT_MAX 2.0f

struct pl_opus_encoder {
	OpusEncoder *opus;
	uint8_t n_channels;
	uint32_t frames;
	uint32_t lookahead;
	double ptime_ms;
	float clean[2880 * 2];
};

struct pl_opus_decoder {
	OpusDecoder *opus;
	uint8_t n_channels;
};

static bool is_valid(const struct pl_opus_config *c)
{
	static const double ptimes[] = {2.5, 5, 10, 20, 40, 60};
	bool found = false;

	for (size_t i = 0; i < sizeof(ptimes) / sizeof(ptimes[0]); i++)
		found = found || fabs(c->ptime_ms - ptimes[i]) < 1e-9;
	return found && (c->n_channels == 1 || c->n_channels == 2) && c->bitrate_bps >= 6000 &&
	       c->bitrate_bps <= 510000 && c->complexity <= 10 && c->expected_loss <= 100;
}

int pl_opus_encoder_new(const struct pl_opus_config *config, struct pl_opus_encoder **ret_encoder)
{
	bool is_quick = config->low_delay || config->ptime_ms < 10;
	struct pl_opus_encoder *encoder;
	opus_int32 lookahead;
	int error;

	if (!is_valid(config))
		return -EINVAL;
	encoder = calloc(1, sizeof(*encoder));
	if (!encoder)
		return -ENOMEM;
	encoder->opus = opus_encoder_create(
		(opus_int32)PL_OPUS_RATE_HZ, config->n_channels,
		is_quick ? OPUS_APPLICATION_RESTRICTED_LOWDELAY : OPUS_APPLICATION_VOIP, &error);
	if (!encoder->opus) {
		free(encoder);
		return error == OPUS_ALLOC_FAIL ? -ENOMEM : -EINVAL;
	}
	encoder->n_channels = config->n_channels;
	encoder->ptime_ms = config->ptime_ms;
	encoder->frames = (uint32_t)lround(config->ptime_ms * (PL_OPUS_RATE_HZ / 1000.0));
	opus_encoder_ctl(encoder->opus, OPUS_SET_COMPLEXITY(config->complexity));
	opus_encoder_ctl(encoder->opus, OPUS_SET_INBAND_FEC(config->fec && !is_quick));
	opus_encoder_ctl(encoder->opus, OPUS_SET_DTX(config->dtx));
	pl_opus_encoder_set_loss(encoder, config->expected_loss);
	pl_opus_encoder_set_bitrate(encoder, config->bitrate_bps);
	opus_encoder_ctl(encoder->opus, OPUS_GET_LOOKAHEAD(&lookahead));
	encoder->lookahead = (uint32_t)lookahead;
	*ret_encoder = encoder;
	return 0;
}

struct pl_opus_encoder *pl_opus_encoder_free(struct pl_opus_encoder *encoder)
{
	if (encoder)
		opus_encoder_destroy(encoder->opus);
	free(encoder);
	return NULL;
}

void pl_opus_encoder_reset(struct pl_opus_encoder *encoder)
{
	opus_encoder_ctl(encoder->opus, OPUS_RESET_STATE);
}

uint32_t pl_opus_encoder_frames(const struct pl_opus_encoder *encoder)
{
	return encoder->frames;
}

uint32_t pl_opus_encoder_lookahead(const struct pl_opus_encoder *encoder)
{
	return encoder->lookahead;
}

void pl_opus_encoder_set_loss(struct pl_opus_encoder *encoder, uint8_t expected_loss)
{
	opus_encoder_ctl(encoder->opus,
			 OPUS_SET_PACKET_LOSS_PERC(expected_loss > 100 ? 100 : expected_loss));
}

void pl_opus_encoder_set_bitrate(struct pl_opus_encoder *encoder, uint32_t bitrate_bps)
{
	double fits_bps = 0.9 * PL_OPUS_PACKET_MAX * 8 * 1000 / encoder->ptime_ms;

	opus_encoder_ctl(encoder->opus, OPUS_SET_BITRATE((opus_int32)fmin(bitrate_bps, fits_bps)));
}

int pl_opus_encode(struct pl_opus_encoder *encoder, const float *samples, uint8_t *ret_data,
		   size_t size)
{
	uint32_t n = encoder->frames * encoder->n_channels;
	int r;

	/* One NaN would stay in the encoder's filters for good. */
	for (uint32_t i = 0; i < n; i++) {
		float x = isfinite(samples[i]) ? samples[i] : 0.0f;

		encoder->clean[i] = x > 1.0f ? 1.0f : x < -1.0f ? -1.0f : x;
	}
	r = opus_encode_float(encoder->opus, encoder->clean, (int)encoder->frames, ret_data,
			      (opus_int32)(size < PL_OPUS_PACKET_MAX ? size : PL_OPUS_PACKET_MAX));
	return r < 0 ? -EIO : r;
}

int pl_opus_decoder_new(uint8_t n_channels, struct pl_opus_decoder **ret_decoder)
{
	struct pl_opus_decoder *decoder;
	int error;

	if (n_channels != 1 && n_channels != 2)
		return -EINVAL;
	decoder = calloc(1, sizeof(*decoder));
	if (!decoder)
		return -ENOMEM;
	decoder->n_channels = n_channels;
	decoder->opus = opus_decoder_create((opus_int32)PL_OPUS_RATE_HZ, n_channels, &error);
	if (!decoder->opus) {
		free(decoder);
		return -ENOMEM;
	}
	*ret_decoder = decoder;
	return 0;
}

struct pl_opus_decoder *pl_opus_decoder_free(struct pl_opus_decoder *decoder)
{
	if (decoder)
		opus_decoder_destroy(decoder->opus);
	free(decoder);
	return NULL;
}

void pl_opus_decoder_reset(struct pl_opus_decoder *decoder)
{
	opus_decoder_ctl(decoder->opus, OPUS_RESET_STATE);
}

static int decode(struct pl_opus_decoder *decoder, const uint8_t *data, size_t size,
		  float *ret_samples, uint32_t frames, bool fec)
{
	bool wild = false;
	int r;

	r = opus_decode_float(decoder->opus, data, (opus_int32)size, ret_samples, (int)frames, fec);
	if (r < 0)
		return r == OPUS_BUFFER_TOO_SMALL ? -ENOSPC : -EBADMSG;
	for (int i = 0; i < r * decoder->n_channels; i++) {
		float x = ret_samples[i];

		if (!isfinite(x)) {
			wild = true;
			x = 0.0f;
		}
		ret_samples[i] = x > OUT_MAX ? OUT_MAX : x < -OUT_MAX ? -OUT_MAX : x;
	}
	/* A packet that drives the filters beyond all numbers must not keep them there. */
	if (wild)
		pl_opus_decoder_reset(decoder);
	return r;
}

int pl_opus_decode(struct pl_opus_decoder *decoder, const uint8_t *data, size_t size,
		   float *ret_samples, uint32_t frames_max)
{
	if (size == 0)
		return -EBADMSG;
	return decode(decoder, data, size, ret_samples, frames_max, false);
}

int pl_opus_decode_fec(struct pl_opus_decoder *decoder, const uint8_t *data, size_t size,
		       float *ret_samples, uint32_t frames)
{
	if (size == 0)
		return -EBADMSG;
	return decode(decoder, data, size, ret_samples, frames, true);
}

int pl_opus_conceal(struct pl_opus_decoder *decoder, float *ret_samples, uint32_t frames)
{
	return decode(decoder, NULL, 0, ret_samples, frames, false);
}

int pl_opus_packet_frames(const uint8_t *data, size_t size)
{
	const unsigned char *frames[48];
	opus_int16 sizes[48];
	unsigned char toc;
	int n, samples;

	if (size == 0)
		return -EBADMSG;
	n = opus_packet_parse(data, (opus_int32)size, &toc, frames, sizes, NULL);
	if (n <= 0)
		return -EBADMSG;
	samples = n * opus_packet_get_samples_per_frame(data, (opus_int32)PL_OPUS_RATE_HZ);
	return samples > 0 && samples <= (int)PL_OPUS_FRAMES_MAX ? samples : -EBADMSG;
}

bool pl_opus_packet_has_fec(const uint8_t *data, size_t size)
{
	const unsigned char *frames[48];
	opus_int16 sizes[48];
	unsigned n_silk;
	uint8_t flags;

	/* CELT alone has no LBRR */
	if (size < 2 || data[0] & 0x80)
		return false;
	if (opus_packet_parse(data, (opus_int32)size, NULL, frames, sizes, NULL) <= 0 ||
	    sizes[0] == 0)
		return false;
	n_silk = (unsigned)opus_packet_get_samples_per_frame(data, (opus_int32)PL_OPUS_RATE_HZ) /
		 960u;
	if (n_silk == 0)
		n_silk = 1;
	/* RFC 6716 4.2.3: a VAD flag for each SILK frame, then the LBRR flag; each one bit */
	flags = frames[0][0];
	if (flags >> (7 - n_silk) & 1)
		return true;
	return data[0] & 0x04 && flags >> (6 - 2 * n_silk) & 1;
}
