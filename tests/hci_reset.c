/* SPDX-License-Identifier: MIT */
/* Resetting the controller: what ends, what goes on, errors. */
#define _GNU_SOURCE /* for hci.h */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/hci_fixture.h"

enum { SHORT = 50, HANGS = 1 };

static struct hci_fixture fixture;
static struct fixture_connect link_up, attempt, waiting, next;

static struct {
	struct reset_op op;
	unsigned int done;
	int error;
	char text[300];
	bool frees;
} reset;

static void on_reset(struct reset_op *op, int error)
{
	CHECK(op == &reset.op);
	reset.done++;
	reset.error = error;
	snprintf(reset.text, sizeof(reset.text), "%s", ble_error_text(fixture.loop, error));
	if (reset.frees)
		fixture_free_adapter(&fixture);
}

static int ask(void)
{
	reset.op.done = on_reset;
	return fixture.adapter->class->reset(fixture.adapter, &reset.op);
}

static void begin(void)
{
	static const struct fixture_connect none;

	link_up = attempt = waiting = next = none;
	memset(&reset, 0, sizeof(reset));
	fixture_open(&fixture);
}

/* A link, a scan and two attempts that stay pending. */
static void begin_busy(void)
{
	begin();
	CHECK_INT(fixture_connect(&fixture, &link_up), 0);
	fixture_run(&fixture, SHORT);
	REQUIRE(link_up.att != NULL);
	fixture.attempts[1] = fixture.attempts[2] = HANGS;
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture_connect(&fixture, &attempt), 0);
	CHECK_INT(fixture_connect(&fixture, &waiting), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(attempt.done, 0);
	fixture_log(&fixture);
}

static void end(void)
{
	att_free(link_up.att);
	att_free(next.att);
	fixture_close(&fixture);
}

static void at_rest(void)
{
	begin();
	CHECK_INT(ask(), 0);
	CHECK_INT(ask(), -EALREADY);
	CHECK_INT(reset.done, 0);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "power1 power0 info power1");
	CHECK_INT(reset.done, 1);
	CHECK_INT(reset.error, 0);
	CHECK_INT(ask(), 0); /* and once more */
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "power1 power0 info power1");
	CHECK_INT(reset.done, 2);
	CHECK_INT(fixture.ended, 0);
	CHECK_INT(fixture.gone, 0);
	end();
}

static void ends_all(void)
{
	begin_busy();
	CHECK_INT(ask(), 0);
	CHECK_INT(link_up.closed + attempt.done + fixture.ended, 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(reset.done, 1);
	CHECK_INT(reset.error, 0);
	CHECK_INT(link_up.closed, 1);
	CHECK_INT(link_up.closed_error, -ENETRESET);
	CHECK_STR(link_up.text, "the connection was lost with its adapter: hci0 was reset");
	CHECK_INT(attempt.done, 1);
	CHECK_INT(attempt.error, -ENETRESET);
	CHECK(strstr(attempt.text, "hci0 was reset"));
	CHECK_INT(waiting.done, 1);
	CHECK_INT(waiting.error, -ENETRESET);
	CHECK_INT(fixture.ended, 1);
	CHECK_INT(fixture.ended_error, -ENETRESET);
	CHECK_STR(fixture_log(&fixture), "power1 power0 info power1");
	/* As if just opened */
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "off passive(96,48) on");
	CHECK_INT(fixture_connect(&fixture, &next), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(next.done, 1);
	CHECK_INT(next.error, 0);
	end();
}

static void scan_again(struct hci_fixture *it)
{
	it->on_ended = NULL;
	CHECK_INT(fixture_scan(it, true), 0);
}

static void connect_again(struct fixture_connect *connect)
{
	CHECK_INT(fixture_connect(connect->fixture, &next), 0);
}

/* What the callbacks begin is not ended, and starts after the reset. */
static void begun_anew_in_callbacks(void)
{
	begin_busy();
	fixture.on_ended = scan_again;
	attempt.on_done = connect_again;
	fixture_answer(fixture.mgmt_answers, MGMT_SET_POWERED, 0, 1);
	fixture_answer(fixture.mgmt_answers, MGMT_SET_POWERED, MGMT_BUSY, 2);
	CHECK_INT(ask(), 0);
	fixture_run(&fixture, 150);
	CHECK_INT(attempt.done, 1);
	CHECK_INT(fixture.ended, 1);
	CHECK_INT(reset.done, 0);
	CHECK_STR(fixture_log(&fixture), "power1 power0 power0");
	fixture_run(&fixture, 150);
	CHECK_INT(reset.done, 1);
	CHECK_INT(reset.error, 0);
	CHECK_INT(next.done, 1);
	CHECK_INT(next.error, 0);
	CHECK_INT(fixture.ended, 1);
	CHECK_STR(fixture_log(&fixture),
		  "power0 info power1 off passive(96,48) on connect");
	end();
}

/* Without permission nothing is ended. */
static void refused(void)
{
	static const struct {
		uint8_t status;
		int error;
		const char *text;
	} rows[] = {
		{ MGMT_PERMISSION_DENIED, -EPERM, "CAP_NET_ADMIN" },
		{ MGMT_RFKILLED, -ERFKILL, "rfkill" },
		{ MGMT_FAILED, -EIO, "resetting hci0 failed (status 0x03)" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin_busy();
		fixture_answer(fixture.mgmt_answers, MGMT_SET_POWERED, rows[i].status, 1);
		CHECK_INT(ask(), 0);
		fixture_run(&fixture, SHORT);
		CHECK_INT(reset.done, 1);
		CHECK_INT(reset.error, rows[i].error);
		CHECK(strstr(reset.text, rows[i].text));
		CHECK_INT(link_up.closed + attempt.done + waiting.done + fixture.ended, 0);
		CHECK_STR(fixture_log(&fixture), "power1");
		fixture_cancel(&waiting);
		fixture_cancel(&attempt);
		end();
	}
}

/* It is off and cannot be switched on: another reset may succeed. */
static void fails_at_each_step(void)
{
	for (unsigned int good = 1; good < 3; good++) {
		begin();
		fixture_answer(fixture.mgmt_answers, MGMT_SET_POWERED, 0, good);
		fixture_answer(fixture.mgmt_answers, MGMT_SET_POWERED, MGMT_FAILED, 1);
		CHECK_INT(ask(), 0);
		fixture_run(&fixture, SHORT);
		CHECK_INT(reset.done, 1);
		CHECK_INT(reset.error, -EIO);
		CHECK(strstr(reset.text, "failed (status 0x03)"));
		CHECK_INT(fixture_connect(&fixture, &next), 0);
		fixture_run(&fixture, SHORT);
		CHECK_INT(next.error, 0);
		end();
	}
}

static void pulled_meanwhile(void)
{
	begin_busy();
	fixture_answer(fixture.mgmt_answers, MGMT_SET_POWERED, MGMT_BUSY, 30);
	CHECK_INT(ask(), 0);
	fixture_run(&fixture, SHORT);
	fixture_mgmt_event(&fixture, MGMT_INDEX_REMOVED, 0, NULL, 0);
	fixture_run(&fixture, 500);
	CHECK_INT(reset.done, 1);
	CHECK_INT(reset.error, -ENODEV);
	CHECK_INT(link_up.closed_error, -ENODEV);
	CHECK_INT(attempt.error, -ENODEV);
	CHECK_INT(fixture.gone, 1);
	CHECK_INT(ask(), -ENODEV);
	end();
}

static void free_all(void)
{
	att_free(link_up.att);
	link_up.att = NULL;
	fixture_free_adapter(&fixture);
}

static void free_in_closed(struct fixture_connect *connect)
{
	(void)connect;
	free_all();
}

static void free_in_ended(struct hci_fixture *it)
{
	(void)it;
	free_all();
}

static void freed_in_its_callbacks(void)
{
	for (int where = 0; where < 5; where++) {
		begin_busy();
		fixture.on_ended = where == 0 ? free_in_ended : NULL;
		link_up.on_closed = where == 1 ? free_in_closed : NULL;
		attempt.on_done = where == 2 ? free_in_closed : NULL;
		reset.frees = where == 3;
		CHECK_INT(ask(), 0);
		if (where == 4)
			free_all(); /* silent */
		else
			fixture_run(&fixture, SHORT);
		CHECK(!fixture.adapter);
		fixture_run(&fixture, SHORT);
		CHECK_INT(reset.done, where == 3);
		CHECK_INT(waiting.done, where == 3);
		end();
	}
}

const struct test_case hci_reset_cases[] = {
	TEST(at_rest), TEST(ends_all), TEST(begun_anew_in_callbacks), TEST(refused),
	TEST(fails_at_each_step), TEST(pulled_meanwhile), TEST(freed_in_its_callbacks),
	{ 0 },
};
