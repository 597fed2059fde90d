/* SPDX-License-Identifier: MIT */
/* The emulator's script: each fault happens as and when it should. */
#include <errno.h>
#include <string.h>

#include "tests/test_dongle.h"

static void open_with(const char *script)
{
	host_open(NULL);
	CHECK_INT(dongle_script(host.dongle, script, NULL), 0);
}

static void commands(void)
{
	open_with("cmd system_hello 2 silence; cmd connection_disconnect result 0x0181\n"
		  "# a remark; not a rule\n"
		  "\n  cmd system_hello 3-4 delay 500 ;; cmd attclient_write_command 2-3 result 386");
	SAYS("> 00 00 00 01", "< 00 00 00 01", "> 00 00 00 01", "= 5000", "> 00 00 00 01",
	     "> 00 00 00 02", "= 490", "< 00 00 00 01", "< 00 06 00 02 *", "> 00 00 00 01",
	     "= 490", "< 00 00 00 01", "> 00 00 00 01", "< 00 00 00 01", "> 00 01 03 00 05",
	     "< 00 03 03 00 05 81 01");
	host_connect();
	host_pass(1);
	SAYS("> 00 05 04 06 00 0b 00 01 01", "< 00 03 04 06 00 00 00",
	     "> 00 05 04 06 00 0b 00 01 02", "< 00 03 04 06 00 82 01",
	     "> 00 05 04 06 00 0b 00 01 03", "< 00 03 04 06 00 82 01",
	     "> 00 05 04 06 00 0b 00 01 04", "< 00 03 04 06 00 00 00", "~ 100",
	     /* what was refused was not written */
	     "> 00 03 04 04 00 0b 00", "< 00 03 04 04 00 00 00",
	     "< 80 06 04 05 00 0b 00 00 01 04");
	dongle_script_clear(host.dongle);
	SAYS("> 00 01 03 00 05", "< 00 03 03 00 05 86 01");
	host_close();
}

static void never_ends(void)
{
	open_with("cmd attclient_read_by_handle 1 hang");
	host_connect();
	SAYS("> 00 03 04 04 00 03 00", "< 00 03 04 04 00 00 00", "= 600000",
	     "> 00 03 04 04 00 03 00", "< 00 03 04 04 00 81 01", "> 00 01 03 00 00",
	     "< 00 03 03 00 00 00 00", "< 80 03 03 04 00 00 00");
	host_connect();
	SAYS("> 00 03 04 04 00 03 00", "< 00 03 04 04 00 00 00", "< 80 07 04 05 *");
	host_close();
}

/* The link is announced and lost at once, twice; the third one lasts. */
static void not_established(void)
{
	open_with("cmd gap_connect_direct 1 fail; cmd gap_connect_direct 2 fail 300");
	host_connect();
	SAYS("> 00 03 04 04 00 03 00", "< 00 03 04 04 00 00 00", "= 35",
	     "< 80 03 03 04 00 3e 02", "= 5000");
	host_connect();
	SAYS("= 290", "< 80 03 03 04 00 3e 02", "= 5000");
	host_connect();
	SAYS("= 5000", "> 00 03 04 04 00 03 00", "< 00 03 04 04 00 00 00", "< 80 07 04 05 *");
	host_close();
}

static void messages(void)
{
	open_with("rsp system_hello 1 lose; rsp system_hello 2 twice; rsp system_hello 3 wrong\n"
		  "rsp system_hello 4 delay 2000; rsp system_hello 5 before ff 00ff\n"
		  "rsp system_hello 6 after aa; rsp system_hello 7 half 3\n"
		  "rsp system_address_get 1 inside 0102; rsp system_address_get 2 inside 6 0102\n"
		  "rsp system_address_get 3 half; rsp system_address_get 4 wrong");
	SAYS("> 00 00 00 01", "= 5000", "> 00 00 00 01", "< 00 00 00 01", "< 00 00 00 01",
	     "> 00 00 00 01", "< 00 06 00 02 01 02 03 04 05 06", "> 00 00 00 01",
	     "> 00 01 03 01 00", "< 00 02 03 01 00 00", "= 1900", "< 00 00 00 01",
	     "> 00 00 00 01");
	host_pass(1);
	CHECK_INT(host.len, 7);
	CHECK_MEM(host.octet, "\xff\x00\xff\x00\x00\x00\x01", 7);
	host.len = 0;
	host_line("> 00 00 00 01");
	host_pass(1);
	CHECK_INT(host.len, 5);
	CHECK_MEM(host.octet, "\0\0\0\1\xaa", 5);
	host.len = 0;
	host_line("> 00 00 00 01");
	host_pass(1);
	CHECK_INT(host.len, 3);
	host.len = 0;
	for (int i = 0; i < 3; i++) {
		static const char *const expected[] = {
			"\x00\x06\x00\x02\x01\x02\xee\xff\xc0\x80\x07\x00",
			"\x00\x06\x00\x02\xee\xff\x01\x02\xc0\x80\x07\x00",
			"\x00\x06\x00\x02\xee",
		};

		host_line("> 00 00 00 02");
		host_pass(1);
		CHECK_INT(host.len, i < 2 ? 12 : 5);
		CHECK_MEM(host.octet, expected[i], i < 2 ? 12 : 5);
		host.len = 0;
	}
	SAYS("> 00 00 00 02", "< 00 00 00 01", "> 00 00 00 02", "< 00 06 00 02 ee *");
	host_close();
}

static void events(void)
{
	open_with("evt attclient_procedure_completed 1 lose\n"
		  "evt attclient_procedure_completed 2 wrong\n"
		  "evt attclient_procedure_completed 3 delay 1000");
	host_connect();
	SAYS("> 00 05 04 05 00 09 00 01 01", "< 00 03 04 05 00 00 00", "= 60000",
	     "> 00 05 04 05 00 09 00 01 01", "< 00 03 04 05 00 00 00",
	     "< 80 06 04 01 00 00 00 09 00 00", "> 00 05 04 05 00 09 00 01 01",
	     "< 00 03 04 05 00 00 00", "= 900",
	     /* the firmware itself is free: the next overtakes */
	     "> 00 03 04 04 00 03 00", "< 00 03 04 04 00 00 00", "< 80 07 04 05 *",
	     "< 80 05 04 01 00 00 00 09 00");
	host_close();
}

/* Power goes with all it kept: the next host finds a new dongle. */
static void unplugged(void)
{
	static const char *const scripts[] = {
		"cmd attclient_read_long 2 unplug 1500", "rsp attclient_read_long 2 unplug 1500",
		"evt attclient_attribute_value 4 unplug 1500",
		"evt attclient_procedure_completed 2 unplug 1500",
	};

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		harness_about("%s", scripts[i]);
		open_with(scripts[i]);
		host_connect();
		SAYS("> 00 03 04 08 00 0e 00", "< 00 03 04 08 00 00 00", "< 80 1b 04 05 *",
		     "< 80 1b 04 05 *", "< 80 0b 04 05 *", "< 80 05 04 01 00 00 00 0e 00",
		     "> 00 03 04 08 00 0e 00", "~ 1000");
		CHECK_INT(host.gone, 1);
		CHECK(!dongle_is_there(host.dongle));
		CHECK_INT(dongle_attach(host.dongle, &host.port), -ENODEV);
		host_pass(1000);
		CHECK(dongle_is_there(host.dongle));
		CHECK_INT(dongle_count_links(host.dongle), 0);
		host_attach();
		SAYS("= 100", "> 00 01 03 00 00", "< 00 03 03 00 00 86 01");
		host_connect();
		host_close();
	}
	harness_about(NULL);
}

static unsigned int changes;

static void on_power(void *user)
{
	changes++;
	CHECK(user == &changes);
}

static void for_ever(void)
{
	open_with("cmd gap_discover unplug");
	changes = 0;
	dongle_on_power(host.dongle, on_power, &changes);
	SAYS("> 00 01 06 02 02", "~ 3600000");
	CHECK(!dongle_is_there(host.dongle));
	CHECK_INT(changes, 1);
	dongle_replug(host.dongle);
	dongle_replug(host.dongle);
	CHECK_INT(changes, 2);
	host_attach();
	SAYS("> 00 00 00 01", "< 00 00 00 01");
	dongle_unplug(host.dongle, 200);
	CHECK_INT(host.gone, 2);
	host_pass(200);
	CHECK(dongle_is_there(host.dongle));
	CHECK_INT(changes, 4);
	/* Into the bootloader: another device, so this one is gone. */
	host_attach();
	SAYS("> 00 01 00 00 01", "~ 60000");
	CHECK(!dongle_is_there(host.dongle));
	dongle_replug(host.dongle);
	host_attach();
	SAYS("> 00 03 00 14 00 2c 01", "= 290"); /* delay_reset, 300 ms */
	host_pass(20);
	CHECK(!dongle_is_there(host.dongle));
	CHECK_INT(host.gone, 4);
	host_close();
}

static void no_rules(void)
{
	static const char *const rows[] = {
		"foo system_hello silence", "cmd system_hallo silence", "cmd system_hello",
		"cmd system_hello lose", "rsp system_hello silence", "cmd system_hello 0 silence",
		"cmd system_hello 3-2 silence", "cmd system_hello 1 silence now",
		"cmd system_hello 1x silence", "rsp system_hello delay", "rsp system_hello delay x",
		"cmd system_hello result", "rsp system_hello before", "rsp system_hello before f",
		"rsp system_hello before fg", "rsp system_hello inside", "rsp system_hello half 1 2",
		"rsp system_reset lose", "evt boot lose", "cmd", "rsp *",
	};
	const char *bad = NULL;

	host_open(NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[160] = "cmd system_hello silence;\n ";

		harness_about("%s", rows[i]);
		strcat(text, rows[i]);
		CHECK_INT(dongle_script(host.dongle, text, &bad), -EINVAL);
		CHECK(bad == text + strlen("cmd system_hello silence;\n "));
		CHECK_INT(dongle_script(host.dongle, rows[i], NULL), -EINVAL);
	}
	harness_about(NULL);
	CHECK_INT(dongle_script(host.dongle, "", NULL), 0);
	CHECK_INT(dongle_script(host.dongle, "\n;;#x;cmd\n", &bad), 0);
	SAYS("> 00 00 00 01", "< 00 00 00 01"); /* nothing was added */
	host_close();
}

const struct test_case dongle_faults[] = {
	TEST(commands), TEST(never_ends), TEST(not_established), TEST(messages),
	TEST(events),	  TEST(unplugged),	 TEST(for_ever),
	TEST(no_rules), { 0 },
};
