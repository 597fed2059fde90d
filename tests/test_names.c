/* SPDX-License-Identifier: MIT */
/* Each name in the library, compared with the data that it was made from. */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/uuid.h"
#include "blewire.h"
#include "tests/harness.h"

#ifdef NAMES

/* -- The data, an entry a line ------------------------------------------------ */

static FILE *assigned(const char *name)
{
	const char *top = getenv("srcdir");
	char path[400];
	FILE *file;

	snprintf(path, sizeof(path), "%s/base/assigned/%s", top ? top : ".", name);
	file = fopen(path, "r");
	if (!file)
		harness_about("%s", path);
	REQUIRE(file);
	return file;
}

/* The value of a member of the line, its escapes undone. */
static bool member(const char *line, const char *key, char *value, size_t room)
{
	const char *p = strstr(line, key);
	size_t len = 0;

	if (!p)
		return false;
	p += strlen(key);
	p += strspn(p, "\": ");
	while (*p && *p != '"' && len + 1 < room) {
		if (*p == '\\')
			p++;
		value[len++] = *p++;
	}
	value[len] = '\0';
	return true;
}

/* -- Companies ---------------------------------------------------------------- */

static void companies(void)
{
	FILE *file = assigned("company_ids.json");
	static bool known[0x10000];
	char line[400], expected[200], name[BLE_NAME_TEXT];
	size_t count = 0;

	while (fgets(line, sizeof(line), file)) {
		const char *code = strstr(line, "\"code\":");
		unsigned long number;

		if (!code || !member(line, "\"name\"", expected, sizeof(expected)))
			continue;
		number = strtoul(code + strlen("\"code\":"), NULL, 10);
		harness_about("%lu %s", number, expected);
		REQUIRE(number <= 0xffff);
		known[number] = true;
		count++;
#ifdef COMPANY_NAMES
		REQUIRE(ble_company_name((uint16_t)number, name));
		CHECK_STR(name, expected);
#endif
	}
	fclose(file);
	CHECK(count > 3900);
	for (unsigned int i = 0; i <= 0xffff; i++) {
		harness_about("%u", i);
#ifndef COMPANY_NAMES
		known[i] = false;
#endif
		CHECK_INT(ble_company_name((uint16_t)i, name) != NULL, known[i]);
	}
}

/* -- UUIDs -------------------------------------------------------------------- */

static struct ble_uuid seen[2000];
static size_t n_seen;

static bool is_seen(const struct ble_uuid *uuid)
{
	for (size_t i = 0; i < n_seen; i++)
		if (ble_uuid_equal(&seen[i], uuid))
			return true;
	return false;
}

/* The first file that has a UUID names it. */
static void uuids_of(const char *path)
{
	FILE *file = assigned(path);
	char line[600], expected[200], text[60], name[BLE_NAME_TEXT];
	struct ble_uuid uuid;

	while (fgets(line, sizeof(line), file)) {
		if (!member(line, "\"uuid\"", text, sizeof(text)) ||
		    !member(line, "\"name\"", expected, sizeof(expected)))
			continue;
		harness_about("%s %s", text, expected);
		REQUIRE(ble_uuid_parse(text, &uuid) == 0);
		if (is_seen(&uuid))
			continue;
		REQUIRE(n_seen < sizeof(seen) / sizeof(seen[0]));
		seen[n_seen++] = uuid;
		REQUIRE(ble_uuid_name(&uuid, name));
		CHECK_STR(name, expected);
	}
	fclose(file);
}

static void uuids(void)
{
	char name[BLE_NAME_TEXT];
	struct ble_uuid uuid;
	size_t known = 0;

	n_seen = 0;
	uuids_of("service_uuids.json");
	uuids_of("characteristic_uuids.json");
	uuids_of("descriptor_uuids.json");
	CHECK(n_seen > 750);
	for (unsigned int i = 0; i <= 0xffff; i++) {
		uuid = ble_uuid16((uint16_t)i);
		if (!ble_uuid_name(&uuid, name))
			continue;
		known++;
		harness_about("%04x %s", i, name);
		CHECK(is_seen(&uuid) || (i >= 0x2800 && i <= 0x2803));
	}
	CHECK(known > 500);
	/* Next to one that has a name, and far from all */
	uuid = seen[n_seen - 1];
	uuid.octet[7] ^= 1;
	CHECK(!ble_uuid_name(&uuid, name));
	memset(&uuid, 0xff, sizeof(uuid));
	CHECK(!ble_uuid_name(&uuid, name));
}

/* Each is found by its name, in other letters too, but where several have it. */
static void by_name(void)
{
	static char names[2000][BLE_NAME_TEXT];

	n_seen = 0;
	uuids_of("service_uuids.json");
	uuids_of("characteristic_uuids.json");
	uuids_of("descriptor_uuids.json");
	for (size_t i = 0; i < n_seen; i++) {
		REQUIRE(ble_uuid_name(&seen[i], names[i]));
		for (char *p = names[i]; *p; p++) /* what does not count */
			*p = *p == ' ' || *p == '-' ? '_' : (char)tolower((unsigned char)*p);
	}
	for (size_t i = 0; i < n_seen; i++) {
		struct ble_uuid uuid;
		int expected = 0;

		for (size_t k = 0; k < n_seen; k++)
			if (k != i && strcmp(names[k], names[i]) == 0)
				expected = -ENOTUNIQ;
		harness_about("%s", names[i]);
		CHECK_INT(ble_uuid_from_name(names[i], &uuid), expected);
		CHECK(expected || ble_uuid_equal(&uuid, &seen[i]));
	}
	harness_about(NULL);
}

/* -- Appearances -------------------------------------------------------------- */

static void appearances(void)
{
	FILE *file = assigned("gap_appearance.json");
	static bool known[0x10000];
	char line[200], expected[200], name[BLE_NAME_TEXT];
	unsigned int category = 0, sub = 0;
	size_t count = 0;

	while (fgets(line, sizeof(line), file)) {
		unsigned int number;

		if (sscanf(line, " \"category\": %u", &category) == 1)
			sub = 0;
		sscanf(line, " \"value\": %u", &sub);
		if (member(line, "\"name\"", expected, sizeof(expected))) {
			number = category << 6 | sub;
			harness_about("0x%04x %s", number, expected);
			REQUIRE(number <= 0xffff);
			REQUIRE(ble_appearance_name((uint16_t)number, name));
			CHECK_STR(name, expected);
			known[number] = true;
			count++;
		}
	}
	fclose(file);
	CHECK(count > 290);
	for (unsigned int i = 0; i <= 0xffff; i++) {
		harness_about("0x%04x", i);
		CHECK_INT(ble_appearance_name((uint16_t)i, name) != NULL,
			  known[i & 0xffc0]);
		CHECK_INT(ble_appearance_category((uint16_t)i, name) != NULL,
			  known[i & 0xffc0]);
	}
}

#else

/* Built without names: nothing has one. */
static void nothing_has_a_name(void)
{
	struct ble_uuid uuid = ble_uuid16(0x180d), unchanged = uuid;
	char name[BLE_NAME_TEXT];

	CHECK(!ble_uuid_name(&uuid, name));
	CHECK(!ble_company_name(0, name));
	CHECK(!ble_appearance_category(0, name));
	CHECK(!ble_appearance_name(0, name));
	CHECK(!ble_ad_name(BLE_AD_FLAGS, name));
	CHECK_INT(ble_uuid_from_name("Heart Rate", &uuid), -ENOENT);
	CHECK(ble_uuid_equal(&uuid, &unchanged));
}
#endif

int main(int argc, char **argv)
{
#ifdef NAMES
	static const struct test_case names[] = {
		TEST(companies), TEST(uuids), TEST(by_name), TEST(appearances), { 0 },
	};
#else
	static const struct test_case names[] = { TEST(nothing_has_a_name), { 0 } };
#endif
	static const struct test_suite suites[] = {
		{ "names", names },
		{ 0 },
	};

	return harness_main(argc, argv, suites);
}
