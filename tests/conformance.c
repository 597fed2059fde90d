/* SPDX-License-Identifier: MIT */
/*
 * Runs the conformance cases on the fixtures of this machine. On an adapter of the
 * kernel, with the peripherals on other adapters:
 *	BLEWIRE_ADAPTER=ADDRESS BLEWIRE_PEERS="ADDRESS ..." conformance kernel/
 * and on a port with the dongle emulator at its other end:
 *	BLEWIRE_DONGLE=PORT BLEWIRE_DONGLE_PLACE=PLACE conformance port/
 */
#include "tests/conformance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "config.h"

/* -- What callbacks leave behind ------------------------------------------------ */

void seen_done(void *user, int error)
{
	struct seen *seen = user;

	seen->done++;
	seen->error = error;
}

void seen_value(void *user, int error, struct ble_bytes value)
{
	struct seen *seen = user;

	seen->len = value.len;
	if (value.len)
		memcpy(seen->value, value.data, value.len);
	seen_done(seen, error);
}

void seen_notified(void *user, uint16_t handle, struct ble_bytes value)
{
	struct seen *seen = user;
	uint32_t number;

	(void)handle;
	CHECK_INT(value.len, 4);
	if (value.len != 4)
		return;
	number = get_le32(value.data);
	if (!seen->values++)
		seen->first = number;
	else if (number != seen->last + 1)
		seen->gap = true;
	seen->last = number;
}

void seen_disconnected(void *user, uint8_t reason, bool asked)
{
	struct seen *seen = user;

	seen->disconnected++;
	seen->reason = reason;
	seen->asked = asked;
}

void check_reference_value(struct ble_client *client, uint16_t handle, size_t len)
{
	uint8_t value[512], expected[512];
	size_t seen = 0;

	for (size_t i = 0; i < len; i++)
		expected[i] = reference_octet(i);
	CHECK_INT(ble_client_read_sync(client, handle, value, sizeof(value), &seen), 0);
	CHECK_INT(seen, len);
	CHECK_MEM(value, expected, len < seen ? len : seen);
}

struct ble_client *open_at(struct fixture *fixture, uint16_t mtu, bool discover)
{
	const struct fixture_peer peer = { .mtu = mtu };

	REQUIRE(fixture_open(fixture, &peer, 1) == 0);
	return fixture_connect(fixture, 0, discover);
}

void close_at(struct fixture *fixture, struct ble_client *client)
{
	ble_client_unref(client);
	fixture_close(fixture);
}

void check_error_names(struct fixture *fixture, int error, const char *text)
{
	const char *said = ble_error_text(fixture->loop, error);

	if (!strstr(said, text))
		FAIL(said);
}

/* -- Fixtures and cases --------------------------------------------------------------- */

static const struct conformance_case *const tables[] = {
	conformance_gatt, conformance_values, conformance_links, conformance_scan,
	conformance_callbacks, conformance_tree, conformance_several, conformance_peers,
	conformance_matrix, conformance_hostile, conformance_shared,
	conformance_client, conformance_keeper, conformance_radio, conformance_random,
	conformance_changed,
	conformance_map_scan, conformance_map_client, conformance_map_tree, conformance_map_pygatt,
	conformance_map_backend,
};

enum { N_TABLES = sizeof(tables) / sizeof(tables[0]), MAX_CASES = 180, N_MAPPED = 5, N_FIRST = 5 };

/* Those of this build, and why each leaves a case out. */
static const struct {
	const struct fixture_class *class;
	size_t reason; /* in struct conformance_case; 0: it leaves none out */
	const char *needs; /* in the environment */
} fixtures[] = {
	{ &fixture_sim, 0, NULL },
#ifdef HAVE_BGAPI
	{ &fixture_dongle, offsetof(struct conformance_case, not_dongle), NULL },
#ifndef _WIN32
	{ &fixture_port, offsetof(struct conformance_case, not_port), "BLEWIRE_DONGLE" },
#endif
#endif
#ifdef HAVE_HCI
	{ &fixture_socket, offsetof(struct conformance_case, not_socket), NULL },
#endif
#ifdef HAVE_BLUEZ
	{ &fixture_kernel, offsetof(struct conformance_case, not_kernel), "BLEWIRE_ADAPTER" },
#endif
};

enum { N_FIXTURES = sizeof(fixtures) / sizeof(fixtures[0]) };

static const char *left_out(const struct conformance_case *row, size_t reason)
{
	const char *why = NULL;

	if (reason)
		memcpy(&why, (const char *)row + reason, sizeof(why));
	return why;
}

static void add_cases(const struct fixture_class *class, size_t reason,
		      struct test_case *cases)
{
	size_t n = 0, tables_of = N_TABLES;

	/* What they call is in the other cases; the lines themselves are the same. */
	if (!class->virtual_time) {
		printf("not on %s: the lines of doc/from-bleak-and-pygatt.md: minutes of real "
		       "time\n", class->name);
		tables_of -= N_MAPPED;
	}
	/* Set to nothing it asks for all. */
	if (!class->virtual_time && getenv("BLEWIRE_SHORT") && *getenv("BLEWIRE_SHORT")) {
		printf("not on %s: all but the first %d tables, as asked\n", class->name,
		       N_FIRST);
		tables_of = N_FIRST;
	}
	for (size_t t = 0; t < tables_of; t++) {
		for (const struct conformance_case *row = tables[t]; row->name; row++) {
			const char *why = left_out(row, reason);

			if (why)
				printf("not on %s: %s: %s\n", class->name, row->name, why);
			else if (n == MAX_CASES)
				abort(); /* it is a matter of a number above */
			else
				cases[n++] = (struct test_case){ row->name, row->run, class };
		}
	}
}

int main(int argc, char **argv)
{
	static struct test_case cases[N_FIXTURES][MAX_CASES + 1];
	struct test_suite suites[N_FIXTURES + 1] = { { 0 } };
	size_t n = 0;

	for (size_t i = 0; i < N_FIXTURES; i++) {
		if (fixtures[i].needs && !getenv(fixtures[i].needs))
			continue;
		add_cases(fixtures[i].class, fixtures[i].reason, cases[n]);
		suites[n] = (struct test_suite){ fixtures[i].class->name, cases[n] };
		n++;
	}
	return harness_main(argc, argv, suites);
}
