/* SPDX-License-Identifier: MIT */
/*
 * Class 6 without the scan: connecting. The radio runs one procedure at a time: a
 * connect ends a scan, and the vendor's samples rely on that.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/dongle/inside.h"

/* With several links, the interval is a multiple of 2.5 ms times their number. */
uint16_t fw_gap_parameters(const struct dongle *dongle, uint16_t min, uint16_t max,
			   uint16_t latency, uint16_t timeout, struct att_link *ret_link)
{
	unsigned int links = dongle->config.links;
	unsigned int step = links > 1 ? 2 * links : 1;
	unsigned int interval = (min + step - 1) / step * step;

	if (min < 6 || max > 3200 || min > max || timeout < 10 || timeout > 3200 ||
	    latency > 500 || interval > max)
		return INVALID_PARAM;
	*ret_link = (struct att_link){ (uint16_t)interval, latency, timeout };
	return BGAPI_SUCCESS;
}

static bool is_wanted(struct gap *gap, const struct advertiser *a)
{
	const struct ble_address *address = &a->peripheral->address;

	if (a->linked || !a->peripheral->advertising.connectable ||
	    a->peripheral->advertising.extended)
		return false;
	return gap->selective ? fw_whitelisted(gap, address) != NULL
			      : ble_address_equal(address, &gap->address);
}

/* Starts to connect to a wanted peripheral. While there is none that accepts a
 * connection, the procedure waits. */
static void find_peripheral(struct dongle *dongle)
{
	struct gap *gap = &dongle->gap;

	loop_timer_stop(&gap->connect);
	gap->found = NULL;
	for (size_t i = 0; gap->connecting && i < dongle->model->n; i++) {
		struct advertiser *a = &dongle->advertisers[i];

		if (!is_wanted(gap, a))
			continue;
		gap->found = a;
		loop_timer_in(dongle->loop, &gap->connect, a->peripheral->connect_ms);
		return;
	}
}

static void connected(struct loop_timer *timer)
{
	struct dongle *dongle = container_of(timer, struct dongle, gap.connect);
	struct gap *gap = &dongle->gap;
	int error;

	gap->connecting = false;
	gap->found->linked = gap->link;
	error = gap->fail ? fw_link_open_deaf(gap->link, gap->found, &gap->wanted,
					      gap->fail_ms)
			  : fw_link_open(gap->link, gap->found, &gap->wanted);
	if (error) {
		gap->found->linked = NULL;
		gap->link->state = LINK_FREE;
	}
}

void dongle_look_again(struct dongle *dongle)
{
	if (dongle->gap.connecting && !dongle->gap.found)
		find_peripheral(dongle);
}

void fw_gap_link_ended(struct dongle *dongle, struct advertiser *advertiser)
{
	advertiser->linked = NULL;
	dongle_look_again(dongle);
}

/* gap.wanted has the parameters. result: of the checks before. */
static void start_connect(struct dongle *dongle, int response, uint16_t result)
{
	struct gap *gap = &dongle->gap;
	struct dongle_link *link = NULL;
	struct bgapi_rsp_gap_connect_direct rsp = { 0 }; /* connect_selective has the same */

	if (!result && gap->connecting)
		result = BGAPI_WRONG_STATE;
	if (!result && !(link = fw_link_reserve(dongle)))
		result = CONNECTION_LIMIT;
	rsp.result = result;
	rsp.connection_handle = link ? link->handle : 0;
	if (link) {
		fw_scan_stop(dongle);
		gap->connecting = true;
		gap->link = link;
		gap->fail = dongle->rule && dongle->rule->action == DO_FAIL;
		gap->fail_ms = gap->fail ? (unsigned int)dongle->rule->number : 0;
	}
	fw_send(dongle, response, &rsp);
	if (link)
		find_peripheral(dongle);
}

static void connect_direct(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_gap_connect_direct *cmd = params;
	struct gap *gap = &dongle->gap;
	struct att_link wanted = { 0 };
	uint16_t result =
		fw_gap_parameters(dongle, cmd->conn_interval_min, cmd->conn_interval_max,
				  cmd->latency, cmd->timeout, &wanted);

	if (cmd->addr_type > 1)
		result = INVALID_PARAM;
	if (!result && !gap->connecting) {
		gap->selective = false;
		gap->wanted = wanted;
		gap->address = cmd->address;
		gap->address.type =
			cmd->addr_type ? BLE_ADDRESS_RANDOM : BLE_ADDRESS_PUBLIC;
	}
	start_connect(dongle, BGAPI_rsp_gap_connect_direct, result);
}

static void connect_selective(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_gap_connect_selective *cmd = params;
	struct gap *gap = &dongle->gap;
	struct att_link wanted = { 0 };
	uint16_t result =
		fw_gap_parameters(dongle, cmd->conn_interval_min, cmd->conn_interval_max,
				  cmd->latency, cmd->timeout, &wanted);

	if (!result && !gap->connecting) {
		gap->selective = true;
		gap->wanted = wanted;
	}
	start_connect(dongle, BGAPI_rsp_gap_connect_selective, result);
}

static void end_procedure(struct dongle *dongle, const void *params)
{
	struct gap *gap = &dongle->gap;
	bool running = gap->scanning || gap->connecting;

	(void)params;
	fw_scan_stop(dongle);
	if (gap->connecting)
		gap->link->state = LINK_FREE;
	gap->connecting = false;
	find_peripheral(dongle); /* stops the timer */
	fw_answer(dongle, running ? BGAPI_SUCCESS : BGAPI_WRONG_STATE);
}

/* -- The peripheral role, of which only the parameters are checked --------- */

static void set_mode(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_gap_set_mode *cmd = params;
	bool good = (cmd->discover & 0x7f) <= 4 && cmd->connect <= 3;

	fw_answer(dongle, good ? BGAPI_SUCCESS : INVALID_PARAM);
}

static void set_adv_parameters(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_gap_set_adv_parameters *cmd = params;
	bool good = cmd->adv_interval_min >= 0x20 && cmd->adv_interval_max <= 0x4000 &&
		    cmd->adv_interval_min <= cmd->adv_interval_max && cmd->adv_channels &&
		    cmd->adv_channels <= 7;

	fw_answer(dongle, good ? BGAPI_SUCCESS : INVALID_PARAM);
}

static void set_adv_data(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_gap_set_adv_data *cmd = params;
	bool good = cmd->set_scanrsp <= 1 && cmd->adv_data.len <= SIM_AD_LEGACY;

	fw_answer(dongle, good ? BGAPI_SUCCESS : INVALID_PARAM);
}

static void accept(struct dongle *dongle, const void *params)
{
	(void)params;
	fw_answer(dongle, BGAPI_SUCCESS);
}

const struct dongle_command fw_gap_commands[] = {
	{ BGAPI_cmd_gap_set_privacy_flags, accept },
	{ BGAPI_cmd_gap_set_mode, set_mode },
	{ BGAPI_cmd_gap_connect_direct, connect_direct },
	{ BGAPI_cmd_gap_end_procedure, end_procedure },
	{ BGAPI_cmd_gap_connect_selective, connect_selective },
	{ BGAPI_cmd_gap_set_adv_parameters, set_adv_parameters },
	{ BGAPI_cmd_gap_set_adv_data, set_adv_data },
	{ BGAPI_cmd_gap_set_directed_connectable_mode, accept },
	{ BGAPI_cmd_gap_set_initiating_con_parameters, accept },
	{ BGAPI_cmd_gap_set_nonresolvable_address, accept },
	{ 0, NULL },
};

/* -- Initialising and resetting -------------------------------------------- */

void fw_gap_reset(struct dongle *dongle)
{
	struct gap *gap = &dongle->gap;

	fw_scan_stop(dongle);
	loop_timer_stop(&gap->connect);
	for (size_t i = 0; i < dongle->model->n; i++)
		dongle->advertisers[i].linked = NULL;
	memset(gap, 0, sizeof(*gap));
	gap->connect.fire = connected;
	gap->scan_interval = 0x4b;
	gap->scan_window = 0x32;
}

int fw_gap_init(struct dongle *dongle)
{
	size_t i = 0;

	dongle->advertisers = calloc(dongle->model->n + 1, sizeof(*dongle->advertisers));
	if (!dongle->advertisers)
		return -ENOMEM;
	list_for_each(l, &dongle->model->peripherals) {
		struct advertiser *a = &dongle->advertisers[i++];

		a->dongle = dongle;
		a->peripheral = list_entry(l, struct sim_peripheral, link);
		a->next.fire = fw_advertise;
		a->random = (uint32_t)i;
	}
	fw_gap_reset(dongle);
	return 0;
}
