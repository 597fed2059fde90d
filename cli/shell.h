/* SPDX-License-Identifier: MIT */
/*
 * The shell: lines in, the program's own commands out, over one connection that
 * stays. session.c has the commands that only make sense here, prompt.c the
 * terminal, complete.c what Tab offers.
 */
#ifndef CLI_SHELL_H
#define CLI_SHELL_H

#include "cli/cli.h"

struct notify;
struct shell_scan;

struct shell {
	struct cli *cli;
	bool quit;
	bool busy;                /* a command runs */
	struct notify *notifies;  /* those that go on behind the prompt */
	struct shell_scan *scan;  /* NULL until the first one */
	/* The peripheral that connect was for last, as it is named; or empty. */
	char before[BLE_ADDRESS_TEXT + 8];
	const struct command *const *commands;
	/* What the peripheral's events call, since peer.c stands below the shell. */
	void (*lost)(struct cli *cli);
	void (*changed)(struct cli *cli, uint16_t start, uint16_t end);
};

extern const struct command shell_scan_command, devices_command, connect_command,
	disconnect_command, unnotify_command, wait_command, help_command_command,
	quit_command, exit_command;

/* Tells of a connection that was lost, unless a command is going to. */
void shell_lost(struct cli *cli);

/* Tells that the peripheral has other services from now on. */
void shell_changed(struct cli *cli, uint16_t start, uint16_t end);

/* The tree is another one: where what was subscribed stands in it. */
void notify_move(struct cli *cli);

/* What was subscribed is not any more: silently. */
void notify_end_all(struct cli *cli);

void shell_scan_free(struct shell_scan *scan);

/* Walks the devices heard: NULL gives the first. */
struct ble_device *shell_scan_device(const struct shell_scan *scan,
				     const struct ble_device *previous);

/* Takes a line apart in place: blanks between words, quotes of both kinds and
 * backslashes as in sh, # in front of a comment. 0, or -EINVAL with a sentence in
 * why. A NULL stands behind the last word. */
enum { WORDS_MAX = 64 };
int words_split(char *line, char *words[WORDS_MAX + 1], int *ret_n, char why[100]);

/* -- Completion (complete.c) ------------------------------------------------- */

struct candidates {
	size_t from; /* where in the line the word starts that they replace */
	size_t n;
	char *words[400]; /* each to be freed by candidates_free() */
};

/* What may stand at the end of these len bytes. */
void complete(struct cli *cli, const char *line, size_t len,
	      struct candidates *ret_candidates);
void candidates_free(struct candidates *candidates);

/* -- The prompt (prompt.c) ------------------------------------------------------ */

struct prompt;

/* A status; it has told why there can be none. */
int prompt_open(struct cli *cli, struct prompt **ret_prompt);

/* Runs the loop until a line was entered, which is valid until the next call.
 * 0; -ENODATA: the end of the input; -EINTR: a signal; or another error. */
int prompt_line(struct prompt *prompt, char **ret_line);

void prompt_close(struct prompt *prompt);

#endif
