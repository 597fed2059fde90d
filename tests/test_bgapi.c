/* SPDX-License-Identifier: MIT */
/* BGAPI's table of messages, and their result codes. */
#include "tests/test_bgapi.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "bgapi/report.h"
#include "bgapi/result.h"

size_t example_octets(const char *hex, uint8_t octet[BGAPI_FRAME_MAX])
{
	size_t len = 0;

	for (char *end; len < BGAPI_FRAME_MAX && *hex; hex = end)
		octet[len++] = (uint8_t)strtoul(hex, &end, 16);
	return len;
}

bool example_is_command(const struct example *example)
{
	return strncmp(example->trace, "cmd ", 4) == 0;
}

/* -- The table against the protocol's description ------------------------------ */

enum { N = 100, NO = -1, END = -2 };

/* Length of the payload by number, "+ N" with an array behind. Taken from the
 * description, not from the parameters. */
static const short commands[BGAPI_CLASSES][24] = {
	[BGAPI_CLASS_system] = { 1, 0, 0, 3, 2, 0, 0, 5, 0, 2 + N, 7, 7, 0, 2, 3, 1 + N,
		1 + N, 1 + N, 0, 0, 3, END },
	[BGAPI_CLASS_flash] = { 0, 0, 0, 3 + N, 2, 2, 1, 5 + N, 5, END },
	[BGAPI_CLASS_attributes] = { 4 + N, 4, 2, 3 + N, 2, 4 + N, END },
	[BGAPI_CLASS_connection] = { 1, 1, 9, 1, 1, 2 + N, 1, 1, 2 + N, 1, END },
	[BGAPI_CLASS_attclient] = { 8 + N, 6 + N, 6 + N, 5, 3, 4 + N, 4 + N, 1, 3,
		6 + N, 2, 2 + N, END },
	[BGAPI_CLASS_sm] = { 2, 1, 1, 3, 5, 0, 1 + N, 0, 2, END },
	[BGAPI_CLASS_gap] = { 2, 2, 1, 15, 0, 8, 3, 5, 5, 2 + N, 7, 4, 6, END },
	[BGAPI_CLASS_hardware] = { 3, 6, 3, 2, 2, 3, 3, 2, 6, 2 + N, 3, 3 + N, 1, 5, 2,
		2, 1, 0, 1, 1, 1, 1, 0, END },
	[BGAPI_CLASS_test] = { 3, 1, 0, 0, 0, 2 + N, 1, END },
	[BGAPI_CLASS_dfu] = { 1, 4, 1 + N, 0, END },
};

static const short responses[BGAPI_CLASSES][24] = {
	[BGAPI_CLASS_system] = { NO, 0, 6, 2, 3, 5, 1, 5 + N, 12, 2, 2, 2, 0, 3 + N, 2,
		0, 1 + N, 1 + N, 3, 2, NO, END },
	[BGAPI_CLASS_flash] = { 0, 0, 0, 2, 3 + N, 0, 2, 2, 1 + N, END },
	[BGAPI_CLASS_attributes] = { 2, 7 + N, 5 + N, 0, 0, 2, END },
	[BGAPI_CLASS_connection] = { 3, 2, 3, 3, 2 + N, 3, 3, 1, 1, 2, END },
	[BGAPI_CLASS_attclient] = { 3, 3, 3, 3, 3, 3, 3, 2, 3, 3, 3, 3, END },
	[BGAPI_CLASS_sm] = { 3, 0, 2, 0, 2, 1, 0, 3, 2, END },
	[BGAPI_CLASS_gap] = { 0, 2, 2, 3, 2, 3, 2, 2, 2, 2, 2, 2, 2, END },
	[BGAPI_CLASS_hardware] = { 2, 2, 2, 2, 2, 2, 2, 4, 2, 4 + N, 3 + N, 1, 0, 2, 2,
		2, 0, 3, 2, 0, 2, 2, 4, END },
	[BGAPI_CLASS_test] = { 0, 0, 2, 0, 1 + N, 2 + N, 0, END },
	[BGAPI_CLASS_dfu] = { NO, 2, 2, 2, END },
};

static const short events[BGAPI_CLASSES][24] = {
	[BGAPI_CLASS_system] = { 12, 1 + N, 2, 2, 4, 0, 2, 1, END },
	[BGAPI_CLASS_flash] = { 3 + N, END },
	[BGAPI_CLASS_attributes] = { 7 + N, 6, 3, END },
	[BGAPI_CLASS_connection] = { 16, 6, 2 + N, 2 + N, 3, END },
	[BGAPI_CLASS_attclient] = { 3, 5, 6 + N, 7 + N, 4 + N, 5 + N, 2 + N, END },
	[BGAPI_CLASS_sm] = { 3 + N, 3, 5, 1, 4, END },
	[BGAPI_CLASS_gap] = { 11 + N, 2, END },
	[BGAPI_CLASS_hardware] = { 7, 1, 3, 5, 0, END },
	[BGAPI_CLASS_dfu] = { 4, END },
	[BGAPI_CLASS_test] = { END },
};

static bool has_array(const struct bgapi_message *message)
{
	bool array = false;

	for (struct bgapi_param p = bgapi_first(message); p.type != BGAPI_END; bgapi_next(&p))
		array = p.type == BGAPI_ARR || p.type == BGAPI_UUID;
	return array;
}

static size_t check_lengths(int kind, const short lengths[BGAPI_CLASSES][24])
{
	size_t count = 0;

	for (int class = 0; class < 256; class++) {
		bool over = class >= BGAPI_CLASSES;

		for (int number = 0; number < 256; number++) {
			const struct bgapi_message *message =
				bgapi_message(BGAPI_ID(kind, class, number));
			uint8_t payload[BGAPI_PAYLOAD_MAX], zero[256] = { 0 };
			size_t len;

			harness_about("kind %d class %d number %d", kind, class, number);
			over = over || lengths[class][number] == END;
			CHECK_INT(!message, over || lengths[class][number] == NO);
			if (!message || over)
				continue;
			count++;
			CHECK_INT(message->id, BGAPI_ID(kind, class, number));
			CHECK_INT(bgapi_payload(message->id, zero, payload, &len), 0);
			CHECK_INT((int)len + (has_array(message) ? N : 0),
				  lengths[class][number]);
		}
	}
	return count;
}

static void lengths(void)
{
	CHECK_INT(check_lengths(BGAPI_COMMAND, commands), 114);
	CHECK_INT(check_lengths(BGAPI_RESPONSE, responses), 111);
	CHECK_INT(check_lengths(BGAPI_EVENT, events), 37);
}

/* -- Every message there and back ------------------------------------------------ */

/* A message of any kind, its array of array_len octets. */
static void fill(const struct bgapi_message *message, uint8_t *params,
		 const uint8_t *array, size_t array_len)
{
	for (size_t i = 0; i < message->size; i++)
		params[i] = (uint8_t)harness_random();
	for (struct bgapi_param p = bgapi_first(message); p.type != BGAPI_END; bgapi_next(&p)) {
		struct ble_bytes value = bytes(array, array_len);

		if (p.type == BGAPI_ARR || p.type == BGAPI_UUID)
			memcpy(params + p.offset, &value, sizeof(value));
		if (p.type == BGAPI_ADDR)
			params[p.offset + 6] = BLE_ADDRESS_UNKNOWN;
	}
}

static size_t member_size(enum bgapi_type type)
{
	switch (type) {
	case BGAPI_U8:
	case BGAPI_I8:
		return 1;
	case BGAPI_U32:
	case BGAPI_X32:
		return 4;
	case BGAPI_ADDR:
		return sizeof(struct ble_address);
	default:
		return 2;
	}
}

static void same_params(const struct bgapi_message *message, const uint8_t *seen,
			const uint8_t *expected)
{
	for (struct bgapi_param p = bgapi_first(message); p.type != BGAPI_END; bgapi_next(&p)) {
		struct ble_bytes a, b;

		if (p.type != BGAPI_ARR && p.type != BGAPI_UUID) {
			CHECK_MEM(seen + p.offset, expected + p.offset,
				  member_size(p.type));
			continue;
		}
		memcpy(&a, seen + p.offset, sizeof(a));
		memcpy(&b, expected + p.offset, sizeof(b));
		CHECK_INT(a.len, b.len);
		if (a.len == b.len && a.len)
			CHECK_MEM(a.data, b.data, a.len);
	}
}

static void there_and_back(const struct bgapi_message *message, size_t fixed,
			   size_t array_len)
{
	bool command = message->id >> 16 == BGAPI_COMMAND;
	uint8_t params[128], seen[128], array[256];
	char text[BGAPI_TRACE];
	struct bgapi_packet packet;
	struct bgapi_framer framer;
	struct bgapi_frame frame = { NULL, { NULL, 0 } };
	struct ble_bytes input;

	REQUIRE(message->size <= sizeof(params));
	for (size_t i = 0; i < sizeof(array); i++)
		array[i] = (uint8_t)harness_random();
	fill(message, params, array, array_len);
	packet.len = 99;
	if (fixed + array_len > BGAPI_PAYLOAD_MAX) {
		CHECK_INT(bgapi_write_any(message->id, params, command, &packet), -EMSGSIZE);
		CHECK_INT(packet.len, 99);
		return;
	}
	CHECK_INT(bgapi_write_any(message->id, params, command, &packet), 0);
	CHECK_INT(packet.len, (size_t)command + BGAPI_HEADER + fixed + array_len);
	bgapi_framer_init(&framer, command, command);
	input = bytes(packet.octet, packet.len);
	REQUIRE(bgapi_framer_next(&framer, &input, &frame));
	CHECK(frame.message == message);
	CHECK_INT(bgapi_read_any(message->id, &frame, seen), 0);
	same_params(message, seen, params);
	CHECK(bgapi_trace(&frame, text) == text);
	CHECK(strlen(text) < BGAPI_TRACE - 1);
	CHECK(strncmp(text, bgapi_name(message), strlen(bgapi_name(message))) == 0);
	CHECK(!bgapi_framer_next(&framer, &input, &frame));
	CHECK_INT(framer.skipped, 0);
}

static void round_trips(void)
{
	for (int id = BGAPI_ID(BGAPI_COMMAND, 0, 0); id <= BGAPI_ID(BGAPI_EVENT, 255, 255);
	     id++) {
		const struct bgapi_message *message = bgapi_message(id);
		uint8_t payload[BGAPI_PAYLOAD_MAX], zero[128] = { 0 };
		size_t fixed;

		if (!message)
			continue;
		harness_about("%s", bgapi_name(message));
		REQUIRE(bgapi_payload(message->id, zero, payload, &fixed) == 0);
		there_and_back(message, fixed, 0);
		for (size_t len = 1; has_array(message) && len <= 256; len++)
			there_and_back(message, fixed, len);
	}
}

/* -- Lengths that do not agree ------------------------------------------------------ */

static void bad_lengths(void)
{
	static const uint8_t value[] = { 0, 4, 0, 1, 2, 0xaa, 0xbb, 0xcc };
	const struct bgapi_message *message = bgapi_message(BGAPI_evt_attclient_attribute_value);
	struct bgapi_evt_attclient_attribute_value seen, before;
	struct bgapi_evt_gap_scan_response other;
	char text[BGAPI_TRACE];

	REQUIRE(message != NULL);
	memset(&seen, 0x5a, sizeof(seen));
	before = seen;
	for (size_t len = 0; len <= sizeof(value); len++) {
		uint8_t *exact = malloc(len + !len);
		struct bgapi_frame frame = { message, bytes(exact, len) };

		harness_about("%zu octets", len);
		REQUIRE(exact != NULL);
		memcpy(exact, value, len);
		CHECK_INT(bgapi_read(evt_gap_scan_response, &frame, &other), -EBADMSG);
		CHECK_INT(bgapi_fits(&frame), len == 7);
		CHECK_INT(bgapi_read(evt_attclient_attribute_value, &frame, &seen),
			  len == 7 ? 0 : -EBADMSG);
		if (len == 7) {
			CHECK_INT(seen.atthandle, 4);
			CHECK_MEM(seen.value.data, "\xaa\xbb", 2);
			seen = before;
		} else {
			CHECK_MEM(&seen, &before, sizeof(seen));
			CHECK(strstr(bgapi_trace(&frame, text), " malformed: ") != NULL);
		}
		free(exact);
	}
}

/* Internal to the firmware, so its layout may have grown: longer is tolerated,
 * here only. */
static void longer(void)
{
	static const uint8_t found[] = { 0, 2, 0, 3, 0, 0x0a, 2, 0x37, 0x2a, 0xee, 0xff };
	struct bgapi_frame frame = { bgapi_message(BGAPI_evt_attclient_attribute_found),
				     bytes(found, sizeof(found)) };
	struct bgapi_evt_attclient_attribute_found seen;
	char text[BGAPI_TRACE];

	CHECK_INT(bgapi_read(evt_attclient_attribute_found, &frame, &seen), 0);
	CHECK_INT(seen.uuid.len, 2);
	CHECK_STR(bgapi_trace(&frame, text),
		  "evt attclient_attribute_found connection=0 chrdecl=0x0002 value=0x0003 "
		  "properties=10 uuid=2a37 more=eeff");
	frame.payload.len = 9;
	CHECK(bgapi_fits(&frame));
	frame.payload.len = 8;
	CHECK(!bgapi_fits(&frame));
}

/* Two numbers changed their layout after SDK 1.1. Only the length can tell,
 * and where both fit the newer one is meant. */
static void old_layouts(void)
{
	static const struct {
		int kind, class, number;
		size_t len;
		uint8_t payload[8];
		int id;
	} rows[] = {
		{ 1, 1, 7, 7, { 0, 0x80, 0, 0, 2, 1, 2 }, BGAPI_cmd_flash_write_data },
		{ 1, 1, 7, 5, { 0, 0x80, 2, 1, 2 }, BGAPI_cmd_flash_write_words },
		{ 1, 1, 7, 5, { 0, 0x80, 2, 1, 0 }, BGAPI_cmd_flash_write_data },
		{ 2, 1, 7, 2, { 0, 0 }, BGAPI_rsp_flash_write_data },
		{ 2, 1, 7, 0, { 0 }, BGAPI_rsp_flash_write_words },
		{ 2, 1, 7, 1, { 0 }, 0 },
		{ 1, 8, 5, 4, { 9, 2, 1, 2 }, BGAPI_cmd_test_debug },
		{ 1, 8, 5, 3, { 2, 3, 4 }, BGAPI_cmd_test_debug_first },
		{ 2, 8, 5, 1, { 0 }, BGAPI_rsp_test_debug_first },
		{ 2, 8, 5, 2, { 1, 0 }, BGAPI_rsp_test_debug },
		{ 2, 8, 5, 2, { 2, 2 }, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct bgapi_message *message = NULL;
		enum bgapi_fit fit = bgapi_identify(
			(enum bgapi_kind)rows[i].kind, (uint8_t)rows[i].class,
			(uint8_t)rows[i].number, rows[i].payload, rows[i].len, rows[i].len,
			&message);

		harness_about("row %zu", i);
		CHECK_INT(fit, rows[i].id ? BGAPI_FITS : BGAPI_MISFIT);
		CHECK_INT(message ? (int)message->id : 0, rows[i].id);
	}
}

/* An array that agrees with its message, and is more than any message has. */
static void too_long(void)
{
	const struct bgapi_message *message = NULL;
	uint8_t payload[BGAPI_PAYLOAD_MAX + 1] = { BGAPI_PAYLOAD_MAX };

	for (uint8_t len = BGAPI_PAYLOAD_MAX; len <= sizeof(payload); len++) {
		payload[0] = (uint8_t)(len - 1);
		CHECK_INT(bgapi_identify(BGAPI_EVENT, BGAPI_CLASS_system, 1, payload, len,
					 len, &message),
			  len > BGAPI_PAYLOAD_MAX ? BGAPI_MISFIT : BGAPI_FITS);
	}
}

static void no_such_message(void)
{
	uint8_t payload[BGAPI_PAYLOAD_MAX];
	struct bgapi_cmd_system_hello hello = { 0 };
	struct bgapi_packet packet = { .len = 99 };
	size_t len = 99;

	CHECK_INT(bgapi_payload((enum bgapi_id)BGAPI_NO_RESPONSE, &hello, payload, &len),
		  -EINVAL);
	CHECK_INT(len, 99);
	CHECK_INT(bgapi_write_any((enum bgapi_id)0, &hello, false, &packet), -EINVAL);
	CHECK_INT(packet.len, 99);
}

/* -- The session ------------------------------------------------------------------------ */

static void session(void)
{
	for (const struct example *e = examples; e->hex; e++) {
		uint8_t octet[BGAPI_FRAME_MAX], params[128];
		size_t len = example_octets(e->hex, octet);
		struct ble_bytes input = bytes(octet, len);
		struct bgapi_framer framer;
		struct bgapi_frame frame;
		struct bgapi_packet packet;
		char text[BGAPI_TRACE];

		harness_about("%s", e->hex);
		bgapi_framer_init(&framer, example_is_command(e), false);
		REQUIRE(bgapi_framer_next(&framer, &input, &frame));
		CHECK_INT(input.len, 0);
		CHECK_STR(bgapi_trace(&frame, text), e->trace);
		CHECK_INT(bgapi_read_any(frame.message->id, &frame, params), 0);
		CHECK_INT(bgapi_write_any(frame.message->id, params, false, &packet), 0);
		CHECK_INT(packet.len, len);
		if (packet.len == len)
			CHECK_MEM(packet.octet, octet, len);
	}
}

/* As a host writes and reads them: by name. */
static void by_name(void)
{
	struct bgapi_cmd_gap_connect_direct connect = {
		.address = { { 0xee, 0xff, 0xc0, 0x80, 0x07, 0x00 }, BLE_ADDRESS_PUBLIC },
		.addr_type = BLE_ADDRESS_PUBLIC,
		.conn_interval_min = 60,
		.conn_interval_max = 76,
		.timeout = 100,
	};
	static const uint8_t payload[] = { 0, 5, 0xee, 0xff, 0xc0, 0x80, 7, 0, 0,
					   60, 0, 100, 0, 1, 0, 0xff };
	struct bgapi_frame frame = { bgapi_message(BGAPI_evt_connection_status),
				     bytes(payload, sizeof(payload)) };
	struct bgapi_evt_connection_status status;
	struct bgapi_packet packet;

	CHECK_INT(bgapi_write(cmd_gap_connect_direct, &connect, false, &packet), 0);
	CHECK_INT(packet.len, 19);
	CHECK_MEM(packet.octet,
		  "\x00\x0f\x06\x03\xee\xff\xc0\x80\x07\x00\x00\x3c\x00\x4c\x00\x64\x00\x00\x00",
		  19);
	CHECK_INT(bgapi_read(evt_connection_status, &frame, &status), 0);
	CHECK_INT(status.flags, 5);
	CHECK_MEM(status.address.octet, connect.address.octet, 6);
	/* Interval, timeout, latency, in this order. */
	CHECK_INT(status.conn_interval, 60);
	CHECK_INT(status.timeout, 100);
	CHECK_INT(status.latency, 1);
	CHECK_INT(status.bonding, 255);
}

/* -- Results ---------------------------------------------------------------------------------- */

static void results(void)
{
	static const struct {
		uint16_t result;
		int error;
		const char *text;
	} rows[] = {
		{ 0x0000, 0, "success" },
		{ 0x0180, -EINVAL, "invalid parameter" },
		{ 0x0181, -EBUSY, "wrong state" },
		{ 0x0182, -EAGAIN, "out of memory" },
		{ 0x0185, -ETIMEDOUT, "timeout" },
		{ 0x0186, -ENOTCONN, "not connected" },
		{ 0x018b, -ENOSPC, "out of bonds" },
		{ 0x018c, -EIO, "script stack overflow" },
		{ 0x0208, -ETIMEDOUT, "connection timeout" },
		{ 0x0213, -ECONNRESET, "the peer ended the connection" },
		{ 0x023e, -ECONNABORTED, "connection failed to be established" },
		{ 0x0305, -EOPNOTSUPP, "pairing not supported" },
		{ 0x040a, BLE_ERROR_ATT(0x0a), "attribute not found" },
		{ 0x0480, BLE_ERROR_ATT(0x80), "error of the peer's application" },
		{ 0x04ec, BLE_ERROR_ATT(0xec), "unknown ATT error" },
		{ 0x04ff, BLE_ERROR_ATT(0xff), "the value is out of the peer's range" },
		{ 0x0100, -EIO, "unknown result" },
		{ 0x0200, -EIO, "unknown result" },
		{ 0x0400, -EIO, "unknown result" },
		{ 0x0001, -EIO, "unknown result" },
		{ 0xffff, -EIO, "unknown result" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		harness_about("0x%04x", (unsigned int)rows[i].result);
		CHECK_INT(bgapi_result_error(rows[i].result), rows[i].error);
		CHECK_STR(bgapi_result_text(rows[i].result), rows[i].text);
	}
	for (unsigned int i = 1; i <= 0xffff; i++) {
		int error = bgapi_result_error((uint16_t)i);

		harness_about("0x%04x", i);
		if (error >= 0 || ble_error_att(error) != (i >> 8 == 4 ? i & 0xff : 0) ||
		    (i >> 8 == 2 && i & 0xff && error != error_from_hci((uint8_t)i)))
			CHECK_INT(error, 0);
	}
}

/* Our own end is 0 by the manuals and 0x0216 by a host's table: both count. */
static void reasons(void)
{
	CHECK_INT(bgapi_reason(0), 0x16);
	CHECK_INT(bgapi_reason(0x0216), 0x16);
	CHECK_INT(bgapi_reason(0x0213), 0x13);
	CHECK_INT(bgapi_reason(0x023e), 0x3e);
	CHECK_INT(bgapi_reason(0x0185), 0);
	CHECK_INT(bgapi_reason(0x0413), 0);
}

/* -- Reports ------------------------------------------------------------------- */

/* scan_response: rssi -55, TYPE, C0:FF:EE:00:18:0D, random, bonding none, LEN octets. */
static int report_of(uint8_t type, uint8_t len, struct ble_advertisement *ret_report)
{
	static uint8_t payload[BGAPI_PAYLOAD_MAX] = { 0xc9, 0, 0x0d, 0x18, 0x00, 0xee, 0xff,
						      0xc0, 1, 0xff };
	struct bgapi_frame frame = {
		.message = bgapi_message(BGAPI_evt_gap_scan_response),
		.payload = { payload, (size_t)11 + len },
	};

	payload[1] = type;
	payload[10] = len;
	for (uint8_t i = 0; i < len; i++)
		payload[11 + i] = i;
	return bgapi_report(&frame, ret_report);
}

static void reports(void)
{
	static const int kinds[] = { /* by packet_type; Vol 6, Part B, 2.3.1 */
		BLE_EVENT_CONNECTABLE | BLE_EVENT_SCANNABLE,
		BLE_EVENT_CONNECTABLE | BLE_EVENT_DIRECTED, 0, NO,
		BLE_EVENT_SCANNABLE | BLE_EVENT_SCAN_RESPONSE, NO, BLE_EVENT_SCANNABLE,
	};
	struct ble_address peer;
	struct ble_advertisement report;

	REQUIRE(ble_address_parse("C0:FF:EE:00:18:0D/random", &peer) == 0);
	for (unsigned int type = 0; type < 256; type++) {
		int event = type < sizeof(kinds) / sizeof(kinds[0]) ? kinds[type] : NO;

		harness_about("packet type %u", type);
		memset(&report, 0x55, sizeof(report));
		CHECK_INT(report_of((uint8_t)type, 3, &report), event == NO ? -EBADMSG : 0);
		if (event == NO)
			continue;
		CHECK_INT(report.event, event | BLE_EVENT_LEGACY);
		CHECK_INT(report.rssi, -55);
		CHECK(ble_address_equal(&report.address, &peer));
		CHECK_INT(report.tx_power, BLE_NO_TX_POWER);
		CHECK_INT(report.sid, BLE_NO_SID);
		CHECK_INT(report.primary_phy, 1);
		CHECK_INT(report.time, 0);
		CHECK_INT(report.data.len, 3);
		CHECK_MEM(report.data.data, "\0\1\2", 3);
	}
	CHECK_INT(report_of(0, 0, &report), 0);
	CHECK_INT(report.data.len, 0);
	CHECK_INT(report_of(0, 31, &report), 0);
	CHECK_INT(report.data.len, 31);
	CHECK_INT(report_of(0, 32, &report), -EBADMSG);
}

static void no_reports(void)
{
	static const uint8_t cut[11] = { 0xc9, 0, 1, 2, 3, 4, 5, 6, 0, 0xff, 1 };
	struct bgapi_frame frame = {
		.message = bgapi_message(BGAPI_evt_gap_scan_response),
		.payload = { cut, sizeof(cut) },
	};
	struct ble_advertisement report;

	CHECK_INT(bgapi_report(&frame, &report), -EBADMSG);
	frame.message = bgapi_message(BGAPI_evt_gap_mode_changed);
	CHECK_INT(bgapi_report(&frame, &report), -EBADMSG);
}

static const struct test_case messages[] = {
	TEST(lengths),	   TEST(round_trips),	  TEST(bad_lengths), TEST(longer),
	TEST(old_layouts), TEST(too_long),	  TEST(no_such_message),
	TEST(session),	   TEST(by_name),	  TEST(results),     TEST(reasons),
	TEST(reports),	   TEST(no_reports),
	{ 0 },
};

static const struct test_suite suites[] = {
	{ "messages", messages },
	{ "framing", framing },
	{ 0 },
};

int main(int argc, char **argv)
{
	return harness_main(argc, argv, suites);
}
