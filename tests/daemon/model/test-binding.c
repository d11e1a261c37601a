/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <errno.h>

#include "binding.h"

PL_TEST(names_get_their_full_form)
{
	static const struct {
		const char *text, *name;
	} cases[] = {
		{"card:Loopback", "card:Loopback,0"},
		{"card:Loopback,0", "card:Loopback,0"},
		{"card:A,31", "card:A,31"},
		{"card:0123456789abcd-", "card:0123456789abcd-,0"},
		{"path:pci-0000:00:14.0-usb-0:2:1.0", "path:pci-0000:00:14.0-usb-0:2:1.0,0"},
		{"path:platform-snd_aloop.0,1", "path:platform-snd_aloop.0,1"},
		{"serial:Focusrite_Scarlett_2i2_Y8AB", "serial:Focusrite_Scarlett_2i2_Y8AB,0"},
		{"serial:a b,255", "serial:a b,255"},
		{"serial:one,two,3", "serial:one,two,3"},
		{"serial:Ö", "serial:Ö,0"},
	};
	char name[PL_DEVICE_NAME_MAX], again[PL_DEVICE_NAME_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		PL_CHECK_INT(pl_device_name_read(cases[i].text, name, NULL), 0);
		PL_CHECK_STR(name, cases[i].name);
		PL_CHECK_INT(pl_device_name_read(name, again, NULL), 0);
		PL_CHECK_STR(again, name);
	}
}

PL_TEST(what_is_no_name_is_refused_with_a_reason)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{"", "card:ID"},
		{"Loopback", "card:ID"},
		{"hw:0", "card:ID"},
		{"Card:X", "card:ID"},
		{"card:", "1 to 15 letters"},
		{"card:,1", "1 to 15 letters"},
		{"card:0123456789abcdef", "1 to 15 letters"},
		{"card:a b", "1 to 15 letters"},
		{"card:ü", "1 to 15 letters"},
		{"card:X,", "PCM device"},
		{"card:X,256", "PCM device"},
		{"card:X,4294967296", "PCM device"},
		{"card:X,00", "PCM device"},
		{"card:X,-1", "PCM device"},
		{"card:X,a", "PCM device"},
		{"path:", "behind the colon"},
		{"serial:,0", "behind the colon"},
		{"path:a\tb", "control"},
		{"path:a\n", "control"},
		{"serial:\x7f", "control"},
		{"serial:\xc2\x85", "control"},
		{"serial:\xff", "control"},
		{"serial:\xe2\x82", "control"},
	};
	char name[PL_DEVICE_NAME_MAX] = "as before";
	const char *reason;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		reason = "";
		if (pl_device_name_read(cases[i].text, name, &reason) != -EINVAL)
			PL_FAIL_("\"%s\" was taken", cases[i].text);
		else if (!strstr(reason, cases[i].reason))
			PL_FAIL_("\"%s\": %s", cases[i].text, reason);
		PL_CHECK_STR(name, "as before");
	}
}

PL_TEST(the_longest_name_is_taken_and_no_longer_one)
{
	char text[PL_DEVICE_NAME_MAX + 8], name[PL_DEVICE_NAME_MAX];

	memset(text, 'x', sizeof(text));
	memcpy(text, "path:", 5);
	memcpy(text + PL_DEVICE_NAME_MAX - 3, ",0", sizeof(",0"));
	PL_CHECK_INT(pl_device_name_read(text, name, NULL), 0);
	PL_CHECK_STR(name, text);
	/* its full form would be one byte too long */
	text[PL_DEVICE_NAME_MAX - 3] = 'x';
	text[PL_DEVICE_NAME_MAX - 2] = '\0';
	PL_CHECK_INT(pl_device_name_read(text, name, NULL), -EINVAL);
	memset(text + 5, 'x', sizeof(text) - 6);
	text[sizeof(text) - 1] = '\0';
	PL_CHECK_INT(pl_device_name_read(text, name, NULL), -EINVAL);
}

PL_TEST(names_are_made_of_what_is_there)
{
	char name[PL_DEVICE_NAME_MAX];

	PL_CHECK_INT(pl_device_name_make(PL_BINDING_BY_CARD, "Loopback", 1, name), 0);
	PL_CHECK_STR(name, "card:Loopback,1");
	PL_CHECK_INT(pl_device_name_make(PL_BINDING_BY_SERIAL, "", 0, name), -EINVAL);
	PL_CHECK_STR(name, "");
	PL_CHECK_INT(pl_device_name_make(PL_BINDING_BY_CARD, "no id", 0, name), -EINVAL);
	PL_CHECK_STR(name, "");
	PL_CHECK_INT(pl_device_name_make(PL_BINDING_BY_PATH, "x", 256, name), -EINVAL);
}

PL_TEST_MAIN()
