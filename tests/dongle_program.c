/* SPDX-License-Identifier: MIT */
/* The emulator as a program, blewire-dongle-emulator: its places (see place.h), its
 * power. */
#define _GNU_SOURCE /* posix_openpt, cfmakeraw */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "tests/patience.h"
#include "tests/test_dongle.h"

static char folder[64], place[128];
static pid_t child;

static void nap(void)
{
	nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
}

/* Runs it with these words and the place behind them; its output is lost. */
static void start(const char *const words[])
{
	char program[4096];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 40);
	const char *argv[12] = { "blewire-dongle-emulator" };
	size_t argc = 1;

	REQUIRE(n > 0);
	program[n] = 0;
	strcpy(strrchr(program, '/'), "/../blewire-dongle-emulator");
	while (*words && argc < 10)
		argv[argc++] = *words++;
	if (*place)
		argv[argc++] = place;
	child = fork();
	REQUIRE(child >= 0);
	if (child)
		return;
	freopen("/dev/null", "w", stdout);
	if (!getenv("BLEWIRE_VERBOSE"))
		freopen("/dev/null", "w", stderr);
	execv(program, (char **)(uintptr_t)argv);
	_exit(127);
}

#define START(...) start((const char *const[]){ __VA_ARGS__, NULL })

static int finish(int number)
{
	int status = 0;

	if (number)
		kill(child, number);
	REQUIRE(waitpid(child, &status, 0) == child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void make_folder(void)
{
	strcpy(folder, "/tmp/bled112.XXXXXX");
	REQUIRE(mkdtemp(folder) != NULL);
	snprintf(place, sizeof(place), "%s/port", folder);
}

/* Nothing may be left in it. */
static void drop_folder(void)
{
	CHECK_INT(rmdir(folder), 0);
}

/* Waits until the emulator listens. */
static int connect_socket(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, place);
	while (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		REQUIRE(waitpid(child, NULL, WNOHANG) == 0);
		nap();
	}
	return fd;
}

/* Waits until the pty is there. */
static int open_link(void)
{
	const char *name = strncmp(place, "pty:", 4) ? place : place + 4;

	for (;;) {
		int fd = open(name, O_RDWR | O_NOCTTY);
		struct termios raw;

		if (fd >= 0 && !tcgetattr(fd, &raw)) {
			cfmakeraw(&raw);
			tcsetattr(fd, TCSANOW, &raw);
			return fd;
		}
		if (fd >= 0)
			close(fd);
		REQUIRE(waitpid(child, NULL, WNOHANG) == 0);
		nap();
	}
}

/* True once these octets came, at the end of whatever else did. */
static bool hear(int fd, const char *octets, size_t len)
{
	uint8_t last[64] = { 0 };
	struct pollfd look = { .fd = fd, .events = POLLIN };

	while (poll(&look, 1, (int)patience_ms()) > 0) {
		memmove(last, last + 1, sizeof(last) - 1);
		if (read(fd, last + sizeof(last) - 1, 1) != 1)
			return false;
		if (!memcmp(last + sizeof(last) - len, octets, len))
			return true;
	}
	return false;
}

static bool ask(int fd, const char *command, size_t len, const char *answer, size_t answer_len)
{
	return write(fd, command, len) == (ssize_t)len && hear(fd, answer, answer_len);
}

static bool address(int fd)
{
	return ask(fd, "\0\0\0\2", 4, "\0\6\0\2\xee\xff\xc0\x80\7\0", 10);
}

static bool at_end(int fd)
{
	struct pollfd look = { .fd = fd, .events = POLLIN };
	uint8_t octet;

	while (poll(&look, 1, (int)patience_ms()) > 0) {
		if (read(fd, &octet, 1) != 1)
			return true;
	}
	return false;
}

/* -- Places -------------------------------------------------------------------- */

static void socket_place(void)
{
	int fd, second;

	signal(SIGPIPE, SIG_IGN); /* a connection may be closed while we write */
	make_folder();
	START("--reset-ms", "50", "--seed", "5", "--trace");
	fd = connect_socket();
	CHECK(address(fd));
	second = connect_socket(); /* a port has one user */
	CHECK(at_end(second));
	close(second);
	CHECK(ask(fd, "\0\1\6\2\2", 5, "\0\2\6\2\0\0", 6));
	close(fd);
	fd = connect_socket(); /* it scans on */
	CHECK(ask(fd, "\0\1\6\2\2", 5, "\0\2\6\2\x81\1", 6));
	CHECK(write(fd, "\0\1\0\0\0", 5) == 5);
	CHECK(at_end(fd));
	close(fd);
	fd = connect_socket();
	CHECK(ask(fd, "\0\0\6\4", 4, "\0\2\6\4\x81\1", 6));
	CHECK_INT(finish(SIGTERM), 0);
	CHECK(at_end(fd));
	close(fd);
	drop_folder();
}

/* A host that wrote much and left at once, and the next one, which comes before the
 * emulator has read any of it: all of it is executed, and the next one is served. */
static void next_host(void)
{
	static const char discover[] = { 0, 1, 6, 2, 2 };
	char hellos[4000] = { 0 };
	int fd, next;

	for (size_t i = 3; i < sizeof(hellos); i += 4)
		hellos[i] = 1;
	make_folder();
	START("--trace");
	fd = connect_socket();
	CHECK(address(fd));
	REQUIRE(kill(child, SIGSTOP) == 0);
	CHECK_INT(write(fd, hellos, sizeof(hellos)), sizeof(hellos));
	CHECK_INT(write(fd, discover, sizeof(discover)), sizeof(discover));
	close(fd);
	next = connect_socket();
	REQUIRE(kill(child, SIGCONT) == 0);
	CHECK(ask(next, discover, sizeof(discover), "\0\2\6\2\x81\1", 6));
	CHECK_INT(finish(SIGTERM), 0);
	close(next);
	drop_folder();
}

/* It ends well however many signals come, until its last moment. */
static void many_signals(void)
{
	int status = 0, fd;

	make_folder();
	START("--trace");
	fd = connect_socket();
	CHECK(address(fd));
	while (waitpid(child, &status, WNOHANG) == 0) {
		kill(child, SIGTERM);
		nanosleep(&(struct timespec){ 0, 100000 }, NULL);
	}
	CHECK_INT(status, 0);
	close(fd);
	drop_folder();
}

static void pty_place(void)
{
	int fd;

	make_folder();
	snprintf(place, sizeof(place), "pty:%s/port", folder);
	START("--reset-ms", "50", "--script", "cmd connection_get_rssi unplug 100");
	fd = open_link();
	CHECK(address(fd));
	CHECK(ask(fd, "\0\1\6\2\2", 5, "\0\2\6\2\0\0", 6));
	close(fd);
	for (int i = 0; i < 10; i++)
		nap();
	fd = open_link(); /* it scans on */
	CHECK(ask(fd, "\0\1\6\2\2", 5, "\0\2\6\2\x81\1", 6));
	CHECK(write(fd, "\0\1\0\0\0", 5) == 5);
	CHECK(at_end(fd));
	close(fd);
	fd = open_link();
	CHECK(ask(fd, "\0\0\6\4", 4, "\0\2\6\4\x81\1", 6));
	CHECK(write(fd, "\0\1\3\1\0", 5) == 5);
	CHECK(at_end(fd));
	close(fd);
	fd = open_link();
	CHECK(address(fd));
	close(fd);
	CHECK_INT(finish(SIGINT), 0);
	drop_folder();
}

/* A tty that is there: here the far end of a pty of ours. SIGUSR1 pulls the
 * dongle out and plugs it in again, and the command for that is told. */
static void tty_place(void)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY), seen = -1, keep;
	char power[160], path[128], word[16] = "";

	make_folder();
	snprintf(path, sizeof(path), "%s/power", folder);
	snprintf(power, sizeof(power), "f() { echo $1 >>%s; }; f", path);
	REQUIRE(fd >= 0 && !grantpt(fd) && !unlockpt(fd) && ptsname(fd));
	snprintf(place, sizeof(place), "%s", ptsname(fd));
	keep = open(place, O_RDWR | O_NOCTTY);
	START("--power", power);
	CHECK(address(fd));
	kill(child, SIGUSR1);
	while (seen < 0) {
		seen = open(path, O_RDONLY);
		nap();
	}
	kill(child, SIGUSR1);
	CHECK(address(fd));
	CHECK_INT(read(seen, word, sizeof(word)), 7);
	CHECK_STR(word, "off\non\n");
	CHECK_INT(finish(SIGTERM), 0);
	unlink(path);
	close(seen);
	close(keep);
	close(fd);
	drop_folder();
}

static void options(void)
{
	static const struct {
		const char *words[3];
		int status;
	} rows[] = {
		{ { "--help" }, 0 },	     { { "--links", "9" }, 2 },
		{ { "--links", "x" }, 2 },   { { "--address", "x" }, 2 },
		{ { "--info", "1.2.3" }, 2 }, { { "--nonsense" }, 2 },
		{ { "--links", "0" }, 2 },   { { "--script", "cmd nothing silence" }, 1 },
		{ { "--script-file", "/nonexistent" }, 1 },
		{ { "--peripherals", "/nonexistent" }, 1 },
		{ { "--version" }, 0 },	     { { "--tx-buffers", "0" }, 2 },
		{ { "-z" }, 2 },	     { { "--reset-ms", "0" }, 2 },
		{ { "--local-reason", "5" }, 2 },
		{ { "--local-reason", "0x0217" }, 2 },
		{ { "--info", "1.3.2.65536" }, 2 },
		{ { "--script-file", "/tmp" }, 1 },
		{ { "--script-file", "/dev/zero" }, 1 },
	};

	make_folder();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		harness_about("%s", rows[i].words[0]);
		start(rows[i].words);
		CHECK_INT(finish(0), rows[i].status);
	}
	harness_about(NULL);
	place[0] = 0;
	START("--trace");
	CHECK_INT(finish(0), 2);
	snprintf(place, sizeof(place), "%s/no/port", folder);
	START("--trace");
	CHECK_INT(finish(0), 1);
	drop_folder();
}

static void second_program(void)
{
	pid_t first = child;

	START("--trace");
	CHECK_INT(finish(0), 1);
	child = first;
}

/* A place that is taken is refused, and nobody's file is removed for it. */
static void taken_places(void)
{
	char path[96];
	struct stat status;
	int fd;

	make_folder();
	strcpy(path, place);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	REQUIRE(fd >= 0);
	close(fd);
	START("--trace");
	CHECK_INT(finish(0), 1);
	snprintf(place, sizeof(place), "pty:%s", path);
	START("--trace");
	CHECK_INT(finish(0), 1);
	CHECK(!lstat(path, &status) && S_ISREG(status.st_mode));
	unlink(path);
	strcpy(place, path);
	START("--trace");
	fd = connect_socket();
	CHECK(address(fd));
	/* Another one may not take its socket. */
	second_program();
	CHECK(address(fd));
	kill(child, SIGKILL);
	CHECK_INT(finish(0), -SIGKILL);
	close(fd);
	CHECK(!lstat(path, &status) && S_ISSOCK(status.st_mode));
	START("--trace"); /* over the socket that the killed one left */
	fd = connect_socket();
	CHECK(address(fd));
	close(fd);
	CHECK_INT(finish(SIGTERM), 0);
	drop_folder();
}

/* Makes a symbolic link, and whether the emulator replaces it by its own. */
static bool replaced(const char *path, const char *target)
{
	char seen[128];
	ssize_t len;
	int fd;

	REQUIRE(symlink(target, path) == 0);
	START("--trace");
	while ((len = readlink(path, seen, sizeof(seen))) == (ssize_t)strlen(target) &&
	       !memcmp(seen, target, (size_t)len)) {
		if (waitpid(child, NULL, WNOHANG)) {
			unlink(path);
			return false;
		}
		nap();
	}
	fd = open_link();
	CHECK(address(fd));
	close(fd);
	CHECK_INT(finish(SIGTERM), 0);
	CHECK(access(path, F_OK) != 0);
	return true;
}

/* A link is replaced if an emulator left it, and removed if it is still its own. */
static void links(void)
{
	char path[96];
	int fd;

	make_folder();
	strcpy(path, place);
	snprintf(place, sizeof(place), "pty:%s", path);
	CHECK(replaced(path, "/dev/pts/999999"));
	CHECK(!replaced(path, "/dev/pts/ptmx"));
	CHECK(!replaced(path, "/dev/null"));
	CHECK(!replaced(path, "nothing"));
	CHECK(!replaced(path, "."));
	START("--trace");
	fd = open_link();
	CHECK(address(fd));
	CHECK_INT(unlink(path), 0);
	CHECK_INT(symlink("/dev/pts/999999", path), 0);
	CHECK_INT(finish(SIGTERM), 0);
	close(fd);
	CHECK_INT(unlink(path), 0);
	drop_folder();
}

const struct test_case dongle_program[] = { TEST(socket_place), TEST(next_host),
					    TEST(many_signals), TEST(pty_place),
					    TEST(tty_place), TEST(options),
					    TEST(taken_places), TEST(links), { 0 } };
