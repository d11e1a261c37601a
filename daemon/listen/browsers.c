/* SPDX-License-Identifier: MIT */
#include "browsers-private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include <partyline/keys.h>

__attribute__((format(printf, 4, 5))) static int refuse(struct pl_error *error, int code,
							const char *field, const char *format, ...)
{
	va_list args;

	error->code = code;
	snprintf(error->field, sizeof(error->field), "%s", field);
	va_start(args, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is, one line above */
	vsnprintf(error->message, sizeof(error->message), format, args);
	va_end(args);
	return code;
}

/* --- opening ---------------------------------------------------------------------------------- */

static int read_offer(const char *text, size_t size, bool talks, struct pl_webrtc_offer *ret_offer,
		      struct pl_error *error)
{
	char trouble[256];
	int r;

	r = pl_webrtc_offer_parse(text, size, ret_offer, trouble, sizeof(trouble));
	if (r < 0)
		return refuse(error, -EINVAL, "/offer", "%s", trouble);
	if (talks ? !ret_offer->sends : !ret_offer->receives)
		return refuse(error, -EINVAL, "/offer",
			      talks ? "the offer sends no audio (a=sendonly)"
				    : "the offer receives no audio (a=recvonly)");
	return 0;
}

static int start(struct pl_browsers *browsers, struct pl_error *error)
{
	int r = browsers_start(browsers);

	return r < 0 ? refuse(error, r, "", "%s", browsers->trouble) : 0;
}

/** Our name fragment: each ICE session has another one. */
static void write_tag(const struct pl_webrtc_side *side, char ret_tag[PL_LISTEN_TAG_SIZE])
{
	snprintf(ret_tag, PL_LISTEN_TAG_SIZE, "\"%s\"", side->ufrag);
}

static int write_answer(const struct pl_browsers *browsers, const struct listen_session *session,
			const struct pl_webrtc_offer *offer, struct pl_listen_answer *ret_answer,
			struct pl_error *error)
{
	struct pl_webrtc_side side;
	struct pl_webrtc_answer answer = {
		.offer = offer,
		.side = &side,
		.fingerprint = pl_identity_fingerprint(browsers->identity),
		.sends = !session->fixed.talks,
		.receives = session->fixed.talks,
		.ssrc = session->ssrc,
		.cname = session->cname,
		.n_channels = session->fixed.talks ? 1 : session->opus.n_channels,
		.ptime_ms = session->opus.ptime_ms,
		.fec = session->fixed.talks,
	};
	int r;

	session->transport->ops->side(session->transport, &side);
	if (side.candidates.n == 0)
		return refuse(error, -EADDRNOTAVAIL, "",
			      "this machine has no address that a browser could reach");
	if (getrandom(&answer.session_id, sizeof(answer.session_id), GRND_NONBLOCK) < 0)
		answer.session_id = session->ssrc;
	answer.session_id >>= 2; /* RFC 8829 5.2.1: below 2^62 */
	memcpy(ret_answer->id, session->fixed.id, sizeof(ret_answer->id));
	write_tag(&side, ret_answer->tag);
	r = pl_webrtc_answer_write(&answer, ret_answer->sdp, sizeof(ret_answer->sdp));
	return r < 0 ? refuse(error, r, "/offer", "the offer cannot be answered: %s", strerror(-r))
		     : 0;
}

static int refuse_session(struct pl_error *error, int r)
{
	if (r == -EAGAIN)
		return refuse(error, r, "",
			      "the way through the ICE servers is being looked for; try again in "
			      "a second");
	if (r == -ENOSPC)
		return refuse(error, r, "", "there are too many sessions");
	return refuse(error, r, "/offer", "the session cannot be made: %s", strerror(-r));
}

/** Takes the playback port, also when it fails. */
static int open_session(struct pl_browsers *browsers, struct listen_session_config *config,
			struct pl_listen_answer *ret_answer, struct pl_error *error)
{
	struct listen_session *session = NULL;
	int r;

	config->notify_fd = browsers->notify_fd;
	config->frame_ms = browsers->options.frame_ms;
	config->bitrate_bps = browsers->options.bitrate_bps;
	config->audio = browsers->options.audio;
	r = listen_session_new(config, &session);
	if (r >= 0)
		r = browsers_add(browsers, session, config->offer);
	if (r < 0) {
		listen_session_free(session);
		if (config->playback)
			browsers->options.audio->close(browsers->options.engine, config->playback);
		return refuse_session(error, r);
	}
	r = write_answer(browsers, session, config->offer, ret_answer, error);
	if (r < 0)
		browsers_remove(browsers, session);
	return r;
}

static size_t count(const struct pl_browsers *browsers, bool talks)
{
	size_t n = 0;

	for (size_t i = 0; i < browsers->n_sessions; i++)
		n += browsers->sessions[i]->fixed.talks == talks;
	return n;
}

static int open_places(struct pl_browsers *browsers, const struct pl_mix *mix,
		       struct pl_mix *ret_heard, struct pl_error *error)
{
	int r = browsers_open_places(browsers, mix, ret_heard);

	if (r == -EUSERS)
		return refuse(error, r, "/mix", "more than %u devices are listened to",
			      LISTEN_DEVICES);
	return r < 0 ? refuse(error, r, "/mix", "the mix has no place in the graph: %s",
			      strerror(-r))
		     : 0;
}

static void ops_prepare(void *object)
{
	struct pl_browsers *browsers = object;

	/* What is wrong is told to who comes. */
	if (browsers->options.n_ice_servers > 0 && browsers_start(browsers) >= 0)
		browsers_prepare(browsers);
}

static int ops_open_listener(void *object, const struct pl_actor *actor, const struct pl_mix *mix,
			     const char *text, size_t size, struct pl_listen_answer *ret_answer,
			     struct pl_error *error)
{
	struct pl_browsers *browsers = object;
	struct pl_webrtc_offer offer;
	struct pl_mix heard;
	struct listen_session_config config = {
		.actor = actor, .offer = &offer, .mix = mix, .heard = &heard};
	int r;

	if (count(browsers, false) == PL_LISTENERS_MAX)
		return refuse(error, -EUSERS, "", "there are %u listeners already",
			      PL_LISTENERS_MAX);
	r = read_offer(text, size, false, &offer, error);
	if (r >= 0)
		r = start(browsers, error);
	if (r < 0)
		return r;
	r = open_places(browsers, mix, &heard, error);
	if (r >= 0)
		r = open_session(browsers, &config, ret_answer, error);
	if (r < 0)
		browsers_close_places(browsers);
	return r;
}

static int ops_open_talker(void *object, const struct pl_actor *actor, uint32_t tablet_id,
			   const char *text, size_t size, struct pl_listen_answer *ret_answer,
			   struct pl_error *error)
{
	struct pl_browsers *browsers = object;
	struct pl_webrtc_offer offer;
	struct listen_session_config config = {
		.actor = actor, .offer = &offer, .tablet_id = tablet_id};
	char name[64], target[64];
	const struct pl_audio_port_info info = {
		.way = PL_AUDIO_PLAYBACK,
		.name = name,
		.target = target,
		.capacity = PL_PLAYBACK_CAPACITY,
	};
	int r;

	r = read_offer(text, size, true, &offer, error);
	if (r >= 0)
		r = start(browsers, error);
	if (r < 0)
		return r;
	/* Each has a name of its own: the former one's may still be there for a moment. */
	snprintf(name, sizeof(name), "talk-tablet.%u-%.8s", tablet_id, offer.ufrag);
	snprintf(target, sizeof(target), PL_NODE_TABLET_FMT, tablet_id);
	r = browsers->options.audio->open(browsers->options.engine, &info,
					  pl_work_thread_wake_fd(browsers->thread),
					  &config.playback);
	if (r < 0)
		return refuse(error, r, "", "the tablet's port in the graph cannot be had: %s",
			      strerror(-r));
	r = open_session(browsers, &config, ret_answer, error);
	for (size_t i = 0; r >= 0 && i < browsers->n_sessions; i++) {
		struct listen_session *session = browsers->sessions[i];

		if (session->fixed.tablet_id == tablet_id &&
		    strcmp(session->fixed.id, ret_answer->id) != 0) {
			browsers_remove(browsers, session);
			break;
		}
	}
	return r;
}

/* --- what is open ----------------------------------------------------------------------------- */

static struct listen_session *find(const struct pl_browsers *browsers, const char *id)
{
	for (size_t i = 0; i < browsers->n_sessions; i++)
		if (strcmp(browsers->sessions[i]->fixed.id, id) == 0)
			return browsers->sessions[i];
	return NULL;
}

static int ops_set_mix(void *object, const char *id, const struct pl_mix *mix,
		       struct pl_error *error)
{
	struct pl_browsers *browsers = object;
	struct listen_session *session = find(browsers, id);
	struct pl_mix heard;
	int r;

	if (!session)
		return refuse(error, -ENOENT, "/id", "there is no such session; it may have ended");
	if (session->fixed.talks)
		return refuse(error, -EINVAL, "/id", "this session talks; it has no mix");
	r = open_places(browsers, mix, &heard, error);
	if (r < 0) {
		browsers_close_places(browsers);
		return r;
	}
	browsers_set_mix(browsers, session, mix, &heard);
	return 0;
}

static int restart(struct pl_browsers *browsers, struct listen_session *session,
		   const struct pl_webrtc_fragment *fragment,
		   struct pl_listen_fragment *ret_fragment, struct pl_error *error)
{
	struct pl_webrtc_side side;
	int r = browsers_restart(browsers, session, fragment);

	if (r == -ENOTCONN)
		return refuse(error, -ENOENT, "/id", "this session has ended");
	if (r == -EINVAL)
		return refuse(
			error, r, "/fragment",
			"an ICE restart needs an ice-ufrag and an ice-pwd as of RFC 8839 5.4");
	if (r < 0)
		return refuse(error, r, "", "the restart failed: %s", strerror(-r));
	session->transport->ops->side(session->transport, &side);
	write_tag(&side, ret_fragment->tag);
	r = pl_webrtc_restart_write(&side, session->mid, ret_fragment->sdp,
				    sizeof(ret_fragment->sdp));
	ret_fragment->restarted = r >= 0;
	return r < 0 ? refuse(error, r, "", "the restart cannot be answered: %s", strerror(-r)) : 0;
}

static int ops_trickle(void *object, const char *id, const char *tag, const char *text, size_t size,
		       struct pl_listen_fragment *ret_fragment, struct pl_error *error)
{
	struct pl_browsers *browsers = object;
	struct listen_session *session = find(browsers, id);
	struct pl_webrtc_fragment fragment;
	char trouble[256], current[PL_LISTEN_TAG_SIZE];
	struct pl_webrtc_side side;
	const char *remote;
	int r;

	if (!session)
		return refuse(error, -ENOENT, "/id", "there is no such session; it may have ended");
	session->transport->ops->side(session->transport, &side);
	write_tag(&side, current);
	if (strcmp(tag, "*") != 0 && strcmp(tag, current) != 0)
		return refuse(error, -EKEYEXPIRED, "",
			      "If-Match names another ICE session than the current one");
	r = pl_webrtc_fragment_parse(text, size, &fragment, trouble, sizeof(trouble));
	if (r < 0)
		return refuse(error, -EINVAL, "/fragment", "%s", trouble);
	ret_fragment->restarted = false;
	remote = session->transport->ops->remote_ufrag(session->transport);
	if (!fragment.ufrag[0] || strcmp(fragment.ufrag, remote) == 0) {
		browsers_add_candidates(browsers, session, &fragment);
		return 0;
	}
	return restart(browsers, session, &fragment, ret_fragment, error);
}

static int ops_close(void *object, const char *id, uint32_t *ret_tablet_id)
{
	struct pl_browsers *browsers = object;
	struct listen_session *session = find(browsers, id);

	if (!session)
		return -ENOENT;
	*ret_tablet_id = session->fixed.tablet_id;
	browsers_remove(browsers, session);
	browsers_close_places(browsers);
	return 0;
}

static int ops_status(void *object, size_t index, struct pl_listen_status *ret_status)
{
	struct pl_browsers *browsers = object;

	if (index >= browsers->n_sessions)
		return -ENOENT;
	listen_session_status(browsers->sessions[index], ret_status);
	return 0;
}

static void ops_overview(void *object, struct pl_listen_overview *ret_overview)
{
	const struct pl_browsers *browsers = object;

	*ret_overview = (struct pl_listen_overview){
		.port = browsers->network ? browsers->network->ops->port(browsers->network) : 0,
		.n_listeners = (uint32_t)count(browsers, false),
		.n_talkers = (uint32_t)count(browsers, true),
		.frame_ms = browsers->options.frame_ms,
	};
	memcpy(ret_overview->trouble, browsers->trouble, sizeof(ret_overview->trouble));
}

void pl_browsers_end_talker(struct pl_browsers *browsers, uint32_t tablet_id)
{
	for (size_t i = 0; i < browsers->n_sessions; i++)
		if (browsers->sessions[i]->fixed.tablet_id == tablet_id)
			browsers_end(browsers, browsers->sessions[i]);
}

const struct pl_listen_ops *pl_browsers_get_ops(void)
{
	static const struct pl_listen_ops ops = {
		.prepare = ops_prepare,
		.open_listener = ops_open_listener,
		.open_talker = ops_open_talker,
		.set_mix = ops_set_mix,
		.trickle = ops_trickle,
		.close = ops_close,
		.status = ops_status,
		.overview = ops_overview,
	};

	return &ops;
}

/* --- what the thread tells -------------------------------------------------------------------- */

static void tell(struct pl_browsers *browsers, uint32_t tablet_id)
{
	if (browsers->options.on_changed)
		browsers->options.on_changed(browsers->options.userdata, tablet_id);
}

static int on_notify(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct pl_browsers *browsers = userdata;
	uint64_t n;

	if (read(fd, &n, sizeof(n)) < 0)
		return 0;
	for (size_t i = browsers->n_sessions; i-- > 0;) {
		struct listen_session *session = browsers->sessions[i];
		int state = atomic_load(&session->state);
		uint32_t tablet_id = session->fixed.tablet_id;

		if (state == (int)session->told)
			continue;
		session->told = (enum listen_session_state)state;
		if (state == LISTEN_SESSION_ENDED)
			browsers_remove(browsers, session);
		tell(browsers, tablet_id);
		/* Who was told may have closed others. */
		if (i > browsers->n_sessions)
			i = browsers->n_sessions;
	}
	browsers_close_places(browsers);
	return 0;
}

/* --- life ------------------------------------------------------------------------------------- */

int pl_browsers_new(sd_event *event, const struct pl_browsers_options *options,
		    struct pl_browsers **ret_browsers)
{
	struct pl_browsers *browsers = calloc(1, sizeof(*browsers));
	int r;

	if (!browsers)
		return -ENOMEM;
	browsers->options = *options;
	snprintf(browsers->address, sizeof(browsers->address), "%s", options->address);
	browsers->event = sd_event_ref(event);
	browsers->notify_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = browsers->notify_fd < 0
		    ? -errno
		    : sd_event_add_io(event, &browsers->notify_source, browsers->notify_fd, EPOLLIN,
				      on_notify, browsers);
	if (r < 0) {
		pl_browsers_free(browsers);
		return r;
	}
	*ret_browsers = browsers;
	return 0;
}

struct pl_browsers *pl_browsers_free(struct pl_browsers *browsers)
{
	if (!browsers)
		return NULL;
	browsers_stop(browsers);
	sd_event_source_disable_unref(browsers->notify_source);
	if (browsers->notify_fd >= 0)
		close(browsers->notify_fd);
	sd_event_unref(browsers->event);
	free(browsers);
	return NULL;
}
