/* SPDX-License-Identifier: MIT */
/* See dongle.h. */
#include "bgapi/dongle.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "bgapi/result.h"

enum {
	ANSWER_MS = 3000, /* a dongle answers at once; a busy host reads late */
	HELLO_MS = 10000, /* after a command without an answer */
	PARTIAL_MS = 1000 /* for the rest of a message; the firmware's limit too */
};

static void set_partial_timer(struct dongle *dongle);

/* -- Its end ------------------------------------------------------------------- */

void dongle_drop_calls(struct dongle *dongle)
{
	loop_timer_stop(&dongle->limit);
	loop_timer_stop(&dongle->partial);
	dongle->sent = NULL;
	dongle->framer.awaited = BGAPI_NO_RESPONSE;
	while (list_pop(&dongle->calls))
		;
}

static void fail(struct dongle *dongle, int error)
{
	if (dongle->gone)
		return;
	dongle->gone = true;
	dongle_drop_calls(dongle);
	if (dongle->lost)
		dongle->lost(dongle, error);
}

static void closed(void *user, int error)
{
	struct dongle *dongle = user;

	deferred_free_hold(&dongle->memory);
	loop_set_error(dongle->loop, -ENODEV, "%s: the dongle is gone (%s): plug it in "
		       "again", dongle->name,
		       error == -ENODEV ? "unplugged" : ble_strerror(error));
	fail(dongle, -ENODEV);
	deferred_free_release(&dongle->memory);
}

/* -- Commands ------------------------------------------------------------------- */

void dongle_prepare_any(struct dongle_call *call, enum bgapi_id command,
			enum bgapi_id response, const void *params)
{
	call->response = response;
	call->packet.len = 0;
	(void)bgapi_write_any(command, params, false, &call->packet);
}

static void send_next(struct dongle *dongle)
{
	struct list *first;
	bool is_hello;
	int error;

	if (dongle->sent || dongle->gone)
		return;
	first = list_pop(&dongle->calls);
	dongle->framer.awaited = BGAPI_NO_RESPONSE;
	if (!first)
		return;
	dongle->sent = list_entry(first, struct dongle_call, link);
	is_hello = dongle->sent == &dongle->hello;
	/* Before hello's response the late response of another may arrive. */
	dongle->framer.awaited = is_hello ? 0 : (int)dongle->sent->response;
	loop_timer_in(dongle->loop, &dongle->limit, is_hello ? HELLO_MS : ANSWER_MS);
	error = dongle->stream->class->send(dongle->stream,
					    bytes(dongle->sent->packet.octet,
						  dongle->sent->packet.len));
	/* closed() follows if the stream is dead; if it is full, the limit ends it. */
	(void)error;
}

static bool queued(const struct dongle *dongle, const struct dongle_call *call)
{
	return dongle->sent == call || list_queued(&call->link);
}

void dongle_submit(struct dongle *dongle, struct dongle_call *call)
{
	if (dongle->gone || queued(dongle, call))
		return;
	list_append(&dongle->calls, &call->link);
	send_next(dongle);
}

void dongle_drop(struct dongle *dongle, struct dongle_call *call)
{
	list_remove(&call->link);
	if (dongle->sent != call)
		return;
	dongle->dropped.response = call->response;
	dongle->sent = &dongle->dropped;
}

void dongle_forget(struct dongle *dongle, struct dongle_call *call)
{
	list_remove(&call->link);
	if (dongle->sent != call)
		return;
	dongle->sent = NULL;
	loop_timer_stop(&dongle->limit);
}

static void ignore(struct dongle_call *call, int error, const struct bgapi_frame *frame)
{
	(void)call;
	(void)error;
	(void)frame;
}

static void answer(struct dongle *dongle, int error, const struct bgapi_frame *frame)
{
	struct dongle_call *call = dongle->sent;

	dongle->sent = NULL;
	loop_timer_stop(&dongle->limit);
	dongle->framer.awaited = BGAPI_NO_RESPONSE;
	call->answered(call, error, frame);
	if (!dongle->memory.freed)
		send_next(dongle);
}

/* After a command without an answer, hello is sent first, and only without an answer to
 * that is the dongle gone. Responses come in order, so after hello's no late one can be
 * taken for another command's. */
static void response_timed_out(struct loop_timer *timer)
{
	struct dongle *dongle = container_of(timer, struct dongle, limit);

	deferred_free_hold(&dongle->memory);
	if (dongle->sent == &dongle->hello) {
		loop_set_error(dongle->loop, -ENODEV, "%s: the dongle stopped answering: "
			       "pull it out and plug it in again", dongle->name);
		fail(dongle, -ENODEV);
	} else {
		list_prepend(&dongle->calls, &dongle->hello.link);
		answer(dongle, -ETIMEDOUT, NULL);
	}
	deferred_free_release(&dongle->memory);
}

int dongle_error(struct dongle *dongle, int error, uint16_t result, const char *what)
{
	if (error == -ETIMEDOUT)
		return loop_set_error(dongle->loop, error, "%s: the dongle did not %s: it did not "
				      "answer", dongle->name, what);
	if (error)
		return loop_set_error(dongle->loop, -EIO, "%s: the dongle did not %s: it took the "
				      "command for noise: try again", dongle->name, what);
	error = bgapi_result_error(result);
	if (ble_error_att(error)) /* an ATT error, but no peer was involved */
		error = -EIO;
	return loop_set_error(dongle->loop, error, "%s: the dongle did not %s: %s (0x%04x)",
			      dongle->name, what, bgapi_result_text(result), result);
}

uint16_t dongle_result(const struct bgapi_frame *frame)
{
	for (struct bgapi_param p = bgapi_first(frame->message); p.type != BGAPI_END;
	     bgapi_next(&p)) {
		union {
			uint16_t align;
			uint32_t align4;
			void *align8;
			uint8_t octet[64];
		} params;
		uint16_t result;

		if (p.type != BGAPI_RESULT)
			continue;
		if (frame->message->size > sizeof(params) ||
		    bgapi_read_any(frame->message->id, frame, &params))
			break;
		memcpy(&result, params.octet + p.offset, sizeof(result));
		return result;
	}
	return BGAPI_SUCCESS;
}

/* -- What arrives ------------------------------------------------------------------ */

static void take(struct dongle *dongle, const struct bgapi_frame *frame)
{
	if ((int)frame->message->id >> 16 != BGAPI_EVENT) {
		if (dongle->sent && frame->message->id == dongle->sent->response)
			answer(dongle, 0, frame);
		return;
	}
	if (frame->message->id == BGAPI_evt_system_protocol_error && dongle->sent) {
		answer(dongle, -EPROTO, NULL);
		return;
	}
	if (dongle->event)
		dongle->event(dongle, frame);
}

static void read_messages(struct dongle *dongle, struct ble_bytes input)
{
	struct bgapi_frame frame;

	while (!dongle->memory.freed && !dongle->gone && !loop_inherited(dongle->loop) &&
	       bgapi_framer_next(&dongle->framer, &input, &frame))
		take(dongle, &frame);
}

static void input(void *user, struct ble_bytes octets)
{
	struct dongle *dongle = user;

	deferred_free_hold(&dongle->memory);
	dongle->inputs++;
	read_messages(dongle, octets);
	set_partial_timer(dongle);
	deferred_free_release(&dongle->memory);
}

/* A partial message starts the timer, and more octets restart it. */
static void set_partial_timer(struct dongle *dongle)
{
	if (dongle->memory.freed || dongle->gone)
		return;
	if (bgapi_framer_pending(&dongle->framer))
		loop_timer_in(dongle->loop, &dongle->partial, PARTIAL_MS);
	else
		loop_timer_stop(&dongle->partial);
}

static void partial_timed_out(struct loop_timer *timer)
{
	struct dongle *dongle = container_of(timer, struct dongle, partial);

	deferred_free_hold(&dongle->memory);
	bgapi_framer_stall(&dongle->framer);
	read_messages(dongle, bytes(NULL, 0));
	set_partial_timer(dongle);
	deferred_free_release(&dongle->memory);
}

/* -- Its life -------------------------------------------------------------------------- */

void dongle_init(struct dongle *dongle, struct ble_loop *loop,
		 struct bgapi_stream *stream)
{
	static const struct bgapi_stream_events events = { input, closed };
	static const struct bgapi_cmd_system_hello params;

	dongle->loop = loop;
	dongle->stream = stream;
	stream->events = &events;
	stream->user = dongle;
	bgapi_framer_init(&dongle->framer, false, false);
	dongle->framer.awaited = BGAPI_NO_RESPONSE;
	list_init(&dongle->calls);
	dongle->limit.fire = response_timed_out;
	dongle->partial.fire = partial_timed_out;
	dongle->dropped.answered = ignore;
	dongle->hello.answered = ignore;
	dongle_prepare(&dongle->hello, system_hello, &params);
}

void dongle_reopen(struct dongle *dongle, struct bgapi_stream *stream)
{
	dongle->gone = false;
	dongle_init(dongle, dongle->loop, stream);
}

void dongle_release(struct dongle *dongle)
{
	loop_timer_stop(&dongle->limit);
	loop_timer_stop(&dongle->partial);
	dongle->gone = true;
	if (dongle->stream)
		dongle->stream->class->free(dongle->stream);
	dongle->stream = NULL;
}

/* -- Synchronous ------------------------------------------------------------------------ */

static void asked(struct dongle_call *call, int error, const struct bgapi_frame *frame)
{
	struct dongle_ask *ask = container_of(call, struct dongle_ask, call);

	ask->done = true;
	ask->error = error;
	if (error)
		return;
	ask->frame.message = frame->message;
	ask->frame.payload = bytes(ask->payload, frame->payload.len);
	memcpy(ask->payload, frame->payload.data, frame->payload.len);
}

int dongle_ask(struct dongle *dongle, struct dongle_ask *ask, unsigned int ms)
{
	uint64_t limit = loop_now(dongle->loop) + ms * UINT64_C(1000000);
	int error = 0;

	ask->done = false;
	ask->call.answered = asked;
	dongle_submit(dongle, &ask->call);
	while (!ask->done && !error) {
		uint64_t now = loop_now(dongle->loop);

		error = now >= limit ? -ETIMEDOUT
				     : dongle->stream->class->wait(
					       dongle->stream,
					       (unsigned int)((limit - now) / 1000000 + 1));
	}
	if (ask->done)
		return ask->error;
	dongle_forget(dongle, &ask->call);
	return error;
}
