/* SPDX-License-Identifier: MIT */
#ifndef PL_RTCP_H
#define PL_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * RTCP, RFC 3550 6 and the algorithms of its appendix A: compound packets to fields and back, what
 * a receiver reports about a source, when to send. Pure; one thread per object.
 */

#define PL_RTCP_REPORTS_MAX 31u
#define PL_RTCP_PACKET_MAX 1472u

/** One report block, RFC 3550 6.4.1. */
struct pl_rtcp_report {
	uint32_t ssrc;             /**< whom it is about */
	uint8_t fraction_lost;     /**< of the last interval, 1/256 */
	int32_t n_lost;            /**< since the start, may be negative with duplicates; 24 bits */
	uint32_t highest_sequence; /**< extended by its cycles */
	uint32_t jitter;           /**< timestamp units */
	uint32_t last_sr;          /**< middle 32 bits of the NTP time of the last SR; 0: none */
	uint32_t delay_since_sr;   /**< since it came, 1/65536 s */
};

/** A whole compound packet: its SR or RR, SDES CNAME and BYE. */
struct pl_rtcp_compound {
	uint32_t ssrc;  /**< of who sends it */
	bool is_sender; /**< SR: the next four count */
	uint64_t ntp;   /**< NTP timestamp, 32.32 */
	uint32_t timestamp;
	uint32_t n_packets, n_octets;
	uint32_t n_reports;
	struct pl_rtcp_report reports[PL_RTCP_REPORTS_MAX];
	char cname[256]; /**< "" */
	bool bye;        /**< ssrc leaves */
};

/**
 * Unknown packet types and SDES items are passed over; report blocks beyond
 * PL_RTCP_REPORTS_MAX are too.
 *
 * @return 0; -EBADMSG: not a compound packet by RFC 3550 A.2 (a reduced-size one of RFC 5506, which
 *         begins with another type, is refused)
 */
int pl_rtcp_parse(const uint8_t *data, size_t size, struct pl_rtcp_compound *ret_compound);
/** SR or RR, SDES with the CNAME, BYE if so. @return bytes written, a multiple of 4; -ENOSPC */
int pl_rtcp_write(const struct pl_rtcp_compound *compound, uint8_t *ret_data, size_t size);

/** What is known of a source that is received: RFC 3550 A.1, A.3, A.8. Plain data. */
struct pl_rtcp_source {
	bool heard;
	uint32_t ssrc;
	uint16_t highest;
	uint32_t cycles; /**< already shifted by 16 */
	uint32_t base_sequence;
	uint64_t n_received;
	uint64_t n_expected_prior, n_received_prior;
	double jitter; /**< timestamp units */
	double transit;
	uint32_t last_sr;
	uint64_t last_sr_nsec;
	/** the last ten seconds, for a loss that people can read */
	struct {
		uint64_t second;
		uint64_t n_expected, n_received;
	} recent[11];
};

void pl_rtcp_source_init(struct pl_rtcp_source *source, uint32_t ssrc);
/** @param now_nsec  CLOCK_MONOTONIC of its arrival */
void pl_rtcp_source_received(struct pl_rtcp_source *source, uint16_t sequence, uint32_t timestamp,
			     uint64_t now_nsec);
/** An SR of the source came. */
void pl_rtcp_source_sender_report(struct pl_rtcp_source *source, uint64_t ntp, uint64_t now_nsec);
/** The block to send; begins the next interval. */
void pl_rtcp_source_report(struct pl_rtcp_source *source, uint64_t now_nsec,
			   struct pl_rtcp_report *ret_report);
/** Expected and not received since the start; duplicates do not count against it, at least 0. */
uint64_t pl_rtcp_source_lost(const struct pl_rtcp_source *source);
/** Of the last ten seconds, 0..100. */
double pl_rtcp_source_loss_percent(const struct pl_rtcp_source *source, uint64_t now_nsec);
double pl_rtcp_source_jitter_ms(const struct pl_rtcp_source *source);

/** CLOCK_REALTIME to NTP, RFC 3550 4. */
uint64_t pl_ntp_from_nsec(uint64_t realtime_nsec);
/**
 * By a report about us, RFC 3550 6.4.1.
 *
 * @param now_ntp  when it came, of the clock that our SR carried
 * @return milliseconds, at least 0; NaN when it answers no SR, or not one of the last minute
 */
double pl_rtcp_round_trip_ms(const struct pl_rtcp_report *report, uint64_t now_ntp);
/**
 * When to send next, RFC 3550 6.2 and A.7: 5 % of the session's bandwidth, at least 5 s, half of
 * that before the first, times 0.5..1.5, divided by e - 1.5.
 *
 * @param bandwidth_bps  of the session
 * @param n_members      including us, at least 2
 * @param random         0..1
 * @return nanoseconds
 */
uint64_t pl_rtcp_interval_ns(double bandwidth_bps, uint32_t n_members, size_t average_size,
			     bool initial, double random);

#endif
