/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SCRIPT_DONGLE_H
#define TESTS_SCRIPT_DONGLE_H

#include "tests/script.h"

/* A dongle's link as a wire: > are commands to it, < its responses and events. When
 * a script begins, the link is connected; its handle is 0. */
extern const struct script_wire dongle_wire;

#endif
