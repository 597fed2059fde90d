/* SPDX-License-Identifier: MIT */
/* See connect.h. */
#define _GNU_SOURCE /* for hci.h */
#include "hci/connect.h"

#include <errno.h>

#include "hci/hci.h"
#include "hci/link.h"

/* A child of fork() that cancels a connect starts no other one. */
static void next_op(struct connector *c)
{
	bool inherited = loop_inherited(c->adapter->adapter.loop);
	struct list *link = inherited ? NULL : list_pop(&c->queue);

	if (!link) {
		raw_unlisten(&c->adapter->raw, &c->listener);
		scan_resume(&c->adapter->scan);
		return;
	}
	if (c->adapter->raw.privileged)
		raw_listen(&c->adapter->raw, &c->listener);
	attempt_start(&c->attempt, list_entry(link, struct connect_op, link));
}

static void attempt_done(struct attempt *a, struct connect_op *op)
{
	struct connector *c = container_of(a, struct connector, attempt);
	struct att *att = NULL;
	int error = a->deferred.error;
	uint8_t reason = error ? a->reason : 0;

	if (!error)
		error = link_new(a, &op->address, &att);
	else
		deferred_error_tell(c->adapter->adapter.loop, &a->deferred);
	next_op(c);
	op->done(op, error, reason, att);
}

void connect_init(struct connector *c, struct hci_adapter *adapter)
{
	c->adapter = adapter;
	list_init(&c->queue);
	attempt_init(&c->attempt, adapter, attempt_done);
}

int connect_submit(struct connector *c, struct connect_op *op)
{
	int error = attempt_wants_params(op) ? conn_params_may_update(c->adapter) : 0;

	if (error)
		return error;
	if (op->address.type > BLE_ADDRESS_RANDOM)
		return -EINVAL;
	list_append(&c->queue, &op->link);
	if (!c->attempt.op)
		next_op(c);
	return 0;
}

void connect_cancel(struct connector *c, struct connect_op *op)
{
	if (op != c->attempt.op) {
		list_remove(&op->link);
		return;
	}
	attempt_cancel(&c->attempt);
	next_op(c);
}

void connect_take_all(struct connector *c, struct list *ret_ops)
{
	struct connect_op *op = c->attempt.op;

	list_init(ret_ops);
	attempt_cancel(&c->attempt);
	raw_unlisten(&c->adapter->raw, &c->listener);
	if (op)
		list_append(ret_ops, &op->link);
	list_splice(ret_ops, &c->queue);
}

void connect_close(struct connector *c)
{
	struct list ops;

	connect_take_all(c, &ops);
	while (list_pop(&ops))
		;
}
