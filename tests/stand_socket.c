/* SPDX-License-Identifier: MIT */
/*
 * The kernel backend's links over socket pairs: an adapter whose connect makes
 * a pair and puts a peripheral at its other end. It cannot scan.
 */
#define _GNU_SOURCE /* SOCK_NONBLOCK */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hci/l2cap.h"
#include "tests/socket_peer.h"
#include "tests/stand.h"

struct socket_stand {
	struct adapter adapter;
	struct sim_model model;
	struct list connects; /* the first is answered by the task */
	struct loop_task connect;
	struct socket_peer peers[STAND_PEERS];
};

static struct socket_stand *stand_of(struct adapter *adapter)
{
	return container_of(adapter, struct socket_stand, adapter);
}

static int scan_start(struct adapter *adapter, const struct adapter_scan *scan)
{
	(void)adapter;
	(void)scan;
	return -EOPNOTSUPP;
}

static void scan_stop(struct adapter *adapter)
{
	(void)adapter;
}

static struct sim_peripheral *find(struct socket_stand *stand,
				   const struct ble_address *address,
				   struct socket_peer **ret_peer)
{
	size_t i = 0;

	list_for_each(link, &stand->model.peripherals) {
		struct sim_peripheral *peripheral =
			list_entry(link, struct sim_peripheral, link);

		*ret_peer = &stand->peers[i++];
		if (ble_address_equal(&peripheral->address, address))
			return peripheral;
	}
	return NULL;
}

static int make_link(struct socket_stand *stand, struct sim_peripheral *peripheral,
		     struct socket_peer *peer, struct att **ret_att)
{
	struct l2cap_link *link;
	int fds[2], error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		       fds))
		return -errno;
	socket_peer_close(peer);
	error = socket_peer_open(peer, stand->adapter.loop, peripheral, fds[1]);
	if (error) {
		peer->ended = true;
		close(fds[1]);
		close(fds[0]);
		return error;
	}
	error = l2cap_link_new(stand->adapter.loop, fds[0], NULL, &link);
	if (error) {
		socket_peer_close(peer);
		close(fds[0]);
		return error;
	}
	link->engine.att.server = stand->adapter.server;
	*ret_att = &link->engine.att;
	return 0;
}

/* Nobody answers for an address that is not there: that op waits until it is
 * cancelled, and others pass it. */
static void connect_run(struct loop_task *task)
{
	struct socket_stand *stand = container_of(task, struct socket_stand, connect);

	list_for_each(l, &stand->connects) {
		struct connect_op *op = list_entry(l, struct connect_op, link);
		struct socket_peer *peer = NULL;
		struct sim_peripheral *peripheral = find(stand, &op->address, &peer);
		struct att *att = NULL;
		int error;

		if (!peripheral)
			continue;
		list_remove(&op->link);
		if (!list_empty(&stand->connects))
			loop_defer(stand->adapter.loop, &stand->connect);
		error = make_link(stand, peripheral, peer, &att);
		op->done(op, error, 0, att);
		return;
	}
}

static int connect_queue(struct adapter *adapter, struct connect_op *op)
{
	struct socket_stand *stand = stand_of(adapter);

	list_append(&stand->connects, &op->link);
	loop_defer(adapter->loop, &stand->connect);
	return 0;
}

static void cancel_connect(struct adapter *adapter, struct connect_op *op)
{
	(void)adapter;
	list_remove(&op->link);
}

static void release(struct socket_stand *stand)
{
	for (size_t i = 0; i < STAND_PEERS; i++)
		socket_peer_close(&stand->peers[i]);
	loop_undefer(&stand->connect);
	sim_model_release(&stand->model);
	free(stand);
}

static void socket_free(struct adapter *adapter)
{
	release(stand_of(adapter));
}

static const struct adapter_class socket_class = {
	.name = "socket",
	.scan_start = scan_start,
	.scan_stop = scan_stop,
	.connect = connect_queue,
	.cancel_connect = cancel_connect,
	.free = socket_free,
};

static int socket_open(struct stand *stand, const struct stand_peer *peers, size_t n)
{
	struct stand_fill fill = { peers, n, stand->addresses };
	struct socket_stand *state = calloc(1, sizeof(*state));
	int error;

	if (!state)
		return -ENOMEM;
	for (size_t i = 0; i < STAND_PEERS; i++)
		state->peers[i].ended = true;
	state->adapter.class = &socket_class;
	state->adapter.info.name = "socket";
	state->adapter.info.backend = "hci";
	state->adapter.loop = stand->loop;
	state->connect.run = connect_run;
	list_init(&state->connects);
	sim_model_init(&state->model);
	error = stand_fill(stand->loop, &fill, &state->model);
	if (!error)
		error = adapter_new(stand->loop, &state->adapter, &stand->adapter);
	if (error)
		release(state);
	return error;
}

static void socket_close(struct stand *stand)
{
	(void)stand;
}

const struct stand_class stand_socket = {
	.name = "socket", .virtual_time = true, .open = socket_open, .close = socket_close
};
