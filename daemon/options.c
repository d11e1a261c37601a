/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <partyline/keys.h>

const char pl_options_help[] =
	"usage: partyline [OPTION...]\n"
	"\n"
	"The intercom's daemon: keeps the state, commands the matrix in PipeWire and\n"
	"serves D-Bus, HTTP and WebSocket.\n"
	"\n"
	"  --config FILE    configuration; else $PARTYLINE_CONFIG, else\n"
	"                   $XDG_CONFIG_HOME/partyline/partyline.json, else\n"
	"                   /etc/partyline/partyline.json, else the defaults\n"
	"  --check-config   check the configuration and end\n"
	"  --system         be on the system bus, not on the session bus\n"
	"  --address A      IP address of HTTP (127.0.0.1)\n"
	"  --port N         port of HTTP (8000); 0 takes any free one\n"
	"  --insecure-lan   no TLS beyond the loopback, and everyone who reaches the\n"
	"                   address operates the intercom; role admin needs a token\n"
	"  --tablets N      1 to 64 (16); must be the module's\n"
	"  --channels N     1 to 64 (4); must be the module's\n"
	"  --version, --help\n"
	"\n"
	"Signals: SIGTERM and SIGINT end it, SIGHUP reloads the configuration.\n"
	"Exit code: 0 ended as asked; 1 it could not start or go on, the reason is in\n"
	"the log and on stderr; 2 wrong command line; 78 wrong configuration.\n";

static int parse_number(const char *name, const char *text, long min, long max, long *ret_value,
			char *ret_reason, size_t reason_size)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno == 0 && end != text && *end == '\0' && value >= min && value <= max) {
		*ret_value = value;
		return 0;
	}
	snprintf(ret_reason, reason_size, "--%s must be a number from %ld to %ld, not \"%s\"", name,
		 min, max, text);
	return -EINVAL;
}

enum {
	OPT_CONFIG = 1,
	OPT_CHECK,
	OPT_SYSTEM,
	OPT_ADDRESS,
	OPT_PORT,
	OPT_LAN,
	OPT_TABLETS,
	OPT_CHANNELS,
	OPT_VERSION,
	OPT_HELP
};

static const struct option long_options[] = {
	{"config", required_argument, NULL, OPT_CONFIG},
	{"check-config", no_argument, NULL, OPT_CHECK},
	{"system", no_argument, NULL, OPT_SYSTEM},
	{"address", required_argument, NULL, OPT_ADDRESS},
	{"port", required_argument, NULL, OPT_PORT},
	{"insecure-lan", no_argument, NULL, OPT_LAN},
	{"tablets", required_argument, NULL, OPT_TABLETS},
	{"channels", required_argument, NULL, OPT_CHANNELS},
	{"version", no_argument, NULL, OPT_VERSION},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

static int take_option(int c, const char *word, struct pl_options *o, char *ret_reason,
		       size_t reason_size)
{
	switch (c) {
	case OPT_CONFIG:
		o->config_path = optarg;
		return 0;
	case OPT_CHECK:
		o->check_config = true;
		return 0;
	case OPT_SYSTEM:
		o->system_bus = true;
		return 0;
	case OPT_ADDRESS:
		o->address = optarg;
		return 0;
	case OPT_LAN:
		o->insecure_lan = true;
		return 0;
	case OPT_PORT:
		return parse_number("port", optarg, 0, 65535, &o->port, ret_reason, reason_size);
	case OPT_TABLETS:
		return parse_number("tablets", optarg, 1, PL_TABLETS_MAX, &o->tablets, ret_reason,
				    reason_size);
	case OPT_CHANNELS:
		return parse_number("channels", optarg, 1, PL_CHANNELS_MAX, &o->channels,
				    ret_reason, reason_size);
	case OPT_VERSION:
		o->version = true;
		return 0;
	case OPT_HELP:
		o->help = true;
		return 0;
	case ':':
		snprintf(ret_reason, reason_size, "%s needs a value", word);
		return -EINVAL;
	default:
		snprintf(ret_reason, reason_size, "there is no option %s", word);
		return -EINVAL;
	}
}

int pl_options_parse(int argc, char *argv[], struct pl_options *ret_options, char *ret_reason,
		     size_t reason_size)
{
	struct pl_options options = {.port = -1, .tablets = -1, .channels = -1};

	opterr = 0;
	optind = 1;
	for (;;) {
		int at = optind;
		/* One thread. NOLINTNEXTLINE(concurrency-mt-unsafe) */
		int c = getopt_long(argc, argv, ":", long_options, NULL);
		int r;

		if (c < 0)
			break;
		r = take_option(c, argv[at], &options, ret_reason, reason_size);
		if (r < 0)
			return r;
	}
	if (optind < argc) {
		snprintf(ret_reason, reason_size, "\"%s\" is not an option", argv[optind]);
		return -EINVAL;
	}
	if (options.address &&
	    strlen(options.address) >= sizeof(((struct pl_config *)0)->http_address)) {
		snprintf(ret_reason, reason_size, "--address \"%s\" is not an IP address",
			 options.address);
		return -EINVAL;
	}
	*ret_options = options;
	return 0;
}

void pl_options_apply(const struct pl_options *options, struct pl_config *config)
{
	if (options->tablets > 0) {
		config->n_tablets = (uint32_t)options->tablets;
		config->overrides |= PL_CONFIG_TABLETS;
	}
	if (options->channels > 0) {
		config->n_channels = (uint32_t)options->channels;
		config->overrides |= PL_CONFIG_CHANNELS;
	}
	if (options->port >= 0) {
		config->http_port = (uint16_t)options->port;
		config->overrides |= PL_CONFIG_HTTP_PORT;
	}
	if (options->address) {
		snprintf(config->http_address, sizeof(config->http_address), "%s",
			 options->address);
		config->overrides |= PL_CONFIG_HTTP_ADDRESS;
	}
	if (options->insecure_lan) {
		config->insecure_lan = true;
		config->overrides |= PL_CONFIG_INSECURE_LAN;
	}
}
