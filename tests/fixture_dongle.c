/* SPDX-License-Identifier: MIT */
/* The dongle's backend over an emulator of the dongle, in the same loop. */
#include <errno.h>
#include <stdlib.h>

#include "bgapi/bgapi.h"
#include "tests/dongle/dongle.h"
#include "tests/fixture_dongle.h"

struct dongle_fixture {
	struct sim_model model;
	struct dongle *dongle;
};

static void release(struct dongle_fixture *state)
{
	dongle_free(state->dongle);
	sim_model_release(&state->model);
	free(state);
}

static int open_adapter(struct fixture *fixture, struct dongle_fixture *state)
{
	struct bgapi_stream *stream;
	struct adapter *backend;
	int error = dongle_plug(state->dongle, &stream);

	if (!error)
		error = bgapi_open(fixture->loop, "bled112", stream, NULL, &backend);
	if (error)
		return error;
	error = adapter_new(fixture->loop, backend, &fixture->adapter);
	if (error)
		backend->class->free(backend);
	return error;
}

/* The seed lets messages come in pieces, and events before responses. */
static int dongle_open(struct fixture *fixture, const struct fixture_peer *peers, size_t n)
{
	struct fixture_fill fill = { peers, n, fixture };
	struct dongle_fixture *state = calloc(1, sizeof(*state));
	struct dongle_config config;
	int error;

	if (!state)
		return -ENOMEM;
	dongle_config_init(&config);
	config.seed = 1;
	sim_model_init(&state->model);
	error = fixture_fill(fixture->loop, &fill, &state->model);
	if (!error)
		error = dongle_new(fixture->loop, &state->model, &config, &state->dongle);
	if (!error)
		error = open_adapter(fixture, state);
	if (error)
		release(state);
	else
		fixture->state = state;
	return error;
}

static void dongle_close(struct fixture *fixture)
{
	release(fixture->state);
}

struct dongle *fixture_dongle_of(const struct fixture *fixture)
{
	const struct dongle_fixture *state = fixture->state;

	return state->dongle;
}

int fixture_dongle_again(struct fixture *fixture)
{
	struct dongle_fixture *state = fixture->state;

	dongle_replug(state->dongle);
	return open_adapter(fixture, state);
}

static void dongle_changed(struct fixture *fixture, size_t peer, enum fixture_presence is)
{
	(void)peer;
	(void)is;
	dongle_look_again(fixture_dongle_of(fixture));
}

const struct fixture_class fixture_dongle = {
	.name = "dongle",
	.virtual_time = true,
	.mtu = ATT_MTU_MIN,
	.firmware = true,
	.open = dongle_open,
	.close = dongle_close,
	.changed = dongle_changed,
};
