/* SPDX-License-Identifier: MIT */
/*
 * Guests whose controllers are in this air: each has a relay (relay.c) that carries what passes
 * between its /dev/vhci and us.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "air.h"
#include "relay.h"

enum { GUESTS = 4 };

static int listening = -1;

static struct guest {
	int fd;			/* 0: none */
	size_t have, pending;
	uint8_t in[4 * (FRAME_HEAD + FRAME_CONTENT)];
	uint8_t out[1 << 18];	/* what the guest has not read yet */
} guests[GUESTS];

int guests_listen(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(name.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(name.sun_path, path);
	listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listening < 0 || bind(listening, (struct sockaddr *)&name, sizeof(name)) < 0)
		return -1;
	return listen(listening, GUESTS);
}

static void lose_guest(struct guest *guest)
{
	struct controller *one;

	for (one = air.controllers; one < air.controllers + air.count; one++) {
		if (one->guest != guest)
			continue;
		forget(one);
		one->plugged = 0;
		one->guest = NULL;
	}
	close(guest->fd);
	memset(guest, 0, sizeof(*guest));
}

/* Failures show at the next read. */
static void flush(struct guest *guest)
{
	ssize_t sent = send(guest->fd, guest->out, guest->pending, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent <= 0)
		return;
	guest->pending -= (size_t)sent;
	memmove(guest->out, guest->out + sent, guest->pending);
}

/* A guest that does not read misses frames, as a host that is too slow does. */
static void send_frame(struct guest *guest, uint8_t controller, uint8_t kind, const void *content,
		       size_t length)
{
	uint8_t *frame = guest->out + guest->pending;

	if (FRAME_HEAD + length > sizeof(guest->out) - guest->pending) {
		fprintf(stderr, "air: a guest does not read: frame %u of controller %u is lost\n",
			kind, controller);
		return;
	}
	frame[0] = controller;
	frame[1] = kind;
	put16(frame + 2, (uint16_t)length);
	if (length)
		memcpy(frame + FRAME_HEAD, content, length);
	guest->pending += FRAME_HEAD + length;
	flush(guest);
}

void guest_packet(struct guest *guest, const struct controller *to, const uint8_t *packet, size_t length)
{
	send_frame(guest, (uint8_t)(to - air.controllers), FRAME_PACKET, packet, length);
}

void guest_plug(struct guest *guest, const struct controller *which, int in)
{
	send_frame(guest, (uint8_t)(which - air.controllers), in ? FRAME_PLUGGED : FRAME_UNPLUGGED,
		   NULL, 0);
}

static void serve_frame(struct guest *guest, uint8_t number, uint8_t kind, uint8_t *content,
			size_t length)
{
	struct controller *one = &air.controllers[number];
	char line[80], reply[120];

	if (kind == FRAME_LINE) {
		snprintf(line, sizeof(line), "%.*s", (int)length, (char *)content);
		control(line, reply, sizeof(reply));
		send_frame(guest, number, FRAME_LINE, reply, strlen(reply));
	} else if (number >= air.count) {
		fprintf(stderr, "air: a guest has a controller %u\n", number);
	} else if (kind == FRAME_PACKET) {
		receive_packet(one, content, length);
	} else {
		forget(one);
		one->guest = guest;
		one->plugged = kind == FRAME_PLUGGED;
	}
}

/* Non-zero: it has gone. */
static int serve_guest(struct guest *guest)
{
	ssize_t got = recv(guest->fd, guest->in + guest->have, sizeof(guest->in) - guest->have,
			   MSG_DONTWAIT);
	size_t at = 0, length;

	if (got <= 0)
		return !got || errno != EAGAIN;
	guest->have += (size_t)got;
	for (; guest->have - at >= FRAME_HEAD; at += FRAME_HEAD + length) {
		length = get16(guest->in + at + 2);
		if (length > FRAME_CONTENT)
			return 1;
		if (guest->have - at < FRAME_HEAD + length)
			break;
		serve_frame(guest, guest->in[at], guest->in[at + 1], guest->in + at + FRAME_HEAD, length);
	}
	guest->have -= at;
	memmove(guest->in, guest->in + at, guest->have);
	return 0;
}

static void accept_guest(void)
{
	int fd = accept(listening, NULL, NULL);
	size_t i;

	for (i = 0; fd >= 0 && i < GUESTS; i++)
		if (!guests[i].fd) {
			guests[i].fd = fd;
			return;
		}
	if (fd >= 0)
		close(fd);
}

size_t guests_poll(struct pollfd *sets)
{
	size_t i;

	if (listening < 0)
		return 0;
	sets[0] = (struct pollfd){ .fd = listening, .events = POLLIN };
	for (i = 0; i < GUESTS; i++)
		sets[i + 1] = (struct pollfd){
			.fd = guests[i].fd ? guests[i].fd : -1,
			.events = (short)(POLLIN | (guests[i].pending ? POLLOUT : 0)),
		};
	return GUESTS + 1;
}

void guests_serve(const struct pollfd *sets)
{
	size_t i;

	if (listening < 0)
		return;
	for (i = 0; i < GUESTS; i++) {
		if (sets[i + 1].revents & POLLOUT)
			flush(&guests[i]);
		if (sets[i + 1].revents & ~POLLOUT && serve_guest(&guests[i]))
			lose_guest(&guests[i]);
	}
	if (sets[0].revents)
		accept_guest();
}
