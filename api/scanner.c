/* SPDX-License-Identifier: MIT */
/* Scanners: their parameters, their filters, what goes to the user. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/bytes.h"

enum { INTERVAL_MS = 60, MIN_MS = 3, MAX_MS = 10240 }; /* Vol 4, Part E, 7.8.10 */

int ble_scanner_new(struct ble_adapter *adapter, ble_seen_func seen,
		    ble_scan_ended_func ended, void *user,
		    struct ble_scanner **ret_scanner)
{
	struct ble_scanner *scanner = calloc(1, sizeof(*scanner));

	if (!scanner)
		return -ENOMEM;
	scanner->refs = 1;
	scanner->adapter = ble_adapter_ref(adapter);
	scanner->seen = seen;
	scanner->ended = ended;
	scanner->user = user;
	list_init(&scanner->ages);
	*ret_scanner = scanner;
	return 0;
}

struct ble_scanner *ble_scanner_ref(struct ble_scanner *scanner)
{
	scanner->refs++;
	return scanner;
}

static void free_params(struct ble_scanner *scanner)
{
	free((char *)(uintptr_t)scanner->params.name);
	free((struct ble_uuid *)(uintptr_t)scanner->params.services);
	memset(&scanner->params, 0, sizeof(scanner->params));
}

struct ble_scanner *ble_scanner_unref(struct ble_scanner *scanner)
{
	if (!scanner || --scanner->refs)
		return NULL;
	ble_scanner_stop(scanner);
	device_forget_all(scanner);
	free_params(scanner);
	ble_adapter_unref(scanner->adapter);
	free(scanner);
	return NULL;
}

/* -- Start and stop ------------------------------------------------------------- */

static int copy_params(struct ble_scanner *scanner,
		       const struct ble_scan_params *params)
{
	size_t size = params->n_services * sizeof(*params->services);
	char *name = params->name ? strdup(params->name) : NULL;
	struct ble_uuid *services = size ? malloc(size) : NULL;

	if ((params->name && !name) || (size && !services)) {
		free(name);
		free(services);
		return -ENOMEM;
	}
	free_params(scanner);
	scanner->params = *params;
	scanner->params.name = name;
	scanner->params.services = services;
	if (size)
		memcpy(services, params->services, size);
	return 0;
}

static int scan_of(const struct ble_scan_params *params, struct adapter_scan *ret_scan)
{
	unsigned int interval = params->interval_ms ? params->interval_ms : INTERVAL_MS;
	unsigned int window = params->window_ms ? params->window_ms : interval / 2;

	if (window < MIN_MS)
		window = params->window_ms ? window : MIN_MS;
	if (interval < MIN_MS || interval > MAX_MS || window < MIN_MS ||
	    window > interval)
		return -EINVAL;
	ret_scan->passive = params->passive;
	ret_scan->interval = (uint16_t)(interval * 8 / 5);
	ret_scan->window = (uint16_t)(window * 8 / 5);
	return 0;
}

int ble_scanner_start(struct ble_scanner *scanner,
		      const struct ble_scan_params *params)
{
	static const struct ble_scan_params defaults;
	struct ble_adapter *adapter = scanner->adapter;
	struct adapter_scan scan;
	int error;

	if (list_queued(&scanner->link))
		return -EALREADY;
	if (adapter->gone)
		return -ENODEV;
	params = params ? params : &defaults;
	error = scan_of(params, &scan);
	if (error)
		return loop_say(adapter->loop, error, "scan interval and window "
				"are from %d to %d ms, the window at most the "
				"interval", MIN_MS, MAX_MS);
	error = copy_params(scanner, params);
	if (error)
		return error;
	device_forget_all(scanner);
	scanner->scan = scan;
	list_append(&adapter->scanners, &scanner->link);
	error = adapter_update_scan(adapter);
	if (error)
		list_walk_leave(&adapter->walk, &scanner->link);
	return error;
}

void ble_scanner_stop(struct ble_scanner *scanner)
{
	if (!list_queued(&scanner->link))
		return;
	list_walk_leave(&scanner->adapter->walk, &scanner->link);
	/* What is left to scan for was possible before; if it no longer is,
	 * the backend tells the scanners that remain. */
	adapter_update_scan(scanner->adapter);
}

/* -- Reports ---------------------------------------------------------------------- */

static bool has_service(const struct ble_scan_params *params,
			const struct ble_advertisement *adv)
{
	for (size_t i = 0; i < params->n_services; i++) {
		if (ble_advertisement_has_service(adv, &params->services[i]))
			return true;
	}
	return !params->n_services;
}

static bool passes(const struct ble_scan_params *params,
		   const struct ble_device *device,
		   const struct ble_advertisement *adv)
{
	if (params->min_rssi &&
	    (adv->rssi == BLE_NO_RSSI || adv->rssi < params->min_rssi))
		return false;
	if (params->name && !strstr(ble_device_name(device), params->name))
		return false;
	return has_service(params, adv);
}

static void out_of_memory(struct ble_scanner *scanner)
{
	ble_scanner_stop(scanner);
	if (scanner->ended)
		scanner->ended(scanner->user, -ENOMEM);
}

void scanner_report(struct ble_scanner *scanner,
		    const struct ble_advertisement *report)
{
	int kind = report->event & BLE_EVENT_SCAN_RESPONSE ? 1 : 0;
	struct ble_advertisement adv = *report;
	struct ble_device *device;
	bool changed;

	device = device_note(scanner, report, &changed);
	if (!device) {
		out_of_memory(scanner);
		return;
	}
	adv.advertised = bytes(device->data[0].octets, device->data[0].len);
	adv.scan_response = bytes(device->data[1].octets, device->data[1].len);
	if (scanner->params.changes_only && !changed && device->delivered[kind])
		return;
	if (!passes(&scanner->params, device, &adv))
		return;
	device->delivered[kind] = true;
	ble_device_ref(device); /* the callback may stop, and start again */
	scanner->seen(scanner->user, device, &adv);
	ble_device_unref(device);
}
