/* SPDX-License-Identifier: MIT */
/*
 * Every procedure of a client with every fault of a peer, the air or a dongle. A
 * case is one run of one procedure with one fault: the procedure ends once, with
 * an error that this fault may cause; no memory is left allocated, and the same
 * client can connect again and read.
 */
#ifndef TESTS_FAULTS_H
#define TESTS_FAULTS_H

#include "tests/faulty_wire.h"
#include "tests/harness.h"
#include "tests/fixture.h"

/* One case. */
struct fault_run {
	struct fixture *fixture;
	struct ble_client *client;
	unsigned int done; /* how often the procedure ended */
	int error;         /* of its first end */
	unsigned int disconnected;
	bool running; /* it may end now */
	bool by_event;
	struct ble_subscription *subscription;
};

/* How a procedure treats an error response that does not end it with that error. */
enum { EVERY_CODE = 0x100, AT_FIRST = 1, LATER = 2, ANYWHERE = 3, ENDS = -1 };

struct fault_mercy {
	int code;  /* an ATT error of enum att_error, or EVERY_CODE */
	int where; /* AT_FIRST PDU, LATER, ANYWHERE */
	int error; /* what the procedure ends with */
	bool maybe; /* or with that code */
};

struct procedure {
	const char *name; /* NULL ends the table */
	unsigned int peer;     /* attributes of the peer; 0: the middle one */
	bool unconnected;      /* it begins without a connection */
	bool discovered;       /* it needs the tree */
	bool unheard;          /* it gets no response to its PDUs */
	bool by_event;         /* only the link's end shows that it ended */
	bool kept;             /* with a cache that holds the tree */
	bool tries_again;      /* after a lost link */
	/* Preparation, before anything is counted; and the procedure: 0 or the error
	 * of the call. Its callback is fault_done(). */
	int (*prepare)(struct fault_run *run);
	int (*start)(struct fault_run *run);
	struct fault_mercy mercy[6]; /* a code of 0 ends them */
	const char *not_socket; /* why it does not run there */
};

extern const struct procedure fault_procedures[];

void fault_done(void *run, int error);

/* Opens a fixture with the procedure's peer, and a cache if it needs one. */
void fault_open(const struct procedure *procedure, struct fixture *fixture);
void fault_close(struct fixture *fixture);

/* Prepares; starts the procedure and waits for its end (false: it did not end);
 * checks that the client still works; frees everything. */
void fault_prepare(const struct procedure *procedure, struct fault_run *run);
bool fault_play(const struct procedure *procedure, struct fault_run *run);
void fault_check_alive(struct fault_run *run);
void fault_release(struct fault_run *run);

/* Whether it ended with the error that it has for every error response. */
bool fault_as_any_refusal(const struct procedure *procedure, const struct fault_run *run);

/* The procedure of the running case. */
const struct procedure *fault_procedure(void);

/* A case of a test table (faults_messages.c): faults between the host and its
 * dongle. */
void fault_messages(void);
extern unsigned int fault_cases; /* that ran so far */

/* All cases, instead of a sample that is always the same. */
bool fault_whole(void);

#endif
