/* SPDX-License-Identifier: MIT */
#include "discover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "publisher.h"

struct pl_discover {
	struct pl_control *control;
	struct pl_log *log;
	struct pl_listener listener;
	struct pl_publisher *publisher;
	struct pl_service service;
	struct pl_publisher_status status;
};

static void log_status(struct pl_discover *discover)
{
	const struct pl_publisher_status *status = &discover->status;
	struct json_object *data = json_object_new_object();

	if (data && status->name[0]) {
		json_object_object_add(data, "name", json_object_new_string(status->name));
		json_object_object_add(data, "port", json_object_new_int(discover->service.port));
	}
	if (status->name[0])
		pl_log_event(discover->log, PL_LOG_INFO, "discover.published", data,
			     "Announced in the network as \"%s\"", status->name);
	else if (status->trouble[0])
		pl_log_event(discover->log, PL_LOG_WARNING, "discover.waiting", data,
			     "Not announced in the network: %s", status->trouble);
	else
		pl_log_event(discover->log, PL_LOG_INFO, "discover.withdrawn", data,
			     "No longer announced in the network");
}

static void on_changed(void *userdata)
{
	struct pl_discover *discover = userdata;
	struct pl_publisher_status status;

	pl_publisher_read(discover->publisher, &status);
	if (strcmp(status.name, discover->status.name) == 0 &&
	    strcmp(status.trouble, discover->status.trouble) == 0)
		return;
	discover->status = status;
	log_status(discover);
}

static bool is_wanted(const struct pl_config *config)
{
	if (strcmp(config->discover_publish, "auto") == 0)
		return !pl_config_is_loopback(config->http_address);
	return strcmp(config->discover_publish, "always") == 0;
}

static void update(struct pl_discover *discover)
{
	const struct pl_config *config = pl_control_config(discover->control);
	const struct pl_model *model = pl_control_model(discover->control);
	struct pl_service *service = &discover->service;
	int r;

	service->publish = is_wanted(config);
	snprintf(service->name, sizeof(service->name), "%s", config->discover_name);
	snprintf(service->address, sizeof(service->address), "%s", config->http_address);
	service->n_tablets = model->n_tablets;
	service->n_channels = model->n_channels;
	r = pl_publisher_set(discover->publisher, service);
	if (r < 0)
		pl_log_error(discover->log, "discover.error", r, NULL, NULL,
			     "Not announced in the network");
}

static void on_event(void *userdata, const struct pl_event *event)
{
	if (event->type == PL_EVENT_CONFIG_RELOADED)
		update(userdata);
}

static const char *get_name(void *userdata)
{
	struct pl_discover *discover = userdata;

	return discover->status.name;
}

static const char *get_trouble(void *userdata)
{
	struct pl_discover *discover = userdata;

	return discover->status.trouble;
}

int pl_discover_new(sd_event *event, struct pl_control *control,
		    const struct pl_discover_options *options, struct pl_discover **ret_discover)
{
	static const struct pl_discover_ops ops = {.name = get_name, .trouble = get_trouble};
	struct pl_discover *discover;
	int r;

	discover = calloc(1, sizeof(*discover));
	if (!discover)
		return -ENOMEM;
	discover->control = control;
	discover->log = options->log;
	discover->service.port = options->port;
	discover->service.tls = options->tls;
	pl_service_id(pl_control_config(control)->state_directory, discover->service.id);
	r = pl_publisher_new(event, on_changed, discover, &discover->publisher);
	if (r < 0) {
		free(discover);
		return r;
	}
	discover->listener = (struct pl_listener){.on_event = on_event, .userdata = discover};
	pl_control_add_listener(control, &discover->listener);
	pl_control_set_discover(control, &ops, discover);
	update(discover);
	*ret_discover = discover;
	return 0;
}

struct pl_discover *pl_discover_free(struct pl_discover *discover)
{
	if (!discover)
		return NULL;
	pl_control_set_discover(discover->control, NULL, NULL);
	pl_control_remove_listener(discover->control, &discover->listener);
	pl_publisher_free(discover->publisher);
	free(discover);
	return NULL;
}
