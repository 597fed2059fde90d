/* SPDX-License-Identifier: MIT */
/* Classes 0, 1, 2 and 9: the dongle itself, its flash and its attribute server. */
#include <string.h>

#include "att/pdu.h"
#include "base/bytes.h"
#include "tests/dongle/inside.h"

enum { NORMAL_BOOT = 0 };

/* -- Class 0 --------------------------------------------------------------- */

/* In the bootloader it is another USB device, which is not emulated. */
static void restart(struct dongle *dongle, uint8_t boot_in_dfu, unsigned int ms)
{
	if (boot_in_dfu != NORMAL_BOOT)
		fw_die(dongle, DONGLE_FOR_EVER);
	else if (ms)
		loop_timer_in(dongle->loop, &dongle->reset_later, ms);
	else
		fw_die(dongle, dongle->config.reset_ms);
}

static void reset(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_system_reset *cmd = params;

	restart(dongle, cmd->boot_in_dfu, 0);
}

static void delay_reset(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_system_delay_reset *cmd = params;

	restart(dongle, cmd->boot_in_dfu, cmd->reset_delay_ms);
}

static void dfu_reset(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_dfu_reset *cmd = params;

	restart(dongle, cmd->dfu, 0);
}

static void accept(struct dongle *dongle, const void *params)
{
	(void)params;
	fw_answer(dongle, BGAPI_SUCCESS);
}

static void address_get(struct dongle *dongle, const void *params)
{
	(void)params;
	SEND(dongle, rsp_system_address_get, .address = dongle->config.address);
}

static void reg_read(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_system_reg_read *cmd = params;

	SEND(dongle, rsp_system_reg_read, .address = cmd->address);
}

static void get_counters(struct dongle *dongle, const void *params)
{
	enum { FREE_BUFFERS = 16 };

	(void)params;
	SEND(dongle, rsp_system_get_counters, .txok = dongle->tx_ok, .rxok = dongle->rx_ok,
	     .mbuf = FREE_BUFFERS);
	dongle->tx_ok = dongle->rx_ok = 0;
}

static void get_connections(struct dongle *dongle, const void *params)
{
	enum { CONNECTED = 1 };

	(void)params;
	SEND(dongle, rsp_system_get_connections, .maxconn = (uint8_t)dongle->config.links);
	for (size_t i = 0; i < dongle->config.links; i++)
		fw_link_status(&dongle->links[i], CONNECTED);
}

static void read_memory(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_system_read_memory *cmd = params;

	SEND(dongle, rsp_system_read_memory, .address = cmd->address);
}

static void get_info(struct dongle *dongle, const void *params)
{
	const struct dongle_info *info = &dongle->config.info;

	(void)params;
	SEND(dongle, rsp_system_get_info, .major = info->major, .minor = info->minor,
	     .patch = info->patch, .build = info->build, .ll_version = info->ll_version,
	     .protocol_version = info->protocol_version, .hw = info->hw);
}

static void usb_status(struct dongle *dongle, const void *params)
{
	(void)params;
	SEND(dongle, rsp_system_usb_enumeration_status_get, .status = 1);
}

/* Nothing is connected to endpoints other than api, so they have no data. */
static void endpoint_rx(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_system_endpoint_rx *cmd = params;

	fw_answer(dongle, cmd->size ? FLOW : BGAPI_SUCCESS);
}

/* -- The white list -------------------------------------------------------- */

static bool in_use(const struct dongle *dongle)
{
	return dongle->gap.scanning || dongle->gap.connecting || dongle_count_links(dongle);
}

static uint16_t change_whitelist(struct dongle *dongle, struct ble_address address,
				 uint8_t type, bool append)
{
	struct gap *gap = &dongle->gap;
	struct ble_address *at;

	if (in_use(dongle))
		return BGAPI_WRONG_STATE;
	if (type > 1)
		return INVALID_PARAM;
	address.type = type ? BLE_ADDRESS_RANDOM : BLE_ADDRESS_PUBLIC;
	at = fw_whitelisted(gap, &address);
	if (append) {
		if (!at && gap->n_whitelist == WHITELIST_MAX)
			return BGAPI_QUEUE_FULL;
		if (!at)
			gap->whitelist[gap->n_whitelist++] = address;
	} else {
		if (!at)
			return INVALID_PARAM;
		*at = gap->whitelist[--gap->n_whitelist];
	}
	return BGAPI_SUCCESS;
}

static void whitelist_append(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_system_whitelist_append *cmd = params;

	fw_answer(dongle, change_whitelist(dongle, cmd->address, cmd->address_type, true));
}

static void whitelist_remove(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_system_whitelist_remove *cmd = params;

	fw_answer(dongle,
		      change_whitelist(dongle, cmd->address, cmd->address_type, false));
}

static void whitelist_clear(struct dongle *dongle, const void *params)
{
	(void)params;
	if (!in_use(dongle))
		dongle->gap.n_whitelist = 0;
	fw_answer(dongle, BGAPI_SUCCESS);
}

const struct dongle_command fw_system_commands[] = {
	{ BGAPI_cmd_system_reset, reset },
	{ BGAPI_cmd_system_hello, accept },
	{ BGAPI_cmd_system_address_get, address_get },
	{ BGAPI_cmd_system_reg_write, accept },
	{ BGAPI_cmd_system_reg_read, reg_read },
	{ BGAPI_cmd_system_get_counters, get_counters },
	{ BGAPI_cmd_system_get_connections, get_connections },
	{ BGAPI_cmd_system_read_memory, read_memory },
	{ BGAPI_cmd_system_get_info, get_info },
	{ BGAPI_cmd_system_endpoint_tx, accept },
	{ BGAPI_cmd_system_whitelist_append, whitelist_append },
	{ BGAPI_cmd_system_whitelist_remove, whitelist_remove },
	{ BGAPI_cmd_system_whitelist_clear, whitelist_clear },
	{ BGAPI_cmd_system_endpoint_rx, endpoint_rx },
	{ BGAPI_cmd_system_endpoint_set_watermarks, accept },
	/* The AES commands are missing: they are refused, as by firmware before SDK 1.3. */
	{ BGAPI_cmd_system_usb_enumeration_status_get, usb_status },
	{ BGAPI_cmd_system_get_bootloader_crc, accept },
	{ BGAPI_cmd_system_delay_reset, delay_reset },
	{ BGAPI_cmd_dfu_reset, dfu_reset },
	{ 0, NULL },
};

/* -- Class 1: the persistent store ----------------------------------------- */

static struct stored *stored(struct dongle *dongle, uint16_t key)
{
	if (key < STORE_FIRST || key >= STORE_FIRST + STORE_KEYS)
		return NULL;
	return &dongle->store[key - STORE_FIRST];
}

static void ps_dump(struct dongle *dongle, const void *params)
{
	(void)params;
	fw_answer(dongle, BGAPI_SUCCESS);
	for (unsigned int i = 0; i < STORE_KEYS; i++) {
		const struct stored *s = &dongle->store[i];

		if (s->used)
			SEND(dongle, evt_flash_ps_key, .key = (uint16_t)(STORE_FIRST + i),
			     .value = bytes(s->value, s->len));
	}
	SEND(dongle, evt_flash_ps_key, .key = 0xffff);
}

static void ps_erase_all(struct dongle *dongle, const void *params)
{
	(void)params;
	memset(dongle->store, 0, sizeof(dongle->store));
	fw_answer(dongle, BGAPI_SUCCESS);
}

static void ps_save(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_flash_ps_save *cmd = params;
	struct stored *s = stored(dongle, cmd->key);
	bool good = s && cmd->value.len <= STORE_VALUE;

	if (good) {
		s->used = true;
		s->len = (uint8_t)cmd->value.len;
		if (s->len)
			memcpy(s->value, cmd->value.data, s->len);
	}
	fw_answer(dongle, good ? BGAPI_SUCCESS : INVALID_PARAM);
}

static void ps_load(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_flash_ps_load *cmd = params;
	const struct stored *s = stored(dongle, cmd->key);

	if (s && s->used)
		SEND(dongle, rsp_flash_ps_load, .value = bytes(s->value, s->len));
	else
		fw_answer(dongle, INVALID_PARAM);
}

static void ps_erase(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_flash_ps_erase *cmd = params;
	struct stored *s = stored(dongle, cmd->key);

	if (s)
		s->used = false;
	fw_answer(dongle, BGAPI_SUCCESS);
}

/* The image has no page for user data. */
static void no_page(struct dongle *dongle, const void *params)
{
	(void)params;
	fw_answer(dongle, INVALID_PARAM);
}

/* -- Class 2: a server without an attribute -------------------------------- */

static void no_attribute(struct dongle *dongle, const void *params)
{
	(void)params;
	fw_answer(dongle, ATT_RESULT + ble_error_att(ATT_INVALID_HANDLE));
}

static void attribute_read(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_attributes_read *cmd = params;

	SEND(dongle, rsp_attributes_read, .handle = cmd->handle, .offset = cmd->offset,
	     .result = ATT_RESULT + ble_error_att(ATT_INVALID_HANDLE));
}

static void attribute_type(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_attributes_read_type *cmd = params;

	SEND(dongle, rsp_attributes_read_type, .handle = cmd->handle,
	     .result = ATT_RESULT + ble_error_att(ATT_INVALID_HANDLE));
}

const struct dongle_command fw_store_commands[] = {
	{ BGAPI_cmd_flash_ps_defrag, accept },
	{ BGAPI_cmd_flash_ps_dump, ps_dump },
	{ BGAPI_cmd_flash_ps_erase_all, ps_erase_all },
	{ BGAPI_cmd_flash_ps_save, ps_save },
	{ BGAPI_cmd_flash_ps_load, ps_load },
	{ BGAPI_cmd_flash_ps_erase, ps_erase },
	{ BGAPI_cmd_flash_erase_page, no_page },
	{ BGAPI_cmd_flash_write_data, no_page },
	{ BGAPI_cmd_flash_write_words, accept },
	{ BGAPI_cmd_flash_read_data, accept },
	{ BGAPI_cmd_attributes_write, no_attribute },
	{ BGAPI_cmd_attributes_read, attribute_read },
	{ BGAPI_cmd_attributes_read_type, attribute_type },
	{ BGAPI_cmd_attributes_user_read_response, accept },
	{ BGAPI_cmd_attributes_user_write_response, accept },
	{ BGAPI_cmd_attributes_send, no_attribute },
	{ 0, NULL },
};
