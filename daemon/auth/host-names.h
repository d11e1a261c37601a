/* SPDX-License-Identifier: MIT */
#ifndef PL_HOST_NAMES_H
#define PL_HOST_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** By what this machine is reached: what its certificate is for. Thread: any. */

#define PL_HOST_NAMES_MAX 32u
#define PL_HOST_ADDRESSES_MAX 64u

struct pl_host_names {
	size_t n_names;
	char name[PL_HOST_NAMES_MAX][256];
	size_t n_addresses;
	struct pl_host_address {
		uint8_t byte[16];
		uint8_t size; /**< 4 or 16 */
	} address[PL_HOST_ADDRESSES_MAX];
};

/**
 * A host name of letters, digits, '-' and '.', or an IP address; twice is once, and what does not
 * fit is left out.
 *
 * @return 0 or -EINVAL for what is neither
 */
int pl_host_names_add(struct pl_host_names *names, const char *text);
/** localhost, the host name (alone, with its domain, below .local), every address of an interface that is up. */
void pl_host_names_of_machine(struct pl_host_names *ret_names);
/** Whether `names` has all that is in `wanted`. */
bool pl_host_names_have(const struct pl_host_names *names, const struct pl_host_names *wanted);

#endif
