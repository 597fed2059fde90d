/* SPDX-License-Identifier: MIT */
/*
 * Notifications back to back, from the socket to the user's callback, against a
 * loop that does nothing but read() from the same kind of socket. The sockets
 * are filled before the clock runs, so that it is the receiver's time alone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/fixture.h"

enum { FILL = 256, ROUNDS = 300, WINDOW = 100 };

static void fill(int fd, const uint8_t *pdu, size_t len, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		NEED(send(fd, pdu, len, MSG_DONTWAIT) == (ssize_t)len);
}

static double run_ours(struct bench_receiver *r, unsigned int n)
{
	uint64_t start = bench_cpu();

	r->seen = 0;
	while (r->seen < n)
		ble_loop_dispatch(r->fixture.loop, -1);
	return (double)(bench_cpu() - start) / n;
}

static double run_floor(struct bench_receiver *r, unsigned int n)
{
	uint64_t start = bench_cpu();
	uint8_t pdu[ATT_MTU_MAX];

	for (unsigned int i = 0; i < n; i++)
		NEED(read(r->floor[0], pdu, sizeof(pdu)) > 0);
	return (double)(bench_cpu() - start) / n;
}

static void back_to_back(struct bench_receiver *r, size_t value_len)
{
	unsigned long before = 0;
	struct bench_pair pair;
	uint8_t pdu[ATT_MTU_MAX];
	size_t len = bench_notification(pdu, REFERENCE_NOTIFY, value_len);
	char path[64];

	bench_pair_init(&pair, ROUNDS);
	for (int i = -10; i < ROUNDS; i++) {
		double ours, floor;

		if (i == 0)
			before = bench_allocations();
		fill(r->floor[1], pdu, len, FILL);
		floor = run_floor(r, FILL);
		fill(r->peer, pdu, len, FILL);
		ours = run_ours(r, FILL);
		if (i >= 0)
			bench_pair_add(&pair, ours, floor);
	}
	before = bench_allocations() - before;
	snprintf(path, sizeof(path), "notification, %zu octets, back to back", value_len);
	bench_pair_figure(&pair, path, "read() loop", "ns", REACH_AT_MOST, 1.10);
	bench_pair_free(&pair);
	snprintf(path, sizeof(path), "- allocations in %d of them", FILL * ROUNDS);
	bench_figure(&(struct bench_figure){ .path = path, .ours = (double)before,
					     .unit = "", .kind = REACH_AT_MOST });
}

/* -- Instructions, by callgrind ------------------------------------------------------------ */

/* Callgrind counts while this runs. */
__attribute__((noinline))
void bench_counted(struct bench_receiver *r);
__attribute__((noinline))
void bench_counted(struct bench_receiver *r)
{
	while (r->seen < WINDOW)
		ble_loop_dispatch(r->fixture.loop, -1);
}

void bench_window(void)
{
	struct bench_receiver r;
	uint8_t pdu[64];
	size_t len = bench_notification(pdu, REFERENCE_NOTIFY, 20);

	bench_receiver_open(&r);
	fill(r.peer, pdu, len, FILL);
	run_ours(&r, FILL);
	fill(r.peer, pdu, len, WINDOW);
	r.seen = 0;
	bench_counted(&r);
	bench_receiver_close(&r);
}

static void instructions(void)
{
	static const char path[] = "- instructions of a notification (callgrind)";
	char command[5000], line[512];
	double count = 0;
	FILE *pipe;

	snprintf(command, sizeof(command),
		 "valgrind --tool=callgrind --callgrind-out-file=/dev/null --collect-atstart=no "
		 "--toggle-collect=bench_counted '%s' window 2>&1", bench_program);
	pipe = popen(command, "r");
	NEED(pipe);
	while (fgets(line, sizeof(line), pipe)) {
		char *at = strstr(line, "Collected :");

		if (at)
			count = strtod(at + strlen("Collected :"), NULL);
	}
	pclose(pipe);
	if (count > 0)
		bench_figure(&(struct bench_figure){ .path = path, .ours = count / WINDOW,
						     .unit = "", .kind = REACH_AT_MOST,
						     .reach = 250 });
	else
		bench_left_out(path, "needs valgrind");
}

void bench_notifications(void)
{
	struct bench_receiver r;

	bench_receiver_open(&r);
	back_to_back(&r, 20);
	back_to_back(&r, 240);
	bench_receiver_close(&r);
	instructions();
}
