/* SPDX-License-Identifier: MIT */
/* Connecting: the scan's pause, the cure, repetitions, cancelling. */
#define _GNU_SOURCE /* for hci.h */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/hci_stand.h"

enum { SHORT = 50, HANGS = 1 };

static struct hci_stand stand;

static void begin(struct stand_connect *connect, bool scanning)
{
	*connect = (struct stand_connect){ 0 };
	stand_open(&stand);
	if (!scanning)
		return;
	CHECK_INT(stand_scan(&stand, false), 0);
	stand_run(&stand, SHORT);
	stand_log(&stand);
}

static void end(struct stand_connect *connect)
{
	att_free(connect->att);
	stand_close(&stand);
}

static void plain(void)
{
	struct stand_connect connect;

	begin(&connect, false);
	CHECK_INT(stand_connect(&stand, &connect), 0);
	CHECK_INT(connect.done, 0); /* only from dispatch */
	stand_run(&stand, SHORT);
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, 0);
	CHECK(connect.att != NULL);
	CHECK_STR(stand_log(&stand), "info stop0 dial");
	end(&connect);
}

static void unknown_type(void)
{
	struct stand_connect connect;
	struct connect_op op = { .address.type = BLE_ADDRESS_UNKNOWN };

	begin(&connect, false);
	CHECK_INT(stand.adapter->class->connect(stand.adapter, &op), -EINVAL);
	end(&connect);
}

/* -- With a scan ------------------------------------------------------------------ */

static void scan_goes_on(void)
{
	struct stand_connect connect;

	begin(&connect, true);
	CHECK_INT(stand_connect(&stand, &connect), 0);
	stand_run(&stand, SHORT);
	CHECK_INT(connect.error, 0);
	CHECK_STR(stand_log(&stand), "off commands stop0 stop0 dial off active(96,48) on");
	stand_report(&stand);
	stand_run(&stand, SHORT);
	CHECK_INT(stand.reports, 1);
	CHECK_INT(stand.ended, 0);
	end(&connect);
}

static void scan_goes_on_after_failure(void)
{
	struct stand_connect connect;

	begin(&connect, true);
	stand.dials[0] = -EMLINK;
	CHECK_INT(stand_connect(&stand, &connect), 0);
	stand_run(&stand, SHORT);
	CHECK_INT(connect.error, -EMLINK);
	CHECK(strstr(connect.text, "as many connections"));
	CHECK_STR(stand_log(&stand), "off commands stop0 stop0 dial off active(96,48) on");
	end(&connect);
}

static void scan_goes_on_after_cancel(void)
{
	struct stand_connect connect;

	begin(&connect, true);
	stand.dials[0] = HANGS;
	CHECK_INT(stand_connect(&stand, &connect), 0);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "off commands stop0 stop0 dial");
	stand_report(&stand); /* of the kernel's scan for the connect */
	stand_run(&stand, SHORT);
	CHECK_INT(stand.reports, 0);
	stand_cancel(&connect);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "off active(96,48) on");
	CHECK_INT(connect.done, 0);
	end(&connect);
}

/* Started and stopped while the radio is taken: it only counts afterwards. */
static void scan_during_connect(void)
{
	struct stand_connect connect;

	begin(&connect, false);
	stand.dials[0] = HANGS;
	CHECK_INT(stand_connect(&stand, &connect), 0);
	stand_run(&stand, SHORT);
	stand_log(&stand);
	CHECK_INT(stand_scan(&stand, false), 0);
	stand_run(&stand, SHORT);
	stand.adapter->class->scan_stop(stand.adapter);
	CHECK_INT(stand_scan(&stand, true), 0);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "");
	stand_cancel(&connect);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "commands off passive(96,48) on");
	end(&connect);
}

/* -- Discovery that is stuck ------------------------------------------------------- */

static void cured(void)
{
	static const struct {
		uint8_t type;
		const char *log;
	} rows[] = {
		{ 0, "info stop0 dial" },
		{ 7, "info stop0 stop7 dial" },
		{ 6, "info stop0 stop7 stop6 dial" },
		{ 1, "info stop0 stop7 stop6 stop1 dial" },
		{ 5, "info stop0 stop7 stop6 stop1 dial" }, /* nothing helps */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stand_connect connect;

		begin(&connect, false);
		stand.finding = stand.scanning = true;
		stand.finding_type = rows[i].type;
		CHECK_INT(stand_connect(&stand, &connect), 0);
		stand_run(&stand, SHORT);
		CHECK_INT(connect.done, 1);
		CHECK_STR(stand_log(&stand), rows[i].log);
		CHECK_INT(stand.finding, rows[i].type == 5);
		end(&connect);
	}
}

/* Another program's active scan gets it stuck while the attempt runs. */
static void cured_while_it_hangs(void)
{
	struct stand_connect connect;

	begin(&connect, false);
	stand.dials[0] = HANGS;
	CHECK_INT(stand_connect(&stand, &connect), 0);
	stand_run(&stand, SHORT);
	stand_log(&stand);
	stand.finding = true;
	stand_foreign(&stand, RAW_SCAN_ENABLE, "\1\0", 2);
	stand_run(&stand, 400);
	CHECK_STR(stand_log(&stand), "stop0");
	CHECK(!stand.finding);
	stand_cancel(&connect);
	end(&connect);
}

/* The kernel does nothing for the attempt, as 6.1 does when it mixes it up with
 * an earlier one: a new socket. */
static void forgotten_by_the_kernel(void)
{
	struct stand_connect connect;

	begin(&connect, false);
	stand.dials[0] = HANGS;
	CHECK_INT(stand_connect(&stand, &connect), 0);
	stand_run(&stand, 2000);
	CHECK_STR(stand_log(&stand), "info stop0 dial stop0 stop0 dial");
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, 0);
	end(&connect);
}

/* It means to start its scan, is refused when it ends the one before, and
 * leaves it at that. */
static void given_up_by_the_kernel(void)
{
	struct stand_connect connect;

	begin(&connect, false);
	stand.dials[0] = HANGS;
	CHECK_INT(stand_connect(&stand, &connect), 0);
	stand_run(&stand, SHORT);
	stand_foreign(&stand, RAW_SCAN_ENABLE, "\0\0", 2);
	stand_run(&stand, 2000);
	CHECK_INT(stand.next_dial, 2);
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, 0);
	end(&connect);
}

/* And another one: the kernel believes that a discovery is being stopped. */
static void jolted(void)
{
	static const char *const logs[] = {
		"info stop0 dial stop0 stop0 dial stop0 commands off active(96,48) on "
		"off commands stop0 stop0 dial",
		"stop0 dial stop0 stop0 dial stop0 off active(96,48) on "
		"off commands stop0 stop0 dial off passive(96,48) on",
	};

	for (int i = 0; i < 2; i++) {
		struct stand_connect connect;

		begin(&connect, false);
		stand.traps = true;
		if (i) {
			CHECK_INT(stand_scan(&stand, true), 0);
			stand_run(&stand, SHORT);
			stand_log(&stand);
		}
		stand.dials[0] = stand.dials[1] = HANGS;
		CHECK_INT(stand_connect(&stand, &connect), 0);
		stand_run(&stand, 4000);
		CHECK_STR(stand_log(&stand) + (i ? strlen("off commands ") : 0), logs[i]);
		CHECK_INT(connect.done, 1);
		CHECK_INT(connect.error, 0);
		CHECK_INT(stand.reports, 0);
		CHECK_INT(stand.ended, 0);
		end(&connect);
	}
}

/* One that the kernel does work on is left alone, however long. */
static void patient(void)
{
	struct stand_connect connect;

	begin(&connect, false);
	stand.dials[0] = HANGS;
	CHECK_INT(stand_connect(&stand, &connect), 0);
	stand_run(&stand, SHORT);
	stand_foreign(&stand, RAW_SCAN_ENABLE, "\1\0", 2);
	stand_run(&stand, 60000);
	CHECK_INT(connect.done, 0);
	CHECK_INT(stand.next_dial, 1);
	stand_cancel(&connect);
	end(&connect);
}

/* Without CAP_NET_ADMIN the trap that our own scan set cannot be undone: said
 * at once instead of after the kernel's 40 s. */
static void not_permitted_to_cure(void)
{
	struct stand_connect connect;

	begin(&connect, true);
	stand_answer(stand.mgmt_answers, MGMT_STOP_DISCOVERY, MGMT_PERMISSION_DENIED, 100);
	stand.dials[0] = HANGS;
	CHECK_INT(stand_connect(&stand, &connect), 0);
	stand_run(&stand, 500);
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, -EPERM);
	CHECK(strstr(connect.text, "CAP_NET_ADMIN"));
	end(&connect);
}

/* An older kernel has no such trap: there it goes on. */
static void not_permitted_nor_needed(void)
{
	struct stand_connect connect;

	begin(&connect, true);
	stand_answer(stand.mgmt_answers, MGMT_STOP_DISCOVERY, MGMT_PERMISSION_DENIED, 100);
	stand.dials[0] = HANGS;
	CHECK_INT(stand_connect(&stand, &connect), 0);
	stand_run(&stand, SHORT);
	stand_foreign(&stand, RAW_SCAN_ENABLE, "\1\0", 2);
	stand_run(&stand, 5000);
	CHECK_INT(connect.done, 0);
	stand_cancel(&connect);
	end(&connect);
}

/* -- Repetitions ----------------------------------------------------------------------- */

static void repeated(void)
{
	struct stand_connect connect;

	begin(&connect, false);
	stand.dials[0] = -ENOSYS;
	stand.dials[1] = -ECONNABORTED;
	CHECK_INT(stand_connect(&stand, &connect), 0);
	stand_run(&stand, 500);
	CHECK_INT(connect.error, 0);
	CHECK_STR(stand_log(&stand), "info stop0 dial stop0 dial stop0 dial");
	end(&connect);
}

static void repeated_in_vain(void)
{
	struct stand_connect connect;

	begin(&connect, false);
	for (size_t i = 0; i < STAND_DIALS; i++)
		stand.dials[i] = -ENOSYS;
	CHECK_INT(stand_connect(&stand, &connect), 0);
	stand_run(&stand, 1000);
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, -ECONNABORTED);
	CHECK_INT(stand.next_dial, 6);
	CHECK(strstr(connect.text, "failed 6 times"));
	end(&connect);
}

/* The controller's own word, heard on the raw socket */
static void true_reason(void)
{
	static const uint8_t established[] = { 1, 0x00, 0x2a, 0, 0, 1, 1, 2, 3, 4, 5, 6 };
	static const uint8_t ended[] = { 0, 0x2a, 0, 0x3e };
	struct stand_connect connect;

	begin(&connect, false);
	for (size_t i = 0; i < STAND_DIALS; i++)
		stand.dials[i] = HANGS;
	CHECK_INT(stand_connect(&stand, &connect), 0);
	for (int i = 0; i < 6; i++) {
		stand_run(&stand, 100);
		REQUIRE(stand.next_dial == (size_t)i + 1);
		stand_event(&stand, RAW_LE_META, established, sizeof(established));
		stand_event(&stand, RAW_DISCONNECTION, ended, sizeof(ended));
		close(stand.peers[i]);
		stand.peers[i] = -1;
	}
	stand_run(&stand, 200);
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, -ECONNABORTED);
	CHECK_INT(connect.reason, 0x3e);
	CHECK(strstr(connect.text, "0x3e"));
	end(&connect);
}

static void refused_by_status(void)
{
	static const uint8_t status[] = { 0x0a, 0x0d, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6 };
	static const uint8_t other[] = { 0x0a, 0x3e, 0, 0, 0, 1, 6, 6, 6, 6, 6, 6 };
	struct stand_connect connect;

	begin(&connect, false);
	stand.dials[0] = HANGS;
	CHECK_INT(stand_connect(&stand, &connect), 0);
	stand_run(&stand, SHORT);
	stand_event(&stand, RAW_LE_META, status, sizeof(status));
	stand_event(&stand, RAW_LE_META, other, sizeof(other)); /* not our peer */
	stand_event(&stand, RAW_LE_META, status, 5);
	for (size_t i = 1; i < STAND_DIALS; i++)
		stand.dials[i] = -ECONNREFUSED;
	close(stand.peers[0]);
	stand.peers[0] = -1;
	stand_run(&stand, 1000);
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, -ECONNREFUSED);
	end(&connect);
}

static void busy_for_a_while(void)
{
	struct stand_connect connect;

	begin(&connect, false);
	for (size_t i = 0; i < 10; i++)
		stand.dials[i] = i % 2 ? -EBUSY : -EALREADY;
	CHECK_INT(stand_connect(&stand, &connect), 0);
	stand_run(&stand, 99);
	CHECK_INT(stand.next_dial, 1);
	stand_run(&stand, 10000);
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, 0);
	CHECK_INT(stand.next_dial, 11);
	end(&connect);
}

/* Switched off since it was set up: on again, once. */
static void down(void)
{
	struct stand_connect connect;

	begin(&connect, true);
	stand.settings = MGMT_LE;
	stand.dials[0] = stand.dials[1] = -EHOSTUNREACH;
	CHECK_INT(stand_connect(&stand, &connect), 0);
	stand_run(&stand, 500);
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, -ENETDOWN);
	CHECK_STR(stand_log(&stand), "off commands stop0 stop0 dial info power1 stop0 dial "
				     "off active(96,48) on");
	end(&connect);
}

static void low_energy_off(void)
{
	struct stand_connect connect;

	begin(&connect, true);
	stand.settings = MGMT_POWERED;
	stand.dials[0] = -ECONNREFUSED;
	CHECK_INT(stand_connect(&stand, &connect), 0);
	stand_run(&stand, 500);
	CHECK_INT(connect.error, 0);
	CHECK_STR(stand_log(&stand), "off commands stop0 stop0 dial info le1 stop0 dial "
				     "off active(96,48) on");
	end(&connect);
}

/* -- Several, and cancelling ------------------------------------------------------------ */

static void in_order(void)
{
	struct stand_connect connects[3] = { { .done = 0 } };

	begin(&connects[0], true);
	stand.dials[0] = HANGS;
	for (size_t i = 0; i < 3; i++)
		CHECK_INT(stand_connect(&stand, &connects[i]), 0);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "off commands stop0 stop0 dial");
	stand_cancel(&connects[1]);
	stand_cancel(&connects[0]);
	stand_run(&stand, SHORT);
	CHECK_STR(stand_log(&stand), "stop0 dial off active(96,48) on");
	CHECK_INT(connects[0].done + connects[1].done, 0);
	CHECK_INT(connects[2].done, 1);
	stand_cancel(&connects[2]); /* fine where it is not queued */
	end(&connects[2]);
}

/* Whenever it is cancelled: silence, and the next works. */
static void cancelled_at_each_step(void)
{
	for (int steps = 0; steps < 40; steps++) {
		struct stand_connect connect, next = { 0 };

		begin(&connect, steps % 2);
		stand.dials[0] = steps % 4 < 2 ? HANGS : -EBUSY;
		CHECK_INT(stand_connect(&stand, &connect), 0);
		for (int i = 0; i < steps / 4; i++)
			ble_loop_dispatch(stand.loop, 0);
		stand_cancel(&connect);
		stand.dials[0] = stand.dials[1] = 0;
		stand_run(&stand, 200);
		CHECK_INT(connect.done, 0);
		CHECK_INT(stand_connect(&stand, &next), 0);
		stand_run(&stand, 1000);
		CHECK_INT(next.done, 1);
		CHECK_INT(next.error, 0);
		CHECK_INT(stand.scanning, steps % 2);
		end(&next);
	}
}

/* It connected, but nobody was told yet. */
static void cancelled_at_the_end(void)
{
	struct loop_watch *watch;
	struct stand_connect connect;
	unsigned int fds;

	begin(&connect, false);
	watch = &stand.hci->connector.watch;
	fds = harness_fds();
	stand.dials[0] = HANGS;
	CHECK_INT(stand_connect(&stand, &connect), 0);
	stand_run(&stand, SHORT);
	watch->ready(watch, LOOP_WRITE);
	REQUIRE(stand.hci->connector.connected >= 0);
	CHECK_INT(harness_fds(), fds + 2);
	stand_cancel(&connect);
	CHECK_INT(harness_fds(), fds + 1);
	stand_run(&stand, SHORT);
	CHECK_INT(connect.done, 0);
	end(&connect);
}

/* Connects, lets the link get into this state, frees it, connects again. */
static const char *again_after(void (*get_into_state)(struct stand_connect *first),
			       unsigned int held)
{
	struct stand_connect connect, next = { 0 };
	static char log[1000];

	begin(&connect, false);
	CHECK_INT(stand_connect(&stand, &connect), 0);
	stand_run(&stand, SHORT);
	REQUIRE(connect.att != NULL);
	get_into_state(&connect);
	stand_run(&stand, SHORT);
	att_free(connect.att);
	stand_log(&stand);
	stand.held = held;
	CHECK_INT(stand_connect(&stand, &next), 0);
	stand_run(&stand, 5000);
	CHECK_INT(next.done, 1);
	CHECK_INT(next.error, 0);
	snprintf(log, sizeof(log), "%s", stand_log(&stand));
	end(&next);
	return log;
}

static void indicated(struct stand_connect *first)
{
	static const uint8_t pdu[] = { 0x1d, 3, 0, 1 };

	(void)first;
	CHECK(send(stand.peers[0], pdu, sizeof(pdu), 0) == sizeof(pdu));
}

static void notified(struct stand_connect *first)
{
	static const uint8_t pdu[] = { 0x1b, 3, 0, 1 };

	(void)first;
	CHECK(send(stand.peers[0], pdu, sizeof(pdu), 0) == sizeof(pdu));
}

static void answered(struct stand_connect *first)
{
	static const uint8_t pdu[] = { 0x13 };

	stand_request(first);
	CHECK(send(stand.peers[0], pdu, sizeof(pdu), 0) == sizeof(pdu));
}

static void timed_out(struct stand_connect *first)
{
	stand_request(first);
	stand_run(&stand, 31000);
	CHECK_INT(first->closed, 1);
}

static void hung_up(struct stand_connect *first)
{
	indicated(first);
	stand_run(&stand, SHORT);
	close(stand.peers[0]);
	stand.peers[0] = -1;
}

/* The bearer of an earlier link is not taken over with what it left undone. */
static void remains(void)
{
	CHECK_STR(again_after(notified, 9), "stop0 dial");
	CHECK_STR(again_after(answered, 9), "stop0 dial");
	CHECK_STR(again_after(indicated, 0), "look stop0 dial");
	CHECK_STR(again_after(indicated, 2), "look look look stop0 dial");
	CHECK_STR(again_after(stand_request, 2), "look look look stop0 dial");
	CHECK_STR(again_after(timed_out, 2), "look look look stop0 dial");
	CHECK_STR(again_after(hung_up, 0), "look stop0 dial");
}

/* Others keep it, and do so for good. */
static void remains_in_use(void)
{
	unsigned int looks = 0;

	for (const char *word = again_after(indicated, 1000);
	     (word = strstr(word, "look")); word++)
		looks++;
	CHECK(looks > 30 && looks < 70);
}

/* Without the right to listen it works the same, only the reason is not known. */
static void unprivileged(void)
{
	struct stand_connect connect;

	begin(&connect, false);
	stand.hci->raw.privileged = false;
	stand_answer(stand.mgmt_answers, MGMT_STOP_DISCOVERY, MGMT_PERMISSION_DENIED, 100);
	stand.dials[0] = -ENOSYS;
	CHECK_INT(stand_connect(&stand, &connect), 0);
	stand_run(&stand, 500);
	CHECK_INT(connect.error, 0);
	CHECK_STR(stand_log(&stand), "info stop0 dial dial");
	end(&connect);
}

const struct test_case hci_connect_cases[] = {
	TEST(plain), TEST(unknown_type), TEST(scan_goes_on),
	TEST(scan_goes_on_after_failure), TEST(scan_goes_on_after_cancel),
	TEST(scan_during_connect), TEST(cured), TEST(cured_while_it_hangs),
	TEST(forgotten_by_the_kernel), TEST(given_up_by_the_kernel), TEST(jolted),
	TEST(patient),
	TEST(not_permitted_to_cure), TEST(not_permitted_nor_needed), TEST(repeated),
	TEST(repeated_in_vain),
	TEST(true_reason), TEST(refused_by_status), TEST(busy_for_a_while), TEST(down),
	TEST(low_energy_off), TEST(in_order), TEST(cancelled_at_each_step),
	TEST(cancelled_at_the_end), TEST(remains), TEST(remains_in_use),
	TEST(unprivileged), { 0 },
};
