/* SPDX-License-Identifier: MIT */
/* Reading and writing values of every length. */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/conformance.h"

static void read_lengths(void)
{
	static const uint16_t mtus[] = { 23, 24, 185, 517 };

	for (size_t i = 0; i < 4; i++) {
		const struct fixture_peer peer = { .mtu = mtus[i] };
		struct ble_client *client;
		struct fixture fixture;

		REQUIRE(fixture_open(&fixture, &peer, 1) == 0);
		client = fixture_connect(&fixture, 0, false);
		CHECK_INT(ble_client_mtu(client), fixture_mtu(&fixture, mtus[i]));
		check_reference_value(client, REFERENCE_EMPTY, 0);
		check_reference_value(client, REFERENCE_ONE, 1);
		check_reference_value(client, REFERENCE_22, 22);
		check_reference_value(client, REFERENCE_23, 23);
		check_reference_value(client, REFERENCE_512, 512);
		ble_client_unref(client);
		fixture_close(&fixture);
	}
}

static void read_into_less(void)
{
	uint8_t value[11];
	struct ble_client *client;
	struct fixture fixture;
	size_t len = 0;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	client = fixture_connect(&fixture, 0, false);
	memset(value, 0xee, sizeof(value));
	CHECK_INT(ble_client_read_sync(client, REFERENCE_22, value, 10, &len), 0);
	CHECK_INT(len, 22);
	CHECK_INT(value[9], reference_octet(9));
	CHECK_INT(value[10], 0xee);
	ble_client_unref(client);
	fixture_close(&fixture);
}

static void att_errors(void)
{
	struct ble_client *client;
	struct fixture fixture;
	uint8_t value[4] = { 0 };
	size_t len = 99;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	client = fixture_connect(&fixture, 0, false);
	CHECK_INT(ble_client_read_sync(client, 0x7777, value, 4, &len), BLE_ERROR_ATT(0x01));
	CHECK_INT(ble_client_read_sync(client, REFERENCE_SECRET, value, 4, &len), BLE_ERROR_ATT(0x02));
	CHECK_INT(len, 99);
	CHECK_INT(ble_client_write_sync(client, REFERENCE_22, bytes(value, 1)), BLE_ERROR_ATT(0x03));
	CHECK_INT(ble_client_write_sync(client, REFERENCE_ONE, bytes(value, 2)), BLE_ERROR_ATT(0x0d));
	CHECK_INT(ble_client_read_sync(client, 0, value, 4, &len), -EINVAL);
	CHECK_INT(ble_client_write_sync(client, 0, bytes(value, 1)), -EINVAL);
	CHECK(ble_client_connected(client));
	check_reference_value(client, REFERENCE_ONE, 1);
	ble_client_unref(client);
	fixture_close(&fixture);
}

static void write_length(struct ble_client *client, uint16_t handle, size_t len)
{
	uint8_t value[512], back[512];
	size_t seen = 0;

	for (size_t i = 0; i < len; i++)
		value[i] = (uint8_t)(i ^ len);
	CHECK_INT(ble_client_write_sync(client, handle, bytes(value, len)), 0);
	CHECK_INT(ble_client_read_sync(client, handle, back, sizeof(back), &seen), 0);
	CHECK_INT(seen, len);
	CHECK_MEM(back, value, len < seen ? len : seen);
}

static void write_lengths(void)
{
	static const uint16_t mtus[] = { 23, 185, 517 };
	static const size_t lengths[] = { 0, 1, 20, 21, 22, 23, 400, 511, 512 };

	for (size_t m = 0; m < 3; m++) {
		const struct fixture_peer peer = { .mtu = mtus[m] };
		uint8_t value[513] = { 0 };
		struct ble_client *client;
		struct fixture fixture;

		REQUIRE(fixture_open(&fixture, &peer, 1) == 0);
		client = fixture_connect(&fixture, 0, false);
		for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
			write_length(client, REFERENCE_EMPTY, lengths[i]);
		CHECK_INT(ble_client_write_sync(client, REFERENCE_EMPTY,
						bytes(value, 513)), -EMSGSIZE);
		ble_client_unref(client);
		fixture_close(&fixture);
	}
}

/* What is asked for at once comes back in order, and a read sees the long
 * write before it. */
static void pipeline(void)
{
	const struct fixture_peer peer = { .mtu = 23 };
	struct seen write = { 0 }, reads[3] = { { 0 } };
	uint8_t value[100];
	struct ble_client *client;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, &peer, 1) == 0);
	client = fixture_connect(&fixture, 0, false);
	memset(value, 0x5a, sizeof(value));
	CHECK_INT(ble_client_read(client, REFERENCE_EMPTY, seen_value, &reads[0], NULL), 0);
	CHECK_INT(ble_client_write(client, REFERENCE_EMPTY, bytes(value, 100),
				   seen_done, &write, NULL), 0);
	CHECK_INT(ble_client_read(client, REFERENCE_EMPTY, seen_value, &reads[1], NULL), 0);
	CHECK_INT(ble_client_read(client, REFERENCE_23, seen_value, &reads[2], NULL), 0);
	memset(value, 0, sizeof(value)); /* it was copied */
	CHECK_INT(reads[0].done + write.done, 0);
	CHECK(fixture_wait(&fixture, &reads[2].done, 1, 10000));
	CHECK(reads[0].done == 1 && write.done == 1 && reads[1].done == 1);
	CHECK_INT(reads[0].len, 0);
	CHECK_INT(write.error, 0);
	CHECK_INT(reads[1].len, 100);
	CHECK_INT(reads[1].value[99], 0x5a);
	CHECK_INT(reads[2].len, 23);
	ble_client_unref(client);
	fixture_close(&fixture);
}

static void cancelled_reads(void)
{
	struct seen seen[3] = { { 0 } };
	struct ble_op *ops[3];
	struct ble_client *client;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	client = fixture_connect(&fixture, 0, false);
	for (size_t i = 0; i < 3; i++)
		CHECK_INT(ble_client_read(client, REFERENCE_512, seen_value, &seen[i],
					  &ops[i]), 0);
	ble_op_cancel(ops[1]);
	ble_op_cancel(ops[0]);
	CHECK(fixture_wait(&fixture, &seen[2].done, 1, 20000));
	CHECK_INT(seen[2].len, 512);
	CHECK_INT(seen[0].done + seen[1].done, 0);
	/* The answer to a cancelled read is not the next one's. */
	CHECK_INT(ble_client_read(client, REFERENCE_22, seen_value, &seen[0], &ops[0]), 0);
	ble_op_cancel(ops[0]);
	check_reference_value(client, REFERENCE_23, 23);
	CHECK_INT(seen[0].done, 0);
	ble_client_unref(client);
	fixture_close(&fixture);
}

/* A long write that is cancelled at any point leaves the value as it was, and
 * nothing in the peer's queue for the next one to carry out. */
static void cancelled_long_write(void)
{
	const struct fixture_peer peer = { .mtu = 23 };
	uint8_t value[60], other[40];

	memset(value, 0x11, sizeof(value));
	memset(other, 0x22, sizeof(other));
	for (unsigned int turns = 0; turns < 6; turns++) {
		struct seen seen = { 0 };
		struct ble_client *client;
		struct fixture fixture;
		struct ble_op *op;
		uint8_t back[512];
		size_t len = 0;

		REQUIRE(fixture_open(&fixture, &peer, 1) == 0);
		client = fixture_connect(&fixture, 0, false);
		CHECK_INT(ble_client_write(client, REFERENCE_EMPTY, bytes(value, 60),
					   seen_done, &seen, &op), 0);
		for (unsigned int i = 0; i < turns && !seen.done; i++)
			ble_loop_dispatch(fixture.loop, 0);
		if (!seen.done)
			ble_op_cancel(op);
		CHECK_INT(ble_client_write_sync(client, REFERENCE_512,
						bytes(other, 40)), 0);
		CHECK_INT(ble_client_read_sync(client, REFERENCE_EMPTY, back,
					       sizeof(back), &len), 0);
		CHECK(len == 0 || len == 60);
		CHECK_INT(ble_client_read_sync(client, REFERENCE_512, back,
					       sizeof(back), &len), 0);
		CHECK_MEM(back, other, 40);
		ble_client_unref(client);
		fixture_close(&fixture);
	}
}

struct writer {
	struct ble_client *client;
	unsigned int writable; /* calls */
	uint32_t sent, wanted; /* written commands with their number */
	bool drop;             /* the client, in the callback */
};

/* Writes numbers until all are written or there is no room: true. */
static bool write_on(struct writer *writer)
{
	uint8_t value[20] = { 0 };
	int error = 0;

	while (writer->sent < writer->wanted && !error) {
		put_le32(value, writer->sent + 1);
		error = ble_client_write_command(writer->client, REFERENCE_COMMAND,
						 bytes(value, sizeof(value)), NULL, NULL,
						 NULL);
		if (!error)
			writer->sent++;
	}
	CHECK(!error || error == -EAGAIN);
	return error == -EAGAIN;
}

static void on_writable(void *user)
{
	struct writer *writer = user;

	writer->writable++;
	CHECK(loop_dispatching(writer->client->loop));
	if (writer->drop)
		writer->client = ble_client_unref(writer->client);
	else
		write_on(writer);
}

/* A full queue tells once when there is room again, however often it refused; not
 * when the link goes. A program that writes from there alone gets all of it out. */
static void writable(void)
{
	struct writer writer = { 0 };
	uint32_t many;
	struct fixture fixture;
	unsigned int calls;
	uint8_t back[512];
	size_t len = 0;

	writer.client = open_at(&fixture, 23, false);
	/* A real radio sends while its queue is filled. */
	many = fixture.class->virtual_time || fixture.class->firmware ? 1000 : 20000;
	writer.wanted = many;
	ble_client_on_writable(writer.client, on_writable, &writer);
	if (!write_on(&writer)) {
		CHECK(fixture.class == &fixture_sim); /* its queue has no end */
		fixture_run(&fixture, 100);
		CHECK_INT(writer.writable, 0);
		close_at(&fixture, writer.client);
		return;
	}
	CHECK(write_on(&writer));
	CHECK_INT(writer.writable, 0);
	writer.wanted = writer.sent;
	CHECK(fixture_wait(&fixture, &writer.writable, 1, 60000));
	fixture_run(&fixture, 300);
	CHECK_INT(writer.writable, 1);
	/* There was room: the next ones are not refused at once. */
	writer.wanted = writer.sent + 1;
	CHECK(!write_on(&writer));
	fixture_run(&fixture, 300);
	CHECK_INT(writer.writable, 1);
	writer.wanted = writer.sent + many;
	CHECK(write_on(&writer));
	for (calls = 2; writer.sent < writer.wanted; calls = writer.writable + 1)
		REQUIRE(fixture_wait(&fixture, &writer.writable, calls, 60000));
	CHECK_INT(ble_client_read_sync(writer.client, REFERENCE_COMMAND, back, 512, &len), 0);
	CHECK(len == 20 && get_le32(back) == writer.sent);
	/* Without a link there is no room to tell of. */
	writer.wanted = writer.sent + many;
	CHECK(write_on(&writer));
	calls = writer.writable;
	CHECK_INT(ble_client_disconnect_sync(writer.client), 0);
	REQUIRE(ble_client_connect_sync(writer.client, NULL) == 0);
	fixture_run(&fixture, 300);
	CHECK_INT(writer.writable, calls);
	/* The callback may drop all of it, or be none. */
	writer.drop = true;
	writer.wanted = writer.sent + many;
	CHECK(write_on(&writer));
	CHECK(fixture_wait(&fixture, &writer.writable, calls + 1, 60000));
	CHECK(!writer.client);
	writer = (struct writer){ .wanted = many };
	writer.client = fixture_connect(&fixture, 0, false);
	ble_client_on_writable(writer.client, on_writable, &writer);
	CHECK(write_on(&writer));
	ble_client_on_writable(writer.client, NULL, NULL);
	fixture_run(&fixture, 300);
	CHECK_INT(writer.writable, 0);
	close_at(&fixture, writer.client);
}

/* Also where the commands that were in the way are cancelled before they left. */
static void writable_after_cancel(void)
{
	struct writer writer = { .wanted = 1 };
	struct seen seen = { 0 };
	struct fixture fixture;
	struct ble_op *ops[2];

	writer.client = open_at(&fixture, 23, false);
	ble_client_on_writable(writer.client, on_writable, &writer);
	CHECK_INT(ble_client_read(writer.client, REFERENCE_512, seen_value, &seen, NULL), 0);
	for (size_t i = 0; i < 2; i++)
		CHECK_INT(ble_client_write_command(writer.client, REFERENCE_COMMAND,
						   bytes(NULL, 0), seen_done, &seen, &ops[i]), 0);
	if (write_on(&writer)) {
		ble_op_cancel(ops[1]);
		ble_op_cancel(ops[0]);
		CHECK_INT(writer.writable, 0);
		CHECK(fixture_wait(&fixture, &writer.writable, 1, 60000));
		CHECK_INT(writer.sent, 1);
	} else {
		CHECK(!fixture.class->firmware); /* they have left at once */
	}
	close_at(&fixture, writer.client);
}

static void write_commands(void)
{
	struct seen seen = { 0 };
	struct ble_client *client;
	struct fixture fixture;
	uint8_t value[600], back[512];
	size_t len = 0, most;

	REQUIRE(fixture_open(&fixture, &(struct fixture_peer){ .mtu = 185 }, 1) == 0);
	client = fixture_connect(&fixture, 0, false);
	most = fixture_mtu(&fixture, 185) - 3u;
	memset(value, 0x33, sizeof(value));
	CHECK_INT(ble_client_write_command(client, REFERENCE_COMMAND, bytes(value, most),
					   NULL, NULL, NULL), 0);
	CHECK_INT(ble_client_read_sync(client, REFERENCE_COMMAND, back, 512, &len), 0);
	CHECK_INT(len, most);
	CHECK_INT(ble_client_write_command(client, REFERENCE_COMMAND, bytes(value, 5),
					   seen_done, &seen, NULL), 0);
	CHECK_INT(seen.done, 0); /* from dispatch only */
	CHECK(fixture_wait(&fixture, &seen.done, 1, 20000));
	CHECK_INT(seen.error, 0);
	CHECK_INT(ble_client_write_command_sync(client, REFERENCE_COMMAND,
						bytes(value, 7)), 0);
	CHECK_INT(ble_client_read_sync(client, REFERENCE_COMMAND, back, 512, &len), 0);
	CHECK_INT(len, 7);
	CHECK_INT(ble_client_write_command(client, REFERENCE_COMMAND, bytes(value, most + 1),
					   NULL, NULL, NULL), -EMSGSIZE);
	CHECK_INT(ble_client_write_command(client, REFERENCE_COMMAND, bytes(value, most + 1),
					   seen_done, &seen, NULL), -EMSGSIZE);
	fixture_run(&fixture, 20);
	CHECK_INT(seen.done, 1);
	ble_client_unref(client);
	fixture_close(&fixture);
}

struct stream {
	struct ble_client *client;
	uint32_t made, done;
	bool stop;
};

static int write_next(struct stream *s, ble_done_func done)
{
	uint8_t value[4];

	put_le32(value, ++s->made);
	return ble_client_write_command(s->client, REFERENCE_COMMAND, bytes(value, 4),
					done, s, NULL);
}

static void written(void *user, int error)
{
	(void)user;
	CHECK_INT(error, 0);
}

static void write_another(void *user, int error)
{
	struct stream *s = user;

	CHECK_INT(error, 0);
	s->done++;
	if (!s->stop)
		CHECK_INT(write_next(s, write_another), 0);
}

static void read_number(void *user, int error, struct ble_bytes value)
{
	CHECK_INT(error, 0);
	CHECK_INT(value.len, 4);
	*(uint32_t *)user = value.len == 4 ? get_le32(value.data) : 0;
}

/* A request sees what the commands before it did, and does not wait for all that
 * come after it. */
static void commands_and_requests(void)
{
	struct stream s = { 0 };
	struct fixture fixture;
	uint32_t number;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	s.client = fixture_connect(&fixture, 0, false);
	for (uint32_t count = 1; count <= 6; count++) {
		s.made = number = 0;
		for (uint32_t i = 0; i < count; i++)
			CHECK_INT(write_next(&s, count % 2 ? written : NULL), 0);
		CHECK_INT(ble_client_read(s.client, REFERENCE_COMMAND, read_number,
					  &number, NULL), 0);
		CHECK(fixture_wait(&fixture, &number, 1, 10000));
		CHECK_INT(number, count);
	}
	s.made = 0;
	for (int i = 0; i < 4; i++)
		CHECK_INT(write_next(&s, write_another), 0);
	for (uint32_t before, i = 0; i < 3; i++) {
		before = s.made;
		number = 0;
		CHECK_INT(ble_client_read(s.client, REFERENCE_COMMAND, read_number,
					  &number, NULL), 0);
		CHECK(fixture_wait(&fixture, &number, 1, 10000));
		CHECK(number >= before);
	}
	s.stop = true;
	CHECK(fixture_wait(&fixture, &s.done, s.made, 10000));
	ble_client_unref(s.client);
	fixture_close(&fixture);
}

/* More than any queue between here and there holds: each arrives, in order. */
static void many_write_commands(void)
{
	enum { COUNT = 3000 };
	struct seen seen = { 0 };
	struct ble_client *client;
	struct fixture fixture;
	uint8_t value[4], back[4] = { 0 };
	size_t len = 0;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	client = fixture_connect(&fixture, 0, false);
	for (uint32_t i = 1; i <= COUNT; i++) {
		put_le32(value, i);
		CHECK_INT(ble_client_write_command(client, REFERENCE_COMMAND,
						   bytes(value, 4), seen_done, &seen,
						   NULL), 0);
	}
	CHECK(fixture_wait(&fixture, &seen.done, COUNT, 60000));
	CHECK_INT(seen.done, COUNT);
	CHECK_INT(seen.error, 0);
	CHECK_INT(ble_client_read_sync(client, REFERENCE_COMMAND, back, 4, &len), 0);
	CHECK_INT(get_le32(back), COUNT);
	ble_client_unref(client);
	fixture_close(&fixture);
}

const struct conformance_case conformance_values[] = {
	CASE("read lengths", read_lengths),
	CASE("read into less", read_into_less),
	CASE("att errors", att_errors),
	CASE("write lengths", write_lengths),
	CASE("pipeline", pipeline),
	CASE("cancelled reads", cancelled_reads),
	CASE("cancelled long write", cancelled_long_write),
	CASE("write commands", write_commands),
	CASE("writable", writable),
	CASE("writable after cancel", writable_after_cancel),
	CASE("commands and requests", commands_and_requests),
	CASE("many write commands", many_write_commands),
	{ 0 }
};
