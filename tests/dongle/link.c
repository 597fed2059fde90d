/* SPDX-License-Identifier: MIT */
/*
 * The air of one link: connection events, in each of which both queues are emptied.
 * Received PDUs are handled first, so that the firmware's next request is sent in
 * the event that brought the last response.
 */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/dongle/inside.h"

enum {
	PER_EVENT = 6, /* packets in each direction */
	INTERVAL_NS = 1250000,
	SUPERVISION_NS = 10000000
};

static bool pdus_put(struct pdus *pdus, uint64_t due, struct ble_bytes head,
		     struct ble_bytes tail)
{
	struct pdu *pdu;

	if (pdus->count == pdus->size || head.len + tail.len > PDU_MAX)
		return false;
	pdu = &pdus->ring[(pdus->first + pdus->count++) % pdus->size];
	pdu->due = due;
	pdu->len = (uint8_t)(head.len + tail.len);
	memcpy(pdu->octet, head.data, head.len);
	if (tail.len)
		memcpy(pdu->octet + head.len, tail.data, tail.len);
	return true;
}

static bool pdus_take(struct pdus *pdus, uint64_t now, struct pdu *ret_pdu)
{
	const struct pdu *pdu = &pdus->ring[pdus->first];

	if (!pdus->count || pdu->due > now)
		return false;
	*ret_pdu = *pdu;
	pdus->first = (pdus->first + 1) % pdus->size;
	pdus->count--;
	return true;
}

/* -- The queues ------------------------------------------------------------ */

static uint64_t interval_ns(const struct dongle_link *link)
{
	unsigned int ms = link->dongle->config.air_ms;

	return ms ? ms * UINT64_C(1000000) : link->link.interval * (uint64_t)INTERVAL_NS;
}

/* Starts the timer of the next connection event, if there is something to do in it. */
void fw_link_arm(struct dongle_link *link)
{
	uint64_t now = loop_now(link->dongle->loop), interval = interval_ns(link);
	uint64_t events = (now - link->anchor) / interval + 1;

	if (link->state < LINK_OPEN || link->event.loop)
		return;
	if (link->tx.count || link->rx.count || link->hung_up ||
	    link->state == LINK_ENDING || link->peer.blocked)
		loop_timer_at(link->dongle->loop, &link->event,
			      link->anchor + events * interval);
}

bool fw_link_has_room(const struct dongle_link *link)
{
	return link->tx.count < link->dongle->config.tx_buffers && !link->engine.blocked;
}

int fw_link_send(struct dongle_link *link, struct ble_bytes head, struct ble_bytes tail)
{
	if (link->state != LINK_OPEN)
		return -ENOTCONN;
	if (link->tx.count >= link->dongle->config.tx_buffers)
		return -EAGAIN;
	pdus_put(&link->tx, 0, head, tail);
	fw_link_arm(link);
	return 0;
}

/* The last place is for a response, of which there is one at a time. */
static int peer_send(struct sim_peer *peer, const uint8_t *pdu, size_t len)
{
	struct dongle_link *link = container_of(peer, struct dongle_link, peer);
	uint64_t latency = peer->peripheral->latency_ms * UINT64_C(1000000);

	if (len > PDU_MAX)
		return -EMSGSIZE;
	if (link->rx.count >= RX_MAX - (pdu == peer->response ? 0u : 1u)) {
		fw_link_arm(link);
		return -EAGAIN;
	}
	pdus_put(&link->rx, loop_now(link->dongle->loop) + latency, bytes(pdu, len),
		 bytes(NULL, 0));
	fw_link_arm(link);
	return 0;
}

static void peer_hang_up(struct sim_peer *peer, uint8_t reason)
{
	struct dongle_link *link = container_of(peer, struct dongle_link, peer);

	link->hung_up = true;
	link->reason = reason;
	fw_link_arm(link);
}

/* -- Its end --------------------------------------------------------------- */

void fw_link_release(struct dongle_link *link)
{
	loop_timer_stop(&link->event);
	loop_timer_stop(&link->expiry);
	loop_timer_stop(&link->update);
	loop_timer_stop(&link->version);
	loop_timer_stop(&link->features);
	loop_timer_stop(&link->pairing);
	if (link->state >= LINK_OPEN) {
		fw_attclient_close(link);
		sim_peer_release(&link->peer);
	}
	link->state = LINK_FREE;
}

static void end(struct dongle_link *link, uint16_t reason)
{
	struct advertiser *advertiser = link->advertiser;

	fw_link_release(link);
	SEND(link->dongle, evt_connection_disconnected, .connection = link->handle,
	     .reason = reason);
	fw_gap_link_ended(link->dongle, advertiser);
}

/* Ends the link if the engine closed its bearer. False: it ended. */
static bool check_lost(struct dongle_link *link)
{
	if (link->lost) { /* no response to a request, or an invalid one */
		end(link, link->dongle->config.local_reason);
		return false;
	}
	return true;
}

/* -- An event -------------------------------------------------------------- */

static bool receive(struct dongle_link *link)
{
	uint64_t now = loop_now(link->dongle->loop);
	struct pdu pdu;

	for (int i = 0; i < PER_EVENT && !fw_congested(link->dongle); i++) {
		if (!pdus_take(&link->rx, now, &pdu))
			break;
		link->dongle->rx_ok++;
		fw_attclient_input(link, &pdu);
		if (!check_lost(link))
			return false;
	}
	return true;
}

static void transmit(struct dongle_link *link)
{
	struct pdu pdu;

	if (link->engine.blocked && link->tx.count < link->dongle->config.tx_buffers)
		att_engine_flush(&link->engine);
	for (int i = 0; i < PER_EVENT && pdus_take(&link->tx, 0, &pdu); i++) {
		link->dongle->tx_ok++;
		if (!link->deaf)
			sim_peer_input(&link->peer, pdu.octet, pdu.len);
	}
	if (link->engine.blocked)
		att_engine_flush(&link->engine);
	if (link->peer.blocked)
		sim_peer_flush(&link->peer);
}

static void event_fire(struct loop_timer *timer)
{
	struct dongle_link *link = container_of(timer, struct dongle_link, event);

	if (link->state == LINK_ENDING) {
		end(link, link->dongle->config.local_reason);
		return;
	}
	if (!receive(link))
		return;
	if (link->hung_up && !link->rx.count) {
		end(link, CONTROLLER + link->reason);
		return;
	}
	transmit(link);
	fw_link_watch_expiry(link);
	fw_link_arm(link);
}

void fw_link_watch_expiry(struct dongle_link *link)
{
	uint64_t deadline = att_engine_deadline(&link->engine);

	if (deadline == UINT64_MAX)
		loop_timer_stop(&link->expiry);
	else
		loop_timer_at(link->dongle->loop, &link->expiry, deadline);
}

static void expiry_fire(struct loop_timer *timer)
{
	struct dongle_link *link = container_of(timer, struct dongle_link, expiry);

	att_engine_expire(&link->engine, loop_now(link->dongle->loop));
	if (check_lost(link))
		fw_link_watch_expiry(link);
}

/* -- Its beginning --------------------------------------------------------- */

void fw_link_status(struct dongle_link *link, uint8_t flags)
{
	static const struct ble_address nobody;
	bool open = link->state >= LINK_OPEN;
	const struct ble_address *address =
		open ? &link->advertiser->peripheral->address : &nobody;

	SEND(link->dongle, evt_connection_status, .connection = link->handle,
	     .flags = open ? flags : 0, .address = *address,
	     .address_type = open && address->type == BLE_ADDRESS_RANDOM,
	     .conn_interval = open ? link->link.interval : 0,
	     .timeout = open ? link->link.timeout : 0,
	     .latency = open ? link->link.latency : 0, .bonding = NO_BOND);
}

struct dongle_link *fw_link_find(struct dongle *dongle, uint8_t connection)
{
	struct dongle_link *link = &dongle->links[connection % DONGLE_LINKS_MAX];

	if (connection >= dongle->config.links || link->state < LINK_OPEN)
		return NULL;
	return link;
}

struct dongle_link *fw_link_reserve(struct dongle *dongle)
{
	for (size_t i = 0; i < dongle->config.links; i++) {
		struct dongle_link *link = &dongle->links[i];

		if (link->state == LINK_FREE) {
			link->state = LINK_RESERVED;
			return link;
		}
	}
	return NULL;
}

static void begin(struct dongle_link *link, struct advertiser *advertiser,
		  const struct att_link *parameters)
{
	enum { CONNECTED = 1, NEW = 4 };

	link->state = LINK_OPEN;
	link->advertiser = advertiser;
	link->link = *parameters;
	link->anchor = loop_now(link->dongle->loop);
	link->tx.count = link->rx.count = 0;
	link->deaf = link->hung_up = link->lost = false;
	fw_attclient_open(link);
	fw_link_status(link, CONNECTED | NEW);
}

int fw_link_open(struct dongle_link *link, struct advertiser *advertiser,
		 const struct att_link *parameters)
{
	static const struct sim_peer_io io = { peer_send, peer_hang_up };
	int error = sim_peer_init(&link->peer, link->dongle->loop, advertiser->peripheral,
				  &io);

	if (!error)
		begin(link, advertiser, parameters);
	return error;
}

/* The controller received no packet from the peer. */
static void not_established(struct loop_timer *timer)
{
	end(container_of(timer, struct dongle_link, pairing), BGAPI_NOT_ESTABLISHED);
}

int fw_link_open_deaf(struct dongle_link *link, struct advertiser *advertiser,
		      const struct att_link *parameters, unsigned int ms)
{
	int error = fw_link_open(link, advertiser, parameters);

	if (error)
		return error;
	link->deaf = true;
	link->pairing.fire = not_established;
	loop_timer_in(link->dongle->loop, &link->pairing, ms);
	return 0;
}

void fw_link_init(struct dongle *dongle)
{
	for (uint8_t i = 0; i < DONGLE_LINKS_MAX; i++) {
		struct dongle_link *link = &dongle->links[i];

		link->dongle = dongle;
		link->handle = i;
		link->event.fire = event_fire;
		link->expiry.fire = expiry_fire;
		link->tx = (struct pdus){ .size = TX_MAX, .ring = link->tx_ring };
		link->rx = (struct pdus){ .size = RX_MAX, .ring = link->rx_ring };
	}
}
