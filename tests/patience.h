/* SPDX-License-Identifier: MIT */
/*
 * How long a test waits for something that has to come. No test passes or fails
 * by this time unless there is a fault: it only ends a wait that would never end.
 * Scripts have the same in tests/patience.sh.
 */
#ifndef TESTS_PATIENCE_H
#define TESTS_PATIENCE_H

/* In milliseconds: five minutes, and up to an hour if the machine was slow when
 * this was first called. BLEWIRE_PATIENCE sets it, in seconds. */
unsigned int patience_ms(void);

#endif
