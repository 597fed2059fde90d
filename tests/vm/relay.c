/* SPDX-License-Identifier: MIT */
/*
 * Controllers of this guest in the air of the host, which other guests are in as well: carries
 * what passes between a /dev/vhci each and a virtio port (relay.h).
 *
 *	relay [-c FIFO] FIRST COUNT
 *
 * FIRST is the first one's number in the air. Lines from the FIFO go to the air too, and its
 * replies are printed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "relay.h"

enum { CONTROLLERS = 32 };

static int port, fifo = -1;
static int controllers[CONTROLLERS];	/* -1: unplugged */
static size_t first, count;
static uint8_t in[4 * (FRAME_HEAD + FRAME_CONTENT)];
static size_t have;
static volatile sig_atomic_t ending;

static void end(int number)
{
	(void)number;
	ending = 1;
}

/* The port is known by the name that qemu gave it. */
static int open_port(void)
{
	static const char folder[] = "/sys/class/virtio-ports";
	char path[PATH_MAX], name[32] = "";
	DIR *ports = opendir(folder);
	struct dirent *entry;
	int fd = -1;
	FILE *file;

	while (fd < 0 && ports && (entry = readdir(ports)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s/name", folder, entry->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		if (fgets(name, sizeof(name), file) && !strcmp(name, "air\n")) {
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			fd = open(path, O_RDWR | O_CLOEXEC);
		}
		fclose(file);
	}
	if (ports)
		closedir(ports);
	return fd;
}

static int send_frame(size_t controller, uint8_t kind, const void *content, size_t length)
{
	uint8_t frame[FRAME_HEAD + FRAME_CONTENT] = {
		(uint8_t)controller, kind, (uint8_t)length, (uint8_t)(length >> 8),
	};
	size_t at = 0;
	ssize_t written;

	if (length)
		memcpy(frame + FRAME_HEAD, content, length);
	while (at < FRAME_HEAD + length) {
		written = write(port, frame + at, FRAME_HEAD + length - at);
		if (written < 0 && errno != EINTR)
			return -1;
		at += written > 0 ? (size_t)written : 0;
	}
	return 0;
}

static int plug(size_t i)
{
	static const uint8_t wanted[2] = { 0xff, 0 };

	/* The air knows it before the kernel asks it something. */
	if (send_frame(first + i, FRAME_PLUGGED, NULL, 0) < 0)
		return -1;
	controllers[i] = open("/dev/vhci", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return controllers[i] < 0 || write(controllers[i], wanted, sizeof(wanted)) < 0 ? -1 : 0;
}

static int from_kernel(size_t i)
{
	uint8_t packet[FRAME_CONTENT];
	ssize_t length = read(controllers[i], packet, sizeof(packet));

	if (length < 0)
		return errno == EAGAIN ? 0 : -1;
	return send_frame(first + i, FRAME_PACKET, packet, (size_t)length);
}

static int serve_frame(size_t number, uint8_t kind, const uint8_t *content, size_t length)
{
	size_t i = number - first;

	if (kind == FRAME_LINE) {
		printf("%.*s\n", (int)length, (const char *)content);
		return 0;
	}
	if (i >= count)
		return 0;
	if (kind == FRAME_PLUGGED && controllers[i] < 0)
		return plug(i);
	if (kind == FRAME_PACKET && controllers[i] >= 0 && write(controllers[i], content, length) < 0)
		perror("relay: /dev/vhci");
	if (kind == FRAME_UNPLUGGED && controllers[i] >= 0) {
		close(controllers[i]);
		controllers[i] = -1;
	}
	return 0;
}

static int from_air(void)
{
	ssize_t got = read(port, in + have, sizeof(in) - have);
	size_t at = 0, length;

	if (got <= 0)
		return got < 0 && errno == EINTR ? 0 : -1;
	have += (size_t)got;
	for (; have - at >= FRAME_HEAD; at += FRAME_HEAD + length) {
		length = (size_t)(in[at + 2] | in[at + 3] << 8);
		if (length > FRAME_CONTENT)
			return -1;
		if (have - at < FRAME_HEAD + length)
			break;
		if (serve_frame(in[at], in[at + 1], in + at + FRAME_HEAD, length) < 0)
			return -1;
	}
	have -= at;
	memmove(in, in + at, have);
	return 0;
}

static int from_fifo(void)
{
	char lines[FRAME_CONTENT + 1], *line, *rest = lines;
	ssize_t length = read(fifo, lines, sizeof(lines) - 1);

	lines[length > 0 ? length : 0] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line && send_frame(0, FRAME_LINE, line, strlen(line)) < 0)
			return -1;
	return 0;
}

static int wait_and_serve(void)
{
	struct pollfd sets[CONTROLLERS + 2];
	size_t i;

	for (i = 0; i < count; i++)
		sets[i] = (struct pollfd){ .fd = controllers[i], .events = POLLIN };
	sets[count] = (struct pollfd){ .fd = port, .events = POLLIN };
	sets[count + 1] = (struct pollfd){ .fd = fifo, .events = POLLIN };
	if (poll(sets, count + 2, -1) < 0)
		return errno == EINTR ? 0 : -1;
	for (i = 0; i < count; i++)
		if (sets[i].revents && from_kernel(i) < 0)
			return -1;
	if (sets[count].revents && from_air() < 0)
		return -1;
	return sets[count + 1].revents ? from_fifo() : 0;
}

static int run(void)
{
	struct sigaction action = { .sa_handler = end };
	size_t i;

	sigaction(SIGTERM, &action, NULL);
	for (i = 0; i < count; i++)
		if (plug(i) < 0)
			return -1;
	while (!ending)
		if (wait_and_serve() < 0)
			return -1;
	for (i = 0; i < count; i++)
		send_frame(first + i, FRAME_UNPLUGGED, NULL, 0);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "-c")) {
		fifo = open(argv[2], O_RDWR | O_NONBLOCK | O_CLOEXEC);
		argv += 2;
		argc -= 2;
	}
	first = argc == 3 ? (size_t)atoi(argv[1]) : 0;
	count = argc == 3 ? (size_t)atoi(argv[2]) : 0;
	if (!count || count > CONTROLLERS) {
		fprintf(stderr, "usage: relay [-c FIFO] FIRST COUNT\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	memset(controllers, 0xff, sizeof(controllers));
	port = open_port();
	if (port < 0 || run() < 0) {
		fprintf(stderr, "relay: %s: %s\n", port < 0 ? "no port of the air" : "ended",
			strerror(errno));
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
