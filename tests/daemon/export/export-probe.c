/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mqtt.h"
#include "s3-request.h"
#include "s3.h"

/**
 * The clients by hand: export-probe mqtt|s3 QUEUE NAME=VALUE…, names as in the configuration.
 * Lines on stdin:
 *	put TOPIC PAYLOAD | put FILE KEY   queue an item: "queued N"
 *	presign KEY                        "url URL"
 * On stdout: "state CONNECTED QUEUED SENT DROPPED TROUBLE" at every change, "uploaded KEY".
 * Ends with stdin.
 */

/* The client's own thread prints its states too, in the order in which they are; before these are
 * set it has none to print. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct pl_mqtt *mqtt;
static struct pl_s3 *s3;
static struct pl_spool *spool;

static void print_state(void *userdata)
{
	struct pl_export_status status = {0};

	pthread_mutex_lock(&lock);
	if (mqtt)
		pl_mqtt_status(mqtt, &status);
	else if (s3)
		pl_s3_status(s3, &status);
	if (!mqtt && !s3) {
		pthread_mutex_unlock(&lock);
		return;
	}
	printf("state %d %llu %llu %llu %s\n", status.connected,
	       (unsigned long long)status.n_queued, (unsigned long long)status.n_sent,
	       (unsigned long long)status.n_dropped, status.trouble);
	fflush(stdout);
	pthread_mutex_unlock(&lock);
}

/** From now on states are printed; the first are over by then. */
static void have(struct pl_mqtt *the_mqtt, struct pl_s3 *the_s3)
{
	pthread_mutex_lock(&lock);
	mqtt = the_mqtt;
	s3 = the_s3;
	pthread_mutex_unlock(&lock);
	print_state(NULL);
}

static void on_uploaded(void *userdata, uint64_t id, const struct pl_s3_item *item)
{
	pl_spool_remove(spool, id);
	printf("uploaded %s\n", item->key);
	fflush(stdout);
}

static const char *value_of(char **args, const char *name, const char *otherwise)
{
	size_t n = strlen(name);

	for (; *args; args++)
		if (strncmp(*args, name, n) == 0 && (*args)[n] == '=')
			return *args + n + 1;
	return otherwise;
}

#define TAKE(field, name, otherwise)                                                               \
	snprintf(field, sizeof(field), "%s", value_of(args, name, otherwise))

static int start_mqtt(char **args)
{
	struct pl_mqtt *made = NULL;
	int r;
	struct pl_mqtt_def def = {
		.enabled = true,
		.port = (uint16_t)strtoul(value_of(args, "port", "1883"), NULL, 10),
		.keepalive_s = 60,
		.tls = strtoul(value_of(args, "tls", "0"), NULL, 10) != 0,
	};

	TAKE(def.host, "host", "127.0.0.1");
	TAKE(def.ca_file, "ca_file", "");
	TAKE(def.certificate_file, "certificate_file", "");
	TAKE(def.key_file, "key_file", "");
	TAKE(def.user_name, "user_name", "");
	TAKE(def.password, "password", "");
	TAKE(def.client_id, "client_id", "probe");
	TAKE(def.device_id, "device_id", "probe");
	TAKE(def.availability_topic, "availability_topic", "from/device/%s/availability");
	r = pl_mqtt_new(&def, spool, print_state, NULL, &made);
	if (r == 0)
		have(made, NULL);
	return r;
}

static struct pl_s3_def s3_def;

static int start_s3(char **args)
{
	const struct pl_s3_listener listener = {print_state, on_uploaded, NULL};
	struct pl_s3 *made = NULL;
	int r;

	s3_def = (struct pl_s3_def){
		.enabled = true,
		.path_style = strtoul(value_of(args, "path_style", "1"), NULL, 10) != 0,
		.presign_s = (uint32_t)strtoul(value_of(args, "presign_s", "60"), NULL, 10),
		.part_bytes = strtoull(value_of(args, "part_bytes", "16777216"), NULL, 10),
	};
	TAKE(s3_def.endpoint, "endpoint", "");
	TAKE(s3_def.region, "region", "us-east-1");
	TAKE(s3_def.bucket, "bucket", "clips");
	TAKE(s3_def.access_key, "access_key", "");
	TAKE(s3_def.secret_key, "secret_key", "");
	TAKE(s3_def.ca_file, "ca_file", "");
	r = pl_s3_new(&s3_def, spool, &listener, &made);
	if (r == 0)
		have(NULL, made);
	return r;
}

static int put(char *words)
{
	char *second = strchr(words, ' ');
	char *text = NULL;
	int r;

	if (!second)
		return -EINVAL;
	*second++ = '\0';
	if (mqtt) {
		if (asprintf(&text, "%s\n%s", words, second) < 0)
			return -ENOMEM;
	} else {
		struct pl_s3_item item = {.message_id = "probe"};

		snprintf(item.file, sizeof(item.file), "%.4000s", words);
		snprintf(item.key, sizeof(item.key), "%.500s", second);
		text = pl_s3_item_to_text(&item);
	}
	r = text ? pl_spool_put(spool, text, strlen(text)) : -ENOMEM;
	free(text);
	if (r == 0)
		printf("queued %llu\n", (unsigned long long)pl_spool_count(spool));
	fflush(stdout);
	if (r == 0 && mqtt)
		pl_mqtt_wake(mqtt);
	if (r == 0 && s3)
		pl_s3_wake(s3);
	return r;
}

static int presign(const char *key)
{
	struct pl_s3_place place;
	char url[4096];
	int r;

	r = pl_s3_place_find(&s3_def, &place);
	if (r == 0)
		r = pl_s3_presign(&s3_def, &place, key, time(NULL), url, sizeof(url));
	if (r == 0)
		printf("url %s\n", url);
	fflush(stdout);
	return r;
}

int main(int argc, char *argv[])
{
	char line[8192];
	int r;

	if (argc < 3)
		return 2;
	r = pl_spool_open(argv[2], strtoull(value_of(argv + 3, "queue_max", "0"), NULL, 10),
			  &spool);
	if (r == 0)
		r = strcmp(argv[1], "mqtt") == 0 ? start_mqtt(argv + 3) : start_s3(argv + 3);
	while (r == 0 && fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "put ", 4) == 0)
			r = put(line + 4);
		else if (strncmp(line, "presign ", 8) == 0)
			r = presign(line + 8);
	}
	pl_mqtt_free(mqtt);
	pl_s3_free(s3);
	pl_spool_close(spool);
	if (r < 0)
		fprintf(stderr, "export-probe: %s\n", strerror(-r));
	return r < 0;
}
