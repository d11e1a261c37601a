/* SPDX-License-Identifier: MIT */
#include "dtls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "bytes.h"
#include "identity-private.h"

/** Of a datagram: what IPv6 carries everywhere, less headers (1280 - 40 - 8), rounded down. */
#define MTU 1200u
#define FLIGHT_MAX 8u
/**
 * OpenSSL's timer runs by the wall clock. A server has no use for it; a client's is to be over when
 * ours is, and gives up when it was used more than a dozen times.
 */
#define NEVER_US 3600000000u
#define CLIENT_US 50000u
#define CLIENT_REPEATS_MAX 8u

/* RFC 6347 4.1 and 4.2.2 */
#define RECORD_HEADER_SIZE 13u
#define MESSAGE_HEADER_SIZE 12u
/**
 * Of AES-GCM, explicit nonce and tag (RFC 5288 3). OpenSSL 3.0 does not drop a shorter record as
 * forged but ends the session with an alert, so that one datagram of anybody would be enough.
 */
#define PROTECTED_SIZE_MIN 24u
#define RANDOM_SIZE 32u
#define RANDOM_AT (RECORD_HEADER_SIZE + MESSAGE_HEADER_SIZE + 2u)
enum {
	TYPE_CHANGE_CIPHER_SPEC = 20,
	TYPE_ALERT = 21,
	TYPE_HANDSHAKE = 22,
	/** From here on: the header of DTLS 1.3, of records with a key (RFC 9147 4). */
	TYPE_UNIFIED = 32,
};

struct pl_dtls {
	struct pl_dtls_config config;
	SSL *ssl; /**< NULL: broken, until the next ClientHello */
	enum pl_dtls_state state;
	int reason;
	uint32_t n_handshakes;
	bool has_hello;
	uint8_t hello[RANDOM_SIZE]; /**< random of the ClientHello that was taken */

	const uint8_t *record; /**< for OpenSSL to read; NULL: none */
	size_t record_size;

	/* what went out last, to be sent again */
	bool flight_begins, is_repeating, is_closing;
	uint32_t flight;
	uint32_t n_repeats;
	uint32_t n_datagrams;
	size_t sizes[FLIGHT_MAX];
	uint8_t datagrams[FLIGHT_MAX][MTU];
};

/* --- what OpenSSL calls ------------------------------------------------------------------- */

static void note_flight(struct pl_dtls *dtls, const uint8_t *data, size_t size)
{
	if (dtls->flight_begins) {
		dtls->flight_begins = false;
		dtls->n_datagrams = 0;
		dtls->n_repeats = 0;
		dtls->flight++;
	}
	if (dtls->n_datagrams < FLIGHT_MAX && size <= MTU) {
		memcpy(dtls->datagrams[dtls->n_datagrams], data, size);
		dtls->sizes[dtls->n_datagrams++] = size;
	}
}

static int transport_write(BIO *bio, const char *data, int size)
{
	struct pl_dtls *dtls = BIO_get_data(bio);

	if (size <= 0)
		return 0;
	/* Of any other alert the cause may be forged, and a browser ends for one. */
	if (data[0] == TYPE_ALERT && !dtls->is_closing)
		return size;
	if (dtls->state == PL_DTLS_HANDSHAKE && !dtls->is_repeating)
		note_flight(dtls, (const uint8_t *)data, (size_t)size);
	dtls->config.on_send(dtls->config.userdata, (const uint8_t *)data, (size_t)size);
	return size;
}

/** One datagram at each read. */
static int transport_read(BIO *bio, char *data, int size)
{
	struct pl_dtls *dtls = BIO_get_data(bio);
	size_t n = dtls->record_size;

	BIO_clear_retry_flags(bio);
	if (!dtls->record || size <= 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	if (n > (size_t)size)
		n = (size_t)size;
	memcpy(data, dtls->record, n);
	dtls->record = NULL;
	return (int)n;
}

static long transport_control(BIO *bio, int command, long number, void *pointer)
{
	return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *pl_dtls_transport_new(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "datagrams");

	if (method && BIO_meth_set_write(method, transport_write) == 1 &&
	    BIO_meth_set_read(method, transport_read) == 1 &&
	    BIO_meth_set_ctrl(method, transport_control) == 1)
		return method;
	BIO_meth_free(method);
	return NULL;
}

static unsigned timer(SSL *ssl, unsigned us)
{
	const struct pl_dtls *dtls = SSL_get_app_data(ssl);

	return dtls->config.role == PL_DTLS_SERVER ? NEVER_US : CLIENT_US;
}

/** The offer names the certificate by its fingerprint; who has signed it does not matter. */
int pl_dtls_verify(X509_STORE_CTX *store, void *userdata)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct pl_dtls *dtls = SSL_get_app_data(ssl);
	const X509 *certificate = X509_STORE_CTX_get0_cert(store);
	uint8_t digest[PL_FINGERPRINT_SIZE];
	unsigned n = sizeof(digest);

	if (certificate && X509_digest(certificate, EVP_sha256(), digest, &n) == 1 &&
	    memcmp(digest, dtls->config.fingerprint, sizeof(digest)) == 0)
		return 1;
	dtls->reason = -EKEYREJECTED;
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
	return 0;
}

/* --- sessions ------------------------------------------------------------------------------- */

static int begin(struct pl_dtls *dtls)
{
	SSL *ssl = SSL_new(dtls->config.identity->context);
	BIO *bio = ssl ? BIO_new(dtls->config.identity->transport) : NULL;

	if (!bio) {
		SSL_free(ssl);
		return -ENOMEM;
	}
	BIO_set_data(bio, dtls);
	BIO_set_init(bio, 1);
	SSL_set_bio(ssl, bio, bio);
	SSL_set_app_data(ssl, dtls);
	SSL_set_mtu(ssl, MTU);
	DTLS_set_timer_cb(ssl, timer);
	if (dtls->config.role == PL_DTLS_SERVER)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	SSL_free(dtls->ssl);
	dtls->ssl = ssl;
	dtls->n_handshakes++;
	dtls->n_datagrams = 0;
	return 0;
}

int pl_dtls_new(const struct pl_dtls_config *config, struct pl_dtls **ret_dtls)
{
	struct pl_dtls *dtls = calloc(1, sizeof(*dtls));
	int r;

	if (!dtls)
		return -ENOMEM;
	dtls->config = *config;
	r = begin(dtls);
	if (r < 0) {
		pl_dtls_free(dtls);
		return r;
	}
	*ret_dtls = dtls;
	return 0;
}

struct pl_dtls *pl_dtls_free(struct pl_dtls *dtls)
{
	if (dtls)
		SSL_free(dtls->ssl);
	free(dtls);
	return NULL;
}

static void fail(struct pl_dtls *dtls)
{
	if (dtls->reason == 0)
		dtls->reason = -EPROTO;
	SSL_free(dtls->ssl);
	dtls->ssl = NULL;
	dtls->n_datagrams = 0;
	/* even a wrong certificate may be a forged one: it comes before its signature */
	if (dtls->n_handshakes >= PL_PEER_HANDSHAKES_MAX)
		dtls->state = PL_DTLS_FAILED;
}

static void handshake(struct pl_dtls *dtls)
{
	int r;

	dtls->flight_begins = true;
	ERR_clear_error();
	r = SSL_do_handshake(dtls->ssl);
	if (r == 1) {
		if (SSL_get_selected_srtp_profile(dtls->ssl))
			dtls->state = PL_DTLS_DONE;
		else
			fail(dtls);
	} else if (SSL_get_error(dtls->ssl, r) != SSL_ERROR_WANT_READ) {
		fail(dtls);
	}
	ERR_clear_error();
}

/** After the handshake: its repetitions, application data that nobody wants, the end. */
static void read_on(struct pl_dtls *dtls)
{
	uint8_t nobodys[PL_PEER_DATAGRAM_MAX];
	int r;

	ERR_clear_error();
	do
		r = SSL_read(dtls->ssl, nobodys, sizeof(nobodys));
	while (r > 0);
	if (SSL_get_shutdown(dtls->ssl) & SSL_RECEIVED_SHUTDOWN)
		dtls->state = PL_DTLS_CLOSED;
	ERR_clear_error();
}

void pl_dtls_start(struct pl_dtls *dtls)
{
	if (dtls->config.role == PL_DTLS_CLIENT && dtls->ssl && dtls->state == PL_DTLS_HANDSHAKE)
		handshake(dtls);
}

/* --- records -------------------------------------------------------------------------------- */

/** A client's or a server's message of a handshake that is still in the clear, RFC 6347 4.2.2. */
static bool is_message_for(enum pl_dtls_role role, uint8_t type)
{
	static const uint8_t for_server[] = {1, 11, 15, 16};
	static const uint8_t for_client[] = {2, 3, 4, 11, 12, 13, 14, 22};

	if (role == PL_DTLS_SERVER)
		return memchr(for_server, type, sizeof(for_server)) != NULL;
	return memchr(for_client, type, sizeof(for_client)) != NULL;
}

/** The first fragment of the first message of a client. */
static bool is_hello(const uint8_t *record, size_t size)
{
	static const uint8_t zeros[5];

	/* type, sequence and fragment offset of the message */
	return size >= RANDOM_AT + RANDOM_SIZE && record[0] == TYPE_HANDSHAKE &&
	       record[RECORD_HEADER_SIZE] == 1 &&
	       memcmp(record + RECORD_HEADER_SIZE + 4, zeros, 5) == 0;
}

/**
 * Whether a record with a whole header may be one of the other end. The first ClientHello decides
 * whose handshake it is, unless another one comes that is not a repetition.
 */
static bool take_clear_record(struct pl_dtls *dtls, const uint8_t *record, size_t size)
{
	bool known;

	if (dtls->state != PL_DTLS_HANDSHAKE || record[0] == TYPE_ALERT)
		return false;
	if (record[0] == TYPE_CHANGE_CIPHER_SPEC)
		return dtls->ssl && (dtls->has_hello || dtls->config.role == PL_DTLS_CLIENT);
	if (record[0] != TYPE_HANDSHAKE || size < RECORD_HEADER_SIZE + MESSAGE_HEADER_SIZE ||
	    !is_message_for(dtls->config.role, record[RECORD_HEADER_SIZE]))
		return false;
	if (dtls->config.role == PL_DTLS_CLIENT)
		return dtls->ssl != NULL;
	if (!is_hello(record, size))
		return dtls->ssl && dtls->has_hello;
	known = dtls->has_hello && memcmp(dtls->hello, record + RANDOM_AT, RANDOM_SIZE) == 0;
	if ((!dtls->ssl || (dtls->has_hello && !known)) &&
	    (dtls->n_handshakes >= PL_PEER_HANDSHAKES_MAX || begin(dtls) < 0))
		return false;
	dtls->has_hello = true;
	memcpy(dtls->hello, record + RANDOM_AT, RANDOM_SIZE);
	return true;
}

/** With keys, of an epoch to come or the present one: OpenSSL finds out whether it is authentic. */
static bool take_protected_record(const struct pl_dtls *dtls, size_t size)
{
	return dtls->ssl && size >= RECORD_HEADER_SIZE + PROTECTED_SIZE_MIN;
}

static void take_record(struct pl_dtls *dtls, const uint8_t *record, size_t size)
{
	dtls->record = record;
	dtls->record_size = size;
	if (dtls->state == PL_DTLS_HANDSHAKE)
		handshake(dtls);
	else
		read_on(dtls);
	dtls->record = NULL;
}

int pl_dtls_receive(struct pl_dtls *dtls, const uint8_t *data, size_t size)
{
	int r = -EBADMSG;

	while (size > 0 && (dtls->state == PL_DTLS_HANDSHAKE || dtls->state == PL_DTLS_DONE)) {
		size_t n = size;
		bool is_clear = false;

		if (data[0] < TYPE_UNIFIED) {
			if (size < RECORD_HEADER_SIZE || data[1] != 0xfe)
				break;
			n = RECORD_HEADER_SIZE + get_u16(data + 11);
			if (n > size)
				break;
			is_clear = get_u16(data + 3) == 0;
		}
		if (is_clear ? take_clear_record(dtls, data, n) : take_protected_record(dtls, n)) {
			take_record(dtls, data, n);
			r = 0;
		}
		data += n;
		size -= n;
	}
	return r;
}

/* --- for its owner --------------------------------------------------------------------------- */

enum pl_dtls_state pl_dtls_state(const struct pl_dtls *dtls)
{
	return dtls->state;
}

int pl_dtls_reason(const struct pl_dtls *dtls)
{
	return dtls->reason;
}

uint32_t pl_dtls_flight(const struct pl_dtls *dtls)
{
	return dtls->flight;
}

void pl_dtls_resend(struct pl_dtls *dtls)
{
	if (dtls->state != PL_DTLS_HANDSHAKE)
		return;
	/* A client has nobody to wait for. */
	if (!dtls->ssl && dtls->config.role == PL_DTLS_CLIENT && begin(dtls) >= 0) {
		handshake(dtls);
		return;
	}
	/*
	 * When it is the server's last flight that was lost, it drops ours as a replay unless the
	 * records are new ones. (A client that waits for it sends such by itself.)
	 */
	if (dtls->config.role == PL_DTLS_CLIENT && dtls->n_repeats < CLIENT_REPEATS_MAX) {
		int r;

		ERR_clear_error();
		dtls->is_repeating = true;
		r = DTLSv1_handle_timeout(dtls->ssl);
		dtls->is_repeating = false;
		ERR_clear_error();
		if (r > 0) {
			dtls->n_repeats++;
			return;
		}
	}
	for (uint32_t i = 0; i < dtls->n_datagrams; i++)
		dtls->config.on_send(dtls->config.userdata, dtls->datagrams[i], dtls->sizes[i]);
}

void pl_dtls_close(struct pl_dtls *dtls)
{
	if (dtls->state != PL_DTLS_DONE)
		return;
	ERR_clear_error();
	dtls->is_closing = true;
	SSL_shutdown(dtls->ssl);
	ERR_clear_error();
	dtls->state = PL_DTLS_CLOSED;
}

const char *pl_dtls_version(const struct pl_dtls *dtls)
{
	return dtls->state == PL_DTLS_DONE ? SSL_get_version(dtls->ssl) : NULL;
}

enum pl_srtp_profile pl_dtls_profile(const struct pl_dtls *dtls)
{
	const SRTP_PROTECTION_PROFILE *profile = NULL;

	if (dtls->state == PL_DTLS_DONE)
		profile = SSL_get_selected_srtp_profile(dtls->ssl);
	return profile ? (enum pl_srtp_profile)profile->id : 0;
}

int pl_dtls_make_srtp(struct pl_dtls *dtls, struct pl_srtp **ret_srtp)
{
	static const char label[] = "EXTRACTOR-dtls_srtp";
	enum pl_srtp_profile profile = pl_dtls_profile(dtls);
	size_t size = pl_srtp_profile_secret_size(profile), salt_size;
	uint8_t material[64], client[32], server[32];
	bool is_client = dtls->config.role == PL_DTLS_CLIENT;
	int r;

	if (size == 0 || size > sizeof(client) || 2 * size > sizeof(material))
		return -ENOTCONN;
	if (SSL_export_keying_material(dtls->ssl, material, 2 * size, label, sizeof(label) - 1,
				       NULL, 0, 0) != 1) {
		ERR_clear_error();
		return -EPROTO;
	}
	/* both keys, then both salts, the client's first */
	salt_size = size - 16;
	memcpy(client, material, 16);
	memcpy(server, material + 16, 16);
	memcpy(client + 16, material + 32, salt_size);
	memcpy(server + 16, material + 32 + salt_size, salt_size);
	r = pl_srtp_new_dtls(profile, is_client ? client : server, is_client ? server : client,
			     size, ret_srtp);
	explicit_bzero(material, sizeof(material));
	explicit_bzero(client, sizeof(client));
	explicit_bzero(server, sizeof(server));
	return r;
}
