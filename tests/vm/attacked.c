/* SPDX-License-Identifier: MIT */
/*
 * Does all that a client does, again and again, with a peer that attacks, while an honest one is
 * served: its values go on, in order, after each step with the other.
 *
 *	attacked [-c] [-t MS] ADAPTER HOSTILE HONEST ROUNDS
 *
 * -c: only connects, reads and disconnects. -t: the time limit of each step (5,000). The honest
 * peer sends values by itself ("peer tick"). Prints each sentence once and how often it was said,
 * and what is in use at the end of the second and of the last round.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <blewire.h>

#include "tests/vm/in_use.h"

enum { SENSOR = 3, TEXT = 6, LONG = 300, SENTENCES = 64, GROWN = 4096 };

static struct ble_loop *loop;
static struct ble_client *hostile, *honest;
static int limit = 5000;
static unsigned int mistakes, values, noise;
static uint32_t next_value;
static struct {
	char text[200];
	unsigned int times;
} sentences[SENTENCES];

/* -- The honest peer ------------------------------------------------------------------ */

static void honest_value(void *user, uint16_t handle, struct ble_bytes value)
{
	uint32_t number;

	(void)user;
	if (handle != SENSOR || value.len < 5)
		return;
	number = value.data[0] | (uint32_t)value.data[1] << 8 | (uint32_t)value.data[2] << 16;
	if (number != next_value) {
		printf("MISTAKE: value %u, not %u\n", number, next_value);
		mistakes++;
	}
	next_value = number + 1;
	values++;
}

static void honest_ends(void *user, uint8_t reason, bool asked)
{
	(void)user;
	if (asked)
		return;
	printf("MISTAKE: the honest peer is lost (0x%02x)\n", reason);
	mistakes++;
}

static void serve_honest(void)
{
	unsigned int before = values;

	while (values == before && ble_client_connected(honest))
		ble_loop_dispatch(loop, -1);
}

/* -- The hostile one ------------------------------------------------------------------ */

/* The end of a step */
static void note(const char *step, int error)
{
	char text[sizeof(sentences->text)];
	unsigned int i = 0;

	snprintf(text, sizeof(text), "%s: %s", step, error ? ble_error_text(loop, error) : "done");
	while (i < SENTENCES && sentences[i].times && strcmp(sentences[i].text, text) != 0)
		i++;
	if (i < SENTENCES) {
		strcpy(sentences[i].text, text);
		sentences[i].times++;
	}
	serve_honest();
}

static void any_value(void *user, uint16_t handle, struct ble_bytes value)
{
	(void)user;
	(void)handle;
	noise += value.len && value.data[0] == 0;
}

static void read_text(void)
{
	uint8_t value[512];

	note("read", ble_client_read_sync(hostile, TEXT, value, sizeof(value), NULL));
}

static void all_steps(void)
{
	static const uint8_t octets[LONG];
	struct ble_subscription *subscription = NULL;

	note("discover", ble_client_discover_sync(hostile));
	read_text();
	note("subscribe", ble_client_subscribe_sync(hostile, SENSOR, BLE_SUBSCRIBE_NOTIFY,
						    any_value, NULL, &subscription));
	note("long write", ble_client_write_sync(hostile, TEXT,
						 (struct ble_bytes){ octets, LONG }));
	note("write command", ble_client_write_command_sync(hostile, TEXT,
							    (struct ble_bytes){ octets, 4 }));
	note("describe", ble_client_describe_sync(hostile));
	note("unsubscribe", subscription ? ble_subscription_free_sync(subscription) : 0);
}

static void run_round(bool only_connects)
{
	const struct ble_connect_params params = { .timeout_ms = limit };
	int error = ble_client_connect_sync(hostile, &params);

	note("connect", error);
	if (error)
		return;
	if (only_connects)
		read_text();
	else
		all_steps();
	note("disconnect", ble_client_disconnect_sync(hostile));
}

/* ------------------------------------------------------------------------------------- */

static void run_rounds(unsigned int rounds, bool only_connects)
{
	size_t heap_before = 0, descriptors_before = 0;

	puts("begun"); /* makes the buffer of the output */
	for (unsigned int i = 0; i < rounds; i++) {
		run_round(only_connects);
		if (i != 1)
			continue;
		heap_before = heap_in_use();
		descriptors_before = descriptors_in_use();
	}
	for (unsigned int i = 0; i < SENTENCES && sentences[i].times; i++)
		printf("%u times %s\n", sentences[i].times, sentences[i].text);
	printf("heap %zu, %zu after two rounds; descriptors %zu, %zu; %u values\n",
	       heap_in_use(), heap_before, descriptors_in_use(), descriptors_before, values);
	if (rounds > 2 && (heap_in_use() > heap_before + GROWN ||
			   descriptors_in_use() > descriptors_before)) {
		puts("MISTAKE: more is in use");
		mistakes++;
	}
}

static int begin_honest(void)
{
	int error = ble_client_connect_sync(honest, NULL);

	ble_client_on_disconnected(honest, honest_ends, NULL);
	if (!error)
		error = ble_client_discover_sync(honest);
	if (!error)
		error = ble_client_subscribe_sync(honest, SENSOR, BLE_SUBSCRIBE_NOTIFY, honest_value,
						  NULL, NULL);
	return error;
}

static int make_client(struct ble_adapter *adapter, const char *name, int timeout_ms,
		       struct ble_client **ret_client)
{
	struct ble_address address;
	int error = ble_address_parse(name, &address);

	if (!error)
		error = ble_client_new(adapter, &address, ret_client);
	if (!error)
		ble_client_set_timeout(*ret_client, timeout_ms);
	return error;
}

int main(int argc, char **argv)
{
	struct ble_adapter *adapter = NULL;
	bool only_connects = false;
	int option, error;

	while ((option = getopt(argc, argv, "ct:")) != -1) {
		if (option == '?')
			return 2;
		only_connects = only_connects || option == 'c';
		limit = option == 't' ? atoi(optarg) : limit;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc - optind != 4 || ble_loop_new(&loop))
		return 2;
	error = ble_adapter_open(loop, argv[optind], &adapter);
	if (!error)
		error = make_client(adapter, argv[optind + 1], limit, &hostile);
	if (!error)
		error = make_client(adapter, argv[optind + 2], BLE_FOREVER, &honest);
	if (!error)
		error = begin_honest();
	if (error)
		printf("MISTAKE: %s\n", ble_error_text(loop, error));
	else
		run_rounds((unsigned int)atoi(argv[optind + 3]), only_connects);
	ble_client_unref(hostile);
	ble_client_unref(honest);
	ble_adapter_unref(adapter);
	ble_loop_unref(loop);
	return error || mistakes;
}
