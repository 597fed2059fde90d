/* SPDX-License-Identifier: MIT */
/* JSON through json-c, for --json. */
#include "config.h"

#include "cli/json.h"

#ifdef HAVE_JSON
#include <json-c/json.h>
#else
#include "cli/nojson.h"
#endif
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool out_of_memory;

/* json-c before 0.16 has only the old name of ADD_CONSTANT_KEY. */
static struct json_object *add(struct json_object *object, const char *key,
			       struct json_object *value)
{
	if (!object || !value ||
	    json_object_object_add_ex(object, key, value,
				      JSON_C_OBJECT_KEY_IS_CONSTANT |
					      JSON_C_OBJECT_ADD_KEY_IS_NEW)) {
		out_of_memory = true;
		json_object_put(value);
		return NULL;
	}
	return value;
}

static struct json_object *append(struct json_object *array,
				  struct json_object *value)
{
	if (!array || !value || json_object_array_add(array, value)) {
		out_of_memory = true;
		json_object_put(value);
		return NULL;
	}
	return value;
}

struct json_object *js_new(const char *kind)
{
	struct json_object *object = json_object_new_object();

	js_text(object, "object", kind);
	return object;
}

void js_null(struct json_object *object, const char *key)
{
	if (!object || json_object_object_add(object, key, NULL))
		out_of_memory = true;
}

void js_text(struct json_object *object, const char *key, const char *text)
{
	if (text)
		add(object, key, json_object_new_string(text));
	else
		js_null(object, key);
}

static struct json_object *new_utf8(struct ble_bytes text)
{
	struct json_object *string = NULL;
	char *clean = malloc(3 * text.len + 1);
	size_t at = 0, len;

	if (!clean)
		return NULL;
	for (; text.len; text.data += len, text.len -= len) {
		bool valid = ble_text_decode(text, &len) >= 0;

		memcpy(clean + at, valid ? (const char *)text.data : "\xef\xbf\xbd",
		       valid ? len : 3);
		at += valid ? len : 3;
	}
	string = json_object_new_string_len(clean, (int)at);
	free(clean);
	return string;
}

void js_bytes(struct json_object *object, const char *key,
	      struct ble_bytes text)
{
	add(object, key, new_utf8(text));
}

void js_hex(struct json_object *object, const char *key, struct ble_bytes bytes)
{
	char *hex = malloc(2 * bytes.len + 1);

	if (hex) {
		for (size_t i = 0; i < bytes.len; i++)
			snprintf(hex + 2 * i, 3, "%02x", bytes.data[i]);
		add(object, key, json_object_new_string_len(hex, (int)(2 * bytes.len)));
	} else {
		out_of_memory = true;
	}
	free(hex);
}

void js_number(struct json_object *object, const char *key, long long number)
{
	add(object, key, json_object_new_int64(number));
}

void js_bool(struct json_object *object, const char *key, bool value)
{
	add(object, key, json_object_new_boolean(value));
}

void js_uuid(struct json_object *object, const char *key,
	     const struct ble_uuid *uuid)
{
	char text[BLE_UUID_TEXT];

	js_text(object, key, ble_uuid_text(uuid, text));
}

void js_address(struct json_object *object, const struct ble_address *address)
{
	char text[BLE_ADDRESS_TEXT];

	js_text(object, "address", ble_address_text(address, text));
	js_text(object, "address_type", ble_address_type_text(address));
}

struct json_object *js_about(const char *kind, const struct peer *peer,
			     uint16_t handle, const struct ble_uuid *uuid)
{
	struct json_object *object = js_new(kind);

	js_address(object, &peer->address);
	js_number(object, "handle", handle);
	if (uuid)
		js_uuid(object, "uuid", uuid);
	else
		js_null(object, "uuid");
	return object;
}

void js_time(struct json_object *object, uint64_t ns)
{
	struct timespec now;
	char text[40];

	if (!ns) {
		clock_gettime(CLOCK_REALTIME, &now);
		ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	}
	/* As text, since a double cannot hold all of the digits. */
	snprintf(text, sizeof(text), "%llu.%06llu",
		 (unsigned long long)(ns / 1000000000),
		 (unsigned long long)(ns / 1000 % 1000000));
	add(object, "time", json_object_new_double_s((double)ns / 1e9, text));
}

struct json_object *js_object_in(struct json_object *object, const char *key)
{
	return add(object, key, json_object_new_object());
}

struct json_object *js_array_in(struct json_object *object, const char *key)
{
	return add(object, key, json_object_new_array());
}

struct json_object *js_item(struct json_object *array)
{
	return append(array, json_object_new_object());
}

void js_item_text(struct json_object *array, const char *text)
{
	append(array, json_object_new_string(text));
}

void js_item_number(struct json_object *array, long long number)
{
	append(array, json_object_new_int64(number));
}

void js_value(struct json_object *object, struct ble_bytes value,
	      enum value_format format)
{
	struct json_object *integers;
	long long number;
	size_t at = 0;

	js_hex(object, "value", value);
	if (text_printable(value))
		js_bytes(object, "text", value);
	else
		js_null(object, "text");
	if (!format_integer(format)) {
		js_null(object, "integers");
		return;
	}
	integers = js_array_in(object, "integers");
	while (value_integer(value, format, &at, &number))
		js_item_number(integers, number);
}

void js_error(struct json_object *object, int error)
{
	struct json_object *inner;

	if (!error) {
		js_null(object, "error");
		return;
	}
	inner = js_object_in(object, "error");
	if (ble_error_att(error))
		js_number(inner, "att", ble_error_att(error));
	else
		js_null(inner, "att");
	js_text(inner, "message", ble_strerror(error));
}

/* Escapes what is unsafe on a terminal. It can only be inside strings, where an escape
 * has the same meaning; json-c itself escapes what is below 0x20. */
static void put_line(struct ble_bytes line)
{
	size_t len;

	while (line.len) {
		size_t safe = 0;
		int32_t c = 0;

		while (safe < line.len) {
			struct ble_bytes rest = { line.data + safe, line.len - safe };

			c = ble_text_decode(rest, &len);
			if (ble_text_unsafe(c))
				break;
			safe += len;
		}
		put("%.*s", (int)safe, (const char *)line.data);
		line.data += safe;
		line.len -= safe;
		if (!line.len)
			break;
		if (c > 0xffff)
			put("\\u%04x\\u%04x", 0xd800 + ((unsigned int)c - 0x10000) / 0x400,
			    0xdc00 + ((unsigned int)c - 0x10000) % 0x400);
		else
			put("\\u%04x", (unsigned int)c);
		line.data += len;
		line.len -= len;
	}
	put("\n");
}

void js_print(struct json_object *object)
{
	size_t len = 0;
	const char *line = json_object_to_json_string_length(
		object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);

	if (out_of_memory || !line)
		output_set_error(-ENOMEM);
	else
		put_line((struct ble_bytes){ (const uint8_t *)line, len });
	json_object_put(object);
}

void js_free(struct json_object *object)
{
	json_object_put(object);
}
