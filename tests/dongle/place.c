/* SPDX-License-Identifier: MIT */
/* Serves one host at a time over a descriptor, then waits for the next one. */
#define _GNU_SOURCE /* posix_openpt, cfmakeraw */
#include "tests/dongle/place.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "base/bytes.h"

enum { AGAIN_MS = 50 };
enum kind { SOCKET, PTY, TTY };

struct place {
	struct dongle_port port;
	struct ble_loop *loop;
	struct dongle *dongle;
	enum kind kind;
	const char *name, *power; /* name: of the socket, the link to the pty, or the tty */
	struct loop_watch listener, host;
	struct loop_timer again;
	int fd; /* to the host; -1: none. That of a pty stays open without a host */
	bool attached;
	bool linked; /* a pty's symbolic link was made */
};

static int print_errno(const char *what, const char *name)
{
	int error = errno;

	fprintf(stderr, "blewire-dongle-emulator: %s: %s: %s\n", name, what, strerror(error));
	return -error;
}

/* -- With a host ----------------------------------------------------------- */

static void detach_host(struct place *place)
{
	loop_unwatch(&place->host);
	dongle_detach(place->dongle, &place->port);
	place->attached = false;
	if (place->kind != PTY && place->fd >= 0) {
		close(place->fd);
		place->fd = -1;
	}
	if (place->kind != SOCKET)
		loop_timer_in(place->loop, &place->again, AGAIN_MS);
}

static void ready(struct loop_watch *watch, unsigned int events)
{
	struct place *place = container_of(watch, struct place, host);
	uint8_t octets[512];
	ssize_t n = 0;

	if (events & LOOP_WRITE) {
		loop_watch_change(watch, LOOP_READ);
		dongle_writable(place->dongle);
	}
	if (!(events & (LOOP_READ | LOOP_HANGUP)))
		return;
	n = read(place->fd, octets, sizeof(octets));
	if (n > 0)
		dongle_input(place->dongle, bytes(octets, (size_t)n));
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		detach_host(place);
}

static size_t output(struct dongle_port *port, struct ble_bytes octets)
{
	struct place *place = container_of(port, struct place, port);
	ssize_t n = write(place->fd, octets.data, octets.len);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return octets.len; /* the next read reports the end */
	if (n < (ssize_t)octets.len)
		loop_watch_change(&place->host, LOOP_READ | LOOP_WRITE);
	return n > 0 ? (size_t)n : 0;
}

static void attach_host(struct place *place)
{
	int error = dongle_attach(place->dongle, &place->port);

	if (!error)
		error = loop_watch(place->loop, &place->host, place->fd, LOOP_READ);
	place->attached = !error;
	if (error)
		detach_host(place);
}

/* -- Each kind of place ---------------------------------------------------- */

/* A port has one user; another one is hung up on. But one that comes when the last one
 * has gone waits until all that the last one wrote was read. */
static void accept_host(struct loop_watch *watch, unsigned int events)
{
	struct place *place = container_of(watch, struct place, listener);
	struct pollfd last = { .fd = place->fd };
	int fd;

	(void)events;
	if (poll(&last, 1, 0) > 0 && last.revents & POLLHUP)
		return;
	fd = accept(watch->fd, NULL, NULL);
	if (fd < 0)
		return;
	if (place->fd >= 0) {
		close(fd);
		return;
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	place->fd = fd;
	attach_host(place);
}

/* A socket that an emulator left behind when it was killed may be replaced; another
 * file, or a socket that something listens on, may not. */
static int remove_old_socket(const struct sockaddr_un *address)
{
	struct stat status;
	int fd, error = -EADDRINUSE;

	if (lstat(address->sun_path, &status))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(status.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) &&
	    errno == ECONNREFUSED)
		error = unlink(address->sun_path) ? -errno : 0;
	close(fd);
	return error;
}

/* The socket gets its name only now that it can be connected to: who waits for the name may
 * connect at once. */
static int listen_as(int fd, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int error;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s~", name);
	error = remove_old_socket(&address);
	if (!error && bind(fd, (struct sockaddr *)&address, sizeof(address)))
		error = -errno;
	if (error)
		return error;
	if (!listen(fd, 4) && !rename(address.sun_path, name))
		return 0;
	error = -errno;
	unlink(address.sun_path);
	return error;
}

static int open_socket(struct place *place)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, error;

	if (strlen(place->name) + 1 >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return print_errno("too long for a socket", place->name);
	}
	strcpy(address.sun_path, place->name);
	error = remove_old_socket(&address);
	if (error) {
		errno = -error;
		return print_errno("cannot listen there", place->name);
	}
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0)
		return print_errno("no socket", place->name);
	error = listen_as(fd, place->name);
	if (error) {
		errno = -error;
		error = print_errno("cannot listen there", place->name);
		close(fd);
		return error;
	}
	error = loop_watch(place->loop, &place->listener, fd, LOOP_READ);
	if (error)
		close(fd);
	return error;
}

static void make_raw(int fd)
{
	struct termios raw;

	if (tcgetattr(fd, &raw))
		return;
	cfmakeraw(&raw);
	raw.c_cflag |= CLOCAL | CREAD;
	raw.c_cflag &= ~(tcflag_t)HUPCL;
	tcsetattr(fd, TCSANOW, &raw);
}

/* Whether the link points to a pty: whether its target and this name of a pty differ in
 * no more than their digits. Exactly: whether it points to this one. */
static bool points_to_pty(const char *link, const char *name, bool exactly)
{
	static const char digits[] = "0123456789";
	char target[128];
	ssize_t len = readlink(link, target, sizeof(target) - 1);
	size_t same = 0;

	if (len < 0)
		return false;
	target[len] = '\0';
	if (exactly)
		return !strcmp(target, name);
	while (name[same] && target[same] == name[same])
		same++;
	return !target[same + strspn(target + same, digits)] &&
	       !name[same + strspn(name + same, digits)];
}

/* A link that an emulator left behind when it was killed is replaced, no other one. */
static int make_link(struct place *place, const char *name)
{
	if (points_to_pty(place->name, name, false))
		unlink(place->name);
	if (symlink(name, place->name))
		return print_errno("cannot make the link", place->name);
	place->linked = true;
	return 0;
}

/* Another emulator may have taken its name. */
static void remove_link(struct place *place)
{
	const char *name = ptsname(place->fd);

	if (name && points_to_pty(place->name, name, true))
		unlink(place->name);
	place->linked = false;
}

static int open_pty(struct place *place)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK), slave, error;
	const char *name;

	if (fd < 0 || grantpt(fd) || unlockpt(fd) || !(name = ptsname(fd))) {
		if (fd >= 0)
			close(fd);
		return print_errno("no pty", "pty");
	}
	slave = open(name, O_RDWR | O_NOCTTY);
	if (slave >= 0) { /* makes it raw; from now on poll() reports POLLHUP without a host */
		make_raw(slave);
		close(slave);
	}
	place->fd = fd;
	error = *place->name ? make_link(place, name) : 0;
	if (error)
		return error;
	if (printf("%s\n", name) < 0 || fflush(stdout))
		return print_errno("cannot write its name", "pty");
	loop_timer_in(place->loop, &place->again, 0);
	return 0;
}

static int open_tty(struct place *place)
{
	place->fd = open(place->name, O_RDWR | O_NOCTTY | O_NONBLOCK);
	if (place->fd < 0)
		return print_errno("cannot open it", place->name);
	if (!isatty(place->fd))
		return print_errno("not a terminal", place->name);
	make_raw(place->fd);
	attach_host(place);
	return 0;
}

static void again_fire(struct loop_timer *timer)
{
	struct place *place = container_of(timer, struct place, again);
	struct pollfd look = { .fd = place->fd, .events = POLLIN };

	if (!dongle_is_there(place->dongle) || place->attached)
		return;
	if (place->kind == TTY) {
		place->fd = open(place->name, O_RDWR | O_NOCTTY | O_NONBLOCK);
		if (place->fd >= 0) {
			make_raw(place->fd);
			attach_host(place);
			return;
		}
	} else if (poll(&look, 1, 0) >= 0 && !(look.revents & POLLHUP)) {
		attach_host(place);
		return;
	}
	loop_timer_in(place->loop, timer, AGAIN_MS);
}

/* -- Power ----------------------------------------------------------------- */

static void run_power(const struct place *place, const char *word)
{
	char line[1024];

	if (!place->power)
		return;
	snprintf(line, sizeof(line), "%s %s", place->power, word);
	if (system(line))
		fprintf(stderr, "blewire-dongle-emulator: %s: failed\n", line);
}

static void close_all(struct place *place)
{
	loop_timer_stop(&place->again);
	loop_unwatch(&place->host);
	if (place->listener.loop) {
		int fd = place->listener.fd;

		loop_unwatch(&place->listener);
		close(fd);
		unlink(place->name);
	}
	if (place->linked)
		remove_link(place);
	if (place->fd >= 0)
		close(place->fd);
	place->fd = -1;
	place->attached = false;
}

static void gone(struct dongle_port *port)
{
	close_all(container_of(port, struct place, port));
}

static int open_any(struct place *place)
{
	switch (place->kind) {
	case SOCKET:
		return open_socket(place);
	case PTY:
		return open_pty(place);
	default:
		return open_tty(place);
	}
}

static void power_changed(void *user)
{
	struct place *place = user;

	if (!dongle_is_there(place->dongle)) {
		close_all(place); /* gone() was not called if there was no host */
		run_power(place, "off");
		return;
	}
	run_power(place, "on");
	if (open_any(place)) {
		close_all(place);
		fprintf(stderr, "blewire-dongle-emulator: the dongle has no port any more\n");
	}
}

int place_open(struct ble_loop *loop, struct dongle *dongle, const char *name,
	       const char *power, struct place **ret_place)
{
	struct place *place = calloc(1, sizeof(*place));
	struct stat status;
	int error;

	if (!place)
		return -ENOMEM;
	place->port = (struct dongle_port){ output, gone };
	place->loop = loop;
	place->dongle = dongle;
	place->name = name;
	place->power = power;
	place->listener.ready = accept_host;
	place->host.ready = ready;
	place->again.fire = again_fire;
	place->fd = -1;
	if (!strcmp(name, "pty") || !strncmp(name, "pty:", 4)) {
		place->kind = PTY;
		place->name = name[3] ? name + 4 : "";
	} else if (!stat(name, &status) && S_ISCHR(status.st_mode)) {
		place->kind = TTY;
	}
	error = open_any(place);
	if (error) {
		close_all(place);
		free(place);
		return error;
	}
	dongle_on_power(dongle, power_changed, place);
	*ret_place = place;
	return 0;
}

void place_free(struct place *place)
{
	dongle_on_power(place->dongle, NULL, NULL);
	dongle_detach(place->dongle, &place->port);
	close_all(place);
	free(place);
}
