/* SPDX-License-Identifier: MIT */
/* The client's side of the simulator's tests. It runs on the one loop of the test,
 * whose clock is frozen, and records what is called back. */
#ifndef TESTS_SIM_CLIENT_H
#define TESTS_SIM_CLIENT_H

#include "att/adapter.h"
#include "sim/model.h"
#include "tests/harness.h"

struct client {
	struct connect_op connect;
	struct att *att;
	int connects, error;
	unsigned int values, closes;
	int closed_error;
	uint8_t reason;
	uint16_t handle;
	uint8_t value[ATT_VALUE_MAX];
	size_t len;
	unsigned int free_after; /* frees itself in the callback of this value; 0: never */
};

struct op {
	struct att_op op;
	unsigned int records, dones;
	int error;
	uint8_t value[ATT_VALUE_MAX + 1];
	size_t len;
};

extern struct ble_loop *loop;
extern const struct att_events link_events; /* their user is the client */
extern const struct test_case sim_links[], sim_socket[];

/* Makes the peripheral's sources send 1000 values at a time. */
void in_bursts(struct sim_peripheral *p);

/* Advances the clock by ms, one at a time. */
void pass(unsigned int ms);

/* submit() submits an op; run() also waits for its end, and returns its error. */
void submit(struct client *client, struct op *op, enum att_verb verb,
	    uint16_t handle, struct ble_bytes value);
int run(struct client *client, struct op *op, enum att_verb verb,
	uint16_t handle, struct ble_bytes value);
int write16(struct client *client, uint16_t handle, uint16_t number);

/* For ops that a test submits itself. */
void on_record(struct att_op *op, const struct att_record *record);
void on_done(struct att_op *op, int error);

#endif
