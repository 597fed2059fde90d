/* SPDX-License-Identifier: MIT */
/* See frame.h. */
#include "bgapi/frame.h"

#include <errno.h>
#include <string.h>

enum {
	EVENT_BIT = 0x80,
	TECHNOLOGY = 0x78, /* 0 is Bluetooth Smart, the only one here */
	LENGTH_HIGH = 0x07
};

void bgapi_framer_init(struct bgapi_framer *framer, bool commands, bool prefixed)
{
	memset(framer, 0, sizeof(*framer));
	framer->commands = commands;
	framer->prefixed = commands && prefixed;
}

size_t bgapi_framer_pending(const struct bgapi_framer *framer)
{
	return (size_t)(framer->end - framer->start);
}

void bgapi_framer_stall(struct bgapi_framer *framer)
{
	framer->stalled = bgapi_framer_pending(framer) > 0;
}

static enum bgapi_kind kind_of(const struct bgapi_framer *framer, uint8_t first)
{
	if (first & EVENT_BIT)
		return BGAPI_EVENT;
	return framer->commands ? BGAPI_COMMAND : BGAPI_RESPONSE;
}

/* Whether the octets can be the begin of a message. */
static enum bgapi_fit examine(const struct bgapi_framer *framer,
			      struct bgapi_frame *ret_frame)
{
	const uint8_t *p = framer->octet + framer->start;
	size_t have = bgapi_framer_pending(framer), len = 0;
	enum bgapi_kind kind = BGAPI_EVENT;
	uint8_t counted = 0;

	if (framer->prefixed && have) {
		counted = *p++;
		have--;
		if (counted < BGAPI_HEADER || counted > BGAPI_FRAME_MAX)
			return BGAPI_MISFIT;
	}
	if (have > 0) {
		kind = kind_of(framer, p[0]);
		len = (size_t)(p[0] & LENGTH_HIGH) << 8;
		if (p[0] & TECHNOLOGY || len > BGAPI_PAYLOAD_MAX ||
		    (framer->commands && kind != BGAPI_COMMAND))
			return BGAPI_MISFIT;
	}
	if (have > 1) {
		len |= p[1];
		if (len > BGAPI_PAYLOAD_MAX ||
		    (framer->prefixed && counted != BGAPI_HEADER + len))
			return BGAPI_MISFIT;
	}
	if (have > 2 && p[2] >= BGAPI_CLASSES)
		return BGAPI_MISFIT;
	if (have < BGAPI_HEADER)
		return BGAPI_FITS_SO_FAR;
	if (kind == BGAPI_RESPONSE && framer->awaited &&
	    framer->awaited != BGAPI_ID(BGAPI_RESPONSE, p[2], p[3]))
		return BGAPI_MISFIT;
	have -= BGAPI_HEADER;
	ret_frame->payload = (struct ble_bytes){ p + BGAPI_HEADER, len };
	return bgapi_identify(kind, p[2], p[3], p + BGAPI_HEADER, len,
			      have < len ? have : len, &ret_frame->message);
}

/* Returns whether octets were added. */
static bool refill(struct bgapi_framer *framer, struct ble_bytes *input)
{
	size_t pending = bgapi_framer_pending(framer);
	size_t more = sizeof(framer->octet) - pending;

	if (more > input->len)
		more = input->len;
	if (!more)
		return false;
	memmove(framer->octet, framer->octet + framer->start, pending);
	memcpy(framer->octet + pending, input->data, more);
	framer->start = 0;
	framer->end = (uint8_t)(pending + more);
	input->data = (const uint8_t *)input->data + more;
	input->len -= more;
	return true;
}

bool bgapi_framer_next(struct bgapi_framer *framer, struct ble_bytes *input,
		       struct bgapi_frame *ret_frame)
{
	struct bgapi_frame frame;

	for (;;) {
		enum bgapi_fit fit = examine(framer, &frame);

		if (!bgapi_framer_pending(framer))
			framer->stalled = false;
		if (fit == BGAPI_FITS) {
			/* Up to where the payload ends. */
			framer->start = (uint8_t)((const uint8_t *)frame.payload.data +
						  frame.payload.len - framer->octet);
			*ret_frame = frame;
			return true;
		}
		if (fit == BGAPI_MISFIT || framer->stalled) {
			framer->start++;
			framer->skipped++;
		} else if (!refill(framer, input)) {
			return false;
		}
	}
}

int bgapi_write_any(enum bgapi_id id, const void *params, bool prefixed,
		    struct bgapi_packet *ret_packet)
{
	int kind = (int)id >> 16 & 0xff, error;
	struct bgapi_packet packet;
	uint8_t *p = packet.octet;
	size_t len;

	prefixed = prefixed && kind == BGAPI_COMMAND;
	error = bgapi_payload(id, params, p + prefixed + BGAPI_HEADER, &len);
	if (error)
		return error;
	if (prefixed)
		*p++ = (uint8_t)(BGAPI_HEADER + len);
	p[0] = (uint8_t)((kind == BGAPI_EVENT ? EVENT_BIT : 0) | (len >> 8 & LENGTH_HIGH));
	p[1] = (uint8_t)len;
	p[2] = (uint8_t)((int)id >> 8);
	p[3] = (uint8_t)id;
	packet.len = (size_t)(p - packet.octet) + BGAPI_HEADER + len;
	memcpy(ret_packet->octet, packet.octet, packet.len);
	ret_packet->len = packet.len;
	return 0;
}
