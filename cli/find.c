/* SPDX-License-Identifier: MIT */
/*
 * CHARACTERISTIC on the command line: @HANDLE, a UUID, or a name of the assigned
 * numbers. The sign in front tells a handle from a UUID, since 0x2a37 is both.
 */
#include "cli/cli.h"

#include <string.h>
#include <strings.h>

/* Where the assigned numbers keep characteristics. */
enum { FIRST_UUID = 0x2a00, LAST_UUID = 0x2fff };

static int by_name(const char *name, struct ble_uuid *ret_uuid)
{
	for (uint16_t i = FIRST_UUID; i <= LAST_UUID; i++) {
		struct ble_uuid uuid = ble_uuid16(i);
		const char *known = ble_uuid_name(&uuid);

		if (known && strcasecmp(known, name) == 0) {
			*ret_uuid = uuid;
			return 0;
		}
	}
	return -ENOENT;
}

int target_parse(struct cli *cli, const char *text, struct target *ret_target)
{
	struct target target = { .text = text };
	long long number;

	if (*text == '@') {
		if (parse_number(text + 1, 1, 0xffff, &number))
			return fail(cli, STATUS_USAGE,
				    "\"%s\" is not a handle: write @0x0025 or @37, from 1 to 65535",
				    text);
		target.handle = (uint16_t)number;
	} else if (ble_uuid_parse(text, &target.uuid) && by_name(text, &target.uuid)) {
		return fail(cli, STATUS_USAGE,
			    "\"%s\" is not a characteristic: write a UUID (2a37), a handle (@0x0025) or a name that blewire info shows",
			    text);
	}
	*ret_target = target;
	return STATUS_OK;
}

void put_uuid(const struct ble_uuid *uuid)
{
	const char *name = ble_uuid_name(uuid);
	char text[BLE_UUID_TEXT];

	put("%s%s%s", ble_uuid_text(uuid, text), name ? " " : "", name ? name : "");
}

static int several(struct cli *cli, const struct peer *peer,
		   const struct target *target)
{
	const struct ble_services *tree = ble_client_services(peer->client);
	char list[600];
	size_t at = 0, n = 0;

	for (size_t i = 0; i < tree->n_characteristics; i++) {
		const struct ble_characteristic *c = &tree->characteristics[i];
		char service[BLE_UUID_TEXT];

		if (!ble_uuid_equal(&c->uuid, &target->uuid))
			continue;
		n++;
		if (at < sizeof(list) - 80)
			at += (size_t)snprintf(list + at, sizeof(list) - at,
					       "%s@0x%04x (service %s)",
					       at ? ", " : "", c->value,
					       ble_uuid_text(&c->service->uuid, service));
		else if (list[at - 1] != '.')
			at += (size_t)snprintf(list + at, sizeof(list) - at, ", ...");
	}
	return fail(cli, STATUS_NOT_FOUND,
		    "%s has %zu characteristics %s: choose one of %s", peer->name, n,
		    target->text, list);
}

int target_find(struct cli *cli, struct peer *peer, const struct target *target,
		const struct ble_characteristic **ret_characteristic)
{
	const struct ble_services *tree;
	int err, status = peer_discover(cli, peer);

	if (status)
		return status;
	tree = ble_client_services(peer->client);
	if (target->handle) {
		*ret_characteristic = ble_services_characteristic(tree, target->handle);
		err = *ret_characteristic ? 0 : -ENOENT;
	} else {
		err = ble_services_find(tree, &target->uuid, ret_characteristic);
	}
	if (err == -ENOTUNIQ)
		return several(cli, peer, target);
	if (err)
		return fail(cli, STATUS_NOT_FOUND,
			    "%s has no characteristic %s: blewire info %s lists what it has",
			    peer->name, target->text, peer->name);
	return STATUS_OK;
}

int target_handle(struct cli *cli, struct peer *peer,
		  const struct target *target, uint16_t *ret_handle,
		  const struct ble_characteristic **ret_characteristic)
{
	int status;

	if (target->handle) {
		*ret_handle = target->handle;
		*ret_characteristic = NULL;
		return STATUS_OK;
	}
	status = target_find(cli, peer, target, ret_characteristic);
	if (!status)
		*ret_handle = (*ret_characteristic)->value;
	return status;
}
