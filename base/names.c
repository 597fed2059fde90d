/* SPDX-License-Identifier: MIT */
/* The names of the assigned numbers. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/portable.h"
#include "blewire.h"

/* Consecutive numbers, whose names are consecutive too: they end where those of
 * the next run start. */
struct run {
	uint16_t number;
	uint16_t name;
};

#include "base/names-table.h" /* made by names.sh */

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* -- Names by their place ------------------------------------------------------ */

/* Writes what an octet of the text stands for, and returns the end. */
static char *spell(char *out, uint8_t octet)
{
	if (!pairs[octet][0]) {
		*out = (char)octet;
		return out + 1;
	}
	return spell(spell(out, pairs[octet][0]), pairs[octet][1]);
}

/* names.sh sees to it that all names fit. */
static char *name_at(size_t place, char name[BLE_NAME_TEXT])
{
	const uint8_t *p = all_names + blocks[place / BLOCK];
	char *out = name;

	for (size_t i = 0; i < place % BLOCK; i++)
		p += strlen((const char *)p) + 1;
	while (*p)
		out = spell(out, *p++);
	*out = '\0';
	return name;
}

/* -- Places by numbers --------------------------------------------------------- */

static char *name_in(const struct run *run, size_t count, unsigned int number,
		     char name[BLE_NAME_TEXT])
{
	size_t low = 0, high = count - 1; /* the last one is the end */

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (number < run[middle].number)
			high = middle;
		else if (number - run[middle].number >= (unsigned int)run[middle + 1].name -
								run[middle].name)
			low = middle + 1;
		else
			return name_at(run[middle].name + number - run[middle].number,
				       name);
	}
	return NULL;
}

#define NAME_IN(runs, number, name) name_in(runs, COUNT(runs), number, name)

static int compare_uuid(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ble_uuid));
}

char *ble_uuid_name(const struct ble_uuid *uuid, char name[BLE_NAME_TEXT])
{
	uint16_t number = ble_uuid_short(uuid);
	const struct ble_uuid *found;

	if (number)
		return NAME_IN(short_runs, number, name);
	found = bsearch(uuid, long_uuids, COUNT(long_uuids), sizeof(*uuid), compare_uuid);
	return found ? name_at((size_t)(found - long_uuids) + LONG_FIRST, name) : NULL;
}

char *ble_company_name(uint16_t company, char name[BLE_NAME_TEXT])
{
#ifdef COMPANY_NAMES
	return NAME_IN(company_runs, company, name);
#else
	(void)company;
	(void)name;
	return NULL;
#endif
}

char *ble_appearance_category(uint16_t appearance, char name[BLE_NAME_TEXT])
{
	return NAME_IN(appearance_runs, appearance & 0xffc0u, name);
}

char *ble_appearance_name(uint16_t appearance, char name[BLE_NAME_TEXT])
{
	return NAME_IN(appearance_runs, appearance, name) ?
		       name : ble_appearance_category(appearance, name);
}

char *ble_ad_name(uint8_t type, char name[BLE_NAME_TEXT])
{
	return NAME_IN(ad_runs, type, name);
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

static bool is_name_at(const char *name, size_t place)
{
	char text_at[BLE_NAME_TEXT];

	return same_name(name, name_at(place, text_at));
}

int ble_uuid_from_name(const char *name, struct ble_uuid *ret_uuid)
{
	struct ble_uuid uuid;
	unsigned int found = 0;

	for (const struct run *run = short_runs; run->number != 0xffff; run++) {
		for (size_t i = run->name; i < run[1].name; i++) {
			if (!is_name_at(name, i))
				continue;
			uuid = ble_uuid16((uint16_t)(run->number + i - run->name));
			found++;
		}
	}
	for (size_t i = 0; i < COUNT(long_uuids); i++) {
		if (!is_name_at(name, LONG_FIRST + i))
			continue;
		uuid = long_uuids[i];
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
