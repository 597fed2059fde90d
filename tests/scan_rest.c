/* SPDX-License-Identifier: MIT */
/* Searches and timers. */
#include "tests/test_scan.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/failmalloc.h"

/* -- A device that is heard again and again ------------------------------------------ */

struct beacon {
	struct air *air;
	struct ble_timer *timer;
	unsigned int sent, number;
	int ends; /* the scan, at the second time, with this error */
};

static void send(void *user)
{
	struct beacon *beacon = user;

	beacon->sent++;
	if (beacon->ends && beacon->sent == 2)
		beacon->air->backend->events->scan_ended(beacon->air->backend->user,
							 beacon->ends);
	else if (beacon->number)
		SEND(beacon->air, beacon->number, false, "\x05\x09" "lamp");
}

static void beacon_open(struct beacon *beacon, struct air *air, unsigned int number)
{
	air_open(air);
	*beacon = (struct beacon){ .air = air, .number = number };
	REQUIRE(ble_timer_new(air->loop, send, beacon, &beacon->timer) == 0);
	ble_timer_start(beacon->timer, 100, 100);
}

static void beacon_close(struct beacon *beacon)
{
	struct air *air = beacon->air;

	ble_timer_free(beacon->timer);
	air_close(air);
}

static void run(struct air *air, unsigned int ms)
{
	uint64_t end = loop_now(air->loop) + ms * UINT64_C(1000000);

	while (loop_now(air->loop) < end)
		CHECK_INT(ble_loop_dispatch(
			air->loop, (int)((end - loop_now(air->loop)) / 1000000)), 0);
}

/* -- Searches ----------------------------------------------------------------------- */

struct result {
	unsigned int done;
	int error;
	struct ble_device *device;
	struct ble_adapter **unref; /* in the callback */
};

static void found(void *user, int error, struct ble_device *device)
{
	struct result *result = user;

	result->done++;
	result->error = error;
	result->device = device ? ble_device_ref(device) : NULL;
	if (result->unref)
		*result->unref = ble_adapter_unref(*result->unref);
	CHECK(!device || !strcmp(ble_device_name(device), "lamp"));
}

static void search(void)
{
	const struct ble_scan_params lamp = { .name = "lamp", .whole_name = true };
	const struct ble_scan_params lam = { .name = "lam", .whole_name = true };
	struct result results[4] = { { 0 } };
	struct beacon beacon;
	struct ble_op *op;
	struct air air;

	beacon_open(&beacon, &air, 3);
	CHECK_INT(ble_adapter_find(air.adapter, &lamp, 5000, found, &results[0], NULL), 0);
	CHECK_INT(ble_adapter_find(air.adapter, &lam, 700, found, &results[1], NULL), 0);
	CHECK_INT(ble_adapter_find(air.adapter, &lam, 300, found, &results[2], &op), 0);
	CHECK_INT(ble_adapter_find(air.adapter, &lamp, 50, found, &results[3], NULL), 0);
	run(&air, 250);
	ble_op_cancel(op);
	CHECK_INT(results[0].done, 1);
	CHECK_INT(results[0].error, 0);
	CHECK_INT(results[1].done, 0);
	CHECK_INT(results[3].error, -ETIMEDOUT);
	run(&air, 5000);
	CHECK_INT(results[0].done, 1);
	CHECK_INT(results[1].done, 1);
	CHECK_INT(results[1].error, -ETIMEDOUT);
	CHECK_INT(results[2].done, 0);
	CHECK_INT(results[3].done, 1);
	ble_device_unref(results[0].device);
	/* 0 is at once, a negative time no limit. */
	memset(results, 0, sizeof(results));
	CHECK_INT(ble_adapter_find(air.adapter, &lamp, 0, found, &results[0], NULL), 0);
	CHECK_INT(ble_adapter_find(air.adapter, &lam, BLE_FOREVER, found, &results[1], NULL), 0);
	CHECK_INT(ble_adapter_find(air.adapter, &lam, -7, found, &results[2], &op), 0);
	ble_op_set_timeout(op, 1000);
	CHECK_INT(results[0].done, 0);
	CHECK_INT(ble_loop_dispatch(air.loop, 0), 0);
	CHECK_INT(results[0].done, 1);
	CHECK_INT(results[0].error, -ETIMEDOUT);
	run(&air, 100000);
	CHECK_INT(results[1].done, 0);
	CHECK_INT(results[2].error, -ETIMEDOUT);
	beacon.ends = -ENODEV; /* it lasts as long as the scan */
	beacon.sent = 0;
	run(&air, 1000);
	CHECK_INT(results[1].error, -ENODEV);
	air.starts--; /* that scan was not stopped */
	beacon_close(&beacon);
}

/* The scan cannot start, or ends; the callback drops what it can. */
static void search_trouble(void)
{
	struct result result = { 0 };
	struct beacon beacon;
	struct ble_device *device = NULL;
	struct ble_adapter *mine;
	struct air air;

	beacon_open(&beacon, &air, 3);
	beacon.sent = 10;
	air.refuse = -EPERM;
	CHECK_INT(ble_adapter_find(air.adapter, NULL, 500, found, &result, NULL), -EPERM);
	run(&air, 1000);
	CHECK_INT(result.done, 0);
	beacon.sent = 0;
	beacon.number = 0;
	beacon.ends = -ENODEV;
	CHECK_INT(ble_adapter_find(air.adapter, NULL, 500, found, &result, NULL), 0);
	run(&air, 1000);
	CHECK_INT(result.done, 1);
	CHECK_INT(result.error, -ENODEV);
	beacon.sent = 0;
	air.starts--; /* that scan was not stopped */
	CHECK_INT(ble_adapter_find_sync(air.adapter, NULL, 500, &device), -ENODEV);
	air.starts--;
	CHECK(!device);
	beacon.number = 3;
	/* The user's own reference goes inside, while the search has another. */
	mine = ble_adapter_ref(air.adapter);
	result = (struct result){ .unref = &mine };
	CHECK_INT(ble_adapter_find(air.adapter, NULL, 500, found, &result, NULL), 0);
	run(&air, 300);
	CHECK_INT(result.done, 1);
	CHECK(!mine);
	ble_device_unref(result.device);
	beacon_close(&beacon);
}

static void interrupt(void *user)
{
	ble_loop_interrupt(user);
}

static void search_sync(void)
{
	struct ble_timer *timer;
	const struct ble_scan_params door = { .name = "door" };
	struct ble_device *device = NULL;
	struct ble_scanner *scanner = NULL;
	struct beacon beacon;
	struct air air;
	uint64_t start;

	beacon_open(&beacon, &air, 3);
	start = loop_now(air.loop);
	CHECK_INT(ble_adapter_find_sync(air.adapter, NULL, 5000, &device), 0);
	CHECK_INT(loop_now(air.loop) - start, 100000000);
	CHECK(device && ble_device_address(device)->octet[0] == 3);
	ble_device_unref(device);
	device = NULL;
	start = loop_now(air.loop);
	CHECK_INT(ble_adapter_find_sync(air.adapter, &door, 5000, &device), -ETIMEDOUT);
	CHECK_INT(loop_now(air.loop) - start, 5000000000);
	CHECK(!device);
	/* All of them. */
	CHECK_INT(ble_adapter_scan_sync(air.adapter, NULL, 0, &scanner), 0);
	CHECK(!ble_scanner_next_device(scanner, NULL));
	ble_scanner_unref(scanner);
	scanner = NULL;
	REQUIRE(ble_timer_new(air.loop, interrupt, air.loop, &timer) == 0);
	ble_timer_start(timer, 90000, 0);
	start = loop_now(air.loop);
	CHECK_INT(ble_adapter_scan_sync(air.adapter, NULL, BLE_FOREVER, &scanner), -EINTR);
	CHECK_INT(loop_now(air.loop) - start, 90000000000);
	CHECK(!scanner);
	ble_timer_free(timer);
	start = loop_now(air.loop);
	CHECK_INT(ble_adapter_scan_sync(air.adapter, NULL, 350, &scanner), 0);
	CHECK_INT(loop_now(air.loop) - start, 350000000);
	device = ble_scanner_next_device(scanner, NULL);
	CHECK(device && !ble_scanner_next_device(scanner, device));
	ble_scanner_unref(scanner);
	CHECK_INT(ble_adapter_scan_sync(air.adapter, &door, 350, &scanner), 0);
	CHECK(!ble_scanner_next_device(scanner, NULL));
	ble_scanner_unref(scanner);
	beacon.sent = 0;
	beacon.ends = -ENETDOWN;
	scanner = NULL;
	CHECK_INT(ble_adapter_scan_sync(air.adapter, &door, 350, &scanner), -ENETDOWN);
	CHECK(!scanner);
	air.starts--; /* that scan was not stopped */
	beacon_close(&beacon);
}

static int with_little_memory(void *user)
{
	const struct ble_uuid uuid = ble_uuid16(0x180d);
	const struct ble_scan_params params = {
		.name = "lamp", .services = &uuid, .n_services = 1,
		.addresses = &(struct ble_address){ .type = BLE_ADDRESS_UNKNOWN },
		.n_addresses = 1,
	};
	struct air *air = user;
	struct ble_listener *listener = NULL;
	struct ble_scanner *scanner = NULL;
	struct ble_device *device = NULL;
	int error = ble_adapter_find_sync(air->adapter, NULL, 5000, &device);

	if (!error)
		error = ble_adapter_find_sync(air->adapter, &params, 200, &device);
	if (error == -ETIMEDOUT)
		error = ble_adapter_scan_sync(air->adapter, NULL, 250, &scanner);
	if (!error)
		error = ble_scanner_listen(scanner, NULL, NULL, &listener);
	CHECK(error || ble_scanner_next_device(scanner, NULL));
	ble_scanner_unref(scanner);
	ble_device_unref(device);
	return error;
}

static void out_of_memory(void)
{
	struct beacon beacon;
	struct air air;

	beacon_open(&beacon, &air, 3);
	CHECK(fail_each(with_little_memory, &air) > 10);
	beacon_close(&beacon);
}

/* -- Timers ------------------------------------------------------------------------------ */

struct ticks {
	struct ble_loop *loop;
	struct ble_timer *timer;
	uint64_t start, at[8]; /* ms */
	unsigned int n, late, free_at;
	bool once; /* late */
};

static void tick(void *user)
{
	struct ticks *ticks = user;

	if (ticks->n < 8)
		ticks->at[ticks->n] = (loop_now(ticks->loop) - ticks->start) / 1000000;
	ticks->n++;
	loop_clock_advance(ticks->loop, ticks->late);
	if (ticks->once)
		ticks->late = 0;
	if (ticks->n == ticks->free_at)
		ticks->timer = ble_timer_free(ticks->timer);
}

static void wait_ms(struct ticks *ticks, unsigned int ms)
{
	uint64_t end = loop_now(ticks->loop) + ms * UINT64_C(1000000);

	while (loop_now(ticks->loop) < end)
		CHECK_INT(ble_loop_dispatch(
			ticks->loop, (int)((end - loop_now(ticks->loop)) / 1000000)), 0);
	CHECK_INT(ble_loop_dispatch(ticks->loop, 0), 0);
}

static void timers(void)
{
	struct ticks ticks = { 0 };

	REQUIRE(ble_loop_new(&ticks.loop) == 0);
	loop_clock_freeze(ticks.loop);
	REQUIRE(ble_timer_new(ticks.loop, tick, &ticks, &ticks.timer) == 0);
	ticks.start = loop_now(ticks.loop);
	wait_ms(&ticks, 100);
	CHECK_INT(ticks.n, 0);
	ble_timer_start(ticks.timer, 50, 0);
	wait_ms(&ticks, 500);
	CHECK_INT(ticks.n, 1);
	CHECK_INT(ticks.at[0], 150);
	ble_timer_start(ticks.timer, 0, 100);
	ble_timer_start(ticks.timer, 10, 20); /* anew */
	wait_ms(&ticks, 55);
	CHECK_INT(ticks.n, 4);
	CHECK_INT(ticks.at[1], 610);
	CHECK_INT(ticks.at[3], 650);
	ble_timer_stop(ticks.timer);
	wait_ms(&ticks, 100);
	CHECK_INT(ticks.n, 4);
	ble_timer_start(ticks.timer, 0, -1); /* at once, and once */
	wait_ms(&ticks, 100);
	CHECK_INT(ticks.n, 5);
	ble_timer_start(ticks.timer, 10, 10);
	ble_timer_start(ticks.timer, BLE_FOREVER, 10); /* stops it */
	wait_ms(&ticks, 100);
	CHECK_INT(ticks.n, 5);
	CHECK(ble_timer_free(ticks.timer) == NULL);
	CHECK(ble_timer_free(NULL) == NULL);
	ble_loop_unref(ticks.loop);
}

/* A callback that takes too long costs beats, and does not shift them. */
static void late_and_freed(void)
{
	struct ticks ticks = { .late = 25, .free_at = 4 };

	REQUIRE(ble_loop_new(&ticks.loop) == 0);
	loop_clock_freeze(ticks.loop);
	REQUIRE(ble_timer_new(ticks.loop, tick, &ticks, &ticks.timer) == 0);
	ticks.start = loop_now(ticks.loop);
	ble_timer_start(ticks.timer, 10, 10);
	wait_ms(&ticks, 300);
	CHECK_INT(ticks.n, 4);
	/* The beat of 20 came at 35; the next one left is that of 40, at 60. */
	CHECK_INT(ticks.at[0], 10);
	CHECK_INT(ticks.at[1], 35);
	CHECK_INT(ticks.at[2], 60);
	CHECK_INT(ticks.at[3], 85);
	CHECK(!ticks.timer);
	/* Late once: of 20 and 30 one is left. */
	ticks = (struct ticks){ .loop = ticks.loop, .late = 25, .once = true };
	REQUIRE(ble_timer_new(ticks.loop, tick, &ticks, &ticks.timer) == 0);
	ticks.start = loop_now(ticks.loop);
	ble_timer_start(ticks.timer, 10, 10);
	wait_ms(&ticks, 55);
	CHECK_INT(ticks.n, 4);
	CHECK_INT(ticks.at[1], 35);
	CHECK_INT(ticks.at[2], 40);
	CHECK_INT(ticks.at[3], 50);
	ble_timer_free(ticks.timer);
	ble_loop_unref(ticks.loop);
}

const struct test_case scan_rest[] = {
	TEST(search), TEST(search_trouble), TEST(search_sync), TEST(out_of_memory),
	TEST(timers), TEST(late_and_freed), { 0 },
};
