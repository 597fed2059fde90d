/* SPDX-License-Identifier: MIT */
/* Every synchronous call: the asynchronous one, and the loop until it is done. */
#include <errno.h>
#include <string.h>

#include "api/internal.h"

void sync_done(void *user, int error)
{
	struct sync *sync = user;

	sync->done = true;
	sync->error = error;
}

int sync_wait(struct ble_loop *loop, struct sync *sync, struct ble_op *op)
{
	while (!sync->done) {
		int error = ble_loop_dispatch(loop, -1);

		if (error && !sync->done) {
			if (op)
				ble_op_cancel(op);
			return error;
		}
		/* The result counts; the interrupt is the next call's. */
		if (error == -EINTR)
			ble_loop_interrupt(loop);
	}
	return sync->error;
}

/* A callback may drop the user's last reference meanwhile. */
static int client_wait(struct ble_client *client, struct sync *sync,
		       struct ble_op *op)
{
	int error;

	ble_client_ref(client);
	error = sync_wait(client->loop, sync, op);
	ble_client_unref(client);
	return error;
}

int ble_client_connect_sync(struct ble_client *client,
			    const struct ble_connect_params *params)
{
	struct sync sync = { 0 };
	struct ble_op *op;
	int error;

	if (loop_dispatching(client->loop))
		return -EDEADLK;
	error = ble_client_connect(client, params, sync_done, &sync, &op);
	return error ? error : client_wait(client, &sync, op);
}

int ble_client_discover_sync(struct ble_client *client)
{
	struct sync sync = { 0 };
	struct ble_op *op;
	int error;

	if (loop_dispatching(client->loop))
		return -EDEADLK;
	error = ble_client_discover(client, sync_done, &sync, &op);
	return error ? error : client_wait(client, &sync, op);
}

struct sync_read {
	struct sync sync;
	void *buffer;
	size_t size, len;
};

static void sync_read_done(void *user, int error, struct ble_bytes value)
{
	struct sync_read *read = user;
	size_t len = value.len < read->size ? value.len : read->size;

	if (len)
		memcpy(read->buffer, value.data, len);
	read->len = value.len;
	sync_done(&read->sync, error);
}

int ble_client_read_sync(struct ble_client *client, uint16_t handle,
			 void *buffer, size_t size, size_t *ret_len)
{
	struct sync_read read = { .buffer = buffer, .size = size };
	struct ble_op *op;
	int error;

	if (loop_dispatching(client->loop))
		return -EDEADLK;
	error = ble_client_read(client, handle, sync_read_done, &read, &op);
	if (!error)
		error = client_wait(client, &read.sync, op);
	if (!error)
		*ret_len = read.len;
	return error;
}

int ble_client_write_sync(struct ble_client *client, uint16_t handle,
			  struct ble_bytes value)
{
	struct sync sync = { 0 };
	struct ble_op *op;
	int error;

	if (loop_dispatching(client->loop))
		return -EDEADLK;
	error = ble_client_write(client, handle, value, sync_done, &sync, &op);
	return error ? error : client_wait(client, &sync, op);
}

int ble_client_write_command_sync(struct ble_client *client, uint16_t handle,
				  struct ble_bytes value)
{
	struct sync sync = { 0 };
	struct ble_op *op;
	int error;

	if (loop_dispatching(client->loop))
		return -EDEADLK;
	error = ble_client_write_command(client, handle, value, sync_done, &sync,
					 &op);
	return error ? error : client_wait(client, &sync, op);
}

int ble_client_subscribe_sync(struct ble_client *client, uint16_t handle,
			      enum ble_subscribe mode,
			      ble_notified_func notified, void *user,
			      struct ble_subscription **ret_subscription)
{
	struct sync sync = { 0 };
	struct ble_subscription *subscription;
	int error;

	if (loop_dispatching(client->loop))
		return -EDEADLK;
	ble_client_ref(client); /* a callback may drop the user's */
	error = client_subscribe(client, handle, mode, notified, user, sync_done,
				 &sync, &subscription);
	if (!error) {
		error = sync_wait(client->loop, &sync, NULL);
		if (!sync.done)
			ble_unsubscribe(subscription, NULL, NULL);
		else if (!error && ret_subscription)
			*ret_subscription = subscription;
	}
	ble_client_unref(client);
	return error;
}

int ble_unsubscribe_sync(struct ble_subscription *subscription)
{
	struct ble_client *client = subscription_client(subscription);
	struct sync sync = { 0 };
	struct ble_op *op;
	int error;

	if (loop_dispatching(client->loop))
		return -EDEADLK;
	error = client_unsubscribe(subscription, sync_done, &sync, &op);
	return error ? error : client_wait(client, &sync, op);
}
