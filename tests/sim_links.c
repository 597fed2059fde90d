/* SPDX-License-Identifier: MIT */
/* Links to a peripheral of the test, with faults. */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "sim/link.h"
#include "tests/failmalloc.h"
#include "tests/reference.h"
#include "tests/sim_client.h"

static struct sim_model model;
static int gone;

static void on_gone(void *user)
{
	CHECK(user == &model);
	gone++;
}

/* A link to the middle reference database, changed before by change. */
static void direct(struct client *client, unsigned int interval_ms,
		   void (*change)(struct sim_peripheral *p))
{
	struct sim_peripheral *p;

	gone = 0;
	memset(client, 0, sizeof(*client));
	REQUIRE(ble_loop_new(&loop) == 0);
	loop_clock_freeze(loop);
	sim_model_init(&model);
	REQUIRE(reference_peripheral(&model, REFERENCE_MIDDLE, interval_ms, &p) == 0);
	if (change)
		change(p);
	REQUIRE(sim_link_new(loop, p, NULL, &(struct link_params){ 0 }, on_gone,
			     &model, &client->att) == 0);
	client->att->events = &link_events;
	client->att->user = client;
}

static void direct_end(struct client *client)
{
	att_free(client->att);
	CHECK_INT(gone, 1);
	sim_model_release(&model);
	loop = ble_loop_unref(loop);
}

static void indications(void)
{
	struct client client;

	direct(&client, 100, NULL);
	CHECK_INT(write16(&client, REFERENCE_INDICATE + 1, 2), 0);
	pass(1005);
	CHECK_INT(client.values, 10);
	CHECK_INT(client.handle, REFERENCE_INDICATE);
	CHECK_MEM(client.value, "\x09\x00\x00\x00", 4);
	/* With both bits it notifies. */
	CHECK_INT(write16(&client, REFERENCE_INDICATE + 1, 0), 0);
	CHECK_INT(write16(&client, REFERENCE_BOTH + 1, 3), 0);
	pass(1005);
	CHECK_INT(client.values, 20);
	CHECK_INT(client.handle, REFERENCE_BOTH);
	direct_end(&client);
}

/* More at a time than any queue on the way holds. */
static void bursts(void)
{
	struct client client;

	direct(&client, 50, in_bursts);
	CHECK_INT(write16(&client, REFERENCE_NOTIFY + 1, 1), 0);
	pass(95);
	CHECK_INT(client.values, 1000);
	CHECK_MEM(client.value, "\xe7\x03\x00\x00", 4);
	CHECK_INT(write16(&client, REFERENCE_INDICATE + 1, 2), 0);
	pass(45);
	CHECK(client.values > 1030);
	direct_end(&client);
}

static void no_allocation(void)
{
	struct client client;
	struct att_op command = {
		.verb = ATT_WRITE_COMMAND, .start = REFERENCE_COMMAND,
		.value = { (const uint8_t *)"0123456789", 10 },
	};
	unsigned long before;

	direct(&client, 1, NULL);
	CHECK_INT(write16(&client, REFERENCE_NOTIFY + 1, 1), 0);
	pass(10);
	before = failmalloc_count();
	for (int i = 0; i < 500; i++)
		CHECK_INT(att_submit(client.att, &command), 0);
	pass(500);
	CHECK(client.values >= 500);
	CHECK_INT(failmalloc_count() - before, 0);
	direct_end(&client);
}

static void echoes(struct sim_peripheral *p)
{
	list_for_each(l, &p->sources)
		list_entry(l, struct sim_source, link)->on_write = true;
	gatt_table_find(&p->table, REFERENCE_NOTIFY)->permissions |= GATT_MAY_WRITE;
}

static void sent_on_when_written(void)
{
	struct client client;
	struct op op;

	direct(&client, 0, echoes);
	CHECK_INT(run(&client, &op, ATT_WRITE, REFERENCE_NOTIFY, bytes("abc", 3)), 0);
	pass(10);
	CHECK_INT(client.values, 0);
	CHECK_INT(write16(&client, REFERENCE_NOTIFY + 1, 1), 0);
	CHECK_INT(run(&client, &op, ATT_WRITE, REFERENCE_NOTIFY, bytes("wxyz", 4)), 0);
	pass(10);
	CHECK_INT(client.values, 1);
	CHECK_MEM(client.value, "wxyz", 4);
	CHECK_INT(run(&client, &op, ATT_WRITE, REFERENCE_NOTIFY, bytes("12345", 5)), BLE_ERROR_ATT(0x0d));
	pass(10);
	CHECK_INT(client.values, 1);
	direct_end(&client);
}

static void slow(struct sim_peripheral *p)
{
	p->latency_ms = 40;
}

static void latency(void)
{
	struct client client;
	struct op op;

	direct(&client, 0, slow);
	submit(&client, &op, ATT_READ, REFERENCE_ONE, bytes(NULL, 0));
	pass(39);
	CHECK_INT(op.dones, 0);
	pass(1);
	CHECK_INT(op.dones, 1);
	direct_end(&client);
}

static void leaves(struct sim_peripheral *p)
{
	p->faults.disconnect_after_ms = 500;
	p->latency_ms = 40;
}

static void peripheral_leaves(void)
{
	struct client client;
	struct op op;

	direct(&client, 0, leaves);
	pass(499);
	submit(&client, &op, ATT_READ, REFERENCE_ONE, bytes(NULL, 0));
	/* What was on its way still comes. */
	pass(60);
	CHECK_INT(op.dones, 1);
	CHECK_INT(op.error, 0);
	CHECK_INT(client.closes, 1);
	CHECK_INT(client.reason, 0x13);
	CHECK_INT(client.closed_error, -ECONNRESET);
	CHECK_INT(gone, 1);
	CHECK_INT(att_submit(client.att, &op.op), -ENOTCONN);
	direct_end(&client);
}

static void counts(struct sim_peripheral *p)
{
	p->faults.disconnect_after_requests = 3;
	p->faults.reason = 0x08;
}

static void leaves_in_mid_sweep(void)
{
	struct client client;
	struct op op = { .op = { .verb = ATT_FIND_INFORMATION, .start = 1,
				 .end = 0xffff, .record = on_record,
				 .done = on_done } };

	direct(&client, 0, counts);
	CHECK_INT(att_submit(client.att, &op.op), 0);
	pass(10);
	CHECK_INT(op.dones, 1);
	CHECK_INT(op.error, -ENOTCONN);
	CHECK(op.records > 5 && op.records < REFERENCE_MIDDLE);
	CHECK_INT(client.reason, 0x08);
	direct_end(&client);
}

static void mute(struct sim_peripheral *p)
{
	p->faults.silent_after_requests = 1;
}

static void falls_silent(void)
{
	struct client client;
	struct op op;

	direct(&client, 0, mute);
	CHECK_INT(run(&client, &op, ATT_READ, REFERENCE_ONE, bytes(NULL, 0)), 0);
	submit(&client, &op, ATT_READ, REFERENCE_ONE, bytes(NULL, 0));
	pass(29999);
	CHECK_INT(op.dones, 0);
	pass(1);
	CHECK_INT(op.dones, 1);
	CHECK_INT(op.error, -ETIMEDOUT);
	CHECK_INT(client.closes, 1);
	CHECK_INT(client.closed_error, -ETIMEDOUT);
	CHECK_INT(gone, 1);
	direct_end(&client);
}

/* -- What is asked of a link's radio ---------------------------------------------- */

struct radio_op {
	struct link_op op;
	unsigned int dones;
	int error, rssi;
};

static void radio_done(struct link_op *link_op, int error, int8_t rssi)
{
	struct radio_op *op = container_of(link_op, struct radio_op, op);

	CHECK(loop_dispatching(loop));
	op->dones++;
	op->error = error;
	op->rssi = rssi;
}

static struct radio_op radio_op(void)
{
	return (struct radio_op){ .op.done = radio_done };
}

static void radio(void)
{
	const struct link_params requested = { 80, 100, 2, 600 };
	struct radio_op a, b, c;
	struct client client;
	int first = 0, others = 0;

	direct(&client, 0, NULL);
	a = b = c = radio_op();
	CHECK_INT(client.att->link.interval, 24);
	for (int i = 0; i < 50; i++) {
		CHECK_INT(client.att->class->rssi(client.att, &a.op), 0);
		CHECK_INT(a.dones, (unsigned int)i);
		pass(1);
		CHECK_INT(a.error, 0);
		CHECK(a.rssi < -20 && a.rssi > -100);
		first = i ? first : a.rssi;
		others += a.rssi != first;
	}
	CHECK(others > 0); /* it moves */
	b.op.requested_params = requested;
	CHECK_INT(client.att->class->update(client.att, &b.op), 0);
	CHECK_INT(client.att->class->update(client.att, &c.op), -EALREADY);
	CHECK_INT(client.att->link.interval, 24);
	pass(1);
	CHECK_INT(b.dones, 1);
	CHECK_INT(client.att->link.interval, 100);
	CHECK_INT(client.att->link.latency, 2);
	CHECK_INT(client.att->link.timeout, 600);
	CHECK_INT(client.att->class->update(client.att, &c.op), 0);
	CHECK_INT(client.att->class->rssi(client.att, &a.op), 0);
	client.att->class->cancel_link(client.att, &c.op);
	client.att->class->cancel_link(client.att, &c.op);
	pass(1);
	CHECK_INT(c.dones, 0);
	CHECK_INT(a.dones, 51);
	CHECK_INT(client.att->class->rssi(client.att, &a.op), 0); /* silent with the link */
	direct_end(&client);
	CHECK_INT(a.dones, 51);
}

static struct att *closing;

static void close_now(struct loop_task *task)
{
	(void)task;
	sim_link_close(closing, -ENETRESET);
}

static void radio_ends(void)
{
	struct loop_task task = { .run = close_now };
	struct radio_op a, b;
	struct client client;

	direct(&client, 0, NULL);
	a = b = radio_op();
	closing = client.att;
	loop_defer(loop, &task);
	CHECK_INT(client.att->class->rssi(client.att, &a.op), 0);
	CHECK_INT(client.att->class->update(client.att, &b.op), 0);
	pass(1);
	CHECK(a.dones == 1 && b.dones == 1);
	CHECK_INT(a.error, -ENOTCONN);
	CHECK_INT(a.rssi, BLE_NO_RSSI);
	CHECK_INT(b.error, -ENOTCONN);
	CHECK_INT(client.closes, 1);
	CHECK_INT(client.closed_error, -ENETRESET);
	CHECK_INT(client.att->class->rssi(client.att, &a.op), -ENOTCONN);
	direct_end(&client);
}

const struct test_case sim_links[] = {
	TEST(indications), TEST(bursts), TEST(no_allocation),
	TEST(sent_on_when_written), TEST(latency), TEST(peripheral_leaves),
	TEST(leaves_in_mid_sweep), TEST(falls_silent), TEST(radio),
	TEST(radio_ends), { 0 },
};
