/* SPDX-License-Identifier: MIT */
/* What is behind the stand of that name. */
#ifndef TESTS_STAND_DONGLE_H
#define TESTS_STAND_DONGLE_H

#include "tests/dongle/dongle.h"
#include "tests/stand.h"

struct dongle *stand_dongle_of(const struct stand *stand);

/* After the adapter's last unref: opens it again, plugged in again where it was
 * pulled out. */
int stand_dongle_again(struct stand *stand);

#endif
