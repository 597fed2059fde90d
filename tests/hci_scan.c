/* SPDX-License-Identifier: MIT */
/* Scanning: the order of commands, refusals, and other programs' commands. */
#define _GNU_SOURCE /* for hci.h */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tests/hci_fixture.h"

enum { SHORT = 100 };

static struct hci_fixture fixture;

/* -- Start and stop ------------------------------------------------------------- */

static void start_and_stop(void)
{
	fixture_open(&fixture);
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_report(&fixture); /* from another program's scan */
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "info commands off active(96,48) on");
	CHECK_INT(fixture.reports, 0);
	fixture_report(&fixture);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.reports, 1);
	fixture.adapter->class->scan_stop(fixture.adapter);
	fixture_report(&fixture);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "off commands stop0");
	CHECK_INT(fixture.reports, 1);
	fixture.adapter->class->scan_stop(fixture.adapter);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "");
	CHECK_INT(fixture.ended, 0);
	fixture_close(&fixture);
}

/* It does not change the discovery state: no Stop Discovery. */
static void passive(void)
{
	fixture_open(&fixture);
	fixture.traps = true;
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "info commands off passive(96,48) on");
	fixture.adapter->class->scan_stop(fixture.adapter);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "off commands");
	fixture_close(&fixture);
}

static void extended(void)
{
	fixture_open(&fixture);
	fixture.extended = fixture.strict = fixture.traps = true;
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "info commands xoff xactive(96,48) xon");
	CHECK(fixture.adapter->info.extended);
	fixture.adapter->class->scan_stop(fixture.adapter);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "xoff commands stop0");
	CHECK(!fixture.finding);
	fixture_close(&fixture);
}

static void other_parameters(void)
{
	const struct adapter_scan other = { true, 160, 160 };

	fixture_open(&fixture);
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_run(&fixture, SHORT);
	fixture_log(&fixture);
	CHECK_INT(fixture.adapter->class->scan_start(fixture.adapter, &other), 0);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "off passive(160,160) on");
	fixture_close(&fixture);
}

/* Stopped while it starts, and started while it stops */
static void changes_of_mind(void)
{
	fixture_open(&fixture);
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture.adapter->class->scan_stop(fixture.adapter);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "info");
	CHECK_INT(fixture_scan(&fixture, false), 0);
	ble_loop_dispatch(fixture.loop, 0);
	fixture.adapter->class->scan_stop(fixture.adapter);
	fixture_run(&fixture, SHORT);
	CHECK(!fixture.scanning);
	fixture_log(&fixture);
	for (int i = 0; i < 5; i++) {
		CHECK_INT(fixture_scan(&fixture, false), 0);
		fixture.adapter->class->scan_stop(fixture.adapter);
	}
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_run(&fixture, SHORT);
	CHECK(fixture.scanning);
	CHECK_INT(fixture.ended, 0);
	fixture_close(&fixture);
}

/* Freeing the adapter ends the scan, for good, before it returns. */
static void freed(void)
{
	fixture_open(&fixture);
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_run(&fixture, SHORT);
	fixture_log(&fixture);
	fixture_free_adapter(&fixture);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "off stop0 commands");
	CHECK(!fixture.scanning);
	fixture_close(&fixture);
}

/* -- Refusals --------------------------------------------------------------------- */

/* The supported commands say extended, but the controller is in legacy mode, or the
 * reverse. It is detected once, and remembered. */
static void refused_family(void)
{
	fixture_open(&fixture);
	fixture.extended = true;
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_run(&fixture, SHORT);
	fixture_log(&fixture);
	fixture.adapter->class->scan_stop(fixture.adapter);
	fixture_run(&fixture, SHORT);
	fixture_log(&fixture);
	fixture.extended = false;
	fixture.strict = true;
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "xoff xactive(96,48) off active(96,48) on");
	CHECK(!fixture.adapter->info.extended);
	fixture.adapter->class->scan_stop(fixture.adapter);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "off commands stop0");
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "off active(96,48) on");
	fixture_close(&fixture);
}

static void unknown_commands(void)
{
	fixture_open(&fixture);
	fixture_answer(fixture.answers, RAW_SCAN_PARAMS, RAW_UNKNOWN_COMMAND, 1);
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture),
		  "info commands off active(96,48) xoff xactive(96,48) xon");
	fixture_close(&fixture);
}

static void always_refused(void)
{
	fixture_open(&fixture);
	fixture_answer(fixture.answers, RAW_SCAN_ENABLE, RAW_DISALLOWED, 100);
	fixture_answer(fixture.answers, RAW_EXT_SCAN_ENABLE, RAW_DISALLOWED, 100);
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.ended, 1);
	CHECK_INT(fixture.ended_error, -EBUSY);
	CHECK(strstr(fixture.text, "another program"));
	/* and it works again once the cause is gone */
	memset(fixture.answers, 0, sizeof(fixture.answers));
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_run(&fixture, SHORT);
	CHECK(fixture.scanning);
	CHECK_INT(fixture.ended, 1);
	fixture_close(&fixture);
}

/* After a start that failed the next one may change the family again. */
static void refused_once_more(void)
{
	fixture_open(&fixture);
	fixture.extended = true;
	fixture.strict = true;
	fixture_answer(fixture.answers, RAW_EXT_SCAN_PARAMS, RAW_DISALLOWED, 100);
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.ended, 1);
	fixture_log(&fixture);
	memset(fixture.answers, 0, sizeof(fixture.answers));
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "off active(96,48) xoff xactive(96,48) xon");
	CHECK(fixture.scanning);
	CHECK_INT(fixture.ended, 1);
	fixture_close(&fixture);
}

static void refused_parameters(void)
{
	fixture_open(&fixture);
	fixture_answer(fixture.answers, RAW_SCAN_PARAMS, 0x12, 1);
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.ended, 1);
	CHECK_INT(fixture.ended_error, -EINVAL);
	fixture_close(&fixture);
}

static void silent_controller(void)
{
	fixture_open(&fixture);
	fixture.mute = true;
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_run(&fixture, 1500);
	CHECK_INT(fixture.ended, 0);
	fixture_run(&fixture, 1000);
	CHECK_INT(fixture.ended, 1);
	CHECK_INT(fixture.ended_error, -ETIMEDOUT);
	CHECK(strstr(fixture.text, "does not answer"));
	fixture_close(&fixture);
}

static void unprivileged(void)
{
	fixture_open(&fixture);
	fixture.hci->raw.privileged = false;
	CHECK_INT(fixture_scan(&fixture, false), -EPERM);
	CHECK(strstr(ble_error_text(fixture.loop, -EPERM), "cap_net_raw"));
	CHECK(strstr(ble_error_text(fixture.loop, -EPERM), "sudo setcap "));
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "");
	CHECK_INT(fixture.ended, 0);
	fixture_close(&fixture);
}

/* -- Other programs ------------------------------------------------------------------- */

/* A scanner that was killed left the scan on. */
static void left_on(void)
{
	fixture_open(&fixture);
	fixture.scanning = fixture.active = true;
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "info commands off active(96,48) on");
	CHECK(fixture.scanning);
	fixture_close(&fixture);
}

static void begin_scan(void)
{
	fixture_open(&fixture);
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_run(&fixture, SHORT);
	fixture_log(&fixture);
}

static void switched_off(void)
{
	begin_scan();
	fixture.scanning = false;
	fixture_command(&fixture, RAW_SCAN_ENABLE, "\0\0", 2);
	fixture_run(&fixture, 150);
	CHECK_STR(fixture_log(&fixture), "");
	fixture_run(&fixture, 100);
	CHECK_STR(fixture_log(&fixture), "off active(96,48) on");
	CHECK(fixture.scanning);
	fixture_close(&fixture);
}

static void reset_by_another(void)
{
	begin_scan();
	fixture.scanning = false;
	fixture_command(&fixture, RAW_RESET, NULL, 0);
	fixture_run(&fixture, 400);
	CHECK_STR(fixture_log(&fixture), "off active(96,48) on");
	fixture_close(&fixture);
}

/* The kernel's scan for a connect reports the peer only. */
static void replaced_by_the_kernel(void)
{
	begin_scan();
	fixture_command(&fixture, RAW_SCAN_ENABLE, "\0\0", 2);
	fixture_command(&fixture, RAW_SCAN_PARAMS, "\0\x60\0\x30\0\0\1", 7);
	fixture_command(&fixture, RAW_SCAN_ENABLE, "\1\0", 2);
	fixture_run(&fixture, 400);
	CHECK_STR(fixture_log(&fixture), "off active(96,48) on");
	fixture_close(&fixture);
}

/* Another program's scan like ours: its reports are enough. */
static void shared(void)
{
	begin_scan();
	fixture_command(&fixture, RAW_SCAN_ENABLE, "\0\0", 2);
	fixture_command(&fixture, RAW_SCAN_PARAMS, "\1\x10\0\x10\0\0\0", 7);
	fixture_command(&fixture, RAW_SCAN_ENABLE, "\1\0", 2);
	fixture_run(&fixture, 2000);
	CHECK_STR(fixture_log(&fixture), "");
	fixture_report(&fixture);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.reports, 1);
	fixture_close(&fixture);
}

/* Against a program that restarts its own scan the delay doubles each time. */
static void no_fight(void)
{
	unsigned int rounds = 0;

	begin_scan();
	for (int i = 0; i < 600; i++) { /* a minute */
		fixture_run(&fixture, SHORT);
		if (fixture_log(&fixture)[0]) {
			rounds++;
			fixture_command(&fixture, RAW_SCAN_ENABLE, "\0\0", 2);
		}
		if (i == 0)
			fixture_command(&fixture, RAW_SCAN_ENABLE, "\0\0", 2);
	}
	CHECK(rounds >= 3 && rounds <= 12);
	CHECK_INT(fixture.ended, 0);
	fixture_close(&fixture);
}

/* The answer to another program's command is not taken for ours. */
static void anothers_command(void)
{
	fixture_open(&fixture);
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture.mute = true;
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "info commands off");
	fixture_command(&fixture, RAW_SCAN_ENABLE, "\0\0", 2);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "");
	fixture.mute = false;
	fixture_event(&fixture, 0x0f, "\0\1\x0c\x20", 4); /* Command Status, too */
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "active(96,48) on");
	fixture_close(&fixture);
}

static void crooked_packets(void)
{
	static const uint8_t packets[][6] = {
		{ 0 }, { 4, 0x0e, 200, 1, 2, 3 }, { 4, 0x0e, 1, 1 }, { 4, 0x3e, 0 },
		{ 4, 0x3e, 1, 2 }, { 4, 0x05, 1, 0 }, { 1, 0x0c, 0x20, 9 }, { 2, 1 },
		{ 4, 0x0f, 3, 0, 1, 2 }, { 4, 0x3e, 2, 1, 0 },
	};

	begin_scan();
	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++)
		for (size_t len = 1; len <= sizeof(packets[0]); len++)
			REQUIRE(write(fixture.raw.fd, packets[i], len) == (ssize_t)len);
	fixture_report(&fixture);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.reports, 1);
	fixture_close(&fixture);
}

/* -- Callbacks that free ------------------------------------------------------------ */

static void free_it(struct hci_fixture *s)
{
	fixture_free_adapter(s);
}

static void freed_by_a_report(void)
{
	begin_scan();
	fixture.on_report = free_it;
	for (int i = 0; i < 5; i++)
		fixture_report(&fixture);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.reports, 1);
	fixture_close(&fixture);
}

static void stop_it(struct hci_fixture *s)
{
	s->adapter->class->scan_stop(s->adapter);
}

static void stopped_by_a_report(void)
{
	begin_scan();
	fixture.on_report = stop_it;
	for (int i = 0; i < 5; i++)
		fixture_report(&fixture);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.reports, 1);
	fixture_close(&fixture);
}

static void freed_by_the_end(void)
{
	begin_scan();
	fixture.on_ended = free_it;
	fixture.answers[0] = (struct fixture_answer){ RAW_SCAN_PARAMS, 0x12, 1 };
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.ended, 1);
	CHECK(!fixture.adapter);
	fixture_close(&fixture);
}

const struct test_case hci_scan_cases[] = {
	TEST(start_and_stop), TEST(passive), TEST(extended), TEST(other_parameters),
	TEST(changes_of_mind), TEST(freed), TEST(refused_family),
	TEST(unknown_commands), TEST(always_refused), TEST(refused_once_more),
	TEST(refused_parameters), TEST(silent_controller), TEST(unprivileged), TEST(left_on),
	TEST(switched_off), TEST(reset_by_another), TEST(replaced_by_the_kernel),
	TEST(shared), TEST(no_fight), TEST(anothers_command), TEST(crooked_packets),
	TEST(freed_by_a_report), TEST(stopped_by_a_report), TEST(freed_by_the_end),
	{ 0 },
};
