/* SPDX-License-Identifier: MIT */
/*
 * The shell: runs the program's commands, a line each, over one connection.
 * session.c has the commands that exist only here, prompt.c the terminal,
 * complete.c the completion.
 */
#ifndef CLI_SHELL_H
#define CLI_SHELL_H

#include "cli/cli.h"

struct notify;
struct shell_scan;

struct shell {
	struct cli *cli;
	bool quit;
	bool busy;                /* a command is running */
	struct notify *notifies;  /* the notify commands that run in the background */
	struct shell_scan *scan;  /* NULL until the first one */
	/* The name of the peripheral of the last connect; or empty. */
	char last_peer[BLE_ADDRESS_TEXT + 8];
	const struct command *const *commands;
	/* Called by peer.c, which is not to depend on the shell. */
	void (*lost)(struct cli *cli);
	void (*changed)(struct cli *cli, uint16_t start, uint16_t end);
};

extern const struct command shell_scan_command, devices_command, connect_command,
	disconnect_command, unnotify_command, wait_command, help_command_command,
	quit_command, exit_command;

/* Prints that the connection was lost. While a command runs, it does nothing: the
 * message is printed after the command. */
void shell_lost(struct cli *cli);

/* Prints that the services changed. */
void shell_changed(struct cli *cli, uint16_t start, uint16_t end);

/* Updates the handles of the subscriptions after a discovery. */
void notify_update_handles(struct cli *cli);

/* Ends all subscriptions, without output. */
void notify_end_all(struct cli *cli);

void shell_scan_free(struct shell_scan *scan);

/* Iterates over the devices heard: NULL gives the first. */
struct ble_device *shell_scan_device(const struct shell_scan *scan,
				     const struct ble_device *previous);

/* Splits a line into words, in place: blanks, quotes of both kinds and backslashes
 * as in sh, # starts a comment. 0, or -EINVAL with a sentence in why. The words end
 * with a NULL. */
enum { WORDS_MAX = 64 };
int words_split(char *line, char *words[WORDS_MAX + 1], int *ret_n, char why[100]);

/* -- Completion (complete.c) ------------------------------------------------- */

struct candidates {
	size_t from; /* offset of the word that they replace */
	size_t n;
	char *words[400]; /* each to be freed by candidates_free() */
};

/* Finds the candidates for the last word of these len bytes. */
void complete(struct cli *cli, const char *line, size_t len,
	      struct candidates *ret_candidates);
void candidates_free(struct candidates *candidates);

/* -- The prompt (prompt.c) ------------------------------------------------------ */

struct prompt;

/* A status. */
int prompt_open(struct cli *cli, struct prompt **ret_prompt);

/* Runs the loop until a line was entered. The line is valid until the next call.
 * 0; -ENODATA: end of input; -EINTR: a signal; or another error. */
int prompt_line(struct prompt *prompt, char **ret_line);

void prompt_close(struct prompt *prompt);

#endif
