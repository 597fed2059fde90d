/* SPDX-License-Identifier: MIT */
/* Keepers over the simulator, whose clock is frozen: waits, steps, ends, an adapter that is
 * pulled out and comes back, memory that runs out. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "api/internal.h"
#include "sim/model.h"
#include "tests/failmalloc.h"
#include "tests/harness.h"
#include "tests/reference.h"

enum { PEERS = 3, ABSENT = 2, EVENTS = 64 }; /* the last peer is not connectable */

static struct {
	struct ble_loop *loop;
	struct ble_adapter *adapter;
	struct sim_peripheral *peer[PEERS]; /* of the adapter that is there */
	unsigned int tries; /* to open it again */
	bool back;
	int error; /* of these, while it is not back; 0: -ENODEV */
	struct reset_op pull;
	bool watched; /* adapters that arrive are told */
	adapter_changed changed; /* NULL: nobody watches */
	void *watcher;
	struct adapter_watch watch;
} air;

static int fill(struct ble_loop *loop, void *user, struct sim_model *model)
{
	int error = 0;

	(void)loop;
	(void)user;
	for (unsigned int i = 0; !error && i < PEERS; i++)
		error = reference_peripheral_at(model, REFERENCE_MIDDLE, 100, (uint8_t)i, &air.peer[i]);
	if (!error)
		air.peer[ABSENT]->advertising.connectable = false;
	return error;
}

static int reopen(const struct adapter *gone, struct adapter **ret_adapter)
{
	int error;

	air.tries++;
	if (!air.back && (air.error || air.tries == 3)) /* its owner is not set yet */
		return air.error ? air.error : -EACCES;
	if (!air.back)
		return loop_set_error(gone->loop, -ENODEV, "it is not back");
	error = sim_open_with(gone->loop, "sim:again", fill, NULL, ret_adapter);
	if (!error) {
		(*ret_adapter)->reopen = reopen;
		(*ret_adapter)->watch = gone->watch;
	}
	return error;
}

static void unwatch(struct adapter_watch *watch)
{
	CHECK(watch == &air.watch && air.changed);
	air.changed = NULL;
}

static int watch(struct ble_loop *loop, adapter_changed changed, void *user,
		 struct adapter_watch **ret_watch)
{
	CHECK(loop == air.loop && !air.changed);
	if (!air.watched)
		return -EMFILE;
	air.watch.free = unwatch;
	air.changed = changed;
	air.watcher = user;
	*ret_watch = &air.watch;
	return 0;
}

/* From dispatch; the callback may free the watch. */
static void arrive(struct loop_task *task)
{
	const struct ble_adapter_info info = { .name = "any", .backend = "sim" };

	(void)task;
	if (CHECK(air.changed))
		air.changed(air.watcher, true, &info);
}

static int open_air(void)
{
	struct adapter *backend = NULL;
	int error;

	memset(&air, 0, sizeof(air));
	error = ble_loop_new(&air.loop);
	if (error)
		return error;
	loop_clock_freeze(air.loop);
	error = sim_open_with(air.loop, "sim:keeper", fill, NULL, &backend);
	if (!error)
		error = adapter_new(air.loop, backend, &air.adapter);
	if (!error) {
		backend->reopen = reopen;
		backend->watch = watch;
	} else if (backend)
		backend->class->free(backend);
	if (error)
		ble_loop_unref(air.loop);
	return error;
}

static void close_air(void)
{
	CHECK_INT(air.adapter->refs, 1);
	CHECK(!air.changed); /* nobody waits for the adapter */
	ble_adapter_unref(air.adapter);
	ble_loop_unref(air.loop);
}

static void pulled(struct reset_op *op, int error)
{
	struct adapter *backend = air.adapter->backend;

	(void)op;
	(void)error;
	backend->events->gone(backend->user);
}

static void pull(void)
{
	struct adapter *backend = air.adapter->backend;

	air.pull.done = pulled;
	CHECK_INT(backend->class->reset(backend, &air.pull), 0);
	ble_loop_dispatch(air.loop, 0);
	CHECK(air.adapter->gone);
}

static unsigned int now(void)
{
	return (unsigned int)(loop_now(air.loop) / 1000000);
}

static void run(unsigned int ms)
{
	unsigned int end = now() + ms;

	while (now() < end)
		if (ble_loop_dispatch(air.loop, (int)(end - now())) < 0)
			return;
}

/* -- A keeper whose events are recorded ------------------------------------------------ */

struct kept {
	struct ble_client *client;
	struct ble_keeper *keeper;
	struct ble_keeper_event events[EVENTS];
	unsigned int times[EVENTS];
	struct ble_keeper_event last;
	unsigned int n, ups;
	char text[200]; /* of the last error */
	struct ble_subscription *subscription;
	unsigned int values;
	bool subscribes;
	unsigned int free_at; /* the event that ends it; 0: none */
	bool end_client;      /* in that */
	unsigned int lost;    /* the client's own callback */
	void (*act)(struct kept *kept); /* in each event, or in the client's callback */
	bool act_when_lost;
};

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	(void)handle;
	(void)value;
	((struct kept *)user)->values++;
}

static void on_lost(void *user, uint8_t reason, bool asked)
{
	struct kept *kept = user;

	(void)reason;
	(void)asked;
	kept->lost++;
	if (kept->act && kept->act_when_lost)
		kept->act(kept);
}

static void finish(struct kept *kept)
{
	kept->keeper = ble_keeper_free(kept->keeper);
	if (kept->end_client)
		kept->client = ble_client_unref(kept->client);
}

static void on_changed(void *user, const struct ble_keeper_event *event)
{
	struct kept *kept = user;

	if (kept->n < EVENTS) {
		kept->events[kept->n] = *event;
		kept->times[kept->n] = now();
	}
	kept->last = *event;
	kept->n++;
	snprintf(kept->text, sizeof(kept->text), "%s", ble_error_text(air.loop, event->error));
	if (event->state == BLE_KEEPER_UP) {
		kept->ups++;
		if (kept->subscribes && !kept->subscription)
			ble_client_subscribe(kept->client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO,
					     on_value, kept, NULL, NULL, &kept->subscription, NULL);
	}
	if (kept->n == kept->free_at)
		finish(kept);
	else if (kept->act && !kept->act_when_lost)
		kept->act(kept);
}

static int keep_at(struct kept *kept, unsigned int peer, const struct ble_keeper_params *params)
{
	int error = ble_client_new(air.adapter, &air.peer[peer]->address, &kept->client);

	if (error)
		return error;
	ble_client_on_disconnected(kept->client, on_lost, kept);
	error = ble_keeper_new(kept->client, params, on_changed, kept, &kept->keeper);
	if (error)
		kept->client = ble_client_unref(kept->client);
	return error;
}

static void open_kept(struct kept *kept, unsigned int peer, const struct ble_keeper_params *params)
{
	REQUIRE(open_air() == 0);
	REQUIRE(keep_at(kept, peer, params) == 0);
	CHECK_INT(kept->n, 0); /* nothing but from dispatch */
}

static void close_kept(struct kept *kept)
{
	CHECK(!ble_keeper_free(kept->keeper));
	ble_client_unref(kept->client);
	close_air();
}

/* Until it is up for the count-th time. */
static bool await_up(struct kept *kept, unsigned int count, unsigned int ms)
{
	unsigned int end = now() + ms;

	while (kept->ups < count && now() < end)
		ble_loop_dispatch(air.loop, (int)(end - now()));
	return kept->ups >= count;
}

/* -- Waits ------------------------------------------------------------------------------ */

static void waits_double(void)
{
	static const int waits[] = { 1000, 2000, 4000, 6000, 6000, 6000 };
	const struct ble_keeper_params params = {
		.connect.timeout_ms = 100, .to_ms = 6000, .jitter = -1,
	};
	struct kept kept = { 0 };

	open_kept(&kept, ABSENT, &params);
	run(24000);
	REQUIRE(kept.n >= 6);
	for (unsigned int i = 0; i < 6; i++) {
		harness_about("wait %u", i);
		CHECK_INT(kept.events[i].state, BLE_KEEPER_DOWN);
		CHECK_INT(kept.events[i].error, -ETIMEDOUT);
		CHECK_INT(kept.events[i].attempts, i + 1);
		CHECK_INT(kept.events[i].next_ms, waits[i]);
		if (i)
			CHECK_INT(kept.times[i] - kept.times[i - 1], waits[i - 1] + 100);
	}
	harness_about(NULL);
	CHECK(strstr(kept.text, "could not be reached within 0.1 s"));
	/* Once it was up, the first wait is the first one again. */
	air.peer[ABSENT]->advertising.connectable = true;
	air.peer[ABSENT]->faults.disconnect_after_ms = 5000;
	CHECK(await_up(&kept, 1, 20000));
	run(5500);
	CHECK_INT(kept.events[kept.n - 1].error, -ENOTCONN);
	CHECK_INT(kept.events[kept.n - 1].next_ms, 1000);
	CHECK_INT(kept.events[kept.n - 1].attempts, 0);
	close_kept(&kept);
}

static void jitter(void)
{
	const struct ble_keeper_params params = {
		.connect.timeout_ms = 1, .from_ms = 1000, .to_ms = 1000, .jitter = 40,
	};
	struct kept one = { 0 }, other = { 0 };
	bool differ = false, low = false, high = false;

	open_kept(&one, ABSENT, &params);
	REQUIRE(keep_at(&other, 1, &params) == 0);
	air.peer[1]->advertising.connectable = false;
	run(90000);
	REQUIRE(one.n >= EVENTS && other.n >= EVENTS);
	for (unsigned int i = 0; i < EVENTS; i++) {
		int ms = one.events[i].next_ms;

		CHECK(ms >= 600 && ms <= 1000);
		low |= ms < 700;
		high |= ms > 900;
		differ |= ms != other.events[i].next_ms;
	}
	CHECK(low && high && differ);
	ble_keeper_free(other.keeper);
	ble_client_unref(other.client);
	close_kept(&one);
}

static void bad_params(void)
{
	const struct ble_keeper_params bad[] = {
		{ .from_ms = -1 }, { .to_ms = -1 }, { .from_ms = 10, .to_ms = 9 },
		{ .jitter = 101 }, { .jitter = -2 }, { .idle_ms = -2 }, { .give_up_ms = -2 },
		{ .reserved = { 0, 1 } }, { .connect.reserved = { 1 } },
	};
	const struct ble_keeper_params small_mtu = { .connect.mtu = 22 };
	struct ble_keeper *second = NULL;
	struct kept kept = { 0 };

	REQUIRE(open_air() == 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		harness_about("%zu", i);
		CHECK_INT(keep_at(&kept, 0, &bad[i]), -EINVAL);
	}
	/* What only the first step can tell, and no later attempt would mend. */
	REQUIRE(keep_at(&kept, 0, &small_mtu) == 0);
	CHECK_INT(ble_keeper_new(kept.client, NULL, NULL, NULL, &second), -EALREADY);
	CHECK(!second);
	run(100000);
	CHECK_INT(kept.n, 1);
	CHECK_INT(kept.events[0].state, BLE_KEEPER_GAVE_UP);
	CHECK_INT(kept.events[0].error, -EINVAL);
	CHECK_INT(kept.events[0].next_ms, -1);
	CHECK(strstr(kept.text, "its MTU 23 to 517"));
	close_kept(&kept);
}

/* -- Losses ---------------------------------------------------------------------------- */

static void subscribes_again(void)
{
	const struct ble_keeper_params params = { .jitter = -1 };
	struct kept kept = { .subscribes = true };

	open_kept(&kept, 0, &params);
	air.peer[0]->faults.disconnect_after_ms = 3000;
	for (unsigned int i = 1; i <= 5; i++) {
		harness_about("connection %u", i);
		REQUIRE(await_up(&kept, i, 10000));
		CHECK_INT(kept.events[kept.n - 1].attempts, 1);
		CHECK(ble_client_connected(kept.client));
		kept.values = 0;
		run(1000);
		CHECK(kept.values >= 8);
		run(2500);
		CHECK_INT(kept.events[kept.n - 1].state, BLE_KEEPER_DOWN);
		CHECK_INT(kept.events[kept.n - 1].error, -ENOTCONN);
		CHECK_INT(kept.events[kept.n - 1].reason, 0x13);
		CHECK(!kept.events[kept.n - 1].asked);
		CHECK(strstr(kept.text, "0x13"));
		CHECK_INT(kept.lost, i);
	}
	harness_about(NULL);
	CHECK_INT(kept.n, 10);
	ble_subscription_free(kept.subscription, NULL, NULL, NULL);
	close_kept(&kept);
}

/* The peer hangs up at each request of the first attempt. */
static void lost_at_each_step(void)
{
	unsigned int n = 0, requests = 0;

	for (bool up = false; !up; n++) {
		struct kept kept = { 0 };

		harness_about("after %u requests", n + 1);
		open_kept(&kept, 0, NULL);
		air.peer[0]->faults.disconnect_after_requests = n + 1;
		run(900); /* not yet the second attempt: 1 s, shortened by a quarter */
		while (!kept.n)
			run(10);
		up = kept.events[0].state == BLE_KEEPER_UP;
		requests = ble_client_requests(kept.client);
		air.peer[0]->faults.disconnect_after_requests = 0;
		if (!up) {
			CHECK_INT(kept.events[0].error, -ENOTCONN);
			CHECK_INT(kept.events[0].attempts, 1);
			CHECK(!kept.events[0].asked);
			CHECK_INT(kept.events[0].reason, 0x13);
			CHECK(strstr(kept.text, "0x13"));
		}
		CHECK(await_up(&kept, 1, 30000));
		close_kept(&kept);
	}
	CHECK(n >= 5 && n <= requests + 1);
}

static void asked_for(void)
{
	struct kept kept = { 0 };

	open_kept(&kept, 0, NULL);
	REQUIRE(await_up(&kept, 1, 5000));
	ble_client_disconnect(kept.client);
	run(10);
	REQUIRE(kept.n == 2);
	CHECK_INT(kept.lost, 1); /* the user's own callback, before */
	CHECK_INT(kept.events[1].state, BLE_KEEPER_DOWN);
	CHECK_INT(kept.events[1].error, -ENOTCONN);
	CHECK(kept.events[1].asked);
	CHECK_INT(kept.events[1].reason, 0x16);
	CHECK(await_up(&kept, 2, 5000));
	/* While an attempt is under way, too. */
	ble_client_disconnect(kept.client);
	run((unsigned int)kept.events[2].next_ms);
	while (kept.client->state != CLIENT_CONNECTING)
		ble_loop_dispatch(air.loop, 1000);
	ble_client_disconnect(kept.client);
	CHECK(await_up(&kept, 3, 10000));
	/* Freed, it connects no more. */
	kept.keeper = ble_keeper_free(kept.keeper);
	CHECK(ble_client_connected(kept.client));
	ble_client_disconnect(kept.client);
	run(100000);
	CHECK(!ble_client_connected(kept.client));
	close_kept(&kept);
}

static unsigned int connected;

static void on_connected(void *user, int error)
{
	(void)user;
	CHECK_INT(error, 0);
	connected++;
}

/* The client's user connects it: before, and while the keeper waits or tries. */
static void users_connect(void)
{
	const struct ble_keeper_params params = { .jitter = -1 };
	struct kept kept = { 0 };
	unsigned int n;

	REQUIRE(open_air() == 0);
	REQUIRE(keep_at(&kept, 0, &params) == 0);
	connected = 0;
	CHECK_INT(ble_client_connect(kept.client, NULL, on_connected, NULL, NULL), 0);
	CHECK(await_up(&kept, 1, 10000));
	CHECK_INT(connected, 1); /* the keeper's attempts met -EALREADY and ended nothing */
	for (n = 0; kept.events[n].state == BLE_KEEPER_DOWN; n++)
		CHECK_INT(kept.events[n].error, -EALREADY);
	CHECK(n >= 1);
	ble_client_disconnect(kept.client);
	run(100);
	CHECK_INT(ble_client_connect(kept.client, NULL, on_connected, NULL, NULL), 0);
	CHECK(await_up(&kept, 2, 10000));
	CHECK_INT(connected, 2);
	close_kept(&kept);
}

/* -- Steps ----------------------------------------------------------------------------- */

static struct {
	char order[32];
	unsigned int n;
	int secure_error;
	keeper_step connect, discover, resubscribe;
	struct loop_task task;
	struct ble_keeper *keeper;
} fake;

static void record(char step)
{
	if (fake.n < sizeof(fake.order) - 1)
		fake.order[fake.n++] = step;
}

static int connect(struct ble_keeper *keeper)
{
	record('c');
	return fake.connect(keeper);
}

static int discover(struct ble_keeper *keeper)
{
	CHECK(ble_client_connected(keeper->client));
	record('d');
	return fake.discover(keeper);
}

static int resubscribe(struct ble_keeper *keeper)
{
	record('r');
	return fake.resubscribe(keeper);
}

static void secured(struct loop_task *task)
{
	(void)task;
	keeper_step_done(fake.keeper, fake.secure_error);
}

static int secure(struct ble_keeper *keeper)
{
	CHECK(ble_services_count(ble_client_services(keeper->client)) > 0);
	record('s');
	fake.keeper = keeper;
	fake.task.run = secured;
	loop_defer(air.loop, &fake.task);
	return 0;
}

static int refuse(struct ble_keeper *keeper)
{
	(void)keeper;
	record('x');
	return -EIO;
}

static void order(void)
{
	keeper_step steps[KEEPER_STEPS] = { connect, discover, secure, resubscribe };
	struct kept kept = { 0 };

	open_kept(&kept, 0, NULL);
	memset(&fake, 0, sizeof(fake));
	CHECK(!kept.keeper->steps[KEEPER_SECURES]); /* its place is kept */
	fake.connect = kept.keeper->steps[KEEPER_CONNECTS];
	fake.discover = kept.keeper->steps[KEEPER_DISCOVERS];
	fake.resubscribe = kept.keeper->steps[KEEPER_RESUBSCRIBES];
	kept.keeper->steps = steps;
	fake.secure_error = BLE_ERROR_ATT(0x05);
	while (!kept.n)
		ble_loop_dispatch(air.loop, 1000);
	CHECK_STR(fake.order, "cds");
	CHECK_INT(kept.events[0].state, BLE_KEEPER_DOWN);
	CHECK_INT(kept.events[0].error, BLE_ERROR_ATT(0x05));
	CHECK_INT(kept.lost, 0); /* comes after it */
	run(10);
	CHECK_INT(kept.lost, 1);
	CHECK_INT(kept.n, 1); /* the end of its own connection is not told again */
	fake.secure_error = 0;
	CHECK(await_up(&kept, 1, 5000));
	CHECK_STR(fake.order, "cdscdsr");
	/* One that fails at once */
	steps[KEEPER_SECURES] = refuse;
	ble_client_disconnect(kept.client);
	while (kept.n < 4) /* the loss, then this */
		ble_loop_dispatch(air.loop, 1000);
	CHECK_STR(fake.order, "cdscdsrcdx");
	CHECK_INT(kept.events[kept.n - 1].error, -EIO);
	CHECK(!ble_client_connected(kept.client));
	steps[KEEPER_SECURES] = NULL;
	CHECK(await_up(&kept, 2, 10000));
	CHECK_STR(fake.order, "cdscdsrcdxcdr");
	close_kept(&kept);
}

/* -- The end ----------------------------------------------------------------------------- */

static void gives_up(void)
{
	const struct ble_keeper_params params = { .give_up_ms = 30000 };
	struct kept kept = { 0 };
	unsigned int begun;

	/* In its first connect, which waits for the peer for ever. */
	open_kept(&kept, ABSENT, &params);
	begun = now();
	run(100000);
	REQUIRE(kept.n == 1);
	CHECK_INT(kept.events[0].state, BLE_KEEPER_GAVE_UP);
	CHECK_INT(kept.events[0].error, -ETIMEDOUT);
	CHECK_INT(kept.events[0].attempts, 1);
	CHECK_INT(kept.times[0] - begun, 30000);
	CHECK(strstr(kept.text, "could not be connected for 30.0 s, in 1 attempts"));
	CHECK_INT(kept.client->state, CLIENT_IDLE);
	close_kept(&kept);
	/* The time counts from each loss, and not while it is up. */
	memset(&kept, 0, sizeof(kept));
	open_kept(&kept, 0, &params);
	REQUIRE(await_up(&kept, 1, 5000));
	run(100000);
	CHECK_INT(kept.n, 1);
	air.peer[0]->advertising.connectable = false;
	begun = now();
	ble_client_disconnect(kept.client);
	run(100000);
	REQUIRE(kept.n == 3);
	CHECK_INT(kept.events[2].state, BLE_KEEPER_GAVE_UP);
	CHECK_INT(kept.times[2] - begun, 30000);
	close_kept(&kept);
}

static int keep_absent(struct kept *kept)
{
	const struct ble_keeper_params params = { .connect.timeout_ms = 5000, .idle_ms = 2000 };

	return keep_at(kept, ABSENT, &params);
}

static void end_kept(struct kept *kept)
{
	ble_keeper_free(kept->keeper);
	ble_client_unref(kept->client);
}

/* Beside a keeper whose peer is absent. */
static void idle(void)
{
	const struct ble_keeper_params params = { .idle_ms = 2000, .jitter = -1 };
	struct kept kept = { 0 }, absent = { 0 };
	unsigned int requests, silent;

	/* It has nothing to send, and answers. */
	open_kept(&kept, 0, &params);
	REQUIRE(keep_absent(&absent) == 0);
	REQUIRE(await_up(&kept, 1, 5000));
	run(5000); /* also the requests for robust caching */
	requests = ble_client_requests(kept.client);
	run(60000);
	CHECK_INT(kept.n, 1);
	CHECK(ble_client_requests(kept.client) >= requests + 10);
	CHECK(ble_client_requests(kept.client) <= requests + 30);
	/* It answers no more. */
	air.peer[0]->faults.silent_after_requests = 1;
	silent = now();
	run(10000);
	REQUIRE(kept.n >= 2);
	CHECK_INT(kept.events[1].state, BLE_KEEPER_DOWN);
	CHECK_INT(kept.events[1].error, -ETIMEDOUT);
	CHECK(kept.times[1] - silent >= 2000 && kept.times[1] - silent <= 8000);
	air.peer[0]->faults.silent_after_requests = 0;
	CHECK(await_up(&kept, 2, 100000));
	CHECK_INT(absent.ups, 0);
	CHECK(absent.n >= 3);
	end_kept(&absent);
	close_kept(&kept);
}

/* While values come, nothing is asked. */
static void not_idle(void)
{
	const struct ble_keeper_params params = { .idle_ms = 2000 };
	struct kept kept = { .subscribes = true }, absent = { 0 };
	unsigned int requests;

	open_kept(&kept, 0, &params);
	REQUIRE(keep_absent(&absent) == 0);
	REQUIRE(await_up(&kept, 1, 5000));
	run(5000);
	requests = ble_client_requests(kept.client);
	run(60000);
	CHECK_INT(ble_client_requests(kept.client), requests);
	CHECK_INT(kept.n, 1);
	CHECK(absent.n >= 2);
	end_kept(&absent);
	ble_subscription_free(kept.subscription, NULL, NULL, NULL);
	close_kept(&kept);
}

/* Freed in each callback, and after each dispatch, alone or with the client. */
static void freed(void)
{
	for (unsigned int at = 1; at <= 4; at++) {
		for (int with_client = 0; with_client < 2; with_client++) {
			struct kept kept = { .free_at = at, .end_client = with_client };

			open_kept(&kept, 0, NULL);
			air.peer[0]->faults.disconnect_after_ms = 2000;
			run(30000);
			CHECK_INT(kept.n, at);
			CHECK(!kept.keeper);
			close_kept(&kept);
		}
	}
	for (unsigned int turns = 0; turns < 40; turns++) {
		struct kept kept = { .end_client = turns & 1 };

		open_kept(&kept, 0, NULL);
		air.peer[0]->faults.disconnect_after_ms = 200;
		for (unsigned int i = 0; i < turns; i++)
			ble_loop_dispatch(air.loop, 1000);
		finish(&kept);
		kept.n = 0;
		run(3000);
		CHECK_INT(kept.n, 0);
		close_kept(&kept);
	}
}

/* The same, when it gave up, with the adapter. */
static void freed_with_adapter(void)
{
	const struct ble_keeper_params params = { .give_up_ms = 5000 };
	struct kept kept = { .free_at = 1, .end_client = true };

	open_kept(&kept, ABSENT, &params);
	air.adapter = ble_adapter_unref(air.adapter);
	run(6000);
	CHECK_INT(kept.n, 1);
	CHECK(!kept.client);
	ble_loop_unref(air.loop);
}

static void disconnects(struct kept *kept)
{
	ble_client_disconnect(kept->client);
}

static void connects(struct kept *kept)
{
	ble_client_connect(kept->client, NULL, NULL, NULL, NULL);
}

static void reopens(struct kept *kept)
{
	(void)kept;
	CHECK_INT(ble_adapter_reopen(air.adapter), -EALREADY);
}

static void resets_adapter(struct kept *kept)
{
	(void)kept;
	ble_adapter_reset(air.adapter, NULL, NULL);
}

static void discovers(struct kept *kept)
{
	ble_client_discover(kept->client, NULL, NULL, NULL);
	ble_client_resubscribe(kept->client, NULL, NULL, NULL);
}

static void unsubscribes(struct kept *kept)
{
	ble_subscription_free(kept->subscription, NULL, NULL, NULL);
	kept->subscription = NULL;
}

/* Not at each UP, which would come at once again, and for ever. */
static void keeps_anew(struct kept *kept)
{
	if (kept->last.state == BLE_KEEPER_UP && !kept->act_when_lost)
		return;
	ble_keeper_free(kept->keeper);
	CHECK_INT(ble_keeper_new(kept->client, NULL, on_changed, kept, &kept->keeper), 0);
}

/* Whatever its user does in each callback, it is up again afterwards. */
static void in_its_callbacks(void)
{
	static void (*const acts[])(struct kept *kept) = {
		disconnects, connects, reopens, resets_adapter, discovers, unsubscribes, keeps_anew,
	};

	for (unsigned int i = 0; i < 2 * sizeof(acts) / sizeof(acts[0]); i++) {
		struct kept kept = {
			.subscribes = true, .act = acts[i / 2], .act_when_lost = i & 1,
		};

		harness_about("%u", i);
		open_kept(&kept, 0, NULL);
		air.peer[0]->faults.disconnect_after_ms = 700;
		run(20000);
		CHECK(kept.ups >= 2 || kept.act == keeps_anew);
		kept.act = NULL;
		air.peer[0]->faults.disconnect_after_ms = 0;
		/* The subscription may be over: its subscribe failed. */
		unsubscribes(&kept);
		ble_client_disconnect(kept.client);
		run(70000);
		CHECK_INT(kept.last.state, BLE_KEEPER_UP);
		CHECK(ble_client_connected(kept.client));
		kept.values = 0;
		run(1000);
		CHECK(kept.values >= 8);
		ble_subscription_free(kept.subscription, NULL, NULL, NULL);
		close_kept(&kept);
	}
}

/* A connect of the user's own, begun where the loss is told first, goes on. */
static void connect_of_the_user(void)
{
	struct kept kept = { 0 };

	open_kept(&kept, 0, NULL);
	REQUIRE(await_up(&kept, 1, 5000));
	kept.act = connects;
	kept.act_when_lost = true;
	ble_client_disconnect(kept.client);
	while (!kept.lost)
		ble_loop_dispatch(air.loop, 1000);
	run(1);
	CHECK(kept.client->state == CLIENT_CONNECTING || kept.client->state == CLIENT_CONNECTED);
	CHECK_INT(kept.n, 2);
	CHECK(await_up(&kept, 2, 5000));
	CHECK_INT(kept.lost, 1);
	close_kept(&kept);
}

/* The largest numbers: nothing overflows, and what is due far away stays away. */
static void largest_params(void)
{
	const struct ble_keeper_params largest = {
		.connect.timeout_ms = 1, .from_ms = INT_MAX, .to_ms = INT_MAX, .jitter = 100,
		.idle_ms = INT_MAX, .give_up_ms = INT_MAX,
	};
	const struct ble_keeper_params growing = {
		.connect.timeout_ms = 1, .from_ms = INT_MAX / 2, .to_ms = INT_MAX, .jitter = -1,
	};
	const struct ble_keeper_params hasty = {
		.connect.timeout_ms = 1, .from_ms = 1, .to_ms = 1, .jitter = 100,
	};
	struct kept kept = { 0 };

	open_kept(&kept, ABSENT, &largest);
	run(100);
	REQUIRE(kept.n == 1);
	CHECK(kept.last.next_ms >= 0);
	run(INT_MAX);
	CHECK_INT(kept.last.state, BLE_KEEPER_GAVE_UP);
	close_kept(&kept);
	memset(&kept, 0, sizeof(kept));
	open_kept(&kept, ABSENT, &growing);
	run(INT_MAX);
	REQUIRE(kept.n == 2);
	CHECK_INT(kept.events[0].next_ms, INT_MAX / 2);
	CHECK_INT(kept.events[1].next_ms, INT_MAX - 1);
	close_kept(&kept);
	memset(&kept, 0, sizeof(kept));
	open_kept(&kept, ABSENT, &hasty); /* its waits are 0 and 1 ms */
	run(1000);
	CHECK(kept.n >= 300 && kept.n <= 1100);
	air.peer[ABSENT]->advertising.connectable = true;
	ble_keeper_free(kept.keeper);
	REQUIRE(ble_keeper_new(kept.client, NULL, on_changed, &kept, &kept.keeper) == 0);
	CHECK(await_up(&kept, 1, 5000));
	close_kept(&kept);
}

/* The clock jumps, as after a stop of the process: at each moment, by a day and by 20. */
static void clock_far_ahead(void)
{
	for (unsigned int turns = 0; turns < 60; turns++) {
		const struct ble_keeper_params params = { .idle_ms = 5000, .give_up_ms = 0 };
		struct kept kept = { .subscribes = true };

		harness_about("after %u turns", turns);
		open_kept(&kept, 0, &params);
		air.peer[0]->faults.disconnect_after_ms = 300;
		for (unsigned int i = 0; i < turns; i++)
			ble_loop_dispatch(air.loop, 1000);
		air.peer[0]->faults.disconnect_after_ms = 0;
		loop_clock_advance(air.loop, turns & 1 ? 86400000 : 20 * 86400000);
		run(70000);
		CHECK_INT(kept.last.state, BLE_KEEPER_UP);
		kept.values = 0;
		run(1000);
		CHECK(kept.values >= 8);
		ble_subscription_free(kept.subscription, NULL, NULL, NULL);
		close_kept(&kept);
	}
}

/* A step that fails each time has its connection ended each time, and waits grow. */
static void fails_each_time(void)
{
	const struct ble_keeper_params params = { .jitter = -1, .to_ms = 8000, .give_up_ms = 60000 };
	keeper_step steps[KEEPER_STEPS];

	for (unsigned int at = KEEPER_DISCOVERS; at < KEEPER_STEPS; at++) {
		struct kept kept = { 0 };

		harness_about("step %u", at);
		open_kept(&kept, 0, &params);
		memset(&fake, 0, sizeof(fake));
		memcpy(steps, kept.keeper->steps, sizeof(steps));
		steps[at] = refuse;
		kept.keeper->steps = steps;
		run(100000);
		REQUIRE(kept.n >= 8);
		CHECK_INT(kept.last.state, BLE_KEEPER_GAVE_UP);
		CHECK_INT(kept.last.error, -ETIMEDOUT);
		CHECK_INT(kept.times[kept.n - 1] - kept.times[0] < 60000, 1);
		CHECK_INT(kept.lost, kept.n - 1);
		for (unsigned int i = 0; i < kept.n - 1; i++) {
			CHECK_INT(kept.events[i].error, -EIO);
			CHECK_INT(kept.events[i].next_ms, i < 3 ? 1000 << i : 8000);
			CHECK_INT(kept.events[i].attempts, i + 1);
		}
		CHECK(!ble_client_connected(kept.client));
		close_kept(&kept);
	}
}

/* -- The adapter ----------------------------------------------------------------------- */

static void one_is_absent(void)
{
	struct kept absent = { 0 }, present = { 0 };

	open_kept(&absent, ABSENT, NULL);
	REQUIRE(keep_at(&present, 0, NULL) == 0);
	air.peer[0]->faults.disconnect_after_ms = 2000;
	run(60000);
	CHECK_INT(absent.n, 0); /* it still waits */
	CHECK(present.ups >= 15);
	ble_keeper_free(present.keeper);
	ble_client_unref(present.client);
	close_kept(&absent);
}

static void adapter_comes_back(void)
{
	const struct ble_keeper_params hasty = { .from_ms = 100, .to_ms = 100 };
	struct kept kept[PEERS] = { { .subscribes = true }, { .subscribes = true }, { 0 } };
	const struct ble_adapter_info *info;
	struct ble_device *device;
	unsigned int i;

	REQUIRE(open_air() == 0);
	CHECK_INT(ble_adapter_reopen(air.adapter), -EALREADY);
	info = ble_adapter_info(air.adapter);
	for (i = 0; i < PEERS; i++)
		REQUIRE(keep_at(&kept[i], i, &hasty) == 0);
	CHECK(await_up(&kept[0], 1, 5000) && await_up(&kept[1], 1, 5000));
	pull();
	for (i = 0; i < PEERS; i++)
		CHECK_INT(kept[i].last.state, BLE_KEEPER_DOWN);
	CHECK_INT(ble_adapter_reopen(air.adapter), -ENODEV);
	air.tries = 0;
	run(20000);
	CHECK(air.tries >= 15 && air.tries <= 20); /* once a second at most, however many keep */
	for (i = 0; i < PEERS; i++)
		CHECK_INT(kept[i].last.state, BLE_KEEPER_DOWN);
	CHECK_INT(kept[0].last.error, -ENODEV);
	CHECK_STR(info->name, "sim:keeper");
	air.back = true;
	CHECK(await_up(&kept[0], 2, 60000) && await_up(&kept[1], 2, 60000));
	CHECK(!air.adapter->gone);
	CHECK(ble_adapter_info(air.adapter) == info);
	CHECK_STR(info->name, "sim:again");
	kept[0].values = kept[1].values = 0;
	run(1000);
	CHECK(kept[0].values >= 8 && kept[1].values >= 8);
	CHECK_INT(ble_adapter_find_sync(air.adapter, NULL, 3000, &device), 0);
	ble_device_unref(device);
	for (i = 0; i < PEERS; i++) {
		ble_subscription_free(kept[i].subscription, NULL, NULL, NULL);
		ble_keeper_free(kept[i].keeper);
		ble_client_unref(kept[i].client);
	}
	close_air();
}

static void run_arrival(void)
{
	struct loop_task task = { .run = arrive };

	loop_defer(air.loop, &task);
	run(1);
}

/* Its arrival ends the waits, however long they are. */
static void adapter_arrives(void)
{
	const struct ble_keeper_params slow = { .from_ms = 600000, .to_ms = 3600000, .jitter = -1 };
	struct kept one = { .subscribes = true }, other = { 0 }, absent = { 0 };

	REQUIRE(open_air() == 0);
	air.watched = true;
	REQUIRE(keep_at(&one, 0, &slow) == 0 && keep_at(&other, 1, &slow) == 0);
	REQUIRE(keep_at(&absent, ABSENT, &slow) == 0);
	REQUIRE(await_up(&one, 1, 5000) && await_up(&other, 1, 5000));
	CHECK(!air.changed);
	pull();
	CHECK(air.changed);
	run(100000);
	CHECK_INT(air.tries, 1); /* at once, as it may be back already */
	run_arrival(); /* of another one */
	run(100000);
	CHECK_INT(air.tries, 2);
	CHECK_INT(one.n, 2);
	CHECK_INT(one.last.state, BLE_KEEPER_DOWN);
	CHECK_INT(one.last.next_ms, 600000);
	air.error = -EACCES; /* it is there, and not ours yet */
	run_arrival();
	run(3000);
	CHECK(air.tries >= 5);
	air.back = true;
	CHECK(await_up(&one, 2, 3000) && await_up(&other, 2, 3000));
	CHECK_INT(one.last.attempts, 1);
	CHECK_INT(one.n, 3);
	CHECK(!air.changed); /* it is watched for while it is gone only */
	one.values = 0;
	run(1000);
	CHECK(one.values >= 8);
	/* By the user of ble_adapter_reopen(), too. */
	air.back = false;
	pull();
	CHECK_INT(ble_adapter_reset(air.adapter, NULL, NULL), -ENODEV);
	CHECK(strstr(ble_error_text(air.loop, -ENODEV), "sim:again was taken away")); /* not sim:keeper */
	run(10000);
	air.back = true;
	CHECK_INT(ble_adapter_reopen(air.adapter), 0);
	CHECK(!air.changed);
	CHECK(await_up(&one, 3, 3000) && await_up(&other, 3, 3000));
	CHECK_INT(absent.last.state, BLE_KEEPER_DOWN);
	CHECK_INT(absent.client->state, CLIENT_CONNECTING);
	/* One that is never ready is not asked for ever, by an arrival. */
	air.back = false;
	air.error = -EBUSY;
	pull();
	air.tries = 0;
	run(500000);
	CHECK(air.tries >= 8 && air.tries <= 12);
	ble_keeper_free(other.keeper);
	ble_client_unref(other.client);
	ble_keeper_free(absent.keeper);
	ble_client_unref(absent.client);
	ble_subscription_free(one.subscription, NULL, NULL, NULL);
	close_kept(&one);
}

/* It is back before anybody watched. */
static void back_at_once(void)
{
	const struct ble_keeper_params slow = { .from_ms = 600000, .to_ms = 600000 };
	struct kept kept = { 0 }, late = { 0 };

	open_kept(&kept, 0, &slow);
	REQUIRE(await_up(&kept, 1, 5000));
	air.back = true;
	pull();
	CHECK(await_up(&kept, 2, 2000));
	CHECK_INT(kept.n, 3);
	/* A keeper of an adapter that is gone. */
	kept.keeper = ble_keeper_free(kept.keeper);
	air.back = false;
	air.watched = true;
	pull();
	CHECK(!air.changed);
	run(1000);
	REQUIRE(keep_at(&late, 1, &slow) == 0);
	CHECK(air.changed);
	run(1000);
	CHECK_INT(late.last.error, -ENODEV);
	air.back = true;
	run_arrival();
	CHECK(await_up(&late, 1, 2000));
	ble_keeper_free(late.keeper);
	ble_client_unref(late.client);
	close_kept(&kept);
}

/* Freed while the adapter is gone, in each callback; whoever is left is woken. */
static void freed_while_it_is_gone(void)
{
	const struct ble_keeper_params slow = { .from_ms = 600000, .to_ms = 600000 };

	for (unsigned int at = 1; at <= 5; at++) {
		struct kept kept = { .free_at = at, .end_client = at & 1 }, other = { 0 };

		harness_about("event %u", at);
		open_kept(&kept, 0, &slow);
		air.watched = true;
		REQUIRE(keep_at(&other, 1, &slow) == 0);
		REQUIRE(await_up(&other, 1, 5000));
		pull();
		run(5000);
		air.back = true;
		run_arrival();
		CHECK(await_up(&other, 2, 5000));
		pull();
		run(5000);
		CHECK(await_up(&other, 3, 5000));
		ble_keeper_free(other.keeper);
		ble_client_unref(other.client);
		close_kept(&kept);
	}
	for (unsigned int last = 0; last < 2; last++) {
		struct kept kept = { 0 };

		open_kept(&kept, 0, &slow);
		air.watched = true;
		REQUIRE(await_up(&kept, 1, 5000));
		pull();
		run(last ? 5000 : 0);
		finish(&kept);
		CHECK(!air.changed);
		air.back = true;
		run(5000);
		CHECK(air.adapter->gone); /* nobody waits for it */
		close_kept(&kept);
	}
}

/* Reset at any time. */
static void resets(void)
{
	for (unsigned int turns = 0; turns < 30; turns++) {
		struct kept kept = { 0 };

		harness_about("after %u turns", turns);
		open_kept(&kept, 0, NULL);
		for (unsigned int i = 0; i < turns; i++)
			ble_loop_dispatch(air.loop, 1000);
		CHECK_INT(ble_adapter_reset_sync(air.adapter), 0);
		kept.ups = 0;
		CHECK(await_up(&kept, 1, 5000));
		close_kept(&kept);
	}
}

/* -- Memory, fork ------------------------------------------------------------------------ */

static int scenario(void *user)
{
	struct kept kept = { .subscribes = true };
	int error = open_air();

	(void)user;
	if (error)
		return error;
	error = keep_at(&kept, 0, NULL);
	if (error) {
		close_air();
		return error;
	}
	air.peer[0]->faults.disconnect_after_ms = 3000;
	/* What fails later is tried again. */
	CHECK(await_up(&kept, 2, 100000));
	for (unsigned int i = 0; i < kept.n && i < EVENTS; i++)
		CHECK(kept.events[i].state != BLE_KEEPER_GAVE_UP);
	ble_subscription_free(kept.subscription, NULL, NULL, NULL);
	ble_keeper_free(kept.keeper);
	ble_client_unref(kept.client);
	close_air();
	return 0;
}

static void without_memory(void)
{
	CHECK(fail_each(scenario, NULL) > 20);
}

#ifndef _WIN32
static void in_child(void)
{
	struct kept kept = { 0 };

	open_kept(&kept, 0, NULL);
	CHECK(await_up(&kept, 1, 5000));
	if (harness_fork_first()) {
		kept.n = 0;
		CHECK_INT(ble_loop_dispatch(air.loop, 0), -ECHILD);
		ble_client_disconnect(kept.client);
		CHECK_INT(ble_loop_dispatch(air.loop, 0), -ECHILD);
		CHECK_INT(kept.n, 0);
		close_kept(&kept);
		harness_end_child();
	}
	run(5000);
	CHECK_INT(kept.n, 1); /* nothing of it changed */
	CHECK(ble_client_connected(kept.client));
	close_kept(&kept);
}
#endif

int main(int argc, char **argv)
{
	static const struct test_case waits[] = {
		TEST(waits_double), TEST(jitter), TEST(bad_params), { 0 },
	};
	static const struct test_case losses[] = {
		TEST(subscribes_again), TEST(lost_at_each_step), TEST(asked_for),
		TEST(users_connect), TEST(order), { 0 },
	};
	static const struct test_case ends[] = {
		TEST(gives_up), TEST(idle), TEST(not_idle), TEST(freed),
		TEST(freed_with_adapter), TEST(in_its_callbacks), TEST(connect_of_the_user),
		TEST(largest_params), TEST(clock_far_ahead), TEST(fails_each_time), { 0 },
	};
	static const struct test_case adapters[] = {
		TEST(one_is_absent), TEST(adapter_comes_back), TEST(adapter_arrives),
		TEST(back_at_once), TEST(freed_while_it_is_gone), TEST(resets),
		TEST(without_memory),
#ifndef _WIN32
		TEST(in_child),
#endif
		{ 0 },
	};
	static const struct test_suite suites[] = {
		{ "waits", waits }, { "losses", losses }, { "ends", ends },
		{ "adapter", adapters }, { 0 },
	};

	return harness_main(argc, argv, suites);
}
