/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/x509_vfy.h>

#include "echostream-client-private.h"

#define CONNECT_SECONDS 20
/** For what is still to be said at the end. */
#define FAREWELL_USEC UINT64_C(300000)

/** The older system's ping: after 20 s of silence, and as long again for the answer. */
static const lws_retry_bo_t validity = {
	.secs_since_valid_ping = 20,
	.secs_since_valid_hangup = 40,
};

/* Everything here runs in the thread of the socket. */
struct pl_echo_socket {
	struct pl_echo_notes *notes;
	struct lws_context *context;
	struct lws *wsi; /**< NULL: no connection, and none on its way */
	lws_sorted_usec_list_t timer;
	struct pl_echo_link *link;
	struct {
		uint32_t serial; /**< 0: nobody */
		int member;      /**< of the link */
	} members[PL_ECHO_MEMBERS_MAX];
	bool resolved; /**< the target is that of the link's config */
	bool quit;
	char *message; /**< PL_ECHO_MESSAGE_MAX, what came of it so far */
	size_t message_size;
	bool message_bad;              /**< too long, or not text */
	const char *certificate_fault; /**< a literal of OpenSSL's; NULL: none */
	unsigned char frame[LWS_PRE + PL_ECHO_WRITE_MAX];
};

static uint64_t clock_usec(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

/* --- telling ------------------------------------------------------------------------------ */

static void note_changed(struct pl_echo_notes *notes)
{
	uint64_t one = 1;

	/* A counter that is full has woken them already. */
	if (notes->changed_fd >= 0 && write(notes->changed_fd, &one, sizeof(one)) < 0)
		return;
}

/** What the state is now. @param format  of the trouble; "" when there is none any more */
static void __attribute__((format(printf, 2, 3)))
tell(struct pl_echo_socket *c, const char *format, ...)
{
	struct pl_echo_client_status *status = &c->notes->status;
	va_list args;

	pthread_mutex_lock(&c->notes->lock);
	status->state = pl_echo_link_state(c->link);
	va_start(args, format);
	vsnprintf(status->trouble, sizeof(status->trouble), format, args);
	va_end(args);
	for (int i = 0; i < (int)PL_ECHO_MEMBERS_MAX; i++)
		status->n_users[i] = c->members[i].serial
					     ? pl_echo_link_users(c->link, c->members[i].member)
					     : 0;
	note_changed(c->notes);
	pthread_mutex_unlock(&c->notes->lock);
}

/* --- what to do next ---------------------------------------------------------------------- */

static void plan(struct pl_echo_socket *c)
{
	uint64_t deadline = pl_echo_link_deadline(c->link), now = clock_usec(CLOCK_MONOTONIC);

	if (pl_echo_link_state(c->link) == PL_ECHO_LINK_OPEN && deadline <= now)
		lws_callback_on_writable(c->wsi);
	else if (deadline != UINT64_MAX)
		lws_sul_schedule(c->context, 0, &c->timer, c->timer.cb,
				 deadline > now ? (lws_usec_t)(deadline - now) : 1);
}

static void closed(struct pl_echo_socket *c)
{
	c->wsi = NULL;
	c->message_size = 0;
	c->message_bad = false;
	pl_echo_link_closed(c->link, clock_usec(CLOCK_MONOTONIC));
}

static void connect_now(struct pl_echo_socket *c)
{
	const struct pl_echo_notes *notes = c->notes;
	const char *host = notes->host;
	char host_header[PL_ECHO_HOST_MAX + 16];
	struct lws_client_connect_info info = {
		.context = c->context,
		.address = host,
		.port = notes->port,
		.ssl_connection = strcmp(notes->scheme, "wss") == 0 ? LCCSCF_USE_SSL : 0,
		.path = notes->path,
		.host = host_header,
		.origin = host,
		.protocol = PL_ECHO_SUBPROTOCOL,
		.pwsi = &c->wsi,
		.retry_and_idle_policy = &validity,
	};

	c->certificate_fault = NULL;
	snprintf(host_header, sizeof(host_header), strchr(host, ':') ? "[%s]:%d" : "%s:%d", host,
		 notes->port);
	/* What fails at once has called back, and cleared it, or not even got that far. */
	if (!lws_client_connect_via_info(&info) &&
	    pl_echo_link_state(c->link) == PL_ECHO_LINK_CONNECTING) {
		closed(c);
		tell(c, "%s cannot be connected to", host);
	}
}

static void on_timer(lws_sorted_usec_list_t *timer)
{
	struct pl_echo_socket *c = lws_container_of(timer, struct pl_echo_socket, timer);
	size_t length;

	if (pl_echo_link_state(c->link) == PL_ECHO_LINK_WAITING &&
	    pl_echo_link_next(c->link, clock_usec(CLOCK_MONOTONIC), 0, NULL, &length) ==
		    PL_ECHO_DO_CONNECT)
		connect_now(c);
	plan(c);
}

/** One message a turn: libwebsockets asks again as soon as there is room. */
static int speak(struct pl_echo_socket *c)
{
	size_t length = 0;
	uint64_t now = clock_usec(CLOCK_MONOTONIC);

	if (pl_echo_link_next(c->link, now, clock_usec(CLOCK_REALTIME) / 1000000u,
			      (char *)c->frame + LWS_PRE, &length) == PL_ECHO_DO_SEND &&
	    lws_write(c->wsi, c->frame + LWS_PRE, length, LWS_WRITE_TEXT) < 0)
		return -1;
	if (c->quit && length == 0) {
		/* With a close frame: what was said before it is read by then. */
		lws_close_reason(c->wsi, LWS_CLOSE_STATUS_NORMAL, NULL, 0);
		return -1;
	}
	plan(c);
	return 0;
}

/* --- what the other threads want ---------------------------------------------------------- */

static void take_wish(struct pl_echo_socket *c, int i, const struct pl_echo_wish *wish)
{
	bool is_known = c->members[i].serial != 0 && c->members[i].serial == wish->serial;
	int member;

	if (c->members[i].serial && (!wish->used || !is_known)) {
		if (is_known && wish->was_short)
			pl_echo_link_transmit(c->link, c->members[i].member, true);
		pl_echo_link_leave(c->link, c->members[i].member);
		c->members[i].serial = 0;
	}
	if (!wish->used)
		return;
	if (!c->members[i].serial) {
		member = pl_echo_link_join(c->link, &wish->identity, clock_usec(CLOCK_MONOTONIC));
		if (member < 0)
			return; /* as long as one that leaves has not said so */
		c->members[i].serial = wish->serial;
		c->members[i].member = member;
	}
	if (wish->was_short)
		pl_echo_link_transmit(c->link, c->members[i].member, true);
	pl_echo_link_transmit(c->link, c->members[i].member, wish->transmit);
}

static void look_at_wishes(struct pl_echo_socket *c)
{
	struct pl_echo_notes *notes = c->notes;

	pthread_mutex_lock(&notes->lock);
	c->quit = notes->quit;
	for (int i = 0; i < (int)PL_ECHO_MEMBERS_MAX; i++) {
		struct pl_echo_wish none = {0};

		take_wish(c, i, c->quit ? &none : &notes->wishes[i]);
		notes->wishes[i].was_short = false;
	}
	pthread_mutex_unlock(&notes->lock);
	plan(c);
}

/* --- what the server says ----------------------------------------------------------------- */

/** A name may take its time here: nothing waits for this thread. */
static int resolve(const struct pl_echo_config *config, struct pl_echo_target *ret_target)
{
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV}, *found;
	char port[8];
	int r;

	snprintf(port, sizeof(port), "%u", config->udp_port);
	r = getaddrinfo(config->udp_host, port, &hints, &found);
	if (r != 0)
		return r;
	*ret_target = (struct pl_echo_target){.address_size = found->ai_addrlen,
					      .has_key = config->has_key};
	memcpy(&ret_target->address, found->ai_addr, found->ai_addrlen);
	memcpy(ret_target->key, config->key, sizeof(config->key));
	freeaddrinfo(found);
	return 0;
}

static void take_config(struct pl_echo_socket *c)
{
	const struct pl_echo_config *config = pl_echo_link_config(c->link);
	struct pl_echo_target target;
	int r = resolve(config, &target);

	c->resolved = r == 0;
	if (r != 0) {
		tell(c, "the server sends audio to %s, which cannot be found: %s", config->udp_host,
		     gai_strerror(r));
		return;
	}
	pthread_mutex_lock(&c->notes->lock);
	c->notes->status.target = target;
	pthread_mutex_unlock(&c->notes->lock);
	tell(c, "%s", "");
}

static void nonsense(struct pl_echo_socket *c, const char *reason)
{
	pthread_mutex_lock(&c->notes->lock);
	c->notes->status.n_nonsense++;
	pthread_mutex_unlock(&c->notes->lock);
	/* Of interest as long as the server has said nothing better. */
	if (!pl_echo_link_config(c->link))
		tell(c, "the server speaks something else: %s", reason);
}

static void take_message(struct pl_echo_socket *c)
{
	char reason[128];
	int r;

	if (c->message_bad) {
		nonsense(c, "a message that is no text, or too long");
		return;
	}
	r = pl_echo_link_message(c->link, c->message, c->message_size, reason, sizeof(reason));
	if (r == -EINVAL)
		nonsense(c, reason);
	else if (r >= 0 && pl_echo_link_config(c->link) &&
		 (r & (int)PL_ECHO_CHANGED_CONFIG || !c->resolved))
		take_config(c);
	else if (r > 0)
		tell(c, "%s", "");
}

static void receive(struct pl_echo_socket *c, const void *data, size_t size)
{
	if (lws_is_first_fragment(c->wsi)) {
		c->message_size = 0;
		c->message_bad = lws_frame_is_binary(c->wsi);
	}
	if (size > PL_ECHO_MESSAGE_MAX - c->message_size)
		c->message_bad = true;
	if (!c->message_bad) {
		memcpy(c->message + c->message_size, data, size);
		c->message_size += size;
	}
	if (lws_is_final_fragment(c->wsi))
		take_message(c);
}

/* --- libwebsockets ------------------------------------------------------------------------ */

static void opened(struct pl_echo_socket *c)
{
	pl_echo_link_opened(c->link, clock_usec(CLOCK_MONOTONIC));
	pthread_mutex_lock(&c->notes->lock);
	c->notes->status.n_opened++;
	pthread_mutex_unlock(&c->notes->lock);
	tell(c, "%s", "");
	plan(c);
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
		    size_t size)
{
	const struct pl_echo_notes *notes = wsi ? lws_context_user(lws_get_context(wsi)) : NULL;
	struct pl_echo_socket *c = notes ? notes->socket : NULL;

	if (!c) /* being set up, or taken down */
		return 0;
	switch (reason) {
	case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
		look_at_wishes(c);
		break;
	case LWS_CALLBACK_CLIENT_ESTABLISHED:
		opened(c);
		break;
	case LWS_CALLBACK_CLIENT_RECEIVE:
		receive(c, in, size);
		plan(c);
		break;
	case LWS_CALLBACK_CLIENT_WRITEABLE:
		return speak(c);
	case LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION:
		/* Only noted: what OpenSSL refuses stays refused. */
		if (!size)
			c->certificate_fault = X509_verify_cert_error_string(
				X509_STORE_CTX_get_error((X509_STORE_CTX *)user));
		break;
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
		closed(c);
		if (c->certificate_fault)
			tell(c, "the certificate of %s is not good: %s", c->notes->host,
			     c->certificate_fault);
		else
			tell(c, "%s does not take the connection: %s", c->notes->host,
			     in ? (const char *)in : "no reason given");
		plan(c);
		break;
	case LWS_CALLBACK_CLIENT_CLOSED:
		closed(c);
		tell(c, "the connection to %s was lost; it is tried again", c->notes->host);
		plan(c);
		break;
	default:
		break;
	}
	return 0;
}

static const struct lws_protocols protocols[] = {
	{.name = PL_ECHO_SUBPROTOCOL, .callback = callback, .rx_buffer_size = 4096},
	{0},
};

/**
 * Here, because reading the machine's authorities takes some time. They are the vhost's alone: told of
 * TLS, a context would set up libwebsockets' part in OpenSSL anew, under the feet of all others.
 */
static int create_context(struct pl_echo_socket *c)
{
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = protocols,
		.user = c->notes,
		.gid = (gid_t)-1,
		.uid = (uid_t)-1,
		.timeout_secs = CONNECT_SECONDS,
		.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
	};

	lws_set_log_level(0, NULL); /* what goes wrong is told by the status */
	c->context = lws_create_context(&info);
	if (!c->context)
		return -ENOMEM;
	info.vhost_name = "echostream";
	if (strcmp(c->notes->scheme, "wss") == 0)
		info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
	return lws_create_vhost(c->context, &info) ? 0 : -ENOMEM;
}

static void run(struct pl_echo_socket *c)
{
	uint64_t end;

	look_at_wishes(c);
	while (!c->quit && lws_service(c->context, 0) >= 0)
		;
	/* Whoever transmits says that it has ended; then both sides close. */
	end = clock_usec(CLOCK_MONOTONIC) + FAREWELL_USEC;
	while (pl_echo_link_state(c->link) == PL_ECHO_LINK_OPEN &&
	       clock_usec(CLOCK_MONOTONIC) < end) {
		lws_sul_schedule(c->context, 0, &c->timer, c->timer.cb, 10000);
		lws_callback_on_writable(c->wsi);
		if (lws_service(c->context, 0) < 0)
			break;
	}
}

static struct pl_echo_socket *socket_free(struct pl_echo_socket *c)
{
	if (!c)
		return NULL;
	pl_echo_link_free(c->link);
	free(c->message);
	free(c);
	return NULL;
}

static struct pl_echo_socket *socket_new(struct pl_echo_notes *notes)
{
	struct pl_echo_socket *c = calloc(1, sizeof(*c));
	uint64_t seed = clock_usec(CLOCK_MONOTONIC) ^ (uint64_t)getpid() << 32;

	if (!c)
		return NULL;
	c->notes = notes;
	c->timer.cb = on_timer;
	c->message = malloc(PL_ECHO_MESSAGE_MAX);
	if (!c->message || pl_echo_link_new(seed, &c->link) < 0)
		return socket_free(c);
	return c;
}

static void set_context(struct pl_echo_notes *notes, struct lws_context *context)
{
	pthread_mutex_lock(&notes->lock);
	notes->context = context;
	pthread_mutex_unlock(&notes->lock);
}

void *pl_echo_socket_run(void *userdata)
{
	struct pl_echo_notes *notes = userdata;
	struct pl_echo_socket *c = socket_new(notes);

	if (c && create_context(c) >= 0) {
		notes->socket = c;
		set_context(notes, c->context);
		run(c);
		/* Nobody wakes it any more, and callbacks find nobody. */
		set_context(notes, NULL);
		notes->socket = NULL;
		lws_sul_cancel(&c->timer);
	} else if (c) {
		tell(c, "the connection to %s cannot be set up: no memory", notes->host);
	}
	if (c && c->context)
		lws_context_destroy(c->context);
	socket_free(c);
	pthread_mutex_lock(&notes->lock);
	notes->ended = true;
	note_changed(notes);
	pthread_cond_signal(&notes->has_ended);
	pthread_mutex_unlock(&notes->lock);
	pl_echo_notes_unref(notes);
	return NULL;
}
