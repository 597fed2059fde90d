/* SPDX-License-Identifier: MIT */
/* See failsend.h. */
#include "tests/failsend.h"

#include <errno.h>

static int armed_error;
static unsigned int armed_times;

void failsend_arm(int error, unsigned int times)
{
	armed_error = error;
	armed_times = times;
}

unsigned int failsend_disarm(void)
{
	unsigned int left = armed_times;

	armed_times = 0;
	return left;
}

#ifndef _WIN32 /* which has none */
#include <sys/socket.h>

/* The linker's names (--wrap, see local.mk) */
ssize_t __real_sendto(int fd, const void *packet, size_t len, int flags,
		      const struct sockaddr *address, socklen_t size);
ssize_t __wrap_sendto(int fd, const void *packet, size_t len, int flags,
		      const struct sockaddr *address, socklen_t size);

ssize_t __wrap_sendto(int fd, const void *packet, size_t len, int flags,
		      const struct sockaddr *address, socklen_t size)
{
	if (!armed_times)
		return __real_sendto(fd, packet, len, flags, address, size);
	armed_times--;
	errno = armed_error;
	return -1;
}
#endif
