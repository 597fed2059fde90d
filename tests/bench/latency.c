/* SPDX-License-Identifier: MIT */
/*
 * One notification after silence: from the moment before the peer's send() to
 * the user's callback, against epoll_wait() and read() by hand. A thread sends,
 * to one and the other in turn, some time after the receiver said that it is
 * about to wait.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/fixture.h"

enum { PAIRS = 8000, WARM = 200, SILENCE_US = 120 };

struct sender {
	pthread_t thread;
	sem_t go;
	int fd;        /* to send to */
	uint64_t sent; /* bench_wall() before it */
	bool over;
};

static void *send_each(void *user)
{
	const struct timespec silence = { .tv_nsec = SILENCE_US * 1000 };
	struct sender *sender = user;
	uint8_t pdu[64];
	size_t len = bench_notification(pdu, REFERENCE_NOTIFY, 20);

	for (;;) {
		sem_wait(&sender->go);
		if (sender->over)
			return NULL;
		nanosleep(&silence, NULL);
		__atomic_store_n(&sender->sent, bench_wall(), __ATOMIC_RELEASE);
		NEED(send(sender->fd, pdu, len, MSG_NOSIGNAL) == (ssize_t)len);
	}
}

static double wait_ours(struct bench_receiver *r, struct sender *sender)
{
	sender->fd = r->peer;
	r->seen = 0;
	sem_post(&sender->go);
	while (!r->seen)
		ble_loop_dispatch(r->fixture.loop, -1);
	return (double)(r->latest - __atomic_load_n(&sender->sent, __ATOMIC_ACQUIRE));
}

static double wait_floor(struct bench_receiver *r, struct sender *sender, int epoll)
{
	struct epoll_event event;
	uint8_t pdu[ATT_MTU_MAX];
	uint64_t now;

	sender->fd = r->floor[1];
	sem_post(&sender->go);
	NEED(epoll_wait(epoll, &event, 1, -1) == 1);
	NEED(read(r->floor[0], pdu, sizeof(pdu)) > 0);
	now = bench_wall();
	return (double)(now - __atomic_load_n(&sender->sent, __ATOMIC_ACQUIRE));
}

static void figure(struct bench_pair *pair, const char *path, double share, double reach)
{
	struct bench_figure figure = {
		.path = path,
		.against = "epoll_wait(), read()",
		.ours = bench_share(pair->ours, pair->n, share) / 1000,
		.floor = bench_share(pair->floor, pair->n, share) / 1000,
		.unit = "us",
		.kind = REACH_AT_MOST,
		.reach = reach,
	};

	figure.ratio = figure.ours / figure.floor;
	bench_figure(&figure);
}

void bench_latency(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct sender sender = { .fd = -1 };
	struct bench_receiver r;
	struct bench_pair pair;
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	bench_receiver_open(&r);
	r.clocked = true;
	NEED(epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, r.floor[0], &event) == 0);
	NEED(sem_init(&sender.go, 0, 0) == 0);
	NEED(pthread_create(&sender.thread, NULL, send_each, &sender) == 0);
	bench_pair_init(&pair, PAIRS);
	for (int i = -WARM; i < PAIRS; i++) {
		double floor = wait_floor(&r, &sender, epoll);
		double ours = wait_ours(&r, &sender);

		if (i >= 0)
			bench_pair_add(&pair, ours, floor);
	}
	sender.over = true;
	sem_post(&sender.go);
	pthread_join(sender.thread, NULL);
	figure(&pair, "notification after silence, median latency", 0.5, 1.10);
	figure(&pair, "- 99th percentile", 0.99, 1.3);
	bench_pair_free(&pair);
	close(epoll);
	bench_receiver_close(&r);
}
