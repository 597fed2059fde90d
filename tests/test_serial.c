/* SPDX-License-Identifier: MIT */
/* The suites of this program, a fake libserialport whose ports the cases define, and
 * ptys. */
#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE
#include "tests/test_serial.h"

#include <fcntl.h>
#include <libserialport.h>
#include <stdio.h>
#include <stdlib.h>

enum { FAKES_MAX = 32 };

struct sp_port {
	struct fake_port fake;
};

static struct sp_port fakes[FAKES_MAX];
static size_t n_fakes;
static enum sp_return fake_result;
static unsigned int lists; /* given out, and not back yet */

void fake_ports(const struct fake_port *ports, size_t count)
{
	REQUIRE(count <= FAKES_MAX);
	CHECK_INT(lists, 0);
	for (size_t i = 0; i < count; i++)
		fakes[i].fake = ports[i];
	n_fakes = count;
	fake_result = SP_OK;
}

void fake_ports_fail(int result)
{
	fake_result = (enum sp_return)result;
}

enum sp_return sp_list_ports(struct sp_port ***list_ptr)
{
	static struct sp_port *list[FAKES_MAX + 1];

	if (fake_result != SP_OK)
		return fake_result;
	for (size_t i = 0; i < n_fakes; i++)
		list[i] = &fakes[i];
	list[n_fakes] = NULL;
	*list_ptr = list;
	lists++;
	return SP_OK;
}

void sp_free_port_list(struct sp_port **ports)
{
	(void)ports;
	lists--;
}

char *sp_get_port_name(const struct sp_port *port)
{
	return (char *)(uintptr_t)port->fake.name;
}

char *sp_get_port_usb_serial(const struct sp_port *port)
{
	return (char *)(uintptr_t)port->fake.serial;
}

enum sp_return sp_get_port_usb_vid_pid(const struct sp_port *port, int *usb_vid,
				       int *usb_pid)
{
	if (!port->fake.vendor)
		return SP_ERR_SUPP;
	*usb_vid = port->fake.vendor;
	*usb_pid = port->fake.product;
	return SP_OK;
}

int pty_new(char path[64])
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);

	REQUIRE(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	snprintf(path, 64, "%s", ptsname(master));
	return master;
}

int main(int argc, char **argv)
{
	static const struct test_suite suites[] = {
		{ "fd", serial_fd },
		{ "tty", serial_tty },
		{ "ports", serial_ports },
		{ "names", serial_names },
		{ 0 },
	};

	return harness_main(argc, argv, suites);
}
