/* SPDX-License-Identifier: MIT */
/* The set-up of an adapter: what is switched on, and the errors. */
#define _GNU_SOURCE /* for hci.h */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tests/hci_fixture.h"

enum { SHORT = 100 };

static struct hci_fixture fixture;

static void bare(void)
{
	fixture_open(&fixture);
	fixture.settings = 0;
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "info le1 power1 commands off passive(96,48) on");
	/* not again, and not off */
	fixture.adapter->class->scan_stop(fixture.adapter);
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	fixture_free_adapter(&fixture);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "off commands off passive(96,48) on off");
	fixture_close(&fixture);
}

static void only_what_is_missing(void)
{
	fixture_open(&fixture);
	fixture.settings = MGMT_LE;
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "info power1 commands off passive(96,48) on");
	fixture_close(&fixture);
}

static void opening_changes_nothing(void)
{
	fixture_open(&fixture);
	fixture.settings = 0;
	fixture_run(&fixture, 5000);
	fixture_close(&fixture);
	CHECK_STR(fixture_log(&fixture), "");
}

static void fails(uint16_t opcode, uint8_t status, int error, const char *word)
{
	struct fixture_connect connect = { 0 };

	fixture_open(&fixture);
	fixture.settings = 0;
	fixture_answer(fixture.mgmt_answers, opcode, status, 1);
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.ended, 1);
	CHECK_INT(fixture.ended_error, error);
	if (!CHECK(strstr(fixture.text, word)))
		FAIL(fixture.text);
	/* a connect ends with the same error */
	fixture_answer(fixture.mgmt_answers, opcode, status, 1);
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, error);
	CHECK(strstr(connect.text, word));
	/* and once the cause is gone it works */
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	CHECK(fixture.scanning);
	fixture_close(&fixture);
}

static void blocked(void)
{
	fails(MGMT_SET_POWERED, MGMT_RFKILLED, -ERFKILL, "rfkill unblock bluetooth");
}

static void not_permitted(void)
{
	fails(MGMT_SET_LE, MGMT_PERMISSION_DENIED, -EPERM, "CAP_NET_ADMIN");
	fails(MGMT_SET_POWERED, MGMT_PERMISSION_DENIED, -EPERM, "sudo setcap ");
}

static void failed(void)
{
	fails(MGMT_SET_POWERED, MGMT_FAILED, -EIO, "powering on hci0 failed");
	fails(MGMT_READ_INFO, MGMT_INVALID_INDEX, -ENODEV, "is gone");
}

static void classic_only(void)
{
	fixture_open(&fixture);
	fixture.supported = MGMT_POWERED;
	fixture.settings = 0;
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.ended_error, -EOPNOTSUPP);
	CHECK_STR(fixture_log(&fixture), "info");
	fixture_close(&fixture);
}

/* Another program is switching the same setting. */
static void busy(void)
{
	fixture_open(&fixture);
	fixture.settings = MGMT_LE;
	fixture_answer(fixture.mgmt_answers, MGMT_SET_POWERED, MGMT_BUSY, 5);
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, 1000);
	CHECK(fixture.scanning);
	CHECK_STR(fixture_log(&fixture), "info power1 power1 power1 power1 power1 power1 "
				     "commands off passive(96,48) on");
	fixture_close(&fixture);
}

static void busy_for_ever(void)
{
	fixture_open(&fixture);
	fixture.settings = MGMT_LE;
	fixture_answer(fixture.mgmt_answers, MGMT_SET_POWERED, MGMT_BUSY, 1000);
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, 10000);
	CHECK_INT(fixture.ended, 1);
	CHECK_INT(fixture.ended_error, -EIO);
	fixture_close(&fixture);
}

static void set_power(bool on)
{
	uint8_t settings[4] = { on ? MGMT_POWERED : 0, MGMT_LE >> 8, 0, 0 };

	fixture.settings = on ? MGMT_LE | MGMT_POWERED : MGMT_LE;
	fixture_mgmt_event(&fixture, MGMT_NEW_SETTINGS, 0, settings, 4);
}

/* Another program switches it off during a scan: the scan ends, and the next start
 * switches it on. */
static void switched_off(void)
{
	fixture_open(&fixture);
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	fixture_log(&fixture);
	set_power(false);
	fixture.scanning = false;
	fixture_run(&fixture, 1000);
	CHECK_INT(fixture.ended, 1);
	CHECK_INT(fixture.ended_error, -ENETDOWN);
	CHECK(strstr(fixture.text, "switched off"));
	CHECK(!fixture.adapter->info.powered);
	CHECK_STR(fixture_log(&fixture), "");
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "info power1 off passive(96,48) on");
	fixture_close(&fixture);
}

/* The user stops or frees before the callback. */
static void switched_off_unheard(void)
{
	fixture_open(&fixture);
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	set_power(false);
	fixture_run(&fixture, SHORT);
	fixture.adapter->class->scan_stop(fixture.adapter);
	fixture_run(&fixture, 1000);
	CHECK_INT(fixture.ended, 0);
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	set_power(false);
	fixture_run(&fixture, SHORT);
	fixture_close(&fixture);
	CHECK_INT(fixture.ended, 0);
}

static void crooked_messages(void)
{
	static const uint8_t messages[][9] = {
		{ 0 }, { 1, 0, 0, 0, 0, 0 }, { 1, 0, 0, 0, 9, 0, 4, 0, 0 },
		{ 1, 0, 0, 0, 3, 0, 4, 0, 0 }, { 2, 0, 0, 0, 3, 0, 4, 0, 3 },
		{ 6, 0, 0, 0, 3, 0, 0, 0, 0 }, { 1, 0, 7, 0, 3, 0, 4, 0, 3 },
	};

	fixture_open(&fixture);
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		for (size_t len = 1; len <= sizeof(messages[0]); len++)
			REQUIRE(write(fixture.mgmt.fd, messages[i], len) == (ssize_t)len);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	CHECK(fixture.scanning);
	fixture_close(&fixture);
}

/* The kernel's reply is too short. */
static void short_answer(void)
{
	static const uint8_t reply[] = { 4, 0, 0, 1, 2, 3, 4 };

	fixture_open(&fixture);
	loop_unwatch(&fixture.mgmt);
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_mgmt_event(&fixture, MGMT_COMMAND_COMPLETE, 0, reply, sizeof(reply));
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.ended_error, -EBADMSG);
	fixture_close(&fixture);
}

static void no_answer(void)
{
	fixture_open(&fixture);
	loop_unwatch(&fixture.mgmt);
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, 15000);
	CHECK_INT(fixture.ended_error, -ETIMEDOUT);
	fixture_close(&fixture);
}

const struct test_case hci_setup_cases[] = {
	TEST(bare), TEST(only_what_is_missing), TEST(opening_changes_nothing),
	TEST(blocked), TEST(not_permitted), TEST(failed), TEST(classic_only),
	TEST(busy), TEST(busy_for_ever), TEST(switched_off),
	TEST(switched_off_unheard), TEST(crooked_messages), TEST(short_answer),
	TEST(no_answer), { 0 },
};
