/* SPDX-License-Identifier: MIT */
#ifndef PL_CERTIFICATE_H
#define PL_CERTIFICATE_H

#include <stdbool.h>
#include <stdint.h>

#include "host-names.h"
#include "x509.h"

/**
 * Certificates as PEM text: made, looked at, compared. ECDSA on P-256 with SHA-256, which every
 * client of the last ten years knows. Thread: any.
 */

/** A server's certificate lives a year: Apple's systems refuse more than 825 days. */
#define PL_CERTIFICATE_SECONDS (365u * 86400u)
/** It is renewed when less than this is left. */
#define PL_CERTIFICATE_RENEW_SECONDS (120u * 86400u)

/** What can be read in one. */
struct pl_certificate_facts {
	char fingerprint[PL_X509_DIGEST_TEXT_SIZE]; /**< SHA-256, "AB:CD:…" */
	uint64_t not_before_s, not_after_s;
	struct pl_host_names names;
};

/**
 * A CA of our own, key and certificate in one text. It is valid from 2000 to 9999: a machine
 * without a clock of its own may make it at any date, and nobody comes to renew it on every device.
 *
 * @param name     common name, at most 64 characters
 * @param ret_pem  freed by the caller
 * @return 0 or -ENOMEM
 */
int pl_certificate_make_ca(const char *name, char **ret_pem);
/**
 * A server's key and certificate in one text, signed by that CA.
 *
 * @return 0, -EINVAL for no CA, -ENOMEM
 */
int pl_certificate_make_server(const char *ca_pem, const struct pl_host_names *names,
			       uint64_t now_s, char **ret_pem);

/** The first certificate in a text. @return 0 or -EINVAL */
int pl_certificate_read(const char *pem, struct pl_certificate_facts *ret_facts);
/** Whether the key in one text belongs to the first certificate in the other. */
bool pl_certificate_has_key(const char *pem, const char *key_pem);
/** Whether the first certificate in a text is signed by the CA. */
bool pl_certificate_is_of(const char *pem, const char *ca_pem);
/** The first certificate alone, without key. @param ret_pem  freed by the caller. @return 0, -EINVAL, -ENOMEM */
int pl_certificate_without_key(const char *pem, char **ret_pem);

#endif
