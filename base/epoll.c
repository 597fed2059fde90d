/* SPDX-License-Identifier: MIT */
/*
 * The poller on Linux: one epoll set, with an eventfd that ends a wait and a
 * timerfd. The timerfd is set for the next timer once ble_loop_fd() was called,
 * and for timers that are far away: a timeout of epoll_wait() would have the
 * kernel start a timer for each wait, and us read the clock before and after.
 * For a near timer epoll_wait() gets a timeout.
 */
#include "base/poller.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, FAR_MS = 100 };

struct poller {
	int epoll;
	int wake;      /* eventfd */
	int alarm;     /* timerfd, -1: not needed yet */
	uint64_t alarm_at; /* UINT64_MAX: not set */
	bool woken;
	bool more;     /* the latest wait may have left events behind */
};

static int add(int epoll, int fd, uint32_t events, void *ptr)
{
	struct epoll_event event = { .events = events, .data.ptr = ptr };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

int poller_new(struct poller **ret_poller)
{
	struct poller *poller = calloc(1, sizeof(*poller));
	int error;

	if (!poller)
		return -ENOMEM;
	poller->alarm = -1;
	poller->alarm_at = UINT64_MAX;
	poller->wake = -1;
	poller->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (poller->epoll < 0) {
		error = -errno;
		goto fail;
	}
	poller->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (poller->wake < 0) {
		error = -errno;
		goto fail;
	}
	error = add(poller->epoll, poller->wake, EPOLLIN, &poller->wake);
	if (error)
		goto fail;
	*ret_poller = poller;
	return 0;
fail:
	poller_free(poller);
	return error;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void poller_free(struct poller *poller)
{
	close_fd(poller->alarm);
	close_fd(poller->wake);
	close_fd(poller->epoll);
	free(poller);
}

static uint32_t to_epoll(unsigned int events)
{
	return (events & LOOP_READ ? (uint32_t)EPOLLIN : 0) |
	       (events & LOOP_WRITE ? (uint32_t)EPOLLOUT : 0);
}

int poller_add(struct poller *poller, struct loop_watch *watch)
{
	return add(poller->epoll, watch->fd, to_epoll(watch->events), watch);
}

int poller_change(struct poller *poller, struct loop_watch *watch)
{
	struct epoll_event event = { .events = to_epoll(watch->events),
				     .data.ptr = watch };

	return epoll_ctl(poller->epoll, EPOLL_CTL_MOD, watch->fd, &event)
		? -errno : 0;
}

void poller_remove(struct poller *poller, struct loop_watch *watch)
{
	epoll_ctl(poller->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
}

/* -- The alarm ---------------------------------------------------------------- */

static int open_alarm(struct poller *poller)
{
	int error;

	if (poller->alarm >= 0)
		return 0;
	poller->alarm = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (poller->alarm < 0)
		return -errno;
	error = add(poller->epoll, poller->alarm, EPOLLIN, &poller->alarm);
	if (error) {
		close(poller->alarm);
		poller->alarm = -1;
	}
	return error;
}

int poller_fd(struct poller *poller)
{
	int error = open_alarm(poller);

	return error ? error : poller->epoll;
}

void poller_alarm(struct poller *poller, uint64_t deadline)
{
	struct itimerspec at = { 0 };

	/* An alarm that is too early costs one empty dispatch; setting it later
	 * for each request would cost a system call a request. */
	if (poller->alarm < 0 || deadline >= poller->alarm_at)
		return;
	poller->alarm_at = deadline;
	at.it_value.tv_sec = (time_t)(deadline / 1000000000u);
	at.it_value.tv_nsec = (long)(deadline % 1000000000u);
	if (deadline == 0)
		at.it_value.tv_nsec = 1;
	timerfd_settime(poller->alarm, TFD_TIMER_ABSTIME, &at, NULL);
}

static bool alarm_is_set(const struct poller *poller, uint64_t deadline)
{
	return poller->alarm_at != UINT64_MAX && poller->alarm_at <= deadline;
}

bool poller_before(const struct poller *poller, uint64_t deadline)
{
	return !poller->more && alarm_is_set(poller, deadline);
}

/* -- Waiting ------------------------------------------------------------------ */

static int timeout_of(struct poller *poller, uint64_t deadline, bool early)
{
	int ms;

	if (early && alarm_is_set(poller, deadline))
		return -1;
	ms = poller_ms(deadline);
	if (!early || ms < FAR_MS || open_alarm(poller))
		return ms;
	poller_alarm(poller, deadline);
	return -1;
}

int poller_wait(struct poller *poller, uint64_t deadline, bool early,
		struct poller_event *events, int max)
{
	struct epoll_event ready[BATCH];
	int room = max < BATCH ? max : BATCH;
	int n = epoll_wait(poller->epoll, ready, room,
			   timeout_of(poller, deadline, early));
	int used = 0;
	uint64_t count;

	poller->more = n == room;
	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		uint32_t e = ready[i].events;

		if (ready[i].data.ptr == &poller->wake) {
			if (read(poller->wake, &count, sizeof(count)) > 0)
				poller->woken = true;
			continue;
		}
		if (ready[i].data.ptr == &poller->alarm) {
			/* Which timers are due is found out from the clock. */
			if (read(poller->alarm, &count, sizeof(count)) > 0)
				poller->alarm_at = UINT64_MAX;
			continue;
		}
		events[used++] = (struct poller_event){
			ready[i].data.ptr,
			(e & EPOLLIN ? LOOP_READ : 0u) |
			(e & EPOLLOUT ? LOOP_WRITE : 0u) |
			(e & (EPOLLERR | EPOLLHUP) ? LOOP_HANGUP : 0u)
		};
	}
	return used;
}

bool poller_woken(struct poller *poller)
{
	bool woken = poller->woken;

	poller->woken = false;
	return woken;
}

void poller_wake(struct poller *poller)
{
	int saved = errno;
	uint64_t one = 1;
	ssize_t written = write(poller->wake, &one, sizeof(one));

	(void)written; /* it can only fail when it is set already */
	errno = saved;
}
