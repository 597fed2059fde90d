/* SPDX-License-Identifier: MIT */
/* See fuzz.h. */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint8_t fuzz_u8(struct fuzz *fuzz)
{
	if (!fuzz->len)
		return 0;
	fuzz->len--;
	return *fuzz->data++;
}

uint16_t fuzz_u16(struct fuzz *fuzz)
{
	uint8_t low = fuzz_u8(fuzz);

	return (uint16_t)(low | fuzz_u8(fuzz) << 8);
}

unsigned int fuzz_below(struct fuzz *fuzz, unsigned int limit)
{
	return fuzz_u8(fuzz) % limit;
}

struct ble_bytes fuzz_bytes(struct fuzz *fuzz, size_t max)
{
	size_t len = max > 255 ? fuzz_u16(fuzz) : fuzz_u8(fuzz);
	struct ble_bytes taken = { fuzz->data, 0 };

	if (len > max)
		len %= max + 1;
	if (len > fuzz->len)
		len = fuzz->len;
	taken.len = len;
	fuzz->data += len;
	fuzz->len -= len;
	return taken;
}

uint8_t *fuzz_copy(struct ble_bytes octets)
{
	uint8_t *copy = malloc(octets.len ? octets.len : 1);

	HOLDS(copy != NULL);
	if (octets.len)
		memcpy(copy, octets.data, octets.len);
	return copy;
}

char *fuzz_text(struct fuzz *fuzz, size_t max)
{
	struct ble_bytes octets = fuzz_bytes(fuzz, max);
	char *text = malloc(octets.len + 1);

	HOLDS(text != NULL);
	if (octets.len)
		memcpy(text, octets.data, octets.len);
	text[octets.len] = '\0';
	return text;
}

struct ble_uuid fuzz_uuid(struct fuzz *fuzz)
{
	uint16_t number = fuzz_u16(fuzz);
	struct ble_uuid uuid = ble_uuid16(number);

	if (number < 0x1000)
		uuid.octet[15] = fuzz_u8(fuzz);
	return uuid;
}

void fuzz_touch(struct ble_bytes octets)
{
	volatile uint8_t octet;

	for (size_t i = 0; i < octets.len; i++) {
		octet = octets.data[i];
		(void)octet;
	}
}

void fuzz_broken(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}
