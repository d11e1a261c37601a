/* SPDX-License-Identifier: MIT */
#ifndef PL_CONTROL_GATEWAY_H
#define PL_CONTROL_GATEWAY_H

#include "audio.h"
#include "control.h"
#include "gateway-def.h"
#include "gateway-kept.h"

/**
 * The gateway's verbs, what they need from the parts that do the work, and what these tell back.
 * Thread: the daemon's one loop for everything here.
 */

/* --- what the parts tell about themselves ---------------------------------------------------- */

enum pl_stream_state {
	PL_STREAM_OFF,        /**< defined, not running: no graph yet */
	PL_STREAM_CONNECTING, /**< EchoStream: on its way; RTP: nothing heard yet */
	PL_STREAM_RUNNING,
	PL_STREAM_SILENT, /**< it received, and has not for 2 s */
	PL_STREAM_FAILED, /**< see trouble */
};

/** Of one stream. Counters count since it was started. */
struct pl_stream_status {
	enum pl_stream_state state;
	char trouble[256]; /**< one plain sentence without a full stop, "" */
	bool transmitting;
	uint64_t n_packets_sent, n_bytes_sent;
	uint64_t n_packets_received, n_bytes_received;
	uint64_t n_lost, n_late, n_duplicate, n_reordered;
	uint64_t n_recovered; /**< frames that FEC gave back */
	uint64_t n_concealed; /**< frames that Opus made up */
	uint64_t
		n_refused; /**< datagrams: foreign, replayed, truncated, oversized, not authentic */
	double loss_percent;  /**< of the last 10 s */
	double jitter_ms;     /**< interarrival, RFC 3550 6.4.1 */
	double depth_ms;      /**< of the jitter buffer, now */
	double target_ms;     /**< what it aims at */
	double drift_ppm;     /**< the sender's clock against the graph's */
	double round_trip_ms; /**< by RTCP; NaN: not known */
	/* latency budget by stage, ms; 0 when the stage is not there */
	struct pl_stream_latency {
		double capture, encode, packet, network, jitter, decode, playback, total;
	} latency;
	double remote_loss_percent, remote_jitter_ms; /**< by the other end's reports; NaN: none */
};

struct pl_line_status {
	enum pl_line_state {
		PL_LINE_MISSING,
		PL_LINE_BUSY,
		PL_LINE_INACTIVE,
		PL_LINE_ACTIVE,
		PL_LINE_STUCK
	} state;
	char chip[64];  /**< where it was found: "gpiochip0 [pinctrl-bcm2711]"; "" */
	int32_t offset; /**< -1: not found */
	bool polled;    /**< the chip has no interrupts */
	uint64_t n_edges, n_bounces;
	char trouble[256];
};

struct pl_export_status {
	bool connected;
	uint64_t n_queued, n_sent, n_dropped;
	char trouble[256];
};

/** Clips on this machine, and what keeps them from getting to its disk. */
struct pl_clips_status {
	uint32_t n_recording;    /**< that grow at this moment */
	uint64_t n_clips;        /**< complete ones in their directory */
	uint64_t n_bytes;        /**< of these */
	uint64_t n_memory_bytes; /**< of audio that waits for the disk */
	uint64_t
		n_lost_frames; /**< that never came or found neither disk nor memory: silence in the clips */
	char trouble[256]; /**< one plain sentence without a full stop, "" */
};

/** A complete clip on this machine. */
struct pl_clip_info {
	char name[256]; /**< below the clips' directory */
	uint64_t n_bytes;
};

/** A session that another machine announces by SAP. */
struct pl_sap_session {
	char name[PL_NAME_MAX], host[PL_HOST_MAX];
	uint16_t port;
	uint8_t payload_type, n_channels;
	double ptime_ms;
	bool is_opus;
	char sdp[2048];
};

/* --- what happened ------------------------------------------------------------------------ */

/** A tone that the detector heard; control hands it to the pages. */
struct pl_tone_event {
	struct pl_endpoint endpoint;
	enum pl_tone_event_type {
		PL_TONE_DIGIT,    /**< DTMF: digit, begin, end */
		PL_TONE_PAGE,     /**< a defined two-tone or long page: page */
		PL_TONE_NEW_PAIR, /**< two tones that no page knows: a_hz, b_hz */
	} type;
	char digit; /**< 0-9 A-D * # */
	char page_id[PL_GATEWAY_ID_MAX];
	double a_hz, b_hz;             /**< as heard */
	double a_length_s, b_length_s; /**< as heard */
	double level_db;               /**< dBFS RMS */
	uint64_t begin_position,
		end_position; /**< samples of the graph's clock: of tone A, of the last tone */
	uint64_t end_nsec;    /**< CLOCK_MONOTONIC of the end */
};

/** A page that was heard, and what came of it. */
struct pl_page_record {
	char message_id[37]; /**< UUID, version 4 */
	uint64_t ts_usec;    /**< CLOCK_REALTIME of the end of the last tone */
	struct pl_tone_event tone;
	char page_id[PL_GATEWAY_ID_MAX]; /**< "" for an unknown pair */
	uint64_t passthrough_until_usec; /**< CLOCK_MONOTONIC; 0: none */
	char clip[256]; /**< file name below the clips' directory; "" while there is none */
	double clip_length_s;
	bool clip_complete, clip_uploaded;
	char clip_url[PL_URL_MAX]; /**< "" */
};
#define PL_PAGE_HISTORY_MAX 1000u

/* --- what control needs from the parts ---------------------------------------------------- */

/** daemon/stream */
struct pl_stream_ops {
	/** Bring the running streams to these definitions; only what differs is touched. */
	int (*apply)(void *streams, const struct pl_gateway *before,
		     const struct pl_gateway *after);
	int (*status)(void *streams, const char *id, struct pl_stream_status *ret_status);
	/** The offer of a stream, RFC 8866. @return length, or -ENOENT, -ENOSPC */
	int (*sdp)(void *streams, const char *id, char *ret_text, size_t size);
	/** Talk keys have changed: what is transmit = keyed begins or ends at once. */
	void (*keys_changed)(void *streams, const struct pl_model *model);
	size_t (*sap_sessions)(void *streams, const struct pl_sap_session **ret_sessions);
};

/** daemon/gpio */
struct pl_gpio_ops {
	int (*apply)(void *gpio, const struct pl_gateway *before, const struct pl_gateway *after);
	int (*status)(void *gpio, const char *id, struct pl_line_status *ret_status);
	/** Keys, meters or a page have changed: outputs follow. page_channels: bit (channel - 1) */
	void (*outputs)(void *gpio, const struct pl_model *model,
			const struct pl_meters_data *meters, uint64_t page_channels);
};

/** Tones in the graph; daemon/engine. */
struct pl_tone_ops {
	int (*apply)(void *engine, const struct pl_gateway *before, const struct pl_gateway *after);
};

/** daemon/page: acts on tones. */
struct pl_page_ops {
	int (*apply)(void *pages, const struct pl_gateway *before, const struct pl_gateway *after);
	void (*tone)(void *pages, const struct pl_tone_event *event);
	/** Newest first. @return number written */
	size_t (*history)(void *pages, struct pl_page_record *ret_records, size_t n_max);
	/** Path of a clip for reading. @param name as in a record. @return 0 or -ENOENT */
	int (*clip_path)(void *pages, const char *name, char *ret_path, size_t size);
	/**
	 * The clips that are there, in any order, without looking at the disk.
	 *
	 * @param ret_clips  freed by the caller with free(); NULL for none
	 * @return their number, or -ENOMEM
	 */
	int (*clips)(void *pages, struct pl_clip_info **ret_clips);
	/** Delete one. @return 0, -ENOENT, or -EBUSY: its upload is waited for */
	int (*remove_clip)(void *pages, const char *name);
	/** The upload is confirmed: into the history, and with "delete_local" the file goes. */
	void (*clip_uploaded)(void *pages, const char *message_id, const char *url);
	/** End passthrough and recording of what was paged on this channel, now. */
	void (*end)(void *pages, uint32_t channel_id);
	/** Channels with a page whose record length runs: bit (channel - 1). */
	uint64_t (*active)(void *pages);
	void (*status)(void *pages, struct pl_clips_status *ret_status);
};

/** daemon/export: tells others. */
struct pl_export_ops {
	int (*apply)(void *export, const struct pl_gateway *before, const struct pl_gateway *after);
	/** Kept on disk before it returns. */
	int (*page)(void *export, const struct pl_page_record *record);
	/** A clip is complete: upload it; pl_control_clip_uploaded() follows, after a restart too. */
	int (*clip)(void *export, const struct pl_page_record *record, const char *path);
	void (*mqtt_status)(void *export, struct pl_export_status *ret_status);
	void (*s3_status)(void *export, struct pl_export_status *ret_status);
};

/* An `apply` is called with before == NULL first. One that fails leaves things as they were; it is
 * for what nobody could have foreseen (memory): a port that is taken, a line that is missing, a
 * broker that is away are a status with its trouble, never a refusal. */

/** What does the work; NULL ops: not in this build or test. Borrowed. */
struct pl_gateway_parts {
	const struct pl_stream_ops *stream_ops;
	void *streams;
	const struct pl_gpio_ops *gpio_ops;
	void *gpio;
	const struct pl_tone_ops *tone_ops;
	void *tones;
	const struct pl_page_ops *page_ops;
	void *pages;
	const struct pl_export_ops *export_ops;
	void *export;
};
/** Hands the definitions to each of them. @param parts  copied; zeroed: none from now on */
int pl_control_set_gateway_parts(struct pl_control *control, const struct pl_gateway_parts *parts);
/** Take up what verbs added before a restart; before the parts are set. @param kept  copied */
int pl_control_set_gateway_kept(struct pl_control *control, const struct pl_gateway_kept *kept);
/** For the loop: outputs follow the meters. Every 20 ms is enough. */
void pl_control_run_outputs(struct pl_control *control);
/** Whether any output line needs that. */
bool pl_control_has_outputs(const struct pl_control *control);

/* --- what the parts call ------------------------------------------------------------------ */

/** daemon/engine: a tone was heard. */
void pl_control_tone_heard(struct pl_control *control, const struct pl_tone_event *event);
/** daemon/page: a page began, its clip was finished …: sends PL_EVENT_PAGE, hands it to export. */
void pl_control_page_changed(struct pl_control *control, const struct pl_page_record *record,
			     bool began, const char *clip_path);
/** daemon/page: active() or the trouble of status() have changed: outputs follow, sends PL_EVENT_EXPORT */
void pl_control_pages_changed(struct pl_control *control);
/** daemon/export: the clip is safe elsewhere; handed to the pages. @param url  presigned, "" */
void pl_control_clip_uploaded(struct pl_control *control, const char *message_id, const char *url);
/** daemon/stream, gpio, export: a state (not a counter) has changed: sends PL_EVENT_STREAM, _LINE, _EXPORT */
void pl_control_stream_changed(struct pl_control *control, const char *id);
void pl_control_line_changed(struct pl_control *control, const char *id);
void pl_control_export_changed(struct pl_control *control);

/* --- reading ------------------------------------------------------------------------------ */

/** Borrowed, valid until the next verb. */
const struct pl_gateway *pl_control_gateway(const struct pl_control *control);
/** Definitions that are there and cannot be used, as an added stream whose id the configuration
 * has as well, in plain sentences without the last full stop; "" when all are used. */
const char *pl_control_gateway_trouble(const struct pl_control *control);
int pl_control_stream_status(struct pl_control *control, const char *id,
			     struct pl_stream_status *ret_status);
#define PL_SDP_MAX 4096u
/**
 * The offer of an RTP stream. The lines with its key (RFC 4568) only for the role admin, which is
 * audited then. @return length, -ENOENT or -ENOSPC
 */
int pl_control_stream_sdp(struct pl_control *control, const struct pl_actor *actor, const char *id,
			  char *ret_text, size_t size);
int pl_control_line_status(struct pl_control *control, const char *id,
			   struct pl_line_status *ret_status);
size_t pl_control_page_history(struct pl_control *control, struct pl_page_record *ret_records,
			       size_t n_max);
/** See struct pl_page_ops. */
int pl_control_list_clips(struct pl_control *control, struct pl_clip_info **ret_clips);
int pl_control_clip_path(struct pl_control *control, const char *name, char *ret_path, size_t size);
/** @return 0, or -ENODATA: not in use */
int pl_control_clips_status(struct pl_control *control, struct pl_clips_status *ret_status);
int pl_control_mqtt_status(struct pl_control *control, struct pl_export_status *ret_status);
int pl_control_s3_status(struct pl_control *control, struct pl_export_status *ret_status);
size_t pl_control_sap_sessions(struct pl_control *control,
			       const struct pl_sap_session **ret_sessions);

/* --- verbs. Errors besides those of control.h: -EEXIST the id is taken, -ENOENT no such id,
 *     -EROFS it comes from the configuration file --------------------------------------------- */

/** Role: admin */
int pl_control_add_stream(struct pl_control *control, const struct pl_actor *actor,
			  const struct pl_stream_def *stream, struct pl_error *ret_error);
int pl_control_remove_stream(struct pl_control *control, const struct pl_actor *actor,
			     const char *id, struct pl_error *ret_error);
int pl_control_add_page(struct pl_control *control, const struct pl_actor *actor,
			const struct pl_page_def *page, struct pl_error *ret_error);
int pl_control_remove_page(struct pl_control *control, const struct pl_actor *actor, const char *id,
			   struct pl_error *ret_error);
/** Delete a clip; its records stay. -ENOENT, or -EBUSY: it waits for its upload. @param name  as in a record */
int pl_control_remove_clip(struct pl_control *control, const struct pl_actor *actor,
			   const char *name, struct pl_error *ret_error);
/** Make a page of an unknown pair that was heard. @param message_id  of its record */
int pl_control_page_from_record(struct pl_control *control, const struct pl_actor *actor,
				const char *message_id, const char *page_id,
				struct pl_error *ret_error);
/** Role: operate. Live. @param safety 0..1 */
int pl_control_set_jitter(struct pl_control *control, const struct pl_actor *actor, const char *id,
			  double safety, struct pl_error *ret_error);
/** Role: operate. End passthrough and recording of a channel's pages now. */
int pl_control_end_page(struct pl_control *control, const struct pl_actor *actor,
			uint32_t channel_id, struct pl_error *ret_error);

#endif
