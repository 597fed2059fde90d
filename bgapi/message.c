/* SPDX-License-Identifier: MIT */
/* Finds, decodes and encodes messages, by tables generated from bgapi/table.h. */
#include "bgapi/message.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/bytes.h"

/* The types of each message's parameters, and BGAPI_END. */
struct types {
#define U8(n) +1
#define I8 U8
#define U16 U8
#define I16 U8
#define U32 U8
#define X16 U8
#define X32 U8
#define RESULT U8
#define ADDR U8
#define ARR U8
#define UUID U8
#define NONE
#define ROW(kind, c, n, p) uint8_t kind##_##c##_##n[1 p];
#define CLASS(c, i)
#define COMMAND(c, i, n, p, r) ROW(cmd, c, n, p) ROW(rsp, c, n, r)
#define SILENT(c, i, n, p) ROW(cmd, c, n, p)
#define OLD COMMAND
#define EVENT(c, i, n, p) ROW(evt, c, n, p)
#define OPEN_EVENT EVENT
#include "bgapi/table.h"
#undef ROW
};

static const struct types types = {
#define U8(n) BGAPI_U8,
#define I8(n) BGAPI_I8,
#define U16(n) BGAPI_U16,
#define I16(n) BGAPI_I16,
#define U32(n) BGAPI_U32,
#define X16(n) BGAPI_X16,
#define X32(n) BGAPI_X32,
#define RESULT(n) BGAPI_RESULT,
#define ADDR(n) BGAPI_ADDR,
#define ARR(n) BGAPI_ARR,
#define UUID(n) BGAPI_UUID,
#define NONE
#define ROW(...) { __VA_ARGS__ BGAPI_END },
#define CLASS(c, i)
#define COMMAND(c, i, n, p, r) ROW(p) ROW(r)
#define SILENT(c, i, n, p) ROW(p)
#define OLD COMMAND
#define EVENT SILENT
#define OPEN_EVENT SILENT
#include "bgapi/table.h"
#undef ROW
};

/* In the table's order, see order(). */
static const struct bgapi_message messages[] = {
#define ROW(kind, c, n, open)                                                         \
	{ BGAPI_##kind##_##c##_##n, offsetof(struct types, kind##_##c##_##n),         \
	  sizeof(struct bgapi_##kind##_##c##_##n), open },
#define CLASS(c, i)
#define COMMAND(c, i, n, p, r) ROW(cmd, c, n, false) ROW(rsp, c, n, false)
#define SILENT(c, i, n, p) ROW(cmd, c, n, false)
#define OLD COMMAND
#define EVENT(c, i, n, p) ROW(evt, c, n, false)
#define OPEN_EVENT(c, i, n, p) ROW(evt, c, n, true)
#include "bgapi/table.h"
#undef ROW
};

/* Sorts by class; then events last; then by number; then the older layout last; then
 * the response last. */
static unsigned int order(unsigned int id)
{
	unsigned int kind = id >> 16 & 0xff;

	return (id & 0xff00) << 8 | (kind == BGAPI_EVENT ? 0x8000 : 0) | (id & 0xff) << 2 |
	       (id & BGAPI_OLD_LAYOUT ? 2 : 0) | (kind == BGAPI_RESPONSE ? 1 : 0);
}

const struct bgapi_message *bgapi_message(int id)
{
	size_t low = 0, high = sizeof(messages) / sizeof(messages[0]);

	while (low < high) {
		size_t middle = (low + high) / 2;

		if ((int)messages[middle].id == id)
			return &messages[middle];
		if (order((unsigned int)id) < order(messages[middle].id))
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* -- Parameters ------------------------------------------------------------------ */

/* width: octets on the wire (of an array: of its length). size, align: the member's. */
#define MEMBER(type) sizeof(type), _Alignof(type)
static const struct {
	uint8_t width, size, align;
} forms[] = {
	[BGAPI_U8] = { 1, MEMBER(uint8_t) },
	[BGAPI_I8] = { 1, MEMBER(int8_t) },
	[BGAPI_U16] = { 2, MEMBER(uint16_t) },
	[BGAPI_I16] = { 2, MEMBER(int16_t) },
	[BGAPI_U32] = { 4, MEMBER(uint32_t) },
	[BGAPI_X16] = { 2, MEMBER(uint16_t) },
	[BGAPI_X32] = { 4, MEMBER(uint32_t) },
	[BGAPI_RESULT] = { 2, MEMBER(uint16_t) },
	[BGAPI_ADDR] = { 6, MEMBER(struct ble_address) },
	[BGAPI_ARR] = { 1, MEMBER(struct ble_bytes) },
	[BGAPI_UUID] = { 1, MEMBER(struct ble_bytes) },
	[BGAPI_END] = { 0, 0, 1 },
};

static void place(struct bgapi_param *param, size_t end)
{
	size_t mask;

	param->type = *param->types;
	mask = forms[param->type].align - 1u;
	param->offset = (end + mask) & ~mask;
}

struct bgapi_param bgapi_first(const struct bgapi_message *message)
{
	struct bgapi_param param = { .types = (const uint8_t *)&types + message->types };

	place(&param, 0);
	return param;
}

void bgapi_next(struct bgapi_param *param)
{
	size_t end = param->offset + forms[param->type].size;

	param->types++;
	place(param, end);
}

static bool is_array(enum bgapi_type type)
{
	return type == BGAPI_ARR || type == BGAPI_UUID;
}

static enum bgapi_fit fit(const struct bgapi_message *message, const uint8_t *payload,
			  size_t len, size_t have)
{
	size_t want = 0;

	for (struct bgapi_param p = bgapi_first(message); p.type != BGAPI_END;
	     bgapi_next(&p)) {
		want += forms[p.type].width;
		if (!is_array(p.type))
			continue;
		if (len < want)
			return BGAPI_MISFIT;
		if (have < want)
			return BGAPI_FITS_SO_FAR;
		want += payload[want - 1];
	}
	if (len < want || (len > want && !message->open))
		return BGAPI_MISFIT;
	return have < len ? BGAPI_FITS_SO_FAR : BGAPI_FITS;
}

enum bgapi_fit bgapi_identify(enum bgapi_kind kind, uint8_t class, uint8_t number,
			      const uint8_t *payload, size_t len, size_t have,
			      const struct bgapi_message **ret_message)
{
	static const int layouts[] = { 0, BGAPI_OLD_LAYOUT };
	enum bgapi_fit best = BGAPI_MISFIT;

	if (len > BGAPI_PAYLOAD_MAX)
		return BGAPI_MISFIT;
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		const struct bgapi_message *message =
			bgapi_message(BGAPI_ID((int)kind, class, number) | layouts[i]);
		enum bgapi_fit now =
			message ? fit(message, payload, len, have) : BGAPI_MISFIT;

		if (now > best) {
			best = now;
			*ret_message = message;
		}
	}
	return best;
}

bool bgapi_fits(const struct bgapi_frame *frame)
{
	return fit(frame->message, frame->payload.data, frame->payload.len,
		   frame->payload.len) == BGAPI_FITS;
}

/* -- Reading ------------------------------------------------------------------ */

static void read_param(enum bgapi_type type, const uint8_t *p, void *member)
{
	uint16_t half;
	uint32_t word;
	struct ble_address address;
	struct ble_bytes array;

	switch (type) {
	case BGAPI_U8:
	case BGAPI_I8:
		memcpy(member, p, 1);
		break;
	case BGAPI_U16:
	case BGAPI_I16:
	case BGAPI_X16:
	case BGAPI_RESULT:
		half = get_le16(p);
		memcpy(member, &half, sizeof(half));
		break;
	case BGAPI_U32:
	case BGAPI_X32:
		word = get_le32(p);
		memcpy(member, &word, sizeof(word));
		break;
	case BGAPI_ADDR:
		memcpy(address.octet, p, sizeof(address.octet));
		address.type = BLE_ADDRESS_UNKNOWN;
		memcpy(member, &address, sizeof(address));
		break;
	case BGAPI_ARR:
	case BGAPI_UUID:
		array = bytes(p + 1, *p);
		memcpy(member, &array, sizeof(array));
		break;
	case BGAPI_END:
		break;
	}
}

int bgapi_read_any(enum bgapi_id id, const struct bgapi_frame *frame, void *ret_params)
{
	const struct bgapi_message *message = frame->message;
	const uint8_t *p = frame->payload.data;

	if (message->id != id || !bgapi_fits(frame))
		return -EBADMSG;
	memset(ret_params, 0, message->size);
	for (struct bgapi_param param = bgapi_first(message); param.type != BGAPI_END;
	     bgapi_next(&param)) {
		read_param(param.type, p, (char *)ret_params + param.offset);
		p += forms[param.type].width;
	}
	return 0;
}

/* -- Writing ------------------------------------------------------------------ */

/* Returns how many octets it wrote, 0 if the room is too small. */
static size_t write_param(enum bgapi_type type, const void *member, uint8_t *p, size_t room)
{
	uint16_t half;
	uint32_t word;
	struct ble_bytes array;

	if (room < forms[type].width)
		return 0;
	switch (type) {
	case BGAPI_U16:
	case BGAPI_I16:
	case BGAPI_X16:
	case BGAPI_RESULT:
		memcpy(&half, member, sizeof(half));
		put_le16(p, half);
		break;
	case BGAPI_U32:
	case BGAPI_X32:
		memcpy(&word, member, sizeof(word));
		put_le32(p, word);
		break;
	case BGAPI_ARR:
	case BGAPI_UUID:
		memcpy(&array, member, sizeof(array));
		if (array.len > room - 1)
			return 0;
		*p = (uint8_t)array.len;
		if (array.len)
			memcpy(p + 1, array.data, array.len);
		return 1 + array.len;
	case BGAPI_ADDR: /* its octets come first */
	default:
		memcpy(p, member, forms[type].width);
		break;
	}
	return forms[type].width;
}

int bgapi_payload(enum bgapi_id id, const void *params, uint8_t payload[BGAPI_PAYLOAD_MAX],
		  size_t *ret_len)
{
	const struct bgapi_message *message = bgapi_message((int)id);
	size_t len = 0;

	if (!message)
		return -EINVAL;
	for (struct bgapi_param param = bgapi_first(message); param.type != BGAPI_END;
	     bgapi_next(&param)) {
		size_t wrote = write_param(param.type,
					   (const char *)params + param.offset,
					   payload + len, BGAPI_PAYLOAD_MAX - len);

		if (!wrote)
			return -EMSGSIZE;
		len += wrote;
	}
	*ret_len = len;
	return 0;
}
