/* SPDX-License-Identifier: MIT */
#include "att/verb.h"

#include <errno.h>

#include "att/pdu.h"
#include "base/bytes.h"
#include "base/uuid.h"

enum shape { /* of the request behind its opcode */
	SHAPE_NUMBER, /* start, in two octets or one */
	SHAPE_RANGE,  /* start, end */
	SHAPE_TYPE,   /* start, end, type */
	SHAPE_TYPE_VALUE,
	SHAPE_HANDLE,
	SHAPE_HANDLE_VALUE,
	SHAPE_HANDLE_OFFSET_VALUE,
	SHAPE_VALUE,
};

struct verb {
	uint8_t opcode;
	uint8_t shape;
	bool sweep;
	uint8_t overhead; /* octets around op->value in one PDU */
	int (*read)(struct att_op *op, const struct att_reader *reader,
		    struct ble_bytes pdu);
};

static bool emit(struct att_op *op, const struct att_reader *reader,
		 const struct att_record *record)
{
	if (op->record)
		op->record(op, record);
	return reader->alive(reader->user, op);
}

/* Moves a sweep behind the group that ended at last; the record callback may
 * have moved it further. True if a part of the range is left. */
static bool advance(struct att_op *op, uint16_t last)
{
	if (last == 0xffff)
		return false;
	if (op->start <= last)
		op->start = (uint16_t)(last + 1);
	return op->start <= op->end;
}

/*
 * The responses of the four sweeps have rows of one size. A row starts with a
 * handle, in two of them followed by the end of a group. Handles that do not
 * rise would make the sweep endless, so such a response is malformed.
 */
struct rows {
	size_t head; /* octets before the first row */
	size_t size; /* of a row */
	bool groups; /* a row holds an end handle */
};

static int read_rows(struct att_op *op, const struct att_reader *reader,
		     struct ble_bytes pdu, struct rows rows)
{
	size_t fixed = rows.groups ? 4 : 2;
	uint16_t low = op->start, high = op->end, last = 0;

	if (rows.size < fixed || pdu.len <= rows.head ||
	    (pdu.len - rows.head) % rows.size)
		return -EBADMSG;
	for (size_t at = rows.head; at < pdu.len; at += rows.size) {
		const uint8_t *row = pdu.data + at;
		struct att_record record = { .handle = get_le16(row) };

		record.end = rows.groups ? get_le16(row + 2) : record.handle;
		record.value = bytes(row + fixed, rows.size - fixed);
		if (record.handle < low || record.handle > high ||
		    record.handle <= last || record.end < record.handle)
			return -EBADMSG;
		last = record.end;
		if (!emit(op, reader, &record))
			return 0;
	}
	return advance(op, last);
}

static int read_find_info(struct att_op *op, const struct att_reader *reader,
			  struct ble_bytes pdu)
{
	struct rows rows = { .head = 2 };

	if (pdu.len < 2)
		return -EBADMSG;
	if (pdu.data[1] == 1)
		rows.size = 4;
	else if (pdu.data[1] == 2)
		rows.size = 18;
	return read_rows(op, reader, pdu, rows);
}

static int read_find_by_type(struct att_op *op, const struct att_reader *reader,
			     struct ble_bytes pdu)
{
	return read_rows(op, reader, pdu,
			 (struct rows){ .head = 1, .size = 4, .groups = true });
}

static int read_by_type(struct att_op *op, const struct att_reader *reader,
			struct ble_bytes pdu)
{
	if (pdu.len < 2)
		return -EBADMSG;
	return read_rows(op, reader, pdu,
			 (struct rows){ .head = 2, .size = pdu.data[1] });
}

static int read_by_group(struct att_op *op, const struct att_reader *reader,
			 struct ble_bytes pdu)
{
	if (pdu.len < 2)
		return -EBADMSG;
	return read_rows(op, reader, pdu,
			 (struct rows){ .head = 2, .size = pdu.data[1],
					.groups = true });
}

static int read_value(struct att_op *op, const struct att_reader *reader,
		      struct ble_bytes pdu)
{
	struct att_record record = { .handle = op->start, .end = op->start };

	record.value = bytes(pdu.data + 1, pdu.len - 1);
	emit(op, reader, &record);
	return 0;
}

/* One part after the other, until one does not fill its PDU (3.4.4.5) at the MTU
 * that was in force when it was requested. No value is longer than 512 octets, so
 * the read ends there if the peer sends more. */
static int read_long(struct att_op *op, const struct att_reader *reader,
		     struct ble_bytes pdu)
{
	size_t len = pdu.len - 1, room = (size_t)(ATT_VALUE_MAX - op->offset);
	struct att_record record = { .handle = op->start, .end = op->start,
				     .offset = op->offset };

	record.value = bytes(pdu.data + 1, len < room ? len : room);
	if (!emit(op, reader, &record))
		return 0;
	op->offset = (uint16_t)(op->offset + record.value.len);
	return len >= (size_t)(reader->mtu - 1) && op->offset < ATT_VALUE_MAX;
}

/* Length and value, repeated in the order of the request (3.4.4.12). The response
 * is cut at the MTU, so the last value may be shorter than its length. */
static int read_multiple_variable(struct att_op *op,
				  const struct att_reader *reader,
				  struct ble_bytes pdu)
{
	bool cut = pdu.len >= reader->mtu;
	size_t at = 1;

	for (size_t i = 0; i + 1 < op->value.len; i += 2) {
		struct att_record record = { 0 };
		size_t size;

		if (pdu.len - at < 2)
			return cut ? 0 : -EBADMSG;
		size = get_le16(pdu.data + at);
		at += 2;
		if (size > pdu.len - at) {
			if (!cut)
				return -EBADMSG;
			size = pdu.len - at;
		}
		record.handle = record.end = get_le16(op->value.data + i);
		record.value = bytes(pdu.data + at, size);
		at += size;
		if (!emit(op, reader, &record))
			return 0;
	}
	return at == pdu.len ? 0 : -EBADMSG;
}

static int read_prepared(struct att_op *op, const struct att_reader *reader,
			 struct ble_bytes pdu)
{
	struct att_record record;

	if (pdu.len < 5)
		return -EBADMSG;
	record.handle = record.end = get_le16(pdu.data + 1);
	record.offset = get_le16(pdu.data + 3);
	record.value = bytes(pdu.data + 5, pdu.len - 5);
	emit(op, reader, &record);
	return 0;
}

static int read_empty(struct att_op *op, const struct att_reader *reader,
		      struct ble_bytes pdu)
{
	(void)op;
	(void)reader;
	return pdu.len == 1 ? 0 : -EBADMSG;
}

static int read_mtu(struct att_op *op, const struct att_reader *reader,
		    struct ble_bytes pdu)
{
	(void)op;
	(void)reader;
	return pdu.len == 3 ? 0 : -EBADMSG;
}

static const struct verb verbs[ATT_VERBS] = {
	[ATT_EXCHANGE_MTU] = { ATT_MTU_REQ, SHAPE_NUMBER, false, 0, read_mtu },
	[ATT_FIND_INFORMATION] = { ATT_FIND_INFO_REQ, SHAPE_RANGE, true, 0,
				   read_find_info },
	[ATT_FIND_BY_TYPE_VALUE] = { ATT_FIND_BY_TYPE_REQ, SHAPE_TYPE_VALUE,
				     true, 7, read_find_by_type },
	[ATT_READ_BY_TYPE] = { ATT_READ_TYPE_REQ, SHAPE_TYPE, true, 0,
			       read_by_type },
	[ATT_READ_BY_GROUP_TYPE] = { ATT_READ_GROUP_REQ, SHAPE_TYPE, true, 0,
				     read_by_group },
	[ATT_READ] = { ATT_READ_REQ, SHAPE_HANDLE, false, 0, read_value },
	[ATT_READ_LONG] = { ATT_READ_REQ, SHAPE_HANDLE, false, 0, read_long },
	[ATT_READ_MULTIPLE] = { ATT_READ_MULTI_REQ, SHAPE_VALUE, false, 1,
				read_value },
	[ATT_READ_MULTIPLE_VARIABLE] = { ATT_READ_MULTI_VAR_REQ, SHAPE_VALUE,
					 false, 1, read_multiple_variable },
	[ATT_WRITE] = { ATT_WRITE_REQ, SHAPE_HANDLE_VALUE, false, 3, read_empty },
	[ATT_WRITE_COMMAND] = { ATT_WRITE_CMD, SHAPE_HANDLE_VALUE, false, 3, NULL },
	[ATT_PREPARE_WRITE] = { ATT_PREPARE_REQ, SHAPE_HANDLE_OFFSET_VALUE,
				false, 5, read_prepared },
	[ATT_EXECUTE_WRITE] = { ATT_EXECUTE_REQ, SHAPE_NUMBER, false, 0,
				read_empty },
};

/* The checks that depend on the shape */
static bool shape_holds(const struct att_op *op, const struct verb *verb)
{
	switch ((enum shape)verb->shape) {
	case SHAPE_NUMBER:
		return op->verb == ATT_EXECUTE_WRITE
			? op->start <= 1
			: op->start >= ATT_MTU_MIN && op->start <= ATT_MTU_MAX;
	case SHAPE_VALUE: /* two handles at least: 3.4.4.7 */
		return op->value.len >= 4 && op->value.len % 2 == 0;
	case SHAPE_TYPE_VALUE:
		return op->start && ble_uuid_short(&op->type);
	default:
		return op->start;
	}
}

int att_verb_check(const struct att_op *op, uint16_t mtu)
{
	const struct verb *verb;

	if ((unsigned int)op->verb >= ATT_VERBS)
		return -EINVAL;
	verb = &verbs[op->verb];
	if (verb->shape == SHAPE_HANDLE_VALUE ? !op->start : !shape_holds(op, verb))
		return -EINVAL;
	if (verb->sweep && op->start > op->end)
		return -EINVAL;
	if (verb->overhead && op->value.len + verb->overhead > mtu)
		return -EMSGSIZE;
	return op->offset <= ATT_VALUE_MAX ? 0 : -EINVAL;
}

uint8_t att_verb_opcode(const struct att_op *op)
{
	if (op->verb == ATT_READ_LONG && op->offset)
		return ATT_READ_BLOB_REQ;
	return verbs[op->verb].opcode;
}

size_t att_verb_write(const struct att_op *op, uint8_t head[ATT_HEAD_MAX],
		      struct ble_bytes *ret_tail)
{
	head[0] = att_verb_opcode(op);
	put_le16(head + 1, op->start);
	if (verbs[op->verb].shape == SHAPE_HANDLE_VALUE) { /* most of them */
		*ret_tail = op->value;
		return 3;
	}
	switch ((enum shape)verbs[op->verb].shape) {
	case SHAPE_NUMBER:
		return op->verb == ATT_EXECUTE_WRITE ? 2 : 3;
	case SHAPE_RANGE:
		put_le16(head + 3, op->end);
		return 5;
	case SHAPE_TYPE:
		put_le16(head + 3, op->end);
		return 5 + uuid_to_wire(&op->type, head + 5);
	case SHAPE_TYPE_VALUE:
		put_le16(head + 3, op->end);
		put_le16(head + 5, ble_uuid_short(&op->type));
		*ret_tail = op->value;
		return 7;
	case SHAPE_HANDLE:
		if (head[0] != ATT_READ_BLOB_REQ)
			return 3;
		put_le16(head + 3, op->offset);
		return 5;
	case SHAPE_HANDLE_VALUE:
		break;
	case SHAPE_HANDLE_OFFSET_VALUE:
		put_le16(head + 3, op->offset);
		*ret_tail = op->value;
		return 5;
	case SHAPE_VALUE:
		*ret_tail = op->value;
		return 1;
	}
	return 1;
}

int att_verb_read(struct att_op *op, const struct att_reader *reader,
		  struct ble_bytes pdu)
{
	return verbs[op->verb].read(op, reader, pdu);
}

int att_verb_error(const struct att_op *op, int error)
{
	if (verbs[op->verb].sweep && error == ATT_ATTRIBUTE_NOT_FOUND)
		return 0;
	/* A value that fills its last PDU has one Read Blob too many. */
	if (op->verb == ATT_READ_LONG && op->offset &&
	    (error == ATT_INVALID_OFFSET || error == ATT_ATTRIBUTE_NOT_LONG))
		return 0;
	/* With any error the MTU stays as it is: 3.4.2.2. */
	if (op->verb == ATT_EXCHANGE_MTU)
		return 0;
	return error;
}
