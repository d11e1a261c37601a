/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "credential.h"
#include "pltest.h"

static char value[16];

PL_TEST(a_bearer_token_is_taken)
{
	static const char *const right[] = {"Bearer abc", "bearer abc", "BEARER   abc",
					    "Bearer abc \t"};
	static const char *const wrong[] = {
		"",           "Bearer",    "Bearer ",         "Basic abc",  "Bearer a b",
		"Bearer a,b", "Bearerabc", "Bearer \xc3\xa4", "Bearer a\"", "Bearer\tabc"};

	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		value[0] = '\0';
		PL_EXPECT(pl_credential_from_authorization(right[i], value, sizeof(value)) == 0);
		PL_EXPECT(strcmp(value, "abc") == 0);
	}
	strcpy(value, "kept");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		PL_EXPECT(pl_credential_from_authorization(wrong[i], value, sizeof(value)) ==
			  -EINVAL);
	PL_EXPECT(pl_credential_from_authorization("Bearer 0123456789abcdef", value,
						   sizeof(value)) == -ENOSPC);
	PL_EXPECT(strcmp(value, "kept") == 0);
}

static int cookie(const char *header)
{
	return pl_credential_from_cookies(header, "partyline", value, sizeof(value));
}

PL_TEST(the_first_cookie_of_the_name_is_taken)
{
	PL_EXPECT(cookie("partyline=abc") == 0 && strcmp(value, "abc") == 0);
	PL_EXPECT(cookie("a=b; partyline=x.y ; partyline=z") == 0 && strcmp(value, "x.y") == 0);
	PL_EXPECT(cookie(";; partyline=q") == 0 && strcmp(value, "q") == 0);
	PL_EXPECT(cookie("") == -ENOENT);
	PL_EXPECT(cookie("partylines=abc; xpartyline=abc; partyline") == -ENOENT);
	PL_EXPECT(cookie("__Host-partyline=abc") == -ENOENT);
	PL_EXPECT(cookie("Partyline=abc") == -ENOENT);
	PL_EXPECT(cookie("partyline=") == -EINVAL);
	PL_EXPECT(cookie("partyline=\"abc\"") == -EINVAL);
	PL_EXPECT(cookie("partyline=a b") == -EINVAL);
	PL_EXPECT(cookie("partyline=0123456789abcdef") == -ENOSPC);
}

PL_TEST_MAIN()
