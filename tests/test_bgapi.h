/* SPDX-License-Identifier: MIT */
/* What the files of test_bgapi share. */
#ifndef TESTS_TEST_BGAPI_H
#define TESTS_TEST_BGAPI_H

#include "bgapi/frame.h"
#include "tests/harness.h"

struct example {
	const char *hex; /* NULL ends the list */
	const char *trace;
};

extern const struct example examples[];

/* Octets of "80 0a ff"; returns how many. */
size_t example_octets(const char *hex, uint8_t octet[BGAPI_FRAME_MAX]);
bool example_is_command(const struct example *example);

extern const struct test_case framing[];

#endif
