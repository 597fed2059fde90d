/* SPDX-License-Identifier: MIT */
/* Queues functions that other threads give to a loop, and runs them. All loops are in
 * one list under the library's lock: a post to a loop that is freed does not find it
 * there, and is refused. */
#include "base/post.h"

#include <errno.h>
#include <stdlib.h>

#include "base/process.h"

struct post {
	struct list link;
	void (*func)(void *user);
	void *user;
};

static struct list loops = { &loops, &loops };

void posts_open(struct posts *posts, const struct ble_loop *loop,
		struct poller *poller)
{
	posts->loop = loop;
	posts->poller = poller;
	posts->generation = process_generation();
	list_init(&posts->queue);
	list_init(&posts->running);
	atomic_init(&posts->waiting, false);
	process_lock();
	list_append(&loops, &posts->link);
	process_unlock();
}

static void drop(struct list *queue)
{
	struct list *link;

	while ((link = list_pop(queue)))
		free(list_entry(link, struct post, link));
}

void posts_close(struct posts *posts)
{
	process_lock();
	list_remove(&posts->link);
	process_unlock();
	drop(&posts->running);
	drop(&posts->queue);
}

/* To be called with the lock held. */
static struct posts *find(const struct ble_loop *loop)
{
	list_for_each(link, &loops) {
		struct posts *posts = list_entry(link, struct posts, link);

		if (posts->loop == loop)
			return posts;
	}
	return NULL;
}

static int append(const struct ble_loop *loop, struct post *post)
{
	struct posts *posts = find(loop);

	if (!posts)
		return -ECANCELED;
	if (posts->generation != process_generation())
		return -ECHILD;
	list_append(&posts->queue, &post->link);
	if (!posts_waiting(posts)) {
		atomic_store_explicit(&posts->waiting, true, memory_order_relaxed);
		poller_wake(posts->poller);
	}
	return 0;
}

int ble_loop_post(struct ble_loop *loop, void (*func)(void *user), void *user)
{
	struct post *post = calloc(1, sizeof(*post));
	int error;

	if (!post)
		return -ENOMEM;
	post->func = func;
	post->user = user;
	process_lock();
	error = append(loop, post);
	process_unlock();
	if (error)
		free(post);
	return error;
}

void posts_run(struct posts *posts)
{
	struct list *link;

	process_lock();
	list_splice(&posts->running, &posts->queue);
	atomic_store_explicit(&posts->waiting, false, memory_order_relaxed);
	process_unlock();
	while (posts->generation == process_generation() &&
	       (link = list_pop(&posts->running))) {
		struct post *post = list_entry(link, struct post, link);
		void (*func)(void *user) = post->func;
		void *user = post->user;

		free(post);
		func(user);
	}
}
