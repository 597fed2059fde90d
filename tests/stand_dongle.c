/* SPDX-License-Identifier: MIT */
/* The dongle's backend over an emulator of the dongle, in the same loop. */
#include <errno.h>
#include <stdlib.h>

#include "bgapi/bgapi.h"
#include "tests/dongle/dongle.h"
#include "tests/stand_dongle.h"

struct dongle_stand {
	struct sim_model model;
	struct dongle *dongle;
};

static void release(struct dongle_stand *state)
{
	dongle_free(state->dongle);
	sim_model_release(&state->model);
	free(state);
}

static int open_adapter(struct stand *stand, struct dongle_stand *state)
{
	struct bgapi_stream *stream;
	struct adapter *backend;
	int error = dongle_plug(state->dongle, &stream);

	if (!error)
		error = bgapi_open(stand->loop, "bled112", stream, &backend);
	if (error)
		return error;
	error = adapter_new(stand->loop, backend, &stand->adapter);
	if (error)
		backend->class->free(backend);
	return error;
}

/* The seed lets messages come in pieces, and events before responses. */
static int dongle_open(struct stand *stand, const struct stand_peer *peers, size_t n)
{
	struct stand_fill fill = { peers, n, stand->addresses };
	struct dongle_stand *state = calloc(1, sizeof(*state));
	struct dongle_config config;
	int error;

	if (!state)
		return -ENOMEM;
	dongle_config_init(&config);
	config.seed = 1;
	sim_model_init(&state->model);
	error = stand_fill(stand->loop, &fill, &state->model);
	if (!error)
		error = dongle_new(stand->loop, &state->model, &config, &state->dongle);
	if (!error)
		error = open_adapter(stand, state);
	if (error)
		release(state);
	else
		stand->state = state;
	return error;
}

static void dongle_close(struct stand *stand)
{
	release(stand->state);
}

struct dongle *stand_dongle_of(const struct stand *stand)
{
	const struct dongle_stand *state = stand->state;

	return state->dongle;
}

int stand_dongle_again(struct stand *stand)
{
	struct dongle_stand *state = stand->state;

	dongle_replug(state->dongle);
	return open_adapter(stand, state);
}

const struct stand_class stand_dongle = {
	.name = "dongle",
	.virtual_time = true,
	.mtu = ATT_MTU_MIN,
	.firmware = true,
	.open = dongle_open,
	.close = dongle_close,
};
