/* SPDX-License-Identifier: MIT */
/*
 * Prepared writes (Vol 3, Part F, 3.4.6): kept in the order of their arrival
 * in one bounded buffer, each as handle, offset, length and octets.
 *
 * The parts for one attribute make one new value. Where its first part begins
 * at 0 the value ends with the last part, as after a Write Request; if it begins
 * later, octets that no part covers stay as they are.
 */
#include <string.h>

#include "att/pdu.h"
#include "base/bytes.h"
#include "gatt/server.h"

enum { HEAD = 6 };

/* One value while it is composed of its parts. */
struct whole {
	struct gatt_attribute *attribute;
	size_t len;
	uint8_t octets[ATT_VALUE_MAX];
};

int gatt_session_prepare(struct gatt_session *session, uint16_t handle,
			 uint16_t offset, struct ble_bytes value)
{
	const struct gatt_attribute *a = gatt_table_find(session->table, handle);
	uint8_t *p = session->prepared + session->prepared_len;

	if (!a)
		return ATT_INVALID_HANDLE;
	if (!(a->permissions & GATT_MAY_WRITE))
		return ATT_WRITE_NOT_PERMITTED;
	if (value.len + HEAD > GATT_PREPARED_MAX - session->prepared_len)
		return ATT_PREPARE_QUEUE_FULL;
	put_le16(p, handle);
	put_le16(p + 2, offset);
	put_le16(p + 4, (uint16_t)value.len);
	if (value.len)
		memcpy(p + HEAD, value.data, value.len);
	session->prepared_len += HEAD + value.len;
	return 0;
}

/* Composes the value of one handle. Offsets and lengths are checked here and not on
 * arrival: Execute Write refuses them (3.4.6.3). */
static int gather(struct gatt_session *session, uint16_t handle,
		  struct whole *whole)
{
	const uint8_t *p = session->prepared;
	const uint8_t *end = p + session->prepared_len;
	struct ble_bytes old;
	bool first = true;

	whole->attribute = gatt_table_find(session->table, handle);
	if (!whole->attribute)
		return ATT_INVALID_HANDLE; /* removed meanwhile */
	old = gatt_session_stored(session, whole->attribute);
	whole->len = 0;
	for (size_t len; p < end; p += HEAD + len) {
		size_t offset = get_le16(p + 2);

		len = get_le16(p + 4);
		if (get_le16(p) != handle)
			continue;
		if (first && offset && old.len) {
			memcpy(whole->octets, old.data, old.len);
			whole->len = old.len;
		}
		first = false;
		if (offset > whole->len)
			return ATT_INVALID_OFFSET;
		if (offset + len > whole->attribute->max)
			return ATT_INVALID_VALUE_LENGTH;
		memcpy(whole->octets + offset, p + HEAD, len);
		if (offset + len > whole->len)
			whole->len = offset + len;
	}
	return 0;
}

/* Whether the part at p is the first one for its handle. */
static bool is_first(const struct gatt_session *session, const uint8_t *p)
{
	for (const uint8_t *q = session->prepared; q < p;
	     q += HEAD + get_le16(q + 4))
		if (!memcmp(q, p, 2))
			return false;
	return true;
}

/* Every value is composed twice: first to check it, so that an invalid part leaves
 * all values unchanged, then to store it. */
static int each_value(struct gatt_session *session, bool store,
		      uint16_t *ret_refused)
{
	const uint8_t *p = session->prepared;
	const uint8_t *end = p + session->prepared_len;
	struct whole whole;
	int err;

	for (; p < end; p += HEAD + get_le16(p + 4)) {
		if (!is_first(session, p))
			continue;
		err = gather(session, get_le16(p), &whole);
		if (!err && store)
			err = gatt_session_store(session, whole.attribute,
						 bytes(whole.octets, whole.len));
		if (err) {
			*ret_refused = get_le16(p);
			return err;
		}
	}
	return 0;
}

int gatt_session_execute(struct gatt_session *session, bool write,
			 uint16_t *ret_refused)
{
	int err = 0;

	if (write)
		err = each_value(session, false, ret_refused);
	if (write && !err)
		err = each_value(session, true, ret_refused);
	session->prepared_len = 0;
	return err;
}
