/* SPDX-License-Identifier: MIT */
/*
 * Connects to several peers at the same time, and says how each connect ends.
 *
 *	several [-s|-p] [-t MS] [-n COUNT] ADAPTER [ADDRESS...]
 *
 * -s, -p: beside an active or passive scan, which has to go on while a connect is pending.
 * -t: the time limit of each connect. -n: ends when so many are connected. A line for each
 * peer, in the order of their ends: "ADDRESS MS connected" or "ADDRESS MS" and the error's sentence; then "reports N", the
 * advertising reports that arrived from the start of the connects to the end of the last;
 * without an address, in MS.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <blewire.h>

enum { MOST = 16 };

static struct ble_loop *loop;
static struct timespec begun;
static unsigned int left, reports, good;

static long elapsed(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - begun.tv_sec) * 1000 + (now.tv_nsec - begun.tv_nsec) / 1000000;
}

static void connected(void *user, int error)
{
	printf("%s %ld %s\n", (const char *)user, elapsed(),
	       error ? ble_error_text(loop, error) : "connected");
	left--;
	good += !error;
}

static void heard(void *user, struct ble_device *device, const struct ble_advertisement *adv)
{
	(void)user;
	(void)device;
	(void)adv;
	reports++;
}

static void scan_ended(void *user, int error)
{
	(void)user;
	printf("scan ended: %s\n", ble_error_text(loop, error));
}

static int fail(const char *what, int error)
{
	printf("%s: %s\n", what, ble_error_text(loop, error));
	return 1;
}

/* Until there was a report: the scan runs. */
static int scan(struct ble_adapter *adapter, const struct ble_scan_params *params,
		struct ble_scanner **ret_scanner)
{
	int error = ble_scanner_new(adapter, heard, scan_ended, NULL, ret_scanner);

	if (!error)
		error = ble_scanner_start(*ret_scanner, params);
	while (!error && !reports)
		error = ble_loop_dispatch(loop, -1);
	return error;
}

static int run(struct ble_adapter *adapter, int timeout_ms, unsigned int enough, char **peers,
	       int n)
{
	const struct ble_connect_params params = { .timeout_ms = timeout_ms };
	struct ble_client *clients[MOST] = { NULL };
	struct ble_address address;
	int error = 0;

	reports = 0;
	clock_gettime(CLOCK_MONOTONIC, &begun);
	for (int i = 0; i < n && !error; i++) {
		error = ble_address_parse(peers[i], &address);
		if (!error)
			error = ble_client_new(adapter, &address, &clients[i]);
		if (!error)
			error = ble_client_connect(clients[i], &params, connected, peers[i], NULL);
		left += !error;
	}
	while (!error && left && good < enough)
		error = ble_loop_dispatch(loop, -1);
	while (!error && !n && elapsed() < timeout_ms)
		error = ble_loop_dispatch(loop, (int)(timeout_ms - elapsed()));
	printf("reports %u\n", reports);
	for (int i = 0; i < n; i++)
		ble_client_unref(clients[i]);
	return error ? fail("connect", error) : 0;
}

int main(int argc, char **argv)
{
	struct ble_scan_params params = { .passive = false };
	struct ble_scanner *scanner = NULL;
	struct ble_adapter *adapter;
	int option, scans = 0, timeout_ms = 0, status = 0, error;
	unsigned int enough = MOST + 1;

	while ((option = getopt(argc, argv, "spt:n:")) != -1) {
		if (option == 't')
			timeout_ms = atoi(optarg);
		else if (option == 'n')
			enough = (unsigned int)atoi(optarg);
		else if (option == '?')
			return 2;
		else
			scans = option;
	}
	argc -= optind;
	argv += optind;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 1 || argc > MOST + 1 || ble_loop_new(&loop))
		return 2;
	error = ble_adapter_open(loop, argv[0], &adapter);
	if (error)
		return fail("open", error);
	params.passive = scans == 'p';
	error = scans ? scan(adapter, &params, &scanner) : 0;
	status = error ? fail("scan", error) : run(adapter, timeout_ms, enough, argv + 1,
							       argc - 1);
	ble_scanner_unref(scanner);
	ble_adapter_unref(adapter);
	ble_loop_unref(loop);
	return status;
}
