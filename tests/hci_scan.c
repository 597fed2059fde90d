/* SPDX-License-Identifier: MIT */
/* Scanning: the order of commands, refusals, and other programs' commands. */
#define _GNU_SOURCE /* for hci.h */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "tests/hci_fixture.h"
#include "tests/patience.h"

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

/* Their disable is still on its way when ours is sent: it is answered first. */
static void their_command_before_ours(void)
{
	fixture_open(&fixture);
	fixture.extended = true;
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_run(&fixture, SHORT);
	fixture_others_command(&fixture, RAW_EXT_SCAN_ENABLE, "\0\0\0\0\0\0", 6);
	fixture_run(&fixture, SHORT);
	fixture_log(&fixture);
	fixture.adapter->class->scan_stop(fixture.adapter);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "");
	fixture_others_answer(&fixture, RAW_EXT_SCAN_ENABLE, 0);
	ble_loop_dispatch(fixture.loop, 0);
	CHECK(fixture.hci->scan.on); /* theirs did not switch ours off, as far as is known */
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "xoff commands stop0");
	CHECK(!fixture.scanning);
	fixture_close(&fixture);
}

/* Theirs is another than ours: which one the controller has run last is not assumed. */
static void crossing_commands(void)
{
	static const struct {
		const char *after; /* the latest of ours before theirs */
		uint16_t opcode;
		const char *params, *log;
	} rows[] = {
		{ "off", RAW_SCAN_PARAMS, "\0\x60\0\x30\0\0\1", "active(96,48) off active(96,48) on" },
		{ "active", RAW_SCAN_ENABLE, "\0\0\0\0\0\0", "on off active(96,48) on" },
		{ "commands", RAW_SCAN_ENABLE, "\1\0\0\0\0\0", "off off active(96,48) on" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool params = rows[i].opcode == RAW_SCAN_PARAMS;

		fixture_open(&fixture);
		CHECK_INT(fixture_scan(&fixture, false), 0);
		for (int k = 0; k < 100 && !strstr(fixture.log, rows[i].after); k++)
			ble_loop_dispatch(fixture.loop, 0);
		fixture_log(&fixture);
		fixture_others_command(&fixture, rows[i].opcode, rows[i].params, params ? 7 : 2);
		for (int k = 0; k < 4; k++)
			ble_loop_dispatch(fixture.loop, 0); /* ours is sent */
		CHECK_INT(fixture.hci->scan.opcode, rows[i].opcode);
		fixture_others_answer(&fixture, rows[i].opcode, 0);
		fixture_run(&fixture, SHORT);
		CHECK_STR(fixture_log(&fixture), rows[i].log);
		CHECK(fixture.scanning);
		CHECK_INT(fixture.ended, 0);
		fixture_close(&fixture);
	}
}

/* The socket was full, and theirs has no answer that was received. */
static void their_answer_is_lost(void)
{
	fixture_open(&fixture);
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	fixture_others_command(&fixture, RAW_SCAN_ENABLE, "\0\0", 2);
	fixture.loses = RAW_SCAN_ENABLE;
	fixture_others_answer(&fixture, RAW_SCAN_ENABLE, 0);
	fixture.loses = 0;
	fixture_run(&fixture, SHORT);
	fixture_log(&fixture);
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_run(&fixture, 4000);
	CHECK_INT(fixture.ended, 0);
	CHECK(fixture.scanning && fixture.active);
	fixture_close(&fixture);
}

/* The kernel ends its own scan after a connect was cancelled, and nobody listens to
 * the answer any more. */
static void after_a_cancelled_connect(void)
{
	struct fixture_connect connect;

	for (int apart = 0; apart < 4; apart++) {
		memset(&connect, 0, sizeof(connect));
		fixture_open(&fixture);
		fixture.hci->scan.family_known = true;
		fixture.attempts[0] = 1; /* hangs */
		CHECK_INT(fixture_connect(&fixture, &connect), 0);
		fixture_run(&fixture, SHORT);
		fixture_log(&fixture);
		fixture_others_command(&fixture, RAW_SCAN_ENABLE, "\0\0", 2);
		if (apart & 1)
			fixture_run(&fixture, 10);
		fixture_cancel(&connect);
		if (apart & 2)
			fixture_run(&fixture, 10);
		else
			CHECK_INT(fixture_scan(&fixture, false), 0);
		fixture_others_answer(&fixture, RAW_SCAN_ENABLE, 0);
		if (apart & 2)
			CHECK_INT(fixture_scan(&fixture, false), 0);
		ble_loop_dispatch(fixture.loop, 0);
		CHECK_INT(fixture.hci->scan.opcode, RAW_SCAN_ENABLE); /* not taken for ours */
		fixture_run(&fixture, SHORT);
		CHECK_STR(fixture_log(&fixture), "off active(96,48) on");
		CHECK_INT(fixture.ended, 0);
		CHECK(fixture.scanning);
		fixture_close(&fixture);
	}
}

/* The controller scans, and its answer was lost. */
static void answer_to_enable_is_lost(void)
{
	for (int how = 0; how < 3; how++) {
		fixture_open(&fixture);
		fixture.loses = RAW_SCAN_ENABLE;
		CHECK_INT(fixture_scan(&fixture, false), 0);
		while (!fixture.hci->scan.disabling)
			ble_loop_dispatch(fixture.loop, 0);
		fixture_event(&fixture, 0x0e, "\1\x0c\x20", 4); /* of the disable */
		fixture_run(&fixture, SHORT);
		CHECK(fixture.scanning);
		fixture_log(&fixture);
		if (how == 1)
			fixture.adapter->class->scan_stop(fixture.adapter);
		fixture.loses = 0;
		if (how < 2)
			fixture_run(&fixture, 4000);
		CHECK_INT(fixture.ended, how == 0);
		if (how == 0) {
			CHECK_INT(fixture.ended_error, -ETIMEDOUT);
			CHECK(strstr(fixture.text, "does not answer"));
		}
		if (how == 2)
			fixture_free_adapter(&fixture);
		fixture_run(&fixture, SHORT);
		CHECK_STR(fixture_log(&fixture), how == 2 ? "off stop0 commands" : "off commands stop0");
		CHECK(!fixture.scanning);
		fixture_close(&fixture);
	}
}

/* A controller that answers nothing is not asked for ever; at the end it is asked once
 * more. */
static void never_answered(void)
{
	struct fixture_connect connect = { 0 };

	fixture_open(&fixture);
	fixture.mute = true;
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_run(&fixture, 60000);
	CHECK_INT(fixture.ended, 1);
	CHECK_INT(fixture.ended_error, -ETIMEDOUT);
	CHECK_STR(fixture_log(&fixture), "info commands off off");
	CHECK(!fixture.hci->raw.listeners);
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, 5000);
	CHECK_STR(fixture_log(&fixture), "stop0 connect");
	CHECK_INT(connect.done, 1);
	att_free(connect.att);
	fixture_free_adapter(&fixture);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "off");
	fixture_close(&fixture);
}

/* -- Blocking commands ------------------------------------------------------------- */

static const uint8_t report_packet[] = { 4, 0x3e, 17, 2, 1, 0, 1, 6, 5, 4, 3, 2, 1, 5,
					 'h', 'e', 'l', 'l', 'o', 0xc4 };

/* A busy place: a thousand reports and more before the answer. */
static void ask_among_reports(void)
{
	static const uint8_t answer[] = { 4, 0x0e, 4, 1, 0x0c, 0x20, 0 };
	uint8_t reply[1] = { 0xff };
	size_t len = 0;
	int ends[2], status;
	pid_t child;

	REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
	child = fork();
	REQUIRE(child >= 0);
	if (child == 0) {
		close(ends[0]);
		for (int i = 0; i < 5000; i++)
			if (send(ends[1], report_packet, sizeof(report_packet), MSG_NOSIGNAL) < 0)
				_exit(1);
		_exit(send(ends[1], answer, sizeof(answer), MSG_NOSIGNAL) < 0);
	}
	CHECK_INT(raw_ask(ends[0], RAW_SCAN_ENABLE, bytes("\0\0", 2), (int)patience_ms(), reply, 1, &len), 0);
	CHECK_INT(len, 1);
	CHECK_INT(reply[0], 0);
	close(ends[0]);
	REQUIRE(waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(ends[1]);
}

static void ask_beside_others(void)
{
	static const uint8_t packets[][8] = {
		{ 6, 1, 0x0c, 0x20, 2, 1, 0 }, /* their enable */
		{ 7, 4, 0x0e, 4, 1, 0x0c, 0x20, 0x0c },
		{ 7, 4, 0x0e, 4, 1, 0, 0, 0 },     /* only takes commands again */
		{ 7, 4, 0x0e, 4, 1, 0x0c, 0x20, 0 },
	};
	uint8_t reply[1] = { 0xff };
	size_t len = 0;
	int ends[2];

	REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++)
		REQUIRE(send(ends[1], packets[i] + 1, packets[i][0], 0) > 0);
	CHECK_INT(raw_ask(ends[0], RAW_SCAN_ENABLE, bytes("\0\0", 2), (int)patience_ms(), reply, 1, &len), 0);
	CHECK_INT(reply[0], 0);
	close(ends[0]);
	close(ends[1]);
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
	TEST(shared), TEST(no_fight), TEST(anothers_command),
	TEST(their_command_before_ours), TEST(crossing_commands),
	TEST(their_answer_is_lost), TEST(after_a_cancelled_connect),
	TEST(answer_to_enable_is_lost), TEST(never_answered),
	TEST(ask_among_reports), TEST(ask_beside_others), TEST(crooked_packets),
	TEST(freed_by_a_report), TEST(stopped_by_a_report), TEST(freed_by_the_end),
	{ 0 },
};
