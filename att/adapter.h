/* SPDX-License-Identifier: MIT */
/*
 * Seam 2: the adapter, which gives advertisements and links. It is in the same folder
 * as seam 1 because each backend implements both, and below the backends because
 * includes point down.
 *
 * Some controllers cannot scan and connect at the same time. Their backends pause the
 * scan for a connect and resume it afterwards; callers do nothing.
 */
#ifndef ATT_ADAPTER_H
#define ATT_ADAPTER_H

#include "att/att.h"
#include "base/loop.h"

struct adapter;

enum { CONNECT_REPEATS = 5 };

/* A request to connect, embedded in its owner. */
struct connect_op {
	struct list link; /* the backend's until done or cancelled */
	struct ble_address address; /* of a known type */
	struct link_params requested_params; /* all 0: the backend's choice */
	/* Retries after transient errors so far, by the backend or by the caller, which
	 * sets it to 0 at first. */
	unsigned int repeats;
	int failure; /* what the latest retry was for, and the controller's code or 0 */
	uint8_t failure_reason;
	/* From dispatch, once. error 0: att is the link and the receiver's to
	 * free; set its events before returning. Otherwise att is NULL,
	 * and reason is the controller's code or 0. */
	void (*done)(struct connect_op *op, int error, uint8_t reason,
		     struct att *att);
	void *user;
};

/* A reset of the controller, embedded in its owner; one at a time. */
struct reset_op {
	void (*done)(struct reset_op *op, int error); /* once, from dispatch */
};

struct adapter_scan {
	bool passive;
	uint16_t interval, window; /* in 0.625 ms, as the controller takes them */
};

struct adapter_class {
	const char *name; /* "hci", "bgapi", "sim" */

	/* Starts scanning, or changes the parameters of the scan. Does not block:
	 * 0 means that it was accepted; later errors come through
	 * events->scan_ended. -EPERM and the like are returned at once. */
	int (*scan_start)(struct adapter *adapter, const struct adapter_scan *scan);

	/* Stops it; no report comes afterwards. Does nothing without a scan. */
	void (*scan_stop)(struct adapter *adapter);

	/* Begins to connect, beside the connects that are under way. Where a
	 * controller makes one attempt at a time, attempts take turns, so that a peer
	 * that is absent costs the others a turn at most. Backends
	 * retry after transient errors, without a time limit of their own: the
	 * caller cancels. 0, or -errno and then done is never called.
	 * Done with -EBUSY: another socket of this machine has the peer's ATT channel.
	 * -EOPNOTSUPP, with its text set: the backend cannot set the requested
	 * parameters. */
	int (*connect)(struct adapter *adapter, struct connect_op *op);

	/* Synchronous, without a callback. Does nothing if the op is not queued. */
	void (*cancel_connect)(struct adapter *adapter, struct connect_op *op);

	/* Resets the controller. Links, connects and scan end with -ENETRESET, all
	 * from dispatch; then done is called, and the adapter is as if just
	 * opened. NULL if the backend cannot. 0, or -errno and then done is
	 * never called; nor is it after free(). */
	int (*reset)(struct adapter *adapter, struct reset_op *op);

	/* Ends scan and connects, and undoes what it switched on for itself
	 * (power and LE stay on). May wait some milliseconds for the scan to
	 * end. Links were freed before. */
	void (*free)(struct adapter *adapter);
};

struct adapter_events {
	/* advertised and scan_response are empty: the layer above merges. */
	void (*report)(void *user, const struct ble_advertisement *report);
	/* The scan ended by itself: -errno. */
	void (*scan_ended)(void *user, int error);
	/* The adapter is gone for good. Its links are closed and its connects
	 * and scan ended before this. */
	void (*gone)(void *user);
};

/* An adapter has arrived or left. From dispatch; may free the watch. info is valid during
 * the call. */
typedef void (*adapter_changed)(void *user, bool arrived, const struct ble_adapter_info *info);

/* Calls that until it is freed. */
struct adapter_watch {
	void (*free)(struct adapter_watch *watch);
};

struct adapter {
	const struct adapter_class *class;
	struct ble_loop *loop;
	const struct adapter_events *events; /* set by the user */
	void *user;
	struct ble_adapter_info info; /* strings live as long as the adapter */
	/* What peers that discover us see; NULL: nothing. The user sets it,
	 * each new link takes it; it outlives the links. */
	struct att_server *server;
	/* How long scans were wanted but did not run; since: loop_now() if one does not
	 * run now, or 0. */
	uint64_t scan_paused, scan_paused_since;
	/* Opens the controller again after gone(), as another adapter; the gone one is
	 * freed by the user as before. Does not block for long: what takes time comes
	 * from dispatch, and if that fails, gone(). 0; -ENODEV: it is not there. Set by
	 * whoever opened it; NULL: it is never gone. */
	int (*reopen)(const struct adapter *gone, struct adapter **ret_adapter);
	/* That of its backend, set with reopen, which may succeed once an adapter has
	 * arrived. NULL: arrivals are not told. */
	int (*watch)(struct ble_loop *loop, adapter_changed changed, void *user,
		     struct adapter_watch **ret_watch);
};

static inline void adapter_scan_paused(struct adapter *adapter)
{
	if (!adapter->scan_paused_since)
		adapter->scan_paused_since = loop_now(adapter->loop);
}

static inline void adapter_scan_resumed(struct adapter *adapter)
{
	if (adapter->scan_paused_since)
		adapter->scan_paused += loop_now(adapter->loop) - adapter->scan_paused_since;
	adapter->scan_paused_since = 0;
}

/* A backend as the list of backends in api/adapter.c knows it. */
struct backend {
	const char *name;
	/* Whether an adapter of this name belongs to this backend. NULL: the
	 * first adapter that there is. */
	bool (*claims)(const char *name);
	/* -ENODEV: no such adapter, with its text set. -ENOENT, for NULL only:
	 * there is none, without a text, as another backend may have one. */
	int (*open)(struct ble_loop *loop, const char *name,
		    struct adapter **ret_adapter);
	/* NULL: nothing to list. */
	int (*list)(struct ble_loop *loop,
		    void (*found)(void *user, const struct ble_adapter_info *info),
		    void *user);
	/* Tells of each adapter that arrives or leaves from now on; that it is gone may be
	 * told to the one who has it open earlier or later. Does not block for long. 0 or
	 * -errno. NULL: none comes or goes. */
	int (*watch)(struct ble_loop *loop, adapter_changed changed, void *user,
		     struct adapter_watch **ret_watch);
};

extern const struct backend hci_backend, bgapi_backend, sim_backend;

#endif
