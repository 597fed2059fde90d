/* SPDX-License-Identifier: MIT */
/*
 * A dongle on a port, opened as a program does: BLEWIRE_DONGLE is the adapter's
 * name (bled112, /dev/ttyACM0, a socket), BLEWIRE_DONGLE_PLACE where the emulator
 * is to be (/dev/ttyGS0), a process of its own, BLEWIRE_REFERENCE_DONGLE.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/child.h"
#include "tests/stand.h"

enum { WORDS = 5, WORD = 12 };

struct port_stand {
	pid_t child;
};

static char *environment(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return (char *)(uintptr_t)(value ? value : otherwise);
}

static int start_dongle(const struct stand_peer *peers, size_t n, pid_t *ret_child)
{
	char words[STAND_PEERS][WORDS][WORD];
	char *argv[2 + STAND_PEERS * WORDS + 1] = {
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
static int find_addresses(struct stand *stand, const struct stand_peer *peers, size_t n)
{
	struct stand_fill fill = { peers, n, stand->addresses };
	struct sim_model model;
	int error;

	sim_model_init(&model);
	error = stand_fill(stand->loop, &fill, &model);
	sim_model_release(&model);
	return error;
}

static int port_open(struct stand *stand, const struct stand_peer *peers, size_t n)
{
	struct port_stand *state = calloc(1, sizeof(*state));
	int error = state ? find_addresses(stand, peers, n) : -ENOMEM;

	if (!error)
		error = start_dongle(peers, n, &state->child);
	if (!error)
		error = ble_adapter_open(stand->loop, environment("BLEWIRE_DONGLE", ""),
					 &stand->adapter);
	if (error && state) {
		fprintf(stderr, "%s\n", ble_error_text(stand->loop, error));
		child_stop(state->child);
		free(state);
		return error;
	}
	stand->state = state;
	return error;
}

static void port_close(struct stand *stand)
{
	struct port_stand *state = stand->state;

	child_stop(state->child);
	free(state);
}

const struct stand_class stand_port = {
	.name = "port",
	.mtu = ATT_MTU_MIN,
	.firmware = true,
	.open = port_open,
	.close = port_close,
};
