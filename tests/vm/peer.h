/* SPDX-License-Identifier: MIT */
/* What the parts of "peer" share; peer.c says what it is. */
#ifndef PEER_H
#define PEER_H

#include <stddef.h>
#include <stdint.h>

#include <bluetooth/bluetooth.h>

enum {
	ATT_CID = 4, MTU = 517, MTU_DEFAULT = 23,
	ERROR_RSP = 0x01, MTU_REQ = 0x02, MTU_RSP = 0x03, FIND_INFO_REQ = 0x04,
	READ_TYPE_REQ = 0x08, READ_REQ = 0x0a, READ_BLOB_REQ = 0x0c, READ_GROUP_REQ = 0x10,
	WRITE_REQ = 0x12, NOTIFY = 0x1b, INDICATE = 0x1d, CONFIRM = 0x1e, WRITE_CMD = 0x52,
	BAD_HANDLE = 0x01, NO_WRITE = 0x03, BAD_PDU = 0x04, NOT_SUPPORTED = 0x06,
	BAD_OFFSET = 0x07, NOT_FOUND = 0x0a, BAD_LENGTH = 0x0d,
	PRIMARY = 0x2800, CHARACTERISTIC = 0x2803, CCCD = 0x2902,
	SENSOR = 3, CONFIG = 4, TEXT = 6, LAST = 6,
};

struct attribute {
	uint16_t type;
	uint16_t length;
	uint8_t value[512];
};

struct peer {
	int fd;
	bdaddr_t address;
	uint8_t address_type;
	int keeps;			/* sockets of links that are gone */
	uint16_t mtu;
	const struct mode *mode;
	uint32_t count;			/* the mode's number: how many, how long, which PDU */
	uint16_t size;			/* of a notified value */
	uint32_t sent, confirmed, received;
	struct attribute table[LAST + 1];	/* by handle; 0 is not one */
};

struct mode {
	const char *name, *argument, *does;
	uint32_t least_arguments;
	/* each may be NULL; non-zero from pdu: taken care of, do not answer */
	int (*pdu)(struct peer *peer, const uint8_t *pdu, size_t length);
	void (*subscribed)(struct peer *peer);
	void (*time_up)(struct peer *peer);	/* after count milliseconds */
};

extern const struct mode hostile_modes[];	/* peer_hostile.c; the last has no name */

uint16_t get16(const uint8_t *bytes);
void put16(uint8_t *bytes, uint16_t value);
/* 0 or -errno.  The socket blocks, so the kernel paces us; a link that goes shows at the next receive. */
int say(const struct peer *peer, const uint8_t *pdu, size_t length);
void fill_table(struct peer *peer);
/* To a PDU that the mode did not take care of. */
void answer(struct peer *peer, const uint8_t *pdu, size_t length);

#endif
