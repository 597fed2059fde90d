/* SPDX-License-Identifier: MIT */
/* The program: the table of its commands, its command line, and the one way in
 * and out that all of them share. */
#include "config.h"

#include "cli/cli.h"

#include <getopt.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static const struct command *const commands[] = {
	&adapters_command, &scan_command,  &info_command,
	&read_command,	   &write_command, &notify_command,
	&rssi_command,	   &params_command,
	NULL,
};

#define FIELD(name) offsetof(struct cli, name)
static const struct cli_option global_options[] = {
	{ 'a', "adapter", "ADAPTER", "use this adapter instead of the first one",
	  set_text, FIELD(adapter_name), "" },
#ifdef HAVE_JSON
	{ 'j', "json", NULL, "print JSON, one object a line", set_flag,
	  FIELD(json), "" },
#endif
	{ 0, "timeout", "SECONDS", "give up an operation after this time (20 for a connect)",
	  set_time, FIELD(timeout_ms), WANTS_TIME },
	{ 'v', "verbose", NULL, "tell what is being done, on stderr", set_flag,
	  FIELD(verbose), "" },
	{ 'h', "help", NULL, "show this help and exit", set_flag, FIELD(help), "" },
	{ 0, "version", NULL, "show the version and exit", set_flag,
	  FIELD(version), "" },
};
#undef FIELD

enum { MAX_OPTIONS = 32, LONG_ONLY = 256 };

/* Both tables in the form that getopt_long() takes; its answers are then
 * LONG_ONLY + index into options. */
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

static const char *see(const struct cli *cli)
{
	static char text[64];

	snprintf(text, sizeof(text), "see blewire %s%s--help",
		 cli->command ? cli->command->name : "", cli->command ? " " : "");
	return text;
}

/* What getopt_long() refused, with ':' or '?'. argument is where it stood. */
static int refuse(struct cli *cli, const struct parser *parser, int c,
		  const char *argument)
{
	const struct cli_option *o = optopt ? parser_option(parser, optopt) : NULL;

	if (c == ':' && o)
		return fail(cli, STATUS_USAGE, "--%s wants a value, %s: %s",
			    o->name, o->value, see(cli));
	if (o)
		return fail(cli, STATUS_USAGE, "--%s takes no value: %s", o->name,
			    see(cli));
	if (optopt)
		return fail(cli, STATUS_USAGE, "unknown option -%c: %s", optopt,
			    see(cli));
#ifndef HAVE_JSON
	if (strcmp(argument, "--json") == 0)
		return fail(cli, STATUS_USAGE,
			    "--json: this program was built without json-c, so it prints text only");
#endif
	return fail(cli, STATUS_USAGE, "unknown option %s: %s", argument, see(cli));
}

/* Reads options up to the end, or with '+' in front of shorts up to the first
 * word. fields: the command's options. A status. */
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
			return refuse(cli, parser, c, argv[optind - 1]);
		o = parser_option(parser, c);
		global = o >= global_options &&
			 o < global_options + COUNT_OF(global_options);
		if (o->set((global ? (char *)cli : fields) + o->field, optarg))
			return fail(cli, STATUS_USAGE, "--%s wants %s, not \"%s\": %s",
				    o->name, o->wants, optarg, see(cli));
	}
	return STATUS_OK;
}

static int run_command(struct cli *cli, const void *fields, char **arguments)
{
	int status, err = ble_loop_new(&cli->loop);

	if (err)
		return fail(cli, STATUS_FAILURE, "cannot start: %s", ble_strerror(err));
	err = signals_catch(cli->loop);
	if (err)
		status = fail(cli, STATUS_FAILURE, "cannot catch signals: %s",
			      ble_strerror(err));
	else
		status = cli->command->run(cli, fields, arguments);
	cli->adapter = ble_adapter_unref(cli->adapter);
	/* The loop stays: a signal may still come. */
	return status;
}

/* The command's own options and arguments, argv[0] being its name. */
static int start_command(struct cli *cli, int argc, char **argv)
{
	const struct command *command = cli->command;
	struct parser parser = { .shorts = ":" };
	char *fields = calloc(1, command->options_size + 1);
	int n, status;

	if (!fields)
		return fail(cli, STATUS_FAILURE, "out of memory");
	parser_add(&parser, command->options, command->n_options);
	parser_add(&parser, global_options, COUNT_OF(global_options));
	status = parse(cli, &parser, fields, argc, argv);
	n = argc - optind;
	if (status)
		;
	else if (cli->help)
		help_command(command, global_options, COUNT_OF(global_options));
	else if (n < command->n_arguments)
		status = fail(cli, STATUS_USAGE, "%s wants %s: %s", command->name,
			      command->arguments, see(cli));
	else if (n > command->n_arguments + command->n_more)
		status = fail(cli, STATUS_USAGE, "%s: \"%s\" is one argument too many: %s",
			      command->name, argv[optind + command->n_arguments + command->n_more],
			      see(cli));
	else
		status = run_command(cli, fields, argv + optind);
	free(fields);
	return status;
}

static int start(struct cli *cli, int argc, char **argv)
{
	struct parser parser = { .shorts = "+:" };
	int status;

	parser_add(&parser, global_options, COUNT_OF(global_options));
	status = parse(cli, &parser, NULL, argc, argv);
	if (status)
		return status;
	if (cli->version) {
		put("blewire %s\n", ble_version());
		return STATUS_OK;
	}
	if (optind == argc) {
		if (!cli->help)
			return fail(cli, STATUS_USAGE, "a command is missing: see blewire --help");
		help_program(commands, global_options, COUNT_OF(global_options));
		return STATUS_OK;
	}
	for (size_t i = 0; commands[i] && !cli->command; i++)
		if (strcmp(commands[i]->name, argv[optind]) == 0)
			cli->command = commands[i];
	if (!cli->command)
		return fail(cli, STATUS_USAGE, "unknown command \"%s\": see blewire --help",
			    argv[optind]);
	return start_command(cli, argc - optind, argv + optind);
}

int main(int argc, char **argv)
{
	struct cli cli = { .adapter_name = getenv("BLEWIRE_ADAPTER") };
	int status;

	output_open();
	setlocale(LC_CTYPE, "");
	status = start(&cli, argc, argv);
	status = output_close(&cli, status);
	signals_release();
	ble_loop_unref(cli.loop);
	signals_finish();
	return status;
}
