/* SPDX-License-Identifier: MIT */
/* Help, generated from the tables of commands and options. */
#include <string.h>

#include "cli/cli.h"

/* The summary goes to the next line if the left column is too long. */
static void put_command(const char *left, const char *summary)
{
	enum { COLUMN = 36 };

	if (strlen(left) > COLUMN)
		put("  %s\n  %*s %s\n", left, COLUMN, "", summary);
	else
		put("  %-*s %s\n", COLUMN, left, summary);
}

static void put_options(const struct cli_option *options, size_t n_options)
{
	for (size_t i = 0; i < n_options; i++) {
		const struct cli_option *o = &options[i];
		char left[40];

		snprintf(left, sizeof(left), "%c%c%c --%s%s%s",
			 o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
			 o->letter ? ',' : ' ', o->name, o->value ? " " : "",
			 o->value ? o->value : "");
		put("  %-25s %s\n", left, o->help);
	}
}

void help_program(const struct command *const *commands,
		  const struct cli_option *options, size_t n_options)
{
	put("Usage: blewire [OPTION]... COMMAND [ARGUMENT]...\n"
	    "Talks to Bluetooth LE peripherals straight on the wire.\n\nCommands:\n");
	for (; *commands; commands++) {
		char left[60];

		snprintf(left, sizeof(left), "%s %s", (*commands)->name,
			 (*commands)->arguments);
		put_command(left, (*commands)->summary);
	}
	put("\nOptions, before or after the command:\n");
	put_options(options, n_options);
	put("\nADAPTER is hci0, an address, bled112 for the first free dongle or its port, or\n"
	    "sim[:FILE] for simulated peripherals.\n"
	    "Each command has options of its own: blewire COMMAND --help\n"
	    "Try: blewire -a sim scan\n\nExit status:\n");
	for (size_t i = 0; i < exit_table_len; i++)
		put("  %3d  %s\n", exit_table[i].status, exit_table[i].text);
	put("  128+N  ended by signal N, such as 130 after Ctrl-C\n");
}

void help_command(const struct cli *cli, const struct command *command,
		  const char *arguments, const struct cli_option *options,
		  size_t n_options)
{
	put("Usage: %s%s%s%s%s\n%s.\n", cli->shell ? "" : "blewire [OPTION]... ",
	    command->name, command->n_options ? " [OPTION]..." : "",
	    *arguments ? " " : "", arguments, command->summary);
	if (command->details)
		put("\n%s", command->details);
	if (command->n_options)
		put("\nOptions:\n");
	put_options(command->options, command->n_options);
	put("\nOptions of every command:\n");
	put_options(options, n_options);
}
