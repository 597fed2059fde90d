/* SPDX-License-Identifier: MIT */
/* Classes 7 and 8: soft timers, pins to which nothing is connected, and radio tests
 * that receive nothing. */
#include <string.h>

#include "base/bytes.h"
#include "tests/dongle/inside.h"

enum {
	TICKS_PER_S = 32000, /* a dongle has no sleep crystal */
	TIME_MAX = 1 << 22,
	ADC_MIDDLE = 0x2000,
};

/* -- Soft timers ----------------------------------------------------------- */

static void soft_timer_fire(struct loop_timer *timer)
{
	struct soft_timer *soft = container_of(timer, struct soft_timer, timer);

	if (soft->repeating)
		loop_timer_at(soft->dongle->loop, timer, timer->deadline + soft->period);
	else
		soft->used = false;
	SEND(soft->dongle, evt_hardware_soft_timer, .handle = soft->handle);
}

/* Only the last one can repeat. */
static struct soft_timer *free_timer(struct dongle *dongle, bool repeating)
{
	for (size_t i = 0; i < SOFT_TIMERS; i++) {
		struct soft_timer *soft = &dongle->soft_timers[i];

		if (!soft->used && repeating == (i == SOFT_TIMERS - 1))
			return soft;
	}
	return NULL;
}

static void remove_timer(struct dongle *dongle, uint8_t handle)
{
	for (size_t i = 0; i < SOFT_TIMERS; i++) {
		struct soft_timer *soft = &dongle->soft_timers[i];

		if (soft->used && soft->handle == handle) {
			loop_timer_stop(&soft->timer);
			soft->used = false;
		}
	}
}

static uint16_t add_timer(struct dongle *dongle, uint8_t handle, uint32_t time,
			  bool repeating)
{
	struct soft_timer *soft = free_timer(dongle, repeating);

	if (!soft)
		return BGAPI_QUEUE_FULL;
	soft->used = true;
	soft->repeating = repeating;
	soft->handle = handle;
	soft->period = time * UINT64_C(1000000000) / TICKS_PER_S;
	loop_timer_at(dongle->loop, &soft->timer, loop_now(dongle->loop) + soft->period);
	return BGAPI_SUCCESS;
}

static void set_soft_timer(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_hardware_set_soft_timer *cmd = params;
	uint16_t result = INVALID_PARAM;

	if (cmd->time < TIME_MAX && cmd->single_shot <= 1) {
		remove_timer(dongle, cmd->handle);
		result = cmd->time ? add_timer(dongle, cmd->handle, cmd->time,
					       !cmd->single_shot)
				   : BGAPI_SUCCESS;
	}
	fw_answer(dongle, result);
}

void fw_system_init(struct dongle *dongle)
{
	for (size_t i = 0; i < SOFT_TIMERS; i++) {
		dongle->soft_timers[i].dongle = dongle;
		dongle->soft_timers[i].timer.fire = soft_timer_fire;
	}
}

void fw_system_reset(struct dongle *dongle)
{
	for (size_t i = 0; i < SOFT_TIMERS; i++) {
		loop_timer_stop(&dongle->soft_timers[i].timer);
		dongle->soft_timers[i].used = false;
	}
	dongle->tx_ok = dongle->rx_ok = 0;
}

/* -- Pins ------------------------------------------------------------------ */

static void accept(struct dongle *dongle, const void *params)
{
	(void)params;
	fw_answer(dongle, BGAPI_SUCCESS);
}

static void adc_read(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_hardware_adc_read *cmd = params;
	bool good = cmd->input <= 15 && cmd->decimation <= 3 && cmd->reference_selection <= 3;

	fw_answer(dongle, good ? BGAPI_SUCCESS : INVALID_PARAM);
	if (good)
		SEND(dongle, evt_hardware_adc_result, .input = cmd->input, .value = ADC_MIDDLE);
}

static void io_port_read(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_hardware_io_port_read *cmd = params;

	SEND(dongle, rsp_hardware_io_port_read, .port = cmd->port);
}

static void spi_transfer(struct dongle *dongle, const void *params)
{
	static const uint8_t zero[BGAPI_PAYLOAD_MAX];
	const struct bgapi_cmd_hardware_spi_transfer *cmd = params;
	size_t room = BGAPI_PAYLOAD_MAX - 4;

	SEND(dongle, rsp_hardware_spi_transfer, .channel = cmd->channel,
	     .data = bytes(zero, cmd->data.len < room ? cmd->data.len : room));
}

/* Nothing on the bus answers. */
static void i2c_read(struct dongle *dongle, const void *params)
{
	(void)params;
	fw_answer(dongle, TIMED_OUT);
}

static void get_timestamp(struct dongle *dongle, const void *params)
{
	uint64_t us = loop_now(dongle->loop) / 1000;

	(void)params;
	SEND(dongle, rsp_hardware_get_timestamp,
	     .value = (uint32_t)(us * TICKS_PER_S / 1000000));
}

static void phy_map(struct dongle *dongle, const void *params)
{
	static const uint8_t quiet[37];

	(void)params;
	SEND(dongle, rsp_test_get_channel_map, .channel_map = bytes(quiet, sizeof(quiet)));
}

const struct dongle_command fw_hardware_commands[] = {
	{ BGAPI_cmd_hardware_io_port_config_irq, accept },
	{ BGAPI_cmd_hardware_set_soft_timer, set_soft_timer },
	{ BGAPI_cmd_hardware_adc_read, adc_read },
	{ BGAPI_cmd_hardware_io_port_config_direction, accept },
	{ BGAPI_cmd_hardware_io_port_config_function, accept },
	{ BGAPI_cmd_hardware_io_port_config_pull, accept },
	{ BGAPI_cmd_hardware_io_port_write, accept },
	{ BGAPI_cmd_hardware_io_port_read, io_port_read },
	{ BGAPI_cmd_hardware_spi_config, accept },
	{ BGAPI_cmd_hardware_spi_transfer, spi_transfer },
	{ BGAPI_cmd_hardware_i2c_read, i2c_read },
	{ BGAPI_cmd_hardware_i2c_write, accept }, /* of which 0 were written */
	{ BGAPI_cmd_hardware_set_txpower, accept },
	{ BGAPI_cmd_hardware_timer_comparator, accept },
	{ BGAPI_cmd_hardware_io_port_irq_enable, accept },
	{ BGAPI_cmd_hardware_io_port_irq_direction, accept },
	{ BGAPI_cmd_hardware_analog_comparator_enable, accept },
	{ BGAPI_cmd_hardware_analog_comparator_read, accept },
	{ BGAPI_cmd_hardware_analog_comparator_config_irq, accept },
	{ BGAPI_cmd_hardware_set_rxgain, accept },
	{ BGAPI_cmd_hardware_usb_enable, accept },
	{ BGAPI_cmd_hardware_sleep_enable, accept },
	{ BGAPI_cmd_hardware_get_timestamp, get_timestamp },
	{ BGAPI_cmd_test_phy_tx, accept },
	{ BGAPI_cmd_test_phy_rx, accept },
	{ BGAPI_cmd_test_phy_end, accept },
	{ BGAPI_cmd_test_phy_reset, accept },
	{ BGAPI_cmd_test_get_channel_map, phy_map },
	{ BGAPI_cmd_test_debug, accept },
	{ BGAPI_cmd_test_debug_first, accept },
	{ BGAPI_cmd_test_channel_mode, accept },
	{ 0, NULL },
};
