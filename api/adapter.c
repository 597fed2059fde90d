/* SPDX-License-Identifier: MIT */
/* Adapters: finds the backend for a name, and gives reports to the scanners. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"

/* -- Events of the backend ---------------------------------------------------- */

static void on_report(void *user, const struct ble_advertisement *report)
{
	struct ble_adapter *adapter = ble_adapter_ref(user);
	struct list *link;

	for (link = list_walk_first(&adapter->walk, &adapter->scanners); link;
	     link = list_walk_next(&adapter->walk)) {
		scanner_report(list_entry(link, struct ble_scanner, link), report);
	}
	ble_adapter_unref(adapter);
}

/* All running scanners are stopped before the first callback, which may start its
 * scanner again. */
static void on_scan_ended(void *user, int error)
{
	struct ble_adapter *adapter = ble_adapter_ref(user);
	struct list ended, *link;

	adapter->scanning = false;
	list_walk_end(&adapter->walk, &adapter->scanners);
	list_init(&ended);
	list_splice(&ended, &adapter->scanners);
	while ((link = list_pop(&ended))) {
		struct ble_scanner *scanner =
			list_entry(link, struct ble_scanner, link);

		if (scanner->ended)
			scanner->ended(scanner->user, error);
	}
	ble_adapter_unref(adapter);
}

int adapter_gone(const struct ble_adapter *adapter)
{
	return loop_set_error(adapter->loop, -ENODEV, "%s was taken away: open it again once it is "
			      "back", adapter->info->name);
}

static void on_gone(void *user)
{
	struct ble_adapter *adapter = user;

	adapter->gone = true;
	if (adapter->await_back)
		adapter->await_back(adapter);
}

static const struct adapter_events events = {
	.report = on_report,
	.scan_ended = on_scan_ended,
	.gone = on_gone,
};

/* -- Scanning -------------------------------------------------------------------- */

static bool busier(const struct adapter_scan *a, const struct adapter_scan *b)
{
	return (uint32_t)a->window * b->interval > (uint32_t)b->window * a->interval;
}

/* Active if any scanner is active; interval and window of the scanner with the
 * highest duty cycle. */
static struct adapter_scan combined_scan(const struct ble_adapter *adapter)
{
	struct adapter_scan all = { .passive = true, .interval = 1, .window = 0 };

	list_for_each(link, &adapter->scanners) {
		const struct adapter_scan *scan =
			&list_entry(link, struct ble_scanner, link)->scan;
		bool passive = all.passive && scan->passive;

		if (busier(scan, &all))
			all = *scan;
		all.passive = passive;
	}
	return all;
}

int adapter_update_scan(struct ble_adapter *adapter)
{
	struct adapter *backend = adapter->backend;
	struct adapter_scan scan;
	int error;

	if (list_empty(&adapter->scanners)) {
		if (adapter->scanning)
			backend->class->scan_stop(backend);
		adapter->scanning = false;
		return 0;
	}
	scan = combined_scan(adapter);
	if (adapter->scanning && scan.passive == adapter->scan.passive &&
	    scan.interval == adapter->scan.interval &&
	    scan.window == adapter->scan.window)
		return 0;
	error = backend->class->scan_start(backend, &scan);
	if (error)
		return error;
	adapter->scanning = true;
	adapter->scan = scan;
	return 0;
}

/* -- The object ------------------------------------------------------------------- */

/* Every backend accepts the name NULL: if one has no adapter, the next one is
 * tried. The error is that of the first. */
static int open_backend(struct ble_loop *loop, const char *name,
			struct adapter **ret_adapter)
{
	int error = -ENOENT;
	bool claimed = false;

	for (size_t i = 0; i < adapter_n_backends && (error == -ENOENT || error == -ENODEV); i++) {
		int opened;

		if (!adapter_backends[i]->claims(name) || (name && claimed))
			continue;
		opened = adapter_backends[i]->open(loop, name, ret_adapter);
		if (!claimed || opened != -ENOENT)
			error = opened;
		claimed = true;
	}
	if (name && !claimed)
		return loop_set_error(loop, -ENODEV, "%s: no such adapter here; "
#ifdef HAVE_HCI
				      "hci0 is the first, "
#endif
#ifdef HAVE_BGAPI
				      "bled112 a dongle, "
#endif
				      "sim the simulator, sim:FILE with peripherals of your "
				      "own", name);
	if (!name && error == -ENOENT)
		return loop_set_error(loop, -ENODEV, "no Bluetooth adapter found: plug one in, or "
				      "use the simulated one, sim");
	return error;
}

/* The mandatory services, for peers that discover this device. Nothing in them can
 * be written, so all links share one session. */
static int make_server(struct ble_adapter *adapter)
{
	int error = gatt_add_generic(&adapter->table, "blewire", 0);

	if (!error)
		error = gatt_table_finish(&adapter->table);
	if (!error)
		error = gatt_session_init(&adapter->session, &adapter->table);
	return error;
}

enum { NAME_ROOM = 128 }; /* for another name of the same adapter */

/* A test's backend may have no name. */
static const char *name_of(const struct adapter *backend)
{
	return backend->info.name ? backend->info.name : "";
}

static struct ble_adapter_info *new_info(const char *name)
{
	size_t len = strlen(name) + 1, room = len > NAME_ROOM ? len : NAME_ROOM;
	struct ble_adapter_info *info = calloc(1, sizeof(*info) + room);

	if (info)
		info->name = memcpy(info + 1, name, len);
	return info;
}

void adapter_take_backend(struct ble_adapter *adapter, struct adapter *backend)
{
	adapter->backend = backend;
	backend->events = &events;
	backend->user = adapter;
	backend->server = &adapter->session.server;
}

enum { KNOWN = sizeof((struct ble_adapter *)0)->known / sizeof(struct ble_address) };

int adapter_new(struct ble_loop *loop, struct adapter *backend,
		struct ble_adapter **ret_adapter)
{
	struct ble_adapter *adapter = calloc(1, sizeof(*adapter));
	int error = adapter ? make_server(adapter) : -ENOMEM;

	if (!error && !(adapter->info = new_info(name_of(backend)))) {
		gatt_session_release(&adapter->session);
		error = -ENOMEM;
	}
	if (error) {
		if (adapter)
			gatt_table_release(&adapter->table);
		free(adapter);
		return error;
	}
	adapter->refs = 1;
	for (size_t i = 0; i < KNOWN; i++)
		adapter->known[i].type = BLE_ADDRESS_UNKNOWN;
	adapter->loop = ble_loop_ref(loop);
	list_init(&adapter->scanners);
	list_init(&adapter->awaiting);
	list_init(&adapter->connections);
	list_init(&adapter->connects);
	adapter_take_backend(adapter, backend);
	*ret_adapter = adapter;
	return 0;
}

int ble_adapter_open(struct ble_loop *loop, const char *name,
		     struct ble_adapter **ret_adapter)
{
	struct adapter *opened;
	int error = open_backend(loop, name, &opened);

	if (error)
		return error;
	error = adapter_new(loop, opened, ret_adapter);
	if (error)
		opened->class->free(opened);
	return error;
}

struct ble_adapter *ble_adapter_ref(struct ble_adapter *adapter)
{
	if (adapter)
		adapter->refs++;
	return adapter;
}

struct ble_adapter *ble_adapter_unref(struct ble_adapter *adapter)
{
	if (!adapter || --adapter->refs)
		return NULL;
	adapter->backend->class->free(adapter->backend);
	gatt_session_release(&adapter->session);
	gatt_table_release(&adapter->table);
	ble_loop_unref(adapter->loop);
	free(adapter->info);
	free(adapter->cache);
	free(adapter->cache_failure);
	free(adapter);
	return NULL;
}

static size_t known_place(const struct ble_address *address)
{
	struct ble_address octets = *address;

	octets.type = 0;
	return address_hash(&octets) % KNOWN;
}

static bool heard(const struct ble_adapter *adapter, struct ble_address *address)
{
	list_for_each(l, &adapter->scanners)
		for (uint8_t type = 0; type <= BLE_ADDRESS_RANDOM; type++) {
			address->type = type;
			if (device_heard(list_entry(l, struct ble_scanner, link), address))
				return true;
		}
	return false;
}

bool adapter_recall_type(const struct ble_adapter *adapter, struct ble_address *address)
{
	const struct ble_address *known = &adapter->known[known_place(address)];

	if (heard(adapter, address))
		return true;
	address->type = memcmp(known->octet, address->octet, sizeof(known->octet)) ?
				BLE_ADDRESS_UNKNOWN : known->type;
	return address->type != BLE_ADDRESS_UNKNOWN;
}

void adapter_remember_type(struct ble_adapter *adapter, const struct ble_address *address)
{
	if (address->type <= BLE_ADDRESS_RANDOM)
		adapter->known[known_place(address)] = *address;
}

struct ble_loop *ble_adapter_loop(const struct ble_adapter *adapter)
{
	return adapter->loop;
}

uint64_t ble_adapter_scan_paused_ms(const struct ble_adapter *adapter)
{
	const struct adapter *backend = adapter->backend;
	uint64_t since = backend->scan_paused_since;

	return (backend->scan_paused + (since ? loop_now(adapter->loop) - since : 0)) / 1000000;
}

const struct ble_adapter_info *ble_adapter_info(const struct ble_adapter *adapter)
{
	const char *now = name_of(adapter->backend);
	struct ble_adapter_info *info = adapter->info;
	char *name = (char *)(info + 1);

	/* After a reopen the name may be another one, of the kernel or a dongle: it fits. */
	if (strcmp(name, now) != 0)
		snprintf(name, NAME_ROOM, "%s", now);
	*info = adapter->backend->info;
	info->name = name;
	return info;
}

/* -- Reset --------------------------------------------------------------------- */

static void reset_done(struct reset_op *op, int error)
{
	struct ble_adapter *adapter = container_of(op, struct ble_adapter, reset);

	adapter->resetting = false;
	if (adapter->reset_done)
		adapter->reset_done(adapter->reset_user, error);
}

int ble_adapter_reset(struct ble_adapter *adapter, ble_done_func done, void *user)
{
	struct adapter *backend = adapter->backend;
	int error;

	if (adapter->gone)
		return adapter_gone(adapter);
	if (adapter->resetting)
		return -EALREADY;
	if (!backend->class->reset)
		return loop_set_error(adapter->loop, -EOPNOTSUPP, "%s: the backend %s "
				      "cannot reset its radio", backend->info.name,
				      backend->info.backend);
	adapter->reset.done = reset_done;
	error = backend->class->reset(backend, &adapter->reset);
	if (error)
		return error;
	adapter->resetting = true;
	adapter->reset_done = done;
	adapter->reset_user = user;
	return 0;
}

/* -- What peers did earlier --------------------------------------------------------------- */

enum gatt_several adapter_recall(const struct ble_adapter *adapter,
				 const struct ble_address *address)
{
	for (size_t i = 0; i < sizeof(adapter->peers) / sizeof(adapter->peers[0]); i++)
		if (ble_address_equal(&adapter->peers[i].address, address))
			return adapter->peers[i].several;
	return GATT_SEVERAL_UNKNOWN;
}

void adapter_remember(struct ble_adapter *adapter, const struct ble_address *address,
		      enum gatt_several several)
{
	size_t n = sizeof(adapter->peers) / sizeof(adapter->peers[0]), i = 0;

	while (i < n && !ble_address_equal(&adapter->peers[i].address, address))
		i++;
	if (i == n)
		i = adapter->n_peers++ % n;
	adapter->peers[i].address = *address;
	adapter->peers[i].several = several;
}
