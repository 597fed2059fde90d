/* SPDX-License-Identifier: MIT */
/*
 * Several clients of one peer, over the simulator with a frozen clock. What the peer gets is
 * recorded. Beside them two clients wait for peers that are absent.
 */
#ifndef TESTS_SHARED_H
#define TESTS_SHARED_H

#include "api/internal.h"
#include "att/pdu.h"
#include "sim/model.h"
#include "tests/harness.h"
#include "tests/reference.h"

enum shared_peer { STEADY, CHANGING, ABSENT, ABSENT_TOO, PEERS };
enum { RECORDS = 4000 };

/* A PDU that a peer got, and which. */
struct record {
	enum shared_peer peer;
	uint8_t opcode, first, third; /* octets 0, 1 and 3 */
	uint16_t handle, offset;
};

/* A client and what it was told. */
struct user {
	struct ble_client *client; /* NULL: freed */
	struct ble_subscription *subscription;
	struct ble_op *op; /* of the connect */
	unsigned int connected; /* how often the connect called back */
	int error;              /* with what */
	unsigned int done;      /* other calls that called back */
	int first_error, last_error;
	unsigned int lost, changed, writable, overrun, values;
	int changed_error;
	uint8_t reason;
	bool asked;
	uint32_t next; /* value that has to come */
	bool gap;
	/* Called at the end of each callback, with what it was. */
	void (*then)(struct user *user, const char *what);
};

struct air {
	struct ble_loop *loop;
	struct ble_adapter *adapter; /* NULL: the case freed it */
	struct sim_peripheral *peer[PEERS];
	struct record records[RECORDS];
	unsigned int n;
	struct user absent[2];
};

extern struct air air;

int shared_open(void);
void shared_close(void);

/* Makes the client, with all callbacks. */
int user_new(struct user *user, enum shared_peer peer);
void user_end(struct user *user);
int user_connect(struct user *user, int timeout_ms);

/* Until it has called back; with what it called back. */
int user_connected(struct user *user);

/* Two new users of one peer: both are connected, the first has discovered. */
void pair_up(struct user *a, struct user *b, enum shared_peer peer);

/* As callbacks of calls. */
void user_done(void *user, int error);
void user_value(void *user, int error, struct ble_bytes value);
void user_notified(void *user, uint16_t handle, struct ble_bytes value);

int user_subscribe(struct user *user, uint16_t handle, enum ble_subscribe mode);

void run_ms(unsigned int ms);
void dispatch(unsigned int times);

/* Runs until the number is reached, for a minute at most. */
bool reaches(const unsigned int *number, unsigned int n);

/* How many such PDUs a peer got; handle 0: any. */
unsigned int got(enum shared_peer peer, uint8_t opcode, uint16_t handle);

/* The configurations that the peer got for this value, as "1 3 0". */
const char *configured(enum shared_peer peer, uint16_t handle);

extern const struct test_case shared_joins[], shared_leaves[], shared_events[],
	shared_keepers[], shared_random[];

#endif
