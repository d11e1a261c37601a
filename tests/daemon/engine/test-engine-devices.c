/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include "engine-bindings.h"
#include "engine-devices.h"

/* Properties as the two makers of ALSA nodes give them, and names of keys. */

#define DICT(...) (&SPA_DICT_INIT_ARRAY(((const struct spa_dict_item[]){__VA_ARGS__})))
#define ITEM(key, value) SPA_DICT_ITEM_INIT(key, value)

PL_TEST(a_card_that_the_node_describes)
{
	struct pl_device device;

	PL_CHECK(engine_device_read(DICT(ITEM("media.class", "Audio/Sink"),
					 ITEM("device.api", "alsa"), ITEM("partyline.role", "card"),
					 ITEM("api.alsa.card.id", "Loopback"),
					 ITEM("api.alsa.pcm.device", "1"),
					 ITEM("device.bus-path", "platform-snd_aloop.0"),
					 ITEM("device.serial", "Maker_Thing_1"),
					 ITEM("node.description", "Loopback, side B")),
				    NULL, &device));
	PL_CHECK_INT(device.direction, PL_PLAYBACK);
	PL_CHECK_STR(device.card, "card:Loopback,1");
	PL_CHECK_STR(device.path, "path:platform-snd_aloop.0,1");
	PL_CHECK_STR(device.serial, "serial:Maker_Thing_1,1");
	PL_CHECK_STR(device.description, "Loopback, side B");
}

PL_TEST(a_card_profile_has_its_names_in_the_device)
{
	struct pl_device device;

	/* alsa.id of such a node is the PCM's, not the card's */
	PL_CHECK(
		engine_device_read(DICT(ITEM("media.class", "Audio/Source"), ITEM("alsa.card", "2"),
					ITEM("object.path", "alsa:acp:USB_2:0:capture"),
					ITEM("alsa.id", "USB Audio"), ITEM("alsa.device", "0"),
					ITEM("device.id", "40"), ITEM("node.name", "alsa_input.x")),
				   DICT(ITEM("device.api", "alsa"),
					ITEM("device.bus-path", "pci-0000:00:14.0-usb-0:2:1.0"),
					ITEM("device.serial", "Maker_Thing_1")),
				   &device));
	PL_CHECK_INT(device.direction, PL_CAPTURE);
	PL_CHECK_STR(device.card, "card:USB_2,0");
	PL_CHECK_STR(device.path, "path:pci-0000:00:14.0-usb-0:2:1.0,0");
	PL_CHECK_STR(device.serial, "serial:Maker_Thing_1,0");
	PL_CHECK_STR(device.description, "alsa_input.x");
}

PL_TEST(what_is_no_sound_card_is_left_out)
{
	struct pl_device device;

	PL_CHECK(!engine_device_read(DICT(ITEM("media.class", "Audio/Sink")), NULL, &device));
	PL_CHECK(!engine_device_read(DICT(ITEM("media.class", "Audio/Sink"),
					  ITEM("device.api", "bluez5"), ITEM("device.serial", "x")),
				     NULL, &device));
	PL_CHECK(!engine_device_read(
		DICT(ITEM("media.class", "Stream/Output/Audio"), ITEM("api.alsa.card.id", "X")),
		NULL, &device));
	PL_CHECK(!engine_device_read(DICT(ITEM("media.class", "Audio/Sink"),
					  ITEM("partyline.role", "channel.in"),
					  ITEM("api.alsa.card.id", "X")),
				     NULL, &device));
	/* ALSA's, but without a name to bind it by */
	PL_CHECK(!engine_device_read(DICT(ITEM("media.class", "Audio/Sink"),
					  ITEM("device.api", "alsa"), ITEM("alsa.id", "a b")),
				     NULL, &device));
}

PL_TEST(a_description_is_text_of_bounded_length)
{
	char text[400];
	struct pl_device device;

	PL_CHECK(engine_device_read(DICT(ITEM("media.class", "Audio/Sink"),
					 ITEM("api.alsa.card.id", "X"),
					 ITEM("node.description", "a\tb\xff"
								  "ü\xe2\x82")),
				    NULL, &device));
	PL_CHECK_STR(device.description, "a?b?ü??");
	memset(text, 'x', sizeof(text));
	memcpy(text + PL_DEVICE_DESCRIPTION_MAX - 2, "üyyy", sizeof("üyyy"));
	PL_CHECK(engine_device_read(DICT(ITEM("media.class", "Audio/Sink"),
					 ITEM("api.alsa.card.id", "X"),
					 ITEM("node.description", text)),
				    NULL, &device));
	/* not half a character */
	PL_CHECK_INT(strlen(device.description), PL_DEVICE_DESCRIPTION_MAX - 2);
}

PL_TEST(keys_and_values)
{
	struct pl_endpoint channel = {.is_tablet = false, .id = 3}, tablet = {true, 64};
	char key[PL_BINDING_KEY_MAX], value[PL_BINDING_VALUE_MAX];
	struct pl_binding binding = {.device = "serial:a\"\\b,0", .port = 2};

	engine_binding_key(channel, PL_CAPTURE, key);
	PL_CHECK_STR(key, "partyline.channel.3.capture");
	PL_CHECK(engine_binding_is_key(key));
	engine_binding_key(tablet, PL_PLAYBACK, key);
	PL_CHECK_STR(key, "partyline.tablet.64.playback");
	PL_CHECK(engine_binding_is_key(key));
	PL_CHECK(engine_binding_is_key("partyline.channel.999.playback"));
	PL_CHECK(!engine_binding_is_key("partyline.channel..playback"));
	PL_CHECK(!engine_binding_is_key("partyline.channel.1.playbacks"));
	PL_CHECK(!engine_binding_is_key("partyline.tablet.1"));
	PL_CHECK(!engine_binding_is_key("default.audio.sink"));
	engine_binding_value(&binding, value);
	PL_CHECK_STR(value, "{\"device\":\"serial:a\\\"\\\\b,0\",\"port\":2}");
}

PL_TEST(the_longest_value_fits)
{
	char value[PL_BINDING_VALUE_MAX];
	struct pl_binding binding = {.port = 64};

	memset(binding.device, '"', PL_DEVICE_NAME_MAX - 1);
	engine_binding_value(&binding, value);
	PL_CHECK_STR(value + strlen(value) - 12, "\",\"port\":64}");
}

PL_TEST_MAIN()
