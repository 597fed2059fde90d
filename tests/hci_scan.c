/* SPDX-License-Identifier: MIT */
/* Scanning: the order of commands, refusals, and what others do to it. */
#define _GNU_SOURCE /* for hci.h */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tests/hci_stand.h"

enum { SHORT = 100 };

static struct hci_stand stand;

/* -- Start and stop ------------------------------------------------------------- */

static void start_and_stop(void)
{
	stand_open(&stand);
	CHECK_INT(stand_scan(&stand, false), 0);
	stand_report(&stand); /* of somebody else's scan */
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "info commands off active(96,48) on");
	CHECK_INT(stand.reports, 0);
	stand_report(&stand);
	stand_run(&stand, SHORT);
	CHECK_INT(stand.reports, 1);
	stand.adapter->class->scan_stop(stand.adapter);
	stand_report(&stand);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "off commands stop0");
	CHECK_INT(stand.reports, 1);
	stand.adapter->class->scan_stop(stand.adapter);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "");
	CHECK_INT(stand.ended, 0);
	stand_close(&stand);
}

/* It leaves no trap behind, so nothing is to be cured. */
static void passive(void)
{
	stand_open(&stand);
	stand.traps = true;
	CHECK_INT(stand_scan(&stand, true), 0);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "info commands off passive(96,48) on");
	stand.adapter->class->scan_stop(stand.adapter);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "off commands");
	stand_close(&stand);
}

static void extended(void)
{
	stand_open(&stand);
	stand.extended = stand.strict = stand.traps = true;
	CHECK_INT(stand_scan(&stand, false), 0);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "info commands xoff xactive(96,48) xon");
	CHECK(stand.adapter->info.extended);
	stand.adapter->class->scan_stop(stand.adapter);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "xoff commands stop0");
	CHECK(!stand.finding);
	stand_close(&stand);
}

static void other_parameters(void)
{
	const struct adapter_scan other = { true, 160, 160 };

	stand_open(&stand);
	CHECK_INT(stand_scan(&stand, false), 0);
	stand_run(&stand, SHORT);
	stand_log(&stand);
	CHECK_INT(stand.adapter->class->scan_start(stand.adapter, &other), 0);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "off passive(160,160) on");
	stand_close(&stand);
}

/* Stopped while it starts, and wanted again while it stops */
static void changes_of_mind(void)
{
	stand_open(&stand);
	CHECK_INT(stand_scan(&stand, false), 0);
	stand.adapter->class->scan_stop(stand.adapter);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "info");
	CHECK_INT(stand_scan(&stand, false), 0);
	ble_loop_dispatch(stand.loop, 0);
	stand.adapter->class->scan_stop(stand.adapter);
	stand_run(&stand, SHORT);
	CHECK(!stand.scanning);
	stand_log(&stand);
	for (int i = 0; i < 5; i++) {
		CHECK_INT(stand_scan(&stand, false), 0);
		stand.adapter->class->scan_stop(stand.adapter);
	}
	CHECK_INT(stand_scan(&stand, false), 0);
	stand_run(&stand, SHORT);
	CHECK(stand.scanning);
	CHECK_INT(stand.ended, 0);
	stand_close(&stand);
}

/* Freeing the adapter ends the scan, for good, before it returns. */
static void freed(void)
{
	stand_open(&stand);
	CHECK_INT(stand_scan(&stand, false), 0);
	stand_run(&stand, SHORT);
	stand_log(&stand);
	stand_free_adapter(&stand);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "off stop0 commands");
	CHECK(!stand.scanning);
	stand_close(&stand);
}

/* -- Refusals --------------------------------------------------------------------- */

/* The commands say extended, but the controller is in legacy mode, or the other
 * way round. Found out once, remembered. */
static void refused_family(void)
{
	stand_open(&stand);
	stand.extended = true;
	CHECK_INT(stand_scan(&stand, false), 0);
	stand_run(&stand, SHORT);
	stand_log(&stand);
	stand.adapter->class->scan_stop(stand.adapter);
	stand_run(&stand, SHORT);
	stand_log(&stand);
	stand.extended = false;
	stand.strict = true;
	CHECK_INT(stand_scan(&stand, false), 0);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "xoff xactive(96,48) off active(96,48) on");
	CHECK(!stand.adapter->info.extended);
	stand.adapter->class->scan_stop(stand.adapter);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "off commands stop0");
	CHECK_INT(stand_scan(&stand, false), 0);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "off active(96,48) on");
	stand_close(&stand);
}

static void unknown_commands(void)
{
	stand_open(&stand);
	stand_answer(stand.answers, RAW_SCAN_PARAMS, RAW_UNKNOWN_COMMAND, 1);
	CHECK_INT(stand_scan(&stand, false), 0);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand),
		  "info commands off active(96,48) xoff xactive(96,48) xon");
	stand_close(&stand);
}

static void always_refused(void)
{
	stand_open(&stand);
	stand_answer(stand.answers, RAW_SCAN_ENABLE, RAW_DISALLOWED, 100);
	stand_answer(stand.answers, RAW_EXT_SCAN_ENABLE, RAW_DISALLOWED, 100);
	CHECK_INT(stand_scan(&stand, false), 0);
	stand_run(&stand, SHORT);
	CHECK_INT(stand.ended, 1);
	CHECK_INT(stand.ended_error, -EBUSY);
	CHECK(strstr(stand.text, "another program"));
	/* and it can be had again once the cause is cured */
	memset(stand.answers, 0, sizeof(stand.answers));
	CHECK_INT(stand_scan(&stand, false), 0);
	stand_run(&stand, SHORT);
	CHECK(stand.scanning);
	CHECK_INT(stand.ended, 1);
	stand_close(&stand);
}

/* Whatever was tried in vain, the next start begins with a family of its own again. */
static void refused_once_more(void)
{
	stand_open(&stand);
	stand.extended = true;
	stand.strict = true;
	stand_answer(stand.answers, RAW_EXT_SCAN_PARAMS, RAW_DISALLOWED, 100);
	CHECK_INT(stand_scan(&stand, false), 0);
	stand_run(&stand, SHORT);
	CHECK_INT(stand.ended, 1);
	stand_log(&stand);
	memset(stand.answers, 0, sizeof(stand.answers));
	CHECK_INT(stand_scan(&stand, false), 0);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "off active(96,48) xoff xactive(96,48) xon");
	CHECK(stand.scanning);
	CHECK_INT(stand.ended, 1);
	stand_close(&stand);
}

static void refused_parameters(void)
{
	stand_open(&stand);
	stand_answer(stand.answers, RAW_SCAN_PARAMS, 0x12, 1);
	CHECK_INT(stand_scan(&stand, false), 0);
	stand_run(&stand, SHORT);
	CHECK_INT(stand.ended, 1);
	CHECK_INT(stand.ended_error, -EINVAL);
	stand_close(&stand);
}

static void silent_controller(void)
{
	stand_open(&stand);
	stand.mute = true;
	CHECK_INT(stand_scan(&stand, false), 0);
	stand_run(&stand, 1500);
	CHECK_INT(stand.ended, 0);
	stand_run(&stand, 1000);
	CHECK_INT(stand.ended, 1);
	CHECK_INT(stand.ended_error, -ETIMEDOUT);
	CHECK(strstr(stand.text, "does not answer"));
	stand_close(&stand);
}

static void unprivileged(void)
{
	stand_open(&stand);
	stand.hci->raw.privileged = false;
	CHECK_INT(stand_scan(&stand, false), -EPERM);
	CHECK(strstr(ble_error_text(stand.loop, -EPERM), "cap_net_raw"));
	CHECK(strstr(ble_error_text(stand.loop, -EPERM), "sudo setcap "));
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "");
	CHECK_INT(stand.ended, 0);
	stand_close(&stand);
}

/* -- Others ----------------------------------------------------------------------- */

/* A scanner that was killed left the scan on. */
static void left_on(void)
{
	stand_open(&stand);
	stand.scanning = stand.active = true;
	CHECK_INT(stand_scan(&stand, false), 0);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "info commands off active(96,48) on");
	CHECK(stand.scanning);
	stand_close(&stand);
}

static void begin_scan(void)
{
	stand_open(&stand);
	CHECK_INT(stand_scan(&stand, false), 0);
	stand_run(&stand, SHORT);
	stand_log(&stand);
}

static void switched_off(void)
{
	begin_scan();
	stand.scanning = false;
	stand_foreign(&stand, RAW_SCAN_ENABLE, "\0\0", 2);
	stand_run(&stand, 150);
	CHECK_STR(stand_log(&stand), "");
	stand_run(&stand, 100);
	CHECK_STR(stand_log(&stand), "off active(96,48) on");
	CHECK(stand.scanning);
	stand_close(&stand);
}

static void reset_by_another(void)
{
	begin_scan();
	stand.scanning = false;
	stand_foreign(&stand, RAW_RESET, NULL, 0);
	stand_run(&stand, 400);
	CHECK_STR(stand_log(&stand), "off active(96,48) on");
	stand_close(&stand);
}

/* The kernel's scan for somebody's connect hears the peer only. */
static void replaced_by_the_kernel(void)
{
	begin_scan();
	stand_foreign(&stand, RAW_SCAN_ENABLE, "\0\0", 2);
	stand_foreign(&stand, RAW_SCAN_PARAMS, "\0\x60\0\x30\0\0\1", 7);
	stand_foreign(&stand, RAW_SCAN_ENABLE, "\1\0", 2);
	stand_run(&stand, 400);
	CHECK_STR(stand_log(&stand), "off active(96,48) on");
	stand_close(&stand);
}

/* Another program scans as we do: its reports are ours. */
static void shared(void)
{
	begin_scan();
	stand_foreign(&stand, RAW_SCAN_ENABLE, "\0\0", 2);
	stand_foreign(&stand, RAW_SCAN_PARAMS, "\1\x10\0\x10\0\0\0", 7);
	stand_foreign(&stand, RAW_SCAN_ENABLE, "\1\0", 2);
	stand_run(&stand, 2000);
	CHECK_STR(stand_log(&stand), "");
	stand_report(&stand);
	stand_run(&stand, SHORT);
	CHECK_INT(stand.reports, 1);
	stand_close(&stand);
}

/* One that fights for its own way is given more and more time. */
static void no_fight(void)
{
	unsigned int rounds = 0;

	begin_scan();
	for (int i = 0; i < 600; i++) { /* a minute */
		stand_run(&stand, SHORT);
		if (stand_log(&stand)[0]) {
			rounds++;
			stand_foreign(&stand, RAW_SCAN_ENABLE, "\0\0", 2);
		}
		if (i == 0)
			stand_foreign(&stand, RAW_SCAN_ENABLE, "\0\0", 2);
	}
	CHECK(rounds >= 3 && rounds <= 12);
	CHECK_INT(stand.ended, 0);
	stand_close(&stand);
}

/* The end of another's command is not the end of ours. */
static void anothers_command(void)
{
	stand_open(&stand);
	CHECK_INT(stand_scan(&stand, false), 0);
	stand.mute = true;
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "info commands off");
	stand_foreign(&stand, RAW_SCAN_ENABLE, "\0\0", 2);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "");
	stand.mute = false;
	stand_event(&stand, 0x0f, "\0\1\x0c\x20", 4); /* and a status counts, too */
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "active(96,48) on");
	stand_close(&stand);
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
			REQUIRE(write(stand.raw.fd, packets[i], len) == (ssize_t)len);
	stand_report(&stand);
	stand_run(&stand, SHORT);
	CHECK_INT(stand.reports, 1);
	stand_close(&stand);
}

/* -- Callbacks that free ------------------------------------------------------------ */

static void free_it(struct hci_stand *s)
{
	stand_free_adapter(s);
}

static void freed_by_a_report(void)
{
	begin_scan();
	stand.on_report = free_it;
	for (int i = 0; i < 5; i++)
		stand_report(&stand);
	stand_run(&stand, SHORT);
	CHECK_INT(stand.reports, 1);
	stand_close(&stand);
}

static void stop_it(struct hci_stand *s)
{
	s->adapter->class->scan_stop(s->adapter);
}

static void stopped_by_a_report(void)
{
	begin_scan();
	stand.on_report = stop_it;
	for (int i = 0; i < 5; i++)
		stand_report(&stand);
	stand_run(&stand, SHORT);
	CHECK_INT(stand.reports, 1);
	stand_close(&stand);
}

static void freed_by_the_end(void)
{
	begin_scan();
	stand.on_ended = free_it;
	stand.answers[0] = (struct stand_answer){ RAW_SCAN_PARAMS, 0x12, 1 };
	CHECK_INT(stand_scan(&stand, true), 0);
	stand_run(&stand, SHORT);
	CHECK_INT(stand.ended, 1);
	CHECK(!stand.adapter);
	stand_close(&stand);
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
