/* SPDX-License-Identifier: MIT */
#include "webrtc-sdp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sdp-line.h"

/** Of parser.parameters. */
enum {
	STEREO = 1,
	SPROP_STEREO = 2,
};

/** What a section needs to be reached; each may be given for the whole session. */
struct transport {
	char ufrag[PL_ICE_UFRAG_SIZE], pwd[PL_ICE_PWD_SIZE];
	bool has_fingerprint, has_role;
	uint8_t fingerprint[PL_FINGERPRINT_SIZE];
	enum pl_dtls_role role;
};

struct parser {
	struct pl_webrtc_offer offer;
	const char *trouble;
	bool has_version, has_origin, is_lite, taken;
	char group
		[PL_SDP_LINE_SIZE]; /**< mids of the first BUNDLE group, each with a space before it */

	struct transport session;
	/** the first section's: with BUNDLE the others may leave theirs out, RFC 9143 7.3.3 */
	struct transport first;
	struct transport transport;
	bool session_sends, session_receives;

	/* of the section that is read */
	bool in_section, is_candidate, has_opus, has_mux, is_bundle_only;
	bool sends, receives;
	struct pl_webrtc_candidates candidates;
	uint8_t payload_type;
	/** fmtp of each payload type: Firefox says it before the rtpmap that tells which is Opus */
	uint8_t parameters[128];
	char formats[PL_SDP_LINE_SIZE];
};

/* --- words ----------------------------------------------------------------------------------- */

/** Visible characters only: some of it goes into the answer. */
static bool copy_word(char *to, size_t capacity, const char *word, size_t n)
{
	if (n == 0 || n >= capacity)
		return false;
	for (size_t i = 0; i < n; i++)
		if (word[i] < 0x21 || word[i] > 0x7e)
			return false;
	memcpy(to, word, n);
	to[n] = '\0';
	return true;
}

static bool is_word(const char *word, size_t n, const char *wanted)
{
	return n == strlen(wanted) && strncasecmp(word, wanted, n) == 0;
}

/** 0..127. */
static bool read_payload_type(const char *word, size_t n, uint8_t *ret_type)
{
	uint64_t value;

	if (n > 3 || !pl_sdp_number(word, n, 127, &value))
		return false;
	*ret_type = (uint8_t)value;
	return true;
}

static int hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* --- sections -------------------------------------------------------------------------------- */

static bool is_in_group(const struct parser *p, const char *mid)
{
	const char *at = p->group, *word;
	size_t n;

	while ((n = pl_sdp_word(&at, &word)) > 0)
		if (n == strlen(mid) && strncmp(word, mid, n) == 0)
			return true;
	return false;
}

/** What is missing in one comes from the other. */
static void fill_transport(struct transport *to, const struct transport *from)
{
	if (to->ufrag[0] == '\0' && to->pwd[0] == '\0') {
		memcpy(to->ufrag, from->ufrag, sizeof(to->ufrag));
		memcpy(to->pwd, from->pwd, sizeof(to->pwd));
	}
	if (!to->has_fingerprint && from->has_fingerprint) {
		to->has_fingerprint = true;
		memcpy(to->fingerprint, from->fingerprint, sizeof(to->fingerprint));
	}
	if (!to->has_role && from->has_role) {
		to->has_role = true;
		to->role = from->role;
	}
}

static void end_section(struct parser *p)
{
	struct pl_webrtc_offer *offer = &p->offer;
	const char *mid;

	if (!p->in_section)
		return;
	fill_transport(&p->transport, &p->session);
	if (offer->n_sections == 1)
		p->first = p->transport;
	if (p->taken || !p->is_candidate || !p->has_opus)
		return;
	mid = offer->sections[offer->n_sections - 1].mid;
	offer->candidates = p->candidates;
	offer->bundle = mid[0] && is_in_group(p, mid);
	if (offer->bundle)
		fill_transport(&p->transport, &p->first);
	else if (p->is_bundle_only)
		return;
	p->taken = true;
	offer->audio = offer->n_sections - 1;
	offer->payload_type = p->payload_type;
	offer->sends = p->sends;
	offer->receives = p->receives;
	offer->stereo = p->parameters[p->payload_type] & STEREO;
	offer->sprop_stereo = p->parameters[p->payload_type] & SPROP_STEREO;
	offer->role = p->transport.role;
	memcpy(offer->ufrag, p->transport.ufrag, sizeof(offer->ufrag));
	memcpy(offer->pwd, p->transport.pwd, sizeof(offer->pwd));
	memcpy(offer->fingerprint, p->transport.fingerprint, sizeof(offer->fingerprint));
	if (!p->has_mux)
		p->trouble = "the offer's audio section has no rtcp-mux";
	else if (offer->ufrag[0] == '\0' || offer->pwd[0] == '\0')
		p->trouble = "the offer has no ice-ufrag or no ice-pwd";
	else if (!p->transport.has_fingerprint)
		p->trouble = "the offer has no fingerprint of sha-256";
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), n_end = strlen(end);

	return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

/** "m=audio 9 UDP/TLS/RTP/SAVPF 111 63" */
static bool parse_media(struct parser *p, const char *value)
{
	struct pl_webrtc_section section = {0};
	const char *word, *at;
	bool has_port;
	size_t n;

	end_section(p);
	if (p->offer.n_sections == PL_WEBRTC_SECTIONS_MAX) {
		p->trouble = "the offer has too many sections";
		return true;
	}
	n = pl_sdp_word(&value, &word);
	if (!copy_word(section.kind, sizeof(section.kind), word, n))
		return false;
	n = pl_sdp_word(&value, &word);
	if (n == 0 || strspn(word, "0123456789/") < n)
		return false;
	has_port = !is_word(word, n, "0");
	n = pl_sdp_word(&value, &word);
	if (!copy_word(section.proto, sizeof(section.proto), word, n))
		return false;
	snprintf(p->formats, sizeof(p->formats), "%s", value);
	at = p->formats;
	n = pl_sdp_word(&at, &word);
	if (!copy_word(section.format, sizeof(section.format), word, n))
		return false;
	p->offer.sections[p->offer.n_sections++] = section;
	p->in_section = true;
	p->transport = (struct transport){0};
	/* "RTP/SAVPF" alone is what browsers once said, RFC 8829 5.1.2 */
	p->is_candidate =
		strcmp(section.kind, "audio") == 0 && has_port &&
		(ends_with(section.proto, "RTP/SAVPF") || ends_with(section.proto, "RTP/SAVP"));
	p->has_opus = p->has_mux = p->is_bundle_only = false;
	p->candidates.n = 0;
	memset(p->parameters, 0, sizeof(p->parameters));
	p->sends = p->session_sends;
	p->receives = p->session_receives;
	return true;
}

/* --- attributes ------------------------------------------------------------------------------ */

static void set_direction(struct parser *p, bool sends, bool receives)
{
	if (p->in_section) {
		p->sends = sends;
		p->receives = receives;
	} else {
		p->session_sends = sends;
		p->session_receives = receives;
	}
}

/** "sha-256 AB:CD:…"; others are passed over: there may be several. */
static bool parse_fingerprint(struct transport *transport, const char *value)
{
	uint8_t digest[PL_FINGERPRINT_SIZE];
	const char *word;
	size_t n = pl_sdp_word(&value, &word);

	if (!is_word(word, n, "sha-256"))
		return n > 0;
	n = pl_sdp_word(&value, &word);
	if (n != 3 * sizeof(digest) - 1)
		return false;
	for (size_t i = 0; i < sizeof(digest); i++) {
		int high = hex_of(word[3 * i]), low = hex_of(word[3 * i + 1]);

		if (high < 0 || low < 0 || (i + 1 < sizeof(digest) && word[3 * i + 2] != ':'))
			return false;
		digest[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(transport->fingerprint, digest, sizeof(digest));
	transport->has_fingerprint = true;
	return true;
}

/** RFC 4145 4, RFC 5763 5: who may choose waits, so that its certificate is not shown to everyone. */
static bool parse_setup(struct transport *transport, const char *value)
{
	if (strcmp(value, "actpass") == 0 || strcmp(value, "active") == 0)
		transport->role = PL_DTLS_SERVER;
	else if (strcmp(value, "passive") == 0)
		transport->role = PL_DTLS_CLIENT;
	else
		return strcmp(value, "holdconn") == 0;
	transport->has_role = true;
	return true;
}

static bool is_offered(const struct parser *p, uint8_t payload_type)
{
	const char *at = p->formats, *word;
	uint8_t value;
	size_t n;

	while ((n = pl_sdp_word(&at, &word)) > 0)
		if (read_payload_type(word, n, &value) && value == payload_type)
			return true;
	return false;
}

/** "111 opus/48000/2"; the first one. */
static bool parse_rtpmap(struct parser *p, const char *value)
{
	uint8_t payload_type;
	const char *word;
	size_t n = pl_sdp_word(&value, &word);

	if (!p->is_candidate || p->has_opus)
		return true;
	if (!read_payload_type(word, n, &payload_type))
		return false;
	n = pl_sdp_word(&value, &word);
	if (is_word(word, n, "opus/48000/2") && is_offered(p, payload_type)) {
		p->has_opus = true;
		p->payload_type = payload_type;
	}
	return true;
}

/** "111 minptime=10;useinbandfec=1;stereo=1" */
static bool parse_fmtp(struct parser *p, const char *value)
{
	uint8_t payload_type;
	const char *word;
	size_t n = pl_sdp_word(&value, &word);

	if (!read_payload_type(word, n, &payload_type))
		return true;
	while (*value) {
		value += strspn(value, " ;");
		n = strcspn(value, " ;");
		if (is_word(value, n, "stereo=1"))
			p->parameters[payload_type] |= STEREO;
		else if (is_word(value, n, "sprop-stereo=1"))
			p->parameters[payload_type] |= SPROP_STEREO;
		value += n;
	}
	return true;
}

static bool parse_group(struct parser *p, const char *value)
{
	const char *word;
	size_t n = pl_sdp_word(&value, &word);

	if (is_word(word, n, "BUNDLE") && p->group[0] == '\0')
		snprintf(p->group, sizeof(p->group), "%s ", value);
	return true;
}

static bool parse_flag(struct parser *p, const char *value)
{
	if (strcmp(value, "sendrecv") == 0)
		set_direction(p, true, true);
	else if (strcmp(value, "sendonly") == 0)
		set_direction(p, true, false);
	else if (strcmp(value, "recvonly") == 0)
		set_direction(p, false, true);
	else if (strcmp(value, "inactive") == 0)
		set_direction(p, false, false);
	else if (strcmp(value, "rtcp-mux") == 0 || strcmp(value, "rtcp-mux-only") == 0)
		p->has_mux = true;
	else if (strcmp(value, "bundle-only") == 0)
		p->is_bundle_only = true;
	else if (strcmp(value, "ice-lite") == 0)
		p->is_lite = true;
	return true;
}

static bool parse_candidate(struct pl_webrtc_candidates *candidates, const char *value)
{
	struct pl_webrtc_candidate candidate;

	if (pl_webrtc_candidate_read(value, &candidate) == 0)
		pl_webrtc_candidates_add(candidates, &candidate);
	return true;
}

static bool parse_attribute(struct parser *p, const char *line)
{
	struct transport *transport = p->in_section ? &p->transport : &p->session;
	const char *colon = strchr(line, ':'), *value = colon ? colon + 1 : "";
	size_t n = colon ? (size_t)(colon - line) : 0;

	if (!colon)
		return parse_flag(p, line);
	if (is_word(line, n, "ice-ufrag"))
		return copy_word(transport->ufrag, sizeof(transport->ufrag), value, strlen(value));
	if (is_word(line, n, "ice-pwd"))
		return copy_word(transport->pwd, sizeof(transport->pwd), value, strlen(value));
	if (is_word(line, n, "fingerprint"))
		return parse_fingerprint(transport, value);
	if (is_word(line, n, "setup"))
		return parse_setup(transport, value);
	if (!p->in_section)
		return is_word(line, n, "group") ? parse_group(p, value) : true;
	if (is_word(line, n, "mid"))
		return copy_word(p->offer.sections[p->offer.n_sections - 1].mid,
				 PL_WEBRTC_WORD_SIZE, value, strlen(value));
	if (is_word(line, n, "rtpmap"))
		return parse_rtpmap(p, value);
	if (is_word(line, n, "fmtp"))
		return parse_fmtp(p, value);
	if (is_word(line, n, "candidate"))
		return parse_candidate(&p->candidates, value);
	return true;
}

/* --- lines ----------------------------------------------------------------------------------- */

static bool parse_line(struct parser *p, char type, const char *value)
{
	if (!p->has_version && type != 'v')
		return false;
	switch (type) {
	case 'v':
		p->has_version = strcmp(value, "0") == 0;
		return p->has_version;
	case 'o':
		p->has_origin = true;
		return true;
	case 'm':
		return parse_media(p, value);
	case 'a':
		return parse_attribute(p, value);
	default:
		return type >= 'a' && type <= 'z';
	}
}

static bool parse_lines(struct parser *p, const char *text, size_t size)
{
	struct pl_sdp_lines lines = {.text = text, .size = size};
	char line[PL_SDP_LINE_SIZE];
	int r;

	while (!p->trouble && (r = pl_sdp_lines_next(&lines, line)) != 0) {
		/* long ones (identities, candidates to come) say nothing to us */
		if (r == -EMSGSIZE && line[0] == 'a')
			continue;
		if (r < 0 || !parse_line(p, line[0], line + 2))
			return false;
	}
	end_section(p);
	return p->has_version && p->has_origin;
}

static int say(const char *trouble, int r, char *ret_trouble, size_t trouble_size)
{
	if (ret_trouble)
		snprintf(ret_trouble, trouble_size, "%s", trouble);
	return r;
}

int pl_webrtc_offer_parse(const char *text, size_t size, struct pl_webrtc_offer *ret_offer,
			  char *ret_trouble, size_t trouble_size)
{
	struct parser p = {.session_sends = true, .session_receives = true};

	if (size > PL_WEBRTC_SDP_MAX)
		return say("the offer is too long", -EBADMSG, ret_trouble, trouble_size);
	if (memchr(text, '\0', size) || !parse_lines(&p, text, size))
		return say("this is no session description", -EBADMSG, ret_trouble, trouble_size);
	if (!p.trouble && p.is_lite)
		p.trouble = "the offer is of ICE-lite, as we are: nobody would begin";
	if (!p.trouble && !p.taken)
		p.trouble = "the offer has no audio section with Opus over DTLS-SRTP";
	if (p.trouble)
		return say(p.trouble, -EOPNOTSUPP, ret_trouble, trouble_size);
	*ret_offer = p.offer;
	return 0;
}
