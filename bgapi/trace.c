/* SPDX-License-Identifier: MIT */
/* A message as a line of text. The library does not call this, so the linker leaves it
 * and the names out. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/portable.h"
#include "base/uuid.h"
#include "bgapi/message.h"
#include "bgapi/result.h"

/* -- Names -------------------------------------------------------------------- */

/* The name of a message, then those of its parameters, each ended by a 0. */
#define U8(n) #n "\0"
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
#define ROW(kind, c, n, p)                \
	case BGAPI_##kind##_##c##_##n: \
		return #kind " " #c "_" #n "\0" p;
#define CLASS(c, i)
#define COMMAND(c, i, n, p, r) ROW(cmd, c, n, p) ROW(rsp, c, n, r)
#define SILENT(c, i, n, p) ROW(cmd, c, n, p)
#define OLD COMMAND
#define EVENT(c, i, n, p) ROW(evt, c, n, p)
#define OPEN_EVENT EVENT

const char *bgapi_name(const struct bgapi_message *message)
{
	switch ((int)message->id) {
#include "bgapi/table.h"
	}
	return "";
}

const char *bgapi_param_name(const struct bgapi_message *message,
			     const struct bgapi_param *param)
{
	const char *name = bgapi_name(message);

	for (const uint8_t *p = bgapi_first(message).types; p <= param->types; p++)
		name += strlen(name) + 1;
	return name;
}

/* -- Lines -------------------------------------------------------------------- */

struct line {
	char *text;
	size_t len;
};

PRINTF_LIKE(2, 3)
static void add(struct line *line, const char *format, ...)
{
	size_t room = BGAPI_TRACE - line->len;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line->text + line->len, room, format, args);
	va_end(args);
	if (len > 0)
		line->len += (size_t)len < room ? (size_t)len : room - 1;
}

static void add_octets(struct line *line, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		add(line, "%02x", (unsigned int)p[i]);
}

static void add_array(struct line *line, enum bgapi_type type, const uint8_t *p, size_t len)
{
	char text[BLE_UUID_TEXT];
	struct ble_uuid uuid;

	if (type == BGAPI_UUID && (len == 2 || len == 16) &&
	    uuid_from_wire(p, len, &uuid) == 0)
		add(line, "%s", ble_uuid_text(&uuid, text));
	else
		add_octets(line, p, len);
}

static void add_result(struct line *line, uint16_t result)
{
	add(line, "0x%04x", (unsigned int)result);
	if (result)
		add(line, "(%s)", bgapi_result_text(result));
}

static const uint8_t *add_param(struct line *line, enum bgapi_type type, const uint8_t *p)
{
	char text[BLE_ADDRESS_TEXT];
	struct ble_address address;

	switch (type) {
	case BGAPI_U8:
		add(line, "%u", (unsigned int)p[0]);
		return p + 1;
	case BGAPI_I8:
		add(line, "%d", (int)(int8_t)p[0]);
		return p + 1;
	case BGAPI_U16:
		add(line, "%u", (unsigned int)get_le16(p));
		return p + 2;
	case BGAPI_I16:
		add(line, "%d", (int)(int16_t)get_le16(p));
		return p + 2;
	case BGAPI_U32:
		add(line, "%" PRIu32, get_le32(p));
		return p + 4;
	case BGAPI_X16:
		add(line, "0x%04x", (unsigned int)get_le16(p));
		return p + 2;
	case BGAPI_X32:
		add(line, "0x%08" PRIx32, get_le32(p));
		return p + 4;
	case BGAPI_RESULT:
		add_result(line, get_le16(p));
		return p + 2;
	case BGAPI_ADDR:
		memcpy(address.octet, p, sizeof(address.octet));
		address.type = BLE_ADDRESS_UNKNOWN;
		add(line, "%s", ble_address_text(&address, text));
		return p + sizeof(address.octet);
	case BGAPI_ARR:
	case BGAPI_UUID:
		add_array(line, type, p + 1, p[0]);
		return p + 1 + p[0];
	case BGAPI_END:
		break;
	}
	return p;
}

char *bgapi_trace(const struct bgapi_frame *frame, char text[BGAPI_TRACE])
{
	const struct bgapi_message *message = frame->message;
	const uint8_t *p = frame->payload.data, *end;
	struct line line = { text, 0 };

	add(&line, "%s", bgapi_name(message));
	if (!bgapi_fits(frame)) {
		add(&line, " malformed: ");
		add_octets(&line, p, frame->payload.len);
		return text;
	}
	end = frame->payload.len ? p + frame->payload.len : p;
	for (struct bgapi_param param = bgapi_first(message); param.type != BGAPI_END;
	     bgapi_next(&param)) {
		add(&line, " %s=", bgapi_param_name(message, &param));
		p = add_param(&line, param.type, p);
	}
	if (p != end) {
		add(&line, " more=");
		add_octets(&line, p, (size_t)(end - p));
	}
	return text;
}
