/* SPDX-License-Identifier: MIT */
#include "tests/sim_client.h"

#include <string.h>

#include "base/bytes.h"

struct ble_loop *loop;

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	struct client *client = user;

	CHECK(loop_dispatching(loop));
	client->values++;
	client->handle = handle;
	client->len = value.len;
	memcpy(client->value, value.data, value.len);
	if (client->values == client->free_after) {
		att_free(client->att);
		client->att = NULL;
	}
}

static void on_closed(void *user, int error, uint8_t reason)
{
	struct client *client = user;

	CHECK(loop_dispatching(loop));
	client->closes++;
	client->closed_error = error;
	client->reason = reason;
}

const struct att_events link_events = { .value = on_value, .closed = on_closed };

void on_record(struct att_op *att_op, const struct att_record *record)
{
	struct op *op = container_of(att_op, struct op, op);

	op->records++;
	REQUIRE(op->len + record->value.len <= ATT_VALUE_MAX);
	memcpy(op->value + op->len, record->value.data, record->value.len);
	op->len += record->value.len;
}

void on_done(struct att_op *att_op, int error)
{
	struct op *op = container_of(att_op, struct op, op);

	CHECK(loop_dispatching(loop));
	op->dones++;
	op->error = error;
}

void pass(unsigned int ms)
{
	for (int i = 0; i < 20; i++)
		ble_loop_dispatch(loop, 0);
	while (ms--) {
		loop_clock_advance(loop, 1);
		ble_loop_dispatch(loop, 0);
	}
}

void submit(struct client *client, struct op *op, enum att_verb verb,
	    uint16_t handle, struct ble_bytes value)
{
	memset(op, 0, sizeof(*op));
	op->op = (struct att_op){
		.verb = verb, .start = handle, .end = handle, .value = value,
		.record = on_record, .done = on_done,
	};
	CHECK_INT(att_submit(client->att, &op->op), 0);
	CHECK_INT(op->dones, 0);
}

int run(struct client *client, struct op *op, enum att_verb verb,
	uint16_t handle, struct ble_bytes value)
{
	submit(client, op, verb, handle, value);
	for (int i = 0; i < 200 && !op->dones; i++)
		ble_loop_dispatch(loop, 0);
	CHECK_INT(op->dones, 1);
	return op->error;
}

int write16(struct client *client, uint16_t handle, uint16_t number)
{
	struct op op;
	uint8_t octets[2];

	put_le16(octets, number);
	return run(client, &op, ATT_WRITE, handle, bytes(octets, 2));
}

void in_bursts(struct sim_peripheral *p)
{
	list_for_each(l, &p->sources)
		list_entry(l, struct sim_source, link)->burst = 1000;
}
