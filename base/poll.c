/* SPDX-License-Identifier: MIT */
/*
 * The poller where there is no epoll: POSIX poll(), and a pipe that ends a wait.
 * No single descriptor covers all of them, so poller_fd() has none to give.
 */
#include "base/poller.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct poller {
	struct pollfd *polled;       /* [0] is the pipe's end */
	struct loop_watch **watches; /* beside it; [0] is not used */
	size_t n, room;
	size_t first; /* the next wait looks here first, so that each gets its turn */
	int pipe[2];
	bool woken;
};

static int open_pipe(int ends[2])
{
	if (pipe(ends)) {
		ends[0] = ends[1] = -1;
		return -errno;
	}
	for (int i = 0; i < 2; i++) {
		if (fcntl(ends[i], F_SETFD, FD_CLOEXEC) < 0 ||
		    fcntl(ends[i], F_SETFL, O_NONBLOCK) < 0)
			return -errno;
	}
	return 0;
}

static int grow(struct poller *poller)
{
	size_t room = poller->room ? 2 * poller->room : 8;
	struct loop_watch **watches;
	struct pollfd *polled;

	polled = realloc(poller->polled, room * sizeof(*polled));
	if (!polled)
		return -ENOMEM;
	poller->polled = polled;
	watches = realloc(poller->watches, room * sizeof(struct loop_watch *));
	if (!watches)
		return -ENOMEM;
	poller->watches = watches;
	poller->room = room;
	return 0;
}

int poller_new(struct poller **ret_poller)
{
	struct poller *poller = calloc(1, sizeof(*poller));
	int error;

	if (!poller)
		return -ENOMEM;
	error = open_pipe(poller->pipe);
	if (!error)
		error = grow(poller);
	if (error) {
		poller_free(poller);
		return error;
	}
	poller->polled[0] = (struct pollfd){ .fd = poller->pipe[0], .events = POLLIN };
	poller->n = 1;
	*ret_poller = poller;
	return 0;
}

void poller_free(struct poller *poller)
{
	for (int i = 0; i < 2; i++) {
		if (poller->pipe[i] >= 0)
			close(poller->pipe[i]);
	}
	free(poller->watches);
	free(poller->polled);
	free(poller);
}

static short to_poll(unsigned int events)
{
	return (short)((events & LOOP_READ ? POLLIN : 0) |
		       (events & LOOP_WRITE ? POLLOUT : 0));
}

static size_t find(const struct poller *poller, const struct loop_watch *watch)
{
	size_t i = 1;

	while (i < poller->n && poller->watches[i] != watch)
		i++;
	return i;
}

int poller_add(struct poller *poller, struct loop_watch *watch)
{
	struct stat about;

	/* poll() reports a bad descriptor later, a negative one never, and a
	 * regular file as always ready; epoll refuses them at once. */
	if (fstat(watch->fd, &about) < 0)
		return -errno;
	if (S_ISREG(about.st_mode) || S_ISDIR(about.st_mode))
		return -EPERM;
	if (poller->n == poller->room && grow(poller))
		return -ENOMEM;
	poller->watches[poller->n] = watch;
	poller->polled[poller->n++] = (struct pollfd){
		.fd = watch->fd, .events = to_poll(watch->events)
	};
	return 0;
}

int poller_change(struct poller *poller, struct loop_watch *watch)
{
	size_t i = find(poller, watch);

	if (i == poller->n)
		return -ENOENT;
	poller->polled[i].events = to_poll(watch->events);
	return 0;
}

void poller_remove(struct poller *poller, struct loop_watch *watch)
{
	size_t i = find(poller, watch);

	if (i == poller->n)
		return;
	poller->n--;
	poller->watches[i] = poller->watches[poller->n];
	poller->polled[i] = poller->polled[poller->n];
}

static void drain(struct poller *poller)
{
	char octets[64];

	while (read(poller->pipe[0], octets, sizeof(octets)) > 0)
		poller->woken = true;
}

static unsigned int from_poll(short e)
{
	return (e & POLLIN ? LOOP_READ : 0u) | (e & POLLOUT ? LOOP_WRITE : 0u) |
	       (e & (POLLERR | POLLHUP | POLLNVAL) ? LOOP_HANGUP : 0u);
}

int poller_wait(struct poller *poller, uint64_t deadline, bool early,
		struct poller_event *events, int max)
{
	int ready = poll(poller->polled, (nfds_t)poller->n, poller_ms(deadline));
	size_t watches = poller->n - 1;
	int used = 0;

	(void)early;
	if (ready < 0)
		return -errno;
	if (ready > 0 && poller->polled[0].revents) {
		drain(poller);
		ready--;
	}
	for (size_t i = 0; i < watches && used < ready && used < max; i++) {
		size_t at = 1 + (poller->first + i) % watches;

		if (!poller->polled[at].revents)
			continue;
		events[used++] = (struct poller_event){
			poller->watches[at], from_poll(poller->polled[at].revents)
		};
		if (used == max)
			poller->first = at;
	}
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
	int saved = errno;
	ssize_t written = write(poller->pipe[1], "", 1);

	(void)written; /* it fails only if the pipe is full, which wakes as well */
	errno = saved;
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
