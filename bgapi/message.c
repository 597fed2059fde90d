/* SPDX-License-Identifier: MIT */
/* The table made code: finding, reading, writing messages. */
#include "bgapi/message.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/bytes.h"

/* Each row becomes a case with its own list of parameters; self is the struct
 * that the row's parameters are in. No pointers: a pointer in a table is three
 * words in a shared library, one for itself and two to relocate it. */
#define U8(n) { BGAPI_U8, offsetof(self, n) },
#define I8(n) { BGAPI_I8, offsetof(self, n) },
#define U16(n) { BGAPI_U16, offsetof(self, n) },
#define I16(n) { BGAPI_I16, offsetof(self, n) },
#define U32(n) { BGAPI_U32, offsetof(self, n) },
#define X16(n) { BGAPI_X16, offsetof(self, n) },
#define X32(n) { BGAPI_X32, offsetof(self, n) },
#define RESULT(n) { BGAPI_RESULT, offsetof(self, n) },
#define ADDR(n) { BGAPI_ADDR, offsetof(self, n) },
#define ARR(n) { BGAPI_ARR, offsetof(self, n) },
#define UUID(n) { BGAPI_UUID, offsetof(self, n) },
#define NONE
#define ROW(kind, c, n, open, ...)                                           \
	case BGAPI_##kind##_##c##_##n: {                                     \
		typedef struct bgapi_##kind##_##c##_##n self;                \
		static const struct bgapi_message message = {                \
			BGAPI_##kind##_##c##_##n, sizeof(self), open,        \
			{ __VA_ARGS__ { BGAPI_END, 0 } }                     \
		};                                                           \
		return &message;                                             \
	}
#define CLASS(c, i)
#define COMMAND(c, i, n, p, r) ROW(cmd, c, n, false, p) ROW(rsp, c, n, false, r)
#define SILENT(c, i, n, p) ROW(cmd, c, n, false, p)
#define OLD COMMAND
#define EVENT(c, i, n, p) ROW(evt, c, n, false, p)
#define OPEN_EVENT(c, i, n, p) ROW(evt, c, n, true, p)

const struct bgapi_message *bgapi_message(int id)
{
	switch (id) {
#include "bgapi/table.h"
	default:
		return NULL;
	}
}

static const uint8_t width[] = {
	[BGAPI_U8] = 1,	    [BGAPI_I8] = 1,   [BGAPI_U16] = 2,  [BGAPI_I16] = 2,
	[BGAPI_U32] = 4,    [BGAPI_X16] = 2,  [BGAPI_X32] = 4,  [BGAPI_RESULT] = 2,
	[BGAPI_ADDR] = 6,   [BGAPI_ARR] = 1,  [BGAPI_UUID] = 1, /* the length */
};

static bool is_array(enum bgapi_type type)
{
	return type == BGAPI_ARR || type == BGAPI_UUID;
}

static enum bgapi_fit fit(const struct bgapi_message *message, const uint8_t *payload,
			  size_t len, size_t have)
{
	size_t want = 0;

	for (const struct bgapi_param *p = message->params; p->type != BGAPI_END; p++) {
		want += width[p->type];
		if (!is_array(p->type))
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
	for (const struct bgapi_param *param = message->params; param->type != BGAPI_END;
	     param++) {
		read_param(param->type, p, (char *)ret_params + param->offset);
		p += width[param->type];
	}
	return 0;
}

/* -- Writing ------------------------------------------------------------------ */

/* Returns how many octets it wrote, 0 where the room is too small. */
static size_t write_param(enum bgapi_type type, const void *member, uint8_t *p, size_t room)
{
	uint16_t half;
	uint32_t word;
	struct ble_bytes array;

	if (room < width[type])
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
		memcpy(p, member, width[type]);
		break;
	}
	return width[type];
}

int bgapi_payload(enum bgapi_id id, const void *params, uint8_t payload[BGAPI_PAYLOAD_MAX],
		  size_t *ret_len)
{
	const struct bgapi_message *message = bgapi_message((int)id);
	size_t len = 0;

	if (!message)
		return -EINVAL;
	for (const struct bgapi_param *param = message->params; param->type != BGAPI_END;
	     param++) {
		size_t wrote = write_param(param->type,
					   (const char *)params + param->offset,
					   payload + len, BGAPI_PAYLOAD_MAX - len);

		if (!wrote)
			return -EMSGSIZE;
		len += wrote;
	}
	*ret_len = len;
	return 0;
}
