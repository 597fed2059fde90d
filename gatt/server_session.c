/* SPDX-License-Identifier: MIT */
/* The values of a table as one link reads and writes them. */

#include "att/pdu.h"
#include "base/bytes.h"
#include "gatt/server.h"

enum { IMPROPERLY_CONFIGURED = BLE_ERROR_ATT(0xfd) }; /* Supplement, Part B, 1.2 */

struct ble_bytes gatt_session_stored(const struct gatt_session *session,
				     const struct gatt_attribute *a)
{
	return a->configuration ?
		       bytes(session->configurations[a->configuration - 1], 2) :
		       gatt_value(a);
}

int gatt_session_get(struct gatt_session *session, struct gatt_attribute *a,
		     struct ble_bytes *ret_value)
{
	int err;

	if (!(a->permissions & GATT_MAY_READ))
		return ATT_READ_NOT_PERMITTED;
	if (a->hooks && a->hooks->read) {
		err = a->hooks->read(session, a);
		if (err)
			return err;
	}
	*ret_value = gatt_session_stored(session, a);
	return 0;
}

int gatt_session_read(struct gatt_session *session, uint16_t handle,
		      struct ble_bytes *ret_value)
{
	struct gatt_attribute *a = gatt_table_find(session->table, handle);

	return a ? gatt_session_get(session, a, ret_value) : ATT_INVALID_HANDLE;
}

/* Part G, 3.3.3.3: two octets; only bits for which the characteristic has the property
 * may be set. */
static int configure(struct gatt_session *session,
		     const struct gatt_attribute *a, struct ble_bytes value)
{
	uint16_t bits;

	if (value.len != 2)
		return ATT_INVALID_VALUE_LENGTH;
	bits = get_le16(value.data);
	if ((bits | a->allowed) != a->allowed)
		return IMPROPERLY_CONFIGURED;
	put_le16(session->configurations[a->configuration - 1], bits);
	if (session->configured)
		session->configured(session, a->handle, bits);
	return 0;
}

int gatt_session_store(struct gatt_session *session, struct gatt_attribute *a,
		       struct ble_bytes value)
{
	int err;

	if (a->configuration)
		return configure(session, a, value);
	if (value.len > a->max ||
	    (a->permissions & GATT_FIXED && value.len != a->max))
		return ATT_INVALID_VALUE_LENGTH;
	if (a->hooks && a->hooks->write) {
		err = a->hooks->write(session, a, value);
		if (err)
			return err;
	}
	gatt_set_value(a, value);
	return 0;
}

int gatt_session_write(struct gatt_session *session, uint16_t handle,
		       enum gatt_permission by, struct ble_bytes value)
{
	struct gatt_attribute *a = gatt_table_find(session->table, handle);

	if (!a)
		return ATT_INVALID_HANDLE;
	if (!(a->permissions & by))
		return ATT_WRITE_NOT_PERMITTED;
	return gatt_session_store(session, a, value);
}

uint16_t gatt_session_configuration(const struct gatt_session *session,
				    uint16_t handle)
{
	const struct gatt_attribute *a = gatt_table_find(session->table, handle);

	return a && a->configuration ?
		       get_le16(session->configurations[a->configuration - 1]) : 0;
}
