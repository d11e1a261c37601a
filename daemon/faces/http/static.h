/* SPDX-License-Identifier: MIT */
#ifndef PL_HTTP_STATIC_H
#define PL_HTTP_STATIC_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Files that are built into the program (embed.py makes the table from daemon/web/dist
 * and openapi.json): nothing is read from disk while the daemon runs.
 */
struct pl_static_file {
	const char *path; /**< "/assets/index-B2x9.js" */
	const char *type; /**< Content-Type */
	const char *etag; /**< with its quotes; changes with the content */
	const unsigned char *data;
	size_t size;
	const unsigned char *gzip; /**< NULL: not worth it */
	size_t gzip_size;
	bool immutable; /**< the path has a hash of the content: it may be kept for ever */
};

/** Made by embed.py, sorted by path. */
extern const struct pl_static_file pl_static_files[];
extern const size_t pl_n_static_files;

/** @return the file that a path shows, "/" and "/docs" among them; NULL for none */
const struct pl_static_file *pl_static_find(const char *path);

#endif
