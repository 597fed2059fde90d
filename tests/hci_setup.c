/* SPDX-License-Identifier: MIT */
/* The set-up of an adapter: what is switched on, and the errors. */
#define _GNU_SOURCE /* for hci.h */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

/* Current kernels say "failed" and nothing of rfkill. */
static void blocked_and_failed(void)
{
	static const struct {
		enum rfkill rfkill;
		const char *word;
	} rows[] = {
		{ RFKILL_SOFT, "hci0 is blocked by rfkill: lift the block with \"rfkill unblock" },
		{ RFKILL_HARD, "hci0 is blocked by a switch" },
	};

	for (size_t i = 0; i < 2; i++) {
		fixture_open(&fixture);
		fixture.settings = MGMT_LE;
		fixture.rfkill = rows[i].rfkill;
		fixture_answer(fixture.mgmt_answers, MGMT_SET_POWERED, MGMT_FAILED, 1);
		CHECK_INT(fixture_scan(&fixture, true), 0);
		fixture_run(&fixture, SHORT);
		CHECK_INT(fixture.ended, 1);
		CHECK_INT(fixture.ended_error, -ERFKILL);
		if (!CHECK(strstr(fixture.text, rows[i].word)))
			FAIL(fixture.text);
		/* the reason of any other refusal is not rfkill */
		fixture_answer(fixture.mgmt_answers, MGMT_SET_POWERED, MGMT_PERMISSION_DENIED, 1);
		CHECK_INT(fixture_scan(&fixture, true), 0);
		fixture_run(&fixture, SHORT);
		CHECK_INT(fixture.ended_error, -EPERM);
		fixture_close(&fixture);
	}
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

/* The kernel switches off what is blocked, and says that much only. */
static void blocked_while_scanning(void)
{
	fixture_open(&fixture);
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	fixture.rfkill = RFKILL_SOFT;
	set_power(false);
	fixture.scanning = false;
	fixture_run(&fixture, 1000);
	CHECK_INT(fixture.ended, 1);
	CHECK_INT(fixture.ended_error, -ERFKILL);
	CHECK_STR(fixture.text, "hci0 is blocked by rfkill: lift the block with \"rfkill unblock "
		  "bluetooth\"");
	fixture_close(&fixture);
}

/* -- The end of the management socket ------------------------------------------------ */

static void socket_ends(void)
{
	fixture_open(&fixture);
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	fixture.sockets = 1;
	fixture_mgmt_ends(&fixture);
	fixture_log(&fixture);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "socket info"); /* the settings, which may have changed */
	set_power(false); /* is heard there */
	fixture_run(&fixture, 1000);
	CHECK_INT(fixture.ended, 1);
	CHECK_INT(fixture.ended_error, -ENETDOWN);
	fixture_close(&fixture);
}

/* What was missed is in the settings. */
static void switched_off_meanwhile(void)
{
	fixture_open(&fixture);
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	fixture.sockets = 1;
	fixture_mgmt_ends(&fixture);
	fixture.settings = MGMT_LE;
	fixture_run(&fixture, 1000);
	CHECK_INT(fixture.ended, 1);
	CHECK_INT(fixture.ended_error, -ENETDOWN);
	fixture_close(&fixture);
	fixture_open(&fixture);
	fixture.sockets = 1;
	fixture_mgmt_ends(&fixture);
	fixture_answer(fixture.mgmt_answers, MGMT_READ_INFO, MGMT_INVALID_INDEX, 1);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.gone, 1);
	fixture_close(&fixture);
}

/* There is no other one: commands fail at once, and not after their time. */
static void no_socket(void)
{
	fixture_open(&fixture);
	loop_unwatch(&fixture.mgmt);
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.ended, 0); /* it waits for the reply */
	close(fixture.mgmt.fd);
	fixture.mgmt.fd = -1;
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.ended, 1);
	CHECK_INT(fixture.ended_error, -ENODEV);
	CHECK(strstr(fixture.text, "has ended its management socket"));
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.ended, 2);
	CHECK_INT(fixture.gone, 0);
	/* until there is one again */
	fixture.sockets = 1;
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	CHECK(fixture.scanning);
	CHECK_INT(fixture.ended, 2);
	fixture_close(&fixture);
}

/* At each step of a set-up, a connect and a scan: the command under way is sent again. */
static void ends_under_way(void)
{
	unsigned int under_way = 0;

	for (unsigned int steps = 0; steps < 40; steps++) {
		struct fixture_connect connect = { 0 };

		harness_about("after %u steps", steps);
		fixture_open(&fixture);
		fixture.settings = 0;
		fixture.sockets = 1;
		CHECK_INT(fixture_connect(&fixture, &connect), 0);
		CHECK_INT(fixture_scan(&fixture, true), 0);
		for (unsigned int i = 0; i < steps; i++)
			ble_loop_dispatch(fixture.loop, 0);
		under_way += fixture.hci->mgmt.sent;
		fixture_mgmt_ends(&fixture);
		fixture_run(&fixture, 1000);
		CHECK_INT(connect.done, 1);
		CHECK_INT(connect.error, 0);
		CHECK_INT(fixture.ended, 0);
		CHECK(fixture.scanning);
		CHECK_INT(fixture.settings & (MGMT_POWERED | MGMT_LE), MGMT_POWERED | MGMT_LE);
		CHECK_INT(fixture.sockets, 0);
		att_free(connect.att);
		fixture_close(&fixture);
	}
	CHECK(under_way >= 4);
	harness_about(NULL);
}

/* Sockets that end one after the other: a few are tried. */
static void ends_over_and_over(void)
{
	fixture_open(&fixture);
	fixture.sockets = 1000;
	fixture.ends_sockets = true;
	loop_unwatch(&fixture.mgmt);
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	fixture_mgmt_ends(&fixture);
	fixture_run(&fixture, 1000);
	CHECK_INT(fixture.ended, 1);
	CHECK_INT(fixture.ended_error, -ENODEV);
	CHECK_STR(fixture.text, "reading the state of hci0: the kernel has ended one management "
		  "socket after the other, without an answer");
	CHECK(fixture.sockets > 1000 - 10 && fixture.sockets < 1000);
	/* each later start tries one, until one stays */
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, 1000);
	CHECK_INT(fixture.ended, 2);
	fixture.ends_sockets = false;
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	CHECK(fixture.scanning);
	CHECK_INT(fixture.ended, 2);
	fixture_close(&fixture);
}

/* It has ended, but that is not received yet when the command is sent. */
static void ends_before_the_command(void)
{
	fixture_open(&fixture);
	fixture.sockets = 1;
	fixture_mgmt_ends(&fixture);
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.ended, 0);
	CHECK(fixture.scanning);
	fixture_close(&fixture);
}

/* -- rfkill in sysfs ------------------------------------------------------------------ */

static void put(const char *folder, const char *name, const char *text)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	REQUIRE(file != NULL);
	fputs(text, file);
	fclose(file);
}

static void rfkill_files(void)
{
	char folder[] = "/tmp/blewire-rfkill-XXXXXX", path[100], command[100];

	REQUIRE(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/rfkill7", folder);
	CHECK_INT(power_rfkill_in(path), RFKILL_NONE);
	REQUIRE(mkdir(path, 0700) == 0);
	CHECK_INT(power_rfkill_in(folder), RFKILL_NONE);
	put(path, "soft", "0\n");
	put(path, "hard", "0\n");
	CHECK_INT(power_rfkill_in(folder), RFKILL_NONE);
	put(path, "soft", "1\n");
	CHECK_INT(power_rfkill_in(folder), RFKILL_SOFT);
	put(path, "hard", "1\n");
	CHECK_INT(power_rfkill_in(folder), RFKILL_HARD);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	CHECK_INT(system(command), 0);
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
	TEST(blocked), TEST(blocked_and_failed), TEST(not_permitted), TEST(failed), TEST(classic_only),
	TEST(busy), TEST(busy_for_ever), TEST(switched_off),
	TEST(switched_off_unheard), TEST(crooked_messages), TEST(short_answer),
	TEST(no_answer), TEST(blocked_while_scanning), TEST(socket_ends),
	TEST(switched_off_meanwhile), TEST(no_socket),
	TEST(ends_under_way), TEST(ends_over_and_over), TEST(ends_before_the_command), TEST(rfkill_files), { 0 },
};
