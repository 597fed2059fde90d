/* SPDX-License-Identifier: MIT */
/*
 * CHARACTERISTIC on the command line: @HANDLE, a UUID, or a name of the assigned
 * numbers. The @ distinguishes a handle from a UUID, since 0x2a37 may be both.
 * A slash and a descriptor may follow.
 */
#include "cli/cli.h"

#include <string.h>
#include <strings.h>

/* The ranges of the assigned numbers */
enum {
	FIRST_CHARACTERISTIC = 0x2a00, LAST_CHARACTERISTIC = 0x2fff,
	FIRST_DESCRIPTOR = 0x2900, LAST_DESCRIPTOR = 0x29ff,
	USER_DESCRIPTION = 0x2901, /* Vol 3, Part G, 3.3.3.2 */
};

/* A service and a characteristic may have the same name; within one range a name is
 * unique. */
static int find_by_name(const char *name, uint16_t first, uint16_t last,
			struct ble_uuid *ret_uuid)
{
	struct ble_uuid uuid;

	for (uint16_t i = first; i <= last; i++) {
		char known[BLE_NAME_TEXT];

		uuid = ble_uuid16(i);
		if (ble_uuid_name(&uuid, known) && strcasecmp(known, name) == 0) {
			*ret_uuid = uuid;
			return 0;
		}
	}
	/* In another form, as "heart_rate_measurement" */
	if (ble_uuid_from_name(name, &uuid) || ble_uuid_short(&uuid) < first ||
	    ble_uuid_short(&uuid) > last)
		return -ENOENT;
	*ret_uuid = uuid;
	return 0;
}

static int parse_handle(struct cli *cli, const char *text, uint16_t *ret_handle)
{
	long long number;

	if (parse_number(text + 1, 1, 0xffff, &number))
		return fail(cli, STATUS_USAGE,
			    "\"%s\" is not a handle: write @0x0025 or @37, from 1 to 65535",
			    text);
	*ret_handle = (uint16_t)number;
	return STATUS_OK;
}

/* Names of 2901 besides the one in the list of assigned numbers, "Characteristic User
 * Descriptor": the specification's, and shorter ones. */
static bool is_description(const char *name)
{
	static const char *const names[] = {
		"description", "user description", "characteristic user description",
	};
	char spaced[40];

	snprintf(spaced, sizeof(spaced), "%s", name);
	for (char *c = spaced; *c; c++)
		if (*c == '_')
			*c = ' ';
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcasecmp(names[i], spaced) == 0)
			return true;
	return false;
}

static int parse_descriptor(struct cli *cli, const char *text,
			    struct ble_uuid *ret_uuid)
{
	if (is_description(text))
		*ret_uuid = ble_uuid16(USER_DESCRIPTION);
	else if (ble_uuid_parse(text, ret_uuid) &&
		 find_by_name(text, FIRST_DESCRIPTOR, LAST_DESCRIPTOR, ret_uuid))
		return fail(cli, STATUS_USAGE,
			    "\"%s\" is not a descriptor: write a UUID (2901) or a name that %sinfo shows",
			    text, command_prefix(cli));
	return STATUS_OK;
}

int target_parse(struct cli *cli, const char *text, struct target *ret_target)
{
	const char *slash = strrchr(text, '/');
	struct target target = { .text = text };
	char whole[200];
	int status;

	if (*text != '@' && (ble_uuid_parse(text, &target.uuid) == 0 ||
			     find_by_name(text, FIRST_CHARACTERISTIC, LAST_CHARACTERISTIC,
					  &target.uuid) == 0)) {
		*ret_target = target;
		return STATUS_OK;
	}
	snprintf(whole, sizeof(whole), "%.*s", slash ? (int)(slash - text) : 199, text);
	if (*text == '@') {
		status = parse_handle(cli, whole, &target.handle);
		if (status)
			return status;
	} else if (ble_uuid_parse(whole, &target.uuid) &&
		   find_by_name(whole, FIRST_CHARACTERISTIC, LAST_CHARACTERISTIC,
				&target.uuid)) {
		return fail(cli, STATUS_USAGE,
			    "\"%s\" is not a characteristic: write a UUID (2a37), a handle (@0x0025) or a name that %sinfo shows",
			    whole, command_prefix(cli));
	}
	if (slash) {
		target.of_descriptor = true;
		status = parse_descriptor(cli, slash + 1, &target.descriptor);
		if (status)
			return status;
	}
	*ret_target = target;
	return STATUS_OK;
}

int type_parse(struct cli *cli, const char *text, struct ble_uuid *ret_uuid)
{
	int err = ble_uuid_parse(text, ret_uuid);

	if (err)
		err = ble_uuid_from_name(text, ret_uuid);
	if (err == -ENOTUNIQ)
		return fail(cli, STATUS_USAGE, "several kinds of attribute are called \"%s\": write the UUID of one",
			    text);
	if (err)
		return fail(cli, STATUS_USAGE,
			    "\"%s\" is not a type: write a UUID (2803) or a standard name", text);
	return STATUS_OK;
}

void put_uuid(const struct ble_uuid *uuid)
{
	char text[BLE_UUID_TEXT], name[BLE_NAME_TEXT] = "";

	put("%s%s%s", ble_uuid_text(uuid, text), ble_uuid_name(uuid, name) ? " " : "", name);
}

static int report_ambiguous(struct cli *cli, const struct target *target)
{
	const struct ble_services *tree = ble_client_services(cli->peer.client);
	const struct ble_characteristic *c = NULL;
	char list[600];
	size_t at = 0, n = 0;

	while ((c = ble_services_next_characteristic(tree, c))) {
		char service[BLE_UUID_TEXT];

		if (!ble_uuid_equal(&c->uuid, &target->uuid))
			continue;
		n++;
		if (at < sizeof(list) - 80)
			at += (size_t)snprintf(list + at, sizeof(list) - at,
					       "%s@0x%04x (service %s)",
					       at ? ", " : "", c->value_handle,
					       ble_uuid_text(&c->service->uuid, service));
		else if (list[at - 1] != '.')
			at += (size_t)snprintf(list + at, sizeof(list) - at, ", ...");
	}
	return fail(cli, STATUS_NOT_FOUND,
		    "%s has %zu characteristics %s: choose one of %s", cli->peer.name, n,
		    target->text, list);
}

int target_find(struct cli *cli, const struct target *target,
		const struct ble_characteristic **ret_characteristic)
{
	const struct ble_services *tree;
	char hint[INFO_HINT];
	int err, status = peer_discover(cli);

	if (status)
		return status;
	tree = ble_client_services(cli->peer.client);
	if (target->handle) {
		*ret_characteristic = ble_services_characteristic(tree, target->handle);
		err = *ret_characteristic ? 0 : -ENOENT;
	} else {
		err = ble_services_find_characteristic(tree, &target->uuid, ret_characteristic);
	}
	if (err == -ENOTUNIQ)
		return report_ambiguous(cli, target);
	if (err)
		return fail(cli, STATUS_NOT_FOUND,
			    "%s has no characteristic %s: %s lists what it has",
			    cli->peer.name, target->text, info_hint(cli, hint));
	return STATUS_OK;
}

static struct found found_value(const struct ble_characteristic *c)
{
	return (struct found){ c->value_handle, true, c->uuid, c->properties };
}

static struct found found_descriptor(const struct ble_descriptor *d)
{
	return (struct found){ d->handle, true, d->uuid, 0 };
}

/* Adds the UUID and the properties of a handle, if the services are known. */
static void add_uuid(struct cli *cli, struct found *found)
{
	const struct ble_services *tree = ble_client_services(cli->peer.client);
	const struct ble_characteristic *c;
	const struct ble_descriptor *d;

	if (!cli->peer.discovered)
		return;
	c = ble_services_characteristic(tree, found->handle);
	d = ble_services_descriptor(tree, found->handle);
	if (c && c->value_handle == found->handle) {
		*found = found_value(c);
	} else if (d) {
		*found = found_descriptor(d);
	}
}

int target_attribute(struct cli *cli, const struct target *target,
		     struct found *ret_found)
{
	const struct ble_characteristic *c;
	const struct ble_descriptor *d;
	char hint[INFO_HINT];
	int status;

	if (target->handle && !target->of_descriptor) {
		*ret_found = (struct found){ .handle = target->handle };
		add_uuid(cli, ret_found);
		return STATUS_OK;
	}
	status = target_find(cli, target, &c);
	if (status)
		return status;
	*ret_found = found_value(c);
	if (!target->of_descriptor)
		return STATUS_OK;
	d = ble_characteristic_find_descriptor(c, &target->descriptor);
	if (!d)
		return fail(cli, STATUS_NOT_FOUND,
			    "%s has no descriptor %s: %s lists what it has",
			    cli->peer.name, target->text, info_hint(cli, hint));
	*ret_found = found_descriptor(d);
	return STATUS_OK;
}
