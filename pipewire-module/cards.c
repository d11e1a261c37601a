/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <pipewire/impl.h>
#include <pipewire/keys.h>
#include <pipewire/log.h>
#include <spa/monitor/device.h>
#include <spa/node/keys.h>
#include <spa/utils/keys.h>
#include <spa/utils/names.h>
#include <spa/utils/result.h>
#include <spa/utils/string.h>

#include <partyline/keys.h>

#include "card-props.h"
#include "card.h"
#include "cards.h"

PW_LOG_TOPIC(pl_log_cards, "mod.partyline.cards");
#define PW_LOG_TOPIC_DEFAULT pl_log_cards

/* Above PipeWire's own timer (200000) and any sound card (a few thousand). */
#define DRIVER_PRIORITY "1000000"

struct slot {
	uint32_t id; /* the monitor's, as long as the card is plugged in */
	struct pl_card *card;
};

struct pl_cards {
	struct pw_context *context;
	struct pw_loop *loop;
	const struct pw_properties *more;
	struct spa_source *timer; /* when a card has something to do */
	struct pw_impl_node *driver;
	struct spa_hook driver_listener;
	struct spa_handle *monitor;
	struct spa_hook monitor_listener;
	bool is_listening;
	uint32_t n_slots;
	struct slot slots[PL_CARDS_MAX];
};

SPA_PRINTF_FUNC(4, 5)
static int fail(char *ret_reason, size_t size, int r, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(ret_reason, size, format, list);
	va_end(list);
	return r;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return SPA_TIMESPEC_TO_NSEC(&now);
}

static void timer_set(struct pl_cards *cards, uint64_t due_ns)
{
	struct timespec when = {
		.tv_sec = (time_t)(due_ns / SPA_NSEC_PER_SEC),
		.tv_nsec = (long)(due_ns % SPA_NSEC_PER_SEC),
	};

	if (due_ns == UINT64_MAX)
		return;
	pw_loop_update_timer(cards->loop, cards->timer, &when, NULL, true);
}

static void work(struct pl_cards *cards)
{
	uint64_t due_ns = UINT64_MAX;

	for (uint32_t i = 0; i < cards->n_slots; i++)
		due_ns = SPA_MIN(due_ns, pl_card_work(cards->slots[i].card, now_ns()));
	timer_set(cards, due_ns);
}

static void on_timer(void *data, uint64_t expirations)
{
	work(data);
}

static void on_trouble(void *userdata)
{
	timer_set(userdata, 1); /* as soon as the loop is free */
}

static void card_removed(struct pl_cards *cards, uint32_t id)
{
	for (uint32_t i = 0; i < cards->n_slots; i++) {
		if (cards->slots[i].id != id)
			continue;
		pw_log_info("card %s is gone", pl_card_get_name(cards->slots[i].card));
		pl_card_free(cards->slots[i].card);
		cards->slots[i] = cards->slots[--cards->n_slots];
		return;
	}
}

static void card_added(struct pl_cards *cards, uint32_t id, const struct spa_dict *props)
{
	const struct pl_card_setup setup = {
		.context = cards->context,
		.more = cards->more,
		.on_trouble = on_trouble,
		.userdata = cards,
	};
	struct slot *slot = &cards->slots[cards->n_slots];
	int r;

	if (cards->n_slots == PL_CARDS_MAX) {
		pw_log_warn("card %s is left out: there are more than %u",
			    spa_dict_lookup(props, SPA_KEY_API_ALSA_PATH), PL_CARDS_MAX);
		return;
	}
	r = pl_card_new(&setup, props, &slot->card);
	if (r < 0) {
		pw_log_error("card %s: %s", spa_dict_lookup(props, SPA_KEY_API_ALSA_PATH),
			     spa_strerror(r));
		return;
	}
	slot->id = id;
	cards->n_slots++;
	work(cards);
}

static void on_card(void *data, uint32_t id, const struct spa_device_object_info *info)
{
	struct pl_cards *cards = data;

	/* The same id again is another card under an old number. */
	card_removed(cards, id);
	if (info && info->props && spa_dict_lookup(info->props, SPA_KEY_API_ALSA_PATH) &&
	    spa_streq(info->factory_name, SPA_NAME_API_ALSA_PCM_DEVICE))
		card_added(cards, id, info->props);
}

static const struct spa_device_events monitor_events = {
	SPA_VERSION_DEVICE_EVENTS,
	.object_info = on_card,
};

static int monitor_start(struct pl_cards *cards, char *ret_reason, size_t reason_size)
{
	/* One PCM device that another program has open does not keep the rest of its card away. */
	const struct spa_dict info =
		SPA_DICT_ITEMS(SPA_DICT_ITEM(SPA_KEY_LIBRARY_NAME, PL_CARD_SPA_LIBRARY),
			       SPA_DICT_ITEM("alsa.udev.expose-busy", "true"));
	void *device;
	int r;

	cards->monitor =
		pw_context_load_spa_handle(cards->context, SPA_NAME_API_ALSA_ENUM_UDEV, &info);
	if (!cards->monitor)
		return fail(ret_reason, reason_size, errno > 0 ? -errno : -ENOENT,
			    "cannot load PipeWire's plugin %s: %m", PL_CARD_SPA_LIBRARY);
	r = spa_handle_get_interface(cards->monitor, SPA_TYPE_INTERFACE_Device, &device);
	if (r >= 0)
		r = spa_device_add_listener((struct spa_device *)device, &cards->monitor_listener,
					    &monitor_events, cards);
	if (r < 0)
		return fail(ret_reason, reason_size, r, "cannot watch for sound cards: %s",
			    spa_strerror(r));
	cards->is_listening = true;
	return 0;
}

static void on_driver_destroy(void *data)
{
	struct pl_cards *cards = data;

	spa_hook_remove(&cards->driver_listener);
	cards->driver = NULL;
}

static const struct pw_impl_node_events driver_events = {
	PW_VERSION_IMPL_NODE_EVENTS,
	.destroy = on_driver_destroy,
};

static int driver_make(struct pl_cards *cards, char *ret_reason, size_t reason_size)
{
	struct pw_impl_factory *factory;

	factory = pw_context_find_factory(cards->context, "spa-node-factory");
	if (!factory)
		return fail(ret_reason, reason_size, -ENOENT,
			    "there is no factory spa-node-factory: load "
			    "libpipewire-module-spa-node-factory before");
	cards->driver = pw_impl_factory_create_object(
		factory, NULL, PW_TYPE_INTERFACE_Node, PW_VERSION_NODE,
		pw_properties_new(SPA_KEY_FACTORY_NAME, "support.node.driver", PW_KEY_NODE_NAME,
				  PL_NODE_DRIVER, PW_KEY_NODE_DESCRIPTION, "Partyline Clock",
				  PW_KEY_NODE_GROUP, PL_NODE_GROUP, PW_KEY_PRIORITY_DRIVER,
				  DRIVER_PRIORITY, NULL),
		0);
	if (!cards->driver)
		return fail(ret_reason, reason_size, errno > 0 ? -errno : -EIO,
			    "cannot make the timer %s: %m", PL_NODE_DRIVER);
	pw_impl_node_add_listener(cards->driver, &cards->driver_listener, &driver_events, cards);
	return pw_impl_node_set_active(cards->driver, true);
}

int pl_cards_new(struct pw_context *context, const struct pw_properties *more,
		 struct pl_cards **ret_cards, char *ret_reason, size_t reason_size)
{
	struct pl_cards *cards;
	int r;

	PW_LOG_TOPIC_INIT(pl_log_cards);

	snprintf(ret_reason, reason_size, "out of memory");
	cards = calloc(1, sizeof(*cards));
	if (!cards)
		return -ENOMEM;
	cards->context = context;
	cards->loop = pw_context_get_main_loop(context);
	cards->more = more;
	cards->timer = pw_loop_add_timer(cards->loop, on_timer, cards);
	r = cards->timer ? driver_make(cards, ret_reason, reason_size) : -errno;
	if (r >= 0)
		r = monitor_start(cards, ret_reason, reason_size);
	if (r < 0) {
		pl_cards_free(cards);
		return r;
	}
	ret_reason[0] = '\0';
	*ret_cards = cards;
	return 0;
}

void pl_cards_free(struct pl_cards *cards)
{
	if (!cards)
		return;
	if (cards->is_listening)
		spa_hook_remove(&cards->monitor_listener);
	if (cards->monitor)
		pw_unload_spa_handle(cards->monitor);
	for (uint32_t i = 0; i < cards->n_slots; i++)
		pl_card_free(cards->slots[i].card);
	if (cards->driver)
		pw_impl_node_destroy(cards->driver);
	if (cards->timer)
		pw_loop_destroy_source(cards->loop, cards->timer);
	free(cards);
}
