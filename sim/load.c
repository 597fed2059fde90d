/* SPDX-License-Identifier: MIT */
/* The simulator's files, doc/simulator.md: from the file to peripherals. */
#include "sim/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 4 << 20, VERSION = 1 };

/* -- Peripherals ----------------------------------------------------------------------- */

struct peripheral {
	const char *name, *address;
	bool generic;
	uint16_t appearance, mtu;
	unsigned int connect_ms, latency_ms;
	struct sim_faults faults;
	struct json_object *advertising, *services;
};

#define FAULT(member) offsetof(struct sim_faults, member)

static const struct field fault_fields[] = {
	{ "disconnect_after_ms", read_uint, FAULT(disconnect_after_ms), 1, 86400000 },
	{ "disconnect_after_requests", read_uint,
	  FAULT(disconnect_after_requests), 1, UINT32_MAX },
	{ "silent_after_requests", read_uint, FAULT(silent_after_requests), 1,
	  UINT32_MAX },
	{ "reason", read_u8, FAULT(reason), 1, 255 },
};

static int read_faults(struct reader *r, struct json_object *value,
		       const struct field *field, void *target)
{
	(void)field; /* nothing to limit */
	return read_object(r, value, fault_fields, N_FIELDS(fault_fields), target);
}

#define PERIPHERAL(member) offsetof(struct peripheral, member)

static const struct field peripheral_fields[] = {
	{ "name", read_text, PERIPHERAL(name), 0, SIM_NAME_MAX },
	{ "address", read_text, PERIPHERAL(address), 0, 64 },
	{ "advertising", read_later, PERIPHERAL(advertising), 0, 0 },
	{ "generic", read_bool, PERIPHERAL(generic), 0, 0 },
	{ "appearance", read_u16, PERIPHERAL(appearance), 0, 0xffff },
	{ "mtu", read_u16, PERIPHERAL(mtu), ATT_MTU_MIN, ATT_MTU_MAX },
	{ "connect_ms", read_uint, PERIPHERAL(connect_ms), 0, 60000 },
	{ "latency_ms", read_uint, PERIPHERAL(latency_ms), 0, 60000 },
	{ "faults", read_faults, PERIPHERAL(faults), 0, 0 },
	{ "services", read_later, PERIPHERAL(services), 0, 0 },
};

static int add_peripheral(struct reader *r, struct sim_model *model,
			  const struct peripheral *read,
			  struct sim_peripheral **ret_peripheral)
{
	struct ble_address address;
	int err;

	if (!read->address)
		return reader_fail(r, -EINVAL, "needs an \"address\"");
	if (ble_address_parse(read->address, &address))
		return reader_fail(r, -EINVAL, "\"%.40s\" is not an address; write "
				   "\"C0:FF:EE:00:00:01/random\"", read->address);
	if (address.type == BLE_ADDRESS_UNKNOWN)
		address.type = BLE_ADDRESS_PUBLIC;
	err = sim_add_peripheral(model, read->name, &address, ret_peripheral);
	if (err == -EEXIST)
		return reader_fail(r, -EINVAL, "another peripheral has the address "
				   "%s", read->address);
	return err ? reader_error(r, err) : 0;
}

static int load_member(struct reader *r, const char *key,
		       struct json_object *value, struct sim_peripheral *p,
		       int (*load)(struct reader *r, struct json_object *value,
				   struct sim_peripheral *p))
{
	size_t place = reader_enter(r, key);
	int err = load(r, value, p);

	if (!err)
		reader_leave(r, place);
	return err;
}

static int load_peripheral(struct reader *r, struct json_object *value,
			   void *target)
{
	struct peripheral read = {
		.name = "", .generic = true, .mtu = 247, .connect_ms = 20,
		.faults = { .reason = 0x13 },
	};
	struct sim_peripheral *p;
	int err = read_object(r, value, peripheral_fields,
			      N_FIELDS(peripheral_fields), &read);

	if (!err)
		err = add_peripheral(r, target, &read, &p);
	if (err)
		return err;
	p->mtu = read.mtu;
	p->connect_ms = read.connect_ms;
	p->latency_ms = read.latency_ms;
	p->faults = read.faults;
	sim_advertise_name(p);
	if (read.generic && gatt_add_generic(&p->table, p->name, read.appearance))
		return reader_error(r, -ENOMEM);
	if (read.advertising)
		err = load_member(r, "advertising", read.advertising, p,
				  load_advertising);
	if (!err && read.services)
		err = load_member(r, "services", read.services, p, load_services);
	if (!err && sim_peripheral_finish(p))
		return reader_fail(r, -EINVAL, "\"includes\" names a handle that is "
				   "no service's");
	return err;
}

/* -- The file ------------------------------------------------------------------------------ */

struct top {
	unsigned int version;
	struct json_object *peripherals;
};

static const struct field top_fields[] = {
	{ "version", read_uint, offsetof(struct top, version), VERSION, VERSION },
	{ "peripherals", read_later, offsetof(struct top, peripherals), 0, 0 },
};

static int load_top(struct reader *r, struct json_object *json,
		    struct sim_model *model)
{
	struct top top = { 0, NULL };
	int err = read_object(r, json, top_fields, N_FIELDS(top_fields), &top);

	if (err)
		return err;
	if (!top.version)
		return reader_fail(r, -EINVAL, "needs \"version\": %d", VERSION);
	if (!top.peripherals)
		return reader_fail(r, -EINVAL, "needs \"peripherals\"");
	reader_enter(r, "peripherals");
	return read_array(r, top.peripherals, SIM_PERIPHERALS_MAX,
			  load_peripheral, model);
}

/* Line and column, in characters, of an offset. */
static int syntax_error(struct reader *r, const char *text, size_t at,
			const char *what)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < at; i++) {
		if (text[i] == '\n') {
			line++;
			column = 1;
		} else if ((text[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	return loop_set_error(r->loop, -EINVAL, "%s:%zu:%zu: %s", r->file, line,
			      column, what);
}

static int parse(struct reader *r, const char *text, size_t len,
		 struct json_object **ret_json)
{
	struct json_tokener *tokener = r->json.tokener_new();
	struct json_object *json;
	enum json_tokener_error error;
	size_t end;

	if (!tokener)
		return reader_error(r, -ENOMEM);
	r->json.tokener_set_flags(tokener, JSON_TOKENER_STRICT |
					JSON_TOKENER_ALLOW_TRAILING_CHARS |
					JSON_TOKENER_VALIDATE_UTF8);
	json = r->json.tokener_parse_ex(tokener, text, (int)len);
	error = r->json.tokener_get_error(tokener);
	end = r->json.tokener_get_parse_end(tokener);
	r->json.tokener_free(tokener);
	if (error == json_tokener_continue)
		return syntax_error(r, text, len, "the file ends too early");
	if (error != json_tokener_success)
		return syntax_error(r, text, end, r->json.tokener_error_desc(error));
	end += strspn(text + end, " \t\r\n");
	if (end < len) {
		r->json.object_put(json);
		return syntax_error(r, text, end, "something follows the end");
	}
	*ret_json = json;
	return 0;
}

static int cannot_read(struct reader *r, int err)
{
	if (!err)
		err = EIO;
	return loop_set_error(r->loop, -err, "\"sim:%s\": %s; name a JSON file, or \"sim\" alone "
			      "for the built-in peripherals", r->file, strerror(err));
}

static int read_file(struct reader *r, char **ret_text, size_t *ret_len)
{
	FILE *file = fopen(r->file, "rb");
	char *text;
	size_t len;
	int err = 0;

	if (!file)
		return cannot_read(r, errno);
	text = malloc(FILE_MAX + 1);
	if (!text) {
		fclose(file);
		return reader_error(r, -ENOMEM);
	}
	errno = 0;
	len = fread(text, 1, FILE_MAX + 1, file);
	if (ferror(file)) {
		err = cannot_read(r, errno);
	} else if (len > FILE_MAX) {
		err = reader_fail(r, -EFBIG, "is larger than %d octets", FILE_MAX);
	}
	fclose(file);
	if (err) {
		free(text);
		return err;
	}
	text[len] = '\0';
	*ret_text = text;
	*ret_len = len;
	return 0;
}

int sim_load(struct ble_loop *loop, const char *path, struct sim_model *model)
{
	struct reader r = { .loop = loop, .file = path };
	struct json_object *json = NULL;
	char *text = NULL;
	size_t len = 0;
	int err = read_file(&r, &text, &len);

	if (err)
		return err;
	err = sim_json_open(loop, &r.json);
	if (!err) {
		err = parse(&r, text, len, &json);
		if (!err)
			err = load_top(&r, json, model);
		r.json.object_put(json);
		sim_json_close(&r.json);
	}
	free(text);
	return err;
}
