/* SPDX-License-Identifier: MIT */
/*
 * Reads and writes with response in a closed loop against a peer that answers
 * at once, a thread; against send(), epoll_wait(), recv() by hand with the same
 * peer. Write commands one after another against bare send().
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/fixture.h"

enum { TRIPS = 100, ROUNDS = 100, VALUE = 20, COMMANDS = 256, COMMAND_ROUNDS = 200 };

static const uint8_t octets[VALUE] = "twenty octets long..";

/* -- The peer ----------------------------------------------------------------------- */

struct echo {
	pthread_t thread;
	int fd;
};

static void *answer_each(void *user)
{
	static const uint8_t written = 0x13;
	struct echo *echo = user;
	uint8_t value[1 + VALUE] = { 0x0b }, pdu[ATT_MTU_MAX];

	memcpy(value + 1, octets, VALUE);
	while (read(echo->fd, pdu, sizeof(pdu)) > 0) {
		bool read = pdu[0] == 0x0a;

		NEED(send(echo->fd, read ? value : &written, read ? sizeof(value) : 1,
			  MSG_NOSIGNAL) > 0);
	}
	return NULL;
}

static void start_echo(struct echo *echo, int fd)
{
	echo->fd = fd;
	NEED(pthread_create(&echo->thread, NULL, answer_each, echo) == 0);
}

/* -- Ours ------------------------------------------------------------------------------ */

struct trips {
	struct ble_client *client;
	unsigned int left;
	bool writes;
};

static void next(struct trips *trips);

static void on_read(void *user, int error, struct ble_bytes value)
{
	struct trips *trips = user;

	NEED(!error && value.len == VALUE);
	trips->left--;
	next(trips);
}

static void on_written(void *user, int error)
{
	struct trips *trips = user;

	NEED(!error);
	trips->left--;
	next(trips);
}

static void next(struct trips *trips)
{
	struct ble_bytes value = { octets, VALUE };

	if (!trips->left)
		return;
	if (trips->writes)
		NEED(ble_client_write(trips->client, REFERENCE_512, value, on_written, trips,
				      NULL) == 0);
	else
		NEED(ble_client_read(trips->client, REFERENCE_512, on_read, trips, NULL) == 0);
}

static void run_ours(struct bench_receiver *r, bool writes)
{
	struct trips trips = { .client = r->client, .left = TRIPS, .writes = writes };

	next(&trips);
	while (trips.left)
		ble_loop_dispatch(r->fixture.loop, -1);
}

/* -- By hand ------------------------------------------------------------------------------ */

static void run_floor(int fd, int epoll, bool writes)
{
	uint8_t request[3 + VALUE] = { writes ? 0x12 : 0x0a, REFERENCE_512 & 0xff,
				       REFERENCE_512 >> 8 };
	size_t len = writes ? sizeof(request) : 3;
	uint8_t pdu[ATT_MTU_MAX];
	struct epoll_event event;

	memcpy(request + 3, octets, VALUE);
	for (int i = 0; i < TRIPS; i++) {
		NEED(send(fd, request, len, MSG_NOSIGNAL) == (ssize_t)len);
		NEED(epoll_wait(epoll, &event, 1, -1) == 1);
		NEED(recv(fd, pdu, sizeof(pdu), 0) > 0);
	}
}

/* -- The rounds ----------------------------------------------------------------------------- */

static void closed_loop(struct bench_receiver *r, int epoll, bool writes)
{
	static const char by_hand[] = "send, epoll, recv";
	struct bench_pair cpu, wall;

	bench_pair_init(&cpu, ROUNDS);
	bench_pair_init(&wall, ROUNDS);
	for (int i = -5; i < ROUNDS; i++) {
		uint64_t cpus[3] = { bench_cpu() }, walls[3] = { bench_wall() };

		run_floor(r->floor[0], epoll, writes);
		cpus[1] = bench_cpu();
		walls[1] = bench_wall();
		run_ours(r, writes);
		cpus[2] = bench_cpu();
		walls[2] = bench_wall();
		if (i < 0)
			continue;
		bench_pair_add(&cpu, (double)(cpus[2] - cpus[1]) / TRIPS,
			       (double)(cpus[1] - cpus[0]) / TRIPS);
		bench_pair_add(&wall, (double)(walls[2] - walls[1]) / TRIPS,
			       (double)(walls[1] - walls[0]) / TRIPS);
	}
	bench_pair_figure(&cpu, writes ? "write with response, CPU" : "read, CPU", by_hand, "ns",
			  REACH_AT_MOST, 1.10);
	bench_pair_figure(&wall, "- its round-trip time", by_hand, "ns", REACH_AT_MOST, 1.10);
	bench_pair_free(&cpu);
	bench_pair_free(&wall);
}

void bench_requests(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct echo ours, floor;
	struct bench_receiver r;

	bench_one_cpu();
	bench_receiver_open(&r);
	NEED(epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, r.floor[0], &event) == 0);
	start_echo(&ours, r.peer);
	start_echo(&floor, r.floor[1]);
	closed_loop(&r, epoll, false);
	closed_loop(&r, epoll, true);
	shutdown(r.peer, SHUT_RDWR);
	shutdown(r.floor[1], SHUT_RDWR);
	pthread_join(ours.thread, NULL);
	pthread_join(floor.thread, NULL);
	close(epoll);
	bench_receiver_close(&r);
}

/* -- Write commands -------------------------------------------------------------------------- */

/* How many there were: what a call has put off to later is not a command sent. */
static int drain(int fd)
{
	uint8_t pdu[ATT_MTU_MAX];
	int count = 0;

	while (recv(fd, pdu, sizeof(pdu), MSG_DONTWAIT) > 0)
		count++;
	return count;
}

static double send_ours(struct bench_receiver *r)
{
	struct ble_bytes value = { octets, VALUE };
	uint64_t start = bench_cpu();

	for (int i = 0; i < COMMANDS; i++)
		NEED(ble_client_write_command(r->client, REFERENCE_COMMAND, value, NULL, NULL,
					      NULL) == 0);
	return (double)(bench_cpu() - start) / COMMANDS;
}

static double send_floor(struct bench_receiver *r)
{
	uint8_t command[3 + VALUE] = { 0x52, REFERENCE_COMMAND & 0xff, REFERENCE_COMMAND >> 8 };
	uint64_t start = bench_cpu();

	for (int i = 0; i < COMMANDS; i++) {
		memcpy(command + 3, octets, VALUE);
		NEED(send(r->floor[0], command, sizeof(command), MSG_NOSIGNAL) ==
		     (ssize_t)sizeof(command));
	}
	return (double)(bench_cpu() - start) / COMMANDS;
}

void bench_commands(void)
{
	struct bench_receiver r;
	struct bench_pair pair;
	unsigned long before = 0;

	bench_receiver_open(&r);
	bench_pair_init(&pair, COMMAND_ROUNDS);
	drain(r.peer);
	for (int i = -5; i < COMMAND_ROUNDS; i++) {
		double floor = send_floor(&r), ours;

		/* Each finds the kernel's memory as the other did. */
		NEED(drain(r.floor[1]) == COMMANDS);
		if (i == 0)
			before = bench_allocations();
		ours = send_ours(&r);
		NEED(drain(r.peer) == COMMANDS);
		if (i >= 0)
			bench_pair_add(&pair, ours, floor);
	}
	before = bench_allocations() - before;
	bench_pair_figure(&pair, "write command, 20 octets", "send() loop", "ns",
			  REACH_AT_MOST, 1.10);
	bench_figure(&(struct bench_figure){ .path = "- allocations in all of them",
					     .ours = (double)before, .unit = "",
					     .kind = REACH_AT_MOST });
	bench_pair_free(&pair);
	bench_receiver_close(&r);
}
