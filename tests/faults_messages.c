/* SPDX-License-Identifier: MIT */
/*
 * Faults between the host and its dongle: each message of each procedure is lost,
 * sent twice, cut, delayed, ... by the emulator's script (see dongle.h), and each
 * command is refused.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "att/pdu.h"
#include "tests/dongle/inside.h"
#include "tests/failmalloc.h"
#include "tests/faults.h"
#include "tests/fixture_dongle.h"

enum { KINDS = 3, NEVER = 60000 };

static const char *const kinds[KINDS] = { "cmd", "rsp", "evt" };

/* What it may end with, besides well: a link that was given up, or the dongle. */
#define RESULT(text, ...) { text, true, { -ENOTCONN, __VA_ARGS__ } }
#define UNPLUG(text, command) { text, command, { -ENOTCONN, -ENODEV } }
#define GARBLED { -EBADMSG, -ETIMEDOUT }

enum { WHATEVER = INT_MIN }; /* error of ours */

static const struct action {
	const char *text;
	bool command;
	int errors[4];
} actions[] = {
	{ "silence", true, { -ETIMEDOUT } },
	RESULT("result 0x0180", -EINVAL),
	RESULT("result 0x0181", -EBUSY), /* wrong state */
	RESULT("result 0x0182", -EAGAIN, -EMLINK), /* out of memory */
	RESULT("result 0x0183", -EOPNOTSUPP),
	RESULT("result 0x0185", -ETIMEDOUT),
	{ "result 0x0186", true, { -ENOTCONN } },
	RESULT("result 0x018a", -EMSGSIZE),
	RESULT("result 0x0208", -ETIMEDOUT), /* a controller's */
	/* A peer's: where it has none to speak of, EIO */
	RESULT("result 0x0401", ATT_INVALID_HANDLE, -EIO),
	RESULT("result 0x0480", BLE_ERROR_ATT(0x80), -EIO),
	{ "hang", true, { -ETIMEDOUT } },
	{ "delay 1500", true, { 0 } },
	UNPLUG("unplug", true),
	UNPLUG("unplug 700", true),
	{ "lose", false, { -ETIMEDOUT } },
	{ "twice", false, { -EBADMSG } },
	{ "delay 1500", false, { 0 } },
	{ "half", false, GARBLED },
	{ "half 1", false, GARBLED },
	{ "before ff00", false, GARBLED },
	{ "before 80", false, GARBLED },
	{ "after 8006", false, GARBLED },
	/* A response has other octets in place of the result. */
	{ "inside 0102", false, { WHATEVER } },
	{ "wrong", false, GARBLED },
	UNPLUG("unplug", false),
	UNPLUG("unplug 700", false),
};

enum { N_ACTIONS = sizeof(actions) / sizeof(actions[0]) };

/* -- Which messages there are ----------------------------------------------------------- */

/* Rules that never come true count. */
static void count(const struct procedure *procedure, unsigned long ret_n[KINDS])
{
	struct fault_run run;
	struct fixture fixture;
	char text[64];
	size_t i = 0;

	harness_about("%s", procedure->name);
	fault_open(procedure, &fixture);
	run.fixture = &fixture;
	fault_prepare(procedure, &run);
	for (size_t kind = 0; kind < KINDS; kind++) {
		snprintf(text, sizeof(text), "%s * %d delay 1", kinds[kind], NEVER);
		REQUIRE(dongle_script(fixture_dongle_of(&fixture), text, NULL) == 0);
	}
	REQUIRE(fault_play(procedure, &run));
	CHECK_INT(run.error, 0);
	list_for_each(l, &fixture_dongle_of(&fixture)->rules)
		ret_n[i++] = list_entry(l, struct rule, link)->count;
	CHECK_INT(i, KINDS);
	dongle_script_clear(fixture_dongle_of(&fixture));
	fault_release(&run);
	fault_close(&fixture);
}

/* -- One case --------------------------------------------------------------------------- */

/* A new adapter, where the old one is gone for good. */
static void open_again(struct fault_run *run)
{
	struct fixture *fixture = run->fixture;

	CHECK_INT(ble_client_connect(run->client, NULL, fault_done, run, NULL), -ENODEV);
	fault_release(run);
	fixture->adapter = ble_adapter_unref(fixture->adapter);
	REQUIRE(fixture_dongle_again(fixture) == 0);
	REQUIRE(ble_client_new(fixture->adapter, &fixture->addresses[0], &run->client) == 0);
	run->disconnected = 0;
}

static bool expected(const struct procedure *procedure, const struct fault_run *run,
		     const struct action *action)
{
	for (size_t i = 0; i < 4 && action->errors[i]; i++)
		if (run->error == action->errors[i] ||
		    (action->errors[i] == WHATEVER && run->error && run->error != -ENOMEM))
			return true;
	return !run->error || fault_as_any_refusal(procedure, run);
}

static void run_case(const struct procedure *procedure, unsigned int kind, unsigned long at,
		     const struct action *action)
{
	size_t memory = failmalloc_live();
	struct fault_run run;
	struct fixture fixture;
	char text[80];

	snprintf(text, sizeof(text), "%s * %lu %s", kinds[kind], at, action->text);
	harness_about("%s: %s", procedure->name, text);
	failmalloc_mark();
	fault_open(procedure, &fixture);
	run.fixture = &fixture;
	fault_prepare(procedure, &run);
	REQUIRE(dongle_script(fixture_dongle_of(&fixture), text, NULL) == 0);
	/* What was not reported cannot be missed. */
	CHECK(fault_play(procedure, &run) || procedure->by_event);
	fixture_run(&fixture, 40000); /* what it had to put right, or to give up */
	dongle_script_clear(fixture_dongle_of(&fixture));
	if (!expected(procedure, &run, action)) {
		harness_about("%s: %s: ended with %d", procedure->name, text, run.error);
		FAIL("an unexpected error");
	}
	if (fixture.adapter->gone)
		open_again(&run);
	fault_check_alive(&run);
	fault_release(&run);
	fault_close(&fixture);
	CHECK_INT(failmalloc_live(), memory);
	if (failmalloc_live() > memory)
		failmalloc_list(stderr);
	fault_cases++;
}

/* Of many messages the first ones, and then some. */
static bool sampled(unsigned long at, size_t action)
{
	return fault_whole() || at <= 3 || (at + action) % 8 == 0;
}

void fault_messages(void)
{
	const struct procedure *procedure = fault_procedure();
	unsigned long n[KINDS] = { 0 };

	count(procedure, n);
	for (unsigned int kind = 0; kind < KINDS; kind++)
		for (unsigned long at = 1; at <= n[kind]; at++)
			for (size_t i = 0; i < N_ACTIONS; i++)
				if (actions[i].command == (kind == 0) && sampled(at, i))
					run_case(procedure, kind, at, &actions[i]);
	harness_about(NULL);
}
