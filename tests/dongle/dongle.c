/* SPDX-License-Identifier: MIT */
/* The dongle is made, gets and loses its power, and is freed. */
#include "tests/dongle/inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void dongle_config_init(struct dongle_config *config)
{
	*config = (struct dongle_config){
		.links = DONGLE_LINKS_MAX,
		.address = { { 0xee, 0xff, 0xc0, 0x80, 0x07, 0x00 }, BLE_ADDRESS_PUBLIC },
		.info = { 1, 3, 2, 122, 3, 1, 2 },
		.reset_ms = 700,
		.tx_buffers = 6,
	};
}

/* -- Power ----------------------------------------------------------------- */

static void send_boot(struct dongle *dongle)
{
	const struct dongle_info *info = &dongle->config.info;

	SEND(dongle, evt_system_boot, .major = info->major, .minor = info->minor,
	     .patch = info->patch, .build = info->build, .ll_version = info->ll_version,
	     .protocol_version = info->protocol_version, .hw = info->hw);
}

static void power_on(struct dongle *dongle)
{
	loop_timer_stop(&dongle->power_on);
	dongle->there = true;
	if (dongle->config.boot_event)
		send_boot(dongle);
	if (dongle->changed)
		dongle->changed(dongle->changed_user);
}

static void power_off(struct dongle *dongle, unsigned int ms)
{
	struct dongle_port *port = dongle->port;
	bool was_there = dongle->there;

	dongle->there = dongle->dying = false;
	loop_undefer(&dongle->power_off);
	loop_timer_stop(&dongle->reset_later);
	for (size_t i = 0; i < dongle->config.links; i++)
		fw_link_release(&dongle->links[i]);
	fw_gap_reset(dongle);
	fw_input_reset(dongle);
	fw_output_reset(dongle);
	fw_system_reset(dongle);
	loop_timer_stop(&dongle->power_on);
	if (ms != DONGLE_FOR_EVER)
		loop_timer_in(dongle->loop, &dongle->power_on, ms);
	dongle->port = NULL;
	if (port && port->gone)
		port->gone(port);
	if (was_there && dongle->changed)
		dongle->changed(dongle->changed_user);
}

static void power_on_fire(struct loop_timer *timer)
{
	power_on(container_of(timer, struct dongle, power_on));
}

static void power_off_run(struct loop_task *task)
{
	struct dongle *dongle = container_of(task, struct dongle, power_off);

	power_off(dongle, dongle->away_ms);
}

static void reset_fire(struct loop_timer *timer)
{
	struct dongle *dongle = container_of(timer, struct dongle, reset_later);

	fw_die(dongle, dongle->config.reset_ms);
}

void fw_die(struct dongle *dongle, unsigned int ms)
{
	if (dongle->dying || !dongle->there)
		return;
	dongle->dying = true;
	dongle->away_ms = ms;
	loop_defer(dongle->loop, &dongle->power_off);
}

bool dongle_is_there(const struct dongle *dongle)
{
	return dongle->there;
}

void dongle_unplug(struct dongle *dongle, unsigned int ms)
{
	power_off(dongle, ms);
}

void dongle_replug(struct dongle *dongle)
{
	if (!dongle->there)
		power_on(dongle);
}

void dongle_on_power(struct dongle *dongle, void (*changed)(void *user), void *user)
{
	dongle->changed = changed;
	dongle->changed_user = user;
}

/* -- Making and freeing ---------------------------------------------------- */

int dongle_new(struct ble_loop *loop, struct sim_model *model,
	       const struct dongle_config *config, struct dongle **ret_dongle)
{
	struct dongle *dongle;
	int error;

	if (config->links < 1 || config->links > DONGLE_LINKS_MAX ||
	    config->tx_buffers < 1 || config->tx_buffers > TX_MAX - 1 ||
	    !config->reset_ms)
		return -EINVAL;
	dongle = calloc(1, sizeof(*dongle));
	if (!dongle)
		return -ENOMEM;
	dongle->loop = loop;
	dongle->model = model;
	dongle->config = *config;
	dongle->random = config->seed ? config->seed : 1;
	dongle->power_off.run = power_off_run;
	dongle->power_on.fire = power_on_fire;
	dongle->reset_later.fire = reset_fire;
	list_init(&dongle->rules);
	fw_input_init(dongle);
	fw_output_init(dongle);
	fw_system_init(dongle);
	fw_link_init(dongle);
	error = fw_gap_init(dongle);
	if (error) {
		free(dongle);
		return error;
	}
	power_on(dongle);
	*ret_dongle = dongle;
	return 0;
}

void dongle_free(struct dongle *dongle)
{
	if (!dongle)
		return;
	dongle->changed = NULL;
	power_off(dongle, DONGLE_FOR_EVER);
	dongle_script_clear(dongle);
	free(dongle->advertisers);
	free(dongle);
}

/* -- For tests ------------------------------------------------------------- */

int dongle_drop_link(struct dongle *dongle, unsigned int connection, uint8_t reason)
{
	struct dongle_link *link =
		connection < UINT8_MAX ? fw_link_find(dongle, (uint8_t)connection) : NULL;

	if (!link)
		return -ENOTCONN;
	link->hung_up = true;
	link->reason = reason;
	fw_link_arm(link);
	return 0;
}

unsigned int dongle_count_links(const struct dongle *dongle)
{
	unsigned int n = 0;

	for (size_t i = 0; i < dongle->config.links; i++)
		n += dongle->links[i].state >= LINK_OPEN;
	return n;
}

bool dongle_scanning(const struct dongle *dongle)
{
	return dongle->gap.scanning;
}

bool dongle_connecting(const struct dongle *dongle)
{
	return dongle->gap.connecting;
}
