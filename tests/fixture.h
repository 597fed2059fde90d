/* SPDX-License-Identifier: MIT */
/*
 * A fixture is what a conformance case runs on: an adapter and some peripherals
 * that it can reach. Every fixture has the same peripherals (see reference.h), so
 * that each case is written once:
 *
 *	sim      the simulator's own adapter, virtual time
 *	socket   the kernel backend's links over socket pairs, virtual time; a
 *	         peripheral at the other end, in the same loop
 *	dongle   the dongle's backend over an emulator of it, virtual time
 *	port     the same on a port, the emulator a process of its own
 *	kernel   a real adapter and real L2CAP; each peripheral is a process on
 *	         another adapter (see peripheral.c)
 */
#ifndef TESTS_FIXTURE_H
#define TESTS_FIXTURE_H

#include "api/internal.h"
#include "tests/reference.h"

/* What a peripheral is for the one who connects to it. */
enum fixture_presence {
	FIXTURE_PRESENT,
	FIXTURE_ABSENT,
	FIXTURE_TAKEN, /* has a link already: with a program of this machine (socket), or
			* with another central, and then it is not heard */
	FIXTURE_LEAVES, /* its links end before its first response arrives */
	FIXTURE_PRESENCES
};

/* A peripheral; all zero: the defaults, with the reference database of 60. */
struct fixture_peer {
	enum fixture_presence is;
	unsigned int n;           /* attributes: see reference.h */
	unsigned int interval_ms; /* between its values; 0: 20 */
	uint16_t mtu;             /* 0: 517 */
	unsigned int latency_ms;  /* from a request to its response; sim only */
	struct sim_faults faults;
};

enum { FIXTURE_PEERS = 4 };

struct fixture;

struct fixture_class {
	const char *name;
	bool virtual_time;
	uint16_t mtu;  /* the largest that it supports; 0: any */
	bool firmware; /* a dongle's: it runs sweeps itself and may run out of memory */
	bool busy; /* one that is taken is told apart: -EBUSY */
	/* Makes the adapter and these peripherals. 0 or -errno. */
	int (*open)(struct fixture *fixture, const struct fixture_peer *peers, size_t n);
	/* Called after the adapter's last unref. */
	void (*close)(struct fixture *fixture);
	/* Tells the radio that a peripheral is another one now; NULL: none can be. */
	void (*changed)(struct fixture *fixture, size_t peer, enum fixture_presence is);
};

struct fixture {
	const struct fixture_class *class;
	struct ble_loop *loop;
	struct ble_adapter *adapter;
	struct ble_address addresses[FIXTURE_PEERS];
	struct sim_peripheral *peripherals[FIXTURE_PEERS]; /* NULL in other processes */
	void *state; /* of the class */
};

extern const struct fixture_class fixture_sim, fixture_dongle, fixture_port, fixture_socket, fixture_kernel;

/* The fixture of the running case (harness_data()). 0 or -errno. */
int fixture_open(struct fixture *fixture, const struct fixture_peer *peers, size_t n);
void fixture_close(struct fixture *fixture);

/* From now on the peer is such; links that it has stay. For classes with changed(). */
void fixture_become(struct fixture *fixture, size_t peer, enum fixture_presence is);

/* The MTU of a link to a peer that accepts mtu. */
uint16_t fixture_mtu(const struct fixture *fixture, uint16_t mtu);

/* A client connected to this peer, with its services discovered if discover is
 * set. A failure ends the case. */
struct ble_client *fixture_connect(struct fixture *fixture, size_t peer, bool discover);

/* Runs the loop until *done is at least count. False: it was not within ms of virtual
 * time, or with real time within patience_ms(). */
bool fixture_wait(struct fixture *fixture, const unsigned int *done, unsigned int count,
		  unsigned int ms);

/* Runs the loop for ms. */
void fixture_run(struct fixture *fixture, unsigned int ms);

/* For classes: adds the peers to a model and stores their addresses and the peripherals,
 * which a class whose model does not last has to forget. */
struct fixture_fill {
	const struct fixture_peer *peers;
	size_t n;
	struct fixture *fixture;
};
int fixture_fill(struct ble_loop *loop, void *fill, struct sim_model *model);

#endif
