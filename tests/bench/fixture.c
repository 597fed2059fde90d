/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* SOCK_NONBLOCK, for hci.h too */
#include "tests/bench/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "hci/hci.h"
#include "hci/l2cap.h"

enum { COMMAND_COMPLETE = 0x0e, SEND_ROOM = 1024 * 1024 };

/* -- The controller ---------------------------------------------------------------- */

static void raw_ready(struct loop_watch *watch, unsigned int events)
{
	uint8_t command[300], event[3 + 3 + 65] = { 4, COMMAND_COMPLETE, 3 + 65, 1 };
	ssize_t len = recv(watch->fd, command, sizeof(command), MSG_DONTWAIT);

	if (len <= 0 && events & LOOP_HANGUP)
		loop_unwatch(watch);
	if (len < 4)
		return;
	memcpy(event + 4, command + 1, 2);
	event[6 + 1 + 37] = 0x60; /* of Read Local Supported Commands: extended scans */
	NEED(send(watch->fd, event, sizeof(event), MSG_NOSIGNAL) == sizeof(event));
}

static void mgmt_ready(struct loop_watch *watch, unsigned int events)
{
	uint8_t command[300], event[MGMT_HEAD + 3 + 280] = { MGMT_COMMAND_COMPLETE };
	ssize_t len = recv(watch->fd, command, sizeof(command), MSG_DONTWAIT);

	if (len <= 0 && events & LOOP_HANGUP)
		loop_unwatch(watch);
	if (len < MGMT_HEAD)
		return;
	put_le16(event + 4, 3 + 280);
	memcpy(event + MGMT_HEAD, command, 2);
	event[MGMT_HEAD + 2] = get_le16(command) == MGMT_STOP_DISCOVERY ? MGMT_REJECTED : 0;
	put_le32(event + MGMT_HEAD + 3 + 9, MGMT_POWERED | MGMT_LE);
	put_le32(event + MGMT_HEAD + 3 + 13, MGMT_POWERED | MGMT_LE);
	NEED(send(watch->fd, event, sizeof(event), MSG_NOSIGNAL) == sizeof(event));
}

/* -- Links ---------------------------------------------------------------------------- */

void bench_widen(int fd)
{
	int room = SEND_ROOM;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
}

void bench_socketpair(int ends[2])
{
	NEED(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
	bench_widen(ends[0]);
	bench_widen(ends[1]);
}

static struct bench_fixture *current; /* l2cap_socket() knows its adapter only */

static int l2cap_socket(struct hci_adapter *hci, const struct ble_address *peer, int *ret_fd)
{
	struct bench_fixture *fixture = current;
	int ends[2];

	NEED(hci == fixture->hci && peer);
	bench_socketpair(ends);
	NEED(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
	socket_peer_close(&fixture->peer);
	NEED(socket_peer_open(&fixture->peer, fixture->loop, fixture->peripheral, ends[1]) == 0);
	*ret_fd = ends[0];
	return 0;
}

struct ble_client *bench_connect(struct bench_fixture *fixture)
{
	struct ble_address address = fixture->peripheral->address;
	struct ble_client *client;
	int error;

	put_le16(address.octet, (uint16_t)++fixture->connects);
	current = fixture;
	NEED(ble_client_new(fixture->adapter, &address, &client) == 0);
	error = ble_client_connect_sync(client, NULL);
	if (error)
		bench_die("connect: %s", ble_error_text(fixture->loop, error));
	return client;
}

int bench_cut(struct bench_fixture *fixture)
{
	int fd = dup(fixture->peer.fd);

	NEED(fd >= 0);
	socket_peer_close(&fixture->peer);
	return fd;
}

/* -- The adapter ------------------------------------------------------------------------ */

static void watch_end(struct bench_fixture *fixture, struct loop_watch *watch, int fd,
		      void (*ready)(struct loop_watch *watch, unsigned int events))
{
	bench_widen(fd);
	watch->ready = ready;
	NEED(loop_watch(fixture->loop, watch, fd, LOOP_READ) == 0);
}

void bench_open(struct bench_fixture *fixture, unsigned int n, uint16_t mtu)
{
	static const struct ble_adapter_info info = {
		.address = { { 9, 9, 9, 9, 9, 9 }, BLE_ADDRESS_PUBLIC },
		.powered = true,
		.low_energy = true,
	};
	int raw[2], mgmt[2];

	memset(fixture, 0, sizeof(*fixture));
	fixture->peer.ended = true;
	NEED(ble_loop_new(&fixture->loop) == 0);
	sim_model_init(&fixture->model);
	NEED(reference_peripheral(&fixture->model, n, 1000, &fixture->peripheral) == 0);
	fixture->peripheral->mtu = mtu;
	NEED(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, raw) == 0);
	NEED(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, mgmt) == 0);
	watch_end(fixture, &fixture->raw, raw[1], raw_ready);
	watch_end(fixture, &fixture->mgmt, mgmt[1], mgmt_ready);
	NEED(hci_adapter_new(fixture->loop, 0, mgmt[0], raw[0], &info, &fixture->hci) == 0);
	fixture->hci->l2cap_connect = l2cap_socket;
	NEED(adapter_new(fixture->loop, &fixture->hci->adapter, &fixture->adapter) == 0);
}

void bench_close(struct bench_fixture *fixture)
{
	loop_unwatch(&fixture->raw);
	loop_unwatch(&fixture->mgmt);
	close(fixture->raw.fd); /* nobody is asked to end what runs there */
	close(fixture->mgmt.fd);
	ble_adapter_unref(fixture->adapter);
	socket_peer_close(&fixture->peer);
	sim_model_release(&fixture->model);
	ble_loop_unref(fixture->loop);
}

/* -- A client that is subscribed ----------------------------------------------------------- */

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	struct bench_receiver *r = user;

	(void)handle;
	(void)value;
	r->seen++;
	if (r->clocked)
		r->latest = bench_wall();
}

void bench_settle(struct bench_fixture *fixture)
{
	for (uint64_t end = bench_wall() + 700000000; bench_wall() < end;)
		ble_loop_dispatch(fixture->loop, 50);
}

void bench_receiver_open(struct bench_receiver *r)
{
	memset(r, 0, sizeof(*r));
	bench_open(&r->fixture, REFERENCE_MIDDLE, ATT_MTU_MAX);
	r->client = bench_connect(&r->fixture);
	NEED(ble_client_discover_sync(r->client) == 0);
	NEED(ble_client_subscribe_sync(r->client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO,
				       on_value, r, NULL) == 0);
	bench_settle(&r->fixture);
	r->peer = bench_cut(&r->fixture);
	bench_socketpair(r->floor);
	do {
		r->seen = 0;
		ble_loop_dispatch(r->fixture.loop, 0);
	} while (r->seen);
}

void bench_receiver_close(struct bench_receiver *r)
{
	ble_client_unref(r->client);
	close(r->peer);
	close(r->floor[0]);
	close(r->floor[1]);
	bench_close(&r->fixture);
}

size_t bench_notification(uint8_t *pdu, uint16_t handle, size_t len)
{
	pdu[0] = 0x1b;
	put_le16(pdu + 1, handle);
	memset(pdu + 3, 0x5a, len);
	return 3 + len;
}
