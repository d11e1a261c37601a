/* SPDX-License-Identifier: MIT */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

static void print_option(const struct ctl_option_info *option)
{
	char text[64];

	snprintf(text, sizeof(text), "%s%s%s", option->name, option->argument ? " " : "",
		 option->argument ? option->argument : "");
	if (option->short_name)
		printf("  -%c, %-16s %s\n", option->short_name, text, option->help);
	else
		printf("      %-16s %s\n", text, option->help);
}

static void print_options(unsigned bits, bool common)
{
	for (size_t i = 0; i < ctl_n_options; i++) {
		if (common ? ctl_options[i].bit == 0 : (ctl_options[i].bit & bits) != 0)
			print_option(&ctl_options[i]);
	}
}

void ctl_help(void)
{
	puts("NAME\n"
	     "  partylinectl - control the party-line intercom\n"
	     "\n"
	     "SYNOPSIS\n"
	     "  partylinectl [OPTION…] COMMAND [ARGUMENT…]\n"
	     "\n"
	     "COMMANDS");
	for (size_t i = 0; i < ctl_n_commands; i++)
		printf("  %-14s %s\n", ctl_commands[i].name, ctl_commands[i].summary);
	puts("\n"
	     "  Each explains itself: partylinectl COMMAND --help. Tablets and channels are\n"
	     "  numbered from 1. Without a value a command shows, with one it sets and shows.\n"
	     "\n"
	     "OPTIONS");
	print_options(0, true);
	puts("\n"
	     "  Options may stand anywhere; after \"--\" everything is an argument. Without\n"
	     "  --session or --system the session bus is asked first, then the system bus.\n"
	     "\n"
	     "EXIT CODES\n"
	     "  0  done\n"
	     "  1  Partyline refused; nothing has changed\n"
	     "  2  the command line makes no sense; nothing was asked\n"
	     "  3  Partyline is not running on the bus, or there is no bus; discover:\n"
	     "     avahi-daemon is not running\n"
	     "  4  not permitted; on the system bus root and the group \"partyline\" may\n"
	     "  5  status only: Partyline runs, but something is wrong\n"
	     "  6  status only: all works, but somebody should look\n"
	     "\n"
	     "  Messages go to stderr. With --json the same is on stdout:\n"
	     "  {\"error\": {\"name\": D-Bus error, \"message\": text}}\n"
	     "\n"
	     "ENVIRONMENT\n"
	     "  DBUS_SESSION_BUS_ADDRESS, DBUS_SYSTEM_BUS_ADDRESS  where the buses are\n"
	     "  NO_COLOR  not empty: meters without colours\n"
	     "\n"
	     "EXAMPLES\n"
	     "  partylinectl status\n"
	     "  partylinectl crosspoint set uplink 1 2 -6\n"
	     "  partylinectl mute channel 3\n"
	     "  partylinectl key press 1 2 && sleep 3; partylinectl key release 1 2\n"
	     "  partylinectl meters\n"
	     "  partylinectl monitor --json | jq -c .");
}

void ctl_help_command(const struct ctl_command *command)
{
	printf("partylinectl %s%s%s\n\n  %s\n", command->name, command->arguments[0] ? " " : "",
	       command->arguments, command->summary);
	if (command->description[0])
		printf("\n%s", command->description);
	puts("\nOptions:");
	print_options(command->options, false);
	print_options(0, true);
}
