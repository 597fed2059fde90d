/* SPDX-License-Identifier: MIT */
/* What the objects of blewire.h are made of. */
#ifndef API_INTERNAL_H
#define API_INTERNAL_H

#include "att/adapter.h"
#include "base/bytes.h"
#include "base/deferred_free.h"
#include "gatt/gatt.h"
#include "gatt/server.h"

/* Out of memory is an error here, not the end of the program. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(obj) ((void)(obj))
#define HASH_FUNCTION(key, len, value) ((value) = address_hash(key))
#include <uthash.h>

/* The only keys: octets that are random, or count up, and a type. */
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
	bool gone;
	struct list scanners;     /* that run */
	struct list_walk walk;    /* of the report under way */
	bool scanning;
	struct adapter_scan scan; /* what the backend was asked for */
	struct reset_op reset;
	bool resetting;
	ble_done_func reset_done; /* may be NULL */
	void *reset_user;
	struct gatt_table table;  /* what peers see of us */
	struct gatt_session session;
	char *cache; /* the folder of trees; NULL: none are kept */
};

/* Around an opened backend, which it owns from then on. */
int adapter_new(struct ble_loop *loop, struct adapter *backend,
		struct ble_adapter **ret_adapter);

/* Says that it was taken away, and returns -ENODEV. */
int adapter_gone(const struct ble_adapter *adapter);

/* One who is told of reports. */
struct ble_listener {
	struct list link; /* in its scanner's listeners */
	struct ble_scanner *scanner;
	ble_seen_func seen;
	void *user;
};

struct ble_scanner {
	unsigned int refs; /* the user's: without any, all is silent */
	unsigned int held; /* by the report under way, which needs the memory */
	unsigned int run;  /* counts starts and stops */
	struct ble_adapter *adapter; /* ref'd */
	struct list link;            /* in adapter->scanners while it runs */
	struct ble_listener first;   /* the one given to ble_scanner_new() */
	struct list listeners;
	struct list_walk walk;       /* of the report under way */
	ble_scan_ended_func ended;
	void *user;
	struct ble_scan_params params; /* its pointers are ours */
	struct adapter_scan scan;
	struct ble_device *devices; /* uthash by address; each is in a list: */
	struct list others, kept;   /* the one seen last at the end */
	unsigned int n_others, n_kept;
};

/* Brings the backend's scan in line with the scanners that run. */
int adapter_update_scan(struct ble_adapter *adapter);

/* A report, to one scanner, which may be gone afterwards. */
void scanner_report(struct ble_scanner *scanner,
		    const struct ble_advertisement *report);

/* device.c: the device of a report, with the report merged into it; NULL: no
 * memory. ret_changed: the data differs from the last of its kind. */
struct ble_device *device_note(struct ble_scanner *scanner,
			       const struct ble_advertisement *report,
			       bool *ret_changed);

/* It passed: params.keep says what becomes of it. */
void device_keep(struct ble_scanner *scanner, struct ble_device *device);
void device_forget_all(struct ble_scanner *scanner);

/* The devices that a scanner needs for merging only; the oldest go first. */
enum { MAX_DEVICES = 4096 };

struct ble_device {
	unsigned int refs;
	struct ble_adapter *adapter; /* ref'd */
	struct ble_address address;  /* the key */
	bool kept;         /* in the scanner's list of this name */
	bool fits;         /* name and services are those asked for */
	bool delivered[2]; /* the data below went to the user */
	bool connectable;
	struct {
		uint8_t *octets;
		uint16_t len, room;
	} data[2]; /* of advertising, of the scan response */
	char *name;      /* NULL: none */
	size_t name_room;
	struct ble_advertisement adv; /* the latest; of the data above */
	struct list age;
	UT_hash_handle hh; /* in its scanner's table */
};

/* advertisement.c: the name as it was sent; empty if there is none. */
struct ble_bytes advertisement_name(const struct ble_advertisement *adv);

/* -- Client -------------------------------------------------------------------- */

/* A call under way; embedded first in each kind of call. */
struct ble_op {
	struct list link; /* in its client's ops */
	struct ble_loop *loop;
	struct ble_client *client; /* NULL: of none, as a search */
	const struct op_class *class;
	struct gatt_procedure *procedure; /* that it is, or NULL */
	struct loop_timer deadline;
	struct life life; /* around its callbacks: a user may cancel it there */
	bool silent;      /* over for the user; it only puts the peer right */
	ble_done_func done;
	void *user;
};

struct op_class { /* NULL: as a procedure that calls done */
	/* Takes back what is under way, silently. True: the peer is put right
	 * first, and op_end() comes once it is. */
	bool (*stop)(struct ble_op *op);
	/* Calls the user back. */
	void (*tell)(struct ble_op *op, int error);
};

/* A call's memory, its op first, zeroed; NULL and the error where the client
 * is not connected or there is no memory. */
void *op_new(struct ble_client *client, size_t size, const struct op_class *class,
	     ble_done_func done, void *user, int *ret_error);

/* The same where only its first octets have to be zeroed. */
void *op_new_bare(struct ble_client *client, size_t size, size_t zeroed,
		  const struct op_class *class, ble_done_func done, void *user,
		  int *ret_error);

/* The same for a call that is made otherwise; its client is to be set. */
void op_init(struct ble_op *op, struct ble_loop *loop,
	     const struct op_class *class, ble_done_func done, void *user);

/* It is carried by this procedure, to be run next. */
void op_carry(struct ble_op *op, struct gatt_procedure *procedure);

/* The call was made, with this error: puts it under way, or frees it. Returns
 * error. */
int op_begin(struct ble_op *op, int error, struct ble_op **ret_op);

/* What a call returns that was given something impossible: -EINVAL, with these
 * words, or -ENOTCONN where there is nobody to ask anyhow. */
int client_refuse(struct ble_client *client, const char *words);
extern const char refused_handle[], refused_number[];

/* The reserved room of a caller's struct: -EINVAL where it is not zero. */
bool all_zero(const uint64_t *reserved, size_t size);
int reserved_used(struct ble_loop *loop);

/* From dispatch: unlinks it, calls back, frees it. */
void op_end(struct ble_op *op, int error);

/* Before a callback that is not the last, and after it: false if it is over. */
void op_enter(struct ble_op *op);
bool op_leave(struct ble_op *op);

enum client_state {
	CLIENT_IDLE,
	CLIENT_CONNECTING,
	CLIENT_CONNECTED,
	CLIENT_CLOSING, /* no link any more, callbacks are due */
};

struct ble_client {
	unsigned int refs; /* the user's: without any, all is silent */
	unsigned int held; /* by calls that still need the memory */
	struct ble_adapter *adapter; /* ref'd */
	struct ble_loop *loop;       /* the adapter's */
	struct ble_address address;
	enum client_state state;
	struct att *att;
	struct gatt_client gatt;
	struct gatt_keeper keeper;
	struct list ops;
	struct list subscriptions;
	struct connect_call *connect; /* while CONNECTING */
	struct loop_task closing;
	unsigned int requests; /* of the connection that ended */
	int timeout_ms; /* of each later call; negative: no limit */
	ble_disconnected_func disconnected;
	void *disconnected_user;
	ble_changed_func changed;
	void *changed_user;
	ble_writable_func writable;
	void *writable_user;
};

/* Around callbacks: they may drop the client, its memory stays until then. */
void client_hold(struct ble_client *client);
void client_release(struct ble_client *client);

/* connect.c */
void connect_lost(struct connect_call *call, int error, uint8_t reason);
void connect_halt(struct connect_call *call); /* nothing will come of it */
void connect_abort(struct connect_call *call, int error); /* calls back */

/* The client has a link from now on, or no longer. */
void client_take_link(struct ble_client *client, struct att *att);
void client_drop_link(struct ble_client *client);

/* cache.c: what the client's tree is kept up with; and for each link, whether
 * trees of this peer are kept on the disk. */
void client_init_keeper(struct ble_client *client);
void client_use_cache(struct ble_client *client);

/* link.c: 0, or the sentence said. */
int link_check(const struct ble_adapter *adapter,
	       const struct ble_link_params *params);
struct link_params link_params_of(const struct ble_link_params *params);

/* subscription.c: as with ret_subscription NULL: nobody has the pointer any more. */
void subscription_let_go(struct ble_subscription *subscription);

/* resubscribe.c: the tree is another one. Those in this range are configured
 * again; those that it no longer has become inactive. */
void client_renew_subscriptions(struct ble_client *client, uint16_t start,
				uint16_t end);

/* The connection is gone: they become inactive. The client is: they are freed. */
void client_deactivate_subscriptions(struct ble_client *client);
void client_end_subscriptions(struct ble_client *client);

/* read.c: with a pointer of its own for done. */
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

/* -- Sync ------------------------------------------------------------------------- */

/* What a _sync call waits for. */
struct sync {
	bool done;
	int error;
	const struct ble_client *client; /* held; NULL: it is not about one */
};

void sync_done(void *sync, int error); /* a ble_done_func */

/* Runs the loop until sync->done and returns its error; after an interrupt
 * cancels op (NULL: the caller does) and returns -EINTR. -ECANCELED: a callback
 * dropped the client, and op with it. */
int sync_wait(struct ble_loop *loop, struct sync *sync, struct ble_op *op);

#endif
