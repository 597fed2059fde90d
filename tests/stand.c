/* SPDX-License-Identifier: MIT */
#include "tests/stand.h"

#include <errno.h>
#include <string.h>

#include "tests/harness.h"

int stand_fill(struct ble_loop *loop, void *user, struct sim_model *model)
{
	const struct stand_fill *fill = user;

	(void)loop;
	for (size_t i = 0; i < fill->n; i++) {
		const struct stand_peer *peer = &fill->peers[i];
		struct sim_peripheral *made;
		int error = reference_peripheral_at(
			model, peer->n ? peer->n : REFERENCE_MIDDLE,
			peer->interval_ms ? peer->interval_ms : 20,
			(uint8_t)i, &made);

		if (error)
			return error;
		made->mtu = peer->mtu ? peer->mtu : ATT_MTU_MAX;
		made->faults = peer->faults;
		fill->addresses[i] = made->address;
	}
	return 0;
}

int stand_open(struct stand *stand, const struct stand_peer *peers, size_t n)
{
	static const struct stand_peer one;
	int error;

	memset(stand, 0, sizeof(*stand));
	stand->class = harness_data();
	error = ble_loop_new(&stand->loop);
	if (error)
		return error;
	if (stand->class->virtual_time)
		loop_clock_freeze(stand->loop);
	error = stand->class->open(stand, peers ? peers : &one, peers ? n : 1);
	if (error)
		stand->loop = ble_loop_unref(stand->loop);
	return error;
}

void stand_close(struct stand *stand)
{
	CHECK_INT(stand->adapter->refs, 1);
	stand->adapter = ble_adapter_unref(stand->adapter);
	stand->class->close(stand);
	stand->loop = ble_loop_unref(stand->loop);
}

uint16_t stand_mtu(const struct stand *stand, uint16_t mtu)
{
	uint16_t most = stand->class->mtu;

	return most && most < mtu ? most : mtu;
}

struct ble_client *stand_connect(struct stand *stand, size_t peer, bool discover)
{
	struct ble_client *client;
	int error;

	REQUIRE(ble_client_new(stand->adapter, &stand->addresses[peer], &client) == 0);
	error = ble_client_connect_sync(client, NULL);
	if (error)
		harness_about("connect: %s", ble_error_text(stand->loop, error));
	REQUIRE(error == 0);
	if (discover)
		REQUIRE(ble_client_discover_sync(client) == 0);
	return client;
}

bool stand_wait(struct stand *stand, const unsigned int *done, unsigned int count,
		unsigned int ms)
{
	uint64_t limit = loop_now(stand->loop) + ms * UINT64_C(1000000);

	while (*done < count && loop_now(stand->loop) < limit) {
		uint64_t left = (limit - loop_now(stand->loop)) / 1000000 + 1;

		if (ble_loop_dispatch(stand->loop, (int)left) < 0)
			return false;
	}
	return *done >= count;
}

void stand_run(struct stand *stand, unsigned int ms)
{
	static const unsigned int never;

	stand_wait(stand, &never, 1, ms);
}

/* -- The simulator ---------------------------------------------------------------- */

static int sim_open(struct stand *stand, const struct stand_peer *peers, size_t n)
{
	struct stand_fill fill = { peers, n, stand->addresses };
	struct adapter *backend;
	int error = sim_open_with(stand->loop, "sim:stand", stand_fill, &fill,
				  &backend);

	if (error)
		return error;
	error = adapter_new(stand->loop, backend, &stand->adapter);
	if (error)
		backend->class->free(backend);
	return error;
}

static void sim_close(struct stand *stand)
{
	(void)stand;
}

const struct stand_class stand_sim = {
	.name = "sim", .virtual_time = true, .open = sim_open, .close = sim_close
};
