/* SPDX-License-Identifier: MIT */
/* A link of the simulator: the ATT engine at one end, a peer at the other. */
#ifndef SIM_LINK_H
#define SIM_LINK_H

#include "att/adapter.h"
#include "sim/peer.h"

struct sim_link;

/* A random variation of the signal strength, in dB. */
int sim_rssi_noise(uint32_t *random);

/* gone is called when the peripheral can take another link: it ended this one, or the
 * att was freed. Not called if this fails. */
int sim_link_new(struct ble_loop *loop, struct sim_peripheral *peripheral,
		 struct att_server *server, const struct link_params *requested,
		 void (*gone)(void *user), void *user, struct att **ret_att);

/* The adapter is reset: closes the link, from dispatch. */
void sim_link_close(struct att *att, int error);

#endif
