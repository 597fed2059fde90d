/* SPDX-License-Identifier: MIT */
/* The engine's scripts over a real socket and the loop; and what only a socket can
 * be: full. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hci/l2cap.h"
#include "tests/failmalloc.h"
#include "tests/failsend.h"
#include "tests/script_socket.h"
#include "tests/test_engine.h"

/* -- A full socket ------------------------------------------------------------------ */

enum { COMMANDS = 2000 };

struct flood {
	struct att_op ops[COMMANDS];
	int done;
};

static struct flood *flood;

static void on_done(struct att_op *op, int error)
{
	CHECK_INT(error, 0);
	CHECK_INT(op - flood->ops, flood->done); /* in order */
	flood->done++;
}

/* Commands that nobody reads wait in their owner's memory; none is lost, none
 * overtakes, and those without done are refused meanwhile. */
static void full_socket(void)
{
	struct l2cap_link *link = NULL;
	struct ble_loop *loop = NULL;
	struct att_op bare = { .verb = ATT_WRITE_COMMAND, .start = 1 };
	uint8_t numbers[COMMANDS][2], pdu[16];
	int fds[2], heard = 0;

	flood = calloc(1, sizeof(*flood));
	REQUIRE(flood != NULL);
	REQUIRE(ble_loop_new(&loop) == 0);
	REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds) == 0);
	REQUIRE(l2cap_link_new(loop, fds[0], NULL, &link) == 0);
	for (int i = 0; i < COMMANDS; i++) {
		numbers[i][0] = (uint8_t)i;
		numbers[i][1] = (uint8_t)(i >> 8);
		flood->ops[i] = (struct att_op){ .verb = ATT_WRITE_COMMAND,
						 .start = 3,
						 .value = { numbers[i], 2 },
						 .done = on_done };
		CHECK_INT(att_submit(&link->engine.att, &flood->ops[i]), 0);
	}
	CHECK_INT(att_submit(&link->engine.att, &bare), -EAGAIN);
	CHECK_INT(flood->done, 0);
	ble_loop_dispatch(loop, 0);
	CHECK(flood->done > 0 && flood->done < COMMANDS);
	for (int rounds = 0; heard < COMMANDS && rounds < 2 * COMMANDS; rounds++) {
		while (recv(fds[1], pdu, sizeof(pdu), 0) == 5) {
			CHECK_INT(pdu[0], 0x52);
			CHECK_INT(pdu[3] | pdu[4] << 8, heard);
			heard++;
		}
		ble_loop_dispatch(loop, 0);
	}
	CHECK_INT(heard, COMMANDS);
	CHECK_INT(flood->done, COMMANDS);
	CHECK_INT(att_submit(&link->engine.att, &bare), 0);
	att_free(&link->engine.att);
	close(fds[1]);
	ble_loop_unref(loop);
	free(flood);
}

/* -- A socket that cannot send ---------------------------------------------------------- */

struct told {
	unsigned int values, done, closed;
	int error, closed_error;
};

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	struct told *told = user;

	CHECK_INT(handle, 3);
	CHECK_INT(value.len, 1);
	told->values++;
}

static void on_closed(void *user, int error, uint8_t reason)
{
	struct told *told = user;

	(void)reason;
	told->closed++;
	told->closed_error = error;
}

static const struct att_events told_events = { .value = on_value, .closed = on_closed };

struct told_op {
	struct att_op op;
	struct told *told;
};

static void told_done(struct att_op *op, int error)
{
	struct told *told = container_of(op, struct told_op, op)->told;

	told->done++;
	told->error = error;
}

static struct l2cap_link *told_link(struct ble_loop **ret_loop, struct told *told,
				    int *ret_peer)
{
	struct l2cap_link *link = NULL;
	int fds[2];

	memset(told, 0, sizeof(*told));
	REQUIRE(ble_loop_new(ret_loop) == 0);
	loop_clock_freeze(*ret_loop);
	REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds) == 0);
	REQUIRE(l2cap_link_new(*ret_loop, fds[0], NULL, &link) == 0);
	link->engine.att.events = &told_events;
	link->engine.att.user = told;
	*ret_peer = fds[1];
	return link;
}

/* No memory for a packet: the socket is writable all the while. A request, a
 * command, an answer and a confirmation leave once there is some. */
static void short_of_memory(void)
{
	static const int errors[] = { ENOBUFS, ENOMEM };
	static const uint8_t indicate[] = { 0x1d, 3, 0, 9 }, ask[] = { 0x02, 100, 0 };

	for (size_t i = 0; i < 2; i++) {
		struct told told;
		struct told_op read = { { .verb = ATT_READ, .start = 5,
					  .done = told_done }, &told };
		struct told_op write = { { .verb = ATT_WRITE_COMMAND, .start = 6,
					   .done = told_done }, &told };
		struct ble_loop *loop;
		unsigned int sent = 0;
		uint8_t pdu[16], first[4];
		int peer;
		struct l2cap_link *link = told_link(&loop, &told, &peer);

		CHECK_INT(send(peer, indicate, sizeof(indicate), 0), sizeof(indicate));
		CHECK_INT(send(peer, ask, sizeof(ask), 0), sizeof(ask));
		failsend_arm(errors[i], 3);
		CHECK_INT(att_submit(&link->engine.att, &read.op), 0);
		CHECK_INT(att_submit(&link->engine.att, &write.op), 0);
		for (int rounds = 0; rounds < 10; rounds++)
			ble_loop_dispatch(loop, 20);
		CHECK_INT(failsend_disarm(), 0);
		while (sent < 4 && recv(peer, pdu, sizeof(pdu), 0) > 0)
			first[sent++] = pdu[0];
		REQUIRE(sent == 4);
		CHECK_MEM(first, ((const uint8_t[]){ 0x03, 0x1e, 0x0a, 0x52 }), 4);
		CHECK_INT(told.values, 1);
		CHECK_INT(told.done, 1); /* the command; the read waits for its answer */
		CHECK_INT(told.closed, 0);
		att_free(&link->engine.att);
		close(peer);
		ble_loop_unref(loop);
	}
}

/* What else sending may fail with ends the link, though poll sees nothing
 * wrong with it; what arrived before is not lost. */
static void cannot_send(void)
{
	static const uint8_t notify[] = { 0x1b, 3, 0, 9 };
	struct told told;
	struct told_op read = { { .verb = ATT_READ, .start = 5, .done = told_done }, &told };
	struct ble_loop *loop;
	int peer;
	struct l2cap_link *link = told_link(&loop, &told, &peer);

	CHECK_INT(send(peer, notify, sizeof(notify), 0), sizeof(notify));
	failsend_arm(EMSGSIZE, 1);
	CHECK_INT(att_submit(&link->engine.att, &read.op), -ENOTCONN);
	CHECK_INT(failsend_disarm(), 0);
	CHECK_INT(told.closed, 0); /* not from inside */
	for (int rounds = 0; rounds < 5; rounds++)
		ble_loop_dispatch(loop, 0);
	CHECK_INT(told.values, 1);
	CHECK_INT(told.done, 0);
	CHECK_INT(told.closed, 1);
	CHECK_INT(told.closed_error, -ENOTCONN);
	att_free(&link->engine.att);
	close(peer);
	ble_loop_unref(loop);
}

/* -- Memory --------------------------------------------------------------------------- */

static int make_link(void *user)
{
	struct l2cap_link *link = NULL;
	struct ble_loop *loop = NULL;
	int fds[2], error;

	(void)user;
	REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds) == 0);
	error = ble_loop_new(&loop);
	if (!error)
		error = l2cap_link_new(loop, fds[0], NULL, &link);
	CHECK_INT(!link, error != 0);
	if (link)
		att_free(&link->engine.att); /* the descriptor is its own */
	else
		close(fds[0]);
	close(fds[1]);
	ble_loop_unref(loop);
	return error;
}

static void out_of_memory(void)
{
	CHECK(fail_each(make_link, NULL) >= 3);
}

/* The hot path through a socket: nothing is allocated. */
static void nothing_allocated(void)
{
	static const uint8_t notify[] = { 0x1b, 3, 0, 1, 2, 3, 4 };
	struct l2cap_link *link = NULL;
	struct ble_loop *loop = NULL;
	struct att_op op = { .verb = ATT_WRITE_COMMAND, .start = 1 };
	unsigned long before;
	uint8_t pdu[16];
	int fds[2];

	REQUIRE(ble_loop_new(&loop) == 0);
	REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds) == 0);
	REQUIRE(l2cap_link_new(loop, fds[0], NULL, &link) == 0);
	before = failmalloc_count();
	for (int i = 0; i < 100; i++) {
		CHECK_INT(send(fds[1], notify, sizeof(notify), 0), sizeof(notify));
		ble_loop_dispatch(loop, 0);
		CHECK_INT(att_submit(&link->engine.att, &op), 0);
		CHECK_INT(recv(fds[1], pdu, sizeof(pdu), 0), 3);
	}
	CHECK_INT(failmalloc_count(), before);
	att_free(&link->engine.att);
	close(fds[1]);
	ble_loop_unref(loop);
}

/* -- The scripts ------------------------------------------------------------------------ */

static struct test_case picked[512];
static size_t n_picked;

/* Those that a socket can play; a table's end behind them. */
static const struct test_case *pick(const struct test_case *from)
{
	const struct test_case *first = &picked[n_picked];

	for (; from->name && n_picked + 1 < sizeof(picked) / sizeof(picked[0]); from++) {
		if (from->run == run_script && !script_needs_bare(from->data))
			picked[n_picked++] = *from;
	}
	n_picked++;
	return first;
}

int main(int argc, char **argv)
{
	static const struct test_case link[] = {
		TEST(full_socket), TEST(short_of_memory), TEST(cannot_send), TEST(out_of_memory), TEST(nothing_allocated), { 0 },
	};
	const struct test_suite suites[] = {
		{ "sweeps", pick(engine_sweeps) }, { "values", pick(engine_values) },
		{ "mtu", pick(engine_mtu) },	   { "peer", pick(engine_peer) },
		{ "order", pick(engine_order) },   { "link", link },
		{ 0 },
	};

	script_wire = &socket_wire;
	return harness_main(argc, argv, suites);
}
