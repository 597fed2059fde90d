/* SPDX-License-Identifier: MIT */
/*
 * What sysfs on Linux says about dongles and libserialport does not. Without sysfs
 * nothing is found, which is not an error.
 */
#include "bgapi/serial.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The USB device of an interface: "1-1.2" of "1-1.2:1.0". The root hub, "usb1", is not
 * a place. */
bool bgapi_usb_place(const char *path, char place[32])
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t len = strspn(name, "0123456789-.");

	if (len == 0 || len >= 32 || name[len] != ':' || !memchr(name, '-', len))
		return false;
	memcpy(place, name, len);
	place[len] = '\0';
	return true;
}

void bgapi_usb_place_of(const char *path, char place[32])
{
	const char *slash = strrchr(path, '/');
	char link[sizeof("/sys/class/tty//device") + BGAPI_PORT_NAME];
	char *interface;

	place[0] = '\0';
	snprintf(link, sizeof(link), "/sys/class/tty/%.*s/device", BGAPI_PORT_NAME - 1,
		 slash ? slash + 1 : path);
	interface = realpath(link, NULL);
	if (interface)
		bgapi_usb_place(interface, place);
	free(interface);
}

/* Reads a file of four hexadecimal digits, such as idVendor. -1: it cannot be read. */
static long read_id(const char *devices, const char *device, const char *name)
{
	char path[PATH_MAX], digits[8] = "";
	long id = -1;
	FILE *file;

	if (snprintf(path, sizeof(path), "%s/%s/%s", devices, device, name) >=
	    (int)sizeof(path))
		return -1;
	file = fopen(path, "re");
	if (!file)
		return -1;
	if (fgets(digits, sizeof(digits), file) && digits[0] != '\0')
		id = strtol(digits, NULL, 16);
	fclose(file);
	return id;
}

static void add_bootloader(const char *device, struct bgapi_ports *ports)
{
	struct bgapi_port *port = &ports->port[ports->count];
	size_t len = strlen(device);

	if (ports->count == BGAPI_PORTS_MAX || len >= sizeof(port->place))
		return;
	for (size_t i = 0; i < ports->count; i++) {
		if (!strcmp(ports->port[i].place, device))
			return; /* it is listed with its port */
	}
	*port = (struct bgapi_port){ .bootloader = true };
	memcpy(port->place, device, len + 1);
	snprintf(port->name, sizeof(port->name), "bled112:%.*s", (int)len, device);
	ports->count++;
}

void bgapi_usb_bootloaders(const char *devices, struct bgapi_ports *ports)
{
	struct dirent *entry;
	DIR *dir;

	if (!devices)
		devices = "/sys/bus/usb/devices";
	dir = opendir(devices);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] != '.' && !strchr(entry->d_name, ':') &&
		    read_id(devices, entry->d_name, "idVendor") == BGAPI_USB_VENDOR &&
		    read_id(devices, entry->d_name, "idProduct") == BGAPI_USB_BOOTLOADER)
			add_bootloader(entry->d_name, ports);
	}
	closedir(dir);
}
