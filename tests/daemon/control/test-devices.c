/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <errno.h>
#include <stdlib.h>

#include "config.h"
#include "control.h"
#include "describe.h"

/* Bindings to sound cards, with an engine that shows whichever cards the test wants. */

static const struct pl_actor admin = {.face = "cli", .name = "t", .role = PL_ROLE_ADMIN};
static const struct pl_actor operator_ = {.face = "http", .name = "t", .role = PL_ROLE_OPERATE};

#define CHANNEL(n) ((struct pl_endpoint){.is_tablet = false, .id = (n)})
#define TABLET(n) ((struct pl_endpoint){.is_tablet = true, .id = (n)})

struct bench {
	struct pl_config config;
	struct pl_control *control;
	struct pl_error error;
	char text[512];

	const struct pl_device *devices;
	size_t n_devices;
	unsigned n_applied, n_kept;

	struct pl_listener listener;
	struct pl_event events[16];
	unsigned n_events;
};

static int bench_apply(void *engine, const struct pl_model *before, const struct pl_model *after)
{
	struct bench *b = engine;

	b->n_applied++;
	return 0;
}

static int bench_read_meters(void *engine, struct pl_meters_data *ret_data)
{
	return -ENODATA;
}

static bool bench_is_connected(void *engine)
{
	return true;
}

static size_t bench_devices(void *engine, const struct pl_device **ret_devices)
{
	struct bench *b = engine;

	*ret_devices = b->devices;
	return b->n_devices;
}

static int bench_keep(void *keeper, const struct pl_model *model, bool keys_only)
{
	struct bench *b = keeper;

	b->n_kept += !keys_only;
	return 0;
}

static void bench_event(void *userdata, const struct pl_event *event)
{
	struct bench *b = userdata;

	if (b->n_events < sizeof(b->events) / sizeof(b->events[0]))
		b->events[b->n_events++] = *event;
}

static void bench_start(struct bench *b)
{
	static const struct pl_engine_ops engine = {
		.apply = bench_apply,
		.read_meters = bench_read_meters,
		.is_connected = bench_is_connected,
		.devices = bench_devices,
	};
	static const struct pl_keeper_ops keeper = {bench_keep};
	struct pl_model model;

	memset(b, 0, sizeof(*b));
	pl_config_defaults(&b->config);
	pl_model_init(&model, 16, 4);
	if (pl_control_new(&b->config, &model, &engine, b, &keeper, b, &b->control) < 0)
		PL_FAIL_("no control");
	b->listener = (struct pl_listener){.on_event = bench_event, .userdata = b};
	pl_control_add_listener(b->control, &b->listener);
	b->n_applied = 0;
}

static void bench_stop(struct bench *b)
{
	b->control = pl_control_free(b->control);
	pl_config_done(&b->config);
}

static int bind(struct bench *b, struct pl_endpoint endpoint, enum pl_direction direction,
		const char *device, uint32_t port)
{
	return pl_control_bind(b->control, &admin, endpoint, direction, device, port, &b->error);
}

/** @return the trouble's length; it is in b->text */
static size_t trouble(struct bench *b, struct pl_endpoint endpoint, enum pl_direction direction)
{
	struct pl_device_list *list;
	size_t n;

	if (pl_control_list_devices(b->control, &list) < 0)
		return SIZE_MAX;
	n = pl_device_list_trouble(list, pl_control_model(b->control), endpoint, direction, b->text,
				   sizeof(b->text));
	free(list);
	return n;
}

PL_TEST(a_binding_is_kept_applied_and_told)
{
	const struct pl_binding *binding;
	struct bench b;

	bench_start(&b);
	PL_CHECK_INT(bind(&b, CHANNEL(3), PL_CAPTURE, "card:Loopback", 2), 0);
	binding = pl_model_binding(pl_control_model(b.control), CHANNEL(3), PL_CAPTURE);
	PL_CHECK_STR(binding->device, "card:Loopback,0");
	PL_CHECK_INT(binding->port, 2);
	PL_CHECK_INT(b.n_kept, 1);
	PL_CHECK_INT(b.n_applied, 1);
	PL_CHECK_INT(b.n_events, 1);
	PL_CHECK_INT(b.events[0].type, PL_EVENT_BINDING);
	PL_CHECK_INT(b.events[0].change, PL_CHANGE_DEVICE);
	PL_CHECK_INT(b.events[0].channel_id, 3);
	PL_CHECK_INT(b.events[0].tablet_id, 0);
	/* the same in other words is no change */
	PL_CHECK_INT(bind(&b, CHANNEL(3), PL_CAPTURE, "card:Loopback,0", 2), 0);
	PL_CHECK_INT(b.n_events, 1);
	PL_CHECK_INT(b.n_kept, 1);
	PL_CHECK_INT(bind(&b, TABLET(16), PL_PLAYBACK, "serial:x", 0), 0);
	PL_CHECK_INT(b.events[1].tablet_id, 16);
	PL_CHECK_INT(pl_control_unbind(b.control, &admin, CHANNEL(3), PL_CAPTURE, NULL), 0);
	PL_CHECK_INT(b.n_events, 3);
	PL_CHECK(!pl_binding_is_set(
		pl_model_binding(pl_control_model(b.control), CHANNEL(3), PL_CAPTURE)));
	PL_CHECK_INT(pl_control_unbind(b.control, &admin, CHANNEL(3), PL_CAPTURE, NULL), 0);
	PL_CHECK_INT(b.n_events, 3);
	bench_stop(&b);
}

PL_TEST(what_is_refused_changes_nothing_and_is_named)
{
	struct bench b;

	bench_start(&b);
	PL_CHECK_INT(bind(&b, CHANNEL(5), PL_CAPTURE, "card:X", 0), -ENOENT);
	PL_CHECK_STR(b.error.field, "/channel");
	PL_CHECK_INT(bind(&b, TABLET(0), PL_CAPTURE, "card:X", 0), -ENOENT);
	PL_CHECK_STR(b.error.field, "/tablet_id");
	PL_CHECK_INT(bind(&b, TABLET(1), PL_CAPTURE, "X", 0), -EINVAL);
	PL_CHECK_STR(b.error.field, "/device");
	PL_CHECK(strstr(b.error.message, "partylinectl devices"));
	PL_CHECK_INT(bind(&b, TABLET(1), PL_CAPTURE, "card:X", 65), -EINVAL);
	PL_CHECK_STR(b.error.field, "/port");
	PL_CHECK_INT(bind(&b, TABLET(1), PL_CAPTURE, "card:X", 64), 0);
	PL_CHECK_INT(bind(&b, TABLET(1), PL_DIRECTION_MAX_, "card:X", 0), -EINVAL);
	PL_CHECK_STR(b.error.field, "/direction");
	PL_CHECK_INT(pl_control_bind(b.control, &operator_, TABLET(2), PL_CAPTURE, "card:X", 0,
				     &b.error),
		     -EPERM);
	PL_CHECK_INT(pl_control_unbind(b.control, &operator_, TABLET(1), PL_CAPTURE, &b.error),
		     -EPERM);
	PL_CHECK_INT(b.n_events, 1);
	PL_CHECK_INT(b.n_kept, 1);
	bench_stop(&b);
}

static const struct pl_device cards[] = {
	{.direction = PL_CAPTURE,
	 .card = "card:USB,0",
	 .path = "path:usb-1,0",
	 .description = "Desk",
	 .n_ports = 2,
	 .rate_hz = 48000,
	 .state = PL_DEVICE_RUNNING},
	{.direction = PL_PLAYBACK, .card = "card:USB,0", .path = "path:usb-1,0", .n_ports = 2},
	{.direction = PL_PLAYBACK, .serial = "serial:Radio,1", .state = PL_DEVICE_ERROR},
};

PL_TEST(the_list_joins_what_is_there_and_what_is_bound)
{
	struct pl_device_list *list;
	struct bench b;

	bench_start(&b);
	b.devices = cards;
	b.n_devices = 3;
	PL_CHECK_INT(bind(&b, CHANNEL(1), PL_CAPTURE, "card:USB", 1), 0);
	PL_CHECK_INT(bind(&b, TABLET(2), PL_CAPTURE, "path:usb-1", 0), 0);
	PL_CHECK_INT(bind(&b, TABLET(3), PL_CAPTURE, "card:Gone", 0), 0);
	PL_CHECK_INT(bind(&b, CHANNEL(2), PL_CAPTURE, "card:Gone", 3), 0);
	PL_CHECK_INT(bind(&b, CHANNEL(2), PL_PLAYBACK, "card:Gone", 0), 0);
	PL_CHECK_INT(pl_control_list_devices(b.control, &list), 0);
	PL_CHECK_INT(list->n_entries, 5);
	PL_CHECK_INT(list->entries[0].n_uses, 2);
	PL_CHECK_INT(list->entries[0].device.state, PL_DEVICE_RUNNING);
	PL_CHECK(!list->entries[0].uses[0].endpoint.is_tablet);
	PL_CHECK_INT(list->entries[0].uses[0].port, 1);
	PL_CHECK(list->entries[0].uses[1].endpoint.is_tablet);
	PL_CHECK_INT(list->entries[0].uses[1].endpoint.id, 2);
	PL_CHECK_INT(list->entries[1].n_uses, 0);
	PL_CHECK_INT(list->entries[3].device.state, PL_DEVICE_MISSING);
	PL_CHECK_STR(list->entries[3].device.card, "card:Gone,0");
	PL_CHECK_INT(list->entries[3].device.direction, PL_CAPTURE);
	PL_CHECK_INT(list->entries[3].n_uses, 2);
	PL_CHECK_INT(list->entries[4].device.direction, PL_PLAYBACK);
	free(list);
	bench_stop(&b);
}

PL_TEST(troubles_in_words)
{
	struct bench b;

	bench_start(&b);
	b.devices = cards;
	b.n_devices = 3;
	PL_CHECK_INT(trouble(&b, CHANNEL(1), PL_CAPTURE), 0);
	PL_CHECK_INT(bind(&b, CHANNEL(1), PL_CAPTURE, "card:USB", 2), 0);
	PL_CHECK_INT(trouble(&b, CHANNEL(1), PL_CAPTURE), 0);
	PL_CHECK_STR(b.text, "");
	PL_CHECK_INT(bind(&b, CHANNEL(1), PL_CAPTURE, "card:USB", 3), 0);
	trouble(&b, CHANNEL(1), PL_CAPTURE);
	PL_CHECK_STR(b.text, "channel 1 captures from port 3 of card:USB,0, which has only 2");
	PL_CHECK_INT(bind(&b, TABLET(1), PL_PLAYBACK, "serial:Radio,1", 0), 0);
	trouble(&b, TABLET(1), PL_PLAYBACK);
	PL_CHECK(strstr(b.text, "tablet 1 plays to serial:Radio,1, which does not work"));
	/* a card of that name, but in the other direction */
	PL_CHECK_INT(bind(&b, TABLET(1), PL_CAPTURE, "serial:Radio,1", 0), 0);
	trouble(&b, TABLET(1), PL_CAPTURE);
	PL_CHECK(strstr(b.text, "captures from serial:Radio,1, which is not there"));
	bench_stop(&b);
}

PL_TEST(two_outputs_on_one_port_are_noted)
{
	struct bench b;

	bench_start(&b);
	b.devices = cards;
	b.n_devices = 3;
	PL_CHECK_INT(bind(&b, CHANNEL(1), PL_PLAYBACK, "card:USB", 1), 0);
	PL_CHECK_INT(bind(&b, CHANNEL(2), PL_PLAYBACK, "card:USB", 2), 0);
	PL_CHECK_INT(
		pl_control_binding_note(b.control, CHANNEL(2), PL_PLAYBACK, b.text, sizeof(b.text)),
		0);
	/* by another name of the same card, on all of its ports */
	PL_CHECK_INT(bind(&b, TABLET(5), PL_PLAYBACK, "path:usb-1", 0), 0);
	pl_control_binding_note(b.control, TABLET(5), PL_PLAYBACK, b.text, sizeof(b.text));
	PL_CHECK_STR(b.text,
		     "channel 1, channel 2 play to path:usb-1,0 too: it gets the sum of all");
	pl_control_binding_note(b.control, CHANNEL(2), PL_PLAYBACK, b.text, sizeof(b.text));
	PL_CHECK_STR(b.text, "tablet 5 plays to card:USB,0 too: it gets the sum of all");
	/* one input may feed any number */
	PL_CHECK_INT(bind(&b, CHANNEL(1), PL_CAPTURE, "card:USB", 1), 0);
	PL_CHECK_INT(bind(&b, CHANNEL(2), PL_CAPTURE, "card:USB", 1), 0);
	PL_CHECK_INT(
		pl_control_binding_note(b.control, CHANNEL(2), PL_CAPTURE, b.text, sizeof(b.text)),
		0);
	bench_stop(&b);
}

PL_TEST(everything_bound_to_cards_of_their_own_fits)
{
	struct pl_device_list *list;
	char name[32], text[128];
	struct bench b;

	bench_start(&b);
	for (uint32_t i = 1; i <= 20; i++) {
		struct pl_endpoint endpoint = i <= 4 ? CHANNEL(i) : TABLET(i - 4);

		snprintf(name, sizeof(name), "card:C%u", i);
		PL_CHECK_INT(bind(&b, endpoint, PL_CAPTURE, name, 0), 0);
		PL_CHECK_INT(bind(&b, endpoint, PL_PLAYBACK, name, 0), 0);
	}
	PL_CHECK_INT(pl_control_list_devices(b.control, &list), 0);
	PL_CHECK_INT(list->n_entries, 40);
	free(list);
	/* all on one: the note is cut, not broken */
	for (uint32_t i = 1; i <= 16; i++)
		PL_CHECK_INT(bind(&b, TABLET(i), PL_PLAYBACK, "card:One", 0), 0);
	b.devices = &(struct pl_device){.direction = PL_PLAYBACK, .card = "card:One,0"};
	b.n_devices = 1;
	PL_CHECK_INT(pl_control_binding_note(b.control, TABLET(1), PL_PLAYBACK, text, sizeof(text)),
		     sizeof(text) - 1);
	bench_stop(&b);
}

PL_TEST(the_document)
{
	struct json_object *document;
	struct bench b;

	bench_start(&b);
	b.devices = cards;
	b.n_devices = 1;
	PL_CHECK_INT(bind(&b, CHANNEL(1), PL_CAPTURE, "card:USB", 1), 0);
	document = pl_describe_devices(b.control);
	PL_CHECK_STR(json_object_to_json_string_ext(document, JSON_C_TO_STRING_PLAIN),
		     "{\"devices\":[{\"direction\":\"capture\",\"names\":[\"card:USB,0\","
		     "\"path:usb-1,0\"],\"description\":\"Desk\",\"ports\":2,\"rate_hz\":48000,"
		     "\"state\":\"running\",\"bound\":[{\"kind\":\"channel\",\"id\":1,"
		     "\"port\":1}]}]}");
	json_object_put(document);
	bench_stop(&b);
}

PL_TEST(the_engine_tells_of_other_cards)
{
	struct bench b;

	bench_start(&b);
	pl_control_devices_changed(b.control);
	PL_CHECK_INT(b.n_events, 1);
	PL_CHECK_INT(b.events[0].type, PL_EVENT_DEVICES);
	PL_CHECK_INT(b.events[0].change, PL_CHANGE_NONE);
	bench_stop(&b);
}

PL_TEST_MAIN()
