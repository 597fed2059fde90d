/* SPDX-License-Identifier: MIT */
/* Makes sendto() fail on demand, with errors that do not happen on a socket pair. */
#ifndef TESTS_FAILSEND_H
#define TESTS_FAILSEND_H

/* The next times calls fail with error, a positive errno value. */
void failsend_arm(int error, unsigned int times);

/* Ends that. Returns how many of the calls have not been made. */
unsigned int failsend_disarm(void);

#endif
