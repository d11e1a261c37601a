/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "json-strict.h"
#include "pltest.h"

static int read_text(const char *text, size_t size)
{
	struct pl_json_fault fault;
	struct json_object *tree = NULL;
	int r = pl_json_read(text, size, &tree, &fault);

	json_object_put(tree);
	if (r < 0 && !fault.why)
		return 1; /* a refusal without a reason */
	return r;
}

#define READ(text) read_text(text, sizeof(text) - 1)

PL_TEST(takes_json)
{
	PL_EXPECT(READ("{}") == 0);
	PL_EXPECT(READ(" \t\r\n[ ] \n") == 0);
	PL_EXPECT(READ("null") == 0);
	PL_EXPECT(READ("0") == 0);
	PL_EXPECT(READ("-0.5e+10") == 0);
	PL_EXPECT(READ("12") == 0);
	PL_EXPECT(READ("{\"a\":[1,2,{\"b\":null}],\"c\":{\"a\":true,\"d\":{}}}") == 0);
	PL_EXPECT(READ("\"\\ud83d\\ude00 \xf0\x9f\x98\x80 \\\" \\\\ \\/ \\b\\f\\n\\r\\t\"") == 0);
	PL_EXPECT(
		READ("\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\"") ==
		0);
}

PL_TEST(refuses_what_json_c_takes)
{
	PL_EXPECT(READ("NaN") == -EINVAL);
	PL_EXPECT(READ("{\"a\":Infinity}") == -EINVAL);
	PL_EXPECT(READ("{'a':1}") == -EINVAL);
	PL_EXPECT(READ("{\"a\":1,}") == -EINVAL);
	PL_EXPECT(READ("[1,]") == -EINVAL);
	PL_EXPECT(READ("{\"a\":1} x") == -EINVAL);
	PL_EXPECT(READ("/**/1") == -EINVAL);
	PL_EXPECT(READ("01") == -EINVAL);
	PL_EXPECT(READ("{\"a\":1,\"a\":2}") == -EINVAL);
	PL_EXPECT(READ("{\"a\":1,\"\\u0061\":2}") == -EINVAL);
	PL_EXPECT(READ("{\"x\":{\"a\":1,\"a\":2}}") == -EINVAL);
	PL_EXPECT(READ("[{\"a\":1},{\"a\":2}]") == 0);
	PL_EXPECT(READ("\"a\\u0000b\"") == -EINVAL);
	PL_EXPECT(READ("\"\0\"") == -EINVAL);
	PL_EXPECT(READ("\"\xff\"") == -EINVAL);
	PL_EXPECT(READ("\"\xc0\xaf\"") == -EINVAL);
	PL_EXPECT(READ("\"\xed\xa0\x80\"") == -EINVAL);
	PL_EXPECT(READ("\"\\ud800\"") == -EINVAL);
	PL_EXPECT(READ("") == -EINVAL);
	PL_EXPECT(READ("   ") == -EINVAL);
}

PL_TEST(depth_is_bounded)
{
	char text[2 * 64 + 1];

	for (int depth = 1; depth <= 64; depth++) {
		memset(text, '[', (size_t)depth);
		memset(text + depth, ']', (size_t)depth);
		PL_CHECK(read_text(text, (size_t)depth * 2) ==
			 (depth <= PL_JSON_DEPTH_MAX ? 0 : -EINVAL));
	}
}

PL_TEST(every_prefix_is_refused)
{
	static const char text[] = "{\"a\":[1.5e3,\"\\u00e4\",{\"b\":false}],\"c\":null}";

	for (size_t n = 0; n < sizeof(text) - 1; n++)
		PL_CHECK(read_text(text, n) == -EINVAL);
	PL_CHECK(READ(text) == 0);
}

PL_TEST_MAIN()
