/* SPDX-License-Identifier: MIT */
/*
 * A dongle on a port, opened as a program does. BLEWIRE_DONGLE is the adapter's name
 * (bled112, /dev/ttyACM0, a socket), BLEWIRE_DONGLE_PLACE the emulator's end of the
 * port (/dev/ttyGS0), BLEWIRE_REFERENCE_DONGLE the emulator's program.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/child.h"
#include "tests/fixture.h"

enum { WORDS = 5, WORD = 12 };

struct port_fixture {
	pid_t child;
};

static char *environment(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return (char *)(uintptr_t)(value ? value : otherwise);
}

static int start_dongle(const struct fixture_peer *peers, size_t n, pid_t *ret_child)
{
	char words[FIXTURE_PEERS][WORDS][WORD];
	char *argv[2 + FIXTURE_PEERS * WORDS + 1] = {
		environment("BLEWIRE_REFERENCE_DONGLE", "tests/reference_dongle"),
		environment("BLEWIRE_DONGLE_PLACE", ""),
	};

	for (size_t i = 0; i < n; i++) {
		const unsigned int values[WORDS] = {
			peers[i].n ? peers[i].n : REFERENCE_MIDDLE,
			peers[i].interval_ms ? peers[i].interval_ms : 20,
			peers[i].mtu ? peers[i].mtu : ATT_MTU_MAX,
			peers[i].faults.disconnect_after_requests,
			peers[i].faults.silent_after_requests,
		};

		for (size_t w = 0; w < WORDS; w++) {
			snprintf(words[i][w], WORD, "%u", values[w]);
			argv[2 + i * WORDS + w] = words[i][w];
		}
	}
	return child_start(argv, ret_child);
}

/* The addresses are those that the same peripherals have in a model of ours. */
static int find_addresses(struct fixture *fixture, const struct fixture_peer *peers, size_t n)
{
	struct fixture_fill fill = { peers, n, fixture };
	struct sim_model model;
	int error;

	sim_model_init(&model);
	error = fixture_fill(fixture->loop, &fill, &model);
	sim_model_release(&model);
	memset(fixture->peripherals, 0, sizeof(fixture->peripherals));
	return error;
}

static int port_open(struct fixture *fixture, const struct fixture_peer *peers, size_t n)
{
	struct port_fixture *state = calloc(1, sizeof(*state));
	int error = state ? find_addresses(fixture, peers, n) : -ENOMEM;

	if (!error)
		error = start_dongle(peers, n, &state->child);
	if (!error)
		error = ble_adapter_open(fixture->loop, environment("BLEWIRE_DONGLE", ""),
					 &fixture->adapter);
	if (error && state) {
		fprintf(stderr, "%s\n", ble_error_text(fixture->loop, error));
		child_stop(state->child);
		free(state);
		return error;
	}
	fixture->state = state;
	return error;
}

static void port_close(struct fixture *fixture)
{
	struct port_fixture *state = fixture->state;

	child_stop(state->child);
	free(state);
}

const struct fixture_class fixture_port = {
	.name = "port",
	.mtu = ATT_MTU_MIN,
	.firmware = true,
	.open = port_open,
	.close = port_close,
};
