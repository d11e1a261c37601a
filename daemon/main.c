/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "access-store.h"
#include "claims.h"
#include "config.h"
#include "control.h"
#include "discover.h"
#include "engine.h"
#include "face-dbus.h"
#include "face-http.h"
#include "json-strict.h"
#include "log-audit.h"
#include "log-events.h"
#include "log.h"
#include "main-about.h"
#include "main-gateway.h"
#include "main-listen.h"
#include "options.h"
#include "state-file.h"

/* Wires the layers and runs the loop; what happens is in them. */

/** sysexits.h: something in a configuration */
#define EXIT_CONFIG 78
#define EXIT_USAGE 2
/** How often the certificate is looked after. */
#define CERTIFICATE_LOOK_USEC (60u * 1000u * 1000u)

struct daemon {
	struct pl_options options;
	struct pl_config config;
	sd_event *event;
	struct pl_log *log;
	struct pl_log *audit_log;
	struct pl_log_audit *audit;
	struct pl_state_file *state_file;
	struct pl_engine *engine;
	struct pl_access_store *access;
	struct pl_control *control;
	struct pl_log_events *log_events;
	struct pl_listener listener;
	sd_event_source *talk_timer;
	sd_event_source *claims_timer;
	sd_event_source *certificate_timer; /**< NULL: no TLS */
	struct pl_face_http *face_http;
	struct pl_face_dbus *face_dbus;
	struct pl_discover *discover;
	struct pl_main_gateway *gateway;
	struct pl_main_listen *listen;
};

static const struct pl_actor actor_signal = {
	.face = "internal", .name = "SIGHUP", .role = PL_ROLE_ADMIN};

/** An error on the way up: to the log and, when the log does not go there, to stderr. */
static int fail_start(struct daemon *d, int r, const char *message)
{
	pl_log_error(d->log, "api.startup_error", r, message, NULL, "Partyline cannot start");
	sd_notifyf(0, "STATUS=Cannot start: %s\nERRNO=%d", message, -r);
	return r;
}

/* --- time-out timer of talk keys ---------------------------------------------- */

static int on_talk_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct daemon *d = userdata;
	uint64_t now, next;

	sd_event_now(d->event, CLOCK_MONOTONIC, &now);
	next = pl_control_run_timeouts(d->control, now);
	if (next == UINT64_MAX)
		return sd_event_source_set_enabled(source, SD_EVENT_OFF);
	sd_event_source_set_time(source, next);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/** Which key runs out next is looked up by the timer itself, outside of the verb. */
static void wind_talk_timer(struct daemon *d)
{
	sd_event_source_set_time(d->talk_timer, 0);
	sd_event_source_set_enabled(d->talk_timer, SD_EVENT_ONESHOT);
}

/* --- silence of who has a tablet ------------------------------------------------ */

static int on_claims_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct daemon *d = userdata;
	uint64_t now, next;

	sd_event_now(d->event, CLOCK_MONOTONIC, &now);
	next = pl_control_run_claims(d->control, now);
	if (next == UINT64_MAX)
		return sd_event_source_set_enabled(source, SD_EVENT_OFF);
	sd_event_source_set_time(source, next);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/** After everything else of a turn: what a machine that stood still has received is read first. */
static int add_claims_timer(struct daemon *d)
{
	int r = sd_event_add_time(d->event, &d->claims_timer, CLOCK_MONOTONIC, 0, 1000,
				  on_claims_timer, d);

	if (r >= 0)
		r = sd_event_source_set_priority(d->claims_timer, SD_EVENT_PRIORITY_IDLE);
	return r;
}

/* --- what control tells ---------------------------------------------------------- */

/** Mission Control's sanity check: said, and nothing else. */
static void compare_graph(struct daemon *d)
{
	const struct pl_config *config = pl_control_config(d->control);
	struct pl_meters_data meters;

	if (pl_control_read_meters(d->control, &meters) < 0 || meters.rate_hz == 0)
		return;
	if (config->fs_given && config->fs != meters.rate_hz)
		pl_log_event(d->log, PL_LOG_WARNING, "config.fs_differs", NULL,
			     "The configuration expects fs %u, the graph runs at %u Hz", config->fs,
			     meters.rate_hz);
	if (config->frame_size_given && config->frame_size != meters.quantum)
		pl_log_event(d->log, PL_LOG_WARNING, "config.frame_size_differs", NULL,
			     "The configuration expects frame_size %u, the graph's quantum is %u",
			     config->frame_size, meters.quantum);
}

static void on_control_event(void *userdata, const struct pl_event *event)
{
	struct daemon *d = userdata;

	switch (event->type) {
	case PL_EVENT_KEY_DOWN:
	case PL_EVENT_MATRIX:
		if (event->after->talk_timeout_s > 0.0)
			wind_talk_timer(d);
		break;
	case PL_EVENT_CLAIM:
		sd_event_source_set_time(d->claims_timer, 0);
		sd_event_source_set_enabled(d->claims_timer, SD_EVENT_ONESHOT);
		break;
	case PL_EVENT_CONFIG_RELOADED:
		if (d->certificate_timer)
			sd_event_source_set_time_relative(d->certificate_timer, 0);
		compare_graph(d);
		break;
	case PL_EVENT_ENGINE:
		compare_graph(d);
		break;
	default:
		break;
	}
}

static void on_face_log(void *userdata, const char *event, const char *message,
			const char *data_json)
{
	struct daemon *d = userdata;
	struct json_object *data = NULL;
	enum pl_log_level level = PL_LOG_INFO;
	char reason[64];

	if (data_json)
		pl_json_parse(data_json, strlen(data_json), &data, reason, sizeof(reason));
	if (strcmp(event, "health.check") == 0)
		level = PL_LOG_DEBUG;
	else if (strstr(event, ".error"))
		level = PL_LOG_ERROR;
	pl_log_event(d->log, level, event, data, "%s", message ? message : "");
}

/* --- signals ---------------------------------------------------------------------- */

static int on_end_signal(sd_event_source *source, const struct signalfd_siginfo *info,
			 void *userdata)
{
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int on_reload_signal(sd_event_source *source, const struct signalfd_siginfo *info,
			    void *userdata)
{
	struct daemon *d = userdata;
	struct pl_error error;
	uint64_t now;
	int r;

	sd_event_now(d->event, CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)now);
	r = pl_control_reload_config(d->control, &actor_signal, &error);
	if (r < 0)
		pl_log_error(d->log, "config.reload.error", r, error.message, NULL,
			     "The configuration was not reloaded; nothing has changed");
	sd_notify(0, "READY=1");
	return 0;
}

static int add_signals(struct daemon *d)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
	sigset_t set;
	int r = 0;

	sigemptyset(&set);
	for (unsigned i = 0; i < 3; i++)
		sigaddset(&set, numbers[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; r >= 0 && i < 3; i++)
		r = sd_event_add_signal(d->event, NULL, numbers[i],
					numbers[i] == SIGHUP ? on_reload_signal : on_end_signal, d);
	return r;
}

/* --- up and down -------------------------------------------------------------------- */

static int start_log(struct daemon *d)
{
	const struct pl_config *c = &d->config;
	struct pl_log_options options = {
		.service = c->log_service,
		.file = c->log_file,
		.rotate_bytes = c->log_rotate_bytes,
		.keep_days = c->log_keep_days,
		/* systemd sends stderr to the journal: not everything twice */
		.to_stderr = !getenv("JOURNAL_STREAM"),
		.to_journal = true,
		.keep_tail = true,
	};
	int r;

	pl_log_level_from_name(c->log_level, &options.level);
	r = pl_log_new(&options, &d->log);
	if (r < 0 && d->log)
		pl_log_error(d->log, "log.error", r, NULL, NULL,
			     "The log file \"%s\" cannot be written for now", c->log_file);
	return d->log ? 0 : r;
}

/** Of its own level and file, so that neither a level nor the other records cost any of it. */
static int start_audit(struct daemon *d)
{
	const struct pl_config *c = &d->config;
	const struct pl_log_options options = {
		.service = c->log_service,
		.file = c->log_audit_file,
		.level = PL_LOG_DEBUG,
		.rotate_bytes = c->log_rotate_bytes,
		.keep_days = c->log_keep_days,
		.to_journal = true,
	};
	int r;

	r = pl_log_new(&options, &d->audit_log);
	if (r < 0 && d->audit_log)
		pl_log_error(d->log, "log.error", r, NULL, NULL,
			     "The audit log \"%s\" cannot be written; going on without it",
			     c->log_audit_file);
	if (!d->audit_log)
		return fail_start(d, r, strerror(-r));
	r = pl_log_audit_new(d->control, d->audit_log, &d->audit);
	return r < 0 ? fail_start(d, r, strerror(-r)) : 0;
}

static int start_state(struct daemon *d, struct pl_model *ret_model)
{
	const struct pl_config *c = &d->config;
	struct pl_state_report report;
	char reason[9000];
	int r;

	r = pl_state_file_open(c->state_directory, c->runtime_directory, &d->state_file, reason,
			       sizeof(reason));
	if (r < 0)
		return fail_start(d, r, reason);
	r = pl_state_file_load(d->state_file, c->n_tablets, c->n_channels, c->headroom_db,
			       ret_model, &report);
	if (r < 0) {
		snprintf(reason, sizeof(reason), "the state in \"%s\" cannot be read: %s",
			 c->state_directory, strerror(-r));
		return fail_start(d, r, reason);
	}
	for (unsigned i = 0; i < report.n_problems; i++)
		pl_log_error(d->log, "state.error", 0, report.problem[i], NULL,
			     "The kept state was not as it should be");
	return 0;
}

static void on_engine_changed(void *userdata)
{
	struct daemon *d = userdata;

	if (d->control)
		pl_control_engine_changed(d->control);
}

static void on_devices_changed(void *userdata)
{
	struct daemon *d = userdata;

	if (d->control)
		pl_control_devices_changed(d->control);
}

static int start_engine(struct daemon *d)
{
	struct pl_engine_options options = {
		.remote = d->config.pipewire_remote,
		.n_tablets = d->config.n_tablets,
		.n_channels = d->config.n_channels,
		.log = d->log,
		.on_changed = on_engine_changed,
		.on_devices_changed = on_devices_changed,
		.userdata = d,
	};
	int r;

	r = pl_engine_new(d->event, &options, &d->engine);
	return r < 0 ? fail_start(d, r, "PipeWire's library cannot be used") : 0;
}

static void on_log_record(void *userdata)
{
	struct daemon *d = userdata;

	pl_control_log_changed(d->control);
}

static int start_control(struct daemon *d, const struct pl_model *model)
{
	int r;

	r = pl_control_new(&d->config, model, pl_engine_get_ops(), d->engine,
			   pl_state_file_keeper(), d->state_file, &d->control);
	if (r < 0)
		return fail_start(d, r, strerror(-r));
	pl_main_tell_about(d->control);
	pl_control_set_log(d->control, pl_log_get_ops(), d->log);
	pl_log_set_listener(d->log, on_log_record, d);
	r = pl_log_events_new(d->control, d->log, &d->log_events);
	if (r < 0)
		return fail_start(d, r, strerror(-r));
	r = sd_event_add_time(d->event, &d->talk_timer, CLOCK_MONOTONIC, 0, 0, on_talk_timer, d);
	if (r >= 0)
		r = add_claims_timer(d);
	if (r < 0)
		return fail_start(d, r, strerror(-r));
	d->listener = (struct pl_listener){.on_event = on_control_event, .userdata = d};
	pl_control_add_listener(d->control, &d->listener);
	return 0;
}

static void on_access_log(void *userdata, const char *event, const char *message)
{
	struct daemon *d = userdata;

	if (strstr(event, ".error"))
		pl_log_error(d->log, event, 0, message, NULL, "Access is not as it should be");
	else
		pl_log_event(d->log, PL_LOG_INFO, event, NULL, "%s", message);
}

/** @return false when it is not as the configuration wants it; what there was stays */
static bool refresh_certificate(struct daemon *d, char *ret_reason, size_t size)
{
	const struct pl_config *c = pl_control_config(d->control);
	const struct pl_tls_wishes wishes = {
		.certificate = c->tls_certificate,
		.key = c->tls_key,
		.names = (const char *const *)c->http_names,
		.n_names = c->n_http_names,
	};
	int r = pl_access_store_refresh(d->access, &wishes, ret_reason, size);

	if (r > 0)
		pl_log_event(d->log, PL_LOG_INFO, "auth.certificate", NULL, "TLS: %s", ret_reason);
	return r >= 0;
}

/** A clock that was set, an address that came, time that runs out, new files: seen within a minute. */
static int on_certificate_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct daemon *d = userdata;
	char reason[9000];

	if (!refresh_certificate(d, reason, sizeof(reason)))
		pl_log_error(d->log, "auth.error", 0, reason, NULL,
			     "The certificate stays as it was");
	sd_event_source_set_time_relative(source, CERTIFICATE_LOOK_USEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int start_access(struct daemon *d)
{
	const struct pl_access_options options = {
		.state_directory = d->config.state_directory,
		.runtime_directory = d->config.runtime_directory,
		.on_log = on_access_log,
		.userdata = d,
	};
	char reason[9000];
	int r;

	r = pl_access_store_open(&options, &d->access, reason, sizeof(reason));
	if (r < 0)
		return fail_start(d, r, reason);
	pl_control_set_access(d->control, pl_access_store_ops(), d->access);
	if (!pl_config_has_tls(&d->config))
		return 0;
	if (!refresh_certificate(d, reason, sizeof(reason)))
		return fail_start(d, -EINVAL, reason);
	r = sd_event_add_time_relative(d->event, &d->certificate_timer, CLOCK_MONOTONIC,
				       CERTIFICATE_LOOK_USEC, 0, on_certificate_timer, d);
	return r < 0 ? fail_start(d, r, strerror(-r)) : 0;
}

static int start_gateway(struct daemon *d)
{
	const struct pl_main_gateway_options options = {
		.event = d->event,
		.control = d->control,
		.engine = d->engine,
		.state_file = d->state_file,
		.log = d->log,
	};
	char reason[512];
	int r;

	r = pl_main_gateway_new(&options, &d->gateway, reason, sizeof(reason));
	return r < 0 ? fail_start(d, r, reason) : 0;
}

static int start_listen(struct daemon *d)
{
	int r = pl_main_listen_new(d->event, d->control, d->engine, &d->listen);

	return r < 0 ? fail_start(d, r, strerror(-r)) : 0;
}

static int start_http(struct daemon *d)
{
	const struct pl_config *c = &d->config;
	struct pl_face_http_options options = {
		.is_system = d->options.system_bus,
		.on_log = on_face_log,
		.log_userdata = d,
	};
	char reason[256];
	int r;

	r = pl_face_http_new(d->event, d->control, &options, &d->face_http);
	if (r >= 0)
		return 0;
	if (r == -EADDRINUSE)
		snprintf(reason, sizeof(reason),
			 "port %u on %s is in use by another program; stop it, or give another "
			 "with --port or http.port",
			 c->http_port, c->http_address);
	else if (r == -EINVAL || r == -EADDRNOTAVAIL)
		snprintf(reason, sizeof(reason),
			 "\"%s\" is not an IP address of this machine; see --address and "
			 "http.address",
			 c->http_address);
	else
		snprintf(reason, sizeof(reason), "HTTP at %s port %u: %s", c->http_address,
			 c->http_port, strerror(-r));
	return fail_start(d, r, reason);
}

static int start_faces(struct daemon *d)
{
	struct pl_face_dbus_options dbus_options = {
		.bus = d->options.system_bus ? PL_DBUS_SYSTEM : PL_DBUS_SESSION,
		.on_log = on_face_log,
		.log_userdata = d,
	};
	int r;

	r = start_http(d);
	if (r < 0)
		return r;
	r = pl_face_dbus_new(d->control, d->event, &dbus_options, &d->face_dbus);
	/* No bus is trouble for the bus's callers only. */
	if (r < 0)
		pl_log_error(d->log, "dbus.error", r, NULL, NULL, "There will be no D-Bus");
	return 0;
}

/** An intercom that is not announced is one all the same. */
static void start_discover(struct daemon *d)
{
	struct pl_discover_options options = {
		.port = pl_face_http_port(d->face_http),
		.tls = pl_face_http_has_tls(d->face_http),
		.log = d->log,
	};
	int r;

	r = pl_discover_new(d->event, d->control, &options, &d->discover);
	if (r < 0)
		pl_log_error(d->log, "discover.error", r, NULL, NULL,
			     "Not announced in the network");
}

static void stop(struct daemon *d)
{
	pl_discover_free(d->discover);
	pl_face_dbus_free(d->face_dbus);
	pl_face_http_free(d->face_http);
	pl_main_listen_free(d->listen);
	pl_main_gateway_free(d->gateway);
	if (d->control)
		pl_control_remove_listener(d->control, &d->listener);
	sd_event_source_disable_unref(d->talk_timer);
	sd_event_source_disable_unref(d->claims_timer);
	sd_event_source_disable_unref(d->certificate_timer);
	pl_log_audit_free(d->audit);
	pl_log_events_free(d->log_events);
	/* The engine speaks to control, and control to the engine: first the one that tells. */
	pl_engine_free(d->engine);
	if (d->log)
		pl_log_set_listener(d->log, NULL, NULL);
	pl_control_free(d->control);
	pl_access_store_close(d->access);
	pl_state_file_close(d->state_file);
	sd_event_unref(d->event);
	pl_log_free(d->audit_log);
	pl_log_free(d->log);
	pl_config_done(&d->config);
}

static int start(struct daemon *d)
{
	struct pl_model model;
	int r;

	r = start_log(d);
	if (r < 0) {
		fprintf(stderr, "partyline: %s\n", strerror(-r));
		return r;
	}
	r = sd_event_default(&d->event);
	if (r >= 0)
		r = add_signals(d);
	if (r >= 0)
		r = sd_event_set_watchdog(d->event, true);
	if (r < 0)
		return fail_start(d, r, strerror(-r));
	r = start_state(d, &model);
	if (r < 0)
		return r;
	r = start_engine(d);
	if (r < 0)
		return r;
	r = start_control(d, &model);
	if (r < 0)
		return r;
	/* Keys from before a crash may have a timer to run out. */
	wind_talk_timer(d);
	r = start_audit(d);
	if (r >= 0)
		r = start_access(d);
	if (r < 0)
		return r;
	r = start_gateway(d);
	if (r >= 0)
		r = start_listen(d);
	if (r >= 0)
		r = start_faces(d);
	if (r < 0)
		return r;
	start_discover(d);
	return 0;
}

static int run(struct daemon *d)
{
	struct json_object *data = json_object_new_object();
	const char *scheme = pl_face_http_has_tls(d->face_http) ? "https" : "http";
	int r;

	if (data) {
		json_object_object_add(data, "address",
				       json_object_new_string(d->config.http_address));
		json_object_object_add(data, "port",
				       json_object_new_int(pl_face_http_port(d->face_http)));
		json_object_object_add(data, "config", json_object_new_string(d->config.path));
	}
	pl_log_event(d->log, PL_LOG_INFO, "api.startup", data,
		     "Partyline " PL_VERSION " with %u tablets and %u channels at "
		     "%s://%s%s%s:%u",
		     d->config.n_tablets, d->config.n_channels, scheme,
		     strchr(d->config.http_address, ':') ? "[" : "", d->config.http_address,
		     strchr(d->config.http_address, ':') ? "]" : "",
		     pl_face_http_port(d->face_http));
	sd_notifyf(0, "READY=1\nSTATUS=%s://%s:%u", scheme, d->config.http_address,
		   pl_face_http_port(d->face_http));
	r = sd_event_loop(d->event);
	sd_notify(0, "STOPPING=1");
	if (r < 0)
		pl_log_error(d->log, "api.error", r, NULL, NULL, "The loop has failed");
	else
		pl_log_event(d->log, PL_LOG_INFO, "api.shutdown", NULL, "Partyline ends");
	return r;
}

int main(int argc, char *argv[])
{
	struct daemon d = {0};
	char reason[5000];
	int r;

	r = pl_options_parse(argc, argv, &d.options, reason, sizeof(reason));
	if (r < 0) {
		fprintf(stderr, "partyline: %s; see --help\n", reason);
		return EXIT_USAGE;
	}
	if (d.options.help || d.options.version) {
		fputs(d.options.help ? pl_options_help : "partyline " PL_VERSION "\n", stdout);
		return EXIT_SUCCESS;
	}
	r = pl_config_load(d.options.config_path, &d.config, reason, sizeof(reason));
	if (r < 0) {
		fprintf(stderr, "partyline: %s\n", reason);
		return EXIT_CONFIG;
	}
	if (d.options.check_config) {
		printf("%s: fine\n", d.config.path[0] ? d.config.path : "the defaults");
		pl_config_done(&d.config);
		return EXIT_SUCCESS;
	}
	pl_options_apply(&d.options, &d.config);
	r = start(&d);
	if (r >= 0)
		r = run(&d);
	stop(&d);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
