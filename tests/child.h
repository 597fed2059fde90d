/* SPDX-License-Identifier: MIT */
/* Programs that a fixture starts. */
#ifndef TESTS_CHILD_H
#define TESTS_CHILD_H

#include <sys/types.h>

/* Starts argv[0] and waits for its first line of output: then it is ready. 0 or
 * -errno. */
int child_start(char *const argv[], pid_t *ret_child);

/* Kills it and waits for its end; 0 is allowed and does nothing. */
void child_stop(pid_t child);

#endif
