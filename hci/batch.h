/* SPDX-License-Identifier: MIT */
/*
 * Room to receive many packets with one system call: one for an adapter and
 * all its links, so that a link costs no buffer of its own and the kernel's
 * queue is emptied before the first callback runs. Counted, because a callback
 * may free everything but the packet that it is looking at.
 */
#ifndef HCI_BATCH_H
#define HCI_BATCH_H

#ifndef _GNU_SOURCE
#error "recvmmsg() is wanted: define _GNU_SOURCE before the first header"
#endif
#include <sys/socket.h>

#include "blewire.h"

enum {
	BATCH_PACKETS = 32,
	BATCH_ROOM = 680, /* the kernel takes ATT PDUs of up to 672 octets */
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

/* Receives what is there, up to most, which is 1 or BATCH_PACKETS; one comes
 * without what the kernel says of it. 0 or -errno; -EAGAIN: nothing. */
int batch_receive(struct batch *batch, int fd, size_t most, size_t *ret_count);

/* One packet of those; empty where it did not fit. */
struct ble_bytes batch_packet(const struct batch *batch, size_t i);

/* The kernel drops silently what does not fit into a socket's receive queue.
 * Memory is taken only for what does wait. */
void batch_raise_room(int fd, int room);

/* The kernel's stamp of an HCI packet, ns since 1970; without one, now. */
uint64_t batch_time(struct batch *batch, size_t i);

#endif
