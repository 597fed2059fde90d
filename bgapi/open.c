/* SPDX-License-Identifier: MIT */
/*
 * The backend "bgapi": the names of dongles, and how each is opened, again after a
 * reset.
 *
 *   bled112             the first dongle that no other program has open
 *   bled112:PLACE       the dongle at this USB place: 1-1.2. The list shows these
 *   bled112:SERIAL      the first free dongle with this USB serial number
 *   bled112:PORT        the dongle at this port: ttyACM0, /dev/ttyACM0, COM3
 *   /dev/... ./... ../...   a port, a symbolic link to one, or a socket
 *   tty... cu...        a port in /dev
 *   COM3, \\.\COM12     a port of Windows
 *
 * A port that is named may have any USB id: modules on a UART, emulators.
 */
#include "bgapi/bgapi.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bgapi/serial.h"

static const char family[] = "bled112";

enum { FAMILY_LEN = sizeof(family) - 1 };

/* -- Names --------------------------------------------------------------------------- */

static bool starts(const char *name, const char *with)
{
	return !strncmp(name, with, strlen(with));
}

static bool is_com_port(const char *name)
{
	if (starts(name, "\\\\.\\"))
		return true;
	return (name[0] | 0x20) == 'c' && (name[1] | 0x20) == 'o' &&
	       (name[2] | 0x20) == 'm' && name[3] &&
	       strspn(name + 3, "0123456789") == strlen(name + 3);
}

static bool is_family(const char *name)
{
	return starts(name, family) &&
	       (name[FAMILY_LEN] == '\0' || name[FAMILY_LEN] == ':');
}

static bool is_in_dev(const char *name)
{
	return (starts(name, "tty") || starts(name, "cu.")) && !strchr(name, '/');
}

static bool claims(const char *name)
{
	return !name || is_family(name) || name[0] == '/' || starts(name, "./") ||
	       starts(name, "../") || is_in_dev(name) || is_com_port(name);
}

static bool is_called(const struct bgapi_port *port, const char *what)
{
	const char *slash = strrchr(port->path, '/');

	return !strcmp(what, port->path) || !strcmp(what, port->serial) ||
	       !strcmp(what, port->place) || (slash && !strcmp(what, slash + 1));
}

/* -- Dongles by USB id ------------------------------------------------------------------ */

static int in_bootloader(struct ble_loop *loop, const struct bgapi_port *port)
{
	return loop_set_error(loop, -ENODEV, "the dongle %s is in its bootloader: unplug and "
			      "replug it; if it stays so, flash its firmware again", port->name);
}

static int none_found(struct ble_loop *loop, const struct bgapi_ports *ports,
		      const char *name)
{
	char names[160] = "";
	size_t len = 0;

	if (!name && ports->count == 0)
		return -ENOENT;
	for (size_t i = 0; i < ports->count && len < sizeof(names); i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
					i ? ", " : "", ports->port[i].name);
	if (ports->count == 0)
		return loop_set_error(loop, -ENODEV, "no dongle found with the USB id 2458:0001: "
				      "plug one in, or name the port of a module that has another, "
				      "such as /dev/ttyUSB0");
	return loop_set_error(loop, -ENODEV, "no dongle %s (there is %s)", name, names);
}

/* Opens the first dongle that can be opened. If none can, the error is the first one's. */
static int open_usb(struct ble_loop *loop, const char *name, struct bgapi_port *ret_port,
		    struct bgapi_stream **ret_stream)
{
	const char *what = name && name[FAMILY_LEN] ? name + FAMILY_LEN + 1 : NULL;
	const struct bgapi_port *first = NULL;
	struct bgapi_ports ports;
	int error = bgapi_ports(loop, &ports);

	if (error)
		return error;
	for (size_t i = 0; i < ports.count; i++) {
		const struct bgapi_port *port = &ports.port[i];

		if (what && !is_called(port, what))
			continue;
		first = first ? first : port;
		if (port->bootloader || bgapi_serial_open(loop, port->path, ret_stream))
			continue;
		*ret_port = *port;
		return 0;
	}
	if (!first)
		return none_found(loop, &ports, name);
	if (first->bootloader)
		return in_bootloader(loop, first);
	/* Again, for its error text: a later dongle has set another. */
	error = bgapi_serial_open(loop, first->path, ret_stream);
	if (!error)
		*ret_port = *first;
	return error;
}

/* -- Any name ----------------------------------------------------------------------------- */

/* ret_port->name becomes the adapter's name, and finds the port again. */
static int open_port(struct ble_loop *loop, const char *name, struct bgapi_port *ret_port,
		     struct bgapi_stream **ret_stream)
{
	struct bgapi_port port = { .bootloader = false };
	int error;

	if (loop_inherited(loop))
		return -ECHILD; /* before the port's settings are changed */
	if (!name || is_family(name))
		return open_usb(loop, name, ret_port, ret_stream);
	if (strlen(name) + sizeof("/dev/") > sizeof(port.path))
		return loop_set_error(loop, -ENAMETOOLONG, "the name of that port is too "
				      "long: name it by a shorter link");
	snprintf(port.name, sizeof(port.name), "%s", name);
	snprintf(port.path, sizeof(port.path), "%s%s", is_in_dev(name) ? "/dev/" : "", name);
	error = bgapi_serial_open(loop, port.path, ret_stream);
	if (!error)
		*ret_port = port;
	return error;
}

int bgapi_port_open(struct ble_loop *loop, const char *name,
		    struct bgapi_stream **ret_stream)
{
	struct bgapi_port port;

	return open_port(loop, name, &port, ret_stream);
}

/* A dongle on USB comes back at the same place, perhaps as another port. */
void bgapi_stable_name(struct ble_loop *loop, const char *name,
		       char ret_name[BGAPI_PORT_NAME])
{
	struct bgapi_ports ports;

	snprintf(ret_name, BGAPI_PORT_NAME, "%s", name);
	if (bgapi_ports(loop, &ports))
		return;
	for (size_t i = 0; i < ports.count; i++) {
		if (is_called(&ports.port[i], name))
			snprintf(ret_name, BGAPI_PORT_NAME, "%s", ports.port[i].name);
	}
}

static const struct bgapi_reopen by_port = { bgapi_stable_name, bgapi_port_open };

static int reopen_adapter(const struct adapter *gone, struct adapter **ret_adapter);
static int watch_adapters(struct ble_loop *loop, adapter_changed changed, void *user,
			  struct adapter_watch **ret_watch);

/* gone: the adapter whose place it takes; NULL: none. */
static int open_as(struct ble_loop *loop, const char *name, const struct adapter *gone,
		   struct adapter **ret_adapter)
{
	struct bgapi_stream *stream = NULL;
	struct bgapi_port port;
	int error = open_port(loop, name, &port, &stream);

	if (!error)
		error = gone ? bgapi_open_again(gone, port.name, stream, &by_port, ret_adapter)
			     : bgapi_open(loop, port.name, stream, &by_port, ret_adapter);
	if (error)
		return error;
	(*ret_adapter)->reopen = reopen_adapter;
	(*ret_adapter)->watch = watch_adapters;
	return 0;
}

static int open_adapter(struct ble_loop *loop, const char *name,
			struct adapter **ret_adapter)
{
	return open_as(loop, name, NULL, ret_adapter);
}

/* By the place where it is plugged in, or by its port. */
static int reopen_adapter(const struct adapter *gone, struct adapter **ret_adapter)
{
	return open_as(gone->loop, gone->info.name, gone, ret_adapter);
}

/* The list opens no dongle, because that would disturb the program that has it. So
 * the address is unknown. */
static int list_adapters(struct ble_loop *loop,
			 void (*found)(void *user, const struct ble_adapter_info *info),
			 void *user)
{
	struct bgapi_ports ports;
	int error = bgapi_ports(loop, &ports);

	if (error)
		return error;
	for (size_t i = 0; i < ports.count; i++) {
		struct ble_adapter_info info;

		bgapi_describe(&ports.port[i], &info);
		found(user, &info);
	}
	return 0;
}

static int watch_adapters(struct ble_loop *loop, adapter_changed changed, void *user,
			  struct adapter_watch **ret_watch)
{
	return bgapi_arrivals_new(loop, bgapi_ports, changed, user, ret_watch);
}

const struct backend bgapi_backend = {
	.name = "bgapi",
	.claims = claims,
	.open = open_adapter,
	.list = list_adapters,
	.watch = watch_adapters,
};
