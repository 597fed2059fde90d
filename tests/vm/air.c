/* SPDX-License-Identifier: MIT */
/*
 * Virtual LE controllers in one air, for what btvirt cannot do: several links of one central
 * (btvirt of Debian 12 mixes up their handles), advertising that goes on instead of showing
 * once, controllers that refuse the legacy commands as real ones do, links that fail, and
 * peers that come and go.
 *
 * Each controller is a /dev/vhci, here or in a guest (air_guests.c). Time in here is a tick of
 * some milliseconds at which every advertiser sends once; whoever scans or initiates hears it.
 * A link whose other end was reset, pulled or is out of reach times out. No radio parameter has
 * any effect. What a case asks for on the way is in air_control.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "air.h"

struct air air;

static int control_fd = -1;

void send_packet(const struct controller *to, const uint8_t *packet, size_t length)
{
	if (!to->plugged)
		return;
	if (to->guest)
		guest_packet(to->guest, to, packet, length);
	else if (write(to->fd, packet, length) < 0 && errno != EAGAIN)
		fprintf(stderr, "air: write: %s\n", strerror(errno));
}

void receive_packet(struct controller *me, uint8_t *packet, size_t length)
{
	if (length < 4 || !me->plugged)
		return;
	if (packet[0] == PACKET_COMMAND)
		command(me, packet);
	else if (packet[0] == PACKET_ACL && length >= 5)
		forward(me, packet, length);
}

void forget(struct controller *me)
{
	struct controller clean = {
		.plugged = me->plugged, .fd = me->fd, .guest = me->guest, .public = me->public,
		.radio = me->radio,
	};

	lose_links(me);
	*me = clean;
}

static int open_vhci(struct controller *me)
{
	static const uint8_t wanted[2] = { PACKET_VENDOR, 0 };

	me->fd = open("/dev/vhci", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (me->fd < 0 || write(me->fd, wanted, sizeof(wanted)) < 0)
		return -1;
	me->plugged = 1;
	return 0;
}

int plug(struct controller *which)
{
	if (which->plugged)
		return 0;
	if (!which->guest)
		return open_vhci(which) == 0;
	guest_plug(which->guest, which, 1);
	return 1;
}

int unplug(struct controller *which)
{
	if (!which->plugged)
		return 0;
	forget(which);
	which->plugged = 0;
	if (which->guest)
		guest_plug(which->guest, which, 0);
	else
		close(which->fd);
	which->fd = -1;
	return 1;
}

/* ------------------------------------------------------------------------------------- running */

static int serve(struct controller *me)
{
	uint8_t packet[PACKET_MAX] = { 0 };
	ssize_t length = read(me->fd, packet, sizeof(packet));

	if (length < 0 && errno != EAGAIN)
		return -1;
	if (length > 0)
		receive_packet(me, packet, (size_t)length);
	return 0;
}

/* A line is written to the FIFO at once, so it is read whole. */
static void serve_control(void)
{
	char lines[1024], reply[120], *line, *rest = lines;
	ssize_t length = read(control_fd, lines, sizeof(lines) - 1);

	lines[length > 0 ? length : 0] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (!*line)
			continue;
		control(line, reply, sizeof(reply));
		puts(reply);
	}
}

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int wait_and_serve(int timeout)
{
	struct pollfd sets[2 * CONTROLLERS + 1];
	size_t i, guests;

	for (i = 0; i < air.count; i++)
		sets[i] = (struct pollfd){ .fd = air.controllers[i].fd, .events = POLLIN };
	sets[i] = (struct pollfd){ .fd = control_fd, .events = POLLIN };
	guests = guests_poll(sets + air.count + 1);
	if (poll(sets, air.count + 1 + guests, timeout) < 0)
		return -1;
	for (i = 0; i < air.count; i++)
		if (sets[i].revents && serve(&air.controllers[i]) < 0)
			return -1;
	guests_serve(sets + air.count + 1);
	if (sets[air.count].revents)
		serve_control();
	return 0;
}

static void run(void)
{
	int64_t due = milliseconds(), now;

	do {
		now = milliseconds();
		if (now >= due) {
			links_tick();
			advertising_tick();
			due = now + TICK;
		}
	} while (wait_and_serve(due > now ? (int)(due - now) : 0) == 0);
}

static int create(const char *guests)
{
	size_t i;

	for (i = 0; i < air.count; i++) {
		const uint8_t number = (uint8_t)i;
		const uint8_t octets[6] = { number, 0, number, 0x01, 0xaa, 0x00 };

		air.controllers[i].fd = -1;
		memcpy(air.controllers[i].public.octets, octets, sizeof(octets));
		if (!guests && open_vhci(&air.controllers[i]) < 0)
			return -1;
	}
	return guests ? guests_listen(guests) : 0;
}

static int usage(void)
{
	fprintf(stderr, "usage: air [-e] [-f FAILURES] [-c FIFO] [-g SOCKET] COUNT\n"
		"  -e  extended scanning and connecting; the legacy commands are disallowed\n"
		"  -f  so many links end as soon as they are up, with 0x3e\n"
		"  -c  reads lines of control from there; each is replied to on standard output\n"
		"  -g  the controllers are those of guests, whose relays connect to this socket\n"
		"Lines of control:\n");
	control_usage();
	return 2;
}

int main(int argc, char **argv)
{
	const char *fifo = NULL, *guests = NULL;
	int option;

	while ((option = getopt(argc, argv, "ef:c:g:")) != -1) {
		switch (option) {
		case 'e': air.extended = 1; break;
		case 'f': air.failures = atoi(optarg); break;
		case 'c': fifo = optarg; break;
		case 'g': guests = optarg; break;
		default: return usage();
		}
	}
	air.count = optind < argc ? (size_t)atoi(argv[optind]) : 0;
	if (!air.count || air.count > CONTROLLERS)
		return usage();
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	/* for writing too, so that it has no end */
	if ((fifo && (control_fd = open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC)) < 0) ||
	    create(guests) < 0) {
		fprintf(stderr, "air: %s: %s\n", control_fd < 0 && fifo ? fifo : guests ? guests : "/dev/vhci",
			strerror(errno));
		return EXIT_FAILURE;
	}
	run();
	fprintf(stderr, "air: %s\n", strerror(errno));
	return EXIT_FAILURE;
}
