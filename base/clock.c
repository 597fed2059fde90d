/* SPDX-License-Identifier: MIT */
/* The clocks of POSIX; those of Windows are in windows.c. */
#include "base/poller.h"

#include <time.h>

static uint64_t read_clock(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t poller_now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

#ifdef CLOCK_MONOTONIC_COARSE
/* The kernel updates this clock on each tick, at least every 10 ms. */
uint64_t poller_soon(void)
{
	return read_clock(CLOCK_MONOTONIC_COARSE) + 10000000u;
}
#else
uint64_t poller_soon(void)
{
	return poller_now();
}
#endif

uint64_t poller_wall_clock(void)
{
	return read_clock(CLOCK_REALTIME);
}
