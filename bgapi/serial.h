/* SPDX-License-Identifier: MIT */
/*
 * Serial ports: finds the dongles among them, and opens one.
 *
 *   serial.c   finds dongles among the ports, with libserialport
 *   usb.c      from sysfs (Linux): the place where a dongle is plugged in, and dongles
 *              in their bootloader, which have no port
 *   tty.c      opens a port, or the socket of a dongle elsewhere (POSIX)
 *   comport.c  opens a port (Windows)
 *   open.c     the backend: names, which dongle to open
 *
 * All BLED112 have the serial number 1. So two of them are distinguished by the place
 * where they are plugged in. It does not change with a reset or a reboot; a port's
 * number may.
 */
#ifndef BGAPI_SERIAL_H
#define BGAPI_SERIAL_H

#include "bgapi/stream.h"

enum {
	BGAPI_USB_VENDOR = 0x2458,
	BGAPI_USB_DONGLE = 0x0001,
	BGAPI_USB_BOOTLOADER = 0xfffe,
	BGAPI_PORT_NAME = 128,
	BGAPI_PORTS_MAX = 16
};

struct bgapi_port {
	char name[BGAPI_PORT_NAME]; /* "bled112:1-1.2"; if place is unknown, path */
	char path[BGAPI_PORT_NAME]; /* "/dev/ttyACM0", "COM3"; a bootloader: "" */
	char place[32];             /* "1-1.2": bus and ports; "": unknown */
	char serial[64];
	bool bootloader;
};

struct bgapi_ports {
	size_t count;
	struct bgapi_port port[BGAPI_PORTS_MAX];
};

/* Lists the dongles, sorted by the number of their port. 0, or -errno with its text. */
int bgapi_ports(struct ble_loop *loop, struct bgapi_ports *ret_ports);

/* Opens a port, locked and raw. The error text names the port: -ENODEV no such port, or
 * no device behind it; -EBUSY another program has it; -EACCES, -EISDIR, -ENOTTY, ... */
int bgapi_serial_open(struct ble_loop *loop, const char *path,
		      struct bgapi_stream **ret_stream);

/* "1-1.2" from the path of a USB interface, ".../1-1.2/1-1.2:1.0". False, and place not
 * written, if it is not one or is too long. */
bool bgapi_usb_place(const char *path, char place[32]);

/* The place where the port's device is plugged in; "": unknown. */
void bgapi_usb_place_of(const char *path, char place[32]);

/* Adds the dongles in their bootloader. devices: a folder like sysfs's of all USB
 * devices; NULL: sysfs's own. */
void bgapi_usb_bootloaders(const char *devices, struct bgapi_ports *ports);

#endif
