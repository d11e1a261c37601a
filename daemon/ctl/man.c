/* SPDX-License-Identifier: MIT */
#include "ctl.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/*
 * The lists of commands and options in partylinectl(1), as mdoc: conf/man/ builds the page around
 * them, so that page and table cannot differ.
 */

/** Text inside of a line: what roff would take for itself is escaped. */
static void print_text(const char *text, size_t n_text)
{
	for (size_t i = 0; i < n_text && text[i]; i++) {
		if (text[i] == '\\')
			fputs("\\e", stdout);
		else if (text[i] == '-')
			fputs("\\-", stdout);
		else
			putchar(text[i]);
	}
}

/** Lines as they are: a dot or a quote at the beginning would be a macro. */
static void print_lines(const char *text)
{
	while (*text) {
		size_t n_line = strcspn(text, "\n");

		if (*text == '.' || *text == '\'')
			fputs("\\&", stdout);
		print_text(text, n_line);
		putchar('\n');
		text += n_line + (text[n_line] == '\n');
	}
}

/** "TABLET" stands for a value, "on|off" is typed as it is. */
static bool is_placeholder(const char *word, size_t n_word)
{
	for (size_t i = 0; i < n_word; i++) {
		if (islower((unsigned char)word[i]))
			return false;
	}
	return true;
}

static void print_arguments(const char *arguments)
{
	while (*arguments) {
		size_t n_word = strcspn(arguments, " ");

		printf(" %s ", is_placeholder(arguments, n_word) ? "Ar" : "Cm");
		print_text(arguments, n_word);
		arguments += n_word + strspn(arguments + n_word, " ");
	}
}

static void print_sentence(const char *text)
{
	putchar(toupper((unsigned char)text[0]));
	print_text(text + 1, strlen(text + 1));
	puts(".");
}

static void print_flag(const struct ctl_option_info *option)
{
	/* Fl writes one dash of a long option, the other is text. */
	if (option->short_name)
		printf("Fl %c , ", option->short_name);
	printf("Fl \\-");
	print_text(option->name + 2, strlen(option->name + 2));
	if (option->argument)
		printf(" Ar %s", option->argument);
}

static void print_command(const struct ctl_command *command)
{
	printf(".It Cm %s", command->name);
	print_arguments(command->arguments);
	putchar('\n');
	print_sentence(command->summary);
	if (command->description[0]) {
		puts(".Bd -unfilled");
		print_lines(command->description);
		puts(".Ed");
	}
	for (size_t i = 0; i < ctl_n_options; i++) {
		if (!(ctl_options[i].bit & command->options))
			continue;
		printf(".Pp\n.");
		print_flag(&ctl_options[i]);
		printf(" :\n");
		print_sentence(ctl_options[i].help);
	}
}

int ctl_man(const char *section)
{
	if (strcmp(section, "commands") == 0) {
		for (size_t i = 0; i < ctl_n_commands; i++)
			print_command(&ctl_commands[i]);
		return CTL_OK;
	}
	if (strcmp(section, "options") != 0)
		return CTL_USAGE;
	for (size_t i = 0; i < ctl_n_options; i++) {
		if (ctl_options[i].bit != 0)
			continue;
		printf(".It ");
		print_flag(&ctl_options[i]);
		putchar('\n');
		print_sentence(ctl_options[i].help);
	}
	return CTL_OK;
}
