/* SPDX-License-Identifier: MIT */
#ifndef PL_GATEWAY_DEF_H
#define PL_GATEWAY_DEF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <partyline/keys.h>

#include "model.h"

/**
 * What the gateway is made of, as plain values: network streams, GPIO lines, tone pages and where
 * pages are told. Definitions only: what they do at the moment is told by control/gateway.h.
 *
 * They come from "gateway" of the configuration file (PL_ORIGIN_CONFIG) and from verbs
 * (PL_ORIGIN_ADDED, kept in the state directory). Shape, units, ranges and defaults of the JSON:
 * conf/partyline.schema.json, #/properties/gateway; the words of an enum are its names in lower
 * case. Ids: 1..31 of [a-z0-9-], unique among their kind.
 */

#define PL_GATEWAY_ID_MAX 32u
#define PL_STREAMS_MAX 64u
#define PL_LINES_MAX 64u
#define PL_PAGES_MAX 1024u
#define PL_TONE_INPUTS_MAX 64u
#define PL_TONE_INPUT_FILTERS_MAX 50u
#define PL_HOST_MAX 256u
#define PL_URL_MAX 1024u
#define PL_PATH_MAX 4096u

enum pl_origin {
	PL_ORIGIN_CONFIG, /**< the configuration file: only changed there */
	PL_ORIGIN_ADDED,  /**< added by a verb, can be removed by one */
};

/* --- Streams ------------------------------------------------------------------------------ */

enum pl_stream_protocol { PL_STREAM_RTP, PL_STREAM_ECHOSTREAM };

/** Bits: 3 is both ways. JSON: "send", "receive", "both" */
enum pl_stream_way { PL_STREAM_SEND = 1u, PL_STREAM_RECEIVE = 2u, PL_STREAM_BOTH = 3u };

enum pl_stream_cipher {
	PL_CIPHER_AES_256_GCM, /**< AEAD_AES_256_GCM, RFC 7714; default. 32 + 12 bytes of key and salt */
	PL_CIPHER_AES_128_CM, /**< AES_CM_128_HMAC_SHA1_80, RFC 3711. 16 + 14 bytes */
	PL_CIPHER_NONE,       /**< "none": in the clear; said in status and log */
};

/** When a stream sends. */
enum pl_stream_transmit {
	PL_TRANSMIT_ALWAYS, /**< default of RTP; with dtx, silence costs next to nothing */
	PL_TRANSMIT_KEYED, /**< while a talk key is held on its channel (tablet: by that tablet); default of EchoStream */
};

#define PL_STREAM_SECRET_MAX 64u
#define PL_JITTER_MS_MAX 500.0

struct pl_stream_def {
	char id[PL_GATEWAY_ID_MAX];
	enum pl_origin origin;
	/** channel: sends what `.out` carries, plays into the channel's outside input. tablet: sends
	 * its listen mix, talks as it */
	struct pl_endpoint endpoint;
	enum pl_stream_protocol protocol;
	enum pl_stream_way way;
	enum pl_stream_transmit transmit;

	/* RTP */
	char remote_host
		[PL_HOST_MAX]; /**< "remote"/"host": name, IPv4, IPv6 or multicast group; "" unless it sends */
	uint16_t remote_port;
	char local_address
		[PL_HOST_MAX]; /**< "local"/"address": to bind; multicast: the group to join; "" = any */
	uint16_t
		local_port; /**< even is usual; RTCP on the next; 0 = any free one (not for receive) */
	char interface[16];   /**< "local"/"interface": name, for multicast; "" = by route */
	uint8_t payload_type; /**< 96..127, default 96 */
	uint8_t dscp;         /**< 0..63, default 46 (EF) */
	uint8_t ttl;          /**< of multicast, 1..255, default 1 */
	enum pl_stream_cipher cipher;
	/** raw key then salt; from "srtp"/"key" (base64) or "srtp"/"key_file"; for EchoStream the 32
	 * bytes of its AES key; never shown by any face */
	uint8_t secret[PL_STREAM_SECRET_MAX];
	size_t secret_size;
	bool announce;          /**< "announce": tell by SAP (RFC 2974), default false */
	char name[PL_NAME_MAX]; /**< of the session, for people; "" = the id */

	/* Opus */
	uint8_t n_channels;    /**< "channels": 1 or 2, default 1 */
	double ptime_ms;       /**< 2.5, 5, 10, 20, 40, 60; default 5, EchoStream 40 */
	uint32_t bitrate_bps;  /**< 6000..510000, default 64000 */
	uint8_t complexity;    /**< 0..10, default 5 */
	bool fec;              /**< in-band, default true; Opus has it from ptime 10 ms up */
	bool dtx;              /**< default false */
	uint8_t expected_loss; /**< per cent, 0..100, default 10; what FEC is made for */

	/* Jitter buffer */
	double jitter_safety; /**< "jitter"/"safety": 0 quick .. 1 safe, default 0.5; live */
	double jitter_min_ms; /**< 0..PL_JITTER_MS_MAX, default 0 */
	double jitter_max_ms; /**< default 200 */

	/* EchoStream */
	char url[PL_URL_MAX];              /**< "echostream"/"url": ws:// or wss:// */
	char echo_channel_id[PL_NAME_MAX]; /**< "echostream"/"channel_id" */
	char affiliation_id[PL_NAME_MAX], user_name[PL_NAME_MAX], agency_name[PL_NAME_MAX];
};

/* --- GPIO --------------------------------------------------------------------------------- */

enum pl_line_function {
	PL_LINE_KEY,     /**< input: talk key of `tablet_id` on `channel_id` */
	PL_LINE_PTT_OUT, /**< output: active while a talk key is held on `channel_id` */
	PL_LINE_TALLY,   /**< output: active while anyone is heard on the channel (its meter) */
	PL_LINE_CARRIER, /**< output: active while the channel's outside input is above `threshold_db` */
	PL_LINE_PAGE, /**< output: active for the record length after a page on `channel_id` */
};
enum pl_line_pull { PL_PULL_AS_IS, PL_PULL_UP, PL_PULL_DOWN, PL_PULL_NONE };
enum pl_line_mode { PL_LINE_MOMENTARY, PL_LINE_LATCH };

struct pl_line_def {
	char id[PL_GATEWAY_ID_MAX];
	enum pl_origin origin;
	char chip[64];      /**< "gpiochip0", its label, or "" = the first chip that has the line */
	char line_name[64]; /**< "line": name as text, "GPIO20"; "" when by number */
	int32_t offset; /**< "line": number; with profile Raspberry Pi the BCM number; -1 when by name */
	enum pl_line_function function;
	bool active_low;        /**< default false, key: true */
	enum pl_line_pull pull; /**< default as_is, key: up */
	uint32_t debounce_us;   /**< "debounce_ms" 0..1000, default 5 ms */
	uint32_t
		hold_off_ms; /**< after a release the key stays down for that long, 0..10000, default 0 */
	uint32_t
		timeout_s; /**< a key that is down for longer is stuck: released until it comes up; 0 = off, default 300 */
	enum pl_line_mode mode; /**< default momentary */
	uint32_t poll_ms;       /**< for chips without interrupts, 1..1000, default 5 */
	uint32_t tablet_id, channel_id;
	double threshold_db; /**< dBFS, -80..0, default -40; tally and carrier */
	uint32_t hang_ms;    /**< tally and carrier, 0..10000, default 300 */
};

/* --- Tone pages --------------------------------------------------------------------------- */

enum pl_tolerance_unit { PL_TOLERANCE_PERCENT, PL_TOLERANCE_HZ };

struct pl_tone_filter {
	char id[PL_GATEWAY_ID_MAX];
	enum pl_tone_filter_type { PL_FILTER_BELOW, PL_FILTER_ABOVE, PL_FILTER_CENTER } type;
	double frequency_hz;
	double range_hz; /**< center only */
};

/** An endpoint whose audio is listened to for tones: always, whether a key is down or not. */
struct pl_tone_input {
	struct pl_endpoint endpoint; /**< channel: its outside input; tablet: its talk side */
	bool dtmf;                   /**< report digits, default false */
	bool find_new;               /**< "detect_new_tones": report unknown pairs, default false */
	double new_length_s;         /**< default 1.0 */
	double new_range_hz;         /**< default 3 */
	uint32_t n_filters;
	struct pl_tone_filter filters[PL_TONE_INPUT_FILTERS_MAX];
};

enum pl_page_kind {
	PL_PAGE_TWO_TONE, /**< tone A, then tone B */
	PL_PAGE_LONG,     /**< tone A alone, for at least a_length_s: group call */
	PL_PAGE_DTMF,     /**< `digits` in a row, at most 2 s apart */
};

struct pl_page_def {
	char id[PL_GATEWAY_ID_MAX]; /**< "tone_id" of EchoStream */
	enum pl_origin origin;
	char name[PL_NAME_MAX];
	struct pl_endpoint source; /**< where it is listened for: a struct pl_tone_input is there */
	enum pl_page_kind kind;
	double a_hz, b_hz;             /**< 200..3500 */
	double a_length_s, b_length_s; /**< 0.2..20 */
	double a_tolerance,
		b_tolerance; /**< in tolerance_unit; default 1.2 per cent; capped below the middle to a defined neighbour */
	enum pl_tolerance_unit tolerance_unit;
	char digits[32];
	double record_length_s; /**< 0 (off) .. 3600; re-trigger keeps the longer rest */
	double pre_roll_s;      /**< 0..30, default 5: the clip begins that long before tone A */
	uint32_t
		passthrough_channel_id; /**< 0: none; heard at that channel's `.out` for record_length_s */
	bool clip_opus;                 /**< "clip": "wav" (default) or "opus" */
	char alert[256];                /**< "detection_tone_alert": free text, goes into events */
};

/* --- Telling others ----------------------------------------------------------------------- */

struct pl_mqtt_def {
	bool enabled;
	char host[PL_HOST_MAX];
	uint16_t port; /**< default 8883 with TLS, 1883 without */
	bool tls;      /**< default true */
	char ca_file[PL_PATH_MAX], certificate_file[PL_PATH_MAX], key_file[PL_PATH_MAX];
	char user_name[128], password[128]; /**< or "password_file"; never shown */
	char client_id[128],
		device_id[128]; /**< default: the host's name; EchoStream's unique_id */
	char topic[256]; /**< "%s" is the device id; default "from/device/%s/tone_detection" */
	char availability_topic
		[256]; /**< default "from/device/%s/availability": "online", last will "offline", retained */
	uint32_t keepalive_s; /**< default 60 */
	uint32_t
		queue_max; /**< messages kept on disk while the broker is away, default 10000; then the oldest is dropped and counted */
};

struct pl_s3_def {
	bool enabled;
	char endpoint[PL_URL_MAX]; /**< https://host[:port]; "" = AWS's of the region */
	char region[64];           /**< default us-east-1 */
	char bucket[128];
	bool path_style;                       /**< default: true with an own endpoint */
	char prefix[256];                      /**< default "audio_recordings/" */
	char access_key[128], secret_key[128]; /**< or "secret_key_file"; never shown */
	char ca_file[PL_PATH_MAX];
	uint32_t presign_s;  /**< life of the URL in the event, 0 (none) .. 604800, default 86400 */
	bool delete_local;   /**< after a confirmed upload, default false */
	uint64_t part_bytes; /**< multipart above this, default 16 MiB, 5 MiB.. */
};

struct pl_clips_def {
	char directory[PL_PATH_MAX]; /**< default STATE/clips */
	uint64_t
		keep_bytes; /**< the oldest go beyond this, default 1 GiB; never one that waits for its upload */
};

/* --- All of it ---------------------------------------------------------------------------- */

/** Owns its arrays; pl_gateway_done(). */
struct pl_gateway {
	struct pl_stream_def *streams;
	size_t n_streams;
	struct pl_line_def *lines;
	size_t n_lines;
	struct pl_tone_input *tone_inputs;
	size_t n_tone_inputs;
	struct pl_page_def *pages;
	size_t n_pages;
	struct pl_mqtt_def mqtt;
	struct pl_s3_def s3;
	struct pl_clips_def clips;
	bool sap_listen; /**< "sap"/"listen": collect announcements of others, default true when any stream is RTP */
};

/** Nothing defined, defaults in place. */
void pl_gateway_init(struct pl_gateway *gateway);
/** Frees what it owns; a zeroed structure is fine. */
void pl_gateway_done(struct pl_gateway *gateway);
/** Deep. @return 0 or -ENOMEM; *ret_gateway is untouched then */
int pl_gateway_copy(const struct pl_gateway *gateway, struct pl_gateway *ret_gateway);

/* Defaults of one definition, as the schema has them. */
void pl_stream_def_init(struct pl_stream_def *stream, enum pl_stream_protocol protocol);
void pl_line_def_init(struct pl_line_def *line, enum pl_line_function function);
void pl_tone_input_init(struct pl_tone_input *input);
void pl_page_def_init(struct pl_page_def *page);

/** @return borrowed, or NULL */
const struct pl_stream_def *pl_gateway_stream(const struct pl_gateway *gateway, const char *id);
const struct pl_line_def *pl_gateway_line(const struct pl_gateway *gateway, const char *id);
const struct pl_page_def *pl_gateway_page(const struct pl_gateway *gateway, const char *id);

/* Append a copy. @return 0, -ENOSPC (there are as many as there may be) or -ENOMEM */
int pl_gateway_add_stream(struct pl_gateway *gateway, const struct pl_stream_def *stream);
int pl_gateway_add_line(struct pl_gateway *gateway, const struct pl_line_def *line);
int pl_gateway_add_tone_input(struct pl_gateway *gateway, const struct pl_tone_input *input);
int pl_gateway_add_page(struct pl_gateway *gateway, const struct pl_page_def *page);
/* Nothing happens when there is none. */
void pl_gateway_remove_stream(struct pl_gateway *gateway, const char *id);
void pl_gateway_remove_page(struct pl_gateway *gateway, const char *id);

bool pl_stream_def_equal(const struct pl_stream_def *a, const struct pl_stream_def *b);
bool pl_line_def_equal(const struct pl_line_def *a, const struct pl_line_def *b);
bool pl_page_def_equal(const struct pl_page_def *a, const struct pl_page_def *b);
bool pl_tone_input_equal(const struct pl_tone_input *a, const struct pl_tone_input *b);
/** In the same order too. */
bool pl_gateway_equal(const struct pl_gateway *a, const struct pl_gateway *b);

enum pl_gateway_kind {
	PL_GATEWAY_STREAM,
	PL_GATEWAY_LINE,
	PL_GATEWAY_TONE_INPUT,
	PL_GATEWAY_PAGE,
};

/** What definitions are checked against, and where a refusal is told. */
struct pl_gateway_bounds {
	uint32_t n_tablets, n_channels;
	char *pointer; /**< JSON pointer below "gateway" of what is refused */
	char *reason;  /**< what is wrong and the way out, without full stop */
	size_t pointer_size, reason_size;
};

/**
 * What a reader of JSON cannot see in one member: ids are unique, endpoints are there, a key fits
 * its cipher, local ports are used once, a page can be heard. Then completes it.
 *
 * @return 0, -EINVAL or -ENOMEM
 */
int pl_gateway_check(struct pl_gateway *gateway, const struct pl_gateway_bounds *bounds);
/** One definition against those before it in its array. @return 0 or -EINVAL */
int pl_gateway_check_one(struct pl_gateway *gateway, enum pl_gateway_kind kind, size_t index,
			 const struct pl_gateway_bounds *bounds);
/**
 * What follows from the rest: a tone input for each source of a page, digits where a page has
 * some. @return 0, -ENOSPC or -ENOMEM
 */
int pl_gateway_complete(struct pl_gateway *gateway);
/** Bytes of key and salt that a stream needs; 0: none. */
size_t pl_stream_secret_size(const struct pl_stream_def *stream);

#endif
