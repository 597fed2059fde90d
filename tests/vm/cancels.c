/* SPDX-License-Identifier: MIT */
/*
 * Cancels connects at varying times, and scans after each.
 *
 *	cancels ADAPTER ADDRESS COUNT PATIENCE
 *
 * The connects are to ADDRESS, who may be absent. Each scan has to hear something within
 * PATIENCE seconds. Says of each that failed why, and how many did.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <blewire.h>

enum { FIRST_MS = 2, SPREAD_MS = 32, PAUSE_MS = 100 };

static struct ble_loop *loop;

static void done(void *user, int error)
{
	*(int *)user = error ? error : 1;
}

static long milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void run_for(int ms, const int *until)
{
	long end = milliseconds() + ms, left;

	while (!*until && (left = end - milliseconds()) > 0)
		ble_loop_dispatch(loop, (int)left);
}

static void cancel_after(struct ble_client *client, int ms)
{
	struct ble_op *op = NULL;
	int ended = 0;

	if (ble_client_connect(client, NULL, done, &ended, &op))
		return;
	run_for(ms, &ended);
	if (ended)
		ble_client_disconnect(client);
	else
		ble_op_cancel(op);
}

static int scan(struct ble_adapter *adapter, int patience_ms)
{
	struct ble_device *device;
	int error = ble_adapter_find_sync(adapter, NULL, patience_ms, &device);

	if (!error)
		ble_device_unref(device);
	return error;
}

static int run(struct ble_adapter *adapter, const struct ble_address *peer, int count,
	       int patience_ms)
{
	struct ble_client *client;
	int failures = 0;

	if (ble_client_new(adapter, peer, &client))
		return 1;
	for (int i = 0; i < count; i++) {
		int ms = FIRST_MS + i * SPREAD_MS / count, error;
		const int never = 0;

		/* The scan before has ended, and all commands are answered. */
		run_for(PAUSE_MS, &never);
		cancel_after(client, ms);
		if (i % 2)
			run_for(PAUSE_MS / 5, &never);
		error = scan(adapter, patience_ms);
		if (error)
			printf("cancelled after %d ms: %s\n", ms, ble_error_text(loop, error));
		failures += error != 0;
	}
	printf("%d of %d failed\n", failures, count);
	ble_client_unref(client);
	return failures != 0;
}

int main(int argc, char **argv)
{
	struct ble_adapter *adapter;
	struct ble_address peer;
	int status;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 5 || ble_address_parse(argv[2], &peer) || ble_loop_new(&loop) ||
	    ble_adapter_open(loop, argv[1], &adapter))
		return 2;
	status = run(adapter, &peer, atoi(argv[3]), 1000 * atoi(argv[4]));
	ble_adapter_unref(adapter);
	ble_loop_unref(loop);
	return status;
}
