/* SPDX-License-Identifier: MIT */
/* Parses a command line: the options of every command, those of this command, and the
 * number of its arguments. */
#include "config.h"

#include "cli/cli.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define FIELD(name) offsetof(struct cli, name)
static const struct cli_option global_options[] = {
	{ 'a', "adapter", "ADAPTER", "use this adapter instead of the first one",
	  set_word, FIELD(adapter_name), "the name of an adapter" },
	{ 0, "cache", NULL, "store discovered services, to discover less the next time",
	  set_flag, FIELD(cache), "" },
	{ 0, "cache-in", "FOLDER", "the same, in FOLDER instead of ~/.cache/blewire",
	  set_word, FIELD(cache_folder), "a folder" },
#ifdef HAVE_JSON
	{ 'j', "json", NULL, "print JSON, one object a line", set_flag,
	  FIELD(json), "" },
#endif
	{ 0, "timeout", "SECONDS", "give up after this time, whatever the command does (20 for a connect)",
	  set_time, FIELD(timeout_ms), WANTS_TIME },
	{ 'v', "verbose", NULL, "print on stderr what is being done", set_flag,
	  FIELD(verbose), "" },
	{ 'h', "help", NULL, "show this help and exit", set_flag, FIELD(help), "" },
	{ 0, "version", NULL, "show the version and exit", set_flag,
	  FIELD(version), "" },
};
#undef FIELD

enum { MAX_OPTIONS = 32, LONG_ONLY = 256 };

/* Both tables in the form for getopt_long(), which returns LONG_ONLY + index into
 * options. */
struct parser {
	const struct cli_option *options[MAX_OPTIONS];
	size_t n;
	struct option longs[MAX_OPTIONS + 1];
	char shorts[2 * MAX_OPTIONS + 3];
};

static void parser_add(struct parser *parser, const struct cli_option *options,
		       size_t n)
{
	size_t at = strlen(parser->shorts);

	for (size_t i = 0; i < n && parser->n < MAX_OPTIONS; i++) {
		const struct cli_option *o = &options[i];

		parser->longs[parser->n] = (struct option){
			.name = o->name,
			.has_arg = o->value ? required_argument : no_argument,
			.val = LONG_ONLY + (int)parser->n,
		};
		parser->options[parser->n++] = o;
		if (o->letter) {
			parser->shorts[at++] = o->letter;
			if (o->value)
				parser->shorts[at++] = ':';
		}
	}
}

static const struct cli_option *parser_option(const struct parser *parser, int c)
{
	if (c >= LONG_ONLY)
		return parser->options[c - LONG_ONLY];
	for (size_t i = 0; i < parser->n; i++)
		if (parser->options[i]->letter && parser->options[i]->letter == c)
			return parser->options[i];
	return NULL;
}

static const char *help_hint(const struct cli *cli)
{
	static char text[64];

	if (cli->shell)
		snprintf(text, sizeof(text), "see help %s", cli->command ? cli->command->name : "");
	else
		snprintf(text, sizeof(text), "see blewire %s%s--help",
			 cli->command ? cli->command->name : "", cli->command ? " " : "");
	return text;
}

/* Reports what getopt_long() rejected with c, ':' or '?'. */
static int report_bad_option(struct cli *cli, const struct parser *parser, int c,
			     const char *argument)
{
	const struct cli_option *o = optopt ? parser_option(parser, optopt) : NULL;

	if (c == ':' && o)
		return fail(cli, STATUS_USAGE, "--%s wants a value, %s: %s",
			    o->name, o->value, help_hint(cli));
	if (o)
		return fail(cli, STATUS_USAGE, "--%s takes no value: %s", o->name,
			    help_hint(cli));
	if (optopt)
		return fail(cli, STATUS_USAGE, "unknown option -%c: %s", optopt,
			    help_hint(cli));
#ifndef HAVE_JSON
	if (strcmp(argument, "--json") == 0)
		return fail(cli, STATUS_USAGE,
			    "--json: this program was built without json-c, so it prints text only");
#endif
	return fail(cli, STATUS_USAGE, "unknown option %s: %s", argument, help_hint(cli));
}

/* Parses all options, or with '+' at the start of shorts those before the first
 * other word. fields: the struct of the command's options. A status. */
static int parse(struct cli *cli, struct parser *parser, char *fields, int argc,
		 char **argv)
{
	int c;

	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, parser->shorts, parser->longs, NULL)) != -1) {
		const struct cli_option *o;
		bool global;

		if (c == ':' || c == '?')
			return report_bad_option(cli, parser, c, argv[optind - 1]);
		o = parser_option(parser, c);
		global = o >= global_options &&
			 o < global_options + COUNT_OF(global_options);
		if (o->set((global ? (char *)cli : fields) + o->field, optarg))
			return fail(cli, STATUS_USAGE, "--%s wants %s, not \"%s\": %s",
				    o->name, o->wants, optarg, help_hint(cli));
	}
	return STATUS_OK;
}


/* The shell has no options for the adapter, its cache and the version. */
static const struct cli_option *common_options(const struct cli *cli, size_t *ret_n)
{
	const size_t of_adapter = 3;

	*ret_n = COUNT_OF(global_options) - (cli->shell ? of_adapter + 1 : 0);
	return global_options + (cli->shell ? of_adapter : 0);
}

/* The command's arguments; in the shell without ADDRESS. */
static const char *arguments_of(const struct cli *cli, int *ret_n)
{
	const struct command *command = cli->command;
	bool hidden = cli->shell && command->takes_address;
	const char *text = command->arguments;

	*ret_n = command->n_arguments - hidden;
	if (hidden)
		text += strcspn(text, " ");
	return text + strspn(text, " ");
}

static int check_arguments(struct cli *cli, int n, char **arguments)
{
	const struct command *command = cli->command;
	int least, most;
	const char *wanted = arguments_of(cli, &least);

	most = least + command->n_more;
	if (n < least)
		return fail(cli, STATUS_USAGE, "%s wants %s: %s", command->name, wanted,
			    help_hint(cli));
	if (n > most)
		return fail(cli, STATUS_USAGE, "%s: \"%s\" is one argument too many: %s",
			    command->name, arguments[most], help_hint(cli));
	return STATUS_OK;
}

void command_help(struct cli *cli)
{
	size_t n;
	int least;
	const struct cli_option *options = common_options(cli, &n);

	help_command(cli, cli->command, arguments_of(cli, &least), options, n);
}

int command_start(struct cli *cli, int argc, char **argv,
		  int (*run)(struct cli *cli, const void *options, char **arguments))
{
	const struct command *command = cli->command;
	struct parser parser = { .shorts = ":" };
	char *fields = calloc(1, command->options_size + 1);
	const struct cli_option *common;
	int status;
	size_t n;

	if (!fields)
		return fail(cli, STATUS_FAILURE, "out of memory");
	common = common_options(cli, &n);
	parser_add(&parser, command->options, command->n_options);
	parser_add(&parser, common, n);
	status = parse(cli, &parser, fields, argc, argv);
	if (!status && cli->help) {
		command_help(cli);
	} else if (!status) {
		char **arguments = argv + optind;

		status = check_arguments(cli, argc - optind, arguments);
		/* A NULL for ADDRESS; the command's name or an option is in front of it. */
		if (cli->shell && command->takes_address)
			*--arguments = NULL;
		start_time_limit(cli);
		if (!status)
			status = run(cli, fields, arguments);
	}
	free(fields);
	return status;
}

const struct command *command_find(const struct command *const *commands,
				   const char *name)
{
	for (; *commands; commands++)
		if (strcmp((*commands)->name, name) == 0)
			return *commands;
	return NULL;
}

int command_line(struct cli *cli, int argc, char **argv, int *ret_first)
{
	struct parser parser = { .shorts = "+:" };
	int status;

	parser_add(&parser, global_options, COUNT_OF(global_options));
	status = parse(cli, &parser, NULL, argc, argv);
	*ret_first = optind;
	return status;
}

void command_list(const struct command *const *commands)
{
	help_program(commands, global_options, COUNT_OF(global_options));
}
