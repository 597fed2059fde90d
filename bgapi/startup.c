/* SPDX-License-Identifier: MIT */
/*
 * Initialises the dongle and shuts it down. Scan, connect and links of a dongle go on
 * when the program that started them ends. So opening ends what an earlier program
 * left running, and freeing ends what we started. Neither resets the dongle: over USB
 * a reset takes the port away for a second.
 */
#include "bgapi/adapter.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"

enum {
	DRAIN_MS = 100,   /* a dongle that scans never stops sending */
	QUIET_MS = 10,
	ANSWER_MS = 1200, /* the firmware drops an incomplete command after 1 s */
	LINKS_MS = 2000,  /* until an earlier program's links have ended */
	SHUTDOWN_MS = 300 /* each command when the adapter is freed */
};

struct startup {
	struct bgapi_adapter *a;
	struct dongle_ask ask;
	uint8_t up, known; /* one bit for each link */
	bool unlicensed;
};

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

static void on_event(struct dongle *dongle, const struct bgapi_frame *frame)
{
	struct startup *start = container_of(dongle, struct bgapi_adapter, dongle)->startup;
	uint8_t bit;
	bool up;

	if (frame->message->id == BGAPI_evt_system_no_license_key)
		start->unlicensed = true;
	if (!read_status(frame, &bit, &up))
		return;
	start->known |= bit;
	start->up = (uint8_t)(up ? start->up | bit : start->up & ~bit);
}

/* -- Starting ------------------------------------------------------------------------ */

static int drain(struct dongle *dongle)
{
	uint64_t limit = loop_now(dongle->loop) + DRAIN_MS * UINT64_C(1000000);
	int error;

	do
		error = dongle->stream->class->wait(dongle->stream, QUIET_MS);
	while (!error && loop_now(dongle->loop) < limit);
	return error == -ETIMEDOUT ? 0 : error;
}

static int gone(struct dongle *dongle, int error)
{
	return loop_set_error(dongle->loop, -ENODEV, "%s: it went away while it was opened "
			      "(%s)", dongle->name, ble_strerror(error));
}

/* The error of a command that got no valid answer. */
static int no_answer(const struct startup *start, const char *asked)
{
	const struct dongle *dongle = &start->a->dongle;

	if (start->unlicensed)
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

/* Sends hello twice: the first may complete an earlier program's partial command. */
static int hello(struct startup *start)
{
	static const struct bgapi_cmd_system_hello params;
	struct dongle *dongle = &start->a->dongle;
	int error = drain(dongle);

	for (int i = 0; !error && i < 2; i++) {
		dongle_prepare(&start->ask.call, system_hello, &params);
		error = dongle_ask(dongle, &start->ask, ANSWER_MS);
		if (!error)
			return 0;
		if (error == -ETIMEDOUT || error == -EPROTO)
			error = 0;
	}
	return error ? gone(dongle, error) : no_answer(start, "hello");
}

/* Sends the command NAME and waits for its response. 0, or -errno with its text. */
#define ASK(start, NAME, ...)                                                    \
	(dongle_prepare(&(start)->ask.call, NAME,                                \
			(&(const struct bgapi_cmd_##NAME){ __VA_ARGS__ })),      \
	 ask(start, #NAME))

static int ask(struct startup *start, const char *what)
{
	struct dongle *dongle = &start->a->dongle;
	int error = dongle_ask(dongle, &start->ask, ANSWER_MS);

	if (error == -ETIMEDOUT || error == -EPROTO)
		return no_answer(start, what);
	return error ? gone(dongle, error) : 0;
}

static int identify(struct startup *start)
{
	struct bgapi_adapter *a = start->a;
	struct bgapi_rsp_system_address_get address;
	int error = ASK(start, system_get_info, 0);

	if (!error)
		error = ASK(start, system_address_get, 0);
	if (error)
		return error;
	error = bgapi_read(rsp_system_address_get, &start->ask.frame, &address);
	if (error)
		return error;
	a->adapter.info.address = address.address;
	a->adapter.info.address.type = BLE_ADDRESS_PUBLIC;
	return 0;
}

static uint8_t all_links(const struct startup *start)
{
	return (uint8_t)((1u << start->a->n_links) - 1);
}

/* Waits until all links have ended, or until the state of each is known. */
static int await_links(struct startup *start, bool ended)
{
	struct dongle *dongle = &start->a->dongle;
	uint64_t limit = loop_now(dongle->loop) + LINKS_MS * UINT64_C(1000000);

	while (ended ? start->up : start->known != all_links(start)) {
		uint64_t now = loop_now(dongle->loop);
		int error;

		if (now >= limit)
			return loop_set_error(dongle->loop, -EBUSY, "%s: the dongle does not "
					      "%s an earlier program: pull it out and plug it "
					      "in again", dongle->name, ended
					      ? "end the connections of"
					      : "tell of the connections of");
		error = dongle->stream->class->wait(
			dongle->stream, (unsigned int)((limit - now) / 1000000 + 1));
		if (error && error != -ETIMEDOUT)
			return gone(dongle, error);
	}
	return 0;
}

static int count_links(struct startup *start)
{
	struct bgapi_rsp_system_get_connections links;
	int error = ASK(start, system_get_connections, 0);

	if (!error)
		error = bgapi_read(rsp_system_get_connections, &start->ask.frame,
				   &links);
	if (error)
		return error;
	start->a->n_links = links.maxconn < DONGLE_LINKS ? links.maxconn : DONGLE_LINKS;
	return await_links(start, false);
}

static int end_links(struct startup *start)
{
	for (uint8_t i = 0; i < start->a->n_links; i++) {
		int error;

		if (!(start->up & 1u << i))
			continue;
		error = ASK(start, connection_disconnect, .connection = i);
		if (error)
			return error;
		if (dongle_result(&start->ask.frame) == BGAPI_NOT_CONNECTED)
			start->up &= (uint8_t)~(1u << i);
	}
	return await_links(start, true);
}

/* The results are ignored: 0x0181 means that nothing was running. */
static int end_procedures(struct startup *start)
{
	int error = ASK(start, gap_set_mode, 0, 0);

	return error ? error : ASK(start, gap_end_procedure, 0);
}

int bgapi_start(struct bgapi_adapter *a)
{
	static int (*const steps[])(struct startup *start) = {
		hello, identify, end_procedures, count_links, end_links
	};
	struct startup start = { .a = a };
	int error = 0;

	a->startup = &start;
	a->dongle.event = on_event;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && !error; i++)
		error = steps[i](&start);
	a->dongle.event = NULL;
	a->startup = NULL;
	return error;
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
	struct startup start = { .a = a };
	bool procedure = a->gap.now != GAP_IDLE || a->gap.command_pending;
	int error = 0;

	for (uint8_t i = 0; i < a->n_links; i++)
		if (a->links[i].on_dongle)
			start.up |= (uint8_t)(1u << i);
	bgapi_gap_release(a);
	for (size_t i = 0; i < DONGLE_LINKS; i++)
		bgapi_link_reset(&a->links[i]);
	a->startup = &start;
	a->dongle.event = on_event; /* a connect may still complete */
	a->dongle.lost = NULL;
	if (procedure) {
		dongle_prepare(&start.ask.call, gap_end_procedure,
			       &(const struct bgapi_cmd_gap_end_procedure){ 0 });
		send_last(a, &start.ask, &error);
	}
	for (uint8_t i = 0; i < a->n_links; i++) {
		if (!(start.up & 1u << i))
			continue;
		dongle_prepare(&start.ask.call, connection_disconnect,
			       &(const struct bgapi_cmd_connection_disconnect){ i });
		send_last(a, &start.ask, &error);
	}
	a->dongle.event = NULL;
	a->startup = NULL;
}
