/* SPDX-License-Identifier: MIT */
/* The database of "peer", and what it answers. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "peer.h"

uint16_t get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] | bytes[1] << 8);
}

void put16(uint8_t *bytes, uint16_t value)
{
	bytes[0] = (uint8_t)value;
	bytes[1] = (uint8_t)(value >> 8);
}

int say(const struct peer *peer, const uint8_t *pdu, size_t length)
{
	return send(peer->fd, pdu, length, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static void say_error(const struct peer *peer, uint8_t request, uint16_t handle, uint8_t code)
{
	uint8_t pdu[5] = { ERROR_RSP, request, 0, 0, code };

	put16(pdu + 2, handle);
	say(peer, pdu, sizeof(pdu));
}

static void fill(struct attribute *attribute, uint16_t type, const void *value, size_t length)
{
	attribute->type = type;
	attribute->length = (uint16_t)length;
	memcpy(attribute->value, value, length);
}

void fill_table(struct peer *peer)
{
	static const uint8_t service[] = { 0x0d, 0x18 };
	static const uint8_t sensor[] = { 0x32, SENSOR, 0, 0x37, 0x2a };
	static const uint8_t text[] = { 0x0e, TEXT, 0, 0x38, 0x2a };
	static const uint8_t nothing[512];
	char address[18];

	ba2str(&peer->address, address);
	fill(&peer->table[1], PRIMARY, service, sizeof(service));
	fill(&peer->table[2], CHARACTERISTIC, sensor, sizeof(sensor));
	fill(&peer->table[SENSOR], 0x2a37, nothing, peer->size);
	peer->table[SENSOR].value[4] = peer->address.b[0];
	fill(&peer->table[CONFIG], CCCD, nothing, 2);
	fill(&peer->table[5], CHARACTERISTIC, text, sizeof(text));
	fill(&peer->table[TEXT], 0x2a38, address, strlen(address));
}

/* A range request's start, or 0 after having refused it. */
static uint16_t range(const struct peer *peer, const uint8_t *pdu, uint16_t *ret_end)
{
	uint16_t start = get16(pdu + 1), end = get16(pdu + 3);

	if (!start || start > end) {
		say_error(peer, pdu[0], start, BAD_HANDLE);
		return 0;
	}
	*ret_end = end < LAST ? end : LAST;
	if (start > LAST)
		say_error(peer, pdu[0], start, NOT_FOUND);
	return start > LAST ? 0 : start;
}

static void find_information(const struct peer *peer, const uint8_t *pdu)
{
	uint8_t answer[MTU] = { FIND_INFO_REQ + 1, 1 };
	size_t length = 2;
	uint16_t end, handle = range(peer, pdu, &end);

	if (!handle)
		return;
	for (; handle <= end && length + 4 <= peer->mtu; handle++, length += 4) {
		put16(answer + length, handle);
		put16(answer + length + 2, peer->table[handle].type);
	}
	say(peer, answer, length);
}

/* Read By Type and Read By Group Type differ in the end of the group, and in which types. */
static void read_by_type(const struct peer *peer, const uint8_t *pdu)
{
	uint8_t answer[MTU] = { (uint8_t)(pdu[0] + 1) };
	uint16_t start = get16(pdu + 1), type = get16(pdu + 5), end, handle;
	size_t length = 2, head = pdu[0] == READ_GROUP_REQ ? 4 : 2, value;

	handle = range(peer, pdu, &end);
	if (!handle)
		return;
	for (; handle <= end; handle++) {
		if (peer->table[handle].type != type)
			continue;
		value = peer->table[handle].length;
		if (value > peer->mtu - length - head || (answer[1] && answer[1] != value + head))
			break;
		answer[1] = (uint8_t)(value + head);
		put16(answer + length, handle);
		if (head == 4)
			put16(answer + length + 2, LAST);
		memcpy(answer + length + head, peer->table[handle].value, value);
		length += head + value;
	}
	if (length == 2)
		say_error(peer, pdu[0], start, NOT_FOUND);
	else
		say(peer, answer, length);
}

static void read_value(const struct peer *peer, const uint8_t *pdu, uint16_t offset)
{
	uint16_t handle = get16(pdu + 1);
	const struct attribute *attribute = &peer->table[handle <= LAST ? handle : 0];
	uint8_t answer[MTU] = { (uint8_t)(pdu[0] + 1) };
	size_t length;

	if (!attribute->type) {
		say_error(peer, pdu[0], handle, BAD_HANDLE);
	} else if (offset > attribute->length) {
		say_error(peer, pdu[0], handle, BAD_OFFSET);
	} else {
		length = (size_t)attribute->length - offset;
		if (length > peer->mtu - 1u)
			length = peer->mtu - 1u;
		memcpy(answer + 1, attribute->value + offset, length);
		say(peer, answer, length + 1);
	}
}

static uint8_t store(struct peer *peer, uint16_t handle, const uint8_t *value, size_t length)
{
	if (!handle || handle > LAST)
		return BAD_HANDLE;
	if (handle != CONFIG && handle != TEXT)
		return NO_WRITE;
	if (handle == CONFIG ? length != 2 : length > sizeof(peer->table[TEXT].value))
		return BAD_LENGTH;
	fill(&peer->table[handle], peer->table[handle].type, value, length);
	return 0;
}

static void write_value(struct peer *peer, const uint8_t *pdu, size_t length)
{
	static const uint8_t done = WRITE_REQ + 1;
	uint16_t handle = get16(pdu + 1);
	uint8_t code = store(peer, handle, pdu + 3, length - 3);

	if (pdu[0] == WRITE_CMD)
		return;
	if (code) {
		say_error(peer, pdu[0], handle, code);
		return;
	}
	say(peer, &done, 1);
	if (handle != CONFIG)
		return;
	printf("configured %u\n", get16(pdu + 3));
	if (get16(pdu + 3) && peer->mode->subscribed)
		peer->mode->subscribed(peer);
}

static void exchange_mtu(struct peer *peer, const uint8_t *pdu)
{
	uint8_t answer[3] = { MTU_RSP };
	uint16_t theirs = get16(pdu + 1);

	put16(answer + 1, MTU);
	say(peer, answer, sizeof(answer));
	peer->mtu = theirs < MTU_DEFAULT ? MTU_DEFAULT : theirs > MTU ? MTU : theirs;
}

static size_t least_length(uint8_t opcode)
{
	switch (opcode) {
	case MTU_REQ: case READ_REQ: case WRITE_REQ: case WRITE_CMD: return 3;
	case FIND_INFO_REQ: case READ_BLOB_REQ: return 5;
	case READ_TYPE_REQ: case READ_GROUP_REQ: return 7;
	default: return 1;
	}
}

void answer(struct peer *peer, const uint8_t *pdu, size_t length)
{
	if (length < least_length(pdu[0])) {
		say_error(peer, pdu[0], 0, BAD_PDU);
		return;
	}
	switch (pdu[0]) {
	case MTU_REQ: exchange_mtu(peer, pdu); break;
	case FIND_INFO_REQ: find_information(peer, pdu); break;
	case READ_TYPE_REQ: case READ_GROUP_REQ: read_by_type(peer, pdu); break;
	case READ_REQ: read_value(peer, pdu, 0); break;
	case READ_BLOB_REQ: read_value(peer, pdu, get16(pdu + 3)); break;
	case WRITE_REQ: case WRITE_CMD: write_value(peer, pdu, length); break;
	default:
		/* responses (odd) and commands (0x40) want no answer */
		if (!(pdu[0] & 0x41))
			say_error(peer, pdu[0], 0, NOT_SUPPORTED);
	}
}
