/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_LIB_POD_H
#define PARTYLINE_LIB_POD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Reading of SPA PODs that nobody vouches for: another process may have written anything
 * and may still be writing. Every size is checked against the bytes at hand and every value
 * is copied out once before it is judged. (SPA's own iterators trust their input.)
 *
 * Thread: any. RT-safe: no allocation, lock, log or system call.
 */

/** Bytes not read yet. */
struct pl_pod_reader {
	const uint8_t *data;
	size_t size;
};

struct pl_pod {
	uint32_t type; /**< SPA_TYPE_ */
	struct pl_pod_reader body;
};

/** longest property name that we know, with its zero byte */
#define PL_POD_NAME_MAX 48u

/** Take the next POD and its padding. @return false at the end or when it does not fit */
bool pl_pod_next(struct pl_pod_reader *reader, struct pl_pod *ret_pod);

/** Take n bytes. @return false when there are not as many */
bool pl_pod_take(struct pl_pod_reader *reader, void *ret_bytes, size_t n_bytes);

/** Text of a String. @return false, and ret_name untouched, for another type, no zero byte, or too long a text */
bool pl_pod_get_name(const struct pl_pod *pod, char ret_name[PL_POD_NAME_MAX]);

/** Bool, Int, Long, Float or Double. @return false for another type or not finite */
bool pl_pod_get_number(const struct pl_pod *pod, double *ret_number);

/** 64 bits from a Long as it is, or from a whole number >= 0 of another type. */
bool pl_pod_get_bits(const struct pl_pod *pod, uint64_t *ret_bits);

/** Elements of an Array or a Struct, as PODs one after the other. */
struct pl_pod_list {
	struct pl_pod_reader reader;
	bool array;
	uint32_t child_type;
	uint32_t child_size;
};

/** @return false for a POD that is neither */
bool pl_pod_list_init(struct pl_pod_list *list, const struct pl_pod *pod);
bool pl_pod_list_next(struct pl_pod_list *list, struct pl_pod *ret_pod);

/** Start on the properties of an Object. @return false for another type of POD or object */
bool pl_pod_object_init(struct pl_pod_reader *reader, const struct pl_pod *pod, uint32_t type);
bool pl_pod_object_next(struct pl_pod_reader *reader, uint32_t *ret_key, struct pl_pod *ret_value);

/**
 * Ids of a parameter for one element: "<prefix>.<a>.<b>", decimal, 1..max each.
 * @return false when the name is not such
 */
bool pl_pod_parse_ids(const char *name, const char *prefix, uint32_t max_a, uint32_t max_b,
		      uint32_t *ret_a, uint32_t *ret_b);

#endif
