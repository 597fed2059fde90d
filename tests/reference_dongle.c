/* SPDX-License-Identifier: MIT */
/*
 * A dongle with the reference peripherals around it, for fixture_port.c: for each
 * of them the words ATTRIBUTES INTERVAL_MS MTU DISCONNECT_AFTER SILENT_AFTER.
 * PLACE is one of tests/dongle/place.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/dongle/place.h"
#include "tests/reference.h"

enum { WORDS = 5 };

static unsigned int number(const char *text)
{
	return (unsigned int)strtoul(text, NULL, 0);
}

static int add_peer(struct sim_model *model, char **words, uint8_t index)
{
	struct sim_peripheral *peripheral;
	int error = reference_peripheral_at(model, number(words[0]), number(words[1]),
					    index, &peripheral);

	if (error)
		return error;
	peripheral->mtu = (uint16_t)number(words[2]);
	peripheral->faults.disconnect_after_requests = number(words[3]);
	peripheral->faults.silent_after_requests = number(words[4]);
	return 0;
}

int main(int argc, char **argv)
{
	struct dongle_config config;
	struct sim_model model;
	struct ble_loop *loop;
	struct dongle *dongle;
	struct place *place;
	int error;

	if (argc < 2 || (argc - 2) % WORDS) {
		fprintf(stderr, "usage: reference_dongle PLACE [ATTRIBUTES INTERVAL_MS MTU "
				"DISCONNECT_AFTER SILENT_AFTER]...\n");
		return 2;
	}
	sim_model_init(&model);
	dongle_config_init(&config);
	config.air_ms = 2; /* of real time: a case is not to take a minute */
	error = ble_loop_new(&loop);
	for (int i = 2; !error && i < argc; i += WORDS)
		error = add_peer(&model, argv + i, (uint8_t)((i - 2) / WORDS));
	if (!error)
		error = dongle_new(loop, &model, &config, &dongle);
	if (!error)
		error = place_open(loop, dongle, argv[1], NULL, &place);
	if (!error) {
		puts("ready");
		fflush(stdout);
	}
	while (!error)
		error = ble_loop_dispatch(loop, -1);
	fprintf(stderr, "reference_dongle: %s: %s\n", argv[1], ble_strerror(error));
	return 1;
}
