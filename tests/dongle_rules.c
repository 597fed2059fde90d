/* SPDX-License-Identifier: MIT */
/* What a dongle refuses and what it sends by itself: the parser, the radio's one
 * procedure, and what does not concern links. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/test_dongle.h"

static void open_usual(void)
{
	host_open(NULL);
}

/* -- The parser ------------------------------------------------------------ */

/* Half a command is thrown away after 1 s without an octet, not sooner. */
static void half_a_command(void)
{
	open_usual();
	SAYS("> 00 02 06", "= 980", "> 01", "= 980", "< 80 02 00 06 85 01", "= 2000",
	     "> 00 00 00 01", "< 00 00 00 01",
	     /* octet by octet it is whole all the same */
	     "> 00", "= 900", "> 02", "= 900", "> 06", "= 900", "> 01", "> 00", "= 900", "> 00",
	     "< 00 02 06 01 00 00", "= 2000");
	host_close();
}

/* What is no command takes all behind it along, until the host is silent. */
static void malformed(void)
{
	static const struct {
		const char *octets, *answer;
	} rows[] = {
		{ "> 00 00 00 55", "< 80 02 00 06 84 01" },    /* no such command */
		{ "> 00 00 0f 01", "< 80 02 00 06 84 01" },    /* no such class */
		{ "> 00 01 00 0f 00", "< 80 02 00 06 84 01" }, /* AES, which it is without */
		{ "> 80 00 00 01", "< 80 02 00 06 84 01" },    /* an event */
		{ "> 08 00 00 01", "< 80 02 00 06 84 01" },    /* Wi-Fi */
		{ "> 00 01 00 01 00", "< 80 02 00 06 80 01" }, /* longer than hello is */
		{ "> 00 02 06 02 02 00", "< 80 02 00 06 80 01" }, /* mode as 16 bits */
		{ "> 00 06 04 05 00 09 00 03 01 00", "< 80 02 00 06 80 01" }, /* array */
		{ "> 00 3d 04 05 00", "< 80 02 00 06 8a 01" }, /* 61 octets */
		{ "> 07 ff 04 05 00", "< 80 02 00 06 8a 01" },
	};

	open_usual();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		SAYS(rows[i].octets, "> 00 00 00 01", "= 900", "> 00 00 00 01", "= 980",
		     rows[i].answer, "= 1500", "> 00 00 00 01", "< 00 00 00 01");
	}
	host_close();
}

/* The longest command that fits, and one behind another in one piece. */
static void longest(void)
{
	char line[4 * 70] = "> 00 3c 00 09 03 3a";

	open_usual();
	for (int i = 0; i < 0x3a; i++)
		strcat(line, " aa");
	SAYS(line, "< 00 02 00 09 00 00", "> 00 00 00 01 00 00 00 02 00 00 00",
	     "< 00 00 00 01", "< 00 06 00 02 ee ff c0 80 07 00", "= 900",
	     "< 80 02 00 06 85 01");
	host_close();
}

/* -- The radio's one procedure --------------------------------------------- */

static void wrong_states(void)
{
	open_usual();
	SAYS("> 00 00 06 04", "< 00 02 06 04 81 01", "> 00 01 06 02 03", "< 00 02 06 02 80 01",
	     "> 00 01 06 02 02", "< 00 02 06 02 00 00", "> 00 01 06 02 02",
	     "^ 00 02 06 02 81 01", "> 00 05 06 07 4b 00 32 00 01", "^ 00 02 06 07 81 01",
	     /* a connect ends the scan, and nothing is reported meanwhile */
	     "> 00 0f 06 03 02 00 00 ee ff c0 01 10 00 20 00 64 00 00 00",
	     "^ 00 03 06 03 00 00 00", "= 30000");
	CHECK(dongle_connecting(host.dongle));
	CHECK(!dongle_scanning(host.dongle));
	SAYS("> 00 0f 06 03 01 00 00 ee ff c0 01 10 00 20 00 64 00 00 00",
	     "< 00 03 06 03 81 01 00", "> 00 01 06 02 02", "< 00 02 06 02 81 01",
	     "= 600000", /* it waits for ever */
	     "> 00 00 06 04", "< 00 02 06 04 00 00", "= 1000", "> 00 00 06 04",
	     "< 00 02 06 04 81 01");
	CHECK(!dongle_connecting(host.dongle));
	CHECK(!dongle_scanning(host.dongle));
	host_connect(); /* the slot that was kept is free again */
	host_close();
}

static void scan_parameters(void)
{
	static const struct {
		const char *command;
		bool good;
	} rows[] = {
		{ "> 00 05 06 07 04 00 04 00 00", true },
		{ "> 00 05 06 07 00 40 00 40 01", true },
		{ "> 00 05 06 07 03 00 03 00 00", false },
		{ "> 00 05 06 07 01 40 04 00 00", false },
		{ "> 00 05 06 07 10 00 11 00 00", false },
		{ "> 00 05 06 07 10 00 00 00 00", false },
		{ "> 00 05 06 07 10 00 10 00 02", false },
	};

	open_usual();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		SAYS(rows[i].command,
		     rows[i].good ? "< 00 02 06 07 00 00" : "< 00 02 06 07 80 01");
	}
	SAYS("> 00 03 06 06 02 00 00", "< 00 02 06 06 80 01", "> 00 03 06 06 00 04 00",
	     "< 00 02 06 06 80 01", "> 00 03 06 06 00 00 02", "< 00 02 06 06 80 01",
	     "> 00 03 06 06 00 00 01", "< 00 02 06 06 00 00");
	host_close();
}

/* Counts what comes in a time, by peripheral and type. */
static unsigned int count(const char *const hex, unsigned int ms)
{
	uint8_t octet[12];
	unsigned int n = 0;
	const uint8_t *p;

	for (size_t i = 0; i < sizeof(octet); i++) {
		unsigned int value = 0x100;

		if (hex[3 * i] != '.')
			sscanf(hex + 3 * i, "%2x", &value);
		octet[i] = (uint8_t)value;
	}
	host.len = 0;
	host_pass(ms);
	for (p = host.octet; p < host.octet + host.len; p += 4 + p[1]) {
		bool same = p[2] == 6 && p[3] == 0;

		for (size_t i = 5; same && i < 12; i++)
			same = p[i] == octet[i];
		n += same;
	}
	host.len = 0;
	return n;
}

static const char first_adv[] = "80 .. 06 00 c4 00 01 00 00 ee ff c0";
static const char first_rsp[] = "80 .. 06 00 c4 04 01 00 00 ee ff c0";
static const char second_adv[] = "80 .. 06 00 c4 02 55 44 33 22 11 00";
static const char third_adv[] = "80 .. 06 00 c4 00 03 00 00 ee ff c0";

static void scan(const char *parameters, const char *mode)
{
	SAYS("> 00 00 06 04", "^ 00 02 06 04 *", parameters, "^ 00 02 06 07 00 00", mode,
	     "< 00 02 06 02 00 00");
}

static void modes(void)
{
	static const char full[] = "> 00 05 06 07 40 00 40 00 01";
	static const char quarter[] = "> 00 05 06 07 40 00 10 00 01";
	static const char passive[] = "> 00 05 06 07 40 00 40 00 00";
	unsigned int n;

	open_usual();
	scan(full, "> 00 01 06 02 02");
	n = count(first_adv, 10000); /* every 50 to 60 ms */
	CHECK(n > 160 && n < 200);
	CHECK(count(first_rsp, 10000) > 160);
	CHECK(count(second_adv, 10000) > 160);
	scan(passive, "> 00 01 06 02 02");
	CHECK_INT(count(first_rsp, 5000), 0);
	CHECK(count(first_adv, 5000) > 80);
	scan(full, "> 00 01 06 02 01"); /* generic: who is discoverable */
	CHECK(count(first_adv, 5000) > 80);
	CHECK(count(third_adv, 5000) > 80);
	CHECK_INT(count(second_adv, 5000), 0);
	scan(full, "> 00 01 06 02 00"); /* limited */
	CHECK_INT(count(first_adv, 5000), 0);
	CHECK_INT(count(first_rsp, 5000), 0);
	CHECK(count(third_adv, 5000) > 80);
	scan(quarter, "> 00 01 06 02 02"); /* the receiver is on for a quarter of the time */
	n = count(first_adv, 20000);
	CHECK(n > 50 && n < 160);
	host_close();
}

/* Once a scan, each advertiser, each type. */
static void duplicates(void)
{
	open_usual();
	SAYS("> 00 03 06 06 00 00 01", "< 00 02 06 06 00 00");
	for (int i = 0; i < 2; i++) {
		scan("> 00 05 06 07 40 00 40 00 01", "> 00 01 06 02 02");
		CHECK_INT(count(first_adv, 5000), 1);
		SAYS("= 5000");
		SAYS("> 00 00 06 04", "< 00 02 06 04 00 00");
	}
	host_close();
}

static void whitelist(void)
{
	char line[64];

	open_usual();
	SAYS("> 00 07 00 0b 01 00 00 ee ff c0 01", "< 00 02 00 0b 80 01",
	     "> 00 07 00 0a 01 00 00 ee ff c0 02", "< 00 02 00 0a 80 01");
	for (int i = 0; i < 8; i++) {
		snprintf(line, sizeof(line), "> 00 07 00 0a %02x 00 00 ee ff c0 01", 3 + i);
		SAYS(line, "< 00 02 00 0a 00 00");
	}
	SAYS("> 00 07 00 0a 77 00 00 ee ff c0 01", "< 00 02 00 0a 82 01",
	     "> 00 07 00 0b 04 00 00 ee ff c0 01", "< 00 02 00 0b 00 00",
	     "> 00 03 06 06 01 00 00", "< 00 02 06 06 00 00");
	scan("> 00 05 06 07 40 00 40 00 01", "> 00 01 06 02 02");
	CHECK_INT(count(first_adv, 3000), 0);
	CHECK(count(third_adv, 3000) > 20);
	SAYS("> 00 07 00 0a 01 00 00 ee ff c0 01", "^ 00 02 00 0a 81 01", "> 00 00 06 04",
	     "^ 00 02 06 04 00 00", "~ 5",
	     /* connect_selective: whoever of the list is heard */
	     "> 00 08 06 05 06 00 10 00 64 00 00 00", "< 00 03 06 05 00 00 00",
	     "< 80 10 03 00 00 05 03 00 00 ee ff c0 01 10 00 64 00 00 00 ff",
	     "> 00 07 00 0a 01 00 00 ee ff c0 01", "< 00 02 00 0a 81 01", "> 00 00 00 0c",
	     "< 00 00 00 0c");
	host_close();
}

/* -- Connecting ------------------------------------------------------------ */

static void connect_parameters(void)
{
	static const struct {
		const char *values, *result;
	} rows[] = {
		{ "10 00 10 00 64 00 00 00", "00 00" },
		{ "11 00 1f 00 64 00 00 00", "80 01" }, /* no multiple of 20 ms */
		{ "05 00 20 00 64 00 00 00", "80 01" }, { "06 00 81 0c 64 00 00 00", "80 01" },
		{ "20 00 10 00 64 00 00 00", "80 01" }, { "10 00 10 00 09 00 00 00", "80 01" },
		{ "10 00 10 00 81 0c 00 00", "80 01" }, { "10 00 10 00 64 00 f5 01", "80 01" },
		{ "80 0c 80 0c 80 0c f4 01", "00 00" },
	};
	char line[96], answer[40];

	open_usual();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(line, sizeof(line), "> 00 0f 06 03 02 00 00 ee ff c0 01 %s",
			 rows[i].values);
		snprintf(answer, sizeof(answer), "< 00 03 06 03 %s 00", rows[i].result);
		SAYS(line, answer, "> 00 00 06 04", "< 00 02 06 04 *");
	}
	SAYS("> 00 0f 06 03 02 00 00 ee ff c0 02 10 00 10 00 64 00 00 00",
	     "< 00 03 06 03 80 01 00");
	host_close();
}

/* Who does not let himself be connected to, or is of another type, is not found. */
static void not_found(void)
{
	open_usual();
	SAYS("> 00 0f 06 03 55 44 33 22 11 00 00 10 00 10 00 64 00 00 00",
	     "< 00 03 06 03 00 00 00", "= 10000", "> 00 00 06 04", "< 00 02 06 04 00 00",
	     "> 00 0f 06 03 01 00 00 ee ff c0 00 10 00 10 00 64 00 00 00",
	     "< 00 03 06 03 00 00 00", "= 10000", "> 00 00 06 04", "< 00 02 06 04 00 00");
	host_close();
}

static void link_limit(void)
{
	struct dongle_config config;

	dongle_config_init(&config);
	config.links = 2;
	host_open(&config);
	SAYS("> 00 0f 06 03 01 00 00 ee ff c0 01 04 00 10 00 64 00 00 00",
	     "< 00 03 06 03 80 01 00", /* 5 ms, but below 7.5 */
	     "> 00 0f 06 03 01 00 00 ee ff c0 01 06 00 10 00 64 00 00 00",
	     "< 00 03 06 03 00 00 00",
	     "< 80 10 03 00 00 05 01 00 00 ee ff c0 01 08 00 64 00 00 00 ff");
	host_connect_third(1);
	SAYS("> 00 0f 06 03 02 00 00 ee ff c0 01 06 00 10 00 64 00 00 00",
	     "< 00 03 06 03 09 02 00", "> 00 01 03 00 00", "< 00 03 03 00 00 00 00",
	     "> 00 01 03 00 00", "^ 00 03 03 00 00 81 01", "< 80 03 03 04 00 00 00",
	     "> 00 01 03 00 00", "< 00 03 03 00 00 86 01",
	     "> 00 0f 06 03 01 00 00 ee ff c0 01 06 00 10 00 64 00 00 00",
	     "< 00 03 06 03 00 00 00",
	     "< 80 10 03 00 00 05 01 00 00 ee ff c0 01 08 00 64 00 00 00 ff");
	CHECK_INT(dongle_count_links(host.dongle), 2);
	host_close();
}

/* -- The rest -------------------------------------------------------------- */

static void soft_timers(void)
{
	char line[64];

	open_usual();
	SAYS("> 00 06 07 01 00 7d 00 00 01 00", "< 00 02 07 01 00 00", /* each second */
	     "= 990", "< 80 01 07 01 01", "= 980", "< 80 01 07 01 01",
	     "> 00 06 07 01 00 7d 00 00 02 00", "< 00 02 07 01 82 01", /* one repeats */
	     "> 00 06 07 01 00 00 00 00 01 00", "< 00 02 07 01 00 00", "= 3000",
	     "> 00 06 07 01 00 00 40 00 01 01", "< 00 02 07 01 80 01"); /* 23 bits */
	for (int i = 0; i < 8; i++) {
		snprintf(line, sizeof(line), "> 00 06 07 01 00 7d 00 00 %02x 01", i);
		SAYS(line, "< 00 02 07 01 00 00");
	}
	SAYS("> 00 06 07 01 00 7d 00 00 08 01", "< 00 02 07 01 82 01",
	     "> 00 06 07 01 00 7d 00 00 07 01", "< 00 02 07 01 00 00");
	for (int i = 0; i < 8; i++) {
		snprintf(line, sizeof(line), "< 80 01 07 01 %02x", i);
		SAYS(line);
	}
	SAYS("= 3000");
	host_close();
}

/* What lies in flash is there after a reset too. */
static void store(void)
{
	open_usual();
	SAYS("> 00 02 01 04 00 80", "< 00 03 01 04 80 01 00", "> 00 05 01 03 00 80 02 12 34",
	     "< 00 02 01 03 00 00", "> 00 05 01 03 7f 80 02 ab cd", "< 00 02 01 03 00 00",
	     "> 00 05 01 03 80 80 02 ab cd", "< 00 02 01 03 80 01", "> 00 01 00 00 00",
	     "~ 1000");
	host_attach();
	SAYS("> 00 02 01 04 00 80", "< 00 05 01 04 00 00 02 12 34", "> 00 00 01 01",
	     "< 00 00 01 01", "< 80 05 01 00 00 80 02 12 34", "< 80 05 01 00 7f 80 02 ab cd",
	     "< 80 03 01 00 ff ff 00", "> 00 02 01 05 00 80", "< 00 00 01 05",
	     "> 00 00 01 02", "< 00 00 01 02", "> 00 00 01 01", "< 00 00 01 01",
	     "< 80 03 01 00 ff ff 00", "> 00 00 01 00", "< 00 00 01 00");
	host_close();
}

/* A dongle that nobody ever paired with. */
static void security(void)
{
	open_usual();
	SAYS("> 00 02 05 00 00 01", "< 00 03 05 00 00 86 01", "> 00 00 05 05",
	     "< 00 01 05 05 00", "> 00 01 05 02 00", "< 00 02 05 02 80 01", "> 00 01 05 02 ff",
	     "< 00 02 05 02 00 00", "> 00 03 05 03 01 07 04", "< 00 00 05 03",
	     "> 00 05 05 04 00 40 e2 01 00", "< 00 02 05 04 86 01", "> 00 01 05 06 00",
	     "< 00 00 05 06", "> 00 00 05 07", "< 00 03 05 07 00 00 00", "> 00 02 05 08 07 07",
	     "< 00 02 05 08 00 00", "> 00 02 05 08 08 07", "< 00 02 05 08 80 01");
	host_connect();
	SAYS("> 00 02 05 00 00 01", "< 00 03 05 00 00 00 00", "> 00 02 05 00 00 01",
	     "< 00 03 05 00 00 81 01", "< 80 03 05 01 00 05 03",
	     "> 00 05 05 04 00 40 e2 01 00", "< 00 02 05 04 81 01");
	host_close();
}

/* One of each command is answered: with its own response, of the right length,
 * or, where there is none, with nothing at all. */
static void every_command(void)
{
	unsigned int n = 0;

	for (int id = BGAPI_ID(BGAPI_COMMAND, 0, 0); id < BGAPI_ID(BGAPI_COMMAND, 10, 0); id++) {
		const struct bgapi_message *message = bgapi_message(id);
		_Alignas(max_align_t) uint8_t zero[128] = { 0 };
		struct bgapi_packet packet;
		char rsp[20];

		if (!message)
			continue;
		n++;
		harness_about("%s", bgapi_name(message));
		open_usual();
		REQUIRE(bgapi_write_any(message->id, zero, false, &packet) == 0);
		dongle_input(host.dongle, (struct ble_bytes){ packet.octet, packet.len });
		host_pass(100);
		snprintf(rsp, sizeof(rsp), "< 00 .. %02x %02x *", packet.octet[2],
			 packet.octet[3]);
		if (!bgapi_message(BGAPI_ID(BGAPI_RESPONSE, packet.octet[2], packet.octet[3])))
			CHECK_INT(host.len, 0);
		else if (packet.octet[2] == 9 || /* only in a bootloader */
			 (packet.octet[2] == 0 && packet.octet[3] >= 0x0f &&
			  packet.octet[3] <= 0x11)) /* AES */
			SAYS("< 80 02 00 06 84 01");
		else
			SAYS(rsp);
		host_close();
	}
	harness_about(NULL);
	CHECK_INT(n, 114);
}

const struct test_case dongle_rules[] = {
	TEST(half_a_command), TEST(malformed),		TEST(longest),	  TEST(wrong_states),
	TEST(scan_parameters), TEST(modes),		TEST(duplicates), TEST(whitelist),
	TEST(connect_parameters), TEST(not_found),	TEST(link_limit), TEST(soft_timers),
	TEST(store),	      TEST(security),		TEST(every_command), { 0 },
};
