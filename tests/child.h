/* SPDX-License-Identifier: MIT */
/* Programs that a stand needs beside it. */
#ifndef TESTS_CHILD_H
#define TESTS_CHILD_H

#include <sys/types.h>

/* Starts argv[0] and waits for its first line of output, which says that it is
 * ready. 0 or -errno. */
int child_start(char *const argv[], pid_t *ret_child);

/* Kills it; fine for 0. */
void child_stop(pid_t child);

#endif
