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

struct gatt_keeper;

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
	struct gatt_keeper *keeper; /* the owner's; NULL: the tree is not kept up */
	int tree_error; /* of the latest discovery */
};

void gatt_client_init(struct gatt_client *client, struct ble_loop *loop);
void gatt_client_clear(struct gatt_client *client); /* no procedure, no subscriber left */

/* The link is gone and its att freed: ends every procedure with error. */
void gatt_client_lost(struct gatt_client *client, int error);

/* -- Procedures ------------------------------------------------------------- */

struct gatt_procedure;

struct gatt_class { /* what a kind of procedure does; start only is a must */
	/* Submits the first request: 0 or -errno. */
	int (*start)(struct gatt_procedure *procedure);
	/* Cancelled in the middle: something has to be put right at the peer
	 * first. True if it will still end, silently for the user. */
	bool (*abandon)(struct gatt_procedure *procedure);
	/* It is over: frees what it holds. */
	void (*clear)(struct gatt_procedure *procedure);
	/* Back to where it started; the one handle that it is about. 0: it may
	 * not be repeated. NULL: it never may. */
	uint16_t (*again)(struct gatt_procedure *procedure);
};

/* An attribute, to be known again in another tree. */
struct gatt_place {
	uint16_t handle, value; /* value: of its characteristic */
	struct ble_uuid uuid, characteristic;
};

struct gatt_procedure {
	struct list link;
	struct gatt_client *client;
	const struct gatt_class *class;
	struct att_op op;
	int error; /* of start, once its turn came */
	uint8_t repeat; /* after a refresh: see service_changed.c */
	struct gatt_place place; /* of what is repeated */
	void (*done)(struct gatt_procedure *procedure, int error);
	void *user; /* of done */
};

/* 0: done will come, from dispatch; -errno: it will not. Its
 * op may hold the first request. */
int gatt_run(struct gatt_client *client, struct gatt_procedure *procedure,
	     const struct gatt_class *class);

/* Silent. False: it is over and its memory free to use. True: it tidies up at
 * the peer, and done comes once it did. */
bool gatt_cancel(struct gatt_procedure *procedure);

/* For procedures: the end, from dispatch. */
void gatt_end(struct gatt_procedure *procedure, int error);

/* For procedures: the next request, from dispatch. */
void gatt_next(struct gatt_procedure *procedure);

/* The op's done of a procedure that ends with its request. */
void gatt_op_done(struct att_op *op, int error);

/* The start of one whose first request is in op. */
int gatt_start_op(struct gatt_procedure *procedure);

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

/* For procedures that read one value after the other: the next whole one. */
void gatt_read_op(struct gatt_read *read, uint16_t handle,
		  void (*done)(struct att_op *op, int error));

/* Several values, each one told as soon as it is there. */
struct gatt_read_each {
	struct gatt_read read; /* puts long values together */
	/* False: the procedure was cancelled, and may be touched no more. */
	bool (*value)(struct gatt_read_each *each, uint16_t handle,
		      struct ble_bytes value);
	/* By type: */
	struct ble_uuid type;
	uint16_t end;           /* last handle to look at */
	uint16_t handle;        /* whose value may go on; 0: none */
	/* By handles: */
	const uint8_t *handles; /* n as on the wire, kept by the owner */
	size_t n, at;
	size_t from;            /* at when the last request left */
	size_t room;            /* octets that its response has left */
	bool singly;            /* the peer can no other */
};

/* Read By Type over a range: 0 also where nothing is of that type. */
int gatt_read_by_type(struct gatt_client *client, struct gatt_read_each *each,
		      const struct ble_uuid *type, uint16_t start, uint16_t end);

/* Read Multiple Variable, one by one where the peer does not know it. */
int gatt_read_multiple(struct gatt_client *client, struct gatt_read_each *each,
		       const uint8_t *handles, size_t n);

/* Read Multiple: as many octets as one response carries, run together. */
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
	size_t prepared; /* octets of the value at hand there */
	int error;       /* why it is called off */
};

/* -EMSGSIZE over 512 octets. The value is kept by the owner until done. */
int gatt_write(struct gatt_client *client, struct gatt_write *write,
	       uint16_t handle, struct ble_bytes value);

/* All of them or none: Reliable Writes (Vol 3, Part G, 4.9.5). */
int gatt_write_parts(struct gatt_client *client, struct gatt_write *write,
		     const struct gatt_part *parts, size_t n);

struct gatt_discovery {
	struct gatt_procedure procedure;
	struct ble_services tree; /* grows here, handed over when complete */
	const struct gatt_step *steps;
	unsigned int step;
	size_t cursor;         /* of the step, in the tree */
	uint16_t swept_from, swept_to; /* for characteristics */
	uint16_t left; /* the value that this sweep ended at before its time */
	uint16_t late; /* the declaration that stands behind it; 0: none seen */
	unsigned int response; /* the number of the one that its rows are counted of */
	size_t rows;
	const struct ble_uuid *uuids; /* of services; kept by the owner */
	size_t n_uuids, uuid;
	uint8_t wire[16];      /* the one that is asked for */
	bool hashed, known;    /* the peer has a hash; its tree was kept */
	uint8_t hash[GATT_HASH];
};

/* Fills client->tree; what it held stands until then. */
int gatt_discover(struct gatt_client *client, struct gatt_discovery *discovery);

/* The same with the primary services of these UUIDs only. Ends with -ENOENT
 * where there is none at all. */
int gatt_discover_only(struct gatt_client *client, struct gatt_discovery *discovery,
		       const struct ble_uuid *uuids, size_t n);

/* Reads what descriptors of client->tree say of their characteristics. */
struct gatt_describe {
	struct gatt_read read;
	size_t at; /* the descriptor under way */
	struct loop_task nothing; /* to read: the end still comes from dispatch */
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
	unsigned int notifier; /* the number of the one that wrote it */
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

/* Whether its characteristic is the same in the tree of now. */
bool gatt_stands(const struct gatt_client *client,
		 const struct gatt_subscriber *subscriber);

/* What the peer holds for characteristics in this range is not known: the next
 * gatt_renew() of each tells it. Not so for that of the subscriber: there are
 * peers that answer this write with another indication, and so for ever. */
void gatt_doubt(struct gatt_client *client, uint16_t start, uint16_t end,
		const struct gatt_subscriber *subscriber);

/* As gatt_subscribe(), for one that is in place. */
int gatt_renew(struct gatt_client *client, struct gatt_subscriber *subscriber,
	       struct gatt_configuration *configuration, bool *ret_write);

/* A value from the link, to each subscriber. The client's memory must outlast
 * the call whatever the callbacks do. */
void gatt_notified(struct gatt_client *client, uint16_t handle,
		   struct ble_bytes value);

/* -- Keeping the tree true (service_changed.c) -------------------------------------------- */

/*
 * A moment after each discovery of the peer's Generic Attribute service, so as
 * not to stand in the way of what is asked for next, the peer is told what this client can do (Client
 * Supported Features, Vol 3, Part G, 7.2) and asked to indicate Service Changed
 * (7.1). A change, and an answer with Database Out Of Sync, lead to one more
 * discovery; changed tells of it when the tree is the new one, or is not: error.
 */
struct gatt_keeper {
	struct gatt_client *client;
	/* Trees of earlier connections, by their hash; both NULL: none. What
	 * load gives is a tree that is not tied; false: it has none. */
	bool (*load)(struct gatt_keeper *keeper, const uint8_t hash[GATT_HASH],
		     struct ble_services *ret_tree);
	void (*save)(struct gatt_keeper *keeper, const uint8_t hash[GATT_HASH],
		     const struct ble_services *tree);
	void (*changed)(struct gatt_keeper *keeper, int error, uint16_t start,
			uint16_t end);
	/* Its own. */
	struct loop_timer tell; /* the peer */
	bool told, telling;    /* the features, well or not; a write is queued */
	uint8_t bits;
	struct gatt_write features;
	bool asked, subscribed, configuring; /* asked: once, or anew where it moved */
	struct gatt_subscriber changes;
	struct gatt_configuration configuration;
	bool refreshing, again; /* one discovery; another one after it */
	uint16_t start, end;    /* what changed, all together */
	struct gatt_discovery discovery;
};

void gatt_keeper_init(struct gatt_keeper *keeper, struct gatt_client *client);

/* No procedure and no subscriber of it is left. */
void gatt_keeper_clear(struct gatt_keeper *keeper);

/* For discoveries: the tree is a new one. */
void gatt_keep(struct gatt_client *client);

/* For gatt_end(): the peer says that this procedure came out of sync. True: it
 * is repeated, once, after a discovery, if what it is about still stands. */
bool gatt_resync(struct gatt_procedure *procedure);

/* For starts: 0, or why it cannot be repeated. */
int gatt_repeat(struct gatt_procedure *procedure);

#endif
