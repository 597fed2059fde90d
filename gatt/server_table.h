/* SPDX-License-Identifier: MIT */
/*
 * A database of attributes in one flat array, sorted by handle: what a server
 * answers from, and what its owner builds, reads and changes. Values live in
 * the table; what belongs to one link (client configurations, prepared
 * writes) lives in that link's session, see server.h.
 *
 * Build it from the first handle to the last: gatt_add_...() appends. Where a
 * handle is given it must lie above all handles so far, which is how holes
 * are made; 0 takes the next one. Then gatt_table_finish(), and from there on
 * attributes neither move nor change but for their values.
 */
#ifndef GATT_SERVER_TABLE_H
#define GATT_SERVER_TABLE_H

#include "att/att.h"

/* Attribute types of GATT itself (Vol 3, Part G, 3). */
enum {
	GATT_PRIMARY = 0x2800,
	GATT_SECONDARY = 0x2801,
	GATT_INCLUDE = 0x2802,
	GATT_CHARACTERISTIC = 0x2803,
	GATT_EXTENDED_PROPERTIES = 0x2900,
	GATT_USER_DESCRIPTION = 0x2901,
	GATT_CLIENT_CONFIGURATION = 0x2902,
	GATT_PRESENTATION_FORMAT = 0x2904
};

enum gatt_permission {
	GATT_MAY_READ = 1,
	GATT_MAY_WRITE = 2,   /* Write Request, prepared writes */
	GATT_MAY_COMMAND = 4, /* Write Command */
	GATT_FIXED = 8        /* a write must be exactly max octets long */
};

enum { GATT_NEAR = 20 }; /* holds every declaration */

struct gatt_attribute;
struct gatt_session;

/* What an attribute does besides lying there. Either may be NULL. */
struct gatt_hooks {
	/* Before the value is read: may set it. 0, or an ATT error. */
	int (*read)(struct gatt_session *session,
		    struct gatt_attribute *attribute);
	/* Before a new value is stored, however it came, in full: 0 lets it
	 * be stored, an ATT error refuses it. */
	int (*write)(struct gatt_session *session,
		     struct gatt_attribute *attribute, struct ble_bytes value);
};

struct gatt_attribute {
	uint16_t handle;
	uint16_t end;           /* of its group; without a group the handle */
	uint8_t permissions;    /* enum gatt_permission, or'ed */
	uint8_t allowed;        /* client configuration: bits that may be set */
	uint16_t configuration; /* the same: its number from 1; 0: another type */
	uint16_t len, max;
	struct ble_uuid type;
	union {
		uint8_t near[GATT_NEAR]; /* where max fits */
		uint8_t *far;            /* max octets, the table's */
	};
	const struct gatt_hooks *hooks; /* borrowed, or NULL */
	void *user;
};

struct gatt_table {
	struct gatt_attribute *attributes; /* owned */
	size_t n, room;
	uint16_t n_configurations;
	size_t service, characteristic; /* building: their index + 1; 0: none */
};

/* Zeroed memory is an empty table too. */
void gatt_table_init(struct gatt_table *table);
void gatt_table_release(struct gatt_table *table);

/*
 * All gatt_add_...() return 0; -EINVAL: the handle is not above the ones so
 * far, no handle is left, the value is longer than max, or what it must belong
 * to is missing; -ENOMEM. Values are copied.
 */

int gatt_add_service(struct gatt_table *table, uint16_t handle, bool primary,
		     const struct ble_uuid *uuid);

/* The included service is named by its declaration's handle and may follow
 * later. Includes stand before characteristics (Part G, 3.1). */
int gatt_add_include(struct gatt_table *table, uint16_t handle,
		     uint16_t service);

/* A value that an attribute starts with, and how it may be used. */
struct gatt_value {
	struct ble_bytes start;
	uint16_t max;        /* longest; 0: as long as at the start */
	uint8_t permissions; /* of a descriptor; of a value: GATT_FIXED at most */
	const struct gatt_hooks *hooks;
	void *user;
};

struct gatt_characteristic {
	struct ble_uuid uuid;
	uint8_t properties; /* enum ble_property; the value's permissions follow */
	uint16_t handle, value_handle; /* 0: the next */
	/* A client configuration follows at once where properties have notify
	 * or indicate, unless the owner adds it later or never does. */
	uint16_t configuration_handle; /* 0: the next */
	bool without_configuration;
	struct gatt_value value;
};

int gatt_add_characteristic(struct gatt_table *table,
			    const struct gatt_characteristic *characteristic);

/* These belong to the characteristic before them. */
int gatt_add_configuration(struct gatt_table *table, uint16_t handle);
int gatt_add_descriptor(struct gatt_table *table, uint16_t handle,
			const struct ble_uuid *uuid,
			const struct gatt_value *value);

/* The handle of the attribute added last; 0 in an empty table. */
uint16_t gatt_table_last(const struct gatt_table *table);

/* Moves the end of the last service's group up, so that it can grow. */
int gatt_end_service(struct gatt_table *table, uint16_t end);

/* Resolves includes. -ENOENT: one names what is no service. */
int gatt_table_finish(struct gatt_table *table);

/* The attribute with this handle, or NULL. */
struct gatt_attribute *gatt_table_find(const struct gatt_table *table,
				       uint16_t handle);

/* The index of the first attribute at or above this handle; n if none. */
size_t gatt_table_from(const struct gatt_table *table, uint16_t handle);

static inline struct ble_bytes gatt_value(const struct gatt_attribute *a)
{
	return (struct ble_bytes){ a->max > GATT_NEAR ? a->far : a->near,
				   a->len };
}

/* Replaces the value; what exceeds max is left out. */
void gatt_set_value(struct gatt_attribute *attribute, struct ble_bytes value);

/* Generic Access and Generic Attribute, the least that every device shows. */
int gatt_add_generic(struct gatt_table *table, const char *name,
		     uint16_t appearance);

#endif
