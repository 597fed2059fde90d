/* SPDX-License-Identifier: MIT */
/* Stubs for a build without json-c, where the option --json does not exist. None is
 * called. */
#define NONE(argument) ((void)(argument), (struct json_object *)NULL)
#define json_object_new_object() NONE(0)
#define json_object_new_array() NONE(0)
#define json_object_new_string(text) NONE(text)
#define json_object_new_string_len(text, len) NONE(len)
#define json_object_new_int64(number) NONE(number)
#define json_object_new_boolean(value) NONE(value)
#define json_object_new_double_s(number, text) NONE(text)
#define json_object_object_add_ex(object, key, value, flags) (NONE(key) == NULL)
#define json_object_object_add(object, key, value) (NONE(key) == NULL)
#define json_object_array_add(array, value) (NONE(array) == NULL)
#define json_object_to_json_string_length(object, flags, len) ((const char *)NONE(len))
#define json_object_put(object) ((void)(object))
