/* SPDX-License-Identifier: MIT */
/*
 * A random client against a random peer. The client is the library's, over an
 * engine; what it is asked for, what is cancelled and what callbacks do is
 * invented. The peer has a database and answers from it: well, late, twice, not
 * at all, cut, changed, or with something else, and it says things by itself. In
 * the end the peer behaves, and each call must have ended, once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "att/engine.h"
#include "att/pdu.h"
#include "base/bytes.h"
#include "tests/fuzz/fuzz.h"
#include "tests/reference.h"

enum { CALLS = 12, SUBSCRIPTIONS = 4, PENDING = 32, STEPS = 300 };

struct link {
	struct list list;
	struct att_engine engine;
	struct loop_timer expiry, room;
	struct loop_task finish;
	struct gatt_session session; /* the peer's */
	bool freed;
	unsigned int inside; /* the engine */
};

struct pending { /* on its way from the peer */
	struct loop_timer timer;
	struct link *link;
	uint8_t *pdu;
	size_t len;
};

struct call {
	struct ble_op *op;
	bool queued, reads;
	uint8_t octets[600]; /* for values that the library copies */
};

static struct world {
	struct fuzz *fuzz;
	struct ble_loop *loop;
	struct adapter backend;
	struct ble_adapter *adapter;
	struct ble_client *client;
	struct sim_model model;
	struct sim_peripheral *peripheral;
	struct connect_op *connect;
	struct loop_task connected;
	struct list links;
	struct pending pending[PENDING];
	struct call calls[CALLS];
	struct {
		struct ble_subscription *subscription;
		struct call *call; /* that made it and has not ended; or NULL */
	} places[SUBSCRIPTIONS];
	bool calling; /* inside a call: nothing may come back */
	unsigned int depth;
} world;

static void step(void);

/* -- The peer --------------------------------------------------------------------------- */

static void settle(struct link *link)
{
	if (link->freed || link->engine.closed)
		loop_timer_stop(&link->expiry);
	else if (att_engine_deadline(&link->engine) != UINT64_MAX)
		loop_timer_at(world.loop, &link->expiry,
			      att_engine_deadline(&link->engine));
}

static void arrive(struct loop_timer *timer)
{
	struct pending *pending = container_of(timer, struct pending, timer);
	struct link *link = pending->link;
	uint8_t *pdu = pending->pdu;

	pending->pdu = NULL;
	if (!link->freed) {
		att_engine_input(&link->engine, pdu, pending->len);
		settle(link);
	}
	free(pdu);
}

/* A PDU of the peer's, after ms. */
static void tell(struct link *link, const uint8_t *pdu, size_t len, unsigned int ms)
{
	for (size_t i = 0; i < PENDING; i++) {
		struct pending *pending = &world.pending[i];

		if (pending->pdu)
			continue;
		pending->pdu = fuzz_copy(bytes(pdu, len));
		pending->len = len;
		pending->link = link;
		pending->timer.fire = arrive;
		loop_timer_in(world.loop, &pending->timer, ms);
		return;
	}
}

/* Not as it should be. */
static void spoil(struct link *link, uint8_t *pdu, size_t len, unsigned int how)
{
	struct ble_bytes other;

	switch (how) {
	case 0: /* changed */
		pdu[fuzz_u8(world.fuzz) % len] = fuzz_u8(world.fuzz);
		break;
	case 1: /* cut */
		len = 1 + fuzz_u8(world.fuzz) % len;
		break;
	case 2: /* longer */
		for (unsigned int n = fuzz_below(world.fuzz, 32); n && len < ATT_MTU_MAX; n--)
			pdu[len++] = fuzz_u8(world.fuzz);
		break;
	case 3: /* twice */
		tell(link, pdu, len, 0);
		break;
	default: /* something else of this kind */
		other = fuzz_bytes(world.fuzz, ATT_MTU_MAX - 1);
		if (other.len)
			memcpy(pdu + 1, other.data, other.len);
		len = 1 + other.len;
		break;
	}
	tell(link, pdu, len, 0);
}

static void refuse(struct link *link, uint8_t request)
{
	uint8_t pdu[5] = { ATT_ERROR_RSP, request, 0, 0, fuzz_u8(world.fuzz) };

	tell(link, pdu, sizeof(pdu), 0);
}

static void react_as_peer(struct link *link, struct ble_bytes request)
{
	uint8_t how = fuzz_u8(world.fuzz), response[ATT_MTU_MAX];
	size_t len;

	if (request.data[0] == ATT_MTU_REQ) {
		response[0] = ATT_MTU_RSP;
		put_le16(response + 1, how & 15 ? 517 : 64);
		len = 3;
	} else {
		len = gatt_session_answer(&link->session, link->engine.att.mtu, request,
					  response);
	}
	if (!len || how >= 0xf8) /* or no answer */
		return;
	if (how >= 0xe8)
		refuse(link, request.data[0]);
	else if (how >= 0xc0)
		spoil(link, response, len, how % 5);
	else
		tell(link, response, len, how >= 0xa0 ? how * 20u : 0);
}

/* -- The link ----------------------------------------------------------------------------- */

static struct link *link_of(struct att_engine *engine)
{
	return container_of(engine, struct link, engine);
}

static void room(struct loop_timer *timer)
{
	struct link *link = container_of(timer, struct link, room);

	if (link->freed)
		return;
	att_engine_flush(&link->engine);
	settle(link);
}

static int link_send(struct att_engine *engine, struct ble_bytes head,
		     struct ble_bytes tail)
{
	struct link *link = link_of(engine);
	uint8_t pdu[ATT_MTU_MAX], *copy;

	HOLDS(!link->freed && head.len + tail.len <= engine->att.mtu);
	HOLDS(!link->room.loop);
	if (world.fuzz->len && world.fuzz->data[0] == 0xbb) {
		fuzz_u8(world.fuzz);
		loop_timer_in(world.loop, &link->room, 1);
		return -EAGAIN;
	}
	memcpy(pdu, head.data, head.len);
	if (tail.len)
		memcpy(pdu + head.len, tail.data, tail.len);
	copy = fuzz_copy(bytes(pdu, head.len + tail.len));
	react_as_peer(link, bytes(copy, head.len + tail.len));
	free(copy);
	return 0;
}

static void finish(struct loop_task *task)
{
	struct link *link = container_of(task, struct link, finish);

	att_engine_finish(&link->engine);
	settle(link);
}

static void link_wake(struct att_engine *engine)
{
	loop_defer(world.loop, &link_of(engine)->finish);
}

static uint64_t link_now(struct att_engine *engine)
{
	(void)engine;
	return loop_now(world.loop);
}

static void expire(struct loop_timer *timer)
{
	struct link *link = container_of(timer, struct link, expiry);

	att_engine_expire(&link->engine, loop_now(world.loop));
	settle(link);
}

static int link_submit(struct att *att, struct att_op *op)
{
	struct link *link = container_of(att, struct link, engine.att);
	int error = att_engine_submit(att, op);

	settle(link);
	return error;
}

static void link_free(struct att *att)
{
	struct link *link = container_of(att, struct link, engine.att);

	HOLDS(!link->freed);
	att_engine_drop_ops(&link->engine);
	link->freed = true;
	loop_timer_stop(&link->expiry);
	loop_timer_stop(&link->room);
	loop_undefer(&link->finish);
}

/* -- The adapter ---------------------------------------------------------------------------- */

static void link_up(struct loop_task *task)
{
	static const struct att_class class = {
		.name = "fuzz",
		.submit = link_submit,
		.cancel = att_engine_cancel,
		.free = link_free,
	};
	static const struct att_engine_io io = { link_send, link_wake, link_now };
	struct link *link = calloc(1, sizeof(*link));
	struct connect_op *op = world.connect;
	uint8_t how = fuzz_u8(world.fuzz);

	(void)task;
	HOLDS(link != NULL);
	world.connect = NULL;
	if (how >= 0xf0) {
		free(link);
		op->done(op, -ECONNREFUSED, 0x3e, NULL);
		return;
	}
	list_append(&world.links, &link->list);
	HOLDS(gatt_session_init(&link->session, &world.peripheral->table) == 0);
	att_engine_init(&link->engine, &io, &class);
	link->engine.att.server = world.backend.server;
	link->expiry.fire = expire;
	link->room.fire = room;
	link->finish.run = finish;
	op->done(op, 0, 0, &link->engine.att);
}

static int make_link(struct adapter *adapter, struct connect_op *op)
{
	(void)adapter;
	HOLDS(!world.connect);
	world.connect = op;
	world.connected.run = link_up;
	loop_defer(world.loop, &world.connected);
	return 0;
}

static void cancel_connect(struct adapter *adapter, struct connect_op *op)
{
	(void)adapter;
	if (world.connect != op)
		return;
	world.connect = NULL;
	loop_undefer(&world.connected);
}

static void backend_free(struct adapter *adapter)
{
	(void)adapter;
}

static struct link *newest(void)
{
	struct link *link;

	if (list_empty(&world.links))
		return NULL;
	link = list_entry(world.links.prev, struct link, list);
	return link->freed || link->engine.closed ? NULL : link;
}

/* -- Callbacks ---------------------------------------------------------------------------- */

static void enter(void)
{
	HOLDS(!world.calling);
	HOLDS(loop_dispatching(world.loop));
}

static void react(void)
{
	if (world.depth < 3 && world.fuzz->len && fuzz_u8(world.fuzz) >= 0xd0)
		step();
}

static void end(struct call *call)
{
	call->queued = false;
	call->op = NULL;
	for (size_t i = 0; i < SUBSCRIPTIONS; i++)
		if (world.places[i].call == call)
			world.places[i].call = NULL;
}

static void on_done(void *user, int error)
{
	struct call *call = user;

	enter();
	HOLDS(call->queued);
	HOLDS(error < 256);
	end(call);
	react();
}

static void on_read(void *user, int error, struct ble_bytes value)
{
	HOLDS(!error || !value.len);
	fuzz_touch(value);
	on_done(user, error);
}

static void on_rssi(void *user, int error, int rssi)
{
	(void)rssi;
	on_done(user, error);
}

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	struct call *call = user;

	enter();
	HOLDS(call->queued && handle);
	fuzz_touch(value);
	react();
}

static void on_notified(void *user, uint16_t handle, struct ble_bytes value)
{
	(void)user;
	enter();
	HOLDS(world.client && handle);
	fuzz_touch(value);
	react();
}

static void look_at_tree(void)
{
	const struct ble_services *tree = ble_client_services(world.client);

	const struct ble_characteristic *c = NULL;
	const struct ble_descriptor *d = NULL;

	while ((c = ble_services_next_characteristic(tree, c))) {
		HOLDS(c->service && c->value_handle <= c->end);
		HOLDS(ble_services_characteristic(tree, c->value_handle) == c);
		if (c->description)
			fuzz_touch(bytes(c->description, strlen(c->description)));
	}
	while ((d = ble_services_next_descriptor(tree, d)))
		HOLDS(d->characteristic != NULL);
}

static void on_changed(void *user, int error, uint16_t start, uint16_t end)
{
	(void)user;
	enter();
	HOLDS(error || start <= end);
	look_at_tree();
	react();
}

static void on_disconnected(void *user, uint8_t reason, bool asked)
{
	(void)user;
	(void)reason;
	(void)asked;
	enter();
	for (size_t i = 0; i < CALLS; i++)
		HOLDS(!world.calls[i].queued || !world.calls[i].op || world.connect ||
		      ble_client_connected(world.client) || world.client->connect);
	react();
}

/* -- What the client is asked for ------------------------------------------------------------ */

static uint16_t some_handle(void)
{
	const struct gatt_table *table = &world.peripheral->table;
	uint16_t number = fuzz_u16(world.fuzz);

	return number & 0x8000 ? number
			       : table->attributes[number % table->n].handle;
}

static struct ble_uuid some_uuid(void)
{
	const struct gatt_table *table = &world.peripheral->table;
	const struct gatt_attribute *a =
		&table->attributes[fuzz_u16(world.fuzz) % table->n];
	struct ble_uuid uuid = a->type;

	if (a->type.octet[2] == 0x28 && a->len == 2)
		uuid = ble_uuid16(get_le16(a->near)); /* a service */
	return uuid;
}

static struct ble_bytes some_value(struct call *call)
{
	struct ble_bytes octets = fuzz_bytes(world.fuzz, sizeof(call->octets));
	size_t len = octets.len;

	memset(call->octets, 0x55, sizeof(call->octets));
	if (len)
		memcpy(call->octets, octets.data, len);
	if (len == 1) /* so that a long value costs one octet */
		len = octets.data[0] * 2u + 1;
	return bytes(call->octets, len);
}

static int call_connect(struct call *call)
{
	struct ble_connect_params params = { .mtu = 0 };

	if (fuzz_u8(world.fuzz) & 1)
		params.mtu = 23;
	return ble_client_connect(world.client, &params, on_done, call, &call->op);
}

static int call_discover(struct call *call)
{
	return ble_client_discover(world.client, on_done, call, &call->op);
}

static int call_discover_only(struct call *call)
{
	struct ble_uuid uuids[2] = { some_uuid(), some_uuid() };

	return ble_client_discover_only(world.client, uuids, 2, on_done, call, &call->op);
}

static int call_describe(struct call *call)
{
	return ble_client_describe(world.client, on_done, call, &call->op);
}

static int call_read(struct call *call)
{
	return ble_client_read(world.client, some_handle(), on_read, call, &call->op);
}

static int call_read_by_uuid(struct call *call)
{
	struct ble_uuid uuid = some_uuid();

	return ble_client_read_by_uuid(world.client, &uuid, 1, 0xffff, on_value, on_done,
				       call, &call->op);
}

static int call_read_multiple(struct call *call)
{
	uint16_t handles[4] = { some_handle(), some_handle(), some_handle(), 0x2b };

	return ble_client_read_multiple(world.client, handles, 4, on_value, on_done, call,
					&call->op);
}

static int call_read_joined(struct call *call)
{
	uint16_t handles[2] = { some_handle(), some_handle() };

	return ble_client_read_joined(world.client, handles, 2, on_read, call, &call->op);
}

static int call_write(struct call *call)
{
	uint16_t handle = some_handle();

	return ble_client_write(world.client, handle, some_value(call), on_done, call,
				&call->op);
}

static int call_write_auto(struct call *call)
{
	uint16_t handle = some_handle();

	return ble_client_write_auto(world.client, handle, some_value(call), on_done, call,
				     &call->op);
}

static int call_write_reliable(struct call *call)
{
	struct ble_write writes[2] = {
		{ .handle = some_handle(), .value = some_value(call) },
		{ .handle = REFERENCE_512, .value = { call->octets, 30 } },
	};

	return ble_client_write_reliable(world.client, writes, 2, on_done, call, &call->op);
}

static int call_write_command(struct call *call)
{
	uint16_t handle = some_handle();

	return ble_client_write_command(world.client, handle, some_value(call), on_done,
					call, &call->op);
}

static int call_subscribe(struct call *call)
{
	uint16_t handle = some_handle();
	uint8_t mode = fuzz_u8(world.fuzz);
	unsigned int place = (mode >> 4) % SUBSCRIPTIONS;
	bool keep = !(mode & 0x80) && !world.places[place].subscription;

	if (keep)
		world.places[place].call = call;
	return ble_client_subscribe(world.client, handle, (enum ble_subscribe)(mode % 3),
				    on_notified, call, on_done, call,
				    keep ? &world.places[place].subscription : NULL,
				    &call->op);
}

/* Whoever asked for it and was not answered yet will not be. */
static int call_unsubscribe(struct call *call)
{
	unsigned int place = fuzz_below(world.fuzz, SUBSCRIPTIONS);
	struct ble_subscription *subscription = world.places[place].subscription;

	if (!subscription)
		return -EINVAL;
	world.places[place].subscription = NULL;
	if (world.places[place].call)
		end(world.places[place].call);
	return ble_subscription_free(subscription, on_done, call, &call->op);
}

static int call_resubscribe(struct call *call)
{
	return ble_client_resubscribe(world.client, on_done, call, &call->op);
}

static int call_rssi(struct call *call)
{
	return ble_client_read_rssi(world.client, on_rssi, call, &call->op);
}

static int (*const calls[])(struct call *call) = {
	call_read, call_discover, call_write, call_subscribe, call_connect, call_describe,
	call_read_by_uuid, call_read_multiple, call_read_joined, call_discover_only,
	call_write_auto, call_write_reliable, call_write_command, call_unsubscribe,
	call_resubscribe, call_rssi,
};

static void make_call(unsigned int which)
{
	struct call *call = &world.calls[fuzz_below(world.fuzz, CALLS)];
	int error;

	if (call->queued)
		return;
	call->queued = true;
	world.calling = true;
	error = calls[which](call);
	world.calling = false;
	HOLDS(error <= 0);
	if (error)
		end(call);
}

/* -- What else happens to it --------------------------------------------------------------- */

static void cancel(void)
{
	struct call *call = &world.calls[fuzz_below(world.fuzz, CALLS)];

	if (!call->op)
		return;
	world.calling = true;
	ble_op_cancel(call->op);
	world.calling = false;
	end(call);
}

static void limit(void)
{
	struct call *call = &world.calls[fuzz_below(world.fuzz, CALLS)];

	if (call->op)
		ble_op_set_timeout(call->op, fuzz_u8(world.fuzz) * 4 - 4);
}

/* The peer's own words, of any kind. */
static void interrupt(void)
{
	static const uint8_t opcodes[] = { ATT_NOTIFY, ATT_INDICATE, ATT_NOTIFY_MULTI };
	uint8_t which = fuzz_u8(world.fuzz), pdu[3 + 255];
	struct link *link = newest();
	struct ble_bytes rest;
	uint16_t handle;

	if (which & 0x80) { /* anything */
		rest = fuzz_bytes(world.fuzz, 255);
		if (link && rest.len)
			tell(link, rest.data, rest.len, 0);
		return;
	}
	pdu[0] = opcodes[which % 3];
	handle = some_handle();
	put_le16(pdu + 1, handle);
	rest = fuzz_bytes(world.fuzz, 255);
	if (rest.len)
		memcpy(pdu + 3, rest.data, rest.len);
	if (link)
		tell(link, pdu, 3 + rest.len, 0);
}

static void lose(void)
{
	struct link *link = newest();

	if (!link || !loop_dispatching(world.loop) || world.depth > 1)
		return;
	att_engine_close(&link->engine, -ENOTCONN, 0x08);
	settle(link);
}

/* Its database becomes another one, or it says that it did. */
static void change(void)
{
	uint8_t value[3] = { fuzz_u8(world.fuzz), fuzz_u8(world.fuzz) & 3,
			     fuzz_u8(world.fuzz) % 3 };
	struct link *link = newest();

	if (link && world.peripheral->table.n <= REFERENCE_CHANGING)
		gatt_session_write(&link->session, REFERENCE_CONTROL, GATT_MAY_WRITE,
				   bytes(value, sizeof(value)));
}

static void forget_calls(void)
{
	for (size_t i = 0; i < CALLS; i++) {
		world.calls[i].queued = false;
		world.calls[i].op = NULL;
	}
	memset(world.places, 0, sizeof(world.places));
}

static void new_client(void)
{
	const struct ble_address address = { { 1, 2, 3, 4, 5, 0xc6 }, BLE_ADDRESS_RANDOM };

	world.calling = true;
	world.client = ble_client_unref(world.client);
	world.calling = false;
	forget_calls();
	HOLDS(ble_client_new(world.adapter, &address, &world.client) == 0);
	ble_client_on_disconnected(world.client, on_disconnected, NULL);
	ble_client_on_changed(world.client, on_changed, NULL);
}

static void run(unsigned int ms)
{
	uint64_t end = loop_now(world.loop) + ms * UINT64_C(1000000);

	for (int i = 0; loop_now(world.loop) < end; i++) {
		HOLDS(i < 200000);
		ble_loop_dispatch(world.loop, (int)((end - loop_now(world.loop)) / 1000000));
	}
}

static void step_beside(unsigned int what)
{
	switch (what) {
	case 0: case 1:
		cancel();
		break;
	case 2:
		limit();
		break;
	case 3: case 4: case 5:
		interrupt();
		break;
	case 6:
		if (fuzz_u8(world.fuzz) >= 0xc0)
			ble_client_disconnect(world.client);
		break;
	case 7:
		if (fuzz_u8(world.fuzz) >= 0xe0)
			new_client();
		break;
	case 8:
		ble_client_set_timeout(world.client, fuzz_u8(world.fuzz) * 8 - 8);
		break;
	case 9:
		lose();
		break;
	case 10:
		change();
		break;
	default:
		if (!loop_dispatching(world.loop))
			run(fuzz_u8(world.fuzz) * 4u);
		look_at_tree();
		break;
	}
}

static void step(void)
{
	unsigned int what = fuzz_below(world.fuzz, 32);

	world.depth++;
	if (what < 16)
		make_call(what);
	else
		step_beside(what - 16);
	world.depth--;
}

/* -- All ------------------------------------------------------------------------------------- */

static void open_world(void)
{
	static const struct adapter_class class = {
		.name = "fuzz", .connect = make_link, .cancel_connect = cancel_connect,
		.free = backend_free,
	};
	static const unsigned int sizes[] = { REFERENCE_MIDDLE, REFERENCE_CHANGING,
					      REFERENCE_SMALL };

	list_init(&world.links);
	sim_model_init(&world.model);
	HOLDS(reference_peripheral(&world.model, sizes[fuzz_below(world.fuzz, 3)], 20,
				   &world.peripheral) == 0);
	HOLDS(ble_loop_new(&world.loop) == 0);
	loop_clock_freeze(world.loop);
	world.backend = (struct adapter){ .class = &class, .loop = world.loop };
	HOLDS(adapter_new(world.loop, &world.backend, &world.adapter) == 0);
	new_client();
}

static void close_world(void)
{
	struct list *list;

	for (size_t i = 0; i < PENDING; i++)
		if (world.pending[i].pdu) {
			loop_timer_stop(&world.pending[i].timer);
			free(world.pending[i].pdu);
		}
	while ((list = list_pop(&world.links))) {
		struct link *link = list_entry(list, struct link, list);

		HOLDS(link->freed);
		gatt_session_release(&link->session);
		free(link);
	}
	HOLDS(world.adapter->refs == 1);
	ble_adapter_unref(world.adapter);
	ble_loop_unref(world.loop);
	sim_model_release(&world.model);
}

static void nothing_waits(void)
{
	for (size_t i = 0; i < CALLS; i++)
		HOLDS(!world.calls[i].queued);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };

	memset(&world, 0, sizeof(world));
	world.fuzz = &fuzz;
	open_world();
	make_call(4); /* a connect */
	run(50);
	for (unsigned int n = 0; fuzz.len && n < STEPS; n++) {
		step();
		if (fuzz.len && fuzz.data[0] & 1)
			run(1);
	}
	/* From here on the peer answers as it should. */
	fuzz.len = 0;
	run(200000);
	nothing_waits();
	world.client = ble_client_unref(world.client);
	run(1000);
	close_world();
	return 0;
}
