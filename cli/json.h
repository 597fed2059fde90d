/* SPDX-License-Identifier: MIT */
/*
 * The objects that --json prints, one a line. Their fields are documented in
 * doc/json.md. A field that does not apply is null, so that each kind of object
 * always has the same fields.
 *
 * No function here returns an error. If memory runs out, js_print() reports it
 * later; until then the functions accept NULL for an object.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include "cli/cli.h"

struct json_object;

/* An object with the kind in its field "object". */
struct json_object *js_new(const char *kind);

/* The same with the fields of an attribute: "address", "address_type", "handle" and
 * "uuid", which is null if uuid is NULL. */
struct json_object *js_about(const char *kind, const struct peer *peer,
			     uint16_t handle, const struct ble_uuid *uuid);

void js_text(struct json_object *object, const char *key, const char *text);
/* Bytes from the air as text; what is not UTF-8 is replaced by U+FFFD. */
void js_bytes(struct json_object *object, const char *key,
	      struct ble_bytes text);
void js_hex(struct json_object *object, const char *key,
	    struct ble_bytes bytes);
void js_number(struct json_object *object, const char *key, long long number);
void js_bool(struct json_object *object, const char *key, bool value);
void js_null(struct json_object *object, const char *key);
void js_uuid(struct json_object *object, const char *key,
	     const struct ble_uuid *uuid);
/* "address" and "address_type" */
void js_address(struct json_object *object, const struct ble_address *address);
/* "time": seconds since 1970 with six decimals; ns 0: now. */
void js_time(struct json_object *object, uint64_t ns);

struct json_object *js_object_in(struct json_object *object, const char *key);
struct json_object *js_array_in(struct json_object *object, const char *key);
/* Appends a new object to an array. */
struct json_object *js_item(struct json_object *array);
void js_item_text(struct json_object *array, const char *text);
void js_item_number(struct json_object *array, long long number);

/* "value" in hex, "text" (null unless it is printable), "integers" (null unless
 * format is of integers). */
void js_value(struct json_object *object, struct ble_bytes value,
	      enum value_format format);
/* "error" as an object, or null for 0. */
void js_error(struct json_object *object, int error);

/* Prints the object as one line and frees it. */
void js_print(struct json_object *object);

/* Frees an object that is not going to be printed. */
void js_free(struct json_object *object);

#endif
