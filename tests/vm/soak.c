/* SPDX-License-Identifier: MIT */
/*
 * Keeps several peers connected while somebody disturbs them, with a subscription to each and
 * a scan beside, and checks what has to hold meanwhile. soak.sh disturbs and tells:
 *
 *	soak ADAPTER LIMIT-MS ADDRESS...
 *
 * reads lines; a peer is its position, from 1, and 0 all of them:
 *
 *	gone N   from now on it may be lost, and attempts may fail
 *	back N   it can be connected: one failure more, of what was under way, and it has to be up
 *		 after LIMIT-MS, or so long after the next attempt that its keeper told
 *	reset    resets the adapter, and tells itself when all are gone and back
 *	settle   waits until all are up and the scan hears something, says what is in use, and
 *		 compares that with the first time
 *	end      frees everything
 *
 * The values are those of "peer": a running number that begins with each link.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <blewire.h>

#include "tests/vm/in_use.h"

enum {
	PEERS = 16, SENSOR = 3,
	FROM_MS = 500, TO_MS = 4000, JITTER = 25, /* of each keeper */
	IDLE_MS = 5000,
	LATE_MS = 3000, /* until what was done to a peer has ended its link; the kernel takes 2 s */
	GROWN = 4096, /* octets of heap: a device more that was heard, a longer error text */
};

struct kept {
	const char *name;
	struct ble_client *client;
	struct ble_keeper *keeper;
	struct ble_subscription *subscription;
	bool up, gone;
	unsigned int excuses;	/* failures that what was told explains */
	unsigned int failures;	/* since it was up, or its adapter came back */
	bool away;		/* the adapter was, since */
	long due, back;		/* the next attempt, as told; when it could be connected again */
	uint32_t next;		/* number of the next value */
	unsigned int missing, dropped;
};

struct use {
	size_t heap, descriptors;
};

static struct ble_loop *loop;
static struct ble_adapter *adapter;
static struct ble_scanner *scanner;
static struct kept kept[PEERS];
static unsigned int peers;
static bool scans, all_gone, settles, ended;
static long limit, slowest;
static struct use first;
static struct {
	unsigned int ups, downs, values, missing, reports, scans, mistakes;
} sums;

static long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

__attribute__((format(printf, 2, 3)))
static void mistake(const struct kept *peer, const char *format, ...)
{
	va_list args;

	sums.mistakes++;
	printf("MISTAKE %s: ", peer ? peer->name : "all");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/* -- A peer --------------------------------------------------------------------------- */

static void notified(void *user, uint16_t handle, struct ble_bytes value)
{
	struct kept *peer = user;
	uint32_t number;

	if (handle != SENSOR || value.len < 5) {
		mistake(peer, "%zu octets from handle %u", value.len, handle);
		return;
	}
	number = value.data[0] | (uint32_t)value.data[1] << 8 | (uint32_t)value.data[2] << 16 |
		 (uint32_t)value.data[3] << 24;
	if (number < peer->next)
		mistake(peer, "value %u after %u", number, peer->next - 1);
	else
		peer->missing += number - peer->next;
	peer->next = number + 1;
	sums.values++;
}

static void overrun(void *user, unsigned int packets)
{
	((struct kept *)user)->dropped += packets;
}

/* At the end of each link, and whenever all are up */
static void check_values(struct kept *peer)
{
	if (peer->missing > peer->dropped)
		mistake(peer, "%u values are missing, %u were told as dropped", peer->missing,
			peer->dropped);
	sums.missing += peer->missing;
	peer->missing = peer->dropped = 0;
}

static void subscribed(void *user, int error)
{
	struct kept *peer = user;

	if (!error)
		return;
	printf("%s: subscribe: %s\n", peer->name, ble_error_text(loop, error));
	ble_subscription_free(peer->subscription, NULL, NULL, NULL);
	peer->subscription = NULL;
}

static void is_up(struct kept *peer)
{
	long from = peer->due > peer->back ? peer->due : peer->back, took = now() - from;
	int error = 0;

	sums.ups++;
	peer->up = true;
	peer->failures = 0;
	peer->away = false;
	if (!peer->gone && !all_gone) {
		slowest = took > slowest ? took : slowest;
		if (took > limit)
			mistake(peer, "up %ld ms after it could be", took);
	}
	if (!peer->subscription)
		error = ble_client_subscribe(peer->client, SENSOR, BLE_SUBSCRIBE_NOTIFY, notified,
					     peer, subscribed, peer, &peer->subscription, NULL);
	if (error)
		mistake(peer, "subscribe: %s", ble_error_text(loop, error));
}

static bool fits(unsigned int failures, int next_ms)
{
	int most = FROM_MS;

	for (unsigned int i = 0; i < failures && most < TO_MS; i++)
		most = 2 * most < TO_MS ? 2 * most : TO_MS;
	return next_ms <= most && next_ms >= most - most * JITTER / 100;
}

/* What is told as the next attempt follows the policy: doubled with each failure, short
 * again once the adapter is back. */
static void check_wait(struct kept *peer, int next_ms)
{
	if (fits(peer->failures, next_ms))
		return;
	if (!peer->away || !fits(0, next_ms))
		mistake(peer, "the next attempt in %d ms, after %u failures", next_ms,
			peer->failures);
	peer->away = false;
	peer->failures = 0;
}

static void is_down(struct kept *peer, const struct ble_keeper_event *event)
{
	sums.downs++;
	if (!peer->gone && !all_gone && !peer->excuses--) {
		peer->excuses = 0;
		mistake(peer, "%s, and nothing happened to it: %s", peer->up ? "lost" : "failed",
			ble_error_text(loop, event->error));
	}
	check_values(peer);
	check_wait(peer, event->next_ms);
	peer->up = false;
	peer->failures++;
	peer->next = 0;
	peer->due = now() + event->next_ms;
}

static void changed(void *user, const struct ble_keeper_event *event)
{
	struct kept *peer = user;

	printf("%ld %s: ", now(), peer->name);
	if (event->state == BLE_KEEPER_UP)
		printf("up, attempts %u\n", event->attempts);
	else
		printf("%s; next %d ms\n", ble_error_text(loop, event->error), event->next_ms);
	if (event->state == BLE_KEEPER_UP)
		is_up(peer);
	else if (event->state == BLE_KEEPER_DOWN)
		is_down(peer, event);
	else
		mistake(peer, "given up");
}

static int keep(struct kept *peer, const char *name)
{
	const struct ble_keeper_params params = {
		.from_ms = FROM_MS, .to_ms = TO_MS, .jitter = JITTER, .idle_ms = IDLE_MS,
	};
	struct ble_address address;
	int error = ble_address_parse(name, &address);

	peer->name = name;
	peer->due = peer->back = now();
	if (!error)
		error = ble_client_new(adapter, &address, &peer->client);
	if (error)
		return error;
	ble_client_on_overrun(peer->client, overrun, peer);
	return ble_keeper_new(peer->client, &params, changed, peer, &peer->keeper);
}

/* -- The scan ------------------------------------------------------------------------- */

static void heard(void *user, struct ble_device *device, const struct ble_advertisement *adv)
{
	(void)user;
	(void)device;
	(void)adv;
	sums.reports++;
}

static void scan_ended(void *user, int error)
{
	(void)user;
	printf("scan: %s\n", ble_error_text(loop, error));
	scans = false;
}

/* Again, once there is a sign that the adapter works. */
static void scan(void)
{
	bool works = !sums.ups;

	for (unsigned int i = 0; i < peers; i++)
		works = works || kept[i].up;
	if (scans || !works)
		return;
	scans = !ble_scanner_start(scanner, NULL);
	sums.scans += scans;
}

/* -- What is told --------------------------------------------------------------------- */

static void tell(unsigned int which, bool gone)
{
	if (!which)
		all_gone = gone;
	for (unsigned int i = 0; i < peers; i++) {
		if (which && i + 1 != which)
			continue;
		if (which)
			kept[i].gone = gone;
		else
			kept[i].away = true;
		kept[i].excuses = 1;
		if (!gone)
			kept[i].back = now();
	}
}

static void reset_done(void *user, int error)
{
	(void)user;
	printf("%ld reset: %s\n", now(), error ? ble_error_text(loop, error) : "done");
	if (error && error != -ENODEV) /* it was pulled, and no keeper has found it again yet */
		mistake(NULL, "reset");
	tell(0, false);
}

static void reset(void)
{
	int error;

	tell(0, true);
	error = ble_adapter_reset(adapter, reset_done, NULL);
	if (error)
		reset_done(NULL, error);
}

static void follow(const char *line)
{
	unsigned int which = 0;
	char word[16] = "";

	printf("%ld - %s\n", now(), line);
	if (sscanf(line, "%15s %u", word, &which) < 1 || which > peers)
		return;
	if (!strcmp(word, "gone") || !strcmp(word, "back"))
		tell(which, *word == 'g');
	else if (!strcmp(word, "reset"))
		reset();
	else if (!strcmp(word, "settle")) {
		settles = true;
		sums.reports = 0;
	} else
		ended = true;
}

/* A line is written at once. */
static void follow_lines(void)
{
	char lines[512], *line, *rest = lines;
	ssize_t length = read(STDIN_FILENO, lines, sizeof(lines) - 1);

	if (length <= 0)
		ended = true;
	lines[length > 0 ? length : 0] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line)
			follow(line);
}

/* -- What is in use ------------------------------------------------------------------- */

static long resident_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long pages = 0;

	if (file && fscanf(file, "%*s %ld", &pages) != 1)
		pages = 0;
	if (file)
		fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static bool all_up(void)
{
	for (unsigned int i = 0; i < peers; i++)
		if (!kept[i].up || !kept[i].subscription || !kept[i].next)
			return false;
	return scans && sums.reports;
}

static void settle(void)
{
	struct use use = { heap_in_use(), descriptors_in_use() };

	settles = false;
	for (unsigned int i = 0; i < peers; i++) {
		check_values(&kept[i]);
		if (now() - kept[i].back > LATE_MS)
			kept[i].excuses = 0;
	}
	if (!first.heap)
		first = use;
	if (use.heap > first.heap + GROWN)
		mistake(NULL, "heap: %zu octets, %zu before", use.heap, first.heap);
	if (use.descriptors != first.descriptors)
		mistake(NULL, "%zu descriptors, %zu before", use.descriptors, first.descriptors);
	printf("settled: %u up, %u down, slowest %ld ms, %u values, %u missing, %u scans, heap %zu, "
	       "resident %ld KiB, %zu descriptors, %u mistakes\n", sums.ups, sums.downs, slowest,
	       sums.values, sums.missing, sums.scans, use.heap, resident_kib(), use.descriptors,
	       sums.mistakes);
}

/* ------------------------------------------------------------------------------------- */

static int run(char **names)
{
	struct pollfd sets[2] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .events = POLLIN } };
	int error = ble_scanner_new(adapter, heard, scan_ended, NULL, &scanner);

	for (peers = 0; !error && names[peers]; peers++)
		error = peers < PEERS ? keep(&kept[peers], names[peers]) : -1;
	sets[1].fd = ble_loop_fd(loop);
	while (!error && !ended) {
		poll(sets, 2, -1);
		if (sets[0].revents)
			follow_lines();
		error = ble_loop_dispatch(loop, 0);
		scan();
		if (settles && all_up())
			settle();
	}
	for (unsigned int i = 0; i < peers; i++) {
		ble_keeper_free(kept[i].keeper);
		ble_subscription_free(kept[i].subscription, NULL, NULL, NULL);
		ble_client_unref(kept[i].client);
	}
	ble_scanner_unref(scanner);
	return error;
}

int main(int argc, char **argv)
{
	size_t before = descriptors_in_use();
	int error;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 4 || ble_loop_new(&loop))
		return 2;
	limit = atol(argv[2]);
	error = ble_adapter_open(loop, argv[1], &adapter);
	if (!error)
		error = run(argv + 3);
	if (error)
		mistake(NULL, "%s", ble_error_text(loop, error));
	ble_adapter_unref(adapter);
	ble_loop_unref(loop);
	if (descriptors_in_use() != before)
		mistake(NULL, "%zu descriptors, %zu at the start", descriptors_in_use(), before);
	printf("ended: %u mistakes\n", sums.mistakes);
	return sums.mistakes != 0;
}
