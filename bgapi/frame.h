/* SPDX-License-Identifier: MIT */
/*
 * BGAPI on a byte stream: octets in, in any pieces, messages out, and the way
 * back. Pure: no descriptor, no clock, nothing allocated.
 *
 * A frame has neither a start mark nor a checksum. What keeps noise apart from
 * messages is that one must be whole in itself: message type and technology,
 * class and number that the table has, a length that the parameters can have,
 * an array that fills exactly what is left. What fails a check costs one octet,
 * and the next one is tried as the first, so a good message behind noise is
 * found. Noise that looks like a message up to some octets of the good one can
 * still take them; bgapi_framer.awaited rules out nearly all of these. A message
 * that lost octets takes as many of what follows, unless a silence between them
 * was reported.
 *
 * Messages that the table does not have are skipped as noise. Firmware of this
 * family ends with SDK 1.8, which the table covers.
 */
#ifndef BGAPI_FRAME_H
#define BGAPI_FRAME_H

#include "bgapi/message.h"

enum { BGAPI_NO_RESPONSE = 1 }; /* awaited: no id of any message */

struct bgapi_framer {
	/* Set by the owner, at any time. The command's response is the one that
	 * counts, others are noise: BGAPI_rsp_..., BGAPI_NO_RESPONSE, or 0 for
	 * any. */
	int awaited;
	unsigned long skipped; /* octets of noise so far */

	bool commands, prefixed, stalled;
	uint8_t start, end; /* of what is not used yet */
	uint8_t octet[1 + BGAPI_FRAME_MAX];
};

/* A host reads responses and events, a dongle commands. prefixed: commands come
 * from a host in packet mode (UART modules), each behind an octet that counts
 * those that follow. What a dongle sends never has it. */
void bgapi_framer_init(struct bgapi_framer *framer, bool commands, bool prefixed);

/* Takes octets from the front of *input until a message is whole: true, and the
 * message, whose payload is valid until the next call. Call again with what is
 * left, and until false. */
bool bgapi_framer_next(struct bgapi_framer *framer, struct ble_bytes *input,
		       struct bgapi_frame *ret_frame);

/* Octets of a message that is not whole yet. If that stays so for about 1 s,
 * they never will be one: after bgapi_framer_stall(), bgapi_framer_next() gives
 * the whole messages that stand in them, and skips the rest. */
size_t bgapi_framer_pending(const struct bgapi_framer *framer);
void bgapi_framer_stall(struct bgapi_framer *framer);

/* A message ready to be sent. */
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
