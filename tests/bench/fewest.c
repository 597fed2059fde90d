/* SPDX-License-Identifier: MIT */
/*
 * The requests are (Vol 3, Part G, 4.4 to 4.7): Read By Group Type, Read By Type,
 * Find Information. A response shows that between the start of the request's range
 * and the last entry there is nothing else of this kind; an error shows that for the
 * whole range. The entries of a response have one length, so it ends before an entry
 * of another length, or when it is full.
 *
 * Each declaration has to be read, so the responses that hold them count in any
 * case. Behind a value up to the end of its characteristic only Find Information
 * shows what is there. That there is no more can be shown by a sweep that ends
 * with an error, or by Find Information over the same handles, which may be on
 * its way there anyhow: the cheaper one counts.
 */
#include "tests/bench/fewest.h"

#include <string.h>

#include "base/bytes.h"
#include "base/uuid.h"

enum { PRIMARY = 0x2800, SECONDARY = 0x2801, INCLUDE = 0x2802, CHARACTERISTIC = 0x2803 };
enum { HANDLES = 0x10000 };

struct model {
	const struct gatt_table *table;
	uint16_t mtu;
	uint16_t last_end;            /* of the last primary service */
	uint16_t last_characteristic; /* declaration */
	uint16_t last_include;
	bool named[HANDLES];  /* secondary services whose UUID an include tells */
	bool needed[HANDLES]; /* to be shown by Find Information */
	bool inner[HANDLES];  /* before a service's first characteristic */
};

static bool is(const struct gatt_attribute *a, uint16_t type)
{
	return ble_uuid_short(&a->type) == type;
}

/* Responses that hold all declarations of a type, each head + value long. */
static unsigned int responses(const struct model *m, uint16_t type, size_t head)
{
	unsigned int count = 0;
	size_t size = 0, room = 0;

	for (size_t i = 0; i < m->table->n; i++) {
		const struct gatt_attribute *a = &m->table->attributes[i];

		if (!is(a, type) || (type == SECONDARY && m->named[a->handle]))
			continue;
		if (head + a->len != size || !room) {
			size = head + a->len;
			room = (m->mtu - 2u) / size;
			count++;
		}
		room--;
	}
	return count;
}

/* The last handle that a Find Information Response from this one on shows. */
static uint32_t shown(const struct model *m, uint32_t from)
{
	size_t size = 0, room = 0;
	uint32_t last = HANDLES - 1;

	for (size_t i = 0; i < m->table->n; i++) {
		const struct gatt_attribute *a = &m->table->attributes[i];
		size_t entry = ble_uuid_short(&a->type) ? 4 : 18;

		if (a->handle < from)
			continue;
		if (!size) {
			size = entry;
			room = (m->mtu - 2u) / size;
		}
		if (entry != size || !room)
			break;
		last = a->handle;
		room--;
	}
	return last;
}

static unsigned int find_informations(const struct model *m, bool inner, bool tail)
{
	unsigned int count = 0;

	for (uint32_t at = 1; at < HANDLES; at++) {
		if (!m->needed[at] && !(inner && m->inner[at]) && !(tail && at > m->last_end))
			continue;
		at = shown(m, at);
		count++;
	}
	return count;
}

static void mark(bool *handles, uint32_t from, uint32_t to)
{
	for (uint32_t at = from; at <= to && at < HANDLES; at++)
		handles[at] = true;
}

/* Of one primary service or a secondary one, from its declaration at i on. */
static void look_at_service(struct model *m, size_t i)
{
	const struct gatt_attribute *a = m->table->attributes + i, *service = a;
	const struct gatt_attribute *over = m->table->attributes + m->table->n;
	uint32_t from = a->handle + 1u;
	bool inside = false; /* of a characteristic */

	for (a++; a <= over; a++) {
		bool ended = a == over || a->handle > service->end;
		uint32_t to = ended ? service->end : a->handle - 1u;

		if (!ended && !is(a, CHARACTERISTIC))
			continue;
		if (inside || is(service, PRIMARY))
			mark(inside ? m->needed : m->inner, from, to);
		if (ended)
			return;
		inside = true;
		m->last_characteristic = a->handle;
		from = get_le16(gatt_value(a).data + 1) + 1u;
	}
}

/* An include tells the UUID of its service, if that is a short one. */
static void look_at_include(struct model *m, const struct gatt_attribute *a)
{
	const uint8_t *value = gatt_value(a).data;

	m->last_include = a->handle;
	if (a->len == 6)
		m->named[get_le16(value)] = true;
}

static unsigned int behind(const bool *handles, uint32_t handle)
{
	for (uint32_t at = handle + 1; at < HANDLES; at++)
		if (handles[at])
			return 1;
	return 0;
}

unsigned int fewest_requests(const struct gatt_table *table, uint16_t mtu)
{
	static struct model m;
	unsigned int always, best = UINT32_MAX;

	memset(&m, 0, sizeof(m));
	m.table = table;
	m.mtu = mtu;
	for (size_t i = 0; i < table->n; i++) {
		const struct gatt_attribute *a = &table->attributes[i];

		if (is(a, PRIMARY))
			m.last_end = a->end;
		if (is(a, PRIMARY) || is(a, SECONDARY))
			look_at_service(&m, i);
		else if (is(a, INCLUDE))
			look_at_include(&m, a);
	}
	/* The include declarations that are read do not have to be shown. */
	for (size_t i = 0; i < table->n; i++)
		if (is(&table->attributes[i], INCLUDE))
			m.inner[table->attributes[i].handle] = false;
	always = responses(&m, PRIMARY, 4) + responses(&m, SECONDARY, 4) +
		 responses(&m, CHARACTERISTIC, 2) + responses(&m, INCLUDE, 2);
	/* How it is shown that no include or characteristic is left out, and
	 * no service behind the last one. */
	for (int way = 0; way < 4; way++) {
		bool inner = way & 1, tail = way & 2;
		unsigned int count = always + find_informations(&m, inner, tail);

		if (!inner)
			count += behind(m.inner, m.last_include) +
				 behind(m.inner, m.last_characteristic);
		if (!tail && m.last_end < HANDLES - 1)
			count++;
		if (count < best)
			best = count;
	}
	return best;
}
