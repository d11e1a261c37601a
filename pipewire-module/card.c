/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <pipewire/impl.h>
#include <pipewire/keys.h>
#include <pipewire/log.h>
#include <spa/monitor/device.h>
#include <spa/utils/keys.h>
#include <spa/utils/names.h>
#include <spa/utils/result.h>
#include <spa/utils/string.h>

#include "card-ports.h"
#include "card-props.h"
#include "card.h"

PW_LOG_TOPIC_EXTERN(pl_log_cards);
#define PW_LOG_TOPIC_DEFAULT pl_log_cards

/* What went well for so long is a failure of its own when it fails. */
#define RETRY_FORGET_NS (120 * SPA_NSEC_PER_SEC)

/** When something that failed is tried again. */
struct retry {
	uint32_t n_failures; /* in a row */
	uint64_t due_ns;
	uint64_t done_ns; /* when it last went well */
};

struct pcm {
	struct pl_card *card;
	struct pw_properties *props; /* what ALSA says of it */
	uint32_t device;
	bool is_playback;
	bool has_failed; /* its node is to be removed */
	char reason[128];
	struct pw_impl_node *node;
	struct spa_hook node_listener;
	struct retry retry;
};

struct pl_card {
	struct pl_card_setup setup;
	struct pw_properties *props; /* what udev and, once probed, ALSA say of it */
	bool is_probed;
	struct retry retry;
	uint32_t n_pcms;
	uint32_t n_pcms_left_out;
	struct pcm pcms[PL_CARD_PCMS_MAX];
};

/** True when it is the first in a row, and worth a line in the log. */
static bool retry_later(struct retry *retry, uint64_t now_ns, int error)
{
	if (retry->done_ns > 0 && now_ns - retry->done_ns > RETRY_FORGET_NS)
		retry->n_failures = 0;
	retry->n_failures++;
	retry->due_ns =
		now_ns + pl_card_backoff_s(retry->n_failures, error == -EBUSY) * SPA_NSEC_PER_SEC;
	return retry->n_failures == 1;
}

const char *pl_card_get_name(const struct pl_card *card)
{
	const char *name = pw_properties_get(card->props, SPA_KEY_API_ALSA_CARD_ID);

	if (!name)
		name = pw_properties_get(card->props, SPA_KEY_API_ALSA_PATH);
	return name ? name : "?";
}

static void on_node_destroy(void *data)
{
	struct pcm *pcm = data;

	spa_hook_remove(&pcm->node_listener);
	pcm->node = NULL;
	/* By us, or by a client that may: then it comes back. */
	pcm->card->setup.on_trouble(pcm->card->setup.userdata);
}

static void on_node_state_changed(void *data, enum pw_node_state old, enum pw_node_state state,
				  const char *error)
{
	struct pcm *pcm = data;

	if (state != PW_NODE_STATE_ERROR)
		return;
	/* The node must not go inside its own event. */
	pcm->has_failed = true;
	snprintf(pcm->reason, sizeof(pcm->reason), "%s", error ? error : "unknown error");
	pcm->card->setup.on_trouble(pcm->card->setup.userdata);
}

static const struct pw_impl_node_events node_events = {
	PW_VERSION_IMPL_NODE_EVENTS,
	.destroy = on_node_destroy,
	.state_changed = on_node_state_changed,
};

/**
 * Whether other programs have all of it open. The plugin that opens it would tell the same, in
 * several lines of the log each time.
 */
static bool is_busy(const struct pcm *pcm)
{
	const char *number = pw_properties_get(pcm->props, SPA_KEY_API_ALSA_PCM_CARD);
	bool is_busy = false;

	for (unsigned i = 0;; i++) {
		char path[64], word[8] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/proc/asound/card%.4s/pcm%u%c/sub%u/status", number,
			 pcm->device, pcm->is_playback ? 'p' : 'c', i);
		file = fopen(path, "re");
		if (!file) /* there are no more, or the kernel does not tell */
			return is_busy;
		is_busy = fscanf(file, "%7s", word) == 1 && !spa_streq(word, "closed");
		fclose(file);
		if (!is_busy)
			return false;
	}
}

static int pcm_open(struct pcm *pcm)
{
	const struct pl_card *card = pcm->card;
	const struct pl_card_pcm_id id = {
		.card_id = pl_card_get_name(card),
		.device = pcm->device,
		.is_playback = pcm->is_playback,
	};
	struct pw_properties *props;
	struct pw_impl_factory *factory;
	int r;

	if (is_busy(pcm))
		return -EBUSY;
	factory = pw_context_find_factory(card->setup.context, "adapter");
	if (!factory)
		return -ENOENT;
	props = pl_card_node_props(&id, &card->props->dict, &pcm->props->dict,
				   &card->setup.more->dict);
	if (!props)
		return -ENOMEM;
	pcm->node = pw_impl_factory_create_object(factory, NULL, PW_TYPE_INTERFACE_Node,
						  PW_VERSION_NODE, props, 0);
	if (!pcm->node)
		return errno > 0 ? -errno : -EIO;
	pw_impl_node_add_listener(pcm->node, &pcm->node_listener, &node_events, pcm);
	r = pl_card_ports_make(pcm->node, pcm->is_playback);
	if (r < 0)
		return r;
	return pw_impl_node_set_active(pcm->node, true);
}

static void pcm_close(struct pcm *pcm)
{
	pcm->has_failed = false;
	if (pcm->node)
		pw_impl_node_destroy(pcm->node);
}

static void pcm_work(struct pcm *pcm, uint64_t now_ns)
{
	const char *direction = pcm->is_playback ? "playback" : "capture";
	const char *name = pl_card_get_name(pcm->card);
	int r;

	if (pcm->has_failed) {
		pcm_close(pcm);
		if (retry_later(&pcm->retry, now_ns, -EIO))
			pw_log_warn("card %s: device %u for %s has failed: %s; trying on", name,
				    pcm->device, direction, pcm->reason);
	}
	if (pcm->node || pcm->retry.due_ns > now_ns)
		return;
	r = pcm_open(pcm);
	if (r < 0) {
		pcm_close(pcm);
		if (retry_later(&pcm->retry, now_ns, r))
			pw_log_warn("card %s: cannot open device %u for %s: %s; trying on", name,
				    pcm->device, direction, spa_strerror(r));
		return;
	}
	pw_log_info("card %s: device %u for %s is open", name, pcm->device, direction);
	pcm->retry.done_ns = now_ns;
}

static void on_device_info(void *data, const struct spa_device_info *info)
{
	struct pl_card *card = data;

	if (info->change_mask & SPA_DEVICE_CHANGE_MASK_PROPS)
		pw_properties_update(card->props, info->props);
}

static void on_pcm(void *data, uint32_t id, const struct spa_device_object_info *info)
{
	struct pl_card *card = data;
	struct pcm *pcm = &card->pcms[card->n_pcms];
	uint32_t device;

	if (!info || !info->props ||
	    !spa_atou32(spa_dict_lookup(info->props, SPA_KEY_API_ALSA_PCM_DEVICE), &device, 10))
		return;
	if (card->n_pcms == PL_CARD_PCMS_MAX) {
		card->n_pcms_left_out++;
		return;
	}
	*pcm = (struct pcm){
		.card = card,
		.props = pw_properties_new_dict(info->props),
		.device = device,
		.is_playback = spa_streq(info->factory_name, SPA_NAME_API_ALSA_PCM_SINK),
	};
	if (pcm->props)
		card->n_pcms++;
}

static const struct spa_device_events device_events = {
	SPA_VERSION_DEVICE_EVENTS,
	.info = on_device_info,
	.object_info = on_pcm,
};

/** Ask ALSA what the card is called and which PCM devices it has. */
static int card_probe(struct pl_card *card)
{
	const struct spa_dict info =
		SPA_DICT_ITEMS(SPA_DICT_ITEM(SPA_KEY_API_ALSA_PATH,
					     pw_properties_get(card->props, SPA_KEY_API_ALSA_PATH)),
			       SPA_DICT_ITEM(SPA_KEY_LIBRARY_NAME, PL_CARD_SPA_LIBRARY));
	struct spa_hook listener = {0};
	struct spa_handle *handle;
	void *device;
	int r;

	handle = pw_context_load_spa_handle(card->setup.context, SPA_NAME_API_ALSA_PCM_DEVICE,
					    &info);
	if (!handle)
		return errno > 0 ? -errno : -ENOENT;
	r = spa_handle_get_interface(handle, SPA_TYPE_INTERFACE_Device, &device);
	if (r >= 0) {
		r = spa_device_add_listener((struct spa_device *)device, &listener, &device_events,
					    card);
		/* NULL: its profile that shows all PCM devices */
		if (r >= 0)
			r = spa_device_set_param((struct spa_device *)device, SPA_PARAM_Profile, 0,
						 NULL);
		spa_hook_remove(&listener);
	}
	pw_unload_spa_handle(handle);
	if (r < 0)
		return r;
	/* It tells nothing of a card that it cannot open. */
	if (!pw_properties_get(card->props, SPA_KEY_API_ALSA_CARD_ID))
		return -EIO;
	return 0;
}

int pl_card_new(const struct pl_card_setup *setup, const struct spa_dict *udev,
		struct pl_card **ret_card)
{
	struct pl_card *card;

	card = calloc(1, sizeof(*card));
	if (!card)
		return -ENOMEM;
	card->setup = *setup;
	card->props = pw_properties_new_dict(udev);
	if (!card->props) {
		free(card);
		return -ENOMEM;
	}
	*ret_card = card;
	return 0;
}

uint64_t pl_card_work(struct pl_card *card, uint64_t now_ns)
{
	uint64_t due_ns = UINT64_MAX;
	int r;

	if (!card->is_probed) {
		if (card->retry.due_ns > now_ns)
			return card->retry.due_ns;
		r = card_probe(card);
		if (r < 0) {
			if (retry_later(&card->retry, now_ns, r))
				pw_log_warn("card %s: cannot ask for its devices: %s; trying on",
					    pl_card_get_name(card), spa_strerror(r));
			return card->retry.due_ns;
		}
		card->is_probed = true;
		if (card->n_pcms_left_out > 0)
			pw_log_warn("card %s: %u of its devices are left out, more than %u",
				    pl_card_get_name(card), card->n_pcms_left_out,
				    PL_CARD_PCMS_MAX);
	}
	for (uint32_t i = 0; i < card->n_pcms; i++) {
		struct pcm *pcm = &card->pcms[i];

		pcm_work(pcm, now_ns);
		if (!pcm->node)
			due_ns = SPA_MIN(due_ns, pcm->retry.due_ns);
	}
	return due_ns;
}

void pl_card_free(struct pl_card *card)
{
	if (!card)
		return;
	for (uint32_t i = 0; i < card->n_pcms; i++) {
		pcm_close(&card->pcms[i]);
		pw_properties_free(card->pcms[i].props);
	}
	pw_properties_free(card->props);
	free(card);
}
