/* SPDX-License-Identifier: MIT */
/*
 * The reference databases of the tests: 8, 60 and 500 attributes, and one that
 * changes. The small one is that of a cheap peripheral. The middle one has
 * duplicate and 128-bit UUIDs, unused handles, an include, a group whose end is
 * beyond its last attribute, and values of 0, 1, 22, 23 and 512 octets. The large
 * one has the same and more services behind. The last one changes when it is told to.
 */
#ifndef TESTS_REFERENCE_H
#define TESTS_REFERENCE_H

#include "gatt/server_table.h"
#include "sim/model.h"

enum {
	REFERENCE_SMALL = 8,
	REFERENCE_MIDDLE = 60,
	REFERENCE_LARGE = 500,
	REFERENCE_CHANGING = 25
};

/* Handles of the middle and of the large one. */
enum {
	REFERENCE_EMPTY = 0x0023,  /* 0 octets, read and write, up to 512 */
	REFERENCE_ONE = 0x0025,    /* 1 octet, read, write (exactly 1) */
	REFERENCE_22 = 0x0027,     /* read: the longest in one PDU at MTU 23 */
	REFERENCE_23 = 0x0029,     /* read */
	REFERENCE_512 = 0x002b,    /* read and write */
	REFERENCE_COMMAND = 0x002d,  /* write command and read, up to 512 */
	REFERENCE_NOTIFY = 0x0030,   /* read, notify; its configuration follows */
	REFERENCE_INDICATE = 0x0033, /* the same with indicate */
	REFERENCE_BOTH = 0x0036,     /* notify and indicate */
	REFERENCE_SECRET = 0x0039,   /* no property at all */
	REFERENCE_SAME_A = 0x0042,   /* read; one UUID in two services, */
	REFERENCE_SAME_B = 0x0082    /* handles far apart */
};

/*
 * Handles of the changing one, whose last service, the guest, can be added and
 * removed. A write to _CONTROL has 3 octets: whether the guest exists; how many of
 * the next requests for _VALUE get Database Out Of Sync; what Service Changed
 * indicates: 0 nothing, 1 the guest's handles, 2 all handles. Its Database Hash is
 * not computed as in Vol 3, Part G, 7.3, but is one number for each of the two
 * states. A client cannot see the difference.
 */
enum {
	REFERENCE_CHANGED = 0x0008,
	REFERENCE_FEATURES = 0x000b,
	REFERENCE_HASH = 0x000d,
	REFERENCE_CONTROL = 0x0022,
	REFERENCE_VALUE = 0x0024, /* read and write, 4 octets */
	REFERENCE_STAYS = 0x0026, /* read and notify: counts */
	REFERENCE_GUEST = 0x0042, /* the same */
	REFERENCE_NEVER = 255     /* out of sync for good, also for writes to _FEATURES */
};

/* Each peripheral advertises its name, this service, its TX power, and the charge as
 * service data of the Battery Service. Its scan response has the service of the
 * lengths, and manufacturer data "ref" of an unassigned company. */
enum { REFERENCE_SERVICE = 0x1815, REFERENCE_CHARGE = 0x54, REFERENCE_TX_POWER = -4 };
#define REFERENCE_LENGTHS "7e570020-0000-4000-8000-0000b1e00000"

/* Octet i of every value longer than 1. */
static inline uint8_t reference_octet(size_t i)
{
	return (uint8_t)(i * 7 + 1);
}

/* Builds and finishes a table of n attributes. 0 or -errno. */
int reference_build(struct gatt_table *table, unsigned int n);

/* The same as a peripheral of the model, named "reference N", whose values at
 * REFERENCE_NOTIFY, _INDICATE and _BOTH count in 4 octets every interval_ms. */
int reference_peripheral(struct sim_model *model, unsigned int n,
			 unsigned int interval_ms,
			 struct sim_peripheral **ret_peripheral);

/* Adds the attributes of the changing one (reference_changing.c). counting
 * generates its notified values. */
int reference_changing(struct sim_peripheral *peripheral,
		       const struct sim_source *counting);

/* The same with index in its address, so that there may be several. */
int reference_peripheral_at(struct sim_model *model, unsigned int n,
			    unsigned int interval_ms, uint8_t index,
			    struct sim_peripheral **ret_peripheral);

#endif
