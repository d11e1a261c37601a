/* SPDX-License-Identifier: MIT */
#ifndef PL_S3_H
#define PL_S3_H

#include "gateway.h"
#include "spool.h"

/**
 * Uploads files to an S3 server, one after the other, from a queue on disk: an item is tried again,
 * with growing pauses, until the server has confirmed the whole object. Above part_bytes in parts
 * (multipart). A thread of its own; the functions here never wait for the network.
 * Thread: the daemon's loop.
 */
struct pl_s3;

/** One upload, as it stands in the queue: {"message_id","file","key"}. */
struct pl_s3_item {
	char message_id[37];
	char file[PL_PATH_MAX];
	char key[512]; /**< of the object, with the prefix */
};

/** The item as text, freed by the caller; NULL without memory. */
char *pl_s3_item_to_text(const struct pl_s3_item *item);
/** @return 0 or -EINVAL */
int pl_s3_item_from_text(const char *text, size_t size, struct pl_s3_item *ret_item);

/** In the uploader's thread. */
struct pl_s3_listener {
	/** Another state: pl_s3_status(). */
	void (*on_changed)(void *userdata);
	/** The object is there, complete. The item stays in the queue until the owner removes it: a
	 * crash before that uploads the same bytes again, and tells of them again. */
	void (*on_uploaded)(void *userdata, uint64_t id, const struct pl_s3_item *item);
	void *userdata;
};

/** @param def  copied. @param spool  borrowed, outlives it. @return 0, -ENOMEM, -EINVAL for an endpoint that is no URL */
int pl_s3_new(const struct pl_s3_def *def, struct pl_spool *spool,
	      const struct pl_s3_listener *listener, struct pl_s3 **ret_s3);
/** Breaks off what is on its way; it is done again by the next. */
struct pl_s3 *pl_s3_free(struct pl_s3 *s3);
/** There is something new in the queue. */
void pl_s3_wake(struct pl_s3 *s3);
void pl_s3_status(struct pl_s3 *s3, struct pl_export_status *ret_status);

#endif
