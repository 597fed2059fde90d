/* SPDX-License-Identifier: MIT */
/*
 * Every procedure of a client, each with every fault that a peer, the air or a
 * dongle may have. One run of one procedure with one fault is a case: the
 * procedure ends once, with an error that this fault may have; nothing is left
 * behind, and the same client connects anew and reads.
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
	int error;         /* with which it did at first */
	unsigned int disconnected;
	bool running; /* its end may come */
	bool by_event;
	struct ble_subscription *subscription;
};

/* How an answer that the procedure puts up with is taken. */
enum { EVERY_CODE = 0x100, AT_FIRST = 1, LATER = 2, ANYWHERE = 3, ENDS = -1 };

struct fault_mercy {
	int code;  /* an ATT error of enum att_error, or EVERY_CODE */
	int where; /* AT_FIRST PDU, LATER, ANYWHERE */
	int error; /* what the procedure ends with */
	bool maybe; /* it, or that code */
};

struct procedure {
	const char *name; /* NULL ends the table */
	unsigned int peer;     /* attributes of the peer; 0: the middle one */
	bool unconnected;      /* it begins without a connection */
	bool discovered;       /* it needs the tree */
	bool unheard;          /* what becomes of its PDUs it does not hear */
	bool by_event;         /* nobody hears that it ended, but the link's end */
	bool kept;             /* with a cache, and a tree in it */
	bool tries_again;      /* after a link that fell */
	/* What is done before anything is counted, and the procedure: 0, or why it
	 * was refused. Its end is fault_done(). */
	int (*prepare)(struct fault_run *run);
	int (*start)(struct fault_run *run);
	struct fault_mercy mercy[6]; /* a code of 0 ends them */
	const char *not_socket; /* why it is left out there */
};

extern const struct procedure fault_procedures[];

void fault_done(void *run, int error);

/* A stand with the procedure's peer; a cache where it needs one. */
void fault_open(const struct procedure *procedure, struct fixture *fixture);
void fault_close(struct fixture *fixture);

/* Up to where the procedure may start; its start and its end, whatever it is
 * (false: it did not end); whether the client is still good for something; and
 * nothing is left. */
void fault_prepare(const struct procedure *procedure, struct fault_run *run);
bool fault_play(const struct procedure *procedure, struct fault_run *run);
void fault_check_alive(struct fault_run *run);
void fault_release(struct fault_run *run);

/* One that has a word for every refusal: whether it ended with that. */
bool fault_as_any_refusal(const struct procedure *procedure, const struct fault_run *run);

/* The one that the case is about. */
const struct procedure *fault_procedure(void);

/* A case of a test table (faults_messages.c): what goes wrong between the host
 * and its dongle. */
void fault_messages(void);
extern unsigned int fault_cases; /* that ran so far */

/* All of them, instead of a sample that is always the same. */
bool fault_whole(void);

#endif
