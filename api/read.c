/* SPDX-License-Identifier: MIT */
/* Calls that read from the peer: discovery, descriptions, values. */
#include <errno.h>
#include <string.h>

#include "api/internal.h"
#include "base/bytes.h"

/* -- Discovery ---------------------------------------------------------------------- */

struct discover_call {
	struct ble_op op;
	struct gatt_discovery discovery;
	size_t n; /* of uuids that the tree is looked through for */
	struct ble_uuid uuids[];
};

/* -ENOENT: the tree has none of the services. */
static int find_any(const struct discover_call *call)
{
	const struct ble_client *client = call->op.client;
	const struct ble_service *service = NULL;

	while ((service = ble_services_next(ble_client_services(client), service)))
		for (size_t i = 0; i < call->n; i++)
			if (service->primary && ble_uuid_equal(&service->uuid, &call->uuids[i]))
				return 0;
	return loop_set_error(client->loop, -ENOENT, "%s", gatt_no_service);
}

/* Subscriptions that were made in the tree before this one. */
static void discover_call_back(struct ble_op *op, int error)
{
	const struct discover_call *call = container_of(op, struct discover_call, op);

	if (!error)
		connection_renew_subscriptions(op->client->connection, 0, 0);
	if (!error && call->n)
		error = find_any(call);
	if (op->done)
		op->done(op->user, error);
}

static struct discover_call *discover_new(struct ble_client *client, size_t n,
					  ble_done_func done, void *user,
					  int *ret_error)
{
	static const struct op_class class = { .call_back = discover_call_back };
	struct discover_call *call =
		op_new(client, sizeof(*call) + n * sizeof(call->uuids[0]), &class,
		       done, user, ret_error);

	if (call)
		op_carry(&call->op, &call->discovery.procedure);
	return call;
}

int ble_client_discover(struct ble_client *client, ble_done_func done,
			void *user, struct ble_op **ret_op)
{
	int error;
	struct discover_call *call = discover_new(client, 0, done, user, &error);

	if (!call)
		return error;
	error = gatt_discover(&client->connection->gatt, &call->discovery);
	return op_begin(&call->op, error, ret_op);
}

/* On a link that others share everything is discovered, as they need other services. */
int ble_client_discover_only(struct ble_client *client,
			     const struct ble_uuid *uuids, size_t n,
			     ble_done_func done, void *user,
			     struct ble_op **ret_op)
{
	struct discover_call *call;
	int error;

	if (!n || n > UINT16_MAX)
		return client_refuse(client, refused_number);
	call = discover_new(client, n, done, user, &error);
	if (!call)
		return error;
	memcpy(call->uuids, uuids, n * sizeof(*uuids));
	if (client_shares_link(client)) {
		call->n = n;
		error = gatt_discover(&client->connection->gatt, &call->discovery);
	} else {
		error = gatt_discover_only(&client->connection->gatt, &call->discovery,
					   call->uuids, n);
	}
	return op_begin(&call->op, error, ret_op);
}

struct describe_call {
	struct ble_op op;
	struct gatt_describe describe;
};

int ble_client_describe(struct ble_client *client, ble_done_func done,
			void *user, struct ble_op **ret_op)
{
	int error;
	struct describe_call *call =
		op_new(client, sizeof(*call), NULL, done, user, &error);

	if (!call)
		return error;
	op_carry(&call->op, &call->describe.read.procedure);
	error = gatt_describe(&client->connection->gatt, &call->describe);
	return op_begin(&call->op, error, ret_op);
}

/* -- One value ------------------------------------------------------------------------ */

struct read_call {
	struct ble_op op;
	ble_value_func done;
	struct gatt_read read;
	uint8_t handles[]; /* on the wire */
};

static void read_call_back(struct ble_op *op, int error)
{
	struct read_call *call = container_of(op, struct read_call, op);

	if (call->done)
		call->done(op->user, error,
			   bytes(call->read.value, error ? 0 : call->read.len));
}

static struct read_call *read_new(struct ble_client *client, size_t n,
				  ble_value_func done, void *user, int *ret_error)
{
	static const struct op_class class = { .call_back = read_call_back };
	struct read_call *call =
		op_new_bare(client, sizeof(*call) + 2 * n,
			    offsetof(struct read_call, read.value), &class, NULL,
			    user, ret_error);

	if (!call)
		return NULL;
	call->done = done;
	op_carry(&call->op, &call->read.procedure);
	return call;
}

int ble_client_read(struct ble_client *client, uint16_t handle,
		    ble_value_func done, void *user, struct ble_op **ret_op)
{
	struct read_call *call;
	int error;

	if (!handle)
		return client_refuse(client, refused_handle);
	call = read_new(client, 0, done, user, &error);
	if (!call)
		return error;
	error = gatt_read(&client->connection->gatt, &call->read, handle);
	return op_begin(&call->op, error, ret_op);
}

static void put_handles(uint8_t *wire, const uint16_t *handles, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put_le16(wire + 2 * i, handles[i]);
}

int ble_client_read_joined(struct ble_client *client, const uint16_t *handles,
			   size_t n, ble_value_func done, void *user,
			   struct ble_op **ret_op)
{
	struct read_call *call;
	int error;

	if (n < 2)
		return client_refuse(client, refused_number);
	if (client->att && n > (client->att->mtu - 1u) / 2)
		return loop_set_error(client->loop, -EMSGSIZE, "%zu handles do not fit "
				      "into one request, %u do here", n,
				      (client->att->mtu - 1u) / 2);
	call = read_new(client, n, done, user, &error);
	if (!call)
		return error;
	put_handles(call->handles, handles, n);
	error = gatt_read_joined(&client->connection->gatt, &call->read,
				 bytes(call->handles, 2 * n));
	return op_begin(&call->op, error, ret_op);
}

/* -- Several values --------------------------------------------------------- */

struct each_call {
	struct ble_op op;
	ble_attribute_func value;
	void *user; /* of value */
	struct gatt_read_each each;
	uint8_t handles[]; /* on the wire */
};

/* False also if the link is gone: then the end of the call follows. */
static bool each_value(struct gatt_read_each *each, uint16_t handle,
		       struct ble_bytes value)
{
	struct each_call *call = container_of(each, struct each_call, each);
	struct ble_op *op = &call->op;

	op_enter(op);
	if (call->value)
		call->value(call->user, handle, value);
	return op_leave(op) && !op->stopped && op->client->att;
}

static struct each_call *each_new(struct ble_client *client, size_t n,
				  const struct each_args *args, int *ret_error)
{
	struct each_call *call = op_new(client, sizeof(*call) + 2 * n, NULL,
					args->done, args->done_user, ret_error);

	if (!call)
		return NULL;
	call->value = args->value;
	call->user = args->user;
	call->each.value = each_value;
	op_carry(&call->op, &call->each.read.procedure);
	return call;
}

int client_read_by_uuid(struct ble_client *client, const struct ble_uuid *uuid,
			uint16_t start, uint16_t end,
			const struct each_args *args, struct ble_op **ret_op)
{
	struct each_call *call;
	int error;

	if (!start || start > end)
		return client_refuse(client, refused_handle);
	call = each_new(client, 0, args, &error);
	if (!call)
		return error;
	error = gatt_read_by_type(&client->connection->gatt, &call->each, uuid, start, end);
	return op_begin(&call->op, error, ret_op);
}

int client_read_multiple(struct ble_client *client, const uint16_t *handles,
			 size_t n, const struct each_args *args,
			 struct ble_op **ret_op)
{
	struct each_call *call;
	int error;

	if (!n || n > UINT16_MAX)
		return client_refuse(client, refused_number);
	call = each_new(client, n, args, &error);
	if (!call)
		return error;
	put_handles(call->handles, handles, n);
	error = gatt_read_multiple(&client->connection->gatt, &call->each, call->handles, n);
	return op_begin(&call->op, error, ret_op);
}

int ble_client_read_by_uuid(struct ble_client *client, const struct ble_uuid *uuid,
			    uint16_t start, uint16_t end, ble_attribute_func value,
			    ble_done_func done, void *user, struct ble_op **ret_op)
{
	const struct each_args args = { value, user, done, user };

	return client_read_by_uuid(client, uuid, start, end, &args, ret_op);
}

int ble_client_read_multiple(struct ble_client *client, const uint16_t *handles,
			     size_t n, ble_attribute_func value,
			     ble_done_func done, void *user, struct ble_op **ret_op)
{
	const struct each_args args = { value, user, done, user };

	return client_read_multiple(client, handles, n, &args, ret_op);
}
