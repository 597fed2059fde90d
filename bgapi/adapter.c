/* SPDX-License-Identifier: MIT */
/* A dongle as an adapter: dispatches its events; opens and frees it. */
#include "bgapi/adapter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECTED = 1, COMPLETED = 4 }; /* flags of connection_status */

static struct bgapi_link *find(struct bgapi_adapter *a, uint8_t handle)
{
	return handle < a->n_links ? &a->links[handle] : NULL;
}

static void on_status(struct bgapi_adapter *a, const struct bgapi_frame *frame)
{
	struct bgapi_evt_connection_status status;
	struct bgapi_link *link;

	if (bgapi_read(evt_connection_status, frame, &status))
		return;
	link = find(a, status.connection);
	if (!link || !(status.flags & CONNECTED))
		return;

	const struct att_link params = {
		status.conn_interval, status.latency, status.timeout
	};
	struct ble_address peer = status.address;

	peer.type = status.address_type;
	if (status.flags & COMPLETED)
		bgapi_gap_connected(a, link, &peer, &params);
	else
		bgapi_link_changed(link, &params);
}

static void on_disconnected(struct bgapi_adapter *a, const struct bgapi_frame *frame)
{
	struct bgapi_evt_connection_disconnected event;
	struct bgapi_link *link;
	char text[BLE_ADDRESS_TEXT];
	uint8_t reason;

	if (bgapi_read(evt_connection_disconnected, frame, &event))
		return;
	link = find(a, event.connection);
	if (!link)
		return;
	if (link->state == LINK_NONE)
		bgapi_gap_not_connected(a, link->handle);
	reason = bgapi_reason(event.reason);
	if (link->state == LINK_UP)
		loop_set_error(a->dongle.loop, -ENOTCONN, "connection to %s lost: %s (0x%02x)",
			       ble_address_text(&link->peer, text),
			       reason ? ble_hci_text(reason) : bgapi_result_text(event.reason),
			       reason ? reason : event.reason);
	bgapi_link_lost(link, bgapi_link_overdue(link) ? -ETIMEDOUT : -ENOTCONN, reason,
			false);
	if (!a->dongle.memory.freed)
		bgapi_gap_wake(a);
}

/* Each event of class 4 starts with its connection handle. */
static void on_link_event(struct bgapi_adapter *a, const struct bgapi_frame *frame)
{
	struct bgapi_link *link = frame->payload.len
		? find(a, frame->payload.data[0]) : NULL;

	if (link && link->state == LINK_UP)
		bgapi_link_event(link, frame);
}

static void lose_links(struct bgapi_adapter *a, int error)
{
	for (size_t i = 0; i < a->n_links && !a->dongle.memory.freed; i++)
		bgapi_link_lost(&a->links[i], error, 0, false);
}

/* The dongle booted by itself: its scan, connects and links are gone. */
static void on_boot(struct bgapi_adapter *a)
{
	loop_set_error(a->dongle.loop, -ENOTCONN, "%s: the dongle restarted by itself, its "
		       "links are lost: does it get enough power?", a->dongle.name);
	a->gap.now = GAP_IDLE;
	lose_links(a, -ENOTCONN);
	if (!a->dongle.memory.freed)
		bgapi_gap_wake(a);
}

static void on_event(struct dongle *dongle, const struct bgapi_frame *frame)
{
	struct bgapi_adapter *a = container_of(dongle, struct bgapi_adapter, dongle);

	switch ((int)frame->message->id) {
	case BGAPI_evt_gap_scan_response:
		bgapi_gap_report(a, frame);
		break;
	case BGAPI_evt_connection_status:
		on_status(a, frame);
		break;
	case BGAPI_evt_connection_disconnected:
		on_disconnected(a, frame);
		break;
	case BGAPI_evt_system_boot:
		on_boot(a);
		break;
	default:
		if ((frame->message->id >> 8 & 0xff) == BGAPI_CLASS_attclient)
			on_link_event(a, frame);
		break;
	}
}

static void on_lost(struct dongle *dongle, int error)
{
	struct bgapi_adapter *a = container_of(dongle, struct bgapi_adapter, dongle);

	struct reset_op *reset = bgapi_reset_cancel(a);
	struct ble_loop *loop = a->dongle.loop;
	char words[300];

	snprintf(words, sizeof(words), "%s", ble_error_text(loop, error));
	loop_set_error(loop, -ENOTCONN, "the connection was lost with its adapter: %s", words);
	loop_set_error_alias(loop, error);
	lose_links(a, error);
	if (!a->dongle.memory.freed)
		bgapi_gap_lost(a, error, words);
	if (reset && !a->dongle.memory.freed)
		reset->done(reset, loop_set_error(loop, error, "%s", words));
	if (!a->dongle.memory.freed && a->adapter.events)
		a->adapter.events->gone(a->adapter.user);
}

/* -- Its life ------------------------------------------------------------------------ */

static void release(struct deferred_free *memory)
{
	struct bgapi_adapter *a = container_of(memory, struct bgapi_adapter, dongle.memory);

	free(a);
}

/* Afterwards nothing calls back and nothing is left in the loop. */
static void stop(struct bgapi_adapter *a)
{
	bgapi_reset_cancel(a);
	bgapi_gap_release(a);
	for (size_t i = 0; i < DONGLE_LINKS; i++)
		bgapi_link_reset(&a->links[i]);
	dongle_release(&a->dongle);
}

static void adapter_free(struct adapter *adapter)
{
	struct bgapi_adapter *a = bgapi_of(adapter);

	if (!a->dongle.gone && !loop_inherited(adapter->loop))
		bgapi_shutdown(a);
	stop(a);
	deferred_free(&a->dongle.memory);
}

static const struct adapter_class bgapi_class = {
	.name = "bgapi",
	.scan_start = bgapi_gap_scan_start,
	.scan_stop = bgapi_gap_scan_stop,
	.connect = bgapi_gap_connect,
	.cancel_connect = bgapi_gap_cancel,
	.reset = bgapi_reset,
	.free = adapter_free,
};

/* NULL: no memory. */
static struct bgapi_adapter *adapter_make(struct ble_loop *loop, const char *name,
					  struct bgapi_stream *stream,
					  const struct bgapi_reopen *reopen)
{
	size_t size = strlen(name) + 1;
	struct bgapi_adapter *a = calloc(1, sizeof(*a) + size);

	if (!a) {
		stream->class->free(stream);
		return NULL;
	}
	memcpy(a->name, name, size);
	a->adapter.class = &bgapi_class;
	a->adapter.loop = loop;
	a->adapter.info = (struct ble_adapter_info){
		.name = a->name,
		.backend = "bgapi",
		.powered = true,
		.low_energy = true,
	};
	a->dongle.name = a->name;
	a->dongle.memory.free = release;
	dongle_init(&a->dongle, loop, stream);
	bgapi_gap_init(a);
	bgapi_reset_init(a, reopen, on_event, on_lost);
	for (unsigned int i = 0; i < DONGLE_LINKS; i++)
		bgapi_link_init(&a->links[i], a, (uint8_t)i);
	return a;
}

int bgapi_open(struct ble_loop *loop, const char *name, struct bgapi_stream *stream,
	       const struct bgapi_reopen *reopen, struct adapter **ret_adapter)
{
	struct bgapi_adapter *a = adapter_make(loop, name, stream, reopen);
	int error = a ? bgapi_start(a) : -ENOMEM;

	if (error && a) {
		stop(a);
		deferred_free(&a->dongle.memory);
	}
	if (error)
		return error;
	a->dongle.event = on_event;
	a->dongle.lost = on_lost;
	*ret_adapter = &a->adapter;
	return 0;
}

int bgapi_open_again(const struct adapter *gone, const char *name, struct bgapi_stream *stream,
		     const struct bgapi_reopen *reopen, struct adapter **ret_adapter)
{
	struct bgapi_adapter *a = adapter_make(gone->loop, name, stream, reopen);

	if (!a)
		return -ENOMEM;
	a->adapter.info.address = gone->info.address;
	bgapi_start_again(a);
	*ret_adapter = &a->adapter;
	return 0;
}
