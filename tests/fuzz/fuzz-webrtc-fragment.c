/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "webrtc-sdp.h"

/* Names that are taken are words; they and candidates come back the same when they are written. */

static void check_name(const char *name, size_t size)
{
	if (!memchr(name, '\0', size))
		abort();
	for (; *name; name++)
		if (!isgraph((unsigned char)*name))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pl_webrtc_fragment fragment, again;
	struct pl_webrtc_side side = {0};
	char text[8192], trouble[128] = "";
	int r;

	r = pl_webrtc_fragment_parse((const char *)data, size, &fragment, trouble, sizeof(trouble));
	if (r < 0) {
		if (trouble[0] == '\0')
			abort();
		return 0;
	}
	check_name(fragment.ufrag, sizeof(fragment.ufrag));
	check_name(fragment.pwd, sizeof(fragment.pwd));
	if (!fragment.ufrag[0] || !fragment.pwd[0])
		return 0;
	side.ufrag = fragment.ufrag;
	side.pwd = fragment.pwd;
	side.candidates = fragment.candidates;
	r = pl_webrtc_restart_write(&side, "0", text, sizeof(text));
	if (r <= 0 ||
	    pl_webrtc_fragment_parse(text, (size_t)r, &again, trouble, sizeof(trouble)) < 0 ||
	    strcmp(again.ufrag, fragment.ufrag) != 0 || strcmp(again.pwd, fragment.pwd) != 0 ||
	    again.candidates.n != fragment.candidates.n)
		abort();
	return 0;
}
