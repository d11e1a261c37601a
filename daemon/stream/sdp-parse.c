/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>

#include "sdp-line.h"
#include "sdp.h"
#include "srtp.h"

struct parser {
	struct pl_sdp sdp;
	bool in_media;  /**< after a first m= */
	bool chosen;    /**< this media section is the one that counts */
	bool has_audio; /**< one was found; later ones are passed over */
	bool has_version, has_origin, has_name;
	bool has_unknown_key;
	char formats[256]; /**< payload types of the section, in order */
};

static bool next_number(const char **at, uint64_t max, uint64_t *ret_value)
{
	const char *word;
	size_t n = pl_sdp_word(at, &word);

	return pl_sdp_number(word, n, max, ret_value);
}

static bool copy_word(char *to, size_t size, const char *word, size_t n)
{
	if (n == 0 || n >= size)
		return false;
	memcpy(to, word, n);
	to[n] = '\0';
	return true;
}

/** "IN IP4 address"; the address may carry "/ttl/n". */
static bool parse_address(const char **at, char *ret_address, bool *ret_ipv6, uint8_t *ret_ttl)
{
	const char *word, *slash;
	size_t n = pl_sdp_word(at, &word);
	uint64_t ttl = 0;

	if (n != 2 || strncmp(word, "IN", 2) != 0)
		return false;
	n = pl_sdp_word(at, &word);
	if (n != 3 || (strncmp(word, "IP4", 3) != 0 && strncmp(word, "IP6", 3) != 0))
		return false;
	*ret_ipv6 = word[2] == '6';
	n = pl_sdp_word(at, &word);
	slash = memchr(word, '/', n);
	if (slash) {
		const char *digits = slash + 1;
		size_t n_digits = strcspn(digits, " /");

		if (!pl_sdp_number(digits, n_digits, 255, &ttl))
			return false;
		n = (size_t)(slash - word);
	}
	if (!copy_word(ret_address, PL_HOST_MAX, word, n))
		return false;
	/* of IPv6 it is a number of addresses */
	if (ret_ttl)
		*ret_ttl = *ret_ipv6 ? 0 : (uint8_t)ttl;
	return true;
}

/** "o=user id version IN IP4 address" */
static bool parse_origin(struct parser *p, const char *value)
{
	const char *word;
	bool ipv6;

	p->has_origin = true;
	return pl_sdp_word(&value, &word) > 0 &&
	       next_number(&value, UINT64_MAX, &p->sdp.session_id) &&
	       next_number(&value, UINT64_MAX, &p->sdp.session_version) &&
	       parse_address(&value, p->sdp.origin, &ipv6, NULL);
}

/** "m=audio port[/n] RTP/AVP types…" */
static bool parse_media(struct parser *p, const char *value)
{
	const char *word;
	size_t n = pl_sdp_word(&value, &word);
	uint64_t port, payload_type;
	bool secure;

	p->in_media = true;
	p->chosen = !p->has_audio && n == 5 && strncmp(word, "audio", 5) == 0;
	if (!p->chosen)
		return n > 0;
	n = pl_sdp_word(&value, &word);
	if (memchr(word, '/', n))
		n = (size_t)((const char *)memchr(word, '/', n) - word);
	if (!pl_sdp_number(word, n, 65535, &port))
		return false;
	n = pl_sdp_word(&value, &word);
	secure = (n == 8 && strncmp(word, "RTP/SAVP", 8) == 0) ||
		 (n == 9 && strncmp(word, "RTP/SAVPF", 9) == 0);
	if (!secure && !(n == 7 && strncmp(word, "RTP/AVP", 7) == 0) &&
	    !(n == 8 && strncmp(word, "RTP/AVPF", 8) == 0)) {
		p->chosen = false; /* a transport that is not ours; another section may be */
		return n > 0;
	}
	value += strspn(value, " ");
	if (!copy_word(p->formats, sizeof(p->formats), value, strlen(value)) ||
	    !next_number(&value, 127, &payload_type))
		return false;
	p->has_audio = true;
	p->sdp.port = (uint16_t)port;
	p->sdp.payload_type = (uint8_t)payload_type;
	p->sdp.cipher = secure ? PL_CIPHER_AES_256_GCM : PL_CIPHER_NONE;
	return true;
}

static bool is_offered(const struct parser *p, uint64_t payload_type)
{
	const char *at = p->formats;
	uint64_t value;

	while (next_number(&at, 127, &value))
		if (value == payload_type)
			return true;
	return false;
}

/** "96 opus/48000/2" */
static bool parse_rtpmap(struct parser *p, const char *value)
{
	static const char name[] = "opus/48000/2";
	uint64_t payload_type;
	const char *word;
	size_t n;

	if (!next_number(&value, 127, &payload_type))
		return false;
	n = pl_sdp_word(&value, &word);
	if (!p->sdp.is_opus && n == sizeof(name) - 1 && strncasecmp(word, name, n) == 0 &&
	    is_offered(p, payload_type)) {
		p->sdp.is_opus = true;
		p->sdp.payload_type = (uint8_t)payload_type;
	}
	return true;
}

static void parse_parameter(struct parser *p, const char *word, size_t n)
{
	const char *equals = memchr(word, '=', n);
	size_t n_name = equals ? (size_t)(equals - word) : 0;
	uint64_t value;

	if (!equals || !pl_sdp_number(equals + 1, n - n_name - 1, 510000, &value))
		return;
	if (n_name == 12 && strncasecmp(word, "sprop-stereo", n_name) == 0)
		p->sdp.n_channels = value == 1 ? 2 : 1;
	else if (n_name == 12 && strncasecmp(word, "useinbandfec", n_name) == 0)
		p->sdp.fec = value == 1;
	else if (n_name == 6 && strncasecmp(word, "usedtx", n_name) == 0)
		p->sdp.dtx = value == 1;
	else if (n_name == 17 && strncasecmp(word, "maxaveragebitrate", n_name) == 0)
		p->sdp.bitrate_bps = value < 6000 ? 6000 : (uint32_t)value;
}

/** "96 name=value; name=value" */
static bool parse_fmtp(struct parser *p, const char *value)
{
	uint64_t payload_type;

	if (!next_number(&value, 127, &payload_type))
		return false;
	if (!p->sdp.is_opus || payload_type != p->sdp.payload_type)
		return true;
	while (*value) {
		size_t n;

		value += strspn(value, " ;");
		n = strcspn(value, " ;");
		parse_parameter(p, value, n);
		value += n;
	}
	return true;
}

/** Digits, perhaps a point and digits; a locale's comma is none of ours. */
static bool parse_ptime(struct parser *p, const char *value)
{
	size_t n = strspn(value, "0123456789"), n_rest = 0;
	uint64_t whole, rest = 0;
	double ms;

	if (!pl_sdp_number(value, n, 1000, &whole))
		return false;
	ms = (double)whole;
	if (value[n] == '.') {
		n_rest = strspn(value + n + 1, "0123456789");
		if (n_rest > 6 || !pl_sdp_number(value + n + 1, n_rest, 999999, &rest))
			return false;
		ms += (double)rest / pow(10, (double)n_rest);
		n += 1 + n_rest;
	}
	if (value[n + strspn(value + n, " ")] != '\0' || !(ms > 0))
		return false;
	p->sdp.ptime_ms = ms;
	return true;
}

/** RFC 4568 6.1: "inline:" key ["|" lifetime] ["|" MKI ":" length]; the latter two are passed over. */
static bool take_key(struct parser *p, enum pl_stream_cipher cipher, const char *word, size_t n)
{
	size_t wanted = pl_srtp_secret_size(cipher), n_text;
	unsigned char raw[3 * 128 / 4 + 3];
	char text[129] = "";
	int size;

	if (n < 7 || strncasecmp(word, "inline:", 7) != 0)
		return false;
	n_text = n - 7;
	for (size_t i = 0; i < n_text; i++)
		if (word[7 + i] == '|' || word[7 + i] == ';')
			n_text = i;
	if (n_text == 0 || n_text > sizeof(text) - 4)
		return false;
	memcpy(text, word + 7, n_text);
	/* some leave the padding out */
	while (n_text % 4)
		text[n_text++] = '=';
	size = EVP_DecodeBlock(raw, (const unsigned char *)text, (int)n_text);
	explicit_bzero(text, sizeof(text));
	if (size < (int)wanted || size > (int)wanted + 2)
		return false;
	memcpy(p->sdp.secret, raw, wanted);
	p->sdp.secret_size = wanted;
	p->sdp.cipher = cipher;
	explicit_bzero(raw, sizeof(raw));
	return true;
}

/** "1 AEAD_AES_256_GCM inline:…"; the first that is ours counts. */
static bool parse_crypto(struct parser *p, const char *value)
{
	static const enum pl_stream_cipher ciphers[] = {PL_CIPHER_AES_256_GCM,
							PL_CIPHER_AES_128_CM};
	const char *word, *suite;
	size_t n, n_suite;
	uint64_t tag;

	if (!next_number(&value, 999999999, &tag))
		return false;
	n_suite = pl_sdp_word(&value, &suite);
	n = pl_sdp_word(&value, &word);
	if (n_suite == 0 || n == 0)
		return false;
	/* without SAVP a key is an offer that we do not take: the media is in the clear */
	if (p->sdp.secret_size || p->sdp.cipher == PL_CIPHER_NONE)
		return true;
	for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
		const char *name = pl_srtp_suite(ciphers[i]);

		if (strlen(name) == n_suite && strncmp(name, suite, n_suite) == 0)
			return take_key(p, ciphers[i], word, n);
	}
	p->has_unknown_key = true;
	return true;
}

static bool parse_attribute(struct parser *p, const char *value)
{
	uint64_t port;

	if (strcmp(value, "sendonly") == 0)
		p->sdp.way = PL_STREAM_SEND;
	else if (strcmp(value, "recvonly") == 0)
		p->sdp.way = PL_STREAM_RECEIVE;
	else if (strcmp(value, "sendrecv") == 0)
		p->sdp.way = PL_STREAM_BOTH;
	if (!p->in_media)
		return true;
	if (strncmp(value, "rtpmap:", 7) == 0)
		return parse_rtpmap(p, value + 7);
	if (strncmp(value, "fmtp:", 5) == 0)
		return parse_fmtp(p, value + 5);
	if (strncmp(value, "ptime:", 6) == 0)
		return parse_ptime(p, value + 6);
	if (strncmp(value, "crypto:", 7) == 0)
		return parse_crypto(p, value + 7);
	if (strncmp(value, "rtcp:", 5) == 0) {
		value += 5;
		if (!next_number(&value, 65535, &port) || port == 0)
			return false;
		p->sdp.rtcp_port = (uint16_t)port;
	}
	return true;
}

static bool parse_name(struct parser *p, const char *value)
{
	size_t n = strlen(value);

	p->has_name = true;
	if (strcmp(value, "-") == 0 || strcmp(value, " ") == 0)
		return true;
	/* cut at a whole character of UTF-8 */
	if (n >= sizeof(p->sdp.name)) {
		n = sizeof(p->sdp.name) - 1;
		while (n > 0 && ((unsigned char)value[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(p->sdp.name, value, n);
	p->sdp.name[n] = '\0';
	return true;
}

static bool parse_line(struct parser *p, char type, const char *value)
{
	if (!p->has_version && type != 'v')
		return false;
	switch (type) {
	case 'v':
		p->has_version = strcmp(value, "0") == 0;
		return p->has_version;
	case 'o':
		return parse_origin(p, value);
	case 's':
		return parse_name(p, value);
	case 'm':
		return parse_media(p, value);
	case 'c':
		if (p->in_media && !p->chosen)
			return true;
		return parse_address(&value, p->sdp.address, &p->sdp.ipv6, &p->sdp.ttl);
	case 'a':
		return p->in_media && !p->chosen ? true : parse_attribute(p, value);
	default:
		return type >= 'a' && type <= 'z';
	}
}

int pl_sdp_parse(const char *text, size_t size, struct pl_sdp *ret_sdp)
{
	struct parser p = {.sdp = {.n_channels = 1, .way = PL_STREAM_BOTH}};
	struct pl_sdp_lines lines = {.text = text, .size = size};
	char line[PL_SDP_LINE_SIZE];
	int r;

	if (size > PL_SDP_MAX || memchr(text, '\0', size))
		return -EBADMSG;
	while ((r = pl_sdp_lines_next(&lines, line)) > 0)
		if (!parse_line(&p, line[0], line + 2))
			return -EBADMSG;
	if (r < 0)
		return -EBADMSG;
	if (!p.has_version || !p.has_origin || !p.has_name)
		return -EBADMSG;
	if (!p.has_audio)
		return -ENOENT;
	if (p.sdp.address[0] == '\0')
		return -EBADMSG;
	if (p.sdp.cipher != PL_CIPHER_NONE && p.sdp.secret_size == 0 && p.has_unknown_key)
		return -EOPNOTSUPP;
	*ret_sdp = p.sdp;
	return 0;
}
