/* SPDX-License-Identifier: MIT */
/*
 * Seam 1: ATT operations. A verb over a range of handles goes in, records come
 * out, one completion ends it. This is what an ATT client does on the wire.
 * A dongle whose firmware walks the range by itself does it too. So the layers
 * above see neither PDUs nor dongle messages.
 *
 * submit   returns 0 or -errno. After 0, done is called exactly once and only from
 *          dispatch, unless the op is cancelled. After -errno, it is never called.
 *          The op and what its value points to belong to the backend until then;
 *          done may reuse, resubmit or free the op.
 * record   is called for each thing found, before done and only from dispatch.
 *          It may cancel the op and it may free the link.
 * sweeps   end with 0 if nothing, or nothing more, was found. Between two requests of
 *          a sweep the record callback may raise op->start above the last
 *          handle that it was given, or lower op->end, to leave out handles
 *          whose answer is already known. A dongle's firmware may ignore this.
 * cancel   is synchronous and calls nothing back. If the request is on the wire,
 *          the bearer stays busy until its response or the transaction timeout,
 *          but the op is not touched again. Does nothing if the op is not queued.
 * order    Requests go out one at a time in the order of submission. Commands
 *          do not wait for responses, nor for requests that do. On a full link
 *          a request waits for the commands submitted before it, and those
 *          submitted later wait for it.
 * loss     When the link is lost, every op ends with -ENOTCONN (with -ETIMEDOUT
 *          if the peer did not answer a request for 30 s), then closed() is
 *          called, once. free() calls neither done nor closed.
 * write commands without done end inside submit: submit has sent them, or returns
 *          -EAGAIN and keeps nothing. After refusals writable() is called
 *          once, from dispatch, when there is room again. If the link is lost
 *          first, it is not called.
 */
#ifndef ATT_ATT_H
#define ATT_ATT_H

#include "base/list.h"
#include "blewire.h"

enum {
	ATT_MTU_MIN = 23,   /* Vol 3, Part G, 5.2.1: LE default */
	ATT_MTU_MAX = 517,  /* room for a 512-byte value in every PDU */
	ATT_VALUE_MAX = 512 /* Vol 3, Part F, 3.2.9 */
};

enum att_verb {
	ATT_EXCHANGE_MTU, /* start: ours, 23 to 517. Once for each link, then
	                     -EALREADY. If the peer refuses: 0, MTU unchanged */
	/* Sweeps over start..end */
	ATT_FIND_INFORMATION,   /* record: handle, value = UUID of 2 or 16 octets */
	ATT_FIND_BY_TYPE_VALUE, /* type (16 bits), value; record: handle, end */
	ATT_READ_BY_TYPE,       /* type; record: handle, value (may be cut to MTU - 4) */
	ATT_READ_BY_GROUP_TYPE, /* type; record: handle, end, value */
	/* One handle: start */
	ATT_READ,                   /* record: handle, value, cut to MTU - 1 */
	ATT_READ_LONG,              /* records: handle, offset, value: part after part */
	ATT_READ_MULTIPLE,          /* value: handles; record: value, all concatenated */
	ATT_READ_MULTIPLE_VARIABLE, /* value: handles; records: handle, value */
	ATT_WRITE,                  /* value */
	ATT_WRITE_COMMAND,          /* value */
	ATT_PREPARE_WRITE,          /* offset, value; record (where the backend
	                               sees the echo): handle, offset, value */
	ATT_EXECUTE_WRITE,          /* start: 0 cancel, 1 write */
	ATT_VERBS
};

struct att_record {
	uint16_t handle, end, offset;
	struct ble_bytes value; /* valid during the call */
};

struct att_op {
	struct list link; /* the backend's while it has the op, as is order */
	unsigned int order;
	enum att_verb verb;
	uint16_t start, end, offset;
	struct ble_uuid type;
	struct ble_bytes value; /* kept by the owner until the op ended */
	void (*record)(struct att_op *op, const struct att_record *record);
	void (*done)(struct att_op *op, int error);
};

struct att;

/* Requested parameters of a link, in the units of struct att_link. */
struct link_params {
	uint16_t interval_min, interval_max;
	uint16_t latency;
	uint16_t timeout;
};

/* A link operation: a request to the controller about one link, embedded in its
 * owner. It ends like an ATT operation: once from dispatch, never after a
 * cancel, with -ENOTCONN when the link is lost. */
struct link_op {
	struct list link; /* the backend's until it ended */
	struct link_params requested_params; /* update only */
	/* rssi: in dBm, or BLE_NO_RSSI; the operation "rssi" only. */
	void (*done)(struct link_op *op, int error, int8_t rssi);
};

struct att_class {
	const char *name;
	int (*submit)(struct att *att, struct att_op *op);
	void (*cancel)(struct att *att, struct att_op *op);
	/* Whether a write command, with done, was not sent yet. May be NULL: none
	 * waits. */
	bool (*waits)(struct att *att, const struct att_op *op);
	/* Link operations: rssi asks the controller for the signal strength,
	 * update asks the peer for other parameters, which are in att->link when
	 * done is called. Both are NULL if the backend cannot. 0, or -errno and then
	 * done is never called. */
	int (*rssi)(struct att *att, struct link_op *op);
	int (*update)(struct att *att, struct link_op *op);
	/* Synchronous, calls nothing back. Does nothing if the op is not queued. */
	void (*cancel_link)(struct att *att, struct link_op *op);
	/* Ends the link at once, from any callback too. */
	void (*free)(struct att *att);
};

struct att_events {
	/* A notification or indication. handle is not 0. */
	void (*value)(void *user, uint16_t handle, struct ble_bytes value);
	/* The link was lost: -errno, and the controller's reason or 0. The att
	 * can only be freed then. */
	void (*closed)(void *user, int error, uint8_t reason);
	/* There is room again for a write command without done. May be NULL. */
	void (*writable)(void *user);
	/* The system has dropped so many packets of the peer, as they were not read in
	 * time. May be NULL. */
	void (*overrun)(void *user, unsigned int packets);
};

/* Answers the requests of a peer that is a client of ours. */
struct att_server {
	/* pdu: any request but Exchange MTU, any command, a confirmation,
	 * unassigned opcodes too; at least 1 octet.
	 * Writes the response, at most mtu octets, and returns its length, 0
	 * for none. */
	size_t (*answer)(struct att_server *server, uint16_t mtu,
			 struct ble_bytes pdu, uint8_t *response);
};

/* Connection parameters in the controller's units (Vol 6, Part B, 4.5.1 and 4.5.2). */
struct att_link {
	uint16_t interval; /* in 1.25 ms */
	uint16_t latency;  /* connection events the peripheral may leave out */
	uint16_t timeout;  /* of supervision, in 10 ms */
};

struct att {
	const struct att_class *class;
	const struct att_events *events; /* set by the user of the link */
	void *user;
	struct att_server *server; /* NULL: every request is not supported */
	uint16_t mtu;              /* in force, at most receive_mtu */
	uint16_t receive_mtu;      /* our MTU in an Exchange MTU Response: 517, unless
				      the user of the link sets less */
	struct att_link link;      /* in force; interval 0: not known */
	unsigned int requests;     /* sent so far */
	bool whole_sweeps;         /* the backend sweeps by itself, as a dongle's
				      firmware does */
	bool multiple_values;      /* receives Multiple Handle Value Notifications */
};

static inline int att_submit(struct att *att, struct att_op *op)
{
	return att->class->submit(att, op);
}

static inline void att_cancel(struct att *att, struct att_op *op)
{
	att->class->cancel(att, op);
}

static inline void att_free(struct att *att)
{
	if (att)
		att->class->free(att);
}

#endif
