/* SPDX-License-Identifier: MIT */
#include <pipewire/keys.h>
#include <spa/utils/dict.h>
#include <spa/utils/string.h>

#include <partyline/keys.h>

#include "card-props.h"
#include "pltest.h"

static const struct spa_dict_item usb_card[] = {
	{"device.enum.api", "udev"},         {"device.api", "alsa:pcm"},
	{"media.class", "Audio/Device"},     {"object.path", "alsa:pcm:USB"},
	{"api.alsa.path", "hw:3"},           {"api.alsa.card.id", "USB"},
	{"api.alsa.card.name", "USB Audio"}, {"device.bus-path", "pci-0000:00:14.0-usb-0:2:1.0"},
	{"device.serial", "ACME_Box_4711"},
};

static const struct spa_dict_item usb_pcm[] = {
	{"object.path", "alsa:pcm:USB:1:playback"},
	{"api.alsa.path", "hw:3,1"},
	{"api.alsa.pcm.card", "3"},
	{"api.alsa.pcm.device", "1"},
	{"api.alsa.pcm.name", "Line"},
};

static struct pw_properties *usb_props(bool is_playback, const struct spa_dict *more)
{
	const struct pl_card_pcm_id pcm = {
		.card_id = "USB", .device = 1, .is_playback = is_playback};

	return pl_card_node_props(&pcm, &SPA_DICT_INIT_ARRAY(usb_card),
				  &SPA_DICT_INIT_ARRAY(usb_pcm), more);
}

#define CHECK_PROP(props, key, value)                                                              \
	do {                                                                                       \
		const char *got = pw_properties_get(props, key);                                   \
		if (!spa_streq(got, value))                                                        \
			PL_FAIL_("%s is %s", key, got ? got : "not there");                        \
	} while (0)

PL_TEST(names_tell_card_device_and_direction)
{
	static const struct {
		struct pl_card_pcm_id pcm;
		const char *name;
	} cases[] = {
		{{"USB", 0, false}, "alsa_input.partyline.USB.0"},
		{{"USB", 3, true}, "alsa_output.partyline.USB.3"},
		{{"Loopback_1", 0, true}, "alsa_output.partyline.Loopback_1.0"},
		{{"a.b c/\xc3\xa4", 0, true}, "alsa_output.partyline.a_b_c___.0"},
	};

	for (size_t i = 0; i < SPA_N_ELEMENTS(cases); i++) {
		char name[128];

		pl_card_node_name(&cases[i].pcm, name, sizeof(name));
		if (!spa_streq(name, cases[i].name))
			PL_FAIL_("%s, not %s", name, cases[i].name);
	}
}

PL_TEST(a_node_says_what_a_binding_is_matched_with)
{
	struct pw_properties *props = usb_props(true, &SPA_DICT_INIT(NULL, 0));

	PL_CHECK(props != NULL);
	CHECK_PROP(props, "node.name", "alsa_output.partyline.USB.1");
	CHECK_PROP(props, "media.class", "Audio/Sink");
	CHECK_PROP(props, "factory.name", "api.alsa.pcm.sink");
	CHECK_PROP(props, "device.api", "alsa");
	CHECK_PROP(props, "api.alsa.card.id", "USB");
	CHECK_PROP(props, "api.alsa.pcm.device", "1");
	CHECK_PROP(props, "alsa.device", "1");
	CHECK_PROP(props, "device.bus-path", "pci-0000:00:14.0-usb-0:2:1.0");
	CHECK_PROP(props, "device.serial", "ACME_Box_4711");
	CHECK_PROP(props, "node.description", "USB Audio Line");
	CHECK_PROP(props, PL_KEY_ROLE, PL_ROLE_CARD);
	/* by its id: the number changes with the order of plugging in */
	CHECK_PROP(props, "api.alsa.path", "hw:USB,1");
	CHECK_PROP(props, "object.path", NULL);
	CHECK_PROP(props, "priority.driver", "0");
	CHECK_PROP(props, "api.alsa.headroom", "64");
	CHECK_PROP(props, "wireplumber.is-virtual", "true");
	pw_properties_free(props);

	props = usb_props(false, &SPA_DICT_INIT(NULL, 0));
	PL_CHECK(props != NULL);
	CHECK_PROP(props, "media.class", "Audio/Source");
	CHECK_PROP(props, "factory.name", "api.alsa.pcm.source");
	pw_properties_free(props);
}

PL_TEST(the_configuration_adds_but_does_not_rename)
{
	const struct spa_dict more = SPA_DICT_ITEMS(
		SPA_DICT_ITEM("audio.format", "S32LE"), SPA_DICT_ITEM("node.description", "Desk"),
		SPA_DICT_ITEM("api.alsa.headroom", "0"), SPA_DICT_ITEM("node.name", "x"),
		SPA_DICT_ITEM("api.alsa.path", "y"), SPA_DICT_ITEM("partyline.role", "matrix"));
	struct pw_properties *props = usb_props(true, &more);

	PL_CHECK(props != NULL);
	CHECK_PROP(props, "audio.format", "S32LE");
	CHECK_PROP(props, "node.description", "Desk");
	CHECK_PROP(props, "api.alsa.headroom", "0");
	CHECK_PROP(props, "node.name", "alsa_output.partyline.USB.1");
	CHECK_PROP(props, "api.alsa.path", "hw:USB,1");
	CHECK_PROP(props, PL_KEY_ROLE, PL_ROLE_CARD);
	pw_properties_free(props);
}

PL_TEST(tries_become_rarer)
{
	static const uint32_t busy_s[] = {1, 2, 4, 8, 16, 32, 60, 60};

	for (uint32_t i = 0; i < SPA_N_ELEMENTS(busy_s); i++)
		PL_CHECK_INT(pl_card_backoff_s(i + 1, true), busy_s[i]);
	PL_CHECK_INT(pl_card_backoff_s(12, false), 2048);
	PL_CHECK_INT(pl_card_backoff_s(13, false), 3600);
	PL_CHECK_INT(pl_card_backoff_s(UINT32_MAX, false), 3600);
}

PL_TEST_MAIN()
