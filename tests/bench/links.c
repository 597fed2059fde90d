/* SPDX-License-Identifier: MIT */
/*
 * 1, 10, 100 and 1,000 clients, each number on a loop of its own: every client
 * gets one notification in each round, or a few; what one costs, from the loop
 * to the user's callback. Then what a link and an attribute take of the heap.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/stand.h"

enum { SIZES = 4, MOST = 1000, ROUNDS = 40, AT_ONCE = 8 };

static const unsigned int sizes[SIZES] = { 1, 10, 100, MOST };

struct crowd {
	struct bench_stand stand;
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
	bench_open(&crowd->stand, REFERENCE_SMALL, ATT_MTU_MAX);
	for (unsigned int i = 0; i < n; i++) {
		crowd->clients[i] = bench_connect(&crowd->stand);
		NEED(ble_client_discover_sync(crowd->clients[i]) == 0);
		NEED(ble_client_subscribe_sync(crowd->clients[i], 6, BLE_SUBSCRIBE_AUTO,
					       on_value, crowd, NULL) == 0);
		crowd->peers[i] = bench_cut(&crowd->stand);
	}
	bench_settle(&crowd->stand);
}

static void close_crowd(struct crowd *crowd)
{
	for (unsigned int i = 0; i < crowd->n; i++) {
		ble_client_unref(crowd->clients[i]);
		close(crowd->peers[i]);
	}
	bench_close(&crowd->stand);
}

/* Rounds enough for MOST notifications: ns for one. */
static double run(struct crowd *crowd, unsigned int each)
{
	uint8_t pdu[64];
	size_t len = bench_notification(pdu, 6, 20);
	uint64_t time = 0;

	for (unsigned int done = 0; done < MOST; done += crowd->n) {
		uint64_t start;

		for (unsigned int i = 0; i < crowd->n * each; i++)
			NEED(send(crowd->peers[i % crowd->n], pdu, len, 0) == (ssize_t)len);
		crowd->seen = 0;
		start = bench_cpu();
		while (crowd->seen < crowd->n * each)
			ble_loop_dispatch(crowd->stand.loop, -1);
		time += bench_cpu() - start;
	}
	return (double)time / (MOST * each);
}

static void compare(struct crowd *crowds, size_t count, unsigned int each)
{
	struct bench_pair pairs[SIZES];
	char path[64];

	for (size_t i = 0; i < count; i++)
		bench_pair_init(&pairs[i], ROUNDS);
	for (int round = -2; round < ROUNDS; round++) {
		double one = run(&crowds[0], each);

		for (size_t i = 1; i < count && round >= 0; i++)
			bench_pair_add(&pairs[i], run(&crowds[i], each), one);
	}
	for (size_t i = 1; i < count; i++) {
		snprintf(path, sizeof(path), "notification, %u clients on a loop, %u each",
			 sizes[i], each);
		bench_pair_figure(&pairs[i], path, "1 client", "ns",
				  each == 1 && i == SIZES - 1 ? REACH_AT_MOST : REACH_NONE,
				  1.25);
	}
	for (size_t i = 0; i < count; i++)
		bench_pair_free(&pairs[i]);
}

void bench_links(void)
{
	struct crowd *crowds = calloc(SIZES, sizeof(*crowds));
	size_t count = files_suffice(MOST + 111) ? SIZES : SIZES - 1;

	NEED(crowds);
	for (size_t i = 0; i < count; i++)
		open_crowd(&crowds[i], sizes[i]);
	compare(crowds, count, 1);
	compare(crowds, count, AT_ONCE);
	if (count < SIZES)
		bench_left_out("notification, 1000 clients on a loop",
			       "needs 2,400 open files (ulimit -n)");
	for (size_t i = 0; i < count; i++)
		close_crowd(&crowds[i]);
	free(crowds);
}
