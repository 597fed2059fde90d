/* SPDX-License-Identifier: MIT */
/*
 * The sans-IO ATT engine: PDUs and a time in, PDUs and records out. It holds
 * no descriptor, no clock and no loop, so that sockets, the simulator, tests
 * and fuzzers drive the same code. Its owner embeds it, gives it a class whose
 * submit and cancel are the engine's, and a function that sends.
 *
 * The owner's duties:
 *  - hand over every PDU that arrives: att_engine_input();
 *  - call att_engine_expire() once att_engine_deadline() is reached;
 *  - after send() returned -EAGAIN: att_engine_flush() when there is room again;
 *  - after wake(): att_engine_finish() from the next dispatch;
 *  - when the transport ends: att_engine_close().
 * Callbacks may free the link from inside input, expire, flush, finish and
 * close: the owner keeps the engine's memory until these have returned.
 */
#ifndef ATT_ENGINE_H
#define ATT_ENGINE_H

#include "att/att.h"

struct att_engine;

struct att_engine_io {
	/* Sends one whole PDU: 0, -EAGAIN, or another -errno if the link is
	 * lost. Then the owner calls att_engine_close(), but not from inside
	 * send. The PDU is in two parts, so that no value is copied. */
	int (*send)(struct att_engine *engine, struct ble_bytes head,
		    struct ble_bytes tail);
	/* Commands were sent: the owner must call att_engine_finish() from a
	 * later dispatch. Called from inside submit, input and flush. */
	void (*wake)(struct att_engine *engine);
	/* Nanoseconds of the clock that expire() gets. May be some 10 ms late,
	 * never early: a request would time out too soon. */
	uint64_t (*now)(struct att_engine *engine);
};

struct att_engine {
	struct att att; /* the seam; its class is set by the owner */
	const struct att_engine_io *io;
	bool closed;
	bool mtu_asked;         /* the request is sent once (3.4.2.1) */
	bool blocked;           /* send() returned -EAGAIN */
	bool refused;           /* a command without done met -EAGAIN */
	bool confirm;           /* a confirmation met -EAGAIN */
	bool indicated;         /* the peer has sent an indication: one may be
				   under way */
	bool unanswered;        /* closed with a request on the wire */
	uint8_t waiting;        /* opcode of the request on the wire; 0: none */
	uint16_t asked_mtu;     /* mtu when it was sent */
	struct att_op *current; /* whose request it is; NULL after cancel */
	uint64_t deadline;      /* of that request */
	struct list requests;   /* accepted, not yet sent; current is not in it */
	struct list commands;   /* as well */
	unsigned int submitted; /* ops so far; each has its number in op->order */
	struct list finished;   /* commands that were sent, not called back yet */
	struct list finishing;  /* those that att_engine_finish() calls back now */
	uint16_t response_len;  /* of a response that met -EAGAIN; else 0 */
	uint8_t response[ATT_MTU_MAX];
};

enum { ATT_TIMEOUT_S = 30 }; /* Vol 3, Part F, 3.3.3 */

void att_engine_init(struct att_engine *engine, const struct att_engine_io *io,
		     const struct att_class *class);
int att_engine_submit(struct att *att, struct att_op *op);
void att_engine_cancel(struct att *att, struct att_op *op);
bool att_engine_waits(struct att *att, const struct att_op *op);

void att_engine_input(struct att_engine *engine, const uint8_t *pdu, size_t len);
uint64_t att_engine_deadline(const struct att_engine *engine); /* UINT64_MAX: none */
void att_engine_expire(struct att_engine *engine, uint64_t now);
void att_engine_flush(struct att_engine *engine);
void att_engine_finish(struct att_engine *engine);

/* Ends all ops with -ENOTCONN, then calls closed(error, reason) unless the
 * engine is closed already. */
void att_engine_close(struct att_engine *engine, int error, uint8_t reason);

/* Whether a request or an indication may be under way, or was when the engine was
 * closed. Then a new engine must not use the same bearer. */
bool att_engine_unsettled(const struct att_engine *engine);

/* Removes all ops without calling back. */
void att_engine_drop_ops(struct att_engine *engine);

#endif
