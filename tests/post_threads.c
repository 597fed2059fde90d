/* SPDX-License-Identifier: MIT */
/* A million posts from four threads to one loop, each thread's in its order, while
 * other loops come and go. tests/threads.sh runs it under the thread sanitizer. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "blewire.h"

#ifdef _WIN32
#include <windows.h>

typedef HANDLE thread;
#define THREAD(name, argument) DWORD WINAPI name(void *argument)
#define THREAD_END 0

static bool start(thread *thread_, LPTHREAD_START_ROUTINE run, void *user)
{
	*thread_ = CreateThread(NULL, 0, run, user, 0, NULL);
	return *thread_ != NULL;
}

static void join(thread thread_)
{
	WaitForSingleObject(thread_, INFINITE);
	CloseHandle(thread_);
}
#else
#include <pthread.h>

typedef pthread_t thread;
#define THREAD(name, argument) void *name(void *argument)
#define THREAD_END NULL

static bool start(thread *thread_, void *(*run)(void *), void *user)
{
	return pthread_create(thread_, NULL, run, user) == 0;
}

static void join(thread thread_)
{
	pthread_join(thread_, NULL);
}
#endif

enum { THREADS = 4, POSTS = 250000 };

struct poster {
	struct ble_loop *loop;
	struct item {
		struct poster *poster;
		int number;
	} *items;
	int posted, refused;       /* its thread's */
	int next, out_of_order;    /* the loop's */
};

static void arrive(void *user)
{
	struct item *item = user;
	struct poster *poster = item->poster;

	if (item->number != poster->next)
		poster->out_of_order++;
	poster->next = item->number + 1;
}

static THREAD(post_all, user)
{
	struct poster *poster = user;

	for (int i = 0; i < POSTS; i++) {
		if (ble_loop_post(poster->loop, arrive, &poster->items[i]))
			poster->refused++;
		else
			poster->posted++;
	}
	return THREAD_END;
}

static void never(void *user)
{
	++*(int *)user;
}

/* Loops of its own come and go beside that, with posts that nobody runs. */
static THREAD(make_loops, user)
{
	int *bad = user;

	for (int i = 0; i < 200; i++) {
		struct ble_loop *loop;

		if (ble_loop_new(&loop) || ble_loop_post(loop, never, bad))
			++*bad;
		else
			ble_loop_unref(loop);
	}
	return THREAD_END;
}

static bool open_poster(struct poster *poster, struct ble_loop *loop)
{
	poster->loop = loop;
	poster->items = calloc(POSTS, sizeof(*poster->items));
	for (int i = 0; poster->items && i < POSTS; i++)
		poster->items[i] = (struct item){ poster, i };
	return poster->items != NULL;
}

static bool complete(const struct poster *posters)
{
	for (int i = 0; i < THREADS; i++)
		if (posters[i].next < POSTS)
			return false;
	return true;
}

int main(void)
{
	static struct poster posters[THREADS];
	thread threads[THREADS], other;
	struct ble_loop *loop;
	int bad = 0, dispatches = 0;

	if (ble_loop_new(&loop))
		return 99;
	for (int i = 0; i < THREADS; i++)
		if (!open_poster(&posters[i], loop))
			return 99;
	for (int i = 0; i < THREADS; i++)
		if (!start(&threads[i], post_all, &posters[i]))
			return 99;
	if (!start(&other, make_loops, &bad))
		return 99;
	while (!complete(posters)) {
		if (ble_loop_dispatch(loop, -1))
			bad++;
		dispatches++;
	}
	for (int i = 0; i < THREADS; i++) {
		join(threads[i]);
		bad += posters[i].refused + posters[i].out_of_order +
		       (posters[i].posted != POSTS) + (posters[i].next != POSTS);
		free(posters[i].items);
	}
	join(other);
	ble_loop_unref(loop);
	if (ble_loop_post(loop, never, &bad) != -ECANCELED)
		bad++;
	printf("%s: %d posts from %d threads ran in %d dispatches, %d faults\n",
	       bad ? "FAIL" : "ok", THREADS * POSTS, THREADS, dispatches, bad);
	return bad != 0;
}
