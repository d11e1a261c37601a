/* SPDX-License-Identifier: MIT */
#include "main-gateway.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "export.h"
#include "gateway.h"
#include "gpio.h"
#include "page.h"
#include "streams.h"

/** Meters change every quantum; a lamp that is 20 ms late nobody sees. */
#define OUTPUTS_USEC (20u * 1000u)

struct pl_main_gateway {
	struct pl_control *control;
	struct pl_engine *engine; /* borrowed */
	struct pl_log *log;
	struct pl_listener listener;
	sd_event_source *outputs_timer;
	struct pl_gateway_parts parts;
	struct pl_export *export;
	struct pl_streams *streams;
	struct pl_gpio *gpio;
	struct pl_pages *pages;
};

/* --- output lines ------------------------------------------------------------------ */

static int on_outputs_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct pl_main_gateway *gateway = userdata;

	pl_control_run_outputs(gateway->control);
	sd_event_source_set_time_relative(source, OUTPUTS_USEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/** Nothing wakes up for lamps that nobody has. */
static void wind_outputs_timer(struct pl_main_gateway *gateway)
{
	bool wanted = gateway->parts.gpio_ops && pl_control_has_outputs(gateway->control);

	sd_event_source_set_time_relative(gateway->outputs_timer, OUTPUTS_USEC);
	sd_event_source_set_enabled(gateway->outputs_timer,
				    wanted ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

static void on_control_event(void *userdata, const struct pl_event *event)
{
	struct pl_main_gateway *gateway = userdata;
	const char *trouble = pl_control_gateway_trouble(gateway->control);

	if (event->type != PL_EVENT_GATEWAY)
		return;
	wind_outputs_timer(gateway);
	if (trouble[0])
		pl_log_event(gateway->log, PL_LOG_WARNING, "gateway.trouble", NULL, "%s", trouble);
}

/* --- pages ---------------------------------------------------------------------------- */

static void on_page_changed(void *userdata, const struct pl_page_record *record, bool began,
			    const char *clip_path)
{
	struct pl_main_gateway *gateway = userdata;

	pl_control_page_changed(gateway->control, record, began, clip_path);
}

static void on_pages_changed(void *userdata)
{
	struct pl_main_gateway *gateway = userdata;

	pl_control_pages_changed(gateway->control);
}

static int start_pages(struct pl_main_gateway *gateway,
		       const struct pl_main_gateway_options *options)
{
	const struct pl_pages_options pages_options = {
		.event = options->event,
		.audio_ops = pl_engine_get_audio_ops(),
		.audio = options->engine,
		.log = options->log,
		.state_directory = pl_control_config(options->control)->state_directory,
		.on_changed = on_page_changed,
		.on_state = on_pages_changed,
		.userdata = gateway,
	};
	int r = pl_pages_new(&pages_options, &gateway->pages);

	if (r < 0)
		return r;
	gateway->parts.page_ops = pl_pages_ops();
	gateway->parts.pages = gateway->pages;
	return 0;
}

/* --- streams ------------------------------------------------------------------------ */

static void on_stream_changed(void *userdata, const char *id)
{
	struct pl_main_gateway *gateway = userdata;

	pl_control_stream_changed(gateway->control, id);
}

static int start_streams(struct pl_main_gateway *gateway,
			 const struct pl_main_gateway_options *options)
{
	const struct pl_streams_options streams_options = {
		.audio = pl_engine_get_audio_ops(),
		.engine = options->engine,
		.on_changed = on_stream_changed,
		.userdata = gateway,
	};
	int r = pl_streams_new(options->event, &streams_options, &gateway->streams);

	if (r < 0)
		return r;
	gateway->parts.stream_ops = pl_streams_get_ops();
	gateway->parts.streams = gateway->streams;
	return 0;
}

/* --- up and down -------------------------------------------------------------------- */

static int take_kept(const struct pl_main_gateway_options *options, char *ret_reason, size_t size)
{
	struct pl_gateway_kept kept;
	struct pl_state_report report;
	const char *trouble;
	int r;

	r = pl_state_file_load_gateway(options->state_file, &kept, &report);
	if (r < 0) {
		snprintf(ret_reason, size, "gateway.json in the state directory cannot be read: %s",
			 strerror(-r));
		return r;
	}
	for (unsigned i = 0; i < report.n_problems; i++)
		pl_log_error(options->log, "state.error", 0, report.problem[i], NULL,
			     "What was added to the gateway was not as it should be");
	r = pl_control_set_gateway_kept(options->control, &kept);
	pl_gateway_kept_done(&kept);
	if (r < 0) {
		snprintf(ret_reason, size, "%s", strerror(-r));
		return r;
	}
	trouble = pl_control_gateway_trouble(options->control);
	if (trouble[0])
		pl_log_event(options->log, PL_LOG_WARNING, "gateway.trouble", NULL, "%s", trouble);
	return 0;
}

static void on_tone(void *userdata, const struct pl_tone_event *event)
{
	struct pl_main_gateway *gateway = userdata;

	pl_control_tone_heard(gateway->control, event);
}

/** Each part makes itself here and fills its fields of gateway->parts. */
static int start_parts(struct pl_main_gateway *gateway,
		       const struct pl_main_gateway_options *options, char *ret_reason, size_t size)
{
	const struct pl_export_options export_options = {
		.state_directory = pl_control_config(options->control)->state_directory,
		.log = options->log,
	};
	int r;

	r = pl_export_new(options->event, options->control, &export_options, &gateway->export);
	if (r < 0) {
		snprintf(ret_reason, size, "MQTT and S3 cannot start: %s", strerror(-r));
		return r;
	}
	gateway->parts.export_ops = pl_export_ops();
	gateway->parts.export = gateway->export;

	r = pl_gpio_new(options->event, gateway->control, options->log, &gateway->gpio);
	if (r < 0) {
		snprintf(ret_reason, size, "GPIO lines cannot be used: %s", strerror(-r));
		return r;
	}
	gateway->parts.gpio_ops = pl_gpio_get_ops();
	gateway->parts.gpio = gateway->gpio;

	r = start_pages(gateway, options);
	if (r < 0) {
		snprintf(ret_reason, size, "pages cannot start: %s", strerror(-r));
		return r;
	}
	gateway->engine = options->engine;
	gateway->parts.tone_ops = pl_engine_get_tone_ops();
	gateway->parts.tones = options->engine;
	pl_engine_set_tone_listener(options->engine, on_tone, gateway);

	r = start_streams(gateway, options);
	if (r < 0) {
		snprintf(ret_reason, size, "network streams cannot start: %s", strerror(-r));
		return r;
	}

	r = pl_control_set_gateway_parts(gateway->control, &gateway->parts);
	if (r < 0)
		snprintf(ret_reason, size, "the gateway's parts cannot start: %s", strerror(-r));
	return r;
}

int pl_main_gateway_new(const struct pl_main_gateway_options *options,
			struct pl_main_gateway **ret_gateway, char *ret_reason, size_t size)
{
	struct pl_main_gateway *gateway;
	int r;

	r = take_kept(options, ret_reason, size);
	if (r < 0)
		return r;
	gateway = calloc(1, sizeof(*gateway));
	if (!gateway) {
		snprintf(ret_reason, size, "no memory");
		return -ENOMEM;
	}
	gateway->control = options->control;
	gateway->log = options->log;
	r = start_parts(gateway, options, ret_reason, size);
	if (r < 0) {
		pl_main_gateway_free(gateway);
		return r;
	}
	r = sd_event_add_time_relative(options->event, &gateway->outputs_timer, CLOCK_MONOTONIC,
				       OUTPUTS_USEC, OUTPUTS_USEC / 20, on_outputs_timer, gateway);
	if (r < 0) {
		snprintf(ret_reason, size, "%s", strerror(-r));
		pl_main_gateway_free(gateway);
		return r;
	}
	wind_outputs_timer(gateway);
	gateway->listener = (struct pl_listener){.on_event = on_control_event, .userdata = gateway};
	pl_control_add_listener(gateway->control, &gateway->listener);
	*ret_gateway = gateway;
	return 0;
}

struct pl_main_gateway *pl_main_gateway_free(struct pl_main_gateway *gateway)
{
	static const struct pl_gateway_parts none;

	if (!gateway)
		return NULL;
	if (gateway->listener.on_event)
		pl_control_remove_listener(gateway->control, &gateway->listener);
	sd_event_source_disable_unref(gateway->outputs_timer);
	if (gateway->engine)
		pl_engine_set_tone_listener(gateway->engine, NULL, NULL);
	/* Nobody is called any more; then each part may go, last made first. */
	pl_control_set_gateway_parts(gateway->control, &none);
	pl_pages_free(gateway->pages);
	pl_streams_free(gateway->streams);
	pl_gpio_free(gateway->gpio);
	pl_export_free(gateway->export);
	free(gateway);
	return NULL;
}
