/* SPDX-License-Identifier: MIT */
#include "demux.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "stun.h"

/** An address that a peer was checked from. */
struct entry {
	struct pl_net_address address; /**< family 0: free */
	uint64_t noted_nsec;
	struct slot *slot;
	struct entry *next; /**< in the chain of its hash */
};

struct slot {
	struct pl_peer *peer; /**< NULL: free */
	struct entry entries[PL_PEER_PATHS_MAX];
};

struct pl_demux {
	uint64_t seed;
	uint32_t n_slots, n_chains;
	struct slot *slots;
	struct entry **chains; /**< first entry of each hash */
};

int pl_demux_new(uint32_t n_peers_max, struct pl_demux **ret_demux)
{
	struct pl_demux *demux = calloc(1, sizeof(*demux));

	if (!demux)
		return -ENOMEM;
	demux->n_slots = n_peers_max;
	demux->n_chains = n_peers_max * 2 + 1;
	demux->slots = calloc(n_peers_max, sizeof(*demux->slots));
	demux->chains = calloc(demux->n_chains, sizeof(*demux->chains));
	if (!demux->slots || !demux->chains ||
	    RAND_bytes((unsigned char *)&demux->seed, sizeof(demux->seed)) != 1) {
		pl_demux_free(demux);
		return -ENOMEM;
	}
	*ret_demux = demux;
	return 0;
}

struct pl_demux *pl_demux_free(struct pl_demux *demux)
{
	if (demux) {
		free(demux->slots);
		free(demux->chains);
	}
	free(demux);
	return NULL;
}

/* --- addresses ------------------------------------------------------------------------------ */

static struct entry **chain_of(const struct pl_demux *demux, const struct pl_net_address *address)
{
	uint64_t hash = demux->seed ^ address->port ^ (uint64_t)address->scope_id << 32;

	for (size_t i = 0; i < sizeof(address->byte); i++)
		hash = (hash ^ address->byte[i]) * 0x100000001b3u; /* the prime of FNV-1a */
	return &demux->chains[(hash ^ hash >> 32) % demux->n_chains];
}

static struct entry *find(const struct pl_demux *demux, const struct pl_net_address *address)
{
	struct entry *entry = *chain_of(demux, address);

	while (entry && !pl_net_address_is_same(&entry->address, address))
		entry = entry->next;
	return entry;
}

static void forget(struct pl_demux *demux, struct entry *entry)
{
	struct entry **at;

	if (entry->address.family == 0)
		return;
	at = chain_of(demux, &entry->address);
	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	memset(entry, 0, sizeof(*entry));
}

/** The place of an address that was noted longest ago, or of none. */
static struct entry *place_of(struct slot *slot)
{
	struct entry *oldest = &slot->entries[0];

	for (uint32_t i = 1; i < PL_PEER_PATHS_MAX; i++)
		if (slot->entries[i].noted_nsec < oldest->noted_nsec)
			oldest = &slot->entries[i];
	return oldest;
}

static void note(struct pl_demux *demux, struct slot *slot, const struct pl_net_address *address,
		 uint64_t now_nsec)
{
	struct entry *entry = find(demux, address), **chain;

	if (entry && entry->slot == slot) {
		entry->noted_nsec = now_nsec;
		return;
	}
	if (entry)
		forget(demux, entry);
	entry = place_of(slot);
	forget(demux, entry);
	chain = chain_of(demux, address);
	*entry = (struct entry){
		.address = *address, .noted_nsec = now_nsec, .slot = slot, .next = *chain};
	*chain = entry;
}

/* --- peers ---------------------------------------------------------------------------------- */

int pl_demux_add(struct pl_demux *demux, struct pl_peer *peer)
{
	for (uint32_t i = 0; i < demux->n_slots; i++) {
		if (demux->slots[i].peer)
			continue;
		demux->slots[i].peer = peer;
		return 0;
	}
	return -ENOSPC;
}

void pl_demux_remove(struct pl_demux *demux, const struct pl_peer *peer)
{
	for (uint32_t i = 0; i < demux->n_slots; i++) {
		if (demux->slots[i].peer != peer)
			continue;
		demux->slots[i].peer = NULL;
		for (uint32_t k = 0; k < PL_PEER_PATHS_MAX; k++)
			forget(demux, &demux->slots[i].entries[k]);
	}
}

static struct slot *find_by_ufrag(const struct pl_demux *demux, const uint8_t *data, size_t size)
{
	struct pl_stun_message message;

	if (pl_stun_parse(data, size, &message) < 0 || !message.username)
		return NULL;
	for (uint32_t i = 0; i < demux->n_slots; i++) {
		struct slot *slot = &demux->slots[i];

		if (slot->peer &&
		    pl_peer_is_called(slot->peer, message.username, message.username_size))
			return slot;
	}
	return NULL;
}

int pl_demux_receive(struct pl_demux *demux, const struct pl_net_path *path, uint8_t *data,
		     size_t size, uint64_t now_nsec, struct pl_peer **ret_peer)
{
	bool is_stun = pl_stun_is(data, size);
	struct entry *entry = is_stun ? NULL : find(demux, &path->remote);
	struct slot *slot = entry ? entry->slot : NULL;
	int r;

	if (is_stun)
		slot = find_by_ufrag(demux, data, size);
	if (ret_peer)
		*ret_peer = slot ? slot->peer : NULL;
	if (!slot || path->remote.family == 0)
		return -ENOENT;
	r = pl_peer_receive(slot->peer, path, data, size, now_nsec);
	if (r == 1)
		note(demux, slot, &path->remote, now_nsec);
	return r;
}
