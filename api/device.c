/* SPDX-License-Identifier: MIT */
/*
 * What a scanner remembers of each advertiser: the latest advertising data and
 * scan response, and the name in them. A device that is heard again with the
 * same data costs no allocation.
 */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/bytes.h"

struct ble_device *ble_device_ref(struct ble_device *device)
{
	device->refs++;
	return device;
}

struct ble_device *ble_device_unref(struct ble_device *device)
{
	if (!device || --device->refs)
		return NULL;
	free(device->data[0].octets);
	free(device->data[1].octets);
	free(device->name);
	free(device);
	return NULL;
}

const struct ble_address *ble_device_address(const struct ble_device *device)
{
	return &device->address;
}

const char *ble_device_name(const struct ble_device *device)
{
	return device->name ? device->name : "";
}

int ble_device_rssi(const struct ble_device *device)
{
	return device->rssi;
}

/* -- The table ------------------------------------------------------------------ */

static void forget(struct ble_scanner *scanner, struct ble_device *device)
{
	HASH_DEL(scanner->devices, device);
	list_remove(&device->age);
	scanner->n_devices--;
	ble_device_unref(device);
}

void device_forget_all(struct ble_scanner *scanner)
{
	while (!list_empty(&scanner->ages))
		forget(scanner, list_entry(scanner->ages.next, struct ble_device, age));
}

static struct ble_device *add(struct ble_scanner *scanner,
			      const struct ble_address *address)
{
	struct ble_device *device = calloc(1, sizeof(*device));

	if (!device)
		return NULL;
	device->refs = 1;
	device->address = *address;
	HASH_ADD(hh, scanner->devices, address, sizeof(device->address), device);
	if (!device->hh.tbl) {
		free(device);
		return NULL;
	}
	list_append(&scanner->ages, &device->age);
	if (++scanner->n_devices > MAX_DEVICES)
		forget(scanner, list_entry(scanner->ages.next, struct ble_device, age));
	return device;
}

/* True if it was possible. */
static bool set_data(struct ble_device *device, int kind, struct ble_bytes data)
{
	if (data.len > device->data[kind].room) {
		uint8_t *octets = realloc(device->data[kind].octets, data.len);

		if (!octets)
			return false;
		device->data[kind].octets = octets;
		device->data[kind].room = (uint16_t)data.len;
	}
	if (data.len)
		memcpy(device->data[kind].octets, data.data, data.len);
	device->data[kind].len = (uint16_t)data.len;
	device->delivered[kind] = false;
	return true;
}

/* A report without a name leaves the name that an earlier one gave. */
static bool set_name(struct ble_device *device, const struct ble_advertisement *adv)
{
	char name[256];
	char *copy;

	if (!ble_advertisement_name(adv, name, sizeof(name)) ||
	    (device->name && strcmp(device->name, name) == 0))
		return true;
	copy = strdup(name);
	if (!copy)
		return false;
	free(device->name);
	device->name = copy;
	return true;
}

static bool same(const struct ble_device *device, int kind, struct ble_bytes data)
{
	return device->data[kind].len == data.len &&
	       (!data.len ||
		memcmp(device->data[kind].octets, data.data, data.len) == 0);
}

struct ble_device *device_note(struct ble_scanner *scanner,
			       const struct ble_advertisement *report,
			       bool *ret_changed)
{
	int kind = report->event & BLE_EVENT_SCAN_RESPONSE ? 1 : 0;
	struct ble_advertisement named = { .advertised = report->data };
	struct ble_device *device;

	if (report->data.len > UINT16_MAX)
		return NULL;
	HASH_FIND(hh, scanner->devices, &report->address, sizeof(report->address),
		  device);
	*ret_changed = !device || !same(device, kind, report->data);
	if (!device)
		device = add(scanner, &report->address);
	if (!device)
		return NULL;
	device->rssi = report->rssi;
	list_remove(&device->age);
	list_append(&scanner->ages, &device->age);
	if (*ret_changed && !(set_data(device, kind, report->data) &&
			      set_name(device, &named)))
		return NULL;
	return device;
}
