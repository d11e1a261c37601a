/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "browser.h"
#include "pltest.h"
#include "stun.h"

/* RFC 5769 2: the same password in all; other implementations are held against these, too. */
#define PWD "VOkJxbRl1RmTxUk/WvJxBt"

static const char sample_request[] = "00010058"
				     "2112a442b7e7a701bc34d686fa87dfae"
				     "80220010"
				     "5354554e207465737420636c69656e74"
				     "00240004"
				     "6e0001ff"
				     "80290008"
				     "932ff9b151263b36"
				     "00060009"
				     "6576746a3a68367659202020"
				     "00080014"
				     "9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
				     "80280004"
				     "e57a3bcf";
static const char sample_ipv4[] = "0101003c"
				  "2112a442b7e7a701bc34d686fa87dfae"
				  "8022000b"
				  "7465737420766563746f7220"
				  "00200008"
				  "0001a147e112a643"
				  "00080014"
				  "2b91f599fd9e90c38c7489f92af9ba53f06be7d7"
				  "80280004"
				  "c07d4c96";
static const char sample_ipv6[] = "01010048"
				  "2112a442b7e7a701bc34d686fa87dfae"
				  "8022000b"
				  "7465737420766563746f7220"
				  "00200014"
				  "0002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
				  "00080014"
				  "a382954e4be67bf11784c97c8292c275bfe3ed41"
				  "80280004"
				  "c8fb0b4c";

static size_t from_hex(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		out[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return n;
}

PL_TEST(sample_request_of_rfc_5769)
{
	struct pl_stun_message message;
	uint8_t data[256];
	size_t n = from_hex(sample_request, data);

	PL_CHECK_INT(pl_stun_parse(data, n, &message), 0);
	PL_CHECK_INT(message.type, PL_STUN_BINDING_REQUEST);
	PL_CHECK(message.username_size == 9 && memcmp(message.username, "evtj:h6vY", 9) == 0);
	PL_CHECK(message.controlled && !message.use_candidate);
	PL_CHECK_INT(message.n_unknown, 0);
	PL_CHECK(pl_stun_is_authentic(data, &message, PWD));
	PL_CHECK(!pl_stun_is_authentic(data, &message, "VOkJxbRl1RmTxUk/WvJxBu"));
	PL_CHECK(!pl_stun_is_authentic(data, &message, ""));
}

static void check_sample_response(const char *hex, const struct pl_net_address *mapped)
{
	struct pl_stun_message message, ours;
	uint8_t data[256], written[256];
	size_t n = from_hex(hex, data);
	size_t n_value = mapped->family == AF_INET6 ? 20 : 8;
	int size;

	PL_CHECK_INT(pl_stun_parse(data, n, &message), 0);
	PL_CHECK_INT(message.type, PL_STUN_BINDING_SUCCESS);
	PL_CHECK(pl_stun_is_authentic(data, &message, PWD));
	/* ours has no SOFTWARE; the address is written as theirs */
	size = pl_stun_write_success(message.transaction, mapped, PWD, written, sizeof(written));
	PL_CHECK_INT(size, 20 + 4 + n_value + 24 + 8);
	PL_CHECK(memcmp(written + 20, data + 36, 4 + n_value) == 0);
	PL_CHECK_INT(pl_stun_parse(written, (size_t)size, &ours), 0);
	PL_CHECK(pl_stun_is_authentic(written, &ours, PWD));
	PL_CHECK(memcmp(ours.transaction, message.transaction, sizeof(ours.transaction)) == 0);
	for (int cut = 0; cut < size; cut++)
		PL_CHECK_INT(pl_stun_write_success(message.transaction, mapped, PWD, written,
						   (size_t)cut),
			     -ENOSPC);
}

PL_TEST(sample_responses_of_rfc_5769)
{
	check_sample_response(
		sample_ipv4,
		&(struct pl_net_address){.family = AF_INET, .byte = {192, 0, 2, 1}, .port = 32853});
	check_sample_response(
		sample_ipv6,
		&(struct pl_net_address){.family = AF_INET6,
					 .byte = {0x20, 0x01, 0x0d, 0xb8, 0x12, 0x34, 0x56, 0x78,
						  0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77},
					 .port = 32853});
}

/* Whatever bit is another one, and wherever it ends: it is no message any more. */
PL_TEST(damaged)
{
	struct pl_stun_message message;
	uint8_t data[256];
	size_t n = from_hex(sample_request, data);

	for (size_t i = 0; i < n * 8; i++) {
		data[i / 8] ^= (uint8_t)(1 << i % 8);
		PL_CHECK_INT(pl_stun_parse(data, n, &message), -EBADMSG);
		data[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t i = 0; i < n; i++)
		PL_CHECK_INT(pl_stun_parse(data, i, &message), -EBADMSG);
	PL_CHECK_INT(pl_stun_parse(data, n, &message), 0);
}

/* --- the lite agent ---------------------------------------------------------------------------- */

static struct browser *open_browser(void)
{
	static struct pl_identity *identity;
	static struct browser one;

	if (!identity && pl_identity_new(1800000000u, &identity) < 0)
		abort();
	one = (struct browser){.profiles = "SRTP_AEAD_AES_128_GCM"};
	browser_open(&one, identity);
	return &one;
}

/** The code of the one answer there is; 0: none, -1: a success, -2: more than one. */
static int answer_of(struct browser *b, bool is_protected)
{
	struct pl_stun_message message;
	const struct datagram *datagram = &b->out[0];
	int n = (int)b->n_out;

	b->n_out = 0;
	if (n == 0)
		return 0;
	if (n > 1 || pl_stun_parse(datagram->data, datagram->size, &message) < 0 ||
	    memcmp(message.transaction, "abcdefgh", 8) != 0 ||
	    pl_stun_is_authentic(datagram->data, &message, pl_peer_pwd(b->peer)) != is_protected)
		return -2;
	if (message.type == PL_STUN_BINDING_SUCCESS)
		return -1;
	return datagram->data[26] * 100 + datagram->data[27];
}

static int send_words(struct browser *b, const char *username, const char *pwd,
		      const uint8_t *attributes, size_t size)
{
	uint8_t data[DATAGRAM_MAX];

	return browser_send(b, data, make_check(username, pwd, attributes, size, data));
}

PL_TEST(answers)
{
	struct browser *b = open_browser();
	const char *pwd = pl_peer_pwd(b->peer);
	char name[600], other[600];

	snprintf(name, sizeof(name), "%s:%s", pl_peer_ufrag(b->peer), b->ufrag);
	PL_CHECK_INT(send_words(b, name, pwd, NULL, 0), 1);
	PL_CHECK_INT(answer_of(b, true), -1);
	/* ICE-CONTROLLED; an attribute that must be understood; one that need not be */
	PL_CHECK_INT(send_words(b, name, pwd,
				(const uint8_t *)"\x80\x29\0\x08"
						 "12345678",
				12),
		     -EPERM);
	PL_CHECK_INT(answer_of(b, true), 487);
	PL_CHECK_INT(send_words(b, name, pwd, (const uint8_t *)"\x7f\xff\0\0", 4), -EPERM);
	PL_CHECK(b->n_out == 1 && b->out[0].size == 20 + 4 + 24 + 8 + 24 + 8);
	PL_CHECK(memcmp(b->out[0].data + 48, "\0\x0a\0\x02\x7f\xff", 6) == 0);
	PL_CHECK_INT(answer_of(b, true), 420);
	PL_CHECK_INT(send_words(b, name, pwd, (const uint8_t *)"\xff\xff\0\0", 4), 1);
	PL_CHECK_INT(answer_of(b, true), -1);

	/* to those without the password: one answer in 50 ms, without any protection */
	PL_CHECK_INT(send_words(b, name, NULL, NULL, 0), -EPERM);
	PL_CHECK_INT(answer_of(b, false), 400);
	PL_CHECK_INT(send_words(b, name, NULL, NULL, 0), -EPERM);
	PL_CHECK_INT(answer_of(b, false), 0);
	b->now_nsec += 50000000;
	PL_CHECK_INT(send_words(b, NULL, pwd, NULL, 0), -EPERM);
	PL_CHECK_INT(answer_of(b, false), 400);
	b->now_nsec += 50000000;
	PL_CHECK_INT(send_words(b, name, b->pwd, NULL, 0), -EPERM);
	PL_CHECK_INT(answer_of(b, false), 401);
	snprintf(other, sizeof(other), "%s:%sX", pl_peer_ufrag(b->peer), b->ufrag);
	b->now_nsec += 50000000;
	PL_CHECK_INT(send_words(b, other, pwd, NULL, 0), -EPERM);
	PL_CHECK_INT(answer_of(b, false), 401);
	snprintf(other, sizeof(other), "%s", b->ufrag);
	PL_CHECK_INT(send_words(b, other, pwd, NULL, 0), -EPERM);
	PL_CHECK_INT(answer_of(b, false), 0);
	browser_close(b);
}

/* Indications and responses are never answered. */
PL_TEST(no_answers)
{
	struct browser *b = open_browser();
	uint8_t data[DATAGRAM_MAX];
	size_t n = from_hex(sample_ipv4, data);

	PL_CHECK_INT(browser_send(b, data, n), -EBADMSG);
	PL_CHECK_INT(browser_send(b,
				  (const uint8_t *)"\0\x11\0\0\x21\x12\xa4\x42"
						   "abcdefghijkl",
				  20),
		     -EBADMSG);
	PL_CHECK_INT(answer_of(b, false), 0);
	browser_close(b);
}

/* Somebody has seen a check: by another path it is worth nothing; from the same place it is answered. */
PL_TEST(replayed_check)
{
	struct browser *b = open_browser();
	struct pl_net_path thief = make_path(66, 6666);
	uint8_t data[DATAGRAM_MAX];
	size_t n = browser_check(b, true, data);
	struct pl_peer_status status;

	PL_CHECK_INT(browser_send(b, data, n), 1);
	PL_CHECK_INT(browser_send(b, data, n), 1);
	b->n_out = 0;
	PL_CHECK_INT(browser_send_from(b, &thief, data, n), -EALREADY);
	PL_CHECK_INT(b->n_out, 0);
	for (int i = 0; i < 100; i++)
		PL_CHECK_INT(browser_send_check(b, true), 1);
	PL_CHECK_INT(browser_send_from(b, &thief, data, n), -EALREADY);
	pl_peer_status(b->peer, &status);
	PL_CHECK(pl_net_path_is_same(&status.path, &b->path));
	browser_close(b);
}

PL_TEST(addresses)
{
	struct sockaddr_storage storage;
	struct pl_net_address v6 = {.family = AF_INET6,
				    .byte = {0xfe, 0x80, [15] = 1},
				    .port = 9,
				    .scope_id = 3},
			      v4 = {.family = AF_INET, .byte = {10, 0, 0, 1}, .port = 8000}, back;
	char text[PL_NET_ADDRESS_TEXT_MAX];

	PL_CHECK(pl_net_address_write(&v6, AF_INET, &storage) == 0);
	PL_CHECK(pl_net_address_write(&v6, AF_INET6, &storage) > 0);
	PL_CHECK(pl_net_address_read((struct sockaddr *)&storage, &back));
	PL_CHECK(pl_net_address_is_same(&back, &v6));
	pl_net_address_text(&v6, text);
	PL_CHECK_STR(text, "[fe80::1%3]:9");
	/* mapped for a socket of both kinds, and back */
	PL_CHECK(pl_net_address_write(&v4, AF_INET6, &storage) > 0);
	PL_CHECK_INT(storage.ss_family, AF_INET6);
	PL_CHECK(pl_net_address_read((struct sockaddr *)&storage, &back));
	PL_CHECK(pl_net_address_is_same(&back, &v4));
	PL_CHECK(pl_net_address_write(&v4, AF_INET, &storage) > 0);
	PL_CHECK(pl_net_address_read((struct sockaddr *)&storage, &back));
	PL_CHECK(pl_net_address_is_same(&back, &v4));
	pl_net_address_text(&v4, text);
	PL_CHECK_STR(text, "10.0.0.1:8000");
	storage.ss_family = AF_UNIX;
	PL_CHECK(!pl_net_address_read((struct sockaddr *)&storage, &back));
}

PL_TEST_MAIN()
