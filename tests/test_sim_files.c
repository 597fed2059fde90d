/* SPDX-License-Identifier: MIT */
/* The simulator's files: the documented example, and the error texts for wrong files:
 * the place, the fault, and what would be right. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/model.h"
#include "tests/failmalloc.h"
#include "tests/harness.h"
#include "tests/script.h"

static char path[] = "/tmp/blewire-sim-XXXXXX";

static void write_file(const char *text, size_t len)
{
	FILE *file = fopen(path, "w");

	REQUIRE(file != NULL);
	CHECK_INT(fwrite(text, 1, len, file), len);
	fclose(file);
}

static int load(struct ble_loop *loop, const char *name, struct sim_model *model)
{
	int err;

	sim_model_init(model);
	err = sim_load(loop, name, model);
	if (err)
		sim_model_release(model);
	return err;
}

/* -- Files that are wrong ------------------------------------------------------------- */

struct wrong {
	const char *json;
	const char *said; /* behind the file's name; of json-c's own words, which
			   * change, only the place */
};

/* Wrap around what is looked at. */
#define PERIPHERAL(text) \
	"{\"version\":1,\"peripherals\":[{\"address\":\"C0:00:00:00:00:01\"," text "}]}"
#define AD(text) PERIPHERAL("\"advertising\":{" text "}")
#define SERVICE(text) PERIPHERAL("\"services\":[{\"uuid\":\"1815\"," text "}]")
#define CHARACTERISTIC(text) \
	SERVICE("\"characteristics\":[{\"uuid\":\"2a56\"," text "}]")
#define VALUE(text) CHARACTERISTIC("\"value\":" text)
#define GENERATOR(text) CHARACTERISTIC("\"properties\":[\"notify\"]," \
	"\"interval_ms\":5,\"generator\":{" text "}")
#define AT_C ": peripherals[0].services[0].characteristics[0]"

static const struct wrong wrongs[] = {
	/* Syntax: line and column. */
	{ "", ":1:1: the file ends too early" },
	{ "{\n\t\"version\": 1,\n", ":3:1: the file ends too early" },
	{ "{\n  \"version\" 1\n}", ":2:13: " },
	{ "{\n\"version\": 1,\n  \"peripherals\": [}\n]}",
	  ":3:19: " },
	{ "{\"\xc3\xa4\": \xc3\xa4}", ":1:7: " },
	{ "{\"version\": 1,}", ":1:15: " },
	{ "{ // no\n}", ":1:3: " },
	{ "{\"version\":1} {}", ":1:15: something follows the end" },
	/* The top. */
	{ "[]", ": must be an object, {...}" },
	{ "{}", ": needs \"version\": 1" },
	{ "{\"version\": 2}", ": version: must be from 1 to 1" },
	{ "{\"version\": 1}", ": needs \"peripherals\"" },
	{ "{\"version\": 1, \"peripherals\": {}}",
	  ": peripherals: must be an array, [...]" },
	{ "{\"version\": 1, \"peripheral\": []}",
	  ": unknown key \"peripheral\"; known are: version, peripherals" },
	{ "{\"ver\\u001bsion\": 1}",
	  ": unknown key \"ver?sion\"; known are: version, peripherals" },
	/* Peripherals. */
	{ "{\"version\":1,\"peripherals\":[{}]}",
	  ": peripherals[0]: needs an \"address\"" },
	{ "{\"version\":1,\"peripherals\":[{\"address\":\"C0:00\"}]}",
	  ": peripherals[0]: \"C0:00\" is not an address; write "
	  "\"C0:FF:EE:00:00:01/random\"" },
	{ "{\"version\":1,\"peripherals\":[{\"address\":\"C0:00:00:00:00:01\"},"
	  "{\"address\":\"c0:00:00:00:00:01/public\"}]}",
	  ": peripherals[1]: another peripheral has the address "
	  "c0:00:00:00:00:01/public" },
	{ PERIPHERAL("\"mtu\": 22"), ": peripherals[0].mtu: must be from 23 to 517" },
	{ PERIPHERAL("\"mtu\": 518"), ": peripherals[0].mtu: must be from 23 to 517" },
	{ PERIPHERAL("\"mtu\": 9999999999"),
	  ": peripherals[0].mtu: must be from 23 to 517" },
	{ PERIPHERAL("\"mtu\": 23.5"), ": peripherals[0].mtu: must be a whole number, 26 or \"0x1a\"" },
	{ PERIPHERAL("\"mtu\": null"), ": peripherals[0].mtu: must be a whole number, 26 or \"0x1a\"" },
	{ PERIPHERAL("\"mtu\": \"big\""),
	  ": peripherals[0].mtu: must be a whole number, 26 or \"0x1a\"" },
	{ PERIPHERAL("\"mtu\": \"0x\""),
	  ": peripherals[0].mtu: must be from 23 to 517" },
	{ PERIPHERAL("\"mtu\": \"0xffffffffffffffffffff\""),
	  ": peripherals[0].mtu: must be from 23 to 517" },
	{ PERIPHERAL("\"name\": 5"), ": peripherals[0].name: must be a text in quotes" },
	{ PERIPHERAL("\"name\": \"a\\u0000b\""),
	  ": peripherals[0].name: must not contain \\u0000" },
	{ PERIPHERAL("\"generic\": 1"), ": peripherals[0].generic: must be true or false" },
	{ PERIPHERAL("\"faults\": {\"reason\": 0}"),
	  ": peripherals[0].faults.reason: must be from 1 to 255" },
	/* Advertising. */
	{ AD("\"interval_ms\": 0"),
	  ": peripherals[0].advertising.interval_ms: must be from 1 to 10240" },
	{ AD("\"rssi\": 18"), ": peripherals[0].advertising.rssi: must be from -124 to 17" },
	{ AD("\"extended\": true, \"scan_response\": []"),
	  ": peripherals[0].advertising: an extended advertisement that takes a "
	  "connection has no \"scan_response\"" },
	{ AD("\"data\": [{\"flags\": 6, \"tx_power\": 0}]"),
	  ": peripherals[0].advertising.data[0]: must have one key that says what "
	  "it is, such as \"name\", and has 2" },
	{ AD("\"data\": [{}]"),
	  ": peripherals[0].advertising.data[0]: must have one key that says what "
	  "it is, such as \"name\", and has 0" },
	{ AD("\"data\": [{\"flags\": 6}, {\"name\": \"twenty-seven octets long..\"},"
	     "{\"flags\": 1}]"),
	  ": peripherals[0].advertising.data[2]: does not fit: all of it may have "
	  "31 octets" },
	{ AD("\"data\": [{\"raw\": {\"fill\": 0, \"size\": 32}}]"),
	  ": peripherals[0].advertising.data[0]: is longer than the 31 octets "
	  "allowed" },
	{ AD("\"data\": [{\"name\": \"x\", \"data\": \"00\"}]"),
	  ": peripherals[0].advertising.data[0]: \"data\" goes with "
	  "\"manufacturer\", \"service_data\" or \"type\"" },
	{ AD("\"data\": [{\"services\": [\"180d\", \"18\"]}]"),
	  ": peripherals[0].advertising.data[0][1]: \"18\" is not a UUID; write "
	  "\"180d\" or all 36 characters" },
	/* Services and characteristics. */
	{ PERIPHERAL("\"services\": [{}]"),
	  ": peripherals[0].services[0]: needs a \"uuid\"" },
	{ SERVICE("\"handle\": 6"),
	  ": peripherals[0].services[0]: handles must rise, up to 0xffff; the one "
	  "before is 0x0006" },
	{ SERVICE("\"handle\": 65536"),
	  ": peripherals[0].services[0].handle: must be from 1 to 65535" },
	{ SERVICE("\"handle\": 16, \"end\": 15"),
	  ": peripherals[0].services[0]: \"end\" is below the last handle, 0x0010" },
	{ SERVICE("\"includes\": [9]"),
	  ": peripherals[0]: \"includes\" names a handle that is no service's" },
	{ SERVICE("\"characteristics\": [{}]"), AT_C ": needs a \"uuid\"" },
	{ CHARACTERISTIC("\"uuid\": \"2a5\""),
	  AT_C ".uuid: \"2a5\" is not a UUID; write \"180d\" or all 36 characters" },
	{ CHARACTERISTIC("\"uuid\": 10838"), AT_C ".uuid: must be a UUID in quotes" },
	{ CHARACTERISTIC("\"handle\": 20, \"value_handle\": 20"),
	  AT_C ": handles must rise, up to 0xffff; the one before is 0x0014" },
	{ CHARACTERISTIC("\"properties\": [\"read\", \"Write\"]"),
	  AT_C ".properties[1]: must be \"read\", \"write\", "
	  "\"write-without-response\", \"notify\", \"indicate\" or \"broadcast\"" },
	{ CHARACTERISTIC("\"max\": 2, \"value\": \"010203\""),
	  AT_C ": \"value\" has 3 octets and \"max\" is 2" },
	{ CHARACTERISTIC("\"max\": 513"), AT_C ".max: must be from 1 to 512" },
	{ CHARACTERISTIC("\"configuration\": \"none\""),
	  AT_C ".configuration: must be a whole number, 26 or \"0x1a\"" },
	{ CHARACTERISTIC("\"interval_ms\": 10"),
	  AT_C ": \"interval_ms\" and \"on_write\" need \"notify\" or \"indicate\" "
	  "among the properties" },
	{ CHARACTERISTIC("\"properties\": [\"notify\"], \"burst\": 10"),
	  AT_C ": \"generator\" and \"burst\" need \"interval_ms\"" },
	{ CHARACTERISTIC("\"descriptors\": [{\"uuid\": \"2902\"}]"),
	  AT_C ".descriptors[0]: 2902 is there by itself; its handle is the "
	  "characteristic's \"configuration\"" },
	{ CHARACTERISTIC("\"descriptors\": [{\"uuid\": \"2901\", "
			 "\"properties\": [\"notify\"]}]"),
	  AT_C ".descriptors[0]: a descriptor can be \"read\" and \"write\" only" },
	/* Values. */
	{ VALUE("5"), AT_C ".value: must be hex digits in quotes, an object such as "
		      "{\"text\": \"...\"}, or an array of these" },
	{ VALUE("\"0 1\""), AT_C ".value: must be pairs of hex digits, not \"0 1\"; "
				 "for text write {\"text\": \"...\"}" },
	{ VALUE("\"012\""), AT_C ".value: must be pairs of hex digits, not \"2\"; "
				 "for text write {\"text\": \"...\"}" },
	{ VALUE("{\"text\": \"a\", \"ramp\": 4}"),
	  AT_C ".value: must have one of \"text\", \"int\", \"fill\" and \"ramp\"" },
	{ VALUE("{}"),
	  AT_C ".value: must have one of \"text\", \"int\", \"fill\" and \"ramp\"" },
	{ VALUE("{\"int\": 4}"), AT_C ".value: \"int\" needs \"size\", 1 to 8" },
	{ VALUE("{\"int\": 256, \"size\": 1}"),
	  AT_C ".value: must be from -128 to 255" },
	{ VALUE("{\"int\": -129, \"size\": 1}"),
	  AT_C ".value: must be from -128 to 255" },
	{ VALUE("{\"fill\": 256, \"size\": 1}"), AT_C ".value: must be from 0 to 255" },
	{ VALUE("{\"fill\": 1}"), AT_C ".value: \"fill\" needs \"size\"" },
	{ VALUE("{\"fill\": 1, \"size\": 513}"),
	  AT_C ".value.size: must be from 1 to 512" },
	{ VALUE("[{\"ramp\": 512}, \"00\"]"),
	  AT_C ".value[1]: is longer than the 512 octets allowed" },
	{ VALUE("[\"00\", [\"00\"]]"), AT_C ".value[1]: arrays of arrays are no values" },
	/* Generators. */
	{ GENERATOR("\"size\": 1"),
	  AT_C ".generator: needs a \"kind\": \"counter\", \"sine\", \"walk\" or "
	  "\"heart-rate\"" },
	{ GENERATOR("\"kind\": \"walk\", \"min\": 5, \"max\": 4"),
	  AT_C ".generator: \"min\" is above \"max\"" },
	{ GENERATOR("\"kind\": \"walk\", \"step\": -1"),
	  AT_C ".generator: a walk's \"step\" is not negative" },
	{ GENERATOR("\"kind\": \"heart-rate\", \"max\": 100"),
	  AT_C ".generator: a heart beats 20 (\"min\") to 250 (\"max\") times a "
	  "minute" },
	{ GENERATOR("\"kind\": \"sine\", \"size\": 5"),
	  AT_C ".generator.size: must be from 1 to 4" },
	{ NULL, NULL },
};

static void check_said(const char *said, const char *expected)
{
	size_t len = strlen(expected);

	if (expected[len - 1] == ' ')
		CHECK(!strncmp(said, expected, len) && said[len]);
	else
		CHECK_STR(said, expected);
}

static void wrong_files(void)
{
	struct ble_loop *loop;
	struct sim_model model;

	REQUIRE(ble_loop_new(&loop) == 0);
	for (const struct wrong *w = wrongs; w->json; w++) {
		const char *text;

		harness_about("%.120s", w->json);
		write_file(w->json, strlen(w->json));
		CHECK_INT(load(loop, path, &model), -EINVAL);
		text = ble_error_text(loop, -EINVAL);
		if (CHECK(!strncmp(text, path, strlen(path))))
			check_said(text + strlen(path), w->said);
	}
	harness_about(NULL);
	ble_loop_unref(loop);
}

static void unreadable_files(void)
{
	struct ble_loop *loop;
	struct sim_model model;
	char *large = malloc(5 << 20);

	REQUIRE(large != NULL);
	REQUIRE(ble_loop_new(&loop) == 0);
	CHECK_INT(load(loop, "/nonexistent/file.json", &model), -ENOENT);
	CHECK_STR(ble_error_text(loop, -ENOENT),
		  "\"sim:/nonexistent/file.json\": No such file or directory; name a JSON file, "
		  "or \"sim\" alone for the built-in peripherals");
	CHECK_INT(load(loop, "", &model), -ENOENT);
	CHECK(strstr(ble_error_text(loop, -ENOENT), "\"sim:\": ") != NULL);
	CHECK_INT(load(loop, "/tmp", &model), -EISDIR);
	CHECK(strstr(ble_error_text(loop, -EISDIR), "\"sim:/tmp\": Is a directory; name a") != NULL);
	memset(large, ' ', 5 << 20);
	write_file(large, 5 << 20);
	CHECK_INT(load(loop, path, &model), -EFBIG);
	CHECK(strstr(ble_error_text(loop, -EFBIG), "is larger than") != NULL);
	/* A NUL in the middle hides nothing. */
	write_file("{\"version\":1,\"peripherals\":[]}\0x", 32);
	CHECK_INT(load(loop, path, &model), -EINVAL);
	free(large);
	ble_loop_unref(loop);
}

/* Nested as deep as nobody means it, and cut at every octet. */
static void hostile_files(void)
{
	static const char good[] = CHARACTERISTIC(
		"\"properties\":[\"read\",\"notify\"],\"interval_ms\":5,\"value\":"
		"[{\"int\":1,\"size\":2},\"0a\"],\"descriptors\":[{\"uuid\":\"2901\"}]");
	struct ble_loop *loop;
	struct sim_model model;
	char deep[2000], changed[sizeof(good)];

	REQUIRE(ble_loop_new(&loop) == 0);
	memset(deep, '[', sizeof(deep));
	write_file(deep, sizeof(deep));
	CHECK_INT(load(loop, path, &model), -EINVAL);
	write_file(good, sizeof(good) - 1);
	REQUIRE(load(loop, path, &model) == 0);
	sim_model_release(&model);
	for (size_t len = 0; len < sizeof(good) - 1; len++) {
		write_file(good, len);
		CHECK_INT(load(loop, path, &model), -EINVAL);
	}
	for (int i = 0; i < 2000; i++) {
		static const char odd[] = "\"{}[],:0-9.e\\\x80\xff\n\tu";

		memcpy(changed, good, sizeof(good));
		for (unsigned int n = 1 + harness_below(3); n; n--)
			changed[harness_below(sizeof(good) - 1)] =
				odd[harness_below(sizeof(odd) - 1)];
		write_file(changed, sizeof(good) - 1);
		if (!load(loop, path, &model))
			sim_model_release(&model);
	}
	ble_loop_unref(loop);
}

/* -- The example ---------------------------------------------------------------------- */

static const char *example(void)
{
	static char name[512];
	const char *top = getenv("srcdir");

	snprintf(name, sizeof(name), "%s/doc/example-peripherals.json",
		 top ? top : ".");
	return name;
}

static struct sim_peripheral *nth(const struct sim_model *model, size_t n)
{
	const struct list *l = model->peripherals.next;

	while (n--)
		l = l->next;
	return list_entry(l, struct sim_peripheral, link);
}

static void check_attribute(const struct sim_peripheral *p, uint16_t handle,
			    const char *type, int permissions, const char *value)
{
	const struct gatt_attribute *a = gatt_table_find(&p->table, handle);
	struct ble_uuid uuid;
	uint8_t octets[ATT_VALUE_MAX];
	size_t len = text_bytes(value, octets, sizeof(octets));

	harness_about("%s 0x%04x", p->name, handle);
	CHECK_INT(ble_uuid_parse(type, &uuid), 0);
	if (!CHECK(a != NULL))
		return;
	CHECK(ble_uuid_equal(&a->type, &uuid));
	CHECK_INT(a->permissions, permissions);
	if (CHECK_INT(a->len, len))
		CHECK_MEM(gatt_value(a).data, octets, len);
	harness_about(NULL);
}

static void the_example(void)
{
	static const char vendor3[] = "5a000003-0000-4000-8000-00c0ffee0000";
	struct ble_loop *loop;
	struct sim_model model;
	const struct sim_peripheral *p;
	uint8_t octets[64];

	REQUIRE(ble_loop_new(&loop) == 0);
	REQUIRE(load(loop, example(), &model) == 0);
	REQUIRE(model.n == 2);
	p = nth(&model, 0);
	CHECK_STR(p->name, "Kitchen");
	CHECK_INT(p->address.type, BLE_ADDRESS_RANDOM);
	CHECK_INT(p->mtu, 247);
	CHECK_INT(p->advertising.data_len, 12);
	CHECK_MEM(p->advertising.data, "\x02\x01\x06\x08\x09Kitchen", 12);
	CHECK_INT(p->table.n, 11);
	check_attribute(p, 3, "2a00", GATT_MAY_READ, "4b 69 74 63 68 65 6e");
	check_attribute(p, 8, "2803", GATT_MAY_READ, "12 0900 6e2a");
	check_attribute(p, 9, "2a6e", GATT_MAY_READ, "6608");
	check_attribute(p, 11, "2901", GATT_MAY_READ,
			"62 79 20 74 68 65 20 77 69 6e 64 6f 77");

	p = nth(&model, 1);
	CHECK_INT(p->address.type, BLE_ADDRESS_PUBLIC);
	CHECK_INT(p->mtu, 185);
	CHECK_INT(p->latency_ms, 15);
	CHECK_INT(p->faults.silent_after_requests, 100001);
	CHECK(p->advertising.while_connected);
	CHECK_INT(p->advertising.rssi, -71);
	CHECK_INT(p->advertising.data_len,
		  text_bytes("020106 0503 0f18 1a18 06ff ffff 010203 020afc 0319 4005",
			     octets, sizeof(octets)));
	CHECK_MEM(p->advertising.data, octets, p->advertising.data_len);
	CHECK_INT(p->advertising.response_len,
		  text_bytes("0a09 576f726b62656e6368 0416 0f18 57 031a a000 03fe0000",
			     octets, sizeof(octets)));
	CHECK_MEM(p->advertising.response, octets, p->advertising.response_len);
	check_attribute(p, 5, "2a01", GATT_MAY_READ, "4005");
	check_attribute(p, 16, "2800", GATT_MAY_READ, "0f18");
	CHECK_INT(gatt_table_find(&p->table, 16)->end, 31);
	check_attribute(p, 18, "2a19", GATT_MAY_READ | GATT_FIXED, "00");
	check_attribute(p, 20, "2902", GATT_MAY_READ | GATT_MAY_WRITE | GATT_FIXED,
			"0000");
	check_attribute(p, 0x41, "2802", GATT_MAY_READ, "1000 1f00 0f18");
	CHECK_INT(gatt_table_find(&p->table, 0x43)->len, 5 + 64 + 2);
	CHECK_INT(gatt_table_find(&p->table, 0x43)->max, 512);
	CHECK_MEM(gatt_value(gatt_table_find(&p->table, 0x43)).data,
		  "ramp:\0\1\2\3", 9);
	check_attribute(p, 0x46, vendor3, GATT_MAY_READ | GATT_MAY_COMMAND, "00*20");
	CHECK(gatt_table_find(&p->table, 0x4b) == NULL);
	check_attribute(p, 0x60, "2901", GATT_MAY_READ | GATT_MAY_WRITE,
			"6e 6f 20 32 39 30 32 20 68 65 72 65");
	sim_model_release(&model);
	ble_loop_unref(loop);
}

static int load_example(void *user)
{
	struct ble_loop *loop = user;
	struct sim_model model;
	int err = load(loop, example(), &model);

	if (!err)
		sim_model_release(&model);
	return err;
}

static void every_allocation(void)
{
	struct ble_loop *loop;

	REQUIRE(ble_loop_new(&loop) == 0);
	CHECK(fail_each(load_example, loop) > 10);
	ble_loop_unref(loop);
}

#ifdef JSON_SONAME
/* 0: json-c is found; 1: it is not installed; 2: a library without its functions. */
static int missing;

void *__real_dlopen(const char *name, int flags);
void *__real_dlsym(void *library, const char *name);
void *__wrap_dlopen(const char *name, int flags);
void *__wrap_dlsym(void *library, const char *name);

void *__wrap_dlopen(const char *name, int flags)
{
	return missing == 1 ? NULL : __real_dlopen(name, flags);
}

void *__wrap_dlsym(void *library, const char *name)
{
	bool last = !strcmp(name, "json_tokener_set_flags");

	return missing == 2 && last ? NULL : __real_dlsym(library, name);
}

/* The library was built with json-c and runs without: only files need it. */
static void without_json(void)
{
	struct ble_adapter *adapter;
	struct ble_loop *loop;
	char name[32];

	REQUIRE(ble_loop_new(&loop) == 0);
	snprintf(name, sizeof(name), "sim:%s", path);
	for (missing = 1; missing <= 2; missing++) {
		write_file("{\"version\":1,\"peripherals\":[]}", 30);
		CHECK_INT(ble_adapter_open(loop, name, &adapter), -EOPNOTSUPP);
		CHECK(strstr(ble_error_text(loop, -EOPNOTSUPP), JSON_SONAME) != NULL);
		if (CHECK_INT(ble_adapter_open(loop, "sim", &adapter), 0))
			ble_adapter_unref(adapter);
	}
	missing = 0;
	if (CHECK_INT(ble_adapter_open(loop, name, &adapter), 0))
		ble_adapter_unref(adapter);
	ble_loop_unref(loop);
}
#else
static void without_json(void)
{
	printf("SKIP: json-c is linked here\n");
}
#endif

int main(int argc, char **argv)
{
	static const struct test_case files[] = {
		TEST(wrong_files), TEST(unreadable_files), TEST(hostile_files),
		TEST(the_example), TEST(every_allocation), TEST(without_json),
		{ 0 },
	};
	static const struct test_suite suites[] = { { "files", files }, { 0 } };
	int fd = mkstemp(path), status;

	if (fd < 0)
		return EXIT_FAILURE;
	close(fd);
	status = harness_main(argc, argv, suites);
	unlink(path);
	return status;
}
