/* SPDX-License-Identifier: MIT */
/* Parses the values of options. Strictly, so that a typing error is reported and
 * not taken for another value. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

int set_flag(void *field, const char *text)
{
	(void)text;
	*(bool *)field = true;
	return 0;
}

int set_text(void *field, const char *text)
{
	*(const char **)field = text;
	return 0;
}

int set_word(void *field, const char *text)
{
	return *text ? set_text(field, text) : -EINVAL;
}

int set_time(void *field, const char *text)
{
	char *end;
	double seconds;

	if (!*text || strspn(text, "0123456789.") != strlen(text))
		return -EINVAL;
	seconds = strtod(text, &end);
	if (*end || seconds < 0.001 || seconds > 31536000)
		return -EINVAL;
	*(uint64_t *)field = (uint64_t)(seconds * 1000 + 0.5);
	return 0;
}

int set_count(void *field, const char *text)
{
	long long number;

	if (parse_number(text, 1, UINT32_MAX, &number))
		return -EINVAL;
	*(unsigned long *)field = (unsigned long)number;
	return 0;
}

int set_rssi(void *field, const char *text)
{
	long long number;

	if (parse_number(text, -127, -1, &number))
		return -EINVAL;
	*(int8_t *)field = (int8_t)number;
	return 0;
}

int set_service(void *field, const char *text)
{
	struct uuid_list *list = field;

	if (list->n == COUNT_OF(list->uuid) ||
	    ble_uuid_parse(text, &list->uuid[list->n]))
		return -EINVAL;
	list->n++;
	return 0;
}

int set_format(void *field, const char *text)
{
	return format_find(text, strlen(text), field);
}
