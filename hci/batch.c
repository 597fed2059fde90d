/* SPDX-License-Identifier: MIT */
/* See batch.h. */
#define _GNU_SOURCE /* recvmmsg() */
#include "hci/batch.h"

#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

struct batch *batch_new(void)
{
	struct batch *batch = calloc(1, sizeof(*batch));

	if (!batch)
		return NULL;
	batch->refs = 1;
	for (size_t i = 0; i < BATCH_PACKETS; i++) {
		struct msghdr *header = &batch->messages[i].msg_hdr;

		batch->rooms[i].iov_base = batch->packets[i];
		batch->rooms[i].iov_len = BATCH_ROOM;
		header->msg_iov = &batch->rooms[i];
		header->msg_iovlen = 1;
	}
	return batch;
}

struct batch *batch_ref(struct batch *batch)
{
	batch->refs++;
	return batch;
}

struct batch *batch_unref(struct batch *batch)
{
	if (batch && --batch->refs == 0)
		free(batch);
	return NULL;
}

/* Leaves the message as recvmmsg() does. */
static int receive_one(struct batch *batch, int fd)
{
	struct mmsghdr *message = &batch->messages[0];
	ssize_t len;

	do {
		len = recv(fd, batch->packets[0], BATCH_ROOM, MSG_DONTWAIT | MSG_TRUNC);
	} while (len < 0 && errno == EINTR);
	if (len < 0)
		return -errno;
	message->msg_len = (unsigned int)len;
	message->msg_hdr.msg_controllen = 0;
	message->msg_hdr.msg_flags = len > BATCH_ROOM ? MSG_TRUNC : 0;
	return 0;
}

int batch_receive(struct batch *batch, int fd, size_t most, size_t *ret_count)
{
	int count;

	if (most == 1) {
		*ret_count = 1;
		return receive_one(batch, fd);
	}
	for (size_t i = 0; i < BATCH_PACKETS; i++) {
		struct msghdr *header = &batch->messages[i].msg_hdr;

		header->msg_control = batch->control[i];
		header->msg_controllen = BATCH_CONTROL;
		header->msg_flags = 0;
	}
	do {
		count = recvmmsg(fd, batch->messages, BATCH_PACKETS,
				 MSG_DONTWAIT, NULL);
	} while (count < 0 && errno == EINTR);
	if (count < 0)
		return -errno;
	*ret_count = (size_t)count;
	return 0;
}

struct ble_bytes batch_packet(const struct batch *batch, size_t i)
{
	const struct mmsghdr *message = &batch->messages[i];

	if (message->msg_hdr.msg_flags & MSG_TRUNC)
		return (struct ble_bytes){ 0 };
	return (struct ble_bytes){ batch->packets[i], message->msg_len };
}

void batch_raise_room(int fd, int room)
{
	/* Exceeding the system's limit needs CAP_NET_ADMIN; both may fail. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
}

uint64_t batch_time(struct batch *batch, size_t i)
{
	struct msghdr *header = &batch->messages[i].msg_hdr;
	struct timeval stamp;
	struct timespec now;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c;
	     c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level != SOL_HCI || c->cmsg_type != HCI_CMSG_TSTAMP ||
		    c->cmsg_len < CMSG_LEN(sizeof(stamp)))
			continue;
		memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
		return (uint64_t)stamp.tv_sec * 1000000000u +
		       (uint64_t)stamp.tv_usec * 1000u;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
