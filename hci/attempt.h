/* SPDX-License-Identifier: MIT */
/*
 * An attempt to connect: the steps from the set-up of the adapter to a connected
 * L2CAP socket with the requested parameters, with their timers, descriptor and
 * retries. It has no time limit: its owner frees it. Many run at once: the kernel
 * connects to each peer when it hears it.
 */
#ifndef HCI_ATTEMPT_H
#define HCI_ATTEMPT_H

#include "att/adapter.h"
#include "hci/connection_parameters.h"
#include "hci/scan.h"
#include "hci/setup.h"

struct hci_adapter;

struct attempt;

struct attempt_events {
	/* From dispatch, once; not after attempt_free(). deferred.error is 0
	 * and fd is connected, or it is -errno. The attempt has ended. */
	void (*done)(struct attempt *attempt);
	/* The kernel has one pending connect only, and it is not this one. True:
	 * another attempt has had its turn and yielded. */
	bool (*busy)(struct attempt *attempt);
};

struct attempt {
	struct list link; /* the owner's */
	struct deferred_free memory; /* a report's callback may free the attempt */
	struct hci_adapter *adapter;
	struct connect_op *op; /* not owned */
	const struct attempt_events *events;

	size_t step;
	bool waiting;          /* for the end of the step */
	unsigned int busy;     /* EBUSY answers so far */
	unsigned int no_command; /* sockets for which the kernel sent no command */
	bool setup_repeated;
	uint64_t began;        /* the latest connect() */
	uint64_t alone_since;  /* that, or when our scan ended: the kernel has to scan */
	unsigned int checks;   /* of a connect() that takes long */
	unsigned int reports;  /* advertising reports when it began */

	/* From the controller's events */
	uint8_t reason;
	uint16_t handle;       /* or CONN_NO_HANDLE */
	struct att_link params_at_start; /* of that handle */

	struct loop_watch watch; /* fd while it connects; -1: none */
	struct loop_timer pause, check, update_limit;
	struct setup_wait setup;

	/* The requested parameters, once it is connected */
	struct conn_params_link conn_params;
	struct att_link params; /* in force */
	struct link_op update;

	struct loop_task finished; /* calls done */
	struct deferred_error deferred;
	int fd; /* connected; -1: none */
};

/* op stays the caller's. NULL: no memory. */
struct attempt *attempt_new(struct hci_adapter *adapter, struct connect_op *op,
			    const struct attempt_events *events);

void attempt_start(struct attempt *attempt);

/* Does not call done. Does not touch link. */
void attempt_free(struct attempt *attempt);

bool attempt_wants_params(const struct connect_op *op);

/* LE Connection Complete, and Disconnection Complete. */
void attempt_established(struct attempt *attempt, struct ble_bytes params);
void attempt_disconnected(struct attempt *attempt, uint16_t handle, uint8_t reason);

/* The scan runs no commands; stop_discovery has ended. */
void attempt_scan_idle(struct attempt *attempt);
void attempt_discovery_stopped(struct attempt *attempt);

/* Our scan, by which the kernel heard peers, is off: the kernel has to scan itself. */
void attempt_scan_ended(struct attempt *attempt);

/* The adapter was switched off: ends an attempt that is not connected yet, a little later. */
void attempt_down(struct attempt *attempt, int error, const char *words);

/* Whether it connects, or has had an error after which it is set up again. */
bool attempt_began(const struct attempt *attempt);

/* Whether its connect() has been pending for at least ms. */
bool attempt_pending(const struct attempt *attempt, unsigned int ms);

/* For others to be heard first: a kernel that has just cancelled a connection scans some
 * 100 ms later, and would hear the same peer again. */
enum { ATTEMPT_AWAY_MS = 2000 };

/* Leaves the kernel to the other attempts, and connects again after so many ms. unanswered:
 * as after a failure, as the peer was heard but did not answer. */
void attempt_yield(struct attempt *attempt, unsigned int ms);
void attempt_unanswered(struct attempt *attempt);

/* connect_retry.c: what to do after an error of the kernel's. */
enum connect_retry {
	RETRY_NEVER,
	RETRY_SOON,        /* until the owner's time limit, as are the next two */
	RETRY_UNHEARD,     /* the kernel's own time limit: no failure */
	RETRY_LATER,       /* something else has to end first */
	RETRY_WITH_SETUP,  /* the adapter may have been switched off */
};
enum connect_retry connect_retry_after(const struct attempt *attempt, int error);

/* What such an error means, for connect_op.failure. */
int connect_retry_error(const struct attempt *attempt, int error);

/* Sets the sentence of an attempt that failed for good. Returns its error. */
int connect_retry_explain(struct attempt *attempt, int error);

#endif
