/* SPDX-License-Identifier: MIT */
/*
 * Connecting: finds out the address type if it is unknown, has the backend make
 * the link, exchanges the MTU. One timeout covers all of it, retries included.
 *
 * A peer has one link. A client whose peer is connected by another client joins its link;
 * if that one connects only now, it waits. When that connect succeeds all that wait join.
 * When it ends otherwise, the first that waits makes the attempt itself.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"

enum {
	DEFAULT_MS = 20000,
	FAILED_TO_ESTABLISH = 0x3e, /* Vol 1, Part F, 2.59 */
	EARLY_MS = 1000,  /* a link that ends within this time was never established */
};

struct connect_call {
	struct ble_op op;
	struct list link; /* in its adapter's connects */
	struct loop_task task; /* goes on from dispatch */
	bool waits; /* for another call's attempt */
	int error;  /* of that, for this one as well; or 0 */
	struct connect_op connect, other; /* other: of the other address type */
	bool connecting, guessing; /* which of both are under way */
	struct gatt_procedure mtu;
	bool mtu_running;
	struct ble_connect_params params;
	struct ble_scanner *search; /* for the address type */
	uint64_t begun, linked; /* times of the call, of the link */
};

static int attempt(struct connect_call *call);
static int begin(struct connect_call *call);

static struct connect_call *call_at(struct list *link)
{
	return list_entry(link, struct connect_call, link);
}

/* -- Sharing ------------------------------------------------------------------------- */

/* Whether another call makes an attempt to connect to the peer. */
static bool under_way(const struct connect_call *call)
{
	const struct ble_client *client = call->op.client;

	list_for_each(link, &client->adapter->connects) {
		const struct connect_call *other = call_at(link);

		if (other != call && !other->waits &&
		    same_peer(&other->op.client->address, &client->address))
			return true;
	}
	return false;
}

static void join(struct connect_call *call, struct connection *connection)
{
	client_join(call->op.client, connection);
	call->waits = false;
	call->linked = loop_now(call->op.loop);
	loop_defer(call->op.loop, &call->task);
}

/* The attempt for this client's peer has ended with this error: those that wait for it
 * join the link, or go on from the next dispatch. An adapter's end is the end of all. The
 * address type may have been found only now: one that waits for the other type goes on
 * alone. */
static void release_waiting(struct ble_client *client, int error)
{
	list_for_each(link, &client->adapter->connects) {
		struct connect_call *call = call_at(link);

		if (!call->waits || memcmp(call->op.client->address.octet, client->address.octet,
					   sizeof(client->address.octet)))
			continue;
		if (error == -ENODEV || error == -ENETRESET)
			call->error = error;
		if (!error && client->att &&
		    same_peer(&call->op.client->address, &client->address))
			join(call, client->connection);
		else
			loop_defer(call->op.loop, &call->task);
	}
}

/* -- The end ------------------------------------------------------------------------ */

static void cancel_both(struct connect_call *call)
{
	struct adapter *backend = call->op.client->adapter->backend;

	backend->class->cancel_connect(backend, &call->connect);
	backend->class->cancel_connect(backend, &call->other);
	call->connecting = call->guessing = false;
}

void connect_cancel_attempt(struct connect_call *call)
{
	loop_timer_stop(&call->op.deadline);
	list_remove(&call->link);
	loop_undefer(&call->task);
	call->search = ble_scanner_unref(call->search);
	cancel_both(call);
}

/* Makes the client idle. A link that is up is left to the caller. */
static void stop(struct connect_call *call)
{
	struct ble_client *client = call->op.client;

	connect_cancel_attempt(call);
	if (call->mtu_running)
		gatt_cancel(&call->mtu);
	loop_undefer(&client->closing);
	client->connect = NULL;
	client->state = CLIENT_IDLE;
}

static void finish(struct connect_call *call, int error)
{
	struct ble_client *client = call->op.client;

	stop(call);
	if (error) {
		client_drop_link(client);
	} else {
		client->state = CLIENT_CONNECTED;
		connection_set_up(client->connection);
	}
	release_waiting(client, error);
	op_end(&call->op, error);
}

static bool cancel(struct ble_op *op)
{
	stop(container_of(op, struct connect_call, op));
	client_drop_link(op->client);
	release_waiting(op->client, -ECANCELED);
	return false;
}

void connect_end(struct connect_call *call, int error)
{
	finish(call, error);
}

/* The peer was heard, but no connection came about. */
static void failed_each_time(const struct connect_call *call)
{
	const struct connect_op *op = call->connect.failure ? &call->connect : &call->other;
	struct ble_client *client = call->op.client;
	char address[BLE_ADDRESS_TEXT], reason[100] = "";

	if (op->failure_reason)
		snprintf(reason, sizeof(reason), ": %s (0x%02x)",
			 ble_hci_text(op->failure_reason), op->failure_reason);
	loop_set_error(client->loop, -ETIMEDOUT, "%s/%s was heard, but connecting failed %u "
		       "time%s within %.1f s%s: go nearer", ble_address_text(&op->address, address),
		       ble_address_type_text(&op->address), op->repeats,
		       op->repeats == 1 ? "" : "s",
		       (double)(loop_now(client->loop) - call->begun) / 1e9, reason);
}

static void expired(struct loop_timer *timer)
{
	struct connect_call *call = container_of(timer, struct connect_call,
						 op.deadline);
	struct ble_client *client = call->op.client;
	bool typed = client->address.type != BLE_ADDRESS_UNKNOWN;
	char address[BLE_ADDRESS_TEXT];

	if (call->connect.failure || call->other.failure) {
		failed_each_time(call);
		finish(call, -ETIMEDOUT);
		return;
	}
	loop_set_error(client->loop, -ETIMEDOUT, "%s%s%s %s within %.1f s%s",
		       ble_address_text(&client->address, address),
		       typed ? "/" : "", typed ? ble_address_type_text(&client->address) : "",
		       client->att ? "is connected, but did not answer" : "could not be reached",
		       (double)(loop_now(client->loop) - call->begun) / 1e9,
		       client->att ? "" : ": is it switched on, in range, advertising, and not "
					  "connected to somebody else?");
	finish(call, -ETIMEDOUT);
}

/* -- The MTU -------------------------------------------------------------------------- */

static void mtu_done(struct gatt_procedure *procedure, int error)
{
	struct connect_call *call = container_of(procedure, struct connect_call, mtu);

	call->mtu_running = false;
	/* The link is lost: connect_lost() comes next and has the reason. After
	 * any other error the link works with an MTU of 23. */
	if (error != -ENOTCONN && error != -ETIMEDOUT)
		finish(call, 0);
}

static void exchange_mtu(struct connect_call *call)
{
	int error;

	call->mtu.done = mtu_done;
	error = gatt_exchange_mtu(&call->op.client->connection->gatt, &call->mtu,
				  call->params.mtu);
	call->mtu_running = !error;
	if (error)
		mtu_done(&call->mtu, error);
}

/* -- The link --------------------------------------------------------------------------- */

static void connected(struct connect_op *op, int error, uint8_t reason,
		      struct att *att)
{
	struct connect_call *call = op->user;
	struct ble_client *client = call->op.client;

	(void)reason; /* the backend has put it into the error text */
	if (op == &call->connect)
		call->connecting = false;
	else
		call->guessing = false;
	if (error) {
		/* Of two address types, the second failure counts; but who is connected
		 * to somebody else was heard. */
		if (error == -EBUSY || (!call->connecting && !call->guessing))
			finish(call, error);
		return;
	}
	cancel_both(call);
	client->address = call->connect.address = op->address;
	adapter_remember_type(client->adapter, &op->address);
	client_take_link(client, att);
	att->receive_mtu = call->params.mtu;
	call->linked = loop_now(client->loop);
	if (call->params.mtu == ATT_MTU_MIN)
		finish(call, 0);
	else
		exchange_mtu(call);
}

/* A link that is lost before the peer sent anything was never established (0x3e,
 * which controllers report late): it is retried at once. */
void connect_lost(struct connect_call *call, int error, uint8_t reason)
{
	struct ble_client *client = call->op.client;
	uint64_t link_age = loop_now(client->loop) - call->linked;
	int again;

	call->mtu_running = false;
	loop_undefer(&call->task);
	if (error != -ENODEV && error != -ENETRESET &&
	    link_age < EARLY_MS * UINT64_C(1000000) &&
	    (reason == FAILED_TO_ESTABLISH || call->connect.repeats < CONNECT_REPEATS)) {
		call->connect.repeats++;
		call->connect.failure = error;
		call->connect.failure_reason = reason;
		again = begin(call);
		if (!again)
			return;
		error = again;
	}
	if (reason)
		loop_set_error(client->loop, error, "the link was lost before it could be "
			       "used: %s (0x%02x)", ble_hci_text(reason), reason);
	finish(call, error);
}

static int submit(struct connect_call *call, struct connect_op *op, bool *running)
{
	struct adapter *backend = call->op.client->adapter->backend;
	int error;

	op->done = connected;
	op->user = call;
	error = backend->class->connect(backend, op);
	*running = !error;
	return error;
}

static int attempt(struct connect_call *call)
{
	return submit(call, &call->connect, &call->connecting);
}

/* -- The address type --------------------------------------------------------------------- */

/* Static random addresses have their two top bits set, resolvable ones 01
 * (Vol 6, Part B, 1.3.2); a public address may have any. */
static uint8_t likely_type(const struct ble_address *address)
{
	return address->octet[5] & 0x40 ? BLE_ADDRESS_RANDOM : BLE_ADDRESS_PUBLIC;
}

/* Both types at once, or in turns where the controller cannot. */
static int start_guessing(struct connect_call *call)
{
	uint8_t likely = likely_type(&call->connect.address);
	int error;

	call->connect.address.type = likely;
	error = attempt(call);
	if (error)
		return error;
	call->other = call->connect;
	call->other.link = (struct list){ 0 };
	call->other.address.type = likely == BLE_ADDRESS_PUBLIC ? BLE_ADDRESS_RANDOM
								 : BLE_ADDRESS_PUBLIC;
	/* One of the two is enough. */
	submit(call, &call->other, &call->guessing);
	return 0;
}

static void found(void *user, struct ble_device *device,
		  const struct ble_advertisement *adv)
{
	struct connect_call *call = user;
	const struct ble_address *address = ble_device_address(device);
	int error;

	(void)adv;
	if (memcmp(address->octet, call->connect.address.octet,
		   sizeof(address->octet)) != 0)
		return;
	call->connect.address = *address;
	call->search = ble_scanner_unref(call->search);
	error = attempt(call);
	if (error)
		finish(call, error);
}

static const struct ble_scan_params search_params = { .passive = true };

/* After a reset the radio is as new: the search goes on. */
static void search_ended(void *user, int error)
{
	struct connect_call *call = user;

	if (error == -ENETRESET && !ble_scanner_start(call->search, &search_params))
		return;
	call->search = ble_scanner_unref(call->search);
	if (error != -ENODEV)
		error = start_guessing(call);
	if (error)
		finish(call, error);
}

/* By a scan; if that is not permitted, both types are tried at the same time. */
static int find_type(struct connect_call *call)
{
	int error = ble_scanner_new(call->op.client->adapter, found, search_ended,
				    call, &call->search);

	if (error)
		return error;
	error = ble_scanner_start(call->search, &search_params);
	if (!error)
		return 0;
	call->search = ble_scanner_unref(call->search);
	return error == -ENODEV ? error : start_guessing(call);
}

/* -- Beginning -------------------------------------------------------------------------------- */

static int begin(struct connect_call *call)
{
	struct ble_client *client = call->op.client;
	struct connection *connection = connection_find(client->adapter, &client->address);
	int error;

	call->waits = false;
	if (connection) {
		join(call, connection);
		return 0;
	}
	call->waits = under_way(call);
	if (call->waits)
		return 0;
	error = client_own_connection(client);
	if (error)
		return error;
	call->connect.address = client->address;
	return client->address.type != BLE_ADDRESS_UNKNOWN ||
	       adapter_recall_type(client->adapter, &call->connect.address)
		? attempt(call) : find_type(call);
}

static void go_on(struct loop_task *task)
{
	struct connect_call *call = container_of(task, struct connect_call, task);
	struct ble_client *client = call->op.client;
	int error = call->error;

	if (client->att) {
		finish(call, 0);
		return;
	}
	if (client->adapter->gone)
		error = adapter_gone(client->adapter);
	if (!error)
		error = begin(call);
	if (error)
		finish(call, error);
}

/* -- The call -------------------------------------------------------------------------------- */

static int check(struct ble_client *client, const struct ble_connect_params *params)
{
	if (client->adapter->gone)
		return adapter_gone(client->adapter);
	if (client->state == CLIENT_CONNECTED)
		return -EISCONN;
	if (client->state != CLIENT_IDLE)
		return -EALREADY;
	if (!all_zero(params->reserved, sizeof(params->reserved)))
		return reserved_used(client->loop);
	if (params->timeout_ms < BLE_FOREVER ||
	    (params->mtu && (params->mtu < ATT_MTU_MIN || params->mtu > ATT_MTU_MAX)))
		return loop_set_error(client->loop, -EINVAL, "the timeout of a connect is in ms, 0 for "
				      "the default or BLE_FOREVER, its MTU %d to %d or 0", ATT_MTU_MIN, ATT_MTU_MAX);
	return link_check(client->adapter, &params->link);
}

int ble_client_connect(struct ble_client *client,
		       const struct ble_connect_params *params,
		       ble_done_func done, void *user, struct ble_op **ret_op)
{
	static const struct op_class class = { .cancel = cancel };
	static const struct ble_connect_params defaults;
	struct connect_call *call;
	int error;

	params = params ? params : &defaults;
	error = check(client, params);
	if (error)
		return error;
	call = calloc(1, sizeof(*call));
	if (!call)
		return -ENOMEM;
	call->params.timeout_ms = params->timeout_ms ? params->timeout_ms : DEFAULT_MS;
	call->params.mtu = params->mtu ? params->mtu : ATT_MTU_MAX;
	call->begun = loop_now(client->loop);
	op_init(&call->op, client->loop, &class, done, user);
	call->op.client = client;
	call->op.deadline.fire = expired;
	call->task.run = go_on;
	call->connect.requested_params = link_params_of(&params->link);
	client->state = CLIENT_CONNECTING;
	client->connect = call;
	list_append(&client->adapter->connects, &call->link);
	error = begin(call);
	if (error)
		stop(call);
	error = op_begin(&call->op, error, ret_op);
	if (!error)
		ble_op_set_timeout(&call->op, call->params.timeout_ms);
	return error;
}
