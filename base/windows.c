/* SPDX-License-Identifier: MIT */
/*
 * Windows: the poller, the clocks and the lock. The poller waits with
 * WaitForMultipleObjects() for the watched events and one of its own that ends a
 * wait. No single descriptor covers all of them, so poller_fd() has none to give.
 */
#include "base/poller.h"

#include <errno.h>
#include <stdlib.h>
#include <windows.h>

#include "base/process.h"

/* One of the HANDLEs is the event that ends the wait. */
enum { MAX_WATCHES = MAXIMUM_WAIT_OBJECTS - 1 };

static SRWLOCK lock = SRWLOCK_INIT;

void process_lock(void)
{
	AcquireSRWLockExclusive(&lock);
}

void process_unlock(void)
{
	ReleaseSRWLockExclusive(&lock);
}

int process_init(void)
{
	return 0;
}

struct poller {
	HANDLE wake;
	struct loop_watch *watches[MAX_WATCHES];
	unsigned int n;
	unsigned int first; /* the next wait looks here first, so that each gets its turn */
	bool woken;
};

int poller_new(struct poller **ret_poller)
{
	struct poller *poller = calloc(1, sizeof(*poller));

	if (!poller)
		return -ENOMEM;
	poller->wake = CreateEvent(NULL, TRUE, FALSE, NULL);
	if (!poller->wake) {
		free(poller);
		return -ENOMEM; /* the only possible reason */
	}
	*ret_poller = poller;
	return 0;
}

void poller_free(struct poller *poller)
{
	CloseHandle(poller->wake);
	free(poller);
}

int poller_add(struct poller *poller, struct loop_watch *watch)
{
	DWORD flags;

	if (!GetHandleInformation(watch->fd, &flags))
		return -EBADF;
	if (poller->n == MAX_WATCHES)
		return -EMFILE;
	poller->watches[poller->n++] = watch;
	return 0;
}

/* Each wait looks at watch->events anew. */
int poller_change(struct poller *poller, struct loop_watch *watch)
{
	(void)poller;
	(void)watch;
	return 0;
}

void poller_remove(struct poller *poller, struct loop_watch *watch)
{
	for (unsigned int i = 0; i < poller->n; i++) {
		if (poller->watches[i] == watch) {
			poller->watches[i] = poller->watches[--poller->n];
			return;
		}
	}
}

uint64_t poller_now(void)
{
	LARGE_INTEGER count, second;
	uint64_t c, s;

	/* Neither can fail on a system since Windows XP. */
	QueryPerformanceCounter(&count);
	QueryPerformanceFrequency(&second);
	c = (uint64_t)count.QuadPart;
	s = (uint64_t)second.QuadPart;
	return c / s * 1000000000u + c % s * 1000000000u / s;
}

uint64_t poller_soon(void)
{
	return poller_now();
}

uint64_t poller_wall_clock(void)
{
	const uint64_t to_1970 = UINT64_C(116444736000000000); /* from 1601 */
	FILETIME t;

	GetSystemTimePreciseAsFileTime(&t);
	return (((uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime) - to_1970) * 100;
}

static bool is_set(HANDLE event)
{
	return WaitForSingleObject(event, 0) == WAIT_OBJECT_0;
}

/* Until one is set or the deadline has passed. The clock of the system's wait may
 * be a little ahead of ours. 0 or -errno. */
static int wait(const struct poller *poller, uint64_t deadline)
{
	HANDLE handles[MAXIMUM_WAIT_OBJECTS] = { poller->wake };
	DWORD n = 1, result;

	for (unsigned int i = 0; i < poller->n; i++) {
		if (poller->watches[i]->events)
			handles[n++] = poller->watches[i]->fd;
	}
	do {
		int ms = poller_ms(deadline);

		result = WaitForMultipleObjects(n, handles, FALSE,
						ms < 0 ? INFINITE : (DWORD)ms);
	} while (result == WAIT_TIMEOUT && poller_now() < deadline);
	return result == WAIT_FAILED ? -EBADF : 0;
}

int poller_wait(struct poller *poller, uint64_t deadline, bool early,
		struct poller_event *events, int max)
{
	int error = wait(poller, deadline), used = 0;

	(void)early;
	if (error)
		return error;
	if (is_set(poller->wake)) {
		ResetEvent(poller->wake);
		poller->woken = true;
	}
	for (unsigned int i = 0; i < poller->n && used < max; i++) {
		struct loop_watch *watch =
			poller->watches[(poller->first + i) % poller->n];

		if (watch->events && is_set(watch->fd))
			events[used++] = (struct poller_event){ watch, watch->events };
	}
	poller->first++;
	return used;
}

bool poller_before(const struct poller *poller, uint64_t deadline)
{
	(void)poller;
	(void)deadline;
	return false;
}

bool poller_woken(struct poller *poller)
{
	bool woken = poller->woken;

	poller->woken = false;
	return woken;
}

void poller_wake(struct poller *poller)
{
	SetEvent(poller->wake);
}

int poller_fd(struct poller *poller)
{
	(void)poller;
	return -EOPNOTSUPP;
}

void poller_alarm(struct poller *poller, uint64_t deadline)
{
	(void)poller;
	(void)deadline;
}
