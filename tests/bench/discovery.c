/* SPDX-License-Identifier: MIT */
/* Requests of a discovery of the reference databases, against the fewest. */
#include "tests/bench/fewest.h"
#include "tests/bench/fixture.h"

static void discover(unsigned int n, uint16_t mtu)
{
	struct bench_fixture fixture;
	struct ble_client *client;
	unsigned int before, fewest;
	char path[64];

	bench_open(&fixture, n, mtu);
	client = bench_connect(&fixture);
	NEED(ble_client_mtu(client) == mtu);
	before = ble_client_requests(client);
	NEED(ble_client_discover_sync(client) == 0);
	fewest = fewest_requests(&fixture.peripheral->table, mtu);
	snprintf(path, sizeof(path), "discovery, %u attributes, MTU %u", n, mtu);
	bench_figure(&(struct bench_figure){
		.path = path, .unit = "req.", .against = "fewest",
		.ours = ble_client_requests(client) - before, .floor = fewest,
		.kind = REACH_AT_MOST, .reach = fewest + 1 });
	ble_client_unref(client);
	bench_close(&fixture);
}

void bench_discovery(void)
{
	static const unsigned int sizes[] = { REFERENCE_SMALL, REFERENCE_MIDDLE, REFERENCE_LARGE };
	static const uint16_t mtus[] = { ATT_MTU_MIN, 185, ATT_MTU_MAX };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (size_t j = 0; j < sizeof(mtus) / sizeof(mtus[0]); j++)
			discover(sizes[i], mtus[j]);
}
