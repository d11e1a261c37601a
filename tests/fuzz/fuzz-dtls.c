/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "dtls.h"
#include "fuzz.h"

/*
 * Datagrams of somebody without a certificate's key, before and in a handshake: it is never done,
 * and what goes out stays small. The first byte says which role; then each datagram has two bytes of
 * size before it.
 */

#define SENT_MAX (PL_PEER_HANDSHAKES_MAX * 8u)

static void on_send(void *userdata, const uint8_t *data, size_t size)
{
	uint32_t *n_sent = userdata;

	if (size > 1200 || ++*n_sent > SENT_MAX)
		abort();
}

static const struct pl_identity *identity(void)
{
	static struct pl_identity *one;

	if (!one && pl_identity_new(1800000000u, &one) < 0)
		abort();
	return one;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t n_sent = 0;
	struct pl_dtls_config config = {
		.identity = identity(), .on_send = on_send, .userdata = &n_sent};
	struct pl_dtls *dtls;

	if (size < 1 || size > 8192)
		return 0;
	config.role = data[0] & 1 ? PL_DTLS_CLIENT : PL_DTLS_SERVER;
	if (pl_dtls_new(&config, &dtls) < 0)
		abort();
	pl_dtls_start(dtls);
	data++;
	size--;
	while (size >= 2) {
		size_t n = (size_t)(data[0] << 8 | data[1]);

		data += 2;
		size -= 2;
		n = n < size ? n : size;
		pl_dtls_receive(dtls, data, n);
		data += n;
		size -= n;
	}
	if (pl_dtls_state(dtls) == PL_DTLS_DONE || pl_dtls_version(dtls) || pl_dtls_profile(dtls))
		abort();
	pl_dtls_close(dtls);
	pl_dtls_free(dtls);
	return 0;
}
