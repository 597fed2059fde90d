/* SPDX-License-Identifier: MIT */
/*
 * Virtual LE controllers in one air, for what btvirt cannot do: several links of one central
 * (btvirt of Debian 12 mixes up their handles), advertising that goes on instead of showing
 * once, controllers that refuse the legacy commands as real ones do, and links that fail.
 *
 * Each controller is a /dev/vhci.  Time in here is a tick of some milliseconds at which every
 * advertiser sends once; whoever scans or initiates hears it.  No radio parameter has any
 * effect.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	CONTROLLERS = 16, LINKS = 8, ACCEPTED = 16, TICK = 30,
	PACKET_COMMAND = 1, PACKET_ACL = 2, PACKET_EVENT = 4, PACKET_VENDOR = 0xff,
	EVENT_DISCONNECTED = 0x05, EVENT_ENCRYPTED = 0x08, EVENT_VERSION = 0x0c,
	EVENT_COMPLETE = 0x0e, EVENT_STATUS = 0x0f, EVENT_SENT = 0x13, EVENT_LE = 0x3e,
	LE_CONNECTED = 0x01, LE_REPORT = 0x02, LE_UPDATED = 0x03, LE_FEATURES = 0x04,
	LE_KEY_WANTED = 0x05, LE_CONNECTED_ENHANCED = 0x0a, LE_PHY = 0x0c, LE_EXTENDED_REPORT = 0x0d,
	UNKNOWN_COMMAND = 0x01, NO_LINK = 0x02, PIN_MISSING = 0x06, DISALLOWED = 0x0c,
	CONNECTION_LOCAL = 0x16, FAILED_TO_ESTABLISH = 0x3e,
	ADV_IND = 0, ADV_DIRECT = 1, ADV_SCAN = 2, ADV_NONCONN = 3, SCAN_RSP = 4,
};

struct address {
	uint8_t type, octets[6];
};

struct link {
	struct controller *peer;	/* NULL: free */
	struct link *other;
	uint8_t key[16];		/* the central's, while it waits for the peer's */
};

struct text {
	uint8_t length, octets[31];
};

struct controller {
	int fd;
	struct address public, random;
	struct link links[LINKS];
	struct address accepted[ACCEPTED];
	size_t accepts;
	struct {
		int on;
		uint8_t type, own_type;
		struct text data, response;
	} adv;
	struct {
		int on, active, only_accepted, once;
		uint32_t seen;		/* controllers already reported */
	} scan;
	struct {
		int on, only_accepted;
		uint8_t own_type;
		struct address peer;
	} connect;
};

static struct controller controllers[CONTROLLERS];
static size_t count;
static int extended, failures;

/* -------------------------------------------------------------------------- bytes and packets */

static uint16_t get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static void put16(uint8_t *bytes, uint16_t value)
{
	bytes[0] = (uint8_t)value;
	bytes[1] = (uint8_t)(value >> 8);
}

static void send_packet(const struct controller *to, const uint8_t *packet, size_t length)
{
	if (write(to->fd, packet, length) < 0 && errno != EAGAIN)
		fprintf(stderr, "air: write: %s\n", strerror(errno));
}

static void event(const struct controller *to, uint8_t code, const void *body, size_t length)
{
	uint8_t packet[258] = { PACKET_EVENT, code, (uint8_t)length };

	memcpy(packet + 3, body, length);
	send_packet(to, packet, length + 3);
}

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

/* ------------------------------------------------------------------------------------- links */

/* Both ends of a link have handles of their own, so that a mix-up shows. */
static uint16_t handle_of(const struct controller *of, const struct link *link)
{
	return (uint16_t)((of - controllers + 1) * 16 + (link - of->links));
}

static struct link *link_by_handle(struct controller *of, uint16_t handle)
{
	size_t slot = (size_t)(handle & 0x0fff) - (size_t)(of - controllers + 1) * 16;

	return slot < LINKS && of->links[slot].peer ? &of->links[slot] : NULL;
}

static struct link *free_link(struct controller *of)
{
	size_t i;

	for (i = 0; i < LINKS; i++)
		if (!of->links[i].peer)
			return &of->links[i];
	return NULL;
}

static struct address own_address(const struct controller *of, uint8_t type)
{
	return type & 1 ? of->random : of->public;
}

/*
 * The enhanced event is what the kernel waits for, up to four seconds, after an extended
 * command, whatever event mask it had set.
 */
static void tell_connected(const struct controller *to, const struct link *link, uint8_t role,
			   struct address peer)
{
	uint8_t body[31] = { LE_CONNECTED_ENHANCED, 0, 0, 0, role, peer.type };
	size_t at = 12;

	put16(body + 2, handle_of(to, link));
	memcpy(body + 6, peer.octets, 6);
	if (extended)
		at += 12;	/* the two resolvable addresses, of which there are none */
	else
		body[0] = LE_CONNECTED;
	put16(body + at, 0x0028);
	put16(body + at + 4, 0x002a);
	event(to, EVENT_LE, body, at + 7);
}

static void tell_disconnected(const struct controller *to, const struct link *link, uint8_t reason)
{
	uint8_t body[4] = { 0, 0, 0, reason };

	put16(body + 1, handle_of(to, link));
	event(to, EVENT_DISCONNECTED, body, sizeof(body));
}

static void unlink_ends(struct controller *one, struct link *link, uint8_t mine, uint8_t theirs)
{
	struct controller *peer = link->peer;
	struct link *other = link->other;

	tell_disconnected(one, link, mine);
	tell_disconnected(peer, other, theirs);
	memset(link, 0, sizeof(*link));
	memset(other, 0, sizeof(*other));
}

static void link_up(struct controller *central, struct controller *peripheral)
{
	struct link *mine = free_link(central), *theirs = free_link(peripheral);

	if (!mine || !theirs)
		return;
	*mine = (struct link){ .peer = peripheral, .other = theirs };
	*theirs = (struct link){ .peer = central, .other = mine };
	peripheral->adv.on = 0;
	central->connect.on = 0;
	tell_connected(peripheral, theirs, 1, own_address(central, central->connect.own_type));
	tell_connected(central, mine, 0, own_address(peripheral, peripheral->adv.own_type));
	if (failures > 0 && failures--)
		unlink_ends(central, mine, FAILED_TO_ESTABLISH, FAILED_TO_ESTABLISH);
}

static void forward(struct controller *from, uint8_t *packet, size_t length)
{
	uint16_t head = get16(packet + 1);
	struct link *link = link_by_handle(from, head);
	uint8_t sent[5] = { 1, 0, 0, 1, 0 };
	uint16_t boundary = head & 0x3000 ? head & 0x3000 : 0x2000;

	if (!link)
		return;
	put16(sent + 1, head & 0x0fff);
	put16(packet + 1, (uint16_t)(handle_of(link->peer, link->other) | boundary));
	send_packet(link->peer, packet, length);
	event(from, EVENT_SENT, sent, sizeof(sent));
}

/* --------------------------------------------------------------------------------- advertising */

static int same(const struct address *a, const struct address *b)
{
	return (a->type & 1) == (b->type & 1) && !memcmp(a->octets, b->octets, 6);
}

static int accepts(const struct controller *who, const struct address *address)
{
	size_t i;

	for (i = 0; i < who->accepts; i++)
		if (same(&who->accepted[i], address))
			return 1;
	return 0;
}

static void report_legacy(const struct controller *to, uint8_t type, const struct address *from,
			  const struct text *data, uint8_t rssi)
{
	uint8_t body[64] = { LE_REPORT, 1, type, from->type };

	memcpy(body + 4, from->octets, 6);
	body[10] = data->length;
	memcpy(body + 11, data->octets, data->length);
	body[11 + data->length] = rssi;
	event(to, EVENT_LE, body, 12u + data->length);
}

static void report_extended(const struct controller *to, uint8_t type, const struct address *from,
			    const struct text *data, uint8_t rssi)
{
	/* connectable, scannable, directed, response, legacy: bits of the event type */
	static const uint8_t types[] = { 0x13, 0x15, 0x12, 0x10, 0x1b };
	uint8_t body[64] = { LE_EXTENDED_REPORT, 1, types[type], 0, from->type };

	memcpy(body + 5, from->octets, 6);
	body[11] = 1;			/* primary PHY; no secondary one */
	body[13] = 0xff;		/* no set */
	body[14] = 0x7f;		/* no power */
	body[15] = rssi;
	body[25] = data->length;
	memcpy(body + 26, data->octets, data->length);
	event(to, EVENT_LE, body, 26u + data->length);
}

static void hear(struct controller *who, const struct controller *advertiser)
{
	struct address from = own_address(advertiser, advertiser->adv.own_type);
	size_t number = (size_t)(advertiser - controllers);
	uint8_t rssi = (uint8_t)(-40 - 2 * (int)number);
	void (*report)(const struct controller *, uint8_t, const struct address *,
		       const struct text *, uint8_t) = extended ? report_extended : report_legacy;

	if (!who->scan.on || (who->scan.only_accepted && !accepts(who, &from)) ||
	    (who->scan.once && who->scan.seen & 1u << number))
		return;
	who->scan.seen |= 1u << number;
	report(who, advertiser->adv.type, &from, &advertiser->adv.data, rssi);
	if (who->scan.active && (advertiser->adv.type == ADV_IND || advertiser->adv.type == ADV_SCAN))
		report(who, SCAN_RSP, &from, &advertiser->adv.response, rssi);
}

static int wants(const struct controller *who, const struct controller *advertiser)
{
	struct address from = own_address(advertiser, advertiser->adv.own_type);

	if (!who->connect.on || advertiser->adv.type > ADV_DIRECT)
		return 0;
	return who->connect.only_accepted ? accepts(who, &from) : same(&who->connect.peer, &from);
}

static void tick(void)
{
	struct controller *advertiser, *who;

	for (advertiser = controllers; advertiser < controllers + count; advertiser++)
		for (who = controllers; who < controllers + count && advertiser->adv.on; who++) {
			if (who == advertiser)
				continue;
			hear(who, advertiser);
			if (wants(who, advertiser))
				link_up(who, advertiser);
		}
}

/* ------------------------------------------------------------------------------------ commands */

static void reset(struct controller *me)
{
	struct controller clean = { .fd = me->fd, .public = me->public };

	*me = clean;
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

static void change_accepted(struct controller *me, const uint8_t *given, int add)
{
	struct address address = get_address(given);
	size_t i;

	for (i = 0; i < me->accepts; i++)
		if (same(&me->accepted[i], &address))
			me->accepted[i--] = me->accepted[--me->accepts];
	if (add && me->accepts < ACCEPTED)
		me->accepted[me->accepts++] = address;
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
	case 0x0c03: reset(me); return 0;
	case 0x2005: me->random.type = 1; memcpy(me->random.octets, p, 6); return 0;
	case 0x2006: me->adv.type = p[4]; me->adv.own_type = p[5]; return 0;
	case 0x2008: set_text(&me->adv.data, p); return 0;
	case 0x2009: set_text(&me->adv.response, p); return 0;
	case 0x200a: me->adv.on = p[0]; return 0;
	case 0x2010: me->accepts = 0; return 0;
	case 0x2011: change_accepted(me, p, 1); return 0;
	case 0x2012: change_accepted(me, p, 0); return 0;
	case 0x200b: case 0x200c:
		if (extended)
			return DISALLOWED;
		if (opcode == 0x200c && me->scan.on == p[0])
			return DISALLOWED;	/* as btvirt; tells a test whether it was on */
		if (opcode == 0x200c)
			set_scan(me, p[0], p[1]);
		else
			me->scan.active = p[0], me->scan.only_accepted = p[6] & 1;
		return 0;
	case 0x2041: case 0x2042:
		if (!extended)
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
		r[33] = 0xc0; r[34] = 0x01; r[35] = 0x78; r[37] = extended ? 0xe0 : 0;
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
	int wrong = extended ? opcode == 0x200d : opcode == 0x2043;

	if (wrong || me->connect.on) {
		status(me, opcode, DISALLOWED);
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
	if (!extended)
		body[0] = LE_CONNECTED;
	event(me, EVENT_LE, body, extended ? 31 : 19);
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

	memcpy(link->key, p + 12, sizeof(link->key));
	put16(body + 1, handle_of(link->peer, link->other));
	memcpy(body + 3, p + 2, 10);
	event(link->peer, EVENT_LE, body, sizeof(body));
}

static void key_reply(struct controller *me, struct link *link, const uint8_t *key)
{
	uint8_t code = key && !memcmp(key, link->other->key, 16) ? 0 : PIN_MISSING;

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

static void command(struct controller *me, const uint8_t *packet)
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

/* ------------------------------------------------------------------------------------- running */

static int serve(struct controller *me)
{
	uint8_t packet[2048] = { 0 };
	ssize_t length = read(me->fd, packet, sizeof(packet));

	if (length < 4)
		return length < 0 && errno != EAGAIN ? -1 : 0;
	if (packet[0] == PACKET_COMMAND)
		command(me, packet);
	else if (packet[0] == PACKET_ACL)
		forward(me, packet, (size_t)length);
	return 0;
}

static int create(struct controller *me, uint8_t number)
{
	static const uint8_t wanted[2] = { PACKET_VENDOR, 0 };
	const uint8_t octets[6] = { number, 0, number, 0x01, 0xaa, 0x00 };

	memcpy(me->public.octets, octets, sizeof(octets));
	me->fd = open("/dev/vhci", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return me->fd < 0 || write(me->fd, wanted, sizeof(wanted)) < 0 ? -1 : 0;
}

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int run(void)
{
	struct pollfd sets[CONTROLLERS];
	int64_t due = milliseconds(), now;
	size_t i;

	for (i = 0; i < count; i++)
		sets[i] = (struct pollfd){ .fd = controllers[i].fd, .events = POLLIN };
	for (;;) {
		now = milliseconds();
		if (now >= due) {
			tick();
			due = now + TICK;
		}
		if (poll(sets, count, due > now ? (int)(due - now) : 0) < 0)
			return -1;
		for (i = 0; i < count; i++)
			if (sets[i].revents && serve(&controllers[i]) < 0)
				return -1;
	}
}

int main(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "ef:")) != -1) {
		if (option == 'e')
			extended = 1;
		else if (option == 'f')
			failures = atoi(optarg);
		else
			return 2;
	}
	count = optind < argc ? (size_t)atoi(argv[optind]) : 0;
	if (!count || count > CONTROLLERS) {
		fprintf(stderr, "usage: air [-e] [-f FAILURES] COUNT\n"
			"  -e  extended scanning and connecting; the legacy commands are disallowed\n"
			"  -f  so many links end as soon as they are up, with 0x3e\n");
		return 2;
	}
	for (size_t i = 0; i < count; i++)
		if (create(&controllers[i], (uint8_t)i) < 0) {
			fprintf(stderr, "air: /dev/vhci: %s\n", strerror(errno));
			return EXIT_FAILURE;
		}
	run();
	fprintf(stderr, "air: %s\n", strerror(errno));
	return EXIT_FAILURE;
}
