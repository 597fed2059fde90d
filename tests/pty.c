/* SPDX-License-Identifier: MIT */
/*
 * A person at a terminal, for programs that behave otherwise there:
 *
 *	pty COLUMNS LINES PROGRAM ARGUMENT... <steps
 *
 * A step is a line: "send TEXT" types it (\r, \t, \e, \xNN); "expect TEXT" waits
 * until the program has written it, behind what was expected before; "never TEXT"
 * fails if it was written since then; "size COLUMNS LINES" changes the terminal;
 * "signal NAME" sends one (INT, TSTP, CONT); "pause MS" gives a program that
 * should write nothing the time to do so; "end STATUS" waits for its end.
 * All that the program wrote goes to standard output. Status 0: each step succeeded.
 */
#include "config.h" /* posix_openpt() is an extension to some */

#include <ctype.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "tests/patience.h"

static char written[1 << 20];
static size_t len, matched; /* matched: behind what was expected last */
static int terminal;
static pid_t child;

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void start(char **argv, unsigned short columns, unsigned short lines)
{
	struct winsize size = { .ws_col = columns, .ws_row = lines };
	int fd;

	terminal = posix_openpt(O_RDWR | O_NOCTTY);
	if (terminal < 0 || grantpt(terminal) || unlockpt(terminal) ||
	    ioctl(terminal, TIOCSWINSZ, &size) < 0 || (child = fork()) < 0) {
		perror("pty");
		exit(99);
	}
	if (child)
		return;
	setsid();
	fd = open(ptsname(terminal), O_RDWR);
	if (fd < 0 || ioctl(fd, TIOCSCTTY, 0) < 0 || dup2(fd, 0) < 0 || dup2(fd, 1) < 0 ||
	    dup2(fd, 2) < 0)
		_exit(99);
	close(terminal);
	if (fd > 2)
		close(fd);
	execvp(argv[0], argv);
	_exit(99);
}

/* Takes what the program wrote. False when it has closed the terminal. */
static bool take(int ms)
{
	struct pollfd fd = { .fd = terminal, .events = POLLIN };
	ssize_t n;

	if (poll(&fd, 1, ms) <= 0)
		return true;
	n = read(terminal, written + len, sizeof(written) - 1 - len);
	if (n <= 0)
		return false;
	fwrite(written + len, 1, (size_t)n, stdout);
	fflush(stdout);
	len += (size_t)n;
	return true;
}

/* Bytes, some of which may be NULs. */
static char *find(const char *text)
{
	size_t n = strlen(text);

	for (size_t i = matched; i + n <= len; i++)
		if (memcmp(written + i, text, n) == 0)
			return written + i;
	return NULL;
}

static size_t unescape(char *text)
{
	static const char names[] = "rtne\\", bytes[] = "\r\t\n\033\\";
	char *out = text;

	for (char *in = text; *in; in++) {
		const char *name = *in == '\\' && in[1] ? strchr(names, in[1]) : NULL;

		if (*in == '\\' && in[1] == 'x' && isxdigit((unsigned char)in[2]) && in[3]) {
			char hex[3] = { in[2], in[3], 0 };

			*out++ = (char)strtol(hex, NULL, 16);
			in += 3;
		} else if (name) {
			*out++ = bytes[name - names];
			in++;
		} else {
			*out++ = *in;
		}
	}
	*out = '\0';
	return (size_t)(out - text);
}

static bool expect(const char *text)
{
	long long end = now_ms() + patience_ms();
	bool open = true;
	char *at;

	while (!(at = find(text)) && open && now_ms() < end)
		open = take(100);
	if (at)
		matched = (size_t)(at - written) + strlen(text);
	return at;
}

static bool pause_for(int ms)
{
	long long end = now_ms() + ms;

	for (long long left; (left = end - now_ms()) > 0;)
		if (!take((int)left))
			usleep(10000);
	return true;
}

static bool ended(int wanted)
{
	long long end = now_ms() + patience_ms();
	int status;
	pid_t pid;

	while ((pid = waitpid(child, &status, WNOHANG)) == 0 && now_ms() < end)
		if (!take(50))
			usleep(20000);
	if (pid != child)
		return false;
	child = 0;
	pause_for(50);
	status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (status != wanted)
		fprintf(stderr, "pty: ended with %d\n", status);
	return status == wanted;
}

static bool resize(const char *text)
{
	struct winsize size = { 0 };

	return sscanf(text, "%hu %hu", &size.ws_col, &size.ws_row) == 2 &&
	       ioctl(terminal, TIOCSWINSZ, &size) == 0;
}

static bool send_signal(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} signals[] = { { "INT", SIGINT }, { "TSTP", SIGTSTP }, { "CONT", SIGCONT } };

	siginfo_t info;

	/* A program that was told to stop writes first: it is continued once it stopped. */
	if (strcmp(name, "CONT") == 0 &&
	    waitid(P_PID, (id_t)child, &info, WSTOPPED | WEXITED | WNOWAIT))
		return false;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (strcmp(name, signals[i].name) == 0)
			return kill(child, signals[i].number) == 0;
	return false;
}

static bool step(char *line)
{
	char *text = strchr(line, ' ');
	size_t n;

	if (!text)
		return false;
	*text++ = '\0';
	n = unescape(text);
	if (strcmp(line, "send") == 0)
		return write(terminal, text, n) == (ssize_t)n;
	if (strcmp(line, "expect") == 0)
		return expect(text);
	if (strcmp(line, "never") == 0)
		return !find(text);
	if (strcmp(line, "size") == 0)
		return resize(text);
	if (strcmp(line, "signal") == 0)
		return send_signal(text);
	if (strcmp(line, "pause") == 0)
		return pause_for(atoi(text));
	if (strcmp(line, "end") == 0)
		return ended(atoi(text));
	return false;
}

int main(int argc, char **argv)
{
	char line[1000], copy[1000];
	bool good = true;

	if (argc < 4)
		return 99;
	start(argv + 3, (unsigned short)atoi(argv[1]), (unsigned short)atoi(argv[2]));
	while (good && fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (!*line || *line == '#')
			continue;
		memcpy(copy, line, sizeof(copy));
		good = step(line);
		if (!good)
			fprintf(stderr, "pty: not so: %s\n", copy);
	}
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	return !good;
}
