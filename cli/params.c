/* SPDX-License-Identifier: MIT */
/* blewire params: interval, latency and timeout of a connection. */
#include "cli/json.h"

#include <stdlib.h>
#include <string.h>

struct params_options {
	struct ble_link_params preset; /* interval_max 0: none */
	struct ble_link_params link;   /* interval_max 0: not given */
	uint64_t timeout_ms;           /* 0: not given */
	bool has_latency;
};

static const struct {
	const char *name;
	enum ble_link_preset preset;
} presets[] = {
	{ "low-latency", BLE_LINK_LOW_LATENCY },
	{ "balanced", BLE_LINK_BALANCED },
	{ "low-power", BLE_LINK_LOW_POWER },
};

static void show(struct cli *cli, const struct ble_link_params *link)
{
	struct json_object *object;
	unsigned int us = link->interval_max * 1250u;

	if (!cli->json) {
		put("interval %u.%02u ms, latency %u, timeout %u ms\n", us / 1000,
		    us % 1000 / 10, link->latency, link->timeout * 10u);
		return;
	}
	object = js_new("params");
	js_address(object, &cli->peer.address);
	js_number(object, "interval_us", us);
	js_number(object, "latency", link->latency);
	js_number(object, "timeout_ms", link->timeout * 10);
	js_print(object);
}

/* Requests the parameters of the options. Those that are not given stay as in now. */
static int update(struct cli *cli, const struct params_options *o,
		  const struct ble_link_params *now)
{
	struct ble_link_params link = *now;
	int err;

	if (o->preset.interval_max)
		link = o->preset;
	if (o->link.interval_max) {
		link.interval_min = o->link.interval_min;
		link.interval_max = o->link.interval_max;
	}
	if (o->has_latency)
		link.latency = o->link.latency;
	if (o->timeout_ms)
		link.timeout = (uint16_t)(o->timeout_ms / 10);
	/* Vol 6, Part B, 4.5.2, in the units of both */
	if (4u * link.timeout <= (1u + link.latency) * link.interval_max)
		return fail(cli, STATUS_USAGE,
			    "a supervision timeout of %u ms is too short: it has to be more than 2 * (1 + latency) * interval, here %u ms",
			    link.timeout * 10u,
			    (1u + link.latency) * link.interval_max * 5 / 2);
	print_verbose(cli, "asking for %u to %u us, latency %u, timeout %u ms",
		      link.interval_min * 1250u, link.interval_max * 1250u, link.latency,
		      link.timeout * 10u);
	err = ble_client_update_link_sync(peer_client(cli), &link);
	if (err == -EOPNOTSUPP)
		return fail_error(cli, STEP_ADAPTER, err, "update of the link parameters");
	if (err)
		return peer_fail(cli, err, "update of the link parameters");
	return STATUS_OK;
}

static int get_link(struct cli *cli, struct ble_link_params *ret_link)
{
	int err = ble_client_link(cli->peer.client, ret_link);

	if (err == -ENODATA || err == -EOPNOTSUPP)
		return fail_error(cli, STEP_ADAPTER, err, "link parameters");
	if (err)
		return peer_fail(cli, err, "link parameters");
	return STATUS_OK;
}

static int run(struct cli *cli, const void *options, char **arguments)
{
	const struct params_options *o = options;
	struct ble_link_params link = { 0 };
	int status = peer_parse(cli, arguments[0]);

	if (!status)
		status = peer_connect(cli);
	/* A preset sets all of them, so those in force need not be known. */
	if (!status && !o->preset.interval_max)
		status = get_link(cli, &link);
	if (!status && (o->preset.interval_max || o->link.interval_max || o->has_latency ||
			o->timeout_ms)) {
		status = update(cli, o, &link);
		if (!status)
			status = get_link(cli, &link);
	}
	if (!status)
		show(cli, &link);
	peer_close(cli);
	return status;
}

static int set_preset(void *field, const char *text)
{
	for (size_t i = 0; i < COUNT_OF(presets); i++) {
		if (strcmp(presets[i].name, text) == 0) {
			*(struct ble_link_params *)field = ble_link_preset(presets[i].preset);
			return 0;
		}
	}
	return -EINVAL;
}

/* Milliseconds from 7.5 to 4000, as units of 1.25 ms. */
static int parse_units(const char *text, char **end, uint16_t *ret_units)
{
	double ms, off;
	long n;

	if (!*text || !strchr("0123456789.", *text))
		return -EINVAL;
	ms = strtod(text, end);
	if (!(ms >= 7.5 && ms <= 4000))
		return -EINVAL;
	n = (long)(ms / 1.25 + 0.5);
	off = (double)n * 1.25 - ms;
	if (off > 0.001 || off < -0.001)
		return -EINVAL;
	*ret_units = (uint16_t)n;
	return 0;
}

static int set_interval(void *field, const char *text)
{
	struct ble_link_params link = *(struct ble_link_params *)field;
	char *end;

	if (strspn(text, "0123456789.-") != strlen(text) ||
	    parse_units(text, &end, &link.interval_min))
		return -EINVAL;
	link.interval_max = link.interval_min;
	if (*end == '-' && parse_units(end + 1, &end, &link.interval_max))
		return -EINVAL;
	if (*end || link.interval_min > link.interval_max)
		return -EINVAL;
	*(struct ble_link_params *)field = link;
	return 0;
}

static int set_latency(void *field, const char *text)
{
	struct params_options *o = field;
	long long number;

	if (parse_number(text, 0, 499, &number))
		return -EINVAL;
	o->link.latency = (uint16_t)number;
	o->has_latency = true;
	return 0;
}

static int set_supervision(void *field, const char *text)
{
	uint64_t ms;

	if (set_time(&ms, text) || ms < 100 || ms > 32000 || ms % 10)
		return -EINVAL;
	*(uint64_t *)field = ms;
	return 0;
}

#define FIELD(name) offsetof(struct params_options, name)
static const struct cli_option options[] = {
	{ 0, "preset", "NAME", "ask for low-latency, balanced or low-power", set_preset,
	  FIELD(preset), "low-latency, balanced or low-power" },
	{ 0, "interval", "MS", "ask for this interval, or one from MS-MS", set_interval,
	  FIELD(link), "milliseconds from 7.5 to 4000 in steps of 1.25, or two with a dash between" },
	{ 0, "latency", "COUNT", "connection events that the peripheral may skip", set_latency, 0,
	  "a count from 0 to 499" },
	{ 0, "supervision", "SECONDS", "silence after which the connection is lost",
	  set_supervision, FIELD(timeout_ms), "seconds from 0.1 to 32 in steps of 0.01" },
};
#undef FIELD

const struct command params_command = {
	.name = "params",
	.arguments = "ADDRESS",
	.takes_address = true,
	.summary = "Show the parameters of a connection, or ask for others",
	.details = "Short intervals are quick, long ones and latency save power. What is not given\n"
		   "stays as it is. Those that both sides agreed on are then shown.\n",
	.n_arguments = 1,
	.options = options,
	.n_options = COUNT_OF(options),
	.options_size = sizeof(struct params_options),
	.run = run,
};
