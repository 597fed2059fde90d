/* SPDX-License-Identifier: MIT */
/* Links between two controllers of the air: their ends, and what passes over them. */
#include <string.h>

#include "air.h"

uint16_t get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] | bytes[1] << 8);
}

void put16(uint8_t *bytes, uint16_t value)
{
	bytes[0] = (uint8_t)value;
	bytes[1] = (uint8_t)(value >> 8);
}

void event(const struct controller *to, uint8_t code, const void *body, size_t length)
{
	uint8_t packet[258] = { PACKET_EVENT, code, (uint8_t)length };

	memcpy(packet + 3, body, length);
	send_packet(to, packet, length + 3);
}

/* Both ends of a link have handles of their own, so that a mix-up shows. */
uint16_t handle_of(const struct controller *of, const struct link *link)
{
	return (uint16_t)((of - air.controllers + 1) * 16 + (link - of->links));
}

struct link *link_by_handle(struct controller *of, uint16_t handle)
{
	size_t slot = (size_t)(handle & 0x0fff) - (size_t)(of - air.controllers + 1) * 16;

	return slot < LINKS && of->links[slot].peer ? &of->links[slot] : NULL;
}

struct link *free_link(struct controller *of)
{
	size_t i;

	for (i = 0; i < LINKS; i++)
		if (!of->links[i].peer)
			return &of->links[i];
	return NULL;
}

struct address own_address(const struct controller *of, uint8_t type)
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
	if (air.extended)
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

void unlink_ends(struct controller *one, struct link *link, uint8_t mine, uint8_t theirs)
{
	struct controller *peer = link->peer;
	struct link *other = link->other;

	tell_disconnected(one, link, mine);
	memset(link, 0, sizeof(*link));
	if (!other)
		return;
	tell_disconnected(peer, other, theirs);
	memset(other, 0, sizeof(*other));
}

static void lose(struct link *end)
{
	if (!end->other)
		return;
	end->other->other = NULL;
	end->other->lost = LOST_AFTER;
	end->other = NULL;
	end->lost = LOST_AFTER;
}

void lose_links(struct controller *of)
{
	size_t i;

	for (i = 0; i < LINKS; i++)
		lose(&of->links[i]);
}

static void links_of_tick(struct controller *me)
{
	struct link *link;

	for (link = me->links; link < me->links + LINKS; link++) {
		if (!link->peer || link->other || --link->lost)
			continue;
		tell_disconnected(me, link, TIMED_OUT);
		memset(link, 0, sizeof(*link));
	}
}

void links_tick(void)
{
	size_t i;

	for (i = 0; i < air.count; i++)
		links_of_tick(&air.controllers[i]);
}

static int fails(struct controller *peripheral)
{
	int *left = peripheral->radio.fails ? &peripheral->radio.fails : &air.failures;

	return *left > 0 && (*left)--;
}

void link_up(struct controller *central, struct controller *peripheral)
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
	if (fails(peripheral))
		unlink_ends(central, mine, FAILED_TO_ESTABLISH, FAILED_TO_ESTABLISH);
}

/* What is sent to a peer that is gone stays in the controller's buffers. */
void forward(struct controller *from, uint8_t *packet, size_t length)
{
	uint16_t head = get16(packet + 1);
	struct link *link = link_by_handle(from, head);
	uint8_t sent[5] = { 1, 0, 0, 1, 0 };
	uint16_t boundary = head & 0x3000 ? head & 0x3000 : 0x2000;

	if (!link || !link->other)
		return;
	put16(sent + 1, head & 0x0fff);
	put16(packet + 1, (uint16_t)(handle_of(link->peer, link->other) | boundary));
	send_packet(link->peer, packet, length);
	event(from, EVENT_SENT, sent, sizeof(sent));
}
