/* SPDX-License-Identifier: MIT */
/* The objects of blewire.h, and what the files of api/ share. */
#ifndef API_INTERNAL_H
#define API_INTERNAL_H

#include "att/adapter.h"
#include "base/bytes.h"
#include "base/deferred_free.h"
#include "gatt/gatt.h"
#include "gatt/server.h"

/* By default uthash exits when it is out of memory. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(obj) ((void)(obj))
#define HASH_FUNCTION(key, len, value) ((value) = address_hash(key))
#include <uthash.h>

/* Keys are addresses: random octets, or consecutive ones, and a type. */
static inline unsigned int address_hash(const struct ble_address *address)
{
	uint32_t low = get_le32(address->octet), high = get_le16(address->octet + 4);
	uint32_t mixed = (low ^ (high << 8 | address->type)) * UINT32_C(0x9e3779b1);

	return mixed ^ mixed >> 15;
}

/* -- Adapter and scanner ------------------------------------------------------ */

struct ble_adapter {
	unsigned int refs;
	struct ble_loop *loop; /* ref'd */
	struct adapter *backend;
	struct ble_adapter_info *info; /* for the user: outlives the backend */
	bool gone;
	struct list awaiting; /* of struct adapter_awaiting */
	void (*await_back)(struct ble_adapter *adapter); /* once it is gone; NULL: nobody did */
	struct adapter_watch *watch; /* while it is gone and awaited; NULL: cannot be had */
	struct loop_timer again;     /* the next try to open it again */
	unsigned int tries_left;
	uint64_t next_reopen; /* keepers try no earlier, by loop_now() */
	struct list scanners;     /* running */
	struct list_walk walk;    /* of the current report */
	bool scanning;
	struct adapter_scan scan; /* the backend's current scan */
	struct list connections;  /* that are up */
	struct list connects;     /* calls under way, the oldest first */
	/* Peers that were heard or connected, each at its place (adapter.c): one that
	 * has the same place as another replaces it. Type UNKNOWN: none. */
	struct ble_address known[1024];
	struct reset_op reset;
	bool resetting;
	ble_done_func reset_done; /* may be NULL */
	void *reset_user;
	struct gatt_table table;  /* of this device, for peers that discover it */
	struct gatt_session session;
	char *cache; /* folder; NULL: no cache */
	char *cache_failure; /* a sentence; NULL: none */
	bool cache_stopped; /* a file could not be written: none is any more */
	struct { /* what peers did earlier; the oldest is dropped first */
		struct ble_address address;
		enum gatt_several several;
	} peers[64];
	unsigned int n_peers; /* so far */
};

/* Makes an adapter of an opened backend, which it owns from then on. */
int adapter_new(struct ble_loop *loop, struct adapter *backend,
		struct ble_adapter **ret_adapter);

/* The address type of a peer that was heard or connected, now or earlier. False: not
 * known. */
bool adapter_recall_type(const struct ble_adapter *adapter, struct ble_address *address);
void adapter_remember_type(struct ble_adapter *adapter, const struct ble_address *address);

/* adapters.c */
extern const struct backend *const adapter_backends[];
extern const size_t adapter_n_backends;

void adapter_take_backend(struct ble_adapter *adapter, struct adapter *backend);

/* reopen.c: while anybody waits, an adapter that is gone is opened again as soon as it is
 * back. back() is then called, perhaps from inside ble_adapter_reopen(): it must not call
 * the user. */
struct adapter_awaiting {
	struct list link;
	void (*back)(struct adapter_awaiting *awaiting);
};

void adapter_await(struct ble_adapter *adapter, struct adapter_awaiting *awaiting);
void adapter_await_no_more(struct ble_adapter *adapter, struct adapter_awaiting *awaiting);

/* 0 if it is there. Otherwise opens it again, at most once a second. */
int adapter_reopen_in_turn(struct ble_adapter *adapter);

/* Sets the error text for a removed adapter and returns -ENODEV. */
int adapter_gone(const struct ble_adapter *adapter);

/* A callback for reports. */
struct ble_listener {
	struct list link; /* in its scanner's listeners */
	struct ble_scanner *scanner;
	ble_seen_func seen;
	void *user;
};

struct ble_scanner {
	unsigned int refs; /* the user's; 0: no more callbacks */
	unsigned int held; /* by the current report: keeps the memory */
	unsigned int run;  /* counts starts and stops */
	struct ble_adapter *adapter; /* ref'd */
	struct list link;            /* in adapter->scanners while it runs */
	struct ble_listener first;   /* the one given to ble_scanner_new() */
	struct list listeners;
	struct list_walk walk;       /* of the current report */
	ble_scan_ended_func ended;
	void *user;
	struct ble_scan_params params; /* with copies of what it points to */
	struct adapter_scan scan;
	struct ble_device *devices; /* uthash by address; each is also in a list: */
	struct list others, kept;   /* the most recently heard at the end */
	unsigned int n_others, n_kept;
};

/* Starts, changes or stops the backend's scan as the running scanners need it. */
int adapter_update_scan(struct ble_adapter *adapter);

/* Gives a report to one scanner. A callback may free the scanner. */
void scanner_report(struct ble_scanner *scanner,
		    const struct ble_advertisement *report);

/* device.c: merges a report into its device and returns that; NULL: no memory.
 * ret_changed: the data differs from the last of its kind. */
struct ble_device *device_merge(struct ble_scanner *scanner,
				const struct ble_advertisement *report,
				bool *ret_changed);

/* Whether this address, with its type, was heard. */
bool device_heard(const struct ble_scanner *scanner, const struct ble_address *address);

/* The device passed the filters: keeps it as params.keep says. */
void device_keep(struct ble_scanner *scanner, struct ble_device *device);
void device_forget_all(struct ble_scanner *scanner);

/* Devices kept only for merging their reports; the oldest are dropped first. */
enum { MAX_DEVICES = 4096 };

struct ble_device {
	unsigned int refs;
	struct ble_adapter *adapter; /* ref'd */
	struct ble_address address;  /* the key */
	bool kept;         /* it is in the scanner's list kept */
	bool fits;         /* name and services pass the filters */
	bool delivered[2]; /* the data below was given to the user */
	bool connectable;
	struct {
		uint8_t *octets;
		uint16_t len, room;
	} data[2]; /* of advertising, of the scan response */
	char *name;      /* NULL: none */
	size_t name_room;
	struct ble_advertisement adv; /* the latest; points to the data above */
	struct list age;
	UT_hash_handle hh; /* in its scanner's table */
};

/* advertisement.c: the name as it was sent; empty if there is none. */
struct ble_bytes advertisement_name(const struct ble_advertisement *adv);

/* -- Client -------------------------------------------------------------------- */

/* A call under way. It is the first member of each kind of call. */
struct ble_op {
	struct list link; /* in its client's ops */
	struct ble_loop *loop;
	struct ble_client *client; /* NULL: none, for example a scan */
	const struct op_class *class;
	struct gatt_procedure *procedure; /* that carries it out, or NULL */
	struct loop_timer deadline;
	struct deferred_free memory; /* keeps the memory in callbacks, which may cancel it */
	bool silent;      /* no more callbacks; it may still clean up at the peer */
	bool stopped;     /* its client has left the link: see op_stop() */
	bool cleans;      /* the same; it goes on to clean up at the peer */
	ble_done_func done;
	void *user;
};

struct op_class { /* NULL members: cancel the procedure, call done */
	/* Cancels without calling back. True: it goes on to clean up at the peer,
	 * and op_end() comes at the end of that. */
	bool (*cancel)(struct ble_op *op);
	/* Calls the user's callback. */
	void (*call_back)(struct ble_op *op, int error);
};

/* Allocates a call, zeroed, and initializes its op. NULL and an error if the client
 * is not connected or there is no memory. */
void *op_new(struct ble_client *client, size_t size, const struct op_class *class,
	     ble_done_func done, void *user, int *ret_error);

/* The same, but zeroes only as many octets as zeroed says. */
void *op_new_bare(struct ble_client *client, size_t size, size_t zeroed,
		  const struct op_class *class, ble_done_func done, void *user,
		  int *ret_error);

/* Initializes the op of a call that was allocated otherwise. The caller sets its
 * client. */
void op_init(struct ble_op *op, struct ble_loop *loop,
	     const struct op_class *class, ble_done_func done, void *user);

/* This procedure carries it out; to be called before the procedure starts. */
void op_carry(struct ble_op *op, struct gatt_procedure *procedure);

/* After the call was submitted: puts it into the client's list, or frees it if
 * there was an error. Returns error. */
int op_begin(struct ble_op *op, int error, struct ble_op **ret_op);

/* The error for an invalid argument: -EINVAL with this text, or -ENOTCONN without a
 * connection. */
int client_refuse(struct ble_client *client, const char *words);
extern const char refused_handle[], refused_number[];

/* For the reserved room of a caller's struct. reserved_used() returns -EINVAL. */
bool all_zero(const uint64_t *reserved, size_t size);
int reserved_used(struct ble_loop *loop);

/* From dispatch: unlinks it, calls back, frees it. */
void op_end(struct ble_op *op, int error);

/* Its client leaves a link that goes on for others: cancels it without calling back. Until
 * op_end_stopped() the user may still cancel it. */
void op_stop(struct ble_op *op);

/* From dispatch: calls back with this error. What still cleans up at the peer becomes the
 * connection's. Also for an op that was not stopped. */
void op_end_stopped(struct ble_op *op, int error);

/* Keep the op alive across a callback that is not the last. op_leave() returns
 * false if the op has ended meanwhile. */
void op_enter(struct ble_op *op);
bool op_leave(struct ble_op *op);

enum client_state {
	CLIENT_IDLE,
	CLIENT_CONNECTING,
	CLIENT_CONNECTED,
	CLIENT_CLOSING, /* without a link; callbacks are still to come */
};

/*
 * A link and what belongs to it. Several clients of one adapter share the link to their
 * peer. After the end of the link it keeps the tree, as long as a client refers to it.
 */
struct connection {
	unsigned int refs; /* of clients */
	unsigned int held; /* by calls that need the memory */
	struct ble_adapter *adapter; /* of its clients */
	struct list up;      /* in adapter->connections: clients can join it */
	struct ble_address address;
	struct gatt_client gatt; /* its att is the link; NULL: none */
	struct gatt_service_changed service_changed;
	struct list clients; /* on the link; also the one whose connect is not done */
	struct list_walk walk; /* of callbacks of all clients */
	struct list ops;     /* of clients that left: they clean up at the peer */
	unsigned int heard;  /* counts notifications and indications */
};

struct ble_client {
	unsigned int refs; /* the user's; 0: no more callbacks */
	unsigned int held; /* by calls that need the memory */
	struct ble_adapter *adapter; /* ref'd */
	struct ble_loop *loop;       /* the adapter's */
	struct ble_address address;
	enum client_state state;
	struct connection *connection; /* ref'd; of the latest link */
	struct list on_link; /* in connection->clients */
	struct att *att;     /* the connection's while it is on the link; else NULL */
	struct list ops;
	struct list subscriptions;
	struct connect_call *connect; /* while CONNECTING */
	struct loop_task closing;
	unsigned int requests; /* of the connection that ended */
	int timeout_ms; /* of each later call; negative: no limit */
	bool timeout_set; /* by the user: GATT_LIMIT_S is not for them */
	ble_disconnected_func disconnected;
	void *disconnected_user;
	ble_changed_func changed;
	void *changed_user;
	ble_writable_func writable;
	void *writable_user;
	ble_overrun_func overrun;
	void *overrun_user;
	unsigned int commands; /* write commands that wait among the procedures */
	bool refused;          /* a write command, because of these or of the tree */
	bool full;             /* a write command was refused: the link was full */
	struct loop_task room;
	struct ble_keeper *keeper; /* that keeps it connected; NULL: none */
	ble_disconnected_func keeper_disconnected; /* its own, after the user's */
};

/* Keep the client's memory across callbacks, which may drop its last reference. */
void client_hold(struct ble_client *client);
void client_release(struct ble_client *client);

/* connect.c */
void connect_lost(struct connect_call *call, int error, uint8_t reason);
void connect_cancel_attempt(struct connect_call *call);
void connect_end(struct connect_call *call, int error); /* calls back */

/* connection.c */
int connection_new(struct ble_adapter *adapter, struct connection **ret_connection);
void connection_unref(struct connection *connection);

/* Whether they may be the same peer: the type of one may be unknown. */
bool same_peer(const struct ble_address *a, const struct ble_address *b);

/* The connection to this peer that is up; NULL: none. */
struct connection *connection_find(const struct ble_adapter *adapter,
				   const struct ble_address *address);

/* Makes sure that no other client refers to the client's connection. 0 or -ENOMEM. */
int client_own_connection(struct ble_client *client);

/* Gives the client's own connection a link; others can join it after the second. */
void client_take_link(struct ble_client *client, struct att *att);
void connection_set_up(struct connection *connection);
void client_join(struct ble_client *client, struct connection *connection);

/* Takes the client off its link; the last one frees it. client_leave() also ends what it
 * has at the peer and others have not; its calls get their callbacks by client_end(). */
void client_drop_link(struct ble_client *client);
void client_leave(struct ble_client *client);
bool client_shares_link(const struct ble_client *client);

/* client.c, from dispatch: ends the calls, then tells that the connection ended. */
void client_end(struct ble_client *client, uint8_t reason, bool asked);

/* cache.c: for each link, as its address decides whether trees are kept in files. */
void connection_use_cache(struct connection *connection);

/* adapter.c: what is known of this peer; GATT_SEVERAL_UNKNOWN: nothing. */
enum gatt_several adapter_recall(const struct ble_adapter *adapter,
				 const struct ble_address *address);
void adapter_remember(struct ble_adapter *adapter, const struct ble_address *address,
		      enum gatt_several several);

/* write.c: write commands wait while gatt.outdated is set. The first has those wait that
 * were made before and not sent. The second tells that there is room, if there is. */
void client_hold_commands(struct ble_client *client);
void client_tell_writable(struct ble_client *client);

/* link.c: 0, or an error with its text set. */
int link_check(const struct ble_adapter *adapter,
	       const struct ble_link_params *params);
struct link_params link_params_of(const struct ble_link_params *params);

/* subscription.c: the user's pointer is not valid any more. */
void subscription_disown(struct ble_subscription *subscription);

/* resubscribe.c: the tree is a new one, for all clients of the connection. Subscriptions
 * in this range are configured again, as are those whose characteristic has another handle
 * now; those that the tree no longer has become inactive. */
void connection_renew_subscriptions(struct connection *connection, uint16_t start,
				    uint16_t end);

/* When the connection is lost, they become inactive. When the client is freed, they
 * are freed. */
void client_deactivate_subscriptions(struct ble_client *client);

/* The client leaves a link that goes on for others: its subscriptions become inactive, and
 * the peer is configured for those of the others. */
void client_leave_subscriptions(struct ble_client *client);
void client_end_subscriptions(struct ble_client *client);

/* read.c: value and done have different users. */
struct each_args {
	ble_attribute_func value;
	void *user;
	ble_done_func done;
	void *done_user;
};

int client_read_by_uuid(struct ble_client *client, const struct ble_uuid *uuid,
			uint16_t start, uint16_t end,
			const struct each_args *args, struct ble_op **ret_op);
int client_read_multiple(struct ble_client *client, const uint16_t *handles,
			 size_t n, const struct each_args *args,
			 struct ble_op **ret_op);

/* -- Keeper --------------------------------------------------------------------- */

enum keeper_state {
	KEEPER_WAITS = -1, /* for the next attempt */
	KEEPER_CONNECTS,   /* these are the steps of an attempt, in their order */
	KEEPER_DISCOVERS,
	KEEPER_SECURES,
	KEEPER_RESUBSCRIBES,
	KEEPER_STEPS,
	KEEPER_UP = KEEPER_STEPS,
	KEEPER_OVER, /* it gave up */
};

/* Begins a step. 0: keeper_step_done() comes from dispatch, unless the connection is lost
 * or op is cancelled before. */
typedef int (*keeper_step)(struct ble_keeper *keeper);

struct ble_keeper {
	struct ble_client *client; /* ref'd */
	struct ble_keeper_params params; /* with the defaults set */
	ble_keeper_func changed;
	void *user;
	enum keeper_state state;
	const keeper_step *steps; /* KEEPER_STEPS of them; NULL: nothing to do */
	struct ble_op *op;        /* of the step, or of the check while up; NULL: none */
	struct loop_timer timer;  /* the next attempt; while up, the next check */
	struct loop_timer limit;  /* when it gives up */
	struct adapter_awaiting awaiting; /* the adapter, while that is gone */
	unsigned int attempts;    /* since it was last up */
	uint32_t wait_ms;         /* before the next attempt but for jitter */
	uint32_t random;
	unsigned int progress;    /* of the peer, at the last check */
	bool asking;              /* op is that of the check */
};

void keeper_step_done(struct ble_keeper *keeper, int error);

/* -- Sync ------------------------------------------------------------------------- */

/* What a _sync call waits for. */
struct sync {
	bool done;
	int error;
	const struct ble_client *client; /* held; NULL: none */
};

void sync_done(void *sync, int error); /* a ble_done_func */

/* Runs the loop until sync->done and returns its error. After an interrupt it
 * cancels op (NULL: the caller does) and returns -EINTR. -ECANCELED: a callback
 * dropped the last reference to the client, which ended op. */
int sync_wait(struct ble_loop *loop, struct sync *sync, struct ble_op *op);

#endif
