/* SPDX-License-Identifier: MIT */
/*
 * An adapter of the kernel backend whose sockets are socket pairs, as blewire.h
 * gives it to a user, with peripherals at its links. A controller at the raw and the
 * management socket accepts every command. While something is measured, the bench
 * itself sends the peripheral's PDUs: bench_cut() takes the other end of a link from
 * the simulated peripheral.
 */
#ifndef TESTS_BENCH_FIXTURE_H
#define TESTS_BENCH_FIXTURE_H

#include "api/internal.h"
#include "tests/bench/bench.h"
#include "tests/reference.h"
#include "tests/socket_peer.h"

struct bench_fixture {
	struct ble_loop *loop;
	struct ble_adapter *adapter;
	struct hci_adapter *hci;
	struct loop_watch raw, mgmt; /* the controller's ends */
	struct sim_model model;
	struct sim_peripheral *peripheral;
	struct socket_peer peer; /* of the latest connect */
	unsigned int connects;
};

/* n: attributes of the peripherals (reference.h); mtu: theirs. */
void bench_open(struct bench_fixture *fixture, unsigned int n, uint16_t mtu);
void bench_close(struct bench_fixture *fixture);

/* A connected client; its peripheral answers as long as the loop is run. */
struct ble_client *bench_connect(struct bench_fixture *fixture);

/* The peripheral's end of the latest link: the caller's from now on. */
int bench_cut(struct bench_fixture *fixture);

/* Room for many packets at once in what fd sends. */
void bench_widen(int fd);

/* Two ends of what a link is made of. */
void bench_socketpair(int ends[2]);

/* A client that is subscribed, and beside it the bare socket of the floor. */
struct bench_receiver {
	struct bench_fixture fixture;
	struct ble_client *client;
	int peer;     /* where notifications are written */
	int floor[2]; /* read from 0, written to 1 */
	unsigned int seen;
	uint64_t latest; /* bench_wall() of the last one, if asked for */
	bool clocked;
};

void bench_receiver_open(struct bench_receiver *r);
void bench_receiver_close(struct bench_receiver *r);

/* Writes one, and returns its length. */
size_t bench_notification(uint8_t *pdu, uint16_t handle, size_t len);

/* Lets pass what is said half a second after a discovery. */
void bench_settle(struct bench_fixture *fixture);

#endif
