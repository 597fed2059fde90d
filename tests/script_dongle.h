/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SCRIPT_DONGLE_H
#define TESTS_SCRIPT_DONGLE_H

#include "tests/script.h"

/* A dongle's link as a wire: > are the commands that it gets, < what it says.
 * Start-up and connect are over when a script begins; its link has handle 0. */
extern const struct script_wire dongle_wire;

#endif
