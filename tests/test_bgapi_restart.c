/* SPDX-License-Identifier: MIT */
/*
 * A dongle that is reset, or plugged in again, while another one on the same loop works.
 * Both are emulators in this loop, whose clock is frozen. Once a dongle was opened, its
 * stream refuses to be waited for.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/internal.h"
#include "base/bytes.h"
#include "bgapi/bgapi.h"
#include "tests/dongle/dongle.h"
#include "tests/failmalloc.h"
#include "tests/harness.h"
#include "tests/reference.h"

enum { INTERVAL_MS = 20, TICK_MS = 7 };

struct one {
	struct sim_model model;
	struct sim_peripheral *peer;
	struct dongle *dongle;
	struct ble_adapter *adapter;
	struct bgapi_stream_class class; /* the stream's, but for wait() */
	const struct bgapi_stream_class *real;
};

static struct {
	struct ble_loop *loop;
	struct one one[2]; /* the one that restarts, the other one */
	bool may_wait;
	unsigned int waits;
	/* The other one's */
	struct ble_client *client;
	struct ble_subscription *subscription;
	unsigned int values;
	uint32_t next;
	/* A timer beside */
	struct loop_timer timer;
	unsigned int ticks;
	uint64_t due;
} bed;

static uint64_t now_ms(void)
{
	return loop_now(bed.loop) / 1000000;
}

/* -- The dongles ----------------------------------------------------------------------- */

static int wait_or_refuse(struct bgapi_stream *stream, unsigned int ms)
{
	for (unsigned int i = 0; i < 2 && bed.may_wait; i++)
		if (stream->class == &bed.one[i].class)
			return bed.one[i].real->wait(stream, ms);
	bed.waits++;
	return -EDEADLK;
}

static int plug(struct one *one, struct bgapi_stream **ret_stream)
{
	int error = dongle_plug(one->dongle, ret_stream);

	if (error)
		return error;
	one->real = (*ret_stream)->class;
	one->class = *one->real;
	one->class.wait = wait_or_refuse;
	(*ret_stream)->class = &one->class;
	return 0;
}

static struct one *called(const char *name)
{
	return &bed.one[!strcmp(name, "other")];
}

static void stable_name(struct ble_loop *loop, const char *name,
			char ret_name[BGAPI_PORT_NAME])
{
	(void)loop;
	snprintf(ret_name, BGAPI_PORT_NAME, "%s", name);
}

static int open_port(struct ble_loop *loop, const char *name, struct bgapi_stream **ret_stream)
{
	int error = plug(called(name), ret_stream);

	return error == -ENODEV ? loop_set_error(loop, error, "there is no %s", name) : error;
}

static const struct bgapi_reopen how = { stable_name, open_port };

static int reopen(const struct adapter *gone, struct adapter **ret_adapter)
{
	struct bgapi_stream *stream;
	int error = open_port(gone->loop, gone->info.name, &stream);

	if (!error)
		error = bgapi_open_again(gone, gone->info.name, stream, &how, ret_adapter);
	if (!error)
		(*ret_adapter)->reopen = reopen;
	return error;
}

static void open_one(struct one *one, uint8_t number, const char *name, uint32_t seed)
{
	struct dongle_config config;
	struct bgapi_stream *stream;
	struct adapter *backend;

	sim_model_init(&one->model);
	REQUIRE(reference_peripheral_at(&one->model, REFERENCE_MIDDLE, INTERVAL_MS, number,
					&one->peer) == 0);
	dongle_config_init(&config);
	config.seed = seed;
	REQUIRE(dongle_new(bed.loop, &one->model, &config, &one->dongle) == 0);
	REQUIRE(plug(one, &stream) == 0);
	REQUIRE(bgapi_open(bed.loop, name, stream, &how, &backend) == 0);
	backend->reopen = reopen;
	REQUIRE(adapter_new(bed.loop, backend, &one->adapter) == 0);
}

static void close_one(struct one *one)
{
	ble_adapter_unref(one->adapter);
	dongle_free(one->dongle);
	sim_model_release(&one->model);
}

/* -- What goes on meanwhile --------------------------------------------------------------- */

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	(void)user;
	(void)handle;
	REQUIRE(value.len == 4);
	if (bed.values++)
		CHECK_INT(get_le32(value.data), bed.next);
	bed.next = get_le32(value.data) + 1;
}

static void tick(struct loop_timer *timer)
{
	CHECK_INT(loop_now(bed.loop), bed.due);
	bed.ticks++;
	loop_timer_in(bed.loop, timer, TICK_MS);
	bed.due = timer->deadline;
}

static void begin(uint32_t seed)
{
	struct one *other = &bed.one[1];

	memset(&bed, 0, sizeof(bed));
	bed.may_wait = true;
	REQUIRE(ble_loop_new(&bed.loop) == 0);
	loop_clock_freeze(bed.loop);
	open_one(&bed.one[0], 0, "this", seed);
	open_one(other, 1, "other", seed);
	REQUIRE(ble_client_new(other->adapter, &other->peer->address, &bed.client) == 0);
	REQUIRE(ble_client_connect_sync(bed.client, NULL) == 0);
	REQUIRE(ble_client_discover_sync(bed.client) == 0);
	REQUIRE(ble_client_subscribe(bed.client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO, on_value,
				     NULL, NULL, NULL, &bed.subscription, NULL) == 0);
	while (!bed.values)
		REQUIRE(ble_loop_dispatch(bed.loop, 100) == 0);
	bed.timer.fire = tick;
	bed.due = loop_now(bed.loop);
	tick(&bed.timer);
	bed.ticks = bed.values = 0;
	bed.may_wait = false;
}

/* The other dongle has lost nothing, and nobody has waited. */
static void end(void)
{
	CHECK_INT(bed.waits, 0);
	CHECK(ble_client_connected(bed.client));
	bed.may_wait = true;
	loop_timer_stop(&bed.timer);
	ble_subscription_free(bed.subscription, NULL, NULL, NULL);
	ble_client_unref(bed.client);
	for (unsigned int i = 0; i < 2; i++)
		close_one(&bed.one[i]);
	ble_loop_unref(bed.loop);
	harness_about(NULL);
}

static void pass(unsigned int ms)
{
	uint64_t limit = now_ms() + ms;

	while (now_ms() < limit)
		REQUIRE(ble_loop_dispatch(bed.loop, (int)(limit - now_ms())) == 0);
}

static void script(const char *text)
{
	REQUIRE(dongle_script(bed.one[0].dongle, text, NULL) == 0);
}

struct result {
	unsigned int done, ended;
	int error, scan_error;
	char words[400];
};

static void on_done(void *user, int error)
{
	struct result *result = user;

	result->done++;
	result->error = error;
	snprintf(result->words, sizeof(result->words), "%s", ble_error_text(bed.loop, error));
}

static void run_until(const unsigned int *count)
{
	uint64_t limit = now_ms() + 60000;

	while (!*count && now_ms() < limit)
		REQUIRE(ble_loop_dispatch(bed.loop, 100) == 0);
	CHECK(*count);
}

/* A client connects, reads and disconnects; by calls that the loop runs. */
static void works(struct one *one)
{
	struct ble_client *client;
	uint8_t octet = 0;
	size_t len = 0;

	REQUIRE(ble_client_new(one->adapter, &one->peer->address, &client) == 0);
	CHECK_INT(ble_client_connect_sync(client, NULL), 0);
	CHECK_INT(ble_client_read_sync(client, REFERENCE_ONE, &octet, 1, &len), 0);
	CHECK_INT(len, 1);
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	ble_client_unref(client);
}

/* -- Resets ------------------------------------------------------------------------------- */

static int reset(struct result *result)
{
	memset(result, 0, sizeof(*result));
	return ble_adapter_reset(bed.one[0].adapter, on_done, result);
}

/* Values in order, each tick at its time, another connect, while the dongle is away and
 * initialised again. */
static void beside(void)
{
	for (uint32_t seed = 0; seed < 20; seed++) {
		struct result result;
		uint64_t start;

		harness_about("seed %u", seed);
		begin(seed);
		start = now_ms();
		CHECK_INT(reset(&result), 0);
		CHECK_INT(reset(&result), -EALREADY);
		run_until(&result.done);
		harness_about("seed %u: %s", seed, result.words);
		CHECK_INT(result.error, 0);
		CHECK_INT(result.done, 1);
		CHECK(now_ms() - start >= 700 && now_ms() - start < 3000);
		CHECK_INT(bed.ticks, (now_ms() - start) / TICK_MS);
		CHECK(bed.values + 2 >= (now_ms() - start) / INTERVAL_MS);
		works(&bed.one[0]);
		end();
	}
}

static void connect_of_the_other(void)
{
	struct one *other;
	struct result result;

	begin(0);
	other = &bed.one[1];
	ble_client_disconnect(bed.client);
	pass(500);
	script("cmd system_hello 1-1 delay 1000");
	CHECK_INT(reset(&result), 0);
	pass(1100); /* it is back */
	CHECK_INT(result.done, 0);
	works(other);
	CHECK_INT(result.done, 0);
	run_until(&result.done);
	CHECK_INT(result.error, 0);
	REQUIRE(ble_client_connect_sync(bed.client, NULL) == 0);
	end();
}

/* At any moment: a second one is refused, and the adapter may be freed. */
static void freed_in_the_middle(void)
{
	for (unsigned int ms = 0; ms < 1500; ms += 9) {
		struct result result, second;

		harness_about("after %u ms", ms);
		begin(1);
		CHECK_INT(reset(&result), 0);
		pass(ms);
		CHECK_INT(reset(&second), result.done ? 0 : -EALREADY);
		result.done = 0;
		bed.one[0].adapter = ble_adapter_unref(bed.one[0].adapter);
		pass(2000);
		CHECK_INT(result.done + second.done, 0);
		CHECK(bed.values > 80);
		end();
	}
}

static void pulled_in_the_middle(void)
{
	for (unsigned int ms = 0; ms < 1000; ms += 6) {
		struct result result;
		bool back = ms % 4;

		harness_about("after %u ms", ms);
		begin(0);
		CHECK_INT(reset(&result), 0);
		pass(ms);
		dongle_unplug(bed.one[0].dongle, back ? 1000 : DONGLE_FOR_EVER);
		if (!result.done)
			run_until(&result.done);
		CHECK_INT(result.done, 1);
		if (result.error)
			CHECK(!back && strstr(result.words, "did not come back from its reset"));
		CHECK_INT(result.error && result.error != -ENODEV, 0);
		CHECK(bed.values > 10);
		end();
	}
}

/* It is back, but silent, in this or that: within 9 s that is told with its reason, and
 * not before. */
static void silent(void)
{
	static const char *const scripts[][2] = {
		{ "cmd system_hello silence", "answers \"hello\"" },
		{ "cmd * silence", "answers \"hello\"" },
		{ "cmd system_address_get silence", "answers \"system_address_get\"" },
		{ "rsp gap_end_procedure lose", "answers \"gap_end_procedure\"" },
		{ "evt connection_status lose", "tell of the connections" },
		{ "rsp system_hello half", "answer \"hello\" as a" },
		{ "cmd system_get_info unplug", "" },
	};

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct result result;
		uint64_t start;

		harness_about("%s", scripts[i][0]);
		begin(0);
		script(scripts[i][0]);
		start = now_ms();
		CHECK_INT(reset(&result), 0);
		run_until(&result.done);
		harness_about("%s: %s", scripts[i][0], result.words);
		CHECK_INT(result.error, -ENODEV);
		CHECK(strstr(result.words, "did not come back from its reset"));
		CHECK(strstr(result.words, scripts[i][1]));
		CHECK(now_ms() - start >= 5000 && now_ms() - start < 9500);
		CHECK_INT(bed.ticks, (now_ms() - start) / TICK_MS);
		CHECK_INT(ble_adapter_reset(bed.one[0].adapter, on_done, &result), -ENODEV);
		end();
	}
}

/* It comes through: the first hello is lost, octets are between messages. */
static void noisy(void)
{
	static const char *const scripts[] = {
		"rsp system_hello 1 lose",
		"rsp system_hello 1 wrong",
		"rsp * before ff00ff",
		"rsp system_get_info after 8000",
		"evt connection_status 1-3 twice",
		"cmd system_hello 1 silence; rsp system_address_get before 80ff",
		"cmd system_get_info 1 unplug 300",
	};

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		for (uint32_t seed = 0; seed < 4; seed++) {
			struct result result;

			begin(seed);
			script(scripts[i]);
			CHECK_INT(reset(&result), 0);
			run_until(&result.done);
			harness_about("%s: %s", scripts[i], result.words);
			CHECK_INT(result.error, 0);
			dongle_script_clear(bed.one[0].dongle);
			works(&bed.one[0]);
			end();
		}
	}
}

/* -- Plugged in again --------------------------------------------------------------------- */

static void scan_ended(void *user, int error)
{
	struct result *result = user;

	result->ended++;
	result->scan_error = error;
	snprintf(result->words, sizeof(result->words), "%s", ble_error_text(bed.loop, error));
}

static void seen(void *user, struct ble_device *device, const struct ble_advertisement *adv)
{
	struct result *result = user;

	(void)device;
	(void)adv;
	result->done++;
}

static void lose(void)
{
	struct ble_adapter *adapter = bed.one[0].adapter;

	CHECK_INT(ble_adapter_reopen(adapter), -EALREADY);
	dongle_unplug(bed.one[0].dongle, DONGLE_FOR_EVER);
	pass(50);
	CHECK(adapter->gone);
	CHECK_INT(ble_adapter_reopen(adapter), -ENODEV);
	dongle_replug(bed.one[0].dongle);
}

/* The call takes no time; what is begun right after it waits until the dongle is ready. */
static void plugged_again(void)
{
	for (uint32_t seed = 0; seed < 8; seed++) {
		struct result result = { 0 };
		struct ble_scanner *scanner;
		struct ble_address before;
		uint64_t start;

		begin(seed);
		before = ble_adapter_info(bed.one[0].adapter)->address;
		REQUIRE(ble_scanner_new(bed.one[0].adapter, seen, scan_ended, &result,
					&scanner) == 0);
		for (unsigned int i = 0; i < 3; i++) {
			lose();
			start = now_ms();
			CHECK_INT(ble_adapter_reopen(bed.one[0].adapter), 0);
			CHECK_INT(now_ms() - start, 0);
			CHECK_INT(ble_adapter_reopen(bed.one[0].adapter), -EALREADY);
			CHECK(ble_address_equal(&ble_adapter_info(bed.one[0].adapter)->address,
						&before));
			result.done = 0;
			CHECK_INT(ble_scanner_start(scanner, NULL), 0);
			run_until(&result.done);
			CHECK(ble_address_equal(&ble_adapter_info(bed.one[0].adapter)->address,
						&before));
			CHECK_INT(result.ended, 0);
			ble_scanner_stop(scanner);
			works(&bed.one[0]);
		}
		ble_scanner_unref(scanner);
		end();
	}
}

/* The scan and the connect that wait end with the reason; the next time it works. */
static void plugged_again_and_silent(void)
{
	struct result result = { 0 }, connected = { 0 };
	struct ble_scanner *scanner;
	struct ble_client *client;

	begin(0);
	REQUIRE(ble_scanner_new(bed.one[0].adapter, seen, scan_ended, &result, &scanner) == 0);
	REQUIRE(ble_client_new(bed.one[0].adapter, &bed.one[0].peer->address, &client) == 0);
	lose();
	script("cmd system_hello silence");
	CHECK_INT(ble_adapter_reopen(bed.one[0].adapter), 0);
	CHECK_INT(ble_scanner_start(scanner, NULL), 0);
	CHECK_INT(ble_client_connect(client, NULL, on_done, &connected, NULL), 0);
	run_until(&result.ended);
	CHECK_INT(result.scan_error, -ENODEV);
	CHECK(strstr(result.words, "nothing there answers \"hello\""));
	CHECK_INT(connected.done, 1);
	CHECK_INT(connected.error, -ENODEV);
	CHECK(strstr(connected.words, "nothing there answers \"hello\""));
	CHECK(bed.one[0].adapter->gone);
	CHECK_INT(ble_scanner_start(scanner, NULL), -ENODEV);
	dongle_script_clear(bed.one[0].dongle);
	CHECK_INT(ble_adapter_reopen(bed.one[0].adapter), 0);
	works(&bed.one[0]);
	ble_client_unref(client);
	ble_scanner_unref(scanner);
	end();
}

/* A reset, another loss or a free while it is initialised, at any moment. */
static void plugged_again_and_then(void)
{
	for (unsigned int ms = 0; ms < 200; ms++) {
		struct result result = { 0 };

		harness_about("after %u ms", ms);
		begin(2);
		lose();
		CHECK_INT(ble_adapter_reopen(bed.one[0].adapter), 0);
		pass(ms / 3);
		switch (ms % 3) {
		case 0:
			CHECK_INT(reset(&result), 0);
			if (ms % 2) {
				dongle_unplug(bed.one[0].dongle, DONGLE_FOR_EVER);
				run_until(&result.done);
				CHECK_INT(result.error, -ENODEV);
				dongle_replug(bed.one[0].dongle);
				CHECK_INT(ble_adapter_reopen(bed.one[0].adapter), 0);
				break;
			}
			run_until(&result.done);
			CHECK_INT(result.error, 0);
			break;
		case 1:
			dongle_unplug(bed.one[0].dongle, 20);
			pass(30);
			CHECK_INT(ble_adapter_reopen(bed.one[0].adapter), 0);
			break;
		default:
			bed.one[0].adapter = ble_adapter_unref(bed.one[0].adapter);
			pass(100);
			break;
		}
		if (bed.one[0].adapter)
			works(&bed.one[0]);
		end();
	}
}

static void plugged_again_without_memory(void)
{
	int error;

	begin(0);
	lose();
	for (unsigned int i = 1;; i++) {
		failmalloc_arm(i);
		error = ble_adapter_reopen(bed.one[0].adapter);
		failmalloc_disarm();
		if (!error)
			break;
		CHECK_INT(error, -ENOMEM);
		CHECK(i < 20);
	}
	works(&bed.one[0]);
	end();
}

int main(int argc, char **argv)
{
	static const struct test_case resets[] = {
		TEST(beside),
		TEST(connect_of_the_other),
		TEST(freed_in_the_middle),
		TEST(pulled_in_the_middle),
		TEST(silent),
		TEST(noisy),
		{ 0 },
	};
	static const struct test_case plugs[] = {
		TEST(plugged_again),
		TEST(plugged_again_and_silent),
		TEST(plugged_again_and_then),
		TEST(plugged_again_without_memory),
		{ 0 },
	};
	static const struct test_suite suites[] = {
		{ "reset", resets }, { "plugged in again", plugs }, { 0 }
	};

	return harness_main(argc, argv, suites);
}
