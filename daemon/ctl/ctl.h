/* SPDX-License-Identifier: MIT */
#ifndef PL_CTL_H
#define PL_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>
#include <systemd/sd-bus.h>

/**
 * partylinectl: a client of org.partyline.Partyline1 (`discover`: of avahi-daemon). It decides
 * nothing that the daemon decides: it reads words, calls one member and prints what
 * comes back, as text or (--json) as JSON.
 */

#define CTL_NAME "org.partyline.Partyline1"
#define CTL_PATH "/org/partyline/Partyline1"
#define CTL_MANAGER CTL_NAME ".Manager"
#define CTL_MATRIX CTL_NAME ".Matrix"
#define CTL_CHANNEL CTL_NAME ".Channel"
#define CTL_TABLET CTL_NAME ".Tablet"
#define CTL_PROPERTIES "org.freedesktop.DBus.Properties"

/** Off, silence: dB */
#define CTL_DB_OFF (-240.0)

/** Exit codes; documented in `partylinectl --help`. */
enum ctl_exit {
	CTL_OK = 0,
	CTL_REFUSED = 1,       /**< Partyline refused; nothing has changed */
	CTL_USAGE = 2,         /**< the command line makes no sense */
	CTL_NOT_RUNNING = 3,   /**< no bus, or no Partyline on it */
	CTL_NOT_PERMITTED = 4, /**< the caller may not */
	CTL_UNWELL = 5,        /**< `status`: it runs, but something is wrong */
	CTL_WARNED = 6,        /**< `status`: it works, but somebody should look */
};

enum ctl_bus { CTL_BUS_AUTO, CTL_BUS_SESSION, CTL_BUS_SYSTEM };

/** Options that only some commands take: bits of ctl_command.options */
enum ctl_option {
	CTL_OPTION_HZ = 1 << 0,
	CTL_OPTION_IDS = 1 << 1,
	CTL_OPTION_LIMIT = 1 << 2,
	CTL_OPTION_ONCE = 1 << 3,
	CTL_OPTION_PORT = 1 << 4,
	CTL_OPTION_PRIORITY = 1 << 5,
	CTL_OPTION_WATCH = 1 << 6,
	CTL_OPTION_YES = 1 << 11,
	CTL_OPTION_WRITE = 1 << 12,
	CTL_OPTION_ALL = 1 << 7,
	CTL_OPTION_TIMEOUT = 1 << 8,
	CTL_OPTION_ROLE = 1 << 9,
	CTL_OPTION_EXPIRES = 1 << 10,
	CTL_OPTION_LOG = 1 << 13, /**< all of `log` */
};

struct ctl_command;

struct ctl {
	const struct ctl_command *command;
	enum ctl_bus bus_choice;
	sd_bus *bus; /**< NULL before ctl_connect() */
	bool is_system_bus;

	bool all;
	bool json;
	bool help;
	bool version;
	bool ids;
	bool once;
	bool watch;
	bool follow;
	bool yes;
	double hz;        /**< 0: the command's default */
	double timeout_s; /**< 0: the command's default */
	uint32_t limit;   /**< 0: everything */
	bool has_lines;
	uint32_t lines;
	uint32_t port;              /**< 0: all */
	uint32_t priority;          /**< default 1 */
	const char *role, *expires; /**< NULL: not given */
	const char *write;          /**< NULL: not given */
	const char *level, *event;  /**< NULL: not given */

	bool is_deferring; /**< keep messages back: the screen is not ours to write on */
	int deferred_code;
	char deferred_name[128], deferred_message[512];
};

#define CTL_ARGUMENTS_MAX 5u

struct ctl_command {
	const char *name;
	const char *arguments;   /**< as shown in the help: "TABLET [MODE]" */
	const char *summary;     /**< one line, no full stop */
	const char *description; /**< the rest of the help; "" for none */
	/** Completion of each argument: words parted by blanks; "@tablets", "@stream list" and the
	 * like for what these commands print with --ids; "" for none */
	const char *words[CTL_ARGUMENTS_MAX];
	int n_arguments_min, n_arguments_max;
	unsigned options; /**< enum ctl_option */
	bool is_busless;  /**< needs no Partyline on a bus of this machine */
	/** @return an enum ctl_exit; on an error the message is out */
	int (*run)(struct ctl *ctl, int n_arguments, char *arguments[]);
};

/** Sorted by name. */
extern const struct ctl_command ctl_commands[];
extern const size_t ctl_n_commands;
const struct ctl_command *ctl_command_find(const char *name);

struct ctl_option_info {
	const char *name;     /**< with its dashes */
	char short_name;      /**< 0: none */
	const char *argument; /**< NULL: takes none */
	const char *help;
	unsigned bit; /**< enum ctl_option; 0: every command takes it */
};
extern const struct ctl_option_info ctl_options[];
extern const size_t ctl_n_options;

void ctl_help(void);
void ctl_help_command(const struct ctl_command *command);
/** Print the completion file of a shell: "bash" or "zsh". */
int ctl_completion(const char *shell);
/** Print a list of the man page as mdoc: "commands" or "options". */
int ctl_man(const char *section);

/* --- the bus (bus.c): each returns an enum ctl_exit, the message being out ---- */

int ctl_connect(struct ctl *ctl);
/** Call a method. @param ret_reply  unreferenced by the caller; may be NULL */
int ctl_call(struct ctl *ctl, const char *path, const char *interface, const char *member,
	     sd_bus_message **ret_reply, const char *types, ...);
/** As ctl_call() with a message that the caller has built; takes no reference. */
int ctl_call_message(struct ctl *ctl, sd_bus_message *call, sd_bus_message **ret_reply);
/** A property as JSON. @param ret_value  put by the caller */
int ctl_get(struct ctl *ctl, const char *path, const char *interface, const char *property,
	    struct json_object **ret_value);
/** All properties of an interface: {"snake_case": value}. @param ret_values  put by the caller */
int ctl_get_all(struct ctl *ctl, const char *path, const char *interface,
		struct json_object **ret_values);
/** Set a property; `type` is one of "b", "d", "s". */
int ctl_set_bool(struct ctl *ctl, const char *path, const char *interface, const char *property,
		 bool value);
int ctl_set_double(struct ctl *ctl, const char *path, const char *interface, const char *property,
		   double value);
int ctl_set_string(struct ctl *ctl, const char *path, const char *interface, const char *property,
		   const char *value);
/** Every tablet ("tablet") or channel ("channel"), by id: [{"id":1,"name":…}, …] */
int ctl_get_objects(struct ctl *ctl, const char *kind, struct json_object **ret_objects);
/** Check that such a tablet or channel is there and write its path (at least 64 bytes). */
int ctl_find(struct ctl *ctl, const char *kind, const char *text, uint32_t *ret_id, char *ret_path);

/* --- JSON (json.c) ------------------------------------------------------------ */

/** The next complete value of a message. Struct and array: array; dictionary: object; variant: its value. */
int ctl_json_from_message(sd_bus_message *message, struct json_object **ret_value);
/** A number as people write it: six digits, no tail of nines. */
struct json_object *ctl_json_number(double value);
/** "SidetoneDb" to "sidetone_db" */
void ctl_snake_case(const char *member, char *ret_name, size_t size);
/** Print on one line and put. */
void ctl_json_print(struct json_object *value);
/** Members of an object; a missing one reads as 0, false, "". */
double ctl_json_double(struct json_object *object, const char *key);
bool ctl_json_bool(struct json_object *object, const char *key);
const char *ctl_json_string(struct json_object *object, const char *key);
struct json_object *ctl_json_member(struct json_object *object, const char *key);

/* --- words and numbers (text.c) -------------------------------------------------- */

/** Say on stderr, "partylinectl: …", and (--json) as {"error":…} on stdout. @return exit_code */
int ctl_fail(struct ctl *ctl, int exit_code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/** As ctl_fail() with the D-Bus error's name. */
int ctl_fail_named(struct ctl *ctl, int exit_code, const char *name, const char *message);

/** Say what was kept back while is_deferring; ends the deferring. */
void ctl_fail_deferred(struct ctl *ctl);

int ctl_parse_id(struct ctl *ctl, const char *what, const char *text, uint32_t *ret_id);
int ctl_parse_number(struct ctl *ctl, const char *what, const char *text, double *ret_value);
/** A number of dB, or "off" for CTL_DB_OFF. */
int ctl_parse_gain(struct ctl *ctl, const char *text, double *ret_gain_db);
int ctl_parse_switch(struct ctl *ctl, const char *text, bool *ret_on);

/** "-12.0 dB" or `off_word` at and below CTL_DB_OFF. @return buffer */
const char *ctl_db_text(char buffer[32], double db, const char *off_word);
/** "1, 2, 5" or "-" for an array of ids. @return buffer */
const char *ctl_ids_text(char *buffer, size_t size, struct json_object *ids);
/** Print text in exactly `width` columns, cut or padded; control characters become '?'. */
void ctl_print_padded(const char *text, int width);
/** Print text with control characters made harmless. */
void ctl_print_text(const char *text);

/* --- commands (cmd-*.c) ----------------------------------------------------------- */

int ctl_run_bind(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_busy_refusal(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_certificate(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_channels(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_claims(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_crosspoint(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_devices(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_discover(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_export(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_gateway(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_gpio(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_headroom(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_health(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_history(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_import(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_key(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_levels(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_listeners(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_log(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_matrix(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_meters(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_mode(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_monitor(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_mute(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_name(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_page(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_party_line(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_ramp(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_release_all(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_reload(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_reset(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_sap(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_sidetone(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_state(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_status(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_stream(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_tablets(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_talk_timeout(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_token(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_unbind(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_uniform(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_unmute(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_version(struct ctl *ctl, int n, char *arguments[]);
int ctl_run_vox(struct ctl *ctl, int n, char *arguments[]);

/* --- meters, shared by levels and the live view (meters.c) ------------------------- */

/** GetMeters as {"ts","tablets":[{"id","talk":{"vu_db",…},"listen",…}],"channels":[…]} */
int ctl_get_meters(struct ctl *ctl, struct json_object **ret_meters);

/* --- sound cards (cmd-devices.c) ---------------------------------------------------- */

/** [{"direction","names":[…],"description","ports","rate_hz","state","bound":[{"kind","id","port"}]}] */
int ctl_get_devices(struct ctl *ctl, struct json_object **ret_devices);

#define ctl_cleanup_json __attribute__((cleanup(ctl_json_cleanup))) struct json_object
#define ctl_cleanup_message __attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message

static inline void ctl_json_cleanup(struct json_object **value)
{
	json_object_put(*value);
}

#endif
