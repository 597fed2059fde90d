/* SPDX-License-Identifier: MIT */
/*
 * Every procedure of a client with every fault of a peer, the air or a dongle. A
 * case is one run of one procedure with one fault. The procedure must end once, with
 * an error that this fault may cause; it must leave no memory allocated; and the same
 * client must be able to connect again and read.
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
	bool running; /* the procedure was started and may end */
	bool by_event; /* as in the procedure */
	struct ble_subscription *subscription;
};

/* An error response that does not end the procedure with the response's error. */
enum { EVERY_CODE = 0x100, AT_FIRST = 1, LATER = 2, ANYWHERE = 3, ENDS = -1 };

struct fault_mercy {
	int code;  /* an ATT error of enum att_error, or EVERY_CODE */
	int where; /* in response to the first PDU (AT_FIRST), a later one, or any */
	int error; /* what the procedure ends with */
	bool maybe; /* it may end with the code instead */
};

struct procedure {
	const char *name; /* NULL ends the table */
	unsigned int peer;     /* attributes of the peer; 0: the middle one */
	bool unconnected;      /* it starts without a connection */
	bool discovered;       /* it needs the tree */
	bool unheard;          /* its PDUs have no response */
	bool by_event;         /* it has no callback: it ends with the link */
	bool kept;             /* with a cache that holds the tree */
	bool tries_again;      /* it connects again after a lost link */
	/* prepare() is called before PDUs are counted. start() starts the procedure,
	 * whose callback is fault_done(). Both return 0 or the error of a call. */
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

/* In this order: prepares; starts the procedure and waits for its end (false: it did
 * not end); checks that the client still works; frees everything. */
void fault_prepare(const struct procedure *procedure, struct fault_run *run);
bool fault_play(const struct procedure *procedure, struct fault_run *run);
void fault_check_alive(struct fault_run *run);
void fault_release(struct fault_run *run);

/* Whether the run ended with the error that the procedure has for every error response. */
bool fault_as_any_refusal(const struct procedure *procedure, const struct fault_run *run);

/* The procedure of the running case. */
const struct procedure *fault_procedure(void);

/* A case of a test table (faults_messages.c): faults between the host and its
 * dongle. */
void fault_messages(void);
extern unsigned int fault_cases; /* how many ran so far */

/* Whether all cases are to run, and not a sample, which is always the same. */
bool fault_whole(void);

#endif
