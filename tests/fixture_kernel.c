/* SPDX-License-Identifier: MIT */
/*
 * A real adapter, named by BLEWIRE_ADAPTER, and peripherals that are processes on
 * the adapters of BLEWIRE_PEERS, which advertise already.
 */
#define _GNU_SOURCE
#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <bluetooth/hci_lib.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tests/child.h"
#include "tests/fixture.h"

struct kernel_fixture {
	pid_t children[FIXTURE_PEERS];
};

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

/* The i-th word of BLEWIRE_PEERS. */
static int peer_address(size_t i, char text[18])
{
	const char *words = environment("BLEWIRE_PEERS");

	for (;; i--) {
		words += strspn(words, " ");
		if (!*words)
			return -ENOENT;
		if (i == 0)
			break;
		words += strcspn(words, " ");
	}
	snprintf(text, 18, "%.17s", words);
	return 0;
}

static int spawn_peer(const struct fixture_peer *peer, const char *address, pid_t *ret_child)
{
	const char *program = getenv("BLEWIRE_PERIPHERAL");
	char n[12], interval[12], mtu[12], disconnect[12], silent[12];
	char *argv[] = { (char *)(uintptr_t)(program ? program : "tests/peripheral"),
			 (char *)(uintptr_t)address, n, interval, mtu, disconnect,
			 silent, NULL };

	snprintf(n, sizeof(n), "%u", peer->n ? peer->n : REFERENCE_MIDDLE);
	snprintf(interval, sizeof(interval), "%u",
		 peer->interval_ms ? peer->interval_ms : 20);
	snprintf(mtu, sizeof(mtu), "%u", peer->mtu ? peer->mtu : ATT_MTU_MAX);
	snprintf(disconnect, sizeof(disconnect), "%u",
		 peer->faults.disconnect_after_requests);
	snprintf(silent, sizeof(silent), "%u", peer->faults.silent_after_requests);
	return child_start(argv, ret_child);
}

static void stop_children(struct kernel_fixture *state)
{
	for (size_t i = 0; i < FIXTURE_PEERS; i++)
		child_stop(state->children[i]);
}

/* Links that the kernel still holds, after ending them. It keeps one for about 2 s
 * after its last socket; a new peripheral would never hear of a client on such a
 * link. */
static unsigned int end_links(const char *adapter)
{
	enum { ROOM = 16, TIME_MS = 1000 };
	union {
		struct hci_conn_list_req list;
		uint8_t room[sizeof(struct hci_conn_list_req) +
			     ROOM * sizeof(struct hci_conn_info)];
	} request = { 0 };
	int id = hci_devid(adapter), fd = hci_open_dev(id);

	if (fd < 0)
		return 0;
	request.list.dev_id = (uint16_t)id;
	request.list.conn_num = ROOM;
	if (ioctl(fd, HCIGETCONNLIST, &request))
		request.list.conn_num = 0;
	for (size_t i = 0; i < request.list.conn_num; i++)
		hci_disconnect(fd, request.list.conn_info[i].handle,
			       HCI_OE_USER_ENDED_CONNECTION, TIME_MS);
	close(fd);
	return request.list.conn_num;
}

static void kernel_close(struct fixture *fixture)
{
	struct kernel_fixture *state = fixture->state;

	stop_children(state);
	free(state);
	while (end_links(environment("BLEWIRE_ADAPTER")))
		usleep(50000);
}

static int kernel_open(struct fixture *fixture, const struct fixture_peer *peers, size_t n)
{
	struct kernel_fixture *state = calloc(1, sizeof(*state));
	int error = state ? 0 : -ENOMEM;
	char text[18];

	for (size_t i = 0; !error && i < n; i++) {
		error = peer_address(i, text);
		if (!error)
			error = spawn_peer(&peers[i], text, &state->children[i]);
		if (!error)
			error = ble_address_parse(text, &fixture->addresses[i]);
		fixture->addresses[i].type = BLE_ADDRESS_PUBLIC;
	}
	if (!error)
		error = ble_adapter_open(fixture->loop, environment("BLEWIRE_ADAPTER"),
					 &fixture->adapter);
	if (error && state) {
		stop_children(state);
		free(state);
		return error;
	}
	fixture->state = state;
	return error;
}

const struct fixture_class fixture_kernel = {
	.name = "kernel", .open = kernel_open, .close = kernel_close
};
