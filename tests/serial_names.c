/* SPDX-License-Identifier: MIT */
/* The backend: the names that it accepts, the dongle that it chooses, its list, and
 * the error text without a dongle. bgapi_open() is replaced here by one that
 * records the port's name. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <libserialport.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bgapi/bgapi.h"
#include "bgapi/serial.h"
#include "tests/failmalloc.h"
#include "tests/test_serial.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int __wrap_bgapi_open(struct ble_loop *loop, const char *name,
		      struct bgapi_stream *stream, const struct bgapi_reopen *reopen,
		      struct adapter **ret_adapter);

static struct ble_loop *loop;
static struct adapter some_adapter;
static char called[BGAPI_PORT_NAME];
static int opens, answers[4];

int __wrap_bgapi_open(struct ble_loop *of, const char *name,
		      struct bgapi_stream *stream, const struct bgapi_reopen *reopen,
		      struct adapter **ret_adapter)
{
	int error = answers[opens < 4 ? opens : 3];

	CHECK(of == loop);
	CHECK(reopen && reopen->open == bgapi_port_open);
	opens++;
	snprintf(called, sizeof(called), "%s", name);
	stream->class->free(stream);
	if (!error)
		*ret_adapter = &some_adapter;
	return error;
}

static void begin(void)
{
	REQUIRE(ble_loop_new(&loop) == 0);
	memset(answers, 0, sizeof(answers));
	opens = 0;
	called[0] = '\0';
	fake_ports(NULL, 0);
}

static void end(void)
{
	loop = ble_loop_unref(loop);
}

static void opened_as(const char *name, const char *expected)
{
	struct adapter *adapter = NULL;
	int error;

	harness_about("%s", name ? name : "any");
	opens = 0;
	error = bgapi_backend.open(loop, name, &adapter);
	CHECK_INT(error, 0);
	CHECK(adapter == &some_adapter);
	CHECK_INT(opens, 1);
	CHECK_STR(called, expected);
	harness_about(NULL);
}

static void refused(const char *name, int error, const char *sentence)
{
	struct adapter *adapter = NULL;

	harness_about("%s", name ? name : "any");
	opens = 0;
	CHECK_INT(bgapi_backend.open(loop, name, &adapter), error);
	CHECK(!adapter);
	CHECK_INT(opens, 0);
	CHECK_STR(ble_error_text(loop, error), sentence);
	harness_about(NULL);
}

static void whose_names(void)
{
	static const char *const ours[] = {
		NULL, "bled112", "bled112:1-1.2", "bled112:", "/dev/ttyACM0", "/tmp/socket",
		"./socket", "../socket", "ttyACM0", "ttyUSB12", "cu.usbmodem1", "COM3",
		"com12", "\\\\.\\COM12",
	};
	static const char *const others[] = {
		"", "sim", "sim:/tmp/x.json", "sim:./x", "hci0", "00:11:22:33:44:55",
		"00:11:22:33:44:55/public", "bled1123", "bled", "BLED112", "COM", "COMx",
		"COM3x", "command", "frob", "tty/x", "current", ".hidden",
	};

	for (size_t i = 0; i < COUNT(ours); i++) {
		harness_about("%s", ours[i] ? ours[i] : "NULL");
		CHECK(bgapi_backend.claims(ours[i]));
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		harness_about("%s", others[i]);
		CHECK(!bgapi_backend.claims(others[i]));
	}
	harness_about(NULL);
}

/* -- Which one -------------------------------------------------------------------------- */

enum { DONGLES = 3 };

static int masters[DONGLES];
static char paths[DONGLES][64];

/* Three dongles, of which the last has a serial number of its own. */
static void plug_in(void)
{
	struct fake_port ports[DONGLES];

	begin();
	for (size_t i = 0; i < DONGLES; i++) {
		masters[i] = pty_new(paths[i]);
		ports[i] = (struct fake_port){ paths[i], 0x2458, 0x0001, i == 2 ? "x" : "1" };
	}
	fake_ports(ports, DONGLES);
}

static void pull_out(void)
{
	for (size_t i = 0; i < DONGLES; i++)
		close(masters[i]);
	end();
}

static struct bgapi_stream *held(const char *path)
{
	struct bgapi_stream *stream = NULL;

	REQUIRE(bgapi_serial_open(loop, path, &stream) == 0);
	return stream;
}

static void first_free(void)
{
	struct bgapi_stream *streams[DONGLES];
	char words[128], name[128];

	plug_in();
	opened_as("bled112", paths[0]);
	opened_as(NULL, paths[0]);
	streams[0] = held(paths[0]);
	opened_as("bled112", paths[1]);
	opened_as("bled112:1", paths[1]);
	snprintf(name, sizeof(name), "bled112:%s", paths[0]);
	snprintf(words, sizeof(words), "another program is using %s", paths[0]);
	CHECK_INT(bgapi_backend.open(loop, name, &(struct adapter *){ NULL }), -EBUSY);
	CHECK(!strncmp(ble_error_text(loop, -EBUSY), words, strlen(words)));
	streams[1] = held(paths[1]);
	opened_as("bled112", paths[2]);
	streams[2] = held(paths[2]);
	/* None is free: it is the first one's trouble that is told. */
	CHECK_INT(bgapi_backend.open(loop, "bled112", &(struct adapter *){ NULL }), -EBUSY);
	CHECK(!strncmp(ble_error_text(loop, -EBUSY), words, strlen(words)));
	for (size_t i = 0; i < DONGLES; i++)
		streams[i]->class->free(streams[i]);
	pull_out();
}

static void by_serial_or_port(void)
{
	char folder[] = "/tmp/blewire-XXXXXX", link[64], name[128];
	const struct fake_port port = { link, 0x2458, 0x0001, "1" };

	plug_in();
	REQUIRE(mkdtemp(folder) != NULL);
	snprintf(link, sizeof(link), "%s/ttyACM7", folder);
	opened_as("bled112:x", paths[2]);
	snprintf(name, sizeof(name), "bled112:%s", paths[1]);
	opened_as(name, paths[1]);
	REQUIRE(symlink(paths[1], link) == 0);
	fake_ports(&port, 1);
	opened_as("bled112:ttyACM7", link);
	unlink(link);
	rmdir(folder);
	/* Any port, a dongle by its id or not, is called as it was named. */
	fake_ports(NULL, 0);
	opened_as(paths[1], paths[1]);
	pull_out();
}

static void what_the_dongle_says(void)
{
	struct adapter *adapter = NULL;

	begin();
	answers[0] = -ETIMEDOUT;
	masters[0] = pty_new(paths[0]);
	CHECK_INT(bgapi_backend.open(loop, paths[0], &adapter), -ETIMEDOUT);
	CHECK_INT(opens, 1);
	CHECK(!adapter);
	close(masters[0]);
	end();
}

/* -- None ---------------------------------------------------------------------------------- */

static void none_there(void)
{
	static char endless[300];

	begin();
	refused("bled112", -ENODEV, "no dongle found with the USB id 2458:0001: plug one in, "
		"or name the port of a module that has another, such as /dev/ttyUSB0");
	/* Another backend may have set a sentence about why it has no adapter: it is kept. */
	loop_set_error(loop, -ENODEV, "its own reason");
	refused(NULL, -ENOENT, ble_strerror(-ENOENT));
	CHECK_STR(ble_error_text(loop, -ENODEV), "its own reason");
	refused("COM3", -ENODEV, "there is no COM3: plug the dongle in; its port may have "
		"another number now, and bled112 finds it by its USB id");
	refused("ttyACM99", -ENODEV, "there is no /dev/ttyACM99: plug the dongle in; its port "
		"may have another number now, and bled112 finds it by its USB id");
	memset(endless, 'x', sizeof(endless) - 1);
	endless[0] = '/';
	refused(endless, -ENAMETOOLONG, "the name of that port is too long: name it by a "
		"shorter link");
	end();
}

static void another_one(void)
{
	static const struct fake_port ports[] = {
		{ "/dev/blewire1", 0x2458, 0x0001, "1" },
		{ "/dev/blewire2", 0x2458, 0x0001, "1" },
	};

	begin();
	fake_ports(ports, COUNT(ports));
	refused("bled112:1-7", -ENODEV,
		"no dongle bled112:1-7 (there is /dev/blewire1, /dev/blewire2)");
	/* It went after it was listed. */
	refused("bled112", -ENODEV, "there is no /dev/blewire1: plug the dongle in; its port "
		"may have another number now, and bled112 finds it by its USB id");
	end();
}

static void in_its_bootloader(void)
{
	struct fake_port ports[] = {
		{ "/dev/blewire1", 0x2458, 0xfffe, "1" },
		{ paths[0], 0x2458, 0x0001, "1" },
	};
	static const char sentence[] =
		"the dongle /dev/blewire1 is in its bootloader: unplug and replug it; "
		"if it stays so, flash its firmware again";

	begin();
	fake_ports(ports, 1);
	refused("bled112", -ENODEV, sentence);
	refused(NULL, -ENODEV, sentence);
	refused("bled112:blewire1", -ENODEV, sentence);
	/* Another one that works is the first free one. */
	masters[0] = pty_new(paths[0]);
	fake_ports(ports, 2);
	opened_as("bled112", paths[0]);
	close(masters[0]);
	end();
}

static void cannot_look(void)
{
	begin();
	fake_ports_fail(SP_ERR_FAIL);
	refused("bled112", -ENODEV, "the serial ports cannot be listed here (is /sys there?): "
		"name the dongle's port, such as /dev/ttyACM0");
	fake_ports_fail(SP_ERR_MEM);
	refused("bled112", -ENOMEM, ble_strerror(-ENOMEM));
	end();
}

/* -- The list --------------------------------------------------------------------------------- */

struct listed {
	size_t n;
	char name[4][BGAPI_PORT_NAME];
	struct ble_adapter_info info[4];
};

static void note(void *user, const struct ble_adapter_info *info)
{
	struct listed *listed = user;

	REQUIRE(listed->n < 4);
	snprintf(listed->name[listed->n], BGAPI_PORT_NAME, "%s", info->name);
	listed->info[listed->n++] = *info;
}

static void without_opening(void)
{
	static const struct fake_port ports[] = {
		{ "/dev/blewire1", 0x2458, 0x0001, "1" },
		{ "/dev/blewire2", 0x2458, 0xfffe, "1" },
	};
	struct listed listed = { 0 };

	begin();
	CHECK_INT(bgapi_backend.list(loop, note, &listed), 0);
	CHECK_INT(listed.n, 0);
	fake_ports(ports, COUNT(ports));
	CHECK_INT(bgapi_backend.list(loop, note, &listed), 0);
	REQUIRE(listed.n == 2);
	CHECK_STR(listed.name[0], "/dev/blewire1");
	CHECK_STR(listed.info[0].backend, "bgapi");
	CHECK_INT(listed.info[0].address.type, BLE_ADDRESS_UNKNOWN);
	CHECK(listed.info[0].powered && listed.info[0].low_energy);
	CHECK(!listed.info[0].extended);
	CHECK_STR(listed.name[1], "/dev/blewire2");
	CHECK(!listed.info[1].powered && !listed.info[1].low_energy);
	CHECK_INT(opens, 0);
	end();
}

/* The name that finds a dongle again after a reset; a stranger's stays as it is. */
static void lasting(void)
{
	char name[BGAPI_PORT_NAME];

	plug_in();
	bgapi_stable_name(loop, paths[1], name);
	CHECK_STR(name, paths[1]);
	bgapi_stable_name(loop, "/dev/stranger", name);
	CHECK_STR(name, "/dev/stranger");
	pull_out();
}

const struct test_case serial_names[] = {
	TEST(whose_names),
	TEST(first_free),
	TEST(by_serial_or_port),
	TEST(what_the_dongle_says),
	TEST(none_there),
	TEST(another_one),
	TEST(in_its_bootloader),
	TEST(cannot_look),
	TEST(without_opening),
	TEST(lasting),
	{ 0 },
};
