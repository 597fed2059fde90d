/* SPDX-License-Identifier: MIT */
/* The framer: messages that are split, damaged, and surrounded by noise. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/test_bgapi.h"

enum { MESSAGES = 80, STREAM = 4096 };

/* One direction of the session, frame after frame. */
struct stream {
	size_t count, at[MESSAGES + 1];
	uint8_t octet[STREAM];
};

static void stream_of(bool commands, struct stream *stream)
{
	memset(stream, 0, sizeof(*stream));
	for (const struct example *e = examples; e->hex; e++) {
		size_t at = stream->at[stream->count];

		if (example_is_command(e) != commands)
			continue;
		REQUIRE(stream->count < MESSAGES && at + BGAPI_FRAME_MAX <= STREAM);
		stream->at[++stream->count] =
			at + example_octets(e->hex, stream->octet + at);
	}
	REQUIRE(stream->count > 20);
}

/* What came out, as frames run together. */
struct seen {
	size_t count, at[STREAM];
	uint8_t octet[2 * STREAM];
};

static struct seen seen;

static void note(const struct bgapi_frame *frame)
{
	uint8_t *p = seen.octet + seen.at[seen.count];
	int id = (int)frame->message->id;

	REQUIRE(seen.count + 1 < STREAM);
	CHECK(bgapi_fits(frame));
	p[0] = id >> 16 == BGAPI_EVENT ? 0x80 : 0;
	p[1] = (uint8_t)frame->payload.len;
	p[2] = (uint8_t)(id >> 8);
	p[3] = (uint8_t)id;
	memcpy(p + BGAPI_HEADER, frame->payload.data, frame->payload.len);
	seen.at[seen.count + 1] =
		seen.at[seen.count] + BGAPI_HEADER + frame->payload.len;
	seen.count++;
}

/* Gives the octets from memory that ends where they end. */
static void feed(struct bgapi_framer *framer, const uint8_t *octet, size_t len)
{
	uint8_t *exact = malloc(len + !len);
	struct ble_bytes input = bytes(exact, len);
	struct bgapi_frame frame;

	REQUIRE(exact != NULL);
	if (len)
		memcpy(exact, octet, len);
	while (bgapi_framer_next(framer, &input, &frame))
		note(&frame);
	CHECK_INT(input.len, 0);
	free(exact);
}

static void finish(struct bgapi_framer *framer)
{
	bgapi_framer_stall(framer);
	feed(framer, NULL, 0);
	CHECK_INT(bgapi_framer_pending(framer), 0);
}

static struct bgapi_framer *fresh(bool commands, bool prefixed)
{
	struct bgapi_framer *framer = malloc(sizeof(*framer));

	REQUIRE(framer != NULL);
	bgapi_framer_init(framer, commands, prefixed);
	memset(&seen, 0, sizeof(seen));
	return framer;
}

/* Whether messages first..last - 1 of the stream are those seen from place on. */
static bool came(const struct stream *stream, size_t first, size_t last, size_t place)
{
	size_t len = stream->at[last] - stream->at[first];

	return place + (last - first) <= seen.count &&
	       seen.at[place + (last - first)] - seen.at[place] == len &&
	       memcmp(seen.octet + seen.at[place], stream->octet + stream->at[first],
		      len) == 0;
}

static bool all_came(const struct stream *stream)
{
	return seen.count == stream->count && came(stream, 0, stream->count, 0);
}

/* All but one: those before it first, those after it last, whatever was made of
 * the damaged one between. */
static bool others_came(const struct stream *stream, size_t but)
{
	size_t after = stream->count - but - 1;

	return seen.count >= stream->count - 1 && came(stream, 0, but, 0) &&
	       came(stream, but + 1, stream->count, seen.count - after);
}

/* -- Pieces ------------------------------------------------------------------------ */

static void pieces(void)
{
	for (int round = 0; round < 200; round++) {
		struct bgapi_framer *framer = fresh(round & 1, false);
		size_t most = round < 2 ? STREAM : round < 4 ? 1 : 1 + harness_below(100);
		struct stream stream;

		stream_of(round & 1, &stream);
		for (size_t at = 0, len; at < stream.at[stream.count]; at += len) {
			len = 1 + harness_below((uint32_t)most);
			if (most == STREAM || len > stream.at[stream.count] - at)
				len = stream.at[stream.count] - at;
			feed(framer, stream.octet + at, len);
		}
		CHECK(all_came(&stream));
		CHECK_INT(framer->skipped, 0);
		CHECK_INT(bgapi_framer_pending(framer), 0);
		free(framer);
	}
}

/* A message is given with its last octet, not with the first of the next. */
static void at_once(void)
{
	struct bgapi_framer *framer = fresh(false, false);
	struct stream stream;
	size_t next = 1;

	stream_of(false, &stream);
	for (size_t at = 0; at < stream.at[stream.count]; at++) {
		feed(framer, stream.octet + at, 1);
		next += at + 1 == stream.at[next];
		CHECK_INT(seen.count, next - 1);
		CHECK_INT(bgapi_framer_pending(framer), at + 1 - stream.at[next - 1]);
	}
	free(framer);
}

/* As a host with one command in flight: it awaits the next response, and no
 * other counts. A message that is hit comes as octet, len. */
static void feed_session(struct bgapi_framer *framer, const struct stream *stream,
			 size_t hit, const uint8_t *octet, size_t len, bool silence)
{
	for (size_t i = 0; i < stream->count; i++) {
		const uint8_t *p = stream->octet + stream->at[i];
		size_t next = i;

		while (next < stream->count && stream->octet[stream->at[next]])
			next++;
		framer->awaited = BGAPI_NO_RESPONSE;
		if (next < stream->count) {
			const uint8_t *response = stream->octet + stream->at[next];

			framer->awaited = BGAPI_ID(BGAPI_RESPONSE, response[2], response[3]);
		}
		if (i == hit)
			feed(framer, octet, len);
		if (i == hit && silence)
			finish(framer);
		if (i != hit)
			feed(framer, p, stream->at[i + 1] - stream->at[i]);
	}
	finish(framer);
}

/* -- Damage ------------------------------------------------------------------------- */

/* Every bit of the session, one at a time. */
static void flipped_bits(void)
{
	struct stream stream;
	size_t hit = 0;

	stream_of(false, &stream);
	for (size_t bit = 0; bit < 8 * stream.at[stream.count]; bit++) {
		struct bgapi_framer *framer = fresh(false, false);
		uint8_t mask = (uint8_t)(1 << bit % 8), octet[BGAPI_FRAME_MAX];
		size_t len;

		hit += bit / 8 == stream.at[hit + 1];
		len = stream.at[hit + 1] - stream.at[hit];
		memcpy(octet, stream.octet + stream.at[hit], len);
		octet[bit / 8 - stream.at[hit]] ^= mask;
		feed_session(framer, &stream, hit, octet, len, false);
		harness_about("octet %zu mask %02x of message %zu", bit / 8,
			      (unsigned int)mask, hit);
		CHECK(others_came(&stream, hit));
		free(framer);
	}
}

/* Every message cut off at every octet. After a second of silence the framer is
 * told so, and the next one comes whole. Without that nothing can tell the
 * octets that follow from those that lack: they may take the place of these,
 * but no octet more. */
static void cut_off(void)
{
	struct stream stream;

	stream_of(false, &stream);
	for (size_t hit = 0; hit < stream.count; hit++) {
		size_t whole = stream.at[hit + 1] - stream.at[hit];

		for (size_t len = 0; len < whole; len++) {
			struct bgapi_framer *framer = fresh(false, false);
			size_t next = hit + 1, after;

			while (next < stream.count &&
			       stream.at[next] < stream.at[hit + 1] + whole - len)
				next++;
			after = stream.count - next;
			feed_session(framer, &stream, hit, stream.octet + stream.at[hit],
				     len, false);
			harness_about("message %zu cut to %zu of %zu", hit, len, whole);
			CHECK(came(&stream, 0, hit, 0));
			CHECK(seen.count >= hit + after &&
			      came(&stream, next, stream.count, seen.count - after));
			free(framer);

			framer = fresh(false, false);
			feed_session(framer, &stream, hit, stream.octet + stream.at[hit],
				     len, true);
			CHECK(others_came(&stream, hit));
			free(framer);
		}
	}
}

/* Octets that cannot begin a message: of no kind and technology there is. */
static size_t noise(uint8_t octet[BGAPI_FRAME_MAX])
{
	size_t len = harness_below(BGAPI_FRAME_MAX + 1);

	for (size_t i = 0; i < len; i++) {
		do
			octet[i] = (uint8_t)harness_random();
		while (!(octet[i] & 0x7f));
	}
	return len;
}

static void noise_between(void)
{
	struct stream stream;

	stream_of(false, &stream);
	for (int round = 0; round < 200; round++) {
		struct bgapi_framer *framer = fresh(false, false);
		uint8_t octet[BGAPI_FRAME_MAX];
		size_t skipped = 0;

		for (size_t i = 0; i < stream.count; i++) {
			size_t len = noise(octet);

			skipped += len;
			feed(framer, octet, len);
			feed(framer, stream.octet + stream.at[i],
			     stream.at[i + 1] - stream.at[i]);
		}
		CHECK(all_came(&stream));
		CHECK_INT(framer->skipped, skipped);
		free(framer);
	}
}

/* 80 before 00 00 05 03: nothing tells it from the event no_license_key. The one
 * case in the session, kept here so that no other joins it. */
static bool ambiguous(unsigned int many, unsigned int which, const uint8_t *message)
{
	return which >> (many - 1) && memcmp(message, "\0\0\5", 3) == 0;
}

/* The worst there is: octets that could each begin the next message. The kind
 * of response that is awaited tells them apart from it. */
static void likely_noise(void)
{
	static const uint8_t likely[] = { 0x00, 0x80 };
	struct stream stream;

	stream_of(false, &stream);
	for (size_t i = 0; i < stream.count; i++) {
		const uint8_t *p = stream.octet + stream.at[i];
		size_t len = stream.at[i + 1] - stream.at[i];

		for (unsigned int many = 1; many <= 6; many++) {
			for (unsigned int which = 0; which < 1u << many; which++) {
				struct bgapi_framer *framer = fresh(false, false);

				framer->awaited = p[0] ? BGAPI_NO_RESPONSE
						       : BGAPI_ID(BGAPI_RESPONSE, p[2], p[3]);
				for (unsigned int j = 0; j < many; j++)
					feed(framer, &likely[which >> j & 1], 1);
				feed(framer, p, len);
				finish(framer);
				harness_about("%u octets, %x, before message %zu", many,
					      which, i);
				CHECK_INT(seen.count, 1);
				if (ambiguous(many, which, p)) {
					CHECK_MEM(seen.octet, "\x80\0\0\5", 4);
				} else {
					CHECK(came(&stream, i, i + 1, 0));
					CHECK_INT(framer->skipped, many);
				}
				free(framer);
			}
		}
	}
}

static void awaited(void)
{
	static const uint8_t responses[] = { 0, 0, 0, 1, 0, 2, 6, 4, 0, 0, 0, 0, 0, 1 };
	struct bgapi_framer *framer = fresh(false, false);

	feed(framer, responses, sizeof(responses));
	CHECK_INT(seen.count, 3);
	framer->awaited = BGAPI_rsp_gap_end_procedure;
	feed(framer, responses, sizeof(responses));
	finish(framer);
	CHECK_INT(seen.count, 4);
	framer->awaited = BGAPI_NO_RESPONSE;
	feed(framer, responses, sizeof(responses));
	finish(framer);
	CHECK_INT(seen.count, 4);
	CHECK_INT(framer->skipped, 8 + 14);
	free(framer);
}

/* Anything at all: nothing is read twice or lost count of. */
static void anything(void)
{
	for (int round = 0; round < 3000; round++) {
		struct bgapi_framer *framer = fresh(round & 1, round & 2);
		uint8_t octet[300];
		size_t len = harness_below(sizeof(octet)), lead;

		for (size_t i = 0; i < len; i++)
			octet[i] = (uint8_t)(harness_random() &
					     (harness_below(2) ? 0x87 : 0xff));
		feed(framer, octet, len);
		lead = framer->prefixed ? seen.count : 0;
		CHECK_INT(framer->skipped + seen.at[seen.count] + lead +
				  bgapi_framer_pending(framer),
			  len);
		finish(framer);
		free(framer);
	}
}

/* -- Headers ------------------------------------------------------------------------ */

static void headers(void)
{
	static const struct {
		uint8_t octet[8];
		size_t len, messages, skipped;
	} rows[] = {
		{ { 0x00, 0x00, 0x00, 0x01 }, 4, 1, 0 },
		{ { 0x80, 0x00, 0x00, 0x05 }, 4, 1, 0 },
		/* Wi-Fi and the other technologies */
		{ { 0x08, 0x00, 0x00, 0x01 }, 1, 0, 1 },
		{ { 0x20, 0x00, 0x00, 0x01 }, 1, 0, 1 },
		{ { 0xc0, 0x00, 0x00, 0x05 }, 1, 0, 1 },
		/* 256 and 61 octets: more than a dongle has */
		{ { 0x01, 0x00, 0x00, 0x01 }, 1, 0, 1 },
		{ { 0x87, 0xff, 0x00, 0x01 }, 1, 0, 1 },
		{ { 0x80, 0x3d, 0x06, 0x00 }, 2, 0, 2 },
		{ { 0x80, 0x3c, 0x06, 0x00 }, 4, 0, 0 },
		/* Class 10, numbers that nobody has, a reset that answers */
		{ { 0x00, 0x01, 0x0a, 0x01 }, 3, 0, 3 },
		{ { 0x80, 0x01, 0x04, 0x07 }, 4, 0, 4 },
		{ { 0x80, 0x01, 0x08, 0x07 }, 4, 0, 4 },
		{ { 0x00, 0x01, 0x09, 0x04 }, 4, 0, 4 },
		{ { 0x00, 0x01, 0x09, 0x00 }, 4, 0, 3 },
		/* Lengths that this message cannot have, as soon as that shows */
		{ { 0x80, 0x04, 0x04, 0x01 }, 4, 0, 4 },
		{ { 0x80, 0x06, 0x04, 0x01 }, 4, 0, 4 },
		{ { 0x80, 0x04, 0x04, 0x05 }, 4, 0, 4 },
		{ { 0x80, 0x05, 0x01, 0x00, 0xff, 0xff, 0x03 }, 7, 0, 7 },
		{ { 0x80, 0x03, 0x01, 0x00, 0xff, 0xff, 0x00 }, 7, 1, 0 },
		{ { 0x80, 0x03, 0x01, 0x00, 0xff, 0xff, 0xff }, 7, 0, 7 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bgapi_framer *framer = fresh(false, false);

		harness_about("row %zu", i);
		feed(framer, rows[i].octet, rows[i].len);
		CHECK_INT(seen.count, rows[i].messages);
		CHECK_INT(framer->skipped, rows[i].skipped);
		free(framer);
	}
}

/* A dongle's framer takes commands, not what dongles say. */
static void other_side(void)
{
	static const uint8_t event[] = { 0x80, 2, 0, 6, 0x84, 1 }, reset[] = { 0, 1, 0, 0, 0 };
	struct bgapi_framer *framer = fresh(true, false);

	feed(framer, event, sizeof(event));
	CHECK_INT(seen.count, 0);
	CHECK_INT(framer->skipped, sizeof(event));
	feed(framer, reset, sizeof(reset));
	CHECK_INT(seen.count, 1);
	free(framer);
}

/* A message whose rest never comes, and whole ones that it seemed to hold. */
static void stalled(void)
{
	static const uint8_t half[] = { 0x80, 0x14, 0x06, 0x00, 0, 0, 0, 1, 0x80, 1, 5, 3, 0 };
	static const uint8_t hello[] = { 0, 0, 0, 1 };
	struct bgapi_framer *framer = fresh(false, false);

	bgapi_framer_stall(framer);
	feed(framer, half, sizeof(half));
	CHECK_INT(seen.count, 0);
	CHECK_INT(bgapi_framer_pending(framer), sizeof(half));
	bgapi_framer_stall(framer);
	feed(framer, hello, 2);
	CHECK_INT(seen.count, 2);
	CHECK_INT(framer->skipped, 4);
	CHECK_INT(bgapi_framer_pending(framer), 2);
	feed(framer, hello + 2, 2);
	CHECK_INT(seen.count, 3);
	CHECK_INT(framer->skipped, 4);
	free(framer);
}

/* -- Packet mode ---------------------------------------------------------------------- */

/* Only in front of commands, and the octet does not count itself. */
static void packet_mode(void)
{
	struct bgapi_cmd_system_get_info get_info = { 0 };
	struct bgapi_rsp_system_hello hello = { 0 };
	struct bgapi_evt_system_no_license_key event = { 0 };
	struct bgapi_packet packet;
	static const uint8_t wrong[] = { 5, 0, 0, 0, 8, 3, 65, 0, 255 };
	struct bgapi_framer *framer = fresh(true, true);

	CHECK_INT(bgapi_write(cmd_system_get_info, &get_info, true, &packet), 0);
	CHECK_INT(packet.len, 5);
	CHECK_MEM(packet.octet, "\x04\x00\x00\x00\x08", 5);
	feed(framer, packet.octet, packet.len);
	CHECK_INT(seen.count, 1);
	feed(framer, wrong, sizeof(wrong));
	feed(framer, packet.octet, packet.len);
	CHECK_INT(seen.count, 2);
	CHECK_INT(framer->skipped, sizeof(wrong));
	/* More than a module takes: seen at once. */
	feed(framer, &(const uint8_t){ 65 }, 1);
	CHECK_INT(bgapi_framer_pending(framer), 0);
	free(framer);

	CHECK_INT(bgapi_write(rsp_system_hello, &hello, true, &packet), 0);
	CHECK_INT(packet.len, 4);
	CHECK_INT(bgapi_write(evt_system_no_license_key, &event, true, &packet), 0);
	CHECK_INT(packet.len, 4);
	CHECK_MEM(packet.octet, "\x80\x00\x00\x05", 4);
	framer = fresh(false, true);
	feed(framer, packet.octet, packet.len);
	CHECK_INT(seen.count, 1);
	free(framer);
}

const struct test_case framing[] = {
	TEST(pieces),	    TEST(at_once),	TEST(flipped_bits), TEST(cut_off),
	TEST(noise_between), TEST(likely_noise), TEST(awaited),	    TEST(anything),
	TEST(headers),	    TEST(other_side),	TEST(stalled),	    TEST(packet_mode),
	{ 0 },
};
