/* SPDX-License-Identifier: MIT */
/* The scan of class 6: which advertisements are received, and their reports. */
#include "base/bytes.h"
#include "tests/dongle/inside.h"

enum {
	SCAN_UNIT_NS = 625000,
	SCAN_MIN = 0x0004,
	SCAN_MAX = 0x4000,
	RSSI_MIN = -103,
	RSSI_MAX = -38,
	JITTER_MS = 10, /* advDelay, Vol 6, Part B, 4.4.2.2.1 */
};

enum packet_type { ADV_IND = 0, ADV_NONCONN_IND = 2, SCAN_RSP = 4, ADV_SCAN_IND = 6 };
enum discover_mode { LIMITED, GENERIC, OBSERVATION };

struct ble_address *fw_whitelisted(struct gap *gap, const struct ble_address *address)
{
	for (size_t i = 0; i < gap->n_whitelist; i++) {
		if (ble_address_equal(&gap->whitelist[i], address))
			return &gap->whitelist[i];
	}
	return NULL;
}

/* -- Scanning -------------------------------------------------------------- */

/* The Flags, or 0 if there are none. */
static uint8_t flags_of(const struct sim_advertising *adv)
{
	enum { FLAGS = 0x01 };

	for (size_t at = 0; at + 2 < adv->data_len && adv->data[at];
	     at += (size_t)adv->data[at] + 1) {
		if (adv->data[at + 1] == FLAGS)
			return adv->data[at + 2];
	}
	return 0;
}

static bool discoverable(const struct gap *gap, const struct sim_advertising *adv)
{
	enum { IS_LIMITED = 0x01, IS_GENERAL = 0x02 };
	uint8_t flags = flags_of(adv);

	return gap->mode == OBSERVATION || flags & IS_LIMITED ||
	       (gap->mode == GENERIC && flags & IS_GENERAL);
}

/* Whether the receiver is on now. */
static bool listening(const struct dongle *dongle)
{
	const struct gap *gap = &dongle->gap;
	uint64_t since = loop_now(dongle->loop) - gap->scan_start;

	return gap->scanning &&
	       since / SCAN_UNIT_NS % gap->scan_interval < gap->scan_window;
}

int8_t fw_rssi(const struct sim_peripheral *p)
{
	int rssi = p->advertising.rssi;

	return (int8_t)(rssi < RSSI_MIN ? RSSI_MIN : rssi > RSSI_MAX ? RSSI_MAX : rssi);
}

static void report(struct advertiser *a, enum packet_type type, struct ble_bytes data)
{
	struct dongle *dongle = a->dongle;
	bool *seen = &a->seen[type == SCAN_RSP];

	if (dongle->gap.filter_duplicates && *seen)
		return;
	*seen = true;
	if (fw_congested(dongle))
		return;
	SEND(dongle, evt_gap_scan_response, .rssi = fw_rssi(a->peripheral),
	     .packet_type = (uint8_t)type, .sender = a->peripheral->address,
	     .address_type = a->peripheral->address.type == BLE_ADDRESS_RANDOM,
	     .bond = NO_BOND, .data = data);
}

/* A receiver of Bluetooth 4.0 does not receive extended advertising. */
static bool on_air(const struct advertiser *a)
{
	const struct sim_advertising *adv = &a->peripheral->advertising;

	return !adv->extended && (!a->linked || adv->while_connected);
}

void fw_advertise(struct loop_timer *timer)
{
	struct advertiser *a = container_of(timer, struct advertiser, next);
	const struct sim_advertising *adv = &a->peripheral->advertising;
	struct gap *gap = &a->dongle->gap;
	enum packet_type type = adv->connectable	 ? ADV_IND
				: adv->response_len ? ADV_SCAN_IND
						    : ADV_NONCONN_IND;

	loop_timer_in(a->dongle->loop, timer,
		      adv->interval_ms + sim_random(&a->random) % (JITTER_MS + 1));
	if (!on_air(a) || !listening(a->dongle) || !discoverable(gap, adv) ||
	    (gap->whitelist_only && !fw_whitelisted(gap, &a->peripheral->address)))
		return;
	report(a, type, bytes(adv->data, adv->data_len));
	if (gap->active && type != ADV_NONCONN_IND)
		report(a, SCAN_RSP, bytes(adv->response, adv->response_len));
}

void fw_scan_stop(struct dongle *dongle)
{
	dongle->gap.scanning = false;
	for (size_t i = 0; i < dongle->model->n; i++)
		loop_timer_stop(&dongle->advertisers[i].next);
}

static void discover(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_gap_discover *cmd = params;
	struct gap *gap = &dongle->gap;

	if (gap->scanning || gap->connecting) {
		fw_answer(dongle, BGAPI_WRONG_STATE);
		return;
	}
	if (cmd->mode > OBSERVATION) {
		fw_answer(dongle, INVALID_PARAM);
		return;
	}
	gap->scanning = true;
	gap->mode = cmd->mode;
	gap->scan_start = loop_now(dongle->loop);
	fw_answer(dongle, BGAPI_SUCCESS);
	for (size_t i = 0; i < dongle->model->n; i++) {
		struct advertiser *a = &dongle->advertisers[i];
		unsigned int interval = a->peripheral->advertising.interval_ms;

		a->seen[0] = a->seen[1] = false;
		loop_timer_in(dongle->loop, &a->next,
			      1 + sim_random(&a->random) % (interval ? interval : 1));
	}
}

static void set_scan_parameters(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_gap_set_scan_parameters *cmd = params;
	struct gap *gap = &dongle->gap;
	uint16_t result = BGAPI_SUCCESS;

	if (gap->scanning) /* not documented; hosts stop first */
		result = BGAPI_WRONG_STATE;
	else if (cmd->scan_interval < SCAN_MIN || cmd->scan_interval > SCAN_MAX ||
		 cmd->scan_window < SCAN_MIN || cmd->scan_window > cmd->scan_interval ||
		 cmd->active > 1)
		result = INVALID_PARAM;
	if (!result) {
		gap->scan_interval = cmd->scan_interval;
		gap->scan_window = cmd->scan_window;
		gap->active = cmd->active;
	}
	fw_answer(dongle, result);
}

static void set_filtering(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_gap_set_filtering *cmd = params;
	struct gap *gap = &dongle->gap;
	bool good = cmd->scan_policy <= 1 && cmd->adv_policy <= 3 &&
		    cmd->scan_duplicate_filtering <= 1;

	if (good) {
		gap->whitelist_only = cmd->scan_policy;
		gap->filter_duplicates = cmd->scan_duplicate_filtering;
	}
	fw_answer(dongle, good ? BGAPI_SUCCESS : INVALID_PARAM);
}

const struct dongle_command fw_scan_commands[] = {
	{ BGAPI_cmd_gap_discover, discover },
	{ BGAPI_cmd_gap_set_scan_parameters, set_scan_parameters },
	{ BGAPI_cmd_gap_set_filtering, set_filtering },
	{ 0, NULL },
};
