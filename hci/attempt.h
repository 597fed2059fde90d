/* SPDX-License-Identifier: MIT */
/*
 * An attempt to connect: the steps from the set-up of the adapter to a connected
 * L2CAP socket with the requested parameters, with their timers, descriptor and
 * retries. It has no time limit: its owner cancels it.
 */
#ifndef HCI_ATTEMPT_H
#define HCI_ATTEMPT_H

#include "att/adapter.h"
#include "hci/connection_parameters.h"
#include "hci/scan.h"
#include "hci/setup.h"

struct hci_adapter;

struct attempt {
	struct hci_adapter *adapter;
	struct connect_op *op; /* NULL: none runs */
	/* From dispatch, once; not after attempt_cancel(). deferred.error is 0
	 * and fd is connected, or it is -errno. The attempt has ended. */
	void (*done)(struct attempt *attempt, struct connect_op *op);

	size_t step;
	bool waiting;          /* for the end of the step */
	unsigned int busy;     /* EBUSY answers so far */
	unsigned int no_command; /* sockets for which the kernel sent no command */
	bool setup_repeated;
	uint64_t began;        /* the latest connect() */
	unsigned int checks;   /* of a connect() that takes long */
	bool stop_forbidden;   /* Stop Discovery needs CAP_NET_ADMIN; kept */

	/* From the controller's events */
	uint8_t reason;
	uint16_t handle;       /* or CONN_NO_HANDLE */

	struct loop_watch watch; /* fd while it connects; -1: none */
	struct loop_timer pause, check, update_limit;
	struct setup_wait setup;
	struct scan_pause scan_pause;
	struct stop_discovery stop_discovery;

	/* The requested parameters, once it is connected */
	struct conn_params_link conn_params;
	struct att_link params; /* in force */
	struct link_op update;

	struct loop_task finished; /* calls done */
	struct deferred_error deferred;
	int fd; /* connected; -1: none */
};

void attempt_init(struct attempt *attempt, struct hci_adapter *adapter,
		  void (*done)(struct attempt *attempt, struct connect_op *op));

/* op stays the caller's. */
void attempt_start(struct attempt *attempt, struct connect_op *op);

/* Does not call done. Does nothing if no attempt runs. */
void attempt_cancel(struct attempt *attempt);

bool attempt_wants_params(const struct connect_op *op);

/* LE Connection Complete, and Disconnection Complete. */
void attempt_established(struct attempt *attempt, struct ble_bytes params);
void attempt_disconnected(struct attempt *attempt, uint16_t handle, uint8_t reason);

/* connect_retry.c: what to do after an error of the kernel's. */
enum connect_retry {
	RETRY_NEVER,
	RETRY_SOON,
	RETRY_LATER,       /* something else has to end first */
	RETRY_WITH_SETUP,  /* the adapter may have been switched off */
};
enum connect_retry connect_retry_after(const struct attempt *attempt, int error);

/* Sets the sentence of an attempt that failed for good. Returns its error. */
int connect_retry_explain(struct attempt *attempt, int error);

#endif
