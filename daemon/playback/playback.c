/* SPDX-License-Identifier: MIT */
#include "playback.h"

#define NSEC_PER_MSEC 1e6
#define BLOCK_MAX 2048u

static void follow_position(struct pl_playback *playback, struct pl_receiver *receiver,
			    uint64_t position)
{
	uint64_t missed = pl_lead_missed(&playback->lead, position);

	if (missed > 0)
		pl_receiver_skip(receiver, missed);
}

static void write_block(struct pl_playback *playback, struct pl_receiver *receiver,
			uint32_t n_frames, uint64_t now)
{
	float samples[BLOCK_MAX];
	float *const planes[1] = {samples};

	while (n_frames > 0) {
		uint32_t n = n_frames < BLOCK_MAX ? n_frames : BLOCK_MAX;

		pl_receiver_pull(receiver, planes, n, now);
		pl_lead_wrote(&playback->lead, playback->audio->write(playback->port, samples, n));
		n_frames -= n;
	}
}

uint64_t pl_playback_run(struct pl_playback *playback, struct pl_receiver *receiver,
			 const struct pl_audio_time *time, uint64_t now, uint64_t moved_nsec)
{
	const struct pl_lead_graph graph = {time->quantum, time->rate_hz, time->n_starved,
					    moved_nsec};
	struct pl_audio_time next = *time;

	follow_position(playback, receiver, next.position);
	if (!pl_lead_follow(&playback->lead, &graph, now))
		return UINT64_MAX;
	while (next.nsec <= now + playback->lead.lead_nsec) {
		if (playback->audio->available(playback->port) + next.quantum >
		    PL_PLAYBACK_CAPACITY)
			return UINT64_MAX;
		playback->ahead_ms =
			next.nsec > now ? (double)(next.nsec - now) / NSEC_PER_MSEC : 0.0;
		write_block(playback, receiver, next.quantum, now);
		playback->audio->time(playback->port, &next);
		follow_position(playback, receiver, next.position);
	}
	return next.nsec - playback->lead.lead_nsec;
}

void pl_playback_restart(struct pl_playback *playback)
{
	playback->lead.lead_nsec = 0;
}
