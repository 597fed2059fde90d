/* SPDX-License-Identifier: MIT */
#include "sim/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int (reader_fail)(struct reader *r, int error, const char *format, ...)
{
	char text[320];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* Keys and texts come from the file: they must not steer a terminal. */
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	return loop_set_error(r->loop, error, "%s: %s%s%s", r->file, r->path,
			      r->path_len ? ": " : "", text);
}

int (reader_error)(struct reader *r, int error)
{
	return reader_fail(r, error, "%s", ble_strerror(error));
}

/* -- Places ---------------------------------------------------------------------- */

static size_t append_place(struct reader *r, int n, size_t room)
{
	size_t before = r->path_len;

	if (n > 0)
		r->path_len += (size_t)n < room ? (size_t)n : room - 1;
	return before;
}

size_t reader_enter(struct reader *r, const char *key)
{
	size_t room = sizeof(r->path) - r->path_len;

	return append_place(r, snprintf(r->path + r->path_len, room, "%s%s",
					r->path_len ? "." : "", key), room);
}

static size_t enter_index(struct reader *r, size_t index)
{
	size_t room = sizeof(r->path) - r->path_len;

	return append_place(r, snprintf(r->path + r->path_len, room, "[%zu]",
					index), room);
}

void reader_leave(struct reader *r, size_t place)
{
	r->path_len = place;
	r->path[place] = '\0';
}

/* -- Objects and arrays ----------------------------------------------------------- */

static int unknown_key(struct reader *r, const char *key,
		       const struct field *fields, size_t n)
{
	char known[256] = "";
	size_t len = 0;

	for (size_t i = 0; i < n && len < sizeof(known); i++)
		len += (size_t)snprintf(known + len, sizeof(known) - len,
					"%s%s", i ? ", " : "", fields[i].name);
	return reader_fail(r, -EINVAL, "unknown key \"%.40s\"; known are: %s",
			   key, known);
}

static int read_member(struct reader *r, const char *key,
		       struct json_object *value, const struct field *fields,
		       size_t n, void *target)
{
	size_t before, i = 0;
	int err;

	if (!strcmp(key, "comment"))
		return 0;
	while (i < n && strcmp(fields[i].name, key))
		i++;
	if (i == n)
		return unknown_key(r, key, fields, n);
	before = reader_enter(r, key);
	err = fields[i].read(r, value, &fields[i],
			     (char *)target + fields[i].offset);
	if (!err)
		reader_leave(r, before);
	return err;
}

int read_object(struct reader *r, struct json_object *value,
		const struct field *fields, size_t n, void *target)
{
	int err;

	if (!r->json.object_is_type(value, json_type_object))
		return reader_fail(r, -EINVAL, "must be an object, {...}");
	for (const struct lh_entry *e = r->json.object_get_object(value)->head; e; e = e->next) {
		err = read_member(r, lh_entry_k(e), lh_entry_v(e), fields, n, target);
		if (err)
			return err;
	}
	return 0;
}

int read_array(struct reader *r, struct json_object *value, size_t max,
	       int (*read_one)(struct reader *r, struct json_object *value,
			       void *target),
	       void *target)
{
	size_t n;

	if (!r->json.object_is_type(value, json_type_array))
		return reader_fail(r, -EINVAL, "must be an array, [...]");
	n = r->json.object_array_length(value);
	if (n > max)
		return reader_fail(r, -EINVAL, "has %zu elements; %zu are allowed",
				   n, max);
	for (size_t i = 0; i < n; i++) {
		size_t before = enter_index(r, i);
		int err = read_one(r, r->json.object_array_get_idx(value, i), target);

		if (err)
			return err;
		reader_leave(r, before);
	}
	return 0;
}

/* -- Single values ------------------------------------------------------------------ */

int read_number(struct reader *r, struct json_object *value, int64_t min,
		int64_t max, int64_t *ret_number)
{
	int64_t number;

	if (r->json.object_is_type(value, json_type_int)) {
		number = r->json.object_get_int64(value);
	} else {
		bool quoted = r->json.object_is_type(value, json_type_string);
		const char *text = quoted ? r->json.object_get_string(value) : "";
		char *end;

		if (strncmp(text, "0x", 2) || strspn(text + 2, "0123456789abcdefABCDEF") !=
						      strlen(text + 2))
			return reader_fail(r, -EINVAL, "must be a whole number, "
					   "26 or \"0x1a\"");
		errno = 0;
		number = strtoll(text, &end, 16);
		if (end == text + 2 || errno)
			number = INT64_MAX;
	}
	if (number < min || number > max)
		return reader_fail(r, -EINVAL, "must be from %lld to %lld",
				   (long long)min, (long long)max);
	*ret_number = number;
	return 0;
}

int read_uuid_here(struct reader *r, struct json_object *value,
		   struct ble_uuid *ret_uuid)
{
	const char *text;

	if (!r->json.object_is_type(value, json_type_string))
		return reader_fail(r, -EINVAL, "must be a UUID in quotes");
	text = r->json.object_get_string(value);
	if (ble_uuid_parse(text, ret_uuid))
		return reader_fail(r, -EINVAL, "\"%.40s\" is not a UUID; write "
				   "\"180d\" or all 36 characters", text);
	return 0;
}

int read_bool(struct reader *r, struct json_object *value,
	      const struct field *field, void *target)
{
	(void)field; /* nothing to limit */
	if (!r->json.object_is_type(value, json_type_boolean))
		return reader_fail(r, -EINVAL, "must be true or false");
	*(bool *)target = r->json.object_get_boolean(value);
	return 0;
}

/* The limits in the field keep each number inside its member. */
#define READ_INTEGER(name, type) \
	int name(struct reader *r, struct json_object *value, \
		 const struct field *field, void *target) \
	{ \
		int64_t number; \
		int err = read_number(r, value, field->min, field->max, &number); \
		if (!err) \
			*(type *)target = (type)number; \
		return err; \
	}

READ_INTEGER(read_u8, uint8_t)
READ_INTEGER(read_i8, int8_t)
READ_INTEGER(read_u16, uint16_t)
READ_INTEGER(read_uint, unsigned int)
READ_INTEGER(read_i64, int64_t)

int read_uuid(struct reader *r, struct json_object *value,
	      const struct field *field, void *target)
{
	(void)field; /* nothing to limit */
	return read_uuid_here(r, value, target);
}

int read_text(struct reader *r, struct json_object *value,
	      const struct field *field, void *target)
{
	size_t len;

	if (!r->json.object_is_type(value, json_type_string))
		return reader_fail(r, -EINVAL, "must be a text in quotes");
	len = (size_t)r->json.object_get_string_len(value);
	if (len != strlen(r->json.object_get_string(value)))
		return reader_fail(r, -EINVAL, "must not contain \\u0000");
	if ((int64_t)len > field->max)
		return reader_fail(r, -EINVAL, "has %zu octets; %lld are allowed",
				   len, (long long)field->max);
	*(const char **)target = r->json.object_get_string(value);
	return 0;
}

int read_later(struct reader *r, struct json_object *value,
	       const struct field *field, void *target)
{
	(void)r;
	(void)field; /* both are for people who read the file */
	*(struct json_object **)target = value;
	return 0;
}

/* -- Values ------------------------------------------------------------------------- */

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;

	return p ? (int)(p - digits) : -1;
}

static int too_long(struct reader *r, size_t max)
{
	return reader_fail(r, -EINVAL, "is longer than the %zu octets allowed", max);
}

static int read_hex(struct reader *r, const char *text, size_t max,
		    struct octets *ret)
{
	while (*text) {
		int high = hex_digit(text[0]);
		int low = high < 0 ? -1 : hex_digit(text[1]);

		if (*text == ' ') {
			text++;
			continue;
		}
		if (low < 0)
			return reader_fail(r, -EINVAL, "must be pairs of hex digits, "
					   "not \"%.8s\"; for text write "
					   "{\"text\": \"...\"}", text);
		if (ret->len == max)
			return too_long(r, max);
		ret->data[ret->len++] = (uint8_t)(high << 4 | low);
		text += 2;
	}
	return 0;
}

/* The forms that an object may have. */
struct form {
	const char *text;
	struct json_object *number, *fill;
	unsigned int size, ramp;
};

static const struct field forms[] = {
	{ "text", read_text, offsetof(struct form, text), 0, ATT_VALUE_MAX },
	{ "int", read_later, offsetof(struct form, number), 0, 0 },
	{ "fill", read_later, offsetof(struct form, fill), 0, 0 },
	{ "size", read_uint, offsetof(struct form, size), 1, ATT_VALUE_MAX },
	{ "ramp", read_uint, offsetof(struct form, ramp), 1, ATT_VALUE_MAX },
};

/* From the least signed to the greatest unsigned one of that size. */
static int read_int(struct reader *r, struct json_object *value,
		    unsigned int size, int64_t *ret_number)
{
	if (!size || size > 8)
		return reader_fail(r, -EINVAL, "\"int\" needs \"size\", 1 to 8");
	if (size == 8)
		return read_number(r, value, INT64_MIN, INT64_MAX, ret_number);
	return read_number(r, value, -(INT64_C(1) << (8 * size - 1)),
			   (INT64_C(1) << 8 * size) - 1, ret_number);
}

static int read_fill(struct reader *r, struct json_object *value,
		     unsigned int size, int64_t *ret_number)
{
	if (!size)
		return reader_fail(r, -EINVAL, "\"fill\" needs \"size\"");
	return read_number(r, value, 0, 255, ret_number);
}

static int read_sized(struct reader *r, const struct form *form, size_t max,
		      struct octets *ret)
{
	int64_t number;
	int err = form->number ? read_int(r, form->number, form->size, &number) :
				 read_fill(r, form->fill, form->size, &number);

	if (err)
		return err;
	if (form->size > max - ret->len)
		return too_long(r, max);
	for (unsigned int i = 0; i < form->size; i++)
		ret->data[ret->len++] = (uint8_t)(
			form->number ? (uint64_t)number >> 8 * i : (uint64_t)number);
	return 0;
}

static int read_form(struct reader *r, struct json_object *value, size_t max,
		     struct octets *ret)
{
	struct form form = { NULL, NULL, NULL, 0, 0 };
	size_t len;
	int err = read_object(r, value, forms, N_FIELDS(forms), &form);

	if (err)
		return err;
	if (!!form.text + !!form.number + !!form.fill + !!form.ramp != 1)
		return reader_fail(r, -EINVAL, "must have one of \"text\", "
				   "\"int\", \"fill\" and \"ramp\"");
	if (form.number || form.fill)
		return read_sized(r, &form, max, ret);
	if (form.size)
		return reader_fail(r, -EINVAL, "\"size\" is for \"int\" and \"fill\"");
	len = form.text ? strlen(form.text) : form.ramp;
	if (len > max - ret->len)
		return too_long(r, max);
	for (size_t i = 0; i < len; i++)
		ret->data[ret->len++] = (uint8_t)(form.text ? form.text[i] : (int)i);
	return 0;
}

int read_octets(struct reader *r, struct json_object *value, size_t max,
		struct octets *ret)
{
	int err = 0;

	if (r->json.object_is_type(value, json_type_string))
		return read_hex(r, r->json.object_get_string(value), max, ret);
	if (r->json.object_is_type(value, json_type_object))
		return read_form(r, value, max, ret);
	if (!r->json.object_is_type(value, json_type_array))
		return reader_fail(r, -EINVAL, "must be hex digits in quotes, an "
				   "object such as {\"text\": \"...\"}, or an "
				   "array of these");
	for (size_t i = 0; i < r->json.object_array_length(value) && !err; i++) {
		struct json_object *part = r->json.object_array_get_idx(value, i);
		size_t before = enter_index(r, i);

		if (r->json.object_is_type(part, json_type_array))
			return reader_fail(r, -EINVAL, "arrays of arrays are no values");
		err = read_octets(r, part, max, ret);
		if (!err)
			reader_leave(r, before);
	}
	return err;
}

int read_value(struct reader *r, struct json_object *value,
	       const struct field *field, void *target)
{
	struct octets *octets = target;

	octets->len = 0;
	return read_octets(r, value, (size_t)field->max, octets);
}
