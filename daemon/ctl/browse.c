/* SPDX-License-Identifier: MIT */
#include "browse.h"

#include <errno.h>
#include <stdio.h>

#include <avahi-client/client.h>
#include <avahi-client/lookup.h>
#include <avahi-common/error.h>
#include <avahi-common/simple-watch.h>
#include <avahi-common/timeval.h>

#include "peer.h"

#define SERVICE_TYPE "_partyline._tcp"

struct browse {
	AvahiSimplePoll *poll;
	AvahiClient *client;
	struct json_object *peers;
	bool with_local;
	bool has_all;       /* nothing more is expected for now */
	unsigned n_waiting; /* for their addresses */
	int error;          /* of Avahi */
};

static void end_if_done(struct browse *browse)
{
	if ((browse->has_all && browse->n_waiting == 0) || browse->error < 0)
		avahi_simple_poll_quit(browse->poll);
}

static void on_resolved(AvahiServiceResolver *resolver, AvahiIfIndex interface,
			AvahiProtocol protocol, AvahiResolverEvent event, const char *name,
			const char *type, const char *domain, const char *host,
			const AvahiAddress *address, uint16_t port, AvahiStringList *txt,
			AvahiLookupResultFlags flags, void *userdata)
{
	struct browse *browse = userdata;
	bool is_local = flags & AVAHI_LOOKUP_RESULT_LOCAL;

	/* Gone in the meantime: not there. */
	if (event == AVAHI_RESOLVER_FOUND && (browse->with_local || !is_local) &&
	    peers_add(browse->peers, name, host, address, interface, port, txt, is_local) < 0)
		browse->error = AVAHI_ERR_NO_MEMORY;
	avahi_service_resolver_free(resolver);
	browse->n_waiting--;
	end_if_done(browse);
}

static void on_found(AvahiServiceBrowser *browser, AvahiIfIndex interface, AvahiProtocol protocol,
		     AvahiBrowserEvent event, const char *name, const char *type,
		     const char *domain, AvahiLookupResultFlags flags, void *userdata)
{
	struct browse *browse = userdata;

	switch (event) {
	case AVAHI_BROWSER_NEW:
		/* Addresses of the protocol that the answer came by: the other one answers too. */
		if (avahi_service_resolver_new(browse->client, interface, protocol, name, type,
					       domain, protocol, 0, on_resolved, browse))
			browse->n_waiting++;
		else
			browse->error = avahi_client_errno(browse->client);
		break;
	case AVAHI_BROWSER_ALL_FOR_NOW:
		browse->has_all = true;
		break;
	case AVAHI_BROWSER_FAILURE:
		browse->error = avahi_client_errno(browse->client);
		break;
	case AVAHI_BROWSER_REMOVE:
	case AVAHI_BROWSER_CACHE_EXHAUSTED:
		break;
	}
	end_if_done(browse);
}

static void on_client(AvahiClient *client, AvahiClientState state, void *userdata)
{
	struct browse *browse = userdata;

	if (state == AVAHI_CLIENT_FAILURE) {
		browse->error = avahi_client_errno(client);
		avahi_simple_poll_quit(browse->poll);
	}
}

static void on_timeout(AvahiTimeout *timeout, void *userdata)
{
	struct browse *browse = userdata;

	avahi_simple_poll_quit(browse->poll);
}

static int fail(int error, char *ret_reason, size_t size)
{
	/* Avahi tells a bus without a daemon and no bus at all by the same number. */
	if (error == AVAHI_ERR_NO_DAEMON || error == AVAHI_ERR_DISCONNECTED) {
		snprintf(
			ret_reason, size,
			"avahi-daemon is not on the system bus; install the package avahi-daemon or "
			"start it with \"systemctl start avahi-daemon\"");
		return -ESRCH;
	}
	snprintf(ret_reason, size, "avahi-daemon refuses: %s", avahi_strerror(error));
	return -EIO;
}

/** @return 0 or an error of Avahi */
static int run(struct browse *browse, double timeout_s)
{
	const AvahiPoll *api = avahi_simple_poll_get(browse->poll);
	AvahiServiceBrowser *browser;
	AvahiTimeout *timeout;
	struct timeval when;
	int error = 0;

	browse->client = avahi_client_new(api, 0, on_client, browse, &error);
	if (!browse->client)
		return error;
	browser = avahi_service_browser_new(browse->client, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC,
					    SERVICE_TYPE, NULL, 0, on_found, browse);
	timeout = api->timeout_new(api, avahi_elapse_time(&when, (unsigned)(timeout_s * 1e3), 0),
				   on_timeout, browse);
	if (!browser || !timeout)
		browse->error = browser ? AVAHI_ERR_NO_MEMORY : avahi_client_errno(browse->client);
	else
		avahi_simple_poll_loop(browse->poll);
	if (timeout)
		api->timeout_free(timeout);
	avahi_client_free(browse->client); /* and browser and resolvers with it */
	return browse->error;
}

int ctl_browse(double timeout_s, bool with_local, struct json_object **ret_peers, char *ret_reason,
	       size_t reason_size)
{
	struct browse browse = {.with_local = with_local};
	int error = AVAHI_ERR_NO_MEMORY;

	browse.poll = avahi_simple_poll_new();
	browse.peers = json_object_new_array();
	if (browse.poll && browse.peers)
		error = run(&browse, timeout_s);
	if (browse.poll)
		avahi_simple_poll_free(browse.poll);
	if (error < 0) {
		json_object_put(browse.peers);
		return fail(error, ret_reason, reason_size);
	}
	peers_sort(browse.peers);
	*ret_peers = browse.peers;
	return 0;
}
