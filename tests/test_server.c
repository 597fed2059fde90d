/* SPDX-License-Identifier: MIT */
/*
 * The server table, PDU by PDU, against the small and the middle reference
 * database. Every dialogue also runs with each of its PDUs cut short, made
 * longer and changed, where only the contract counts: no octet read or
 * written outside (each PDU has a block of its own), nothing beyond the MTU,
 * requests answered, commands not.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "att/pdu.h"
#include "base/bytes.h"
#include "gatt/server.h"
#include "tests/failmalloc.h"
#include "tests/harness.h"
#include "tests/reference.h"
#include "tests/script.h"

struct exchange {
	const char *pdu;    /* NULL ends the dialogue */
	const char *answer; /* "": none */
};

struct dialogue {
	unsigned int attributes;
	uint16_t mtu;
	const struct exchange *exchanges;
};

static size_t answer(struct gatt_session *session, uint16_t mtu,
		     const uint8_t *pdu, size_t len, uint8_t *response)
{
	uint8_t *in = malloc(len ? len : 1), *out = malloc(mtu);
	size_t size;

	REQUIRE(in && out);
	memcpy(in, pdu, len);
	memset(out, 0xee, mtu);
	size = session->server.answer(&session->server, mtu, bytes(in, len), out);
	REQUIRE(size <= mtu);
	memcpy(response, out, size);
	free(in);
	free(out);
	return size;
}

static void exact(const struct dialogue *d)
{
	struct gatt_table table;
	struct gatt_session session;

	REQUIRE(reference_build(&table, d->attributes) == 0);
	REQUIRE(gatt_session_init(&session, &table) == 0);
	for (const struct exchange *e = d->exchanges; e->pdu; e++) {
		uint8_t pdu[1024], expected[1024], response[1024];
		size_t len = text_bytes(e->pdu, pdu, sizeof(pdu));
		size_t wanted = text_bytes(e->answer, expected, sizeof(expected));
		size_t size = answer(&session, d->mtu, pdu, len, response);

		harness_about("%.60s", e->pdu);
		if (CHECK_INT(size, wanted))
			CHECK_MEM(response, expected, size);
	}
	harness_about(NULL);
	gatt_session_release(&session);
	gatt_table_release(&table);
}

/* What holds for any PDU at all. */
static void check_contract(const uint8_t *pdu, size_t len,
			   const uint8_t *response, size_t size)
{
	const struct att_pdu_info *info = att_pdu_info(len ? pdu[0] : 0x1b);
	bool error = size == 5 && response[0] == ATT_ERROR_RSP &&
		     response[1] == pdu[0] && response[4];

	if (info->kind == ATT_REQUEST)
		CHECK(size && (error || response[0] == info->response));
	else if (info->kind == ATT_UNKNOWN && !(pdu[0] & ATT_COMMAND_FLAG))
		CHECK(error && response[4] == ATT_REQUEST_NOT_SUPPORTED);
	else
		CHECK_INT(size, 0);
}

struct twin {
	int at; /* which PDU */
	int cut, add, octet;
	uint8_t value;
};

static void play_twin(const struct dialogue *d, const struct twin *twin)
{
	struct gatt_table table;
	struct gatt_session session;
	int n = 0;

	REQUIRE(reference_build(&table, d->attributes) == 0);
	REQUIRE(gatt_session_init(&session, &table) == 0);
	for (const struct exchange *e = d->exchanges; e->pdu; e++) {
		uint8_t pdu[1100] = { 0 }, response[1024];
		size_t len = text_bytes(e->pdu, pdu, 1024), size;

		if (n++ == twin->at) {
			len = len - (size_t)twin->cut + (size_t)twin->add;
			if (twin->octet >= 0)
				pdu[twin->octet] = twin->value;
		}
		size = answer(&session, d->mtu, pdu, len, response);
		check_contract(pdu, len, response, size);
	}
	gatt_session_release(&session);
	gatt_table_release(&table);
}

static void twins(const struct dialogue *d)
{
	static const uint8_t lies[] = { 0x00, 0x01, 0x7f, 0xff };
	int n = 0;

	for (const struct exchange *e = d->exchanges; e->pdu; e++, n++) {
		uint8_t pdu[1024];
		int len = (int)text_bytes(e->pdu, pdu, sizeof(pdu));
		int shown = len < 30 ? len : 30;

		harness_about("twins of %.60s", e->pdu);
		for (int cut = 1; cut <= shown; cut++)
			play_twin(d, &(struct twin){ n, cut, 0, -1, 0 });
		for (int add = 1; add <= 17; add += 4)
			play_twin(d, &(struct twin){ n, 0, add, -1, 0 });
		for (int at = 0; at < shown; at++)
			for (size_t i = 0; i < sizeof(lies); i++)
				play_twin(d, &(struct twin){ n, 0, 0, at, lies[i] });
	}
	harness_about(NULL);
}

static void converse(void)
{
	const struct dialogue *d = harness_data();

	exact(d);
	twins(d);
}

#define DIALOGUE(name, attributes, mtu, ...)                             \
	{ name, converse, &(const struct dialogue){ attributes, mtu,      \
		(const struct exchange[]){ __VA_ARGS__, { NULL, NULL } } } }

/* The small database:
 * 1 service 1800, 2 declaration, 3 2a00 (9 octets, read)
 * 4 service 180f, 5 declaration, 6 2a19 (1 octet, read, notify), 7 2902,
 * 8 2904 (7 octets, read, write) */
static const struct test_case finds[] = {
	DIALOGUE("information", REFERENCE_SMALL, 23,
		 { "04 0100 ffff", "05 01 0100 0028 0200 0328 0300 002a "
				   "0400 0028 0500 0328" },
		 { "04 0600 ffff", "05 01 0600 192a 0700 0229 0800 0429" },
		 { "04 0300 0300", "05 01 0300 002a" },
		 { "04 0900 ffff", "01 04 0900 0a" },
		 { "04 0000 ffff", "01 04 0000 01" },
		 { "04 0500 0400", "01 04 0500 01" },
		 { "04 0000 0000", "01 04 0000 01" },
		 { "04 0100 ff", "01 04 0000 04" },
		 { "04 0100 ffff 00", "01 04 0000 04" }),
	DIALOGUE("information of both sizes", REFERENCE_MIDDLE, 64,
		 /* Ends before the first UUID of another size. */
		 { "04 2000 2400", "05 01 2000 0028 2100 0228 2200 0328" },
		 { "04 2300 2400", "05 02 2300 0000e0b1 00000080 00400000 2300577e" },
		 { "04 2300 2300", "05 02 2300 0000e0b1 00000080 00400000 2300577e" }),
	DIALOGUE("services by value", REFERENCE_SMALL, 23,
		 { "06 0100 ffff 0028 0f18", "07 0400 0800" },
		 { "06 0100 ffff 0028 0018", "07 0100 0300" },
		 { "06 0200 ffff 0028 0018", "01 06 0200 0a" },
		 { "06 0100 ffff 0028", "01 06 0100 0a" },
		 { "06 0100 ffff 0028 0f1800", "01 06 0100 0a" },
		 { "06 0000 ffff 0028 0f18", "01 06 0000 01" },
		 { "06 0300 0200 0028 0f18", "01 06 0300 01" },
		 { "06 0100 ffff 00", "01 06 0000 04" },
		 /* A characteristic is a group too; a value is none. */
		 { "06 0100 ffff 0328 12 0600 192a", "07 0500 0800" },
		 { "06 0100 ffff 192a 01", "07 0600 0600" }),
	DIALOGUE("services by value, several", REFERENCE_MIDDLE, 23,
		 { "06 0100 ffff 0028 1518", "07 4000 5f00 8000 8400" }),
	DIALOGUE("services by long value", REFERENCE_MIDDLE, 64,
		 { "06 0100 ffff 0028 0000e0b1000000800040000020 00577e",
		   "07 2000 3900" },
		 /* Secondary: not among the primary ones. */
		 { "06 0100 ffff 0028 0000e0b1000000800040000010 00577e",
		   "01 06 0100 0a" }),
	{ 0 },
};

static const struct test_case reads_by_type[] = {
	DIALOGUE("declarations", REFERENCE_SMALL, 23,
		 { "08 0100 ffff 0328", "09 07 0200 02 0300 002a "
					"0500 12 0600 192a" },
		 { "08 0300 ffff 0328", "09 07 0500 12 0600 192a" },
		 { "08 0600 ffff 0328", "01 08 0600 0a" },
		 { "08 0000 ffff 0328", "01 08 0000 01" },
		 { "08 0300 0100 0328", "01 08 0300 01" },
		 { "08 0100 ffff 03", "01 08 0000 04" },
		 { "08 0100 ffff 0328 0000", "01 08 0000 04" },
		 { "08 0100 ffff fb349b5f80000080 00100000 03280000",
		   "09 07 0200 02 0300 002a 0500 12 0600 192a" }),
	DIALOGUE("values", REFERENCE_SMALL, 23,
		 { "08 0100 ffff 002a", "09 0b 0300 01080f161d242b3239" },
		 { "08 0100 ffff 0229", "09 04 0700 0000" },
		 { "08 0100 ffff 012a", "01 08 0100 0a" }),
	DIALOGUE("includes and cut values", REFERENCE_MIDDLE, 23,
		 /* 128 bits: no UUID in the value, so lengths differ. */
		 { "08 0100 ffff 0228", "09 06 2100 1000 1200" },
		 { "08 2200 ffff 0228", "09 08 0101 8000 8400 1518" },
		 { "08 1100 1300 3d2a", "09 07 1200 01080f161d" },
		 /* 23 octets: as much as fits. */
		 { "08 2900 2900 0000e0b1000000800040000029 00577e",
		   "09 15 2900 01080f161d242b323940474e555c636a71787f" },
		 /* Not readable: the error names it. */
		 { "08 3800 3a00 0000e0b1000000800040000039 00577e",
		   "01 08 3900 02" }),
	DIALOGUE("cut values at a large MTU", REFERENCE_MIDDLE, 517,
		 /* The length must fit in one octet. */
		 { "08 0100 ffff 562a", "09 04 4200 0108 4400 0108" },
		 { "08 8000 ffff 562a", "09 05 8200 01080f" }),
	DIALOGUE("groups", REFERENCE_SMALL, 23,
		 { "10 0100 ffff 0028", "11 06 0100 0300 0018 0400 0800 0f18" },
		 { "10 0200 ffff 0028", "11 06 0400 0800 0f18" },
		 { "10 0500 ffff 0028", "01 10 0500 0a" },
		 { "10 0100 ffff 0128", "01 10 0100 0a" },
		 { "10 0100 ffff 0328", "01 10 0100 10" },
		 { "10 0100 ffff 002a", "01 10 0100 10" },
		 { "10 0000 ffff 0028", "01 10 0000 01" },
		 { "10 0200 0100 0028", "01 10 0200 01" },
		 { "10 0100 ffff 00", "01 10 0000 04" },
		 { "10 0100 ffff 002800000000", "01 10 0000 04" }),
	DIALOGUE("groups of both sizes", REFERENCE_MIDDLE, 48,
		 { "10 0100 ffff 0028", "11 06 0100 0500 0018 0600 0600 0118" },
		 { "10 0700 ffff 0028", "11 14 2000 3900 "
					"0000e0b1000000800040000020 00577e" },
		 { "10 3a00 ffff 0028", "11 06 4000 5f00 1518 8000 8400 1518 "
					"0001 2a01 1a18" },
		 { "10 0100 ffff 0128", "11 14 1000 1200 "
					"0000e0b1000000800040000010 00577e" }),
	{ 0 },
};

static const struct test_case reads[] = {
	DIALOGUE("read", REFERENCE_SMALL, 23,
		 { "0a 0300", "0b 01080f161d242b3239" },
		 { "0a 0600", "0b 01" },
		 { "0a 0700", "0b 0000" },
		 { "0a 0900", "01 0a 0900 01" },
		 { "0a 0000", "01 0a 0000 01" },
		 { "0a 03", "01 0a 0000 04" },
		 { "0a 0300 00", "01 0a 0000 04" }),
	DIALOGUE("lengths around the MTU", REFERENCE_MIDDLE, 23,
		 { "0a 2300", "0b" },
		 { "0a 2500", "0b 01" },
		 { "0a 2700", "0b 01080f161d242b323940474e555c636a71787f868d94" },
		 { "0a 2900", "0b 01080f161d242b323940474e555c636a71787f868d94" },
		 { "0c 2900 1600", "0d 9b" },
		 { "0c 2900 1700", "0d" },
		 { "0c 2900 1800", "01 0c 2900 07" },
		 { "0c 2700 1600", "0d" },
		 { "0c 2300 0000", "0d" },
		 { "0c 2300 0100", "01 0c 2300 07" },
		 { "0c 2900 0000", "0d 01080f161d242b323940474e555c636a71787f868d94" },
		 { "0c 3900 0000", "01 0c 3900 02" },
		 { "0a 3900", "01 0a 3900 02" },
		 { "0c 3a00 0000", "01 0c 3a00 01" },
		 { "0c 2b00 fe01", "0d f3fa" },
		 { "0c 2b00 0002", "0d" },
		 { "0c 2b00 0102", "01 0c 2b00 07" },
		 { "0c 2900 16", "01 0c 0000 04" }),
	DIALOGUE("several", REFERENCE_SMALL, 23,
		 { "0e 0600 0300", "0f 01 01080f161d242b3239" },
		 { "0e 0300 0300 0300", "0f 01080f161d242b3239 01080f161d242b3239 "
					"01080f16" },
		 { "0e 0300 0900", "01 0e 0900 01" },
		 { "0e 0300", "01 0e 0000 04" },
		 { "0e 0300 06", "01 0e 0000 04" },
		 { "0e 0300 0300 0300 0900", "01 0e 0900 01" }),
	DIALOGUE("several, with their lengths", REFERENCE_SMALL, 23,
		 { "20 0600 0300", "21 0100 01 0900 01080f161d242b3239" },
		 { "20 0300 0300", "21 0900 01080f161d242b3239 "
				   "0900 01080f161d242b3239" },
		 /* A length just fits, without its value ... */
		 { "20 0300 0800 0600", "21 0900 01080f161d242b3239 "
					"0700 01080f161d242b 0100" },
		 /* ... and here only half of it would. */
		 { "20 0600 0600 0600 0600 0800 0600",
		   "21 0100 01 0100 01 0100 01 0100 01 0700 01080f161d242b" },
		 { "20 0300 0300 0600 0900", "01 20 0900 01" },
		 { "20 0300", "01 20 0000 04" },
		 { "20 0300 0600 00", "01 20 0000 04" }),
	DIALOGUE("several, the last one cut", REFERENCE_MIDDLE, 23,
		 { "20 2500 2900", "21 0100 01 1700 "
				   "01080f161d242b323940474e555c636a71" },
		 { "0e 2500 3900", "01 0e 3900 02" },
		 { "20 2500 2300 2500", "21 0100 01 0000 0100 01" }),
	{ 0 },
};

static const struct test_case writes[] = {
	DIALOGUE("request", REFERENCE_MIDDLE, 23,
		 { "12 2300 0102", "13" },
		 { "0a 2300", "0b 0102" },
		 { "12 2300", "13" },
		 { "0a 2300", "0b" },
		 { "12 2500 07", "13" },
		 { "12 2500 0708", "01 12 2500 0d" },
		 { "12 2500", "01 12 2500 0d" },
		 { "0a 2500", "0b 07" },
		 { "12 2700 01", "01 12 2700 03" },
		 { "12 2d00 01", "01 12 2d00 03" },
		 { "12 3a00 01", "01 12 3a00 01" },
		 { "12 0000 01", "01 12 0000 01" },
		 { "12 23", "01 12 0000 04" }),
	DIALOGUE("command", REFERENCE_MIDDLE, 23,
		 { "52 2d00 aabb", "" },
		 { "0a 2d00", "0b aabb" },
		 { "52 2300 01", "" },
		 { "0a 2300", "0b" },
		 { "52 3a00 01", "" },
		 { "52 2d", "" },
		 { "0a 2d00", "0b aabb" },
		 { "52 2d00", "" },
		 { "0a 2d00", "0b" }),
	DIALOGUE("client configuration", REFERENCE_MIDDLE, 23,
		 { "0a 3100", "0b 0000" },
		 { "12 3100 0100", "13" },
		 { "0a 3100", "0b 0100" },
		 { "08 3100 3100 0229", "09 04 3100 0100" },
		 { "12 3100 0200", "01 12 3100 fd" },
		 { "12 3100 0101", "01 12 3100 fd" },
		 { "12 3400 0200", "13" },
		 { "12 3400 0100", "01 12 3400 fd" },
		 { "12 3700 0300", "13" },
		 { "0a 3700", "0b 0300" },
		 { "12 3700 01", "01 12 3700 0d" },
		 { "12 3700 010000", "01 12 3700 0d" },
		 { "12 3100 0000", "13" },
		 { "0a 3100", "0b 0000" }),
	{ 0 },
};

static const struct test_case prepared[] = {
	DIALOGUE("in parts", REFERENCE_MIDDLE, 23,
		 { "16 2300 0000 aa*18", "17 2300 0000 aa*18" },
		 { "16 2300 1200 bb*6", "17 2300 1200 bb*6" },
		 { "0a 2300", "0b" },
		 { "18 01", "19" },
		 { "0a 2300", "0b aa*18 bb*4" },
		 { "0c 2300 1600", "0d bbbb" },
		 { "18 01", "19" },
		 { "0c 2300 1600", "0d bbbb" }),
	DIALOGUE("called off", REFERENCE_MIDDLE, 23,
		 { "16 2500 0000 09", "17 2500 0000 09" },
		 { "18 00", "19" },
		 { "18 01", "19" },
		 { "0a 2500", "0b 01" },
		 { "18 02", "01 18 0000 04" },
		 { "18", "01 18 0000 04" },
		 { "18 0100", "01 18 0000 04" }),
	DIALOGUE("refused at once", REFERENCE_MIDDLE, 23,
		 { "16 2700 0000 01", "01 16 2700 03" },
		 { "16 3a00 0000 01", "01 16 3a00 01" },
		 { "16 2d00 0000 01", "01 16 2d00 03" },
		 { "16 2300 00", "01 16 0000 04" },
		 { "16 2300 0000", "17 2300 0000" },
		 { "18 01", "19" }),
	DIALOGUE("refused at the end", REFERENCE_MIDDLE, 23,
		 /* A hole before the part. */
		 { "16 2300 0100 01", "17 2300 0100 01" },
		 { "18 01", "01 18 2300 07" },
		 /* Too long, and the one before it stays as it was too. */
		 { "16 2300 0000 0a", "17 2300 0000 0a" },
		 { "16 2500 0000 0b0c", "17 2500 0000 0b0c" },
		 { "18 01", "01 18 2500 0d" },
		 { "0a 2300", "0b" },
		 { "0a 2500", "0b 01" },
		 /* The queue is empty afterwards. */
		 { "18 01", "19" },
		 { "16 2b00 0002 01", "17 2b00 0002 01" },
		 { "18 01", "01 18 2b00 0d" },
		 { "16 3100 0000 04", "17 3100 0000 04" },
		 { "16 3100 0100 00", "17 3100 0100 00" },
		 { "18 01", "01 18 3100 fd" }),
	DIALOGUE("into the middle", REFERENCE_MIDDLE, 23,
		 { "12 2300 000102030405", "13" },
		 { "16 2300 0200 aabb", "17 2300 0200 aabb" },
		 { "18 01", "19" },
		 { "0a 2300", "0b 0001aabb0405" },
		 { "16 2300 0600 cc", "17 2300 0600 cc" },
		 { "18 01", "19" },
		 { "0a 2300", "0b 0001aabb0405cc" },
		 { "16 2300 0000 dd", "17 2300 0000 dd" },
		 { "18 01", "19" },
		 { "0a 2300", "0b dd" }),
	DIALOGUE("two values, turn by turn", REFERENCE_MIDDLE, 23,
		 { "16 2300 0000 01", "17 2300 0000 01" },
		 { "16 2500 0000 02", "17 2500 0000 02" },
		 { "16 2300 0100 03", "17 2300 0100 03" },
		 { "16 3100 0000 0100", "17 3100 0000 0100" },
		 { "18 01", "19" },
		 { "0a 2300", "0b 0103" },
		 { "0a 2500", "0b 02" },
		 { "0a 3100", "0b 0100" }),
	{ 0 },
};

static const struct test_case others[] = {
	DIALOGUE("unknown", REFERENCE_SMALL, 23,
		 { "02 1700", "01 02 0000 06" },
		 { "14 00", "01 14 0000 06" },
		 { "3c", "01 3c 0000 06" },
		 { "80", "01 80 0000 06" },
		 { "40", "" },
		 { "7f 01", "" },
		 { "d2 0300 01*13", "" },
		 { "1e", "" },
		 { "1e 00", "" },
		 { "01 0a 0300 01", "" },
		 { "0b 00", "" },
		 { "1b 0300 01", "" },
		 { "1d 0300 01", "" },
		 { "23 0300 0100 01", "" },
		 { "", "" }),
	DIALOGUE("longer than the MTU", REFERENCE_MIDDLE, 23,
		 { "12 2300 aa*20", "13" },
		 { "12 2300 aa*21", "01 12 0000 04" },
		 { "16 2300 0000 aa*19", "01 16 0000 04" },
		 { "52 2d00 aa*21", "" },
		 { "0a 2d00", "0b" }),
	{ 0 },
};

/* -- What no PDU shows ------------------------------------------------------------ */

static void queue_is_bounded(void)
{
	struct gatt_table table;
	struct gatt_session session;
	uint8_t pdu[517] = { ATT_PREPARE_REQ, REFERENCE_512, 0 }, response[517];
	int accepted = 0;

	REQUIRE(reference_build(&table, REFERENCE_MIDDLE) == 0);
	REQUIRE(gatt_session_init(&session, &table) == 0);
	while (answer(&session, 517, pdu, 505, response) == 505)
		accepted++;
	CHECK_INT(accepted, 3); /* of 500 octets each, in 1536 */
	CHECK_MEM(response, "\x01\x16\x2b\x00\x09", 5);
	CHECK_INT(answer(&session, 517, (const uint8_t *)"\x18\x01", 2, response), 1);
	CHECK_INT(answer(&session, 517, pdu, 505, response), 505);
	/* A whole value in the smallest parts fits too. */
	answer(&session, 517, (const uint8_t *)"\x18\x00", 2, response);
	for (size_t at = 0; at < ATT_VALUE_MAX; at += 18) {
		size_t part = ATT_VALUE_MAX - at < 18 ? ATT_VALUE_MAX - at : 18;

		put_le16(pdu + 3, (uint16_t)at);
		CHECK_INT(answer(&session, 23, pdu, 5 + part, response), 5 + part);
	}
	CHECK_INT(answer(&session, 23, (const uint8_t *)"\x18\x01", 2, response), 1);
	gatt_session_release(&session);
	gatt_table_release(&table);
}

/* Values are the table's, configurations are the link's. */
static void sessions_apart(void)
{
	struct gatt_table table;
	struct gatt_session a, b;
	uint8_t response[23];

	REQUIRE(reference_build(&table, REFERENCE_MIDDLE) == 0);
	REQUIRE(gatt_session_init(&a, &table) == 0);
	REQUIRE(gatt_session_init(&b, &table) == 0);
	answer(&a, 23, (const uint8_t *)"\x12\x31\x00\x01\x00", 5, response);
	answer(&a, 23, (const uint8_t *)"\x12\x25\x00\x55", 4, response);
	CHECK_INT(gatt_session_configuration(&a, 0x31), 1);
	CHECK_INT(gatt_session_configuration(&b, 0x31), 0);
	CHECK_INT(gatt_session_configuration(&a, 0x30), 0);
	CHECK_INT(gatt_session_configuration(&a, 0x32ff), 0);
	CHECK_INT(answer(&b, 23, (const uint8_t *)"\x0a\x25\x00", 3, response), 2);
	CHECK_INT(response[1], 0x55);
	gatt_session_release(&a);
	gatt_session_release(&b);
	gatt_table_release(&table);
}

static int hook_error;
static unsigned int hook_calls;

static int on_read(struct gatt_session *session, struct gatt_attribute *a)
{
	uint8_t next = (uint8_t)++hook_calls;

	(void)session; /* the contract's, not this test's */
	gatt_set_value(a, bytes(&next, 1));
	return hook_error;
}

static int on_write(struct gatt_session *session, struct gatt_attribute *a,
		    struct ble_bytes value)
{
	(void)session;
	hook_calls++;
	CHECK_INT(value.len, 30);
	CHECK_INT(gatt_value(a).len, 1); /* not stored yet */
	return hook_error;
}

static void hooks_are_asked(void)
{
	static const struct gatt_hooks hooks = { on_read, on_write };
	struct ble_uuid service = ble_uuid16(0x1815);
	struct gatt_characteristic c = {
		.uuid = ble_uuid16(0x2a56),
		.properties = BLE_READ | BLE_WRITE,
		.value = { .start = { (const uint8_t *)"", 1 }, .max = 30,
			   .hooks = &hooks },
	};
	struct gatt_table table;
	struct gatt_session session;
	uint8_t write[33] = { ATT_WRITE_REQ, 3, 0, 9 }, response[40];

	gatt_table_init(&table);
	REQUIRE(gatt_add_service(&table, 0, true, &service) == 0);
	REQUIRE(gatt_add_characteristic(&table, &c) == 0);
	REQUIRE(gatt_table_finish(&table) == 0);
	REQUIRE(gatt_session_init(&session, &table) == 0);
	hook_error = 0;
	hook_calls = 0;
	CHECK_INT(answer(&session, 40, (const uint8_t *)"\x0a\x03\x00", 3, response), 2);
	CHECK_INT(response[1], 1);
	hook_error = 0x81;
	CHECK_INT(answer(&session, 40, (const uint8_t *)"\x0a\x03\x00", 3, response), 5);
	CHECK_MEM(response, "\x01\x0a\x03\x00\x81", 5);
	CHECK_INT(answer(&session, 40, write, 33, response), 5);
	CHECK_MEM(response, "\x01\x12\x03\x00\x81", 5);
	CHECK_INT(gatt_value(gatt_table_find(&table, 3)).len, 1);
	hook_error = 0;
	CHECK_INT(answer(&session, 40, write, 33, response), 1);
	CHECK_INT(gatt_value(gatt_table_find(&table, 3)).len, 30);
	CHECK_INT(hook_calls, 4);
	gatt_session_release(&session);
	gatt_table_release(&table);
}

static void random_pdus(void)
{
	static const uint8_t opcodes[] = { 0x04, 0x06, 0x08, 0x0a, 0x0c, 0x0e, 0x10,
					   0x12, 0x16, 0x18, 0x1e, 0x20, 0x52 };
	static const uint16_t types[] = { 0x2800, 0x2801, 0x2802, 0x2803, 0x2902,
					  0x2a56, 0x2901 };
	struct gatt_table table;
	struct gatt_session session;

	REQUIRE(reference_build(&table, REFERENCE_LARGE) == 0);
	REQUIRE(gatt_session_init(&session, &table) == 0);
	for (int i = 0; i < 30000; i++) {
		uint16_t mtu = (uint16_t)(23 + harness_below(495));
		uint8_t pdu[540], response[520];
		size_t len = harness_below(harness_below(20) ? 24 : 540);

		for (size_t j = 0; j < len; j++)
			pdu[j] = (uint8_t)harness_random();
		if (len && harness_below(20))
			pdu[0] = opcodes[harness_below(sizeof(opcodes))];
		if (len > 4 && harness_below(2)) {
			pdu[2] = (uint8_t)harness_below(3);
			pdu[4] = (uint8_t)(pdu[2] + harness_below(3));
		}
		if (len > 6 && harness_below(2))
			put_le16(pdu + 5, types[harness_below(7)]);
		check_contract(pdu, len, response,
			       answer(&session, mtu, pdu, len, response));
	}
	gatt_session_release(&session);
	gatt_table_release(&table);
}

/* -- Building ----------------------------------------------------------------------- */

static void bad_builds(void)
{
	struct ble_uuid uuid = ble_uuid16(0x1815), type = ble_uuid16(0x2901);
	struct gatt_value value = { .start = { (const uint8_t *)"abc", 3 }, .max = 2 };
	struct gatt_characteristic c = { .uuid = type };
	struct gatt_table table;

	gatt_table_init(&table);
	CHECK_INT(gatt_add_characteristic(&table, &c), -EINVAL); /* no service */
	CHECK_INT(gatt_add_include(&table, 0, 1), -EINVAL);
	CHECK_INT(gatt_end_service(&table, 9), -EINVAL);
	CHECK_INT(gatt_add_service(&table, 5, true, &uuid), 0);
	CHECK_INT(gatt_add_descriptor(&table, 0, &type, &value), -EINVAL);
	CHECK_INT(gatt_add_configuration(&table, 0), -EINVAL);
	CHECK_INT(gatt_add_include(&table, 0, 0x77), 0);
	CHECK_INT(gatt_add_characteristic(&table, &c), 0);
	CHECK_INT(gatt_add_include(&table, 0, 5), -EINVAL); /* too late */
	CHECK_INT(gatt_add_descriptor(&table, 0, &type, &value), -EINVAL);
	value.max = 3;
	CHECK_INT(gatt_add_descriptor(&table, 8, &type, &value), -EINVAL);
	CHECK_INT(gatt_add_descriptor(&table, 9, &type, &value), 0);
	value.max = ATT_VALUE_MAX + 1;
	CHECK_INT(gatt_add_descriptor(&table, 10, &type, &value), -EINVAL);
	CHECK_INT(gatt_end_service(&table, 8), -EINVAL);
	CHECK_INT(gatt_end_service(&table, 20), 0);
	CHECK_INT(gatt_add_service(&table, 20, true, &uuid), -EINVAL);
	CHECK_INT(gatt_add_service(&table, 0, true, &uuid), 0);
	CHECK_INT(gatt_table_last(&table), 21);
	CHECK_INT(gatt_add_service(&table, 0xffff, true, &uuid), 0);
	CHECK_INT(gatt_add_service(&table, 0, true, &uuid), -EINVAL);
	CHECK_INT(gatt_table_finish(&table), -ENOENT);
	gatt_table_release(&table);
}

static int build_and_open(void *user)
{
	struct gatt_table table;
	struct gatt_session session;
	int err = reference_build(&table, REFERENCE_LARGE);

	(void)user; /* the same each time */
	if (err)
		return err;
	err = gatt_session_init(&session, &table);
	if (!err)
		gatt_session_release(&session);
	gatt_table_release(&table);
	return err;
}

static void every_allocation(void)
{
	CHECK(fail_each(build_and_open, NULL) > 5);
}

static const struct test_case the_rest[] = {
	TEST(queue_is_bounded), TEST(sessions_apart), TEST(hooks_are_asked),
	TEST(random_pdus), TEST(bad_builds), TEST(every_allocation), { 0 },
};

int main(int argc, char **argv)
{
	static const struct test_suite suites[] = {
		{ "finds", finds },
		{ "reads by type", reads_by_type },
		{ "reads", reads },
		{ "writes", writes },
		{ "prepared", prepared },
		{ "others", others },
		{ "the rest", the_rest },
		{ 0 },
	};

	return harness_main(argc, argv, suites);
}
