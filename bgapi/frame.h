/* SPDX-License-Identifier: MIT */
/*
 * BGAPI on a byte stream: octets in, in any pieces, messages out; and messages to
 * octets. Pure: no descriptor, no clock, nothing allocated.
 *
 * A frame has neither a start mark nor a checksum. To tell messages from noise, the
 * framer checks all of a message: its type and technology, a class and number that are
 * in the table, a length that the parameters can have, an array that fills exactly the
 * rest. If a check fails, it skips one octet and tries again from the next, so that a
 * valid message after noise is found. Noise can look like the begin of a message and
 * take the first octets of a valid one; bgapi_framer.awaited prevents nearly all of
 * these cases. A message that lost octets takes as many from the next one, unless a
 * pause between them was reported with bgapi_framer_stall().
 *
 * Messages that are not in the table are skipped as noise. The last firmware of this
 * family is of SDK 1.8, and its messages are in the table.
 */
#ifndef BGAPI_FRAME_H
#define BGAPI_FRAME_H

#include "bgapi/message.h"

enum { BGAPI_NO_RESPONSE = 1 }; /* awaited: no id of any message */

struct bgapi_framer {
	/* Set by the owner, at any time: the response that is expected. Other
	 * responses are noise. BGAPI_rsp_..., BGAPI_NO_RESPONSE, or 0 for any. */
	int awaited;
	unsigned long skipped; /* octets of noise so far */

	bool commands, prefixed, stalled;
	uint8_t start, end; /* of the octets not used yet */
	uint8_t octet[1 + BGAPI_FRAME_MAX];
};

/* commands: reads commands, as a dongle does; otherwise responses and events. prefixed:
 * the commands come from a host in packet mode (UART modules), each behind an octet with
 * its length. Responses and events never have that octet. */
void bgapi_framer_init(struct bgapi_framer *framer, bool commands, bool prefixed);

/* Takes octets from the front of *input until a message is whole: true, and the
 * message, whose payload is valid until the next call. Call again with what is
 * left, and until false. */
bool bgapi_framer_next(struct bgapi_framer *framer, struct ble_bytes *input,
		       struct bgapi_frame *ret_frame);

/* The number of octets of an incomplete message. If it stays incomplete for about 1 s,
 * call bgapi_framer_stall(): then bgapi_framer_next() finds the complete messages in
 * these octets and skips the others. */
size_t bgapi_framer_pending(const struct bgapi_framer *framer);
void bgapi_framer_stall(struct bgapi_framer *framer);

/* An encoded message. */
struct bgapi_packet {
	size_t len;
	uint8_t octet[1 + BGAPI_FRAME_MAX];
};

/* bgapi_write(cmd_gap_discover, &discover, prefixed, &packet). prefixed: packet
 * mode, which a UART module may be configured for and a dongle on USB is not;
 * only commands have it. Errors of bgapi_payload(). */
#define bgapi_write(NAME, params, prefixed, ret_packet)                        \
	bgapi_write_any(BGAPI_##NAME,                                          \
			1 ? (params) : (const struct bgapi_##NAME *)NULL, prefixed, \
			ret_packet)
int bgapi_write_any(enum bgapi_id id, const void *params, bool prefixed,
		    struct bgapi_packet *ret_packet);

#endif
