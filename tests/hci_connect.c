/* SPDX-License-Identifier: MIT */
/* One connect: beside a scan, Stop Discovery, retries, cancelling. */
#define _GNU_SOURCE /* for hci.h */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/hci_fixture.h"

enum { SHORT = 50, HANGS = 1 };

static struct hci_fixture fixture;

static void begin(struct fixture_connect *connect, bool scanning)
{
	*connect = (struct fixture_connect){ 0 };
	fixture_open(&fixture);
	if (!scanning)
		return;
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_run(&fixture, SHORT);
	fixture_log(&fixture);
}

static void end(struct fixture_connect *connect)
{
	att_free(connect->att);
	fixture_close(&fixture);
}

static void plain(void)
{
	struct fixture_connect connect;

	begin(&connect, false);
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	CHECK_INT(connect.done, 0); /* only from dispatch */
	fixture_run(&fixture, SHORT);
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, 0);
	CHECK(connect.att != NULL);
	CHECK_STR(fixture_log(&fixture), "info stop0 connect");
	end(&connect);
}

static void unknown_type(void)
{
	struct fixture_connect connect;
	struct connect_op op = { .address.type = BLE_ADDRESS_UNKNOWN };

	begin(&connect, false);
	CHECK_INT(fixture.adapter->class->connect(fixture.adapter, &op), -EINVAL);
	end(&connect);
}

/* -- With a scan ------------------------------------------------------------------ */

/* What the kernel sends for a connect to a peer that it has heard. */
static void kernel_connects(void)
{
	static const uint8_t create[25];
	static const uint8_t connected[19] = { RAW_LE_CONNECTION, 0, 0x40 };

	fixture_command(&fixture, RAW_SCAN_ENABLE, "\0\0", 2);
	fixture.scanning = false;
	fixture_command(&fixture, RAW_CREATE, create, sizeof(create));
	fixture_run(&fixture, 1000); /* our scan waits */
	CHECK_STR(fixture_log(&fixture), "");
	fixture_event(&fixture, RAW_LE_META, connected, sizeof(connected));
}

/* Reports come while the connect is pending, and again after it. */
static void scan_goes_on(void)
{
	struct fixture_connect connect;

	begin(&connect, true);
	fixture.attempts[0] = HANGS;
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "connect");
	fixture_report(&fixture);
	fixture_run(&fixture, 60000);
	CHECK_INT(fixture.reports, 1);
	CHECK_STR(fixture_log(&fixture), "");
	fixture.reports = 0;
	kernel_connects();
	fixture_connected(&fixture, 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, 0);
	fixture_run(&fixture, 250);
	CHECK_STR(fixture_log(&fixture), "off active(96,48) on");
	fixture_report(&fixture);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.reports, 1);
	CHECK_INT(fixture.ended, 0);
	end(&connect);
}

static void scan_goes_on_after_failure(void)
{
	struct fixture_connect connect;

	begin(&connect, true);
	fixture.attempts[0] = -EMLINK;
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(connect.error, -EMLINK);
	CHECK(strstr(connect.text, "as many connections"));
	CHECK_STR(fixture_log(&fixture), "connect");
	CHECK(fixture.scanning);
	end(&connect);
}

static void scan_goes_on_after_cancel(void)
{
	struct fixture_connect connect;

	begin(&connect, true);
	fixture.attempts[0] = HANGS;
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, SHORT);
	/* The kernel's own scan for the peer replaces a passive one. */
	fixture_command(&fixture, RAW_SCAN_ENABLE, "\1\1", 2);
	fixture_run(&fixture, 250);
	CHECK_STR(fixture_log(&fixture), "connect off active(96,48) on");
	fixture_cancel(&connect);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "");
	fixture_report(&fixture);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.reports, 1);
	CHECK_INT(connect.done, 0);
	end(&connect);
}

/* A scan may start over a pending connect. When it stops, the kernel has to scan for
 * the peer again. */
static void scan_during_connect(void)
{
	struct fixture_connect connect;

	begin(&connect, false);
	fixture.attempts[0] = HANGS;
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, SHORT);
	fixture_log(&fixture);
	fixture_command(&fixture, RAW_SCAN_ENABLE, "\1\1", 2);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "commands off passive(96,48) on");
	fixture_run(&fixture, 60000);
	CHECK_STR(fixture_log(&fixture), "");
	fixture.adapter->class->scan_stop(fixture.adapter);
	fixture_run(&fixture, 2000);
	CHECK_STR(fixture_log(&fixture), "off commands stop0 connect");
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, 0);
	end(&connect);
}

/* Where the kernel begins to scan by itself, the connect is left alone. */
static void scan_stops_during_connect(void)
{
	struct fixture_connect connect;

	begin(&connect, true);
	fixture.attempts[0] = HANGS;
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, SHORT);
	fixture_log(&fixture);
	fixture.adapter->class->scan_stop(fixture.adapter);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "off commands stop0");
	fixture_command(&fixture, RAW_SCAN_ENABLE, "\1\1", 2);
	fixture_run(&fixture, 60000);
	CHECK_STR(fixture_log(&fixture), "");
	CHECK_INT(connect.done, 0);
	fixture_cancel(&connect);
	end(&connect);
}

/* -- The kernel's discovery state ------------------------------------------------------- */

/* A discovery of another program, such as bluetoothd, is stopped only if nobody scans. */
static void discovery_stopped(void)
{
	static const struct {
		uint8_t type;
		const char *log;
	} rows[] = {
		{ 0, "info stop0 connect stop0" },
		{ 7, "info stop0 connect stop0 stop7" },
		{ 6, "info stop0 connect stop0 stop7 stop6" },
		{ 1, "info stop0 connect stop0 stop7 stop6 stop1" },
		{ 5, "info stop0 connect stop0 stop7 stop6 stop1" }, /* none of the types is right */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture_connect connect;

		begin(&connect, false);
		fixture.finding = true;
		fixture.finding_type = rows[i].type;
		fixture.attempts[0] = HANGS;
		CHECK_INT(fixture_connect(&fixture, &connect), 0);
		fixture_run(&fixture, 400);
		CHECK_STR(fixture_log(&fixture), rows[i].log);
		CHECK_INT(fixture.finding, rows[i].type == 5);
		fixture_cancel(&connect);
		end(&connect);
	}
}

static void discovery_left_alone(void)
{
	struct fixture_connect connect;

	begin(&connect, false);
	fixture.finding = true;
	fixture.finding_type = 7;
	fixture.attempts[0] = HANGS;
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	for (int i = 0; i < 40; i++) {
		fixture_run(&fixture, 250);
		fixture_report(&fixture); /* of the discovery's scan */
	}
	CHECK(fixture.finding);
	CHECK_STR(fixture_log(&fixture), "info stop0 connect");
	fixture_cancel(&connect);
	end(&connect);
}

/* An active scan of another program changes the state while the attempt runs. */
static void discovery_stopped_while_pending(void)
{
	struct fixture_connect connect;

	begin(&connect, false);
	fixture.attempts[0] = HANGS;
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, SHORT);
	fixture_log(&fixture);
	fixture.finding = true;
	fixture_command(&fixture, RAW_SCAN_ENABLE, "\1\0", 2);
	fixture_command(&fixture, RAW_SCAN_ENABLE, "\0\0", 2);
	fixture_run(&fixture, 400);
	CHECK_STR(fixture_log(&fixture), "stop0");
	CHECK(!fixture.finding);
	fixture_cancel(&connect);
	end(&connect);
}

/* The kernel sends no command for the attempt, as 6.1 does when it takes it for an
 * earlier one: a new socket. */
static void forgotten_by_the_kernel(void)
{
	struct fixture_connect connect;

	begin(&connect, false);
	fixture.attempts[0] = HANGS;
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, 2000);
	CHECK_STR(fixture_log(&fixture), "info stop0 connect stop0 stop0 connect");
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, 0);
	end(&connect);
}

/* The kernel is refused when it disables the previous scan, and does not start its
 * own. */
static void given_up_by_the_kernel(void)
{
	struct fixture_connect connect;

	begin(&connect, false);
	fixture.attempts[0] = HANGS;
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, SHORT);
	fixture_command(&fixture, RAW_SCAN_ENABLE, "\0\0", 2);
	fixture_run(&fixture, 2000);
	CHECK_INT(fixture.next_attempt, 2);
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, 0);
	end(&connect);
}

/* Again without a command: the kernel's discovery state is "stopping". */
static void discovery_kicked(void)
{
	struct fixture_connect connect;

	begin(&connect, false);
	fixture.traps = true;
	fixture.attempts[0] = fixture.attempts[1] = HANGS;
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, 4000);
	CHECK_STR(fixture_log(&fixture), "info stop0 connect stop0 stop0 connect stop0 commands "
		  "off active(96,48) on off commands stop0 stop0 connect");
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, 0);
	CHECK_INT(fixture.reports, 0);
	CHECK_INT(fixture.ended, 0);
	end(&connect);
}

/* An attempt for which the kernel scans is not disturbed, however long it takes. */
static void pending_for_long(void)
{
	struct fixture_connect connect;

	begin(&connect, false);
	fixture.attempts[0] = HANGS;
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, SHORT);
	fixture_command(&fixture, RAW_SCAN_ENABLE, "\1\0", 2);
	fixture_run(&fixture, 60000);
	CHECK_INT(connect.done, 0);
	CHECK_INT(fixture.next_attempt, 1);
	fixture_cancel(&connect);
	end(&connect);
}

/* Without CAP_NET_ADMIN the state that our own scan left cannot be changed: an error
 * at once instead of after the kernel's 40 s. */
static void stop_not_permitted(void)
{
	struct fixture_connect connect;

	begin(&connect, true);
	fixture_answer(fixture.mgmt_answers, MGMT_STOP_DISCOVERY, MGMT_PERMISSION_DENIED, 100);
	fixture.attempts[0] = HANGS;
	fixture.adapter->class->scan_stop(fixture.adapter);
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, 500);
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, -EPERM);
	CHECK(strstr(connect.text, "CAP_NET_ADMIN"));
	end(&connect);
}

/* An older kernel has no such state: there it goes on. */
static void not_permitted_nor_needed(void)
{
	struct fixture_connect connect;

	begin(&connect, true);
	fixture_answer(fixture.mgmt_answers, MGMT_STOP_DISCOVERY, MGMT_PERMISSION_DENIED, 100);
	fixture.attempts[0] = HANGS;
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, SHORT);
	fixture_command(&fixture, RAW_SCAN_ENABLE, "\1\0", 2);
	fixture_run(&fixture, 5000);
	CHECK_INT(connect.done, 0);
	fixture_cancel(&connect);
	end(&connect);
}

/* -- Retries ----------------------------------------------------------------------- */

static void repeated(void)
{
	struct fixture_connect connect;

	begin(&connect, false);
	fixture.attempts[0] = -ENOSYS;
	fixture.attempts[1] = -ECONNABORTED;
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, 500);
	CHECK_INT(connect.error, 0);
	CHECK_STR(fixture_log(&fixture), "info stop0 connect stop0 connect stop0 connect");
	end(&connect);
}

/* A peer that is heard but does not answer: until the caller's time limit. */
static void repeated_in_vain(void)
{
	struct fixture_connect connect;

	begin(&connect, false);
	for (size_t i = 0; i < FIXTURE_ATTEMPTS - 1; i++)
		fixture.attempts[i] = -ENOSYS;
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, 1000);
	CHECK_INT(connect.done, 0);
	CHECK_INT(connect.op.failure, -ECONNABORTED);
	CHECK(connect.op.repeats >= 4 && connect.op.repeats <= 6); /* longer and longer pauses */
	fixture_run(&fixture, 60000);
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, 0);
	CHECK_INT(connect.op.repeats, FIXTURE_ATTEMPTS - 1);
	end(&connect);
}

/* The reason from the controller's event on the raw socket. */
static void true_reason(void)
{
	static const uint8_t established[] = { 1, 0x00, 0x2a, 0, 0, 1, 1, 2, 3, 4, 5, 6 };
	static const uint8_t ended[] = { 0, 0x2a, 0, 0x3e };
	struct fixture_connect connect;

	begin(&connect, false);
	for (size_t i = 0; i < FIXTURE_ATTEMPTS; i++)
		fixture.attempts[i] = HANGS;
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	for (int i = 0; i < 6; i++) {
		for (int ms = 0; ms < 1700 && fixture.next_attempt == (size_t)i; ms += SHORT)
			fixture_run(&fixture, SHORT);
		REQUIRE(fixture.next_attempt == (size_t)i + 1);
		fixture_command(&fixture, RAW_SCAN_ENABLE, "\1\1", 2);
		fixture_event(&fixture, RAW_LE_META, established, sizeof(established));
		fixture_event(&fixture, RAW_DISCONNECTION, ended, sizeof(ended));
		close(fixture.peers[i]);
		fixture.peers[i] = -1;
	}
	fixture_run(&fixture, 200);
	CHECK_INT(connect.done, 0);
	CHECK_INT(connect.op.failure, -ECONNABORTED);
	CHECK_INT(connect.op.failure_reason, 0x3e);
	fixture_cancel(&connect);
	end(&connect);
}

static void refused_by_status(void)
{
	static const uint8_t status[] = { 0x0a, 0x0d, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6 };
	static const uint8_t other[] = { 0x0a, 0x3e, 0, 0, 0, 1, 6, 6, 6, 6, 6, 6 };
	struct fixture_connect connect;

	begin(&connect, false);
	fixture.attempts[0] = HANGS;
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, SHORT);
	fixture_event(&fixture, RAW_LE_META, status, sizeof(status));
	fixture_event(&fixture, RAW_LE_META, other, sizeof(other)); /* not our peer */
	fixture_event(&fixture, RAW_LE_META, status, 5);
	for (size_t i = 1; i < FIXTURE_ATTEMPTS; i++)
		fixture.attempts[i] = -ECONNREFUSED;
	close(fixture.peers[0]);
	fixture.peers[0] = -1;
	fixture_run(&fixture, 1000);
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, -ECONNREFUSED);
	end(&connect);
}

static void busy_for_a_while(void)
{
	struct fixture_connect connect;

	begin(&connect, false);
	for (size_t i = 0; i < 10; i++)
		fixture.attempts[i] = i % 2 ? -EBUSY : -EALREADY;
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, 99);
	CHECK_INT(fixture.next_attempt, 1);
	fixture_run(&fixture, 10000);
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, 0);
	CHECK_INT(fixture.next_attempt, 11);
	end(&connect);
}

/* Switched off after the set-up: switched on again, once. */
static void down(void)
{
	struct fixture_connect connect;

	begin(&connect, true);
	fixture.settings = MGMT_LE;
	fixture.attempts[0] = fixture.attempts[1] = -EHOSTUNREACH;
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, 500);
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, -ENETDOWN);
	CHECK_STR(fixture_log(&fixture), "connect info power1 connect");
	end(&connect);
}

static void low_energy_off(void)
{
	struct fixture_connect connect;

	begin(&connect, true);
	fixture.settings = MGMT_POWERED;
	fixture.attempts[0] = -ECONNREFUSED;
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, 500);
	CHECK_INT(connect.error, 0);
	CHECK_STR(fixture_log(&fixture), "connect info le1 connect");
	end(&connect);
}

/* -- Cancelling ------------------------------------------------------------ */

/* Cancelled at each step: no callback, and the next connect works. */
static void cancelled_at_each_step(void)
{
	for (int steps = 0; steps < 40; steps++) {
		struct fixture_connect connect, next = { 0 };

		begin(&connect, steps % 2);
		fixture.attempts[0] = steps % 4 < 2 ? HANGS : -EBUSY;
		CHECK_INT(fixture_connect(&fixture, &connect), 0);
		for (int i = 0; i < steps / 4; i++)
			ble_loop_dispatch(fixture.loop, 0);
		fixture_cancel(&connect);
		fixture.attempts[0] = fixture.attempts[1] = 0;
		fixture_run(&fixture, 200);
		CHECK_INT(connect.done, 0);
		CHECK_INT(fixture_connect(&fixture, &next), 0);
		fixture_run(&fixture, 1000);
		CHECK_INT(next.done, 1);
		CHECK_INT(next.error, 0);
		CHECK_INT(fixture.scanning, steps % 2);
		end(&next);
	}
}

/* It is connected, but done was not called yet. */
static void cancelled_at_the_end(void)
{
	struct attempt *attempt;
	struct fixture_connect connect;
	unsigned int fds;

	begin(&connect, false);
	fds = harness_fds();
	fixture.attempts[0] = HANGS;
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, SHORT);
	attempt = fixture_attempt(&fixture);
	attempt->watch.ready(&attempt->watch, LOOP_WRITE);
	REQUIRE(attempt->fd >= 0);
	CHECK_INT(harness_fds(), fds + 2);
	fixture_cancel(&connect);
	CHECK_INT(harness_fds(), fds + 1);
	fixture_run(&fixture, SHORT);
	CHECK_INT(connect.done, 0);
	end(&connect);
}

/* Connects, brings the link into this state, frees it, connects again. */
static const char *again_after(void (*get_into_state)(struct fixture_connect *first),
			       unsigned int held)
{
	struct fixture_connect connect, next = { 0 };
	static char log[1000];

	begin(&connect, false);
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, SHORT);
	REQUIRE(connect.att != NULL);
	get_into_state(&connect);
	fixture_run(&fixture, SHORT);
	att_free(connect.att);
	fixture_log(&fixture);
	fixture.held = held;
	CHECK_INT(fixture_connect(&fixture, &next), 0);
	fixture_run(&fixture, 5000);
	CHECK_INT(next.done, 1);
	CHECK_INT(next.error, 0);
	snprintf(log, sizeof(log), "%s", fixture_log(&fixture));
	end(&next);
	return log;
}

static void indicated(struct fixture_connect *first)
{
	static const uint8_t pdu[] = { 0x1d, 3, 0, 1 };

	(void)first;
	CHECK(send(fixture.peers[0], pdu, sizeof(pdu), 0) == sizeof(pdu));
}

static void notified(struct fixture_connect *first)
{
	static const uint8_t pdu[] = { 0x1b, 3, 0, 1 };

	(void)first;
	CHECK(send(fixture.peers[0], pdu, sizeof(pdu), 0) == sizeof(pdu));
}

static void answered(struct fixture_connect *first)
{
	static const uint8_t pdu[] = { 0x13 };

	fixture_request(first);
	CHECK(send(fixture.peers[0], pdu, sizeof(pdu), 0) == sizeof(pdu));
}

static void timed_out(struct fixture_connect *first)
{
	fixture_request(first);
	fixture_run(&fixture, 31000);
	CHECK_INT(first->closed, 1);
}

static void hung_up(struct fixture_connect *first)
{
	indicated(first);
	fixture_run(&fixture, SHORT);
	close(fixture.peers[0]);
	fixture.peers[0] = -1;
}

/* The bearer of an earlier link with an unfinished transaction is not used again. */
static void lingering(void)
{
	CHECK_STR(again_after(notified, 9), "stop0 connect");
	CHECK_STR(again_after(answered, 9), "stop0 connect");
	CHECK_STR(again_after(indicated, 0), "look stop0 connect");
	CHECK_STR(again_after(indicated, 2), "look look look stop0 connect");
	CHECK_STR(again_after(fixture_request, 2), "look look look stop0 connect");
	CHECK_STR(again_after(timed_out, 2), "look look look stop0 connect");
	CHECK_STR(again_after(hung_up, 0), "look stop0 connect");
}

/* Another program uses the link, and keeps it. */
static void lingering_in_use(void)
{
	unsigned int looks = 0;

	for (const char *word = again_after(indicated, 1000);
	     (word = strstr(word, "look")); word++)
		looks++;
	CHECK(looks > 30 && looks < 70);
}

/* Without CAP_NET_RAW it works the same, but the reason is not known. */
static void unprivileged(void)
{
	struct fixture_connect connect;

	begin(&connect, false);
	fixture.hci->raw.privileged = false;
	fixture_answer(fixture.mgmt_answers, MGMT_STOP_DISCOVERY, MGMT_PERMISSION_DENIED, 100);
	fixture.attempts[0] = -ENOSYS;
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, 500);
	CHECK_INT(connect.error, 0);
	CHECK_STR(fixture_log(&fixture), "info stop0 connect connect");
	end(&connect);
}

const struct test_case hci_connect_cases[] = {
	TEST(plain), TEST(unknown_type), TEST(scan_goes_on),
	TEST(scan_goes_on_after_failure), TEST(scan_goes_on_after_cancel),
	TEST(scan_during_connect), TEST(scan_stops_during_connect), TEST(discovery_stopped),
	TEST(discovery_left_alone), TEST(discovery_stopped_while_pending),
	TEST(forgotten_by_the_kernel), TEST(given_up_by_the_kernel), TEST(discovery_kicked),
	TEST(pending_for_long),
	TEST(stop_not_permitted), TEST(not_permitted_nor_needed), TEST(repeated),
	TEST(repeated_in_vain),
	TEST(true_reason), TEST(refused_by_status), TEST(busy_for_a_while), TEST(down),
	TEST(low_energy_off), TEST(cancelled_at_each_step),
	TEST(cancelled_at_the_end), TEST(lingering), TEST(lingering_in_use),
	TEST(unprivileged), { 0 },
};
