/* SPDX-License-Identifier: MIT */
#include "callers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "face-private.h"

/* Answered from memory; longer than this and the bus is ill. */
#define CREDENTIALS_TIMEOUT_USEC (2u * 1000u * 1000u)
#define CALLERS_MAX 128u /* programs that change something within one PL_POLKIT_GOOD_USEC */
#define WAITING_MAX 256u /* calls of one program that are held back */
#define POLKIT_NAME "org.freedesktop.PolicyKit1"
#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"

enum caller_state {
	ASKING, /* calls are held back */
	KNOWN,
	UNANSWERED, /* polkit is there and says nothing: calls are refused */
};

struct waiting {
	sd_bus_message *message;
	struct waiting *next;
};

struct caller {
	struct pl_dbus_callers *callers;
	struct caller *next;
	char *sender;
	enum caller_state state;
	enum pl_role role;
	uint64_t good_until_usec;

	bool is_in_group;
	unsigned n_asked; /* questions without an answer */
	bool may_admin, may_operate, has_no_polkit, has_failed;
	sd_bus_slot *credentials_slot, *admin_slot, *operate_slot;

	struct waiting *first, *last; /* oldest first; still there while the bus reads them again */
	unsigned n_waiting;
};

struct pl_dbus_callers {
	sd_bus *bus; /* borrowed */
	sd_event *event;
	uint32_t operate_gid;
	sd_bus_slot *filter;
	struct caller *first;
	unsigned n_callers;
};

/* --- one caller ------------------------------------------------------------------ */

static void drop_first_waiting(struct caller *caller)
{
	struct waiting *waiting = caller->first;

	caller->first = waiting->next;
	if (!caller->first)
		caller->last = NULL;
	caller->n_waiting--;
	sd_bus_message_unref(waiting->message);
	free(waiting);
}

static void caller_free(struct caller *caller)
{
	while (caller->first)
		drop_first_waiting(caller);
	sd_bus_slot_unref(caller->credentials_slot);
	sd_bus_slot_unref(caller->admin_slot);
	sd_bus_slot_unref(caller->operate_slot);
	free(caller->sender);
	free(caller);
}

static struct caller *find_caller(const struct pl_dbus_callers *callers, const char *sender)
{
	for (struct caller *caller = callers->first; caller; caller = caller->next) {
		if (strcmp(caller->sender, sender) == 0)
			return caller;
	}
	return NULL;
}

static uint64_t now_usec(const struct pl_dbus_callers *callers)
{
	uint64_t now = 0;

	sd_event_now(callers->event, CLOCK_MONOTONIC, &now);
	return now;
}

/** Forget whoever has no call here and an old answer. */
static void forget_old(struct pl_dbus_callers *callers)
{
	uint64_t now = now_usec(callers);

	for (struct caller **at = &callers->first; *at;) {
		struct caller *caller = *at;

		if (caller->state == ASKING || caller->first || caller->good_until_usec > now) {
			at = &caller->next;
			continue;
		}
		*at = caller->next;
		callers->n_callers--;
		caller_free(caller);
	}
}

static struct caller *add_caller(struct pl_dbus_callers *callers, const char *sender)
{
	struct caller *caller;

	if (callers->n_callers >= CALLERS_MAX)
		return NULL;
	caller = calloc(1, sizeof(*caller));
	if (!caller)
		return NULL;
	caller->sender = strdup(sender);
	if (!caller->sender) {
		free(caller);
		return NULL;
	}
	caller->callers = callers;
	caller->next = callers->first;
	callers->first = caller;
	callers->n_callers++;
	return caller;
}

static void add_waiting(struct caller *caller, struct waiting *waiting)
{
	waiting->next = NULL;
	if (caller->last)
		caller->last->next = waiting;
	else
		caller->first = waiting;
	caller->last = waiting;
	caller->n_waiting++;
}

static int hold_back(struct caller *caller, sd_bus_message *message)
{
	struct waiting *waiting;

	if (caller->n_waiting >= WAITING_MAX)
		return -ENOBUFS;
	waiting = calloc(1, sizeof(*waiting));
	if (!waiting)
		return -ENOMEM;
	waiting->message = sd_bus_message_ref(message);
	add_waiting(caller, waiting);
	return 0;
}

/* --- the answer --------------------------------------------------------------------- */

/* Both: 1 when the error is out, as a filter says that it is done. */
static int refuse_unanswered(sd_bus_message *message)
{
	return sd_bus_reply_method_errorf(
		message, PL_DBUS_ERROR_NOT_PERMITTED,
		"polkit does not answer, and only it knows what you may do; root may do "
		"everything (look at: systemctl status polkit)");
}

static int refuse_busy(sd_bus_message *message)
{
	return sd_bus_reply_method_errorf(message, SD_BUS_ERROR_LIMITS_EXCEEDED,
					  "too many calls wait for an answer of polkit; try again");
}

/** What was held back is read again, in its order; the filter meets it there. */
static void read_waiting_again(struct caller *caller)
{
	struct waiting *waiting = caller->first, *next;

	caller->first = caller->last = NULL;
	caller->n_waiting = 0;
	for (; waiting; waiting = next) {
		next = waiting->next;
		if (sd_bus_enqueue_for_read(caller->callers->bus, waiting->message) >= 0) {
			add_waiting(caller, waiting);
			continue;
		}
		refuse_busy(waiting->message);
		sd_bus_message_unref(waiting->message);
		free(waiting);
	}
}

static void settle(struct caller *caller, enum caller_state state, enum pl_role role)
{
	caller->state = state;
	caller->role = role;
	caller->good_until_usec = now_usec(caller->callers) + PL_POLKIT_GOOD_USEC;
	if (state == UNANSWERED) {
		while (caller->first) {
			refuse_unanswered(caller->first->message);
			drop_first_waiting(caller);
		}
		return;
	}
	read_waiting_again(caller);
}

static void conclude(struct caller *caller)
{
	if (caller->n_asked > 0)
		return;
	if (caller->has_no_polkit)
		settle(caller, KNOWN, caller->is_in_group ? PL_ROLE_OPERATE : PL_ROLE_VIEW);
	else if (caller->may_admin)
		settle(caller, KNOWN, PL_ROLE_ADMIN);
	else if (caller->has_failed)
		settle(caller, UNANSWERED, PL_ROLE_VIEW);
	else
		settle(caller, KNOWN, caller->may_operate ? PL_ROLE_OPERATE : PL_ROLE_VIEW);
}

/* --- polkit: org.freedesktop.PolicyKit1.Authority, CheckAuthorization ------------------ */

static bool is_not_installed(const sd_bus_error *error)
{
	return sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
	       sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER);
}

static void take_authorization(struct caller *caller, sd_bus_message *reply, bool *may)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	int is_authorized = 0, is_challenge;

	caller->n_asked--;
	if (error && is_not_installed(error))
		caller->has_no_polkit = true;
	else if (error || sd_bus_message_enter_container(reply, 'r', "bba{ss}") < 0 ||
		 sd_bus_message_read(reply, "bb", &is_authorized, &is_challenge) < 0)
		caller->has_failed = true;
	else
		*may = is_authorized;
	conclude(caller);
}

static int on_admin(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct caller *caller = userdata;

	take_authorization(caller, reply, &caller->may_admin);
	return 0;
}

static int on_operate(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct caller *caller = userdata;

	take_authorization(caller, reply, &caller->may_operate);
	return 0;
}

/** Without interaction: nobody sits at an appliance. */
static int ask_polkit(struct caller *caller, const char *action, sd_bus_message_handler_t on_reply,
		      sd_bus_slot **ret_slot)
{
	__attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *call = NULL;
	int r;

	r = sd_bus_message_new_method_call(caller->callers->bus, &call, POLKIT_NAME,
					   "/org/freedesktop/PolicyKit1/Authority",
					   POLKIT_NAME ".Authority", "CheckAuthorization");
	if (r >= 0)
		r = sd_bus_message_append(call, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name",
					  "s", caller->sender, action, 0, 0, "");
	if (r >= 0)
		r = sd_bus_call_async(caller->callers->bus, ret_slot, call, on_reply, caller,
				      PL_POLKIT_TIMEOUT_USEC);
	if (r >= 0)
		caller->n_asked++;
	return r;
}

/* --- the bus: who is it ------------------------------------------------------------------ */

struct credentials {
	uint32_t uid;
	const uint32_t *gids;
	size_t n_gids;
};

/** Read one entry of the bus's a{sv}: the user or the groups, and skip the rest. */
static int read_credential(sd_bus_message *reply, struct credentials *credentials)
{
	const char *key;
	size_t n_bytes = 0;
	int r;

	r = sd_bus_message_read_basic(reply, 's', &key);
	if (r < 0)
		return r;
	if (strcmp(key, "UnixUserID") == 0)
		return sd_bus_message_read(reply, "v", "u", &credentials->uid);
	if (strcmp(key, "UnixGroupIDs") != 0)
		return sd_bus_message_skip(reply, "v");

	r = sd_bus_message_enter_container(reply, 'v', "au");
	if (r < 0)
		return r;
	r = sd_bus_message_read_array(reply, 'u', (const void **)&credentials->gids, &n_bytes);
	if (r < 0)
		return r;
	credentials->n_gids = n_bytes / sizeof(uint32_t);
	return sd_bus_message_exit_container(reply);
}

static int read_credentials(sd_bus_message *reply, struct credentials *ret_credentials)
{
	struct credentials credentials = {.uid = UINT32_MAX};
	int r;

	r = sd_bus_message_enter_container(reply, 'a', "{sv}");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
		r = read_credential(reply, &credentials);
		if (r >= 0)
			r = sd_bus_message_exit_container(reply);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	*ret_credentials = credentials;
	return 0;
}

static int on_credentials(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct caller *caller = userdata;
	struct credentials credentials;

	/* Gone already, or of another world: looking is all it may do. */
	if (sd_bus_message_get_error(reply) || read_credentials(reply, &credentials) < 0 ||
	    credentials.uid == UINT32_MAX) {
		settle(caller, KNOWN, PL_ROLE_VIEW);
		return 0;
	}
	if (credentials.uid == 0 || credentials.uid == geteuid()) {
		settle(caller, KNOWN, PL_ROLE_ADMIN);
		return 0;
	}
	for (size_t i = 0; i < credentials.n_gids; i++) {
		if (credentials.gids[i] == caller->callers->operate_gid &&
		    caller->callers->operate_gid != UINT32_MAX)
			caller->is_in_group = true;
	}
	if (ask_polkit(caller, PL_POLKIT_ADMIN, on_admin, &caller->admin_slot) < 0 ||
	    ask_polkit(caller, PL_POLKIT_OPERATE, on_operate, &caller->operate_slot) < 0) {
		caller->has_failed = true;
		conclude(caller);
	}
	return 0;
}

/**
 * The bus took user and groups from the socket when the caller connected. What sd-bus would add from
 * /proc belongs to whoever has the process id now.
 */
static int ask(struct caller *caller)
{
	__attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *call = NULL;
	int r;

	caller->state = ASKING;
	r = sd_bus_message_new_method_call(caller->callers->bus, &call, "org.freedesktop.DBus",
					   "/org/freedesktop/DBus", "org.freedesktop.DBus",
					   "GetConnectionCredentials");
	if (r >= 0)
		r = sd_bus_message_append(call, "s", caller->sender);
	if (r >= 0)
		r = sd_bus_call_async(caller->callers->bus, &caller->credentials_slot, call,
				      on_credentials, caller, CREDENTIALS_TIMEOUT_USEC);
	return r;
}

/* --- calls ------------------------------------------------------------------------------------ */

/** Reading is open to all that the bus lets through. */
static bool needs_role(sd_bus_message *message)
{
	const char *interface = sd_bus_message_get_interface(message);
	const char *member = sd_bus_message_get_member(message);
	size_t n_ours = strlen(PL_DBUS_NAME ".");

	if (!member)
		return false;
	if (!interface)
		return true;
	if (strcmp(interface, PROPERTIES_INTERFACE) == 0)
		return strcmp(member, "Set") == 0;
	return strncmp(interface, PL_DBUS_NAME ".", n_ours) == 0 && strncmp(member, "Get", 3) != 0;
}

/** Calls of this caller are on their way again: it is this one's turn, or it goes behind them. */
static int keep_order(struct caller *caller, sd_bus_message *message)
{
	if (caller->first->message == message) {
		drop_first_waiting(caller);
		return 0;
	}
	if (sd_bus_enqueue_for_read(caller->callers->bus, message) < 0 ||
	    hold_back(caller, message) < 0)
		return refuse_busy(message);
	return 1;
}

/** @return whether polkit is to be asked (again) about the sender; *ret_caller may be NULL: there are too many */
static bool is_news(struct pl_dbus_callers *callers, const char *sender, struct caller **ret_caller)
{
	struct caller *caller = find_caller(callers, sender);

	if (caller && caller->good_until_usec > now_usec(callers)) {
		*ret_caller = caller;
		return false;
	}
	forget_old(callers);
	*ret_caller = add_caller(callers, sender);
	return true;
}

/** @return 0: let it through now; 1: it is held back or answered; negative errno: answered with that */
static int on_call(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_callers *callers = userdata;
	const char *sender = sd_bus_message_get_sender(message);
	struct caller *caller;
	bool is_asked;

	if (!sd_bus_message_is_method_call(message, NULL, NULL) || !sender)
		return 0;
	caller = find_caller(callers, sender);
	if (caller && caller->first && caller->state != ASKING)
		return keep_order(caller, message);
	if (caller && caller->state == ASKING)
		return hold_back(caller, message) < 0 ? refuse_busy(message) : 1;
	if (!needs_role(message))
		return 0;

	is_asked = is_news(callers, sender, &caller);
	if (!caller)
		return refuse_busy(message);
	if (!is_asked)
		return caller->state == UNANSWERED ? refuse_unanswered(message) : 0;
	if (hold_back(caller, message) < 0)
		return refuse_busy(message);
	if (ask(caller) < 0)
		settle(caller, UNANSWERED, PL_ROLE_VIEW);
	return 1;
}

enum pl_role pl_dbus_callers_role(const struct pl_dbus_callers *callers, const char *sender)
{
	const struct caller *caller = callers ? find_caller(callers, sender) : NULL;

	return caller && caller->state == KNOWN ? caller->role : PL_ROLE_VIEW;
}

/* --- life ----------------------------------------------------------------------------------------- */

int pl_dbus_callers_new(sd_bus *bus, sd_event *event, uint32_t operate_gid,
			struct pl_dbus_callers **ret_callers)
{
	struct pl_dbus_callers *callers = calloc(1, sizeof(*callers));
	int r;

	if (!callers)
		return -ENOMEM;
	callers->bus = bus;
	callers->event = sd_event_ref(event);
	callers->operate_gid = operate_gid;
	r = sd_bus_add_filter(bus, &callers->filter, on_call, callers);
	if (r < 0) {
		pl_dbus_callers_free(callers);
		return r;
	}
	*ret_callers = callers;
	return 0;
}

struct pl_dbus_callers *pl_dbus_callers_free(struct pl_dbus_callers *callers)
{
	if (!callers)
		return NULL;
	while (callers->first) {
		struct caller *caller = callers->first;

		callers->first = caller->next;
		caller_free(caller);
	}
	sd_bus_slot_unref(callers->filter);
	sd_event_unref(callers->event);
	free(callers);
	return NULL;
}
