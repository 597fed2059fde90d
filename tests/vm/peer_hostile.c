/* SPDX-License-Identifier: MIT */
/*
 * Modes of "peer" that attack the central. Where nothing else is said, each request is answered
 * as it should be, so that only the attack can be what a central fails of.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <bluetooth/hci_lib.h>
#include <bluetooth/l2cap.h>

#include "peer.h"

enum {
	LENGTH_MAX = 672,	/* what the kernel lets through on the ATT channel */
	ACL = 2, START = 0, CONTINUED = 1, HEAD = 4,
};

/* Opcodes of every kind: notifications, an indication, a request, commands, and some that there
 * are not; no response, which "unasked" sends. */
static const uint8_t unsolicited[] = {
	NOTIFY, 0x23, INDICATE, 0x20, WRITE_CMD, 0xd2, 0x7e, 0xff, READ_REQ, 0x18, CONFIRM, 0x24,
};

/* What the central answers to the attack is no reason for more of it. */
static int is_request(const uint8_t *pdu)
{
	return !(pdu[0] & 0x41) && pdu[0] != CONFIRM;
}

/* PDUs of all lengths, 16 before each answer. */
static int lengths(struct peer *peer, const uint8_t *pdu, size_t length)
{
	uint8_t out[LENGTH_MAX] = { 0 };
	uint32_t i;

	(void)length;
	for (i = 0; is_request(pdu) && i < 16; i++, peer->sent++) {
		out[0] = unsolicited[peer->sent % sizeof(unsolicited)];
		put16(out + 1, (uint16_t)(peer->sent % (LAST + 2)));
		say(peer, out, 1 + peer->sent * 37 % LENGTH_MAX);
	}
	return 0;
}

/* Notifications back to back before the first answer, though nobody has subscribed. */
static int deluge(struct peer *peer, const uint8_t *pdu, size_t length)
{
	const uint8_t out[23] = { NOTIFY, SENSOR };

	(void)pdu; (void)length;
	while (peer->sent++ < peer->count)
		say(peer, out, sizeof(out));
	return 0;
}

/* A response of each kind before each answer. */
static int unasked(struct peer *peer, const uint8_t *pdu, size_t length)
{
	static const uint8_t opcodes[] = {
		0x01, 0x03, 0x05, 0x07, 0x09, 0x0b, 0x0d, 0x0f, 0x11, 0x13, 0x17, 0x19, 0x21,
	};
	uint8_t out[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	size_t i;

	(void)length;
	for (i = 0; is_request(pdu) && i < sizeof(opcodes); i++) {
		/* this one would be the answer */
		if (opcodes[i] == pdu[0] + 1 || opcodes[i] == ERROR_RSP)
			continue;
		out[0] = opcodes[i];
		say(peer, out, 1 + i % sizeof(out));
	}
	return 0;
}

static void say_mtu(const struct peer *peer, uint8_t opcode, uint32_t mtu)
{
	uint8_t out[3] = { opcode };

	put16(out + 1, (uint16_t)mtu);
	say(peer, out, sizeof(out));
}

static int mtu(struct peer *peer, const uint8_t *pdu, size_t length)
{
	if (pdu[0] != MTU_REQ || length != 3)
		return 0;
	say_mtu(peer, MTU_RSP, peer->count);
	if (peer->count > MTU_DEFAULT)
		peer->mtu = get16(pdu + 1) < MTU ? get16(pdu + 1) : MTU;
	return 1;
}

/* Answers twice, and asks twice, each time for another size. */
static int mtu_twice(struct peer *peer, const uint8_t *pdu, size_t length)
{
	if (pdu[0] == MTU_REQ && length == 3) {
		say_mtu(peer, MTU_RSP, 100);
		say_mtu(peer, MTU_RSP, 517);
		say_mtu(peer, MTU_REQ, 23);
		say_mtu(peer, MTU_REQ, 65535);
		peer->mtu = 100;
		return 1;
	}
	return pdu[0] == MTU_RSP;
}

static int late(struct peer *peer, const uint8_t *pdu, size_t length)
{
	const struct timespec time = { peer->count / 1000, peer->count % 1000 * 1000000 };

	(void)pdu; (void)length;
	nanosleep(&time, NULL);
	return 0;
}

static int half_close(struct peer *peer, const uint8_t *pdu, size_t length)
{
	(void)pdu; (void)length;
	if (peer->received == peer->count)
		shutdown(peer->fd, SHUT_WR);
	return peer->received >= peer->count;
}

/* ---------------------------------------------------------------- fragments, below the sockets */

static void send_fragment(int hci, uint16_t handle, uint16_t boundary, const uint8_t *data, size_t length)
{
	uint8_t head[1 + HEAD] = { ACL };
	struct iovec parts[2] = {
		{ head, sizeof(head) }, { (void *)(uintptr_t)data, length },
	};

	put16(head + 1, (uint16_t)(handle | boundary << 12));
	put16(head + 3, (uint16_t)length);
	if (writev(hci, parts, 2) < 0)
		printf("cannot send a fragment: %s\n", strerror(errno));
}

/* Before each answer: the end of a PDU that had no start, one that is longer than its header says,
 * and the start of one that has no end. */
static int fragments(struct peer *peer, const uint8_t *pdu, size_t length)
{
	static const uint8_t more[] = { NOTIFY, SENSOR, 0, 1, 2, 3, 4, 5, 6, 7 };
	static const uint8_t longer[] = { 3, 0, ATT_CID, 0, NOTIFY, SENSOR, 0, 1, 2, 3, 4, 5 };
	static const uint8_t begun[] = { 40, 0, ATT_CID, 0, NOTIFY, SENSOR, 0, 1, 2, 3 };
	struct l2cap_conninfo info;
	socklen_t size = sizeof(info);
	char address[18];
	int hci;

	(void)length;
	if (!is_request(pdu))
		return 0;
	ba2str(&peer->address, address);
	hci = hci_open_dev(hci_devid(address));
	if (hci < 0 || getsockopt(peer->fd, SOL_L2CAP, L2CAP_CONNINFO, &info, &size) < 0) {
		printf("no fragments: %s\n", strerror(errno));
	} else {
		send_fragment(hci, info.hci_handle, CONTINUED, more, sizeof(more));
		send_fragment(hci, info.hci_handle, START, longer, sizeof(longer));
		send_fragment(hci, info.hci_handle, START, begun, sizeof(begun));
	}
	if (hci >= 0)
		hci_close_dev(hci);
	return 0;
}

const struct mode hostile_modes[] = {
	{ "lengths", "", "sends PDUs of all lengths and kinds before each answer", 0, lengths, NULL, NULL },
	{ "deluge", "N", "N notifications before its first answer", 1, deluge, NULL, NULL },
	{ "unasked", "", "sends responses to requests that were not sent", 0, unasked, NULL, NULL },
	{ "mtu", "N", "answers the exchange of the MTU with N", 1, mtu, NULL, NULL },
	{ "mtu-twice", "", "answers it twice and asks for it twice", 0, mtu_twice, NULL, NULL },
	{ "late", "MS", "answers each PDU after MS milliseconds", 1, late, NULL, NULL },
	{ "half-close", "K", "closes its direction at the K-th PDU", 1, half_close, NULL, NULL },
	{ "fragments", "", "sends parts of PDUs before each answer", 0, fragments, NULL, NULL },
	{ NULL, NULL, NULL, 0, NULL, NULL, NULL },
};
