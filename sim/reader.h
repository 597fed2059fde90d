/* SPDX-License-Identifier: MIT */
/*
 * Reads JSON by tables: one array lists the keys of an object, with the member that each
 * one fills and the range of its number. The first error ends the reading, with a text
 * that names the file and the place in it.
 */
#ifndef SIM_READER_H
#define SIM_READER_H

#include "att/att.h"
#include "base/loop.h"
#include "sim/json.h"

struct reader {
	struct ble_loop *loop;
	struct json json;
	const char *file;
	size_t path_len;
	char path[160]; /* "peripherals[0].services[1].uuid" */
};

/* A value of any form that fits in an attribute. */
struct octets {
	size_t len;
	uint8_t data[ATT_VALUE_MAX];
};

struct field {
	const char *name;
	/* Fills the member at offset of target. 0, or -errno with its text. */
	int (*read)(struct reader *r, struct json_object *value,
		    const struct field *field, void *target);
	size_t offset;
	int64_t min, max; /* of a number; of a text's or value's length */
};

#define N_FIELDS(fields) (sizeof(fields) / sizeof((fields)[0]))

/* Sets the text of an error at the current place and returns the error. It is -EINVAL for
 * each error in the file. */
PRINTF_LIKE(3, 4)
int reader_fail(struct reader *r, int error, const char *format, ...);
int reader_error(struct reader *r, int error); /* text: ble_strerror() */
#ifdef __clang_analyzer__ /* as with loop_set_error() */
#define reader_fail(r, error, ...) ((void)reader_fail(r, error, __VA_ARGS__), error)
#define reader_error(r, error) ((void)reader_error(r, error), error)
#endif

/* Makes a member the current place, and goes back to the place that enter returned. For
 * values that are read later than their keys. After an error the place stays. */
size_t reader_enter(struct reader *r, const char *key);
void reader_leave(struct reader *r, size_t place);

/* Reads an object. A key that is not in fields is an error, except "comment". */
int read_object(struct reader *r, struct json_object *value,
		const struct field *fields, size_t n, void *target);

/* Reads an array of at most max elements, each with read_one(). */
int read_array(struct reader *r, struct json_object *value, size_t max,
	       int (*read_one)(struct reader *r, struct json_object *value,
			       void *target),
	       void *target);

/* Reads an integer, or a string "0x...". */
int read_number(struct reader *r, struct json_object *value, int64_t min,
		int64_t max, int64_t *ret_number);

/* Hex digits, {"text"}, {"int", "size"}, {"fill", "size"}, {"ramp"}, or an
 * array of these one after another. ret_octets is appended to. */
int read_octets(struct reader *r, struct json_object *value, size_t max,
		struct octets *ret_octets);

int read_uuid_here(struct reader *r, struct json_object *value,
		   struct ble_uuid *ret_uuid);

/* For fields: the member is a bool, uint8_t, int8_t, uint16_t, unsigned int,
 * int64_t, struct ble_uuid, const char * (valid as long as the JSON), struct
 * octets, struct json_object * (borrowed, for later). */
#define READERS(X) \
	X(read_bool) X(read_u8) X(read_i8) X(read_u16) X(read_uint) \
	X(read_i64) X(read_uuid) X(read_text) X(read_value) X(read_later)
#define DECLARE(name) \
	int name(struct reader *r, struct json_object *value, \
		 const struct field *field, void *target);
READERS(DECLARE)
#undef DECLARE

#endif
