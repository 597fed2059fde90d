/* SPDX-License-Identifier: MIT */
/*
 * An ATT server that answers from a table (Vol 3, Part F; the groups as Part G
 * defines them). The table is shared by all links; a session holds what one
 * link has of its own. Sans-IO like the engine: it takes a PDU and writes the
 * response, and the owner of the link sends it.
 *
 * Exchange MTU is answered by the link, which knows the MTU, and not here.
 */
#ifndef GATT_SERVER_H
#define GATT_SERVER_H

#include "gatt/server_table.h"

enum { GATT_PREPARED_MAX = 1536 }; /* octets: two longest values, in any MTU */

struct gatt_session {
	struct att_server server; /* for links */
	struct gatt_table *table; /* borrowed, finished */
	uint8_t (*configurations)[2]; /* owned: one for each in the table */
	/* The peer wrote a client configuration. May be NULL. Called from inside
	 * answer. */
	void (*configured)(struct gatt_session *session, uint16_t handle,
			   uint16_t value);
	/* The peer confirmed an indication. The same. */
	void (*confirmed)(struct gatt_session *session);
	size_t prepared_len;
	uint8_t prepared[GATT_PREPARED_MAX];
};

/* 0 or -ENOMEM. The table must outlive the session. */
int gatt_session_init(struct gatt_session *session, struct gatt_table *table);
void gatt_session_release(struct gatt_session *session);

/* att_server's answer: see there. mtu is at least 23. */
size_t gatt_session_answer(struct gatt_session *session, uint16_t mtu,
			   struct ble_bytes pdu, uint8_t *response);

/* The client configuration with this handle, as this link wrote it: bit 0 notify,
 * bit 1 indicate; 0 also if there is none. */
uint16_t gatt_session_configuration(const struct gatt_session *session,
				    uint16_t handle);

/* The value of an attribute as this link reads it, for other protocols on the same
 * table. 0, or an ATT error. */
int gatt_session_read(struct gatt_session *session, uint16_t handle,
		      struct ble_bytes *ret_value);

/* A write of a whole value; by is GATT_MAY_WRITE or GATT_MAY_COMMAND. */
int gatt_session_write(struct gatt_session *session, uint16_t handle,
		       enum gatt_permission by, struct ble_bytes value);

/* Prepared writes (gatt/server_prepare.c). execute empties the queue. If it fails,
 * ret_refused is the handle of the refused value. */
int gatt_session_prepare(struct gatt_session *session, uint16_t handle,
			 uint16_t offset, struct ble_bytes value);
int gatt_session_execute(struct gatt_session *session, bool write,
			 uint16_t *ret_refused);

/* Inside the server: the stored value; the value as a read returns it; store a new
 * value if its length and the hook allow it. ret_value is valid until the next change
 * of the table or the session. */
struct ble_bytes gatt_session_stored(const struct gatt_session *session,
				     const struct gatt_attribute *attribute);
int gatt_session_get(struct gatt_session *session,
		     struct gatt_attribute *attribute,
		     struct ble_bytes *ret_value);
int gatt_session_store(struct gatt_session *session,
		       struct gatt_attribute *attribute,
		       struct ble_bytes value);

#endif
