/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include <spa/utils/dict.h>
#include <spa/utils/string.h>

#include "args.h"
#include "pltest.h"

static int parse(const char *text, struct pl_module_args *args, char *reason, size_t size)
{
	memset(args, 0, sizeof(*args));
	return pl_module_args_parse(text, NULL, NULL, args, reason, size);
}

PL_TEST(defaults)
{
	static const char *const texts[] = {NULL, "", "  \n", "{ }"};
	struct pl_module_args args;
	char reason[256];

	for (size_t i = 0; i < SPA_N_ELEMENTS(texts); i++) {
		PL_CHECK(parse(texts[i], &args, reason, sizeof(reason)) == 0);
		PL_EXPECT(args.n_tablets == 16 && args.n_channels == 4 && args.rate_hz == 0);
		PL_EXPECT(!args.remote_name && !args.tablet_descriptions[0]);
		PL_EXPECT(args.node_props && args.matrix_props && args.tablet_props &&
			  args.channel_props && args.alsa_props);
		PL_EXPECT(!args.has_alsa_cards);
		pl_module_args_done(&args);
	}
}

PL_TEST(context_properties_are_defaults)
{
	const struct spa_dict context = SPA_DICT_ITEMS(SPA_DICT_ITEM("partyline.tablets", "3"),
						       SPA_DICT_ITEM("partyline.channels", "2"));
	const struct spa_dict wrong = SPA_DICT_ITEMS(SPA_DICT_ITEM("partyline.tablets", "65"));
	struct pl_module_args args = {0};
	char reason[256];

	PL_CHECK(pl_module_args_parse("tablets = 5", NULL, &context, &args, reason,
				      sizeof(reason)) == 0);
	PL_EXPECT(args.n_tablets == 5 && args.n_channels == 2);
	pl_module_args_done(&args);
	PL_CHECK(pl_module_args_parse("", NULL, &wrong, &args, reason, sizeof(reason)) == -EINVAL);
	PL_EXPECT(strstr(reason, "partyline.tablets") && strstr(reason, "1..64"));
}

PL_TEST(a_section_of_the_configuration_goes_first)
{
	const struct spa_dict over = SPA_DICT_ITEMS(SPA_DICT_ITEM("tablets", "7"),
						    SPA_DICT_ITEM("alsa.props", "{ a = b }"));
	const struct spa_dict wrong = SPA_DICT_ITEMS(SPA_DICT_ITEM("colour", "red"));
	struct pl_module_args args = {0};
	char reason[256];

	PL_CHECK(pl_module_args_parse("tablets = 5 channels = 2", &over, NULL, &args, reason,
				      sizeof(reason)) == 0);
	PL_EXPECT(args.n_tablets == 7 && args.n_channels == 2);
	PL_EXPECT(spa_streq(pw_properties_get(args.alsa_props, "a"), "b"));
	pl_module_args_done(&args);
	PL_CHECK(pl_module_args_parse("", &wrong, NULL, &args, reason, sizeof(reason)) == -EINVAL);
	PL_EXPECT(strstr(reason, "colour"));
}

PL_TEST(all_arguments)
{
	struct pl_module_args args;
	char reason[256];

	PL_CHECK(parse("{ tablets = 64 channels = \"1\" audio.rate = 192000 remote.name = other "
		       "node.props = { a = b } matrix.props = { c = { d = e } } "
		       "tablet.descriptions = [ \"Gallery\" Stage ] channel.descriptions = [ ] "
		       "alsa.cards = true alsa.props = { audio.channels = 2 } }",
		       &args, reason, sizeof(reason)) == 0);
	PL_EXPECT(args.n_tablets == 64 && args.n_channels == 1 && args.rate_hz == 192000);
	PL_EXPECT(spa_streq(args.remote_name, "other"));
	PL_EXPECT(spa_streq(pw_properties_get(args.node_props, "a"), "b"));
	PL_EXPECT(spa_streq(pw_properties_get(args.matrix_props, "c"), "{ d = e }"));
	PL_EXPECT(args.has_alsa_cards);
	PL_EXPECT(spa_streq(pw_properties_get(args.alsa_props, "audio.channels"), "2"));
	PL_EXPECT(spa_streq(args.tablet_descriptions[0], "Gallery"));
	PL_EXPECT(spa_streq(args.tablet_descriptions[1], "Stage"));
	PL_EXPECT(!args.tablet_descriptions[2] && !args.channel_descriptions[0]);
	pl_module_args_done(&args);
}

PL_TEST(refusals_name_argument_and_range)
{
	static const struct {
		const char *text, *name, *range;
	} cases[] = {
		{"tablets = 0", "tablets", "1..64"},
		{"tablets = 65", "tablets", "1..64"},
		{"tablets = -1", "tablets", "1..64"},
		{"tablets = 4294967297", "tablets", "1..64"},
		{"tablets = 1.5", "tablets", "1..64"},
		{"tablets = many", "tablets", "1..64"},
		{"tablets = [ 1 ]", "tablets", "1..64"},
		{"channels = 0", "channels", "1..64"},
		{"channels = 65", "channels", "1..64"},
		{"audio.rate = 7999", "audio.rate", "8000..192000"},
		{"audio.rate = 192001", "audio.rate", "8000..192000"},
		{"remote.name = \"\"", "remote.name", "empty"},
		{"node.props = 5", "node.props", "object"},
		{"node.props = [ ]", "node.props", "object"},
		{"matrix.props = [ ]", "matrix.props", "object"},
		{"tablet.props = [ ]", "tablet.props", "object"},
		{"channel.props = [ ]", "channel.props", "object"},
		{"alsa.props = [ ]", "alsa.props", "object"},
		{"alsa.cards = 1", "alsa.cards", "true nor false"},
		{"alsa.cards = { }", "alsa.cards", "true nor false"},
		{"tablet.descriptions = x", "tablet.descriptions", "array"},
		{"tablets = 1 tablet.descriptions = [ a b ]", "tablet.descriptions", "more than 1"},
		{"tablet.descriptions = [ \"\" ]", "tablet.descriptions", "entry 1"},
		{"channel.descriptions = [ a [ b ] ]", "channel.descriptions", "entry 2"},
		{"tabletz = 4", "tabletz", "no such argument"},
		{"tablets = 4 \"", "line 1", "column"},
		{"{ tablets = 4", "line 1", "column"},
	};

	for (size_t i = 0; i < SPA_N_ELEMENTS(cases); i++) {
		struct pl_module_args args;
		char reason[256] = "";

		if (parse(cases[i].text, &args, reason, sizeof(reason)) != -EINVAL)
			PL_FAIL_("%s was not refused", cases[i].text);
		if (!strstr(reason, cases[i].name) || !strstr(reason, cases[i].range))
			PL_FAIL_("%s: %s", cases[i].text, reason);
		PL_EXPECT(args.n_tablets == 0); /* nothing was handed out */
	}
}

PL_TEST_MAIN()
