/* SPDX-License-Identifier: MIT */
#ifndef PL_WEBRTC_SDP_H
#define PL_WEBRTC_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "peer.h"
#include "webrtc-candidate.h"

/**
 * A browser's offer (the part of RFC 8829 that one audio stream needs) and our answer to it: BUNDLE,
 * rtcp-mux, Opus (RFC 7587), ICE, fingerprint of SHA-256. Pure; any thread.
 */

/** Larger offers are refused. */
#define PL_WEBRTC_SDP_MAX 16384u
#define PL_WEBRTC_SECTIONS_MAX 16u
/** With the NUL; longer words are refused. */
#define PL_WEBRTC_WORD_SIZE 64u

/** One m= section; all of them are answered, those that are not ours with port 0. */
struct pl_webrtc_section {
	char kind[PL_WEBRTC_WORD_SIZE];   /**< "audio", "video", "application" */
	char proto[PL_WEBRTC_WORD_SIZE];  /**< "UDP/TLS/RTP/SAVPF" */
	char format[PL_WEBRTC_WORD_SIZE]; /**< the first */
	char mid[PL_WEBRTC_WORD_SIZE];    /**< "": none */
};

struct pl_webrtc_offer {
	char ufrag[PL_ICE_UFRAG_SIZE], pwd[PL_ICE_PWD_SIZE];
	struct pl_webrtc_candidates candidates; /**< that can be used; more may come later */
	uint8_t fingerprint[PL_FINGERPRINT_SIZE];
	enum pl_dtls_role role; /**< ours: CLIENT only when the offer says passive */
	bool sends, receives;   /**< the browser, on the audio section */
	uint8_t payload_type;   /**< of Opus */
	bool stereo;            /**< it wants to hear two channels */
	bool sprop_stereo;      /**< it is going to send two */
	bool bundle;            /**< it offers BUNDLE with the audio section in it */
	uint32_t audio;         /**< index of the section that is taken */
	uint32_t n_sections;
	struct pl_webrtc_section sections[PL_WEBRTC_SECTIONS_MAX];
};

/**
 * Takes the first audio section with Opus. Unknown lines, attributes and extensions, and candidates
 * that cannot be used, are passed over; line ends may be LF.
 *
 * @param size         up to PL_WEBRTC_SDP_MAX; need not end with a NUL
 * @param ret_trouble  one plain sentence for people, on any error; may be NULL
 * @return 0; -EBADMSG: no session description; -EOPNOTSUPP: one that cannot be answered: without
 *         Opus, ICE, rtcp-mux, DTLS-SRTP or SHA-256, ICE-lite itself, too many sections
 */
int pl_webrtc_offer_parse(const char *text, size_t size, struct pl_webrtc_offer *ret_offer,
			  char *ret_trouble, size_t trouble_size);

/** How we are called and where we can be reached: our side of an ICE session. */
struct pl_webrtc_side {
	const char *ufrag, *pwd;
	struct pl_webrtc_candidates candidates; /**< best first */
	bool is_lite;                           /**< RFC 8445 2.5: we wait to be asked */
};

struct pl_webrtc_answer {
	const struct pl_webrtc_offer *offer;
	uint64_t session_id;
	const struct pl_webrtc_side *side;
	const uint8_t *fingerprint; /**< pl_identity_fingerprint() */
	/** what we do; only when the browser does the other */
	bool sends, receives;
	uint32_t ssrc;        /**< of what we send */
	const char *cname;    /**< likewise; letters, digits, "-", "_", "." */
	uint8_t n_channels;   /**< 1, 2: of what is sent, either way */
	double ptime_ms;      /**< of a packet; the browser is asked for the same */
	uint32_t bitrate_bps; /**< that the browser may send at most; 0: its choice */
	bool fec, dtx;
};

/**
 * @return length without the NUL; -ENOSPC; -EINVAL: no candidate, or the offer wants nothing that
 *         we do
 */
int pl_webrtc_answer_write(const struct pl_webrtc_answer *answer, char *ret_text, size_t size);

/**
 * What a browser sends later (RFC 8840 9): new names for an ICE restart, candidates. Of several
 * sections it is the first one's, BUNDLE being what we answer.
 */
struct pl_webrtc_fragment {
	char ufrag[PL_ICE_UFRAG_SIZE], pwd[PL_ICE_PWD_SIZE]; /**< "": not given */
	struct pl_webrtc_candidates candidates;
	bool is_last; /**< a=end-of-candidates: no more will come */
};

/**
 * Unknown lines and attributes, and candidates that cannot be used, are passed over; line ends may
 * be LF.
 *
 * @param size         up to PL_WEBRTC_SDP_MAX; need not end with a NUL
 * @param ret_trouble  one plain sentence for people, on any error
 * @return 0; -EBADMSG
 */
int pl_webrtc_fragment_parse(const char *text, size_t size, struct pl_webrtc_fragment *ret_fragment,
			     char *ret_trouble, size_t trouble_size);

/**
 * Our side of a restart, as a fragment.
 *
 * @param mid  of the section; "": none
 * @return length without the NUL; -ENOSPC
 */
int pl_webrtc_restart_write(const struct pl_webrtc_side *side, const char *mid, char *ret_text,
			    size_t size);

#endif
