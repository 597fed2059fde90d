/* SPDX-License-Identifier: MIT */
/* What the parts of the emulator share. */
#ifndef TESTS_DONGLE_INSIDE_H
#define TESTS_DONGLE_INSIDE_H

#include "att/engine.h"
#include "bgapi/frame.h"
#include "bgapi/result.h"
#include "sim/peer.h"
#include "tests/dongle/dongle.h"

enum {
	INVALID_PARAM = 0x0180, /* results that result.h does not need */
	INVALID_COMMAND = 0x0184,
	TIMED_OUT = 0x0185,
	FLOW = 0x0187,
	TOO_LONG = 0x018a,
	CONNECTION_LIMIT = 0x0209,
	ATT_RESULT = 0x0400, /* plus the peer's error */
	CONTROLLER = 0x0200, /* plus the controller's error */
};

enum {
	NO_BOND = 0xff,
	WHITELIST_MAX = 8,
	VALUE_MAX = 20, /* octets that a write carries */
	PDU_MAX = ATT_MTU_MIN,
	TX_MAX = 32,
	RX_MAX = 16,
	FIFO_SIZE = 1 << 15,
};

/* -- A link ---------------------------------------------------------------- */

struct pdu {
	uint64_t due;
	uint8_t len, octet[PDU_MAX];
};

struct pdus { /* a ring */
	size_t first, count, size;
	struct pdu *ring;
};

enum link_state {
	LINK_FREE,
	LINK_RESERVED, /* for the connect that is running */
	LINK_OPEN,
	LINK_ENDING /* the host disconnects */
};

struct dongle_link {
	struct dongle *dongle;
	uint8_t handle;
	enum link_state state;
	struct advertiser *advertiser;
	struct att_link link; /* in force */
	struct att_link wanted;

	/* The air: PDUs are transferred in connection events. */
	uint64_t anchor;
	struct loop_timer event, expiry, update, version, features, pairing;
	struct pdus tx, rx;
	struct pdu tx_ring[TX_MAX], rx_ring[RX_MAX];
	struct sim_peer peer;
	bool deaf;       /* announced, but the peer receives nothing */
	bool hung_up;    /* the peer ended it; what it sent before is still delivered */
	uint8_t reason;

	/* The firmware's attribute client. */
	struct att_engine engine;
	bool lost;       /* the engine closed its bearer */
	uint8_t type;    /* of the value that is being delivered */
	bool confirm;    /* waiting for the host's confirmation */
	bool busy;
	int command;     /* that started the procedure */
	struct att_op op;
	uint16_t handle_asked, handle_last;
	unsigned int records;
	uint8_t data[BGAPI_PAYLOAD_MAX]; /* the octets of op.value */
};

/* -- The air --------------------------------------------------------------- */

struct advertiser {
	struct dongle *dongle;
	struct sim_peripheral *peripheral;
	struct dongle_link *linked;
	struct loop_timer next;
	uint32_t random;
	bool seen[2]; /* advertisement, scan response: for filter_duplicates */
};

struct gap {
	bool scanning, connecting;
	uint8_t mode;            /* of the scan */
	uint64_t scan_start;
	uint16_t scan_interval, scan_window;
	bool active, whitelist_only, filter_duplicates;
	struct loop_timer connect;
	struct dongle_link *link; /* reserved */
	bool selective;
	struct ble_address address;
	struct att_link wanted;
	struct advertiser *found;
	/* By the script: the link is announced and fails after fail_ms. */
	unsigned int fail_ms;
	bool fail;
	struct ble_address whitelist[WHITELIST_MAX];
	size_t n_whitelist;
};

/* -- Timers and flash -------------------------------------------------------- */

enum { SOFT_TIMERS = 9, STORE_KEYS = 128, STORE_FIRST = 0x8000, STORE_VALUE = 32 };

struct soft_timer {
	struct dongle *dongle;
	struct loop_timer timer;
	bool used, repeating;
	uint8_t handle;
	uint64_t period; /* ns */
};

struct stored {
	bool used;
	uint8_t len, value[STORE_VALUE];
};

/* -- The script ------------------------------------------------------------ */

enum rule_action {
	DO_NOTHING,
	DO_SILENCE,
	DO_RESULT,
	DO_HANG,
	DO_FAIL,
	DO_DELAY,
	DO_UNPLUG,
	DO_LOSE,
	DO_TWICE,
	DO_HALF,
	DO_BEFORE,
	DO_AFTER,
	DO_INSIDE,
	DO_WRONG
};

struct rule {
	struct list link;
	enum bgapi_kind kind;
	int id; /* without BGAPI_OLD_LAYOUT; 0: any */
	unsigned long from, to, count;
	enum rule_action action;
	bool has_number;
	unsigned long number;
	size_t noise_len;
	uint8_t noise[BGAPI_FRAME_MAX];
};

/* The rule for a message that is received or sent now, or NULL. Counts the message. */
const struct rule *fw_script_match(struct dongle *dongle, int id);

/* -- The dongle ------------------------------------------------------------ */

struct dongle {
	struct ble_loop *loop;
	struct sim_model *model; /* borrowed */
	struct dongle_config config;
	struct dongle_port *port;
	void (*changed)(void *user); /* see dongle_on_power() */
	void *changed_user;
	bool there; /* has power */
	bool dying; /* loses its power in the next dispatch */
	unsigned int away_ms;
	struct loop_task power_off;
	struct loop_timer power_on, reset_later;
	uint32_t random;

	/* From the host. */
	uint8_t inbox[1024];
	size_t inbox_len;
	uint8_t octet[BGAPI_FRAME_MAX]; /* the received part of a command */
	size_t octet_len;
	/* Not 0: input is discarded until the host pauses, for this reason. */
	uint16_t bad;
	struct loop_task work;
	struct loop_timer silence, late;
	bool waiting;   /* a whole command waits for the timer late */
	bool was_late;
	struct bgapi_frame frame; /* that command */
	const struct rule *rule;  /* that applies to it while it is executed; or NULL */
	int command;              /* the id of that command */

	/* To the host. */
	uint8_t fifo[FIFO_SIZE];
	size_t fifo_first, fifo_len;
	unsigned int fifo_epoch;
	bool blocked, delivering;
	struct loop_task deliver;
	struct loop_timer deliver_later;
	struct list delayed;

	struct gap gap;
	struct advertiser *advertisers; /* model->n of them */
	struct dongle_link links[DONGLE_LINKS_MAX];
	uint8_t tx_ok, rx_ok; /* packets, for get_counters */
	struct soft_timer soft_timers[SOFT_TIMERS];
	struct stored store[STORE_KEYS]; /* flash: survives a reset */
	struct list rules;
};

/* The commands of each file; run is NULL in the last row. */
struct dongle_command {
	int id;
	void (*run)(struct dongle *dongle, const void *params);
};

extern const struct dongle_command fw_system_commands[], fw_store_commands[],
	fw_connection_commands[], fw_attclient_commands[], fw_sm_commands[], fw_gap_commands[],
	fw_scan_commands[],
	fw_hardware_commands[];

/* output.c: SEND(dongle, evt_connection_disconnected, .connection = 1). Only in or
 * after the execution of the command that causes the message. */
#define SEND(dongle, NAME, ...) \
	fw_send(dongle, BGAPI_##NAME, &(const struct bgapi_##NAME){ __VA_ARGS__ })
void fw_send(struct dongle *dongle, int id, const void *params);

/* Sends the response of the command that is executed: fw_answer() if it has a result
 * only, fw_answer_link() if it has connection and result, as most of classes 3 and 4. */
void fw_answer(struct dongle *dongle, uint16_t result);
void fw_answer_link(struct dongle *dongle, uint8_t connection, uint16_t result);

/* There is no room for more messages: PDUs stay queued, and reports are lost. */
bool fw_congested(const struct dongle *dongle);

/* input.c, output.c */
void fw_input_init(struct dongle *dongle);
void fw_output_init(struct dongle *dongle);
void fw_input_reset(struct dongle *dongle);
void fw_output_reset(struct dongle *dongle);

/* dongle.c: the dongle loses its power in the next dispatch, for ms. */
void fw_die(struct dongle *dongle, unsigned int ms);

/* scan.c */
void fw_advertise(struct loop_timer *timer); /* of an advertiser */
void fw_scan_stop(struct dongle *dongle);
int8_t fw_rssi(const struct sim_peripheral *peripheral);
/* The entry of this address in the white list, or NULL. */
struct ble_address *fw_whitelisted(struct gap *gap, const struct ble_address *address);

/* gap.c */
int fw_gap_init(struct dongle *dongle);
void fw_gap_reset(struct dongle *dongle);
/* Chooses the smallest interval that the image supports. 0, or INVALID_PARAM. */
uint16_t fw_gap_parameters(const struct dongle *dongle, uint16_t min, uint16_t max,
			uint16_t latency, uint16_t timeout, struct att_link *ret_link);
void fw_gap_link_ended(struct dongle *dongle, struct advertiser *advertiser);

/* link.c */
struct dongle_link *fw_link_find(struct dongle *dongle, uint8_t connection); /* open */
struct dongle_link *fw_link_reserve(struct dongle *dongle);
/* Opens a reserved link. 0 or -ENOMEM. A deaf one fails after ms. */
int fw_link_open(struct dongle_link *link, struct advertiser *advertiser,
	      const struct att_link *parameters);
int fw_link_open_deaf(struct dongle_link *link, struct advertiser *advertiser,
		   const struct att_link *parameters, unsigned int ms);
void fw_link_release(struct dongle_link *link); /* sends nothing */
void fw_link_init(struct dongle *dongle);
void fw_link_status(struct dongle_link *link, uint8_t flags);
bool fw_link_has_room(const struct dongle_link *link);
int fw_link_send(struct dongle_link *link, struct ble_bytes head, struct ble_bytes tail);
void fw_link_arm(struct dongle_link *link);
void fw_link_watch_expiry(struct dongle_link *link);

/* attclient.c */
void fw_attclient_open(struct dongle_link *link);
void fw_attclient_close(struct dongle_link *link);
void fw_attclient_input(struct dongle_link *link, const struct pdu *pdu);

/* system.c */
void fw_system_init(struct dongle *dongle);
void fw_system_reset(struct dongle *dongle);

#endif
