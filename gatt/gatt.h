/* SPDX-License-Identifier: MIT */
/*
 * The GATT client of one link: procedures over ATT operations.
 *
 * A procedure is one or more ATT requests in a row (discovery, a long write).
 * They run one after another in the order in which they were made, so that a
 * read made after a long write sees what it wrote; on the wire this costs
 * nothing, since a link carries one request at a time anyway.
 */
#ifndef GATT_GATT_H
#define GATT_GATT_H

#include "att/att.h"
#include "gatt/tree.h"

struct gatt_client {
	struct att *att;   /* NULL: no link */
	struct list queue; /* of procedures; the first one runs */
	struct gatt_tree tree;
	struct gatt_notifier *notifiers; /* by value handle */
	struct list_walk walk; /* of the notification under way */
};

void gatt_client_init(struct gatt_client *client);
void gatt_client_clear(struct gatt_client *client); /* no procedure, no subscriber left */

/* The link is gone and its att freed: ends every procedure with error. */
void gatt_client_lost(struct gatt_client *client, int error);

/* -- Procedures ------------------------------------------------------------- */

struct gatt_procedure {
	struct list link;
	struct gatt_client *client;
	struct att_op op;
	/* Submits the first request: 0 or -errno. */
	int (*start)(struct gatt_procedure *procedure);
	/* Cancelled in the middle: something has to be put right at the peer
	 * first. True if it will still end, silently for the user. NULL: no. */
	bool (*abandon)(struct gatt_procedure *procedure);
	void (*done)(struct gatt_procedure *procedure, int error);
};

/* 0: done will come, from dispatch; -errno: it will not. */
int gatt_run(struct gatt_client *client, struct gatt_procedure *procedure);

/* Silent. False: it is over and its memory free to use. True: it tidies up at
 * the peer, and done comes once it did. */
bool gatt_cancel(struct gatt_procedure *procedure);

/* For procedures: the end, from dispatch. */
void gatt_end(struct gatt_procedure *procedure, int error);

/* For procedures: the next request, from dispatch. */
void gatt_next(struct gatt_procedure *procedure);

/* The op's done of a procedure that ends with its request. */
void gatt_op_done(struct att_op *op, int error);

static inline struct gatt_procedure *gatt_procedure_of(struct att_op *op)
{
	return container_of(op, struct gatt_procedure, op);
}

/* -- The procedures there are ------------------------------------------------- */

int gatt_exchange_mtu(struct gatt_client *client,
		      struct gatt_procedure *procedure, uint16_t mtu);

struct gatt_read {
	struct gatt_procedure procedure;
	size_t len; /* of value, once done */
	uint8_t value[ATT_VALUE_MAX];
};

int gatt_read(struct gatt_client *client, struct gatt_read *read,
	      uint16_t handle);

struct gatt_write {
	struct gatt_procedure procedure;
	uint16_t handle;
	struct ble_bytes value; /* kept by the owner until done */
	size_t prepared; /* octets in the peer's queue */
	size_t part;     /* octets in the prepare request under way */
	int error;       /* why it is called off */
};

/* -EMSGSIZE over 512 octets. */
int gatt_write(struct gatt_client *client, struct gatt_write *write,
	       uint16_t handle, struct ble_bytes value);

struct gatt_discovery {
	struct gatt_procedure procedure;
	struct gatt_tree tree; /* grows here, handed over when complete */
	unsigned int step;
	size_t cursor;         /* of the step, in the tree */
	uint16_t swept_from, swept_to; /* for characteristics */
};

/* Fills client->tree; what it held stands until then. */
int gatt_discover(struct gatt_client *client, struct gatt_discovery *discovery);

/* -- Notifications and indications ---------------------------------------------- */

struct gatt_subscriber {
	struct list link; /* in its notifier */
	struct gatt_notifier *notifier;
	uint8_t mode; /* enum ble_subscribe: notify or indicate */
	void (*value)(struct gatt_subscriber *subscriber, uint16_t handle,
		      struct ble_bytes value);
};

/* A write of a client characteristic configuration (Vol 3, Part G, 3.3.3.3). */
struct gatt_configuration {
	struct gatt_write write;
	uint16_t handle; /* of the value that it is about */
	uint8_t octets[2];
	uint8_t before;  /* what the peer held until now */
};

/* Puts the subscriber in place. ret_write tells whether the peer has to be
 * told; if so configuration was queued, and its done comes. mode AUTO is
 * settled here. */
int gatt_subscribe(struct gatt_client *client, struct gatt_subscriber *subscriber,
		   uint16_t handle, enum ble_subscribe mode,
		   struct gatt_configuration *configuration, bool *ret_write);

/* Takes it away, at once. The same for configuration; an error means only
 * that the peer could not be told. */
int gatt_unsubscribe(struct gatt_client *client, struct gatt_subscriber *subscriber,
		     struct gatt_configuration *configuration, bool *ret_write);

/* For whoever queued a configuration, once it is done or cancelled. After an
 * error the peer is taken to be as it was before. */
void gatt_configured(struct gatt_client *client,
		     const struct gatt_configuration *configuration, int error);

/* Takes it away and tells nobody: the link is gone, or the write failed. */
void gatt_drop_subscriber(struct gatt_client *client,
			  struct gatt_subscriber *subscriber);

/* A value from the link, to each subscriber. The client's memory must outlast
 * the call whatever the callbacks do. */
void gatt_notified(struct gatt_client *client, uint16_t handle,
		   struct ble_bytes value);

#endif
