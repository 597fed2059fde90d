/* SPDX-License-Identifier: MIT */
/*
 * Whether standard input is JSON as doc/json.md promises it: one object a line,
 * with exactly these fields in this order.
 *
 *	jsonlines PATH FIELD[=VALUE|:TYPE]...
 *
 * PATH is "." for the objects of the lines themselves or names the fields on
 * the way down, such as services.characteristics; arrays are gone through.
 * There has to be at least one object; how many there were is printed.
 */
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char **fields;
static int n_fields, n_objects;

static bool complain(const char *what, const char *field, struct json_object *object)
{
	fprintf(stderr, "jsonlines: %s %s in %s\n", field, what,
		json_object_to_json_string(object));
	return false;
}

static bool check_field(const char *wanted, const char *key,
			struct json_object *value, struct json_object *object)
{
	size_t len = strcspn(wanted, "=:");
	const char *type = json_type_to_name(json_object_get_type(value));
	const char *text = value ? json_object_get_string(value) : "null";

	if (strlen(key) != len || memcmp(key, wanted, len))
		return complain("is in the place of another field", key, object);
	if (wanted[len] == '=' && strcmp(wanted + len + 1, text))
		return complain("has another value", wanted, object);
	if (wanted[len] == ':' && strcmp(wanted + len + 1, type))
		return complain("has another type", wanted, object);
	return true;
}

static bool check_object(struct json_object *object)
{
	int i = 0;

	n_objects++;
	if (!json_object_is_type(object, json_type_object))
		return complain("is no object", "this", object);
	json_object_object_foreach(object, key, value) {
		if (i == n_fields)
			return complain("is one field too many", key, object);
		if (!check_field(fields[i++], key, value, object))
			return false;
	}
	return i == n_fields || complain("is missing", fields[i], object);
}

static bool walk(struct json_object *object, const char *path)
{
	size_t len = strcspn(path, ".");
	char key[64];
	struct json_object *next;

	if (json_object_is_type(object, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(object); i++)
			if (!walk(json_object_array_get_idx(object, i), path))
				return false;
		return true;
	}
	if (!*path)
		return check_object(object);
	snprintf(key, sizeof(key), "%.*s", (int)len, path);
	if (!json_object_object_get_ex(object, key, &next))
		return complain("is missing", key, object);
	return walk(next, path + len + (path[len] == '.'));
}

int main(int argc, char **argv)
{
	bool good = true;
	char *line = NULL;
	size_t size = 0;

	if (argc < 3)
		return 2;
	fields = argv + 2;
	n_fields = argc - 2;
	while (good && getline(&line, &size, stdin) > 0) {
		struct json_object *object;
		enum json_tokener_error err;

		line[strcspn(line, "\n")] = '\0';
		object = json_tokener_parse_verbose(line, &err);
		if (!json_object_is_type(object, json_type_object)) {
			fprintf(stderr, "jsonlines: not an object: %s\n", line);
			good = false;
		} else {
			good = walk(object, strcmp(argv[1], ".") ? argv[1] : "");
		}
		json_object_put(object);
	}
	free(line);
	printf("%d\n", n_objects);
	return good && n_objects ? 0 : 1;
}
