/* SPDX-License-Identifier: MIT */
/*
 * Tells which dongles are plugged in and pulled out: lists them again and again, which is
 * the same on every system, needs no rights, and also sees dongles in their bootloader.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/deferred_free.h"
#include "bgapi/bgapi.h"

enum { EVERY_MS = 1000 };

struct arrivals {
	struct adapter_watch watch;
	struct deferred_free memory;
	struct ble_loop *loop; /* the user's */
	struct loop_timer timer;
	bgapi_lister list;
	adapter_changed changed;
	void *user;
	struct bgapi_ports ports;
};

void bgapi_describe(const struct bgapi_port *port, struct ble_adapter_info *ret_info)
{
	*ret_info = (struct ble_adapter_info){
		.name = port->name,
		.backend = "bgapi",
		.address.type = BLE_ADDRESS_UNKNOWN,
		.powered = !port->bootloader,
		.low_energy = !port->bootloader,
	};
}

/* A dongle that went into its bootloader, or left it, has left and arrived. */
static bool has(const struct bgapi_ports *ports, const struct bgapi_port *port)
{
	for (size_t i = 0; i < ports->count; i++)
		if (!strcmp(ports->port[i].name, port->name) &&
		    ports->port[i].bootloader == port->bootloader)
			return true;
	return false;
}

static void tell(struct arrivals *arrivals, bool arrived, const struct bgapi_ports *ports,
		 const struct bgapi_ports *others)
{
	struct ble_adapter_info info;

	for (size_t i = 0; i < ports->count && !arrivals->memory.freed; i++) {
		if (has(others, &ports->port[i]))
			continue;
		bgapi_describe(&ports->port[i], &info);
		arrivals->changed(arrivals->user, arrived, &info);
	}
}

static void timer_fired(struct loop_timer *timer)
{
	struct arrivals *arrivals = container_of(timer, struct arrivals, timer);
	struct bgapi_ports before = arrivals->ports, now;

	loop_timer_in(arrivals->loop, &arrivals->timer, EVERY_MS);
	if (arrivals->list(arrivals->loop, &now))
		return;
	arrivals->ports = now;
	deferred_free_hold(&arrivals->memory);
	tell(arrivals, false, &before, &now);
	tell(arrivals, true, &now, &before);
	deferred_free_release(&arrivals->memory);
}

static void release(struct deferred_free *memory)
{
	free(container_of(memory, struct arrivals, memory));
}

static void arrivals_free(struct adapter_watch *watch)
{
	struct arrivals *arrivals = container_of(watch, struct arrivals, watch);

	loop_timer_stop(&arrivals->timer);
	deferred_free(&arrivals->memory);
}

int bgapi_arrivals_new(struct ble_loop *loop, bgapi_lister list, adapter_changed changed,
		       void *user, struct adapter_watch **ret_watch)
{
	struct arrivals *arrivals = calloc(1, sizeof(*arrivals));
	int error = arrivals ? list(loop, &arrivals->ports) : -ENOMEM;

	if (error) {
		free(arrivals);
		return error;
	}
	arrivals->watch.free = arrivals_free;
	arrivals->memory.free = release;
	arrivals->loop = loop;
	arrivals->timer.fire = timer_fired;
	arrivals->list = list;
	arrivals->changed = changed;
	arrivals->user = user;
	loop_timer_in(loop, &arrivals->timer, EVERY_MS);
	*ret_watch = &arrivals->watch;
	return 0;
}
