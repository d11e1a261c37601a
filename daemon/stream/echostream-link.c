/* SPDX-License-Identifier: MIT */
#include "echostream-link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Of the texts a server shows; PL_NAME_MAX holds fewer. */
#define TEXT_MAX 256u
/** The texts of an identity together, each character written as \u00xx at worst. */
_Static_assert(PL_ECHO_WRITE_MAX >= 6 * (2 * TEXT_MAX + 2 * PL_ECHO_ID_MAX) + 200,
	       "a message must fit");

struct member {
	bool used, leaving;
	bool joined; /**< this server knows of it since this connection was opened */
	bool transmit, transmit_told;
	bool was_short;        /**< a transmission that had ended before it could be told of */
	uint64_t connect_usec; /**< when it is to be told the next time */
	uint32_t n_users;
	char affiliation_id[PL_ECHO_ID_MAX], user_name[TEXT_MAX], agency_name[TEXT_MAX];
	char channel_id[PL_ECHO_ID_MAX];
};

struct pl_echo_link {
	enum pl_echo_link_state state;
	struct member members[PL_ECHO_MEMBERS_MAX];
	uint32_t n_members;
	uint64_t random;
	uint64_t retry_usec; /**< delay after the next failure, unspread */
	uint64_t
		due_usec; /**< waiting: when to connect; open: when the next paced message may go */
	bool has_config;
	struct pl_echo_config config;
};

int pl_echo_link_new(uint64_t seed, struct pl_echo_link **ret_link)
{
	struct pl_echo_link *link = calloc(1, sizeof(*link));

	if (!link)
		return -ENOMEM;
	link->random = seed | 1;
	link->retry_usec = PL_ECHO_RETRY_MIN_USEC;
	*ret_link = link;
	return 0;
}

struct pl_echo_link *pl_echo_link_free(struct pl_echo_link *link)
{
	free(link);
	return NULL;
}

/* --- members ------------------------------------------------------------------------------ */

static bool copy(char *to, size_t size, const char *from)
{
	return (size_t)snprintf(to, size, "%s", from) < size;
}

int pl_echo_link_join(struct pl_echo_link *link, const struct pl_echo_identity *identity,
		      uint64_t now_usec)
{
	struct member member = {.used = true, .connect_usec = now_usec};

	if (!copy(member.affiliation_id, sizeof(member.affiliation_id), identity->affiliation_id) ||
	    !copy(member.user_name, sizeof(member.user_name), identity->user_name) ||
	    !copy(member.agency_name, sizeof(member.agency_name), identity->agency_name) ||
	    !copy(member.channel_id, sizeof(member.channel_id), identity->channel_id))
		return -EINVAL;
	for (int i = 0; i < (int)PL_ECHO_MEMBERS_MAX; i++) {
		if (link->members[i].used)
			continue;
		link->members[i] = member;
		link->n_members++;
		return i;
	}
	return -ENOSPC;
}

static bool has_transmit(const struct member *member)
{
	return member->used && (member->was_short || member->transmit != member->transmit_told);
}

static void drop(struct pl_echo_link *link, struct member *member)
{
	member->used = false;
	link->n_members--;
}

void pl_echo_link_leave(struct pl_echo_link *link, int member)
{
	struct member *m = &link->members[member];

	pl_echo_link_transmit(link, member, false);
	m->leaving = true;
	if (!has_transmit(m))
		drop(link, m);
}

void pl_echo_link_transmit(struct pl_echo_link *link, int member, bool transmit)
{
	struct member *m = &link->members[member];

	if (m->transmit && !transmit && !m->transmit_told && link->state == PL_ECHO_LINK_OPEN)
		m->was_short = true;
	m->transmit = transmit;
}

/* --- what happens ------------------------------------------------------------------------- */

void pl_echo_link_opened(struct pl_echo_link *link, uint64_t now_usec)
{
	link->state = PL_ECHO_LINK_OPEN;
	link->due_usec = now_usec + PL_ECHO_REST_USEC;
}

/** xorshift64; @return 0.8 to 1 times the delay */
static uint64_t spread(struct pl_echo_link *link, uint64_t delay_usec)
{
	link->random ^= link->random << 13;
	link->random ^= link->random >> 7;
	link->random ^= link->random << 17;
	return delay_usec - link->random % (delay_usec / 5 + 1);
}

void pl_echo_link_closed(struct pl_echo_link *link, uint64_t now_usec)
{
	link->state = PL_ECHO_LINK_WAITING;
	link->due_usec = now_usec + spread(link, link->retry_usec);
	link->retry_usec = link->retry_usec * 2 < PL_ECHO_RETRY_MAX_USEC ? link->retry_usec * 2
									 : PL_ECHO_RETRY_MAX_USEC;
	for (uint32_t i = 0; i < PL_ECHO_MEMBERS_MAX; i++) {
		struct member *member = &link->members[i];

		member->joined = member->transmit_told = member->was_short = false;
		member->connect_usec = now_usec;
		member->n_users = 0;
		if (member->used && member->leaving)
			drop(link, member);
	}
}

static unsigned take_config(struct pl_echo_link *link, const struct pl_echo_config *config)
{
	bool is_new = !link->has_config || config->udp_port != link->config.udp_port ||
		      strcmp(config->udp_host, link->config.udp_host) != 0 ||
		      strcmp(config->websocket_id, link->config.websocket_id) != 0 ||
		      config->has_key != link->config.has_key ||
		      memcmp(config->key, link->config.key, sizeof(config->key)) != 0;

	link->has_config = true;
	link->config = *config;
	link->retry_usec = PL_ECHO_RETRY_MIN_USEC;
	return is_new ? PL_ECHO_CHANGED_CONFIG : 0;
}

static unsigned take_users(struct pl_echo_link *link, const struct pl_echo_message *message)
{
	unsigned changed = 0;

	for (uint32_t i = 0; i < PL_ECHO_MEMBERS_MAX; i++) {
		struct member *member = &link->members[i];
		uint32_t n_users;

		if (!member->used)
			continue;
		n_users = pl_echo_message_users(message, member->channel_id);
		if (n_users != member->n_users)
			changed = PL_ECHO_CHANGED_USERS;
		member->n_users = n_users;
	}
	return changed;
}

int pl_echo_link_message(struct pl_echo_link *link, const char *text, size_t size, char *ret_reason,
			 size_t reason_size)
{
	struct pl_echo_message message;
	unsigned changed = 0;
	int r;

	r = pl_echo_message_read(text, size, &message, ret_reason, reason_size);
	if (r < 0)
		return r;
	if (message.kind == PL_ECHO_CONFIG)
		changed = take_config(link, &message.config);
	else if (message.kind == PL_ECHO_USERS)
		changed = take_users(link, &message);
	pl_echo_message_done(&message);
	return (int)changed;
}

/* --- what to do --------------------------------------------------------------------------- */

static size_t write_message(struct member *member, enum pl_echo_verb verb, uint64_t time_s,
			    char *ret_text)
{
	const struct pl_echo_identity identity = {
		.affiliation_id = member->affiliation_id,
		.user_name = member->user_name,
		.agency_name = member->agency_name,
		.channel_id = member->channel_id,
	};
	int length = pl_echo_message_write(verb, &identity, time_s, ret_text, PL_ECHO_WRITE_MAX);

	/* Without memory this one is left out; the next keep-alive is another chance. */
	return length > 0 ? (size_t)length : 0;
}

static size_t say_connect(struct pl_echo_link *link, struct member *member, uint64_t now_usec,
			  uint64_t time_s, char *ret_text)
{
	member->joined = true;
	member->connect_usec = now_usec + PL_ECHO_KEEP_ALIVE_USEC;
	return write_message(member, PL_ECHO_CONNECT, time_s, ret_text);
}

/** Begin and end of a transmission: at once, but a server must know who it is. */
static size_t say_transmit(struct pl_echo_link *link, struct member *member, uint64_t now_usec,
			   uint64_t time_s, char *ret_text)
{
	if (!member->joined)
		return say_connect(link, member, now_usec, time_s, ret_text);
	member->transmit_told = member->transmit || member->was_short;
	member->was_short = false;
	if (member->leaving && !member->transmit_told)
		drop(link, member);
	return write_message(
		member, member->transmit_told ? PL_ECHO_TRANSMIT_STARTED : PL_ECHO_TRANSMIT_ENDED,
		time_s, ret_text);
}

/** The one that waits longest. */
static struct member *next_to_connect(struct pl_echo_link *link)
{
	struct member *next = NULL;

	for (uint32_t i = 0; i < PL_ECHO_MEMBERS_MAX; i++) {
		struct member *member = &link->members[i];

		if (member->used && !member->leaving &&
		    (!next || member->connect_usec < next->connect_usec))
			next = member;
	}
	return next;
}

static size_t say(struct pl_echo_link *link, uint64_t now_usec, uint64_t time_s, char *ret_text)
{
	struct member *member;

	for (uint32_t i = 0; i < PL_ECHO_MEMBERS_MAX; i++)
		if (has_transmit(&link->members[i]))
			return say_transmit(link, &link->members[i], now_usec, time_s, ret_text);
	member = next_to_connect(link);
	if (!member || now_usec < link->due_usec || now_usec < member->connect_usec)
		return 0;
	link->due_usec = now_usec + PL_ECHO_PACE_USEC;
	return say_connect(link, member, now_usec, time_s, ret_text);
}

enum pl_echo_action pl_echo_link_next(struct pl_echo_link *link, uint64_t now_usec, uint64_t time_s,
				      char *ret_text, size_t *ret_length)
{
	switch (link->state) {
	case PL_ECHO_LINK_WAITING:
		if (link->n_members == 0 || now_usec < link->due_usec)
			return PL_ECHO_DO_NOTHING;
		link->state = PL_ECHO_LINK_CONNECTING;
		return PL_ECHO_DO_CONNECT;
	case PL_ECHO_LINK_OPEN:
		*ret_length = say(link, now_usec, time_s, ret_text);
		return *ret_length > 0 ? PL_ECHO_DO_SEND : PL_ECHO_DO_NOTHING;
	default:
		return PL_ECHO_DO_NOTHING;
	}
}

uint64_t pl_echo_link_deadline(const struct pl_echo_link *link)
{
	uint64_t deadline = UINT64_MAX;

	if (link->n_members == 0 || link->state == PL_ECHO_LINK_CONNECTING)
		return UINT64_MAX;
	if (link->state == PL_ECHO_LINK_WAITING)
		return link->due_usec;
	for (uint32_t i = 0; i < PL_ECHO_MEMBERS_MAX; i++) {
		const struct member *member = &link->members[i];

		if (has_transmit(member))
			return 0;
		if (member->used && !member->leaving && member->connect_usec < deadline)
			deadline = member->connect_usec;
	}
	return deadline > link->due_usec ? deadline : link->due_usec;
}

enum pl_echo_link_state pl_echo_link_state(const struct pl_echo_link *link)
{
	return link->state;
}

const struct pl_echo_config *pl_echo_link_config(const struct pl_echo_link *link)
{
	return link->has_config ? &link->config : NULL;
}

uint32_t pl_echo_link_users(const struct pl_echo_link *link, int member)
{
	return link->members[member].n_users;
}
