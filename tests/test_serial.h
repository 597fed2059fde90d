/* SPDX-License-Identifier: MIT */
/* Tests of the streams to a dongle: over descriptors and ports, and by name. */
#ifndef TESTS_TEST_SERIAL_H
#define TESTS_TEST_SERIAL_H

#include "bgapi/stream.h"
#include "tests/harness.h"

extern const struct test_case serial_fd[], serial_names[], serial_ports[], serial_tty[];

/* The ports that libserialport is to find; test_serial.c replaces its functions.
 * vendor 0: not on USB. */
struct fake_port {
	const char *name;
	int vendor, product;
	const char *serial;
};
void fake_ports(const struct fake_port *ports, size_t count);
void fake_ports_fail(int result);

/* Both ends of a new pty: the master, and the slave's path. */
int pty_new(char path[64]);

#endif
