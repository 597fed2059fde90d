/* SPDX-License-Identifier: MIT */
/*
 * The dongle at the other end of a stream. Sends commands, one at a time, and finds
 * the response to each in the input. Events are passed to the owner. The meaning
 * of commands and events is not known here.
 */
#ifndef BGAPI_DONGLE_H
#define BGAPI_DONGLE_H

#include "base/deferred_free.h"
#include "base/list.h"
#include "bgapi/frame.h"
#include "bgapi/stream.h"

/* A command, embedded in its owner. It may be sent again after it was answered. */
struct dongle_call {
	struct list link; /* the dongle's until it is answered */
	struct bgapi_packet packet;
	enum bgapi_id response;
	/* error 0: frame is the response, valid during the call. -ETIMEDOUT: no
	 * response in time. -EPROTO: the dongle did not recognise the command. In
	 * both cases frame is NULL. */
	void (*answered)(struct dongle_call *call, int error,
			 const struct bgapi_frame *frame);
};

struct dongle {
	struct ble_loop *loop;
	const char *name; /* for error texts; the owner's */
	struct bgapi_stream *stream;
	/* Each event. */
	void (*event)(struct dongle *dongle, const struct bgapi_frame *frame);
	/* The dongle is gone: -ENODEV or the system's error. Called once, from
	 * dispatch. Its calls were dropped before without an answer. */
	void (*lost)(struct dongle *dongle, int error);
	/* Held around each callback. The owner sets release. */
	struct deferred_free memory;

	bool gone;
	unsigned long inputs;        /* how often input() was called */
	struct bgapi_framer framer;
	struct list calls;           /* queued */
	struct dongle_call *sent;    /* waits for its response; NULL: none */
	struct dongle_call dropped;  /* takes the place of a sent call that was dropped */
	struct dongle_call hello;
	struct loop_timer limit;     /* for the response */
	struct loop_timer partial;   /* for the rest of a message */
};

/* Takes over the stream. The owner set name, event, lost, memory.free. */
void dongle_init(struct dongle *dongle, struct ble_loop *loop,
		 struct bgapi_stream *stream);
/* After dongle_release(): continues with the same dongle on another stream. */
void dongle_reopen(struct dongle *dongle, struct bgapi_stream *stream);
/* Drops all calls without an answer. */
void dongle_drop_calls(struct dongle *dongle);
/* Frees the stream. Calls nothing back. */
void dongle_release(struct dongle *dongle);

/* dongle_prepare(call, gap_discover, &params): writes the packet. The parameters
 * must fit into a message. */
#define dongle_prepare(call, NAME, params)                                     \
	dongle_prepare_any(call, BGAPI_cmd_##NAME, BGAPI_rsp_##NAME,           \
			   1 ? (params) : (const struct bgapi_cmd_##NAME *)NULL)
void dongle_prepare_any(struct dongle_call *call, enum bgapi_id command,
			enum bgapi_id response, const void *params);

/* Queues a prepared call. Does nothing if the dongle is gone: lost() was called or
 * will be. */
void dongle_submit(struct dongle *dongle, struct dongle_call *call);

/* Drops one call: it is not answered, and its memory may be freed. If it was sent, the
 * dongle still executes it. Allowed for a call that is not queued. */
void dongle_drop(struct dongle *dongle, struct dongle_call *call);

/* The same, and the next command does not wait for the response of this one. */
void dongle_forget(struct dongle *dongle, struct dongle_call *call);

/* The result that a response carries; BGAPI_SUCCESS where it has none. */
uint16_t dongle_result(const struct bgapi_frame *frame);

/* Returns the error of a call that failed and sets its text: "NAME: the dongle did not
 * WHAT: ...". error is answered()'s, result is the frame's. */
int dongle_error(struct dongle *dongle, int error, uint16_t result, const char *what);

/* Sends a call and waits up to ms milliseconds for its response, outside of dispatch
 * only. Copies the response's payload to ask->payload. 0, -ETIMEDOUT, -EPROTO or the
 * stream's error. Events are passed on meanwhile. */
struct dongle_ask {
	struct dongle_call call;
	bool done;
	int error;
	struct bgapi_frame frame;
	uint8_t payload[BGAPI_PAYLOAD_MAX];
};
int dongle_ask(struct dongle *dongle, struct dongle_ask *ask, unsigned int ms);

#endif
