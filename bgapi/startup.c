/* SPDX-License-Identifier: MIT */
/*
 * Initialises the dongle and shuts it down. Scan, connect and links of a dongle go on
 * when the program that started them ends. So opening ends what an earlier program
 * left running, and freeing ends what we started. Neither resets the dongle: over USB
 * a reset takes the port away for a second.
 *
 * Initialising is a state machine that responses, events and a timer move on: it drops
 * what was meant for an earlier program, sends the commands of a table, and waits until
 * the links have ended. bgapi_start() runs it while it waits for the stream.
 */
#include "bgapi/adapter.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"

enum {
	DRAIN_MS = 100,   /* a dongle that scans never stops sending */
	QUIET_MS = 10,
	ANSWER_MS = 1200, /* the firmware drops an incomplete command after 1 s */
	HELLOS = 2,       /* the first may complete an earlier program's partial command */
	LINKS_MS = 2000,  /* until an earlier program's links have ended */
	SHUTDOWN_MS = 300 /* each command when the adapter is freed */
};

/* A command and what is to be done with its response. */
struct startup_step {
	const char *name;
	enum bgapi_id command, response;
	void (*answered)(struct bgapi_adapter *a, const struct bgapi_frame *frame);
};

static void send_step(struct bgapi_adapter *a, const struct startup_step *step);

static uint64_t ms_from_now(const struct bgapi_adapter *a, unsigned int ms)
{
	return loop_now(a->dongle.loop) + ms * UINT64_C(1000000);
}

static void set_limit(struct bgapi_adapter *a, unsigned int ms)
{
	a->startup.limit = ms_from_now(a, ms);
	if (!a->startup.blocking)
		loop_timer_at(a->dongle.loop, &a->startup.timer, a->startup.limit);
}

/* -- Its end -------------------------------------------------------------------------- */

void bgapi_start_cancel(struct bgapi_adapter *a)
{
	a->startup.state = STARTUP_IDLE;
	loop_timer_stop(&a->startup.timer);
	dongle_forget(&a->dongle, &a->startup.call);
}

/* done() may free the adapter. */
static void finish(struct bgapi_adapter *a, int error)
{
	bgapi_start_cancel(a);
	a->dongle.event = NULL;
	a->dongle.lost = NULL;
	a->startup.error = error;
	if (a->startup.done)
		a->startup.done(a, error);
}

static void went_away(struct bgapi_adapter *a, int error)
{
	finish(a, loop_set_error(a->dongle.loop, -ENODEV, "%s: it went away while it was opened "
				 "(%s)", a->dongle.name, ble_strerror(error)));
}

static void on_lost(struct dongle *dongle, int error)
{
	went_away(container_of(dongle, struct bgapi_adapter, dongle), error);
}

/* The error of a command that got no valid answer. */
static int no_answer(const struct bgapi_adapter *a)
{
	const struct dongle *dongle = &a->dongle;
	const char *asked = a->startup.step->name;

	if (a->startup.unlicensed)
		return loop_set_error(dongle->loop, -ENODEV, "%s: the dongle's firmware has "
				      "no valid licence key: it needs its vendor's firmware",
				      dongle->name);
	if (dongle->framer.skipped || bgapi_framer_pending(&dongle->framer))
		return loop_set_error(dongle->loop, -ENODEV, "%s: something is there, but it "
				      "does not answer \"%s\" as a BGAPI dongle does: is this "
				      "the right port?", dongle->name, asked);
	return loop_set_error(dongle->loop, -ETIMEDOUT, "%s: nothing there answers \"%s\": is "
			      "this the dongle's port? if so, pull it out and plug it in again",
			      dongle->name, asked);
}

static int not_told(const struct bgapi_adapter *a)
{
	return loop_set_error(a->dongle.loop, -EBUSY, "%s: the dongle does not %s an earlier "
			      "program: pull it out and plug it in again", a->dongle.name,
			      a->startup.state == STARTUP_ENDS_LINKS
			      ? "end the connections of" : "tell of the connections of");
}

/* -- Links of an earlier program -------------------------------------------------------- */

static bool read_status(const struct bgapi_frame *frame, uint8_t *ret_bit, bool *ret_up)
{
	struct bgapi_evt_connection_status status;
	struct bgapi_evt_connection_disconnected ended;

	if (!bgapi_read(evt_connection_status, frame, &status) &&
	    status.connection < DONGLE_LINKS) {
		*ret_bit = (uint8_t)(1u << status.connection);
		*ret_up = status.flags & 1;
		return true;
	}
	if (!bgapi_read(evt_connection_disconnected, frame, &ended) &&
	    ended.connection < DONGLE_LINKS) {
		*ret_bit = (uint8_t)(1u << ended.connection);
		*ret_up = false;
		return true;
	}
	return false;
}

static void link_answered(struct bgapi_adapter *a, const struct bgapi_frame *frame);

static const struct startup_step disconnect = {
	"connection_disconnect", BGAPI_cmd_connection_disconnect,
	BGAPI_rsp_connection_disconnect, link_answered
};

static uint8_t all_links(const struct bgapi_adapter *a)
{
	return (uint8_t)((1u << a->n_links) - 1);
}

/* Disconnects the next link that is up; behind the last one waits until all have ended. */
static void end_links(struct bgapi_adapter *a)
{
	struct bgapi_startup *start = &a->startup;

	while (start->link < a->n_links && !(start->up & 1u << start->link))
		start->link++;
	if (start->link < a->n_links) {
		send_step(a, &disconnect);
		return;
	}
	start->state = STARTUP_ENDS_LINKS;
	if (start->up & all_links(a))
		set_limit(a, LINKS_MS);
	else
		finish(a, 0);
}

static void link_answered(struct bgapi_adapter *a, const struct bgapi_frame *frame)
{
	if (dongle_result(frame) == BGAPI_NOT_CONNECTED)
		a->startup.up &= (uint8_t)~(1u << a->startup.link);
	a->startup.link++;
	end_links(a);
}

/* What was waited for has perhaps come. */
static void check_links(struct bgapi_adapter *a)
{
	struct bgapi_startup *start = &a->startup;

	if (start->state == STARTUP_AWAITS_LINKS && (start->known & all_links(a)) == all_links(a))
		end_links(a);
	else if (start->state == STARTUP_ENDS_LINKS && !(start->up & all_links(a)))
		finish(a, 0);
}

static void on_event(struct dongle *dongle, const struct bgapi_frame *frame)
{
	struct bgapi_adapter *a = container_of(dongle, struct bgapi_adapter, dongle);
	struct bgapi_startup *start = &a->startup;
	uint8_t bit;
	bool up;

	if (frame->message->id == BGAPI_evt_system_no_license_key)
		start->unlicensed = true;
	if (!read_status(frame, &bit, &up))
		return;
	start->known |= bit;
	start->up = (uint8_t)(up ? start->up | bit : start->up & ~bit);
	check_links(a);
}

/* -- The commands ---------------------------------------------------------------------- */

static void next_step(struct bgapi_adapter *a, const struct bgapi_frame *frame)
{
	(void)frame;
	send_step(a, a->startup.step + 1);
}

static void address_answered(struct bgapi_adapter *a, const struct bgapi_frame *frame)
{
	struct bgapi_rsp_system_address_get address;

	if (!bgapi_read(rsp_system_address_get, frame, &address)) {
		a->adapter.info.address = address.address;
		a->adapter.info.address.type = BLE_ADDRESS_PUBLIC;
	}
	next_step(a, frame);
}

static void connections_answered(struct bgapi_adapter *a, const struct bgapi_frame *frame)
{
	struct bgapi_rsp_system_get_connections links;

	if (!bgapi_read(rsp_system_get_connections, frame, &links))
		a->n_links = links.maxconn < DONGLE_LINKS ? links.maxconn : DONGLE_LINKS;
	a->startup.state = STARTUP_AWAITS_LINKS;
	set_limit(a, LINKS_MS);
	check_links(a);
}

#define STEP(NAME, answered) { #NAME, BGAPI_cmd_##NAME, BGAPI_rsp_##NAME, answered }

/* All parameters are 0. The results of set_mode and end_procedure are ignored: 0x0181
 * means that nothing was running. */
static const struct startup_step steps[] = {
	{ "hello", BGAPI_cmd_system_hello, BGAPI_rsp_system_hello, next_step },
	STEP(system_get_info, next_step),
	STEP(system_address_get, address_answered),
	STEP(gap_set_mode, next_step),
	STEP(gap_end_procedure, next_step),
	STEP(system_get_connections, connections_answered),
};

static void send_step(struct bgapi_adapter *a, const struct startup_step *step)
{
	const union {
		struct bgapi_cmd_connection_disconnect link;
		struct bgapi_cmd_gap_set_mode mode;
	} params = { .link = { a->startup.link } };

	a->startup.state = STARTUP_ASKS;
	a->startup.step = step;
	dongle_prepare_any(&a->startup.call, step->command, step->response, &params);
	set_limit(a, ANSWER_MS);
	dongle_submit(&a->dongle, &a->startup.call);
}

static bool say_hello_again(struct bgapi_adapter *a)
{
	if (a->startup.step != steps || ++a->startup.hellos >= HELLOS)
		return false;
	send_step(a, steps);
	return true;
}

static void answered(struct dongle_call *call, int error, const struct bgapi_frame *frame)
{
	struct bgapi_adapter *a = container_of(call, struct bgapi_adapter, startup.call);

	if (!error)
		a->startup.step->answered(a, frame);
	else if (!say_hello_again(a))
		finish(a, no_answer(a));
}

/* -- Its time ----------------------------------------------------------------------------- */

static void drain(struct bgapi_adapter *a)
{
	struct bgapi_startup *start = &a->startup;

	if (start->inputs == a->dongle.inputs || loop_now(a->dongle.loop) >= start->drained) {
		send_step(a, steps);
		return;
	}
	start->inputs = a->dongle.inputs;
	set_limit(a, QUIET_MS);
}

static void timed_out(struct bgapi_adapter *a)
{
	switch (a->startup.state) {
	case STARTUP_DRAINS:
		drain(a);
		break;
	case STARTUP_ASKS:
		dongle_forget(&a->dongle, &a->startup.call);
		if (!say_hello_again(a))
			finish(a, no_answer(a));
		break;
	default:
		finish(a, not_told(a));
		break;
	}
}

static void limit_fired(struct loop_timer *timer)
{
	struct bgapi_adapter *a = container_of(timer, struct bgapi_adapter, startup.timer);
	struct deferred_free *memory = &a->dongle.memory;

	deferred_free_hold(memory);
	timed_out(a);
	deferred_free_release(memory);
}

static void begin(struct bgapi_adapter *a, bool blocking,
		  void (*done)(struct bgapi_adapter *a, int error))
{
	a->startup = (struct bgapi_startup){
		.state = STARTUP_DRAINS,
		.blocking = blocking,
		.done = done,
		.inputs = a->dongle.inputs,
		.drained = ms_from_now(a, DRAIN_MS),
		.call.answered = answered,
		.timer.fire = limit_fired,
	};
	a->dongle.event = on_event;
	a->dongle.lost = on_lost;
	set_limit(a, QUIET_MS);
}

void bgapi_start_begin(struct bgapi_adapter *a, void (*done)(struct bgapi_adapter *a, int error))
{
	begin(a, false, done);
}

int bgapi_start(struct bgapi_adapter *a)
{
	struct bgapi_startup *start = &a->startup;
	struct bgapi_stream *stream = a->dongle.stream;

	begin(a, true, NULL);
	while (start->state != STARTUP_IDLE) {
		uint64_t now = loop_now(a->dongle.loop);
		int error = now >= start->limit ? -ETIMEDOUT
			: stream->class->wait(stream, (unsigned int)((start->limit - now) /
								     1000000 + 1));

		if (start->state == STARTUP_IDLE || !error)
			continue;
		if (error == -ETIMEDOUT)
			timed_out(a);
		else
			went_away(a, error);
	}
	return start->error;
}

/* -- Shutting down ---------------------------------------------------------------------------- */

/* Sends a command. Waits for its response, except in a callback or after an earlier
 * command got none. */
static void send_last(struct bgapi_adapter *a, struct dongle_ask *ask, int *error)
{
	struct dongle *dongle = &a->dongle;

	dongle->sent = NULL; /* drop the pending command */
	if (!*error && !loop_dispatching(dongle->loop))
		*error = dongle_ask(dongle, ask, SHUTDOWN_MS);
	else
		(void)dongle->stream->class->send(dongle->stream,
						  bytes(ask->call.packet.octet,
							ask->call.packet.len));
}

void bgapi_shutdown(struct bgapi_adapter *a)
{
	struct bgapi_startup *start = &a->startup;
	struct dongle_ask ask = { .done = false };
	bool procedure = a->gap.now != GAP_IDLE || a->gap.command_pending;
	int error = 0;

	bgapi_start_cancel(a);
	start->up = 0;
	for (uint8_t i = 0; i < a->n_links; i++)
		if (a->links[i].on_dongle)
			start->up |= (uint8_t)(1u << i);
	bgapi_gap_release(a);
	for (size_t i = 0; i < DONGLE_LINKS; i++)
		bgapi_link_reset(&a->links[i]);
	a->dongle.event = on_event; /* a connect may still complete */
	a->dongle.lost = NULL;
	if (procedure) {
		dongle_prepare(&ask.call, gap_end_procedure,
			       &(const struct bgapi_cmd_gap_end_procedure){ 0 });
		send_last(a, &ask, &error);
	}
	for (uint8_t i = 0; i < a->n_links; i++) {
		if (!(start->up & 1u << i))
			continue;
		dongle_prepare(&ask.call, connection_disconnect,
			       &(const struct bgapi_cmd_connection_disconnect){ i });
		send_last(a, &ask, &error);
	}
	a->dongle.event = NULL;
}
