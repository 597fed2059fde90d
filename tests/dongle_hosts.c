/* SPDX-License-Identifier: MIT */
/*
 * What other hosts send, octet by octet, and what the protocol's description says
 * that a dongle answers: start-up, scan, connect, discovery, read, write, subscribe.
 * Each on a dongle without faults and on ones that split messages and answer late.
 */
#include <string.h>

#include "tests/test_dongle.h"

static const uint32_t seeds[] = { 0, 1, 7, 4711 };

struct dialogue {
	const char *name;
	unsigned int links;
	const char *const *lines;
};

/* -- pygatt: reset, then tidy up; find_information; read_long -------------- */

static const char *const pygatt_start[] = {
	/* system_reset, port gone and back: see reset() below. Then */
	"> 00 02 06 01 00 00", "< 00 02 06 01 00 00", /* gap_set_mode */
	"> 00 01 05 01 00", "< 00 00 05 01",	      /* sm_set_bondable_mode: no result */
	"> 00 00 06 04", "< 00 02 06 04 81 01",	      /* gap_end_procedure: none runs */
	/* scan: 75, 50, active; observation */
	"> 00 05 06 07 4b 00 32 00 01", "< 00 02 06 07 00 00",
	"> 00 01 06 02 02", "< 00 02 06 02 00 00",
	"^ 80 0e 06 00 c4 00 01 00 00 ee ff c0 01 ff 03 02 01 06",
	"^ 80 0f 06 00 c4 04 01 00 00 ee ff c0 01 ff 04 03 08 54 68",
	"> 00 00 06 04", "^ 00 02 06 04 00 00", "~ 5",
	/* connect: 60 to 76, timeout 100, latency 0. 64 is a multiple of 8 x 2.5 ms. */
	"> 00 0f 06 03 01 00 00 ee ff c0 01 3c 00 4c 00 64 00 00 00",
	"< 00 03 06 03 00 00 00",
	"< 80 10 03 00 00 05 01 00 00 ee ff c0 01 40 00 64 00 00 00 ff",
	/* discovery by find_information over everything */
	"> 00 05 04 03 00 01 00 ff ff", "< 00 03 04 03 00 00 00",
	"< 80 06 04 04 00 01 00 02 00 28", "< 80 06 04 04 00 02 00 02 03 28",
	"< 80 06 04 04 00 03 00 02 00 2a", "< 80 06 04 04 00 04 00 02 00 28",
	"< 80 06 04 04 00 05 00 02 03 28", "< 80 06 04 04 00 06 00 02 37 2a",
	"< 80 06 04 04 00 07 00 02 02 29", "< 80 06 04 04 00 08 00 02 03 28",
	"< 80 06 04 04 00 09 00 02 38 2a", "< 80 06 04 04 00 0a 00 02 03 28",
	"< 80 06 04 04 00 0b 00 02 39 2a", "< 80 06 04 04 00 0c 00 02 00 28",
	"< 80 06 04 04 00 0d 00 02 03 28",
	"< 80 14 04 04 00 0e 00 10 01 00 ee ff c0 62 3b 9d 5e 4c 11 7a 02 00 e0 b1",
	"< 80 06 04 04 00 0f 00 02 03 28", "< 80 06 04 04 00 10 00 02 6e 2a",
	"< 80 06 04 04 00 11 00 02 02 29", "< 80 06 04 04 00 12 00 02 03 28",
	"< 80 06 04 04 00 13 00 02 6f 2a", "< 80 06 04 04 00 14 00 02 03 28",
	"< 80 06 04 04 00 15 00 02 70 2a", "< 80 05 04 01 00 00 00 15 00",
	/* char_read: read_by_handle, ended by the value alone */
	"> 00 03 04 04 00 03 00", "< 00 03 04 04 00 00 00",
	"< 80 07 04 05 00 03 00 00 02 61 62", "= 200",
	/* char_read_long: parts of 22, 22 and 6 octets, then completed */
	"> 00 03 04 08 00 0e 00", "< 00 03 04 08 00 00 00",
	"< 80 1b 04 05 00 0e 00 04 16 61 *", "< 80 1b 04 05 00 0e 00 04 16 77 *",
	"< 80 0b 04 05 00 0e 00 04 06 8d 8e 8f 90 91 92", "< 80 05 04 01 00 00 00 0e 00",
	/* char_write */
	"> 00 06 04 05 00 09 00 02 01 00", "< 00 03 04 05 00 00 00",
	"< 80 05 04 01 00 00 00 09 00",
	/* subscribe, a notification, off again */
	"> 00 06 04 05 00 07 00 02 01 00", "< 00 03 04 05 00 00 00",
	"< 80 05 04 01 00 00 00 07 00", "< 80 07 04 05 00 06 00 01 02 00 00",
	"< 80 07 04 05 00 06 00 01 02 01 00",
	"> 00 06 04 05 00 07 00 02 00 00", "^ 00 03 04 05 00 00 00",
	"^ 80 05 04 01 00 00 00 07 00",
	/* rssi, disconnect */
	"> 00 01 03 01 00", "< 00 02 03 01 00 c4",
	"> 00 01 03 00 00", "< 00 03 03 00 00 00 00", "< 80 03 03 04 00 00 00", "= 3000",
	NULL,
};

/* -- bglib.py: its start-up with every error ignored; read_by_group_type --- */

static const char *const jrowberg[] = {
	"> 00 01 03 00 00", "< 00 03 03 00 00 86 01", /* disconnect: not connected */
	"> 00 02 06 01 00 00", "< 00 02 06 01 00 00",
	"> 00 00 06 04", "< 00 02 06 04 81 01",
	"> 00 05 06 07 c8 00 c8 00 01", "< 00 02 06 07 00 00",
	"> 00 01 06 02 01", "< 00 02 06 02 00 00", /* generic */
	"^ 80 0e 06 00 c4 00 01 00 00 ee ff c0 01 ff 03 02 01 06",
	/* connects without ending the scan */
	"> 00 0f 06 03 01 00 00 ee ff c0 01 20 00 30 00 00 01 00 00",
	"^ 00 03 06 03 00 00 00",
	"^ 80 10 03 00 00 05 01 00 00 ee ff c0 01 20 00 00 01 00 00 ff",
	"> 00 08 04 01 00 01 00 ff ff 02 00 28", "< 00 03 04 01 00 00 00",
	"< 80 08 04 02 00 01 00 03 00 02 00 18", "< 80 08 04 02 00 04 00 0b 00 02 0d 18",
	"< 80 16 04 02 00 0c 00 15 00 10 01 00 ee ff c0 62 3b 9d 5e 4c 11 7a 01 00 e0 b1",
	"< 80 05 04 01 00 00 00 00 00",
	"> 00 05 04 03 00 04 00 0b 00", "< 00 03 04 03 00 00 00",
	"< 80 06 04 04 00 04 00 02 00 28", "< 80 06 04 04 00 05 00 02 03 28",
	"< 80 06 04 04 00 06 00 02 37 2a", "< 80 06 04 04 00 07 00 02 02 29",
	"< 80 06 04 04 00 08 00 02 03 28", "< 80 06 04 04 00 09 00 02 38 2a",
	"< 80 06 04 04 00 0a 00 02 03 28", "< 80 06 04 04 00 0b 00 02 39 2a",
	"< 80 05 04 01 00 00 00 0b 00",
	"> 00 06 04 05 00 07 00 02 01 00", "< 00 03 04 05 00 00 00",
	"< 80 05 04 01 00 00 00 07 00",
	"< 80 07 04 05 00 06 00 01 02 00 00", "< 80 07 04 05 00 06 00 01 02 01 00",
	NULL,
};

/* -- BLED112-OTA: straight to connect; long writes and a queue that is full --- */

static const char *const ota[] = {
	"> 00 01 06 02 02", "< 00 02 06 02 00 00",
	"^ 80 .. 06 00 c4 00 01 00 00 ee ff c0 01 ff *",
	"> 00 00 06 04", "^ 00 02 06 04 00 00", "~ 5",
	"> 00 0f 06 03 01 00 00 ee ff c0 01 06 00 3c 00 64 00 00 00",
	"< 00 03 06 03 00 00 00",
	"< 80 10 03 00 00 05 01 00 00 ee ff c0 01 10 00 64 00 00 00 ff",
	/* two commands in one go */
	"> 00 08 04 01 00 01 00 ff ff 02 00 28 00 09 03 02 00 10 00 20 00 00 00 e8 03",
	"< 00 03 04 01 00 00 00", "^ 00 03 03 02 00 00 00",
	"^ 80 05 04 01 00 00 00 00 00",
	"^ 80 10 03 00 00 09 01 00 00 ee ff c0 01 10 00 e8 03 00 00 ff",
	/* the next read straight from the value before */
	"> 00 03 04 04 00 03 00", "< 00 03 04 04 00 00 00",
	"< 80 07 04 05 00 03 00 00 02 61 62",
	"> 00 03 04 04 00 0e 00", "< 00 03 04 04 00 00 00",
	"< 80 1b 04 05 00 0e 00 00 16 61 *",
	/* 0x0480: the target's own error */
	"> 00 05 04 05 00 15 00 01 00", "< 00 03 04 05 00 00 00",
	"< 80 05 04 01 00 80 04 15 00",
	/* a soft timer of one second, once */
	"> 00 06 07 01 00 7d 00 00 03 01", "< 00 02 07 01 00 00", "= 980",
	"< 80 01 07 01 03",
	NULL,
};

/* -- iotile: what it found running is closed first; several links ---------- */

static const char *const iotile[] = {
	"> 00 00 06 04", "< 00 02 06 04 81 01",
	"> 00 00 00 06", "< 00 01 00 06 03",
	"< 80 10 03 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ff",
	"< 80 10 03 00 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ff",
	"< 80 10 03 00 02 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ff",
	"> 00 05 06 07 40 00 40 00 00", "< 00 02 06 07 00 00", /* passive */
	"> 00 01 06 02 02", "< 00 02 06 02 00 00",
	"^ 80 0b 06 00 c4 02 55 44 33 22 11 00 00 ff 00",
	"^ 80 0e 06 00 c4 00 03 00 00 ee ff c0 01 ff 03 02 01 05",
	"> 00 01 06 02 02", "^ 00 02 06 02 81 01", /* scans already */
	"> 00 00 06 04", "^ 00 02 06 04 00 00", "~ 5",
	/* 6 to 100; with 3 links the interval is a multiple of 7.5 ms */
	"> 00 0f 06 03 01 00 00 ee ff c0 01 06 00 64 00 64 00 00 00",
	"< 00 03 06 03 00 00 00",
	"< 80 10 03 00 00 05 01 00 00 ee ff c0 01 06 00 64 00 00 00 ff",
	"> 00 0f 06 03 03 00 00 ee ff c0 01 06 00 64 00 64 00 00 00",
	"< 00 03 06 03 00 00 01",
	"< 80 10 03 00 01 05 03 00 00 ee ff c0 01 06 00 64 00 00 00 ff",
	/* probing goes on both in turn */
	"> 00 08 04 01 00 01 00 ff ff 02 00 28", "< 00 03 04 01 00 00 00",
	"> 00 05 04 03 01 04 00 05 00", "^ 00 03 04 03 01 00 00",
	"^ 80 05 04 01 00 00 00 00 00",
	"~ 200",
	"> 00 05 04 06 01 0b 00 01 aa", "< 00 03 04 06 01 00 00", "= 100",
	"> 00 03 04 04 01 0b 00", "< 00 03 04 04 01 00 00",
	"< 80 06 04 05 01 0b 00 00 01 aa",
	"> 00 00 00 06", "< 00 01 00 06 03",
	"< 80 10 03 00 00 01 01 00 00 ee ff c0 01 06 00 64 00 00 00 ff",
	"< 80 10 03 00 01 01 03 00 00 ee ff c0 01 06 00 64 00 00 00 ff",
	"< 80 10 03 00 02 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ff",
	"> 00 01 03 00 01", "< 00 03 03 00 01 00 00", "< 80 03 03 04 01 00 00",
	"> 00 01 03 00 00", "< 00 03 03 00 00 00 00", "< 80 03 03 04 00 00 00",
	NULL,
};

/* -- bluetooth-manager: read_by_type for characteristics, one link --------- */

static const char *const sputnik[] = {
	"> 00 00 06 04", "< 00 02 06 04 81 01",
	"> 00 00 00 06", "< 00 01 00 06 01",
	"< 80 10 03 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ff",
	"> 00 02 06 01 00 00", "< 00 02 06 01 00 00",
	"> 00 00 00 02", "< 00 06 00 02 ee ff c0 80 07 00",
	/* one link: no rule for the interval */
	"> 00 0f 06 03 01 00 00 ee ff c0 01 3c 00 4c 00 64 00 00 00",
	"< 00 03 06 03 00 00 00",
	"< 80 10 03 00 00 05 01 00 00 ee ff c0 01 3c 00 64 00 00 00 ff",
	"> 00 08 04 01 00 01 00 ff ff 02 00 28", "< 00 03 04 01 00 00 00",
	"^ 80 05 04 01 00 00 00 00 00",
	"> 00 08 04 02 00 01 00 0b 00 02 03 28", "< 00 03 04 02 00 00 00",
	"< 80 0a 04 05 00 02 00 03 05 02 03 00 00 2a",
	"< 80 0a 04 05 00 05 00 03 05 10 06 00 37 2a",
	"< 80 0a 04 05 00 08 00 03 05 0a 09 00 38 2a",
	"< 80 0a 04 05 00 0a 00 03 05 06 0b 00 39 2a",
	"< 80 05 04 01 00 00 00 .. 00",
	"> 00 08 04 02 00 0c 00 0e 00 02 03 28", "< 00 03 04 02 00 00 00",
	"< 80 18 04 05 00 0d 00 03 13 02 0e 00 01 00 ee ff c0 62 3b 9d 5e 4c 11 7a 02 00 e0 b1",
	"< 80 05 04 01 00 00 00 .. 00",
	"> 00 08 04 02 00 04 00 0b 00 02 02 29", "< 00 03 04 02 00 00 00",
	"< 80 07 04 05 00 07 00 03 02 00 00", "< 80 05 04 01 00 00 00 .. 00",
	/* indications are confirmed by the firmware: they go on */
	"> 00 06 04 05 00 11 00 02 02 00", "< 00 03 04 05 00 00 00",
	"< 80 05 04 01 00 00 00 11 00",
	"^ 80 07 04 05 00 10 00 02 02 00 00", "^ 80 07 04 05 00 10 00 02 02 01 00",
	"^ 80 07 04 05 00 10 00 02 02 02 00",
	NULL,
};

static const struct dialogue dialogues[] = {
	{ "pygatt", 8, pygatt_start }, { "bglib", 8, jrowberg }, { "OTA", 8, ota },
	{ "iotile", 3, iotile },       { "manager", 1, sputnik },
};

static void others(void)
{
	for (size_t i = 0; i < sizeof(dialogues) / sizeof(dialogues[0]); i++) {
		for (size_t s = 0; s < sizeof(seeds) / sizeof(seeds[0]); s++) {
			struct dongle_config config;

			dongle_config_init(&config);
			config.links = dialogues[i].links;
			config.seed = seeds[s];
			host_open(&config);
			if (!host_says(dialogues[i].lines)) {
				harness_about("%s, seed %u", dialogues[i].name, seeds[s]);
				FAIL("the dialogue ended early");
				harness_about(NULL);
			}
			host_close();
		}
	}
}

/* system_reset has no response; the port goes and is back within a second. */
static void reset(void)
{
	host_open(NULL);
	SAYS("> 00 00 00 01", "< 00 00 00 01", "> 00 01 00 00 00");
	for (int i = 0; i < 3; i++)
		ble_loop_dispatch(host.loop, 0);
	CHECK_INT(host.gone, 1);
	CHECK_INT(dongle_attach(host.dongle, &host.port), -19 /* ENODEV */);
	host_pass(1000);
	host_attach();
	SAYS("= 100"); /* no boot event over USB */
	host_says(pygatt_start);
	host_close();
}

/* Frames as the description gives them, of what starts a host. */
static void identity(void)
{
	struct dongle_config config;

	dongle_config_init(&config);
	host_open(NULL);
	SAYS("> 00 00 00 08", "< 00 0c 00 08 01 00 03 00 02 00 7a 00 03 00 01 02",
	     "> 00 00 00 06", "< 00 01 00 06 08",
	     "< 80 10 03 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ff", "~ 1");
	host_close();
	config.boot_event = true;
	host_open(&config);
	SAYS("< 80 0c 00 00 01 00 03 00 02 00 7a 00 03 00 01 02", "> 00 01 00 00 00", "~ 1000");
	host_attach();
	SAYS("< 80 0c 00 00 01 00 03 00 02 00 7a 00 03 00 01 02");
	host_close();
}

const struct test_case dongle_hosts[] = { TEST(others), TEST(reset), TEST(identity), { 0 } };
