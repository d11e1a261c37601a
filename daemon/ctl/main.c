/* SPDX-License-Identifier: MIT */
#include "ctl.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The command and its arguments; the longest command has fewer. */
#define N_WORDS_MAX 48

struct words {
	int n;
	char *word[N_WORDS_MAX];
};

/** @return true for "-6", "-.5" and "-inf": numbers, not options */
static bool is_negative_number(const char *text)
{
	return text[0] == '-' &&
	       ((text[1] >= '0' && text[1] <= '9') || text[1] == '.' || strcmp(text, "-inf") == 0);
}

static const struct ctl_option_info *find_option(const char *text, size_t n_text)
{
	for (size_t i = 0; i < ctl_n_options; i++) {
		const struct ctl_option_info *option = &ctl_options[i];

		if (n_text == strlen(option->name) && strncmp(text, option->name, n_text) == 0)
			return option;
		if (n_text == 2 && text[0] == '-' && option->short_name &&
		    text[1] == option->short_name)
			return option;
	}
	return NULL;
}

static int parse_count(struct ctl *ctl, const char *option, const char *text, uint32_t *ret_count)
{
	uint32_t count;

	if (ctl_parse_id(ctl, option, text, &count) != CTL_OK)
		return CTL_USAGE;
	*ret_count = count;
	return CTL_OK;
}

static int take_option(struct ctl *ctl, const struct ctl_option_info *option, const char *value)
{
	const char *name = option->name;

	if (strcmp(name, "--hz") == 0)
		return ctl_parse_number(ctl, name, value, &ctl->hz);
	if (strcmp(name, "--timeout") == 0)
		return ctl_parse_number(ctl, name, value, &ctl->timeout_s);
	if (strcmp(name, "--limit") == 0)
		return parse_count(ctl, name, value, &ctl->limit);
	if (strcmp(name, "--port") == 0)
		return parse_count(ctl, name, value, &ctl->port);
	if (strcmp(name, "--priority") == 0)
		return parse_count(ctl, name, value, &ctl->priority);
	if (strcmp(name, "--lines") == 0) {
		ctl->has_lines = true;
		return parse_count(ctl, name, value, &ctl->lines);
	}
	if (strcmp(name, "--role") == 0)
		ctl->role = value;
	else if (strcmp(name, "--expires") == 0)
		ctl->expires = value;
	else if (strcmp(name, "--write") == 0)
		ctl->write = value;
	else if (strcmp(name, "--level") == 0)
		ctl->level = value;
	else if (strcmp(name, "--event") == 0)
		ctl->event = value;
	else if (strcmp(name, "--session") == 0)
		ctl->bus_choice = CTL_BUS_SESSION;
	else if (strcmp(name, "--system") == 0)
		ctl->bus_choice = CTL_BUS_SYSTEM;
	ctl->all = ctl->all || strcmp(name, "--all") == 0;
	ctl->follow = ctl->follow || strcmp(name, "--follow") == 0;
	ctl->help = ctl->help || strcmp(name, "--help") == 0;
	ctl->ids = ctl->ids || strcmp(name, "--ids") == 0;
	ctl->json = ctl->json || strcmp(name, "--json") == 0;
	ctl->once = ctl->once || strcmp(name, "--once") == 0;
	ctl->version = ctl->version || strcmp(name, "--version") == 0;
	ctl->watch = ctl->watch || strcmp(name, "--watch") == 0;
	ctl->yes = ctl->yes || strcmp(name, "--yes") == 0;
	return CTL_OK;
}

/** Options may come before the command's name: which of them it takes is checked at the end. */
static int parse(struct ctl *ctl, int argc, char *argv[], struct words *words,
		 const struct ctl_option_info **ret_foreign)
{
	unsigned bits = 0;
	bool is_options = true;
	int code;

	for (int i = 1; i < argc; i++) {
		const struct ctl_option_info *option;
		char *equals = strchr(argv[i], '=');
		const char *value = NULL;

		if (is_options && strcmp(argv[i], "--") == 0) {
			is_options = false;
			continue;
		}
		if (!is_options || argv[i][0] != '-' || !argv[i][1] ||
		    is_negative_number(argv[i])) {
			if (words->n == N_WORDS_MAX)
				return ctl_fail(ctl, CTL_USAGE, "too many arguments");
			words->word[words->n++] = argv[i];
			continue;
		}
		option =
			find_option(argv[i], equals ? (size_t)(equals - argv[i]) : strlen(argv[i]));
		if (!option || (equals && !option->argument))
			return ctl_fail(ctl, CTL_USAGE,
					"there is no option %s; see partylinectl --help", argv[i]);
		if (option->argument) {
			value = equals ? equals + 1 : i + 1 < argc ? argv[++i] : NULL;
			if (!value)
				return ctl_fail(ctl, CTL_USAGE, "%s wants a value", option->name);
		}
		code = take_option(ctl, option, value);
		if (code != CTL_OK)
			return code;
		bits |= option->bit;
	}

	ctl->command = words->n > 0 ? ctl_command_find(words->word[0]) : NULL;
	for (size_t i = 0; i < ctl_n_options; i++) {
		if (ctl->command && (ctl_options[i].bit & bits & ~ctl->command->options))
			*ret_foreign = &ctl_options[i];
	}
	return CTL_OK;
}

static int run(struct ctl *ctl, struct words *words, const struct ctl_option_info *foreign)
{
	int n = words->n - 1, code;

	if (words->n == 0)
		return ctl_fail(ctl, CTL_USAGE, "a command is wanted; see partylinectl --help");
	if (!ctl->command)
		return ctl_fail(ctl, CTL_USAGE,
				"there is no command \"%s\"; see partylinectl --help",
				words->word[0]);
	if (foreign)
		return ctl_fail(ctl, CTL_USAGE, "%s does not take %s; see partylinectl %s --help",
				ctl->command->name, foreign->name, ctl->command->name);
	if (n < ctl->command->n_arguments_min || n > ctl->command->n_arguments_max)
		return ctl_fail(ctl, CTL_USAGE, "%s arguments; usage: partylinectl %s%s%s",
				n < ctl->command->n_arguments_min ? "too few" : "too many",
				ctl->command->name, ctl->command->arguments[0] ? " " : "",
				ctl->command->arguments);

	code = ctl->command->is_busless ? CTL_OK : ctl_connect(ctl);
	if (code == CTL_OK)
		code = ctl->command->run(ctl, n, words->word + 1);
	sd_bus_flush_close_unref(ctl->bus);
	return code;
}

int main(int argc, char *argv[])
{
	struct ctl ctl = {.priority = 1};
	struct words words = {0};
	const struct ctl_option_info *foreign = NULL;
	int code;

	/* Only what text looks like: numbers stay with a point. */
	setlocale(LC_CTYPE, "");

	/* For packagers and the tests, not for people: no options of the table. */
	if (argc == 3 && strcmp(argv[1], "--completion") == 0)
		return ctl_completion(argv[2]);
	if (argc == 3 && strcmp(argv[1], "--man") == 0)
		return ctl_man(argv[2]);

	code = parse(&ctl, argc, argv, &words, &foreign);
	if (code != CTL_OK)
		return code;
	if (ctl.version) {
		puts("partylinectl " PL_VERSION);
		return CTL_OK;
	}
	if (ctl.help) {
		if (words.n > 0 && !ctl.command)
			return ctl_fail(&ctl, CTL_USAGE, "there is no command \"%s\"",
					words.word[0]);
		if (ctl.command)
			ctl_help_command(ctl.command);
		else
			ctl_help();
		return CTL_OK;
	}
	return run(&ctl, &words, foreign);
}
