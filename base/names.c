/* SPDX-License-Identifier: MIT */
/* The names of the assigned numbers. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/portable.h"
#include "blewire.h"

/* Consecutive numbers; their names are one after the other. */
struct row {
	uint16_t number; /* the first */
	uint16_t count;
	uint32_t place; /* of its name in all_names[] */
};

struct long_row {
	uint8_t uuid[16];
	uint32_t place;
};

#include "base/names-table.h" /* made by names.sh; rows are sorted */

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* -- Names by their numbers ---------------------------------------------------- */

static const char *next_name(const char *name)
{
	return name + strlen(name) + 1;
}

/* names.sh sees to it that all names fit. */
static char *copy(char name[BLE_NAME_TEXT], const char *from)
{
	return memcpy(name, from, strlen(from) + 1);
}

static char *name_in(const struct row *rows, size_t count, unsigned int number,
		     char name[BLE_NAME_TEXT])
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct row *row = &rows[middle];
		const char *found = all_names + row->place;

		if (number < row->number) {
			high = middle;
		} else if (number - row->number >= row->count) {
			low = middle + 1;
		} else {
			for (unsigned int i = row->number; i < number; i++)
				found = next_name(found);
			return copy(name, found);
		}
	}
	return NULL;
}

#define NAME_IN(rows, number, name) name_in(rows, COUNT(rows), number, name)

static char *long_name(const struct ble_uuid *uuid, char name[BLE_NAME_TEXT])
{
	size_t low = 0, high = COUNT(long_rows);

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct long_row *row = &long_rows[middle];
		int order = memcmp(uuid->octet, row->uuid, sizeof(row->uuid));

		if (order == 0)
			return copy(name, all_names + row->place);
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

char *ble_uuid_name(const struct ble_uuid *uuid, char name[BLE_NAME_TEXT])
{
	uint16_t number = ble_uuid_short(uuid);

	return number ? NAME_IN(short_rows, number, name) : long_name(uuid, name);
}

char *ble_company_name(uint16_t company, char name[BLE_NAME_TEXT])
{
#ifdef COMPANY_NAMES
	return NAME_IN(company_rows, company, name);
#else
	(void)company;
	(void)name;
	return NULL;
#endif
}

char *ble_appearance_category(uint16_t appearance, char name[BLE_NAME_TEXT])
{
	return NAME_IN(appearance_rows, appearance & 0xffc0u, name);
}

char *ble_appearance_name(uint16_t appearance, char name[BLE_NAME_TEXT])
{
	return NAME_IN(appearance_rows, appearance, name) ?
		       name : ble_appearance_category(appearance, name);
}

char *ble_ad_name(uint8_t type, char name[BLE_NAME_TEXT])
{
	return NAME_IN(ad_rows, type, name);
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

/* Ignores case, spaces and underscores. */
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

	for (size_t i = 0; i < COUNT(short_rows); i++) {
		const char *known = all_names + short_rows[i].place;

		for (unsigned int k = 0; k < short_rows[i].count; k++) {
			if (same_name(name, known)) {
				uuid = ble_uuid16((uint16_t)(short_rows[i].number + k));
				found++;
			}
			known = next_name(known);
		}
	}
	for (size_t i = 0; i < COUNT(long_rows); i++) {
		if (same_name(name, all_names + long_rows[i].place)) {
			memcpy(uuid.octet, long_rows[i].uuid, sizeof(uuid.octet));
			found++;
		}
	}
	if (found != 1)
		return found ? -ENOTUNIQ : -ENOENT;
	*ret_uuid = uuid;
	return 0;
}
