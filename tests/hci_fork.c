/* SPDX-License-Identifier: MIT */
/* Links and fork(): a child that lives on keeps no link up, and one that uses or
 * frees its copies does nothing to the parent's adapter and links. */
#define _GNU_SOURCE /* for hci.h */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/hci_fixture.h"

enum { SHORT = 50 };

static struct hci_fixture fixture;
static struct fixture_connect opened;

static void open_link(void)
{
	opened = (struct fixture_connect){ 0 };
	CHECK_INT(fixture_connect(&fixture, &opened), 0);
	fixture_run(&fixture, SHORT);
	REQUIRE(opened.att != NULL);
	fixture_log(&fixture);
}

/* A child with copies of all descriptors, until the parent closes *ret_end. */
static pid_t start_child(int *ret_end)
{
	int ends[2];
	char octet;
	pid_t child;

	REQUIRE(pipe(ends) == 0);
	child = harness_fork();
	if (!child) {
		close(ends[1]);
		CHECK_INT(read(ends[0], &octet, 1), 0);
		harness_end_child();
	}
	close(ends[0]);
	*ret_end = ends[1];
	return child;
}

static void end_child(pid_t child, int end)
{
	close(end);
	harness_await_child(child);
}

static bool is_shut_down(int fd)
{
	struct pollfd poller = { .fd = fd, .events = POLLRDHUP };

	return poll(&poller, 1, 0) > 0;
}

/* The link ended for the peer, though the child still has the socket. */
static void check_disconnected(size_t attempt)
{
	CHECK(is_shut_down(fixture.peers[attempt]));
}

static void check_connected(size_t attempt)
{
	CHECK(!is_shut_down(fixture.peers[attempt]));
}

static void child_lives_on(void)
{
	int end;
	pid_t child;

	fixture_open(&fixture);
	open_link();
	child = start_child(&end);
	check_connected(0);
	att_free(opened.att);
	check_disconnected(0);
	end_child(child, end);
	fixture_close(&fixture);
}

/* Cancelled when it was connected but not told yet. */
static void child_of_an_attempt(void)
{
	struct fixture_connect cancelled = {
		.op.requested_params = { 6, 12, 0, 500 },
	};
	int end;
	pid_t child;

	fixture_open(&fixture);
	fixture.handle = 0x40;
	fixture.slow = true;
	CHECK_INT(fixture_connect(&fixture, &cancelled), 0);
	fixture_run(&fixture, SHORT);
	REQUIRE(fixture_attempt(&fixture)->fd >= 0);
	child = start_child(&end);
	check_connected(0);
	fixture_cancel(&cancelled);
	check_disconnected(0);
	end_child(child, end);
	fixture_close(&fixture);
}

/* The parent's scan, link and adapter are as before. */
static void check_parent(void)
{
	static const uint8_t notification[] = { 0x1b, 5, 0, 'x' };
	unsigned int reports = fixture.reports, values = opened.values;

	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "");
	check_connected(0);
	CHECK_INT(send(fixture.peers[0], notification, sizeof(notification), MSG_NOSIGNAL),
		  (int)sizeof(notification));
	fixture_report(&fixture);
	fixture_run(&fixture, SHORT);
	CHECK_INT(opened.values, values + 1);
	CHECK_INT(fixture.reports, reports + 1);
	CHECK_INT(opened.closed, 0);
}

static void frees(void)
{
	att_free(opened.att);
	fixture.adapter->class->free(fixture.adapter);
	ble_loop_unref(fixture.loop);
}

static void frees_link(void)
{
	att_free(opened.att);
}

static void stops_scan(void)
{
	fixture.adapter->class->scan_stop(fixture.adapter);
}

static void on_answer(struct link_op *op, int error, int8_t rssi)
{
	(void)op;
	(void)error;
	(void)rssi;
}

static void tries(void)
{
	const struct adapter_scan scan = { .passive = true };
	struct att_op write = { .verb = ATT_WRITE_COMMAND, .start = 5 };
	struct fixture_connect another = { 0 };
	struct link_op rssi = { .done = on_answer };
	struct reset_op reset = { 0 };

	CHECK_INT(fixture.adapter->class->scan_start(fixture.adapter, &scan), -ECHILD);
	CHECK_INT(fixture_connect(&fixture, &another), -ECHILD);
	CHECK_INT(fixture.adapter->class->reset(fixture.adapter, &reset), -ECHILD);
	CHECK_INT(opened.att->class->rssi(opened.att, &rssi), -ECHILD);
	CHECK(att_submit(opened.att, &write) < 0);
}

static void child_frees(void)
{
	void (*const children[])(void) = { frees, frees_link, stops_scan, tries };

	for (size_t i = 0; i < sizeof(children) / sizeof(children[0]); i++) {
		fixture_open(&fixture);
		fixture.handle = 0x40;
		CHECK_INT(fixture_scan(&fixture, false), 0);
		fixture_run(&fixture, SHORT);
		open_link();
		harness_run_child(children[i]);
		check_parent();
		att_free(opened.att);
		fixture_close(&fixture);
	}
}

static struct fixture_connect first, second;

static void cancels(void)
{
	fixture_cancel(&first);
	fixture_cancel(&second);
}

/* The child cancels attempts that go on in its parent. */
static void child_cancels(void)
{
	enum { HANGS = 1 };

	first = second = (struct fixture_connect){ 0 };
	fixture_open(&fixture);
	fixture.attempts[0] = fixture.attempts[1] = HANGS;
	CHECK_INT(fixture_connect(&fixture, &first), 0);
	CHECK_INT(fixture_connect(&fixture, &second), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.next_attempt, 2);
	fixture_log(&fixture);
	harness_run_child(cancels);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "");
	check_connected(0);
	CHECK_INT(first.done, 0);
	fixture_cancel(&first);
	fixture_connected(&fixture, 1);
	fixture_run(&fixture, SHORT);
	CHECK_INT(second.done, 1);
	CHECK_INT(second.error, 0);
	att_free(second.att);
	fixture_close(&fixture);
}

/* -- A callback that forks, and returns in the child ------------------------------ */

static bool is_child;

/* In the first callback only. */
static void fork_once(unsigned int calls)
{
	if (calls == 1 && !is_child)
		is_child = harness_fork_first();
}

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	CHECK_INT(handle, 5);
	CHECK_INT(value.len, 1);
	CHECK(user == &opened);
	opened.values++;
	fork_once(opened.values);
}

static void on_closed(void *user, int error, uint8_t reason)
{
	CHECK(user == &opened);
	CHECK_INT(error, -ENOTCONN);
	CHECK_INT(reason, 0);
	opened.closed++;
}

static void on_report(struct hci_fixture *self)
{
	fork_once(self->reports);
}

/* Dispatches until *count is wanted. A child ends here: it got one callback, and the
 * loop, the link and the adapter are no longer its own. */
static void run_until(const unsigned int *count, unsigned int wanted)
{
	while (*count < wanted) {
		int error = ble_loop_dispatch(fixture.loop, -1);

		if (!is_child) {
			REQUIRE(error == 0);
			continue;
		}
		CHECK_INT(error, -ECHILD);
		CHECK_INT(ble_loop_dispatch(fixture.loop, 0), -ECHILD);
		CHECK_INT(*count, 1);
		CHECK_INT(opened.closed + fixture.gone, 0);
		frees();
		harness_end_child();
	}
	CHECK_INT(*count, wanted);
}

static void notify(unsigned int times)
{
	static const uint8_t notification[] = { 0x1b, 5, 0, 'x' };

	for (unsigned int i = 0; i < times; i++)
		CHECK_INT(send(fixture.peers[0], notification, sizeof(notification),
			       MSG_NOSIGNAL | MSG_DONTWAIT), (int)sizeof(notification));
}

/* More than one batch. With the end of the link behind them, all batches are read in
 * one dispatch. */
static void child_of_a_notification(void)
{
	static const struct att_events events = { .value = on_value, .closed = on_closed };
	enum { MANY = 80 };

	for (int ends = 0; ends < 2; ends++) {
		is_child = false;
		fixture_open(&fixture);
		open_link();
		opened.att->events = &events;
		opened.att->user = &opened;
		notify(MANY);
		if (ends)
			CHECK_INT(shutdown(fixture.peers[0], SHUT_RDWR), 0);
		run_until(&opened.values, MANY);
		if (ends)
			run_until(&opened.closed, 1);
		CHECK_INT(opened.values, MANY);
		CHECK_INT(opened.closed, ends);
		att_free(opened.att);
		fixture_close(&fixture);
	}
}

/* The reports of one batch and of more. */
static void child_of_a_report(void)
{
	enum { MANY = 80 };

	is_child = false;
	fixture_open(&fixture);
	open_link(); /* run_until() frees it */
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.reports, 0);
	fixture.on_report = on_report;
	for (int i = 0; i < MANY; i++)
		fixture_report(&fixture);
	run_until(&fixture.reports, MANY);
	CHECK_INT(fixture.gone, 0);
	att_free(opened.att);
	fixture_close(&fixture);
}

const struct test_case hci_fork_cases[] = {
	TEST(child_lives_on), TEST(child_of_an_attempt), TEST(child_frees),
	TEST(child_cancels), TEST(child_of_a_notification), TEST(child_of_a_report), { 0 },
};
