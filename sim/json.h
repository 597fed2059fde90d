/* SPDX-License-Identifier: MIT */
/*
 * json-c for the loader of simulator files. The shared library is not linked with
 * json-c: it loads it when the first file is read, so that a program that opens only
 * real adapters does not need it. A static library (configure --disable-shared) is
 * linked with json-c. All calls go through this table.
 */
#ifndef SIM_JSON_H
#define SIM_JSON_H

#include <json-c/json.h>

struct ble_loop;

#define JSON_FUNCTIONS(X) \
	X(object_array_get_idx) X(object_array_length) \
	X(object_get_boolean) X(object_get_int64) X(object_get_object) \
	X(object_get_string) X(object_get_string_len) X(object_is_type) \
	X(object_put) X(tokener_error_desc) X(tokener_free) \
	X(tokener_get_error) X(tokener_get_parse_end) X(tokener_new) \
	X(tokener_parse_ex) X(tokener_set_flags)

struct json {
	void *library; /* NULL: json-c is linked */
#define JSON_MEMBER(name) __typeof__(json_##name) *name;
	JSON_FUNCTIONS(JSON_MEMBER)
#undef JSON_MEMBER
};

/* Fills the table. 0; -EOPNOTSUPP with its text: json-c is not installed. */
int sim_json_open(struct ble_loop *loop, struct json *ret_json);
/* No object of json-c may be used afterwards. */
void sim_json_close(struct json *json);

#endif
