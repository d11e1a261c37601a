/* SPDX-License-Identifier: MIT */
#include "gateway-def.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fields.h"

struct checker {
	struct pl_gateway *gateway;
	uint32_t n_tablets, n_channels;
	const char *list; /* "/streams/": where the definition is that is looked at */
	size_t index;
	char *pointer, *reason;
	size_t pointer_size, reason_size;
};

/** @param member  below the definition: "/local/port", "" */
static int __attribute__((format(printf, 3, 4)))
refuse(struct checker *c, const char *member, const char *format, ...)
{
	va_list args;

	snprintf(c->pointer, c->pointer_size, "%s%zu%s", c->list, c->index, member);
	va_start(args, format);
	vsnprintf(c->reason, c->reason_size, format, args);
	va_end(args);
	return -EINVAL;
}

static int check_endpoint(struct checker *c, const char *member, struct pl_endpoint endpoint)
{
	uint32_t n = endpoint.is_tablet ? c->n_tablets : c->n_channels;
	const char *what = endpoint.is_tablet ? "tablet" : "channel";

	if (endpoint.id >= 1 && endpoint.id <= n)
		return 0;
	return refuse(c, member, "no %s %u; %ss are 1 to %u, see \"%ss\"", what, endpoint.id, what,
		      n, what);
}

/* --- streams --------------------------------------------------------------------------- */

size_t pl_stream_secret_size(const struct pl_stream_def *stream)
{
	if (stream->protocol == PL_STREAM_ECHOSTREAM)
		return 32;
	switch (stream->cipher) {
	case PL_CIPHER_AES_256_GCM:
		return 32 + 12;
	case PL_CIPHER_AES_128_CM:
		return 16 + 14;
	case PL_CIPHER_NONE:
		break;
	}
	return 0;
}

static int check_secret(struct checker *c, const struct pl_stream_def *stream)
{
	size_t wanted = pl_stream_secret_size(stream);

	if (stream->secret_size == wanted)
		return 0;
	if (wanted == 0)
		return refuse(c, "/srtp/key", "the cipher \"none\" takes no key");
	if (stream->secret_size == 0)
		return refuse(c, "/srtp/key",
			      "is missing, as streams are encrypted; \"partylinectl stream key%s\" "
			      "prints a fresh one for both ends",
			      stream->cipher == PL_CIPHER_AES_128_CM ? " aes_128_cm" : "");
	return refuse(c, "/srtp/key",
		      "has %zu bytes, this cipher takes %zu of key and salt; \"partylinectl stream "
		      "key%s\" prints a fresh one",
		      stream->secret_size, wanted,
		      stream->cipher == PL_CIPHER_AES_128_CM ? " aes_128_cm" : "");
}

/** RTP and RTCP: the port and the next one. Groups of their own may share them. */
static bool ports_meet(const struct pl_stream_def *a, const struct pl_stream_def *b)
{
	int apart = (int)a->local_port - (int)b->local_port;

	if (a->protocol != PL_STREAM_RTP || b->protocol != PL_STREAM_RTP || !a->local_port ||
	    !b->local_port || apart < -1 || apart > 1)
		return false;
	return !a->local_address[0] || !b->local_address[0] ||
	       strcmp(a->local_address, b->local_address) == 0;
}

static int check_rtp(struct checker *c, const struct pl_stream_def *stream)
{
	if (stream->way & PL_STREAM_SEND) {
		if (!stream->remote_host[0])
			return refuse(c, "/remote/host",
				      "is missing: a stream that sends needs to know where to");
		if (!stream->remote_port)
			return refuse(c, "/remote/port", "is missing");
	}
	if (stream->way & PL_STREAM_RECEIVE && !stream->local_port)
		return refuse(c, "/local/port",
			      "is missing: a stream that receives needs a port of its own");
	if (stream->local_port == 65535)
		return refuse(c, "/local/port", "must be at most 65534: RTCP has the next one");
	for (size_t i = 0; i < c->index; i++)
		if (ports_meet(stream, &c->gateway->streams[i]))
			return refuse(c, "/local/port",
				      "%u meets the ports of the stream \"%s\", %u and the next: "
				      "each stream has its own two",
				      stream->local_port, c->gateway->streams[i].id,
				      c->gateway->streams[i].local_port);
	return check_secret(c, stream);
}

static int check_echostream(struct checker *c, const struct pl_stream_def *stream)
{
	if (strncmp(stream->url, "ws://", 5) != 0 && strncmp(stream->url, "wss://", 6) != 0)
		return refuse(c, "/echostream/url", "must begin with ws:// or wss://");
	if (!stream->echo_channel_id[0])
		return refuse(c, "/echostream/channel_id", "is missing");
	if (stream->n_channels != 1)
		return refuse(c, "/opus/channels", "EchoStream is mono");
	/* The server may send the key. */
	if (stream->secret_size != 0 && stream->secret_size != 32)
		return refuse(c, "/echostream/key", "has %zu bytes, AES-256 takes 32",
			      stream->secret_size);
	return 0;
}

static int check_stream(struct checker *c, const struct pl_stream_def *stream)
{
	static const double ptimes_ms[] = {2.5, 5, 10, 20, 40, 60};
	bool has_ptime = false;
	int r;

	if (!pl_gateway_id_is_valid(stream->id))
		return refuse(c, "/id", "must be 1 to 31 characters of a to z, 0 to 9 and -");
	for (size_t i = 0; i < c->index; i++)
		if (strcmp(c->gateway->streams[i].id, stream->id) == 0)
			return refuse(c, "/id", "there is a stream \"%s\" already", stream->id);
	r = check_endpoint(c, "/endpoint", stream->endpoint);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < sizeof(ptimes_ms) / sizeof(ptimes_ms[0]); i++)
		has_ptime = has_ptime || ptimes_ms[i] == stream->ptime_ms;
	if (!has_ptime)
		return refuse(c, "/opus/ptime_ms", "must be one of 2.5, 5, 10, 20, 40, 60");
	if (stream->jitter_min_ms > stream->jitter_max_ms)
		return refuse(c, "/jitter/min_ms", "must be at most max_ms");
	return stream->protocol == PL_STREAM_RTP ? check_rtp(c, stream)
						 : check_echostream(c, stream);
}

/* --- lines ------------------------------------------------------------------------------- */

static int check_line(struct checker *c, const struct pl_line_def *line)
{
	int r = check_endpoint(c, "/channel", (struct pl_endpoint){false, line->channel_id});

	if (r == 0 && line->function == PL_LINE_KEY)
		r = check_endpoint(c, "/tablet", (struct pl_endpoint){true, line->tablet_id});
	if (r < 0)
		return r;
	for (size_t i = 0; i < c->index; i++) {
		const struct pl_line_def *other = &c->gateway->lines[i];

		if (strcmp(other->id, line->id) == 0)
			return refuse(c, "/id", "there is a line \"%s\" already", line->id);
		if (strcmp(other->chip, line->chip) == 0 && other->offset == line->offset &&
		    strcmp(other->line_name, line->line_name) == 0)
			return refuse(c, "/line", "the line \"%s\" has this one already",
				      other->id);
	}
	return 0;
}

/* --- tones --------------------------------------------------------------------------------- */

static struct pl_tone_input *input_of(struct pl_gateway *gateway, struct pl_endpoint endpoint,
				      size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct pl_tone_input *input = &gateway->tone_inputs[i];

		if (input->endpoint.is_tablet == endpoint.is_tablet &&
		    input->endpoint.id == endpoint.id)
			return input;
	}
	return NULL;
}

static int check_input(struct checker *c, const struct pl_tone_input *input)
{
	if (input_of(c->gateway, input->endpoint, c->index))
		return refuse(c, "/endpoint", "is listened to already");
	return check_endpoint(c, "/endpoint", input->endpoint);
}

static int check_tone(struct checker *c, double hz, const char *hz_member, double length_s,
		      const char *length_member)
{
	if (!(hz >= 200.0 && hz <= 3500.0))
		return refuse(c, hz_member, "must be 200 to 3500");
	if (!(length_s >= 0.2 && length_s <= 20.0))
		return refuse(c, length_member, "must be 0.2 to 20");
	return 0;
}

/** The middle of a tone's tolerance must not hold the other tone: nothing could tell them apart. */
static int check_tones(struct checker *c, const struct pl_page_def *page)
{
	int r = check_tone(c, page->a_hz, "/a_hz", page->a_length_s, "/a_length_s");

	if (r < 0 || page->kind == PL_PAGE_LONG)
		return r;
	r = check_tone(c, page->b_hz, "/b_hz", page->b_length_s, "/b_length_s");
	if (r == 0 && fabs(page->a_hz - page->b_hz) < 5.0)
		return refuse(c, "/b_hz",
			      "must be another tone than a_hz; one tone alone is of the kind "
			      "\"long\"");
	return r;
}

static int check_page(struct checker *c, const struct pl_page_def *page)
{
	int r;

	if (!pl_gateway_id_is_valid(page->id))
		return refuse(c, "/id", "must be 1 to 31 characters of a to z, 0 to 9 and -");
	for (size_t i = 0; i < c->index; i++)
		if (strcmp(c->gateway->pages[i].id, page->id) == 0)
			return refuse(c, "/id", "there is a page \"%s\" already", page->id);
	r = check_endpoint(c, "/source", page->source);
	if (r < 0)
		return r;
	if (page->passthrough_channel_id > 0) {
		r = check_endpoint(c, "/passthrough_channel",
				   (struct pl_endpoint){false, page->passthrough_channel_id});
		if (r < 0)
			return r;
		if (!page->source.is_tablet && page->source.id == page->passthrough_channel_id)
			return refuse(c, "/passthrough_channel",
				      "a channel cannot be passed through to itself");
	}
	if (page->kind != PL_PAGE_DTMF)
		return check_tones(c, page);
	if (!page->digits[0] || page->digits[strspn(page->digits, "0123456789ABCD*#")] != '\0')
		return refuse(c, "/digits", "must be 1 to 31 of 0 to 9, A to D, * and #");
	return 0;
}

int pl_gateway_complete(struct pl_gateway *gateway)
{
	for (size_t i = 0; i < gateway->n_pages; i++) {
		const struct pl_page_def *page = &gateway->pages[i];
		struct pl_tone_input *input =
			input_of(gateway, page->source, gateway->n_tone_inputs);

		if (!input) {
			struct pl_tone_input fresh;
			int r;

			pl_tone_input_init(&fresh);
			fresh.endpoint = page->source;
			r = pl_gateway_add_tone_input(gateway, &fresh);
			if (r < 0)
				return r;
			input = &gateway->tone_inputs[gateway->n_tone_inputs - 1];
		}
		if (page->kind == PL_PAGE_DTMF)
			input->dtmf = true;
	}
	return 0;
}

/* --- telling others ----------------------------------------------------------------------------- */

static int refuse_section(struct checker *c, const char *pointer, const char *reason)
{
	snprintf(c->pointer, c->pointer_size, "%s", pointer);
	snprintf(c->reason, c->reason_size, "%s", reason);
	return -EINVAL;
}

static int check_sections(struct checker *c)
{
	const struct pl_mqtt_def *mqtt = &c->gateway->mqtt;
	const struct pl_s3_def *s3 = &c->gateway->s3;

	if (mqtt->enabled) {
		if (!mqtt->topic[0] || strpbrk(mqtt->topic, "+#"))
			return refuse_section(c, "/mqtt/topic",
					      "must be a topic without wildcards");
		if (strpbrk(mqtt->availability_topic, "+#"))
			return refuse_section(c, "/mqtt/availability_topic",
					      "must be a topic without wildcards");
		if (!mqtt->certificate_file[0] != !mqtt->key_file[0])
			return refuse_section(
				c, mqtt->key_file[0] ? "/mqtt/certificate_file" : "/mqtt/key_file",
				"is missing: a client certificate and its key "
				"belong together");
		if (!mqtt->tls &&
		    (mqtt->ca_file[0] || mqtt->certificate_file[0] || mqtt->key_file[0]))
			return refuse_section(c, "/mqtt/tls", "certificates are for tls");
	}
	if (s3->enabled) {
		if (s3->endpoint[0] && strncmp(s3->endpoint, "https://", 8) != 0 &&
		    strncmp(s3->endpoint, "http://", 7) != 0)
			return refuse_section(c, "/s3/endpoint",
					      "must begin with https:// or http://");
		if (!s3->access_key[0])
			return refuse_section(c, "/s3/access_key", "is missing");
		if (!s3->secret_key[0])
			return refuse_section(c, "/s3/secret_key",
					      "is missing; secret_key_file names a file with it");
	}
	return 0;
}

/* --- all ------------------------------------------------------------------------------------------ */

static struct checker checker_of(struct pl_gateway *gateway, const struct pl_gateway_bounds *bounds,
				 const char *list, size_t index)
{
	return (struct checker){
		.gateway = gateway,
		.n_tablets = bounds->n_tablets,
		.n_channels = bounds->n_channels,
		.list = list,
		.index = index,
		.pointer = bounds->pointer,
		.pointer_size = bounds->pointer_size,
		.reason = bounds->reason,
		.reason_size = bounds->reason_size,
	};
}

int pl_gateway_check_one(struct pl_gateway *gateway, enum pl_gateway_kind kind, size_t index,
			 const struct pl_gateway_bounds *bounds)
{
	static const char *const lists[] = {"/streams/", "/gpio/lines/", "/tones/inputs/",
					    "/tones/pages/"};
	struct checker c = checker_of(gateway, bounds, lists[kind], index);

	switch (kind) {
	case PL_GATEWAY_STREAM:
		return check_stream(&c, &gateway->streams[index]);
	case PL_GATEWAY_LINE:
		return check_line(&c, &gateway->lines[index]);
	case PL_GATEWAY_TONE_INPUT:
		return check_input(&c, &gateway->tone_inputs[index]);
	case PL_GATEWAY_PAGE:
		return check_page(&c, &gateway->pages[index]);
	}
	return -EINVAL;
}

int pl_gateway_check(struct pl_gateway *gateway, const struct pl_gateway_bounds *bounds)
{
	const size_t n[] = {gateway->n_streams, gateway->n_lines, gateway->n_tone_inputs,
			    gateway->n_pages};
	struct checker c = checker_of(gateway, bounds, "", 0);
	int r;

	for (unsigned kind = PL_GATEWAY_STREAM; kind <= PL_GATEWAY_PAGE; kind++) {
		for (size_t i = 0; i < n[kind]; i++) {
			r = pl_gateway_check_one(gateway, kind, i, bounds);
			if (r < 0)
				return r;
		}
	}
	r = check_sections(&c);
	if (r == 0)
		r = pl_gateway_complete(gateway);
	if (r == -ENOSPC)
		return refuse_section(&c, "/tones/inputs", "there may be no more of them");
	return r;
}
