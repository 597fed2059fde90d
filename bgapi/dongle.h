/* SPDX-License-Identifier: MIT */
/*
 * The dongle at the other end of a stream, as a place to send commands to:
 * one is on the wire at a time, its response is told from what else arrives,
 * events go to whoever made the dongle. What they mean is not known here.
 */
#ifndef BGAPI_DONGLE_H
#define BGAPI_DONGLE_H

#include "base/deferred_free.h"
#include "base/list.h"
#include "bgapi/frame.h"
#include "bgapi/stream.h"

/* A command, embedded in its owner. It may be sent again once it was answered. */
struct dongle_call {
	struct list link; /* the dongle's until then */
	struct bgapi_packet packet;
	enum bgapi_id response;
	/* error 0: frame is the response, valid during the call. -ETIMEDOUT:
	 * there was none in time. -EPROTO: the dongle took it for noise.
	 * frame is NULL then. */
	void (*answered)(struct dongle_call *call, int error,
			 const struct bgapi_frame *frame);
};

struct dongle {
	struct ble_loop *loop;
	const char *name; /* what errors call it; the owner's */
	struct bgapi_stream *stream;
	/* Each event. */
	void (*event)(struct dongle *dongle, const struct bgapi_frame *frame);
	/* It is gone for good: -ENODEV, or what the system said. Comes once,
	 * from dispatch. Its calls were forgotten before, unanswered. */
	void (*lost)(struct dongle *dongle, int error);
	/* Around everything that calls out. The owner sets release. */
	struct life life;

	bool gone;
	unsigned long inputs;        /* pieces of input taken so far */
	struct bgapi_framer framer;
	struct list calls;           /* those that wait */
	struct dongle_call *sent;    /* whose response is awaited; NULL: none */
	struct dongle_call forgotten; /* stands for one that was dropped */
	struct dongle_call greeting;
	struct loop_timer limit;     /* for the response */
	struct loop_timer half;      /* for the rest of a message */
};

/* Takes over the stream. The owner set name, event, lost, life.release. */
void dongle_init(struct dongle *dongle, struct ble_loop *loop,
		 struct bgapi_stream *stream);
/* The same dongle at the other end of another stream, after dongle_release(). */
void dongle_renew(struct dongle *dongle, struct bgapi_stream *stream);
/* Forgets the calls: their answers will not come. */
void dongle_hush(struct dongle *dongle);
/* Silent. */
void dongle_release(struct dongle *dongle);

/* dongle_prepare(call, gap_discover, &params): writes the packet. Parameters
 * that do not fit into a message are the caller's mistake. */
#define dongle_prepare(call, NAME, params)                                     \
	dongle_prepare_any(call, BGAPI_cmd_##NAME, BGAPI_rsp_##NAME,           \
			   1 ? (params) : (const struct bgapi_cmd_##NAME *)NULL)
void dongle_prepare_any(struct dongle_call *call, enum bgapi_id command,
			enum bgapi_id response, const void *params);

/* Queues a prepared call. Where the dongle is gone nothing happens: lost()
 * came, or is on its way. */
void dongle_submit(struct dongle *dongle, struct dongle_call *call);

/* It will not be answered any more and its memory is free; what is on the wire
 * stays there. Fine where it is not queued. */
void dongle_drop(struct dongle *dongle, struct dongle_call *call);

/* The result that a response carries; BGAPI_SUCCESS where it has none. */
uint16_t dongle_result(const struct bgapi_frame *frame);

/* The error of a call that was not answered with success, said: "NAME: the dongle
 * did not WHAT: ...". error and frame's result as answered() had them. */
int dongle_error(struct dongle *dongle, int error, uint16_t result, const char *what);

/* A call as a synchronous question, outside of dispatch only, for at most ms
 * milliseconds. Copies the response's payload to ask->payload. 0, -ETIMEDOUT,
 * -EPROTO, or what the stream said. Events are passed on meanwhile. */
struct dongle_ask {
	struct dongle_call call;
	bool done;
	int error;
	struct bgapi_frame frame;
	uint8_t payload[BGAPI_PAYLOAD_MAX];
};
int dongle_ask(struct dongle *dongle, struct dongle_ask *ask, unsigned int ms);

#endif
