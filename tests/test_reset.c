/* SPDX-License-Identifier: MIT */
/* A dongle that is reset or pulled out disappears and is found again. blewire-dongle-emulator is
 * the dongle behind a pty, in a process of its own, since opening waits for it
 * without dispatching. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bgapi/adapter.h"
#include "tests/harness.h"

struct fixture {
	struct ble_loop *loop;
	char folder[32], port[64];
	pid_t dongle;
};

static void pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static void plug(struct fixture *fixture, const char *kind, const char *reset_ms)
{
	char place[80];
	struct stat status;

	snprintf(place, sizeof(place), "%s%s", kind, fixture->port);
	fixture->dongle = fork();
	if (fixture->dongle == 0) {
		int quiet = open("/dev/null", O_WRONLY);

		dup2(quiet, STDOUT_FILENO);
		execl("./blewire-dongle-emulator", "blewire-dongle-emulator", "-r", reset_ms,
		      place, (char *)NULL);
		_exit(127);
	}
	while (stat(fixture->port, &status)) {
		REQUIRE(waitpid(fixture->dongle, NULL, WNOHANG) == 0);
		pause_ms(10);
	}
}

static void start(struct fixture *fixture, const char *kind, const char *reset_ms)
{
	snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/blewire-XXXXXX");
	REQUIRE(ble_loop_new(&fixture->loop) == 0 && mkdtemp(fixture->folder));
	snprintf(fixture->port, sizeof(fixture->port), "%s/dongle", fixture->folder);
	plug(fixture, kind, reset_ms);
}

static void pull(struct fixture *fixture)
{
	int status;

	kill(fixture->dongle, SIGTERM);
	waitpid(fixture->dongle, &status, 0);
	unlink(fixture->port);
}

static void stop(struct fixture *fixture)
{
	pull(fixture);
	rmdir(fixture->folder);
	ble_loop_unref(fixture->loop);
}

/* Our own open adapter locks the port as another program does. */
static void while_it_is_open(void)
{
	struct adapter *adapter = NULL, *other = NULL;
	struct fixture fixture;

	start(&fixture, "pty:", "300");
	REQUIRE(bgapi_backend.open(fixture.loop, fixture.port, &adapter) == 0);
	CHECK_INT(bgapi_backend.open(fixture.loop, fixture.port, &other), -EBUSY);
	CHECK(!other);
	adapter->class->free(adapter);
	REQUIRE(bgapi_backend.open(fixture.loop, fixture.port, &adapter) == 0);
	adapter->class->free(adapter);
	stop(&fixture);
}

/* -- An adapter that is open ----------------------------------------------------------- */

struct user {
	struct adapter *adapter;
	struct reset_op op;
	unsigned int done, scans, gone;
	int error, scan_error;
	bool scans_again, frees;
};

static void on_reset(struct reset_op *op, int error)
{
	struct user *user = container_of(op, struct user, op);

	user->done++;
	user->error = error;
	if (!user->frees)
		return;
	user->adapter->class->free(user->adapter);
	user->adapter = NULL;
}

static const struct adapter_scan active = { false, 96, 48 };

static void on_scan_ended(void *data, int error)
{
	struct user *user = data;

	user->scans++;
	user->scan_error = error;
	if (user->scans_again && user->scans == 1)
		CHECK_INT(user->adapter->class->scan_start(user->adapter, &active), 0);
}

static void on_report(void *data, const struct ble_advertisement *report)
{
	(void)data;
	(void)report;
}

static void on_gone(void *data)
{
	struct user *user = data;

	user->gone++;
}

static const struct adapter_events events = { on_report, on_scan_ended, on_gone };

static void use(struct fixture *fixture, struct user *user)
{
	REQUIRE(bgapi_backend.open(fixture->loop, fixture->port, &user->adapter) == 0);
	user->adapter->events = &events;
	user->adapter->user = user;
	user->op.done = on_reset;
	CHECK_INT(user->adapter->class->scan_start(user->adapter, &active), 0);
	for (int i = 0; i < 10; i++)
		ble_loop_dispatch(fixture->loop, 10);
}

static void run_until(struct fixture *fixture, const unsigned int *count)
{
	while (!*count)
		REQUIRE(ble_loop_dispatch(fixture->loop, -1) == 0);
}

/* Twice: after a reset it is as after opening. What a callback begins goes on. */
static void open_one(const char *kind)
{
	struct user user = { .scans_again = true };
	const struct adapter_class *class;
	struct fixture fixture;

	start(&fixture, kind, "300");
	use(&fixture, &user);
	class = user.adapter->class;
	for (unsigned int i = 0; i < 2; i++) {
		user.done = 0;
		CHECK_INT(class->reset(user.adapter, &user.op), 0);
		CHECK_INT(class->reset(user.adapter, &user.op), -EALREADY);
		CHECK_INT(user.scans, i);
		run_until(&fixture, &user.done);
		harness_about("%s", ble_error_text(fixture.loop, user.error));
		CHECK_INT(user.done, 1);
		REQUIRE(user.error == 0);
		CHECK_INT(user.scans, i + 1);
		CHECK_INT(user.scan_error, -ENETRESET);
	}
	CHECK_INT(user.gone, 0);
	harness_about(NULL);
	class->free(user.adapter);
	stop(&fixture);
}

static void open_over_a_pty(void)
{
	open_one("pty:");
}

static void open_over_a_socket(void)
{
	open_one("");
}

static void open_and_never_back(void)
{
	struct user user = { .scans_again = true };
	struct fixture fixture;

	start(&fixture, "pty:", "60000");
	use(&fixture, &user);
	CHECK_INT(user.adapter->class->reset(user.adapter, &user.op), 0);
	run_until(&fixture, &user.gone);
	CHECK_INT(user.done, 1);
	CHECK_INT(user.error, -ENODEV);
	CHECK_INT(user.scans, 2);
	CHECK_INT(user.scan_error, -ENODEV);
	CHECK_INT(user.gone, 1);
	CHECK_INT(user.adapter->class->reset(user.adapter, &user.op), -ENODEV);
	CHECK_INT(user.adapter->class->scan_start(user.adapter, &active), -ENODEV);
	user.adapter->class->free(user.adapter);
	stop(&fixture);
}

/* Freed before it begins, while the dongle is away, and in done. */
static void open_and_freed(void)
{
	for (int when = 0; when < 3; when++) {
		struct user user = { .frees = when == 2 };
		struct fixture fixture;

		start(&fixture, "pty:", "300");
		use(&fixture, &user);
		CHECK_INT(user.adapter->class->reset(user.adapter, &user.op), 0);
		if (when == 1)
			run_until(&fixture, &user.scans);
		if (when == 2)
			run_until(&fixture, &user.done);
		else
			user.adapter->class->free(user.adapter);
		for (int i = 0; i < 10; i++)
			ble_loop_dispatch(fixture.loop, 10);
		CHECK_INT(user.done, when == 2);
		stop(&fixture);
	}
}

/* -- Beside another one ------------------------------------------------------------------ */

struct beside {
	struct adapter *resetting;
	unsigned int values; /* while that is initialised */
};

static void on_other_value(void *user, uint16_t handle, struct ble_bytes value)
{
	struct beside *beside = user;

	(void)handle;
	(void)value;
	beside->values += bgapi_of(beside->resetting)->startup.state == STARTUP_ASKS;
}

static struct ble_client *subscribe(struct ble_adapter *adapter, struct beside *beside,
				    struct ble_subscription **ret_subscription)
{
	const struct ble_uuid measurement = ble_uuid16(0x2a37);
	const struct ble_characteristic *c;
	struct ble_address address;
	struct ble_client *client;

	REQUIRE(ble_address_parse("C0:FF:EE:00:18:0D/random", &address) == 0);
	REQUIRE(ble_client_new(adapter, &address, &client) == 0);
	REQUIRE(ble_client_connect_sync(client, NULL) == 0);
	REQUIRE(ble_client_discover_sync(client) == 0);
	REQUIRE(ble_services_find_characteristic(ble_client_services(client), &measurement,
						 &c) == 0);
	REQUIRE(ble_client_subscribe_sync(client, c->value_handle, BLE_SUBSCRIBE_AUTO,
					  on_other_value, beside, ret_subscription) == 0);
	return client;
}

/* A dongle that is back but stopped keeps no other one from its values. */
static void beside_another(void)
{
	struct ble_subscription *subscription = NULL;
	struct ble_adapter *adapter;
	struct ble_client *client;
	struct user user = { 0 };
	struct beside beside = { 0 };
	struct fixture fixture, other;

	start(&fixture, "pty:", "300");
	start(&other, "pty:", "300");
	use(&fixture, &user);
	beside.resetting = user.adapter;
	REQUIRE(ble_adapter_open(fixture.loop, other.port, &adapter) == 0);
	client = subscribe(adapter, &beside, &subscription);
	CHECK_INT(user.adapter->class->reset(user.adapter, &user.op), 0);
	while (bgapi_of(user.adapter)->startup.state == STARTUP_IDLE && !user.done)
		REQUIRE(ble_loop_dispatch(fixture.loop, -1) == 0);
	kill(fixture.dongle, SIGSTOP);
	while (!beside.values && !user.done)
		REQUIRE(ble_loop_dispatch(fixture.loop, -1) == 0);
	CHECK(beside.values);
	kill(fixture.dongle, SIGCONT);
	run_until(&fixture, &user.done);
	CHECK(user.error == 0 || user.error == -ENODEV);
	user.adapter->class->free(user.adapter);
	ble_subscription_free(subscription, NULL, NULL, NULL);
	ble_client_unref(client);
	ble_adapter_unref(adapter);
	stop(&other);
	stop(&fixture);
}

/* -- Pulled out and plugged in again -------------------------------------------------- */

struct kept {
	unsigned int ups, downs, missing, values;
	struct ble_client *client;
	struct ble_subscription *subscription;
};

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	(void)handle;
	(void)value;
	((struct kept *)user)->values++;
}

static void on_changed(void *user, const struct ble_keeper_event *event)
{
	const struct ble_uuid measurement = ble_uuid16(0x2a37);
	const struct ble_characteristic *c;
	struct kept *kept = user;

	kept->downs += event->state == BLE_KEEPER_DOWN;
	kept->missing += event->error == -ENODEV;
	if (event->state != BLE_KEEPER_UP)
		return;
	kept->ups++;
	if (kept->subscription)
		return;
	CHECK_INT(ble_services_find_characteristic(ble_client_services(kept->client), &measurement,
						   &c), 0);
	CHECK_INT(ble_client_subscribe(kept->client, c->value_handle, BLE_SUBSCRIBE_AUTO, on_value,
				       kept, NULL, NULL, &kept->subscription, NULL), 0);
}

/* The same adapter, client and subscription, over another stream each time. */
static void kept_over_replugs(void)
{
	const struct ble_keeper_params params = { .from_ms = 200, .to_ms = 400 };
	struct ble_address address;
	struct ble_adapter *adapter;
	struct ble_keeper *keeper;
	struct kept kept = { 0 };
	struct fixture fixture;

	start(&fixture, "pty:", "300");
	REQUIRE(ble_adapter_open(fixture.loop, fixture.port, &adapter) == 0);
	CHECK_INT(ble_adapter_reopen(adapter), -EALREADY);
	REQUIRE(ble_address_parse("C0:FF:EE:00:18:0D/random", &address) == 0);
	REQUIRE(ble_client_new(adapter, &address, &kept.client) == 0);
	REQUIRE(ble_keeper_new(kept.client, &params, on_changed, &kept, &keeper) == 0);
	for (unsigned int i = 0; i < 3; i++) {
		kept.ups = kept.downs = kept.missing = kept.values = 0;
		run_until(&fixture, &kept.ups);
		kept.values = 0;
		run_until(&fixture, &kept.values);
		CHECK_STR(ble_adapter_info(adapter)->name, fixture.port);
		pull(&fixture);
		kept.downs = kept.missing = 0;
		run_until(&fixture, &kept.downs);
		run_until(&fixture, &kept.missing);
		CHECK_INT(ble_adapter_reopen(adapter), -ENODEV);
		plug(&fixture, "pty:", "300");
	}
	kept.ups = 0;
	run_until(&fixture, &kept.ups);
	ble_subscription_free(kept.subscription, NULL, NULL, NULL);
	ble_keeper_free(keeper);
	ble_client_unref(kept.client);
	ble_adapter_unref(adapter);
	stop(&fixture);
}

int main(int argc, char **argv)
{
	static const struct test_case resets[] = {
		TEST(while_it_is_open),
		TEST(open_over_a_pty),
		TEST(open_over_a_socket),
		TEST(open_and_never_back),
		TEST(open_and_freed),
		TEST(beside_another),
		TEST(kept_over_replugs),
		{ 0 },
	};
	static const struct test_suite suites[] = { { "reset", resets }, { 0 } };

	return harness_main(argc, argv, suites);
}
