/* SPDX-License-Identifier: MIT */
/*
 * Standard output, line buffered. The first error of a write is kept: EPIPE (the
 * reader is gone) ends the program without a message, a full disk is reported.
 */
#include "cli/cli.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int first_error;

/* If the program was started with this descriptor closed, a socket could get its
 * number and be printed into. What is opened here cannot be written to. */
static void fill_descriptor(int fd)
{
	if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
	    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
		abort(); /* there is no descriptor to report it on */
}

void output_open(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		fill_descriptor(fd);
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
}

static void check_write(int result)
{
	if (result < 0 && !first_error)
		first_error = errno ? -errno : -EIO;
}

int output_error(void)
{
	return first_error;
}

void output_set_error(int error)
{
	if (!first_error)
		first_error = error;
}

bool output_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

static struct {
	void (*hide)(void *user), (*show)(void *user);
	void *user;
	bool hidden;
} prompt;

void output_set_prompt(void (*hide)(void *user), void (*show)(void *user), void *user)
{
	prompt.hide = hide;
	prompt.show = show;
	prompt.user = user;
	prompt.hidden = false;
}

void output_hide_prompt(void)
{
	if (!prompt.hide || prompt.hidden)
		return;
	prompt.hidden = true;
	prompt.hide(prompt.user);
}

void output_show_prompt(void)
{
	if (!prompt.hidden)
		return;
	prompt.hidden = false;
	check_write(fflush(stdout));
	prompt.show(prompt.user);
}

void put(const char *format, ...)
{
	va_list ap;

	if (first_error)
		return;
	output_hide_prompt();
	va_start(ap, format);
	check_write(vprintf(format, ap));
	va_end(ap);
}

void put_escaped(struct ble_bytes text)
{
	char out[20];
	size_t len;

	for (; text.len; text.data += len, text.len -= len) {
		ble_text_decode(text, &len);
		text_escape(out, sizeof(out), (struct ble_bytes){ text.data, len });
		put("%s", out);
	}
}

void put_hex(struct ble_bytes bytes)
{
	static const char digits[] = "0123456789abcdef";
	char text[65];

	while (bytes.len) {
		size_t n = bytes.len < sizeof(text) / 2 ? bytes.len : sizeof(text) / 2;

		for (size_t i = 0; i < n; i++) {
			text[2 * i] = digits[bytes.data[i] >> 4];
			text[2 * i + 1] = digits[bytes.data[i] & 15];
		}
		put("%.*s", (int)(2 * n), text);
		bytes.data += n;
		bytes.len -= n;
	}
}

void put_clock(void)
{
	struct timespec now;
	struct tm tm;
	char text[16];

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	strftime(text, sizeof(text), "%H:%M:%S", &tm);
	put("%s.%03ld", text, now.tv_nsec / 1000000);
}

void output_close(void)
{
	check_write(fflush(stdout));
	/* Some file systems report a full disk only here. */
	check_write(fclose(stdout));
}
