/* SPDX-License-Identifier: MIT */
#include "rtcp.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "bytes.h"

#define VERSION 2u
#define TYPE_SR 200u
#define TYPE_RR 201u
#define TYPE_SDES 202u
#define TYPE_BYE 203u
#define SDES_CNAME 1u
#define HEADER_SIZE 4u
#define SENDER_SIZE 20u
#define REPORT_SIZE 24u

/* --- parse --------------------------------------------------------------------------------- */

static void parse_report(const uint8_t *p, struct pl_rtcp_report *ret_report)
{
	uint32_t lost = get_u32(p + 4) & 0xffffffu;

	ret_report->ssrc = get_u32(p);
	ret_report->fraction_lost = p[4];
	ret_report->n_lost = lost & 0x800000u ? (int32_t)lost - 0x1000000 : (int32_t)lost;
	ret_report->highest_sequence = get_u32(p + 8);
	ret_report->jitter = get_u32(p + 12);
	ret_report->last_sr = get_u32(p + 16);
	ret_report->delay_since_sr = get_u32(p + 20);
}

static int parse_reports(struct pl_rtcp_compound *c, uint8_t type, uint8_t count,
			 const uint8_t *body, size_t size)
{
	size_t at = 4;

	if (size < 4)
		return -EBADMSG;
	c->ssrc = get_u32(body);
	if (type == TYPE_SR) {
		if (size - at < SENDER_SIZE)
			return -EBADMSG;
		c->is_sender = true;
		c->ntp = (uint64_t)get_u32(body + at) << 32 | get_u32(body + at + 4);
		c->timestamp = get_u32(body + at + 8);
		c->n_packets = get_u32(body + at + 12);
		c->n_octets = get_u32(body + at + 16);
		at += SENDER_SIZE;
	}
	if (size - at < count * (size_t)REPORT_SIZE)
		return -EBADMSG;
	for (uint8_t i = 0; i < count; i++, at += REPORT_SIZE)
		if (c->n_reports < PL_RTCP_REPORTS_MAX)
			parse_report(body + at, &c->reports[c->n_reports++]);
	return 0;
}

/** Chunks of an SSRC and items, each chunk filled up to 4 bytes. */
static int parse_sdes(struct pl_rtcp_compound *c, uint8_t count, const uint8_t *body, size_t size)
{
	size_t at = 0;

	for (uint8_t i = 0; i < count; i++) {
		uint32_t ssrc;

		if (size - at < 8)
			return -EBADMSG;
		ssrc = get_u32(body + at);
		at += 4;
		while (at < size && body[at] != 0) {
			uint8_t type = body[at], n;

			if (size - at < 2)
				return -EBADMSG;
			n = body[at + 1];
			if (size - at - 2 < n)
				return -EBADMSG;
			if (type == SDES_CNAME && ssrc == c->ssrc) {
				memcpy(c->cname, body + at + 2, n);
				c->cname[n] = '\0';
			}
			at += 2u + n;
		}
		if (at >= size)
			return -EBADMSG;
		at = (at + 4) & ~(size_t)3;
		if (at > size)
			return -EBADMSG;
	}
	return 0;
}

static int parse_bye(struct pl_rtcp_compound *c, uint8_t count, const uint8_t *body, size_t size)
{
	if (size < count * (size_t)4)
		return -EBADMSG;
	for (uint8_t i = 0; i < count; i++)
		c->bye = c->bye || get_u32(body + 4u * i) == c->ssrc;
	return 0;
}

int pl_rtcp_parse(const uint8_t *data, size_t size, struct pl_rtcp_compound *ret_compound)
{
	struct pl_rtcp_compound c = {0};
	size_t at = 0;

	if (size < 8)
		return -EBADMSG;
	while (at < size) {
		const uint8_t *p = data + at;
		size_t n, body;
		uint8_t type, count;
		int r = 0;

		if (size - at < HEADER_SIZE || p[0] >> 6 != VERSION)
			return -EBADMSG;
		type = p[1];
		count = p[0] & 0x1f;
		n = (get_u16(p + 2) + (size_t)1) * 4;
		if (n > size - at)
			return -EBADMSG;
		/* A.2: a report comes first, and only the last may be padded */
		if (at == 0 && type != TYPE_SR && type != TYPE_RR)
			return -EBADMSG;
		body = n - HEADER_SIZE;
		if (p[0] & 0x20) {
			uint8_t padding = p[n - 1];

			if (at + n != size || padding == 0 || padding % 4 || padding > body)
				return -EBADMSG;
			body -= padding;
		}
		if (type == TYPE_SR || type == TYPE_RR)
			r = parse_reports(&c, type, count, p + HEADER_SIZE, body);
		else if (type == TYPE_SDES)
			r = parse_sdes(&c, count, p + HEADER_SIZE, body);
		else if (type == TYPE_BYE)
			r = parse_bye(&c, count, p + HEADER_SIZE, body);
		if (r < 0)
			return r;
		at += n;
	}
	*ret_compound = c;
	return 0;
}

/* --- write --------------------------------------------------------------------------------- */

static void put_header(uint8_t *p, uint8_t count, uint8_t type, size_t size)
{
	p[0] = (uint8_t)(VERSION << 6 | count);
	p[1] = type;
	put_u16(p + 2, (uint16_t)(size / 4 - 1));
}

static void put_report(uint8_t *p, const struct pl_rtcp_report *report)
{
	int32_t lost = report->n_lost;

	if (lost > 0x7fffff)
		lost = 0x7fffff;
	if (lost < -0x800000)
		lost = -0x800000;
	put_u32(p, report->ssrc);
	put_u32(p + 4, (uint32_t)lost & 0xffffffu);
	p[4] = report->fraction_lost;
	put_u32(p + 8, report->highest_sequence);
	put_u32(p + 12, report->jitter);
	put_u32(p + 16, report->last_sr);
	put_u32(p + 20, report->delay_since_sr);
}

int pl_rtcp_write(const struct pl_rtcp_compound *c, uint8_t *ret_data, size_t size)
{
	uint32_t n_reports =
		c->n_reports < PL_RTCP_REPORTS_MAX ? c->n_reports : PL_RTCP_REPORTS_MAX;
	size_t n_cname = strnlen(c->cname, sizeof(c->cname) - 1);
	size_t first = 8 + (c->is_sender ? SENDER_SIZE : 0) + n_reports * REPORT_SIZE;
	/* SSRC, type, length, text, at least one NUL */
	size_t sdes = HEADER_SIZE + ((4 + 2 + n_cname + 4) & ~(size_t)3);
	size_t n = first + sdes + (c->bye ? 8 : 0), at = 8;

	if (size < n)
		return -ENOSPC;
	memset(ret_data, 0, n);
	put_header(ret_data, (uint8_t)n_reports, c->is_sender ? TYPE_SR : TYPE_RR, first);
	put_u32(ret_data + 4, c->ssrc);
	if (c->is_sender) {
		put_u32(ret_data + at, (uint32_t)(c->ntp >> 32));
		put_u32(ret_data + at + 4, (uint32_t)c->ntp);
		put_u32(ret_data + at + 8, c->timestamp);
		put_u32(ret_data + at + 12, c->n_packets);
		put_u32(ret_data + at + 16, c->n_octets);
		at += SENDER_SIZE;
	}
	for (uint32_t i = 0; i < n_reports; i++, at += REPORT_SIZE)
		put_report(ret_data + at, &c->reports[i]);
	put_header(ret_data + at, 1, TYPE_SDES, sdes);
	put_u32(ret_data + at + 4, c->ssrc);
	ret_data[at + 8] = SDES_CNAME;
	ret_data[at + 9] = (uint8_t)n_cname;
	memcpy(ret_data + at + 10, c->cname, n_cname);
	at += sdes;
	if (c->bye) {
		put_header(ret_data + at, 1, TYPE_BYE, 8);
		put_u32(ret_data + at + 4, c->ssrc);
	}
	return (int)n;
}
