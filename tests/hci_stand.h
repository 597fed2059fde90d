/* SPDX-License-Identifier: MIT */
/*
 * An adapter of the kernel backend over socket pairs: behind them stand a
 * controller and a management channel that follow rules, keep a log of what
 * they were told, and can be made to refuse, to lie and to be silent. The clock
 * is frozen: time-outs pass at once.
 */
#ifndef TESTS_HCI_STAND_H
#define TESTS_HCI_STAND_H

#include "hci/hci.h"
#include "tests/harness.h"

enum { STAND_ANSWERS = 8, STAND_DIALS = 16 };

struct stand_answer {
	uint16_t opcode;
	uint8_t status;
	unsigned int times; /* that it is given; then the rules again */
};

struct hci_stand {
	struct ble_loop *loop;
	struct hci_adapter *hci;
	struct adapter *adapter; /* NULL once it was freed */
	struct loop_watch raw, mgmt; /* the other ends */

	/* the controller */
	bool extended;    /* has the extended scan commands, and says so */
	bool strict;      /* refuses those of the other family */
	bool scanning, active;
	bool mute;        /* does not answer scan commands */
	uint16_t handle;  /* of the connection that a dial makes; 0: it tells of none */
	bool enhanced;    /* it tells of it in the enhanced way */
	bool slow;        /* no end of a link's update */
	bool bare;        /* its refusal of Read RSSI names no handle */
	struct stand_answer answers[STAND_ANSWERS];

	/* the kernel */
	uint32_t supported, settings;
	bool traps;       /* an active scan leaves discovery "finding" */
	bool finding;
	uint8_t finding_type;
	bool behind;      /* has not taken note yet that the scan was ended */
	bool jammed;      /* and was asked for something: it never recovers */
	struct stand_answer mgmt_answers[STAND_ANSWERS];

	/* attempts: 0 connects, 1 hangs, -errno fails at once */
	int dials[STAND_DIALS];
	size_t next_dial;
	unsigned int held; /* looks for a link to the peer that find one */
	int peers[STAND_DIALS]; /* other ends; -1: none */

	/* what came of it */
	char log[2000];
	unsigned int reports, ended, gone;
	int ended_error;
	char text[300]; /* the sentence of the latest end */
	void (*on_report)(struct hci_stand *stand);
	void (*on_ended)(struct hci_stand *stand);
	void (*on_gone)(struct hci_stand *stand);
};

/* One connect and its link. */
struct stand_connect {
	struct connect_op op;
	struct hci_stand *stand;
	struct att *att;
	unsigned int done, closed;
	int error, closed_error;
	uint8_t reason, closed_reason;
	unsigned int values;
	char text[300];
	void (*on_done)(struct stand_connect *connect);
	void (*on_closed)(struct stand_connect *connect);
	struct att_op request;
	unsigned int request_done;
	int request_error;
	char request_text[300];
};

/* LE on and powered, legacy, without traps. REQUIREs that it works. */
void stand_open(struct hci_stand *stand);
/* The same, for failing allocations: 0 or -ENOMEM. */
int stand_try_open(struct hci_stand *stand);
void stand_close(struct hci_stand *stand);

/* Frees the adapter, whose last words the controller answers beforehand:
 * freeing it blocks. */
void stand_free_adapter(struct hci_stand *stand);

void stand_run(struct hci_stand *stand, unsigned int ms);

/* What was said since the last call, oldest first, in words. */
const char *stand_log(struct hci_stand *stand);

int stand_scan(struct hci_stand *stand, bool passive);
int stand_connect(struct hci_stand *stand, struct stand_connect *connect);
void stand_cancel(struct stand_connect *connect);
/* Puts a Write Request on the wire. */
void stand_request(struct stand_connect *connect);

void stand_answer(struct stand_answer *answers, uint16_t opcode, uint8_t status,
		  unsigned int times);

/* Packets as they reach our raw socket */
void stand_event(struct hci_stand *stand, uint8_t code, const void *params, size_t len);
void stand_report(struct hci_stand *stand); /* a legacy one, "hello" */
void stand_foreign(struct hci_stand *stand, uint16_t opcode, const void *params,
		   size_t len); /* another's command and its end */
/* Of the link with this handle: new parameters, or why not. */
void stand_updated(struct hci_stand *stand, uint16_t handle, uint8_t status,
		   const struct att_link *params);
void stand_mgmt_event(struct hci_stand *stand, uint16_t event, uint16_t index,
		      const void *params, size_t len);

extern const struct test_case hci_scan_cases[], hci_setup_cases[], hci_connect_cases[],
	hci_ends_cases[], hci_radio_cases[], hci_reset_cases[];

#endif
