/* SPDX-License-Identifier: MIT */
/* Which ports are dongles, and where sysfs says that they are plugged in. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <libserialport.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bgapi/serial.h"
#include "tests/test_serial.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void dongles_by_number(void)
{
	static const struct fake_port ports[] = {
		{ "/dev/blewire10", 0x2458, 0x0001, "1" },
		{ "/dev/blewire9", 0x2458, 0x0001, "1" },
		{ "/dev/ttyS0", 0, 0, NULL },
		{ "/dev/blewire3", 0x2458, 0x0002, "1" },
		{ "/dev/blewire4", 0x0403, 0x0001, "1" },
		{ "/dev/blewire11", 0x2458, 0x0001, NULL },
		{ NULL, 0x2458, 0x0001, NULL },
	};
	struct bgapi_ports found;

	fake_ports(ports, COUNT(ports));
	REQUIRE(bgapi_ports(NULL, &found) == 0);
	REQUIRE(found.count == 3);
	CHECK_STR(found.port[0].path, "/dev/blewire9");
	CHECK_STR(found.port[0].name, "/dev/blewire9");
	CHECK_STR(found.port[0].serial, "1");
	CHECK(!found.port[0].bootloader);
	CHECK_STR(found.port[1].path, "/dev/blewire10");
	CHECK_STR(found.port[2].path, "/dev/blewire11");
	CHECK_STR(found.port[2].serial, "");
}

static void more_than_there_is_room_for(void)
{
	struct fake_port ports[BGAPI_PORTS_MAX + 4];
	struct bgapi_ports found;

	for (size_t i = 0; i < COUNT(ports); i++)
		ports[i] = (struct fake_port){ "/dev/blewire0", 0x2458, 0x0001, "1" };
	fake_ports(ports, COUNT(ports));
	REQUIRE(bgapi_ports(NULL, &found) == 0);
	CHECK_INT(found.count, BGAPI_PORTS_MAX);
}

static void names_too_long(void)
{
	static char path[BGAPI_PORT_NAME + 10], serial[300];
	const struct fake_port ports[] = {
		{ path, 0x2458, 0x0001, "1" },
		{ "/dev/blewire0", 0x2458, 0x0001, serial },
	};
	struct bgapi_ports found;

	memset(path, 'p', sizeof(path) - 1);
	memset(serial, 's', sizeof(serial) - 1);
	fake_ports(ports, COUNT(ports));
	REQUIRE(bgapi_ports(NULL, &found) == 0);
	REQUIRE(found.count == 1);
	CHECK_INT(strlen(found.port[0].serial), sizeof(found.port[0].serial) - 1);
}

static void no_list(void)
{
	struct bgapi_ports found;
	struct ble_loop *loop;

	REQUIRE(ble_loop_new(&loop) == 0);
	fake_ports_fail(SP_ERR_FAIL);
	CHECK_INT(bgapi_ports(loop, &found), -ENODEV);
	CHECK(strstr(ble_error_text(loop, -ENODEV), "cannot be listed here"));
	fake_ports_fail(SP_ERR_MEM);
	CHECK_INT(bgapi_ports(loop, &found), -ENOMEM);
	ble_loop_unref(loop);
}

static void places(void)
{
	static const struct {
		const char *path, *place;
	} cases[] = {
		{ "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1.2/1-1.2:1.0", "1-1.2" },
		{ "/sys/devices/platform/dummy_hcd.0/usb3/3-1/3-1:1.0", "3-1" },
		{ "1-1:1.0", "1-1" },
		{ "/sys/devices/pnp0/00:04", NULL },
		{ "/sys/devices/platform/serial8250", NULL },
		{ "/sys/devices/pci0000:00/0000:00:14.0/usb1", NULL },
		{ "/sys/devices/1-1.2", NULL },
		{ "/sys/devices/12:1.0", NULL },
		{ "", NULL },
		{ "1-1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1:1.0", NULL },
	};
	char place[32];

	for (size_t i = 0; i < COUNT(cases); i++) {
		harness_about("%s", cases[i].path);
		snprintf(place, sizeof(place), "untouched");
		CHECK_INT(bgapi_usb_place(cases[i].path, place), cases[i].place != NULL);
		CHECK_STR(place, cases[i].place ? cases[i].place : "untouched");
	}
	harness_about(NULL);
	bgapi_usb_place_of("/dev/no-such-port", place);
	CHECK_STR(place, "");
}

static void device(const char *folder, const char *name, const char *vendor,
		   const char *product)
{
	const char *const files[][2] = { { "idVendor", vendor }, { "idProduct", product } };
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	REQUIRE(mkdir(path, 0700) == 0);
	for (size_t i = 0; i < COUNT(files); i++) {
		FILE *file;

		if (!files[i][1])
			continue;
		snprintf(path, sizeof(path), "%s/%s/%s", folder, name, files[i][0]);
		file = fopen(path, "w");
		REQUIRE(file);
		fputs(files[i][1], file);
		fclose(file);
	}
}

static void bootloaders(void)
{
	char folder[] = "/tmp/blewire-XXXXXX", command[64];
	struct bgapi_ports found = { .count = 0 };

	REQUIRE(mkdtemp(folder));
	device(folder, "1-1", "2458\n", "0001\n");
	device(folder, "1-2", "2458\n", "fffe\n");
	device(folder, "1-2:1.0", "2458\n", "fffe\n");
	device(folder, "1-3", "1234\n", "fffe\n");
	device(folder, "1-4", "2458\n", NULL);
	device(folder, "1-5", "", "");
	bgapi_usb_bootloaders(folder, &found);
	bgapi_usb_bootloaders(folder, &found); /* known by its place already */
	snprintf(command, sizeof(command), "rm -r %s", folder);
	CHECK_INT(system(command), 0);
	REQUIRE(found.count == 1);
	CHECK_STR(found.port[0].name, "bled112:1-2");
	CHECK_STR(found.port[0].place, "1-2");
	CHECK_STR(found.port[0].path, "");
	CHECK(found.port[0].bootloader);
	bgapi_usb_bootloaders("/no/such/folder", &found);
	CHECK_INT(found.count, 1);
	found.count = BGAPI_PORTS_MAX;
	bgapi_usb_bootloaders(folder, &found);
	CHECK_INT(found.count, BGAPI_PORTS_MAX);
}

const struct test_case serial_ports[] = {
	TEST(dongles_by_number),
	TEST(more_than_there_is_room_for),
	TEST(names_too_long),
	TEST(no_list),
	TEST(places),
	TEST(bootloaders),
	{ 0 },
};
