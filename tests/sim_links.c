/* SPDX-License-Identifier: MIT */
/* Links to a peripheral of the test's own, which may be made to misbehave; and
 * its half of a link behind a socket. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "sim/link.h"
#include "tests/failmalloc.h"
#include "tests/reference.h"
#include "tests/sim_client.h"
#include "tests/socket_peer.h"

static struct sim_model model;
static int gone;

static void on_gone(void *user)
{
	CHECK(user == &model);
	gone++;
}

/* A link to the middle reference database, changed before by change. */
static void direct(struct client *client, unsigned int interval_ms,
		   void (*change)(struct sim_peripheral *p))
{
	struct sim_peripheral *p;

	gone = 0;
	memset(client, 0, sizeof(*client));
	REQUIRE(ble_loop_new(&loop) == 0);
	loop_clock_freeze(loop);
	sim_model_init(&model);
	REQUIRE(reference_peripheral(&model, REFERENCE_MIDDLE, interval_ms, &p) == 0);
	if (change)
		change(p);
	REQUIRE(sim_link_new(loop, p, NULL, on_gone, &model, &client->att) == 0);
	client->att->events = &link_events;
	client->att->user = client;
}

static void direct_end(struct client *client)
{
	att_free(client->att);
	CHECK_INT(gone, 1);
	sim_model_release(&model);
	loop = ble_loop_unref(loop);
}

static void indications(void)
{
	struct client client;

	direct(&client, 100, NULL);
	CHECK_INT(write16(&client, REFERENCE_INDICATE + 1, 2), 0);
	pass(1005);
	CHECK_INT(client.values, 10);
	CHECK_INT(client.handle, REFERENCE_INDICATE);
	CHECK_MEM(client.value, "\x09\x00\x00\x00", 4);
	/* With both bits it notifies. */
	CHECK_INT(write16(&client, REFERENCE_INDICATE + 1, 0), 0);
	CHECK_INT(write16(&client, REFERENCE_BOTH + 1, 3), 0);
	pass(1005);
	CHECK_INT(client.values, 20);
	CHECK_INT(client.handle, REFERENCE_BOTH);
	direct_end(&client);
}

static void in_bursts(struct sim_peripheral *p)
{
	list_for_each(l, &p->sources)
		list_entry(l, struct sim_source, link)->burst = 1000;
}

/* More at a time than any queue on the way holds. */
static void bursts(void)
{
	struct client client;

	direct(&client, 50, in_bursts);
	CHECK_INT(write16(&client, REFERENCE_NOTIFY + 1, 1), 0);
	pass(95);
	CHECK_INT(client.values, 1000);
	CHECK_MEM(client.value, "\xe7\x03\x00\x00", 4);
	CHECK_INT(write16(&client, REFERENCE_INDICATE + 1, 2), 0);
	pass(45);
	CHECK(client.values > 1030);
	direct_end(&client);
}

static void no_allocation(void)
{
	struct client client;
	struct att_op command = {
		.verb = ATT_WRITE_COMMAND, .start = REFERENCE_COMMAND,
		.value = { (const uint8_t *)"0123456789", 10 },
	};
	unsigned long before;

	direct(&client, 1, NULL);
	CHECK_INT(write16(&client, REFERENCE_NOTIFY + 1, 1), 0);
	pass(10);
	before = failmalloc_count();
	for (int i = 0; i < 500; i++)
		CHECK_INT(att_submit(client.att, &command), 0);
	pass(500);
	CHECK(client.values >= 500);
	CHECK_INT(failmalloc_count() - before, 0);
	direct_end(&client);
}

static void echoes(struct sim_peripheral *p)
{
	list_for_each(l, &p->sources)
		list_entry(l, struct sim_source, link)->on_write = true;
	gatt_table_find(&p->table, REFERENCE_NOTIFY)->permissions |= GATT_MAY_WRITE;
}

static void sent_on_when_written(void)
{
	struct client client;
	struct op op;

	direct(&client, 0, echoes);
	CHECK_INT(run(&client, &op, ATT_WRITE, REFERENCE_NOTIFY, bytes("abc", 3)), 0);
	pass(10);
	CHECK_INT(client.values, 0);
	CHECK_INT(write16(&client, REFERENCE_NOTIFY + 1, 1), 0);
	CHECK_INT(run(&client, &op, ATT_WRITE, REFERENCE_NOTIFY, bytes("wxyz", 4)), 0);
	pass(10);
	CHECK_INT(client.values, 1);
	CHECK_MEM(client.value, "wxyz", 4);
	CHECK_INT(run(&client, &op, ATT_WRITE, REFERENCE_NOTIFY, bytes("12345", 5)), 0x0d);
	pass(10);
	CHECK_INT(client.values, 1);
	direct_end(&client);
}

static void slow(struct sim_peripheral *p)
{
	p->latency_ms = 40;
}

static void latency(void)
{
	struct client client;
	struct op op;

	direct(&client, 0, slow);
	submit(&client, &op, ATT_READ, REFERENCE_ONE, bytes(NULL, 0));
	pass(39);
	CHECK_INT(op.dones, 0);
	pass(1);
	CHECK_INT(op.dones, 1);
	direct_end(&client);
}

static void leaves(struct sim_peripheral *p)
{
	p->faults.disconnect_after_ms = 500;
	p->latency_ms = 40;
}

static void peripheral_leaves(void)
{
	struct client client;
	struct op op;

	direct(&client, 0, leaves);
	pass(499);
	submit(&client, &op, ATT_READ, REFERENCE_ONE, bytes(NULL, 0));
	/* What was on its way still comes. */
	pass(60);
	CHECK_INT(op.dones, 1);
	CHECK_INT(op.error, 0);
	CHECK_INT(client.closes, 1);
	CHECK_INT(client.reason, 0x13);
	CHECK_INT(client.closed_error, -ECONNRESET);
	CHECK_INT(gone, 1);
	CHECK_INT(att_submit(client.att, &op.op), -ENOTCONN);
	direct_end(&client);
}

static void counts(struct sim_peripheral *p)
{
	p->faults.disconnect_after_requests = 3;
	p->faults.reason = 0x08;
}

static void leaves_in_mid_sweep(void)
{
	struct client client;
	struct op op = { .op = { .verb = ATT_FIND_INFORMATION, .start = 1,
				 .end = 0xffff, .record = on_record,
				 .done = on_done } };

	direct(&client, 0, counts);
	CHECK_INT(att_submit(client.att, &op.op), 0);
	pass(10);
	CHECK_INT(op.dones, 1);
	CHECK_INT(op.error, -ENOTCONN);
	CHECK(op.records > 5 && op.records < REFERENCE_MIDDLE);
	CHECK_INT(client.reason, 0x08);
	direct_end(&client);
}

static void mute(struct sim_peripheral *p)
{
	p->faults.silent_after_requests = 1;
}

static void falls_silent(void)
{
	struct client client;
	struct op op;

	direct(&client, 0, mute);
	CHECK_INT(run(&client, &op, ATT_READ, REFERENCE_ONE, bytes(NULL, 0)), 0);
	submit(&client, &op, ATT_READ, REFERENCE_ONE, bytes(NULL, 0));
	pass(29999);
	CHECK_INT(op.dones, 0);
	pass(1);
	CHECK_INT(op.dones, 1);
	CHECK_INT(op.error, -ETIMEDOUT);
	CHECK_INT(client.closes, 1);
	CHECK_INT(client.closed_error, -ETIMEDOUT);
	CHECK_INT(gone, 1);
	direct_end(&client);
}

/* -- The peer's half over a socket ------------------------------------------------------- */

static void ask_socket(int fd, const char *pdu, size_t len, const char *answer,
		       size_t answer_len)
{
	uint8_t got[ATT_MTU_MAX];
	ssize_t n = -1;

	CHECK_INT(send(fd, pdu, len, 0), len);
	for (int i = 0; i < 20 && n < 0; i++) {
		ble_loop_dispatch(loop, 0);
		n = recv(fd, got, sizeof(got), MSG_DONTWAIT);
	}
	if (CHECK_INT(n, answer_len))
		CHECK_MEM(got, answer, answer_len);
}

/* One thousand at a time into a socket that takes only some of them. */
static void over_a_socket(void)
{
	struct sim_peripheral *p;
	struct socket_peer peer;
	uint8_t got[ATT_MTU_MAX];
	uint32_t expected = 0;
	int fds[2], small = 4096;

	REQUIRE(ble_loop_new(&loop) == 0);
	loop_clock_freeze(loop);
	sim_model_init(&model);
	REQUIRE(reference_peripheral(&model, REFERENCE_MIDDLE, 50, &p) == 0);
	in_bursts(p);
	REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0);
	setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	REQUIRE(socket_peer_open(&peer, loop, p, fds[1]) == 0);
	ask_socket(fds[0], "\x02\x05\x02", 3, "\x03\xf7\x00", 3);
	ask_socket(fds[0], "\x02\x05", 2, "\x01\x02\x00\x00\x04", 5);
	ask_socket(fds[0], "\x0a\x25\x00", 3, "\x0b\x01", 2);
	ask_socket(fds[0], "\x12\x31\x00\x01\x00", 5, "\x13", 1);
	loop_clock_advance(loop, 50);
	for (int idle = 0; idle < 20; idle++) {
		ble_loop_dispatch(loop, 0);
		/* A slow reader: one a turn. */
		if (recv(fds[0], got, sizeof(got), MSG_DONTWAIT) != 7)
			continue;
		CHECK_MEM(got, "\x1b\x30\x00", 3);
		CHECK_INT(get_le32(got + 3), expected);
		expected++;
		idle = 0;
	}
	CHECK_INT(expected, 1000);
	close(fds[0]);
	for (int i = 0; i < 5; i++)
		ble_loop_dispatch(loop, 0);
	CHECK(peer.ended);
	socket_peer_close(&peer);
	sim_model_release(&model);
	loop = ble_loop_unref(loop);
}

const struct test_case sim_links[] = {
	TEST(indications), TEST(bursts), TEST(no_allocation),
	TEST(sent_on_when_written), TEST(latency), TEST(peripheral_leaves),
	TEST(leaves_in_mid_sweep), TEST(falls_silent), TEST(over_a_socket), { 0 },
};
