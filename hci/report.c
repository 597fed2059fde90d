/* SPDX-License-Identifier: MIT */
/* See report.h. The layouts are Vol 4, Part E, 7.7.65.2, .11 and .13. The
 * specification draws several reports of one event as columns, but controllers
 * send one whole report after the other, and hosts read them that way. */
#include "hci/report.h"

#include <string.h>

#include "base/bytes.h"

/* A fragment that arrives later than this after the previous one belongs to
 * another advertisement: the end of the first was lost. */
#define CHAIN_LIFE_NS 5000000000u

/* Extended event type (7.7.65.13): the low five bits are enum ble_event's. */
enum {
	EVENT_BITS = 0x1f,
	STATUS_MASK = 0x60,
	STATUS_MORE = 0x20,
	STATUS_TRUNCATED = 0x40,
};

static struct ble_address report_address(const uint8_t *p)
{
	struct ble_address address;

	/* 2 and 3 are public and random identities that the controller
	 * resolved; 0xff is an anonymous advertisement. */
	address.type = p[0] <= 3 ? p[0] & 1 : BLE_ADDRESS_UNKNOWN;
	memcpy(address.octet, p + 1, 6);
	return address;
}

static const uint8_t *take(struct report_walk *walk, size_t len)
{
	const uint8_t *p = walk->rest.data;

	if (len > walk->rest.len)
		return NULL;
	walk->rest.data += len;
	walk->rest.len -= len;
	return p;
}

static void fill_legacy(struct ble_advertisement *adv)
{
	adv->event |= BLE_EVENT_LEGACY;
	adv->primary_phy = 1;
	adv->sid = BLE_NO_SID;
	adv->tx_power = BLE_NO_TX_POWER;
}

/* *ret_whole is false for an unknown event type. */
static bool next_legacy(struct report_walk *walk, struct ble_advertisement *adv,
			bool *ret_whole)
{
	static const uint8_t events[] = {
		BLE_EVENT_CONNECTABLE | BLE_EVENT_SCANNABLE, /* ADV_IND */
		BLE_EVENT_CONNECTABLE | BLE_EVENT_DIRECTED,  /* ADV_DIRECT_IND */
		BLE_EVENT_SCANNABLE,                         /* ADV_SCAN_IND */
		0,                                           /* ADV_NONCONN_IND */
		BLE_EVENT_SCANNABLE | BLE_EVENT_SCAN_RESPONSE,
	};
	const uint8_t *head = take(walk, 9), *data, *rssi;

	if (!head)
		return false;
	data = take(walk, head[8]);
	rssi = take(walk, 1);
	if (!data || !rssi)
		return false;
	*ret_whole = head[0] < sizeof(events);
	if (!*ret_whole)
		return true;
	adv->event = events[head[0]];
	fill_legacy(adv);
	adv->address = report_address(head + 1);
	adv->data = bytes(data, head[8]);
	adv->rssi = (int8_t)rssi[0];
	return true;
}

/* A directed advertisement to us, at a resolvable address. It has no data. */
static bool next_directed(struct report_walk *walk, struct ble_advertisement *adv)
{
	const uint8_t *p = take(walk, 16);

	if (!p)
		return false;
	adv->event = BLE_EVENT_CONNECTABLE | BLE_EVENT_DIRECTED;
	fill_legacy(adv);
	adv->address = report_address(p + 1);
	adv->rssi = (int8_t)p[15];
	return true;
}

static bool chain_is(const struct report_chain *chain,
		     const struct ble_advertisement *adv)
{
	return chain->used && chain->sid == adv->sid &&
	       chain->scan_response == !!(adv->event & BLE_EVENT_SCAN_RESPONSE) &&
	       chain->address.type == adv->address.type &&
	       !memcmp(chain->address.octet, adv->address.octet, 6);
}

/* The chain that this report continues; NULL: none. */
static struct report_chain *chain_find(struct report_parser *parser,
				       const struct ble_advertisement *adv)
{
	for (size_t i = 0; i < REPORT_CHAINS; i++) {
		struct report_chain *chain = &parser->chains[i];

		if (!chain_is(chain, adv))
			continue;
		if (adv->time - chain->time > CHAIN_LIFE_NS) {
			chain->used = false;
			return NULL;
		}
		return chain;
	}
	return NULL;
}

/* A free chain, or else the one whose latest fragment is the oldest. */
static struct report_chain *chain_new(struct report_parser *parser,
				      const struct ble_advertisement *adv)
{
	struct report_chain *chain = &parser->chains[0];

	for (size_t i = 0; i < REPORT_CHAINS; i++) {
		struct report_chain *other = &parser->chains[i];

		if (!other->used) {
			chain = other;
			break;
		}
		if (other->time < chain->time)
			chain = other;
	}
	chain->used = true;
	chain->truncated = false;
	chain->address = adv->address;
	chain->sid = adv->sid;
	chain->scan_response = adv->event & BLE_EVENT_SCAN_RESPONSE;
	chain->len = 0;
	return chain;
}

/* Adds a fragment. True if it was the last: adv then has all data. */
static bool chain_join(struct report_parser *parser, bool more,
		       struct ble_advertisement *adv)
{
	struct report_chain *chain = chain_find(parser, adv);
	size_t len = adv->data.len;

	if (!chain && !more)
		return true;
	if (!chain)
		chain = chain_new(parser, adv);
	if (len > REPORT_DATA_MAX - chain->len) {
		len = REPORT_DATA_MAX - chain->len;
		chain->truncated = true;
	}
	if (len)
		memcpy(chain->data + chain->len, adv->data.data, len);
	chain->len += len;
	chain->time = adv->time;
	if (more)
		return false;
	chain->used = false;
	adv->data = bytes(chain->data, chain->len);
	if (chain->truncated)
		adv->event |= BLE_EVENT_TRUNCATED;
	return true;
}

/* *ret_whole is false if more fragments follow. */
static bool next_extended(struct report_parser *parser, struct report_walk *walk,
			  struct ble_advertisement *adv, bool *ret_whole)
{
	const uint8_t *head = take(walk, 24), *data;
	uint16_t type;

	if (!head)
		return false;
	data = take(walk, head[23]);
	if (!data)
		return false;
	type = get_le16(head);
	adv->event = type & EVENT_BITS;
	if ((type & STATUS_MASK) == STATUS_TRUNCATED)
		adv->event |= BLE_EVENT_TRUNCATED;
	adv->address = report_address(head + 2);
	adv->primary_phy = head[9];
	adv->secondary_phy = head[10];
	adv->sid = head[11] <= 15 ? head[11] : BLE_NO_SID;
	adv->tx_power = (int8_t)head[12];
	adv->rssi = (int8_t)head[13];
	adv->periodic = get_le16(head + 14);
	adv->data = bytes(data, head[23]);
	*ret_whole = true;
	if (!(adv->event & BLE_EVENT_LEGACY))
		*ret_whole = chain_join(parser, (type & STATUS_MASK) == STATUS_MORE,
					adv);
	return true;
}

bool report_begin(struct report_walk *walk, struct ble_bytes meta, uint64_t time)
{
	if (meta.len < 2)
		return false;
	walk->subevent = meta.data[0];
	walk->left = meta.data[1];
	walk->time = time;
	walk->rest = bytes(meta.data + 2, meta.len - 2);
	return walk->subevent == REPORT_EVENT_LEGACY ||
	       walk->subevent == REPORT_EVENT_DIRECTED ||
	       walk->subevent == REPORT_EVENT_EXTENDED;
}

bool report_next(struct report_parser *parser, struct report_walk *walk,
		 struct ble_advertisement *ret_adv)
{
	while (walk->left > 0) {
		struct ble_advertisement adv = { .time = walk->time };
		bool good, whole = true;

		walk->left--;
		if (walk->subevent == REPORT_EVENT_LEGACY)
			good = next_legacy(walk, &adv, &whole);
		else if (walk->subevent == REPORT_EVENT_DIRECTED)
			good = next_directed(walk, &adv);
		else
			good = next_extended(parser, walk, &adv, &whole);
		if (!good) {
			walk->left = 0;
			return false;
		}
		if (whole) {
			*ret_adv = adv;
			return true;
		}
	}
	return false;
}
