/* SPDX-License-Identifier: MIT */
/*
 * A database of attributes in one flat array, sorted by handle: what a server
 * answers from. Its owner builds, reads and changes it. Values are in the table;
 * what belongs to one link (client configurations, prepared writes) is in the
 * session of the link, see server.h.
 *
 * Build it from the first handle to the last: gatt_add_...() appends. A
 * given handle must be above all handles so far, and may leave a gap; 0 is the
 * next one. Then call gatt_table_finish(). After that only values may change.
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

/* Optional read and write hooks of an attribute. */
struct gatt_hooks {
	/* Before the value is read: may set it. 0, or an ATT error. */
	int (*read)(struct gatt_session *session,
		    struct gatt_attribute *attribute);
	/* Before a new value is stored, with all of it, after any kind of write:
	 * 0 stores it, an ATT error refuses it. */
	int (*write)(struct gatt_session *session,
		     struct gatt_attribute *attribute, struct ble_bytes value);
};

struct gatt_attribute {
	uint16_t handle;
	uint16_t end;           /* of its group; without a group the handle */
	uint8_t permissions;    /* enum gatt_permission, or'ed */
	uint8_t allowed;        /* client configuration: bits that may be set */
	uint16_t configuration; /* client configuration: its number, from 1; else 0 */
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
 * far, no handle is left, the value is longer than max, or there is no service or
 * characteristic before it; -ENOMEM. Values are copied.
 */

int gatt_add_service(struct gatt_table *table, uint16_t handle, bool primary,
		     const struct ble_uuid *uuid);

/* The included service is given by the handle of its declaration and may be added
 * later. Includes come before characteristics (Part G, 3.1). */
int gatt_add_include(struct gatt_table *table, uint16_t handle,
		     uint16_t service);

/* The first value of an attribute, and its permissions. */
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
	/* A client configuration is added with the characteristic if it has
	 * notify or indicate, unless the owner adds it later. */
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

/* Raises the end of the last service's group, to leave room in it. */
int gatt_end_service(struct gatt_table *table, uint16_t end);

/* Resolves includes. -ENOENT: the handle of one is not a service. */
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

/* Replaces the value; cuts it to max octets. */
void gatt_set_value(struct gatt_attribute *attribute, struct ble_bytes value);

/* Generic Access and Generic Attribute, which every device must have. */
int gatt_add_generic(struct gatt_table *table, const char *name,
		     uint16_t appearance);

#endif
