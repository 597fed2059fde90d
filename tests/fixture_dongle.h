/* SPDX-License-Identifier: MIT */
/* The emulator behind fixture_dongle. */
#ifndef TESTS_FIXTURE_DONGLE_H
#define TESTS_FIXTURE_DONGLE_H

#include "tests/dongle/dongle.h"
#include "tests/fixture.h"

struct dongle *fixture_dongle_of(const struct fixture *fixture);

/* Opens the adapter again after its last unref. Plugs the dongle in before that if it
 * was unplugged. 0 or -errno. */
int fixture_dongle_again(struct fixture *fixture);

#endif
