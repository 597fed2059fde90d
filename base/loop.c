/* SPDX-License-Identifier: MIT */
/* The loop: dispatch, timers, tasks, and the sentence about the last failure. */
#include "base/loop.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/poller.h"
#include "base/post.h"
#include "base/process.h"

enum { BATCH = 64 };

struct ble_loop {
	unsigned int refs;
	unsigned int generation; /* of the process that made it */
	struct poller *poller;
	struct loop_timer *timers; /* pairing heap, the earliest on top */
	uint64_t armed;  /* timers so far */
	uint64_t firing; /* while timers run: the time that they are due by */
	struct list tasks;
	struct posts posts;
	struct poller_event events[BATCH];
	int n_events, next_event;
	bool dispatching;
	bool outside; /* the user polls ble_loop_fd() */
	atomic_bool interrupt; /* set by any thread and by signal handlers */
	bool interrupted;
	bool frozen;
	uint64_t frozen_now;
	int text_error, text_alias; /* the errors that have this text; 0: none */
	char text[384];
};

int ble_loop_new(struct ble_loop **ret_loop)
{
	struct ble_loop *loop = calloc(1, sizeof(*loop));
	int error;

	if (!loop)
		return -ENOMEM;
	error = process_init();
	if (!error)
		error = poller_new(&loop->poller);
	if (error) {
		free(loop);
		return error;
	}
	loop->refs = 1;
	loop->generation = process_generation();
	list_init(&loop->tasks);
	atomic_init(&loop->interrupt, false);
	posts_open(&loop->posts, loop, loop->poller);
	*ret_loop = loop;
	return 0;
}

struct ble_loop *ble_loop_ref(struct ble_loop *loop)
{
	if (loop)
		loop->refs++;
	return loop;
}

struct ble_loop *ble_loop_unref(struct ble_loop *loop)
{
	/* A running dispatch has a reference, and ends when there is no other. */
	if (!loop || --loop->refs > (loop->dispatching ? 1u : 0u))
		return NULL;
	posts_close(&loop->posts);
	if (loop->refs)
		return NULL;
	poller_free(loop->poller);
	free(loop);
	return NULL;
}

bool loop_dispatching(const struct ble_loop *loop)
{
	return loop->dispatching;
}

bool loop_inherited(const struct ble_loop *loop)
{
	return loop->generation != process_generation();
}

int loop_may_run(const struct ble_loop *loop)
{
	if (loop_inherited(loop))
		return -ECHILD;
	return loop->dispatching ? -EDEADLK : 0;
}

/* -- Time ------------------------------------------------------------------ */

uint64_t loop_now(const struct ble_loop *loop)
{
	return loop->frozen ? loop->frozen_now : poller_now();
}

uint64_t loop_soon(const struct ble_loop *loop)
{
	return loop->frozen ? loop->frozen_now : poller_soon();
}

uint64_t loop_wall_clock(void)
{
	return poller_wall_clock();
}

void loop_clock_freeze(struct ble_loop *loop)
{
	loop->frozen_now = loop_now(loop);
	loop->frozen = true;
}

void loop_clock_advance(struct ble_loop *loop, unsigned int ms)
{
	loop->frozen_now += (uint64_t)ms * 1000000u;
}

static uint64_t next_deadline(const struct ble_loop *loop)
{
	if (!list_empty(&loop->tasks))
		return 0;
	return loop->timers ? loop->timers->deadline : UINT64_MAX;
}

/* After a new timer or task: the descriptor must become readable for it. */
static void set_alarm(struct ble_loop *loop)
{
	if (loop->outside && !loop->dispatching && !loop_inherited(loop))
		poller_alarm(loop->poller, next_deadline(loop));
}

int ble_loop_fd(const struct ble_loop *loop)
{
	/* The call changes how we wait, but nothing that the caller can see. */
	struct ble_loop *self = (struct ble_loop *)(uintptr_t)loop;
	int fd;

	if (loop_inherited(loop))
		return -ECHILD;
	fd = poller_fd(self->poller);
	self->outside = fd >= 0;
	set_alarm(self);
	return fd;
}

/* -- Timers ---------------------------------------------------------------- */

static bool earlier(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->deadline != b->deadline ? a->deadline < b->deadline
					  : a->order < b->order;
}

static struct loop_timer *meld(struct loop_timer *a, struct loop_timer *b)
{
	if (!a || !b)
		return a ? a : b;
	if (earlier(b, a)) {
		struct loop_timer *t = a;

		a = b;
		b = t;
	}
	b->next = a->child;
	if (a->child)
		a->child->prev = b;
	b->prev = a;
	a->child = b;
	a->next = NULL;
	return a;
}

static struct loop_timer *meld_pairs(struct loop_timer *first)
{
	struct loop_timer *pairs = NULL, *heap = NULL;

	while (first) {
		struct loop_timer *a = first, *b = a->next;

		first = b ? b->next : NULL;
		a->next = NULL;
		if (b)
			b->next = NULL;
		a = meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {
		struct loop_timer *next = pairs->next;

		pairs->next = NULL;
		heap = meld(heap, pairs);
		pairs = next;
	}
	return heap;
}

void loop_timer_stop(struct loop_timer *timer)
{
	struct ble_loop *loop = timer->loop;
	struct loop_timer *rest;

	if (!loop)
		return;
	rest = meld_pairs(timer->child);
	if (loop->timers == timer) {
		loop->timers = rest;
	} else {
		if (timer->prev->child == timer)
			timer->prev->child = timer->next;
		else
			timer->prev->next = timer->next;
		if (timer->next)
			timer->next->prev = timer->prev;
		loop->timers = meld(loop->timers, rest);
	}
	timer->loop = NULL;
}

void loop_timer_at(struct ble_loop *loop, struct loop_timer *timer,
		   uint64_t deadline)
{
	loop_timer_stop(timer);
	timer->loop = loop;
	timer->order = ++loop->armed;
	/* A deadline in the past must not overtake timers that are already due. */
	timer->deadline = deadline < loop->firing ? loop->firing : deadline;
	timer->child = timer->next = timer->prev = NULL;
	loop->timers = meld(loop->timers, timer);
	set_alarm(loop);
}

void loop_timer_in(struct ble_loop *loop, struct loop_timer *timer,
		   unsigned int ms)
{
	loop_timer_at(loop, timer, loop_now(loop) + (uint64_t)ms * 1000000u);
}

/* Only those that are due now: a timer that arms itself for now waits for the next
 * dispatch, so that descriptors get their turn. */
static void run_timers(struct ble_loop *loop)
{
	uint64_t armed = loop->armed;

	if (!loop->timers || loop_inherited(loop) ||
	    (!loop->frozen && poller_before(loop->poller, loop->timers->deadline)))
		return;
	loop->firing = loop_now(loop);
	while (!loop_inherited(loop) && loop->timers &&
	       loop->timers->deadline <= loop->firing && loop->timers->order <= armed) {
		struct loop_timer *timer = loop->timers;

		loop_timer_stop(timer);
		timer->fire(timer);
	}
	loop->firing = 0;
}

/* -- Tasks ----------------------------------------------------------------- */

void loop_defer(struct ble_loop *loop, struct loop_task *task)
{
	if (list_queued(&task->link))
		return;
	list_append(&loop->tasks, &task->link);
	set_alarm(loop);
}

void loop_undefer(struct loop_task *task)
{
	list_remove(&task->link);
}

/* A task deferred by a task waits for the next dispatch, as timers do. */
static void run_tasks(struct ble_loop *loop)
{
	struct list now, *link;

	if (list_empty(&loop->tasks))
		return;
	list_init(&now);
	list_splice(&now, &loop->tasks);
	while (!loop_inherited(loop) && (link = list_pop(&now))) {
		struct loop_task *task = list_entry(link, struct loop_task, link);

		task->run(task);
	}
	list_splice(&loop->tasks, &now); /* a child's, which undefers them */
}

/* -- Descriptors ----------------------------------------------------------- */

int loop_watch(struct ble_loop *loop, struct loop_watch *watch, loop_source fd,
	       unsigned int events)
{
	int error;

	if (loop_inherited(loop))
		return -ECHILD;
	watch->fd = fd;
	watch->events = events;
	error = poller_add(loop->poller, watch);
	if (!error)
		watch->loop = loop;
	return error;
}

int loop_watch_change(struct loop_watch *watch, unsigned int events)
{
	unsigned int before = watch->events;
	int error;

	if (before == events)
		return 0;
	if (loop_inherited(watch->loop))
		return -ECHILD;
	watch->events = events;
	error = poller_change(watch->loop->poller, watch);
	if (error)
		watch->events = before;
	return error;
}

void loop_unwatch(struct loop_watch *watch)
{
	struct ble_loop *loop = watch->loop;

	if (!loop)
		return;
	if (!loop_inherited(loop))
		poller_remove(loop->poller, watch);
	for (int i = loop->next_event; i < loop->n_events; i++) {
		if (loop->events[i].watch == watch)
			loop->events[i].watch = NULL;
	}
	watch->loop = NULL;
}

static void run_watches(struct ble_loop *loop)
{
	while (!loop_inherited(loop) && loop->next_event < loop->n_events) {
		struct poller_event *event = &loop->events[loop->next_event++];

		if (event->watch)
			event->watch->ready(event->watch, event->events);
	}
}

/* -- Dispatch -------------------------------------------------------------- */

static uint64_t wait_until(const struct ble_loop *loop, int timeout_ms)
{
	uint64_t deadline = next_deadline(loop), limit;

	if (timeout_ms == 0)
		return 0;
	if (timeout_ms < 0)
		return deadline;
	limit = loop_now(loop) + (uint64_t)timeout_ms * 1000000u;
	return deadline < limit ? deadline : limit;
}

static int wait_events(struct ble_loop *loop, int timeout_ms)
{
	uint64_t deadline = wait_until(loop, timeout_ms);
	/* With a frozen clock only an endless wait waits; other deadlines are jumps. */
	bool jump = loop->frozen && deadline != UINT64_MAX;
	int n = poller_wait(loop->poller, jump ? 0 : deadline, timeout_ms < 0,
			    loop->events, BATCH);

	if (poller_woken(loop->poller)) {
		if (atomic_exchange(&loop->interrupt, false))
			loop->interrupted = true;
	} else if (n == 0 && jump && deadline > loop->frozen_now) {
		loop->frozen_now = deadline;
	}
	return n;
}

/* After a callback that has forked, the child stops to run tasks and timers: the parent
 * runs the rest. */
int ble_loop_dispatch(struct ble_loop *loop, int timeout_ms)
{
	int n = loop_may_run(loop);

	if (n)
		return n;
	loop->text_error = loop->text_alias = 0;
	n = wait_events(loop, timeout_ms);
	if (n < 0 && n != -EINTR)
		return n;
	ble_loop_ref(loop);
	loop->dispatching = true;
	loop->n_events = n > 0 ? n : 0;
	loop->next_event = 0;
	run_watches(loop);
	if (posts_waiting(&loop->posts))
		posts_run(&loop->posts);
	run_timers(loop);
	run_tasks(loop);
	loop->dispatching = false;
	set_alarm(loop);
	n = loop_inherited(loop) ? -ECHILD : loop->interrupted ? -EINTR : 0;
	loop->interrupted = false;
	ble_loop_unref(loop);
	return n;
}

void ble_loop_interrupt(struct ble_loop *loop)
{
	if (loop_inherited(loop))
		return;
	atomic_store(&loop->interrupt, true);
	poller_wake(loop->poller);
}

/* -- Error texts ----------------------------------------------------------- */

int (loop_set_error)(struct ble_loop *loop, int error, const char *format, ...)
{
	char text[sizeof(loop->text)];
	va_list args;

	/* The arguments may contain the previous text. */
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	memcpy(loop->text, text, strlen(text) + 1);
	loop->text_error = error;
	loop->text_alias = 0;
	return error;
}

void loop_set_error_alias(struct ble_loop *loop, int error)
{
	loop->text_alias = error;
}

const char *ble_error_text(const struct ble_loop *loop, int error)
{
	bool set = loop && error && (loop->text_error == error || loop->text_alias == error);

	return set ? loop->text : ble_strerror(error);
}
