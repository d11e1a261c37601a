/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "static.h"

static int compare(const void *key, const void *element)
{
	const struct pl_static_file *file = element;

	return strcmp(key, file->path);
}

const struct pl_static_file *pl_static_find(const char *path)
{
	if (strcmp(path, "/") == 0)
		path = "/index.html";
	else if (strcmp(path, "/docs") == 0)
		path = "/docs.html";
	else if (strcmp(path, "/login") == 0)
		path = "/login.html";
	return bsearch(path, pl_static_files, pl_n_static_files, sizeof(pl_static_files[0]),
		       compare);
}
