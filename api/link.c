/* SPDX-License-Identifier: MIT */
/* Connection parameters and signal strength. */
#include <errno.h>
#include <stdlib.h>

#include "api/internal.h"

struct ble_link_params ble_link_preset(enum ble_link_preset preset)
{
	static const struct ble_link_params presets[] = {
		[BLE_LINK_LOW_LATENCY] = {
			.interval_min = 6, .interval_max = 12, .timeout = 500,
		},
		[BLE_LINK_BALANCED] = {
			.interval_min = 24, .interval_max = 40, .timeout = 500,
		},
		[BLE_LINK_LOW_POWER] = {
			.interval_min = 80, .interval_max = 100, .latency = 2,
			.timeout = 600,
		},
	};
	const struct ble_link_params none = { 0 };

	return (size_t)preset < sizeof(presets) / sizeof(presets[0])
		? presets[preset] : none;
}

static bool requested(const struct ble_link_params *p)
{
	return p->interval_min || p->interval_max || p->latency || p->timeout;
}

/* Vol 4, Part E, 7.8.12. */
static bool in_range(const struct ble_link_params *p)
{
	return p->interval_min >= 6 && p->interval_min <= p->interval_max &&
	       p->interval_max <= 3200 && p->latency <= 499 &&
	       p->timeout >= 10 && p->timeout <= 3200 &&
	       4u * p->timeout > (p->latency + 1u) * p->interval_max;
}

static int check(const struct ble_adapter *adapter, const struct ble_link_params *p)
{
	if (!in_range(p))
		return loop_set_error(adapter->loop, -EINVAL, "link parameters out of "
				      "their limits: intervals %u to %u, latency %u, "
				      "timeout %u; blewire.h has them", p->interval_min,
				      p->interval_max, p->latency, p->timeout);
	return 0;
}

int link_check(const struct ble_adapter *adapter,
	       const struct ble_link_params *p)
{
	if (!all_zero(p->reserved, sizeof(p->reserved)))
		return reserved_used(adapter->loop);
	return requested(p) ? check(adapter, p) : 0;
}

struct link_params link_params_of(const struct ble_link_params *p)
{
	return (struct link_params){ p->interval_min, p->interval_max, p->latency,
				   p->timeout };
}

int ble_client_link(const struct ble_client *client,
		    struct ble_link_params *ret_link)
{
	const struct att *att = client->att;

	if (client->state != CLIENT_CONNECTED)
		return -ENOTCONN;
	if (!att->link.interval)
		return loop_set_error(client->loop, -ENODATA, "%s: the parameters of this link "
				      "are not known: it was up already (wait 3 s after its end, "
				      "then connect again), or this program may not receive them "
				      "(CAP_NET_RAW)", client->adapter->backend->info.name);
	*ret_link = (struct ble_link_params){
		.interval_min = att->link.interval,
		.interval_max = att->link.interval,
		.latency = att->link.latency,
		.timeout = att->link.timeout,
	};
	return 0;
}

/* -- Requests to the controller --------------------------------------------------- */

struct link_call {
	struct ble_op op;
	struct link_op link;
	ble_rssi_func rssi; /* NULL: parameters */
	int dbm;
};

static bool link_cancel(struct ble_op *op)
{
	struct link_call *call = container_of(op, struct link_call, op);
	struct att *att = op->client->att;

	if (att)
		att->class->cancel_link(att, &call->link);
	return false;
}

static void link_call_back(struct ble_op *op, int error)
{
	struct link_call *call = container_of(op, struct link_call, op);

	if (call->rssi)
		call->rssi(op->user, error, error ? 0 : call->dbm);
	else if (op->done)
		op->done(op->user, error);
}

static void link_done(struct link_op *link, int error, int8_t rssi)
{
	struct link_call *call = container_of(link, struct link_call, link);

	call->dbm = rssi;
	op_end(&call->op, error);
}

static struct link_call *link_new(struct ble_client *client, ble_done_func done,
				  void *user, int *ret_error)
{
	static const struct op_class class = { .cancel = link_cancel, .call_back = link_call_back };
	struct link_call *call =
		op_new(client, sizeof(*call), &class, done, user, ret_error);

	if (!call)
		return NULL;
	call->link.done = link_done;
	return call;
}

int ble_client_update_link(struct ble_client *client,
			   const struct ble_link_params *link,
			   ble_done_func done, void *user, struct ble_op **ret_op)
{
	struct att *att = client->att;
	struct link_call *call;
	int error;

	if (client->state != CLIENT_CONNECTED)
		return -ENOTCONN;
	if (!all_zero(link->reserved, sizeof(link->reserved)))
		return reserved_used(client->loop);
	error = check(client->adapter, link);
	if (error)
		return error;
	if (!att->class->update)
		return loop_set_error(client->loop, -EOPNOTSUPP, "%s: link parameters "
				      "cannot be set over the backend %s",
				      client->adapter->backend->info.name,
				      client->adapter->backend->info.backend);
	call = link_new(client, done, user, &error);
	if (!call)
		return error;
	call->link.requested_params = link_params_of(link);
	error = att->class->update(att, &call->link);
	return op_begin(&call->op, error, ret_op);
}

int ble_client_read_rssi(struct ble_client *client, ble_rssi_func done, void *user,
			 struct ble_op **ret_op)
{
	struct att *att = client->att;
	struct link_call *call;
	int error;

	if (client->state != CLIENT_CONNECTED)
		return -ENOTCONN;
	if (!att->class->rssi)
		return loop_set_error(client->loop, -EOPNOTSUPP, "%s: a link's signal "
				      "strength cannot be read over the backend %s; "
				      "reports of a scan have one",
				      client->adapter->backend->info.name,
				      client->adapter->backend->info.backend);
	call = link_new(client, NULL, user, &error);
	if (!call)
		return error;
	call->rssi = done;
	error = att->class->rssi(att, &call->link);
	return op_begin(&call->op, error, ret_op);
}
