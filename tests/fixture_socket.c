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
#include "tests/fixture.h"

struct socket_fixture {
	struct adapter adapter;
	struct sim_model model;
	struct list connects; /* the first is answered by the task */
	struct loop_task connect;
	struct socket_peer peers[FIXTURE_PEERS];
	enum fixture_presence presence[FIXTURE_PEERS];
};

static struct socket_fixture *fixture_of(struct adapter *adapter)
{
	return container_of(adapter, struct socket_fixture, adapter);
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

static struct sim_peripheral *find(struct socket_fixture *fixture,
				   const struct ble_address *address, size_t *ret_index)
{
	*ret_index = 0;
	list_for_each(link, &fixture->model.peripherals) {
		struct sim_peripheral *peripheral =
			list_entry(link, struct sim_peripheral, link);

		if (ble_address_equal(&peripheral->address, address))
			return peripheral;
		++*ret_index;
	}
	return NULL;
}

static int make_link(struct socket_fixture *fixture, struct sim_peripheral *peripheral,
		     struct socket_peer *peer, struct att **ret_att)
{
	struct l2cap_link *link;
	int fds[2], error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		       fds))
		return -errno;
	socket_peer_close(peer);
	error = socket_peer_open(peer, fixture->adapter.loop, peripheral, fds[1]);
	if (error) {
		peer->ended = true;
		close(fds[1]);
		close(fds[0]);
		return error;
	}
	error = l2cap_link_new(fixture->adapter.loop, fds[0], NULL, &link);
	if (error) {
		socket_peer_close(peer);
		close(fds[0]);
		return error;
	}
	link->engine.att.server = fixture->adapter.server;
	*ret_att = &link->engine.att;
	return 0;
}

/* The other end of a link to one that leaves is closed. */
static int link_or_error(struct socket_fixture *fixture, struct sim_peripheral *peripheral,
			 size_t index, struct att **ret_att)
{
	struct socket_peer *peer = &fixture->peers[index];
	int error;

	if (fixture->presence[index] == FIXTURE_TAKEN)
		return loop_set_error(fixture->adapter.loop, -EBUSY, "connected by another program");
	error = make_link(fixture, peripheral, peer, ret_att);
	if (!error && fixture->presence[index] == FIXTURE_LEAVES) {
		socket_peer_close(peer);
		fixture->presence[index] = FIXTURE_ABSENT;
	}
	return error;
}

/* Nobody answers for an address that is not there: that op waits until it is
 * cancelled, and others pass it. */
static void connect_run(struct loop_task *task)
{
	struct socket_fixture *fixture = container_of(task, struct socket_fixture, connect);

	list_for_each(l, &fixture->connects) {
		struct connect_op *op = list_entry(l, struct connect_op, link);
		size_t index;
		struct sim_peripheral *peripheral = find(fixture, &op->address, &index);
		struct att *att = NULL;
		int error;

		if (!peripheral || fixture->presence[index] == FIXTURE_ABSENT)
			continue;
		list_remove(&op->link);
		if (!list_empty(&fixture->connects))
			loop_defer(fixture->adapter.loop, &fixture->connect);
		error = link_or_error(fixture, peripheral, index, &att);
		op->done(op, error, 0, att);
		return;
	}
}

static int connect_queue(struct adapter *adapter, struct connect_op *op)
{
	struct socket_fixture *fixture = fixture_of(adapter);

	if (op->requested_params.interval_max)
		return loop_set_error(adapter->loop, -EOPNOTSUPP, "socket: link parameters "
				      "cannot be set");
	list_append(&fixture->connects, &op->link);
	loop_defer(adapter->loop, &fixture->connect);
	return 0;
}

static void cancel_connect(struct adapter *adapter, struct connect_op *op)
{
	(void)adapter;
	list_remove(&op->link);
}

static void release(struct socket_fixture *fixture)
{
	for (size_t i = 0; i < FIXTURE_PEERS; i++)
		socket_peer_close(&fixture->peers[i]);
	loop_undefer(&fixture->connect);
	sim_model_release(&fixture->model);
	free(fixture);
}

static void socket_free(struct adapter *adapter)
{
	release(fixture_of(adapter));
}

static const struct adapter_class socket_class = {
	.name = "socket",
	.scan_start = scan_start,
	.scan_stop = scan_stop,
	.connect = connect_queue,
	.cancel_connect = cancel_connect,
	.free = socket_free,
};

static int socket_open(struct fixture *fixture, const struct fixture_peer *peers, size_t n)
{
	struct fixture_fill fill = { peers, n, fixture };
	struct socket_fixture *state = calloc(1, sizeof(*state));
	int error;

	if (!state)
		return -ENOMEM;
	for (size_t i = 0; i < FIXTURE_PEERS; i++)
		state->peers[i].ended = true;
	state->adapter.class = &socket_class;
	state->adapter.info.name = "socket";
	state->adapter.info.backend = "hci";
	state->adapter.loop = fixture->loop;
	state->connect.run = connect_run;
	list_init(&state->connects);
	sim_model_init(&state->model);
	error = fixture_fill(fixture->loop, &fill, &state->model);
	if (!error)
		error = adapter_new(fixture->loop, &state->adapter, &fixture->adapter);
	if (error)
		release(state);
	return error;
}

static void socket_changed(struct fixture *fixture, size_t peer, enum fixture_presence is)
{
	struct socket_fixture *state = fixture_of(fixture->adapter->backend);

	state->presence[peer] = is;
	loop_defer(fixture->loop, &state->connect);
}

static void socket_close(struct fixture *fixture)
{
	(void)fixture;
}

const struct fixture_class fixture_socket = {
	.name = "socket", .virtual_time = true, .busy = true, .open = socket_open,
	.close = socket_close, .changed = socket_changed,
};
