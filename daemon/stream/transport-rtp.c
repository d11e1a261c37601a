/* SPDX-License-Identifier: MIT */
#include "transport.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "lookup.h"
#include "rtcp.h"
#include "rtp.h"
#include "srtp.h"
#include "stream-run.h"
#include "udp.h"

/* RTP and RTCP over UDP, protected by SRTP. A packet is sent by sendto() at once: each stream has a
 * socket of its own, so there is nothing that sendmmsg() could put together. What has come is taken
 * in one recvmmsg(). */

#define NSEC_PER_SEC UINT64_C(1000000000)
/** Datagrams taken at a time */
#define BATCH 8u
#define DATAGRAM_MAX 2048u
/** A socket that cannot be had, or a name that is not known, is tried again. */
#define RETRY_NSEC (2u * NSEC_PER_SEC)
/** A name is asked again, as what it means may change. */
#define REFRESH_NSEC (300u * NSEC_PER_SEC)
/** Of a compound packet of ours, with IP and UDP: RFC 3550 6.2 */
#define RTCP_AVERAGE_BYTES 130u
#define TROUBLE_MAX 256u

struct rtp {
	struct stream_transport base;
	struct stream_run *run;
	struct stream_worker *worker;
	struct pl_srtp *srtp;

	int rtp_fd, rtcp_fd; /* -1 */
	int family;
	struct pl_work_source rtp_source, rtcp_source;
	uint64_t open_nsec; /* when to try */
	char socket_trouble[TROUBLE_MAX];

	struct lookup *lookup;
	uint64_t lookup_nsec; /* when to ask */
	struct lookup_address remote, remote_rtcp;
	struct lookup_address heard_rtcp; /* where the other end's reports come from */
	char name_trouble[TROUBLE_MAX];

	uint64_t report_nsec;
	bool reported;
	int send_error;
	uint64_t n_refused;
};

static struct rtp *rtp_from(struct stream_transport *transport)
{
	return (struct rtp *)transport;
}

static uint64_t realtime_nsec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* --- out -------------------------------------------------------------------------------------- */

static void send_to(struct rtp *rtp, int fd, const struct lookup_address *to, const void *data,
		    size_t size)
{
	ssize_t n;

	if (fd < 0 || to->size == 0)
		return;
	n = sendto(fd, data, size, MSG_DONTWAIT, (const struct sockaddr *)&to->address, to->size);
	/* A full queue is a loss as any other. */
	if (n >= 0)
		rtp->send_error = 0;
	else if (errno != EAGAIN && errno != ENOBUFS)
		rtp->send_error = errno;
}

static void rtp_send(struct stream_transport *transport, uint8_t *packet, size_t size,
		     size_t capacity)
{
	struct rtp *rtp = rtp_from(transport);
	int r;

	if (rtp->rtp_fd < 0 || rtp->remote.size == 0)
		return;
	r = pl_srtp_protect(rtp->srtp, packet, size, capacity);
	if (r > 0)
		send_to(rtp, rtp->rtp_fd, &rtp->remote, packet, (size_t)r);
}

static void send_report(struct rtp *rtp, uint64_t now, bool bye)
{
	struct stream_run *run = rtp->run;
	struct pl_rtcp_compound compound = {.ssrc = run->ssrc, .bye = bye};
	_Alignas(8) uint8_t packet[PL_RTCP_PACKET_MAX + PL_SRTP_TRAILER_MAX];
	const struct lookup_address *to =
		rtp->remote_rtcp.size > 0 ? &rtp->remote_rtcp : &rtp->heard_rtcp;
	int r;

	if (to->size == 0 || rtp->rtcp_fd < 0)
		return;
	if (run->sender)
		pl_sender_fill_report(run->sender, realtime_nsec(), &compound);
	if (run->receiver && pl_receiver_report(run->receiver, now, &compound.reports[0]))
		compound.n_reports = 1;
	snprintf(compound.cname, sizeof(compound.cname), "%s", run->cname);
	r = pl_rtcp_write(&compound, packet, PL_RTCP_PACKET_MAX);
	if (r > 0)
		r = pl_srtp_protect_rtcp(rtp->srtp, packet, (size_t)r, sizeof(packet));
	if (r > 0)
		send_to(rtp, rtp->rtcp_fd, to, packet, (size_t)r);
}

/* --- in --------------------------------------------------------------------------------------- */

static void take_rtcp(struct rtp *rtp, uint8_t *packet, size_t size,
		      const struct lookup_address *from, uint64_t now)
{
	struct stream_run *run = rtp->run;
	struct pl_rtcp_compound compound;
	int r = pl_srtp_unprotect_rtcp(rtp->srtp, packet, size);

	if (r >= 0)
		r = pl_rtcp_parse(packet, (size_t)r, &compound);
	if (r < 0) {
		rtp->n_refused++;
		return;
	}
	if (compound.ssrc == run->ssrc) {
		/* Ours, from a multicast group; or somebody has drawn the same, RFC 3550 8.2. */
		if (strcmp(compound.cname, run->cname) != 0 && run->sender &&
		    getrandom(&run->ssrc, sizeof(run->ssrc), GRND_NONBLOCK) > 0)
			pl_sender_set_ssrc(run->sender, run->ssrc);
		return;
	}
	rtp->heard_rtcp = *from;
	if (run->receiver) {
		pl_receiver_sender_report(run->receiver, &compound, now);
		if (compound.bye)
			pl_receiver_end(run->receiver);
	}
	if (run->sender)
		pl_sender_heard(run->sender, &compound, realtime_nsec());
}

static void take_rtp(struct rtp *rtp, uint8_t *packet, size_t size, uint64_t now)
{
	struct stream_run *run = rtp->run;
	struct pl_rtp_packet own;
	int r;

	/* Our own, from a multicast group. */
	if (pl_rtp_parse(packet, size, &own) >= 0 && own.ssrc == run->ssrc)
		return;
	r = pl_srtp_unprotect(rtp->srtp, packet, size);
	if (r < 0)
		rtp->n_refused++;
	else if (run->receiver)
		pl_receiver_push(run->receiver, packet, (size_t)r, now); /* it counts */
}

/** In the clear, a packet of another host than the stream's is foreign; a key tells for itself. */
static bool is_foreign(const struct rtp *rtp, const struct lookup_address *from)
{
	return rtp->run->def.cipher == PL_CIPHER_NONE && rtp->remote.size > 0 &&
	       !udp_is_multicast(&rtp->remote) && !udp_is_same_host(&rtp->remote, from);
}

static void receive(struct rtp *rtp, int fd, bool is_rtcp, uint64_t now)
{
	_Alignas(8) uint8_t data[BATCH][DATAGRAM_MAX];
	struct lookup_address from[BATCH];
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	int n;

	for (unsigned i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){data[i], DATAGRAM_MAX};
		messages[i] = (struct mmsghdr){
			.msg_hdr =
				{
					.msg_name = &from[i].address,
					.msg_namelen = sizeof(from[i].address),
					.msg_iov = &parts[i],
					.msg_iovlen = 1,
				},
		};
	}
	n = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		size_t size = messages[i].msg_len;

		from[i].size = messages[i].msg_hdr.msg_namelen;
		if ((messages[i].msg_hdr.msg_flags & MSG_TRUNC) || is_foreign(rtp, &from[i]))
			rtp->n_refused++;
		else if (is_rtcp || pl_rtp_is_rtcp(data[i], size))
			take_rtcp(rtp, data[i], size, &from[i], now);
		else
			take_rtp(rtp, data[i], size, now);
	}
}

static void on_rtp(void *userdata, uint64_t now)
{
	struct rtp *rtp = userdata;

	receive(rtp, rtp->rtp_fd, false, now);
}

static void on_rtcp(void *userdata, uint64_t now)
{
	struct rtp *rtp = userdata;

	receive(rtp, rtp->rtcp_fd, true, now);
}

/* --- sockets and names ------------------------------------------------------------------------ */

static int open_one(struct rtp *rtp, uint16_t port, int *ret_fd, char *ret_trouble)
{
	const struct pl_stream_def *def = &rtp->run->def;
	const struct udp_options options = {
		.local_address = def->local_address,
		.local_port = port,
		.interface = def->interface,
		.family = rtp->family,
		.dscp = def->dscp,
		.ttl = def->ttl,
		.sends_multicast = udp_is_multicast(&rtp->remote),
	};

	return udp_open(&options, ret_fd, ret_trouble, TROUBLE_MAX);
}

static void open_sockets(struct rtp *rtp, uint64_t now)
{
	uint16_t port = rtp->run->def.local_port;
	char unused[TROUBLE_MAX];
	int r;

	r = open_one(rtp, port, &rtp->rtp_fd, rtp->socket_trouble);
	if (r == -EAFNOSUPPORT && rtp->family == AF_INET6) {
		rtp->family = AF_INET;
		r = open_one(rtp, port, &rtp->rtp_fd, rtp->socket_trouble);
	}
	if (r >= 0)
		r = stream_worker_watch(rtp->worker, rtp->rtp_fd, &rtp->rtp_source);
	if (r < 0) {
		rtp->open_nsec = now + RETRY_NSEC;
		return;
	}
	rtp->open_nsec = UINT64_MAX;
	rtp->socket_trouble[0] = '\0';
	/* RFC 3550 11: the next higher port. A stream without reports is one all the same. */
	port = udp_bound_port(rtp->rtp_fd);
	if (port == UINT16_MAX || open_one(rtp, port + 1u, &rtp->rtcp_fd, unused) < 0) {
		/* Who only sends may have any. */
		if (rtp->run->def.local_port == 0)
			open_one(rtp, 0, &rtp->rtcp_fd, unused);
	}
	if (rtp->rtcp_fd >= 0)
		stream_worker_watch(rtp->worker, rtp->rtcp_fd, &rtp->rtcp_source);
}

static void close_sockets(struct rtp *rtp)
{
	int *const fds[] = {&rtp->rtp_fd, &rtp->rtcp_fd};

	for (unsigned i = 0; i < 2; i++) {
		if (*fds[i] < 0)
			continue;
		stream_worker_unwatch(rtp->worker, *fds[i]);
		close(*fds[i]);
		*fds[i] = -1;
	}
}

static void set_remote(struct rtp *rtp, const struct lookup_address *address)
{
	rtp->remote = *address;
	udp_fit(&rtp->remote, rtp->family);
	rtp->remote_rtcp = rtp->remote;
	udp_set_port(&rtp->remote_rtcp, (uint16_t)(udp_port(&rtp->remote) + 1u));
}

static void follow_name(struct rtp *rtp, uint64_t now)
{
	const struct pl_stream_def *def = &rtp->run->def;
	struct lookup_address address;
	int r;

	if (rtp->lookup) {
		r = lookup_result(rtp->lookup, &address);
		if (r == -EAGAIN)
			return;
		rtp->lookup = lookup_free(rtp->lookup);
		rtp->lookup_nsec = now + (r < 0 ? RETRY_NSEC : REFRESH_NSEC);
		rtp->name_trouble[0] = '\0';
		/* What was known is better than nothing. */
		if (r >= 0)
			set_remote(rtp, &address);
		else if (rtp->remote.size == 0)
			snprintf(rtp->name_trouble, sizeof(rtp->name_trouble),
				 "no address is known for \"%.200s\"", def->remote_host);
	} else if (now >= rtp->lookup_nsec) {
		rtp->lookup_nsec = now + RETRY_NSEC;
		lookup_new(def->remote_host, def->remote_port, stream_worker_kick_fd(rtp->worker),
			   &rtp->lookup);
	}
}

/* --- time ------------------------------------------------------------------------------------- */

static void report_later(struct rtp *rtp, uint64_t now)
{
	const struct pl_stream_def *def = &rtp->run->def;
	uint32_t random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = (uint32_t)now;
	rtp->report_nsec = now + pl_rtcp_interval_ns(def->bitrate_bps, 2, RTCP_AVERAGE_BYTES,
						     !rtp->reported, random / 4294967296.0);
}

static uint64_t rtp_work(struct stream_transport *transport, uint64_t now)
{
	struct rtp *rtp = rtp_from(transport);
	uint64_t next;

	if (now >= rtp->open_nsec)
		open_sockets(rtp, now);
	if (rtp->lookup || now >= rtp->lookup_nsec)
		follow_name(rtp, now);
	if (now >= rtp->report_nsec) {
		send_report(rtp, now, false);
		rtp->reported = true;
		report_later(rtp, now);
	}
	next = rtp->report_nsec;
	next = rtp->open_nsec < next ? rtp->open_nsec : next;
	return rtp->lookup_nsec < next ? rtp->lookup_nsec : next;
}

static void rtp_status(struct stream_transport *transport, struct pl_stream_status *status)
{
	struct rtp *rtp = rtp_from(transport);

	status->n_refused += rtp->n_refused;
	if (rtp->socket_trouble[0])
		snprintf(status->trouble, sizeof(status->trouble), "%s", rtp->socket_trouble);
	else if (rtp->name_trouble[0])
		snprintf(status->trouble, sizeof(status->trouble), "%s", rtp->name_trouble);
	else if (rtp->send_error)
		snprintf(status->trouble, sizeof(status->trouble),
			 "nothing can be sent to %.180s: %s", rtp->run->def.remote_host,
			 strerror(rtp->send_error));
	if (status->trouble[0])
		status->state = PL_STREAM_FAILED;
}

/* --- life ------------------------------------------------------------------------------------- */

static void rtp_free(struct stream_transport *transport)
{
	struct rtp *rtp = rtp_from(transport);

	if (rtp->reported)
		send_report(rtp, 0, true);
	close_sockets(rtp);
	lookup_free(rtp->lookup);
	pl_srtp_free(rtp->srtp);
	free(rtp);
}

static const struct stream_transport_ops rtp_ops = {
	.send = rtp_send,
	.work = rtp_work,
	.status = rtp_status,
	.free = rtp_free,
};

int transport_rtp_new(struct stream_run *run, struct stream_worker *worker,
		      struct stream_transport **ret_transport)
{
	const struct pl_stream_def *def = &run->def;
	struct rtp *rtp = calloc(1, sizeof(*rtp));
	struct lookup_address remote;
	int r;

	if (!rtp)
		return -ENOMEM;
	rtp->base.ops = &rtp_ops;
	rtp->run = run;
	rtp->worker = worker;
	rtp->rtp_fd = rtp->rtcp_fd = -1;
	rtp->family = AF_INET6;
	rtp->rtp_source = (struct pl_work_source){on_rtp, rtp};
	rtp->rtcp_source = (struct pl_work_source){on_rtcp, rtp};
	rtp->lookup_nsec = UINT64_MAX;
	r = pl_srtp_new(def->cipher, def->secret, def->secret_size, &rtp->srtp);
	if (r < 0) {
		snprintf(rtp->socket_trouble, sizeof(rtp->socket_trouble),
			 "its key cannot be used: %s", strerror(-r));
		rtp->open_nsec = UINT64_MAX;
	}
	if (def->local_address[0] && lookup_numeric(def->local_address, 0, &remote) >= 0)
		rtp->family = remote.address.ss_family;
	if (def->remote_host[0] &&
	    lookup_numeric(def->remote_host, def->remote_port, &remote) >= 0) {
		if (!def->local_address[0])
			rtp->family = remote.address.ss_family;
		set_remote(rtp, &remote);
	} else if (def->remote_host[0]) {
		rtp->lookup_nsec = 0;
	}
	report_later(rtp, 0);
	rtp->report_nsec = 0;
	*ret_transport = &rtp->base;
	return 0;
}
