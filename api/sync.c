/* SPDX-License-Identifier: MIT */
/* Synchronous calls: each makes the asynchronous call and runs the loop until done. */
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

		if (sync->client && !sync->client->refs)
			sync_done(sync, -ECANCELED);
		if (error && !sync->done) {
			if (op)
				ble_op_cancel(op);
			return error;
		}
		/* There is a result, so the interrupt is left for the next call. */
		if (error == -EINTR)
			ble_loop_interrupt(loop);
	}
	return sync->error;
}

/* Waits. A callback may drop the last reference to the client and to the loop: then
 * done never comes. */
static int client_wait(struct ble_client *client, struct sync *sync, struct ble_op *op)
{
	struct ble_loop *loop = ble_loop_ref(client->loop);
	int error;

	sync->client = client;
	client_hold(client);
	error = sync_wait(loop, sync, op);
	client_release(client);
	ble_loop_unref(loop);
	return error;
}

static int sync_end(struct ble_client *client, struct sync *sync,
		    struct ble_op *op, int error)
{
	return error ? error : client_wait(client, sync, op);
}

int ble_client_connect_sync(struct ble_client *client,
			    const struct ble_connect_params *params)
{
	struct sync sync = { 0 };
	struct ble_op *op = NULL;
	int error = loop_may_run(client->loop);

	if (!error)
		error = ble_client_connect(client, params, sync_done, &sync, &op);
	return sync_end(client, &sync, op, error);
}

int ble_client_discover_sync(struct ble_client *client)
{
	struct sync sync = { 0 };
	struct ble_op *op = NULL;
	int error = loop_may_run(client->loop);

	if (!error)
		error = ble_client_discover(client, sync_done, &sync, &op);
	return sync_end(client, &sync, op, error);
}

int ble_client_discover_only_sync(struct ble_client *client,
				  const struct ble_uuid *uuids, size_t n)
{
	struct sync sync = { 0 };
	struct ble_op *op = NULL;
	int error = loop_may_run(client->loop);

	if (!error)
		error = ble_client_discover_only(client, uuids, n, sync_done, &sync,
						 &op);
	return sync_end(client, &sync, op, error);
}

int ble_client_describe_sync(struct ble_client *client)
{
	struct sync sync = { 0 };
	struct ble_op *op = NULL;
	int error = loop_may_run(client->loop);

	if (!error)
		error = ble_client_describe(client, sync_done, &sync, &op);
	return sync_end(client, &sync, op, error);
}

int ble_client_resubscribe_sync(struct ble_client *client)
{
	struct sync sync = { 0 };
	struct ble_op *op = NULL;
	int error = loop_may_run(client->loop);

	if (!error)
		error = ble_client_resubscribe(client, sync_done, &sync, &op);
	return sync_end(client, &sync, op, error);
}

int ble_client_update_link_sync(struct ble_client *client,
				const struct ble_link_params *link)
{
	struct sync sync = { 0 };
	struct ble_op *op = NULL;
	int error = loop_may_run(client->loop);

	if (!error)
		error = ble_client_update_link(client, link, sync_done, &sync, &op);
	return sync_end(client, &sync, op, error);
}

/* -- Values ------------------------------------------------------------------------------ */

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
	struct ble_op *op = NULL;
	int error = loop_may_run(client->loop);

	if (!error)
		error = ble_client_read(client, handle, sync_read_done, &read, &op);
	error = sync_end(client, &read.sync, op, error);
	if (!error && ret_len)
		*ret_len = read.len;
	return error;
}

int ble_client_read_joined_sync(struct ble_client *client,
				const uint16_t *handles, size_t n, void *buffer,
				size_t size, size_t *ret_len)
{
	struct sync_read read = { .buffer = buffer, .size = size };
	struct ble_op *op = NULL;
	int error = loop_may_run(client->loop);

	if (!error)
		error = ble_client_read_joined(client, handles, n, sync_read_done,
					       &read, &op);
	error = sync_end(client, &read.sync, op, error);
	if (!error && ret_len)
		*ret_len = read.len;
	return error;
}

int ble_client_read_by_uuid_sync(struct ble_client *client,
				 const struct ble_uuid *uuid, uint16_t start,
				 uint16_t end, ble_attribute_func value, void *user)
{
	struct sync sync = { 0 };
	const struct each_args args = { value, user, sync_done, &sync };
	struct ble_op *op = NULL;
	int error = loop_may_run(client->loop);

	if (!error)
		error = client_read_by_uuid(client, uuid, start, end, &args, &op);
	return sync_end(client, &sync, op, error);
}

int ble_client_read_multiple_sync(struct ble_client *client,
				  const uint16_t *handles, size_t n,
				  ble_attribute_func value, void *user)
{
	struct sync sync = { 0 };
	const struct each_args args = { value, user, sync_done, &sync };
	struct ble_op *op = NULL;
	int error = loop_may_run(client->loop);

	if (!error)
		error = client_read_multiple(client, handles, n, &args, &op);
	return sync_end(client, &sync, op, error);
}

int ble_client_write_sync(struct ble_client *client, uint16_t handle,
			  struct ble_bytes value)
{
	struct sync sync = { 0 };
	struct ble_op *op = NULL;
	int error = loop_may_run(client->loop);

	if (!error)
		error = ble_client_write(client, handle, value, sync_done, &sync, &op);
	return sync_end(client, &sync, op, error);
}

int ble_client_write_auto_sync(struct ble_client *client, uint16_t handle,
			       struct ble_bytes value)
{
	struct sync sync = { 0 };
	struct ble_op *op = NULL;
	int error = loop_may_run(client->loop);

	if (!error)
		error = ble_client_write_auto(client, handle, value, sync_done, &sync,
					      &op);
	return sync_end(client, &sync, op, error);
}

int ble_client_write_reliable_sync(struct ble_client *client,
				   const struct ble_write *writes, size_t n)
{
	struct sync sync = { 0 };
	struct ble_op *op = NULL;
	int error = loop_may_run(client->loop);

	if (!error)
		error = ble_client_write_reliable(client, writes, n, sync_done, &sync,
						  &op);
	return sync_end(client, &sync, op, error);
}

int ble_client_write_command_sync(struct ble_client *client, uint16_t handle,
				  struct ble_bytes value)
{
	struct sync sync = { 0 };
	struct ble_op *op = NULL;
	int error = loop_may_run(client->loop);

	if (!error)
		error = ble_client_write_command(client, handle, value, sync_done,
						 &sync, &op);
	return sync_end(client, &sync, op, error);
}

/* -- Others ----------------------------------------------------------------------------- */

struct sync_rssi {
	struct sync sync;
	int rssi;
};

static void sync_rssi_done(void *user, int error, int rssi)
{
	struct sync_rssi *read = user;

	read->rssi = rssi;
	sync_done(&read->sync, error);
}

int ble_client_read_rssi_sync(struct ble_client *client, int *ret_rssi)
{
	struct sync_rssi read = { .rssi = 0 };
	struct ble_op *op = NULL;
	int error = loop_may_run(client->loop);

	if (!error)
		error = ble_client_read_rssi(client, sync_rssi_done, &read, &op);
	error = sync_end(client, &read.sync, op, error);
	if (!error)
		*ret_rssi = read.rssi;
	return error;
}

int ble_client_subscribe_sync(struct ble_client *client, uint16_t handle,
			      enum ble_subscribe mode,
			      ble_notified_func notified, void *user,
			      struct ble_subscription **ret_subscription)
{
	struct sync sync = { 0 };
	struct ble_subscription *subscription;
	int error = loop_may_run(client->loop);

	if (error)
		return error;
	error = ble_client_subscribe(client, handle, mode, notified, user, sync_done,
				     &sync, &subscription, NULL);
	if (error)
		return error;
	client_hold(client);
	error = client_wait(client, &sync, NULL);
	if (!client->refs)
		; /* the subscription is freed, too */
	else if (!sync.done)
		ble_subscription_free(subscription, NULL, NULL, NULL);
	else if (error || !ret_subscription)
		subscription_disown(subscription);
	else
		*ret_subscription = subscription;
	client_release(client);
	return error;
}

int ble_subscription_free_sync(struct ble_subscription *subscription)
{
	struct ble_client *client;
	struct sync sync = { 0 };
	struct ble_op *op = NULL;
	int error;

	if (!subscription)
		return 0;
	client = ble_subscription_client(subscription);
	error = loop_may_run(client->loop);
	/* The subscription is freed in any case. */
	if (error)
		ble_subscription_free(subscription, NULL, NULL, NULL);
	else
		error = ble_subscription_free(subscription, sync_done, &sync, &op);
	return sync_end(client, &sync, op, error);
}

int ble_adapter_reset_sync(struct ble_adapter *adapter)
{
	struct sync sync = { 0 };
	int error = loop_may_run(adapter->loop);

	if (!error)
		error = ble_adapter_reset(adapter, sync_done, &sync);
	if (error)
		return error;
	ble_adapter_ref(adapter);
	error = sync_wait(adapter->loop, &sync, NULL);
	if (!sync.done)
		adapter->reset_done = NULL; /* the reset goes on */
	ble_adapter_unref(adapter);
	return error;
}
