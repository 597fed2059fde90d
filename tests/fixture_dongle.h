/* SPDX-License-Identifier: MIT */
/* The emulator behind fixture_dongle. */
#ifndef TESTS_FIXTURE_DONGLE_H
#define TESTS_FIXTURE_DONGLE_H

#include "tests/dongle/dongle.h"
#include "tests/fixture.h"

struct dongle *fixture_dongle_of(const struct fixture *fixture);

/* After the adapter's last unref: plugs the dongle in again if it was pulled
 * out, and opens the adapter again. */
int fixture_dongle_again(struct fixture *fixture);

#endif
