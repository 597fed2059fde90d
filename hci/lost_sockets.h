/* SPDX-License-Identifier: MIT */
/*
 * Kernels that kill whoever closes the socket of a link that was lost: close() does not
 * return, and the process is gone. On these such sockets stay open, up to half of what the
 * process may open, so that a program that runs on and on does. It may die when it exits, as
 * the kernel then closes them.
 */
#ifndef HCI_LOST_SOCKETS_H
#define HCI_LOST_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

struct lost_sockets_kernel {
	const char *release, *version; /* uname(): the beginning; a part */
	const char *good;              /* what to install */
};

/* The row of the table, or NULL: this kernel is not known to have the fault. */
const struct lost_sockets_kernel *lost_sockets_find(const char *release, const char *version);

/* The running kernel's row, or NULL. Tests replace it. */
extern const struct lost_sockets_kernel *(*lost_sockets_kernel)(void);

/* Whether fd has to stay open: its link is gone, and this kernel has the fault. It is
 * counted then. fd is not shut down yet. */
bool lost_sockets_keep(int fd);

/* How many were kept. */
unsigned int lost_sockets_count(void);

/* No more can be kept: nothing may be connected that could be lost. */
bool lost_sockets_full(void);

/* After a loss: the first time, on a kernel with the fault, what the user has to know, to
 * be appended to a sentence. Otherwise empty. */
const char *lost_sockets_advice(char *text, size_t size);

#endif
