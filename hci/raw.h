/* SPDX-License-Identifier: MIT */
/*
 * A raw HCI socket on one adapter. It hears every event of the controller and
 * every command that others, the kernel included, send to it; it sends commands
 * of our own, which it does not hear. It changes nothing by being open.
 */
#ifndef HCI_RAW_H
#define HCI_RAW_H

#include "base/loop.h"
#include "base/deferred_free.h"

struct batch;

enum { /* Vol 4, Part E, 7.x: OGF << 10 | OCF */
	RAW_RESET = 0x0c03,
	RAW_READ_COMMANDS = 0x1002,
	RAW_READ_RSSI = 0x1405,
	RAW_SCAN_PARAMS = 0x200b,
	RAW_SCAN_ENABLE = 0x200c,
	RAW_LE_UPDATE = 0x2013,
	RAW_EXT_SCAN_PARAMS = 0x2041,
	RAW_EXT_SCAN_ENABLE = 0x2042,
};

enum {
	RAW_SUCCESS = 0x00,
	RAW_UNKNOWN_COMMAND = 0x01,
	RAW_DISALLOWED = 0x0c,
	RAW_UNSUPPORTED = 0x11,
};

enum {
	RAW_DISCONNECTION = 0x05,
	RAW_LE_META = 0x3e,
	RAW_LE_CONNECTION = 0x01, /* LE Meta subevents */
	RAW_LE_UPDATED = 0x03,
	RAW_LE_ENHANCED_CONNECTION = 0x0a,
};

struct raw_events {
	/* A command ended, ours or another's; params: status first, at least. */
	void (*complete)(void *user, uint16_t opcode, struct ble_bytes params);
	/* A command of the kernel or of another program goes to the controller. */
	void (*command)(void *user, uint16_t opcode, struct ble_bytes params);
	/* Any other event that is listened for. */
	void (*event)(void *user, uint8_t code, struct ble_bytes params,
		      uint64_t time);
	/* The adapter was pulled. */
	void (*lost)(void *user);
};

struct raw {
	struct loop_watch watch; /* its fd is ours */
	struct life *life;       /* of the owner: events may free it */
	struct batch *batch;     /* borrowed */
	const struct raw_events *events;
	void *user;
	bool privileged; /* LE commands and events are open to us */
	unsigned int listeners; /* above 0: it hears more than disconnections */
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
int raw_init(struct raw *raw, struct ble_loop *loop, int fd, struct life *life,
	     struct batch *batch, const struct raw_events *events, void *user);
void raw_close(struct raw *raw);

/* The socket hears LE events, ends of commands and commands of other programs
 * while there is a listener. It always hears Disconnection Complete. Both do
 * nothing where the listener is in that state already. */
void raw_listen(struct raw *raw, struct raw_listener *listener);
void raw_unlisten(struct raw *raw, struct raw_listener *listener);

/* 0 or -errno: -ENETDOWN, the adapter is down. */
int raw_send(struct raw *raw, uint16_t opcode, struct ble_bytes params);

/* Takes in all that has arrived, as dispatch would. */
void raw_drain(struct raw *raw);

/* Blocking, for opening and the end: sends the command and waits for its end,
 * which is copied, status first. Everything else that arrives is thrown away. */
int raw_ask(int fd, uint16_t opcode, struct ble_bytes params, int timeout_ms,
	    uint8_t *reply, size_t size, size_t *ret_len);

#endif
