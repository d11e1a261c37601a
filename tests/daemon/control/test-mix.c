/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <locale.h>

#include "json-strict.h"
#include "mix.h"
#include "pltest.h"

static char reason[160];
static const struct pl_mix_reading reading = {
	.n_tablets = 16, .n_channels = 4, .reason = reason, .reason_size = sizeof(reason)};

PL_TEST(text_is_read)
{
	struct pl_mix mix;

	PL_CHECK_INT(pl_mix_from_text(&reading,
				      "tablet.1.listen,channel.2.out:-6,tablet.16.talk:+3.5:-0.25,"
				      "channel.4.in:-inf",
				      &mix),
		     0);
	PL_CHECK_INT(mix.n_sources, 4);
	PL_CHECK(mix.sources[0].kind == PL_MIX_TABLET_LISTEN && mix.sources[0].id == 1);
	PL_CHECK(mix.sources[0].gain_db == 0.0 && mix.sources[0].pan == 0.0);
	PL_CHECK(mix.sources[1].kind == PL_MIX_CHANNEL_OUT && mix.sources[1].gain_db == -6.0);
	PL_CHECK(mix.sources[2].kind == PL_MIX_TABLET_TALK && mix.sources[2].id == 16);
	PL_CHECK(mix.sources[2].gain_db == 3.5 && mix.sources[2].pan == -0.25);
	PL_CHECK(mix.sources[3].kind == PL_MIX_CHANNEL_IN &&
		 mix.sources[3].gain_db == PL_MIX_GAIN_MIN_DB);
	PL_CHECK_INT(pl_mix_from_text(&reading, "", &mix), 0);
	PL_CHECK_INT(mix.n_sources, 0);
}

PL_TEST(bad_text_is_refused)
{
	static const char *const bad[] = {
		"tablet.17.talk",
		"channel.5.out",
		"tablet.0.talk",
		"tablet.01.talk",
		"tablet.1",
		"tablet.1.in",
		"channel.1.talk",
		"tablet.1.talk:",
		"tablet.1.talk:x",
		"tablet.1.talk:1e3",
		"tablet.1.talk:20.1",
		"tablet.1.talk:-241",
		"tablet.1.talk:0:1.1",
		"tablet.1.talk:0:0:0",
		"tablet.1.talk,",
		",tablet.1.talk",
		"tablet.1.talk,tablet.1.talk",
		" tablet.1.talk",
		"tablet.999999999999999999999999999999999999999999999999999999999999999999.talk",
		"tablet.1.talk:nan",
		"tablet.1.talk:0x10",
		"tablet.1.talk:--1",
	};
	struct pl_mix mix = {.n_sources = 7};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		reason[0] = '\0';
		PL_CHECK_INT(pl_mix_from_text(&reading, bad[i], &mix), -EINVAL);
		PL_CHECK(reason[0] != '\0' && mix.n_sources == 7);
	}
}

PL_TEST(devices_are_read)
{
	static const char nine[] =
		"(device:card:A),(device:card:B),(device:card:C),(device:card:D),(device:card:E),"
		"(device:card:F),(device:card:G),(device:card:H),(device:card:I)";
	static const char *const bad[] = {
		"device:card:USB",
		"(device:card:USB",
		"(device:card:USB)x",
		"(device:)",
		"(device:USB)",
		"(device:card:U S B)",
		"(device:card:USB,256)",
		"(device:card:USB/65)",
		"(device:card:USB):x",
		"(device:card:USB),(device:card:USB,0/1)",
		nine,
	};
	char name[PL_MIX_NAME_MAX];
	struct pl_mix mix;

	PL_CHECK_INT(pl_mix_from_text(&reading,
				      "(device:card:USB):-6,channel.1.out,"
				      "(device:path:pci-0000:00:14.0,1/2):0:1,"
				      "(tablet.1.talk):-3,(device:serial:A)B:/2,0)",
				      &mix),
		     0);
	PL_CHECK(mix.n_sources == 5 && mix.n_devices == 3);
	PL_CHECK(mix.sources[0].kind == PL_MIX_DEVICE && mix.sources[0].id == 1 &&
		 mix.sources[0].gain_db == -6.0);
	PL_CHECK_STR(mix.devices[0].device, "card:USB,0");
	PL_CHECK_INT(mix.devices[0].port, 1);
	PL_CHECK(mix.sources[2].id == 2 && mix.sources[2].pan == 1.0);
	PL_CHECK_STR(mix.devices[1].device, "path:pci-0000:00:14.0,1");
	PL_CHECK_INT(mix.devices[1].port, 2);
	PL_CHECK(mix.sources[3].kind == PL_MIX_TABLET_TALK && mix.sources[3].gain_db == -3.0);
	PL_CHECK_INT(pl_mix_source_name(&mix, &mix.sources[2], name), (int)strlen(name));
	PL_CHECK_STR(name, "device:path:pci-0000:00:14.0,1/2");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		reason[0] = '\0';
		PL_CHECK_INT(pl_mix_from_text(&reading, bad[i], &mix), -EINVAL);
		PL_CHECK(reason[0] != '\0' && mix.n_devices == 3);
	}
}

PL_TEST(json_and_back)
{
	static const char text[] =
		"[{\"source\":\"channel.2.out\",\"gain_db\":-6.5,\"pan\":0.5},{\"source\":\"tablet."
		"1.talk\"},{\"source\":\"device:serial:ACME_1,0/3\"}]";
	static const char *const bad[] = {
		"{}",
		"[1]",
		"[{}]",
		"[{\"source\":1}]",
		"[{\"source\":\"tablet.1.talk\",\"gain\":1}]",
		"[{\"source\":\"tablet.1.talk\",\"gain_db\":\"1\"}]",
		"[{\"source\":\"tablet.1.talk\",\"gain_db\":21}]",
		"[{\"source\":\"tablet.1.talk\"},{\"source\":\"tablet.1.talk\"}]",
	};
	struct json_object *tree, *again;
	struct pl_mix mix, same;

	PL_CHECK_INT(pl_json_parse(text, sizeof(text) - 1, &tree, reason, sizeof(reason)), 0);
	PL_CHECK_INT(pl_mix_from_json(&reading, tree, &mix), 0);
	json_object_put(tree);
	PL_CHECK(mix.n_sources == 3 && mix.sources[0].gain_db == -6.5 && mix.sources[0].pan == 0.5);
	again = pl_mix_to_json(&mix);
	PL_CHECK_INT(pl_mix_from_json(&reading, again, &same), 0);
	json_object_put(again);
	PL_CHECK(same.n_sources == 3 && same.n_devices == 1 &&
		 pl_binding_equal(&same.devices[0], &mix.devices[0]));
	PL_CHECK(same.sources[1].kind == PL_MIX_TABLET_TALK && same.sources[0].gain_db == -6.5);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		PL_CHECK_INT(pl_json_parse(bad[i], strlen(bad[i]), &tree, reason, sizeof(reason)),
			     0);
		PL_CHECK_INT(pl_mix_from_json(&reading, tree, &mix), -EINVAL);
		json_object_put(tree);
	}
}

PL_TEST_MAIN()
