/* SPDX-License-Identifier: MIT */
/*
 * Synchronous calls. An interrupt is never lost: whenever it comes, the running call or
 * the next one returns -EINTR. In a child of fork() each gives -ECHILD, inside of a callback,
 * too. And what takes NULL.
 */
#include <errno.h>
#include <string.h>

#include "base/loop.h"
#include "tests/harness.h"

static struct ble_loop *loop;
static struct ble_client *client;

static void on_time(struct loop_timer *timer)
{
	(void)timer;
	ble_loop_interrupt(loop);
}

/* Runs call with an interrupt after ms on a frozen clock. True once
 * it came too late. */
static bool interrupted_at(int (*call)(void), unsigned int ms)
{
	struct loop_timer timer = { .fire = on_time };
	int error;

	loop_timer_in(loop, &timer, ms);
	error = call();
	if (timer.loop) {
		loop_timer_stop(&timer);
		CHECK_INT(error, 0);
		return true;
	}
	CHECK(error == 0 || error == -EINTR);
	/* Exactly one of the two tells of it. */
	CHECK_INT(ble_loop_dispatch(loop, 0), error ? 0 : -EINTR);
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	return false;
}

static int connect(void)
{
	return ble_client_connect_sync(client, NULL);
}

static int read_value(void)
{
	uint8_t value[64];
	size_t len;

	return ble_client_read_sync(client, 3, value, sizeof(value), &len);
}

static void open_client(void)
{
	struct ble_adapter *adapter = NULL;
	struct ble_address address;

	REQUIRE(ble_loop_new(&loop) == 0);
	loop_clock_freeze(loop);
	REQUIRE(ble_adapter_open(loop, "sim", &adapter) == 0);
	REQUIRE(ble_address_parse("C0:FF:EE:00:18:0D/random", &address) == 0);
	REQUIRE(ble_client_new(adapter, &address, &client) == 0);
	ble_adapter_unref(adapter);
}

static void close_client(void)
{
	ble_client_unref(client);
	ble_loop_unref(loop);
}

static void each_moment(int (*call)(void), bool again)
{
	enum { MOST = 5000 };
	unsigned int ms = 0;

	while (ms < MOST && !interrupted_at(call, ms)) {
		if (again)
			CHECK_INT(ble_client_disconnect_sync(client), 0);
		ms++;
	}
	CHECK(ms > 0 && ms < MOST);
}

static void while_reading(void)
{
	open_client();
	REQUIRE(ble_client_connect_sync(client, NULL) == 0);
	each_moment(read_value, false);
	close_client();
}

static void while_connecting(void)
{
	open_client();
	each_moment(connect, true);
	close_client();
}

/* -- NULL ------------------------------------------------------------------------ */

static void without_length(void)
{
	static const uint16_t handles[] = { 3, 3 };
	uint8_t value[64], joined[64];
	size_t len = 0;

	open_client();
	REQUIRE(ble_client_connect_sync(client, NULL) == 0);
	CHECK_INT(ble_client_read_sync(client, 3, value, sizeof(value), &len), 0);
	REQUIRE(len > 0 && len < sizeof(value));
	memset(joined, 0, sizeof(joined));
	CHECK_INT(ble_client_read_sync(client, 3, joined, sizeof(joined), NULL), 0);
	CHECK_MEM(joined, value, len);
	memset(joined, 0, sizeof(joined));
	CHECK_INT(ble_client_read_joined_sync(client, handles, 2, joined, sizeof(joined),
					      NULL), 0);
	CHECK_MEM(joined, value, len);
	CHECK_MEM(joined + len, value, len);
	close_client();
}

static void ends_of_nothing(void)
{
	CHECK(!ble_loop_unref(NULL));
	CHECK(!ble_adapter_unref(NULL));
	CHECK(!ble_scanner_unref(NULL));
	CHECK(!ble_device_unref(NULL));
	CHECK(!ble_client_unref(NULL));
	CHECK(!ble_timer_free(NULL));
	CHECK_INT(ble_subscription_free(NULL, NULL, NULL, NULL), 0);
	CHECK_INT(ble_subscription_free_sync(NULL), 0);
	ble_listener_free(NULL);
	ble_timer_stop(NULL);
	ble_scanner_stop(NULL);
	ble_op_cancel(NULL);
}

/* -- A child --------------------------------------------------------------------- */

#ifndef _WIN32
enum { MEASUREMENT = 0x1b };

static bool is_child;
static struct ble_adapter *adapter_of_child;
static struct ble_subscription *subscription;

static void on_attribute(void *user, uint16_t handle, struct ble_bytes value)
{
	(void)user;
	(void)handle;
	(void)value;
	CHECK(false);
}

static void on_measurement(void *user, uint16_t handle, struct ble_bytes value)
{
	(void)user;
	(void)value;
	CHECK_INT(handle, MEASUREMENT);
}

static void try_reads(void)
{
	static const uint16_t handles[] = { 3, 3 };
	const struct ble_uuid uuid = ble_uuid16(0x2a00);
	uint8_t value[64];
	int rssi;

	CHECK_INT(ble_client_read_sync(client, 3, value, sizeof(value), NULL), -ECHILD);
	CHECK_INT(ble_client_read_joined_sync(client, handles, 2, value, sizeof(value), NULL),
		  -ECHILD);
	CHECK_INT(ble_client_read_by_uuid_sync(client, &uuid, 1, 0xffff, on_attribute, NULL),
		  -ECHILD);
	CHECK_INT(ble_client_read_multiple_sync(client, handles, 2, on_attribute, NULL),
		  -ECHILD);
	CHECK_INT(ble_client_read_rssi_sync(client, &rssi), -ECHILD);
}

static void try_writes(void)
{
	static const uint8_t octet = 'x';
	const struct ble_bytes value = { &octet, 1 };
	const struct ble_write write = { .handle = 3, .value = value };

	CHECK_INT(ble_client_write_sync(client, 3, value), -ECHILD);
	CHECK_INT(ble_client_write_auto_sync(client, 3, value), -ECHILD);
	CHECK_INT(ble_client_write_reliable_sync(client, &write, 1), -ECHILD);
	CHECK_INT(ble_client_write_command_sync(client, 3, value), -ECHILD);
}

static void try_others(void)
{
	static const struct ble_link_params link = { .interval_min = 6, .interval_max = 12 };
	const struct ble_uuid uuid = ble_uuid16(0x180d);
	struct ble_scanner *scanner;
	struct ble_device *device;

	CHECK_INT(ble_loop_dispatch(loop, 0), -ECHILD);
	CHECK_INT(ble_adapter_find_sync(adapter_of_child, NULL, 0, &device), -ECHILD);
	CHECK_INT(ble_adapter_scan_sync(adapter_of_child, NULL, 0, &scanner), -ECHILD);
	CHECK_INT(ble_adapter_reset_sync(adapter_of_child), -ECHILD);
	CHECK_INT(ble_client_connect_sync(client, NULL), -ECHILD);
	CHECK_INT(ble_client_discover_sync(client), -ECHILD);
	CHECK_INT(ble_client_discover_only_sync(client, &uuid, 1), -ECHILD);
	CHECK_INT(ble_client_describe_sync(client), -ECHILD);
	CHECK_INT(ble_client_update_link_sync(client, &link), -ECHILD);
	CHECK_INT(ble_client_resubscribe_sync(client), -ECHILD);
	CHECK_INT(ble_client_subscribe_sync(client, 3, BLE_SUBSCRIBE_AUTO, on_attribute, NULL,
					    NULL), -ECHILD);
	CHECK_INT(ble_subscription_free_sync(subscription), -ECHILD);
	CHECK_INT(ble_client_disconnect_sync(client), -ECHILD);
}

static void on_read(void *user, int error, struct ble_bytes value)
{
	unsigned int *done = user;

	(void)value;
	CHECK_INT(error, 0);
	is_child = harness_fork_first();
	if (is_child) {
		try_reads();
		try_writes();
		try_others();
	}
	++*done;
}

/* In the callback that forked, and after it. */
static void in_a_child(void)
{
	unsigned int done = 0;

	open_client();
	adapter_of_child = ble_client_adapter(client);
	REQUIRE(ble_client_connect_sync(client, NULL) == 0);
	REQUIRE(ble_client_discover_sync(client) == 0);
	REQUIRE(ble_client_subscribe_sync(client, MEASUREMENT, BLE_SUBSCRIBE_AUTO,
					  on_measurement, NULL, &subscription) == 0);
	CHECK_INT(ble_client_read(client, 3, on_read, &done, NULL), 0);
	while (!done) {
		int error = ble_loop_dispatch(loop, -1);

		REQUIRE(error == (is_child ? -ECHILD : 0));
	}
	if (is_child) {
		try_reads();
		close_client();
		harness_end_child();
	}
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	close_client();
}
#endif

int main(int argc, char **argv)
{
	static const struct test_case interrupts[] = {
		TEST(while_reading), TEST(while_connecting), { 0 },
	};
	static const struct test_case nulls[] = {
		TEST(without_length), TEST(ends_of_nothing), { 0 },
	};
	static const struct test_case children[] = {
#ifndef _WIN32
		TEST(in_a_child),
#endif
		{ 0 },
	};
	static const struct test_suite suites[] = {
		{ "interrupt", interrupts }, { "null", nulls }, { "child", children }, { 0 },
	};

	return harness_main(argc, argv, suites);
}
