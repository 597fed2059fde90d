/* SPDX-License-Identifier: MIT */
/* Operations: begun, then ended once, cancelled or timed out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"

static void release(struct deferred_free *memory)
{
	free(container_of(memory, struct ble_op, memory));
}

/* Cancels without calling back. */
static bool cancel(struct ble_op *op)
{
	if (op->class && op->class->cancel)
		return op->class->cancel(op);
	return gatt_cancel(op->procedure);
}

static void call_back(struct ble_op *op, int error)
{
	if (op->class && op->class->call_back)
		op->class->call_back(op, error);
	else if (op->done)
		op->done(op->user, error);
}

static void expired(struct loop_timer *timer)
{
	struct ble_op *op = container_of(timer, struct ble_op, deadline);
	char address[BLE_ADDRESS_TEXT];
	bool later = cancel(op);

	loop_set_error(op->loop, -ETIMEDOUT, "%s did not finish what it was "
		       "asked for in the time it had, and may still do it",
		       ble_address_text(&op->client->address, address));
	if (!later)
		list_remove(&op->link);
	op->silent = true;
	op_enter(op);
	call_back(op, -ETIMEDOUT);
	if (!later)
		deferred_free(&op->memory);
	op_leave(op);
}

void *op_new_bare(struct ble_client *client, size_t size, size_t zeroed,
		  const struct op_class *class, ble_done_func done, void *user,
		  int *ret_error)
{
	struct ble_op *op;

	*ret_error = -ENOTCONN;
	if (client->state != CLIENT_CONNECTED)
		return NULL;
	*ret_error = -ENOMEM;
	/* glibc's calloc() does not use the thread's cache of freed memory. One
	 * memset() of all would be compiled to a calloc(). */
	op = malloc(size);
	if (!op)
		return NULL;
	memset(op, 0, sizeof(*op));
	memset(op + 1, 0, zeroed - sizeof(*op));
	op_init(op, client->loop, class, done, user);
	op->client = client;
	*ret_error = 0;
	return op;
}

void *op_new(struct ble_client *client, size_t size, const struct op_class *class,
	     ble_done_func done, void *user, int *ret_error)
{
	return op_new_bare(client, size, size, class, done, user, ret_error);
}

void op_init(struct ble_op *op, struct ble_loop *loop,
	     const struct op_class *class, ble_done_func done, void *user)
{
	op->loop = loop;
	op->class = class;
	op->deadline.fire = expired;
	op->memory.free = release;
	op->done = done;
	op->user = user;
}

static void procedure_done(struct gatt_procedure *procedure, int error)
{
	op_end(procedure->user, error);
}

void op_carry(struct ble_op *op, struct gatt_procedure *procedure)
{
	op->procedure = procedure;
	procedure->unlimited = op->client->timeout_set;
	procedure->done = procedure_done;
	procedure->user = op;
}

const char refused_handle[] = "handles are from 1 to 65535, the first one of a range not above its last";
const char refused_number[] = "too few or too many at once: blewire.h has the limits";

bool all_zero(const uint64_t *reserved, size_t size)
{
	uint64_t any = 0;

	for (size_t i = 0; i < size / sizeof(*reserved); i++)
		any |= reserved[i];
	return !any;
}

int reserved_used(struct ble_loop *loop)
{
	return loop_set_error(loop, -EINVAL, "the reserved members of a struct are not zero: "
			      "initialize all of it, or use a newer libblewire");
}

int client_refuse(struct ble_client *client, const char *words)
{
	if (client->state != CLIENT_CONNECTED)
		return -ENOTCONN;
	return loop_set_error(client->loop, -EINVAL, "%s", words);
}

int op_begin(struct ble_op *op, int error, struct ble_op **ret_op)
{
	if (error) {
		free(op);
		return error;
	}
	list_append(&op->client->ops, &op->link);
	if (op->client->timeout_ms >= 0)
		ble_op_set_timeout(op, op->client->timeout_ms);
	if (ret_op)
		*ret_op = op;
	return 0;
}

void op_end(struct ble_op *op, int error)
{
	list_remove(&op->link);
	loop_timer_stop(&op->deadline);
	if (!op->silent)
		call_back(op, op->stopped ? -ENOTCONN : error);
	deferred_free(&op->memory);
}

void op_stop(struct ble_op *op)
{
	loop_timer_stop(&op->deadline);
	op->stopped = true;
	op->cleans = op->silent || cancel(op);
}

/* To the connection, as its client may be freed before it ends. */
static void hand_over(struct ble_op *op)
{
	list_remove(&op->link);
	list_append(&op->client->connection->ops, &op->link);
	op->client = NULL;
	op->stopped = op->cleans = false;
}

void op_end_stopped(struct ble_op *op, int error)
{
	if (!op->cleans) {
		op_end(op, error);
		return;
	}
	hand_over(op);
	if (op->silent)
		return;
	op->silent = true;
	op_enter(op);
	call_back(op, error);
	op_leave(op);
}

void op_enter(struct ble_op *op)
{
	deferred_free_hold(&op->memory);
}

bool op_leave(struct ble_op *op)
{
	bool freed = op->memory.freed;

	deferred_free_release(&op->memory);
	return !freed;
}

void ble_op_cancel(struct ble_op *op)
{
	if (!op)
		return;
	op->silent = true;
	loop_timer_stop(&op->deadline);
	if (op->cleans) {
		hand_over(op);
		return;
	}
	if (!op->stopped && cancel(op))
		return;
	list_remove(&op->link);
	deferred_free(&op->memory);
}

void ble_op_set_timeout(struct ble_op *op, int ms)
{
	if (!op || op->stopped)
		return;
	if (op->procedure)
		gatt_unlimit(op->procedure);
	if (ms >= 0)
		loop_timer_in(op->loop, &op->deadline, (unsigned int)ms);
	else
		loop_timer_stop(&op->deadline);
}
