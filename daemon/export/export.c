/* SPDX-License-Identifier: MIT */
#include "export.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "mqtt.h"
#include "page-event.h"
#include "s3-request.h"
#include "s3.h"
#include "spool.h"

#define CLIP_TOPIC "/clip"

/** An upload that the loop is to hear of. */
struct done {
	uint64_t id;
	struct pl_s3_item item;
	struct done *next;
};

struct pl_export {
	struct pl_control *control;
	struct pl_log *log;
	char state_directory[PL_PATH_MAX];
	sd_event_source *source;
	int wake; /* eventfd: a client's thread has something new */

	struct pl_mqtt_def mqtt_def;
	struct pl_spool *mqtt_spool;
	struct pl_mqtt *mqtt; /* NULL: not wanted, or see mqtt_trouble */
	char mqtt_trouble[256];
	struct pl_s3_def s3_def;
	struct pl_s3_place s3_place;
	struct pl_spool *s3_spool;
	struct pl_s3 *s3;
	char s3_trouble[256];

	/* as told last */
	bool mqtt_connected, s3_connected;
	char mqtt_told[256], s3_told[256];

	pthread_mutex_t lock; /* of `done` */
	struct done *done;    /* oldest first */
};

/* --- from the clients' threads -------------------------------------------------------------- */

static void on_changed(void *userdata)
{
	struct pl_export *e = userdata;
	uint64_t one = 1;

	if (write(e->wake, &one, sizeof(one)) < 0)
		return; /* full: the loop has not even read the last one */
}

static void on_uploaded(void *userdata, uint64_t id, const struct pl_s3_item *item)
{
	struct pl_export *e = userdata;
	struct done *done = malloc(sizeof(*done));
	struct done **last;

	if (!done)
		return; /* stays in the queue; told after the next start */
	*done = (struct done){.id = id, .item = *item};
	pthread_mutex_lock(&e->lock);
	for (last = &e->done; *last; last = &(*last)->next)
		;
	*last = done;
	pthread_mutex_unlock(&e->lock);
	on_changed(e);
}

/* --- queues ---------------------------------------------------------------------------------- */

static void report_loss(struct pl_export *e, const char *what, int error)
{
	pl_log_error(e->log, "export.lost", error, NULL, NULL,
		     "%s could not be queued, nobody hears of it", what);
}

/** @param suffix  behind the topic */
static int queue_message(struct pl_export *e, const char *suffix, const char *payload)
{
	char topic[512], *text = NULL;
	int n, r;

	r = pl_mqtt_topic(e->mqtt_def.topic, e->mqtt_def.device_id, topic, sizeof(topic));
	if (r < 0)
		return r;
	n = asprintf(&text, "%s%s\n%s", topic, suffix, payload);
	if (n < 0)
		return -ENOMEM;
	r = pl_spool_put(e->mqtt_spool, text, (size_t)n);
	free(text);
	if (r == 0 && e->mqtt)
		pl_mqtt_wake(e->mqtt);
	return r;
}

static int open_spool(struct pl_export *e, const char *name, uint64_t n_max,
		      struct pl_spool **spool)
{
	char path[PL_PATH_MAX + 32];

	if (*spool)
		return 0;
	snprintf(path, sizeof(path), "%s/export/%s", e->state_directory, name);
	return pl_spool_open(path, n_max, spool);
}

/** Where the clip of a record is, or will be. @return 0, or -ENOENT when it is not uploaded */
static int find_url(const struct pl_export *e, const char *key, char *ret_url, size_t size)
{
	ret_url[0] = '\0';
	if (!e->s3_place.host[0] || e->s3_def.presign_s == 0)
		return -ENOENT;
	return pl_s3_presign(&e->s3_def, &e->s3_place, key, time(NULL), ret_url, size);
}

static void make_key(const struct pl_export *e, const char *clip, char *ret_key, size_t size)
{
	snprintf(ret_key, size, "%.250s%.255s", e->s3_def.prefix, clip);
}

static int page(void *export, const struct pl_page_record *record)
{
	struct pl_export *e = export;
	char key[512], url[PL_URL_MAX] = "", *text;
	int r;

	if (!e->mqtt_spool)
		return 0;
	if (record->clip[0]) {
		make_key(e, record->clip, key, sizeof(key));
		find_url(e, key, url, sizeof(url));
	}
	text = pl_page_event_text(record,
				  pl_gateway_page(pl_control_gateway(e->control), record->page_id),
				  e->mqtt_def.device_id, url);
	r = text ? queue_message(e, "", text) : -ENOMEM;
	free(text);
	if (r < 0)
		report_loss(e, "A page's message", r);
	return r;
}

static int clip(void *export, const struct pl_page_record *record, const char *path)
{
	struct pl_export *e = export;
	struct pl_s3_item item;
	char *text;
	int r;

	if (!e->s3_spool)
		return 0;
	memset(&item, 0, sizeof(item));
	snprintf(item.message_id, sizeof(item.message_id), "%s", record->message_id);
	snprintf(item.file, sizeof(item.file), "%s", path);
	make_key(e, record->clip, item.key, sizeof(item.key));
	text = pl_s3_item_to_text(&item);
	r = text ? pl_spool_put(e->s3_spool, text, strlen(text)) : -ENOMEM;
	free(text);
	if (r < 0)
		report_loss(e, "A clip's upload", r);
	else if (e->s3)
		pl_s3_wake(e->s3);
	return r;
}

/* --- in the loop ----------------------------------------------------------------------------- */

static void tell_upload(struct pl_export *e, const struct done *done)
{
	char url[PL_URL_MAX], *text;
	struct timespec now;
	int r;

	find_url(e, done->item.key, url, sizeof(url));
	pl_control_clip_uploaded(e->control, done->item.message_id, url);
	if (e->mqtt_spool) {
		clock_gettime(CLOCK_REALTIME, &now);
		text = pl_clip_event_text(
			done->item.message_id, e->mqtt_def.device_id, url, done->item.key,
			(uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u);
		r = text ? queue_message(e, CLIP_TOPIC, text) : -ENOMEM;
		free(text);
		if (r < 0)
			report_loss(e, "A clip's message", r);
	}
	if (e->s3_spool)
		pl_spool_remove(e->s3_spool, done->id);
}

/** @return whether there was anything new to tell */
static bool log_state(struct pl_export *e, const char *event, const char *what,
		      const struct pl_export_status *status, bool *told_connected, char *told,
		      size_t size)
{
	if (status->connected == *told_connected && strcmp(status->trouble, told) == 0)
		return false;
	*told_connected = status->connected;
	snprintf(told, size, "%s", status->trouble);
	if (status->trouble[0])
		pl_log_event(e->log, PL_LOG_WARNING, event, NULL, "%s: %s", what, status->trouble);
	else
		pl_log_event(e->log, PL_LOG_INFO, event, NULL, "%s: %s", what,
			     status->connected ? "connected" : "off");
	return true;
}

static void mqtt_status(void *export, struct pl_export_status *ret_status)
{
	struct pl_export *e = export;

	memset(ret_status, 0, sizeof(*ret_status));
	if (e->mqtt)
		pl_mqtt_status(e->mqtt, ret_status);
	else
		snprintf(ret_status->trouble, sizeof(ret_status->trouble), "%s", e->mqtt_trouble);
}

static void s3_status(void *export, struct pl_export_status *ret_status)
{
	struct pl_export *e = export;

	memset(ret_status, 0, sizeof(*ret_status));
	if (e->s3)
		pl_s3_status(e->s3, ret_status);
	else
		snprintf(ret_status->trouble, sizeof(ret_status->trouble), "%s", e->s3_trouble);
}

static void tell_state(struct pl_export *e)
{
	struct pl_export_status status;
	bool changed;

	mqtt_status(e, &status);
	changed = log_state(e, "export.mqtt", "MQTT", &status, &e->mqtt_connected, e->mqtt_told,
			    sizeof(e->mqtt_told));
	s3_status(e, &status);
	if (log_state(e, "export.s3", "S3", &status, &e->s3_connected, e->s3_told,
		      sizeof(e->s3_told)) ||
	    changed)
		pl_control_export_changed(e->control);
}

static int on_wake(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct pl_export *e = userdata;
	struct done *done;
	uint64_t n;

	if (read(fd, &n, sizeof(n)) < 0)
		return 0;
	for (;;) {
		pthread_mutex_lock(&e->lock);
		done = e->done;
		if (done)
			e->done = done->next;
		pthread_mutex_unlock(&e->lock);
		if (!done)
			break;
		tell_upload(e, done);
		free(done);
	}
	tell_state(e);
	return 0;
}

/* --- definitions ------------------------------------------------------------------------------ */

static bool same_mqtt(const struct pl_mqtt_def *a, const struct pl_mqtt_def *b)
{
	return a->enabled == b->enabled && strcmp(a->host, b->host) == 0 && a->port == b->port &&
	       a->tls == b->tls && strcmp(a->ca_file, b->ca_file) == 0 &&
	       strcmp(a->certificate_file, b->certificate_file) == 0 &&
	       strcmp(a->key_file, b->key_file) == 0 && strcmp(a->user_name, b->user_name) == 0 &&
	       strcmp(a->password, b->password) == 0 && strcmp(a->client_id, b->client_id) == 0 &&
	       strcmp(a->device_id, b->device_id) == 0 && strcmp(a->topic, b->topic) == 0 &&
	       strcmp(a->availability_topic, b->availability_topic) == 0 &&
	       a->keepalive_s == b->keepalive_s && a->queue_max == b->queue_max;
}

static bool same_s3(const struct pl_s3_def *a, const struct pl_s3_def *b)
{
	return a->enabled == b->enabled && strcmp(a->endpoint, b->endpoint) == 0 &&
	       strcmp(a->region, b->region) == 0 && strcmp(a->bucket, b->bucket) == 0 &&
	       a->path_style == b->path_style && strcmp(a->prefix, b->prefix) == 0 &&
	       strcmp(a->access_key, b->access_key) == 0 &&
	       strcmp(a->secret_key, b->secret_key) == 0 && strcmp(a->ca_file, b->ca_file) == 0 &&
	       a->presign_s == b->presign_s && a->delete_local == b->delete_local &&
	       a->part_bytes == b->part_bytes;
}

/** What is left empty has the machine's name: a session that the broker keeps needs one. */
static void name_mqtt(struct pl_mqtt_def *def)
{
	char host[sizeof(def->device_id)] = "";

	/* a name that is cut short has no end */
	if (gethostname(host, sizeof(host) - 1) < 0 || !host[0])
		snprintf(host, sizeof(host), "partyline");
	if (!def->device_id[0])
		snprintf(def->device_id, sizeof(def->device_id), "%s", host);
	if (!def->client_id[0])
		snprintf(def->client_id, sizeof(def->client_id), "%s", def->device_id);
}

static void start_mqtt(struct pl_export *e, const struct pl_mqtt_def *def)
{
	int r;

	e->mqtt = pl_mqtt_free(e->mqtt);
	e->mqtt_spool = pl_spool_close(e->mqtt_spool);
	e->mqtt_def = *def;
	e->mqtt_trouble[0] = '\0';
	if (!def->enabled)
		return;
	r = open_spool(e, "mqtt", def->queue_max, &e->mqtt_spool);
	if (r < 0) {
		snprintf(e->mqtt_trouble, sizeof(e->mqtt_trouble),
			 "the queue below the state directory cannot be opened: %s", strerror(-r));
		return;
	}
	r = pl_mqtt_new(def, e->mqtt_spool, on_changed, e, &e->mqtt);
	if (r < 0)
		snprintf(e->mqtt_trouble, sizeof(e->mqtt_trouble), "MQTT cannot start: %s",
			 r == -EINVAL ? "see client_id, topic and availability_topic in the "
					"configuration"
				      : strerror(-r));
}

static void start_s3(struct pl_export *e, const struct pl_s3_def *def)
{
	const struct pl_s3_listener listener = {on_changed, on_uploaded, e};
	int r;

	e->s3 = pl_s3_free(e->s3);
	/* what it has uploaded until now is told while its queue is there */
	on_wake(e->source, e->wake, 0, e);
	e->s3_spool = pl_spool_close(e->s3_spool);
	e->s3_def = *def;
	e->s3_place.host[0] = '\0';
	e->s3_trouble[0] = '\0';
	if (!def->enabled)
		return;
	r = open_spool(e, "s3", 0, &e->s3_spool);
	if (r < 0) {
		snprintf(e->s3_trouble, sizeof(e->s3_trouble),
			 "the queue below the state directory cannot be opened: %s", strerror(-r));
		return;
	}
	r = pl_s3_place_find(def, &e->s3_place);
	if (r == 0)
		r = pl_s3_new(def, e->s3_spool, &listener, &e->s3);
	if (r < 0)
		snprintf(e->s3_trouble, sizeof(e->s3_trouble), "S3 cannot start: %s",
			 r == -EINVAL ? "s3.endpoint in the configuration is no URL like "
					"https://s3.example.org"
				      : strerror(-r));
}

static int apply(void *export, const struct pl_gateway *before, const struct pl_gateway *after)
{
	struct pl_export *e = export;
	struct pl_mqtt_def mqtt = after->mqtt;

	/* What cannot start is told by its status; the rest of the gateway goes on. */
	name_mqtt(&mqtt);
	if (!before || !same_mqtt(&e->mqtt_def, &mqtt))
		start_mqtt(e, &mqtt);
	if (!before || !same_s3(&e->s3_def, &after->s3))
		start_s3(e, &after->s3);
	tell_state(e);
	return 0;
}

/* --- life ------------------------------------------------------------------------------------- */

int pl_export_new(sd_event *event, struct pl_control *control,
		  const struct pl_export_options *options, struct pl_export **ret_export)
{
	struct pl_export *e;
	int r;

	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->control = control;
	e->log = options->log;
	snprintf(e->state_directory, sizeof(e->state_directory), "%s", options->state_directory);
	pthread_mutex_init(&e->lock, NULL);
	e->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = e->wake < 0 ? -errno : sd_event_add_io(event, &e->source, e->wake, EPOLLIN, on_wake, e);
	if (r < 0) {
		pl_export_free(e);
		return r;
	}
	*ret_export = e;
	return 0;
}

struct pl_export *pl_export_free(struct pl_export *e)
{
	if (!e)
		return NULL;
	pl_mqtt_free(e->mqtt);
	pl_s3_free(e->s3);
	/* uploads that the loop has not heard of are still in the queue */
	for (struct done *done = e->done, *next; done; done = next) {
		next = done->next;
		free(done);
	}
	pl_spool_close(e->mqtt_spool);
	pl_spool_close(e->s3_spool);
	sd_event_source_unref(e->source);
	if (e->wake >= 0)
		close(e->wake);
	pthread_mutex_destroy(&e->lock);
	free(e);
	return NULL;
}

const struct pl_export_ops *pl_export_ops(void)
{
	static const struct pl_export_ops ops = {
		.apply = apply,
		.page = page,
		.clip = clip,
		.mqtt_status = mqtt_status,
		.s3_status = s3_status,
	};

	return &ops;
}
