/* SPDX-License-Identifier: MIT */
/*
 * An adapter of the kernel backend over socket pairs. A simple controller and
 * management channel at their other ends answer by rules and keep a log of the
 * commands. They can be made to refuse a command, to answer wrongly, or not at all.
 * What the socket's filter excludes does not arrive, as from the kernel. The clock is
 * frozen, so timeouts take no time.
 */
#ifndef TESTS_HCI_FIXTURE_H
#define TESTS_HCI_FIXTURE_H

#include "hci/hci.h"
#include "tests/harness.h"

enum { FIXTURE_ANSWERS = 8, FIXTURE_ATTEMPTS = 16 };

struct fixture_answer {
	uint16_t opcode;
	uint8_t status;
	unsigned int times; /* how often it is given; then the rules apply again */
};

struct hci_fixture {
	struct ble_loop *loop;
	struct hci_adapter *hci;
	struct adapter *adapter; /* NULL once it was freed */
	bool freeing;
	struct loop_watch raw, mgmt; /* the other ends */

	/* the controller */
	bool extended;    /* supports the extended scan commands */
	bool strict;      /* refuses commands of the other family */
	bool scanning, active;
	bool mute;        /* does not answer scan commands */
	uint16_t loses;   /* answers to this command do not arrive */
	bool busy;        /* with another program's command: ours wait in the kernel */
	uint16_t handle;  /* of the connection of an attempt; 0: no event */
	bool enhanced;    /* LE Enhanced Connection Complete */
	bool slow;        /* sends no LE Connection Update Complete */
	bool bare;        /* an error response to Read RSSI has no handle */
	struct fixture_answer answers[FIXTURE_ANSWERS];

	/* the kernel */
	uint32_t supported, settings;
	bool traps;       /* after an active scan the discovery state stays "finding" */
	bool finding;
	uint8_t finding_type;
	bool behind;      /* has not handled the end of the scan yet */
	bool jammed;      /* got a command while behind; stays behind */
	struct fixture_answer mgmt_answers[FIXTURE_ANSWERS];
	enum rfkill rfkill;
	enum power power; /* as the kernel says when asked */
	unsigned int sockets; /* management sockets that it still gives */
	bool ends_sockets; /* each of them at once */

	/* attempts: 0 connects, 1 hangs, -errno fails at once */
	int attempts[FIXTURE_ATTEMPTS];
	size_t next_attempt;
	unsigned int held; /* how often it says that it has a link to the peer */
	bool taken, connecting; /* another program has one, or connects to the peer */
	int peers[FIXTURE_ATTEMPTS]; /* the other ends of the links; -1: none */
	uint8_t addresses[FIXTURE_ATTEMPTS]; /* the last octet of each peer's */
	bool one_at_a_time; /* a pending attempt keeps others out, with EBUSY */
	const int *by_peer; /* the same as attempts, for each peer; NULL: attempts */

	/* results */
	char log[2000];
	unsigned int reports, ended, gone;
	int ended_error;
	char text[300]; /* the sentence of the latest error */
	void (*on_report)(struct hci_fixture *fixture);
	void (*on_ended)(struct hci_fixture *fixture);
	void (*on_gone)(struct hci_fixture *fixture);
};

/* One connect and its link. */
struct fixture_connect {
	struct connect_op op;
	uint8_t peer;      /* 0, 1, ...: which one */
	struct hci_fixture *fixture;
	struct att *att;
	unsigned int done, closed;
	int error, closed_error;
	uint8_t reason, closed_reason;
	unsigned int values;
	char text[300];
	void (*on_done)(struct fixture_connect *connect);
	void (*on_closed)(struct fixture_connect *connect);
	struct att_op request;
	unsigned int request_done;
	int request_error;
	char request_text[300];
};

/* Opens an adapter that is powered, has LE on, scans with legacy commands and has no
 * traps. A failure ends the case. */
void fixture_open(struct hci_fixture *fixture);
/* The same for failing allocations. 0 or -ENOMEM. */
int fixture_try_open(struct hci_fixture *fixture);
void fixture_close(struct hci_fixture *fixture);

/* Frees the adapter. That blocks, so the answers are sent before. */
void fixture_free_adapter(struct hci_fixture *fixture);

void fixture_run(struct hci_fixture *fixture, unsigned int ms);

/* The commands since the last call, oldest first, in words. */
const char *fixture_log(struct hci_fixture *fixture);

int fixture_scan(struct hci_fixture *fixture, bool passive);
int fixture_connect(struct hci_fixture *fixture, struct fixture_connect *connect);
void fixture_cancel(struct fixture_connect *connect);
/* The attempt that hangs and was the n-th is connected. */
void fixture_connected(struct hci_fixture *fixture, size_t n);
/* The oldest attempt that is under way. */
struct attempt *fixture_attempt(struct hci_fixture *fixture);
/* Sends a Write Request. */
void fixture_request(struct fixture_connect *connect);

void fixture_answer(struct fixture_answer *answers, uint16_t opcode, uint8_t status,
		  unsigned int times);

/* Packets that the raw socket of the adapter receives */
void fixture_event(struct hci_fixture *fixture, uint8_t code, const void *params, size_t len);
void fixture_report(struct hci_fixture *fixture); /* a legacy one, "hello" */
void fixture_command(struct hci_fixture *fixture, uint16_t opcode, const void *params,
		   size_t len); /* another program's command and its answer */
/* The two apart in time. As from the kernel, no other command is answered meanwhile. */
void fixture_others_command(struct hci_fixture *fixture, uint16_t opcode, const void *params,
			  size_t len);
void fixture_others_answer(struct hci_fixture *fixture, uint16_t opcode, uint8_t status);
/* LE Connection Update Complete. */
void fixture_updated(struct hci_fixture *fixture, uint16_t handle, uint8_t status,
		   const struct att_link *params);
/* The kernel ends the management socket. */
void fixture_mgmt_ends(struct hci_fixture *fixture);
void fixture_mgmt_event(struct hci_fixture *fixture, uint16_t event, uint16_t index,
		      const void *params, size_t len);

extern const struct test_case hci_scan_cases[], hci_setup_cases[], hci_connect_cases[],
	hci_several_cases[], hci_matrix_cases[], hci_ends_cases[], hci_fork_cases[], hci_radio_cases[], hci_reset_cases[],
	hci_arrivals_cases[], hci_deep_cases[];

#endif
