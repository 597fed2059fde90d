/* SPDX-License-Identifier: MIT */
/*
 * Buffers to receive many packets with one system call: one batch for an adapter
 * and all its links, so that a link has no buffer of its own and the kernel's
 * queue is emptied before the first callback runs. It has a reference count,
 * because a callback that gets a packet may free its adapter.
 */
#ifndef HCI_BATCH_H
#define HCI_BATCH_H

#ifndef _GNU_SOURCE
#error "recvmmsg() is needed: define _GNU_SOURCE before the first header"
#endif
#include <sys/socket.h>

#include "blewire.h"

enum {
	BATCH_PACKETS = 32,
	BATCH_ROOM = 680, /* the kernel accepts ATT PDUs of up to 672 octets */
	BATCH_CONTROL = 64,
};

struct batch {
	unsigned int refs;
	struct mmsghdr messages[BATCH_PACKETS];
	struct iovec rooms[BATCH_PACKETS];
	uint8_t control[BATCH_PACKETS][BATCH_CONTROL];
	uint8_t packets[BATCH_PACKETS][BATCH_ROOM];
};

struct batch *batch_new(void); /* NULL: out of memory */
struct batch *batch_ref(struct batch *batch);
struct batch *batch_unref(struct batch *batch);

/* Receives packets, at most `most`, which is 1 or BATCH_PACKETS. With 1 there is no
 * control data. 0 or -errno; -EAGAIN: there are none. */
int batch_receive(struct batch *batch, int fd, size_t most, size_t *ret_count);

/* One of the packets; empty if it was too long. */
struct ble_bytes batch_packet(const struct batch *batch, size_t i);

/* Raises the limit of a socket's receive queue. The kernel drops what exceeds
 * it, without an error. Only queued packets take memory. */
void batch_raise_room(int fd, int room);

/* The kernel's timestamp of an HCI packet, ns since 1970; without one, now. */
uint64_t batch_time(struct batch *batch, size_t i);

#endif
