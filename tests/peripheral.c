/* SPDX-License-Identifier: MIT */
/*
 * A reference peripheral on a real adapter: listens on the ATT channel and serves
 * one link at a time. Advertising has to be on already.
 *
 *	peripheral ADDRESS ATTRIBUTES INTERVAL_MS MTU DISCONNECT_AFTER SILENT_AFTER
 */
#define _GNU_SOURCE /* accept4 */
#include <bluetooth/bluetooth.h>
#include <bluetooth/l2cap.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/reference.h"
#include "tests/socket_peer.h"

enum { ATT_CHANNEL = 4 };

struct listener {
	struct ble_loop *loop;
	struct loop_watch watch;
	struct sim_peripheral *peripheral;
	struct socket_peer peer;
};

static int listen_at(const char *address)
{
	struct sockaddr_l2 at = {
		.l2_family = AF_BLUETOOTH,
		.l2_cid = htobs(ATT_CHANNEL),
		.l2_bdaddr_type = BDADDR_LE_PUBLIC,
	};
	int fd = socket(AF_BLUETOOTH,
			SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, BTPROTO_L2CAP);

	if (fd < 0)
		return -errno;
	str2ba(address, &at.l2_bdaddr);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 1)) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

static void ready(struct loop_watch *watch, unsigned int events)
{
	struct listener *listener = container_of(watch, struct listener, watch);
	int fd = accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	const int room = 8 << 20;

	(void)events;
	if (fd < 0)
		return;
	/* The kernel drops what does not fit: thousands of write commands, if this process
	 * does not get a processor meanwhile. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		perror("SO_RCVBUFFORCE");
	socket_peer_close(&listener->peer);
	if (socket_peer_open(&listener->peer, listener->loop, listener->peripheral,
			     fd)) {
		listener->peer.ended = true;
		close(fd);
	}
}

static int serve_for_ever(struct listener *listener, int fd)
{
	int error = ble_loop_new(&listener->loop);

	if (error)
		return error;
	listener->peer.ended = true;
	listener->watch.ready = ready;
	error = loop_watch(listener->loop, &listener->watch, fd, LOOP_READ);
	if (error)
		return error;
	puts("ready");
	fflush(stdout);
	while (!error)
		error = ble_loop_dispatch(listener->loop, -1);
	return error;
}

static unsigned int number(const char *text)
{
	return (unsigned int)strtoul(text, NULL, 0);
}

int main(int argc, char **argv)
{
	struct listener listener = { 0 };
	struct sim_model model;
	int error, fd;

	if (argc != 7) {
		fprintf(stderr, "usage: peripheral ADDRESS ATTRIBUTES INTERVAL_MS "
				"MTU DISCONNECT_AFTER SILENT_AFTER\n");
		return 2;
	}
	sim_model_init(&model);
	error = reference_peripheral(&model, number(argv[2]), number(argv[3]),
				     &listener.peripheral);
	if (!error) {
		listener.peripheral->mtu = (uint16_t)number(argv[4]);
		listener.peripheral->faults.disconnect_after_requests = number(argv[5]);
		listener.peripheral->faults.silent_after_requests = number(argv[6]);
		fd = listen_at(argv[1]);
		error = fd < 0 ? fd : serve_for_ever(&listener, fd);
	}
	fprintf(stderr, "peripheral: %s: %s\n", argv[1], strerror(-error));
	return 1;
}
