/* SPDX-License-Identifier: MIT */
#include "sdp.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "srtp.h"

struct text {
	char *at;
	size_t left;
	int length; /**< or -ENOSPC */
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	if (t->length < 0)
		return;
	va_start(args, format);
	n = vsnprintf(t->at, t->left, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= t->left) {
		t->length = -ENOSPC;
		return;
	}
	t->at += n;
	t->left -= (size_t)n;
	t->length += n;
}

/** RFC 8866 9: no NUL, CR or LF in a text; in a word no space either. */
static bool is_text(const char *text, bool is_word)
{
	for (; *text; text++)
		if ((unsigned char)*text < (is_word ? 0x21 : 0x20) || *text == 0x7f)
			return false;
	return true;
}

static void put_key(struct text *t, const struct pl_sdp *sdp)
{
	unsigned char base64[4 * ((PL_STREAM_SECRET_MAX + 2) / 3) + 1];

	if (sdp->secret_size != pl_srtp_secret_size(sdp->cipher))
		return;
	EVP_EncodeBlock(base64, sdp->secret, (int)sdp->secret_size);
	put(t, "a=crypto:1 %s inline:%s\r\n", pl_srtp_suite(sdp->cipher), base64);
	explicit_bzero(base64, sizeof(base64));
}

static const char *way_word(enum pl_stream_way way)
{
	switch (way) {
	case PL_STREAM_SEND:
		return "sendonly";
	case PL_STREAM_RECEIVE:
		return "recvonly";
	case PL_STREAM_BOTH:
		break;
	}
	return "sendrecv";
}

int pl_sdp_write(const struct pl_sdp *sdp, char *ret_text, size_t size)
{
	const char *family = sdp->ipv6 ? "IP6" : "IP4";
	struct text t = {.at = ret_text, .left = size};
	unsigned payload_type = sdp->payload_type;

	if (!is_text(sdp->name, false) || !is_text(sdp->address, true) ||
	    !is_text(sdp->origin, true))
		return -EINVAL;
	put(&t, "v=0\r\no=- %llu %llu IN %s %s\r\ns=%s\r\n", (unsigned long long)sdp->session_id,
	    (unsigned long long)sdp->session_version, strchr(sdp->origin, ':') ? "IP6" : "IP4",
	    sdp->origin[0] ? sdp->origin : "127.0.0.1", sdp->name[0] ? sdp->name : "-");
	put(&t, "c=IN %s %s", family, sdp->address);
	if (sdp->ttl && !sdp->ipv6)
		put(&t, "/%u", sdp->ttl);
	put(&t, "\r\nt=0 0\r\nm=audio %u RTP/%s %u\r\n", sdp->port,
	    sdp->cipher == PL_CIPHER_NONE ? "AVP" : "SAVP", payload_type);
	/* RFC 7587 7: always 48000 and 2, whatever is in it */
	put(&t, "a=rtpmap:%u opus/48000/2\r\n", payload_type);
	put(&t, "a=fmtp:%u sprop-stereo=%d;stereo=%d;useinbandfec=%d;usedtx=%d", payload_type,
	    sdp->n_channels == 2, sdp->n_channels == 2, sdp->fec, sdp->dtx);
	if (sdp->bitrate_bps)
		put(&t, ";maxaveragebitrate=%u", sdp->bitrate_bps);
	put(&t, "\r\n");
	if (sdp->ptime_ms > 0)
		put(&t, "a=ptime:%g\r\n", sdp->ptime_ms);
	if (sdp->rtcp_port && sdp->rtcp_port != sdp->port + 1u)
		put(&t, "a=rtcp:%u\r\n", sdp->rtcp_port);
	if (sdp->cipher != PL_CIPHER_NONE)
		put_key(&t, sdp);
	put(&t, "a=%s\r\n", way_word(sdp->way));
	return t.length;
}
