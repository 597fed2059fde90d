/* SPDX-License-Identifier: MIT */
/* The HCI commands that a controller of the air knows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "air.h"

static void complete(const struct controller *to, uint16_t opcode, const void *reply, size_t length)
{
	uint8_t body[255] = { 1 };

	put16(body + 1, opcode);
	memcpy(body + 3, reply, length);
	event(to, EVENT_COMPLETE, body, length + 3);
}

static void status(const struct controller *to, uint16_t opcode, uint8_t code)
{
	uint8_t body[4] = { code, 1 };

	put16(body + 2, opcode);
	event(to, EVENT_STATUS, body, sizeof(body));
}

static void set_text(struct text *text, const uint8_t *given)
{
	text->length = given[0] < sizeof(text->octets) ? given[0] : sizeof(text->octets);
	memcpy(text->octets, given + 1, text->length);
}

static struct address get_address(const uint8_t *given)
{
	struct address address = { .type = given[0] };

	memcpy(address.octets, given + 1, 6);
	return address;
}

/* The status.  The list does not change while it is in use. */
static int change_accepted(struct controller *me, const uint8_t *given, int add)
{
	struct address address = get_address(given);
	size_t i;

	if ((me->scan.on && me->scan.only_accepted) || (me->connect.on && me->connect.only_accepted))
		return DISALLOWED;
	for (i = 0; i < me->accepts; i++)
		if (same(&me->accepted[i], &address))
			me->accepted[i--] = me->accepted[--me->accepts];
	if (add && me->accepts == ACCEPTED)
		return TOO_MANY_ACCEPTED;
	if (add)
		me->accepted[me->accepts++] = address;
	return 0;
}

static void set_scan(struct controller *me, int on, int once)
{
	me->scan.on = on;
	me->scan.once = once;
	me->scan.seen = 0;
}

/* Commands whose answer is a Command Complete with only a status; the status, or -1: not one. */
static int simple_command(struct controller *me, uint16_t opcode, const uint8_t *p)
{
	switch (opcode) {
	case 0x0c03: forget(me); return 0;
	case 0x2005: me->random.type = 1; memcpy(me->random.octets, p, 6); return 0;
	case 0x2006: me->adv.type = p[4]; me->adv.own_type = p[5]; return 0;
	case 0x2008: set_text(&me->adv.data, p); return 0;
	case 0x2009: set_text(&me->adv.response, p); return 0;
	case 0x200a: me->adv.on = p[0]; return 0;
	case 0x2010: me->accepts = 0; return 0;
	case 0x2011: case 0x2012: return change_accepted(me, p, opcode == 0x2011);
	case 0x200b: case 0x200c:
		if (air.extended)
			return DISALLOWED;
		if (opcode == 0x200c && me->scan.on == p[0])
			return DISALLOWED;	/* as btvirt; tells a test whether it was on */
		if (opcode == 0x200c)
			set_scan(me, p[0], p[1]);
		else
			me->scan.active = p[0], me->scan.only_accepted = p[6] & 1;
		return 0;
	case 0x2041: case 0x2042:
		if (!air.extended)
			return UNKNOWN_COMMAND;
		if (opcode == 0x2042)
			set_scan(me, p[0], p[1]);
		else
			me->scan.active = p[3], me->scan.only_accepted = p[1] & 1;
		return 0;
	case 0x0c01: case 0x2001: case 0x0c05: case 0x0c13: case 0x0c24: case 0x0c52: case 0x0c63: case 0x0c6d:
	case 0x2024: case 0x2029: case 0x202d: case 0x202e: case 0x2031:
		return 0;
	default:
		return -1;
	}
}

/* Commands that only ask.  Returns the reply's length after the status; -1: not one. */
static int question(const struct controller *me, uint16_t opcode, uint8_t *r)
{
	switch (opcode) {
	case 0x1001: r[0] = r[3] = 9; put16(r + 4, 0xffff); return 8;
	/* set-up, disconnect, events, LE: octets as in the Core Specification's table */
	case 0x1002:
		r[0] = 0x20; r[2] = 0x80; r[5] = 0xc0; r[14] = 0x28; r[15] = 0x22;
		r[25] = 0xf7; r[26] = 0xff; r[27] = 0xa7; r[28] = 0x0f;
		r[33] = 0xc0; r[34] = 0x01; r[35] = 0x78; r[37] = air.extended ? 0xe0 : 0;
		return 64;
	case 0x1003: r[4] = 0x60; return 8;	/* LE, no BR/EDR */
	case 0x1009: memcpy(r, me->public.octets, 6); return 6;
	case 0x2002: put16(r, 251); r[2] = 8; return 3;
	case 0x2003: r[0] = 0x21; return 8;	/* encryption, data length */
	case 0x2007: return 1;
	case 0x200f: r[0] = ACCEPTED; return 1;
	case 0x2018: put16(r, (uint16_t)rand()); put16(r + 2, (uint16_t)rand()); return 8;
	case 0x201c: memset(r, 0xff, 5); return 8;
	case 0x2023: put16(r, 27); put16(r + 2, 328); return 4;
	case 0x202a: return 1;
	case 0x202f: put16(r, 251); put16(r + 2, 2120); put16(r + 4, 251); put16(r + 6, 2120); return 8;
	default: return -1;
	}
}

static void start_connect(struct controller *me, uint16_t opcode, const uint8_t *p)
{
	int wrong = air.extended ? opcode == 0x200d : opcode == 0x2043;

	if (wrong || me->connect.on) {
		status(me, opcode, DISALLOWED);
		return;
	}
	if (!free_link(me)) {
		status(me, opcode, TOO_MANY_LINKS);
		return;
	}
	me->connect.on = 1;
	if (opcode == 0x200d) {
		me->connect.only_accepted = p[4];
		me->connect.peer = get_address(p + 5);
		me->connect.own_type = p[12];
	} else {
		me->connect.only_accepted = p[0];
		me->connect.own_type = p[1];
		me->connect.peer = get_address(p + 2);
	}
	status(me, opcode, 0);
}

static void cancel_connect(struct controller *me, uint16_t opcode)
{
	uint8_t code = me->connect.on ? 0 : DISALLOWED;
	uint8_t body[31] = { LE_CONNECTED_ENHANCED, NO_LINK };

	complete(me, opcode, &code, 1);
	if (code)
		return;
	me->connect.on = 0;
	if (!air.extended)
		body[0] = LE_CONNECTED;
	event(me, EVENT_LE, body, air.extended ? 31 : 19);
}

static void tell_encrypted(const struct controller *to, const struct link *link, uint8_t code)
{
	uint8_t body[4] = { code, 0, 0, !code };

	put16(body + 1, handle_of(to, link));
	event(to, EVENT_ENCRYPTED, body, sizeof(body));
}

static void start_encryption(struct link *link, const uint8_t *p)
{
	uint8_t body[13] = { LE_KEY_WANTED };

	if (!link->other)
		return;
	memcpy(link->key, p + 12, sizeof(link->key));
	put16(body + 1, handle_of(link->peer, link->other));
	memcpy(body + 3, p + 2, 10);
	event(link->peer, EVENT_LE, body, sizeof(body));
}

static void key_reply(struct controller *me, struct link *link, const uint8_t *key)
{
	uint8_t code = PIN_MISSING;

	if (!link->other)
		return;
	if (key && !memcmp(key, link->other->key, 16))
		code = 0;
	tell_encrypted(link->peer, link->other, code);
	if (!code)
		tell_encrypted(me, link, 0);
}

/* What follows a Command Status for a link. */
static void link_event(struct controller *me, struct link *link, uint16_t opcode, const uint8_t *p)
{
	uint8_t body[12] = { 0 };

	switch (opcode) {
	case 0x0406: unlink_ends(me, link, CONNECTION_LOCAL, p[2]); return;
	case 0x2019: start_encryption(link, p); return;
	case 0x041d:
		memcpy(body + 1, p, 2);
		body[3] = 9;
		put16(body + 4, 0xffff);
		event(me, EVENT_VERSION, body, 8);
		return;
	case 0x2013:
		body[0] = LE_UPDATED;
		memcpy(body + 2, p, 2);
		memcpy(body + 4, p + 4, 6);
		event(me, EVENT_LE, body, 10);
		if (!link->other)
			return;
		put16(body + 2, handle_of(link->peer, link->other));
		event(link->peer, EVENT_LE, body, 10);
		return;
	case 0x2016:
		body[0] = LE_FEATURES;
		memcpy(body + 2, p, 2);
		body[4] = 0x21;
		event(me, EVENT_LE, body, 12);
		return;
	case 0x2032:
		body[0] = LE_PHY;
		memcpy(body + 2, p, 2);
		body[4] = body[5] = 1;
		event(me, EVENT_LE, body, 6);
		return;
	}
}

/* Commands on a link.  Non-zero: was one. */
static int link_command(struct controller *me, uint16_t opcode, const uint8_t *p)
{
	struct link *link = link_by_handle(me, get16(p));
	uint8_t reply[5] = { link ? 0 : NO_LINK, p[0], p[1] };

	switch (opcode) {
	case 0x0406: case 0x041d: case 0x2013: case 0x2016: case 0x2019: case 0x2032:
		status(me, opcode, reply[0]);
		if (link)
			link_event(me, link, opcode, p);
		return 1;
	case 0x1405: reply[3] = (uint8_t)-50; complete(me, opcode, reply, 4); return 1;
	case 0x2022: complete(me, opcode, reply, 3); return 1;
	case 0x2030: reply[3] = reply[4] = 1; complete(me, opcode, reply, 5); return 1;
	case 0x201a: case 0x201b:
		complete(me, opcode, reply, 3);
		if (link)
			key_reply(me, link, opcode == 0x201a ? p + 2 : NULL);
		return 1;
	default: return 0;
	}
}

void command(struct controller *me, const uint8_t *packet)
{
	uint16_t opcode = get16(packet + 1);
	uint8_t parameters[256] = { 0 }, reply[80] = { 0 };
	int result;

	memcpy(parameters, packet + 4, packet[3]);
	if (opcode == 0x200d || opcode == 0x2043) {
		start_connect(me, opcode, parameters);
	} else if (opcode == 0x200e) {
		cancel_connect(me, opcode);
	} else if ((result = simple_command(me, opcode, parameters)) >= 0) {
		reply[0] = (uint8_t)result;
		complete(me, opcode, reply, 1);
	} else if ((result = question(me, opcode, reply + 1)) >= 0) {
		complete(me, opcode, reply, (size_t)result + 1);
	} else if (!link_command(me, opcode, parameters)) {
		fprintf(stderr, "air: unknown command %04x\n", opcode);
		status(me, opcode, UNKNOWN_COMMAND);
	}
}

