/* SPDX-License-Identifier: MIT */
/* What is behind the stand of that name. */
#ifndef TESTS_FIXTURE_DONGLE_H
#define TESTS_FIXTURE_DONGLE_H

#include "tests/dongle/dongle.h"
#include "tests/fixture.h"

struct dongle *fixture_dongle_of(const struct fixture *fixture);

/* After the adapter's last unref: opens it again, plugged in again where it was
 * pulled out. */
int fixture_dongle_again(struct fixture *fixture);

#endif
