/* SPDX-License-Identifier: MIT */
/*
 * The devices of a scanner: of each, the latest advertising data and scan response,
 * and the name in them. A report with the same data allocates nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/bytes.h"

struct ble_device *ble_device_ref(struct ble_device *device)
{
	if (device)
		device->refs++;
	return device;
}

struct ble_device *ble_device_unref(struct ble_device *device)
{
	if (!device || --device->refs)
		return NULL;
	ble_adapter_unref(device->adapter);
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
	return device->adv.rssi;
}

const struct ble_advertisement *
ble_device_advertisement(const struct ble_device *device)
{
	return &device->adv;
}

bool ble_device_connectable(const struct ble_device *device)
{
	return device->connectable;
}

struct ble_adapter *ble_device_adapter(const struct ble_device *device)
{
	return device->adapter;
}

/* -- The table ------------------------------------------------------------------ */

static struct ble_device *oldest(const struct list *ages)
{
	return list_entry(ages->next, struct ble_device, age);
}

/* Out of its list; to the end of one of the two lists. */
static void leave(struct ble_scanner *scanner, struct ble_device *device)
{
	list_remove(&device->age);
	--*(device->kept ? &scanner->n_kept : &scanner->n_others);
}

static void enter(struct ble_scanner *scanner, struct ble_device *device, bool kept)
{
	device->kept = kept;
	list_append(kept ? &scanner->kept : &scanner->others, &device->age);
	++*(kept ? &scanner->n_kept : &scanner->n_others);
}

static void move_to_end(struct ble_scanner *scanner, struct ble_device *device)
{
	list_remove(&device->age);
	list_append(device->kept ? &scanner->kept : &scanner->others, &device->age);
}

static void forget(struct ble_scanner *scanner, struct ble_device *device)
{
	HASH_DEL(scanner->devices, device);
	leave(scanner, device);
	ble_device_unref(device);
}

void device_forget_all(struct ble_scanner *scanner)
{
	while (!list_empty(&scanner->others))
		forget(scanner, oldest(&scanner->others));
	while (!list_empty(&scanner->kept))
		forget(scanner, oldest(&scanner->kept));
}

void device_keep(struct ble_scanner *scanner, struct ble_device *device)
{
	struct ble_device *old;

	if (device->kept || !scanner->params.keep)
		return;
	leave(scanner, device);
	enter(scanner, device, true);
	if (scanner->n_kept <= scanner->params.keep)
		return;
	old = oldest(&scanner->kept);
	leave(scanner, old);
	enter(scanner, old, false);
	if (scanner->n_others > MAX_DEVICES)
		forget(scanner, oldest(&scanner->others));
}

struct ble_device *ble_scanner_next_device(const struct ble_scanner *scanner,
					   const struct ble_device *previous)
{
	const struct list *link = previous ? &previous->age : &scanner->kept;

	if (previous && (!previous->kept || !list_queued(link)))
		return NULL;
	return link->next == &scanner->kept ? NULL : oldest(link);
}

static struct ble_device *add(struct ble_scanner *scanner,
			      const struct ble_address *address, unsigned int hash)
{
	struct ble_device *device = calloc(1, sizeof(*device));

	if (!device)
		return NULL;
	device->refs = 1;
	device->address = *address;
	HASH_ADD_BYHASHVALUE(hh, scanner->devices, address, sizeof(device->address), hash,
			     device);
	if (!device->hh.tbl) {
		free(device);
		return NULL;
	}
	device->adapter = ble_adapter_ref(scanner->adapter);
	adapter_remember_type(scanner->adapter, address);
	enter(scanner, device, false);
	if (scanner->n_others > MAX_DEVICES)
		forget(scanner, oldest(&scanner->others));
	return device;
}

/* -- Merging ---------------------------------------------------------------------- */

/* False: no memory. */
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

/* Data without a name leaves the earlier name, except for anonymous advertisers:
 * these may be different devices. */
static bool set_name(struct ble_device *device)
{
	struct ble_bytes name = advertisement_name(&device->adv);
	bool anonymous = device->address.type == BLE_ADDRESS_UNKNOWN;

	if (!name.len && !(anonymous && device->name))
		return true;
	if (name.len >= device->name_room) {
		char *copy = realloc(device->name, name.len + 1);

		if (!copy)
			return false;
		device->name = copy;
		device->name_room = name.len + 1;
	}
	if (name.len)
		memcpy(device->name, name.data, name.len);
	device->name[name.len] = '\0';
	return true;
}

static bool same(const struct ble_device *device, int kind, struct ble_bytes data)
{
	return device->data[kind].len == data.len &&
	       (!data.len ||
		memcmp(device->data[kind].octets, data.data, data.len) == 0);
}

static struct ble_bytes kept_data(const struct ble_device *device, int kind)
{
	return bytes(device->data[kind].octets, device->data[kind].len);
}

/* Legacy directed advertisements cannot carry data, so they do not replace it. */
static bool cannot_have_data(const struct ble_advertisement *report)
{
	const unsigned int empty = BLE_EVENT_LEGACY | BLE_EVENT_DIRECTED;

	return (report->event & empty) == empty && !report->data.len;
}

bool device_heard(const struct ble_scanner *scanner, const struct ble_address *address)
{
	struct ble_device *device;

	HASH_FIND(hh, scanner->devices, address, sizeof(*address), device);
	return device;
}

struct ble_device *device_merge(struct ble_scanner *scanner,
				const struct ble_advertisement *report,
				bool *ret_changed)
{
	int kind = report->event & BLE_EVENT_SCAN_RESPONSE ? 1 : 0;
	bool changed, empty = cannot_have_data(report);
	struct ble_device *device;
	unsigned int hash;

	if (report->data.len > UINT16_MAX)
		return NULL;
	HASH_VALUE(&report->address, sizeof(report->address), hash);
	HASH_FIND_BYHASHVALUE(hh, scanner->devices, &report->address,
			      sizeof(report->address), hash, device);
	changed = !device || (!empty && !same(device, kind, report->data));
	if (device)
		move_to_end(scanner, device);
	else
		device = add(scanner, &report->address, hash);
	if (!device)
		return NULL;
	if (changed && !set_data(device, kind, report->data))
		return NULL;
	if (!kind)
		device->connectable = report->event & BLE_EVENT_CONNECTABLE;
	device->adv = *report;
	device->adv.data = empty ? bytes(NULL, 0) : kept_data(device, kind);
	device->adv.advertised = kept_data(device, 0);
	device->adv.scan_response = kept_data(device, 1);
	if (changed && !set_name(device))
		return NULL;
	*ret_changed = changed;
	return device;
}
