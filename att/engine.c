/* SPDX-License-Identifier: MIT */
/*
 * Sends requests and commands, handles responses, values and the peer's requests, and
 * ends all of them. verb.c writes and reads the PDUs of each verb.
 */
#include "att/engine.h"

#include <errno.h>
#include <string.h>

#include "att/pdu.h"
#include "att/verb.h"
#include "base/bytes.h"

static struct att_engine *engine_of(struct att *att)
{
	return container_of(att, struct att_engine, att);
}

void att_engine_init(struct att_engine *engine, const struct att_engine_io *io,
		     const struct att_class *class)
{
	memset(engine, 0, offsetof(struct att_engine, response));
	engine->att.class = class;
	engine->att.mtu = ATT_MTU_MIN;
	engine->io = io;
	engine->att.receive_mtu = ATT_MTU_MAX;
	list_init(&engine->requests);
	list_init(&engine->commands);
	list_init(&engine->finished);
	list_init(&engine->finishing);
}

/* -- Sending ---------------------------------------------------------------- */

static int send_pdu(struct att_engine *engine, struct ble_bytes head,
		    struct ble_bytes tail)
{
	int error = engine->io->send(engine, head, tail);

	if (error == -EAGAIN)
		engine->blocked = true;
	return error;
}

static int send_op(struct att_engine *engine, struct att_op *op)
{
	uint8_t head[ATT_HEAD_MAX];
	struct ble_bytes tail = { NULL, 0 };
	size_t len = att_verb_write(op, head, &tail);

	return send_pdu(engine, bytes(head, len), tail);
}

static int send_request(struct att_engine *engine, struct att_op *op)
{
	int error = send_op(engine, op);

	if (error)
		return error;
	engine->waiting = att_verb_opcode(op);
	engine->asked_mtu = engine->att.mtu;
	engine->current = op;
	engine->deadline = engine->io->now(engine) + ATT_TIMEOUT_S * UINT64_C(1000000000);
	engine->att.requests++;
	return 0;
}

/* The queue is one, in the order of submission, in which commands may pass requests
 * that wait for a response. It is kept as two lists, so that the first command is
 * found, and any op removed, without a walk over the others. The numbers of their
 * first ops tell which of them was submitted earlier; they wrap around. */
static bool request_is_next(const struct att_engine *engine)
{
	const struct att_op *request, *command;

	if (engine->waiting || list_empty(&engine->requests))
		return false;
	if (list_empty(&engine->commands))
		return true;
	request = list_entry(engine->requests.next, struct att_op, link);
	command = list_entry(engine->commands.next, struct att_op, link);
	return (int)(request->order - command->order) < 0;
}

static void pump_request(struct att_engine *engine)
{
	struct list *link = list_pop(&engine->requests);

	if (send_request(engine, list_entry(link, struct att_op, link))) {
		engine->blocked = true;
		list_prepend(&engine->requests, link);
	}
}

static void pump_command(struct att_engine *engine)
{
	struct list *link = list_pop(&engine->commands);

	if (send_op(engine, list_entry(link, struct att_op, link))) {
		engine->blocked = true;
		list_prepend(&engine->commands, link);
		return;
	}
	list_append(&engine->finished, link);
	engine->io->wake(engine);
}

/* Sends what can be sent now, in the order of submission. Calls nothing back, so that
 * callbacks which submit cannot make it endless: commands that were sent are called
 * back later, and those on a lost link when its owner closes it. */
static void pump(struct att_engine *engine)
{
	while (!engine->closed && !engine->blocked) {
		if (request_is_next(engine))
			pump_request(engine);
		else if (!list_empty(&engine->commands))
			pump_command(engine);
		else
			return;
	}
}

static int submit_command(struct att_engine *engine, struct att_op *op)
{
	bool wait = engine->blocked || !list_empty(&engine->commands);
	int error = wait ? -EAGAIN : send_op(engine, op);

	if (!op->done) {
		engine->refused = engine->refused || error == -EAGAIN;
		return error;
	}
	list_init(&op->link);
	if (!error) {
		list_append(&engine->finished, &op->link);
		engine->io->wake(engine);
	} else if (error == -EAGAIN) {
		list_append(&engine->commands, &op->link);
		error = 0;
	}
	return error;
}

static int submit_request(struct att_engine *engine, struct att_op *op)
{
	int error = -EAGAIN;

	if (op->verb == ATT_EXCHANGE_MTU && engine->mtu_asked)
		return -EALREADY;
	if (!engine->waiting && !engine->blocked && list_empty(&engine->requests))
		error = send_request(engine, op);
	if (error == -EAGAIN) {
		list_append(&engine->requests, &op->link);
		error = 0;
	}
	if (!error && op->verb == ATT_EXCHANGE_MTU) {
		engine->mtu_asked = true;
		engine->att.receive_mtu = op->start;
	}
	return error;
}

int att_engine_submit(struct att *att, struct att_op *op)
{
	struct att_engine *engine = engine_of(att);
	int error;

	if (engine->closed)
		return -ENOTCONN;
	error = att_verb_check(op, att->mtu);
	if (error)
		return error;
	op->order = engine->submitted++;
	if (op->verb == ATT_WRITE_COMMAND)
		return submit_command(engine, op);
	list_init(&op->link);
	return submit_request(engine, op);
}

void att_engine_cancel(struct att *att, struct att_op *op)
{
	struct att_engine *engine = engine_of(att);

	if (engine->current == op) {
		engine->current = NULL;
		return;
	}
	/* Not sent yet, so it may be asked again. */
	if (op->verb == ATT_EXCHANGE_MTU && list_queued(&op->link))
		engine->mtu_asked = false;
	list_remove(&op->link);
}

bool att_engine_waits(struct att *att, const struct att_op *op)
{
	list_for_each(link, &engine_of(att)->commands)
		if (link == &op->link)
			return true;
	return false;
}

static void end_all(struct list *ops, int error)
{
	struct list *link;

	while ((link = list_pop(ops))) {
		struct att_op *op = list_entry(link, struct att_op, link);

		op->done(op, error);
	}
}

/* Commands that the callbacks submit are called back in the next dispatch. */
void att_engine_finish(struct att_engine *engine)
{
	list_splice(&engine->finishing, &engine->finished);
	end_all(&engine->finishing, 0);
}

/* Responses and confirmations first: the peer waits for them. */
void att_engine_flush(struct att_engine *engine)
{
	static const uint8_t confirm = ATT_CONFIRM;

	if (engine->closed)
		return;
	engine->blocked = false;
	if (engine->response_len &&
	    send_pdu(engine, bytes(engine->response, engine->response_len),
		     bytes(NULL, 0)) != -EAGAIN)
		engine->response_len = 0;
	if (engine->confirm && !engine->blocked &&
	    send_pdu(engine, bytes(&confirm, 1), bytes(NULL, 0)) != -EAGAIN)
		engine->confirm = false;
	pump(engine);
	if (engine->blocked || engine->closed || !engine->refused)
		return;
	engine->refused = false;
	if (engine->att.events && engine->att.events->writable)
		engine->att.events->writable(engine->att.user);
}

/* The MTU never shrinks: queued ops were checked against it. A peer that sends
 * another number the second time violates 3.4.2.1. */
static void set_mtu(struct att_engine *engine, uint16_t peer_mtu)
{
	uint16_t most = engine->att.receive_mtu;
	uint16_t mtu = peer_mtu < most ? peer_mtu : most;

	if (mtu > engine->att.mtu)
		engine->att.mtu = mtu;
}

/* -- Responses and errors --------------------------------------------------- */

static void end_current(struct att_engine *engine, int error)
{
	struct att_op *op = engine->current;

	engine->waiting = 0;
	engine->current = NULL;
	if (op)
		op->done(op, error);
	pump(engine);
}

/* Sends the next request of a sweep or of a long read, before others, which were
 * submitted later. */
static void ask_again(struct att_engine *engine)
{
	struct att_op *op = engine->current;
	int error;

	engine->waiting = 0;
	engine->current = NULL;
	error = engine->blocked ? -EAGAIN : send_request(engine, op);
	if (error == -EAGAIN)
		list_prepend(&engine->requests, &op->link);
	else if (error)
		op->done(op, -ENOTCONN);
}

static void input_error(struct att_engine *engine, const uint8_t *pdu, size_t len)
{
	int error = -EBADMSG;

	/* An error for another request is ignored. */
	if (!engine->waiting || (len > 1 && pdu[1] != engine->waiting))
		return;
	if (len == 5 && pdu[4] != 0)
		error = BLE_ERROR_ATT(pdu[4]);
	if (engine->current && ble_error_att(error))
		error = att_verb_error(engine->current, error);
	end_current(engine, error);
}

static bool record_allowed(void *user, const struct att_op *op)
{
	struct att_engine *engine = user;

	return engine->current == op && !engine->closed;
}

static void input_response(struct att_engine *engine, const uint8_t *pdu, size_t len)
{
	struct att_op *op = engine->current;
	const struct att_reader reader = {
		.mtu = engine->asked_mtu,
		.alive = record_allowed,
		.user = engine,
	};
	int next;

	if (!engine->waiting || pdu[0] != att_pdu_info(engine->waiting)->response)
		return;
	/* The peer uses this MTU even if the op was cancelled. */
	if (pdu[0] == ATT_MTU_RSP && len == 3)
		set_mtu(engine, get_le16(pdu + 1));
	if (!op) {
		end_current(engine, 0);
		return;
	}
	next = att_verb_read(op, &reader, bytes(pdu, len));
	if (engine->closed)
		return;
	if (next > 0 && engine->current)
		ask_again(engine);
	else
		end_current(engine, next > 0 ? 0 : next);
}

/* -- Values and requests of the peer ----------------------------------------- */

static void confirm(struct att_engine *engine)
{
	static const uint8_t pdu = ATT_CONFIRM;

	if (engine->closed)
		return;
	engine->indicated = true;
	if (engine->blocked ||
	    send_pdu(engine, bytes(&pdu, 1), bytes(NULL, 0)) == -EAGAIN)
		engine->confirm = true;
}

static void deliver(struct att_engine *engine, uint16_t handle,
		    struct ble_bytes value)
{
	if (!engine->closed && engine->att.events && handle)
		engine->att.events->value(engine->att.user, handle, value);
}

static void input_value(struct att_engine *engine, const uint8_t *pdu, size_t len)
{
	if (len >= 3)
		deliver(engine, get_le16(pdu + 1), bytes(pdu + 3, len - 3));
}

/* Handle, length and value, repeated (3.4.7.4); stops at a wrong length. */
static void input_values(struct att_engine *engine, const uint8_t *pdu, size_t len)
{
	size_t at = 1;

	while (len - at >= 4) {
		uint16_t handle = get_le16(pdu + at);
		size_t size = get_le16(pdu + at + 2);

		at += 4;
		if (size > len - at)
			return;
		deliver(engine, handle, bytes(pdu + at, size));
		at += size;
	}
}

static size_t error_response(uint8_t *response, uint8_t request, enum att_error error)
{
	response[0] = ATT_ERROR_RSP;
	response[1] = request;
	put_le16(response + 2, 0);
	response[4] = ble_error_att(error);
	return 5;
}

static size_t answer(struct att_engine *engine, const uint8_t *pdu, size_t len)
{
	struct att_server *server = engine->att.server;
	bool command = pdu[0] & ATT_COMMAND_FLAG;

	if (pdu[0] == ATT_MTU_REQ) {
		if (len != 3)
			return error_response(engine->response, pdu[0], ATT_INVALID_PDU);
		engine->response[0] = ATT_MTU_RSP;
		put_le16(engine->response + 1, engine->att.receive_mtu);
		return 3;
	}
	if (server)
		return server->answer(server, engine->att.mtu, bytes(pdu, len),
				      engine->response);
	if (command || pdu[0] == ATT_CONFIRM)
		return 0;
	return error_response(engine->response, pdu[0], ATT_REQUEST_NOT_SUPPORTED);
}

static void input_request(struct att_engine *engine, const uint8_t *pdu, size_t len)
{
	size_t size;

	/* A second request before the response violates 3.3.2. */
	if (engine->response_len)
		return;
	size = answer(engine, pdu, len);
	if (size && (engine->blocked ||
		     send_pdu(engine, bytes(engine->response, size),
			      bytes(NULL, 0)) == -EAGAIN))
		engine->response_len = (uint16_t)size;
	if (pdu[0] == ATT_MTU_REQ && len == 3)
		set_mtu(engine, get_le16(pdu + 1));
}

void att_engine_input(struct att_engine *engine, const uint8_t *pdu, size_t len)
{
	if (engine->closed || len == 0)
		return;
	switch (pdu[0]) {
	case ATT_NOTIFY:
		input_value(engine, pdu, len);
		return;
	case ATT_INDICATE:
		/* A malformed one is confirmed too: without a confirmation
		 * the peer could send no other. */
		input_value(engine, pdu, len);
		confirm(engine);
		return;
	case ATT_NOTIFY_MULTI:
		input_values(engine, pdu, len);
		return;
	case ATT_ERROR_RSP:
		input_error(engine, pdu, len);
		return;
	default:
		if (att_pdu_info(pdu[0])->kind == ATT_RESPONSE)
			input_response(engine, pdu, len);
		else
			input_request(engine, pdu, len);
	}
}

/* -- Closing ------------------------------------------------------------------ */

uint64_t att_engine_deadline(const struct att_engine *engine)
{
	return engine->waiting && !engine->closed ? engine->deadline : UINT64_MAX;
}

static void close_engine(struct att_engine *engine, int op_error, int error,
			 uint8_t reason)
{
	struct att_op *op = engine->current;

	if (engine->closed)
		return;
	engine->closed = true;
	engine->current = NULL;
	engine->unanswered = engine->waiting;
	engine->waiting = 0;
	if (op)
		op->done(op, op_error);
	end_all(&engine->finishing, 0);
	end_all(&engine->finished, 0);
	end_all(&engine->commands, op_error);
	end_all(&engine->requests, op_error);
	if (engine->att.events)
		engine->att.events->closed(engine->att.user, error, reason);
}

void att_engine_expire(struct att_engine *engine, uint64_t now)
{
	if (now >= att_engine_deadline(engine))
		close_engine(engine, -ETIMEDOUT, -ETIMEDOUT, 0);
}

/* -ETIMEDOUT here is the supervision timeout of the link: ops end with -ENOTCONN. */
void att_engine_close(struct att_engine *engine, int error, uint8_t reason)
{
	close_engine(engine, -ENOTCONN, error, reason);
}

static void forget_all(struct list *ops)
{
	while (list_pop(ops))
		;
}

bool att_engine_unsettled(const struct att_engine *engine)
{
	return engine->indicated || engine->unanswered || engine->waiting;
}

void att_engine_drop_ops(struct att_engine *engine)
{
	engine->closed = true;
	engine->current = NULL;
	engine->unanswered = engine->unanswered || engine->waiting;
	engine->waiting = 0;
	engine->att.events = NULL;
	forget_all(&engine->requests);
	forget_all(&engine->commands);
	forget_all(&engine->finished);
	forget_all(&engine->finishing);
}
