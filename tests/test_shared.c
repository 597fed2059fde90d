/* SPDX-License-Identifier: MIT */
/* What the cases of shared.h have in common. */
#include "tests/shared.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "sim/peer.h"

struct air air;

/* The names are the linker's. */
void __real_sim_peer_input(struct sim_peer *peer, const uint8_t *pdu, size_t len);
void __wrap_sim_peer_input(struct sim_peer *peer, const uint8_t *pdu, size_t len);

void __wrap_sim_peer_input(struct sim_peer *peer, const uint8_t *pdu, size_t len)
{
	struct record *record = &air.records[air.n];

	if (air.n < RECORDS && len) {
		air.n++;
		*record = (struct record){ .opcode = pdu[0], .first = len > 1 ? pdu[1] : 0,
					   .third = len > 3 ? pdu[3] : 0,
					   .handle = len > 2 ? get_le16(pdu + 1) : 0,
					   .offset = len > 4 ? get_le16(pdu + 3) : 0 };
		while (record->peer < PEERS && air.peer[record->peer] != peer->peripheral)
			record->peer++;
	}
	__real_sim_peer_input(peer, pdu, len);
}

unsigned int got(enum shared_peer peer, uint8_t opcode, uint16_t handle)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < air.n; i++)
		n += air.records[i].peer == peer && air.records[i].opcode == opcode &&
		     (!handle || air.records[i].handle == handle);
	return n;
}

const char *configured(enum shared_peer peer, uint16_t handle)
{
	static char text[200];
	size_t len = 0;

	text[0] = 0;
	for (unsigned int i = 0; i < air.n && len < sizeof(text) - 3; i++)
		if (air.records[i].peer == peer && air.records[i].opcode == ATT_WRITE_REQ &&
		    air.records[i].handle == handle + 1)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%u",
						len ? " " : "", air.records[i].third);
	return text;
}

/* -- The air -------------------------------------------------------------------------- */

static int fill(struct ble_loop *loop, void *user, struct sim_model *model)
{
	static const unsigned int kinds[PEERS] = { REFERENCE_MIDDLE, REFERENCE_CHANGING,
						   REFERENCE_SMALL, REFERENCE_SMALL };
	int error = 0;

	(void)loop;
	(void)user;
	for (unsigned int i = 0; !error && i < PEERS; i++)
		error = reference_peripheral_at(model, kinds[i], 100, (uint8_t)i, &air.peer[i]);
	for (unsigned int i = ABSENT; !error && i < PEERS; i++)
		air.peer[i]->advertising.connectable = false;
	return error;
}

int shared_open(void)
{
	struct adapter *backend = NULL;
	int error;

	memset(&air, 0, sizeof(air));
	error = ble_loop_new(&air.loop);
	if (error)
		return error;
	loop_clock_freeze(air.loop);
	error = sim_open_with(air.loop, "sim:shared", fill, NULL, &backend);
	if (!error)
		error = adapter_new(air.loop, backend, &air.adapter);
	if (error && backend)
		backend->class->free(backend);
	for (unsigned int i = 0; !error && i < 2; i++) {
		error = user_new(&air.absent[i], ABSENT + i);
		if (!error)
			error = user_connect(&air.absent[i], BLE_FOREVER);
	}
	if (error)
		shared_close();
	return error;
}

void shared_close(void)
{
	for (unsigned int i = 0; i < 2; i++) {
		CHECK_INT(air.absent[i].done + air.absent[i].lost, 0);
		user_end(&air.absent[i]);
	}
	if (air.adapter) {
		CHECK_INT(air.adapter->refs, 1);
		CHECK(list_empty(&air.adapter->connects));
		CHECK(list_empty(&air.adapter->connections));
	}
	ble_adapter_unref(air.adapter);
	ble_loop_unref(air.loop);
}

void run_ms(unsigned int ms)
{
	uint64_t end = loop_now(air.loop) + ms * UINT64_C(1000000);

	while (loop_now(air.loop) < end)
		if (ble_loop_dispatch(air.loop, (int)((end - loop_now(air.loop)) / 1000000)) < 0)
			return;
}

void dispatch(unsigned int times)
{
	while (times--)
		ble_loop_dispatch(air.loop, 1000);
}

bool reaches(const unsigned int *number, unsigned int n)
{
	uint64_t end = loop_now(air.loop) + UINT64_C(60000000000);

	while (*number < n && loop_now(air.loop) < end)
		if (ble_loop_dispatch(air.loop, 1000) < 0)
			return false;
	return *number >= n;
}

/* -- A user ---------------------------------------------------------------------------- */

static void then(struct user *user, const char *what)
{
	if (user->then)
		user->then(user, what);
}

static void on_connected(void *data, int error)
{
	struct user *user = data;

	user->connected++;
	user->error = error;
	user->op = NULL;
	then(user, "connected");
}

void user_done(void *data, int error)
{
	struct user *user = data;

	if (!user->done++ || !user->first_error)
		user->first_error = error;
	user->last_error = error;
	then(user, "done");
}

void user_value(void *data, int error, struct ble_bytes value)
{
	(void)value;
	user_done(data, error);
}

void user_notified(void *data, uint16_t handle, struct ble_bytes value)
{
	struct user *user = data;
	uint32_t number = value.len == 4 ? get_le32(value.data) : 0;

	(void)handle;
	user->gap |= user->values && number != user->next;
	user->next = number + 1;
	user->values++;
	then(user, "notified");
}

static void on_lost(void *data, uint8_t reason, bool asked)
{
	struct user *user = data;

	user->lost++;
	user->reason = reason;
	user->asked = asked;
	then(user, "lost");
}

static void on_changed(void *data, int error, uint16_t start, uint16_t end)
{
	struct user *user = data;

	(void)start;
	(void)end;
	user->changed_error = error;
	user->changed++;
	then(user, "changed");
}

static void on_writable(void *data)
{
	struct user *user = data;

	user->writable++;
	then(user, "writable");
}

static void on_overrun(void *data, unsigned int packets)
{
	struct user *user = data;

	user->overrun += packets;
	then(user, "overrun");
}

int user_new(struct user *user, enum shared_peer peer)
{
	int error = ble_client_new(air.adapter, &air.peer[peer]->address, &user->client);

	if (error)
		return error;
	ble_client_on_disconnected(user->client, on_lost, user);
	ble_client_on_changed(user->client, on_changed, user);
	ble_client_on_writable(user->client, on_writable, user);
	ble_client_on_overrun(user->client, on_overrun, user);
	return 0;
}

void user_end(struct user *user)
{
	user->client = ble_client_unref(user->client);
	user->subscription = NULL;
	user->op = NULL;
}

int user_connect(struct user *user, int timeout_ms)
{
	const struct ble_connect_params params = { .timeout_ms = timeout_ms };
	unsigned int before = user->connected;
	int error = ble_client_connect(user->client, &params, on_connected, user, &user->op);

	CHECK_INT(user->connected, before); /* never inside the call */
	return error;
}

int user_connected(struct user *user)
{
	CHECK(reaches(&user->connected, 1));
	user->connected = 0;
	return user->error;
}

void pair_up(struct user *a, struct user *b, enum shared_peer peer)
{
	*a = *b = (struct user){ .client = NULL };
	REQUIRE(shared_open() == 0);
	REQUIRE(user_new(a, peer) == 0 && user_new(b, peer) == 0);
	REQUIRE(user_connect(a, 0) == 0);
	REQUIRE(user_connect(b, 0) == 0);
	CHECK_INT(user_connected(a), 0);
	CHECK_INT(user_connected(b), 0);
	CHECK_INT(ble_client_discover_sync(a->client), 0);
}

int user_subscribe(struct user *user, uint16_t handle, enum ble_subscribe mode)
{
	return ble_client_subscribe(user->client, handle, mode, user_notified, user, user_done,
				    user, &user->subscription, NULL);
}

int main(int argc, char **argv)
{
	const struct test_suite suites[] = {
		{ "joins", shared_joins }, { "leaves", shared_leaves },
		{ "events", shared_events }, { "keepers", shared_keepers },
		{ "random", shared_random }, { 0 },
	};

	return harness_main(argc, argv, suites);
}
