/* SPDX-License-Identifier: MIT */
/* blewire shell: at a prompt, or from a script on standard input. */
#include "cli/shell.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static const struct command *const commands[] = {
	&shell_scan_command, &devices_command,	    &connect_command, &disconnect_command,
	&info_command,	     &read_command,	    &write_command,   &notify_command,
	&unnotify_command,   &rssi_command,	    &params_command,  &wait_command,
	&adapters_command,   &help_command_command, &quit_command,    &exit_command,
	NULL,
};

static int run_command(struct cli *cli, const void *fields, char **arguments)
{
	return cli->command->run(cli, fields, arguments);
}

/* If the connection was lost: reports it, unless the command before ended with this
 * status and reported it. Its subscriptions are then inactive until the next connect. */
static void end_lost_connection(struct cli *cli, int status)
{
	struct peer *peer = &cli->peer;

	if (!peer->client || peer->disconnected || ble_client_connected(peer->client))
		return;
	if (peer->lost && status != STATUS_LINK)
		shell_lost(cli);
	peer->disconnected = true;
	peer->discovered = false;
}

/* Frees everything that belongs to a removed adapter, so that the next command opens
 * it again. last_peer is kept. */
static void free_removed_adapter(struct cli *cli)
{
	if (!cli->adapter_removed)
		return;
	cli->adapter_removed = false;
	notify_end_all(cli);
	shell_scan_free(cli->shell->scan);
	cli->shell->scan = NULL;
	peer_disconnect(cli);
	cli->adapter = ble_adapter_unref(cli->adapter);
}

/* Runs one line. Options apply to this line only. A status. */
static int run_line(struct cli *cli, char *line)
{
	const struct command *shell = cli->command;
	struct cli kept = *cli;
	char *words[WORDS_MAX + 1], why[100];
	int n, status = STATUS_OK;

	end_lost_connection(cli, STATUS_LINK); /* already reported at the prompt */
	free_removed_adapter(cli);
	if (words_split(line, words, &n, why))
		return fail(cli, STATUS_USAGE, "%s", why);
	if (!n)
		return STATUS_OK;
	cli->shell->busy = true;
	cli->command = command_find(commands, words[0]);
	if (cli->command)
		status = command_start(cli, n, words, run_command);
	else
		status = fail(cli, STATUS_USAGE, "unknown command \"%s\": see help", words[0]);
	cli->shell->busy = false;
	cli->command = shell;
	cli->json = kept.json;
	cli->verbose = kept.verbose;
	cli->help = kept.help;
	cli->timeout_ms = kept.timeout_ms;
	end_lost_connection(cli, status);
	return status;
}

/* -- At a prompt ------------------------------------------------------------------- */

static int run_prompt(struct cli *cli)
{
	struct prompt *prompt;
	char *line;
	int err, status = prompt_open(cli, &prompt);

	if (status)
		return status;
	do {
		err = prompt_line(prompt, &line);
		if (!err)
			run_line(cli, line);
		/* Ctrl-C ends the line or the command, not the shell. */
		if (signals_caught() == SIGINT) {
			if (!err)
				put("\n");
			signals_clear();
			err = 0;
		}
	} while (!err && !cli->shell->quit && !signals_caught() && !output_error());
	prompt_close(prompt);
	if (signals_caught())
		return STATUS_SIGNAL + signals_caught();
	if (err && err != -ENODATA && !output_error())
		return fail(cli, STATUS_FAILURE, "cannot read from the terminal: %s",
			    strerror(-err));
	return STATUS_OK;
}

/* -- From a script ------------------------------------------------------------------- */

struct script {
	char bytes[4096];
	size_t len, at; /* at: after the last line taken */
	bool end;
};

/* The next line, ended with a NUL: 0; -ENODATA; -EMSGSIZE: too long. */
static int script_line(struct cli *cli, struct script *s, char **ret_line)
{
	s->len -= s->at;
	memmove(s->bytes, s->bytes + s->at, s->len);
	s->at = 0;
	for (;;) {
		char *end = memchr(s->bytes, '\n', s->len);
		ssize_t n;
		int err;

		if (!end && s->end && s->len)
			end = s->bytes + s->len;
		if (end) {
			*end = '\0';
			s->at = (size_t)(end - s->bytes) + (end < s->bytes + s->len);
			*ret_line = s->bytes;
			return strlen(s->bytes) == (size_t)(end - s->bytes) ? 0 : -EILSEQ;
		}
		if (s->end)
			return -ENODATA;
		if (s->len == sizeof(s->bytes) - 1)
			return -EMSGSIZE;
		err = wait_readable(cli, STDIN_FILENO);
		if (err)
			return err;
		n = read(STDIN_FILENO, s->bytes + s->len, sizeof(s->bytes) - 1 - s->len);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		s->end = n == 0;
		s->len += n > 0 ? (size_t)n : 0;
	}
}

static int run_script(struct cli *cli)
{
	struct script script = { .len = 0 };
	int err = 0, first = STATUS_OK;

	while (!err && !cli->shell->quit) {
		int status = STATUS_OK;
		char *line = NULL;

		err = script_line(cli, &script, &line);
		if (err == -EILSEQ) {
			status = fail(cli, STATUS_USAGE, "a line has a NUL in it");
			err = 0;
		} else if (!err) {
			status = run_line(cli, line);
		}
		if (signals_caught() || output_error())
			return fail_error(cli, STEP_ADAPTER, -EINTR, "shell");
		first = first ? first : status;
	}
	if (err == -EMSGSIZE)
		return fail(cli, first ? first : STATUS_USAGE, "a line has more than 4094 bytes");
	if (err && err != -ENODATA)
		return fail(cli, STATUS_FAILURE, "cannot read standard input: %s", strerror(-err));
	return first;
}

static int run(struct cli *cli, const void *options, char **arguments)
{
	struct shell shell = {
		.cli = cli,
		.commands = commands,
		.lost = shell_lost,
		.changed = shell_changed,
	};
	int status = adapter_open(cli);

	(void)options;
	(void)arguments;
	if (status)
		return status;
	cli->shell = &shell;
	status = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) ? run_prompt(cli) : run_script(cli);
	notify_end_all(cli);
	shell_scan_free(shell.scan);
	peer_disconnect(cli);
	cli->shell = NULL;
	return status;
}

const struct command shell_command = {
	.name = "shell",
	.arguments = "",
	.summary = "Take commands at a prompt, over one connection",
	.details = "With a terminal: completion with Tab, history, and notifications while you type;\n"
		   "Ctrl-C ends a command, Ctrl-D the shell. Otherwise the lines of standard input are\n"
		   "commands, and the status is that of the first that failed. \"help\" lists them.\n",
	.run = run,
};
