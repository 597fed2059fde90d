/* SPDX-License-Identifier: MIT */
/*
 * How each verb of att.h is written as a request and how its response is read:
 * pure functions on one op, a row for each verb. A sweep or a long read continues
 * with another op->start or op->offset.
 */
#ifndef ATT_VERB_H
#define ATT_VERB_H

#include "att/att.h"

enum { ATT_HEAD_MAX = 21 }; /* opcode, two handles, a long UUID */

struct att_reader {
	uint16_t mtu; /* when the request was sent */
	/* False once a record callback cancelled the op or freed the link. */
	bool (*alive)(void *user, const struct att_op *op);
	void *user;
};

/* Whether the op can be sent: 0, -EINVAL, -EMSGSIZE. */
int att_verb_check(const struct att_op *op, uint16_t mtu);

/* The opcode of the op's next request. */
uint8_t att_verb_opcode(const struct att_op *op);

/* Writes the request's head, points ret_tail at its rest, returns the head's
 * length. */
size_t att_verb_write(const struct att_op *op, uint8_t head[ATT_HEAD_MAX],
		      struct ble_bytes *ret_tail);

/* Reads the response to that request. 0: done. 1: ask again. -EBADMSG. If the op
 * is not alive any more, it is not touched and the result must be ignored. */
int att_verb_read(struct att_op *op, const struct att_reader *reader,
		  struct ble_bytes pdu);

/* The error of the op after an error response: 0 if it only ends a sweep. */
int att_verb_error(const struct att_op *op, int error);

#endif
