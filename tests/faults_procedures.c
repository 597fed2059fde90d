/* SPDX-License-Identifier: MIT */
/* The table of a client's procedures. */
#include <errno.h>
#include <string.h>

#include "att/pdu.h"
#include "tests/faults.h"

static struct ble_bytes octets(size_t len)
{
	static uint8_t value[512];

	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = reference_octet(i);
	return (struct ble_bytes){ value, len };
}

/* -- Their callbacks ------------------------------------------------------------------ */

static void read_done(void *user, int error, struct ble_bytes value)
{
	CHECK(!error || !value.len);
	fault_done(user, error);
}

static void each_value(void *user, uint16_t handle, struct ble_bytes value)
{
	struct fault_run *run = user;

	(void)handle;
	(void)value;
	CHECK(!run->running || run->done == 0);
}

static void notified(void *user, uint16_t handle, struct ble_bytes value)
{
	(void)user;
	CHECK(handle != 0);
	CHECK(value.len >= 4);
}

static void rssi_done(void *user, int error, int rssi)
{
	(void)rssi;
	fault_done(user, error);
}

static void changed(void *user, int error, uint16_t start, uint16_t end)
{
	(void)start;
	(void)end;
	fault_done(user, error);
}

static void written(void *user, int error)
{
	if (error)
		fault_done(user, error);
}

/* -- Connecting, the tree ------------------------------------------------------------- */

static int connect_again(struct fault_run *run)
{
	return ble_client_connect(run->client, NULL, fault_done, run, NULL);
}

static int discover(struct fault_run *run)
{
	return ble_client_discover(run->client, fault_done, run, NULL);
}

static int discover_only(struct fault_run *run)
{
	struct ble_uuid uuids[2] = { ble_uuid16(0x1815) };

	REQUIRE(ble_uuid_parse(REFERENCE_LENGTHS, &uuids[1]) == 0);
	return ble_client_discover_only(run->client, uuids, 2, fault_done, run, NULL);
}

static int describe(struct fault_run *run)
{
	return ble_client_describe(run->client, fault_done, run, NULL);
}

/* -- Values ---------------------------------------------------------------------------- */

static int read_short(struct fault_run *run)
{
	return ble_client_read(run->client, REFERENCE_ONE, read_done, run, NULL);
}

static int read_long(struct fault_run *run)
{
	return ble_client_read(run->client, REFERENCE_512, read_done, run, NULL);
}

static int read_value(struct fault_run *run)
{
	return ble_client_read(run->client, REFERENCE_VALUE, read_done, run, NULL);
}

static int read_by_uuid(struct fault_run *run)
{
	const struct ble_uuid uuid = ble_uuid16(0x2a00);

	return ble_client_read_by_uuid(run->client, &uuid, 1, 0xffff, each_value, fault_done,
				       run, NULL);
}

static const uint16_t handles[] = { REFERENCE_22, REFERENCE_512, REFERENCE_ONE };

static int read_multiple(struct fault_run *run)
{
	run->client->connection->gatt.several = GATT_SEVERAL_OFFERED;
	return ble_client_read_multiple(run->client, handles, 3, each_value, fault_done, run,
					NULL);
}

static int read_joined(struct fault_run *run)
{
	return ble_client_read_joined(run->client, handles, 3, read_done, run, NULL);
}

static int write_short(struct fault_run *run)
{
	return ble_client_write(run->client, REFERENCE_ONE, octets(1), fault_done, run, NULL);
}

static int write_long(struct fault_run *run)
{
	size_t len = run->fixture->class->firmware ? 40 : 512;

	/* Of another length than what is read afterwards. */
	return ble_client_write(run->client, REFERENCE_EMPTY,
				octets(len > ble_client_mtu(run->client) ? len : 512),
				fault_done, run, NULL);
}

static int write_reliable(struct fault_run *run)
{
	const struct ble_write writes[] = {
		{ .handle = REFERENCE_ONE, .value = octets(1) },
		{ .handle = REFERENCE_EMPTY, .value = octets(30) },
	};

	return ble_client_write_reliable(run->client, writes, 2, fault_done, run, NULL);
}

static int write_auto(struct fault_run *run)
{
	return ble_client_write_auto(run->client, REFERENCE_ONE, octets(1), fault_done, run,
				     NULL);
}

static int write_command(struct fault_run *run)
{
	return ble_client_write_command(run->client, REFERENCE_COMMAND, octets(8), fault_done,
					run, NULL);
}

/* -- Subscriptions ---------------------------------------------------------------------- */

static int subscribe(struct fault_run *run, uint16_t handle, ble_done_func done)
{
	return ble_client_subscribe(run->client, handle, BLE_SUBSCRIBE_AUTO, notified, run, done,
				    run, &run->subscription, NULL);
}

static int notify(struct fault_run *run)
{
	return subscribe(run, REFERENCE_NOTIFY, fault_done);
}

static int indicate(struct fault_run *run)
{
	return subscribe(run, REFERENCE_INDICATE, fault_done);
}

static int subscribed(struct fault_run *run)
{
	return ble_client_subscribe_sync(run->client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO,
					 notified, run, &run->subscription);
}

static int unsubscribe(struct fault_run *run)
{
	struct ble_subscription *subscription = run->subscription;

	run->subscription = NULL;
	return ble_subscription_free(subscription, fault_done, run, NULL);
}

/* Two of them rest. */
static int resting(struct fault_run *run)
{
	int error = subscribed(run);

	if (!error)
		error = ble_client_subscribe_sync(run->client, REFERENCE_INDICATE,
						  BLE_SUBSCRIBE_AUTO, notified, run, NULL);
	if (!error)
		error = ble_client_subscribe_sync(run->client, REFERENCE_BOTH,
						  BLE_SUBSCRIBE_AUTO, notified, run,
						  &run->subscription);
	if (!error)
		error = ble_client_disconnect_sync(run->client);
	if (!error)
		error = ble_client_connect_sync(run->client, NULL);
	return error ? error : ble_client_discover_sync(run->client);
}

static int resubscribe(struct fault_run *run)
{
	return ble_client_resubscribe(run->client, fault_done, run, NULL);
}

/* An indication arrives and is confirmed: the PDU that leaves. */
static void one_value(void *user, uint16_t handle, struct ble_bytes value)
{
	struct fault_run *run = user;

	(void)handle;
	(void)value;
	if (run->running && !run->done)
		fault_done(run, 0);
}

static int indicated(struct fault_run *run)
{
	return ble_client_subscribe(run->client, REFERENCE_INDICATE, BLE_SUBSCRIBE_AUTO,
				    one_value, run, written, run, &run->subscription, NULL);
}

/* -- A tree that changes ------------------------------------------------------------------ */

static int settle(struct fault_run *run)
{
	fixture_run(run->fixture, 1000); /* it asks for changes */
	ble_client_on_changed(run->client, changed, run);
	return 0;
}

static int control(struct fault_run *run, uint8_t refusals, uint8_t announce,
		   ble_done_func done)
{
	const uint8_t state[3] = { 1, refusals, announce };

	return ble_client_write(run->client, REFERENCE_CONTROL,
				(struct ble_bytes){ state, sizeof(state) }, done, run, NULL);
}

static int service_changed(struct fault_run *run)
{
	return control(run, 0, 2, written);
}

static int out_of_sync(struct fault_run *run)
{
	const uint8_t state[3] = { 1, 1, 0 };

	fixture_run(run->fixture, 1000);
	return ble_client_write_sync(run->client, REFERENCE_CONTROL,
				     (struct ble_bytes){ state, sizeof(state) });
}

/* The features are told and changes asked for: half a second later. */
static int keep(struct fault_run *run)
{
	fault_done(run, 0);
	fixture_run(run->fixture, 1500);
	return 0;
}

/* -- The radio ------------------------------------------------------------------------------ */

static int rssi(struct fault_run *run)
{
	return ble_client_read_rssi(run->client, rssi_done, run, NULL);
}

static int update_link(struct fault_run *run)
{
	const struct ble_link_params params = ble_link_preset(BLE_LINK_BALANCED);

	return ble_client_update_link(run->client, &params, fault_done, run, NULL);
}

/* -- The table ------------------------------------------------------------------------------ */

/* A sweep ends there; a part behind the end of a value; a tree that is learnt
 * again, after which what was refused is asked once more. */
#define SWEEP { ATT_ATTRIBUTE_NOT_FOUND, ANYWHERE, 0, false }
#define PARTS { ATT_INVALID_OFFSET, LATER, 0, false }, { ATT_ATTRIBUTE_NOT_LONG, LATER, 0, false }
#define SOME_PARTS { ATT_INVALID_OFFSET, LATER, 0, true }, \
	{ ATT_ATTRIBUTE_NOT_LONG, LATER, 0, true }
#define SWEEP_LATER { ATT_ATTRIBUTE_NOT_FOUND, LATER, 0, true }
#define RESYNC { ATT_DATABASE_OUT_OF_SYNC, AT_FIRST, 0, false }
#define NO_RADIO "its adapter has no radio"

const struct procedure fault_procedures[] = {
	{ .name = "connect", .unconnected = true, .tries_again = true,
	  .start = connect_again,
	  .mercy = { { EVERY_CODE, ANYWHERE, 0, false } } },
	{ .name = "discover", .start = discover, .mercy = { SWEEP } },
	{ .name = "discover small", .peer = REFERENCE_SMALL, .start = discover,
	  .mercy = { SWEEP } },
	{ .name = "discover again", .discovered = true, .start = discover, .mercy = { SWEEP } },
	{ .name = "discover chosen", .start = discover_only,
	  .mercy = { SWEEP } },
	{ .name = "discover, kept", .peer = REFERENCE_CHANGING, .kept = true,
	  .start = discover, .mercy = { { EVERY_CODE, ANYWHERE, 0, false } } },
	{ .name = "describe", .discovered = true, .start = describe,
	  .mercy = { { EVERY_CODE, ANYWHERE, 0, false } } },
	{ .name = "read", .start = read_short },
	{ .name = "read, tree known", .peer = REFERENCE_CHANGING, .discovered = true,
	  .start = read_value, .mercy = { RESYNC } },
	{ .name = "read long", .start = read_long, .mercy = { PARTS } },
	{ .name = "read by UUID", .start = read_by_uuid, .mercy = { SWEEP, SOME_PARTS } },
	{ .name = "read multiple", .start = read_multiple,
	  .mercy = { { EVERY_CODE, ANYWHERE, 0, true }, SOME_PARTS } },
	{ .name = "read joined", .start = read_joined },
	{ .name = "write", .start = write_short },
	{ .name = "write auto", .discovered = true, .start = write_auto, .mercy = { RESYNC } },
	{ .name = "write long", .start = write_long },
	{ .name = "write reliable", .start = write_reliable },
	{ .name = "write command", .unheard = true, .start = write_command },
	{ .name = "subscribe, notify", .discovered = true, .start = notify, .mercy = { RESYNC } },
	{ .name = "subscribe, indicate", .discovered = true, .start = indicate,
	  .mercy = { RESYNC } },
	{ .name = "indication", .discovered = true, .by_event = true, .start = indicated,
	  .mercy = { RESYNC } },
	{ .name = "unsubscribe", .discovered = true, .prepare = subscribed,
	  .start = unsubscribe, .mercy = { RESYNC } },
	{ .name = "resubscribe", .discovered = true, .prepare = resting,
	  .start = resubscribe, .mercy = { { ATT_DATABASE_OUT_OF_SYNC, ANYWHERE, 0, false } } },
	{ .name = "service changed", .peer = REFERENCE_CHANGING, .discovered = true,
	  .by_event = true, .prepare = settle, .start = service_changed,
	  .mercy = { SWEEP_LATER, RESYNC } },
	{ .name = "out of sync", .peer = REFERENCE_CHANGING, .discovered = true,
	  .prepare = out_of_sync, .start = read_value,
	  .mercy = { SWEEP_LATER, { EVERY_CODE, LATER, ATT_DATABASE_OUT_OF_SYNC, true } } },
	{ .name = "keep the tree", .peer = REFERENCE_CHANGING, .discovered = true,
	  .unheard = true, .start = keep, .mercy = { { EVERY_CODE, ANYWHERE, 0, false } } },
	{ .name = "signal strength", .start = rssi, .not_socket = NO_RADIO },
	{ .name = "link parameters", .start = update_link, .not_socket = NO_RADIO },
	{ 0 }
};
