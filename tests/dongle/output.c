/* SPDX-License-Identifier: MIT */
/*
 * To the host: messages become octets, whole or in pieces, and the script's rules are
 * applied to them. Without a host, as much is kept as fits in the chip's buffer. The
 * next host reads on where the last one stopped.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/dongle/inside.h"

enum {
	NO_HOST = 256,       /* octets that are kept without a host */
	RESERVE = 1024,      /* for responses and events that cannot wait */
	PIECE = 24,
	PIECE_LATE_MS = 2
};

struct delayed {
	struct list link;
	struct dongle *dongle;
	struct loop_timer timer;
	struct bgapi_packet packet;
};

/* -- Octets ---------------------------------------------------------------- */

bool fw_congested(const struct dongle *dongle)
{
	size_t limit = dongle->port ? FIFO_SIZE - RESERVE : NO_HOST;

	return dongle->fifo_len > limit;
}

static void schedule(struct dongle *dongle)
{
	if (!dongle->port || dongle->blocked || !dongle->fifo_len ||
	    dongle->deliver_later.loop)
		return;
	if (dongle->config.seed && sim_random(&dongle->random) % 4 == 0)
		loop_timer_in(dongle->loop, &dongle->deliver_later,
			      sim_random(&dongle->random) % (PIECE_LATE_MS + 1));
	else
		loop_defer(dongle->loop, &dongle->deliver);
}

static void emit(struct dongle *dongle, const uint8_t *octets, size_t len)
{
	size_t at = (dongle->fifo_first + dongle->fifo_len) % FIFO_SIZE;

	if (!len || len > FIFO_SIZE - dongle->fifo_len ||
	    (!dongle->port && fw_congested(dongle)))
		return;
	for (size_t i = 0; i < len; i++)
		dongle->fifo[(at + i) % FIFO_SIZE] = octets[i];
	dongle->fifo_len += len;
	if (dongle->config.trace)
		dongle->config.trace(dongle->config.trace_user, false, bytes(octets, len));
	if (!dongle->delivering)
		schedule(dongle);
}

static void deliver(struct dongle *dongle)
{
	size_t len = FIFO_SIZE - dongle->fifo_first, took;
	unsigned int epoch = dongle->fifo_epoch;

	if (!dongle->port || !dongle->fifo_len)
		return;
	if (len > dongle->fifo_len)
		len = dongle->fifo_len;
	if (dongle->config.seed) {
		size_t piece = 1 + sim_random(&dongle->random) % PIECE;

		len = piece < len ? piece : len;
	}
	dongle->delivering = true;
	took = dongle->port->output(dongle->port,
				    bytes(dongle->fifo + dongle->fifo_first, len));
	dongle->delivering = false;
	if (dongle->fifo_epoch != epoch) /* lost its power meanwhile */
		return;
	dongle->fifo_first = (dongle->fifo_first + took) % FIFO_SIZE;
	dongle->fifo_len -= took;
	dongle->blocked = took < len;
	schedule(dongle);
}

static void deliver_run(struct loop_task *task)
{
	deliver(container_of(task, struct dongle, deliver));
}

static void deliver_fire(struct loop_timer *timer)
{
	deliver(container_of(timer, struct dongle, deliver_later));
}

void dongle_writable(struct dongle *dongle)
{
	dongle->blocked = false;
	schedule(dongle);
}

/* -- Messages -------------------------------------------------------------- */

static void delayed_fire(struct loop_timer *timer)
{
	struct delayed *late = container_of(timer, struct delayed, timer);

	emit(late->dongle, late->packet.octet, late->packet.len);
	list_remove(&late->link);
	free(late);
}

static void send_later(struct dongle *dongle, const struct bgapi_packet *packet,
		       unsigned long ms)
{
	struct delayed *late = calloc(1, sizeof(*late));

	if (!late)
		return; /* lost */
	late->dongle = dongle;
	late->packet = *packet;
	late->timer.fire = delayed_fire;
	list_append(&dongle->delayed, &late->link);
	loop_timer_in(dongle->loop, &late->timer, (unsigned int)ms);
}

static void emit_packet(struct dongle *dongle, const struct bgapi_packet *packet)
{
	emit(dongle, packet->octet, packet->len);
}

static void send_inside(struct dongle *dongle, const struct bgapi_packet *packet,
			const struct rule *rule)
{
	size_t at = rule->has_number ? rule->number : BGAPI_HEADER;
	uint8_t octets[2 * BGAPI_FRAME_MAX + 1];

	if (at > packet->len)
		at = packet->len;
	memcpy(octets, packet->octet, at);
	memcpy(octets + at, rule->noise, rule->noise_len);
	memcpy(octets + at + rule->noise_len, packet->octet + at, packet->len - at);
	emit(dongle, octets, packet->len + rule->noise_len);
}

/* Sends another command's response, or the event one octet longer. */
static void send_wrong(struct dongle *dongle, const struct bgapi_packet *packet)
{
	static const uint8_t hello[] = { 0x00, 0x00, 0x00, 0x01 };
	static const uint8_t address[] = { 0x00, 0x06, 0x00, 0x02, 1, 2, 3, 4, 5, 6 };
	uint8_t octets[BGAPI_FRAME_MAX + 2];

	if (packet->octet[0]) {
		memcpy(octets, packet->octet, packet->len);
		octets[1]++;
		octets[packet->len] = 0;
		emit(dongle, octets, packet->len + 1);
	} else if (memcmp(packet->octet, hello, sizeof(hello))) {
		emit(dongle, hello, sizeof(hello));
	} else {
		emit(dongle, address, sizeof(address));
	}
}

static void send_by_rule(struct dongle *dongle, const struct bgapi_packet *packet,
			 const struct rule *rule)
{
	size_t half = rule->has_number ? rule->number : packet->len / 2;

	switch (rule->action) {
	case DO_LOSE:
		break;
	case DO_TWICE:
		emit_packet(dongle, packet);
		emit_packet(dongle, packet);
		break;
	case DO_DELAY:
		send_later(dongle, packet, rule->number);
		break;
	case DO_HALF:
		emit(dongle, packet->octet, half < packet->len ? half : packet->len);
		break;
	case DO_BEFORE:
		emit(dongle, rule->noise, rule->noise_len);
		emit_packet(dongle, packet);
		break;
	case DO_AFTER:
		emit_packet(dongle, packet);
		emit(dongle, rule->noise, rule->noise_len);
		break;
	case DO_INSIDE:
		send_inside(dongle, packet, rule);
		break;
	case DO_WRONG:
		send_wrong(dongle, packet);
		break;
	case DO_UNPLUG:
		fw_die(dongle, (unsigned int)rule->number);
		break;
	default:
		emit_packet(dongle, packet);
		break;
	}
}

void fw_send(struct dongle *dongle, int id, const void *params)
{
	const struct rule *rule;
	struct bgapi_packet packet;

	if (!dongle->there || dongle->dying ||
	    bgapi_write_any((enum bgapi_id)id, params, false, &packet))
		return;
	rule = fw_script_match(dongle, id);
	if (rule)
		send_by_rule(dongle, &packet, rule);
	else
		emit_packet(dongle, &packet);
}

/* -- The port -------------------------------------------------------------- */

int dongle_attach(struct dongle *dongle, struct dongle_port *port)
{
	if (!dongle->there || dongle->dying)
		return -ENODEV;
	if (dongle->port)
		return -EBUSY;
	dongle->port = port;
	dongle->blocked = false;
	schedule(dongle);
	return 0;
}

void dongle_detach(struct dongle *dongle, struct dongle_port *port)
{
	if (dongle->port != port)
		return;
	dongle->port = NULL;
	loop_undefer(&dongle->deliver);
	loop_timer_stop(&dongle->deliver_later);
}

void fw_output_init(struct dongle *dongle)
{
	dongle->deliver.run = deliver_run;
	dongle->deliver_later.fire = deliver_fire;
	list_init(&dongle->delayed);
}

void fw_output_reset(struct dongle *dongle)
{
	struct list *l;

	loop_undefer(&dongle->deliver);
	loop_timer_stop(&dongle->deliver_later);
	while ((l = list_pop(&dongle->delayed))) {
		struct delayed *late = list_entry(l, struct delayed, link);

		loop_timer_stop(&late->timer);
		free(late);
	}
	dongle->fifo_first = dongle->fifo_len = 0;
	dongle->fifo_epoch++;
	dongle->blocked = false;
}
