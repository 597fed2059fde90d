/* SPDX-License-Identifier: MIT */
/* An interrupt is never lost: whenever it comes, the running synchronous call or the
 * next one returns -EINTR. */
#include <errno.h>

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

int main(int argc, char **argv)
{
	static const struct test_case interrupts[] = {
		TEST(while_reading), TEST(while_connecting), { 0 },
	};
	static const struct test_suite suites[] = {
		{ "interrupt", interrupts }, { 0 },
	};

	return harness_main(argc, argv, suites);
}
