/* SPDX-License-Identifier: MIT */
/*
 * Scan reports of 10,000 devices: the bytes of an HCI event to the user's
 * callback, from memory against a memcpy() of the event, and over a socket pair
 * against read(). Then the soak: 50,000 addresses at random for as many reports
 * as a scan of a week may hear.
 */
#define _GNU_SOURCE /* for hci.h */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hci/hci.h"
#include "tests/bench/air.h"
#include "tests/bench/fixture.h"

enum { DEVICES = 10000, ROUNDS = 30, SOCKET_FILL = 200, SOCKET_ROUNDS = 150 };

struct scan_bench {
	struct bench_fixture fixture;
	struct ble_scanner *scanner;
	struct air_event *events;
	size_t n;
	unsigned int seen;
};

static void on_seen(void *user, struct ble_device *device, const struct ble_advertisement *adv)
{
	struct scan_bench *bench = user;

	(void)device;
	(void)adv;
	bench->seen++;
}

static void start(struct scan_bench *bench, unsigned int keep)
{
	const struct ble_scan_params params = { .keep = keep };

	memset(bench, 0, sizeof(*bench));
	bench_open(&bench->fixture, REFERENCE_SMALL, ATT_MTU_MAX);
	NEED(ble_scanner_new(bench->fixture.adapter, on_seen, NULL, bench, &bench->scanner) == 0);
	NEED(ble_scanner_start(bench->scanner, &params) == 0);
	while (!bench->fixture.hci->scan.on || bench->fixture.hci->scan.commands)
		ble_loop_dispatch(bench->fixture.loop, 100);
}

static void stop(struct scan_bench *bench)
{
	ble_scanner_unref(bench->scanner);
	bench_close(&bench->fixture);
	free(bench->events);
}

/* As raw.c hands it on. */
static void hear(struct scan_bench *bench, const struct air_event *event)
{
	static uint64_t time = UINT64_C(1700000000000000000);
	const struct raw *raw = &bench->fixture.hci->raw;

	time += 100000;
	raw->events->event(raw->user, event->packet[1],
			   (struct ble_bytes){ event->packet + 3, event->len - 3 }, time);
}

static double hear_all(struct scan_bench *bench)
{
	uint64_t begin = bench_cpu();

	for (size_t i = 0; i < bench->n; i++)
		hear(bench, &bench->events[i]);
	return (double)(bench_cpu() - begin) / (double)bench->n;
}

static double copy_all(const struct scan_bench *bench)
{
	uint64_t begin = bench_cpu();
	uint8_t copy[AIR_EVENT_MAX];

	for (size_t i = 0; i < bench->n; i++) {
		memcpy(copy, bench->events[i].packet, bench->events[i].len);
		__asm__ volatile("" : : "r"(copy) : "memory");
	}
	return (double)(bench_cpu() - begin) / (double)bench->n;
}

/* With merging every other report is a scan response. */
static void make_events(struct scan_bench *bench, size_t len, bool merging)
{
	bench->n = merging ? 2 * DEVICES : DEVICES;
	bench->events = calloc(bench->n, sizeof(*bench->events));
	NEED(bench->events);
	for (uint32_t i = 0; i < bench->n; i++) {
		uint32_t device = merging ? i / 2 : i;

		if (merging && i % 2)
			air_response(&bench->events[i], device);
		else
			air_report(&bench->events[i], device, len);
	}
}

static void rate(struct bench_pair *pair, const char *path, double reach)
{
	struct bench_figure figure = {
		.path = path,
		.ours = 1e9 / bench_share(pair->ours, pair->n, 0.5),
		.floor = 1e9 / bench_share(pair->floor, pair->n, 0.5),
		.against = "memcpy()",
		.unit = "/s",
		.kind = REACH_AT_LEAST,
		.reach = reach,
	};

	bench_figure(&figure);
}

static void from_memory(size_t len, bool merging)
{
	struct scan_bench bench;
	struct bench_pair pair;
	unsigned long before = 0;
	char path[64];

	start(&bench, merging ? DEVICES : 0);
	make_events(&bench, len, merging);
	bench_pair_init(&pair, ROUNDS);
	for (int i = -3; i < ROUNDS; i++) {
		double floor = copy_all(&bench), ours;

		if (i == 0) {
			before = bench_allocations();
			bench.seen = 0;
		}
		ours = hear_all(&bench);
		if (i >= 0)
			bench_pair_add(&pair, ours, floor);
	}
	before = bench_allocations() - before;
	NEED(bench.seen == bench.n * ROUNDS);
	snprintf(path, sizeof(path), "scan reports, %zu octets%s", len,
		 merging ? ", merged and kept" : "");
	rate(&pair, path, merging ? 500000 : 1000000);
	if (merging)
		bench_figure(&(struct bench_figure){
			.path = "- allocations for known devices", .ours = (double)before,
			.unit = "", .kind = REACH_AT_MOST });
	bench_pair_free(&pair);
	stop(&bench);
}

/* -- Over a socket pair ------------------------------------------------------------ */

static double read_all(int fd, unsigned int n)
{
	uint64_t begin = bench_cpu();
	uint8_t packet[AIR_EVENT_MAX];

	for (unsigned int i = 0; i < n; i++)
		NEED(read(fd, packet, sizeof(packet)) > 0);
	return (double)(bench_cpu() - begin) / n;
}

static double dispatch_all(struct scan_bench *bench, unsigned int n)
{
	uint64_t begin = bench_cpu();

	bench->seen = 0;
	while (bench->seen < n)
		ble_loop_dispatch(bench->fixture.loop, -1);
	return (double)(bench_cpu() - begin) / n;
}

static void send_some(const struct scan_bench *bench, int fd, size_t from)
{
	for (size_t i = 0; i < SOCKET_FILL; i++) {
		const struct air_event *event = &bench->events[(from + i) % bench->n];

		NEED(send(fd, event->packet, event->len, MSG_DONTWAIT) == (ssize_t)event->len);
	}
}

static void over_socket(size_t len)
{
	struct scan_bench bench;
	struct bench_pair pair;
	char path[64];
	int floor[2];

	start(&bench, DEVICES);
	make_events(&bench, len, false);
	bench_socketpair(floor);
	bench_pair_init(&pair, SOCKET_ROUNDS);
	hear_all(&bench);
	for (size_t i = 0; i < SOCKET_ROUNDS; i++) {
		double ours, by_read;

		send_some(&bench, floor[1], i * SOCKET_FILL);
		by_read = read_all(floor[0], SOCKET_FILL);
		send_some(&bench, bench.fixture.raw.fd, i * SOCKET_FILL);
		ours = dispatch_all(&bench, SOCKET_FILL);
		bench_pair_add(&pair, ours, by_read);
	}
	snprintf(path, sizeof(path), "- %zu octets, from a socket, kept", len);
	bench_pair_figure(&pair, path, "read() loop", "ns", REACH_NONE, 0);
	bench_pair_free(&pair);
	close(floor[0]);
	close(floor[1]);
	stop(&bench);
}

void bench_reports(void)
{
	from_memory(31, false);
	from_memory(229, false);
	from_memory(31, true);
	from_memory(229, true);
	over_socket(31);
	over_socket(229);
}

/* -- Soak ------------------------------------------------------------------------------- */

enum { ADDRESSES = 50000, KEPT = 1000, REPORTS = 10000000 };

static uint32_t random_number(void)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16);
}

static void soak(unsigned int keep, unsigned int reports)
{
	struct scan_bench bench;
	struct air_event event;
	double early = 0;
	char path[64];

	start(&bench, keep);
	for (unsigned int i = 0; i < reports; i++) {
		/* All is full by then, though the table of devices may still
		 * double the places that it spreads them over. */
		if (i == reports / 10)
			early = (double)bench_heap() / 1024;
		air_report(&event, random_number() % ADDRESSES, 31);
		hear(&bench, &event);
	}
	NEED(bench.seen == reports);
	snprintf(path, sizeof(path), "heap after %.3g reports, %u devices kept",
		 (double)reports, keep);
	bench_figure(&(struct bench_figure){
		.path = path, .ours = (double)bench_heap() / 1024, .unit = "KiB",
		.against = "after a tenth", .floor = early,
		.ratio = (double)bench_heap() / 1024 / early,
		.kind = REACH_AT_MOST, .reach = 1.10 });
	stop(&bench);
}

void bench_soak(void)
{
	bench_weigh();
	soak(0, REPORTS);
	soak(KEPT, REPORTS);
}
