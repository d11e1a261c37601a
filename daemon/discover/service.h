/* SPDX-License-Identifier: MIT */
#ifndef PL_SERVICE_H
#define PL_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include <avahi-common/address.h>
#include <avahi-common/strlst.h>

/** Bytes with the NUL: a name of DNS-SD is one label of DNS (RFC 6763, 4.1.1). */
#define PL_SERVICE_NAME_SIZE 64
/** 32 hexadecimal digits and the NUL */
#define PL_SERVICE_ID_SIZE 33

/** What is announced. Plain values: a copy is as good as the original. */
struct pl_service {
	bool publish;                    /**< false: nothing */
	char name[PL_SERVICE_NAME_SIZE]; /**< UTF-8; "": pl_service_default_name() */
	char address[64];                /**< IP address that the server listens on */
	uint16_t port;                   /**< of the server, 1..65535 */
	bool tls;                        /**< the port speaks TLS and nothing else */
	uint32_t n_tablets, n_channels;
	char id[PL_SERVICE_ID_SIZE]; /**< tells instances apart: pl_service_id() */
};

bool pl_service_equal(const struct pl_service *a, const struct pl_service *b);

/** "Partyline on HOST", cut to what a name may have, never within a character. */
void pl_service_default_name(const char *host, char ret_name[PL_SERVICE_NAME_SIZE]);

/**
 * The same for one state directory of one machine at every start; says nothing about the
 * machine's own id. Without /etc/machine-id another one at every start.
 */
void pl_service_id(const char *state_directory, char ret_id[PL_SERVICE_ID_SIZE]);

/**
 * Where to announce: on every interface for an address that means all of them, else on the one
 * that has the address; only by the protocol that the server speaks.
 */
void pl_service_place(const char *address, AvahiIfIndex *ret_interface,
		      AvahiProtocol *ret_protocol);

/**
 * Service types, NULL at the end. With TLS there is _https._tcp besides, for browsers of the
 * network that open the entry without a look at its TXT record.
 */
const char *const *pl_service_types(const struct pl_service *service);

/**
 * version, path, tls, channels, tablets, id.
 *
 * @param ret_txt  avahi_string_list_free() frees it
 * @return 0 or -ENOMEM
 */
int pl_service_txt(const struct pl_service *service, AvahiStringList **ret_txt);

#endif
