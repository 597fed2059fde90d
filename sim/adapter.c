/* SPDX-License-Identifier: MIT */
/*
 * The simulator as an adapter: peripherals that advertise by timers and take one link at
 * a time. Everything happens in dispatch and by the loop's clock, which a test may
 * freeze. Only the time of arrival in a report is the wall clock's.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "att/adapter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/link.h"

enum { JITTER_MS = 10 }; /* advDelay, Vol 6, Part B, 4.4.2.2.1 */

/* A peripheral that advertises. */
struct advertiser {
	struct sim_adapter *adapter;
	struct sim_peripheral *peripheral;
	struct loop_timer next; /* advertisement */
	struct att *link; /* NULL: it can take one */
	uint32_t random;
};

struct sim_adapter {
	struct adapter adapter;
	struct sim_model model;
	struct advertiser *advertisers; /* owned, model.n of them */
	bool scanning, passive;
	struct list connects;      /* those that can be made are made one by one */
	struct loop_timer connect; /* until the first one's peripheral answers */
	struct advertiser *wanted; /* its peripheral; NULL: none can connect now */
	struct loop_task reset;
	struct reset_op *resetting;
	unsigned int depth;        /* of callbacks */
	bool freed;
	char name[]; /* as given to open */
};

static struct sim_adapter *sim_of(struct adapter *adapter)
{
	return container_of(adapter, struct sim_adapter, adapter);
}

static void release(struct sim_adapter *sim)
{
	sim_model_release(&sim->model);
	free(sim->advertisers);
	free(sim);
}

/* Around a callback, which may free the adapter: leave() is false if so. */
static void enter(struct sim_adapter *sim)
{
	sim->depth++;
}

static bool leave(struct sim_adapter *sim)
{
	if (--sim->depth || !sim->freed)
		return !sim->freed;
	release(sim);
	return false;
}

/* -- Advertising ---------------------------------------------------------------- */

static bool on_air(const struct advertiser *a)
{
	return !a->link || a->peripheral->advertising.while_connected;
}

static void advertise_in(struct advertiser *a, unsigned int ms)
{
	loop_timer_in(a->adapter->adapter.loop, &a->next, ms);
}

/* False: the adapter was freed or the scan stopped. */
static bool report(struct advertiser *a, bool response)
{
	const struct sim_advertising *adv = &a->peripheral->advertising;
	struct sim_adapter *sim = a->adapter;
	bool scannable = !adv->extended && (adv->connectable || adv->response_len);
	struct ble_advertisement r = {
		.address = a->peripheral->address,
		.rssi = (int8_t)(adv->rssi + sim_rssi_noise(&a->random)),
		.tx_power = BLE_NO_TX_POWER,
		.primary_phy = 1,
		.secondary_phy = adv->extended ? 1 : 0,
		.sid = adv->extended ? 0 : BLE_NO_SID,
		.time = loop_wall_clock(),
		.data = { response ? adv->response : adv->data,
			  response ? adv->response_len : adv->data_len },
	};

	/* A legacy scan response has no connectable bit (Vol 4, Part E, 7.7.65.2). */
	r.event = (uint8_t)((adv->connectable && !response ? BLE_EVENT_CONNECTABLE : 0) |
			    (scannable ? BLE_EVENT_SCANNABLE : 0) |
			    (response ? BLE_EVENT_SCAN_RESPONSE : 0) |
			    (adv->extended ? 0 : BLE_EVENT_LEGACY));
	if (!sim->adapter.events)
		return true;
	enter(sim);
	sim->adapter.events->report(sim->adapter.user, &r);
	return leave(sim) && sim->scanning;
}

static void advertise(struct loop_timer *timer)
{
	struct advertiser *a = container_of(timer, struct advertiser, next);
	const struct sim_advertising *adv = &a->peripheral->advertising;
	bool ask = !a->adapter->passive && !adv->extended &&
		   (adv->connectable || adv->response_len);

	advertise_in(a, adv->interval_ms + sim_random(&a->random) % (JITTER_MS + 1));
	if (on_air(a) && report(a, false) && ask && on_air(a))
		report(a, true);
}

static int scan_start(struct adapter *adapter, const struct adapter_scan *scan)
{
	struct sim_adapter *sim = sim_of(adapter);

	sim->passive = scan->passive;
	if (sim->scanning)
		return 0;
	sim->scanning = true;
	for (size_t i = 0; i < sim->model.n; i++) {
		struct advertiser *a = &sim->advertisers[i];
		unsigned int interval = a->peripheral->advertising.interval_ms;

		advertise_in(a, 1 + sim_random(&a->random) % interval);
	}
	return 0;
}

static void scan_stop(struct adapter *adapter)
{
	struct sim_adapter *sim = sim_of(adapter);

	sim->scanning = false;
	for (size_t i = 0; i < sim->model.n; i++)
		loop_timer_stop(&sim->advertisers[i].next);
}

/* -- Connecting ------------------------------------------------------------------- */

static struct advertiser *find(struct sim_adapter *sim,
			       const struct ble_address *address)
{
	for (size_t i = 0; i < sim->model.n; i++)
		if (ble_address_equal(&sim->advertisers[i].peripheral->address,
				      address))
			return &sim->advertisers[i];
	return NULL;
}

/* Starts the first connect that can be made, and puts it first. One whose peripheral does
 * not exist, has a link or is not connectable waits, as at a controller. */
static void try_connect(struct sim_adapter *sim)
{
	loop_timer_stop(&sim->connect);
	sim->wanted = NULL;
	list_for_each(l, &sim->connects) {
		struct connect_op *op = list_entry(l, struct connect_op, link);
		struct advertiser *a = find(sim, &op->address);

		if (!a || a->link || !a->peripheral->advertising.connectable)
			continue;
		list_remove(l);
		list_prepend(&sim->connects, l);
		sim->wanted = a;
		loop_timer_in(sim->adapter.loop, &sim->connect, a->peripheral->connect_ms);
		return;
	}
}

static void link_gone(void *user)
{
	struct advertiser *a = user;

	a->link = NULL;
	if (!a->adapter->freed && !a->adapter->wanted)
		try_connect(a->adapter);
}

static void connected(struct loop_timer *timer)
{
	struct sim_adapter *sim = container_of(timer, struct sim_adapter, connect);
	struct list *first = list_pop(&sim->connects);
	struct connect_op *op = list_entry(first, struct connect_op, link);
	struct advertiser *a = sim->wanted;
	struct att *att = NULL;
	int err = sim_link_new(sim->adapter.loop, a->peripheral,
			       sim->adapter.server, &op->requested_params, link_gone, a, &att);

	a->link = att;
	try_connect(sim);
	enter(sim);
	op->done(op, err, 0, att);
	leave(sim);
}

static int begin_connect(struct adapter *adapter, struct connect_op *op)
{
	struct sim_adapter *sim = sim_of(adapter);

	list_append(&sim->connects, &op->link);
	if (!sim->wanted)
		try_connect(sim);
	return 0;
}

static void cancel_connect(struct adapter *adapter, struct connect_op *op)
{
	struct sim_adapter *sim = sim_of(adapter);
	bool running = sim->wanted && sim->connects.next == &op->link;

	list_remove(&op->link);
	if (running)
		try_connect(sim);
}

/* -- Reset ----------------------------------------------------------------- */

/* Each callback may free the adapter, or start a connect or a scan. */
static bool end_links(struct sim_adapter *sim)
{
	for (size_t i = 0; !sim->freed && i < sim->model.n; i++)
		if (sim->advertisers[i].link)
			sim_link_close(sim->advertisers[i].link, -ENETRESET);
	return !sim->freed;
}

static bool end_connects(struct sim_adapter *sim)
{
	struct list ended, *link;

	list_init(&ended);
	list_splice(&ended, &sim->connects);
	try_connect(sim);
	while ((link = list_pop(&ended))) {
		struct connect_op *op = list_entry(link, struct connect_op, link);

		op->done(op, -ENETRESET, 0, NULL);
	}
	return !sim->freed;
}

static void reset_run(struct loop_task *task)
{
	struct sim_adapter *sim = container_of(task, struct sim_adapter, reset);
	struct reset_op *op = sim->resetting;
	bool scanning = sim->scanning;

	sim->resetting = NULL;
	scan_stop(&sim->adapter);
	enter(sim);
	if (scanning && sim->adapter.events)
		sim->adapter.events->scan_ended(sim->adapter.user, -ENETRESET);
	if (!sim->freed && end_connects(sim) && end_links(sim))
		op->done(op, 0);
	leave(sim);
}

static int reset(struct adapter *adapter, struct reset_op *op)
{
	struct sim_adapter *sim = sim_of(adapter);

	sim->resetting = op;
	loop_defer(adapter->loop, &sim->reset);
	return 0;
}

/* -- Its life ------------------------------------------------------------------------ */

static void sim_free(struct adapter *adapter)
{
	struct sim_adapter *sim = sim_of(adapter);

	scan_stop(adapter);
	loop_timer_stop(&sim->connect);
	loop_undefer(&sim->reset);
	while (list_pop(&sim->connects))
		;
	sim->freed = true;
	if (!sim->depth)
		release(sim);
}

static const struct adapter_class sim_class = {
	.name = "sim",
	.scan_start = scan_start,
	.scan_stop = scan_stop,
	.connect = begin_connect,
	.cancel_connect = cancel_connect,
	.reset = reset,
	.free = sim_free,
};

static bool claims(const char *name)
{
	return name && (!strcmp(name, "sim") || !strncmp(name, "sim:", 4));
}

static int put_on_air(struct sim_adapter *sim)
{
	size_t i = 0;

	sim->advertisers = calloc(sim->model.n + 1, sizeof(*sim->advertisers));
	if (!sim->advertisers)
		return -ENOMEM;
	list_for_each(l, &sim->model.peripherals) {
		struct advertiser *a = &sim->advertisers[i++];

		a->adapter = sim;
		a->peripheral = list_entry(l, struct sim_peripheral, link);
		a->next.fire = advertise;
		a->random = (uint32_t)i;
	}
	return 0;
}

int sim_open_with(struct ble_loop *loop, const char *name, sim_fill_func fill,
		  void *user, struct adapter **ret_adapter)
{
	size_t size = strlen(name) + 1;
	struct sim_adapter *sim = calloc(1, sizeof(*sim) + size);
	int err;

	if (!sim)
		return -ENOMEM;
	memcpy(sim->name, name, size);
	sim->adapter.class = &sim_class;
	sim->adapter.loop = loop;
	sim->adapter.info = (struct ble_adapter_info){
		.name = sim->name,
		.backend = "sim",
		.address = { { 0x01, 0x00, 0x00, 0xee, 0xff, 0xc0 },
			     BLE_ADDRESS_RANDOM },
		.powered = true,
		.low_energy = true,
		.extended = true,
	};
	sim->connect.fire = connected;
	sim->reset.run = reset_run;
	list_init(&sim->connects);
	sim_model_init(&sim->model);
	err = fill(loop, user, &sim->model);
	if (!err)
		err = put_on_air(sim);
	if (err) {
		release(sim);
		return err;
	}
	*ret_adapter = &sim->adapter;
	return 0;
}

static int fill_by_name(struct ble_loop *loop, void *user, struct sim_model *model)
{
	const char *name = user;
	const char *file = name[3] ? name + 4 : NULL;

	if (!file)
		return sim_builtin(model);
#ifdef HAVE_JSON
	return sim_load(loop, file, model);
#else
	return loop_set_error(loop, -EOPNOTSUPP, "sim:%s: the simulator's files need "
			      "json-c, which this build was made without; \"sim\" alone "
			      "shows the built-in peripherals", file);
#endif
}

static int sim_open(struct ble_loop *loop, const char *name,
		    struct adapter **ret_adapter)
{
	return sim_open_with(loop, name, fill_by_name, (void *)(uintptr_t)name,
			     ret_adapter);
}

const struct backend sim_backend = { .name = "sim", .claims = claims, .open = sim_open };
