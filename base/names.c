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

/* The last 12 octets of long UUIDs. Their first 4, in heads[], end where those of the
 * next tail start. */
struct tail {
	uint8_t octet[12];
	uint16_t head;
};

#include "base/names-table.h" /* made by names.sh */

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* -- Names by their place ------------------------------------------------------ */

/* Reads names one after the other: bit by bit, the highest of an octet first. Each
 * block starts with an octet. */
struct reader {
	size_t place; /* of the next name */
	const uint8_t *p;
	unsigned int bit;
};

static unsigned int next_bit(struct reader *reader)
{
	unsigned int bit = *reader->p >> (7 - reader->bit) & 1u;

	reader->bit = (reader->bit + 1) % 8;
	reader->p += !reader->bit;
	return bit;
}

/* Codes of as many bits are consecutive, and so are their tokens. */
static unsigned int next_token(struct reader *reader)
{
	unsigned int code = 0, first = 0, token = 0;

	for (size_t bits = 1; bits < COUNT(tokens_of_bits); bits++) {
		code = 2 * code + next_bit(reader);
		first *= 2;
		if (code - first < tokens_of_bits[bits])
			return token + code - first;
		first += tokens_of_bits[bits];
		token += tokens_of_bits[bits];
	}
	return 0; /* never: all codes are taken */
}

/* Writes what a token stands for, and returns the end. */
static char *spell(char *out, unsigned int token)
{
	const uint8_t *t = tokens[token];
	unsigned int left = t[0] | (t[1] & 0x0fu) << 8, right = t[1] >> 4 | t[2] * 16u;

	if (right != OCTET)
		return spell(spell(out, left), right);
	*out = (char)left;
	return out + 1;
}

/* names.sh sees to it that all names fit. */
static char *next_name(struct reader *reader, char name[BLE_NAME_TEXT])
{
	char *out = name;

	if (reader->place % BLOCK == 0) {
		reader->p = all_names + blocks[reader->place / BLOCK];
		reader->bit = 0;
	}
	reader->place++;
	do
		out = spell(out, next_token(reader));
	while (out[-1]);
	return name;
}

static char *name_at(size_t place, char name[BLE_NAME_TEXT])
{
	struct reader reader = { .place = place - place % BLOCK };

	while (reader.place < place)
		next_name(&reader, name);
	return next_name(&reader, name);
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

static char *long_name(const struct ble_uuid *uuid, char name[BLE_NAME_TEXT])
{
	for (size_t i = 0; i + 1 < COUNT(tails); i++) {
		if (memcmp(uuid->octet + 4, tails[i].octet, sizeof(tails[i].octet)) != 0)
			continue;
		for (size_t k = tails[i].head; k < tails[i + 1].head; k++) {
			if (memcmp(uuid->octet, heads[k], sizeof(heads[k])) == 0)
				return name_at(LONG_FIRST + k, name);
		}
	}
	return NULL;
}

char *ble_uuid_name(const struct ble_uuid *uuid, char name[BLE_NAME_TEXT])
{
	uint16_t number = ble_uuid_short(uuid);

	return number ? NAME_IN(short_runs, number, name) : long_name(uuid, name);
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

int ble_uuid_from_name(const char *name, struct ble_uuid *ret_uuid)
{
	struct reader reader = { 0 };
	char known[BLE_NAME_TEXT];
	struct ble_uuid uuid;
	unsigned int found = 0;

	for (const struct run *run = short_runs; run->number != 0xffff; run++) {
		for (size_t i = run->name; i < run[1].name; i++) {
			if (!same_name(name, next_name(&reader, known)))
				continue;
			uuid = ble_uuid16((uint16_t)(run->number + i - run->name));
			found++;
		}
	}
	for (size_t i = 0; i + 1 < COUNT(tails); i++) {
		for (size_t k = tails[i].head; k < tails[i + 1].head; k++) {
			if (!same_name(name, next_name(&reader, known)))
				continue;
			memcpy(uuid.octet, heads[k], sizeof(heads[k]));
			memcpy(uuid.octet + sizeof(heads[k]), tails[i].octet,
			       sizeof(tails[i].octet));
			found++;
		}
	}
	if (found != 1)
		return found ? -ENOTUNIQ : -ENOENT;
	*ret_uuid = uuid;
	return 0;
}
