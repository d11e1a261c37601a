/* SPDX-License-Identifier: MIT */
#include "sources.h"

#include <stdio.h>
#include <string.h>

#include <partyline/keys.h>

/** Positions so far apart are of another clock, or of another time. */
#define FAR_FRAMES 96000u
/** A source that is behind the others by so many quanta stands still. */
#define STILL_QUANTA 2u

struct look {
	uint64_t begin, end; /* begin == end: nothing new */
	bool near;           /* in the time that is being played */
};

void listen_source_names(enum pl_mix_kind kind, uint32_t id, const struct pl_binding *device,
			 char ret_port[LISTEN_NAME_MAX], char ret_target[LISTEN_NAME_MAX])
{
	/* The port of a device has a plain name, whatever the device's is. */
	static const char *const ports[] = {
		[PL_MIX_TABLET_TALK] = "listen-tablet.%u.talk",
		[PL_MIX_TABLET_LISTEN] = "listen-tablet.%u.listen",
		[PL_MIX_CHANNEL_IN] = "listen-channel.%u.in",
		[PL_MIX_CHANNEL_OUT] = "listen-channel.%u.out",
		[PL_MIX_DEVICE] = "listen-device.%u",
	};

	snprintf(ret_port, LISTEN_NAME_MAX, ports[kind], id);
	switch (kind) {
	case PL_MIX_TABLET_TALK:
		snprintf(ret_target, LISTEN_NAME_MAX, PL_NODE_TABLET_FMT, id);
		break;
	case PL_MIX_TABLET_LISTEN:
		snprintf(ret_target, LISTEN_NAME_MAX, PL_NODE_TABLET_LISTEN_FMT, id);
		break;
	case PL_MIX_CHANNEL_IN:
		snprintf(ret_target, LISTEN_NAME_MAX, PL_NODE_CHANNEL_FMT, id);
		break;
	case PL_MIX_CHANNEL_OUT:
		snprintf(ret_target, LISTEN_NAME_MAX, PL_NODE_CHANNEL_OUT_FMT, id);
		break;
	case PL_MIX_DEVICE:
		snprintf(ret_target, LISTEN_NAME_MAX, PL_TARGET_DEVICE "%s/%u", device->device,
			 device->port);
		break;
	}
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* --- what there is ---------------------------------------------------------------------------- */

/** Where all sources are. @return the graph's quantum, 0: no source has moved */
static uint32_t look_around(struct listen_sources *s, struct look looks[LISTEN_PLACES])
{
	uint32_t quantum = 0;

	for (uint32_t i = 0; i < LISTEN_PLACES; i++) {
		struct pl_audio_time time;

		looks[i] = (struct look){0};
		if (!s->ports[i])
			continue;
		s->audio->time(s->ports[i], &time);
		if (time.rate_hz == 0)
			continue;
		s->rate_hz = time.rate_hz;
		quantum = time.quantum;
		looks[i].begin = time.position;
		looks[i].end = time.position + s->audio->available(s->ports[i]);
	}
	return quantum;
}

/** Where the next block begins: it goes on, or all that is new is elsewhere. */
static void find_position(struct listen_sources *s, struct look looks[LISTEN_PLACES])
{
	uint64_t first = UINT64_MAX;
	bool any_near = false;

	for (uint32_t i = 0; i < LISTEN_PLACES; i++) {
		if (looks[i].end == looks[i].begin)
			continue;
		looks[i].near = s->running && distance(looks[i].begin, s->position) < FAR_FRAMES;
		any_near = any_near || looks[i].near;
		first = looks[i].begin < first ? looks[i].begin : first;
	}
	if (any_near || first == UINT64_MAX)
		return;
	s->position = first;
	s->running = true;
	for (uint32_t i = 0; i < LISTEN_PLACES; i++)
		looks[i].near = looks[i].end > looks[i].begin &&
				distance(looks[i].begin, s->position) < FAR_FRAMES;
}

/** Up to where all have something; who has had nothing for long is not waited for. */
static uint32_t frames_ready(const struct listen_sources *s, const struct look looks[LISTEN_PLACES],
			     uint32_t quantum)
{
	uint64_t least = UINT64_MAX, most = s->position, n;
	bool waits = false;

	for (uint32_t i = 0; i < LISTEN_PLACES; i++) {
		/* never yet in the graph, or nothing since the last block */
		if (!s->ports[i] || looks[i].end == 0)
			continue;
		if (!looks[i].near || looks[i].end <= s->position) {
			waits = true;
			continue;
		}
		least = looks[i].end < least ? looks[i].end : least;
		most = looks[i].end > most ? looks[i].end : most;
	}
	if (least == UINT64_MAX)
		return 0;
	if (waits && most - s->position <= (uint64_t)STILL_QUANTA * quantum)
		return 0;
	n = least - s->position;
	return n < LISTEN_BLOCK_MAX ? (uint32_t)n : LISTEN_BLOCK_MAX;
}

/* --- one source's part ------------------------------------------------------------------------ */

/** What is older than the block is of no use any more. */
static void drop(struct listen_sources *s, uint32_t i, uint64_t n)
{
	float unheard[LISTEN_BLOCK_MAX];

	while (n > 0) {
		size_t got = s->audio->read(s->ports[i], unheard,
					    n < LISTEN_BLOCK_MAX ? n : LISTEN_BLOCK_MAX);

		if (got == 0)
			return;
		n -= got;
	}
}

/** @return false: nothing of it lies in the block */
static bool take(struct listen_sources *s, uint32_t i, uint32_t n_frames)
{
	float *to = s->samples[i];
	uint32_t n = 0;
	bool any = false;

	while (n < n_frames) {
		struct pl_audio_time time;
		uint64_t at = s->position + n;
		size_t got;

		s->audio->time(s->ports[i], &time);
		if (s->audio->available(s->ports[i]) == 0 ||
		    distance(time.position, at) >= FAR_FRAMES)
			break;
		if (time.position < at) {
			drop(s, i, at - time.position);
			continue;
		}
		if (time.position > at) {
			uint64_t gap = time.position - at;

			gap = gap < n_frames - n ? gap : n_frames - n;
			memset(to + n, 0, gap * sizeof(*to));
			n += (uint32_t)gap;
			continue;
		}
		got = s->audio->read(s->ports[i], to + n, n_frames - n);
		if (got == 0)
			break;
		any = true;
		n += (uint32_t)got;
	}
	memset(to + n, 0, (n_frames - n) * sizeof(*to));
	return any;
}

uint32_t listen_sources_next(struct listen_sources *s)
{
	struct look looks[LISTEN_PLACES];
	uint32_t quantum, n;

	quantum = look_around(s, looks);
	if (quantum == 0)
		return 0;
	find_position(s, looks);
	n = s->running ? frames_ready(s, looks, quantum) : 0;
	if (n == 0)
		return 0;
	for (uint32_t i = 0; i < LISTEN_PLACES; i++)
		s->blocks[i] = s->ports[i] && take(s, i, n) ? s->samples[i] : NULL;
	s->position += n;
	return n;
}
