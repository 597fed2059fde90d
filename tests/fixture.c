/* SPDX-License-Identifier: MIT */
#include "tests/fixture.h"

#include <errno.h>
#include <string.h>

#include "tests/harness.h"
#include "tests/patience.h"

/* One that leaves does so each time, before its response to a first request arrives. */
static void set_presence(struct sim_peripheral *peripheral, enum fixture_presence is)
{
	enum { LEAVES_MS = 5, FAILED_TO_ESTABLISH = 0x3e };

	peripheral->advertising.connectable = is == FIXTURE_PRESENT || is == FIXTURE_LEAVES;
	if (is == FIXTURE_LEAVES) {
		peripheral->latency_ms = 2 * LEAVES_MS;
		peripheral->faults.disconnect_after_ms = LEAVES_MS;
		peripheral->faults.reason = FAILED_TO_ESTABLISH;
	}
}

int fixture_fill(struct ble_loop *loop, void *user, struct sim_model *model)
{
	const struct fixture_fill *fill = user;

	(void)loop;
	for (size_t i = 0; i < fill->n; i++) {
		const struct fixture_peer *peer = &fill->peers[i];
		struct sim_peripheral *made;
		int error = reference_peripheral_at(
			model, peer->n ? peer->n : REFERENCE_MIDDLE,
			peer->interval_ms ? peer->interval_ms : 20,
			(uint8_t)i, &made);

		if (error)
			return error;
		made->mtu = peer->mtu ? peer->mtu : ATT_MTU_MAX;
		made->latency_ms = peer->latency_ms;
		made->faults = peer->faults;
		if (peer->is != FIXTURE_PRESENT)
			set_presence(made, peer->is);
		fill->fixture->addresses[i] = made->address;
		fill->fixture->peripherals[i] = made;
	}
	return 0;
}

int fixture_open(struct fixture *fixture, const struct fixture_peer *peers, size_t n)
{
	static const struct fixture_peer one;
	int error;

	memset(fixture, 0, sizeof(*fixture));
	fixture->class = harness_data();
	error = ble_loop_new(&fixture->loop);
	if (error)
		return error;
	if (fixture->class->virtual_time)
		loop_clock_freeze(fixture->loop);
	error = fixture->class->open(fixture, peers ? peers : &one, peers ? n : 1);
	if (error)
		fixture->loop = ble_loop_unref(fixture->loop);
	for (size_t i = 0; !error && peers && i < n; i++)
		if (peers[i].is != FIXTURE_PRESENT)
			fixture->class->changed(fixture, i, peers[i].is);
	return error;
}

void fixture_become(struct fixture *fixture, size_t peer, enum fixture_presence is)
{
	struct sim_peripheral *peripheral = fixture->peripherals[peer];

	peripheral->latency_ms = 0;
	peripheral->faults = (struct sim_faults){ 0 };
	set_presence(peripheral, is);
	fixture->class->changed(fixture, peer, is);
}

void fixture_close(struct fixture *fixture)
{
	CHECK_INT(fixture->adapter->refs, 1);
	fixture->adapter = ble_adapter_unref(fixture->adapter);
	fixture->class->close(fixture);
	fixture->loop = ble_loop_unref(fixture->loop);
}

uint16_t fixture_mtu(const struct fixture *fixture, uint16_t mtu)
{
	uint16_t most = fixture->class->mtu;

	return most && most < mtu ? most : mtu;
}

struct ble_client *fixture_connect(struct fixture *fixture, size_t peer, bool discover)
{
	struct ble_client *client;
	int error;

	REQUIRE(ble_client_new(fixture->adapter, &fixture->addresses[peer], &client) == 0);
	error = ble_client_connect_sync(client, NULL);
	if (error)
		harness_about("connect: %s", ble_error_text(fixture->loop, error));
	REQUIRE(error == 0);
	if (discover)
		REQUIRE(ble_client_discover_sync(client) == 0);
	return client;
}

static bool wait_until(struct fixture *fixture, const unsigned int *done,
		       unsigned int count, unsigned int ms)
{
	uint64_t limit = loop_now(fixture->loop) + ms * UINT64_C(1000000);

	while (*done < count && loop_now(fixture->loop) < limit) {
		uint64_t left = (limit - loop_now(fixture->loop)) / 1000000 + 1;

		if (ble_loop_dispatch(fixture->loop, (int)left) < 0)
			return false;
	}
	return *done >= count;
}

bool fixture_wait(struct fixture *fixture, const unsigned int *done, unsigned int count,
		  unsigned int ms)
{
	return wait_until(fixture, done, count,
			  fixture->class->virtual_time ? ms : patience_ms());
}

void fixture_run(struct fixture *fixture, unsigned int ms)
{
	static const unsigned int never;

	wait_until(fixture, &never, 1, ms);
}

/* -- The simulator ---------------------------------------------------------------- */

/* The simulator looks for those who wait when another connect begins. */
static void sim_changed(struct fixture *fixture, size_t peer, enum fixture_presence is)
{
	struct adapter *backend = fixture->adapter->backend;
	struct connect_op other = { .address = { .type = BLE_ADDRESS_PUBLIC } };

	(void)peer;
	(void)is;
	CHECK_INT(backend->class->connect(backend, &other), 0);
	backend->class->cancel_connect(backend, &other);
}

static int sim_open(struct fixture *fixture, const struct fixture_peer *peers, size_t n)
{
	struct fixture_fill fill = { peers, n, fixture };
	struct adapter *backend;
	int error = sim_open_with(fixture->loop, "sim:fixture", fixture_fill, &fill,
				  &backend);

	if (error)
		return error;
	error = adapter_new(fixture->loop, backend, &fixture->adapter);
	if (error)
		backend->class->free(backend);
	return error;
}

static void sim_close(struct fixture *fixture)
{
	(void)fixture;
}

const struct fixture_class fixture_sim = {
	.name = "sim", .virtual_time = true, .open = sim_open, .close = sim_close,
	.changed = sim_changed,
};
