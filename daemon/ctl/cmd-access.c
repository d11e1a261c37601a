/* SPDX-License-Identifier: MIT */
#include "ctl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/** token, certificate: who may come in from the network, and how they know the server. */

#define CTL_ACCESS CTL_NAME ".Access"

/** "2027-01-31 12:00:00", or the word for none. @return buffer */
static const char *time_text(char buffer[32], uint64_t seconds, const char *none)
{
	time_t at = (time_t)seconds;
	struct tm local;

	if (seconds == 0)
		snprintf(buffer, 32, "%s", none);
	else if (!localtime_r(&at, &local) || strftime(buffer, 32, "%F %T", &local) == 0)
		snprintf(buffer, 32, "?");
	return buffer;
}

/** "30d": from now on; "2027-01-31": the end of that day, local time. */
static int parse_expires(struct ctl *ctl, const char *text, uint64_t *ret_expires_s)
{
	static const struct {
		char letter;
		uint64_t seconds;
	} units[] = {{'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}, {'y', 31557600}};
	size_t digits = strspn(text, "0123456789");
	struct tm day = {.tm_isdst = -1};
	const char *end;

	*ret_expires_s = 0;
	if (strcmp(text, "never") == 0)
		return CTL_OK;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (digits == 0 || digits > 6 || text[digits] != units[i].letter ||
		    text[digits + 1] != '\0')
			continue;
		*ret_expires_s = (uint64_t)time(NULL) + strtoull(text, NULL, 10) * units[i].seconds;
		return CTL_OK;
	}
	end = strptime(text, "%Y-%m-%d", &day);
	if (end && *end == '\0') {
		day.tm_hour = 23;
		day.tm_min = day.tm_sec = 59;
		*ret_expires_s = (uint64_t)mktime(&day);
		return CTL_OK;
	}
	return ctl_fail(
		ctl, CTL_USAGE,
		"--expires is a time from now (90m, 12h, 30d, 8w, 1y), a day (2027-01-31) or "
		"never, not \"%s\"",
		text);
}

static int add_token(struct ctl *ctl, int n, char *arguments[])
{
	ctl_cleanup_message *reply = NULL;
	struct json_object *answer;
	uint64_t expires_s = 0;
	const char *token;
	int code;

	if (n != 2)
		return ctl_fail(ctl, CTL_USAGE, "usage: partylinectl token add NAME --role ROLE");
	if (!ctl->role)
		return ctl_fail(ctl, CTL_USAGE,
				"token add wants --role view, --role operate or --role admin");
	code = ctl->expires ? parse_expires(ctl, ctl->expires, &expires_s) : CTL_OK;
	if (code == CTL_OK)
		code = ctl_call(ctl, CTL_PATH, CTL_ACCESS, "AddToken", &reply, "sst", arguments[1],
				ctl->role, expires_s);
	if (code != CTL_OK)
		return code;
	if (sd_bus_message_read(reply, "s", &token) < 0)
		return ctl_fail(ctl, CTL_REFUSED, "an answer of an unknown shape");
	if (ctl->json) {
		answer = json_object_new_object();
		json_object_object_add(answer, "token", json_object_new_string(token));
		ctl_json_print(answer);
		return CTL_OK;
	}
	puts(token);
	fputs("This is the only time that it is shown.\n", stderr);
	return CTL_OK;
}

static struct json_object *describe_token(const char *name, const char *role, uint64_t created_s,
					  uint64_t expires_s)
{
	struct json_object *token = json_object_new_object();

	json_object_object_add(token, "name", json_object_new_string(name));
	json_object_object_add(token, "role", json_object_new_string(role));
	json_object_object_add(token, "created", json_object_new_int64((int64_t)created_s));
	json_object_object_add(token, "expires",
			       expires_s ? json_object_new_int64((int64_t)expires_s) : NULL);
	return token;
}

static int list_tokens(struct ctl *ctl, int n)
{
	ctl_cleanup_message *reply = NULL;
	uint64_t created_s, expires_s;
	struct json_object *answer;
	const char *name, *role;
	char made[32], until[32];
	int code;

	if (n != 1)
		return ctl_fail(ctl, CTL_USAGE, "token list takes no name");
	code = ctl_call(ctl, CTL_PATH, CTL_ACCESS, "ListTokens", &reply, NULL);
	if (code != CTL_OK)
		return code;
	answer = json_object_new_array();
	if (sd_bus_message_enter_container(reply, 'a', "(sstt)") < 0) {
		json_object_put(answer);
		return ctl_fail(ctl, CTL_REFUSED, "an answer of an unknown shape");
	}
	while (sd_bus_message_read(reply, "(sstt)", &name, &role, &created_s, &expires_s) > 0) {
		json_object_array_add(answer, describe_token(name, role, created_s, expires_s));
		if (ctl->json)
			continue;
		ctl_print_padded(name, 24);
		printf("  %-8s  made %s  until %s\n", role, time_text(made, created_s, "?"),
		       time_text(until, expires_s, "removed"));
	}
	if (ctl->json)
		ctl_json_print(answer);
	else
		json_object_put(answer);
	return CTL_OK;
}

static int remove_token(struct ctl *ctl, int n, char *arguments[])
{
	struct json_object *answer;
	int code;

	if (n != 2)
		return ctl_fail(ctl, CTL_USAGE, "usage: partylinectl token remove NAME");
	code = ctl_call(ctl, CTL_PATH, CTL_ACCESS, "RemoveToken", NULL, "s", arguments[1]);
	if (code != CTL_OK)
		return code;
	if (!ctl->json) {
		puts("removed");
		return CTL_OK;
	}
	answer = json_object_new_object();
	json_object_object_add(answer, "removed", json_object_new_string(arguments[1]));
	ctl_json_print(answer);
	return CTL_OK;
}

int ctl_run_token(struct ctl *ctl, int n, char *arguments[])
{
	const char *verb = arguments[0];

	if ((ctl->role || ctl->expires) && strcmp(verb, "add") != 0)
		return ctl_fail(ctl, CTL_USAGE, "--role and --expires are for token add");
	if (strcmp(verb, "add") == 0)
		return add_token(ctl, n, arguments);
	if (strcmp(verb, "list") == 0)
		return list_tokens(ctl, n);
	if (strcmp(verb, "remove") == 0)
		return remove_token(ctl, n, arguments);
	return ctl_fail(ctl, CTL_USAGE, "token can add, list and remove, not \"%s\"", verb);
}

/* --- certificate ------------------------------------------------------------------------ */

struct certificate {
	const char *names, *fingerprint, *ca_fingerprint, *ca_pem;
	uint64_t not_before_s, not_after_s;
	int is_given;
};

static int print_certificate(struct ctl *ctl, const struct certificate *c)
{
	struct json_object *answer;
	char until[32];

	if (ctl->json) {
		answer = json_object_new_object();
		json_object_object_add(answer, "names", json_object_new_string(c->names));
		json_object_object_add(answer, "fingerprint",
				       json_object_new_string(c->fingerprint));
		json_object_object_add(answer, "ca_fingerprint",
				       c->is_given ? NULL
						   : json_object_new_string(c->ca_fingerprint));
		json_object_object_add(answer, "not_before",
				       json_object_new_int64((int64_t)c->not_before_s));
		json_object_object_add(answer, "not_after",
				       json_object_new_int64((int64_t)c->not_after_s));
		json_object_object_add(answer, "given", json_object_new_boolean(c->is_given));
		ctl_json_print(answer);
		return CTL_OK;
	}
	printf("for       %s\n", c->names);
	printf("until     %s%s\n", time_text(until, c->not_after_s, "?"),
	       c->is_given ? "" : " (renewed long before)");
	printf("SHA-256   %s\n", c->fingerprint);
	if (c->is_given) {
		puts("It comes from the files http.tls.certificate and http.tls.key.");
		return CTL_OK;
	}
	printf("local CA  %s\n", c->ca_fingerprint);
	puts("\n"
	     "To trust it, take the CA's certificate to each device once,\n"
	     "  partylinectl certificate ca > partyline-ca.crt\n"
	     "or fetch /ca.crt of this server there and compare its SHA-256 with the line above.\n"
	     "  Debian    cp partyline-ca.crt /usr/local/share/ca-certificates/ && "
	     "update-ca-certificates\n"
	     "  browsers  settings, certificates, authorities, import\n"
	     "  curl      curl --cacert partyline-ca.crt https://…");
	return CTL_OK;
}

int ctl_run_certificate(struct ctl *ctl, int n, char *arguments[])
{
	ctl_cleanup_message *reply = NULL;
	struct certificate c;
	int code;

	if (n > 0 && strcmp(arguments[0], "ca") != 0)
		return ctl_fail(ctl, CTL_USAGE, "certificate takes \"ca\" or nothing, not \"%s\"",
				arguments[0]);
	code = ctl_call(ctl, CTL_PATH, CTL_ACCESS, "GetCertificate", &reply, NULL);
	if (code != CTL_OK)
		return code;
	if (sd_bus_message_read(reply, "sssttbs", &c.names, &c.fingerprint, &c.ca_fingerprint,
				&c.not_before_s, &c.not_after_s, &c.is_given, &c.ca_pem) < 0)
		return ctl_fail(ctl, CTL_REFUSED, "an answer of an unknown shape");
	if (!c.fingerprint[0])
		return ctl_fail(ctl, CTL_REFUSED,
				"there is no certificate: the server listens on the loopback only, "
				"or has insecure_lan");
	if (n == 0)
		return print_certificate(ctl, &c);
	if (!c.ca_pem[0])
		return ctl_fail(ctl, CTL_REFUSED, "the certificate is a given one: ask its issuer");
	fputs(c.ca_pem, stdout);
	return CTL_OK;
}
