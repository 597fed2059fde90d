/* SPDX-License-Identifier: MIT */
/*
 * An asynchronous client of the kernel's Bluetooth management interface (the HCI
 * control channel) for one adapter, or for all. Commands are embedded in their owners.
 */
#ifndef HCI_MGMT_H
#define HCI_MGMT_H

#include "base/loop.h"

enum mgmt_opcode {
	MGMT_READ_INDEX_LIST = 0x0003,
	MGMT_READ_INFO = 0x0004,
	MGMT_SET_POWERED = 0x0005,
	MGMT_SET_LE = 0x000d,
	MGMT_STOP_DISCOVERY = 0x0024,
};

enum mgmt_event {
	MGMT_COMMAND_COMPLETE = 0x0001,
	MGMT_COMMAND_STATUS = 0x0002,
	MGMT_INDEX_ADDED = 0x0004,
	MGMT_INDEX_REMOVED = 0x0005,
	MGMT_NEW_SETTINGS = 0x0006,
};

enum mgmt_status {
	MGMT_SUCCESS = 0x00,
	MGMT_FAILED = 0x03,
	MGMT_BUSY = 0x0a,
	MGMT_REJECTED = 0x0b,
	MGMT_NOT_SUPPORTED = 0x0c,
	MGMT_INVALID_PARAMS = 0x0d,
	MGMT_NOT_POWERED = 0x0f,
	MGMT_INVALID_INDEX = 0x11,
	MGMT_RFKILLED = 0x12,
	MGMT_PERMISSION_DENIED = 0x14,
};

enum mgmt_settings {
	MGMT_POWERED = 0x0001,
	MGMT_LE = 0x0200,
	MGMT_STATIC_ADDRESS = 0x8000,
};

enum { MGMT_INDEX_NONE = 0xffff, MGMT_HEAD = 6, MGMT_MESSAGE_MAX = 512 };

/* Part of the reply to Read Controller Information. */
struct mgmt_info {
	uint8_t address[6];
	uint32_t supported, current; /* enum mgmt_settings */
};

struct mgmt_command {
	struct list link; /* the client's until it is done or cancelled */
	uint16_t opcode, index; /* the index is set by mgmt_submit() */
	uint8_t len;
	uint8_t params[4];
	/* From dispatch. error: 0 or -errno; status is valid if it is 0. -ENODEV: the
	 * socket has ended, and there is no other one. -ECONNRESET: several sockets
	 * ended, one after the other, before the reply. */
	void (*done)(struct mgmt_command *command, int error, uint8_t status,
		     struct ble_bytes params);
};

struct mgmt {
	struct ble_loop *loop;
	struct loop_watch watch; /* its fd is ours */
	struct loop_timer timer; /* of the command without a reply */
	struct loop_task failed; /* ends a command that could not be sent */
	int failure;
	uint16_t index; /* MGMT_INDEX_NONE: hears the events of all adapters */
	struct list commands; /* the first one was sent */
	bool sent;
	unsigned int ends; /* of sockets, without a message in between */
	void (*event)(void *user, uint16_t event, uint16_t index, struct ble_bytes params);
	void (*ended)(void *user);
	void *user;
	int (*open)(int *ret_fd); /* mgmt_socket(); tests replace it */
};

/* A control socket. 0 or -errno. */
int mgmt_socket(int *ret_fd);

/* Takes over fd if it succeeds. ended: the kernel has ended the socket, and events
 * may be missed from here on. A command that waits for its reply is sent again over another
 * one: so each command must be one that can be repeated. Without such a command the next one
 * opens it. */
int mgmt_init(struct mgmt *mgmt, struct ble_loop *loop, int fd, uint16_t index,
	      void (*event)(void *user, uint16_t event, uint16_t index, struct ble_bytes params),
	      void (*ended)(void *user), void *user);

/* Forgets all commands; the socket is closed. */
void mgmt_close(struct mgmt *mgmt);

/* Queues a command. They are sent one at a time. done is always called. */
void mgmt_submit(struct mgmt *mgmt, struct mgmt_command *command);

/* The same for another adapter than the client's. */
void mgmt_submit_to(struct mgmt *mgmt, uint16_t index, struct mgmt_command *command);

/* Calls nothing back. If the command was sent, its reply is ignored. */
void mgmt_cancel(struct mgmt *mgmt, struct mgmt_command *command);

/* Blocks for timeout_ms at most: for opening, listing and freeing. Returns 0 or
 * -errno; *ret_len octets of the reply's parameters were copied. */
int mgmt_ask(int fd, uint16_t opcode, uint16_t index, struct ble_bytes params,
	     int timeout_ms, uint8_t *ret_status, uint8_t *reply, size_t size,
	     size_t *ret_len);

/* 0, or -EBADMSG if it is too short. */
int mgmt_parse_info(struct ble_bytes params, struct mgmt_info *ret_info);

#endif
