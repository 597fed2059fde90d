/* SPDX-License-Identifier: MIT */
/* Links: the attribute client's responses and errors, notified values, the radio's
 * queue, and every way in which a link ends. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/test_dongle.h"

static void open_linked(void)
{
	host_open(NULL);
	host_connect();
}

/* -- Procedures ------------------------------------------------------------ */

static const char *const procedures[] = {
	"> 00 0a 04 00 00 01 00 ff ff 00 28 02 0d 18", "> 00 08 04 01 00 01 00 ff ff 02 00 28",
	"> 00 08 04 02 00 01 00 ff ff 02 03 28",       "> 00 05 04 03 00 01 00 ff ff",
	"> 00 03 04 04 00 03 00",		       "> 00 06 04 05 00 09 00 02 01 00",
	"> 00 03 04 08 00 0e 00",		       "> 00 08 04 09 00 09 00 00 00 02 01 02",
	"> 00 02 04 0a 00 00",			       "> 00 06 04 0b 00 04 03 00 09 00",
};

enum { N_PROCEDURES = sizeof(procedures) / sizeof(procedures[0]) };

static void respond(const char *command, const char *result)
{
	char line[40];

	snprintf(line, sizeof(line), "^ 00 03 04 %.2s 00 %s", command + 11, result);
	SAYS(line);
}

/* Nothing waits in the firmware: while one runs, any other is refused, on this
 * link only; and on a handle that is not in use all are. */
static void one_at_a_time(void)
{
	for (size_t i = 0; i < N_PROCEDURES; i++) {
		host_open(NULL);
		harness_about("%s", procedures[i]);
		SAYS(procedures[i]);
		respond(procedures[i], "86 01");
		host_connect();
		SAYS("= 100");
		for (size_t k = 0; k < N_PROCEDURES; k++) {
			SAYS(procedures[i]);
			respond(procedures[i], "00 00");
			SAYS(procedures[k]);
			respond(procedures[k], "81 01");
			SAYS("~ 2000");
		}
		host_close();
	}
	harness_about(NULL);
}

static void sweeps(void)
{
	open_linked();
	SAYS(/* by the value of a service: the groups without a UUID */
	     "> 00 0a 04 00 00 01 00 ff ff 00 28 02 0d 18", "< 00 03 04 00 00 00 00",
	     "< 80 06 04 02 00 04 00 0b 00 00", "< 80 05 04 01 00 00 00 00 00",
	     /* none: attribute not found */
	     "> 00 0a 04 00 00 01 00 ff ff 00 28 02 0f 18", "< 00 03 04 00 00 00 00",
	     "< 80 05 04 01 00 0a 04 00 00", "> 00 08 04 01 00 01 00 ff ff 02 01 28",
	     "< 00 03 04 01 00 00 00", "< 80 05 04 01 00 0a 04 00 00",
	     "> 00 08 04 02 00 01 00 ff ff 02 04 29", "< 00 03 04 02 00 00 00",
	     "< 80 05 04 01 00 0a 04 .. ..", "> 00 05 04 03 00 00 01 ff ff",
	     "< 00 03 04 03 00 00 00", "< 80 05 04 01 00 0a 04 .. ..",
	     /* of a part of the range only what lies in it */
	     "> 00 05 04 03 00 02 00 03 00", "< 00 03 04 03 00 00 00",
	     "< 80 06 04 04 00 02 00 02 03 28", "< 80 06 04 04 00 03 00 02 00 2a",
	     "< 80 05 04 01 00 00 00 03 00",
	     /* one of 128 bits */
	     "> 00 16 04 02 00 01 00 ff ff 10 01 00 ee ff c0 62 3b 9d 5e 4c 11 7a 02 00 e0 b1",
	     "< 00 03 04 02 00 00 00", "< 80 18 04 05 00 0e 00 03 13 61 62 *",
	     "< 80 05 04 01 00 00 00 .. ..");
	host_close();
}

static void bad_parameters(void)
{
	static const char *const rows[] = {
		"> 00 05 04 03 00 00 00 ff ff",			/* from handle 0 */
		"> 00 05 04 03 00 05 00 04 00",			/* backwards */
		"> 00 06 04 01 00 01 00 ff ff 00",		/* no type */
		"> 00 0a 04 01 00 01 00 ff ff 04 00 28 00 00",	/* of 32 bits */
		"> 00 09 04 02 00 01 00 ff ff 03 00 28 00",
		"> 00 03 04 04 00 00 00",
		"> 00 19 04 05 00 09 00 15 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 "
		"11 12 13 14 15", /* 21 octets */
		"> 00 19 04 06 00 0b 00 15 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 "
		"11 12 13 14 15",
		"> 00 19 04 09 00 09 00 00 00 13 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e "
		"0f 10 11 12 13", /* 19 of at most 18 */
		"> 00 02 04 0a 00 02", "> 00 04 04 0b 00 02 03 00", /* one handle */
		"> 00 07 04 0b 00 05 03 00 09 00 00",
	};

	open_linked();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		harness_about("%s", rows[i]);
		SAYS(rows[i]);
		respond(rows[i], "80 01");
		SAYS("= 200");
	}
	harness_about(NULL);
	host_close();
}

/* The peer's errors come in procedure_completed, with the handle. */
static void refused(void)
{
	open_linked();
	SAYS("> 00 03 04 04 00 55 00", "< 00 03 04 04 00 00 00", "< 80 05 04 01 00 01 04 55 00",
	     "> 00 03 04 08 00 06 00", "< 00 03 04 08 00 00 00", "< 80 05 04 01 00 02 04 06 00",
	     "> 00 05 04 05 00 03 00 01 aa", "< 00 03 04 05 00 00 00",
	     "< 80 05 04 01 00 03 04 03 00", "> 00 05 04 05 00 15 00 01 aa",
	     "< 00 03 04 05 00 00 00", "< 80 05 04 01 00 80 04 15 00",
	     "> 00 06 04 0b 00 04 03 00 55 00", "< 00 03 04 0b 00 00 00",
	     "< 80 05 04 01 00 01 04 .. ..", "> 00 08 04 01 00 01 00 ff ff 02 02 29",
	     "< 00 03 04 01 00 00 00", "< 80 05 04 01 00 .. 04 00 00");
	host_close();
}

static void reading(void)
{
	open_linked();
	SAYS(/* 22 of 50 */
	     "> 00 03 04 04 00 0e 00", "< 00 03 04 04 00 00 00",
	     "< 80 1b 04 05 00 0e 00 00 16 61 *", "= 500",
	     /* a length that is a multiple of 22: two parts, maybe an empty third */
	     "> 00 03 04 08 00 13 00", "< 00 03 04 08 00 00 00",
	     "< 80 1b 04 05 00 13 00 04 16 61 *", "< 80 1b 04 05 00 13 00 04 16 77 *",
	     "^ 80 05 04 01 00 00 00 13 00",
	     /* a short one: one part */
	     "> 00 03 04 08 00 03 00", "< 00 03 04 08 00 00 00",
	     "< 80 07 04 05 00 03 00 04 02 61 62", "< 80 05 04 01 00 00 00 03 00",
	     /* several, run together, and no completion */
	     "> 00 06 04 0b 00 04 03 00 09 00", "< 00 03 04 0b 00 00 00",
	     "< 80 05 04 06 00 03 61 62 61", "= 500");
	host_close();
}

static void prepared(void)
{
	open_linked();
	SAYS("> 00 18 04 09 00 09 00 00 00 12 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 "
	     "11 12",
	     "< 00 03 04 09 00 00 00", "< 80 05 04 01 00 00 00 09 00",
	     "> 00 08 04 09 00 09 00 12 00 02 13 14", "< 00 03 04 09 00 00 00",
	     "< 80 05 04 01 00 00 00 09 00", "> 00 02 04 0a 00 01", "< 00 03 04 0a 00 00 00",
	     "< 80 05 04 01 00 00 00 .. ..", "> 00 03 04 04 00 09 00",
	     "< 00 03 04 04 00 00 00",
	     "< 80 19 04 05 00 09 00 00 14 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 "
	     "12 13 14",
	     /* cancelled */
	     "> 00 07 04 09 00 09 00 00 00 01 ff", "< 00 03 04 09 00 00 00",
	     "< 80 05 04 01 00 00 00 09 00", "> 00 02 04 0a 00 00", "< 00 03 04 0a 00 00 00",
	     "< 80 05 04 01 00 00 00 .. ..",
	     /* behind the end of what is there */
	     "> 00 07 04 09 00 09 00 40 00 01 ff", "< 00 03 04 09 00 00 00",
	     "< 80 05 04 01 00 .. .. 09 00", "> 00 02 04 0a 00 01", "< 00 03 04 0a 00 00 00",
	     "< 80 05 04 01 00 07 04 .. ..", "> 00 03 04 04 00 09 00",
	     "< 00 03 04 04 00 00 00", "< 80 19 04 05 00 09 00 00 14 01 *");
	host_close();
}

/* -- Values that come by themselves ---------------------------------------- */

static void indications(void)
{
	struct dongle_config config;

	dongle_config_init(&config);
	config.manual_confirm = true;
	host_open(&config);
	host_connect();
	SAYS("> 00 01 04 07 00", "< 00 02 04 07 81 01", /* nothing waits */
	     "> 00 01 04 07 01", "< 00 02 04 07 86 01", "> 00 06 04 05 00 11 00 02 02 00",
	     "< 00 03 04 05 00 00 00", "< 80 05 04 01 00 00 00 11 00",
	     "< 80 07 04 05 00 10 00 05 02 00 00", "= 2000", /* not before the first is */
	     "> 00 01 04 07 00", "< 00 02 04 07 00 00",
	     "< 80 07 04 05 00 10 00 05 02 01 00", "> 00 01 04 07 00", "< 00 02 04 07 00 00",
	     "> 00 01 04 07 00", "< 00 02 04 07 81 01",
	     "< 80 07 04 05 00 10 00 05 02 02 00", /* never: the peer ends it after 30 s */
	     "= 29000", "< 80 03 03 04 00 13 02");
	host_close();
}

/* Two links notify while a third procedure runs: each with its handle, in order. */
static void notifications(void)
{
	unsigned int next[2] = { 0, 0 };
	uint8_t *p;

	open_linked();
	host_connect_third(1);
	SAYS("> 00 06 04 05 00 07 00 02 01 00", "^ 80 05 04 01 00 00 00 07 00",
	     "> 00 06 04 05 01 07 00 02 01 00", "^ 80 05 04 01 01 00 00 07 00");
	for (int i = 0; i < 100; i++) {
		host_line("> 00 05 04 03 00 01 00 ff ff");
		host_pass(100);
	}
	for (p = host.octet; p < host.octet + host.len; p += 4 + p[1]) {
		if (p[0] != 0x80 || p[2] != 4 || p[3] != 5)
			continue;
		REQUIRE(p[4] < 2 && p[7] == 1 && p[8] == 2);
		if (!next[p[4]] && p[4] == 0)
			next[0] = p[9];
		CHECK_INT(p[9] | p[10] << 8, next[p[4]]);
		next[p[4]]++;
	}
	CHECK(next[0] > 95);
	CHECK(next[1] > 95);
	host_close();
}

/* -- The queue to the air -------------------------------------------------- */

/* Six fit, then the queue is full until an event; requests are in the same queue. */
static void queue(void)
{
	open_linked();
	host_pass(1); /* an event is 19 ms away */
	for (int i = 0; i < 6; i++)
		SAYS("> 00 05 04 06 00 0b 00 01 aa", "< 00 03 04 06 00 00 00");
	SAYS("> 00 05 04 06 00 0b 00 01 bb", "< 00 03 04 06 00 82 01",
	     "> 00 05 04 05 00 09 00 01 bb", "< 00 03 04 05 00 82 01",
	     "> 00 03 04 04 00 0b 00", "< 00 03 04 04 00 82 01", "= 25",
	     "> 00 05 04 06 00 0b 00 01 cc", "< 00 03 04 06 00 00 00",
	     "> 00 03 04 04 00 0b 00", "< 00 03 04 04 00 00 00",
	     "< 80 06 04 05 00 0b 00 00 01 cc", "> 00 05 04 06 01 0b 00 01 bb",
	     "< 00 03 04 06 01 86 01");
	host_close();
}

/* -- What else a link does ------------------------------------------------- */

static void rssi(void)
{
	open_linked();
	host_peripheral(0)->advertising.rssi = -20;
	SAYS("> 00 01 03 01 00", "< 00 02 03 01 00 da", "> 00 01 03 01 01",
	     "< 00 02 03 01 01 00", "> 00 01 03 01 08", "< 00 02 03 01 08 7f",
	     "> 00 01 03 01 ff", "< 00 02 03 01 ff 7f");
	host_peripheral(0)->advertising.rssi = -120;
	SAYS("> 00 01 03 01 00", "< 00 02 03 01 00 99");
	host_close();
}

static void updates(void)
{
	open_linked();
	SAYS("> 00 09 03 02 01 10 00 20 00 00 00 64 00", "< 00 03 03 02 01 86 01",
	     "> 00 09 03 02 00 11 00 1f 00 00 00 64 00", "< 00 03 03 02 00 80 01",
	     "> 00 09 03 02 00 12 00 40 00 02 00 c8 00", "< 00 03 03 02 00 00 00",
	     "> 00 09 03 02 00 12 00 40 00 02 00 c8 00", "< 00 03 03 02 00 81 01", "= 119",
	     "< 80 10 03 00 00 09 01 00 00 ee ff c0 01 20 00 c8 00 02 00 ff",
	     "> 00 01 03 07 00", "< 00 01 03 07 00",
	     "< 80 10 03 00 00 01 01 00 00 ee ff c0 01 20 00 c8 00 02 00 ff",
	     "> 00 01 03 07 03", "< 00 01 03 07 03",
	     "< 80 10 03 00 03 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ff",
	     "> 00 01 03 07 08", "< 00 01 03 07 08", "= 200",
	     "> 00 01 03 03 00", "< 00 03 03 03 00 00 00", "< 80 06 03 01 00 06 ff ff 01 00",
	     "> 00 01 03 03 01", "< 00 03 03 03 01 86 01", "> 00 01 03 06 00",
	     "< 00 03 03 06 00 00 00", "< 80 0a 03 02 00 08 01 00 00 00 00 00 00 00",
	     "> 00 01 03 04 00", "< 00 07 03 04 00 05 ff ff ff ff 1f",
	     "> 00 03 04 04 00 03 00", "< 00 03 04 04 00 00 00", "= 39", "^ 80 07 04 05 00 *");
	host_close();
}

/* -- How it ends ----------------------------------------------------------- */

/* A procedure that runs then ends without a word. */
static void ends(void)
{
	static const struct {
		uint8_t reason;
		const char *line;
	} rows[] = { { 0x13, "< 80 03 03 04 00 13 02" }, { 0x08, "< 80 03 03 04 00 08 02" } };

	host_open(NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		host_connect();
		SAYS("> 00 03 04 08 00 0e 00", "< 00 03 04 08 00 00 00");
		CHECK_INT(dongle_drop_link(host.dongle, 0, rows[i].reason), 0);
		SAYS(rows[i].line, "= 60000", "> 00 03 04 04 00 03 00",
		     "< 00 03 04 04 00 86 01", "> 00 01 03 01 00", "< 00 02 03 01 00 00");
	}
	CHECK_INT(dongle_drop_link(host.dongle, 0, 0x13), -ENOTCONN);
	host_close();
}

/* By ourselves: 0, or 0x0216 where so configured; it takes an event. */
static void by_the_host(void)
{
	struct dongle_config config;

	dongle_config_init(&config);
	config.local_reason = 0x0216;
	host_open(&config);
	host_connect();
	host_pass(1);
	SAYS("> 00 03 04 08 00 0e 00", "< 00 03 04 08 00 00 00", "> 00 01 03 00 00",
	     "< 00 03 03 00 00 00 00", "> 00 03 04 04 00 03 00", "< 00 03 04 04 00 81 01",
	     "> 00 05 04 06 00 0b 00 01 cc", "< 00 03 04 06 00 81 01",
	     "< 80 03 03 04 00 16 02", "= 60000");
	host_connect();
	host_close();
}

/* The peripheral's own faults, as the simulator has them. */
static void peers_faults(void)
{
	host_open(NULL);
	host_peripheral(0)->faults.disconnect_after_ms = 500;
	host_peripheral(0)->faults.reason = 0x14;
	host_connect();
	SAYS("= 490", "< 80 03 03 04 00 14 02");
	host_peripheral(0)->faults.disconnect_after_ms = 0;
	host_peripheral(0)->faults.silent_after_requests = 1;
	host_connect();
	SAYS("> 00 03 04 04 00 03 00", "< 00 03 04 04 00 00 00",
	     "< 80 07 04 05 00 03 00 00 02 61 62", "> 00 03 04 04 00 03 00",
	     "< 00 03 04 04 00 00 00", "= 29900", /* ATT's time-out drops the link */
	     "< 80 03 03 04 00 00 00", "= 5000");
	host_close();
}

/* A peripheral that goes out of a link can be connected to by who waits for it. */
static void again(void)
{
	open_linked();
	SAYS("> 00 0f 06 03 01 00 00 ee ff c0 01 06 00 10 00 64 00 00 00",
	     "< 00 03 06 03 00 00 01", "= 5000", "> 00 01 03 00 00", "< 00 03 03 00 00 00 00",
	     "< 80 03 03 04 00 00 00",
	     "< 80 10 03 00 01 05 01 00 00 ee ff c0 01 10 00 64 00 00 00 ff");
	host_close();
}

const struct test_case dongle_links[] = {
	TEST(one_at_a_time), TEST(sweeps),	  TEST(bad_parameters), TEST(refused),
	TEST(reading),	     TEST(prepared),	  TEST(indications),	TEST(notifications),
	TEST(queue),	     TEST(rssi),	  TEST(updates),	TEST(ends),
	TEST(by_the_host),   TEST(peers_faults), TEST(again),		{ 0 },
};
