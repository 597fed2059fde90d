/* SPDX-License-Identifier: MIT */
/*
 * A stand is a place where the conformance cases run: an adapter and some
 * peripherals that it can reach. Every stand puts up the same peripherals (the
 * simulator's, see reference.h), so that a case is written once:
 *
 *	sim      the simulator's own adapter, virtual time
 *	socket   the kernel backend's links over socket pairs, virtual time; a
 *	         peripheral at the other end, in the same loop
 *	dongle   the dongle's backend over an emulator of it, virtual time
 *	port     the same on a port, the emulator a process of its own
 *	kernel   a real adapter and real L2CAP; each peripheral is a process of
 *	         its own on another adapter (see peripheral.c)
 */
#ifndef TESTS_FIXTURE_H
#define TESTS_FIXTURE_H

#include "api/internal.h"
#include "tests/reference.h"

/* What a peripheral is to be like; zeroed: the reference database of 60. */
struct fixture_peer {
	unsigned int n;           /* attributes: see reference.h */
	unsigned int interval_ms; /* between its values; 0: 20 */
	uint16_t mtu;             /* 0: 517 */
	struct sim_faults faults;
};

enum { STAND_PEERS = 4 };

struct fixture;

struct fixture_class {
	const char *name;
	bool virtual_time;
	uint16_t mtu;  /* the largest that it can; 0: any */
	bool firmware; /* a dongle's: walks ranges by itself, may run out of memory */
	/* Has an adapter with these peripherals. 0 or -errno. */
	int (*open)(struct fixture *fixture, const struct fixture_peer *peers, size_t n);
	/* After the adapter's last unref. */
	void (*close)(struct fixture *fixture);
};

struct fixture {
	const struct fixture_class *class;
	struct ble_loop *loop;
	struct ble_adapter *adapter;
	struct ble_address addresses[STAND_PEERS];
	void *state; /* of the class */
};

extern const struct fixture_class fixture_sim, fixture_dongle, fixture_port, fixture_socket, fixture_kernel;

/* The stand of the case that runs (harness_data()). 0 or -errno. */
int fixture_open(struct fixture *fixture, const struct fixture_peer *peers, size_t n);
void fixture_close(struct fixture *fixture);

/* What a peer that takes mtu, asked for it, comes to. */
uint16_t fixture_mtu(const struct fixture *fixture, uint16_t mtu);

/* One peer, a client connected to it; REQUIREd. With discovery if asked for. */
struct ble_client *fixture_connect(struct fixture *fixture, size_t peer, bool discover);

/* Runs the loop until *done is at least count. False: ms of virtual time passed,
 * or a fixture with real time ran out of patience. */
bool fixture_wait(struct fixture *fixture, const unsigned int *done, unsigned int count,
		  unsigned int ms);

/* Runs the loop for this long. */
void fixture_run(struct fixture *fixture, unsigned int ms);

/* For classes: fills a model with the peers, and their addresses. */
struct fixture_fill {
	const struct fixture_peer *peers;
	size_t n;
	struct ble_address *addresses;
};
int fixture_fill(struct ble_loop *loop, void *fill, struct sim_model *model);

#endif
