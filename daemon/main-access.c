/* SPDX-License-Identifier: MIT */
#include "main-access.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "access-store.h"
#include "config.h"

/** How often the certificate is looked after. */
#define CERTIFICATE_LOOK_USEC (60u * 1000u * 1000u)

struct pl_main_access {
	struct pl_control *control;
	struct pl_log *log;
	struct pl_access_store *store;
	struct pl_listener listener;
	sd_event_source *certificate_timer; /**< NULL: no TLS */
};

static void on_log(void *userdata, const char *event, const char *message)
{
	struct pl_main_access *access = userdata;

	if (strstr(event, ".error"))
		pl_log_error(access->log, event, 0, message, NULL, "Access is not as it should be");
	else
		pl_log_event(access->log, PL_LOG_INFO, event, NULL, "%s", message);
}

/** @return false when it is not as the configuration wants it; what there was stays */
static bool refresh_certificate(struct pl_main_access *access, char *ret_reason, size_t size)
{
	const struct pl_config *c = pl_control_config(access->control);
	const struct pl_tls_wishes wishes = {
		.certificate = c->tls_certificate,
		.key = c->tls_key,
		.names = (const char *const *)c->http_names,
		.n_names = c->n_http_names,
	};
	int r = pl_access_store_refresh(access->store, &wishes, ret_reason, size);

	if (r > 0)
		pl_log_event(access->log, PL_LOG_INFO, "auth.certificate", NULL, "TLS: %s",
			     ret_reason);
	return r >= 0;
}

/** A clock that was set, an address that came, time that runs out, new files: seen within a minute. */
static int on_certificate_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct pl_main_access *access = userdata;
	char reason[9000];

	if (!refresh_certificate(access, reason, sizeof(reason)))
		pl_log_error(access->log, "auth.error", 0, reason, NULL,
			     "The certificate stays as it was");
	sd_event_source_set_time_relative(source, CERTIFICATE_LOOK_USEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void on_control_event(void *userdata, const struct pl_event *event)
{
	struct pl_main_access *access = userdata;

	if (event->type == PL_EVENT_CONFIG_RELOADED)
		sd_event_source_set_time_relative(access->certificate_timer, 0);
}

static int start_tls(struct pl_main_access *access, sd_event *event, char *ret_reason, size_t size)
{
	int r;

	if (!refresh_certificate(access, ret_reason, size))
		return -EINVAL;
	r = sd_event_add_time_relative(event, &access->certificate_timer, CLOCK_MONOTONIC,
				       CERTIFICATE_LOOK_USEC, 0, on_certificate_timer, access);
	if (r < 0) {
		snprintf(ret_reason, size, "%s", strerror(-r));
		return r;
	}
	access->listener = (struct pl_listener){.on_event = on_control_event, .userdata = access};
	pl_control_add_listener(access->control, &access->listener);
	return 0;
}

int pl_main_access_new(sd_event *event, struct pl_control *control, struct pl_log *log,
		       struct pl_main_access **ret_access, char *ret_reason, size_t size)
{
	struct pl_main_access *access = calloc(1, sizeof(*access));
	const struct pl_config *c = pl_control_config(control);
	const struct pl_access_options options = {
		.state_directory = c->state_directory,
		.runtime_directory = c->runtime_directory,
		.on_log = on_log,
		.userdata = access,
	};
	int r;

	if (!access) {
		snprintf(ret_reason, size, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	access->control = control;
	access->log = log;
	r = pl_access_store_open(&options, &access->store, ret_reason, size);
	if (r >= 0) {
		pl_control_set_access(control, pl_access_store_ops(), access->store);
		if (pl_config_has_tls(c))
			r = start_tls(access, event, ret_reason, size);
	}
	if (r < 0) {
		pl_main_access_free(access);
		return r;
	}
	*ret_access = access;
	return 0;
}

struct pl_main_access *pl_main_access_free(struct pl_main_access *access)
{
	if (!access)
		return NULL;
	if (access->listener.on_event)
		pl_control_remove_listener(access->control, &access->listener);
	sd_event_source_disable_unref(access->certificate_timer);
	pl_control_set_access(access->control, NULL, NULL);
	pl_access_store_close(access->store);
	free(access);
	return NULL;
}
