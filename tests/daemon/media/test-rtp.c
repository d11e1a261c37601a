/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "pltest.h"
#include "rtp.h"

PL_TEST(fields_come_back)
{
	struct pl_rtp_packet in = {.payload_type = 96,
				   .marker = true,
				   .sequence = 0xfffe,
				   .timestamp = 0x80000001,
				   .ssrc = 0xdeadbeef,
				   .n_csrc = 2,
				   .csrc = {1, 0xffffffff}};
	struct pl_rtp_packet out;
	uint8_t data[64];
	int n = pl_rtp_write_header(&in, data, sizeof(data));

	PL_CHECK_INT(n, 20);
	data[n] = 7;
	PL_CHECK_INT(pl_rtp_parse(data, (size_t)n + 1, &out), 0);
	PL_CHECK_INT(out.payload_type, 96);
	PL_CHECK(out.marker);
	PL_CHECK_INT(out.sequence, 0xfffe);
	PL_CHECK_INT(out.timestamp, 0x80000001);
	PL_CHECK_INT(out.ssrc, 0xdeadbeef);
	PL_CHECK_INT(out.n_csrc, 2);
	PL_CHECK_INT(out.csrc[1], 0xffffffff);
	PL_CHECK(out.payload == data + 20);
	PL_CHECK_INT(out.payload_size, 1);
	PL_CHECK_INT(pl_rtp_write_header(&in, data, 19), -ENOSPC);
}

/* RFC 3550 5.1: an extension of two words and three bytes of padding. */
PL_TEST(extension_and_padding)
{
	uint8_t data[] = {0xb0, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0,    3, 0xbe, 0xde,
			  0,    2,  1, 2, 3, 4, 5, 6, 7, 8, 0xaa, 0, 0,    3};
	struct pl_rtp_packet out;

	PL_CHECK_INT(pl_rtp_parse(data, sizeof(data), &out), 0);
	PL_CHECK_INT(out.payload_size, 1);
	PL_CHECK_INT(out.payload[0], 0xaa);
	data[sizeof(data) - 1] = 4;
	PL_CHECK_INT(pl_rtp_parse(data, sizeof(data), &out), 0);
	PL_CHECK_INT(out.payload_size, 0);
	data[sizeof(data) - 1] = 5; /* more than there is */
	PL_CHECK_INT(pl_rtp_parse(data, sizeof(data), &out), -EBADMSG);
	data[sizeof(data) - 1] = 0;
	PL_CHECK_INT(pl_rtp_parse(data, sizeof(data), &out), -EBADMSG);
}

PL_TEST(what_is_cut_is_refused)
{
	uint8_t data[32] = {0x80 | 0x10 | 2, 96};
	struct pl_rtp_packet out;

	data[12 + 8 + 3] = 2; /* extension of two words: 12 + 8 + 4 + 8 */
	for (size_t n = 0; n < sizeof(data); n++)
		PL_EXPECT(pl_rtp_parse(data, n, &out) == -EBADMSG);
	PL_CHECK_INT(pl_rtp_parse(data, sizeof(data), &out), 0);
	data[0] = 0x40;
	PL_CHECK_INT(pl_rtp_parse(data, sizeof(data), &out), -EBADMSG);
}

PL_TEST(rtcp_on_the_same_port)
{
	const uint8_t sr[] = {0x80, 200}, marked[] = {0x80, 0x80 | 96}, bye[] = {0x81, 203};

	PL_CHECK(pl_rtp_is_rtcp(sr, 2));
	PL_CHECK(pl_rtp_is_rtcp(bye, 2));
	PL_CHECK(!pl_rtp_is_rtcp(marked, 2));
	PL_CHECK(!pl_rtp_is_rtcp(sr, 1));
}

PL_TEST_MAIN()
