/* SPDX-License-Identifier: MIT */
/*
 * The GATT client of one link: procedures over ATT operations.
 *
 * A procedure is one ATT request or several (discovery, a long write). Procedures
 * run one at a time, in the order of the calls, so that a read after a long write
 * gives the written value. This costs no time, since a link has one request at a
 * time anyway.
 */
#ifndef GATT_GATT_H
#define GATT_GATT_H

#include "att/att.h"
#include "base/loop.h"
#include "gatt/cache.h"
#include "gatt/tree.h"

struct gatt_procedure;
struct gatt_remedy;

/* What is known of a peer and Read Multiple Variable. A server that does not know the
 * request should refuse it; BlueZ's does not answer it, and after 30 s the link is gone. So
 * it is sent only to a server with Enhanced ATT bearers, as bit 0 of its Server Supported
 * Features says (Vol 3, Part G, 7.4), or to one that has answered it. For such a server the
 * procedure is mandatory since 5.2 (Vol 3, Part G, 4.2; in its ICS, item 4/30 with C.13),
 * for any other optional; no feature bit tells of it alone. BlueZ's may have the bit, too:
 * one that was silent is not asked again. */
enum gatt_several {
	GATT_SEVERAL_UNKNOWN,
	GATT_SEVERAL_OFFERED, /* has Enhanced ATT */
	GATT_SEVERAL_ANSWERED,
	GATT_SEVERAL_NEVER
};

struct gatt_client {
	struct ble_loop *loop;
	struct att *att;   /* NULL: no link */
	struct list queue; /* of procedures; the first one runs */
	struct loop_timer limit; /* of the first one */
	struct list failed; /* whose start was refused */
	struct loop_task failing; /* ends them */
	struct ble_services tree;
	struct {
		struct gatt_notifier **sorted; /* by value handle; few */
		size_t count;
		unsigned int made; /* how many were made so far */
	} notifiers;
	struct list_walk walk; /* over the subscribers of a notification */
	struct gatt_remedy *remedies; /* see gatt_add_remedy() */
	/* The peer said that its services changed, and the discovery after that has not
	 * ended: a handle of the tree may be another attribute's by now. */
	bool outdated;
	/* Hooks of service_changed.c; NULL: the tree is not kept up to date. */
	struct gatt_service_changed *service_changed;
	void (*discovered)(struct gatt_client *client); /* the tree is a new one */
	void (*ended)(struct gatt_client *client); /* link lost, or client cleared */
	enum gatt_several several; /* not changed by the end of a link */
	void (*learned)(struct gatt_client *client); /* several changed; may be NULL */
};

void gatt_client_init(struct gatt_client *client, struct ble_loop *loop);
/* To be called when there is no procedure and no subscriber left. */
void gatt_client_clear(struct gatt_client *client);

/* The link is gone and its att freed: ends every procedure with error. */
void gatt_client_lost(struct gatt_client *client, int error);

/* -- Procedures ------------------------------------------------------------- */

struct gatt_class { /* a kind of procedure; all but start and reset may be NULL */
	/* Submits the first request. 0 or -errno. */
	int (*start)(struct gatt_procedure *procedure);
	/* The procedure is cancelled while it runs. True: it has to send further
	 * requests first (see gatt_cancel()). */
	bool (*abandon)(struct gatt_procedure *procedure);
	/* The procedure ended: frees its memory. */
	void (*clear)(struct gatt_procedure *procedure);
	/* Prepares a procedure that ended with an error for another start(). If it
	 * reported values to its user, it continues with the first one that it did not
	 * report, so that none is reported twice. Otherwise it starts from its
	 * beginning. */
	void (*reset)(struct gatt_procedure *procedure);
	/* The handles that it reads or writes: the one with this index, 0 behind the
	 * last. NULL: a discovery, or one that is about handles of no tree. */
	uint16_t (*handle)(const struct gatt_procedure *procedure, size_t index);
};

struct gatt_procedure {
	struct list link;
	struct gatt_client *client;
	const struct gatt_class *class;
	struct att_op op;
	int error; /* of start, once its turn came */
	struct gatt_remedy *remedy; /* that it waits for; NULL: none */
	bool remedied; /* the remedy is over; another one runs in front of it */
	uint16_t moved; /* a handle that is another attribute's now; 0: none */
	uint8_t repeated; /* bits of the remedies that it was repeated after */
	bool cancelled; /* sends further requests, then ends; it is not repeated */
	bool late; /* the same after GATT_LIMIT_S */
	bool unlimited; /* set by its owner: GATT_LIMIT_S is not for it */
	void (*done)(struct gatt_procedure *procedure, int error);
	void *user; /* of done */
};

/* Queues a procedure; op may already hold its first request. 0: done will be called,
 * from dispatch. -errno: it will not. */
int gatt_run(struct gatt_client *client, struct gatt_procedure *procedure,
	     const struct gatt_class *class);

/* How long a procedure may run, with all its requests, until it ends with -ETIMEDOUT. A
 * request alone has 30 s: a peer that answers each after 29 s would take hours. An
 * honest one with the longest connection interval, 4 s, answers 75 in this time. What
 * waits in the queue, or for a remedy, does not run. */
enum { GATT_LIMIT_S = 300 };

/* From now on the limit is not for this procedure. */
void gatt_unlimit(struct gatt_procedure *procedure);

/* False: it ended, done is not called, and its memory may be freed. True: it first
 * sends further requests to the peer, then done is called. */
bool gatt_cancel(struct gatt_procedure *procedure);

/* For the code of a procedure: ends it. Called from dispatch. */
void gatt_end(struct gatt_procedure *procedure, int error);

/* For the code of a procedure that would continue after this ATT error. True: the
 * procedure waits for a remedy, after which it is started again or ends. */
bool gatt_wait_for_remedy(struct gatt_procedure *procedure, int error);

/* Whether a procedure may be repeated after this error, but for what was repeated. */
bool gatt_has_remedy(const struct gatt_client *client, int error);

/* For procedures: submits the next request, from dispatch. */
void gatt_next(struct gatt_procedure *procedure);

/* The op.done of a procedure that has one request. */
void gatt_op_done(struct att_op *op, int error);

/* The start of a procedure whose first request is in op. */
int gatt_start_op(struct gatt_procedure *procedure);

/* The reset of a procedure whose start sets everything, or whose op is the same again. */
void gatt_reset_nothing(struct gatt_procedure *procedure);

/* Puts a procedure, which must not be queued, in front of all others and starts it. The
 * first one until then must be waiting for a remedy. 0 or -errno, as gatt_run(). */
int gatt_run_first(struct gatt_client *client, struct gatt_procedure *procedure,
		   const struct gatt_class *class);

/* Queues a procedure behind the one that runs and before all others; in front of one
 * that waits for a remedy. 0 or -errno, as gatt_run(). */
int gatt_run_next(struct gatt_client *client, struct gatt_procedure *procedure,
		  const struct gatt_class *class);

/* Ends, from the next dispatch, each procedure that waits in the queue and for which
 * moved() returns a handle. */
void gatt_fail_moved(struct gatt_client *client,
		     uint16_t (*moved)(const struct gatt_procedure *procedure,
				       const void *user),
		     const void *user, int error);

/*
 * A remedy for one ATT error, embedded in its owner. Before a procedure ends with
 * this error, start() is called. If it returns true, the procedure keeps its place in
 * the queue and waits until gatt_remedied(). That calls end(), which returns 0 to have
 * the procedure reset and started again, or the error with which it ends. A procedure
 * is repeated once for each remedy; the second time it ends with the error. One
 * procedure waits at a time. If it is cancelled or the link is lost meanwhile, end()
 * is not called. Any procedure may be repeated, also one that is about several handles.
 */
struct gatt_remedy {
	int error; /* BLE_ERROR_ATT(code) */
	/* Called from dispatch. False: it does not help this procedure. */
	bool (*start)(struct gatt_remedy *remedy, struct gatt_procedure *procedure);
	int (*end)(struct gatt_remedy *remedy, struct gatt_procedure *procedure);
	/* Later procedures need the remedy, too: start() is also called for a cancelled
	 * procedure, and must return false for it. */
	bool for_others;
	/* Set by gatt_add_remedy(): */
	struct gatt_remedy *next; /* in the client's list */
	uint8_t bit; /* in gatt_procedure.repeated */
};

/* Adds a remedy, which must be valid until the client is cleared. 0; -ENOSPC: the client
 * has 8. */
int gatt_add_remedy(struct gatt_client *client, struct gatt_remedy *remedy);

/* To be called when the remedy succeeded or failed. The procedure that waits for it, if
 * there is one, continues. */
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
	uint16_t end;           /* last handle of the range */
	uint32_t next;          /* first handle whose value was not reported */
	uint16_t handle;        /* its value may be truncated; 0: none */
	/* By handles: */
	const uint8_t *handles; /* n as on the wire, kept by the owner */
	size_t n, at;
	size_t from;            /* at when the last request left */
	size_t room;            /* octets that its response has left */
	bool singly;            /* the peer has no Read Multiple Variable, or refused it */
	uint64_t asked;         /* when it was sent */
};

/* Read By Type over a range: 0 also if no attribute has the type. */
int gatt_read_by_type(struct gatt_client *client, struct gatt_read_each *each,
		      const struct ble_uuid *type, uint16_t start, uint16_t end);

/* Read Multiple Variable, or single reads if the peer does not support it. */
int gatt_read_multiple(struct gatt_client *client, struct gatt_read_each *each,
		       const uint8_t *handles, size_t n);

/* Read Multiple: the values concatenated, truncated to one response. */
int gatt_read_joined(struct gatt_client *client, struct gatt_read *read,
		     struct ble_bytes handles);

struct gatt_part { /* one of several values to write */
	uint16_t handle;
	struct ble_bytes value;
};

struct gatt_write {
	struct gatt_procedure procedure;
	struct gatt_part one;
	const struct gatt_part *parts; /* valid until done */
	size_t n, at;    /* at: index of the current one */
	bool reliable;   /* always Prepare Write, never a Write Request */
	bool queued;     /* the peer's queue of prepared writes may not be empty */
	size_t prepared; /* octets of the current value that are in it */
	int error;       /* the reason why it is emptied; 0: it is not */
};

/* -EMSGSIZE: more than 512 octets. The value must be valid until done. */
int gatt_write(struct gatt_client *client, struct gatt_write *write,
	       uint16_t handle, struct ble_bytes value);

/* Writes all of them or none: Reliable Writes (Vol 3, Part G, 4.9.5). */
int gatt_write_parts(struct gatt_client *client, struct gatt_write *write,
		     const struct gatt_part *parts, size_t n);

struct gatt_discovery {
	struct gatt_procedure procedure;
	struct ble_services tree; /* replaces the client's when complete */
	const struct gatt_step *steps;
	unsigned int step;
	size_t cursor;         /* of the step, in the tree */
	uint16_t swept_from, swept_to; /* range of the sweep for characteristics */
	uint16_t left; /* last value handle, if that sweep ended early there */
	uint16_t late; /* a declaration found behind left; 0: none */
	unsigned int response; /* number of the latest response */
	size_t rows;   /* that it had so far */
	const struct ble_uuid *uuids; /* of services; valid until done */
	size_t n_uuids, uuid;
	uint8_t wire[16];      /* the UUID of the request */
	bool hashed, known;    /* the peer has a hash; a cached tree has the same one */
	uint8_t hash[GATT_HASH];
	bool renews; /* it makes client->outdated false */
	bool again;  /* the peer's services changed while it ran: it starts over */
	unsigned int restarts; /* for that reason */
	bool misplaced; /* a record was lost: see discover_steps.c */
	unsigned int repeats; /* for that reason */
};

/* Discovers all services. Replaces client->tree when it succeeds. */
int gatt_discover(struct gatt_client *client, struct gatt_discovery *discovery);

/* The same behind the procedure that runs: see gatt_run_next(). */
int gatt_discover_next(struct gatt_client *client, struct gatt_discovery *discovery);

/* The same in front of the queue: see gatt_run_first(). */
int gatt_discover_first(struct gatt_client *client, struct gatt_discovery *discovery);

/* The same with the primary services of these UUIDs only. Ends with -ENOENT
 * if the peer has none of them. */
int gatt_discover_only(struct gatt_client *client, struct gatt_discovery *discovery,
		       const struct ble_uuid *uuids, size_t n);

extern const char gatt_no_service[]; /* the text of that error */

/* The peer's services changed, and their discovery failed with this error: ends the
 * procedures in the queue that are about handles of the tree. */
void gatt_tree_lost(struct gatt_client *client, int error);

/* Reads what descriptors of client->tree say of their characteristics. */
struct gatt_describe {
	struct gatt_read read;
	size_t at; /* index of the descriptor that is read */
	struct loop_task nothing; /* ends it from dispatch if there is nothing to read */
};

int gatt_describe(struct gatt_client *client, struct gatt_describe *describe);

/* -- Notifications and indications ---------------------------------------------- */

struct gatt_subscriber {
	struct list link; /* in its notifier */
	struct gatt_notifier *notifier;
	uint8_t mode; /* enum ble_subscribe: notify or indicate */
	void (*value)(struct gatt_subscriber *subscriber, uint16_t handle,
		      struct ble_bytes value);
	/* The new tree has another characteristic, or none, at its handle: it was
	 * removed, and a write of its configuration that waits ends with an error. May
	 * free the subscriber. */
	void (*moved)(struct gatt_subscriber *subscriber);
};

/* A write of a client characteristic configuration (Vol 3, Part G, 3.3.3.3). */
struct gatt_configuration {
	struct gatt_write write;
	uint16_t handle; /* of the characteristic's value */
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

/* Removes the subscribers whose characteristic differs in the client's tree from that
 * in was, or has lost the property that they use. whole: see gatt_moved(). */
void gatt_drop_moved(struct gatt_client *client, const struct ble_services *was,
		     bool whole);

/* To be called when the peer may have lost its configurations in this range. The next
 * gatt_resubscribe() of each then writes it again. The configuration of except is left
 * out, since some peers answer its write with another Service Changed, without end. */
void gatt_configurations_unknown(struct gatt_client *client, uint16_t start, uint16_t end,
				 const struct gatt_subscriber *except);

/* As gatt_subscribe(), for a subscriber that was added before. */
int gatt_resubscribe(struct gatt_client *client, struct gatt_subscriber *subscriber,
		     struct gatt_configuration *configuration, bool *ret_write);

/* Passes a value from the link to each subscriber. The caller must keep the client's
 * memory until this returns. */
void gatt_notified(struct gatt_client *client, uint16_t handle,
		   struct ble_bytes value);

/* -- Another tree (moved.c) ------------------------------------------------------- */

/* Whether the tree has a value or a descriptor with this handle. */
bool gatt_in_tree(const struct ble_services *tree, uint16_t handle);

/* Whether the value or descriptor with this handle in one tree is not at this handle in
 * another one. False if the first tree has none there. whole: the other tree is all
 * of the peer's; if not, nothing is known of handles outside of its services. */
bool gatt_moved(const struct ble_services *was, const struct ble_services *is, bool whole,
		uint16_t handle);

/* The first handle of the procedure that is in this struct ble_services; 0: none is. */
uint16_t gatt_handle_in_tree(const struct gatt_procedure *procedure, const void *tree);

/* The services changed while this procedure was under way, and it is about a handle of
 * the tree: it is to send no further request with it. */
bool gatt_outdated(const struct gatt_procedure *procedure);

/* -- Service Changed (service_changed.c) ---------------------------------------- */

/*
 * Half a second after a discovery, so that the first calls of the user come first,
 * Client Supported Features (Vol 3, Part G, 7.2) is written and Service Changed (7.1)
 * subscribed to. An indication of Service Changed, or the error Database Out Of Sync,
 * starts a discovery. After it changed() is called with 0 and the new tree in place, or
 * with the error.
 */
struct gatt_service_changed {
	struct gatt_client *client;
	/* The cache of trees by their hash; both NULL: there is none. load gives a tree
	 * that is not tied (see tree.h); false: it has none with this hash. */
	bool (*load)(struct gatt_service_changed *changed, const uint8_t hash[GATT_HASH],
		     struct ble_services *ret_tree);
	void (*save)(struct gatt_service_changed *changed, const uint8_t hash[GATT_HASH],
		     const struct ble_services *tree);
	void (*changed)(struct gatt_service_changed *changed, int error, uint16_t start,
			uint16_t end);
	/* client->outdated was set. May be NULL. */
	void (*outdated)(struct gatt_service_changed *changed);
	/* Private: */
	struct loop_timer timer;
	bool features_done, features_queued;
	uint8_t bits;
	struct gatt_write features;
	bool subscribe_tried, configuring;
	struct gatt_subscriber subscriber;
	struct gatt_configuration configuration;
	bool discovering;
	uint16_t start, end; /* what changed, in one range */
	struct gatt_discovery discovery;
	struct gatt_remedy out_of_sync;
};

/* Must be valid until the client is cleared. */
void gatt_service_changed_init(struct gatt_service_changed *changed,
			       struct gatt_client *client);

#endif
