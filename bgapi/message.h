/* SPDX-License-Identifier: MIT */
/*
 * The numbers and parameters of BGAPI messages, all generated from bgapi/table.h. The
 * command gap_discover has the number BGAPI_cmd_gap_discover and the struct
 * bgapi_cmd_gap_discover; its response has both with rsp, events have both with evt.
 * Pure: no descriptor, no clock, nothing allocated.
 */
#ifndef BGAPI_MESSAGE_H
#define BGAPI_MESSAGE_H

#include "blewire.h"

enum {
	/* A BLE112 takes 64 octets a message, header and all. */
	BGAPI_HEADER = 4,
	BGAPI_PAYLOAD_MAX = 60,
	BGAPI_FRAME_MAX = BGAPI_HEADER + BGAPI_PAYLOAD_MAX,
	BGAPI_CLASSES = 10
};

/* Commands and responses have the same format; the direction tells them apart. */
enum bgapi_kind { BGAPI_COMMAND = 1, BGAPI_RESPONSE = 2, BGAPI_EVENT = 3 };

/* The number of a message: never 0, a constant expression. */
#define BGAPI_ID(kind, class, number) ((kind) << 16 | (class) << 8 | (number))
#define BGAPI_OLD_LAYOUT (1 << 24)

enum bgapi_id {
#define CLASS(c, i) BGAPI_CLASS_##c = (i),
#define COMMAND(c, i, n, p, r)                                               \
	BGAPI_cmd_##c##_##n = BGAPI_ID(BGAPI_COMMAND, BGAPI_CLASS_##c, (i)), \
	BGAPI_rsp_##c##_##n = BGAPI_ID(BGAPI_RESPONSE, BGAPI_CLASS_##c, (i)),
#define SILENT(c, i, n, p) \
	BGAPI_cmd_##c##_##n = BGAPI_ID(BGAPI_COMMAND, BGAPI_CLASS_##c, (i)),
#define OLD(c, i, n, p, r)                                                   \
	BGAPI_cmd_##c##_##n = BGAPI_ID(BGAPI_COMMAND, BGAPI_CLASS_##c, (i)) | \
			      BGAPI_OLD_LAYOUT,                              \
	BGAPI_rsp_##c##_##n = BGAPI_ID(BGAPI_RESPONSE, BGAPI_CLASS_##c, (i)) | \
			      BGAPI_OLD_LAYOUT,
#define EVENT(c, i, n, p) \
	BGAPI_evt_##c##_##n = BGAPI_ID(BGAPI_EVENT, BGAPI_CLASS_##c, (i)),
#define OPEN_EVENT EVENT
#include "bgapi/table.h"
};

/* An ARR or UUID points into the payload that was read, or to octets to be sent. The
 * type of an ADDR is a parameter of its own. */
#define U8(name) uint8_t name;
#define I8(name) int8_t name;
#define U16(name) uint16_t name;
#define I16(name) int16_t name;
#define U32(name) uint32_t name;
#define X16(name) uint16_t name;
#define X32(name) uint32_t name;
#define RESULT(name) uint16_t name;
#define ADDR(name) struct ble_address name;
#define ARR(name) struct ble_bytes name;
#define UUID(name) struct ble_bytes name;
#define NONE uint8_t none; /* C wants a member */
#define CLASS(c, i)
#define COMMAND(c, i, n, p, r)           \
	struct bgapi_cmd_##c##_##n { p }; \
	struct bgapi_rsp_##c##_##n { r };
#define SILENT(c, i, n, p) struct bgapi_cmd_##c##_##n { p };
#define OLD COMMAND
#define EVENT(c, i, n, p) struct bgapi_evt_##c##_##n { p };
#define OPEN_EVENT EVENT
#include "bgapi/table.h"

enum bgapi_type {
	BGAPI_END,
	BGAPI_U8,
	BGAPI_I8,
	BGAPI_U16,
	BGAPI_I16,
	BGAPI_U32,
	BGAPI_X16,
	BGAPI_X32,
	BGAPI_RESULT,
	BGAPI_ADDR,
	BGAPI_ARR,
	BGAPI_UUID
};

/* A row of the table. It has no pointers: in a shared library a pointer takes three
 * words, one for itself and two to relocate it. */
struct bgapi_message {
	enum bgapi_id id;
	uint16_t types; /* offset of its parameters' types in message.c */
	uint8_t size;   /* of the message's struct */
	bool open;      /* octets may follow the last parameter */
};

/* for (struct bgapi_param p = bgapi_first(message); p.type != BGAPI_END;
 *	bgapi_next(&p)) */
struct bgapi_param {
	enum bgapi_type type; /* BGAPI_END: there are no more */
	size_t offset;        /* in the message's struct */
	const uint8_t *types; /* its own and those behind it */
};

struct bgapi_param bgapi_first(const struct bgapi_message *message);
void bgapi_next(struct bgapi_param *param);

/* A message that the framer found. */
struct bgapi_frame {
	const struct bgapi_message *message; /* static */
	struct ble_bytes payload;            /* borrowed from the framer's buffer */
};

/* A row of the table, or NULL. id: an enum bgapi_id, or any number. */
const struct bgapi_message *bgapi_message(int id);

enum bgapi_fit { BGAPI_MISFIT, BGAPI_FITS_SO_FAR, BGAPI_FITS };

/* Whether a payload of len octets, of which the first have octets are known, can be of
 * this class and number. Sets *ret_message unless it returns MISFIT. */
enum bgapi_fit bgapi_identify(enum bgapi_kind kind, uint8_t class, uint8_t number,
			      const uint8_t *payload, size_t len, size_t have,
			      const struct bgapi_message **ret_message);

/* Whether the payload's lengths agree. True for every frame from the framer. */
bool bgapi_fits(const struct bgapi_frame *frame);

/* bgapi_read(evt_gap_scan_response, &frame, &response): decodes the payload. -EBADMSG if
 * the frame is another message or its lengths do not agree; then the struct is not
 * written. */
#define bgapi_read(NAME, frame, ret_params) \
	bgapi_read_any(BGAPI_##NAME, frame, \
		       1 ? (ret_params) : (struct bgapi_##NAME *)NULL)
int bgapi_read_any(enum bgapi_id id, const struct bgapi_frame *frame, void *ret_params);

/* Encodes the payload of a message. -EMSGSIZE: its array is too long. -EINVAL: the
 * message is not in the table. */
int bgapi_payload(enum bgapi_id id, const void *params,
		  uint8_t payload[BGAPI_PAYLOAD_MAX], size_t *ret_len);

/* "cmd gap_discover" for a message of bgapi_message(), and "mode" for one of its
 * parameters. Static. The library does not use the names, and the linker leaves them
 * out; the emulator and tests do. */
const char *bgapi_name(const struct bgapi_message *message);
const char *bgapi_param_name(const struct bgapi_message *message,
			     const struct bgapi_param *param);

#define BGAPI_TRACE 640 /* room for the longest line and its end */

/* Writes "rsp gap_discover result=0x0181(wrong state)", without a newline. Arrays are
 * shown as octets in the order of the wire, UUIDs and addresses as elsewhere. Returns
 * text. */
char *bgapi_trace(const struct bgapi_frame *frame, char text[BGAPI_TRACE]);

#endif
