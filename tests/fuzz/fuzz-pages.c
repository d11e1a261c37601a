/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "history.h"

/** What is taken must be written and read again as the same, and no name leads out of its folder. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pl_history *history = NULL, *again = NULL;
	const struct pl_page_record *record;
	char *text, *text_again;

	if (pl_history_new(&history) < 0 || pl_history_new(&again) < 0)
		abort();
	pl_history_read(history, (const char *)data, size);
	text = pl_history_text(history);
	if (!text || pl_history_read(again, text, strlen(text)) != 0)
		abort();
	text_again = pl_history_text(again);
	if (!text_again || strcmp(text, text_again) != 0)
		abort();
	for (size_t i = 0; (record = pl_history_get(history, i)); i++)
		if (strchr(record->clip, '/') || record->clip[0] == '.')
			abort();
	free(text);
	free(text_again);
	pl_history_free(history);
	pl_history_free(again);
	return 0;
}
