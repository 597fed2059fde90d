/* SPDX-License-Identifier: MIT */
/* BGAPI messages out of a stream of octets that comes in any pieces. */
#include "bgapi/frame.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

/* Takes it apart, and writes the same again. */
static void look_at(const struct bgapi_frame *frame)
{
	enum bgapi_id id = frame->message->id;
	uint8_t *payload = fuzz_copy(frame->payload), again[BGAPI_PAYLOAD_MAX];
	const struct bgapi_frame copy = { frame->message,
					  { payload, frame->payload.len } };
	char *text = malloc(BGAPI_TRACE);
	void *params = malloc(frame->message->size);
	size_t len;

	HOLDS(text && params);
	HOLDS(bgapi_fits(&copy));
	bgapi_trace(&copy, text);
	HOLDS(strlen(text) < BGAPI_TRACE);
	HOLDS(bgapi_read_any(id, &copy, params) == 0);
	HOLDS(bgapi_payload(id, params, again, &len) == 0);
	HOLDS(len == copy.payload.len || (frame->message->open && len < copy.payload.len));
	HOLDS(!memcmp(again, payload, len));
	free(params);
	free(text);
	free(payload);
}

static size_t feed(struct bgapi_framer *framer, struct fuzz *fuzz, size_t *ret_framed)
{
	struct ble_bytes piece = fuzz_bytes(fuzz, 255);
	uint8_t *copy = fuzz_copy(piece);
	struct ble_bytes rest = { copy, piece.len };
	struct bgapi_frame frame;

	while (bgapi_framer_next(framer, &rest, &frame)) {
		look_at(&frame);
		*ret_framed += BGAPI_HEADER + frame.payload.len + framer->prefixed;
		if (fuzz->len && fuzz->data[0] == 0xfe)
			framer->awaited = 0;
	}
	HOLDS(rest.len == 0);
	free(copy);
	return piece.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	uint8_t how = fuzz_u8(&fuzz);
	struct bgapi_framer framer;
	size_t fed = 0, framed = 0;

	bgapi_framer_init(&framer, how & 1, how & 2);
	while (fuzz.len) {
		uint8_t what = fuzz_u8(&fuzz);

		if (what == 0xff)
			bgapi_framer_stall(&framer);
		else if (what == 0xfe)
			framer.awaited = BGAPI_ID(BGAPI_RESPONSE, fuzz_u8(&fuzz) & 15,
						  fuzz_u8(&fuzz));
		else if (what == 0xfd)
			framer.awaited = BGAPI_NO_RESPONSE;
		fed += feed(&framer, &fuzz, &framed);
		HOLDS(bgapi_framer_pending(&framer) <= BGAPI_FRAME_MAX + 1);
		/* Each octet was part of a message, was noise, or waits. */
		HOLDS(fed == framed + framer.skipped + bgapi_framer_pending(&framer));
	}
	return 0;
}
