/* SPDX-License-Identifier: MIT */
/* Opening a port or a socket: octets arrive unchanged, others are locked out, and
 * each failure has its error text. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/bytes.h"
#include "bgapi/serial.h"
#include "tests/failmalloc.h"
#include "tests/test_serial.h"

enum { NOBODY = 65534 };

static struct ble_loop *loop;
static uint8_t heard[512];
static size_t n_heard;

static void on_input(void *user, struct ble_bytes octets)
{
	(void)user;
	REQUIRE(octets.len <= sizeof(heard) - n_heard);
	memcpy(heard + n_heard, octets.data, octets.len);
	n_heard += octets.len;
}

static void on_closed(void *user, int error)
{
	(void)user;
	CHECK_INT(error, -ENODEV);
}

static const struct bgapi_stream_events events = { on_input, on_closed };

static struct bgapi_stream *opened(const char *path)
{
	struct bgapi_stream *stream = NULL;
	int error = bgapi_serial_open(loop, path, &stream);

	if (error)
		harness_about("%s", ble_error_text(loop, error));
	REQUIRE(error == 0);
	stream->events = &events;
	n_heard = 0;
	return stream;
}

/* The sentence has all of these words, in order, in one line. */
static void refused(const char *path, int error, const char *const *words)
{
	struct bgapi_stream *stream = NULL;
	const char *text;

	CHECK_INT(bgapi_serial_open(loop, path, &stream), error);
	CHECK(!stream);
	text = ble_error_text(loop, error);
	harness_about("\"%s\"", text);
	CHECK(!strchr(text, '\n'));
	for (; *words; words++) {
		const char *found = strstr(text, *words);

		if (!harness_check(found != NULL, __LINE__, *words, __FILE__, false))
			break;
		text = found;
	}
	harness_about(NULL);
}

#define REFUSED(path, error, ...) \
	refused(path, error, (const char *const[]){ __VA_ARGS__, NULL })

static void begin(void)
{
	REQUIRE(ble_loop_new(&loop) == 0);
}

static void end(void)
{
	loop = ble_loop_unref(loop);
}

/* -- A tty ------------------------------------------------------------------------ */

static void all_octets_unchanged(void)
{
	struct bgapi_stream *stream;
	uint8_t all[256], back[256];
	size_t n = 0;
	char path[64];
	int master = pty_new(path);

	begin();
	stream = opened(path);
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	REQUIRE(write(master, all, sizeof(all)) == sizeof(all));
	while (n_heard < sizeof(all))
		REQUIRE(ble_loop_dispatch(loop, -1) == 0);
	CHECK_INT(n_heard, sizeof(all));
	CHECK_MEM(heard, all, sizeof(all));
	for (size_t i = 0; i < sizeof(all); i += 64)
		CHECK_INT(stream->class->send(stream, bytes(all + i, 64)), 0);
	for (ssize_t got = 1; n < sizeof(back) && got > 0; n += (size_t)(got > 0 ? got : 0))
		got = read(master, back + n, sizeof(back) - n);
	CHECK_MEM(back, all, sizeof(all));
	stream->class->free(stream);
	close(master);
	end();
}

static void set_as_promised(void)
{
	struct bgapi_stream *stream;
	struct termios tty;
	char path[64];
	int master = pty_new(path);

	begin();
	REQUIRE(tcgetattr(master, &tty) == 0);
	tty.c_cflag |= HUPCL | CSTOPB;
	REQUIRE(tcsetattr(master, TCSANOW, &tty) == 0);
	stream = opened(path);
	REQUIRE(tcgetattr(master, &tty) == 0);
	CHECK(!(tty.c_cflag & (HUPCL | CSTOPB | PARENB)));
	CHECK((tty.c_cflag & (CSIZE | CREAD | CLOCAL)) == (CS8 | CREAD | CLOCAL));
	CHECK_INT(tty.c_cc[VMIN], 1);
	CHECK_INT(cfgetospeed(&tty), B115200);
	stream->class->free(stream);
	close(master);
	end();
}

/* As /dev/serial/by-id has them. */
static void by_a_link(void)
{
	struct bgapi_stream *stream;
	char path[64], link[] = "/tmp/blewire-link-XXXXXX";
	int master = pty_new(path);

	begin();
	REQUIRE(mkdtemp(link));
	rmdir(link);
	REQUIRE(symlink(path, link) == 0);
	stream = opened(link);
	stream->class->free(stream);
	close(master);
	/* The pty is gone, its link is not. */
	REFUSED(link, -ENODEV, "there is no", link, "plug the dongle in");
	unlink(link);
	end();
}

static void gone_while_open(void)
{
	struct bgapi_stream *stream;
	char path[64];
	int master = pty_new(path);

	begin();
	stream = opened(path);
	close(master);
	CHECK_INT(stream->class->wait(stream, 5000), -ENODEV);
	stream->class->free(stream);
	end();
}

/* -- For ourselves alone ------------------------------------------------------------- */

static void held_by_another(void)
{
	struct bgapi_stream *stream;
	char path[64];
	int master = pty_new(path);

	begin();
	stream = opened(path);
	REFUSED(path, -EBUSY, "another program is using", path, "fuser -v", path,
		"ModemManager");
	stream->class->free(stream);
	stream = opened(path);
	stream->class->free(stream);
	close(master);
	end();
}

/* Runs as somebody without privileges; true: it returned 0. */
static bool as_nobody(int (*run)(const char *path), const char *path)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		if (geteuid() == 0 && (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY)))
			_exit(99);
		_exit(run(path));
	}
	REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int takes(const char *path)
{
	int fd = open(path, O_RDWR | O_NOCTTY);

	return fd < 0 || flock(fd, LOCK_EX | LOCK_NB);
}

/* Another program that asks, as many do. */
static void held_by_us(void)
{
	struct bgapi_stream *stream;
	char path[64];
	int master = pty_new(path);

	begin();
	REQUIRE(chmod(path, 0666) == 0);
	stream = opened(path);
	CHECK(!as_nobody(takes, path));
	stream->class->free(stream);
	CHECK(as_nobody(takes, path));
	close(master);
	end();
}

static int opens_and_dies(const char *path)
{
	struct bgapi_stream *stream;
	struct ble_loop *own;

	if (ble_loop_new(&own))
		return -ENOMEM;
	return bgapi_serial_open(own, path, &stream);
}

/* A program that was killed leaves nothing behind. */
static void held_by_the_dead(void)
{
	char path[64];
	int master = pty_new(path);

	begin();
	REQUIRE(chmod(path, 0666) == 0);
	CHECK(as_nobody(opens_and_dies, path));
	CHECK(as_nobody(opens_and_dies, path));
	close(master);
	end();
}

/* -- Refused --------------------------------------------------------------------------- */

static int says_no_permission(const char *path)
{
	struct bgapi_stream *stream;
	const char *text;
	int error = bgapi_serial_open(loop, path, &stream);

	text = ble_error_text(loop, error);
	if (error == -EACCES && strstr(text, "no permission to use") && strstr(text, path) &&
	    strstr(text, "udev rule"))
		return 0;
	fprintf(stderr, "    %s\n", text);
	return 1;
}

static int says_the_group(const char *path)
{
	struct group *group = getgrgid(20);
	struct bgapi_stream *stream;
	const char *text;
	char words[128];
	int error = bgapi_serial_open(loop, path, &stream);

	text = ble_error_text(loop, error);
	snprintf(words, sizeof(words), "which the group %s may: join it (sudo usermod -aG %s",
		 group->gr_name, group->gr_name);
	if (error == -EACCES && strstr(text, words) && strstr(text, "udev rule"))
		return 0;
	fprintf(stderr, "    %s\n", text);
	return 1;
}

static void no_permission(void)
{
	char path[64];
	int master = pty_new(path);

	begin();
	REQUIRE(chmod(path, 0) == 0);
	CHECK(as_nobody(says_no_permission, path));
	if (geteuid() == 0 && getgrgid(20)) {
		REQUIRE(chown(path, 0, 20) == 0 && chmod(path, 0660) == 0);
		CHECK(as_nobody(says_the_group, path));
	}
	close(master);
	end();
}

static void what_is_no_port(void)
{
	begin();
	REFUSED("/dev/ttyACM99", -ENODEV, "there is no /dev/ttyACM99: plug the dongle in");
	REFUSED("/dev/null/x", -ENODEV, "there is no /dev/null/x");
	REFUSED("/tmp", -EISDIR, "/tmp is a directory", "/dev/ttyACM0", "bled112");
	REFUSED("/dev/null", -ENOTTY, "/dev/null is not a serial port", "bled112");
	REFUSED("/proc/self/exe", -ENOTTY, "/proc/self/exe is not a serial port");
	end();
}

/* Nothing is behind /dev/tty where no terminal is. */
static int says_nothing_behind(const char *path)
{
	struct bgapi_stream *stream;
	const char *text;
	int error;

	setsid();
	error = bgapi_serial_open(loop, path, &stream);
	text = ble_error_text(loop, error);
	if (error == -ENODEV && strstr(text, "no device is behind /dev/tty, or it was pulled"))
		return 0;
	fprintf(stderr, "    %s\n", text);
	return 1;
}

static void nothing_behind(void)
{
	begin();
	CHECK(as_nobody(says_nothing_behind, "/dev/tty"));
	end();
}

/* -- Sockets ------------------------------------------------------------------------------ */

static int listener(const char *path, int backlog)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	REQUIRE(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	REQUIRE(backlog < 0 || listen(fd, backlog) == 0);
	return fd;
}

static void over_a_socket(void)
{
	char folder[] = "/tmp/blewire-XXXXXX", path[64], back[8];
	struct bgapi_stream *stream;
	int fd, peer;

	begin();
	REQUIRE(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/dongle", folder);
	fd = listener(path, 1);
	stream = opened(path);
	peer = accept(fd, NULL, NULL);
	REQUIRE(peer >= 0);
	CHECK_INT(stream->class->send(stream, bytes("hello", 5)), 0);
	CHECK_INT(read(peer, back, sizeof(back)), 5);
	REQUIRE(write(peer, "world", 5) == 5);
	CHECK_INT(stream->class->wait(stream, 1000), 0);
	CHECK_INT(n_heard, 5);
	stream->class->free(stream);
	close(peer);
	close(fd);
	REFUSED(path, -ECONNREFUSED, "nobody answers on the socket", path, "start");
	unlink(path);
	rmdir(folder);
	end();
}

/* A server of one dongle that does not accept a second. */
static void socket_in_use(void)
{
	char folder[] = "/tmp/blewire-XXXXXX", path[64];
	struct bgapi_stream *streams[8];
	int fd, n = 0;

	begin();
	REQUIRE(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/dongle", folder);
	fd = listener(path, 0);
	while (n < 8 && !bgapi_serial_open(loop, path, &streams[n]))
		n++;
	CHECK(n > 0 && n < 8);
	REFUSED(path, -EBUSY, "another program is using", path);
	while (n-- > 0)
		streams[n]->class->free(streams[n]);
	close(fd);
	unlink(path);
	rmdir(folder);
	end();
}

static void socket_too_deep(void)
{
	char folder[] = "/tmp/blewire-XXXXXX", deep[200], path[256], here[512];
	int fd;

	begin();
	REQUIRE(getcwd(here, sizeof(here)) && mkdtemp(folder));
	snprintf(deep, sizeof(deep), "%s/%0120d", folder, 1);
	REQUIRE(mkdir(deep, 0700) == 0 && chdir(deep) == 0);
	fd = listener("dongle", 1);
	REQUIRE(chdir(here) == 0);
	snprintf(path, sizeof(path), "%s/dongle", deep);
	REFUSED(path, -ENAMETOOLONG, "cannot open", path);
	close(fd);
	unlink(path);
	rmdir(deep);
	rmdir(folder);
	end();
}

/* -- Without memory ------------------------------------------------------------------------- */

static int open_once(void *user)
{
	struct bgapi_stream *stream;
	int error = bgapi_serial_open(loop, user, &stream);

	if (!error)
		stream->class->free(stream);
	return error;
}

static void without_memory(void)
{
	char path[64];
	int master = pty_new(path);

	begin();
	CHECK(fail_each(open_once, path) >= 1);
	close(master);
	end();
}

const struct test_case serial_tty[] = {
	TEST(all_octets_unchanged),
	TEST(set_as_promised),
	TEST(by_a_link),
	TEST(gone_while_open),
	TEST(held_by_another),
	TEST(held_by_us),
	TEST(held_by_the_dead),
	TEST(no_permission),
	TEST(what_is_no_port),
	TEST(nothing_behind),
	TEST(over_a_socket),
	TEST(socket_in_use),
	TEST(socket_too_deep),
	TEST(without_memory),
	{ 0 },
};
