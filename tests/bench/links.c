/* SPDX-License-Identifier: MIT */
/*
 * 1, 10, 100 and 1,000 clients, each number on a loop of its own: every client
 * gets one notification in each round; what one costs, from the loop to the
 * user's callback, and by hand, as bare sockets. And 1,000 clients with a few each:
 * packets that wait in as many sockets are in no cache any more, which the kernel
 * pays for and we cannot help.
 */
#define _GNU_SOURCE /* recvmmsg() */
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/fixture.h"

enum { SIZES = 4, MOST = 1000, ROUNDS = 40, AT_ONCE = 8, BARE_BATCH = 32 };

static const unsigned int sizes[SIZES] = { 1, 10, 100, MOST };

struct crowd {
	struct bench_fixture fixture;
	struct ble_client *clients[MOST];
	int peers[MOST];
	unsigned int n, seen;
};

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	struct crowd *crowd = user;

	(void)handle;
	(void)value;
	crowd->seen++;
}

static bool files_suffice(unsigned int n)
{
	struct rlimit limit;

	return !getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur >= 2 * n + 100;
}

/* The small database: its battery level notifies. */
static void open_crowd(struct crowd *crowd, unsigned int n)
{
	memset(crowd, 0, sizeof(*crowd));
	crowd->n = n;
	bench_open(&crowd->fixture, REFERENCE_SMALL, ATT_MTU_MAX);
	for (unsigned int i = 0; i < n; i++) {
		crowd->clients[i] = bench_connect(&crowd->fixture);
		NEED(ble_client_discover_sync(crowd->clients[i]) == 0);
		NEED(ble_client_subscribe_sync(crowd->clients[i], 6, BLE_SUBSCRIBE_AUTO,
					       on_value, crowd, NULL) == 0);
		crowd->peers[i] = bench_cut(&crowd->fixture);
	}
	bench_settle(&crowd->fixture);
}

static void close_crowd(struct crowd *crowd)
{
	for (unsigned int i = 0; i < crowd->n; i++) {
		ble_client_unref(crowd->clients[i]);
		close(crowd->peers[i]);
	}
	bench_close(&crowd->fixture);
}

/* Rounds enough for MOST notifications: ns for one. With one client the clock is looked at for
 * each of them, with 1,000 once for all: it must not count, or one client looks dear. */
static double run(struct crowd *crowd, unsigned int each)
{
	double time = 0, clock = bench_cpu_cost();
	uint8_t pdu[64];
	size_t len = bench_notification(pdu, 6, 20);

	for (unsigned int done = 0; done < MOST; done += crowd->n) {
		uint64_t start;

		for (unsigned int i = 0; i < crowd->n * each; i++)
			NEED(send(crowd->peers[i % crowd->n], pdu, len, 0) == (ssize_t)len);
		crowd->seen = 0;
		start = bench_cpu();
		while (crowd->seen < crowd->n * each)
			ble_loop_dispatch(crowd->fixture.loop, -1);
		time += (double)(bench_cpu() - start) - clock;
	}
	return time / (MOST * each);
}

static void compare(struct crowd *crowds, size_t count)
{
	struct bench_pair pairs[SIZES];
	char path[64];

	for (size_t i = 0; i < count; i++)
		bench_pair_init(&pairs[i], ROUNDS);
	for (int round = -2; round < ROUNDS; round++) {
		double one = run(&crowds[0], 1);

		for (size_t i = 1; i < count && round >= 0; i++)
			bench_pair_add(&pairs[i], run(&crowds[i], 1), one);
	}
	for (size_t i = 1; i < count; i++) {
		snprintf(path, sizeof(path), "notification, %u clients on a loop, 1 each",
			 sizes[i]);
		bench_pair_figure(&pairs[i], path, "1 client", "ns",
				  i == SIZES - 1 ? REACH_AT_MOST : REACH_NONE, 1.25);
	}
	for (size_t i = 0; i < count; i++)
		bench_pair_free(&pairs[i]);
}

/* -- By hand ------------------------------------------------------------------------ */

struct bare {
	unsigned int n;
	int epoll, ends[MOST][2];
	struct mmsghdr messages[BARE_BATCH];
	struct iovec rooms[BARE_BATCH];
	uint8_t packets[BARE_BATCH][ATT_MTU_MAX];
};

static struct bare *open_bare(unsigned int n)
{
	struct bare *bare = calloc(1, sizeof(*bare));

	NEED(bare);
	bare->n = n;
	bare->epoll = epoll_create1(EPOLL_CLOEXEC);
	NEED(bare->epoll >= 0);
	for (uint32_t i = 0; i < n; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };

		bench_socketpair(bare->ends[i]);
		NEED(epoll_ctl(bare->epoll, EPOLL_CTL_ADD, bare->ends[i][0], &event) == 0);
	}
	for (int i = 0; i < BARE_BATCH; i++) {
		bare->rooms[i] = (struct iovec){ bare->packets[i], ATT_MTU_MAX };
		bare->messages[i].msg_hdr.msg_iov = &bare->rooms[i];
		bare->messages[i].msg_hdr.msg_iovlen = 1;
	}
	return bare;
}

static void close_bare(struct bare *bare)
{
	for (unsigned int i = 0; i < bare->n; i++) {
		close(bare->ends[i][0]);
		close(bare->ends[i][1]);
	}
	close(bare->epoll);
	free(bare);
}

/* Where one packet waits recv() is the cheaper call. */
static unsigned int take_bare(struct bare *bare, int fd, unsigned int each)
{
	int count;

	if (each == 1)
		return recv(fd, bare->packets[0], ATT_MTU_MAX, MSG_DONTWAIT) > 0;
	count = recvmmsg(fd, bare->messages, BARE_BATCH, MSG_DONTWAIT, NULL);
	return count > 0 ? (unsigned int)count : 0;
}

/* As run() */
static double run_bare(struct bare *bare, unsigned int each)
{
	double time = 0, clock = bench_cpu_cost();
	struct epoll_event events[64];
	uint8_t pdu[64];
	size_t len = bench_notification(pdu, 6, 20);

	for (unsigned int done = 0; done < MOST; done += bare->n) {
		unsigned int seen = 0;
		uint64_t start;

		for (unsigned int i = 0; i < bare->n * each; i++)
			NEED(send(bare->ends[i % bare->n][1], pdu, len, 0) == (ssize_t)len);
		start = bench_cpu();
		while (seen < bare->n * each) {
			int n = epoll_wait(bare->epoll, events, 64, -1);

			for (int i = 0; i < n; i++)
				seen += take_bare(bare, bare->ends[events[i].data.u32][0], each);
		}
		time += (double)(bench_cpu() - start) - clock;
	}
	return time / (MOST * each);
}

/* What the kernel alone takes more for each of so many sockets */
static void compare_alone(void)
{
	struct bare *one = open_bare(1), *most = open_bare(MOST);
	struct bench_pair pair;

	bench_pair_init(&pair, ROUNDS);
	for (int round = -2; round < ROUNDS; round++) {
		double floor = run_bare(one, 1), ours = run_bare(most, 1);

		if (round >= 0)
			bench_pair_add(&pair, ours, floor);
	}
	bench_pair_figure(&pair, "- by hand: epoll, recv of 1000 bare sockets", "1 bare socket",
			  "ns", REACH_NONE, 0);
	bench_pair_free(&pair);
	close_bare(most);
	close_bare(one);
}

static void compare_bare(struct crowd *crowd)
{
	struct bare *bare = open_bare(MOST);
	struct bench_pair pair;
	char path[64];

	bench_pair_init(&pair, ROUNDS);
	for (int round = -2; round < ROUNDS; round++) {
		double floor = run_bare(bare, AT_ONCE), ours = run(crowd, AT_ONCE);

		if (round >= 0)
			bench_pair_add(&pair, ours, floor);
	}
	snprintf(path, sizeof(path), "notification, %d clients on a loop, %d each", MOST, AT_ONCE);
	bench_pair_figure(&pair, path, "epoll, recvmmsg", "ns", REACH_NONE, 0);
	bench_pair_free(&pair);
	close_bare(bare);
}

void bench_links(void)
{
	struct crowd *crowds = calloc(SIZES, sizeof(*crowds));
	size_t count = files_suffice(2 * MOST + 111) ? SIZES : SIZES - 1;

	NEED(crowds);
	for (size_t i = 0; i < count; i++)
		open_crowd(&crowds[i], sizes[i]);
	compare(crowds, count);
	if (count == SIZES) {
		compare_alone();
		compare_bare(&crowds[SIZES - 1]);
	} else {
		bench_left_out("notification, 1000 clients on a loop",
			       "needs 4,500 open files (ulimit -n)");
	}
	for (size_t i = 0; i < count; i++)
		close_crowd(&crowds[i]);
	free(crowds);
}
