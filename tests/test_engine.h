/* SPDX-License-Identifier: MIT */
/* The tables of the engine's cases, one a file; test_engine.c runs them. */
#ifndef TESTS_TEST_ENGINE_H
#define TESTS_TEST_ENGINE_H

#include "tests/harness.h"
#include "tests/script.h"

extern const struct test_case engine_sweeps[], engine_values[], engine_mtu[],
	engine_peer[], engine_order[], engine_bare[];

#endif
