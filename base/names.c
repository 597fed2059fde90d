/* SPDX-License-Identifier: MIT */
/* The names of the assigned numbers. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "blewire.h"

struct short_name {
	uint16_t number;
	uint16_t name; /* its place in the text, in pairs of octets */
};

struct long_name {
	struct ble_uuid uuid;
	uint16_t name;
};

#include "base/names-table.h" /* made by names.sh */

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static int compare_short(const void *key, const void *entry)
{
	uint16_t number = *(const uint16_t *)key;
	const struct short_name *name = entry;

	return (number > name->number) - (number < name->number);
}

static int compare_long(const void *key, const void *entry)
{
	const struct long_name *name = entry;

	return memcmp(key, name->uuid.octet, sizeof(name->uuid.octet));
}

const char *ble_uuid_name(const struct ble_uuid *uuid)
{
	uint16_t number = ble_uuid_short(uuid);

	if (number) {
		const struct short_name *name =
			bsearch(&number, short_names, COUNT(short_names),
				sizeof(short_names[0]), compare_short);

		return name ? short_names_text + 2 * name->name : NULL;
	} else {
		const struct long_name *name =
			bsearch(uuid->octet, long_names, COUNT(long_names),
				sizeof(long_names[0]), compare_long);

		return name ? long_names_text + 2 * name->name : NULL;
	}
}

const char *ble_company_name(uint16_t company)
{
#ifdef COMPANY_NAMES
	const struct short_name *name =
		bsearch(&company, company_names, COUNT(company_names),
			sizeof(company_names[0]), compare_short);

	return name ? company_names_text + 2 * name->name : NULL;
#else
	(void)company;
	return NULL;
#endif
}

/* Vol 3, Part G, 3.3.1.1, bit after bit, in the words that BlueZ's users know. */
const char *ble_property_text(enum ble_property property)
{
	static const char *const names[] = {
		"broadcast", "read", "write-without-response", "write", "notify",
		"indicate", "authenticated-signed-writes", "extended-properties",
	};

	for (size_t i = 0; i < COUNT(names); i++)
		if (property == 1u << i)
			return names[i];
	return "unknown";
}
