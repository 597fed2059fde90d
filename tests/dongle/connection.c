/* SPDX-License-Identifier: MIT */
/* Classes 3 and 5: the host's commands about a link, and the events that follow them. */
#include <string.h>

#include "base/bytes.h"
#include "tests/dongle/inside.h"

enum {
	CONNECTED = 1,
	PARAMETERS_CHANGE = 8,
	NO_SUCH_HANDLE = 0x7f, /* as an RSSI */
	UPDATE_EVENTS = 6      /* connection events until an update is in force, at least */
};

static unsigned int events_ms(const struct dongle_link *link, unsigned int events)
{
	unsigned int air = link->dongle->config.air_ms;

	return air ? air * events : (link->link.interval * events * 5 + 3) / 4;
}

static void later(struct dongle_link *link, struct loop_timer *timer, unsigned int events,
		  void (*fire)(struct loop_timer *timer))
{
	timer->fire = fire;
	loop_timer_in(link->dongle->loop, timer, events_ms(link, events));
}

static void disconnect(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_connection_disconnect *cmd = params;
	struct dongle_link *link = fw_link_find(dongle, cmd->connection);

	if (!link || link->state == LINK_ENDING) {
		fw_answer_link(dongle, cmd->connection,
			       link ? BGAPI_WRONG_STATE : BGAPI_NOT_CONNECTED);
		return;
	}
	fw_answer_link(dongle, cmd->connection, BGAPI_SUCCESS);
	link->state = LINK_ENDING;
	fw_link_arm(link);
}

static void get_rssi(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_connection_get_rssi *cmd = params;
	const struct dongle_link *link = fw_link_find(dongle, cmd->connection);
	int rssi = 0;

	if (cmd->connection >= dongle->config.links)
		rssi = NO_SUCH_HANDLE;
	else if (link)
		rssi = fw_rssi(link->advertiser->peripheral);
	SEND(dongle, rsp_connection_get_rssi, .connection = cmd->connection,
	     .rssi = (int8_t)rssi);
}

/* -- New parameters -------------------------------------------------------- */

static void updated(struct loop_timer *timer)
{
	struct dongle_link *link = container_of(timer, struct dongle_link, update);

	link->link = link->wanted;
	link->anchor = loop_now(link->dongle->loop);
	loop_timer_stop(&link->event);
	fw_link_arm(link);
	fw_link_status(link, CONNECTED | PARAMETERS_CHANGE);
}

static void update(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_connection_update *cmd = params;
	struct dongle_link *link = fw_link_find(dongle, cmd->connection);
	struct att_link wanted;
	uint16_t result = BGAPI_NOT_CONNECTED;

	if (link)
		result = fw_gap_parameters(dongle, cmd->interval_min, cmd->interval_max,
					   cmd->latency, cmd->timeout, &wanted);
	if (!result && (link->update.loop || link->state == LINK_ENDING))
		result = BGAPI_WRONG_STATE;
	fw_answer_link(dongle, cmd->connection, result);
	if (result)
		return;
	link->wanted = wanted;
	later(link, &link->update, UPDATE_EVENTS + 1, updated);
}

/* -- The peer's version and features --------------------------------------- */

static void version_known(struct loop_timer *timer)
{
	const struct dongle_link *link = container_of(timer, struct dongle_link, version);

	SEND(link->dongle, evt_connection_version_ind, .connection = link->handle,
	     .vers_nr = 6, .comp_id = 0xffff, .sub_vers_nr = 1);
}

static void features_known(struct loop_timer *timer)
{
	static const uint8_t encryption[8] = { 1 };
	const struct dongle_link *link =
		container_of(timer, struct dongle_link, features);

	SEND(link->dongle, evt_connection_feature_ind, .connection = link->handle,
	     .features = bytes(encryption, sizeof(encryption)));
}

static void ask(struct dongle *dongle, uint8_t connection, bool version)
{
	struct dongle_link *link = fw_link_find(dongle, connection);

	fw_answer_link(dongle, connection, link ? BGAPI_SUCCESS : BGAPI_NOT_CONNECTED);
	if (link && version)
		later(link, &link->version, 1, version_known);
	else if (link)
		later(link, &link->features, 1, features_known);
}

static void version_update(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_connection_version_update *cmd = params;

	ask(dongle, cmd->connection, true);
}

static void features_get(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_connection_features_get *cmd = params;

	ask(dongle, cmd->connection, false);
}

static void get_status(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_connection_get_status *cmd = params;

	SEND(dongle, rsp_connection_get_status, .connection = cmd->connection);
	if (cmd->connection < dongle->config.links)
		fw_link_status(&dongle->links[cmd->connection], CONNECTED);
}

static void channel_map_get(struct dongle *dongle, const void *params)
{
	static const uint8_t all[5] = { 0xff, 0xff, 0xff, 0xff, 0x1f };
	const struct bgapi_cmd_connection_channel_map_get *cmd = params;

	SEND(dongle, rsp_connection_channel_map_get, .connection = cmd->connection,
	     .map = bytes(all, fw_link_find(dongle, cmd->connection) ? sizeof(all) : 0));
}

static void channel_map_set(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_connection_channel_map_set *cmd = params;

	fw_answer_link(dongle, cmd->connection,
		       !fw_link_find(dongle, cmd->connection) ? BGAPI_NOT_CONNECTED
		       : cmd->map.len == 5		      ? BGAPI_SUCCESS
							      : INVALID_PARAM);
}

static void raw_tx(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_connection_raw_tx *cmd = params;

	SEND(dongle, rsp_connection_raw_tx, .connection = cmd->connection);
}

static void slave_latency_disable(struct dongle *dongle, const void *params)
{
	(void)params;
	fw_answer(dongle, BGAPI_SUCCESS);
}

const struct dongle_command fw_connection_commands[] = {
	{ BGAPI_cmd_connection_disconnect, disconnect },
	{ BGAPI_cmd_connection_get_rssi, get_rssi },
	{ BGAPI_cmd_connection_update, update },
	{ BGAPI_cmd_connection_version_update, version_update },
	{ BGAPI_cmd_connection_channel_map_get, channel_map_get },
	{ BGAPI_cmd_connection_channel_map_set, channel_map_set },
	{ BGAPI_cmd_connection_features_get, features_get },
	{ BGAPI_cmd_connection_get_status, get_status },
	{ BGAPI_cmd_connection_raw_tx, raw_tx },
	{ BGAPI_cmd_connection_slave_latency_disable, slave_latency_disable },
	{ 0, NULL },
};

/* -- Pairing, which the simulator's peripherals do not support -------------- */

static void refused(struct loop_timer *timer)
{
	enum { PAIRING_NOT_SUPPORTED = 0x0305 };
	const struct dongle_link *link = container_of(timer, struct dongle_link, pairing);

	SEND(link->dongle, evt_sm_bonding_fail, .handle = link->handle,
	     .result = PAIRING_NOT_SUPPORTED);
}

static void encrypt_start(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_sm_encrypt_start *cmd = params;
	struct dongle_link *link = fw_link_find(dongle, cmd->handle);
	uint16_t result = !link ? BGAPI_NOT_CONNECTED
			  : link->pairing.loop || link->state == LINK_ENDING
				  ? BGAPI_WRONG_STATE
				  : BGAPI_SUCCESS;

	SEND(dongle, rsp_sm_encrypt_start, .handle = cmd->handle, .result = result);
	if (!result)
		later(link, &link->pairing, 2, refused);
}

static void empty(struct dongle *dongle, const void *params)
{
	(void)params;
	fw_answer(dongle, BGAPI_SUCCESS);
}

static void delete_bonding(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_sm_delete_bonding *cmd = params;

	fw_answer(dongle, cmd->handle == NO_BOND ? BGAPI_SUCCESS : INVALID_PARAM);
}

static void passkey_entry(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_sm_passkey_entry *cmd = params;

	fw_answer(dongle, fw_link_find(dongle, cmd->handle) ? BGAPI_WRONG_STATE
							    : BGAPI_NOT_CONNECTED);
}

static void get_bonds(struct dongle *dongle, const void *params)
{
	(void)params;
	SEND(dongle, rsp_sm_get_bonds, .bonds = 0);
}

static void whitelist_bonds(struct dongle *dongle, const void *params)
{
	(void)params;
	dongle->gap.n_whitelist = 0;
	SEND(dongle, rsp_sm_whitelist_bonds, .result = BGAPI_SUCCESS, .count = 0);
}

static void distribution_keys(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_sm_set_pairing_distribution_keys *cmd = params;
	bool good = cmd->initiator_keys <= 7 && cmd->responder_keys <= 7;

	fw_answer(dongle, good ? BGAPI_SUCCESS : INVALID_PARAM);
}

const struct dongle_command fw_sm_commands[] = {
	{ BGAPI_cmd_sm_encrypt_start, encrypt_start },
	{ BGAPI_cmd_sm_set_bondable_mode, empty },
	{ BGAPI_cmd_sm_delete_bonding, delete_bonding },
	{ BGAPI_cmd_sm_set_parameters, empty },
	{ BGAPI_cmd_sm_passkey_entry, passkey_entry },
	{ BGAPI_cmd_sm_get_bonds, get_bonds },
	{ BGAPI_cmd_sm_set_oob_data, empty },
	{ BGAPI_cmd_sm_whitelist_bonds, whitelist_bonds },
	{ BGAPI_cmd_sm_set_pairing_distribution_keys, distribution_keys },
	{ 0, NULL },
};
