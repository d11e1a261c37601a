/* SPDX-License-Identifier: MIT */
#ifndef PL_HTTP_STATIC_H
#define PL_HTTP_STATIC_H

#include <stddef.h>

/**
 * Files that are built into the program (embed.py makes the table from daemon/web
 * and openapi.json): nothing is read from disk while the daemon runs.
 */
struct pl_static_file {
	const char *path; /**< "/app.js" */
	const char *type; /**< Content-Type */
	const char *etag; /**< with its quotes; changes with the content */
	const unsigned char *data;
	size_t size;
	const unsigned char *gzip; /**< NULL: not worth it */
	size_t gzip_size;
};

/** Made by embed.py, sorted by path. */
extern const struct pl_static_file pl_static_files[];
extern const size_t pl_n_static_files;

/** @return the file that a path shows, "/" and "/docs" among them; NULL for none */
const struct pl_static_file *pl_static_find(const char *path);

#endif
