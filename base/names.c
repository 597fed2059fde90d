/* SPDX-License-Identifier: MIT */
/* The names of the assigned numbers. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/portable.h"
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

/* The entry of a number in a table of short names, as text; NULL: none. */
#define SHORT_NAME(table, number) \
	short_name(number, table, COUNT(table), table##_text)

static const char *short_name(uint16_t number, const struct short_name *table,
			      size_t count, const char *text)
{
	const struct short_name *name =
		bsearch(&number, table, count, sizeof(*table), compare_short);

	return name ? text + 2 * name->name : NULL;
}

const char *ble_uuid_name(const struct ble_uuid *uuid)
{
	uint16_t number = ble_uuid_short(uuid);
	const struct long_name *name;

	if (number)
		return SHORT_NAME(short_names, number);
	name = bsearch(uuid->octet, long_names, COUNT(long_names),
		       sizeof(long_names[0]), compare_long);
	return name ? long_names_text + 2 * name->name : NULL;
}

const char *ble_company_name(uint16_t company)
{
#ifdef COMPANY_NAMES
	return SHORT_NAME(company_names, company);
#else
	(void)company;
	return NULL;
#endif
}

const char *ble_appearance_category(uint16_t appearance)
{
	return SHORT_NAME(appearance_names, (uint16_t)(appearance & ~0x3f));
}

const char *ble_appearance_name(uint16_t appearance)
{
	const char *name = SHORT_NAME(appearance_names, appearance);

	return name ? name : ble_appearance_category(appearance);
}

const char *ble_ad_name(uint8_t type)
{
	return SHORT_NAME(ad_names, type);
}

/* -- UUIDs by their names ----------------------------------------------------- */

static const char *skip_gap(const char *text)
{
	return text + strspn(text, " _-");
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Equal but for case and for what stands between words. */
static bool same_name(const char *a, const char *b)
{
	for (;;) {
		a = skip_gap(a);
		b = skip_gap(b);
		if (lower(*a) != lower(*b))
			return false;
		if (!*a)
			return true;
		a++;
		b++;
	}
}

int ble_uuid_from_name(const char *name, struct ble_uuid *ret_uuid)
{
	struct ble_uuid uuid;
	unsigned int found = 0;

	for (size_t i = 0; i < COUNT(short_names); i++) {
		if (!same_name(name, short_names_text + 2 * short_names[i].name))
			continue;
		uuid = ble_uuid16(short_names[i].number);
		found++;
	}
	for (size_t i = 0; i < COUNT(long_names); i++) {
		if (!same_name(name, long_names_text + 2 * long_names[i].name))
			continue;
		uuid = long_names[i].uuid;
		found++;
	}
	if (found != 1)
		return found ? -ENOTUNIQ : -ENOENT;
	*ret_uuid = uuid;
	return 0;
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
