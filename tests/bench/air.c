/* SPDX-License-Identifier: MIT */
#include "tests/bench/air.h"

#include <string.h>

#include "base/bytes.h"

enum { EVENT = 4, META = 0x3e, LEGACY = 2, EXTENDED = 0x0d, LEGACY_MOST = 31 };
enum { ADV_IND = 0, SCAN_RSP = 4, RANDOM = 1 };

/* A random static address: numbers are spread as random ones are. */
static void put_address(uint8_t *p, uint32_t device)
{
	uint32_t spread = device * UINT32_C(2654435761);

	p[0] = RANDOM;
	put_le32(p + 1, spread);
	put_le16(p + 5, (uint16_t)(0xc000 | (device >> 16)));
}

/* Flags, a name, and manufacturer data up to the end. */
static void put_data(uint8_t *p, size_t len, uint32_t device)
{
	static const uint8_t head[] = { 2, 0x01, 0x06, 9, 0x09, 's', 'e', 'n', 's', 'o', 'r' };

	memcpy(p, head, sizeof(head));
	p[11] = (uint8_t)('0' + device / 10 % 10);
	p[12] = (uint8_t)('0' + device % 10);
	p[13] = (uint8_t)(len - 14);
	p[14] = 0xff;
	for (size_t i = 15; i < len; i++)
		p[i] = (uint8_t)(device + i);
}

static void finish(struct air_event *event, size_t params)
{
	event->packet[0] = EVENT;
	event->packet[1] = META;
	event->packet[2] = (uint8_t)params;
	event->len = 3 + params;
}

static void legacy(struct air_event *event, uint32_t device, uint8_t type, size_t len)
{
	uint8_t *p = event->packet + 3;

	memset(event, 0, sizeof(*event));
	p[0] = LEGACY;
	p[1] = 1;
	p[2] = type;
	put_address(p + 3, device);
	p[10] = (uint8_t)len;
	put_data(p + 11, len, device);
	p[11 + len] = (uint8_t)-60;
	finish(event, 12 + len);
}

static void extended(struct air_event *event, uint32_t device, size_t len)
{
	uint8_t *p = event->packet + 3;

	memset(event, 0, sizeof(*event));
	p[0] = EXTENDED;
	p[1] = 1;
	p[2] = 1; /* connectable, complete */
	put_address(p + 4, device);
	p[11] = 1;
	p[12] = 1;
	p[13] = 3;
	p[14] = 127;
	p[15] = (uint8_t)-60;
	p[25] = (uint8_t)len;
	put_data(p + 26, len, device);
	finish(event, 26 + len);
}

void air_report(struct air_event *event, uint32_t device, size_t len)
{
	if (len > LEGACY_MOST)
		extended(event, device, len);
	else
		legacy(event, device, ADV_IND, len);
}

void air_response(struct air_event *event, uint32_t device)
{
	legacy(event, device, SCAN_RSP, 24);
}
