/* SPDX-License-Identifier: MIT */
/*
 * A dongle as an adapter: what its parts know of each other.
 */
#ifndef BGAPI_ADAPTER_H
#define BGAPI_ADAPTER_H

#include "att/adapter.h"
#include "bgapi/dongle.h"
#include "bgapi/serial.h"
#include "bgapi/result.h"

enum {
	AGAIN_MS = 10,    /* until the firmware's queue may have room */
	DONGLE_LINKS = 8, /* the most that an image can be built for */
	DONGLE_MTU = ATT_MTU_MIN,
	DONGLE_VALUE = DONGLE_MTU - 3, /* of a write or a write command */
	COMMAND_RING = 8
};

struct bgapi_adapter;

/* -- Links (link.c) ---------------------------------------------------------- */

enum link_state {
	LINK_NONE,    /* the handle is free */
	LINK_UP,
	LINK_LOST,    /* ended, its user still has the att */
	LINK_CLOSING, /* its user is gone, the dongle still has it */
};

/* A write command of which nothing but the value is left to know. */
struct link_command {
	uint16_t handle;
	uint8_t len;
	uint8_t octet[DONGLE_VALUE];
};

/* The dongle's handles are few: a link is a place in a table, and nothing of
 * it is allocated. */
struct bgapi_link {
	struct att att;
	struct bgapi_adapter *owner;
	uint8_t handle;
	enum link_state state;
	struct ble_address peer;
	bool standing; /* the dongle has it, as far as we know */

	/* The procedure: firmware does one at a time on a link. */
	struct list requests;
	bool counted;           /* the commands ahead of the first */
	unsigned int ahead;
	struct att_op *current; /* NULL: none, or it was cancelled */
	bool busy;              /* the dongle is at it */
	enum att_verb verb;     /* of what it is at */
	uint16_t target, last;  /* its handle; that of the last record */
	bool disorder;          /* its records lie */
	unsigned long skipped;  /* octets of noise when it began */
	unsigned long input;    /* the piece of input that had been taken then */
	bool mtu_asked;
	struct dongle_call call;
	struct loop_timer limit, again;

	/* Write commands: those in the ring left first. */
	struct list commands;
	struct att_op *command; /* on its way; NULL: none, the ring's, cancelled */
	bool writing;
	struct link_command ring[COMMAND_RING];
	uint8_t first, count;
	bool refused; /* a command without done met -EAGAIN */
	struct dongle_call write;
	struct loop_timer write_again;

	unsigned int confirms; /* of indications, to be sent */
	struct dongle_call confirm;
	struct loop_timer confirm_again;

	struct list rssis; /* link_ops */
	unsigned int rssi_tries;
	struct dongle_call rssi;
	struct loop_timer rssi_again;
	struct link_op *updating;
	struct dongle_call update;
	struct loop_timer update_limit;

	struct dongle_call disconnect;
	struct loop_timer closing; /* for the event that ends it */
};

void bgapi_link_init(struct bgapi_link *link, struct bgapi_adapter *owner, uint8_t handle);
/* It was announced; the att is the receiver's. */
struct att *bgapi_link_open(struct bgapi_link *link, const struct ble_address *peer,
		      const struct att_link *params);
/* An event of this link, other than its status. */
void bgapi_link_event(struct bgapi_link *link, const struct bgapi_frame *frame);
void bgapi_link_changed(struct bgapi_link *link, const struct att_link *params);
/* It ended for its user. reason: the controller's code or 0. standing: the dongle
 * may still have it, and is told to end it. */
void bgapi_link_lost(struct bgapi_link *link, int error, uint8_t reason, bool standing);
/* Whether the peer owes an answer for 30 s, for which the firmware ends a link,
 * too, and its clock is not quite ours. */
bool bgapi_link_overdue(const struct bgapi_link *link);
/* Silently, nothing called and nothing sent. */
void bgapi_link_reset(struct bgapi_link *link);
struct bgapi_link *bgapi_link_of(struct att *att);

/* A command that is not with the dongle: behind another one, or to be sent again. */
static inline bool link_waits(const struct dongle_call *call, const struct loop_timer *again)
{
	return list_queued(&call->link) || again->loop;
}

/* attclient.c: procedures. */
void bgapi_procedure_init(struct bgapi_link *link);
void bgapi_procedure_pump(struct bgapi_link *link);
void bgapi_procedure_cancel(struct bgapi_link *link); /* the current one */
void bgapi_procedure_forget(struct bgapi_link *link);

/* write_commands.c: write commands and confirmations. */
void bgapi_command_init(struct bgapi_link *link);
int bgapi_command_submit(struct bgapi_link *link, struct att_op *op);
/* Those not yet with the firmware, the one on its way included. */
unsigned int bgapi_commands_waiting(const struct bgapi_link *link);
void bgapi_command_cancel(struct bgapi_link *link); /* the one on its way */
void bgapi_command_confirm(struct bgapi_link *link);
void bgapi_command_forget(struct bgapi_link *link);

/* connection_parameters.c: the radio's side. */
void bgapi_radio_init(struct bgapi_link *link);
void bgapi_radio_reset(struct bgapi_link *link);
void bgapi_radio_changed(struct bgapi_link *link);
/* Ends each link_op; false: stop, the adapter is gone or the link no longer lost. */
bool bgapi_radio_lost(struct bgapi_link *link);
int bgapi_link_rssi(struct att *att, struct link_op *op);
int bgapi_link_update(struct att *att, struct link_op *op);
void bgapi_link_cancel_op(struct att *att, struct link_op *op);

/* -- Scan and connects (gap.c) ------------------------------------------------------- */

enum gap_state { GAP_IDLE, GAP_SCANNING, GAP_CONNECTING };

/* One procedure at a time: what is wanted and what is are compared, and the
 * next command on the way from here to there is sent. */
struct gap {
	enum gap_state now;
	bool asking;          /* a command is on its way */
	bool held;            /* the dongle is being reset */
	unsigned int step;    /* of those that start a scan */
	unsigned int tries;   /* that met something already running */
	struct dongle_call call;
	struct loop_task wake;

	bool scan_wanted;
	struct adapter_scan wanted, running;
	struct list connects;
	struct connect_op *op;   /* whose attempt runs; NULL: none, cancelled */
	struct ble_address peer; /* of the attempt */
	uint8_t handle;          /* that the dongle keeps for it */
	bool met;                /* the link came before the response */
};

void bgapi_gap_init(struct bgapi_adapter *a);
void bgapi_gap_release(struct bgapi_adapter *a);
void bgapi_gap_wake(struct bgapi_adapter *a); /* something changed */
int bgapi_gap_scan_start(struct adapter *adapter, const struct adapter_scan *scan);
void bgapi_gap_scan_stop(struct adapter *adapter);
int bgapi_gap_connect(struct adapter *adapter, struct connect_op *op);
void bgapi_gap_cancel(struct adapter *adapter, struct connect_op *op);
void bgapi_gap_report(struct bgapi_adapter *a, const struct bgapi_frame *frame);
/* A new link was announced. */
void bgapi_gap_connected(struct bgapi_adapter *a, struct bgapi_link *link,
		   const struct ble_address *peer, const struct att_link *params);
/* -EINVAL, said: the firmware's rule for connection intervals. */
int bgapi_link_impossible(struct bgapi_adapter *a);
/* A handle without a link was disconnected. */
void bgapi_gap_not_connected(struct bgapi_adapter *a, uint8_t handle);
/* The dongle is gone: ends connects and scan. */
void bgapi_gap_lost(struct bgapi_adapter *a, int error, const char *words);

/* Takes over connects, forgets the scan and holds what is wanted from now on. */
void bgapi_gap_hold(struct bgapi_adapter *a, struct list *ret_connects);
void bgapi_gap_release_hold(struct bgapi_adapter *a);

/* -- Starting over (reset.c) ------------------------------------------------------------ */

struct restart {
	struct reset_op *op; /* NULL: none under way */
	struct loop_task begin;
	struct loop_timer timer;
	uint64_t limit;
	char name[BGAPI_PORT_NAME]; /* to find it again by */
};

void bgapi_restart_init(struct bgapi_adapter *a);
int bgapi_restart(struct adapter *adapter, struct reset_op *op);
/* Calls it off; its op, of which nobody will hear, or NULL. */
struct reset_op *bgapi_restart_take(struct bgapi_adapter *a);

/* -- The adapter ------------------------------------------------------------------------ */

struct bgapi_adapter {
	struct adapter adapter;
	struct dongle dongle;
	struct gap gap;
	struct restart restart;
	uint8_t n_links; /* that the image offers */
	struct bgapi_link links[DONGLE_LINKS];
	char name[];
};

static inline struct dongle *dongle_of(struct bgapi_link *link)
{
	return &link->owner->dongle;
}

/* After a callback: whether the link is as it was. */
static inline bool stands(const struct bgapi_link *link)
{
	return !link->owner->dongle.life.over && link->state == LINK_UP;
}

static inline struct bgapi_adapter *bgapi_of(struct adapter *adapter)
{
	return container_of(adapter, struct bgapi_adapter, adapter);
}

/* Takes the dongle's events, once it was started. */
void bgapi_adapter_listen(struct bgapi_adapter *a);

/* startup.c. Both outside of dispatch, blocking. */
int bgapi_start(struct bgapi_adapter *a);
/* Leaves scan, connect and links ended. Where it cannot wait it only asks. */
void bgapi_leave(struct bgapi_adapter *a);

#endif
