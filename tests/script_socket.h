/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SCRIPT_SOCKET_H
#define TESTS_SCRIPT_SOCKET_H

#include "tests/script.h"

extern const struct script_wire socket_wire;

#endif
