/* SPDX-License-Identifier: MIT */
/* Where the program's dongle is plugged in: a socket, a pty, a tty. POSIX. */
#ifndef TESTS_DONGLE_PLACE_H
#define TESTS_DONGLE_PLACE_H

#include "tests/dongle/dongle.h"

struct place;

/*
 * name is "pty", "pty:LINK" (LINK becomes a symbolic link to it), a tty, or
 * anything else: the path of a stream socket, which is made and listened on.
 * power, or NULL: a command that is run with the word "off" when the dongle goes
 * away and "on" before it is back. Follows the dongle from then on. -errno, with
 * a line on standard error.
 */
int place_open(struct ble_loop *loop, struct dongle *dongle, const char *name,
	       const char *power, struct place **ret_place);
void place_free(struct place *place);

#endif
