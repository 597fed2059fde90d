/* SPDX-License-Identifier: MIT */
/*
 * Opens a serial port on POSIX, or connects to the stream socket of a dongle that is
 * elsewhere (an emulator, a port of another machine).
 *
 * libserialport is not used for this: it refuses a pty, it sets VMIN to 0 so that
 * read() returns 0 both for "nothing yet" and for "gone", and it does not lock the port.
 */
#if defined(__APPLE__)
#define _DARWIN_C_SOURCE
#endif
#include "bgapi/serial.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

/* -- Errors ------------------------------------------------------------- */

static int no_permission(struct ble_loop *loop, const char *path)
{
	char room[2048];
	struct group group, *found = NULL;
	struct stat status;

	if (stat(path, &status) == 0 && S_ISCHR(status.st_mode) && status.st_gid != 0 &&
	    status.st_mode & S_IWGRP)
		getgrgid_r(status.st_gid, &group, room, sizeof(room), &found);
	if (found)
		return loop_set_error(loop, -EACCES,
				      "no permission to use %s, which the group %s may: join it "
				      "(sudo usermod -aG %s USER, then log in again), or install "
				      "blewire's udev rule and replug the dongle",
				      path, group.gr_name, group.gr_name);
	return loop_set_error(loop, -EACCES,
			      "no permission to use %s: be root, or install blewire's udev rule "
			      "and replug the dongle", path);
}

/* The text for an error of open(), connect() or the set-up. */
static int open_error(struct ble_loop *loop, const char *path, int error)
{
	switch (error) {
	case -ENOENT:
	case -ENOTDIR:
		return loop_set_error(loop, -ENODEV, "there is no %s: plug the dongle in; its "
				      "port may have another number now, and bled112 finds it by "
				      "its USB id", path);
	case -ENXIO:
	case -ENODEV:
	case -EIO:
		return loop_set_error(loop, -ENODEV, "no device is behind %s, or it was pulled "
				      "out just now: plug the dongle in again", path);
	case -EBUSY:
	case -EAGAIN:
		return loop_set_error(loop, -EBUSY, "another program is using %s: end that one; "
				      "\"fuser -v %s\" shows which. ModemManager is kept away by "
				      "blewire's udev rule", path, path);
	case -EACCES:
	case -EPERM:
		return no_permission(loop, path);
	case -EISDIR:
		return loop_set_error(loop, error, "%s is a directory: name the dongle's port, "
				      "such as /dev/ttyACM0, or bled112", path);
	case -ENOTTY:
		return loop_set_error(loop, error, "%s is not a serial port: name the dongle's, "
				      "such as /dev/ttyACM0, or bled112", path);
	case -ECONNREFUSED:
		return loop_set_error(loop, error, "nobody answers on the socket %s: start what "
				      "serves a dongle there", path);
	default:
		return loop_set_error(loop, error, "cannot open %s: %s", path,
				      ble_strerror(error));
	}
}

/* -- A tty ------------------------------------------------------------------------- */

/* Raw, 115200 baud, 8N1, no flow control. DTR stays as the system sets it, and closing
 * does not change it. With VMIN 1 read() returns 0 only at the end. */
static int set_up_tty(int fd)
{
	struct termios tty;

	if (tcgetattr(fd, &tty))
		return -errno;
	tty.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | INPCK | ISTRIP | INLCR |
				   IGNCR | ICRNL | IXON | IXOFF | IXANY);
	tty.c_oflag &= ~(tcflag_t)OPOST;
	tty.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	tty.c_cflag &= ~(tcflag_t)(CSIZE | PARENB | CSTOPB | HUPCL);
#ifdef CRTSCTS
	tty.c_cflag &= ~(tcflag_t)CRTSCTS;
#endif
	tty.c_cflag |= CS8 | CREAD | CLOCAL;
	tty.c_cc[VMIN] = 1;
	tty.c_cc[VTIME] = 0;
	cfsetispeed(&tty, B115200);
	cfsetospeed(&tty, B115200);
	return tcsetattr(fd, TCSANOW, &tty) ? -errno : 0;
}

/* Two locks: flock() for programs that use it, TIOCEXCL for those that do not. The
 * latter does not stop root, so root looks with TIOCGEXCL. A pty gets no TIOCEXCL: it
 * would keep it after our program was killed. */
static int lock_tty(int fd)
{
	char name[64];
	int taken = 0;

	if (flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
		return -EBUSY;
	if (ttyname_r(fd, name, sizeof(name)) || !strncmp(name, "/dev/pts/", 9))
		return 0;
#ifdef TIOCGEXCL
	ioctl(fd, TIOCGEXCL, &taken);
#endif
	if (taken)
		return -EBUSY;
#ifdef TIOCEXCL
	ioctl(fd, TIOCEXCL);
#endif
	return 0;
}

static int take_tty(int fd)
{
	int error;

	if (!isatty(fd))
		return errno == EIO ? -EIO : -ENOTTY;
	error = lock_tty(fd);
	if (!error)
		error = set_up_tty(fd);
	if (error)
		return error;
	/* Input and output of an earlier program. */
	tcflush(fd, TCIOFLUSH);
	return 0;
}

static int open_tty(const char *path, int *ret_fd)
{
	/* O_NONBLOCK: open() must not wait for a carrier. */
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	int error = fd < 0 ? -errno : take_tty(fd);

	if (error && fd >= 0)
		close(fd);
	if (!error)
		*ret_fd = fd;
	return error;
}

/* -- A socket ------------------------------------------------------------------------ */

static int open_socket(const char *path, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, error = 0;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0)
		return -errno;
	/* O_NONBLOCK: a full backlog is -EBUSY, not a wait. */
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) || fcntl(fd, F_SETFL, O_NONBLOCK) ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)))
		error = -errno;
	if (error)
		close(fd);
	else
		*ret_fd = fd;
	return error;
}

/* -- Any path ---------------------------------------------------------------------------- */

static int open_path(const char *path, int *ret_fd)
{
	struct stat status;

	if (stat(path, &status))
		return -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	if (S_ISSOCK(status.st_mode))
		return open_socket(path, ret_fd);
	if (!S_ISCHR(status.st_mode))
		return -ENOTTY;
	return open_tty(path, ret_fd);
}

int bgapi_serial_open(struct ble_loop *loop, const char *path,
		      struct bgapi_stream **ret_stream)
{
	int fd = -1, error = open_path(path, &fd);

	if (error)
		return open_error(loop, path, error);
	error = bgapi_stream_fd(loop, fd, ret_stream);
	return error ? loop_set_error(loop, error, "cannot open %s: %s", path,
				      ble_strerror(error)) : 0;
}
