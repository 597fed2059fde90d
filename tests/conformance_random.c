/* SPDX-License-Identifier: MIT */
/*
 * Random sequences of calls: made, cancelled, timed out, disconnected and freed,
 * from outside and from inside callbacks. An accepted call is called back once at
 * most, a cancelled or refused one never, and the sanitizers must find nothing.
 * BLEWIRE_SEED repeats a sequence.
 */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/conformance.h"

enum { SLOTS = 40, WATCHES = 6, SEQUENCES = 200, STEPS = 60 };

struct slot {
	struct wild *wild;
	struct ble_op *op; /* NULL: over, or never to be cancelled */
	bool live;         /* a callback may come */
};

struct wild {
	struct fixture fixture;
	struct ble_client *client;
	struct ble_subscription *watches[WATCHES];
	struct slot *watched[WATCHES]; /* whose call each one came from */
	struct slot slots[SLOTS];
	size_t n; /* slots used so far */
	unsigned int depth, ends;
};

static void act(struct wild *wild);

static void end(struct slot *slot)
{
	struct wild *wild = slot->wild;

	CHECK(slot->live);
	slot->live = false;
	slot->op = NULL;
	wild->ends++;
	if (harness_below(4) == 0 && wild->depth < 3)
		act(wild);
}

static void on_done(void *user, int error)
{
	(void)error;
	end(user);
}

static void on_read(void *user, int error, struct ble_bytes value)
{
	CHECK(!error || !value.len);
	end(user);
}

static void on_rssi(void *user, int error, int rssi)
{
	CHECK(!error || !rssi);
	end(user);
}

static void on_each(void *user, uint16_t handle, struct ble_bytes value)
{
	struct slot *slot = user;
	uint8_t sum = 0;

	CHECK(slot->live && handle);
	if (harness_below(6) == 0 && slot->wild->depth < 3)
		act(slot->wild);
	for (size_t i = 0; i < value.len; i++) /* still there */
		sum |= value.data[i];
	CHECK(sum || slot->wild); /* reads it, for the sanitizer */
}

static void on_notified(void *user, uint16_t handle, struct ble_bytes value)
{
	struct wild *wild = user;

	CHECK(handle && value.len == 4);
	if (harness_below(20) == 0 && wild->depth < 3)
		act(wild);
}

static uint16_t any_handle(void)
{
	static const uint16_t handles[] = {
		REFERENCE_EMPTY, REFERENCE_ONE, REFERENCE_22, REFERENCE_23,
		REFERENCE_512, REFERENCE_COMMAND, REFERENCE_NOTIFY, REFERENCE_SECRET,
		REFERENCE_SAME_B, 0x7777,
	};

	return handles[harness_below(sizeof(handles) / sizeof(handles[0]))];
}

static void forget_client(struct wild *wild)
{
	wild->client = NULL;
	memset(wild->watches, 0, sizeof(wild->watches));
	for (size_t i = 0; i < wild->n; i++) {
		wild->slots[i].live = false;
		wild->slots[i].op = NULL;
	}
}

/* -- Calls, each for a slot of its own ------------------------------------------------- */

static int call(struct wild *wild, struct slot *slot)
{
	static const uint8_t octets[512];
	const struct ble_uuid uuids[] = { ble_uuid16(0x1815), ble_uuid16(0x181a) };
	const struct ble_uuid text = ble_uuid16(GATT_USER_DESCRIPTION);
	const struct ble_link_params link = ble_link_preset(BLE_LINK_BALANCED);
	const uint16_t handles[] = { any_handle(), any_handle(), any_handle() };
	struct ble_bytes value = bytes(octets, harness_below(200));
	const struct ble_write writes[] = { { .handle = handles[0], .value = value },
					    { .handle = handles[1], .value = value } };
	struct ble_client *client = wild->client;
	struct ble_op **op = &slot->op;

	switch (harness_below(14)) {
	case 0:
	case 1:
		return ble_client_connect(client, NULL, on_done, slot, op);
	case 2:
		return ble_client_read(client, handles[0], on_read, slot, op);
	case 3:
		return ble_client_write(client, handles[0], value, on_done, slot, op);
	case 4:
		return ble_client_write_auto(client, handles[0], value, on_done, slot, op);
	case 5:
		return ble_client_write_reliable(client, writes, 2, on_done, slot, op);
	case 6:
		return ble_client_read_by_uuid(client, &text, 1, 0xffff, on_each, on_done,
					       slot, op);
	case 7:
		if (harness_below(2))
			client->connection->gatt.several = GATT_SEVERAL_OFFERED;
		return ble_client_read_multiple(client, handles, 3, on_each, on_done,
						slot, op);
	case 8:
		return ble_client_read_joined(client, handles, 2, on_read, slot, op);
	case 9:
		return ble_client_discover(client, on_done, slot, op);
	case 10:
		return ble_client_discover_only(client, uuids, 2, on_done, slot, op);
	case 11:
		return ble_client_describe(client, on_done, slot, op);
	case 12:
		return harness_below(2) ? ble_client_read_rssi(client, on_rssi, slot, op) :
			ble_client_update_link(client, &link, on_done, slot, op);
	default:
		return ble_client_resubscribe(client, on_done, slot, op);
	}
}

/* -- What else may happen --------------------------------------------------------------- */

static void watch(struct wild *wild, struct slot *slot)
{
	static const uint16_t handles[] = { REFERENCE_NOTIFY, REFERENCE_INDICATE,
					    REFERENCE_BOTH, REFERENCE_ONE };
	size_t i = harness_below(WATCHES);
	struct ble_subscription **at = &wild->watches[i];

	if (*at) {
		struct ble_subscription *subscription = *at;

		*at = NULL;
		ble_subscription_active(subscription);
		/* Its call, if it is not over, is cancelled. */
		wild->watched[i]->live = false;
		wild->watched[i]->op = NULL;
		slot->live = ble_subscription_free(subscription, on_done, slot, &slot->op) == 0;
		return;
	}
	wild->watched[i] = slot;
	/* One call may end both, so the values have another user than done. */
	slot->live = ble_client_subscribe(wild->client, handles[harness_below(4)],
				      (enum ble_subscribe)harness_below(3), on_notified,
				      wild, on_done, slot, at, &slot->op) == 0;
}

static void with_op(struct wild *wild)
{
	struct slot *slot = &wild->slots[harness_below(wild->n ? (uint32_t)wild->n : 1)];

	if (!slot->op)
		return;
	if (harness_below(3) == 0) {
		ble_op_set_timeout(slot->op, (int)harness_below(52) - 1);
		return;
	}
	slot->live = false;
	ble_op_cancel(slot->op);
	slot->op = NULL;
}

static void change(struct wild *wild)
{
	switch (harness_below(6)) {
	case 0:
		ble_client_disconnect(wild->client);
		break;
	case 1:
		ble_client_set_timeout(wild->client, harness_below(3) ? BLE_FOREVER : 30);
		break;
	case 2:
		ble_client_unref(wild->client);
		forget_client(wild);
		break;
	default:
		with_op(wild);
	}
}

static void act(struct wild *wild)
{
	uint32_t what = harness_below(8);

	if (!wild->client || wild->n == SLOTS)
		return;
	wild->depth++;
	if (what < 5) {
		struct slot *slot = &wild->slots[wild->n++];

		slot->wild = wild;
		slot->live = true;
		if (call(wild, slot)) {
			slot->live = false;
			slot->op = NULL;
		}
	} else if (what < 6) {
		struct slot *slot = &wild->slots[wild->n++];

		slot->wild = wild;
		watch(wild, slot);
	} else {
		change(wild);
	}
	wild->depth--;
}

/* Half of the peers hang up or fall silent at some time. */
static struct fixture_peer any_peer(void)
{
	struct fixture_peer peer = { .mtu = harness_below(2) ? 23 : 100 };

	if (harness_below(4) == 0)
		peer.faults.disconnect_after_requests = 2 + harness_below(60);
	else if (harness_below(4) == 0)
		peer.faults.silent_after_requests = 2 + harness_below(60);
	return peer;
}

static unsigned int sequence(void)
{
	const struct fixture_peer peer = any_peer();
	struct wild wild = { .n = 0 };

	REQUIRE(fixture_open(&wild.fixture, &peer, 1) == 0);
	for (unsigned int i = 0; i < STEPS; i++) {
		if (!wild.client) {
			wild.n = 0;
			REQUIRE(ble_client_new(wild.fixture.adapter,
					       &wild.fixture.addresses[0], &wild.client) == 0);
		}
		/* Most want a link and a tree under them. */
		if (!ble_client_connected(wild.client) && harness_below(2) == 0 &&
		    ble_client_connect_sync(wild.client, NULL) == 0 && wild.client)
			ble_client_discover_sync(wild.client);
		act(&wild);
		for (uint32_t turns = harness_below(6); turns; turns--)
			ble_loop_dispatch(wild.fixture.loop, 5);
	}
	if (wild.client && harness_below(2))
		fixture_run(&wild.fixture, 35000); /* everything ends by then */
	ble_client_unref(wild.client);
	forget_client(&wild);
	fixture_run(&wild.fixture, 100);
	fixture_close(&wild.fixture);
	return wild.ends;
}

static void random_sequences(void)
{
	unsigned int ends = 0;

	for (unsigned int i = 0; i < SEQUENCES; i++)
		ends += sequence();
	CHECK(ends > 2 * SEQUENCES);
}

const struct conformance_case conformance_random[] = {
	CASE("random sequences", random_sequences,
	     .not_kernel = "minutes of real time"),
	{ 0 }
};
