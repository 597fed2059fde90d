/* SPDX-License-Identifier: MIT */
/* Programs that a fixture starts. */
#ifndef TESTS_CHILD_H
#define TESTS_CHILD_H

#include <sys/types.h>

/* Starts argv[0] and waits until it prints a line, which says that it is ready. 0 or
 * -errno. */
int child_start(char *const argv[], pid_t *ret_child);

/* Kills a child and waits for its end. 0 is allowed and does nothing. */
void child_stop(pid_t child);

#endif
