/* SPDX-License-Identifier: MIT */
/* Who hears an advertiser, and who connects to it. */
#include <string.h>

#include "air.h"

int same(const struct address *a, const struct address *b)
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
	size_t number = (size_t)(advertiser - air.controllers);
	uint8_t rssi = (uint8_t)(-40 - 2 * (int)number);
	void (*report)(const struct controller *, uint8_t, const struct address *,
		       const struct text *, uint8_t) = air.extended ? report_extended : report_legacy;

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

	if (!who->connect.on || advertiser->radio.deaf || advertiser->adv.type > ADV_DIRECT)
		return 0;
	return who->connect.only_accepted ? accepts(who, &from) : same(&who->connect.peer, &from);
}

static void advertise(struct controller *advertiser)
{
	struct controller *who;

	for (who = air.controllers; who < air.controllers + air.count && advertiser->adv.on; who++) {
		if (who == advertiser || who->radio.off)
			continue;
		hear(who, advertiser);
		if (wants(who, advertiser))
			link_up(who, advertiser);
	}
}

void advertising_tick(void)
{
	struct controller *me;

	for (me = air.controllers; me < air.controllers + air.count; me++) {
		if (me->radio.back && !--me->radio.back)
			me->radio.off = 0;
		if (me->radio.off || (me->radio.every && --me->radio.due > 0))
			continue;
		me->radio.due = me->radio.every;
		advertise(me);
	}
}
