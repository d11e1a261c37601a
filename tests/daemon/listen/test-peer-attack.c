/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "browser.h"
#include "pltest.h"

/* Everything that somebody without password and keys can send, in every phase of a connection. */

#define GCM "SRTP_AEAD_AES_128_GCM"
#define PEERS 24u

static struct pl_identity *identity(void)
{
	static struct pl_identity *one;

	if (!one && pl_identity_new(1800000000u, &one) < 0)
		abort();
	return one;
}

static struct browser *open_browser(void)
{
	static struct browser one;

	one = (struct browser){.profiles = GCM};
	browser_open(&one, identity());
	return &one;
}

static uint32_t next_random(void)
{
	static uint32_t state = 1;

	state = state * 1664525u + 1013904223u;
	return state >> 8;
}

/** First bytes of all kinds, also of those whose rest looks right. */
static size_t make_junk(uint8_t *data)
{
	static const uint8_t firsts[] = {0,  1,  3,  20,  21,  22,  23,  25,
					 44, 63, 64, 127, 128, 144, 191, 255};
	size_t n = next_random() % 1400;

	for (size_t i = 0; i < n; i++)
		data[i] = (uint8_t)next_random();
	if (n < 16)
		return n;
	data[0] = firsts[next_random() % sizeof(firsts)];
	if (data[0] < 4) {
		n = n / 4 * 4;
		data[2] = (uint8_t)((n - 20) >> 8);
		data[3] = (uint8_t)(n - 20);
		memcpy(data + 4, "\x21\x12\xa4\x42", 4);
	} else if (data[0] < 64) {
		data[1] = 0xfe;
		data[2] = 0xfd;
		data[3] = 0;
		data[4] &= 1; /* epoch: in the clear, or with keys */
		data[11] = (uint8_t)((n - 13) >> 8);
		data[12] = (uint8_t)(n - 13);
	}
	return n;
}

/** Alerts in the clear, messages of the other role, records of epochs to come. */
static void send_forged_records(struct browser *b)
{
	static const char *records[] = {
		"\x15\xfe\xfd\0\0\0\0\0\0\0\x09\0\x02\x02\x28", /* fatal: handshake_failure */
		"\x15\xfe\xfd\0\0\0\0\0\0\0\x0a\0\x02\x01\x00", /* close_notify */
		"\x15\xfe\xfd\0\x01\0\0\0\0\0\x0b\0\x02\x01\x00",
	};
	uint8_t message[64] = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 40, 0, 12};

	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		browser_send_from(b, &b->path, (const uint8_t *)records[i], 15);
	/* HelloRequest, ServerHello, NewSessionTicket, Finished in the clear … */
	for (uint8_t type = 0; type < 32; type++) {
		if (type == 1 || type == 11 || type == 15 || type == 16)
			continue;
		message[13] = type;
		browser_send_from(b, &b->path, message, 25);
	}
	/* change_cipher_spec before its time, and of a wrong length */
	browser_send_from(b, &b->path, (const uint8_t *)"\x14\xfe\xfd\0\0\0\0\0\0\0\x30\0\x01\x01",
			  14);
	browser_send_from(b, &b->path,
			  (const uint8_t *)"\x16\xfe\xfd\0\0\0\0\0\0\0\x31\xff\xff\x01", 14);
}

static void send_junk(struct browser *b, uint32_t n)
{
	struct pl_net_path stranger = make_path(200, 1);
	uint8_t data[DATAGRAM_MAX];

	for (uint32_t i = 0; i < n; i++) {
		size_t size = make_junk(data);

		browser_send_from(b, i % 2 ? &stranger : &b->path, data, size);
		b->now_nsec += 1000;
	}
}

static void check_media(struct browser *b)
{
	uint8_t packet[DATAGRAM_MAX] __attribute__((aligned(8)));
	uint32_t n_rtp = b->n_rtp;
	size_t n = browser_make_rtp(b, (uint16_t)(1000 + n_rtp), packet);

	PL_CHECK_INT(browser_send(b, packet, n), 0);
	PL_CHECK_INT(b->n_rtp, n_rtp + 1);
	memset(packet, 0, 64);
	packet[0] = 0x80;
	packet[3] = (uint8_t)n_rtp;
	b->n_out = 0;
	PL_CHECK_INT(pl_peer_send_rtp(b->peer, packet, 64, sizeof(packet)), 0);
	PL_CHECK(pl_net_path_is_same(&b->out[0].path, &b->path));
	PL_CHECK_INT(pl_srtp_unprotect(b->srtp, b->out[0].data, b->out[0].size), 64);
	b->n_out = 0;
}

PL_TEST(before_anybody_came)
{
	struct browser *b = open_browser();

	send_junk(b, 5000);
	send_forged_records(b);
	PL_CHECK_INT(b->n_out, 0);
	PL_CHECK_INT(b->n_states, 0);
	PL_CHECK(browser_connect(b));
	check_media(b);
	browser_close(b);
}

/* After each datagram of the handshake. */
PL_TEST(in_the_handshake)
{
	struct browser *b = open_browser();
	struct pl_peer_status status;

	browser_send_check(b, true);
	b->n_out = 0;
	send_junk(b, 300);
	send_forged_records(b);
	PL_CHECK_INT(b->n_out, 0);
	/* a flight, held back on its way */
	SSL_do_handshake(b->ssl);
	for (int i = 0; i < 8 && !b->srtp; i++) {
		send_forged_records(b);
		send_junk(b, 300);
		browser_settle(b);
	}
	PL_CHECK(browser_connect(b));
	check_media(b);
	pl_peer_status(b->peer, &status);
	PL_CHECK_INT(b->n_states, 2);
	PL_CHECK_INT(status.reason, 0);
	browser_close(b);
}

PL_TEST(when_connected)
{
	struct browser *b = open_browser();
	uint64_t deadline;

	PL_CHECK(browser_connect(b));
	deadline = pl_peer_deadline(b->peer);
	send_junk(b, 5000);
	send_forged_records(b);
	PL_CHECK_INT(b->n_out, 0);
	PL_CHECK_INT(b->n_states, 2);
	PL_CHECK_INT(b->n_rtp + b->n_rtcp, 0);
	PL_CHECK(pl_peer_deadline(b->peer) == deadline);
	check_media(b);
	browser_close(b);
}

/* All that the browser ever sent, again, from where it came and from elsewhere. */
PL_TEST(replays)
{
	struct browser *b = open_browser();
	struct pl_net_path thief = make_path(66, 6666);
	struct pl_peer_status status;
	uint32_t n_sent;

	PL_CHECK(browser_connect(b));
	for (int i = 0; i < 5; i++)
		check_media(b);
	n_sent = b->n_sent;
	for (uint32_t i = 0; i < n_sent; i++) {
		int r = browser_send_from(b, &thief, b->sent[i].data, b->sent[i].size);

		PL_CHECK(r == -EPERM || r == -EALREADY);
	}
	PL_CHECK_INT(b->n_out, 0);
	/* a check is answered again, and nothing else is */
	for (uint32_t i = 0; i < n_sent; i++) {
		browser_send_from(b, &b->path, b->sent[i].data, b->sent[i].size);
		PL_CHECK(b->n_out == 0 || b->sent[i].data[0] < 4);
		b->n_out = 0;
	}
	PL_CHECK_INT(b->n_rtp, 5);
	pl_peer_status(b->peer, &status);
	PL_CHECK_INT(status.n_paths_switched, 0);
	check_media(b);
	browser_close(b);
}

/** A ClientHello of somebody else. @return its size */
static size_t make_hello(uint8_t *data)
{
	SSL_CTX *context = SSL_CTX_new(DTLS_method());
	SSL *ssl = context ? SSL_new(context) : NULL;
	int n;

	if (!ssl || SSL_CTX_set_tlsext_use_srtp(context, GCM) != 0)
		abort();
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_options(ssl, SSL_OP_NO_QUERY_MTU);
	SSL_set_mtu(ssl, 1200);
	SSL_set_connect_state(ssl);
	SSL_do_handshake(ssl);
	n = BIO_read(SSL_get_wbio(ssl), data, DATAGRAM_MAX);
	SSL_free(ssl);
	SSL_CTX_free(context);
	return n > 0 ? (size_t)n : 0;
}

/* A forged hello that comes first does not keep the true one from being heard. */
PL_TEST(forged_hello)
{
	struct browser *b = open_browser();
	uint8_t hello[DATAGRAM_MAX];
	size_t n = make_hello(hello);

	browser_send_check(b, true);
	PL_CHECK_INT(browser_send_from(b, &b->path, hello, n), 0);
	/* the answer to it does not reach the browser; its sender cannot go on */
	b->n_out = 0;
	PL_CHECK(browser_connect(b));
	check_media(b);
	/* now it is too late for any */
	b->n_out = 0;
	PL_CHECK_INT(browser_send_from(b, &b->path, hello, n), -EBADMSG);
	PL_CHECK_INT(browser_send_from(b, &b->path, hello, make_hello(hello)), -EBADMSG);
	PL_CHECK_INT(b->n_out, 0);
	check_media(b);
	browser_close(b);
}

/* Hellos without end cost a limited number of handshakes, whoever sends them. */
PL_TEST(flood_of_hellos)
{
	struct browser *b = open_browser();
	uint8_t hello[DATAGRAM_MAX];

	browser_send_check(b, true);
	b->n_out = 0;
	for (int i = 0; i < 100; i++)
		browser_send_from(b, &b->path, hello, make_hello(hello));
	PL_CHECK(b->n_out >= 1 && b->n_out <= PL_PEER_HANDSHAKES_MAX);
	browser_close(b);
}

/* Hellos that no handshake can come of: they fail at once, and the number counts as well. */
PL_TEST(flood_of_bad_hellos)
{
	struct browser *b = open_browser();
	uint8_t hello[DATAGRAM_MAX];
	struct pl_peer_status status;
	size_t n = make_hello(hello);

	browser_send_check(b, true);
	b->n_out = 0;
	for (uint8_t i = 0; i < 100; i++) {
		hello[59] = 0xff; /* length of the session id */
		hello[30] = i;    /* random */
		browser_send_from(b, &b->path, hello, n);
	}
	PL_CHECK(b->n_out <= PL_PEER_HANDSHAKES_MAX);
	pl_peer_status(b->peer, &status);
	PL_CHECK_INT(status.state, PL_PEER_LOST);
	PL_CHECK_INT(status.reason, -EPROTO);
	browser_close(b);
}

/* --- many on one port -------------------------------------------------------------------------- */

static struct browser *open_many(struct pl_demux **ret_demux)
{
	struct browser *browsers = calloc(PEERS, sizeof(*browsers));

	if (!browsers || pl_demux_new(PEERS, ret_demux) < 0)
		abort();
	for (uint32_t i = 0; i < PEERS; i++) {
		browsers[i].profiles = GCM;
		browser_open(&browsers[i], identity());
		browsers[i].path = make_path((uint8_t)i, 40000);
		if (pl_demux_add(*ret_demux, browsers[i].peer) < 0 ||
		    !browser_connect(&browsers[i]))
			abort();
	}
	return browsers;
}

static void close_many(struct browser *browsers, struct pl_demux *demux)
{
	for (uint32_t i = 0; i < PEERS; i++) {
		pl_demux_remove(demux, browsers[i].peer);
		browser_close(&browsers[i]);
	}
	free(browsers);
	pl_demux_free(demux);
}

static int give(struct pl_demux *demux, struct browser *b, const struct pl_net_path *path,
		const uint8_t *data, size_t size, struct pl_peer **ret_peer)
{
	struct datagram datagram = {.size = size};

	memcpy(datagram.data, data, size);
	return pl_demux_receive(demux, path, datagram.data, size, b->now_nsec, ret_peer);
}

/* Each has its own packets in the middle of a flood; the cost of a datagram of it is printed. */
PL_TEST(flood_beside_sessions)
{
	enum { DATAGRAMS = 20000 };
	uint8_t packet[DATAGRAM_MAX] __attribute__((aligned(8)));
	struct timespec begin, end;
	struct pl_demux *demux;
	struct browser *browsers = open_many(&demux);
	struct pl_peer *peer;

	for (uint32_t i = 0; i < PEERS; i++) {
		size_t n = browser_check(&browsers[i], true, packet);

		PL_CHECK_INT(give(demux, &browsers[i], &browsers[i].path, packet, n, &peer), 1);
		PL_CHECK(peer == browsers[i].peer);
	}
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
	for (uint32_t i = 0; i < DATAGRAMS; i++) {
		struct browser *b = &browsers[next_random() % PEERS];
		struct pl_net_path stranger =
			make_path((uint8_t)next_random(), (uint16_t)next_random());
		size_t n = make_junk(packet);

		/* a quarter with the address of one whose session there is */
		give(demux, b, i % 4 ? &stranger : &b->path, packet, n, NULL);
	}
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
	printf("%.2f us a datagram of junk\n",
	       ((double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec)) /
		       1e3 / DATAGRAMS);
	for (uint32_t i = 0; i < PEERS; i++) {
		struct browser *b = &browsers[i];
		size_t n = browser_make_rtp(b, 9, packet);

		PL_CHECK_INT(give(demux, b, &b->path, packet, n, &peer), 0);
		PL_CHECK(peer == b->peer);
		PL_CHECK_INT(b->n_rtp, 1);
		PL_CHECK_INT(b->n_states, 2);
		/* another's path is not its own */
		n = browser_make_rtp(b, 10, packet);
		PL_CHECK(give(demux, b, &browsers[(i + 1) % PEERS].path, packet, n, &peer) < 0);
		PL_CHECK(peer == browsers[(i + 1) % PEERS].peer);
	}
	close_many(browsers, demux);
}

/* An address that is used again belongs to the one who was checked there last. */
PL_TEST(address_used_again)
{
	uint8_t packet[DATAGRAM_MAX] __attribute__((aligned(8)));
	struct pl_demux *demux;
	struct browser *browsers = open_many(&demux), *a = &browsers[0], *b = &browsers[1];
	struct pl_peer *peer;

	PL_CHECK_INT(give(demux, a, &a->path, packet, browser_check(a, true, packet), NULL), 1);
	b->path = a->path;
	PL_CHECK_INT(give(demux, b, &b->path, packet, browser_check(b, true, packet), NULL), 1);
	PL_CHECK_INT(give(demux, b, &b->path, packet, browser_make_rtp(b, 1, packet), &peer), 0);
	PL_CHECK(peer == b->peer);
	/* more addresses than a peer may have: the last ones count */
	for (uint16_t i = 0; i < 3 * PL_PEER_PATHS_MAX; i++) {
		b->path = make_path(250, (uint16_t)(1000 + i));
		b->now_nsec += 1000;
		PL_CHECK_INT(give(demux, b, &b->path, packet, browser_check(b, true, packet), NULL),
			     1);
		PL_CHECK_INT(give(demux, b, &b->path, packet,
				  browser_make_rtp(b, (uint16_t)(2 + i), packet), &peer),
			     0);
	}
	PL_CHECK_INT(give(demux, a, &a->path, packet, browser_make_rtp(a, 1, packet), &peer),
		     -ENOENT);
	PL_CHECK(peer == NULL);
	/* one that has gone leaves nothing */
	pl_demux_remove(demux, b->peer);
	PL_CHECK_INT(give(demux, b, &b->path, packet, browser_make_rtp(b, 99, packet), &peer),
		     -ENOENT);
	PL_CHECK_INT(give(demux, b, &b->path, packet, browser_check(b, true, packet), &peer),
		     -ENOENT);
	PL_CHECK_INT(pl_demux_add(demux, b->peer), 0);
	PL_CHECK_INT(pl_demux_add(demux, b->peer), -ENOSPC);
	PL_CHECK_INT(give(demux, b, &b->path, packet, browser_check(b, true, packet), &peer), 1);
	close_many(browsers, demux);
}

PL_TEST_MAIN()
