/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "browser.h"
#include "pltest.h"

/* ICE restart: new names on both sides, and media that goes on. */

#define NEW_UFRAG "nEwU"
#define NEW_PWD "abcdefghijklmnopqrstuv"
#define CHECKS 4u

struct check {
	uint8_t data[DATAGRAM_MAX];
	size_t size;
};

static struct browser *connected_browser(void)
{
	static struct pl_identity *identity;
	static struct browser one;

	one = (struct browser){.profiles = "SRTP_AEAD_AES_128_GCM"};
	if (!identity && pl_identity_new(1800000000u, &identity) < 0)
		abort();
	browser_open(&one, identity);
	if (!browser_connect(&one))
		abort();
	return &one;
}

/** By the names that are the peer's now, for later. */
static void make_checks(const struct browser *b, bool nominates, struct check checks[CHECKS])
{
	for (uint32_t i = 0; i < CHECKS; i++)
		checks[i].size = browser_check(b, nominates, checks[i].data);
}

static int restart(struct browser *b, const char *ufrag)
{
	int r = pl_peer_restart(b->peer, ufrag, NEW_PWD);

	if (r >= 0)
		b->ufrag = ufrag;
	return r;
}

/** A packet each way; ours goes to that path. */
static void check_media(struct browser *b, const struct pl_net_path *path)
{
	uint8_t packet[DATAGRAM_MAX] __attribute__((aligned(8))), plain[64] = {0x80, 111, 0, 9};
	uint32_t n_rtp = b->n_rtp;
	size_t n = browser_make_rtp(b, (uint16_t)(100 + n_rtp), packet);

	PL_CHECK_INT(browser_send_from(b, path, packet, n), 0);
	PL_CHECK_INT(b->n_rtp, n_rtp + 1);
	b->n_out = 0;
	plain[3] = (uint8_t)n_rtp;
	memcpy(packet, plain, sizeof(plain));
	PL_CHECK_INT(pl_peer_send_rtp(b->peer, packet, sizeof(plain), sizeof(packet)), 0);
	PL_CHECK_INT(b->n_out, 1);
	PL_CHECK(pl_net_path_is_same(&b->out[0].path, path));
	PL_CHECK_INT(pl_srtp_unprotect(b->srtp, b->out[0].data, b->out[0].size), sizeof(plain));
	PL_CHECK(memcmp(b->out[0].data, plain, sizeof(plain)) == 0);
	b->n_out = 0;
}

PL_TEST(goes_on_in_another_network)
{
	struct browser *b = connected_browser();
	struct pl_net_path home = b->path, mobile = make_path(77, 5000);
	struct check former[CHECKS], check;
	struct pl_peer_status status;
	char ufrag[64], pwd[64];

	make_checks(b, true, former);
	snprintf(ufrag, sizeof(ufrag), "%s", pl_peer_ufrag(b->peer));
	snprintf(pwd, sizeof(pwd), "%s", pl_peer_pwd(b->peer));
	PL_CHECK_INT(restart(b, NEW_UFRAG), 0);
	PL_CHECK(strcmp(pl_peer_ufrag(b->peer), ufrag) != 0);
	PL_CHECK(strcmp(pl_peer_pwd(b->peer), pwd) != 0);
	PL_CHECK_STR(pl_peer_remote_ufrag(b->peer), NEW_UFRAG);
	/* the path in use carries on, and is checked as before */
	check_media(b, &home);
	PL_CHECK_INT(browser_send_from(b, &home, former[0].data, former[0].size), 1);
	/* one by the new names that is not nominated changes nothing */
	check.size = browser_check(b, false, check.data);
	PL_CHECK_INT(browser_send_from(b, &mobile, check.data, check.size), 1);
	check_media(b, &home);
	PL_CHECK_INT(browser_send_from(b, &home, former[1].data, former[1].size), 1);
	/* one that is takes over, and the former names are strangers' */
	check.size = browser_check(b, true, check.data);
	PL_CHECK_INT(browser_send_from(b, &mobile, check.data, check.size), 1);
	check_media(b, &mobile);
	PL_CHECK_INT(browser_send_from(b, &home, former[2].data, former[2].size), -EPERM);
	check_media(b, &mobile);
	pl_peer_status(b->peer, &status);
	PL_CHECK_INT(status.n_paths_switched, 1);
	PL_CHECK_INT(b->n_states, 2);
	browser_close(b);
}

PL_TEST(twice_before_it_came_to_anything)
{
	struct browser *b = connected_browser();
	struct check first[CHECKS], second[CHECKS], third[CHECKS];

	make_checks(b, true, first);
	PL_CHECK_INT(restart(b, NEW_UFRAG), 0);
	make_checks(b, true, second);
	PL_CHECK_INT(restart(b, "tHrd"), 0);
	make_checks(b, true, third);
	PL_CHECK_INT(browser_send(b, first[0].data, first[0].size), 1);
	PL_CHECK_INT(browser_send(b, second[0].data, second[0].size), -EPERM);
	PL_CHECK_INT(browser_send(b, third[0].data, third[0].size), 1);
	PL_CHECK_INT(browser_send(b, first[1].data, first[1].size), -EPERM);
	check_media(b, &b->path);
	browser_close(b);
}

PL_TEST(before_anybody_came)
{
	static struct browser waiting;
	struct pl_identity *identity;

	PL_CHECK_INT(pl_identity_new(1800000000u, &identity), 0);
	waiting = (struct browser){.profiles = "SRTP_AEAD_AES_128_GCM"};
	browser_open(&waiting, identity);
	PL_CHECK_INT(restart(&waiting, NEW_UFRAG), 0);
	PL_CHECK(browser_connect(&waiting));
	browser_close(&waiting);
	pl_identity_free(identity);
}

PL_TEST(refused_and_nothing_changed)
{
	struct browser *b = connected_browser();
	char ufrag[64];

	snprintf(ufrag, sizeof(ufrag), "%s", pl_peer_ufrag(b->peer));
	PL_CHECK_INT(pl_peer_restart(b->peer, "abc", NEW_PWD), -EINVAL);
	PL_CHECK_INT(pl_peer_restart(b->peer, NEW_UFRAG, ""), -EINVAL);
	PL_CHECK_INT(pl_peer_restart(b->peer, NEW_UFRAG, "short"), -EINVAL);
	PL_CHECK_STR(pl_peer_ufrag(b->peer), ufrag);
	PL_CHECK_INT(browser_send_check(b, true), 1);
	pl_peer_close(b->peer);
	PL_CHECK_INT(pl_peer_restart(b->peer, NEW_UFRAG, NEW_PWD), -ENOTCONN);
	browser_close(b);
}

PL_TEST(found_by_either_name)
{
	struct browser *b = connected_browser();
	struct check former[CHECKS], now[CHECKS];
	struct pl_demux *demux;
	struct pl_peer *peer = NULL;

	PL_CHECK_INT(pl_demux_new(2, &demux), 0);
	PL_CHECK_INT(pl_demux_add(demux, b->peer), 0);
	make_checks(b, true, former);
	PL_CHECK_INT(restart(b, NEW_UFRAG), 0);
	make_checks(b, true, now);
	for (uint32_t i = 0; i < 2; i++) {
		const struct check *check = i == 0 ? &former[0] : &now[0];
		struct check copy = *check;

		PL_CHECK_INT(
			pl_demux_receive(demux, &b->path, copy.data, copy.size, b->now_nsec, &peer),
			1);
		PL_CHECK(peer == b->peer);
	}
	PL_CHECK_INT(pl_demux_receive(demux, &b->path, former[1].data, former[1].size, b->now_nsec,
				      &peer),
		     -ENOENT);
	pl_demux_remove(demux, b->peer);
	pl_demux_free(demux);
	browser_close(b);
}

PL_TEST_MAIN()
