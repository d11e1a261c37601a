/* SPDX-License-Identifier: MIT */
#include "mqtt.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mosquitto.h>

#include "thread.h"

/** Handed to libmosquitto and not confirmed yet; its own window for QoS 1 is 20. */
#define FLYING_MAX 20u
#define RETRY_S_MIN 1u
#define RETRY_S_MAX 60u
/** How long one turn of libmosquitto waits; what is published from elsewhere wakes it. */
#define TURN_MS 1000
#define TOPIC_MAX 512u

struct flying {
	uint64_t id;
	int mid;
};

struct pl_mqtt {
	struct pl_mqtt_def def;
	char availability_topic[TOPIC_MAX];
	struct pl_spool *spool;
	pl_mqtt_changed_h on_changed;
	void *userdata;
	struct mosquitto *client;
	pthread_t thread;

	pthread_mutex_t lock; /* of all below */
	pthread_cond_t wake;  /* CLOCK_MONOTONIC: quit */
	bool quit, running;
	bool connected;
	bool refused; /* by the broker, and `trouble` says why */
	char trouble[256];
	uint64_t n_sent;
	uint64_t handed_id; /* newest that libmosquitto has */
	struct flying flying[FLYING_MAX];
	unsigned n_flying;
};

int pl_mqtt_topic(const char *pattern, const char *device_id, char *ret_topic, size_t size)
{
	size_t length = 0;

	for (const char *p = pattern; *p; p++) {
		bool is_id = p[0] == '%' && p[1] == 's';
		const char *from = is_id ? device_id : p;
		size_t n = is_id ? strlen(device_id) : 1;

		if (length + n >= size)
			return -ENOSPC;
		memcpy(ret_topic + length, from, n);
		length += n;
		p += is_id;
	}
	ret_topic[length] = '\0';
	return 0;
}

/* --- sending; with the lock ------------------------------------------------------------- */

/** @return false when nothing more can be handed over now */
static bool hand_over_one(struct pl_mqtt *m)
{
	char *text = NULL, *payload;
	struct flying flying;
	size_t size;

	if (!m->connected || m->n_flying >= FLYING_MAX ||
	    pl_spool_next(m->spool, m->handed_id, &flying.id, &text, &size) < 0)
		return false;
	payload = memchr(text, '\n', size);
	if (payload) {
		int r;

		*payload++ = '\0';
		r = mosquitto_publish(m->client, &flying.mid, text, (int)(text + size - payload),
				      payload, 1, false);
		if (r == MOSQ_ERR_SUCCESS) {
			m->flying[m->n_flying++] = flying;
			m->handed_id = flying.id;
		} else if (r == MOSQ_ERR_PAYLOAD_SIZE || r == MOSQ_ERR_INVAL ||
			   r == MOSQ_ERR_MALFORMED_UTF8) {
			payload = NULL; /* will never do */
		}
		if (payload) {
			free(text);
			return r == MOSQ_ERR_SUCCESS;
		}
	}
	pl_spool_remove(m->spool, flying.id);
	free(text);
	return true;
}

static void hand_over(struct pl_mqtt *m)
{
	while (hand_over_one(m))
		;
}

/* --- what libmosquitto tells, in the thread ----------------------------------------------- */

/** With the lock. @return whether anything is new */
static bool set_state(struct pl_mqtt *m, bool connected, const char *trouble)
{
	bool changed = m->connected != connected || strcmp(m->trouble, trouble) != 0;

	m->connected = connected;
	snprintf(m->trouble, sizeof(m->trouble), "%s", trouble);
	return changed;
}

static void tell(struct pl_mqtt *m, bool connected, const char *trouble)
{
	bool changed;

	pthread_mutex_lock(&m->lock);
	changed = set_state(m, connected, trouble);
	pthread_mutex_unlock(&m->lock);
	if (changed && m->on_changed)
		m->on_changed(m->userdata);
}

static void on_connect(struct mosquitto *client, void *userdata, int code)
{
	struct pl_mqtt *m = userdata;
	char trouble[256];

	if (code != 0) {
		snprintf(trouble, sizeof(trouble), "the broker %.160s:%u refuses: %s", m->def.host,
			 m->def.port, mosquitto_connack_string(code));
		pthread_mutex_lock(&m->lock);
		m->refused = true;
		pthread_mutex_unlock(&m->lock);
		tell(m, false, trouble);
		return;
	}
	mosquitto_publish(client, NULL, m->availability_topic, 6, "online", 1, true);
	tell(m, true, "");
	pthread_mutex_lock(&m->lock);
	hand_over(m);
	pthread_mutex_unlock(&m->lock);
}

static void on_publish(struct mosquitto *client, void *userdata, int mid)
{
	struct pl_mqtt *m = userdata;
	bool ours = false;

	pthread_mutex_lock(&m->lock);
	for (unsigned i = 0; i < m->n_flying && !ours; i++) {
		if (m->flying[i].mid != mid)
			continue;
		pl_spool_remove(m->spool, m->flying[i].id);
		m->flying[i] = m->flying[--m->n_flying];
		m->n_sent++;
		ours = true;
	}
	hand_over(m);
	pthread_mutex_unlock(&m->lock);
	if (ours && m->on_changed)
		m->on_changed(m->userdata);
}

/* --- the thread -------------------------------------------------------------------------- */

static void explain(const struct pl_mqtt *m, int r, int error, char *ret_text, size_t size)
{
	const char *why = r == MOSQ_ERR_ERRNO ? strerror(error) : mosquitto_strerror(r);

	snprintf(ret_text, size, "the broker %.140s:%u does not answer: %.60s; it is tried again",
		 m->def.host, m->def.port, why);
}

/** @return false when it is time to end */
static bool wait_retry(struct pl_mqtt *m, unsigned seconds)
{
	struct timespec until;
	bool quit;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)seconds;
	pthread_mutex_lock(&m->lock);
	while (!m->quit && pthread_cond_timedwait(&m->wake, &m->lock, &until) == 0)
		;
	quit = m->quit;
	pthread_mutex_unlock(&m->lock);
	return !quit;
}

static bool is_quitting(struct pl_mqtt *m)
{
	bool quit;

	pthread_mutex_lock(&m->lock);
	quit = m->quit;
	pthread_mutex_unlock(&m->lock);
	return quit;
}

/** @return whether it was connected meanwhile; how it ended in *ret_r and *ret_error */
static bool stay_connected(struct pl_mqtt *m, int *ret_r, int *ret_error)
{
	bool was_connected = false;
	unsigned n_farewells = 0;

	do {
		bool quit, connected;

		*ret_r = mosquitto_loop(m->client, TURN_MS, 1);
		*ret_error = errno;
		pthread_mutex_lock(&m->lock);
		quit = m->quit;
		connected = m->connected;
		pthread_mutex_unlock(&m->lock);
		was_connected = was_connected || connected;
		/* "offline" and DISCONNECT are in libmosquitto's hands: a turn each, and one more */
		if (quit && (!connected || ++n_farewells > 3))
			break;
	} while (*ret_r == MOSQ_ERR_SUCCESS);
	return was_connected;
}

static int set_tls(struct pl_mqtt *m)
{
	const struct pl_mqtt_def *def = &m->def;

	if (!def->tls)
		return MOSQ_ERR_SUCCESS;
	if (!def->ca_file[0])
		mosquitto_int_option(m->client, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
	return mosquitto_tls_set(m->client, def->ca_file[0] ? def->ca_file : NULL,
				 def->ca_file[0] ? NULL : "/etc/ssl/certs",
				 def->certificate_file[0] ? def->certificate_file : NULL,
				 def->key_file[0] ? def->key_file : NULL, NULL);
}

static int connect_once(struct pl_mqtt *m)
{
	int r = set_tls(m);

	if (r != MOSQ_ERR_SUCCESS)
		return r;
	return mosquitto_connect_async(m->client, m->def.host, m->def.port,
				       (int)m->def.keepalive_s);
}

static void *run(void *userdata)
{
	struct pl_mqtt *m = userdata;
	unsigned retry_s = RETRY_S_MIN;

	while (!is_quitting(m)) {
		char trouble[256];
		bool refused;
		int r, error;

		errno = 0;
		r = connect_once(m);
		error = errno;
		if (r == MOSQ_ERR_SUCCESS && stay_connected(m, &r, &error))
			retry_s = RETRY_S_MIN;
		if (is_quitting(m))
			break;
		explain(m, r, error, trouble, sizeof(trouble));
		pthread_mutex_lock(&m->lock);
		/* a refusal by the broker says more than that it hangs up then */
		refused = m->refused;
		m->refused = false;
		pthread_mutex_unlock(&m->lock);
		if (!refused)
			tell(m, false, trouble);
		if (!wait_retry(m, retry_s))
			break;
		retry_s = retry_s * 2 < RETRY_S_MAX ? retry_s * 2 : RETRY_S_MAX;
	}
	return NULL;
}

/* --- life -------------------------------------------------------------------------------- */

static int set_up(struct pl_mqtt *m)
{
	const struct pl_mqtt_def *def = &m->def;

	/* a session that the broker keeps: what it has confirmed is not sent again */
	m->client = mosquitto_new(def->client_id, false, m);
	if (!m->client)
		return errno == ENOMEM ? -ENOMEM : -EINVAL;
	if (mosquitto_threaded_set(m->client, true) != MOSQ_ERR_SUCCESS)
		return -EINVAL;
	mosquitto_connect_callback_set(m->client, on_connect);
	mosquitto_publish_callback_set(m->client, on_publish);
	if (mosquitto_will_set(m->client, m->availability_topic, 7, "offline", 1, true) !=
	    MOSQ_ERR_SUCCESS)
		return -EINVAL;
	if (def->user_name[0] &&
	    mosquitto_username_pw_set(m->client, def->user_name,
				      def->password[0] ? def->password : NULL) != MOSQ_ERR_SUCCESS)
		return -EINVAL;
	return 0;
}

int pl_mqtt_new(const struct pl_mqtt_def *def, struct pl_spool *spool, pl_mqtt_changed_h on_changed,
		void *userdata, struct pl_mqtt **ret_mqtt)
{
	pthread_condattr_t attributes;
	struct pl_mqtt *m;
	int r;

	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->def = *def;
	m->spool = spool;
	m->on_changed = on_changed;
	m->userdata = userdata;
	snprintf(m->trouble, sizeof(m->trouble), "not connected yet");
	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&m->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	mosquitto_lib_init();

	r = pl_mqtt_topic(def->availability_topic, def->device_id, m->availability_topic,
			  sizeof(m->availability_topic));
	if (r == 0)
		r = set_up(m);
	if (r == 0)
		r = pl_thread_start("mqtt", run, m, &m->thread);
	if (r < 0) {
		pl_mqtt_free(m);
		return r;
	}
	m->running = true;
	*ret_mqtt = m;
	return 0;
}

struct pl_mqtt *pl_mqtt_free(struct pl_mqtt *m)
{
	if (!m)
		return NULL;
	if (m->running) {
		bool connected;

		pthread_mutex_lock(&m->lock);
		m->quit = true;
		connected = m->connected;
		pthread_cond_signal(&m->wake);
		pthread_mutex_unlock(&m->lock);
		if (connected)
			mosquitto_publish(m->client, NULL, m->availability_topic, 7, "offline", 1,
					  true);
		mosquitto_disconnect(m->client);
		pthread_join(m->thread, NULL);
	}
	if (m->client)
		mosquitto_destroy(m->client);
	mosquitto_lib_cleanup();
	pthread_cond_destroy(&m->wake);
	pthread_mutex_destroy(&m->lock);
	explicit_bzero(m->def.password, sizeof(m->def.password));
	free(m);
	return NULL;
}

void pl_mqtt_wake(struct pl_mqtt *m)
{
	pthread_mutex_lock(&m->lock);
	hand_over(m);
	pthread_mutex_unlock(&m->lock);
}

void pl_mqtt_status(struct pl_mqtt *m, struct pl_export_status *ret_status)
{
	pthread_mutex_lock(&m->lock);
	ret_status->connected = m->connected;
	ret_status->n_sent = m->n_sent;
	snprintf(ret_status->trouble, sizeof(ret_status->trouble), "%s", m->trouble);
	pthread_mutex_unlock(&m->lock);
	ret_status->n_queued = pl_spool_count(m->spool);
	ret_status->n_dropped = pl_spool_dropped(m->spool);
}
