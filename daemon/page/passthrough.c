/* SPDX-License-Identifier: MIT */
#include "passthrough.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/** The playback ring is not used: the bridge copies within a cycle. */
#define PORT_FRAMES 64u

struct link {
	struct link *next;
	struct pl_pass pass;
	struct pl_audio_port *playback;
	uint64_t until_usec; /* 0: not heard */
};

struct pl_passthrough {
	const struct pl_audio_ops *ops;
	void *audio;
	struct link *links;
};

static bool same_source(struct pl_endpoint a, struct pl_endpoint b)
{
	return a.is_tablet == b.is_tablet && a.id == b.id;
}

static bool same(const struct pl_pass *a, const struct pl_pass *b)
{
	return same_source(a->source, b->source) && a->target_id == b->target_id &&
	       a->capture == b->capture;
}

int pl_passthrough_new(const struct pl_audio_ops *ops, void *audio,
		       struct pl_passthrough **ret_passthrough)
{
	struct pl_passthrough *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->ops = ops;
	p->audio = audio;
	*ret_passthrough = p;
	return 0;
}

struct pl_passthrough *pl_passthrough_free(struct pl_passthrough *p)
{
	if (!p)
		return NULL;
	pl_passthrough_drop(p, NULL, 0);
	free(p);
	return NULL;
}

static void set_open(struct pl_passthrough *p, struct link *link, uint64_t until_usec)
{
	if (until_usec == 0 && link->until_usec > 0)
		p->ops->bridge(p->audio, link->pass.capture, link->playback, false);
	link->until_usec = until_usec;
}

void pl_passthrough_drop(struct pl_passthrough *p, const struct pl_pass *wanted, size_t n_wanted)
{
	struct link **at = &p->links, *link;

	while ((link = *at)) {
		bool stays = false;

		for (size_t i = 0; i < n_wanted; i++)
			stays = stays || same(&wanted[i], &link->pass);
		if (stays) {
			at = &link->next;
			continue;
		}
		set_open(p, link, 0);
		p->ops->close(p->audio, link->playback);
		*at = link->next;
		free(link);
	}
}

static int add(struct pl_passthrough *p, const struct pl_pass *pass)
{
	char name[64], target[64];
	const struct pl_audio_port_info info = {
		.way = PL_AUDIO_PLAYBACK,
		.name = name,
		.target = target,
		.capacity = PORT_FRAMES,
	};
	struct link *link;
	int r;

	for (link = p->links; link; link = link->next)
		if (same(pass, &link->pass))
			return 0;
	snprintf(name, sizeof(name), "page-%s-%u-to-channel-%u",
		 pass->source.is_tablet ? "tablet" : "channel", pass->source.id, pass->target_id);
	snprintf(target, sizeof(target), PL_NODE_CHANNEL_OUT_FMT, pass->target_id);
	link = calloc(1, sizeof(*link));
	if (!link)
		return -ENOMEM;
	r = p->ops->open(p->audio, &info, -1, &link->playback);
	if (r < 0) {
		free(link);
		return r;
	}
	link->pass = *pass;
	link->next = p->links;
	p->links = link;
	/* Closed, but there: its links need not be waited for when a page is heard. */
	return p->ops->bridge(p->audio, pass->capture, link->playback, false);
}

int pl_passthrough_add(struct pl_passthrough *p, const struct pl_pass *wanted, size_t n_wanted)
{
	int r = 0;

	for (size_t i = 0; i < n_wanted; i++) {
		int r_one = wanted[i].capture ? add(p, &wanted[i]) : -ENODEV;

		r = r < 0 ? r : r_one;
	}
	return r;
}

int pl_passthrough_start(struct pl_passthrough *p, struct pl_endpoint source, uint32_t target_id,
			 uint64_t until_usec, uint64_t *ret_until_usec)
{
	struct link *link;
	int r;

	for (link = p->links; link; link = link->next)
		if (same_source(link->pass.source, source) && link->pass.target_id == target_id)
			break;
	if (!link)
		return -ENOENT;
	if (link->until_usec == 0) {
		r = p->ops->bridge(p->audio, link->pass.capture, link->playback, true);
		if (r < 0)
			return r;
	}
	if (until_usec > link->until_usec)
		link->until_usec = until_usec;
	*ret_until_usec = link->until_usec;
	return 0;
}

void pl_passthrough_end(struct pl_passthrough *p, struct pl_endpoint source)
{
	for (struct link *link = p->links; link; link = link->next)
		if (same_source(link->pass.source, source))
			set_open(p, link, 0);
}

uint64_t pl_passthrough_run(struct pl_passthrough *p, uint64_t now_usec)
{
	uint64_t next = UINT64_MAX;

	for (struct link *link = p->links; link; link = link->next) {
		if (link->until_usec > 0 && link->until_usec <= now_usec)
			set_open(p, link, 0);
		if (link->until_usec > 0 && link->until_usec < next)
			next = link->until_usec;
	}
	return next;
}
