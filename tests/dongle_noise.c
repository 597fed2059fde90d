/* SPDX-License-Identifier: MIT */
/* Whatever the host sends, the dongle continues to work: after 1 s without octets it
 * answers a greeting. */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/test_dongle.h"

/* Everything that a host sends, as octets. */
static const char *const life[] = {
	"00 00 00 01",
	"00 00 00 08",
	"00 00 06 04",
	"00 00 00 06",
	"00 02 06 01 00 00",
	"00 05 06 07 4b 00 32 00 01",
	"00 01 06 02 02",
	"00 00 06 04",
	"00 0f 06 03 01 00 00 ee ff c0 01 06 00 10 00 64 00 00 00",
	"00 08 04 01 00 01 00 ff ff 02 00 28",
	"00 05 04 03 00 01 00 ff ff",
	"00 08 04 02 00 01 00 ff ff 02 03 28",
	"00 03 04 04 00 03 00",
	"00 03 04 08 00 0e 00",
	"00 06 04 05 00 07 00 02 01 00",
	"00 06 04 05 00 11 00 02 02 00",
	"00 05 04 06 00 0b 00 01 aa",
	"00 08 04 09 00 09 00 12 00 02 13 14",
	"00 02 04 0a 00 01",
	"00 06 04 0b 00 04 03 00 09 00",
	"00 02 05 00 00 01",
	"00 06 07 01 00 7d 00 00 03 01",
	"00 09 03 02 00 10 00 20 00 00 00 e8 03",
	"00 01 03 01 00",
	"00 01 03 00 00",
	"00 0f 06 03 03 00 00 ee ff c0 01 06 00 10 00 64 00 00 00",
};

enum { N_LIFE = sizeof(life) / sizeof(life[0]), STEPS = 4000 };

static size_t octets_of(const char *hex, uint8_t *octet)
{
	size_t len = 0;
	unsigned int value;

	for (; sscanf(hex, "%2x", &value) == 1; hex += hex[2] ? 3 : 2)
		octet[len++] = (uint8_t)value;
	return len;
}

/* Not framed: what was thrown away may have ended inside a message. */
static bool answered(void)
{
	static const uint8_t address[] = { 0, 6, 0, 2, 0xee, 0xff, 0xc0, 0x80, 7, 0 };

	for (size_t i = 0; i + sizeof(address) <= host.len; i++) {
		if (!memcmp(host.octet + i, address, sizeof(address)))
			return true;
	}
	return false;
}

static void greet(void)
{
	host_pass(1100);
	if (!host.attached) { /* something of that was a reset */
		host_pass(100000);
		dongle_replug(host.dongle);
		host_attach();
	}
	host.len = 0;
	host_line("> 00 00 00 02");
	host_pass(100);
	REQUIRE(answered());
	host.len = 0;
}

static void random_config(struct dongle_config *config)
{
	dongle_config_init(config);
	config->seed = harness_below(2) ? harness_random() : 0;
	config->links = 1 + harness_below(8);
	config->manual_confirm = harness_below(2);
	config->boot_event = harness_below(2);
}

/* In pieces of any size it is the same exchange. */
static void splits(void)
{
	for (int i = 0; i < 200; i++) {
		struct dongle_config config;

		dongle_config_init(&config);
		config.seed = harness_below(2) ? harness_random() : 0;
		host_open(&config);
		host.split = true;
		host_connect();
		SAYS("> 00 00 00 06", "< 00 01 00 06 08", "< 80 10 03 00 00 01 *",
		     "^ 80 10 03 00 07 00 *", "> 00 03 04 08 00 0e 00",
		     "< 00 03 04 08 00 00 00", "< 80 1b 04 05 *", "< 80 1b 04 05 *",
		     "< 80 0b 04 05 *", "< 80 05 04 01 00 00 00 0e 00",
		     "> 00 06 04 05 00 09 00 02 01 00 00 00 00 01",
		     "< 00 03 04 05 00 00 00", "^ 00 00 00 01", "~ 100",
		     "> 00 01 03 00 00", "< 00 03 03 00 00 00 00", "< 80 03 03 04 00 00 00",
		     "= 2000");
		host_close();
	}
}

static void flip(uint8_t *octet, size_t *len)
{
	size_t at = harness_below((uint32_t)*len);

	switch (harness_below(4)) {
	case 0: /* lost */
		memmove(octet + at, octet + at + 1, *len - at - 1);
		--*len;
		break;
	case 1: /* noise */
		memmove(octet + at + 1, octet + at, *len - at);
		octet[at] = (uint8_t)harness_random();
		++*len;
		break;
	default:
		octet[at] ^= (uint8_t)(1u << harness_below(8));
		break;
	}
}

static void flips(void)
{
	struct dongle_config config;

	random_config(&config);
	host_open(&config);
	for (int i = 0; i < STEPS; i++) {
		uint8_t octet[128];
		size_t len = octets_of(life[harness_below(N_LIFE)], octet);

		if (harness_below(3))
			flip(octet, &len);
		if (len)
			dongle_input(host.dongle, bytes(octet, len));
		host_pass(harness_below(60));
		host.len = 0;
		if (harness_below(8) == 0)
			greet();
		if (harness_below(400) == 0) {
			host_close();
			random_config(&config);
			host_open(&config);
		}
	}
	greet();
	host_close();
}

static void noise(void)
{
	struct dongle_config config;

	random_config(&config);
	host_open(&config);
	for (int i = 0; i < STEPS; i++) {
		uint8_t octet[600];
		size_t len = 1 + harness_below(sizeof(octet));

		/* Half of it looks like a header, or it would never get far. */
		for (size_t k = 0; k < len; k++)
			octet[k] = (uint8_t)(harness_below(2) ? harness_random()
							      : harness_below(10));
		dongle_input(host.dongle, bytes(octet, len));
		if (harness_below(4) == 0)
			greet();
	}
	greet();
	host_close();
}

/* All that can go wrong at once, and a host that goes on regardless. */
static void all_faults(void)
{
	static const char *const actions[][3] = {
		{ "cmd", "silence", "" },   { "cmd", "delay", "700" }, { "cmd", "hang", "" },
		{ "cmd", "fail", "" },	    { "cmd", "unplug", "20" }, { "cmd", "result", "386" },
		{ "rsp", "lose", "" },	    { "rsp", "twice", "" },    { "rsp", "delay", "900" },
		{ "rsp", "half", "" },	    { "rsp", "before", "ff" }, { "rsp", "inside", "80" },
		{ "evt", "lose", "" },	    { "evt", "twice", "" },    { "evt", "delay", "900" },
		{ "evt", "half", "" },	    { "evt", "after", "00" },  { "evt", "wrong", "" },
		{ "evt", "unplug", "200" },
	};
	struct dongle_config config;

	for (int round = 0; round < 60; round++) {
		random_config(&config);
		host_open(&config);
		for (int i = 0; i < 6; i++) {
			const char *const *a =
				actions[harness_below(sizeof(actions) / sizeof(actions[0]))];
			unsigned int first = 1 + harness_below(40);
			char rule[64];

			snprintf(rule, sizeof(rule), "%s * %u-%u %s %s", a[0], first,
				 first + harness_below(5), a[1], a[2]);
			harness_about("%s", rule);
			REQUIRE(dongle_script(host.dongle, rule, NULL) == 0);
		}
		for (int i = 0; i < 150; i++) {
			uint8_t octet[128];
			size_t len = octets_of(life[i % N_LIFE], octet);

			dongle_input(host.dongle, bytes(octet, len));
			host_pass(harness_below(100));
			host.len = 0;
			if (!host.attached && dongle_is_there(host.dongle))
				host_attach();
		}
		dongle_script_clear(host.dongle);
		host_pass(1000);
		greet();
		host_close();
	}
	harness_about(NULL);
}

const struct test_case dongle_noise[] = { TEST(splits), TEST(flips), TEST(noise),
					  TEST(all_faults), { 0 } };
