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
#include "base/loop.h"
#include "gatt/cache.h"
#include "gatt/tree.h"

struct gatt_procedure;
struct gatt_remedy;

struct gatt_client {
	struct ble_loop *loop;
	struct att *att;   /* NULL: no link */
	struct list queue; /* of procedures; the first one runs */
	struct list failed; /* whose start was refused */
	struct loop_task failing; /* ends them */
	struct ble_services tree;
	struct {
		struct gatt_notifier **sorted; /* by value handle; few */
		size_t count;
		unsigned int made; /* so far */
	} notifiers;
	struct list_walk walk; /* of the notification under way */
	struct gatt_remedy *remedies; /* see gatt_add_remedy() */
	/* Hooks of service_changed.c; NULL: the tree is not kept up to date. */
	struct gatt_service_changed *service_changed;
	void (*discovered)(struct gatt_client *client); /* the tree is a new one */
	void (*ended)(struct gatt_client *client); /* link lost, or client cleared */
};

void gatt_client_init(struct gatt_client *client, struct ble_loop *loop);
void gatt_client_clear(struct gatt_client *client); /* no procedure, no subscriber left */

/* The link is gone and its att freed: ends every procedure with error. */
void gatt_client_lost(struct gatt_client *client, int error);

/* -- Procedures ------------------------------------------------------------- */

struct gatt_class { /* of a kind of procedure; all but start and reset may be NULL */
	/* Submits the first request: 0 or -errno. */
	int (*start)(struct gatt_procedure *procedure);
	/* Cancelled while it runs: true if the peer needs further requests
	 * first. The procedure then still ends, silently for the user. */
	bool (*abandon)(struct gatt_procedure *procedure);
	/* It is over: frees what it holds. */
	void (*clear)(struct gatt_procedure *procedure);
	/* Called before it is started again after an error: start then submits the
	 * right request. A procedure that has reported values to its user continues
	 * at the first one that it did not report, so that none is reported twice.
	 * Any other one starts from its beginning. */
	void (*reset)(struct gatt_procedure *procedure);
	/* The one handle that it is about. NULL: it is about several, as is one
	 * that returns 0. */
	uint16_t (*handle)(const struct gatt_procedure *procedure);
};

struct gatt_procedure {
	struct list link;
	struct gatt_client *client;
	const struct gatt_class *class;
	struct att_op op;
	int error; /* of start, once its turn came */
	struct gatt_remedy *remedy; /* that it waits for; NULL: none */
	uint8_t repeated; /* bits of the remedies that it was repeated after */
	bool cancelled; /* sends further requests, then ends; it is not repeated */
	void (*done)(struct gatt_procedure *procedure, int error);
	void *user; /* of done */
};

/* Queues a procedure; op may already hold its first request. 0: done will be called,
 * from dispatch. -errno: it will not. */
int gatt_run(struct gatt_client *client, struct gatt_procedure *procedure,
	     const struct gatt_class *class);

/* False: it ended, done is not called, and its memory may be freed. True: it first
 * sends further requests to the peer, then done is called. */
bool gatt_cancel(struct gatt_procedure *procedure);

/* For procedures: ends this one, from dispatch. */
void gatt_end(struct gatt_procedure *procedure, int error);

/* For procedures that go on after an ATT error. True: it waits for a remedy, and is
 * started again or ended then. */
bool gatt_wait_for_remedy(struct gatt_procedure *procedure, int error);

/* For procedures: submits the next request, from dispatch. */
void gatt_next(struct gatt_procedure *procedure);

/* op->done of a procedure that ends with its request. */
void gatt_op_done(struct att_op *op, int error);

/* The start of a procedure whose first request is in op. */
int gatt_start_op(struct gatt_procedure *procedure);

/* The reset of a procedure whose start sets everything, or whose op does not change. */
void gatt_reset_nothing(struct gatt_procedure *procedure);

/* Puts a procedure, which is queued nowhere, in front of all others and starts it;
 * the one that was the first there must wait for a remedy. 0 or -errno, as
 * gatt_run(). */
int gatt_run_first(struct gatt_client *client, struct gatt_procedure *procedure,
		   const struct gatt_class *class);

/*
 * A remedy for one ATT error, embedded in its owner. Before a procedure ends with
 * this error, start() is asked. If it returns true, the procedure keeps its place in
 * the queue and waits until gatt_remedied(); then end() tells whether it is reset and
 * started again (0) or ends with an error. This happens once for each remedy; the
 * second time the procedure ends with the error. One procedure waits at a time. If it
 * is cancelled or the link is lost meanwhile, end() does not come. Any procedure may be
 * repeated, also one that is about several handles.
 */
struct gatt_remedy {
	int error; /* BLE_ERROR_ATT(code) */
	/* From dispatch. False: it does not help this procedure. */
	bool (*start)(struct gatt_remedy *remedy, struct gatt_procedure *procedure);
	int (*end)(struct gatt_remedy *remedy, struct gatt_procedure *procedure);
	/* Later procedures need it, too: start() is also asked for a cancelled
	 * procedure, and must return false then. */
	bool for_others;
	struct gatt_remedy *next; /* of the client's */
	uint8_t bit; /* of gatt_procedure.repeated */
};

/* Valid until the client is cleared. -ENOSPC: it has 8. */
int gatt_add_remedy(struct gatt_client *client, struct gatt_remedy *remedy);

/* The remedy is over, well or not: the procedure that waits for it, if there is one,
 * goes on. */
void gatt_remedied(struct gatt_client *client, struct gatt_remedy *remedy);

static inline struct gatt_procedure *gatt_procedure_of(struct att_op *op)
{
	return container_of(op, struct gatt_procedure, op);
}

/* -- Procedures for requests -------------------------------------------------- */

int gatt_exchange_mtu(struct gatt_client *client,
		      struct gatt_procedure *procedure, uint16_t mtu);

struct gatt_read {
	struct gatt_procedure procedure;
	size_t len; /* of value, once done */
	uint8_t value[ATT_VALUE_MAX];
};

int gatt_read(struct gatt_client *client, struct gatt_read *read,
	      uint16_t handle);

/* For procedures that read several values: sets op to read the next one, whole. */
void gatt_read_op(struct gatt_read *read, uint16_t handle,
		  void (*done)(struct att_op *op, int error));

/* Reads several values, and calls back with each as soon as it is read. */
struct gatt_read_each {
	struct gatt_read read; /* collects long values */
	/* False: the procedure was cancelled and must not be touched any more. */
	bool (*value)(struct gatt_read_each *each, uint16_t handle,
		      struct ble_bytes value);
	/* By type: */
	struct ble_uuid type;
	uint16_t end;           /* last handle to look at */
	uint32_t next;          /* the first one whose value was not reported */
	uint16_t handle;        /* whose value may be cut; 0: none */
	/* By handles: */
	const uint8_t *handles; /* n as on the wire, kept by the owner */
	size_t n, at;
	size_t from;            /* at when the last request left */
	size_t room;            /* octets that its response has left */
	bool singly;            /* the peer has no Read Multiple Variable */
};

/* Read By Type over a range: 0 also if no attribute has the type. */
int gatt_read_by_type(struct gatt_client *client, struct gatt_read_each *each,
		      const struct ble_uuid *type, uint16_t start, uint16_t end);

/* Read Multiple Variable, or one by one if the peer does not support it. */
int gatt_read_multiple(struct gatt_client *client, struct gatt_read_each *each,
		       const uint8_t *handles, size_t n);

/* Read Multiple: the values concatenated, cut to one response. */
int gatt_read_joined(struct gatt_client *client, struct gatt_read *read,
		     struct ble_bytes handles);

struct gatt_part { /* a value to write as one of several */
	uint16_t handle;
	struct ble_bytes value;
};

struct gatt_write {
	struct gatt_procedure procedure;
	struct gatt_part one;
	const struct gatt_part *parts; /* kept by the owner until done */
	size_t n, at;
	bool reliable;   /* never one plain Write Request */
	bool queued;     /* something may be in the peer's queue */
	size_t prepared; /* octets of the current value there */
	int error;       /* why the peer's queue is emptied; 0: it is not */
};

/* -EMSGSIZE over 512 octets. The value is kept by the owner until done. */
int gatt_write(struct gatt_client *client, struct gatt_write *write,
	       uint16_t handle, struct ble_bytes value);

/* All of them or none: Reliable Writes (Vol 3, Part G, 4.9.5). */
int gatt_write_parts(struct gatt_client *client, struct gatt_write *write,
		     const struct gatt_part *parts, size_t n);

struct gatt_discovery {
	struct gatt_procedure procedure;
	struct ble_services tree; /* filled here, moved to the client when complete */
	const struct gatt_step *steps;
	unsigned int step;
	size_t cursor;         /* of the step, in the tree */
	uint16_t swept_from, swept_to; /* for characteristics */
	uint16_t left; /* last value handle, if the sweep ended early there */
	uint16_t late; /* a declaration found behind it; 0: none */
	unsigned int response; /* number of the response that rows counts in */
	size_t rows;
	const struct ble_uuid *uuids; /* of services; kept by the owner */
	size_t n_uuids, uuid;
	uint8_t wire[16];      /* the UUID of the request */
	bool hashed, known;    /* the peer has a hash; a kept tree has the same */
	uint8_t hash[GATT_HASH];
};

/* Replaces client->tree when it succeeds. */
int gatt_discover(struct gatt_client *client, struct gatt_discovery *discovery);

/* The same in front of the queue: see gatt_run_first(). */
int gatt_discover_first(struct gatt_client *client, struct gatt_discovery *discovery);

/* The same with the primary services of these UUIDs only. Ends with -ENOENT
 * if the peer has none of them. */
int gatt_discover_only(struct gatt_client *client, struct gatt_discovery *discovery,
		       const struct ble_uuid *uuids, size_t n);

/* Reads what descriptors of client->tree say of their characteristics. */
struct gatt_describe {
	struct gatt_read read;
	size_t at; /* index of the descriptor that is read */
	struct loop_task nothing; /* to read: ends it from dispatch */
};

int gatt_describe(struct gatt_client *client, struct gatt_describe *describe);

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
	unsigned int notifier; /* number of the notifier that wrote it */
	uint8_t octets[2];
	uint8_t before;  /* the peer's value before the write */
};

/* Adds a subscriber. ret_write tells whether the peer's configuration is written; if
 * so, the write is queued in configuration and its done will be called. Resolves
 * BLE_SUBSCRIBE_AUTO. */
int gatt_subscribe(struct gatt_client *client, struct gatt_subscriber *subscriber,
		   uint16_t handle, enum ble_subscribe mode,
		   struct gatt_configuration *configuration, bool *ret_write);

/* Removes a subscriber at once. configuration and ret_write as above; an error means
 * only that the write could not be queued. */
int gatt_unsubscribe(struct gatt_client *client, struct gatt_subscriber *subscriber,
		     struct gatt_configuration *configuration, bool *ret_write);

/* To be called when the write of a configuration is done or cancelled. After an error
 * the peer is assumed to have its earlier configuration. */
void gatt_configured(struct gatt_client *client,
		     const struct gatt_configuration *configuration, int error);

/* Removes a subscriber without a write: the link was lost, or the write failed. */
void gatt_drop_subscriber(struct gatt_client *client,
			  struct gatt_subscriber *subscriber);

/* Whether the tree still has its characteristic: at the same handle, with a mode and
 * a descriptor that fit. */
bool gatt_subscriber_valid(const struct gatt_client *client,
			   const struct gatt_subscriber *subscriber);

/* The peer may have lost its configurations of characteristics in this range: the next
 * gatt_resubscribe() of each writes it again. Except that of one subscriber: some peers
 * answer the write of this configuration with another Service Changed, without end. */
void gatt_configurations_unknown(struct gatt_client *client, uint16_t start, uint16_t end,
				 const struct gatt_subscriber *except);

/* As gatt_subscribe(), for one that is in place. */
int gatt_resubscribe(struct gatt_client *client, struct gatt_subscriber *subscriber,
		     struct gatt_configuration *configuration, bool *ret_write);

/* Passes a value from the link to each subscriber. The caller keeps the client's
 * memory until it returns. */
void gatt_notified(struct gatt_client *client, uint16_t handle,
		   struct ble_bytes value);

/* -- Service Changed (service_changed.c) ---------------------------------------- */

/* An attribute's identity across rediscovery. */
struct gatt_identity {
	uint16_t handle, value; /* value: handle of its characteristic's value */
	struct ble_uuid uuid, characteristic;
};

/*
 * Half a second after a discovery, so that the first calls of the user come before it,
 * Client Supported Features (Vol 3, Part G, 7.2) is written and Service Changed (7.1)
 * subscribed to. An indication of it, and the error Database Out Of Sync, lead to a
 * discovery; changed is called once the tree is the new one, or with the error.
 */
struct gatt_service_changed {
	struct gatt_client *client;
	/* Trees of earlier connections, by their hash; both NULL: none are kept. load
	 * gives a tree that is not tied; false: there is none. */
	bool (*load)(struct gatt_service_changed *changed, const uint8_t hash[GATT_HASH],
		     struct ble_services *ret_tree);
	void (*save)(struct gatt_service_changed *changed, const uint8_t hash[GATT_HASH],
		     const struct ble_services *tree);
	void (*changed)(struct gatt_service_changed *changed, int error, uint16_t start,
			uint16_t end);
	/* Private: */
	struct loop_timer timer;
	bool features_done, features_queued;
	uint8_t bits;
	struct gatt_write features;
	bool subscribe_tried, subscribed, configuring;
	struct gatt_subscriber subscriber;
	struct gatt_configuration configuration;
	bool discovering, discover_again; /* again: after the one that runs */
	uint16_t start, end; /* what changed, in one range */
	int error; /* of the latest discovery */
	struct gatt_discovery discovery;
	struct gatt_remedy out_of_sync;
	struct gatt_identity waiting; /* what the waiting procedure is about */
};

/* Until the client is cleared. */
void gatt_service_changed_init(struct gatt_service_changed *changed,
			       struct gatt_client *client);

#endif
