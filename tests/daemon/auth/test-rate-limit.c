/* SPDX-License-Identifier: MIT */
#include "pltest.h"
#include "rate-limit.h"

#define SECOND UINT64_C(1000000)

static struct pl_rate_limit limit;

/** 10.0.a.b */
static const uint8_t *v4(unsigned a, unsigned b)
{
	static uint8_t address[16];

	memset(address, 0, 10);
	memset(address + 10, 0xff, 2);
	address[12] = 10;
	address[13] = 0;
	address[14] = (uint8_t)a;
	address[15] = (uint8_t)b;
	return address;
}

/** 2001:db8:0:network::host */
static const uint8_t *v6(uint8_t network, uint8_t host)
{
	static uint8_t address[16];

	memcpy(address, (const uint8_t[16]){0x20, 0x01, 0x0d, 0xb8}, 16);
	address[7] = network;
	address[15] = host;
	return address;
}

/** As the store does: look, and note what came of it. @return the seconds to wait */
static uint32_t show(const uint8_t *address, uint64_t now, bool right)
{
	uint32_t wait = pl_rate_limit_wait_s(&limit, address, now);

	if (wait == 0)
		pl_rate_limit_note(&limit, address, now, right);
	return wait;
}

PL_TEST(ten_at_once_then_one_in_six_seconds)
{
	uint64_t now = 1000 * SECOND;

	pl_rate_limit_init(&limit);
	for (int i = 0; i < 10; i++)
		PL_EXPECT(show(v4(0, 1), now, false) == 0);
	PL_EXPECT(show(v4(0, 1), now, false) == 6);
	PL_EXPECT(show(v4(0, 1), now, true) == 6);
	PL_EXPECT(show(v4(0, 2), now, false) == 0);
	PL_EXPECT(show(v4(0, 1), now + 4 * SECOND, false) == 2);
	PL_EXPECT(show(v4(0, 1), now + 6 * SECOND, false) == 0);
	PL_EXPECT(show(v4(0, 1), now + 6 * SECOND, false) == 6);
	/* after a minute of rest it is as at first */
	for (int i = 0; i < 10; i++)
		PL_EXPECT(show(v4(0, 1), now + 90 * SECOND, false) == 0);
	PL_EXPECT(show(v4(0, 1), now + 90 * SECOND, false) > 0);
}

PL_TEST(right_ones_cost_nothing)
{
	pl_rate_limit_init(&limit);
	for (int i = 0; i < 1000; i++)
		PL_EXPECT(show(v4(0, 1), SECOND, true) == 0);
}

PL_TEST(a_network_of_v6_is_one_address)
{
	pl_rate_limit_init(&limit);
	for (uint8_t host = 0; host < 10; host++)
		PL_EXPECT(show(v6(1, host), SECOND, false) == 0);
	PL_EXPECT(show(v6(1, 77), SECOND, false) > 0);
	PL_EXPECT(show(v6(2, 77), SECOND, false) == 0);
}

PL_TEST(overall_the_unknown_wait_and_the_known_do_not)
{
	unsigned n = 0;

	pl_rate_limit_init(&limit);
	PL_EXPECT(show(v4(99, 99), SECOND, true) == 0);
	for (unsigned i = 0; i < 1000; i++)
		n += show(v4(i / 250, i % 250), SECOND, false) == 0;
	PL_EXPECT(n == (unsigned)PL_RATE_ALL_BURST);
	PL_EXPECT(show(v4(50, 50), SECOND, true) == 1);
	PL_EXPECT(show(v4(99, 99), SECOND, true) == 0);
	PL_EXPECT(show(v4(50, 50), 2 * SECOND, true) == 0);
}

PL_TEST(memory_is_bounded_and_keeps_the_known)
{
	uint64_t now = SECOND;

	pl_rate_limit_init(&limit);
	for (int i = 0; i < 5; i++)
		show(v4(99, 99), now, false);
	show(v4(99, 99), now, true);
	/* three times as many as there is room for, slowly enough for the overall limit */
	for (unsigned i = 0; i < 3 * PL_RATE_ADDRESSES; i++, now += SECOND)
		PL_EXPECT(show(v4(i / 250, i % 250), now, false) == 0);
	for (unsigned i = 0; i < 200; i++)
		show(v4(i / 250, i % 250), now, false);
	PL_EXPECT(show(v4(99, 99), now, true) == 0);
}

PL_TEST_MAIN()
