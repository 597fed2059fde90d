/* SPDX-License-Identifier: MIT */
/* Scanners: parameters, filters, callbacks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/bytes.h"

enum { INTERVAL_MS = 60, MIN_MS = 3, MAX_MS = 10240 }; /* Vol 4, Part E, 7.8.10 */

/* -- The object ------------------------------------------------------------------ */

int ble_scanner_new(struct ble_adapter *adapter, ble_seen_func seen,
		    ble_scan_ended_func ended, void *user,
		    struct ble_scanner **ret_scanner)
{
	struct ble_scanner *scanner = calloc(1, sizeof(*scanner));

	if (!scanner)
		return -ENOMEM;
	scanner->refs = 1;
	scanner->adapter = ble_adapter_ref(adapter);
	scanner->ended = ended;
	scanner->user = user;
	list_init(&scanner->others);
	list_init(&scanner->kept);
	list_init(&scanner->listeners);
	scanner->first.seen = seen;
	scanner->first.user = user;
	if (seen)
		list_append(&scanner->listeners, &scanner->first.link);
	*ret_scanner = scanner;
	return 0;
}

struct ble_scanner *ble_scanner_ref(struct ble_scanner *scanner)
{
	if (scanner)
		scanner->refs++;
	return scanner;
}

static void free_params(struct ble_scan_params *params)
{
	free((char *)(uintptr_t)params->name);
	free((struct ble_uuid *)(uintptr_t)params->services);
	free((struct ble_address *)(uintptr_t)params->addresses);
}

struct ble_scanner *ble_scanner_unref(struct ble_scanner *scanner)
{
	struct list *link;

	if (!scanner || --scanner->refs)
		return NULL;
	ble_scanner_stop(scanner);
	list_remove(&scanner->first.link);
	while ((link = list_pop(&scanner->listeners)))
		free(list_entry(link, struct ble_listener, link));
	device_forget_all(scanner);
	free_params(&scanner->params);
	ble_adapter_unref(scanner->adapter);
	if (!scanner->held)
		free(scanner);
	return NULL;
}

/* -- Listeners --------------------------------------------------------------------- */

int ble_scanner_listen(struct ble_scanner *scanner, ble_seen_func seen,
		       void *user, struct ble_listener **ret_listener)
{
	struct ble_listener *listener = calloc(1, sizeof(*listener));

	if (!listener)
		return -ENOMEM;
	listener->scanner = scanner;
	listener->seen = seen;
	listener->user = user;
	list_append(&scanner->listeners, &listener->link);
	*ret_listener = listener;
	return 0;
}

void ble_listener_free(struct ble_listener *listener)
{
	if (!listener)
		return;
	list_walk_leave(&listener->scanner->walk, &listener->link);
	free(listener);
}

/* -- Start and stop ------------------------------------------------------------- */

static void *copy(const void *from, size_t n, size_t size)
{
	void *to = n ? calloc(n, size) : NULL;

	return to ? memcpy(to, from, n * size) : NULL;
}

static int copy_params(struct ble_scanner *scanner,
		       const struct ble_scan_params *params)
{
	struct ble_scan_params ours = *params;

	ours.name = params->name ? strdup(params->name) : NULL;
	ours.services = copy(params->services, params->n_services,
			     sizeof(*params->services));
	ours.addresses = copy(params->addresses, params->n_addresses,
			      sizeof(*params->addresses));
	if ((params->name && !ours.name) || (params->n_services && !ours.services) ||
	    (params->n_addresses && !ours.addresses)) {
		free_params(&ours);
		return -ENOMEM;
	}
	free_params(&scanner->params);
	scanner->params = ours;
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
		return adapter_gone(adapter);
	params = params ? params : &defaults;
	if (!all_zero(params->reserved, sizeof(params->reserved)))
		return reserved_used(adapter->loop);
	if ((params->n_services && !params->services) ||
	    (params->n_addresses && !params->addresses))
		return loop_set_error(adapter->loop, -EINVAL, "a scan for services or "
				      "addresses, and none given");
	error = scan_of(params, &scan);
	if (error)
		return loop_set_error(adapter->loop, error, "scan interval and window "
				      "are from %d to %d ms, the window at most the "
				      "interval", MIN_MS, MAX_MS);
	error = copy_params(scanner, params);
	if (error)
		return error;
	device_forget_all(scanner);
	scanner->scan = scan;
	scanner->run++;
	list_append(&adapter->scanners, &scanner->link);
	error = adapter_update_scan(adapter);
	if (error)
		list_walk_leave(&adapter->walk, &scanner->link);
	return error;
}

void ble_scanner_stop(struct ble_scanner *scanner)
{
	if (!scanner || !list_queued(&scanner->link))
		return;
	scanner->run++;
	list_walk_end(&scanner->walk, &scanner->listeners);
	list_walk_leave(&scanner->adapter->walk, &scanner->link);
	/* An error concerns the other scanners: the backend tells them. */
	adapter_update_scan(scanner->adapter);
}

/* -- Reports ---------------------------------------------------------------------- */

static bool address_fits(const struct ble_scan_params *params,
			 const struct ble_address *address)
{
	for (size_t i = 0; i < params->n_addresses; i++) {
		const struct ble_address *wanted = &params->addresses[i];

		if (memcmp(wanted->octet, address->octet, sizeof(address->octet)) == 0 &&
		    (wanted->type == address->type ||
		     wanted->type == BLE_ADDRESS_UNKNOWN))
			return true;
	}
	return !params->n_addresses;
}

static bool name_fits(const struct ble_scan_params *params,
		      const struct ble_device *device)
{
	const char *name = ble_device_name(device);

	if (!params->name)
		return true;
	return params->whole_name ? strcmp(name, params->name) == 0
				  : strstr(name, params->name) != NULL;
}

static bool service_fits(const struct ble_scan_params *params,
			 const struct ble_advertisement *adv)
{
	for (size_t i = 0; i < params->n_services; i++) {
		if (ble_advertisement_has_service(adv, &params->services[i]))
			return true;
	}
	return !params->n_services;
}

static bool strong(const struct ble_scan_params *params, int8_t rssi)
{
	return !params->min_rssi || (rssi != BLE_NO_RSSI && rssi >= params->min_rssi);
}

static void out_of_memory(struct ble_scanner *scanner)
{
	ble_scanner_stop(scanner);
	if (scanner->ended)
		scanner->ended(scanner->user, -ENOMEM);
}

/* Each callback may stop, restart or free the scanner. The walk over listeners
 * handles this; for accept(), which is outside the walk, run is compared. */
static void tell(struct ble_scanner *scanner, struct ble_device *device, int kind)
{
	const struct ble_scan_params *params = &scanner->params;
	unsigned int run = scanner->run;
	struct list *link;

	if (params->accept &&
	    !(params->accept(params->accept_user, device, &device->adv) &&
	      run == scanner->run))
		return;
	device->delivered[kind] = true;
	device_keep(scanner, device);
	for (link = list_walk_first(&scanner->walk, &scanner->listeners); link;
	     link = list_walk_next(&scanner->walk)) {
		struct ble_listener *listener =
			list_entry(link, struct ble_listener, link);

		if (listener->seen)
			listener->seen(listener->user, device, &device->adv);
	}
}

void scanner_report(struct ble_scanner *scanner,
		    const struct ble_advertisement *report)
{
	const struct ble_scan_params *params = &scanner->params;
	int kind = report->event & BLE_EVENT_SCAN_RESPONSE ? 1 : 0;
	struct ble_device *device;
	bool changed;

	if (!address_fits(params, &report->address))
		return;
	device = device_merge(scanner, report, &changed);
	if (!device) {
		out_of_memory(scanner);
		return;
	}
	if (changed)
		device->fits = name_fits(params, device) &&
			       service_fits(params, &device->adv);
	if (!device->fits || !strong(params, report->rssi) ||
	    (params->changes_only && !changed && device->delivered[kind]))
		return;
	scanner->held++;
	ble_device_ref(device);
	tell(scanner, device, kind);
	ble_device_unref(device);
	if (!--scanner->held && !scanner->refs)
		free(scanner);
}
