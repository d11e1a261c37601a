/* SPDX-License-Identifier: MIT */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

/*
 * The completion files of conf/completions/ are this program's output (partylinectl
 * --completion SHELL); a test compares them with the table.
 */

static void print_option_words(unsigned bits)
{
	for (size_t i = 0; i < ctl_n_options; i++) {
		if (ctl_options[i].bit == 0 || (ctl_options[i].bit & bits))
			printf(" %s", ctl_options[i].name);
	}
}

/* --- bash ----------------------------------------------------------------------- */

static void print_bash_words(const char *words)
{
	if (words[0] == '@')
		printf("$(partylinectl %s --ids 2>/dev/null)", words + 1);
	else
		printf("%s", words);
}

static void print_bash_command(const struct ctl_command *command)
{
	bool is_open = false;

	printf("\t%s)\n\t\toptions=\"", command->name);
	print_option_words(command->options);
	puts("\"");
	for (size_t i = 0; i < CTL_ARGUMENTS_MAX; i++) {
		if (!command->words[i] || !command->words[i][0])
			continue;
		printf("%s\t\t%zu) words=\"", is_open ? "" : "\t\tcase $position in\n", i + 1);
		print_bash_words(command->words[i]);
		puts("\" ;;");
		is_open = true;
	}
	puts(is_open ? "\t\tesac\n\t\t;;" : "\t\t;;");
}

/** Options whose next word is their value: a pattern of bash's case. */
static void print_bash_valued_options(void)
{
	bool is_first = true;

	for (size_t i = 0; i < ctl_n_options; i++) {
		if (!ctl_options[i].argument)
			continue;
		printf("%s%s", is_first ? "" : " | ", ctl_options[i].name);
		if (ctl_options[i].short_name)
			printf(" | -%c", ctl_options[i].short_name);
		is_first = false;
	}
}

static void complete_bash(void)
{
	puts("# SPDX-License-Identifier: MIT\n"
	     "# shellcheck shell=bash\n"
	     "# Made by: partylinectl --completion bash\n"
	     "\n"
	     "_partylinectl() {\n"
	     "\tlocal current command='' position=0 words='' options='' i\n"
	     "\tlocal -a line=()\n"
	     "\t# Bash parts words at colons, which names of devices have: put them together again.\n"
	     "\tfor ((i = 0; i <= COMP_CWORD; i++)); do\n"
	     "\t\tif ((i > 0)) && [[ ${COMP_WORDS[i]} == : || ${COMP_WORDS[i - 1]} == : ]]; then\n"
	     "\t\t\tline[${#line[@]} - 1]+=${COMP_WORDS[i]}\n"
	     "\t\telse\n"
	     "\t\t\tline+=(\"${COMP_WORDS[i]}\")\n"
	     "\t\tfi\n"
	     "\tdone\n"
	     "\tcurrent=${line[-1]}\n"
	     "\tfor ((i = 1; i < ${#line[@]} - 1; i++)); do\n"
	     "\t\tcase ${line[i]} in\n"
	     "\t\t--) ;;");
	printf("\t\t");
	print_bash_valued_options();
	puts(") ((i++)) ;;\n"
	     "\t\t-[0-9]*) ((position++)) ;;\n"
	     "\t\t-*) ;;\n"
	     "\t\t*) if [[ -z $command ]]; then command=${line[i]}; else ((position++)); fi ;;\n"
	     "\t\tesac\n"
	     "\tdone\n"
	     "\t((position++))\n"
	     "\tcase $command in");
	printf("\t'')\n\t\twords=\"");
	for (size_t i = 0; i < ctl_n_commands; i++)
		printf("%s%s", i ? " " : "", ctl_commands[i].name);
	printf("\"\n\t\toptions=\"");
	print_option_words(0);
	puts("\"\n\t\t;;");
	for (size_t i = 0; i < ctl_n_commands; i++)
		print_bash_command(&ctl_commands[i]);
	puts("\tesac\n"
	     "\tif [[ $current == -* ]]; then words=$options; fi\n"
	     "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
	     "\tif [[ $current == *:* && $COMP_WORDBREAKS == *:* ]]; then\n"
	     "\t\tCOMPREPLY=(\"${COMPREPLY[@]#\"${current%:*}\":}\")\n"
	     "\tfi\n"
	     "}\n"
	     "complete -F _partylinectl partylinectl");
}

/* --- zsh ------------------------------------------------------------------------ */

/** Text inside of '…[…]': zsh takes brackets, colons and single quotes for itself. */
static void print_zsh_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'') {
			fputs("'\\''", stdout);
			continue;
		}
		if (strchr("[]:\\", *text))
			putchar('\\');
		putchar(*text);
	}
}

static void print_zsh_options(unsigned bits)
{
	for (size_t i = 0; i < ctl_n_options; i++) {
		const struct ctl_option_info *option = &ctl_options[i];

		if (option->bit != 0 && !(option->bit & bits))
			continue;
		if (option->short_name)
			printf(" \\\n\t\t\t'(-%c %s)'{-%c,%s}'[", option->short_name, option->name,
			       option->short_name, option->name);
		else
			printf(" \\\n\t\t\t'%s[", option->name);
		print_zsh_text(option->help);
		printf("]%s%s%s'", option->argument ? ":" : "",
		       option->argument ? option->argument : "", option->argument ? ": " : "");
	}
}

static void print_zsh_command(const struct ctl_command *command)
{
	printf("\t\t%s)\n\t\t\t_arguments", command->name);
	print_zsh_options(command->options);
	for (size_t i = 0; i < CTL_ARGUMENTS_MAX; i++) {
		const char *words = command->words[i];

		if (!words || !words[0])
			continue;
		if (words[0] == '@')
			printf(" \\\n\t\t\t'%zu:id:(${(f)\"$(partylinectl %s --ids 2>/dev/null)\"})'",
			       i + 1, words + 1);
		else
			printf(" \\\n\t\t\t'%zu:word:(%s)'", i + 1, words);
	}
	puts("\n\t\t\t;;");
}

static void complete_zsh(void)
{
	puts("#compdef partylinectl\n"
	     "# SPDX-License-Identifier: MIT\n"
	     "# Made by: partylinectl --completion zsh\n"
	     "\n"
	     "_partylinectl() {\n"
	     "\tlocal curcontext=$curcontext state line\n"
	     "\tlocal -a commands\n"
	     "\tcommands=(");
	for (size_t i = 0; i < ctl_n_commands; i++) {
		printf("\t\t'%s:", ctl_commands[i].name);
		print_zsh_text(ctl_commands[i].summary);
		puts("'");
	}
	printf("\t)\n\t_arguments -C");
	print_zsh_options(0);
	puts(" \\\n"
	     "\t\t\t'1:command:->command' '*::argument:->argument'\n"
	     "\tcase $state in\n"
	     "\tcommand) _describe command commands ;;\n"
	     "\targument)\n"
	     "\t\tcase $line[1] in");
	for (size_t i = 0; i < ctl_n_commands; i++)
		print_zsh_command(&ctl_commands[i]);
	puts("\t\tesac\n"
	     "\t\t;;\n"
	     "\tesac\n"
	     "}\n"
	     "\n"
	     "_partylinectl \"$@\"");
}

int ctl_completion(const char *shell)
{
	if (strcmp(shell, "bash") == 0) {
		complete_bash();
		return CTL_OK;
	}
	if (strcmp(shell, "zsh") == 0) {
		complete_zsh();
		return CTL_OK;
	}
	fprintf(stderr, "partylinectl: completion is for bash or zsh, not \"%s\"\n", shell);
	return CTL_USAGE;
}
