/* SPDX-License-Identifier: MIT */
/* Answers requests: a row and a function for each opcode. */
#include "gatt/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "att/pdu.h"
#include "base/bytes.h"
#include "base/uuid.h"

/* One request and the room for its response. */
struct answer {
	struct gatt_session *session;
	uint16_t mtu;
	const uint8_t *pdu;
	size_t len;
	uint8_t *out; /* mtu octets */
};

/* The handle is 0 only in the error for an invalid PDU (3.4.1.1). */
static size_t refuse(const struct answer *a, uint16_t handle, int error)
{
	if (error == ATT_INVALID_PDU)
		handle = 0;
	a->out[0] = ATT_ERROR_RSP;
	a->out[1] = a->pdu[0];
	put_le16(a->out + 2, handle);
	a->out[4] = ble_error_att(error);
	return 5;
}

static uint16_t least(size_t a, size_t b)
{
	return (uint16_t)(a < b ? a : b);
}

/* -- Requests over a range of handles ------------------------------------------- */

struct range {
	uint16_t start, end;
	struct ble_uuid type; /* from wire, of type_len octets */
};

/* The range behind the opcode, and the type where one of type_len octets
 * follows. 0, or an ATT error. */
static int read_range(const struct answer *a, size_t type_len,
		      struct range *ret_range)
{
	ret_range->start = get_le16(a->pdu + 1);
	ret_range->end = get_le16(a->pdu + 3);
	if (type_len && (type_len == 4 ||
			 uuid_from_wire(a->pdu + 5, type_len, &ret_range->type)))
		return ATT_INVALID_PDU;
	if (!ret_range->start || ret_range->start > ret_range->end)
		return ATT_INVALID_HANDLE;
	return 0;
}

/* The next attribute of the range from *index on, of its type unless any is set;
 * *index is then behind it. NULL at the end. */
static struct gatt_attribute *next_in(const struct answer *a,
				      const struct range *range, bool any,
				      size_t *index)
{
	const struct gatt_table *table = a->session->table;

	while (*index < table->n) {
		struct gatt_attribute *attribute = &table->attributes[*index];

		if (attribute->handle > range->end)
			break;
		++*index;
		if (any || ble_uuid_equal(&attribute->type, &range->type))
			return attribute;
	}
	return NULL;
}

/* 3.4.3.1: pairs of handle and UUID, all UUIDs of one length. */
static size_t find_information(const struct answer *a)
{
	struct gatt_attribute *attribute;
	struct range range;
	uint8_t uuid[16];
	size_t index, len = 2, size = 0;
	int err = read_range(a, 0, &range);

	if (err)
		return refuse(a, range.start, err);
	index = gatt_table_from(a->session->table, range.start);
	while ((attribute = next_in(a, &range, true, &index))) {
		size_t this = uuid_to_wire(&attribute->type, uuid);

		if (!size)
			size = this;
		if (this != size || len + 2 + size > a->mtu)
			break;
		put_le16(a->out + len, attribute->handle);
		memcpy(a->out + len + 2, uuid, size);
		len += 2 + size;
	}
	if (!size)
		return refuse(a, range.start, ATT_ATTRIBUTE_NOT_FOUND);
	a->out[0] = ATT_FIND_INFO_RSP;
	a->out[1] = size == 2 ? 1 : 2;
	return len;
}

/* 3.4.3.3: the groups of this type with this value. */
static size_t find_by_type_value(const struct answer *a)
{
	struct ble_bytes value, wanted = bytes(a->pdu + 7, a->len - 7);
	struct gatt_attribute *attribute;
	struct range range;
	size_t index, len = 1;
	int err = read_range(a, 2, &range);

	if (err)
		return refuse(a, range.start, err);
	index = gatt_table_from(a->session->table, range.start);
	while (len + 4 <= a->mtu &&
	       (attribute = next_in(a, &range, false, &index))) {
		if (gatt_session_get(a->session, attribute, &value) ||
		    value.len != wanted.len ||
		    (value.len && memcmp(value.data, wanted.data, value.len)))
			continue;
		put_le16(a->out + len, attribute->handle);
		put_le16(a->out + len + 2, attribute->end);
		len += 4;
	}
	if (len == 1)
		return refuse(a, range.start, ATT_ATTRIBUTE_NOT_FOUND);
	a->out[0] = ATT_FIND_BY_TYPE_RSP;
	return len;
}

/* 3.4.4.1 and 3.4.4.9: entries of a handle, the end of the group where one is
 * asked for, and the value, all of one length. */
static size_t read_by(const struct answer *a, bool group)
{
	const size_t head = group ? 4 : 2;
	struct gatt_attribute *attribute;
	struct ble_bytes value;
	struct range range;
	size_t index, len = 2, size = 0;
	int err = read_range(a, a->len - 5, &range);

	if (err)
		return refuse(a, range.start, err);
	if (group && ble_uuid_short(&range.type) != GATT_PRIMARY &&
	    ble_uuid_short(&range.type) != GATT_SECONDARY)
		return refuse(a, range.start, ATT_UNSUPPORTED_GROUP_TYPE);
	index = gatt_table_from(a->session->table, range.start);
	while ((attribute = next_in(a, &range, false, &index))) {
		size_t this;

		err = gatt_session_get(a->session, attribute, &value);
		if (err && !size)
			return refuse(a, attribute->handle, err);
		if (err)
			break;
		/* The entry's length must fit in an octet. */
		this = head + least(value.len, least(a->mtu - 2, 255) - head);
		if (!size)
			size = this;
		if (this != size || len + size > a->mtu)
			break;
		put_le16(a->out + len, attribute->handle);
		if (group)
			put_le16(a->out + len + 2, attribute->end);
		if (size > head)
			memcpy(a->out + len + head, value.data, size - head);
		len += size;
	}
	if (!size)
		return refuse(a, range.start, ATT_ATTRIBUTE_NOT_FOUND);
	a->out[0] = group ? ATT_READ_GROUP_RSP : ATT_READ_TYPE_RSP;
	a->out[1] = (uint8_t)size;
	return len;
}

static size_t read_by_type(const struct answer *a)
{
	return read_by(a, false);
}

static size_t read_by_group_type(const struct answer *a)
{
	return read_by(a, true);
}

/* -- Requests for values ---------------------------------------------------------- */

static size_t read_request(const struct answer *a)
{
	uint16_t handle = get_le16(a->pdu + 1), part;
	struct ble_bytes value;
	int err = gatt_session_read(a->session, handle, &value);

	if (err)
		return refuse(a, handle, err);
	part = least(value.len, a->mtu - 1u);
	a->out[0] = ATT_READ_RSP;
	if (part)
		memcpy(a->out + 1, value.data, part);
	return 1u + part;
}

static size_t read_blob(const struct answer *a)
{
	uint16_t handle = get_le16(a->pdu + 1), offset = get_le16(a->pdu + 3);
	struct ble_bytes value;
	uint16_t part;
	int err = gatt_session_read(a->session, handle, &value);

	if (!err && offset > value.len)
		err = ATT_INVALID_OFFSET;
	if (err)
		return refuse(a, handle, err);
	part = least(value.len - offset, a->mtu - 1u);
	a->out[0] = ATT_READ_BLOB_RSP;
	if (part)
		memcpy(a->out + 1, value.data + offset, part);
	return 1u + part;
}

/* 3.4.4.7 and 3.4.4.11: what exceeds the MTU is cut off, but a length is
 * never cut in two. Every value must be readable, also those left out. */
static size_t read_several(const struct answer *a, bool variable)
{
	struct ble_bytes value;
	size_t len = 1;
	bool full = false;

	if (a->len % 2 == 0)
		return refuse(a, 0, ATT_INVALID_PDU);
	for (size_t i = 1; i < a->len; i += 2) {
		uint16_t handle = get_le16(a->pdu + i), part;
		int err = gatt_session_read(a->session, handle, &value);

		if (err)
			return refuse(a, handle, err);
		full = full || (variable && len + 2 > a->mtu);
		if (full)
			continue;
		if (variable) {
			put_le16(a->out + len, (uint16_t)value.len);
			len += 2;
		}
		part = least(value.len, a->mtu - len);
		if (part)
			memcpy(a->out + len, value.data, part);
		len += part;
	}
	a->out[0] = variable ? ATT_READ_MULTI_VAR_RSP :
			       ATT_READ_MULTI_RSP;
	return len;
}

static size_t read_multiple(const struct answer *a)
{
	return read_several(a, false);
}

static size_t read_multiple_variable(const struct answer *a)
{
	return read_several(a, true);
}

/* -- Writes ------------------------------------------------------------------------- */

static size_t write_request(const struct answer *a)
{
	uint16_t handle = get_le16(a->pdu + 1);
	int err = gatt_session_write(a->session, handle, GATT_MAY_WRITE,
				     bytes(a->pdu + 3, a->len - 3));

	if (err)
		return refuse(a, handle, err);
	a->out[0] = ATT_WRITE_RSP;
	return 1;
}

/* 3.4.5.3: no response, not even an error. */
static size_t write_command(const struct answer *a)
{
	gatt_session_write(a->session, get_le16(a->pdu + 1), GATT_MAY_COMMAND,
			   bytes(a->pdu + 3, a->len - 3));
	return 0;
}

static size_t prepare_write(const struct answer *a)
{
	uint16_t handle = get_le16(a->pdu + 1);
	int err = gatt_session_prepare(a->session, handle, get_le16(a->pdu + 3),
				       bytes(a->pdu + 5, a->len - 5));

	if (err)
		return refuse(a, handle, err);
	memcpy(a->out, a->pdu, a->len);
	a->out[0] = ATT_PREPARE_RSP;
	return a->len;
}

static size_t execute_write(const struct answer *a)
{
	uint16_t refused = 0;
	int err;

	if (a->pdu[1] > 1)
		return refuse(a, 0, ATT_INVALID_PDU);
	err = gatt_session_execute(a->session, a->pdu[1] == 1, &refused);
	if (err)
		return refuse(a, refused, err);
	a->out[0] = ATT_EXECUTE_RSP;
	return 1;
}

static size_t confirmation(const struct answer *a)
{
	if (a->session->confirmed)
		a->session->confirmed(a->session);
	return 0;
}

/* -- The table of them ---------------------------------------------------------------- */

static const struct row {
	uint8_t opcode;
	uint16_t least, most; /* octets of the PDU */
	size_t (*answer)(const struct answer *a);
} rows[] = {
	{ ATT_FIND_INFO_REQ, 5, 5, find_information },
	{ ATT_FIND_BY_TYPE_REQ, 7, ATT_MTU_MAX, find_by_type_value },
	{ ATT_READ_TYPE_REQ, 7, 21, read_by_type },
	{ ATT_READ_REQ, 3, 3, read_request },
	{ ATT_READ_BLOB_REQ, 5, 5, read_blob },
	{ ATT_READ_MULTI_REQ, 5, ATT_MTU_MAX, read_multiple },
	{ ATT_READ_GROUP_REQ, 7, 21, read_by_group_type },
	{ ATT_WRITE_REQ, 3, ATT_MTU_MAX, write_request },
	{ ATT_PREPARE_REQ, 5, ATT_MTU_MAX, prepare_write },
	{ ATT_EXECUTE_REQ, 2, 2, execute_write },
	{ ATT_CONFIRM, 1, 1, confirmation },
	{ ATT_READ_MULTI_VAR_REQ, 5, ATT_MTU_MAX, read_multiple_variable },
	{ ATT_WRITE_CMD, 3, ATT_MTU_MAX, write_command },
};

/* Commands, unknown ones too, get no response (3.3.1), nor do PDUs that only a server
 * sends: two ends that answered these would never stop. */
static bool wants_answer(uint8_t opcode)
{
	uint8_t kind = att_pdu_info(opcode)->kind;

	return kind == ATT_REQUEST ||
	       (kind == ATT_UNKNOWN && !(opcode & ATT_COMMAND_FLAG));
}

size_t gatt_session_answer(struct gatt_session *session, uint16_t mtu,
			   struct ble_bytes pdu, uint8_t *response)
{
	const struct answer a = { session, mtu, pdu.data, pdu.len, response };
	size_t i = 0;

	if (!pdu.len)
		return 0;
	while (i < sizeof(rows) / sizeof(rows[0]) &&
	       rows[i].opcode != pdu.data[0])
		i++;
	if (i == sizeof(rows) / sizeof(rows[0]))
		return wants_answer(pdu.data[0]) ?
			       refuse(&a, 0, ATT_REQUEST_NOT_SUPPORTED) : 0;
	if (pdu.len >= rows[i].least && pdu.len <= rows[i].most &&
	    pdu.len <= mtu)
		return rows[i].answer(&a);
	return wants_answer(pdu.data[0]) ? refuse(&a, 0, ATT_INVALID_PDU) : 0;
}

/* -- A session ------------------------------------------------------------------------ */

static size_t answer(struct att_server *server, uint16_t mtu,
		     struct ble_bytes pdu, uint8_t *response)
{
	return gatt_session_answer(container_of(server, struct gatt_session,
						server), mtu, pdu, response);
}

int gatt_session_init(struct gatt_session *session, struct gatt_table *table)
{
	memset(session, 0, sizeof(*session));
	session->server.answer = answer;
	session->table = table;
	if (!table->n_configurations)
		return 0;
	session->configurations = calloc(table->n_configurations,
					 sizeof(*session->configurations));
	return session->configurations ? 0 : -ENOMEM;
}

void gatt_session_release(struct gatt_session *session)
{
	free(session->configurations);
	session->configurations = NULL;
	session->prepared_len = 0;
}
