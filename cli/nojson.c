/* SPDX-License-Identifier: MIT */
/* In place of json.c where json-c is missing. The option --json does not exist
 * there, so that nothing here is ever called; the linker wants it all the same. */
#include "cli/json.h"

struct json_object *js_new(const char *kind)
{
	(void)kind;
	return NULL;
}

struct json_object *js_about(const char *kind, const struct peer *peer,
			     uint16_t handle, const struct ble_uuid *uuid)
{
	(void)kind;
	(void)peer;
	(void)handle;
	(void)uuid;
	return NULL;
}

void js_text(struct json_object *object, const char *key, const char *text)
{
	(void)object;
	(void)key;
	(void)text;
}

void js_bytes(struct json_object *object, const char *key, struct ble_bytes text)
{
	(void)object;
	(void)key;
	(void)text;
}

void js_hex(struct json_object *object, const char *key, struct ble_bytes bytes)
{
	(void)object;
	(void)key;
	(void)bytes;
}

void js_number(struct json_object *object, const char *key, long long number)
{
	(void)object;
	(void)key;
	(void)number;
}

void js_bool(struct json_object *object, const char *key, bool value)
{
	(void)object;
	(void)key;
	(void)value;
}

void js_null(struct json_object *object, const char *key)
{
	(void)object;
	(void)key;
}

void js_uuid(struct json_object *object, const char *key, const struct ble_uuid *uuid)
{
	(void)object;
	(void)key;
	(void)uuid;
}

void js_address(struct json_object *object, const struct ble_address *address)
{
	(void)object;
	(void)address;
}

void js_time(struct json_object *object, uint64_t ns)
{
	(void)object;
	(void)ns;
}

struct json_object *js_object_in(struct json_object *object, const char *key)
{
	(void)object;
	(void)key;
	return NULL;
}

struct json_object *js_array_in(struct json_object *object, const char *key)
{
	(void)object;
	(void)key;
	return NULL;
}

struct json_object *js_item(struct json_object *array)
{
	(void)array;
	return NULL;
}

void js_item_text(struct json_object *array, const char *text)
{
	(void)array;
	(void)text;
}

void js_item_number(struct json_object *array, long long number)
{
	(void)array;
	(void)number;
}

void js_value(struct json_object *object, struct ble_bytes value, enum value_format format)
{
	(void)object;
	(void)value;
	(void)format;
}

void js_error(struct json_object *object, int error)
{
	(void)object;
	(void)error;
}

void js_print(struct json_object *object)
{
	(void)object;
}

void js_free(struct json_object *object)
{
	(void)object;
}
