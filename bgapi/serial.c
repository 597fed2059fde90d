/* SPDX-License-Identifier: MIT */
/* Finds the dongles among the serial ports by their USB id. */
#include "bgapi/serial.h"

#include <errno.h>
#include <libserialport.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "/dev/ttyACM2" before "/dev/ttyACM10". */
static int by_number(const void *a, const void *b)
{
	const struct bgapi_port *left = a, *right = b;
	size_t lengths[2] = { strlen(left->path), strlen(right->path) };

	if (lengths[0] != lengths[1])
		return lengths[0] < lengths[1] ? -1 : 1;
	return strcmp(left->path, right->path);
}

static void add_port(struct bgapi_ports *ports, const struct sp_port *found,
		     bool bootloader)
{
	struct bgapi_port *port = &ports->port[ports->count];
	const char *path = sp_get_port_name(found);
	const char *serial = sp_get_port_usb_serial(found);
	char place[sizeof(port->place)] = "";

	if (ports->count == BGAPI_PORTS_MAX || !path || strlen(path) >= sizeof(port->path))
		return;
	*port = (struct bgapi_port){ .bootloader = bootloader };
	snprintf(port->path, sizeof(port->path), "%s", path);
	snprintf(port->serial, sizeof(port->serial), "%s", serial ? serial : "");
#ifndef _WIN32
	bgapi_usb_place_of(path, place);
#endif
	snprintf(port->place, sizeof(port->place), "%s", place);
	snprintf(port->name, sizeof(port->name), "%s%s", place[0] ? "bled112:" : "",
		 place[0] ? place : path);
	ports->count++;
}

int bgapi_ports(struct ble_loop *loop, struct bgapi_ports *ret_ports)
{
	struct sp_port **list;
	enum sp_return result = sp_list_ports(&list);

	if (result == SP_ERR_MEM)
		return -ENOMEM;
	if (result != SP_OK)
		return loop_set_error(loop, -ENODEV, "the serial ports cannot be listed here "
				      "(is /sys there?): name the dongle's port, such as "
				      "/dev/ttyACM0");
	ret_ports->count = 0;
	for (size_t i = 0; list[i]; i++) {
		int vendor = 0, product = 0;

		if (sp_get_port_usb_vid_pid(list[i], &vendor, &product) != SP_OK ||
		    vendor != BGAPI_USB_VENDOR)
			continue;
		if (product == BGAPI_USB_DONGLE || product == BGAPI_USB_BOOTLOADER)
			add_port(ret_ports, list[i], product == BGAPI_USB_BOOTLOADER);
	}
	sp_free_port_list(list);
	qsort(ret_ports->port, ret_ports->count, sizeof(ret_ports->port[0]), by_number);
#ifndef _WIN32
	bgapi_usb_bootloaders(NULL, ret_ports);
#endif
	return 0;
}
