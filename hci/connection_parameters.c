/* SPDX-License-Identifier: MIT */
/* See connection_parameters.h. */
#define _GNU_SOURCE /* for hci.h */
#include "hci/connection_parameters.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "hci/hci.h"

enum {
	COMMAND_MS = 2000, /* the kernel's own timeout for commands */
	/* Vol 6, Part B, 5.2: after this time the link is lost. */
	PROCEDURE_MS = 40000,
};

static struct ble_loop *loop_of(const struct conn_params_link *link)
{
	return link->adapter->adapter.loop;
}

/* 12 of the 16 bits are the handle. */
static uint16_t read_handle(const uint8_t *p)
{
	return get_le16(p) & 0x0fff;
}

static struct conn_params_link *find(struct conn_params *conn, uint16_t handle)
{
	list_for_each(l, &conn->links) {
		struct conn_params_link *link = list_entry(l, struct conn_params_link, link);

		if (link->handle == handle)
			return link;
	}
	return NULL;
}

/* Sets the sentence of a refusal by the controller. */
static void set_refused_text(const struct conn_params_link *link, const char *what, int error,
			     uint8_t status)
{
	if (status)
		loop_set_error(loop_of(link), error, "%s refused %s: %s (0x%02x)",
			       link->adapter->name, what, ble_hci_text(status), status);
	else if (error == -ETIMEDOUT)
		loop_set_error(loop_of(link), error, "%s: the controller did not answer when "
			       "asked for %s", link->adapter->name, what);
}

static int send_error(const struct conn_params_link *link, const char *what, int error)
{
	struct deferred_error deferred = { 0 };

	if (error == -EPERM)
		deferred_error_permission(&deferred, link->adapter->name, what, "CAP_NET_RAW");
	else
		deferred_error_set(&deferred, error, "%s: the kernel did not take the command for "
				   "%s: %s", link->adapter->name, what, ble_strerror(error));
	return deferred_error_tell(loop_of(link), &deferred);
}

/* -- Signal strength ----------------------------------------------------------------- */

static const char rssi_words[] = "the link's signal strength";

static void stop_asking(struct conn_params_link *link)
{
	if (!link->asking)
		return;
	link->asking = false;
	loop_timer_stop(&link->rssi_limit);
	raw_unlisten(&link->adapter->raw, &link->answer);
}

/* Defers the callback to dispatch: the answer may be read by raw_drain() during a
 * connect or the end of a link, where there must be no callback. */
static void rssi_known(struct conn_params_link *link, int error, uint8_t status, int8_t rssi)
{
	stop_asking(link);
	link->rssi_error = error;
	link->rssi_status = status;
	link->rssi = rssi;
	loop_defer(loop_of(link), &link->rssi_done_task);
}

static void rssi_done_task(struct loop_task *task)
{
	struct conn_params_link *link =
		container_of(task, struct conn_params_link, rssi_done_task);
	struct deferred_free *memory = link->memory;
	struct list told, *first;

	deferred_free_hold(memory);
	list_init(&told);
	list_splice(&told, &link->rssis);
	/* If a callback freed the link, the other ops may be freed, too. */
	while (!memory->freed && (first = list_pop(&told))) {
		struct link_op *op = list_entry(first, struct link_op, link);

		set_refused_text(link, rssi_words, link->rssi_error, link->rssi_status);
		op->done(op, link->rssi_error, link->rssi);
	}
	deferred_free_release(memory);
}

static void rssi_late(struct loop_timer *timer)
{
	rssi_known(container_of(timer, struct conn_params_link, rssi_limit), -ETIMEDOUT, 0,
		   BLE_NO_RSSI);
}

/* Read RSSI (Vol 4, Part E, 7.5.4). The kernel lets every program send it. */
int conn_params_rssi(struct conn_params_link *link, struct link_op *op)
{
	uint8_t params[2];
	int error;

	if (!link->adapter)
		return -ENOTCONN;
	if (link->handle == CONN_NO_HANDLE)
		return loop_set_error(loop_of(link), -EOPNOTSUPP, "%s: the kernel does not "
				      "tell which of its links this is", link->adapter->name);
	if (link->asking || list_queued(&link->rssi_done_task.link)) {
		list_append(&link->rssis, &op->link);
		return 0;
	}
	link->asking = true;
	raw_listen(&link->adapter->raw, &link->answer);
	put_le16(params, link->handle);
	error = raw_send(&link->adapter->raw, RAW_READ_RSSI, bytes(params, 2));
	if (error) {
		stop_asking(link);
		return send_error(link, rssi_words, error);
	}
	loop_timer_in(loop_of(link), &link->rssi_limit, COMMAND_MS);
	list_append(&link->rssis, &op->link);
	return 0;
}

/* status, handle, rssi. It does not matter which program asked. */
static void rssi_answered(struct conn_params *conn, struct ble_bytes result)
{
	uint8_t status = result.data[0];
	int error = status ? error_from_hci(status) : 0;
	bool valued = !error && result.len >= 4;
	uint16_t handle = result.len < 3 ? CONN_NO_HANDLE : read_handle(result.data + 1);

	if (!status && result.len < 4)
		error = -EBADMSG;
	/* Without a handle: the controller does not know the command. */
	list_for_each(l, &conn->links) {
		struct conn_params_link *link = list_entry(l, struct conn_params_link, link);

		if (link->asking && (result.len < 3 || handle == link->handle))
			rssi_known(link, error, status,
				   valued ? (int8_t)result.data[3] : BLE_NO_RSSI);
	}
}

/* -- Parameters ---------------------------------------------------------------------- */

static const char update_words[] = "other link parameters";

static void unsend(struct conn_params *conn, size_t i)
{
	conn->n_sent--;
	memmove(conn->sent + i, conn->sent + i + 1,
		(conn->n_sent - i) * sizeof(conn->sent[0]));
}

static void update_ended(struct conn_params_link *link, int error, uint8_t status)
{
	loop_timer_stop(&link->update_limit);
	link->update = UPDATE_NONE;
	link->update_error = error;
	link->update_status = status;
	if (link->updating)
		loop_defer(loop_of(link), &link->update_done_task);
}

static void update_done_task(struct loop_task *task)
{
	struct conn_params_link *link =
		container_of(task, struct conn_params_link, update_done_task);
	struct link_op *op = link->updating;

	link->updating = NULL;
	set_refused_text(link, update_words, link->update_error, link->update_status);
	op->done(op, link->update_error, BLE_NO_RSSI);
}

static void update_late(struct loop_timer *timer)
{
	struct conn_params_link *link = container_of(timer, struct conn_params_link, update_limit);
	struct conn_params *conn = &link->adapter->conn_params;

	for (size_t i = 0; i < conn->n_sent; i++) {
		if (conn->sent[i] == link->handle) {
			unsend(conn, i);
			break;
		}
	}
	update_ended(link, -ETIMEDOUT, 0);
}

int conn_params_may_update(const struct hci_adapter *hci)
{
	struct deferred_error deferred = { 0 };

	if (hci->raw.privileged)
		return 0;
	deferred_error_permission(&deferred, hci->name, "setting link parameters", "CAP_NET_RAW");
	return deferred_error_tell(hci->adapter.loop, &deferred);
}

/* LE Connection Update (Vol 4, Part E, 7.8.18). */
int conn_params_update(struct conn_params_link *link, struct link_op *op)
{
	const struct link_params *requested = &op->requested_params;
	uint8_t params[14] = { 0 }; /* the last four: length of events, any */
	struct conn_params *conn;
	int error;

	if (!link->adapter)
		return -ENOTCONN;
	conn = &link->adapter->conn_params;
	error = conn_params_may_update(link->adapter);
	if (error)
		return error;
	if (link->handle == CONN_NO_HANDLE)
		return loop_set_error(loop_of(link), -EOPNOTSUPP, "%s: the kernel does not "
				      "tell which of its links this is", link->adapter->name);
	if (link->updating || link->update != UPDATE_NONE)
		return -EALREADY;
	if (conn->n_sent == CONN_UPDATES)
		return -EBUSY;
	put_le16(params, link->handle);
	put_le16(params + 2, requested->interval_min);
	put_le16(params + 4, requested->interval_max);
	put_le16(params + 6, requested->latency);
	put_le16(params + 8, requested->timeout);
	error = raw_send(&link->adapter->raw, RAW_LE_UPDATE, bytes(params, sizeof(params)));
	if (error)
		return send_error(link, update_words, error);
	conn->sent[conn->n_sent++] = link->handle;
	link->updating = op;
	link->update = UPDATE_SENT;
	loop_timer_in(loop_of(link), &link->update_limit, COMMAND_MS);
	return 0;
}

/* Command Status says whether the procedure started. LE Connection Update Complete,
 * which names the link, ends it. */
static void update_answered(struct conn_params *conn, uint8_t status)
{
	struct conn_params_link *link;

	if (!conn->n_sent)
		return;
	link = find(conn, conn->sent[0]);
	unsend(conn, 0);
	if (!link || link->update != UPDATE_SENT)
		return;
	if (status) {
		update_ended(link, error_from_hci(status), status);
		return;
	}
	link->update = UPDATE_ACCEPTED;
	loop_timer_in(loop_of(link), &link->update_limit, PROCEDURE_MS);
}

void conn_params_cancel(struct conn_params_link *link, struct link_op *op)
{
	list_remove(&op->link);
	if (link->updating != op)
		return;
	link->updating = NULL;
	loop_undefer(&link->update_done_task);
}

/* -- Events ------------------------------------------------------------------------------- */

void conn_params_complete(struct hci_adapter *hci, uint16_t opcode, struct ble_bytes result,
			  bool theirs)
{
	if (opcode == RAW_READ_RSSI)
		rssi_answered(&hci->conn_params, result);
	else if (opcode == RAW_LE_UPDATE && !theirs)
		update_answered(&hci->conn_params, result.data[0]);
}

static struct att_link read_params(const uint8_t *p)
{
	return (struct att_link){ get_le16(p), get_le16(p + 2), get_le16(p + 4) };
}

/* The offset of the interval in LE Connection Complete and LE Enhanced Connection
 * Complete. */
static size_t interval_at(uint8_t subevent)
{
	switch (subevent) {
	case RAW_LE_CONNECTION:
		return 12;
	case RAW_LE_ENHANCED_CONNECTION:
		return 24;
	default:
		return 0;
	}
}

struct att_link conn_params_of_connection(struct ble_bytes meta)
{
	size_t at = interval_at(meta.data[0]);

	/* subevent, status, handle, ... interval, latency, timeout */
	if (!at || meta.len < at + 6)
		return (struct att_link){ 0 };
	return read_params(meta.data + at);
}

void conn_params_meta(struct hci_adapter *hci, struct ble_bytes meta)
{
	struct conn_params *conn = &hci->conn_params;
	struct conn_params_link *link;

	if (meta.data[0] != RAW_LE_UPDATED || meta.len < 10)
		return;
	link = find(conn, read_handle(meta.data + 2));
	if (link && meta.data[1] == 0)
		*link->params = read_params(meta.data + 4);
	/* One before Command Status is not of our command. */
	if (link && link->update == UPDATE_ACCEPTED)
		update_ended(link, meta.data[1] ? error_from_hci(meta.data[1]) : 0,
			     meta.data[1]);
}

/* -- Attach and detach ------------------------------------------------------------------ */

void conn_params_init(struct conn_params *conn)
{
	list_init(&conn->links);
}

void conn_params_attach(struct conn_params_link *link, struct hci_adapter *adapter,
			uint16_t handle, struct att_link *params,
			struct deferred_free *memory)
{
	*link = (struct conn_params_link){
		.adapter = adapter,
		.handle = handle,
		.params = params,
		.memory = memory,
		.rssi_limit.fire = rssi_late,
		.update_limit.fire = update_late,
		.rssi_done_task.run = rssi_done_task,
		.update_done_task.run = update_done_task,
	};
	list_init(&link->rssis);
	list_append(&adapter->conn_params.links, &link->link);
	if (adapter->raw.privileged)
		raw_listen(&adapter->raw, &link->events);
}

static void leave(struct conn_params_link *link)
{
	loop_undefer(&link->rssi_done_task);
	loop_undefer(&link->update_done_task);
	stop_asking(link);
	loop_timer_stop(&link->update_limit);
	list_remove(&link->link);
	raw_unlisten(&link->adapter->raw, &link->events);
	link->update = UPDATE_NONE;
	link->adapter = NULL;
}

void conn_params_detach(struct conn_params_link *link)
{
	if (!link->adapter)
		return;
	leave(link);
	link->updating = NULL;
	while (list_pop(&link->rssis))
		;
}

void conn_params_lost(struct conn_params_link *link)
{
	struct deferred_free *memory = link->memory;
	struct link_op *op = link->updating;
	struct list told, *first;

	if (!link->adapter)
		return;
	deferred_free_hold(memory);
	leave(link);
	list_init(&told);
	list_splice(&told, &link->rssis);
	link->updating = NULL;
	if (op)
		list_append(&told, &op->link);
	while (!memory->freed && (first = list_pop(&told))) {
		op = list_entry(first, struct link_op, link);
		op->done(op, -ENOTCONN, BLE_NO_RSSI);
	}
	deferred_free_release(memory);
}

void conn_params_down(struct conn_params *conn)
{
	conn->n_sent = 0;
}
