/* SPDX-License-Identifier: MIT */
/*
 * The prompt, by libedit. libedit asks for one character at a time, and the loop
 * runs while it waits. Output during that time erases the line first and draws it
 * again afterwards, with what was typed so far.
 */
#include "config.h"

#include "cli/shell.h"

#include <fcntl.h>
#include <histedit.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

enum { HISTORY_LINES = 500, WIDEST = 100000 };

struct prompt {
	struct cli *cli;
	EditLine *edit;
	History *history;
	char path[512]; /* of the history; empty: it is not kept */
	char text[BLE_ADDRESS_TEXT + 16];
	char *line;
	int err; /* why reading characters ended */
};

/* Set by SIGCONT: another program may have changed the terminal. */
static volatile sig_atomic_t continued;

static void on_continue(int number)
{
	(void)number;
	continued = 1;
}

static struct prompt *prompt_of(EditLine *edit)
{
	void *user = NULL;

	el_get(edit, EL_CLIENTDATA, &user);
	return user;
}

static char *on_prompt(EditLine *edit)
{
	struct prompt *p = prompt_of(edit);
	const struct peer *peer = &p->cli->peer;
	char address[BLE_ADDRESS_TEXT];

	if (peer->client && ble_client_connected(peer->client))
		snprintf(p->text, sizeof(p->text), "%s> ",
			 ble_address_text(&peer->address, address));
	else
		snprintf(p->text, sizeof(p->text), "blewire> ");
	return p->text;
}

/* -- Output above the line ----------------------------------------------------------- */

static void on_hide(void *user)
{
	struct prompt *p = user;
	const LineInfo *line = el_line(p->edit);
	struct winsize size;
	char *part = strndup(line->buffer, (size_t)(line->cursor - line->buffer));
	int columns, rows = 0;

	/* What was typed may be longer than the terminal is wide. */
	text_fit(part ? part : "", WIDEST, &columns);
	free(part);
	columns += (int)strlen(p->text);
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		rows = columns / size.ws_col;
	fputs("\r", stdout);
	if (rows)
		fprintf(stdout, "\033[%dA", rows);
	fputs("\033[J", stdout);
}

static void on_show(void *user)
{
	struct prompt *p = user;

	el_set(p->edit, EL_REFRESH);
	fflush(stdout);
}

/* -- Characters ------------------------------------------------------------------------ */

static void restore_terminal(struct prompt *p)
{
	if (!continued)
		return;
	continued = 0;
	el_set(p->edit, EL_PREP_TERM, 0);
	el_set(p->edit, EL_PREP_TERM, 1);
	on_show(p);
}

static int on_character(EditLine *edit, wchar_t *ret_character)
{
	struct prompt *p = prompt_of(edit);
	mbstate_t state = { 0 };

	for (;;) {
		size_t taken;
		ssize_t n;
		char byte;

		fflush(stdout);
		p->err = wait_readable(p->cli, STDIN_FILENO);
		restore_terminal(p);
		if (p->err)
			return -1;
		n = read(STDIN_FILENO, &byte, 1);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0) {
			p->err = n < 0 && errno != EIO ? -errno : -ENODATA;
			return 0;
		}
		taken = mbrtowc(ret_character, &byte, 1, &state);
		if (taken == (size_t)-2)
			continue;
		if (taken != (size_t)-1)
			return 1;
		memset(&state, 0, sizeof(state)); /* invalid in this locale: ignored */
	}
}

/* -- Tab -------------------------------------------------------------------------------- */

static size_t common_length(const struct candidates *list)
{
	size_t len = strlen(list->words[0]);

	for (size_t i = 1; i < list->n; i++)
		for (size_t k = 0; k < len; k++)
			if (list->words[i][k] != list->words[0][k])
				len = k;
	return len;
}

static void list_candidates(struct prompt *p, const struct candidates *list)
{
	size_t width = 0, column = 0;
	struct winsize size = { 0 };

	for (size_t i = 0; i < list->n; i++)
		if (strlen(list->words[i]) > width)
			width = strlen(list->words[i]);
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col)
		size.ws_col = 80;
	fputs("\n", stdout);
	for (size_t i = 0; i < list->n; i++) {
		column += width + 2;
		if (i && column > size.ws_col) {
			fputs("\n", stdout);
			column = width + 2;
		}
		fprintf(stdout, "%-*s  ", (int)width, list->words[i]);
	}
	fputs("\n", stdout);
	on_show(p);
}

/* Replaces what was typed, since its case may differ. */
static void replace(EditLine *edit, size_t typed, const char *word, size_t len, bool end)
{
	char text[320];

	snprintf(text, sizeof(text), "%.*s%s", (int)len, word, end ? " " : "");
	el_deletestr(edit, (int)typed);
	el_insertstr(edit, text);
}

static unsigned char on_tab(EditLine *edit, int character)
{
	struct prompt *p = prompt_of(edit);
	const LineInfo *line = el_line(edit);
	size_t len = (size_t)(line->cursor - line->buffer), typed;
	unsigned char result = CC_REFRESH;
	struct candidates list;

	(void)character;
	complete(p->cli, line->buffer, len, &list);
	typed = len - list.from;
	if (!list.n) {
		result = CC_REFRESH_BEEP;
	} else if (list.n == 1) {
		replace(edit, typed, list.words[0], strlen(list.words[0]), true);
	} else if (common_length(&list) > typed) {
		replace(edit, typed, list.words[0], common_length(&list), false);
	} else {
		list_candidates(p, &list);
		result = CC_NORM;
	}
	candidates_free(&list);
	return result;
}

/* -- History ------------------------------------------------------------------------------ */

/* Creates the missing folders of a path. */
static void make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700); /* if this fails, so does opening the file */
		*slash = '/';
	}
}

static void history_find(struct prompt *p)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int len = 0;

	if (state && *state == '/')
		len = snprintf(p->path, sizeof(p->path), "%s/blewire/history", state);
	else if (home && *home == '/')
		len = snprintf(p->path, sizeof(p->path), "%s/.local/state/blewire/history", home);
	if (len >= (int)sizeof(p->path))
		p->path[0] = '\0';
}

static void history_save(struct prompt *p)
{
	char temporary[sizeof(p->path) + 16];
	HistEvent event;
	FILE *file = NULL;
	int fd;

	if (!p->path[0])
		return;
	make_folders(p->path);
	snprintf(temporary, sizeof(temporary), "%s.%ld", p->path, (long)getpid());
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		file = fdopen(fd, "w");
	if (file && history(p->history, &event, H_SAVE_FP, file) >= 0 && fclose(file) == 0) {
		if (rename(temporary, p->path) == 0)
			return;
	}
	print_verbose(p->cli, "the history was not kept in %s: %s", p->path, strerror(errno));
	unlink(temporary);
}

/* -- Open, line, close ---------------------------------------------------------------------- */

static void set_up(struct prompt *p)
{
	struct sigaction action = { .sa_handler = on_continue, .sa_flags = SA_RESTART };
	HistEvent event;

	el_set(p->edit, EL_CLIENTDATA, p);
	el_set(p->edit, EL_PROMPT, on_prompt);
	el_set(p->edit, EL_EDITOR, "emacs");
	el_set(p->edit, EL_GETCFN, on_character);
	el_set(p->edit, EL_HIST, history, p->history);
	/* The char version leaks copies of its texts. */
	el_wset(p->edit, EL_ADDFN, L"blewire-complete", L"Complete the word", on_tab);
	el_set(p->edit, EL_BIND, "^I", "blewire-complete", NULL);
	el_set(p->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
	history(p->history, &event, H_SETSIZE, HISTORY_LINES);
	history(p->history, &event, H_SETUNIQUE, 1);
	history_find(p);
	if (p->path[0])
		history(p->history, &event, H_LOAD, p->path);
	el_source(p->edit, NULL); /* ~/.editrc */
	sigemptyset(&action.sa_mask);
	sigaction(SIGCONT, &action, NULL);
}

int prompt_open(struct cli *cli, struct prompt **ret_prompt)
{
	struct prompt *p = calloc(1, sizeof(*p));

	if (p)
		p->edit = el_init("blewire", stdin, stdout, stderr);
	if (p)
		p->history = history_init();
	if (!p || !p->edit || !p->history) {
		prompt_close(p);
		return fail(cli, STATUS_FAILURE, "the terminal cannot be used: out of memory, or TERM is not known");
	}
	p->cli = cli;
	set_up(p);
	*ret_prompt = p;
	return STATUS_OK;
}

static void add_to_history(struct prompt *p)
{
	HistEvent event;

	if (p->line[strspn(p->line, " \t")] && *p->line != ' ')
		history(p->history, &event, H_ENTER, p->line);
}

int prompt_line(struct prompt *p, char **ret_line)
{
	const char *line;
	int n = 0;

	free(p->line);
	p->line = NULL;
	p->err = 0;
	output_set_prompt(on_hide, on_show, p);
	el_set(p->edit, EL_PREP_TERM, 1); /* before the prompt is printed */
	line = el_gets(p->edit, &n);
	output_set_prompt(NULL, NULL, NULL);
	if (p->err == -EINTR)
		fputs("^C\n", stdout);
	if (p->err)
		return p->err;
	if (!line || n <= 0) {
		fputs("\n", stdout);
		return -ENODATA; /* Ctrl-D */
	}
	p->line = strndup(line, strcspn(line, "\n"));
	if (!p->line)
		return -ENOMEM;
	add_to_history(p);
	*ret_line = p->line;
	return 0;
}

void prompt_close(struct prompt *p)
{
	if (!p)
		return;
	signal(SIGCONT, SIG_DFL);
	if (p->history) {
		if (p->cli)
			history_save(p);
		history_end(p->history);
	}
	if (p->edit)
		el_end(p->edit);
	free(p->line);
	free(p);
}
