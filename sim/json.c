/* SPDX-License-Identifier: MIT */
/* See json.h. */
#include "config.h"

#include "sim/json.h"

#ifdef JSON_SONAME

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/loop.h"

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
#define JSON_ROW(name) { "json_" #name, offsetof(struct json, name) },
	JSON_FUNCTIONS(JSON_ROW)
#undef JSON_ROW
};

int sim_json_open(struct ble_loop *loop, struct json *ret_json)
{
	void *library = dlopen(JSON_SONAME, RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; library && i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *function = dlsym(library, functions[i].name);

		if (!function) {
			dlclose(library);
			library = NULL;
			break;
		}
		/* POSIX: a function's address fits in a void *. */
		memcpy((char *)ret_json + functions[i].offset, &function, sizeof(function));
	}
	ret_json->library = library;
	return library ? 0
		       : loop_set_error(loop, -EOPNOTSUPP, "simulator files need json-c, and there is "
					"no %s: install it, or use \"sim\" alone for the "
					"built-in peripherals", JSON_SONAME);
}

void sim_json_close(struct json *json)
{
	if (json->library)
		dlclose(json->library);
}

#else

int sim_json_open(struct ble_loop *loop, struct json *ret_json)
{
	static const struct json linked = {
#define JSON_ROW(name) .name = json_##name,
		JSON_FUNCTIONS(JSON_ROW)
#undef JSON_ROW
	};

	(void)loop; /* no error to explain */
	*ret_json = linked;
	return 0;
}

void sim_json_close(struct json *json)
{
	(void)json; /* linked */
}

#endif
