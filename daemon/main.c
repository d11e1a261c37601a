/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "config.h"
#include "control.h"
#include "engine.h"
#include "log-audit.h"
#include "log-events.h"
#include "log.h"
#include "main-about.h"
#include "main-access.h"
#include "main-faces.h"
#include "main-gateway.h"
#include "main-listen.h"
#include "main-timers.h"
#include "options.h"
#include "state-file.h"

/* Wires the layers and runs the loop; what happens is in them. */

/** sysexits.h: something in a configuration */
#define EXIT_CONFIG 78
#define EXIT_USAGE 2

struct daemon {
	struct pl_options options;
	struct pl_config config;
	sd_event *event;
	struct pl_log *log;
	struct pl_log *audit_log;
	struct pl_log_audit *audit;
	struct pl_state_file *state_file;
	struct pl_engine *engine;
	struct pl_control *control;
	struct pl_log_events *log_events;
	struct pl_listener listener;
	struct pl_main_timers *timers;
	struct pl_main_access *access;
	struct pl_main_gateway *gateway;
	struct pl_main_listen *listen;
	struct pl_main_faces *faces;
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
	if (event->type == PL_EVENT_CONFIG_RELOADED || event->type == PL_EVENT_ENGINE)
		compare_graph(userdata);
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
	if (r >= 0)
		r = pl_main_timers_new(d->event, d->control, &d->timers);
	if (r < 0)
		return fail_start(d, r, strerror(-r));
	d->listener = (struct pl_listener){.on_event = on_control_event, .userdata = d};
	pl_control_add_listener(d->control, &d->listener);
	return 0;
}

static int start_access(struct daemon *d)
{
	char reason[9000];
	int r = pl_main_access_new(d->event, d->control, d->log, &d->access, reason,
				   sizeof(reason));

	return r < 0 ? fail_start(d, r, reason) : 0;
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

static int start_faces(struct daemon *d)
{
	const struct pl_main_faces_options options = {
		.event = d->event,
		.control = d->control,
		.log = d->log,
		.system_bus = d->options.system_bus,
	};
	char reason[512];
	int r = pl_main_faces_new(&options, &d->faces, reason, sizeof(reason));

	return r < 0 ? fail_start(d, r, reason) : 0;
}

static void stop(struct daemon *d)
{
	pl_main_faces_free(d->faces);
	pl_main_listen_free(d->listen);
	pl_main_gateway_free(d->gateway);
	pl_main_access_free(d->access);
	if (d->control)
		pl_control_remove_listener(d->control, &d->listener);
	pl_main_timers_free(d->timers);
	pl_log_audit_free(d->audit);
	pl_log_events_free(d->log_events);
	/* The engine speaks to control, and control to the engine: first the one that tells. */
	pl_engine_free(d->engine);
	if (d->log)
		pl_log_set_listener(d->log, NULL, NULL);
	pl_control_free(d->control);
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
	return r;
}

static int run(struct daemon *d)
{
	struct json_object *data = json_object_new_object();
	const char *scheme = pl_main_faces_has_tls(d->faces) ? "https" : "http";
	int r;

	if (data) {
		json_object_object_add(data, "address",
				       json_object_new_string(d->config.http_address));
		json_object_object_add(data, "port",
				       json_object_new_int(pl_main_faces_port(d->faces)));
		json_object_object_add(data, "config", json_object_new_string(d->config.path));
	}
	pl_log_event(d->log, PL_LOG_INFO, "api.startup", data,
		     "Partyline " PL_VERSION " with %u tablets and %u channels at "
		     "%s://%s%s%s:%u",
		     d->config.n_tablets, d->config.n_channels, scheme,
		     strchr(d->config.http_address, ':') ? "[" : "", d->config.http_address,
		     strchr(d->config.http_address, ':') ? "]" : "", pl_main_faces_port(d->faces));
	sd_notifyf(0, "READY=1\nSTATUS=%s://%s:%u", scheme, d->config.http_address,
		   pl_main_faces_port(d->faces));
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
