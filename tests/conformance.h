/* SPDX-License-Identifier: MIT */
/*
 * The conformance suite: one set of cases, run on every fixture. Where a fixture
 * cannot run a case, the case's row has the reason.
 */
#ifndef TESTS_CONFORMANCE_H
#define TESTS_CONFORMANCE_H

#include "tests/harness.h"
#include "tests/fixture.h"

struct conformance_case {
	const char *name; /* NULL ends the table */
	void (*run)(void);
	const char *not_socket; /* why it does not run there; NULL: it does */
	const char *not_kernel;
	const char *not_dongle;
	const char *not_port;
};

/* A row. Reasons follow the function: CASE("scan", scan, .not_socket = "..."). */
#define CASE(title, function, ...) { .name = title, .run = function, __VA_ARGS__ }

extern const struct conformance_case conformance_gatt[];
extern const struct conformance_case conformance_changed[];
extern const struct conformance_case conformance_values[];
extern const struct conformance_case conformance_links[];
extern const struct conformance_case conformance_scan[];
extern const struct conformance_case conformance_callbacks[];
extern const struct conformance_case conformance_tree[];
extern const struct conformance_case conformance_several[];
extern const struct conformance_case conformance_peers[];
extern const struct conformance_case conformance_matrix[];
extern const struct conformance_case conformance_hostile[];
extern const struct conformance_case conformance_shared[];
extern const struct conformance_case conformance_client[];
extern const struct conformance_case conformance_radio[];
extern const struct conformance_case conformance_keeper[];
extern const struct conformance_case conformance_random[];
extern const struct conformance_case conformance_map_scan[];
extern const struct conformance_case conformance_map_client[];
extern const struct conformance_case conformance_map_tree[];
extern const struct conformance_case conformance_map_pygatt[];
extern const struct conformance_case conformance_map_backend[];

/* The code from here to the next ROW tests one row of doc/from-bleak-and-pygatt.md and
 * contains the row's line of C. tests/map.sh compares the two. */
#define ROW(name) harness_about("%s", name)

/* The calls and arguments that the callbacks below recorded. */
struct seen {
	unsigned int done;
	int error;
	size_t len;
	uint8_t value[512];
	unsigned int values; /* notifications */
	uint32_t first, last; /* their numbers */
	bool gap;
	unsigned int disconnected;
	uint8_t reason;
	bool asked;
};

void seen_done(void *seen, int error);
void seen_value(void *seen, int error, struct ble_bytes value);
void seen_notified(void *seen, uint16_t handle, struct ble_bytes value);
void seen_disconnected(void *seen, uint8_t reason, bool asked);

/* open_at() opens a fixture with one peer and a client that is connected to it;
 * close_at() frees both. */
struct ble_client *open_at(struct fixture *fixture, uint16_t mtu, bool discover);
void close_at(struct fixture *fixture, struct ble_client *client);

/* Checks that the error text contains text. */
void check_error_names(struct fixture *fixture, int error, const char *text);

/* Reads a value and compares it with reference_octet(0) to (len - 1). */
void check_reference_value(struct ble_client *client, uint16_t handle, size_t len);

#endif
