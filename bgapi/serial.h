/* SPDX-License-Identifier: MIT */
/*
 * Serial ports: which of them are dongles, and how one is opened.
 *
 *   serial.c   the dongles among the machine's ports, by libserialport
 *   usb.c      what sysfs knows beyond that: where a dongle is plugged in, and
 *              those in their bootloader, which have no port (Linux)
 *   tty.c      opens a port, or the socket of a dongle elsewhere (POSIX)
 *   comport.c  opens a port (Windows)
 *   open.c     the backend: names, choosing, resetting
 *
 * All BLED112 have the serial number 1, so what tells two of them apart is where
 * they are plugged in. That also stays as it is after a reset or on another
 * day, which a port's number need not.
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
	char name[BGAPI_PORT_NAME]; /* "bled112:1-1.2"; without a place, the path */
	char path[BGAPI_PORT_NAME]; /* "/dev/ttyACM0", "COM3"; a bootloader: "" */
	char place[32];             /* "1-1.2": bus and ports; "": unknown */
	char serial[64];
	bool bootloader;
};

struct bgapi_ports {
	size_t count;
	struct bgapi_port port[BGAPI_PORTS_MAX];
};

/* The dongles that can be seen now, by number. 0; what keeps us from looking,
 * said. */
int bgapi_ports(struct ble_loop *loop, struct bgapi_ports *ret_ports);

/* Opens a port for ourselves alone, raw. Errors are said, and name the port:
 * -ENODEV no such port, or nothing behind it; -EBUSY another program has it;
 * -EACCES, -EISDIR, -ENOTTY, ... */
int bgapi_serial_open(struct ble_loop *loop, const char *path,
		      struct bgapi_stream **ret_stream);

/* "1-1.2" from the path of a USB interface, ".../1-1.2/1-1.2:1.0". False, and
 * place untouched, where it is none or too long. */
bool bgapi_usb_place(const char *path, char place[32]);

/* Where the port's device is plugged in; "" where it cannot be told. */
void bgapi_usb_place_of(const char *path, char place[32]);

/* Adds the dongles in their bootloader. devices: sysfs's folder of all USB
 * devices, NULL for where it is. */
void bgapi_usb_bootloaders(const char *devices, struct bgapi_ports *ports);

#endif
