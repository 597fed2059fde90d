/* SPDX-License-Identifier: MIT */
/*
 * A dongle as an adapter: the struct that the files of this folder share.
 */
#ifndef BGAPI_ADAPTER_H
#define BGAPI_ADAPTER_H

#include "att/adapter.h"
#include "bgapi/bgapi.h"
#include "bgapi/dongle.h"
#include "bgapi/serial.h"
#include "bgapi/result.h"

enum {
	AGAIN_MS = 10,    /* before a command is sent again to a full queue */
	DONGLE_LINKS = 8, /* the most that an image can be built for */
	DONGLE_MTU = ATT_MTU_MIN,
	DONGLE_VALUE = DONGLE_MTU - 3, /* of a write or a write command */
	WRITE_RING = 8
};

struct bgapi_adapter;

/* -- Links (link.c) ---------------------------------------------------------- */

enum link_state {
	LINK_NONE,    /* the connection handle is free */
	LINK_UP,
	LINK_LOST,    /* ended; its user has not freed the att yet */
	LINK_CLOSING, /* its user freed the att; the dongle has not ended it yet */
};

/* A write command without a done(): only its value is kept. */
struct write_command {
	uint16_t handle;
	uint8_t len;
	uint8_t octet[DONGLE_VALUE];
};

/* One for each connection handle of the dongle, so links are never allocated. */
struct bgapi_link {
	struct att att;
	struct bgapi_adapter *owner;
	uint8_t handle;
	enum link_state state;
	struct ble_address peer;
	bool on_dongle; /* as far as we know, the dongle still has the connection */

	/* Requests: the firmware runs one procedure at a time on a link. */
	struct list requests;   /* queued; the running one is not in it */
	bool counted;           /* ahead is valid for the first request */
	unsigned int ahead;     /* write commands to be sent before it */
	struct att_op *current; /* NULL: none runs, or it was cancelled */
	bool busy;              /* the firmware's procedure runs */
	enum att_verb verb;     /* of the running procedure */
	uint16_t target, last;  /* its handle; the handle of the last record */
	bool malformed;         /* its records break the protocol */
	unsigned long skipped;  /* the framer's count of noise when it began */
	unsigned long input;    /* dongle.inputs when it began */
	bool mtu_asked;
	struct dongle_call call;
	struct loop_timer limit, again;

	/* Write commands: those in the ring are sent first. */
	struct list commands;
	struct att_op *command; /* being sent; NULL: none, cancelled, or the ring's */
	bool writing;
	struct write_command ring[WRITE_RING];
	uint8_t first, count;
	bool refused; /* a command without done met -EAGAIN */
	struct loop_task room; /* tells that there is room after a cancel */
	struct dongle_call write;
	struct loop_timer write_again;

	unsigned int confirms; /* confirmations to send */
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
	struct loop_timer closing; /* limit for the disconnect event */
};

void bgapi_link_init(struct bgapi_link *link, struct bgapi_adapter *owner, uint8_t handle);
/* The dongle announced the connection. The caller owns the att. */
struct att *bgapi_link_open(struct bgapi_link *link, const struct ble_address *peer,
			    const struct att_link *params);
/* Handles an event of this link, other than connection_status. */
void bgapi_link_event(struct bgapi_link *link, const struct bgapi_frame *frame);
void bgapi_link_changed(struct bgapi_link *link, const struct att_link *params);
/* Ends the link's ops and calls closed(). reason: the controller's code or 0.
 * on_dongle: the dongle may still have the connection, and is told to end it. */
void bgapi_link_lost(struct bgapi_link *link, int error, uint8_t reason, bool on_dongle);
/* Whether the peer has left a request unanswered for 30 s. The firmware then ends the
 * link itself, perhaps a little before our timer. */
bool bgapi_link_overdue(const struct bgapi_link *link);
/* Frees the handle without a callback and without a command. */
void bgapi_link_reset(struct bgapi_link *link);

/* attclient.c: requests. */
void bgapi_procedure_init(struct bgapi_link *link);
void bgapi_procedure_pump(struct bgapi_link *link);
void bgapi_procedure_cancel(struct bgapi_link *link); /* the current one */
void bgapi_procedure_drop(struct bgapi_link *link);

/* write_commands.c: write commands and confirmations. */
void bgapi_write_commands_init(struct bgapi_link *link);
int bgapi_write_command_submit(struct bgapi_link *link, struct att_op *op);
/* How many the firmware has not accepted yet, including the one being sent. */
unsigned int bgapi_write_commands_waiting(const struct bgapi_link *link);
void bgapi_write_command_cancel(struct bgapi_link *link); /* the one being sent */
void bgapi_confirm_indication(struct bgapi_link *link);
void bgapi_write_commands_drop(struct bgapi_link *link);

/* connection_parameters.c: connection parameters and signal strength. */
void bgapi_parameters_init(struct bgapi_link *link);
void bgapi_parameters_reset(struct bgapi_link *link);
void bgapi_parameters_changed(struct bgapi_link *link);
/* Ends each link_op. False: a callback freed the adapter or the link; stop. */
bool bgapi_parameters_lost(struct bgapi_link *link);
int bgapi_link_rssi(struct att *att, struct link_op *op);
int bgapi_link_update(struct att *att, struct link_op *op);
void bgapi_link_cancel_op(struct att *att, struct link_op *op);
/* Returns -EINVAL and sets the text: the firmware's rule for connection intervals. */
int bgapi_interval_error(struct bgapi_adapter *a);

/* -- Scan and connects (gap.c) ------------------------------------------------------- */

enum gap_state { GAP_IDLE, GAP_SCANNING, GAP_CONNECTING };

/* The firmware either scans or connects. gap.c compares the requested state with the
 * current one and sends the next command on the way. */
struct gap {
	enum gap_state now;
	bool command_pending; /* sent, not answered */
	bool suspended;       /* during a reset, and until the dongle is initialised */
	unsigned int step;    /* of the commands that start a scan */
	unsigned int tries;   /* to start while something else was running */
	struct dongle_call call;
	struct loop_task wake;

	bool scan_wanted;
	struct adapter_scan wanted, running;
	struct list connects;
	struct connect_op *op;   /* of the running attempt; NULL: none, cancelled */
	struct ble_address peer; /* of the attempt */
	uint8_t handle;          /* that the dongle chose for it */
	bool connected_early;    /* connection_status came before the response */

	/* Turns of connects and the scan, where several are wanted */
	struct loop_timer turn;
	bool turn_over;          /* of the attempt */
	bool scan_turn;          /* connects wait for the scan's turn */
};

void bgapi_gap_init(struct bgapi_adapter *a);
/* Drops the scan and the connects without a callback. */
void bgapi_gap_release(struct bgapi_adapter *a);
int bgapi_gap_scan_start(struct adapter *adapter, const struct adapter_scan *scan);
void bgapi_gap_scan_stop(struct adapter *adapter);
int bgapi_gap_connect(struct adapter *adapter, struct connect_op *op);
void bgapi_gap_cancel(struct adapter *adapter, struct connect_op *op);
void bgapi_gap_report(struct bgapi_adapter *a, const struct bgapi_frame *frame);
/* The dongle announced a new connection. */
void bgapi_gap_connected(struct bgapi_adapter *a, struct bgapi_link *link,
			 const struct ble_address *peer, const struct att_link *params);
/* A handle without a link was disconnected. */
void bgapi_gap_not_connected(struct bgapi_adapter *a, uint8_t handle);
/* The dongle is gone: ends connects and scan. */
void bgapi_gap_lost(struct bgapi_adapter *a, int error, const char *words);

/* During a reset: moves the connects to ret_connects, drops the scan, and queues new
 * requests until bgapi_gap_resume(). */
void bgapi_gap_suspend(struct bgapi_adapter *a, struct list *ret_connects);
void bgapi_gap_resume(struct bgapi_adapter *a);

/* -- Initialising (startup.c) -------------------------------------------------------------- */

enum startup_state {
	STARTUP_IDLE,
	STARTUP_DRAINS,       /* reads what was meant for an earlier program */
	STARTUP_ASKS,         /* a command was sent */
	STARTUP_AWAITS_LINKS, /* the state of each link */
	STARTUP_ENDS_LINKS    /* awaits their ends */
};

struct startup_step;

struct bgapi_startup {
	enum startup_state state;
	const struct startup_step *step; /* whose command was sent last */
	struct dongle_call call;
	struct loop_timer timer;    /* not if it is blocking */
	uint64_t limit, drained;    /* of the state, of draining, by loop_now() */
	unsigned long inputs;       /* dongle.inputs when the limit was set */
	unsigned int hellos;        /* that got no answer */
	uint8_t link;               /* to be disconnected next */
	uint8_t up, known;          /* one bit for each link */
	bool unlicensed, blocking;
	int error;                  /* the result */
	void (*done)(struct bgapi_adapter *a, int error);
};

/* Initialises the dongle: ends what an earlier program left, reads address and number of
 * links. Takes over dongle.event and lost, which are NULL afterwards. done: from dispatch,
 * unless it is cancelled; may free the adapter. error: 0 or -errno with its text. */
void bgapi_start_begin(struct bgapi_adapter *a,
		       void (*done)(struct bgapi_adapter *a, int error));
void bgapi_start_cancel(struct bgapi_adapter *a);
/* The same, blocking, outside of dispatch. */
int bgapi_start(struct bgapi_adapter *a);

/* Ends scan, connect and links on the dongle. Blocks, but in a callback it does not wait
 * for the answers. */
void bgapi_shutdown(struct bgapi_adapter *a);

/* -- Reset (reset.c) ---------------------------------------------------------------------- */

struct bgapi_reset {
	const struct bgapi_reopen *reopen; /* NULL: it cannot be opened again */
	struct reset_op *op; /* NULL: no reset is running */
	struct loop_task begin;
	struct loop_timer timer;
	uint64_t limit;
	char name[BGAPI_PORT_NAME]; /* the stable one */
	/* The adapter's handlers; startup and reset have their own. */
	void (*event)(struct dongle *dongle, const struct bgapi_frame *frame);
	void (*lost)(struct dongle *dongle, int error);
};

void bgapi_reset_init(struct bgapi_adapter *a, const struct bgapi_reopen *reopen,
		      void (*event)(struct dongle *dongle, const struct bgapi_frame *frame),
		      void (*lost)(struct dongle *dongle, int error));
/* Initialises the dongle of an adapter that was made just now. Requests are queued until
 * that is done; if it fails, they end, and the adapter is gone. */
void bgapi_start_again(struct bgapi_adapter *a);
int bgapi_reset(struct adapter *adapter, struct reset_op *op);
/* Cancels the reset and returns its op, which is not called back; NULL: none runs. */
struct reset_op *bgapi_reset_cancel(struct bgapi_adapter *a);

/* -- The adapter ------------------------------------------------------------------------ */

struct bgapi_adapter {
	struct adapter adapter;
	struct dongle dongle;
	struct gap gap;
	struct bgapi_reset reset;
	struct bgapi_startup startup;
	uint8_t n_links; /* of the dongle's image */
	struct bgapi_link links[DONGLE_LINKS];
	char name[];
};

static inline struct bgapi_adapter *bgapi_of(struct adapter *adapter)
{
	return container_of(adapter, struct bgapi_adapter, adapter);
}

static inline struct bgapi_link *bgapi_link_of(struct att *att)
{
	return container_of(att, struct bgapi_link, att);
}

static inline struct dongle *dongle_of(struct bgapi_link *link)
{
	return &link->owner->dongle;
}

/* After a callback: whether the link is still up and its memory valid. */
static inline bool bgapi_link_is_up(const struct bgapi_link *link)
{
	return !link->owner->dongle.memory.freed && link->state == LINK_UP;
}

/* Whether a command was not sent yet: it is queued, or waits to be sent again. */
static inline bool not_sent(const struct dongle_call *call, const struct loop_timer *again)
{
	return list_queued(&call->link) || again->loop;
}

/* To be called after a change: the next dispatch compares requested and current state. */
static inline void bgapi_gap_wake(struct bgapi_adapter *a)
{
	if (!a->dongle.gone)
		loop_defer(a->dongle.loop, &a->gap.wake);
}

#endif
