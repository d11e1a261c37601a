/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "certificate.h"
#include "pltest.h"
#include "tls-store.h"

#define NOW UINT64_C(1795252725)
#define DAY UINT64_C(86400)

static char folder[] = "/tmp/pl-tls-XXXXXX";
static char reason[512];

static int refresh(struct pl_tls_store *store, uint64_t now, const char *name)
{
	const struct pl_tls_wishes wishes = {
		.certificate = "", .key = "", .names = &name, .n_names = name ? 1 : 0};

	return pl_tls_store_refresh(store, &wishes, now, reason, sizeof(reason));
}

static struct pl_certificate get(const struct pl_tls_store *store)
{
	struct pl_certificate certificate = {0};

	PL_EXPECT(pl_tls_store_get(store, &certificate));
	return certificate;
}

PL_TEST(there_is_none_before_it_is_needed)
{
	struct pl_certificate certificate;
	struct pl_tls_store *store;

	PL_CHECK(mkdtemp(folder) != NULL);
	PL_CHECK(pl_tls_store_new(folder, &store) == 0);
	PL_EXPECT(!pl_tls_store_get(store, &certificate));
	pl_tls_store_free(store);
}

PL_TEST(it_is_made_once_and_renewed_in_time)
{
	struct pl_tls_store *store, *again;
	char fingerprint[100], ca[100];

	PL_CHECK(pl_tls_store_new(folder, &store) == 0);
	PL_CHECK(refresh(store, NOW, NULL) == 1);
	snprintf(fingerprint, sizeof(fingerprint), "%s", get(store).fingerprint);
	snprintf(ca, sizeof(ca), "%s", get(store).ca_fingerprint);
	PL_EXPECT(get(store).not_after_s == NOW + 365 * DAY);
	PL_EXPECT(get(store).not_before_s == NOW - DAY);
	PL_EXPECT(pl_certificate_is_of(get(store).chain_pem, get(store).ca_pem));
	PL_EXPECT(!strstr(get(store).ca_pem, "PRIVATE"));
	PL_EXPECT(strstr(get(store).subject_names, "localhost") != NULL);

	PL_EXPECT(refresh(store, NOW + 244 * DAY, NULL) == 0);
	PL_CHECK(pl_tls_store_new(folder, &again) == 0);
	PL_CHECK(refresh(again, NOW + DAY, NULL) == 1);
	PL_EXPECT(strcmp(get(again).fingerprint, fingerprint) == 0);
	pl_tls_store_free(again);

	PL_EXPECT(refresh(store, NOW + 246 * DAY, NULL) == 1);
	PL_EXPECT(strstr(reason, "running out") != NULL);
	PL_EXPECT(strcmp(get(store).fingerprint, fingerprint) != 0);
	PL_EXPECT(strcmp(get(store).ca_fingerprint, ca) == 0);
	PL_EXPECT(get(store).serial == 2);
	pl_tls_store_free(store);
}

PL_TEST(a_clock_that_was_wrong_does_no_harm)
{
	struct pl_tls_store *store;

	PL_CHECK(pl_tls_store_new(folder, &store) == 0);
	PL_EXPECT(refresh(store, 100 * DAY, NULL) == 1); /* 1970: no clock of its own */
	PL_EXPECT(refresh(store, 100 * DAY, NULL) == 0);
	PL_EXPECT(refresh(store, NOW, NULL) == 1);
	PL_EXPECT(refresh(store, NOW, NULL) == 0);
	PL_EXPECT(refresh(store, NOW - 3000 * DAY, NULL) == 1);
	PL_EXPECT(strstr(reason, "the clock was before it") != NULL);
	PL_EXPECT(refresh(store, NOW, NULL) == 1);
	pl_tls_store_free(store);
}

PL_TEST(it_follows_the_names)
{
	struct pl_tls_store *store;

	PL_CHECK(pl_tls_store_new(folder, &store) == 0);
	PL_EXPECT(refresh(store, NOW, NULL) == 1);
	PL_EXPECT(refresh(store, NOW, "intercom.example.com") == 1);
	PL_EXPECT(strstr(get(store).subject_names, "intercom.example.com") != NULL);
	PL_EXPECT(refresh(store, NOW, "intercom.example.com") == 0);
	PL_EXPECT(refresh(store, NOW, NULL) == 0); /* more names than needed do no harm */
	PL_EXPECT(refresh(store, NOW, "203.0.113.9") == 1);
	PL_EXPECT(strstr(get(store).subject_names, "203.0.113.9") != NULL);
	PL_EXPECT(refresh(store, NOW, "no name at all\n") == 0);
	pl_tls_store_free(store);
}

PL_TEST(where_nothing_can_be_kept_nothing_changes)
{
	struct pl_tls_store *store;
	struct pl_certificate certificate;

	PL_CHECK(pl_tls_store_new("/proc/nowhere", &store) == 0);
	PL_EXPECT(refresh(store, NOW, NULL) < 0);
	PL_EXPECT(strstr(reason, "/proc/nowhere") != NULL);
	PL_EXPECT(!pl_tls_store_get(store, &certificate));
	pl_tls_store_free(store);
}

PL_TEST(the_folder_is_taken_away)
{
	char path[128];

	for (const char *const *name = (const char *const[]){"ca.pem", "server.pem", NULL}; *name;
	     name++) {
		snprintf(path, sizeof(path), "%s/%s", folder, *name);
		PL_EXPECT(unlink(path) == 0);
	}
	PL_EXPECT(rmdir(folder) == 0);
}

PL_TEST_MAIN()
