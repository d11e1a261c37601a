/* SPDX-License-Identifier: MIT */
#include "browser.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <openssl/x509.h>

#define BROWSER_UFRAG "bRoW"
#define BROWSER_PWD "0123456789abcdefghijKL"

struct pl_net_path make_path(uint8_t host, uint16_t port)
{
	return (struct pl_net_path){
		.remote = {.family = AF_INET, .byte = {192, 0, 2, host}, .port = port},
		.local = {.family = AF_INET, .byte = {198, 51, 100, 1}, .port = 8000},
	};
}

/* --- checks ------------------------------------------------------------------------------------ */

size_t browser_check(const struct browser *b, bool nominates, uint8_t *ret_data)
{
	/* USE-CANDIDATE or an unknown one that may be, ICE-CONTROLLING */
	const uint8_t attributes[] = {
		nominates ? 0 : 0xc0, 0x25, 0, 0, 0x80, 0x2a, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8};
	char username[600];

	snprintf(username, sizeof(username), "%s:%s", pl_peer_ufrag(b->peer), b->ufrag);
	return make_check(username, pl_peer_pwd(b->peer), attributes, sizeof(attributes), ret_data);
}

/* --- DTLS and keys --------------------------------------------------------------------------- */

static int take_any(X509_STORE_CTX *store, void *userdata)
{
	struct browser *b = userdata;
	unsigned n = sizeof(b->peer_fingerprint);

	return X509_digest(X509_STORE_CTX_get0_cert(store), EVP_sha256(), b->peer_fingerprint, &n);
}

static void move_dtls(struct browser *b)
{
	uint8_t data[DATAGRAM_MAX];
	int r;

	if (b->has_failed)
		return;
	if (!b->is_done) {
		r = SSL_do_handshake(b->ssl);
		if (r == 1) {
			b->is_done = true;
			b->srtp = make_srtp(b->ssl, b->is_server);
		} else if (SSL_get_error(b->ssl, r) != SSL_ERROR_WANT_READ) {
			b->has_failed = true;
		}
	}
	if (b->is_done) {
		SSL_read(b->ssl, data, sizeof(data));
		b->is_closed = SSL_get_shutdown(b->ssl) & SSL_RECEIVED_SHUTDOWN;
	}
}

/** What OpenSSL has written, a datagram for each record. */
static void send_dtls(struct browser *b)
{
	uint8_t data[DATAGRAM_MAX];

	while (BIO_read(SSL_get_wbio(b->ssl), data, 13) == 13) {
		int n = data[11] << 8 | data[12];

		must(13 + n <= (int)sizeof(data));
		must(BIO_read(SSL_get_wbio(b->ssl), data + 13, n) == n);
		browser_send(b, data, 13 + (size_t)n);
	}
}

/* --- the wire -------------------------------------------------------------------------------- */

static void on_send(void *userdata, const struct pl_net_path *path, const uint8_t *data,
		    size_t size)
{
	struct browser *b = userdata;
	struct datagram *datagram = &b->out[b->n_out];

	must(size <= DATAGRAM_MAX);
	if (size > b->largest)
		b->largest = size;
	if (b->n_out == WIRE_MAX || ++b->n_datagrams == b->lose_nth)
		return;
	b->n_out++;
	datagram->path = *path;
	datagram->size = size;
	memcpy(datagram->data, data, size);
}

static void on_state(void *userdata, enum pl_peer_state state)
{
	struct browser *b = userdata;

	must(b->n_states < 8);
	b->states[b->n_states++] = state;
}

static void keep(struct browser *b, const uint8_t *packet, size_t size)
{
	b->packet_size = size;
	memcpy(b->packet, packet, size);
}

static void on_rtp(void *userdata, uint8_t *packet, size_t size, uint64_t now_nsec)
{
	struct browser *b = userdata;

	b->n_rtp++;
	keep(b, packet, size);
}

static void on_rtcp(void *userdata, uint8_t *packet, size_t size, uint64_t now_nsec)
{
	struct browser *b = userdata;

	b->n_rtcp++;
	keep(b, packet, size);
}

int browser_send_from(struct browser *b, const struct pl_net_path *path, const uint8_t *data,
		      size_t size)
{
	struct datagram datagram = {.size = size};

	memcpy(datagram.data, data, size);
	if (++b->n_datagrams == b->lose_nth)
		return -1;
	return pl_peer_receive(b->peer, path, datagram.data, size, b->now_nsec);
}

int browser_send(struct browser *b, const uint8_t *data, size_t size)
{
	if (b->n_sent < WIRE_MAX) {
		b->sent[b->n_sent].size = size;
		memcpy(b->sent[b->n_sent++].data, data, size);
	}
	return browser_send_from(b, &b->path, data, size);
}

int browser_send_check(struct browser *b, bool nominates)
{
	uint8_t data[DATAGRAM_MAX];

	return browser_send(b, data, browser_check(b, nominates, data));
}

void browser_settle(struct browser *b)
{
	struct datagram now[WIRE_MAX];

	do {
		uint32_t n = b->n_out;

		memcpy(now, b->out, n * sizeof(now[0]));
		b->n_out = 0;
		for (uint32_t i = 0; i < n; i++) {
			if (now[i].data[0] < 20 || now[i].data[0] > 63 || b->has_failed)
				continue;
			BIO_write(SSL_get_rbio(b->ssl), now[i].data, (int)now[i].size);
			move_dtls(b);
		}
		send_dtls(b);
	} while (b->n_out > 0);
}

/** The peer's time is the test's; OpenSSL's is not: it waits in earnest, where something is lost. */
static unsigned repeat_after(SSL *ssl, unsigned us)
{
	const struct browser *b = SSL_get_app_data(ssl);

	return b->lose_nth ? 100000 : 3600000000u;
}

/** The browser's last flight again, by its own means. */
static void repeat(struct browser *b)
{
	struct timeval left;

	if (!b->lose_nth || b->has_failed)
		return;
	/* a server has nothing more to say, but the peer's OpenSSL waits for the same clock */
	if (b->is_server)
		usleep(60000);
	/* OpenSSL has a clock of its own, which cannot be turned on */
	while (DTLSv1_get_timeout(b->ssl, &left) == 1 && DTLSv1_handle_timeout(b->ssl) == 0)
		usleep((unsigned)left.tv_usec + 1);
}

void browser_wait(struct browser *b)
{
	uint64_t deadline = pl_peer_deadline(b->peer);

	if (deadline == UINT64_MAX)
		return;
	b->now_nsec = deadline;
	pl_peer_tick(b->peer, b->now_nsec);
	browser_settle(b);
}

bool browser_connect(struct browser *b)
{
	struct pl_peer_status status;

	for (int i = 0; i < 12; i++) {
		browser_send_check(b, true);
		if (i == 0)
			move_dtls(b);
		browser_settle(b);
		pl_peer_status(b->peer, &status);
		if (status.state == PL_PEER_LOST)
			return false;
		if (b->srtp && status.state == PL_PEER_CONNECTED)
			return true;
		/* what is seconds away is no repetition */
		if (pl_peer_deadline(b->peer) < b->now_nsec + 5000000000u)
			browser_wait(b);
		repeat(b);
		browser_settle(b);
	}
	return false;
}

size_t browser_make_rtp(struct browser *b, uint16_t sequence, uint8_t *ret_data)
{
	const uint8_t head[12] = {
		0x80, 111, (uint8_t)(sequence >> 8), (uint8_t)sequence, 0, 0, 0, 0, 0xca, 0xfe,
		0,    1};
	int n;

	memcpy(ret_data, head, sizeof(head));
	memset(ret_data + sizeof(head), (uint8_t)sequence, 40);
	n = pl_srtp_protect(b->srtp, ret_data, sizeof(head) + 40, DATAGRAM_MAX);
	must(n > 0);
	return (size_t)n;
}

void browser_open(struct browser *b, struct pl_identity *identity)
{
	struct pl_peer_config config = {
		.identity = identity,
		.remote_ufrag = BROWSER_UFRAG,
		.remote_pwd = BROWSER_PWD,
		.role = b->is_server ? PL_DTLS_CLIENT : PL_DTLS_SERVER,
		.connect_timeout_ns = b->connect_timeout_ns,
		.consent_timeout_ns = b->consent_timeout_ns,
		.handlers = {.on_send = on_send,
			     .on_state = on_state,
			     .on_rtp = on_rtp,
			     .on_rtcp = on_rtcp},
		.userdata = b,
	};

	b->identity = identity;
	b->path = make_path(7, 40000);
	b->ufrag = BROWSER_UFRAG;
	b->pwd = BROWSER_PWD;
	b->now_nsec = 5000000000u;
	b->context = SSL_CTX_new(DTLS_method());
	must(b->context != NULL);
	make_certificate(b->context, b->has_rsa, config.remote_fingerprint);
	if (b->has_wrong_fingerprint)
		config.remote_fingerprint[31] ^= 1;
	if (b->profiles)
		must(SSL_CTX_set_tlsext_use_srtp(b->context, b->profiles) == 0);
	SSL_CTX_set_verify(b->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(b->context, take_any, b);
	SSL_CTX_set_options(b->context, SSL_OP_NO_QUERY_MTU);
	b->ssl = SSL_new(b->context);
	must(b->ssl != NULL);
	SSL_set_bio(b->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	BIO_set_mem_eof_return(SSL_get_rbio(b->ssl), -1);
	BIO_set_mem_eof_return(SSL_get_wbio(b->ssl), -1);
	SSL_set_mtu(b->ssl, b->mtu ? b->mtu : 1200);
	SSL_set_app_data(b->ssl, b);
	DTLS_set_timer_cb(b->ssl, repeat_after);
	if (b->is_server)
		SSL_set_accept_state(b->ssl);
	else
		SSL_set_connect_state(b->ssl);
	must(pl_peer_new(&config, b->now_nsec, &b->peer) == 0);
}

void browser_close(struct browser *b)
{
	pl_peer_free(b->peer);
	pl_srtp_free(b->srtp);
	SSL_free(b->ssl);
	SSL_CTX_free(b->context);
	memset(b, 0, sizeof(*b));
}
