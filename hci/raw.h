/* SPDX-License-Identifier: MIT */
/*
 * A raw HCI socket of one adapter. It receives the controller's events and the
 * commands of the kernel and of other programs, and sends commands of our own,
 * which it does not receive. Opening it does not change the adapter.
 */
#ifndef HCI_RAW_H
#define HCI_RAW_H

#include <time.h>

#include "base/loop.h"
#include "base/deferred_free.h"

struct batch;

enum { /* Vol 4, Part E, 7.x: OGF << 10 | OCF */
	RAW_DISCONNECT = 0x0406,
	RAW_RESET = 0x0c03,
	RAW_READ_COMMANDS = 0x1002,
	RAW_READ_RSSI = 0x1405,
	RAW_SCAN_PARAMS = 0x200b,
	RAW_SCAN_ENABLE = 0x200c,
	RAW_CREATE = 0x200d, /* LE Create Connection */
	RAW_LE_UPDATE = 0x2013,
	RAW_EXT_SCAN_PARAMS = 0x2041,
	RAW_EXT_SCAN_ENABLE = 0x2042,
	RAW_EXT_CREATE = 0x2043,
};

enum {
	RAW_SUCCESS = 0x00,
	RAW_UNKNOWN_COMMAND = 0x01,
	RAW_DISALLOWED = 0x0c,
	RAW_UNSUPPORTED = 0x11,
};

enum { RAW_POWER_OFF = 0x15 }; /* the reason with which the kernel ends links then */

enum {
	RAW_DISCONNECTION = 0x05,
	RAW_LE_META = 0x3e,
	RAW_LE_CONNECTION = 0x01, /* LE Meta subevents */
	RAW_LE_UPDATED = 0x03,
	RAW_LE_ENHANCED_CONNECTION = 0x0a,
};

struct raw_events {
	/* Command Complete or Command Status. params: the return parameters, at
	 * least the status. theirs: the command was the kernel's or another
	 * program's. */
	void (*complete)(void *user, uint16_t opcode, struct ble_bytes params,
			 bool theirs);
	/* A command of the kernel or of another program goes to the controller. */
	void (*command)(void *user, uint16_t opcode, struct ble_bytes params);
	/* Any other event in the filter. */
	void (*event)(void *user, uint8_t code, struct ble_bytes params,
		      uint64_t time);
	/* The adapter was removed. */
	void (*lost)(void *user);
};

/* In a child of the process that made the loop nothing is sent and no filter is set,
 * because the parent has the same socket. */
struct raw {
	struct ble_loop *loop;
	struct loop_watch watch; /* its fd is ours */
	struct deferred_free *memory; /* the owner's: a callback may free it */
	struct batch *batch;     /* borrowed */
	const struct raw_events *events;
	void *user;
	bool privileged; /* CAP_NET_RAW: LE commands and events */
	unsigned int listeners;
	bool wide; /* it receives more than disconnections */
	struct loop_task narrow;
	/* The kernel sends the controller one command at a time, and each that is
	 * not ours is received before its answer. This is the one without an
	 * answer; 0: none. So an answer to another command is to one of ours. */
	uint16_t theirs;
};

/* One listener, embedded in its owner. Zeroed: it does not listen. */
struct raw_listener {
	bool counted;
};

/* A socket on a channel of the kernel's HCI, of this adapter or of all. 0 or
 * -errno. */
int ble_hci_socket(uint16_t index, uint16_t channel, int *ret_fd);

/* A raw socket on this adapter. 0 or -errno. */
int raw_socket(uint16_t index, int *ret_fd);

/* Takes over fd if it succeeds. */
int raw_init(struct raw *raw, struct ble_loop *loop, int fd, struct deferred_free *memory,
	     struct batch *batch, const struct raw_events *events, void *user);
void raw_close(struct raw *raw);

/* The socket receives LE events, ends of commands and commands of other programs
 * while there is a listener, and until the next dispatch after the last one. It
 * always receives Disconnection Complete. Both calls do nothing if the listener is in
 * that state already. */
void raw_listen(struct raw *raw, struct raw_listener *listener);
void raw_unlisten(struct raw *raw, struct raw_listener *listener);

/* 0 or -errno: -ENETDOWN, the adapter is down; -ECHILD, see struct raw. */
int raw_send(struct raw *raw, uint16_t opcode, struct ble_bytes params);

/* Handles all packets that have arrived, as dispatch does. */
void raw_drain(struct raw *raw);

/* Blocks for timeout_ms at most, for opening and freeing: sends the command and
 * copies its return parameters, status first. All other packets are dropped. */
int raw_ask(int fd, uint16_t opcode, struct ble_bytes params, int timeout_ms,
	    uint8_t *reply, size_t size, size_t *ret_len);

/* What is left of a time limit of a blocking call, in ms; at least 0. start is of
 * CLOCK_MONOTONIC. */
int ble_hci_ms_left(const struct timespec *start, int timeout_ms);

#endif
