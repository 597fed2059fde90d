/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/test_dongle.h"

enum { LINE_MS = 60000, FRAME = 128 };

struct host host;

/* -- Who is on the air ----------------------------------------------------- */

static int refuse(struct sim_source *source, struct ble_bytes value)
{
	(void)source;
	(void)value;
	return BLE_ERROR_ATT(0x80);
}

static void add(struct sim_peripheral *p, struct ble_uuid uuid, uint8_t properties,
		size_t len, uint16_t max, const struct sim_source *like)
{
	uint8_t value[64];
	struct gatt_characteristic c = {
		.uuid = uuid,
		.properties = properties,
		.value = { .start = bytes(value, len), .max = max },
	};

	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (uint8_t)('a' + i);
	REQUIRE(sim_add_characteristic(p, &c, like, NULL) == 0);
}

static struct ble_uuid vendor(uint8_t number)
{
	struct ble_uuid uuid = { { 0xb1, 0xe0, 0, 0, 0x7a, 0x11, 0x4c, 0x5e, 0x9d, 0x3b,
				   0x62, 0xc0, 0xff, 0xee, 0x00, 0x01 } };

	uuid.octet[3] = number;
	return uuid;
}

static void add_database(struct sim_peripheral *p)
{
	static const struct sim_source counter = {
		.interval_ms = 100,
		.generator = { .kind = SIM_COUNTER, .size = 2, .max = 0xffff, .step = 1 },
	};
	static const struct sim_source refusing = { .written = refuse };
	struct ble_uuid uuid = ble_uuid16(0x1800);

	REQUIRE(gatt_add_service(&p->table, 0, true, &uuid) == 0);
	add(p, ble_uuid16(0x2a00), BLE_READ, 2, 0, NULL);
	uuid = ble_uuid16(0x180d);
	REQUIRE(gatt_add_service(&p->table, 0, true, &uuid) == 0);
	add(p, ble_uuid16(0x2a37), BLE_NOTIFY, 0, 2, &counter);
	add(p, ble_uuid16(0x2a38), BLE_READ | BLE_WRITE, 1, 64, NULL);
	add(p, ble_uuid16(0x2a39), BLE_READ | BLE_WRITE_COMMAND, 0, 64, NULL);
	uuid = vendor(1);
	REQUIRE(gatt_add_service(&p->table, 0, true, &uuid) == 0);
	add(p, vendor(2), BLE_READ, 50, 0, NULL);
	add(p, ble_uuid16(0x2a6e), BLE_INDICATE, 0, 2, &counter);
	add(p, ble_uuid16(0x2a6f), BLE_READ, 44, 0, NULL);
	add(p, ble_uuid16(0x2a70), BLE_WRITE, 0, 20, &refusing);
}

static void add_peripheral(const char *address, uint8_t flags, bool connectable)
{
	static const uint8_t name[] = { 'T', 'h' };
	struct sim_peripheral *p;
	struct ble_address a;

	REQUIRE(ble_address_parse(address, &a) == 0);
	REQUIRE(sim_add_peripheral(&host.model, "Thing", &a, &p) == 0);
	p->advertising.connectable = connectable;
	p->advertising.interval_ms = 50;
	if (flags)
		REQUIRE(sim_add_ad(p->advertising.data, &p->advertising.data_len,
				   SIM_AD_LEGACY, 0x01, bytes(&flags, 1)) == 0);
	if (connectable)
		REQUIRE(sim_add_ad(p->advertising.response, &p->advertising.response_len,
				   SIM_AD_LEGACY, 0x08, bytes(name, 2)) == 0);
	add_database(p);
	REQUIRE(sim_peripheral_finish(p) == 0);
}

struct sim_peripheral *host_peripheral(unsigned int index)
{
	list_for_each(l, &host.model.peripherals) {
		if (!index--)
			return list_entry(l, struct sim_peripheral, link);
	}
	return NULL;
}

/* -- The port -------------------------------------------------------------- */

static size_t output(struct dongle_port *port, struct ble_bytes octets)
{
	size_t room = sizeof(host.octet) - host.len;

	(void)port;
	CHECK(octets.len > 0);
	if (octets.len > room)
		octets.len = room;
	memcpy(host.octet + host.len, octets.data, octets.len);
	host.len += octets.len;
	return octets.len;
}

static void gone(struct dongle_port *port)
{
	(void)port;
	host.gone++;
	host.attached = false;
	host.len = 0;
}

void host_attach(void)
{
	REQUIRE(dongle_attach(host.dongle, &host.port) == 0);
	host.attached = true;
}

void host_detach(void)
{
	dongle_detach(host.dongle, &host.port);
	host.attached = false;
}

void host_open(const struct dongle_config *config)
{
	struct dongle_config usual;

	dongle_config_init(&usual);
	memset(&host, 0, sizeof(host));
	host.port = (struct dongle_port){ output, gone };
	REQUIRE(ble_loop_new(&host.loop) == 0);
	loop_clock_freeze(host.loop);
	sim_model_init(&host.model);
	add_peripheral("C0:FF:EE:00:00:01/random", 0x06, true);
	add_peripheral("00:11:22:33:44:55/public", 0, false);
	add_peripheral("C0:FF:EE:00:00:03/random", 0x05, true);
	REQUIRE(dongle_new(host.loop, &host.model, config ? config : &usual,
			   &host.dongle) == 0);
	host_attach();
}

void host_close(void)
{
	dongle_free(host.dongle);
	sim_model_release(&host.model);
	host.loop = ble_loop_unref(host.loop);
}

/* -- Lines ----------------------------------------------------------------- */

/* One step of the clock, or what is due now. */
static void step(unsigned int ms)
{
	ble_loop_dispatch(host.loop, (int)ms);
}

void host_pass(unsigned int ms)
{
	uint64_t end = loop_now(host.loop) + ms * UINT64_C(1000000);

	while (loop_now(host.loop) < end)
		step((unsigned int)((end - loop_now(host.loop) + 999999) / 1000000));
	for (int i = 0; i < 4; i++)
		step(0);
}

static size_t frame_len(void)
{
	size_t len;

	if (host.len < 4)
		return 0;
	len = 4 + ((size_t)(host.octet[0] & 7) << 8) + host.octet[1];
	return len <= host.len ? len : 0;
}

static bool alike(const uint8_t *frame, size_t len, const char *pattern)
{
	size_t i = 0;

	for (;; pattern += 2) {
		while (*pattern == ' ')
			pattern++;
		if (*pattern == '*')
			return true;
		if (!*pattern)
			return i == len;
		if (i == len)
			return false;
		if (pattern[0] != '.' && strtoul((const char[]){ pattern[0], pattern[1], 0 },
						 NULL, 16) != frame[i])
			return false;
		i++;
	}
}

static void print(const uint8_t *frame, size_t len, char text[3 * FRAME + 1])
{
	text[0] = 0;
	for (size_t i = 0; i < len && i < FRAME; i++)
		sprintf(text + 3 * i, " %02x", frame[i]);
}

static void drop(size_t len)
{
	memmove(host.octet, host.octet + len, host.len - len);
	host.len -= len;
	host.messages++;
}

static bool expect(const char *line, bool pass_over)
{
	uint64_t end = loop_now(host.loop) + LINE_MS * UINT64_C(1000000);
	char text[3 * FRAME + 1] = " nothing";

	while (loop_now(host.loop) < end) {
		size_t len = frame_len();
		bool good = len && alike(host.octet, len, line + 1);

		if (!len) {
			step(100);
			continue;
		}
		print(host.octet, len, text);
		drop(len);
		if (good)
			return true;
		if (!pass_over)
			break;
	}
	harness_about("%s: got%s", line, text);
	FAIL("another message was expected");
	harness_about(NULL);
	return false;
}

static bool expect_nothing(const char *line)
{
	char text[3 * FRAME + 1];

	host_pass((unsigned int)strtoul(line + 1, NULL, 10));
	print(host.octet, host.len, text);
	harness_about("%s: got%s", line, text);
	CHECK_INT(host.len, 0);
	harness_about(NULL);
	return !host.len;
}

static void send_line(const char *line)
{
	uint8_t octets[FRAME];
	size_t len = 0;

	for (const char *p = line + 1; *p; p++) {
		char *end;

		if (*p == ' ')
			continue;
		REQUIRE(len < sizeof(octets));
		octets[len++] = (uint8_t)strtoul(p, &end, 16);
		p = end - 1;
	}
	for (size_t at = 0, piece = len; at < len; at += piece) {
		if (host.split)
			piece = 1 + harness_below((uint32_t)(len - at));
		dongle_input(host.dongle, bytes(octets + at, piece));
		if (host.split && harness_below(2))
			step(0);
	}
}

bool host_line(const char *line)
{
	switch (line[0]) {
	case '>':
		send_line(line);
		return true;
	case '<':
	case '^':
		return expect(line, line[0] == '^');
	case '=':
		return expect_nothing(line);
	case '~':
		host_pass((unsigned int)strtoul(line + 1, NULL, 10));
		host.len = 0;
		return true;
	default:
		FAIL("not a line");
		return false;
	}
}

bool host_says(const char *const lines[])
{
	for (; *lines; lines++) {
		if (!host_line(*lines))
			return false;
	}
	return true;
}

/* -- A link ---------------------------------------------------------------- */

void host_connect(void)
{
	REQUIRE(SAYS("> 00 0f 06 03 01 00 00 ee ff c0 01 06 00 10 00 64 00 00 00",
		     "< 00 03 06 03 00 00 00",
		     "< 80 10 03 00 00 05 01 00 00 ee ff c0 01 10 00 64 00 00 00 ff"));
}

void host_connect_third(unsigned int connection)
{
	char rsp[40], evt[80];

	snprintf(rsp, sizeof(rsp), "^ 00 03 06 03 00 00 %02x", connection);
	snprintf(evt, sizeof(evt), "^ 80 10 03 00 %02x 05 03 *", connection);
	REQUIRE(SAYS("> 00 0f 06 03 03 00 00 ee ff c0 01 06 00 10 00 64 00 00 00", rsp, evt));
}
