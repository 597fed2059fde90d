/* SPDX-License-Identifier: MIT */
/*
 * Discovery in few requests: primary services over all handles, characteristics
 * over all services together, includes and descriptors only in gaps that could
 * hold one, secondary services only where a characteristic outside of the primary
 * services or an include points to one. Each step is one sweep; while it runs, the
 * record callback moves it over handles whose answer is known. The handles behind
 * the last characteristic are swept once, for descriptors, and not twice.
 *
 * Chosen services are found by their UUIDs; the sweeps after that leave out the
 * handles between them. Included services are named and not discovered.
 */
#include "gatt/discover_steps.h"

#include "gatt/gaps.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/uuid.h"

enum { /* Vol 3, Part G, 3 */
	PRIMARY_SERVICE = 0x2800,
	SECONDARY_SERVICE = 0x2801,
	INCLUDE = 0x2802,
	CHARACTERISTIC = 0x2803,
	DATABASE_HASH = 0x2b2a, /* 7.3 */
};

/* -- The hash ------------------------------------------------------------------ */

static bool hash_range(struct gatt_discovery *discovery, struct att_op *op)
{
	const struct gatt_service_changed *changed =
		discovery->procedure.client->service_changed;

	op->start = 1;
	op->end = 0xffff;
	return changed && changed->load;
}

static int hash_record(struct gatt_discovery *discovery, struct att_op *op,
		       const struct att_record *record)
{
	op->end = record->handle; /* a peer has one */
	discovery->hashed = record->value.len == GATT_HASH;
	if (discovery->hashed)
		memcpy(discovery->hash, record->value.data, GATT_HASH);
	return 0;
}

/* An ATT error means that the peer has no hash. */
static int hash_ended(struct gatt_discovery *discovery, int error)
{
	struct gatt_service_changed *changed =
		discovery->procedure.client->service_changed;

	if (error && !ble_error_att(error) && error != -EBADMSG)
		return error;
	if (error)
		discovery->hashed = false;
	discovery->known = discovery->hashed &&
		changed->load(changed, discovery->hash, &discovery->tree);
	return 0;
}

/* -- Services ------------------------------------------------------------------ */

static bool services_range(struct gatt_discovery *discovery, struct att_op *op)
{
	(void)discovery;
	op->start = 1;
	op->end = 0xffff;
	return true;
}

static int service_record(struct gatt_discovery *discovery, struct att_op *op,
			  const struct att_record *record)
{
	struct ble_service service = {
		.handle = record->handle,
		.end = record->end,
		.primary = ble_uuid_short(&op->type) == PRIMARY_SERVICE,
	};

	if (record->value.len == 4 ||
	    uuid_from_wire(record->value.data, record->value.len, &service.uuid))
		return -EBADMSG;
	return gatt_tree_add_service(&discovery->tree, &service);
}

/* -- Characteristics ------------------------------------------------------------- */

static bool characteristics_range(struct gatt_discovery *discovery,
				  struct att_op *op)
{
	const struct ble_services *tree = &discovery->tree;

	if (!tree->n_services)
		return false;
	op->start = discovery->swept_from = tree->services[0].handle;
	op->end = discovery->swept_to = tree->services[tree->n_services - 1].end;
	return op->end - op->start >= 2; /* declaration, characteristic, value */
}

static int characteristic_record(struct gatt_discovery *discovery,
				 struct att_op *op,
				 const struct att_record *record)
{
	const struct ble_service *service;
	struct ble_characteristic c = { .handle = record->handle };
	const uint8_t *value = record->value.data;

	if (record->value.len != 5 && record->value.len != 19)
		return -EBADMSG;
	c.properties = value[0];
	c.value_handle = get_le16(value + 1);
	uuid_from_wire(value + 3, record->value.len - 3, &c.uuid);
	if (c.value_handle <= c.handle)
		return -EBADMSG;
	/* The value follows, and the next declaration needs two handles. */
	op->start = c.value_handle < 0xffff ? (uint16_t)(c.value_handle + 1) : c.value_handle;
	if (op->end - c.value_handle < 2)
		op->end = c.handle;
	service = gatt_tree_group(&discovery->tree, c.handle);
	if ((service && c.value_handle > service->end) ||
	    gatt_tree_meets_another(&discovery->tree, &c))
		return -EBADMSG;
	/* Outside of the services, it belongs to a secondary one. */
	return gatt_tree_add_characteristic(&discovery->tree, &c);
}

/* Whether the current response has no room for another row of the record's
 * length. */
static bool is_full(struct gatt_discovery *discovery, const struct att_record *record)
{
	const struct att *att = discovery->procedure.client->att;
	size_t row = 2 + record->value.len;

	if (discovery->response != att->requests)
		discovery->rows = 0;
	discovery->response = att->requests;
	return (++discovery->rows + 1) * row > att->mtu - 2u;
}

/* If a response has room left, the next characteristic has a UUID of another length,
 * or there is none. In the last service Find Information tells which, as it sweeps
 * these handles for descriptors anyway. */
static int swept_record(struct gatt_discovery *discovery, struct att_op *op,
			const struct att_record *record)
{
	const struct ble_services *tree = &discovery->tree;
	uint16_t last = tree->services[tree->n_services - 1].handle;
	bool full = is_full(discovery, record);
	int error;

	op->end = discovery->swept_to; /* another record of the same response */
	discovery->left = 0;
	error = characteristic_record(discovery, op, record);
	if (error || full || record->handle < last || op->end == record->handle ||
	    discovery->procedure.client->att->whole_sweeps)
		return error;
	op->end = record->handle;
	discovery->left = get_le16(record->value.data + 1);
	return 0;
}

/* The characteristics that Find Information found there. */
static bool late_range(struct gatt_discovery *discovery, struct att_op *op)
{
	discovery->left = 0;
	op->start = discovery->late;
	op->end = discovery->swept_to;
	return op->start != 0;
}

/* -- Gaps (gaps.h) -------------------------------------------------------------- */

static bool gaps_range(struct gatt_discovery *discovery, struct att_op *op,
		       enum gatt_gaps kind, uint16_t from)
{
	return gatt_gaps_range(&discovery->tree, kind, from, &discovery->cursor,
			       &op->start, &op->end);
}

static bool gaps_found(struct gatt_discovery *discovery, struct att_op *op,
		       enum gatt_gaps kind, uint16_t handle)
{
	return gatt_gaps_found(&discovery->tree, kind, handle, &discovery->cursor,
			       &op->start, &op->end);
}

/* -- Included services --------------------------------------------------------------- */

static bool includes_range(struct gatt_discovery *discovery, struct att_op *op)
{
	return gaps_range(discovery, op, GATT_GAPS_INCLUDES, 0);
}

static int include_record(struct gatt_discovery *discovery, struct att_op *op,
			  const struct att_record *record)
{
	struct ble_include include = { .handle = record->handle };
	const uint8_t *value = record->value.data;

	if (record->value.len != 4 && record->value.len != 6)
		return -EBADMSG;
	include.start = get_le16(value);
	include.end = get_le16(value + 2);
	/* A long UUID is left out (3.2): the included service has it. */
	if (record->value.len == 6)
		uuid_from_wire(value + 4, 2, &include.uuid);
	if (!gaps_found(discovery, op, GATT_GAPS_INCLUDES, record->handle))
		return 0;
	return gatt_tree_add_include(&discovery->tree, &include);
}

/* -- Secondary services ---------------------------------------------------------------- */

static void widen(struct att_op *op, uint32_t start, uint32_t end)
{
	if (op->start == 0 || start < op->start)
		op->start = (uint16_t)start;
	if (end > op->end)
		op->end = (uint16_t)end;
}

/* From behind the service before the first handle that points to one, to the last
 * such handle. */
static bool secondary_range(struct gatt_discovery *discovery, struct att_op *op)
{
	const struct ble_services *tree = &discovery->tree;

	for (size_t i = 0; i < tree->n_characteristics; i++) {
		uint16_t handle = tree->characteristics[i].handle;
		const struct ble_service *before = gatt_tree_before(tree, handle);

		if (handle > before->end)
			widen(op, before->end + 1u, handle);
	}
	for (size_t i = 0; i < tree->n_includes; i++) {
		const struct ble_include *include = &tree->includes[i];

		if (include->start && !gatt_tree_group(tree, include->start))
			widen(op, include->start, include->start);
	}
	return op->start != 0;
}

/* Their characteristics, if outside of the first sweep. */
static bool stragglers_range(struct gatt_discovery *discovery, struct att_op *op)
{
	const struct ble_services *tree = &discovery->tree;

	for (size_t i = 0; i < tree->n_services; i++) {
		const struct ble_service *s = &tree->services[i];

		if (!s->primary && (s->handle < discovery->swept_from ||
				    s->end > discovery->swept_to))
			widen(op, s->handle, s->end);
	}
	return op->start != 0 && op->end - op->start >= 2;
}

static int straggler_record(struct gatt_discovery *discovery, struct att_op *op,
			    const struct att_record *record)
{
	if (record->handle >= discovery->swept_from &&
	    record->handle <= discovery->swept_to)
		return 0;
	return characteristic_record(discovery, op, record);
}

/* -- Descriptors ------------------------------------------------------------------------ */

static bool descriptors_range(struct gatt_discovery *discovery, struct att_op *op)
{
	gatt_tree_settle(&discovery->tree);
	return gaps_range(discovery, op, GATT_GAPS_DESCRIPTORS, discovery->late);
}

/* Those of the characteristics that were found late. */
static bool late_descriptors_range(struct gatt_discovery *discovery, struct att_op *op)
{
	return discovery->late && descriptors_range(discovery, op);
}

/* Whether a declaration in one of the services is not in the tree: the record that told of it
 * was lost. A dongle's messages have no checksum and no number, but its firmware sweeps all
 * handles, so that they are seen here, too. */
static bool is_unknown(const struct gatt_discovery *discovery, uint16_t type, uint16_t handle)
{
	const struct ble_services *tree = &discovery->tree;

	if (type == PRIMARY_SERVICE)
		return !discovery->uuids && !ble_services_service(tree, handle);
	return type == CHARACTERISTIC && gatt_tree_group(tree, handle) &&
	       !ble_services_characteristic(tree, handle);
}

/* In the place of a descriptor: a declaration, or the second configuration of a
 * characteristic, because the declarations before it were lost. */
static bool is_misplaced(const struct ble_services *tree, const struct ble_descriptor *descriptor)
{
	enum { CONFIGURATION = 0x2902 };
	const struct ble_characteristic *c =
		gatt_tree_at(tree->characteristics, tree->n_characteristics,
			     sizeof(*tree->characteristics), descriptor->handle);
	uint16_t type = ble_uuid_short(&descriptor->uuid);

	if (type >= PRIMARY_SERVICE && type <= CHARACTERISTIC)
		return true;
	for (size_t i = tree->n_descriptors; type == CONFIGURATION && c && i-- > 0;) {
		const struct ble_descriptor *before = &tree->descriptors[i];

		if (before->handle < c->value_handle)
			break;
		if (ble_uuid_equal(&before->uuid, &descriptor->uuid))
			return true;
	}
	return false;
}

/* Of a backend that sweeps by itself. Over other links nothing is lost: what is odd there
 * is the peer's way, and stays. */
static int swept_descriptor(struct gatt_discovery *discovery,
			    const struct ble_descriptor *descriptor)
{
	uint16_t type = ble_uuid_short(&descriptor->uuid), start = 0, end = 0;

	if (is_unknown(discovery, type, descriptor->handle))
		discovery->misplaced = true;
	/* The range stays, so that all records come. */
	if (!gatt_gaps_found(&discovery->tree, GATT_GAPS_DESCRIPTORS, descriptor->handle,
			     &discovery->cursor, &start, &end))
		return 0;
	if (is_misplaced(&discovery->tree, descriptor))
		discovery->misplaced = true;
	return gatt_tree_add_descriptor(&discovery->tree, descriptor);
}

static int descriptor_record(struct gatt_discovery *discovery, struct att_op *op,
			     const struct att_record *record)
{
	struct ble_descriptor descriptor = { .handle = record->handle };

	uuid_from_wire(record->value.data, record->value.len, &descriptor.uuid);
	if (discovery->procedure.client->att->whole_sweeps)
		return swept_descriptor(discovery, &descriptor);
	if (discovery->left && record->handle > discovery->left &&
	    (discovery->late || ble_uuid_short(&descriptor.uuid) == CHARACTERISTIC)) {
		if (!discovery->late)
			discovery->late = op->end = record->handle;
		return 0;
	}
	if (!gaps_found(discovery, op, GATT_GAPS_DESCRIPTORS, record->handle))
		return 0;
	return gatt_tree_add_descriptor(&discovery->tree, &descriptor);
}

/* -- Chosen services only ---------------------------------------------------------------- */

static bool chosen_range(struct gatt_discovery *discovery, struct att_op *op)
{
	const struct ble_uuid *uuid = &discovery->uuids[discovery->uuid];

	op->value = bytes(discovery->wire, uuid_to_wire(uuid, discovery->wire));
	return services_range(discovery, op);
}

/* Overlapping groups are an error of the peer, unless the user gave a UUID twice. */
static int chosen_record(struct gatt_discovery *discovery, struct att_op *op,
			 const struct att_record *record)
{
	struct ble_service service = {
		.handle = record->handle,
		.end = record->end,
		.primary = true,
		.uuid = discovery->uuids[discovery->uuid],
	};
	const struct ble_service *before =
		gatt_tree_before(&discovery->tree, record->end);

	(void)op;
	if (!before || before->end < record->handle)
		return gatt_tree_add_service(&discovery->tree, &service);
	return before->handle == record->handle &&
	       ble_uuid_equal(&before->uuid, &service.uuid) ? 0 : -EBADMSG;
}

static bool inner_range(struct gatt_discovery *discovery, struct att_op *op)
{
	return gaps_range(discovery, op, GATT_GAPS_CHARACTERISTICS, 0);
}

static int inner_record(struct gatt_discovery *discovery, struct att_op *op,
			const struct att_record *record)
{
	if (!gaps_found(discovery, op, GATT_GAPS_CHARACTERISTICS, record->handle))
		return 0;
	return characteristic_record(discovery, op, record);
}

/* -- The steps ----------------------------------------------------------------------------- */

/* Each table ends with a row without range. */
const struct gatt_step gatt_steps_all[] = {
	{ ATT_READ_BY_TYPE, DATABASE_HASH, hash_range, hash_record, false, hash_ended },
	{ ATT_READ_BY_GROUP_TYPE, PRIMARY_SERVICE, services_range, service_record,
	  false, NULL },
	{ ATT_READ_BY_TYPE, CHARACTERISTIC, characteristics_range, swept_record, false, NULL },
	{ ATT_READ_BY_TYPE, INCLUDE, includes_range, include_record, false, NULL },
	{ ATT_READ_BY_GROUP_TYPE, SECONDARY_SERVICE, secondary_range,
	  service_record, false, NULL },
	{ ATT_READ_BY_TYPE, CHARACTERISTIC, stragglers_range, straggler_record, false, NULL },
	{ ATT_FIND_INFORMATION, 0, descriptors_range, descriptor_record, false, NULL },
	{ ATT_READ_BY_TYPE, CHARACTERISTIC, late_range, characteristic_record, false, NULL },
	{ ATT_FIND_INFORMATION, 0, late_descriptors_range, descriptor_record, false, NULL },
	{ 0 }
};

const struct gatt_step gatt_steps_chosen[] = {
	{ ATT_FIND_BY_TYPE_VALUE, PRIMARY_SERVICE, chosen_range, chosen_record, true, NULL },
	{ ATT_READ_BY_TYPE, CHARACTERISTIC, inner_range, inner_record, false, NULL },
	{ ATT_READ_BY_TYPE, INCLUDE, includes_range, include_record, false, NULL },
	{ ATT_FIND_INFORMATION, 0, descriptors_range, descriptor_record, false, NULL },
	{ 0 }
};
