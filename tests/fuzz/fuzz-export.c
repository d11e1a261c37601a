/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "s3-request.h"
#include "s3.h"

/* What an S3 server answers, and what lies in the queue on disk. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"UploadId", "Code", "Message"};
	struct pl_s3_item item, again;
	char text[160], *copy, *written;

	copy = malloc(size + 1);
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	copy[size] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (pl_s3_element(copy, names[i], text, sizeof(text)) == 0 &&
		    memchr(text, '\0', sizeof(text)) == NULL)
			abort();
	if (pl_s3_item_from_text(copy, size, &item) == 0) {
		written = pl_s3_item_to_text(&item);
		if (written &&
		    (pl_s3_item_from_text(written, strlen(written), &again) < 0 ||
		     strcmp(again.key, item.key) != 0 || strcmp(again.file, item.file) != 0))
			abort();
		free(written);
	}
	free(copy);
	return 0;
}
