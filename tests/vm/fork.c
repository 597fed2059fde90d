/* SPDX-License-Identifier: MIT */
/*
 * A program that forks while it is connected.
 *
 *	fork ADAPTER ADDRESS lives|frees
 *
 * "lives": the child keeps all descriptors until the end of standard input. The
 * parent disconnects, says so, and waits for that, too.
 * "frees": the child frees all that it has. The parent goes on receiving
 * notifications of the value with handle 3.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <blewire.h>

enum { VALUE = 3, MORE = 5 };

static struct ble_loop *loop;
static struct ble_adapter *adapter;
static struct ble_client *client;
static unsigned int values;

static int fail(const char *what, int error)
{
	printf("%s: %d %s\n", what, error, ble_error_text(loop, error));
	return 1;
}

static void notified(void *user, uint16_t handle, struct ble_bytes value)
{
	(void)user;
	(void)handle;
	(void)value;
	values++;
}

static void free_all(void)
{
	ble_client_unref(client);
	ble_adapter_unref(adapter);
	ble_loop_unref(loop);
}

static void await_end_of_input(void)
{
	char octet;

	while (read(STDIN_FILENO, &octet, 1) > 0)
		;
}

static int end_child(pid_t child)
{
	int status = -1;

	if (waitpid(child, &status, 0) != child || status) {
		printf("child: status %d\n", status);
		return 1;
	}
	return 0;
}

static int lives(void)
{
	pid_t child = fork();
	int error;

	if (child < 0)
		return 1;
	if (!child) {
		await_end_of_input();
		_exit(0);
	}
	error = ble_client_disconnect_sync(client);
	if (error)
		return fail("disconnect", error);
	printf("disconnected\n");
	fflush(stdout);
	await_end_of_input();
	return end_child(child);
}

static int receive(unsigned int count)
{
	int error = 0;

	while (!error && values < count)
		error = ble_loop_dispatch(loop, 1000);
	return error ? fail("dispatch", error) : 0;
}

static int frees(void)
{
	pid_t child;
	int error = ble_client_discover_sync(client);

	if (!error)
		error = ble_client_subscribe_sync(client, VALUE, BLE_SUBSCRIBE_NOTIFY,
						  notified, NULL, NULL);
	if (error)
		return fail("subscribe", error);
	if (receive(1))
		return 1;
	child = fork();
	if (child < 0)
		return 1;
	if (!child) {
		free_all();
		_exit(0);
	}
	if (end_child(child) || receive(values + MORE))
		return 1;
	error = ble_client_disconnect_sync(client);
	if (error)
		return fail("disconnect", error);
	printf("received\n");
	return 0;
}

int main(int argc, char **argv)
{
	const struct ble_connect_params params = { .timeout_ms = 30000 };
	struct ble_address address;
	int error, result;

	if (argc != 4 || ble_address_parse(argv[2], &address) || ble_loop_new(&loop))
		return 2;
	error = ble_adapter_open(loop, argv[1], &adapter);
	if (!error)
		error = ble_client_new(adapter, &address, &client);
	if (!error)
		error = ble_client_connect_sync(client, &params);
	if (error)
		result = fail("connect", error);
	else
		result = strcmp(argv[3], "lives") ? frees() : lives();
	free_all();
	return result;
}
