/* SPDX-License-Identifier: MIT */
/* A bare adapter: what is switched on, and what is said where it cannot be. */
#define _GNU_SOURCE /* for hci.h */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tests/hci_stand.h"

enum { SHORT = 100 };

static struct hci_stand stand;

static void bare(void)
{
	stand_open(&stand);
	stand.settings = 0;
	CHECK_INT(stand_scan(&stand, true), 0);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "info le1 power1 commands off passive(96,48) on");
	/* and nothing of that again, nor back */
	stand.adapter->class->scan_stop(stand.adapter);
	CHECK_INT(stand_scan(&stand, true), 0);
	stand_run(&stand, SHORT);
	stand_free_adapter(&stand);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "off commands off passive(96,48) on off");
	stand_close(&stand);
}

static void only_what_is_missing(void)
{
	stand_open(&stand);
	stand.settings = MGMT_LE;
	CHECK_INT(stand_scan(&stand, true), 0);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "info power1 commands off passive(96,48) on");
	stand_close(&stand);
}

static void opening_changes_nothing(void)
{
	stand_open(&stand);
	stand.settings = 0;
	stand_run(&stand, 5000);
	stand_close(&stand);
	CHECK_STR(stand_log(&stand), "");
}

static void fails(uint16_t opcode, uint8_t status, int error, const char *word)
{
	struct stand_connect connect = { 0 };

	stand_open(&stand);
	stand.settings = 0;
	stand_answer(stand.mgmt_answers, opcode, status, 1);
	CHECK_INT(stand_scan(&stand, true), 0);
	stand_run(&stand, SHORT);
	CHECK_INT(stand.ended, 1);
	CHECK_INT(stand.ended_error, error);
	if (!CHECK(strstr(stand.text, word)))
		FAIL(stand.text);
	/* a connect says the same */
	stand_answer(stand.mgmt_answers, opcode, status, 1);
	CHECK_INT(stand_connect(&stand, &connect), 0);
	stand_run(&stand, SHORT);
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, error);
	CHECK(strstr(connect.text, word));
	/* and once the cause is gone it works */
	CHECK_INT(stand_scan(&stand, true), 0);
	stand_run(&stand, SHORT);
	CHECK(stand.scanning);
	stand_close(&stand);
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
	stand_open(&stand);
	stand.supported = MGMT_POWERED;
	stand.settings = 0;
	CHECK_INT(stand_scan(&stand, true), 0);
	stand_run(&stand, SHORT);
	CHECK_INT(stand.ended_error, -EOPNOTSUPP);
	CHECK_STR(stand_log(&stand), "info");
	stand_close(&stand);
}

/* Another program is just at it. */
static void busy(void)
{
	stand_open(&stand);
	stand.settings = MGMT_LE;
	stand_answer(stand.mgmt_answers, MGMT_SET_POWERED, MGMT_BUSY, 5);
	CHECK_INT(stand_scan(&stand, true), 0);
	stand_run(&stand, 1000);
	CHECK(stand.scanning);
	CHECK_STR(stand_log(&stand), "info power1 power1 power1 power1 power1 power1 "
				     "commands off passive(96,48) on");
	stand_close(&stand);
}

static void busy_for_ever(void)
{
	stand_open(&stand);
	stand.settings = MGMT_LE;
	stand_answer(stand.mgmt_answers, MGMT_SET_POWERED, MGMT_BUSY, 1000);
	CHECK_INT(stand_scan(&stand, true), 0);
	stand_run(&stand, 10000);
	CHECK_INT(stand.ended, 1);
	CHECK_INT(stand.ended_error, -EIO);
	stand_close(&stand);
}

static void set_power(bool on)
{
	uint8_t settings[4] = { on ? MGMT_POWERED : 0, MGMT_LE >> 8, 0, 0 };

	stand.settings = on ? MGMT_LE | MGMT_POWERED : MGMT_LE;
	stand_mgmt_event(&stand, MGMT_NEW_SETTINGS, 0, settings, 4);
}

/* Somebody switches it off under a scan: that ends it, and the next start
 * switches it on again. */
static void switched_off(void)
{
	stand_open(&stand);
	CHECK_INT(stand_scan(&stand, true), 0);
	stand_run(&stand, SHORT);
	stand_log(&stand);
	set_power(false);
	stand.scanning = false;
	stand_run(&stand, 1000);
	CHECK_INT(stand.ended, 1);
	CHECK_INT(stand.ended_error, -ENETDOWN);
	CHECK(strstr(stand.text, "switched off"));
	CHECK(!stand.adapter->info.powered);
	CHECK_STR(stand_log(&stand), "");
	CHECK_INT(stand_scan(&stand, true), 0);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "info power1 off passive(96,48) on");
	stand_close(&stand);
}

/* The user stops or frees before it is told. */
static void switched_off_unheard(void)
{
	stand_open(&stand);
	CHECK_INT(stand_scan(&stand, true), 0);
	stand_run(&stand, SHORT);
	set_power(false);
	stand_run(&stand, SHORT);
	stand.adapter->class->scan_stop(stand.adapter);
	stand_run(&stand, 1000);
	CHECK_INT(stand.ended, 0);
	CHECK_INT(stand_scan(&stand, true), 0);
	stand_run(&stand, SHORT);
	set_power(false);
	stand_run(&stand, SHORT);
	stand_close(&stand);
	CHECK_INT(stand.ended, 0);
}

static void crooked_messages(void)
{
	static const uint8_t messages[][9] = {
		{ 0 }, { 1, 0, 0, 0, 0, 0 }, { 1, 0, 0, 0, 9, 0, 4, 0, 0 },
		{ 1, 0, 0, 0, 3, 0, 4, 0, 0 }, { 2, 0, 0, 0, 3, 0, 4, 0, 3 },
		{ 6, 0, 0, 0, 3, 0, 0, 0, 0 }, { 1, 0, 7, 0, 3, 0, 4, 0, 3 },
	};

	stand_open(&stand);
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		for (size_t len = 1; len <= sizeof(messages[0]); len++)
			REQUIRE(write(stand.mgmt.fd, messages[i], len) == (ssize_t)len);
	stand_run(&stand, SHORT);
	CHECK_INT(stand_scan(&stand, true), 0);
	stand_run(&stand, SHORT);
	CHECK(stand.scanning);
	stand_close(&stand);
}

/* The kernel's answer is cut short. */
static void short_answer(void)
{
	static const uint8_t reply[] = { 4, 0, 0, 1, 2, 3, 4 };

	stand_open(&stand);
	loop_unwatch(&stand.mgmt);
	CHECK_INT(stand_scan(&stand, true), 0);
	stand_mgmt_event(&stand, MGMT_COMMAND_COMPLETE, 0, reply, sizeof(reply));
	stand_run(&stand, SHORT);
	CHECK_INT(stand.ended_error, -EBADMSG);
	stand_close(&stand);
}

static void no_answer(void)
{
	stand_open(&stand);
	loop_unwatch(&stand.mgmt);
	CHECK_INT(stand_scan(&stand, true), 0);
	stand_run(&stand, 15000);
	CHECK_INT(stand.ended_error, -ETIMEDOUT);
	stand_close(&stand);
}

const struct test_case hci_setup_cases[] = {
	TEST(bare), TEST(only_what_is_missing), TEST(opening_changes_nothing),
	TEST(blocked), TEST(not_permitted), TEST(failed), TEST(classic_only),
	TEST(busy), TEST(busy_for_ever), TEST(switched_off),
	TEST(switched_off_unheard), TEST(crooked_messages), TEST(short_answer),
	TEST(no_answer), { 0 },
};
