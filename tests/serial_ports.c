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

#include "base/loop.h"
#include "bgapi/serial.h"
#include "tests/failmalloc.h"
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

/* -- Dongles that come and go ----------------------------------------------------------- */

static struct {
	struct ble_loop *loop;
	struct ble_adapter_watch *watch;
	char log[300];
	unsigned int n, free_at;
} told;

/* Adapters of this machine's kernel are none of ours. */
static void on_change(void *user, enum ble_adapter_change change,
		      const struct ble_adapter_info *info)
{
	size_t used = strlen(told.log);

	(void)user;
	if (strcmp(info->backend, "bgapi"))
		return;
	snprintf(told.log + used, sizeof(told.log) - used, "%s%s%s", used ? " " : "",
		 change == BLE_ADAPTER_ARRIVED ? "+" : "-", info->name + strlen("/dev/blewire"));
	CHECK_INT(info->address.type, BLE_ADDRESS_UNKNOWN);
	CHECK(info->powered && info->low_energy);
	if (++told.n == told.free_at)
		told.watch = ble_adapter_watch_free(told.watch);
}

static void seconds(int n)
{
	uint64_t end = loop_now(told.loop) + (uint64_t)n * 1000000000;

	while (loop_now(told.loop) < end)
		ble_loop_dispatch(told.loop, (int)((end - loop_now(told.loop)) / 1000000));
}

static const struct fake_port plugged[] = {
	{ "/dev/blewire1", 0x2458, 0x0001, "1" },
	{ "/dev/blewire2", 0x2458, 0x0001, "1" },
	{ "/dev/blewire3", 0x2458, 0x0001, "1" },
};

static int open_watch(void)
{
	int error;

	memset(&told, 0, sizeof(told));
	fake_ports(plugged, 1);
	error = ble_loop_new(&told.loop);
	if (error)
		return error;
	loop_clock_freeze(told.loop);
	error = ble_adapter_watch_new(told.loop, on_change, NULL, &told.watch);
	if (error)
		ble_loop_unref(told.loop);
	return error;
}

static void close_watch(void)
{
	CHECK(!ble_adapter_watch_free(told.watch));
	ble_loop_unref(told.loop);
}

static void comes_and_goes(void)
{
	REQUIRE(open_watch() == 0);
	seconds(3);
	CHECK_STR(told.log, ""); /* what was there */
	fake_ports(plugged, 3);
	seconds(2);
	CHECK_STR(told.log, "+2 +3");
	fake_ports_fail(SP_ERR_FAIL); /* that tells nothing */
	seconds(3);
	CHECK_STR(told.log, "+2 +3");
	fake_ports(plugged + 1, 1);
	seconds(2);
	CHECK_STR(told.log, "+2 +3 -1 -3");
	fake_ports(plugged, 1);
	seconds(1);
	CHECK_STR(told.log, "+2 +3 -1 -3 -2 +1");
	close_watch();
}

static void freed_in_its_callback(void)
{
	for (unsigned int at = 1; at <= 3; at++) {
		REQUIRE(open_watch() == 0);
		told.free_at = at;
		fake_ports(plugged + 1, 2);
		seconds(5);
		CHECK_INT(told.n, at);
		CHECK(!told.watch);
		close_watch();
	}
}

static int watch_scenario(void *user)
{
	int error = open_watch();

	(void)user;
	if (error)
		return error;
	fake_ports(plugged, 2);
	seconds(2);
	CHECK_STR(told.log, "+2");
	close_watch();
	return 0;
}

static void watch_without_memory(void)
{
	CHECK(fail_each(watch_scenario, NULL) >= 3);
}

static void no_list_to_watch(void)
{
	struct ble_adapter_watch *watch = NULL;
	struct ble_loop *loop;
	int error;

	REQUIRE(ble_loop_new(&loop) == 0);
	fake_ports_fail(SP_ERR_FAIL);
	/* 0 if the kernel's adapters can be watched */
	error = ble_adapter_watch_new(loop, on_change, NULL, &watch);
	CHECK(error == -ENODEV || !error);
	CHECK_INT(watch != NULL, !error);
	ble_adapter_watch_free(watch);
	ble_loop_unref(loop);
}

const struct test_case serial_ports[] = {
	TEST(dongles_by_number),
	TEST(more_than_there_is_room_for),
	TEST(names_too_long),
	TEST(no_list),
	TEST(places),
	TEST(bootloaders),
	TEST(comes_and_goes),
	TEST(freed_in_its_callback),
	TEST(watch_without_memory),
	TEST(no_list_to_watch),
	{ 0 },
};
