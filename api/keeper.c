/* SPDX-License-Identifier: MIT */
/*
 * Keepers: each keeps one client connected. An attempt is a table of steps; one that
 * fails ends the connection, and after a wait all begin again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"

enum {
	FROM_MS = 1000, TO_MS = 60000, JITTER = 25, /* defaults */
	FIRST_HANDLE = 1, /* of a declaration, which may always be read */
};

/* -- Telling -------------------------------------------------------------------------- */

/* The last thing that its caller does: the callback may free the keeper. */
static void tell(struct ble_keeper *keeper, const struct ble_keeper_event *event)
{
	if (keeper->changed)
		keeper->changed(keeper->user, event);
}

static void stop(struct ble_keeper *keeper)
{
	struct ble_op *op = keeper->op;

	keeper->op = NULL;
	loop_timer_stop(&keeper->timer);
	ble_op_cancel(op);
}

/* Ends the connection, unless it is one that the user made meanwhile. */
static void end_attempt(struct ble_keeper *keeper, enum keeper_state state)
{
	bool mine = keeper->state > KEEPER_CONNECTS;

	stop(keeper);
	keeper->state = state;
	if (mine)
		ble_client_disconnect(keeper->client);
}

static bool is_final(int error)
{
	return error == -EINVAL || error == -EPERM || error == -EACCES ||
	       error == -EOPNOTSUPP;
}

/* The wait before the next attempt: doubled each time, then shortened at random. */
static int next_wait(struct ble_keeper *keeper)
{
	uint32_t ms = keeper->wait_ms, most = (uint32_t)keeper->params.to_ms;
	uint32_t shorter = (uint32_t)((uint64_t)ms * (uint32_t)keeper->params.jitter / 100);

	keeper->wait_ms = ms > most / 2 ? most : 2 * ms;
	keeper->random ^= keeper->random << 13; /* xorshift, by Marsaglia */
	keeper->random ^= keeper->random >> 17;
	keeper->random ^= keeper->random << 5;
	return (int)(ms - keeper->random % (shorter + 1));
}

static void give_up(struct ble_keeper *keeper, int error, uint8_t reason, bool asked)
{
	const struct ble_keeper_event event = {
		.state = BLE_KEEPER_GAVE_UP, .error = error, .reason = reason, .asked = asked,
		.attempts = keeper->attempts, .next_ms = -1,
	};

	end_attempt(keeper, KEEPER_OVER);
	loop_timer_stop(&keeper->limit);
	tell(keeper, &event);
}

/* An attempt failed, or the connection was lost. */
static void down(struct ble_keeper *keeper, int error, uint8_t reason, bool asked)
{
	struct ble_keeper_event event = {
		.state = BLE_KEEPER_DOWN, .error = error, .reason = reason, .asked = asked,
		.attempts = keeper->attempts,
	};

	/* Opening it again may succeed: the port's owner may not be set yet. */
	if (is_final(error) && !keeper->client->adapter->gone) {
		give_up(keeper, error, reason, asked);
		return;
	}
	end_attempt(keeper, KEEPER_WAITS);
	event.next_ms = next_wait(keeper);
	loop_timer_in(keeper->client->loop, &keeper->timer, (unsigned int)event.next_ms);
	if (!keeper->limit.loop && keeper->params.give_up_ms > 0)
		loop_timer_in(keeper->client->loop, &keeper->limit,
			      (unsigned int)keeper->params.give_up_ms);
	tell(keeper, &event);
}

static void limit_fired(struct loop_timer *timer)
{
	struct ble_keeper *keeper = container_of(timer, struct ble_keeper, limit);
	char address[BLE_ADDRESS_TEXT];
	int error = loop_set_error(keeper->client->loop, -ETIMEDOUT, "%s could not be connected "
				   "for %.1f s, in %u attempts",
				   ble_address_text(&keeper->client->address, address),
				   keeper->params.give_up_ms / 1e3, keeper->attempts);

	give_up(keeper, error, 0, false);
}

/* -- The steps ------------------------------------------------------------------------ */

static void step_done(void *user, int error);
static void next_step(struct ble_keeper *keeper);

static int begin_connect(struct ble_keeper *keeper)
{
	struct ble_client *client = keeper->client;
	int error = adapter_reopen_in_turn(client->adapter);

	if (error)
		return error;
	if (client->state == CLIENT_CONNECTED) { /* by the user */
		next_step(keeper);
		return 0;
	}
	return ble_client_connect(client, &keeper->params.connect, step_done, keeper,
				  &keeper->op);
}

static int begin_discovery(struct ble_keeper *keeper)
{
	return ble_client_discover(keeper->client, step_done, keeper, &keeper->op);
}

static int begin_resubscribe(struct ble_keeper *keeper)
{
	return ble_client_resubscribe(keeper->client, step_done, keeper, &keeper->op);
}

/* Security comes after the discovery, which tells what needs it, and before the
 * subscriptions, which may need it. */
static const keeper_step all_steps[KEEPER_STEPS] = {
	[KEEPER_CONNECTS] = begin_connect,
	[KEEPER_DISCOVERS] = begin_discovery,
	[KEEPER_SECURES] = NULL,
	[KEEPER_RESUBSCRIBES] = begin_resubscribe,
};

static void up(struct ble_keeper *keeper)
{
	const struct ble_keeper_event event = {
		.state = BLE_KEEPER_UP, .attempts = keeper->attempts, .next_ms = -1,
	};

	keeper->state = KEEPER_UP;
	keeper->attempts = 0;
	keeper->wait_ms = (uint32_t)keeper->params.from_ms;
	loop_timer_stop(&keeper->limit);
	keeper->asking = false;
	keeper->progress = keeper->client->connection->heard + ble_client_requests(keeper->client);
	if (keeper->params.idle_ms > 0)
		loop_timer_in(keeper->client->loop, &keeper->timer,
			      (unsigned int)keeper->params.idle_ms);
	tell(keeper, &event);
}

/* Begins the steps behind the current one. */
static void next_step(struct ble_keeper *keeper)
{
	int error;

	do
		keeper->state++;
	while (keeper->state < KEEPER_STEPS && !keeper->steps[keeper->state]);
	if (keeper->state == KEEPER_STEPS) {
		up(keeper);
		return;
	}
	error = keeper->steps[keeper->state](keeper);
	if (error)
		down(keeper, error, 0, false);
}

void keeper_step_done(struct ble_keeper *keeper, int error)
{
	keeper->op = NULL;
	/* The connection is lost: on_disconnected() comes next and has the reason. */
	if (error == -ENOTCONN && keeper->client->state != CLIENT_IDLE)
		return;
	if (error)
		down(keeper, error, 0, false);
	else
		next_step(keeper);
}

static void step_done(void *keeper, int error)
{
	keeper_step_done(keeper, error);
}

static void on_disconnected(void *user, uint8_t reason, bool asked)
{
	struct ble_keeper *keeper = user;
	struct ble_loop *loop = keeper->client->loop;
	char address[BLE_ADDRESS_TEXT];

	if (keeper->state <= KEEPER_CONNECTS || keeper->state > KEEPER_UP)
		return;
	/* Where the backend has no words of its own */
	if (reason && !strcmp(ble_error_text(loop, -ENOTCONN), ble_strerror(-ENOTCONN)))
		loop_set_error(loop, -ENOTCONN, "connection to %s lost: %s (0x%02x)",
			       ble_address_text(&keeper->client->address, address),
			       ble_hci_text(reason), reason);
	/* There is nothing of the keeper's to end: what the client has now, its user began
	 * in the callback before this one. */
	keeper->state = KEEPER_CONNECTS;
	down(keeper, -ENOTCONN, reason, asked);
}

/* -- While it is up ------------------------------------------------------------------- */

static void answered(void *user, int error, struct ble_bytes value)
{
	struct ble_keeper *keeper = user;

	(void)error; /* any answer will do; a loss is told by on_disconnected() */
	(void)value;
	keeper->op = NULL;
	keeper->asking = false;
}

/* The peer was silent since the last check, or has answered something. Requests are
 * sent one at a time, so another one that was sent is an answer to the one before. */
static void check_idle(struct ble_keeper *keeper)
{
	struct ble_client *client = keeper->client;
	unsigned int progress = client->connection->heard + ble_client_requests(client);
	char address[BLE_ADDRESS_TEXT];

	if (keeper->asking && progress == keeper->progress) {
		down(keeper, loop_set_error(client->loop, -ETIMEDOUT, "%s was silent for %.1f s "
					    "and does not answer", ble_address_text(&client->address,
					    address), keeper->params.idle_ms / 500.0), 0, false);
		return;
	}
	if (!keeper->asking && progress == keeper->progress)
		keeper->asking = !ble_client_read(client, FIRST_HANDLE, answered, keeper,
						  &keeper->op);
	keeper->progress = client->connection->heard + ble_client_requests(client);
	loop_timer_in(client->loop, &keeper->timer, (unsigned int)keeper->params.idle_ms);
}

static void timer_fired(struct loop_timer *timer)
{
	struct ble_keeper *keeper = container_of(timer, struct ble_keeper, timer);

	if (keeper->state == KEEPER_UP) {
		check_idle(keeper);
		return;
	}
	keeper->attempts++;
	next_step(keeper);
}

/* What failed without an adapter is no reason to wait long. */
static void adapter_back(struct adapter_awaiting *awaiting)
{
	struct ble_keeper *keeper = container_of(awaiting, struct ble_keeper, awaiting);

	if (keeper->state != KEEPER_WAITS)
		return;
	keeper->wait_ms = (uint32_t)keeper->params.from_ms;
	loop_timer_in(keeper->client->loop, &keeper->timer, 0);
}

/* -- The object ----------------------------------------------------------------------- */

/* Sets the defaults. */
static int take_params(struct ble_loop *loop, struct ble_keeper_params *p)
{
	if (!all_zero(p->reserved, sizeof(p->reserved)) ||
	    !all_zero(p->connect.reserved, sizeof(p->connect.reserved)))
		return reserved_used(loop);
	p->from_ms = p->from_ms ? p->from_ms : FROM_MS;
	p->to_ms = p->to_ms ? p->to_ms : p->from_ms > TO_MS ? p->from_ms : TO_MS;
	p->jitter = !p->jitter ? JITTER : p->jitter == -1 ? 0 : p->jitter;
	if (p->connect.timeout_ms == 0)
		p->connect.timeout_ms = BLE_FOREVER;
	if (p->from_ms < 0 || p->to_ms < p->from_ms || p->jitter < 0 || p->jitter > 100 ||
	    p->idle_ms < BLE_FOREVER || p->give_up_ms < BLE_FOREVER)
		return loop_set_error(loop, -EINVAL, "a keeper's waits are in ms, the longest not below "
				      "the first, its jitter is in percent, up to 100, or -1");
	return 0;
}

/* Different for keepers that lose their peers together, and the same in each run of a
 * test whose clock is frozen. */
static uint32_t seed(const struct ble_client *client)
{
	uint32_t seed = address_hash(&client->address) ^ (uint32_t)loop_now(client->loop);

	return seed ? seed : 1;
}

int ble_keeper_new(struct ble_client *client, const struct ble_keeper_params *params,
		   ble_keeper_func changed, void *user, struct ble_keeper **ret_keeper)
{
	struct ble_keeper_params taken = { .from_ms = 0 };
	struct ble_keeper *keeper;
	int error;

	if (params)
		taken = *params;
	error = take_params(client->loop, &taken);
	if (error)
		return error;
	if (client->keeper)
		return -EALREADY;
	keeper = calloc(1, sizeof(*keeper));
	if (!keeper)
		return -ENOMEM;
	*keeper = (struct ble_keeper){
		.client = ble_client_ref(client), .params = taken, .changed = changed,
		.user = user, .state = KEEPER_WAITS, .timer.fire = timer_fired,
		.limit.fire = limit_fired, .wait_ms = (uint32_t)taken.from_ms,
		.random = seed(client), .steps = all_steps, .awaiting.back = adapter_back,
	};
	client->keeper = keeper;
	client->keeper_disconnected = on_disconnected;
	adapter_await(client->adapter, &keeper->awaiting);
	loop_timer_in(client->loop, &keeper->timer, 0);
	if (taken.give_up_ms > 0)
		loop_timer_in(client->loop, &keeper->limit, (unsigned int)taken.give_up_ms);
	*ret_keeper = keeper;
	return 0;
}

struct ble_keeper *ble_keeper_free(struct ble_keeper *keeper)
{
	if (!keeper)
		return NULL;
	stop(keeper);
	loop_timer_stop(&keeper->limit);
	adapter_await_no_more(keeper->client->adapter, &keeper->awaiting);
	keeper->client->keeper = NULL;
	ble_client_unref(keeper->client);
	free(keeper);
	return NULL;
}
