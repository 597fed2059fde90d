/* SPDX-License-Identifier: MIT */
/*
 * The program with a frozen clock (loop_clock_freeze()), for tests over the
 * simulator: each wait ends at once, and events come in the same order on every
 * machine. The linker sends these calls here (-Wl,--wrap).
 *
 * BLEWIRE_ELAPSED names a file that gets the milliseconds that passed on this
 * clock.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/loop.h"

int __real_ble_loop_new(struct ble_loop **ret_loop);
struct ble_loop *__real_ble_loop_unref(struct ble_loop *loop);
int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __real_poll(struct pollfd *fds, nfds_t n, int ms);

int __wrap_ble_loop_new(struct ble_loop **ret_loop);
struct ble_loop *__wrap_ble_loop_unref(struct ble_loop *loop);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_poll(struct pollfd *fds, nfds_t n, int ms);

static struct ble_loop *frozen;
static uint64_t start;

int __wrap_ble_loop_new(struct ble_loop **ret_loop)
{
	int error = __real_ble_loop_new(ret_loop);

	if (error)
		return error;
	loop_clock_freeze(*ret_loop);
	start = loop_now(*ret_loop);
	frozen = ble_loop_ref(*ret_loop); /* for the rest of the process */
	return 0;
}

struct ble_loop *__wrap_ble_loop_unref(struct ble_loop *loop)
{
	const char *path = getenv("BLEWIRE_ELAPSED");
	FILE *file = loop && path ? fopen(path, "w") : NULL;

	if (file) {
		fprintf(file, "%" PRIu64 "\n", (loop_now(loop) - start) / 1000000);
		fclose(file);
	}
	return __real_ble_loop_unref(loop);
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	uint64_t ns;

	if (clock != CLOCK_MONOTONIC || !frozen)
		return __real_clock_gettime(clock, now);
	ns = loop_now(frozen);
	now->tv_sec = (time_t)(ns / 1000000000);
	now->tv_nsec = (long)(ns % 1000000000);
	return 0;
}

/* The loop's descriptor is readable once real time has come, which means nothing
 * here. */
static int poll_others(struct pollfd *fds, nfds_t n, const struct pollfd *loop)
{
	int ready = __real_poll(fds, n, 0);

	if (ready > 0 && loop->revents) {
		fds[loop - fds].revents = 0;
		ready--;
	}
	return ready;
}

/* A wait for the loop and others: those that are ready, or the loop's next timer. */
int __wrap_poll(struct pollfd *fds, nfds_t n, int ms)
{
	int fd = frozen ? ble_loop_fd(frozen) : -1, ready;
	nfds_t i = 0;

	while (i < n && (fd < 0 || fds[i].fd != fd))
		i++;
	if (i == n)
		return __real_poll(fds, n, ms);
	ready = poll_others(fds, n, &fds[i]);
	if (ready || ms == 0)
		return ready;
	if (ble_loop_dispatch(frozen, ms)) {
		errno = EINTR;
		return -1;
	}
	return poll_others(fds, n, &fds[i]);
}
