/* SPDX-License-Identifier: MIT */
/*
 * Every kind of call, issued at each step of the discovery that follows Service Changed.
 * The characteristic that it is about has another handle then, or the same: in its
 * place are attributes that can be written, too. Whatever is written begins with the UUID
 * that it is for, and the peer compares that with what stands there.
 *
 * The peer changes its services in the moment in which it says so. It answers when the
 * test lets it. A second peer does not change, and its client is not disturbed; a third
 * one is absent, and its connect is pending all the time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "att/engine.h"
#include "att/pdu.h"
#include "base/bytes.h"
#include "tests/harness.h"

enum { OUT_OF_SYNC = BLE_ERROR_ATT(0x12) };
enum { SERVICE = 0xff00, VALUE = 0xff01, OTHER = 0xff02, STRANGER = 0xff03 };
enum { CHANGED_AT = 3, VALUE_AT = 0x12, CONFIGURATION_AT = 0x13, DESCRIPTION_AT = 0x14,
       OTHER_AT = 0x16, MOVED_AT = 0x22, BARE_AT = 0x51 };
enum { ABSENT = 9 }; /* the number of a peer that is never connected */

struct peer {
	struct adapter backend;
	struct connect_op *connect;
	struct loop_task task, woken;
	struct att_engine engine;
	struct gatt_table tables[2]; /* before and after */
	struct gatt_session sessions[2];
	int now; /* which one */
	bool prepared_before; /* something is queued that was prepared for tables[0] */
	bool full; /* takes nothing */
	size_t response_len;
	uint8_t response[ATT_MTU_MAX];
	unsigned int writes, strays;
	struct ble_adapter *adapter;
	struct ble_client *client;
};

static struct ble_loop *loop;
static struct peer one, two;
static struct ble_client *absent;
static unsigned int absent_done;

/* -- The tables -------------------------------------------------------------------------- */

static void add(struct gatt_table *table, uint16_t handle, uint16_t uuid, uint8_t properties)
{
	uint8_t octets[60];
	const struct gatt_characteristic c = {
		.uuid = ble_uuid16(uuid), .properties = properties,
		.handle = (uint16_t)(handle - 1), .value_handle = handle,
		.value = { .start = { octets, 60 }, .max = 100 },
	};

	for (size_t i = 0; i < sizeof(octets); i += 2)
		put_le16(octets + i, uuid);
	REQUIRE(gatt_add_characteristic(table, &c) == 0);
}

static void add_service(struct gatt_table *table, uint16_t handle, uint16_t number)
{
	const struct ble_uuid uuid = ble_uuid16(number);

	REQUIRE(gatt_add_service(table, handle, true, &uuid) == 0);
}

static void describe(struct gatt_table *table)
{
	const struct ble_uuid uuid = ble_uuid16(GATT_USER_DESCRIPTION);
	const struct gatt_value value = { .start = { (const uint8_t *)"text", 4 }, .max = 100,
					  .permissions = GATT_MAY_READ | GATT_MAY_WRITE };

	REQUIRE(gatt_add_descriptor(table, 0, &uuid, &value) == 0);
}

/* Four handles, five, six: a service with two characteristics. */
static void add_ours(struct gatt_table *table, uint16_t handle)
{
	add_service(table, handle, SERVICE);
	add(table, (uint16_t)(handle + 2), VALUE,
	    BLE_READ | BLE_WRITE | BLE_WRITE_COMMAND | BLE_NOTIFY);
	describe(table);
	add(table, (uint16_t)(handle + 6), OTHER, BLE_READ | BLE_WRITE);
}

static void build(struct gatt_table *table, bool moved)
{
	gatt_table_init(table);
	add_service(table, 1, 0x1801);
	add(table, CHANGED_AT, 0x2a05, BLE_INDICATE);
	if (moved) {
		add_service(table, 0x10, 0xff10);
		add(table, VALUE_AT, STRANGER, BLE_READ | BLE_WRITE | BLE_WRITE_COMMAND);
		describe(table); /* where the configuration was */
		add(table, OTHER_AT, STRANGER, BLE_READ | BLE_WRITE);
		add_ours(table, 0x20);
	} else {
		add_ours(table, 0x10);
	}
	/* In no tree: the test discovers chosen services only, where it uses it. */
	add_service(table, 0x4f, 0xff20);
	add(table, BARE_AT, STRANGER, BLE_READ | BLE_WRITE | BLE_WRITE_COMMAND);
	REQUIRE(gatt_table_finish(table) == 0);
}

/* -- The peer ----------------------------------------------------------------------------- */

/* What a write is about, of the table that is in force: the UUID of a value, that of the
 * characteristic for a configuration, 0 for anything else. */
static uint16_t meaning(const struct gatt_table *table, uint16_t handle)
{
	const struct gatt_attribute *a = gatt_table_find(table, handle);

	if (!a)
		return 0;
	if (ble_uuid_short(&a->type) == GATT_CLIENT_CONFIGURATION)
		return gatt_table_find(table, (uint16_t)(handle - 1)) ?
			       ble_uuid_short(&gatt_table_find(table,
							       (uint16_t)(handle - 1))->type) : 0;
	return ble_uuid_short(&a->type);
}

/* Two octets are a configuration: of VALUE, or of Service Changed. */
static void check_write(struct peer *peer, uint16_t handle, struct ble_bytes value)
{
	uint16_t is = meaning(&peer->tables[peer->now], handle), meant = get_le16(value.data);

	peer->writes++;
	if (meant == 1 || meant == 0)
		meant = VALUE;
	else if (meant == 2)
		meant = 0x2a05;
	if (is == meant)
		return;
	peer->strays++;
	harness_about("0x%04x is 0x%04x now, what was written is for 0x%04x", handle, is, meant);
}

static void look(struct peer *peer, const uint8_t *pdu, size_t len)
{
	switch (pdu[0]) {
	case ATT_WRITE_REQ:
	case ATT_WRITE_CMD:
		check_write(peer, get_le16(pdu + 1), bytes(pdu + 3, len - 3));
		break;
	case ATT_PREPARE_REQ:
		peer->prepared_before = peer->prepared_before || !peer->now;
		if (!get_le16(pdu + 3))
			check_write(peer, get_le16(pdu + 1), bytes(pdu + 5, len - 5));
		break;
	case ATT_EXECUTE_REQ:
		peer->strays += pdu[1] && peer->now && peer->prepared_before;
		peer->prepared_before = false;
	}
}

static struct peer *of(struct att_engine *engine)
{
	return container_of(engine, struct peer, engine);
}

/* A request is carried out when it is sent; its response leaves later. */
static int engine_send(struct att_engine *engine, struct ble_bytes head, struct ble_bytes tail)
{
	struct peer *peer = of(engine);
	uint8_t pdu[ATT_MTU_MAX], response[ATT_MTU_MAX];
	size_t len;

	if (peer->full)
		return -EAGAIN;
	memcpy(pdu, head.data, head.len);
	if (tail.len)
		memcpy(pdu + head.len, tail.data, tail.len);
	look(peer, pdu, head.len + tail.len);
	len = gatt_session_answer(&peer->sessions[peer->now], 23,
				  bytes(pdu, head.len + tail.len), response);
	if (!len)
		return 0;
	REQUIRE(!peer->response_len);
	peer->response_len = len;
	memcpy(peer->response, response, len);
	return 0;
}

static void engine_wake(struct att_engine *engine)
{
	loop_defer(loop, &of(engine)->woken);
}

static void woken(struct loop_task *task)
{
	att_engine_finish(&container_of(task, struct peer, woken)->engine);
}

static uint64_t engine_now(struct att_engine *engine)
{
	(void)engine;
	return loop_now(loop);
}

static void link_free(struct att *att)
{
	struct peer *peer = container_of(att, struct peer, engine.att);

	loop_undefer(&peer->woken);
	att_engine_drop_ops(&peer->engine);
}

static void link_up(struct loop_task *task)
{
	static const struct att_class class = {
		.name = "moving", .submit = att_engine_submit, .cancel = att_engine_cancel,
		.waits = att_engine_waits, .free = link_free,
	};
	static const struct att_engine_io io = { engine_send, engine_wake, engine_now };
	struct peer *peer = container_of(task, struct peer, task);

	att_engine_init(&peer->engine, &io, &class);
	peer->engine.mtu_asked = true; /* nothing is said of the MTU */
	peer->woken.run = woken;
	peer->connect->done(peer->connect, 0, 0, &peer->engine.att);
}

static int make_link(struct adapter *adapter, struct connect_op *op)
{
	struct peer *peer = container_of(adapter, struct peer, backend);

	if (op->address.octet[0] == ABSENT)
		return 0;
	peer->connect = op;
	peer->task.run = link_up;
	loop_defer(loop, &peer->task);
	return 0;
}

static void cancel_connect(struct adapter *adapter, struct connect_op *op)
{
	(void)adapter;
	(void)op;
}

static void backend_free(struct adapter *adapter)
{
	(void)adapter;
}

/* Its response arrives. False: there is none. */
static bool step(struct peer *peer)
{
	uint8_t pdu[ATT_MTU_MAX];
	size_t len = peer->response_len;

	if (!len)
		return false;
	memcpy(pdu, peer->response, len);
	peer->response_len = 0;
	att_engine_input(&peer->engine, pdu, len);
	return true;
}

static void settle(void)
{
	for (int i = 0; i < 200; i++) {
		bool any = step(&one);

		any = step(&two) || any;
		ble_loop_dispatch(loop, any ? 0 : 1);
	}
}

/* Its services are other ones from now on, and it says so. */
static void change(struct peer *peer)
{
	static const uint8_t pdu[] = { ATT_INDICATE, CHANGED_AT, 0, 0x10, 0, 0xff, 0xff };

	peer->now = 1;
	att_engine_input(&peer->engine, pdu, sizeof(pdu));
}

static int wait_for(struct peer *peer, const bool *done)
{
	for (int i = 0; i < 500 && !*done; i++) {
		step(peer);
		ble_loop_dispatch(loop, 0);
	}
	return *done ? 0 : -ETIMEDOUT;
}

static void note_done(void *user, int error)
{
	CHECK_INT(error, 0);
	*(bool *)user = true;
}

/* chosen: without the service of BARE_AT. */
static void open_peer(struct peer *peer, uint8_t number, bool moves, bool chosen)
{
	static const struct adapter_class class = {
		.name = "moving", .connect = make_link, .cancel_connect = cancel_connect,
		.free = backend_free,
	};
	const struct ble_address address = { { number, 2, 3, 4, 5, 0xc6 }, BLE_ADDRESS_RANDOM };
	const struct ble_connect_params params = { .mtu = 23 };
	const struct ble_uuid uuids[] = { ble_uuid16(0x1801), ble_uuid16(SERVICE) };
	bool connected = false, discovered = false;

	memset(peer, 0, sizeof(*peer));
	build(&peer->tables[0], false);
	build(&peer->tables[1], moves);
	for (int i = 0; i < 2; i++)
		REQUIRE(gatt_session_init(&peer->sessions[i], &peer->tables[i]) == 0);
	peer->backend.class = &class;
	peer->backend.loop = loop;
	peer->backend.info.name = peer->backend.info.backend = "moving";
	REQUIRE(adapter_new(loop, &peer->backend, &peer->adapter) == 0);
	REQUIRE(ble_client_new(peer->adapter, &address, &peer->client) == 0);
	REQUIRE(ble_client_connect(peer->client, &params, note_done, &connected, NULL) == 0);
	REQUIRE(wait_for(peer, &connected) == 0);
	if (chosen)
		REQUIRE(ble_client_discover_only(peer->client, uuids, 2, note_done, &discovered,
						 NULL) == 0);
	else
		REQUIRE(ble_client_discover(peer->client, note_done, &discovered, NULL) == 0);
	REQUIRE(wait_for(peer, &discovered) == 0);
}

static void count_absent(void *user, int error)
{
	(void)user;
	(void)error;
	absent_done++;
}

static void connect_absent(void)
{
	const struct ble_address address = { { ABSENT, 2, 3, 4, 5, 0xc6 }, BLE_ADDRESS_RANDOM };
	const struct ble_connect_params params = { .timeout_ms = BLE_FOREVER };

	absent_done = 0;
	REQUIRE(ble_client_new(one.adapter, &address, &absent) == 0);
	REQUIRE(ble_client_connect(absent, &params, count_absent, NULL, NULL) == 0);
}

static void open_both(bool moves, bool chosen)
{
	REQUIRE(ble_loop_new(&loop) == 0);
	loop_clock_freeze(loop);
	open_peer(&one, 1, moves, chosen);
	open_peer(&two, 2, false, false);
	connect_absent();
	for (int i = 0; i < 5; i++) /* Service Changed is subscribed to */
		ble_loop_dispatch(loop, 1000);
	settle();
	one.writes = one.strays = 0;
}

static void close_peer(struct peer *peer)
{
	ble_client_unref(peer->client);
	ble_adapter_unref(peer->adapter);
	for (int i = 0; i < 2; i++) {
		gatt_session_release(&peer->sessions[i]);
		gatt_table_release(&peer->tables[i]);
	}
}

static void close_both(void)
{
	CHECK_INT(absent_done, 0);
	ble_client_unref(absent);
	close_peer(&one);
	close_peer(&two);
	ble_loop_unref(loop);
	harness_about(NULL);
}

/* -- The calls ------------------------------------------------------------------------------ */

struct call {
	unsigned int done, values, writable;
	int error;
	char text[200]; /* of the error */
	struct ble_subscription *subscription;
	bool again; /* refused with -EAGAIN so far */
};

static uint8_t octets[60] = { VALUE & 0xff, VALUE >> 8, 3, 4, 5 };
static uint8_t others[60] = { OTHER & 0xff, OTHER >> 8, 3, 4, 5 };

static void on_done(void *user, int error)
{
	struct call *call = user;

	call->done++;
	call->error = error;
	snprintf(call->text, sizeof(call->text), "%s", ble_error_text(loop, error));
}

/* The whole value is of the attribute with this UUID, in each of its parts. */
static void check_value(struct ble_bytes value, uint16_t uuid)
{
	CHECK_INT(value.len, 60);
	for (size_t i = 0; i + 1 < value.len; i += 2)
		if (get_le16(value.data + i) != uuid) {
			harness_about("octet %zu of a value is of 0x%04x", i,
				      get_le16(value.data + i));
			FAIL("not of the attribute that was read");
			return;
		}
}

static void on_value(void *user, int error, struct ble_bytes value)
{
	if (!error)
		check_value(value, VALUE);
	on_done(user, error);
}

/* Of another handle than VALUE_AT. */
static void on_other(void *user, int error, struct ble_bytes value)
{
	(void)value;
	on_done(user, error);
}

static void on_each(void *user, uint16_t handle, struct ble_bytes value)
{
	check_value(value, handle == VALUE_AT ? VALUE : OTHER);
	((struct call *)user)->values++;
}

static void on_notified(void *user, uint16_t handle, struct ble_bytes value)
{
	(void)handle;
	(void)value;
	((struct call *)user)->values++;
}

static void on_changed(void *user, int error, uint16_t start, uint16_t end)
{
	CHECK_INT(error, 0);
	CHECK_INT(start, 0x10);
	CHECK_INT(end, 0xffff);
	((struct call *)user)->values++;
}

static int call_read(struct ble_client *client, struct call *call)
{
	return ble_client_read(client, VALUE_AT, on_value, call, NULL);
}

static int call_joined(struct ble_client *client, struct call *call)
{
	static const uint16_t handles[] = { CHANGED_AT, VALUE_AT };

	return ble_client_read_joined(client, handles, 2, on_other, call, NULL);
}

static int call_multiple(struct ble_client *client, struct call *call)
{
	static const uint16_t handles[] = { OTHER_AT, VALUE_AT };

	return ble_client_read_multiple(client, handles, 2, on_each, on_done, call, NULL);
}

static int call_write(struct ble_client *client, struct call *call)
{
	return ble_client_write(client, VALUE_AT, bytes(octets, 5), on_done, call, NULL);
}

static int call_auto(struct ble_client *client, struct call *call)
{
	return ble_client_write_auto(client, VALUE_AT, bytes(octets, 5), on_done, call, NULL);
}

static int call_long(struct ble_client *client, struct call *call)
{
	return ble_client_write(client, VALUE_AT, bytes(octets, 60), on_done, call, NULL);
}

static int call_reliable(struct ble_client *client, struct call *call)
{
	const struct ble_write writes[] = {
		{ .handle = OTHER_AT, .value = bytes(others, 40) },
		{ .handle = VALUE_AT, .value = bytes(octets, 5) },
	};

	return ble_client_write_reliable(client, writes, 2, on_done, call, NULL);
}

static int call_command(struct ble_client *client, struct call *call)
{
	return ble_client_write_command(client, VALUE_AT, bytes(octets, 5), on_done, call, NULL);
}

static void writable(void *user)
{
	((struct call *)user)->writable++;
}

/* Counts as done when it is sent. */
static int call_bare_command(struct ble_client *client, struct call *call)
{
	int error;

	ble_client_on_writable(client, writable, call);
	error = ble_client_write_command(client, VALUE_AT, bytes(octets, 5), NULL, NULL, NULL);
	call->done = !error;
	call->again = error == -EAGAIN;
	return call->again ? 0 : error;
}

static int call_subscribe(struct ble_client *client, struct call *call)
{
	return ble_client_subscribe(client, VALUE_AT, BLE_SUBSCRIBE_AUTO, on_notified, call, on_done,
				    call, NULL, NULL);
}

static int call_describe(struct ble_client *client, struct call *call)
{
	return ble_client_describe(client, on_done, call, NULL);
}

static int call_discover(struct ble_client *client, struct call *call)
{
	return ble_client_discover(client, on_done, call, NULL);
}

static int call_chosen(struct ble_client *client, struct call *call)
{
	const struct ble_uuid uuid = ble_uuid16(SERVICE);

	return ble_client_discover_only(client, &uuid, 1, on_done, call, NULL);
}

static void on_of_type(void *user, uint16_t handle, struct ble_bytes value)
{
	(void)handle;
	check_value(value, VALUE);
	((struct call *)user)->values++;
}

static int call_by_uuid(struct ble_client *client, struct call *call)
{
	const struct ble_uuid uuid = ble_uuid16(VALUE);

	return ble_client_read_by_uuid(client, &uuid, 1, 0xffff, on_of_type, on_done, call, NULL);
}

static void on_description(void *user, int error, struct ble_bytes value)
{
	CHECK(error || (value.len == 4 && !memcmp(value.data, "text", 4)));
	on_done(user, error);
}

static int call_read_descriptor(struct ble_client *client, struct call *call)
{
	return ble_client_read(client, DESCRIPTION_AT, on_description, call, NULL);
}

static int call_write_descriptor(struct ble_client *client, struct call *call)
{
	static const uint8_t value[] = { GATT_USER_DESCRIPTION & 0xff, GATT_USER_DESCRIPTION >> 8 };

	return ble_client_write(client, DESCRIPTION_AT, bytes(value, 2), on_done, call, NULL);
}

static int call_configure(struct ble_client *client, struct call *call)
{
	static const uint8_t value[] = { 1, 0 };

	return ble_client_write(client, CONFIGURATION_AT, bytes(value, 2), on_done, call, NULL);
}

/* The next ones are about a subscription that is there already. */
static int prepare(struct ble_client *client, struct call *call)
{
	return ble_client_subscribe(client, VALUE_AT, BLE_SUBSCRIBE_AUTO, on_notified, call, NULL,
				    NULL, &call->subscription, NULL);
}

static int call_resubscribe(struct ble_client *client, struct call *call)
{
	return ble_client_resubscribe(client, on_done, call, NULL);
}

static int call_unsubscribe(struct ble_client *client, struct call *call)
{
	struct ble_subscription *subscription = call->subscription;

	(void)client;
	call->subscription = NULL;
	return ble_subscription_free(subscription, on_done, call, NULL);
}

static const struct kind {
	const char *name;
	int (*call)(struct ble_client *client, struct call *call);
	bool any; /* not about a handle: it succeeds in any tree */
	int (*prepare)(struct ble_client *client, struct call *call);
} kinds[] = {
	{ "read", call_read, false, NULL },
	{ "joined", call_joined, false, NULL },
	{ "multiple", call_multiple, false, NULL },
	{ "write", call_write, false, NULL },
	{ "write auto", call_auto, false, NULL },
	{ "long write", call_long, false, NULL },
	{ "reliable write", call_reliable, false, NULL },
	{ "command", call_command, false, NULL },
	{ "command without callback", call_bare_command, false, NULL },
	{ "subscribe", call_subscribe, false, NULL },
	{ "read of a descriptor", call_read_descriptor, false, NULL },
	{ "write of a descriptor", call_write_descriptor, false, NULL },
	{ "write of a configuration", call_configure, false, NULL },
	{ "second subscribe", call_subscribe, false, prepare },
	{ "unsubscribe", call_unsubscribe, false, prepare },
	{ "describe", call_describe, true, NULL },
	{ "discover", call_discover, true, NULL },
	{ "discover chosen services", call_chosen, true, NULL },
	{ "read by UUID", call_by_uuid, true, NULL },
	{ "resubscribe", call_resubscribe, true, prepare },
};

enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

/* The peer notifies; values are of this characteristic. */
static void notify(uint16_t handle)
{
	uint8_t pdu[] = { ATT_NOTIFY, 0, 0, 7 };

	put_le16(pdu + 1, handle);
	att_engine_input(&one.engine, pdu, sizeof(pdu));
}

/* A call that was made in the middle of the change. before: it was under way already. */
static void check_call(const struct kind *kind, struct call *call, bool moves, bool before)
{
	CHECK(call->error <= 0);
	if (call->again) {
		CHECK_INT(call->done, 0);
		CHECK_INT(call->writable, 1);
		return;
	}
	CHECK_INT(call->writable, 0);
	CHECK_INT(call->done, 1);
	if (kind->call == call_by_uuid) {
		/* The rest of a value may be elsewhere now. A whole one may come once
		 * from each place. */
		CHECK(call->error == 0 || (before && moves && call->error == OUT_OF_SYNC));
		CHECK(call->values >= !call->error);
		CHECK(call->values <= (before && moves ? 2u : 1u));
	} else if (kind->any) {
		CHECK_INT(call->error, 0);
	} else if (kind->call == call_unsubscribe) {
		/* Its characteristic is found in the new tree, where nothing is configured. */
		CHECK(call->error == 0 || (moves && call->error == OUT_OF_SYNC));
	} else if (kind->call == call_joined) {
		/* One of its values cannot be read. */
		CHECK(call->error == BLE_ERROR_ATT(0x02) || (moves && call->error == OUT_OF_SYNC));
	} else if (!moves) {
		CHECK_INT(call->error, 0);
		CHECK_INT(call->values, kind->call == call_multiple ? 2 : 0);
	} else if (kind->call == call_subscribe && kind->prepare && !call->error) {
		/* Nothing was written for it, and it follows. */
		notify(MOVED_AT);
		CHECK_INT(call->values, 2);
		notify(VALUE_AT);
		CHECK_INT(call->values, 2);
	} else if (!before || call->error) {
		CHECK_INT(call->error, kind->call == call_subscribe ? -ENOENT : OUT_OF_SYNC);
		if (call->error == OUT_OF_SYNC && !before)
			CHECK(strstr(call->text, "services changed") != NULL);
	}
}

/* Something arrives, or what it causes runs. */
static void half_step(int number)
{
	if (number % 2)
		ble_loop_dispatch(loop, 0);
	else
		step(&one);
}

static void prepare_both(const struct kind *kind, struct call *call, struct call *elsewhere)
{
	if (!kind->prepare)
		return;
	REQUIRE(kind->prepare(one.client, call) == 0);
	REQUIRE(kind->prepare(two.client, elsewhere) == 0);
	settle();
	one.writes = 0;
}

/* The subscription that was prepared follows its characteristic. */
static void check_prepared(const struct kind *kind, struct call *call, bool moves)
{
	if (!kind->prepare || !call->subscription)
		return;
	CHECK(ble_subscription_active(call->subscription));
	CHECK_INT(ble_subscription_handle(call->subscription), moves ? MOVED_AT : VALUE_AT);
	ble_subscription_free(call->subscription, NULL, NULL, NULL);
}

/* The call is made after so many half steps since the change; at -1 it is queued before the
 * change, behind another one; at -2, -3, ... its first requests are answered before. False:
 * the discovery was over by then. */
static bool at_step(const struct kind *kind, int at, bool moves)
{
	struct call call = { 0 }, first = { 0 }, elsewhere = { 0 };
	bool before = at < -1;

	harness_about("%s at step %d%s", kind->name, at, moves ? ", moved" : "");
	open_both(moves, false);
	prepare_both(kind, &call, &elsewhere);
	if (at == -1)
		REQUIRE(ble_client_read(one.client, 1, on_other, &first, NULL) == 0);
	if (at < 0)
		REQUIRE(kind->call(one.client, &call) == 0);
	for (int i = -2; i > at; i--)
		half_step(i);
	if (at == -1 && (kind->call == call_command || kind->call == call_bare_command))
		before = true; /* it does not wait for the other one */
	if (at < -1 && call.done && !one.response_len) {
		close_both();
		return false;
	}
	change(&one);
	for (int i = 0; i < at && one.client->connection->gatt.outdated; i++)
		half_step(i);
	if (at >= 0 && !one.client->connection->gatt.outdated) {
		close_both();
		return false;
	}
	if (at >= 0)
		REQUIRE(kind->call(one.client, &call) == 0);
	REQUIRE(kind->call(two.client, &elsewhere) == 0);
	settle();
	CHECK_INT(one.strays, 0);
	check_call(kind, &call, moves, before);
	CHECK_INT(elsewhere.done, 1);
	CHECK_INT(elsewhere.error, kind->call == call_joined ? BLE_ERROR_ATT(0x02) : 0);
	CHECK(!one.client->connection->gatt.outdated);
	check_prepared(kind, &call, moves);
	check_prepared(kind, &elsewhere, false);
	close_both();
	return true;
}

static void each_call_at_each_step(void)
{
	for (int k = 0; k < KINDS; k++) {
		for (int moves = 0; moves < 2; moves++) {
			int at = 0, least = -1;

			while (at_step(&kinds[k], at, moves))
				at++;
			CHECK(at > 10);
			while (least > -16 && at_step(&kinds[k], least, moves))
				least--;
		}
	}
}

/* At its end: the call is made in the callback that tells of the change, with the new tree. */
static struct told {
	const struct kind *kind;
	struct call call;
	unsigned int times;
} told;

static void on_told(void *user, int error, uint16_t start, uint16_t end)
{
	struct told *it = user;

	CHECK_INT(error, 0);
	CHECK_INT(start, 0x10);
	CHECK_INT(end, 0xffff);
	it->times++;
	CHECK_INT(it->kind->call(one.client, &it->call), 0);
}

static void each_call_when_told(void)
{
	for (int k = 0; k < KINDS; k++) {
		struct call elsewhere = { 0 };

		harness_about("%s when told", kinds[k].name);
		told = (struct told){ .kind = &kinds[k] };
		open_both(false, false);
		prepare_both(told.kind, &told.call, &elsewhere);
		ble_client_on_changed(one.client, on_told, &told);
		change(&one);
		settle();
		CHECK_INT(told.times, 1);
		CHECK_INT(one.strays, 0);
		check_call(told.kind, &told.call, false, false);
		check_prepared(told.kind, &told.call, false);
		check_prepared(told.kind, &elsewhere, false);
		close_both();
	}
}

/* -- More than one call ----------------------------------------------------------------------- */

/* The link was full when the services changed: what was not sent yet is not sent. */
static void commands_on_a_full_link(void)
{
	for (int moves = 0; moves < 2; moves++) {
		struct call calls[3] = { { 0 } }, again = { 0 };

		harness_about("%s", moves ? "moved" : "stays");
		open_both(moves, false);
		one.full = true;
		for (int i = 0; i < 3; i++)
			CHECK_INT(call_command(one.client, &calls[i]), 0);
		change(&one);
		ble_loop_dispatch(loop, 0);
		CHECK_INT(call_bare_command(one.client, &again), 0);
		CHECK(again.again);
		CHECK_INT(one.writes, 0);
		one.full = false;
		att_engine_flush(&one.engine);
		settle();
		CHECK_INT(one.strays, 0);
		CHECK_INT(one.writes, moves ? 0 : 3);
		for (int i = 0; i < 3; i++) {
			CHECK_INT(calls[i].done, 1);
			CHECK_INT(calls[i].error, moves ? OUT_OF_SYNC : 0);
		}
		CHECK_INT(again.writable, 1);
		close_both();
	}
}

/* One is cancelled while it waits for the new tree; then nothing waits, and there is room. */
static void waiting_command_cancelled(void)
{
	struct call call = { 0 }, again = { 0 };
	struct ble_op *op;

	open_both(false, false);
	change(&one);
	CHECK_INT(ble_client_write_command(one.client, VALUE_AT, bytes(octets, 5), on_done, &call,
					   &op), 0);
	CHECK_INT(call_bare_command(one.client, &again), 0);
	CHECK(again.again);
	ble_op_cancel(op);
	settle();
	CHECK_INT(call.done, 0);
	CHECK_INT(again.writable, 1);
	CHECK_INT(one.writes, 0);
	CHECK_INT(call_bare_command(one.client, &again), 0);
	CHECK_INT(again.done, 1);
	close_both();
}

/* A handle that was in no tree is not of this library's concern. */
static void bare_handle(void)
{
	static const uint8_t stranger[5] = { STRANGER & 0xff, STRANGER >> 8 };
	struct call calls[3] = { { 0 } };

	open_both(true, true);
	change(&one);
	CHECK_INT(ble_client_read(one.client, BARE_AT, on_other, &calls[0], NULL), 0);
	CHECK_INT(ble_client_write(one.client, BARE_AT, bytes(stranger, 5), on_done, &calls[1],
				   NULL), 0);
	CHECK_INT(ble_client_write_command(one.client, BARE_AT, bytes(stranger, 5), on_done,
					   &calls[2], NULL), 0);
	ble_loop_dispatch(loop, 0);
	CHECK_INT(calls[2].done, 1); /* at once */
	settle();
	for (int i = 0; i < 3; i++) {
		CHECK_INT(calls[i].done, 1);
		CHECK_INT(calls[i].error, 0);
	}
	CHECK_INT(one.strays, 0);
	close_both();
}

static void disconnected(void)
{
	struct call calls[3] = { { 0 } };

	open_both(true, false);
	change(&one);
	CHECK_INT(call_write(one.client, &calls[0]), 0);
	CHECK_INT(call_command(one.client, &calls[1]), 0);
	CHECK_INT(call_bare_command(one.client, &calls[2]), 0);
	ble_client_disconnect(one.client);
	for (int i = 0; i < 5; i++)
		ble_loop_dispatch(loop, 0);
	CHECK_INT(calls[0].error, -ENOTCONN);
	CHECK_INT(calls[1].error, -ENOTCONN);
	CHECK_INT(calls[2].writable, 0);
	CHECK(!one.client->connection->gatt.outdated);
	close_both();
}

/* The peer refuses to be discovered again: its handles are not known. */
static void not_discovered(void)
{
	static const uint8_t refusal[] = { ATT_ERROR_RSP, ATT_READ_GROUP_REQ, 1, 0, 0x0e };
	struct call calls[2] = { { 0 } };

	open_both(true, false);
	change(&one);
	CHECK_INT(call_write(one.client, &calls[0]), 0);
	CHECK_INT(call_command(one.client, &calls[1]), 0);
	memcpy(one.response, refusal, sizeof(refusal));
	one.response_len = sizeof(refusal);
	settle();
	for (int i = 0; i < 2; i++) {
		CHECK_INT(calls[i].done, 1);
		CHECK_INT(calls[i].error, OUT_OF_SYNC);
	}
	CHECK_INT(one.strays, 0);
	close_both();
}

/* It says so again and again, and has the discovery start over each time: what waits does
 * not wait for ever, and what is called meanwhile ends as well. */
static void changes_without_end(void)
{
	struct call calls[3] = { { 0 } }, changes = { 0 };

	open_both(true, false);
	ble_client_on_changed(one.client, on_changed, &changes);
	change(&one);
	for (int i = 0; i < 3; i++) {
		CHECK_INT(call_write(one.client, &calls[i]), 0);
		for (int j = 0; j < 100 && !calls[i].done; j++) {
			step(&one);
			change(&one);
			ble_loop_dispatch(loop, 10);
		}
		CHECK_INT(calls[i].done, 1);
		CHECK_INT(calls[i].error, OUT_OF_SYNC);
		CHECK(one.client->connection->gatt.outdated);
		CHECK_INT(changes.values, i + 1);
	}
	settle();
	CHECK(!one.client->connection->gatt.outdated);
	CHECK_INT(changes.values, 4);
	CHECK_INT(one.strays, 0);
	close_both();
}

/* -- Subscriptions ------------------------------------------------------------------------------ */

static struct ble_subscription *subscribed(struct call *call)
{
	struct ble_subscription *subscription = NULL;

	REQUIRE(ble_client_subscribe(one.client, VALUE_AT, BLE_SUBSCRIBE_AUTO, on_notified, call,
				     on_done, call, &subscription, NULL) == 0);
	settle();
	CHECK_INT(call->error, 0);
	notify(VALUE_AT);
	CHECK_INT(call->values, 1);
	return subscription;
}

/* It goes with its characteristic, after a change that the peer announced and after one
 * that only a discovery shows; what has the old handle now is not heard and not written. */
static void subscription_follows(void)
{
	for (int announced = 0; announced < 2; announced++) {
		struct call call = { 0 }, discovery = { 0 }, end = { 0 };
		struct ble_subscription *subscription;

		harness_about("%s", announced ? "announced" : "discovered");
		open_both(true, false);
		subscription = subscribed(&call);
		if (announced) {
			change(&one);
		} else {
			one.now = 1;
			CHECK_INT(call_discover(one.client, &discovery), 0);
		}
		settle();
		CHECK(ble_subscription_active(subscription));
		CHECK_INT(ble_subscription_handle(subscription), MOVED_AT);
		notify(VALUE_AT);
		CHECK_INT(call.values, 1);
		notify(MOVED_AT);
		CHECK_INT(call.values, 2);
		CHECK_INT(ble_subscription_free(subscription, on_done, &end, NULL), 0);
		settle();
		CHECK_INT(end.done, 1);
		CHECK_INT(end.error, 0);
		CHECK_INT(one.strays, 0);
		close_both();
	}
}

/* Freed while the new tree is discovered: nothing is written to the old place. */
static void freed_meanwhile(void)
{
	struct ble_subscription *subscription;
	struct call call = { 0 }, end = { 0 };

	open_both(true, false);
	subscription = subscribed(&call);
	change(&one);
	CHECK_INT(ble_subscription_free(subscription, on_done, &end, NULL), 0);
	settle();
	CHECK_INT(end.done, 1);
	CHECK_INT(end.error, OUT_OF_SYNC);
	CHECK_INT(one.strays, 0);
	close_both();
}

/* A subscribe that was told as failed is over: its user's memory is gone, and neither a
 * resubscribe nor a value brings it back. */
static void over_is_over(void)
{
	for (int way = 0; way < 4; way++) {
		struct call *call = calloc(1, sizeof(*call)), end = { 0 };
		struct ble_subscription *subscription = NULL;

		harness_about("way %d", way);
		open_both(true, false);
		change(&one);
		REQUIRE(call && ble_client_subscribe(
			one.client, VALUE_AT, BLE_SUBSCRIBE_AUTO, on_notified, call, on_done, call,
			way & 1 ? &subscription : NULL, NULL) == 0);
		/* Asked for while its end is still to come. */
		for (int i = 0; way & 2 && i < 50 && !call->done; i++) {
			ble_client_resubscribe(one.client, NULL, NULL, NULL);
			step(&one);
			ble_loop_dispatch(loop, 0);
		}
		settle();
		CHECK_INT(call->done, 1);
		CHECK_INT(call->error, -ENOENT);
		free(call);
		CHECK_INT(ble_client_resubscribe(one.client, on_done, &end, NULL), 0);
		settle();
		CHECK_INT(end.error, 0);
		notify(MOVED_AT);
		notify(VALUE_AT);
		CHECK(!subscription || !ble_subscription_active(subscription));
		CHECK_INT(ble_subscription_free(subscription, NULL, NULL, NULL), 0);
		settle();
		CHECK_INT(one.strays, 0);
		close_both();
	}
}

static unsigned int steps_until_discovered(void)
{
	unsigned int n = 0;

	while (one.client->connection->gatt.outdated && n < 100) {
		ble_loop_dispatch(loop, 0);
		n += step(&one);
	}
	return n;
}

/* A second subscriber, for which nothing is written: its end is still to come when the new
 * tree is there. */
static void lost_without_a_write(void)
{
	struct call first = { 0 }, call = { 0 };
	unsigned int n;

	open_both(true, false);
	change(&one);
	n = steps_until_discovered();
	close_both();
	CHECK(n > 3);
	open_both(true, false);
	subscribed(&first);
	change(&one);
	for (unsigned int i = 1; i < n; i++) {
		ble_loop_dispatch(loop, 0);
		step(&one);
	}
	ble_loop_dispatch(loop, 0);
	CHECK_INT(call_subscribe(one.client, &call), 0);
	step(&one);
	CHECK(!one.client->connection->gatt.outdated);
	settle();
	CHECK_INT(call.done, 1);
	CHECK_INT(call.error, -ENOENT);
	notify(MOVED_AT);
	CHECK_INT(first.values, 2);
	CHECK_INT(call.values, 0);
	close_both();
}

static const struct test_case cases[] = {
	TEST(each_call_at_each_step), TEST(each_call_when_told), TEST(commands_on_a_full_link),
	TEST(waiting_command_cancelled), TEST(bare_handle), TEST(disconnected),
	TEST(not_discovered), TEST(changes_without_end), TEST(subscription_follows), TEST(freed_meanwhile),
	TEST(over_is_over), TEST(lost_without_a_write),
	{ 0 }
};

static const struct test_suite suites[] = { { "moved", cases }, { 0 } };

int main(int argc, char **argv)
{
	return harness_main(argc, argv, suites);
}
