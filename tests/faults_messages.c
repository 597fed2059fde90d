/* SPDX-License-Identifier: MIT */
/*
 * What goes wrong between the host and its dongle: each message of each
 * procedure is lost, doubled, cut, delayed, ... as the emulator's script does it
 * (see dongle.h), and each command is refused.
 */
#include <errno.h>
#include <stdio.h>

#include "tests/dongle/inside.h"
#include "tests/failmalloc.h"
#include "tests/faults.h"
#include "tests/stand_dongle.h"

enum { KINDS = 3, NEVER = 60000 };

static const char *const kinds[KINDS] = { "cmd", "rsp", "evt" };

static const struct action {
	const char *text;
	bool command, unplugs;
} actions[] = {
	{ "silence", true, false },
	{ "result 0x0180", true, false }, /* invalid parameter */
	{ "result 0x0181", true, false }, /* wrong state */
	{ "result 0x0182", true, false }, /* out of memory */
	{ "result 0x0183", true, false }, /* not implemented */
	{ "result 0x0185", true, false }, /* timeout */
	{ "result 0x0186", true, false }, /* not connected */
	{ "result 0x018a", true, false }, /* too long */
	{ "result 0x0208", true, false }, /* a controller's: timeout */
	{ "result 0x0401", true, false }, /* a peer's: invalid handle */
	{ "result 0x0480", true, false },
	{ "hang", true, false },
	{ "delay 1500", true, false },
	{ "unplug", true, true },
	{ "unplug 700", true, true },
	{ "lose", false, false },
	{ "twice", false, false },
	{ "delay 1500", false, false },
	{ "half", false, false },
	{ "half 1", false, false },
	{ "before ff00", false, false },
	{ "before 80", false, false },
	{ "after 8006", false, false },
	{ "inside 0102", false, false },
	{ "wrong", false, false },
	{ "unplug", false, true },
	{ "unplug 700", false, true },
};

enum { N_ACTIONS = sizeof(actions) / sizeof(actions[0]) };

/* -- Which messages there are ----------------------------------------------------------- */

/* Rules that never come true count. */
static void count(const struct procedure *procedure, unsigned long ret_n[KINDS])
{
	struct fault_run run;
	struct stand stand;
	char text[64];
	size_t i = 0;

	harness_about("%s", procedure->name);
	fault_open(procedure, &stand);
	run.stand = &stand;
	fault_prepare(procedure, &run);
	for (size_t kind = 0; kind < KINDS; kind++) {
		snprintf(text, sizeof(text), "%s * %d delay 1", kinds[kind], NEVER);
		REQUIRE(dongle_script(stand_dongle_of(&stand), text, NULL) == 0);
	}
	REQUIRE(fault_play(procedure, &run));
	CHECK_INT(run.error, 0);
	list_for_each(l, &stand_dongle_of(&stand)->rules)
		ret_n[i++] = list_entry(l, struct rule, link)->count;
	CHECK_INT(i, KINDS);
	dongle_script_clear(stand_dongle_of(&stand));
	fault_release(&run);
	fault_close(&stand);
}

/* -- One case --------------------------------------------------------------------------- */

/* A new adapter, where the old one is gone for good. */
static void open_again(struct fault_run *run)
{
	struct stand *stand = run->stand;

	CHECK_INT(ble_client_connect(run->client, NULL, fault_done, run, NULL), -ENODEV);
	fault_release(run);
	stand->adapter = ble_adapter_unref(stand->adapter);
	REQUIRE(stand_dongle_again(stand) == 0);
	REQUIRE(ble_client_new(stand->adapter, &stand->addresses[0], &run->client) == 0);
	run->disconnected = 0;
}

/* An error of ours, or what the command was refused with. */
static bool expected(const struct procedure *procedure, const struct fault_run *run,
		     bool command)
{
	return run->error <= 0 || (command && (run->error == 1 || run->error == 0x80)) ||
	       fault_as_any_refusal(procedure, run);
}

static void run_case(const struct procedure *procedure, unsigned int kind, unsigned long at,
		     const struct action *action)
{
	size_t memory = failmalloc_live();
	struct fault_run run;
	struct stand stand;
	char text[80];

	snprintf(text, sizeof(text), "%s * %lu %s", kinds[kind], at, action->text);
	harness_about("%s: %s", procedure->name, text);
	failmalloc_mark();
	fault_open(procedure, &stand);
	run.stand = &stand;
	fault_prepare(procedure, &run);
	REQUIRE(dongle_script(stand_dongle_of(&stand), text, NULL) == 0);
	/* What nobody was told of is nobody's to miss. */
	CHECK(fault_play(procedure, &run) || procedure->by_event);
	stand_run(&stand, 40000); /* what it had to put right, or to give up */
	dongle_script_clear(stand_dongle_of(&stand));
	if (!expected(procedure, &run, kind == 0)) {
		harness_about("%s: %s: ended with %d", procedure->name, text, run.error);
		FAIL("an error of nobody's");
	}
	if (stand.adapter->gone)
		open_again(&run);
	fault_check_alive(&run);
	fault_release(&run);
	fault_close(&stand);
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
