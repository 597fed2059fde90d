/* SPDX-License-Identifier: MIT */
/* The port of the program's dongle: a socket, a pty or a tty. POSIX. */
#ifndef TESTS_DONGLE_PLACE_H
#define TESTS_DONGLE_PLACE_H

#include "tests/dongle/dongle.h"

struct place;

/*
 * name is "pty", "pty:LINK" (LINK becomes a symbolic link to it), or a tty. Anything
 * else is the path of a stream socket, which is created. power is a command that is
 * run with the word "off" when the dongle loses its power and "on" before it is
 * back, or NULL. The port disappears and returns with the dongle. 0 or -errno; an
 * error was printed on standard error.
 */
int place_open(struct ble_loop *loop, struct dongle *dongle, const char *name,
	       const char *power, struct place **ret_place);
void place_free(struct place *place);

#endif
