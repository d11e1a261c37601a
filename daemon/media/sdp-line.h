/* SPDX-License-Identifier: MIT */
#ifndef PL_SDP_LINE_H
#define PL_SDP_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * The lines and words of a session description (RFC 8866), whatever is to be read out of it. Pure;
 * nothing is allocated.
 */

/** Of a line that is given, with its end; of longer ones that much. */
#define PL_SDP_LINE_SIZE 1024u

struct pl_sdp_lines {
	const char *text; /**< without a NUL in it; need not end with one */
	size_t size;
	size_t at; /**< 0 at first */
};

/**
 * The next line, "x=value", without its end; empty ones are passed over.
 *
 * @param ret_line  written on 1; on -EMSGSIZE its beginning
 * @return 1; 0: no more; -EBADMSG: this is no line of a session description; -EMSGSIZE: it is too
 *         long
 */
int pl_sdp_lines_next(struct pl_sdp_lines *lines, char ret_line[PL_SDP_LINE_SIZE]);

/** The next word, and `*at` behind it. @return its length, 0: none */
size_t pl_sdp_word(const char **at, const char **ret_word);
/** Decimal digits and nothing else; up to max. */
bool pl_sdp_number(const char *text, size_t n, uint64_t max, uint64_t *ret_value);

#endif
