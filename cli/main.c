/* SPDX-License-Identifier: MIT */
/* The program: the table of its commands, and what every command does at its start
 * and end. */
#include "config.h"

#include "cli/cli.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

static const struct command *const commands[] = {
	&adapters_command, &scan_command,   &info_command, &read_command,
	&write_command,	   &notify_command, &rssi_command, &params_command,
	&shell_command,	   NULL,
};

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
	/* The loop is kept, as a signal may still interrupt it. */
	return status;
}

static int start(struct cli *cli, int argc, char **argv)
{
	int first, status = command_line(cli, argc, argv, &first);

	if (status)
		return status;
	if (cli->version) {
		put("blewire %s\n", ble_version());
		return STATUS_OK;
	}
	if (first == argc) {
		if (!cli->help)
			return fail(cli, STATUS_USAGE, "a command is missing: see blewire --help");
		command_list(commands);
		return STATUS_OK;
	}
	cli->command = command_find(commands, argv[first]);
	if (!cli->command)
		return fail(cli, STATUS_USAGE, "unknown command \"%s\": see blewire --help",
			    argv[first]);
	return command_start(cli, argc - first, argv + first, run_command);
}

/* Returns the final status. */
static int close_output(struct cli *cli, int status)
{
	int err;

	output_close();
	err = output_error();
	/* Any other status has been reported already. */
	if (!err || err == -EPIPE || status > STATUS_FAILURE)
		return status;
	cli->json = false; /* it would go to stdout */
	return fail(cli, STATUS_FAILURE, "cannot write the output: %s",
		    err == -ENOMEM ? "out of memory" : strerror(-err));
}

int main(int argc, char **argv)
{
	const char *adapter = getenv("BLEWIRE_ADAPTER");
	struct cli cli = { .adapter_name = adapter && *adapter ? adapter : NULL };
	int status;

	output_open();
	setlocale(LC_CTYPE, "");
	status = start(&cli, argc, argv);
	status = close_output(&cli, status);
	signals_release();
	ble_loop_unref(cli.loop);
	signals_raise();
	return status;
}
