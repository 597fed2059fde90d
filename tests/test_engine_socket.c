/* SPDX-License-Identifier: MIT */
/* The engine's scripts again, over a real socket, with the loop in between;
 * and what only a socket can do: be full. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hci/l2cap.h"
#include "tests/failmalloc.h"
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
		TEST(full_socket), TEST(out_of_memory), TEST(nothing_allocated), { 0 },
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
