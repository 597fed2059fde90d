/* SPDX-License-Identifier: MIT */
/* One link of the simulator: our engine at one end, a peer at the other. */
#ifndef SIM_LINK_H
#define SIM_LINK_H

#include "att/adapter.h"
#include "sim/peer.h"

struct sim_link;

/* What the air does to a signal's strength, in dB. */
int sim_wobble(uint32_t *random);

/* gone is called when the peripheral is free for another link: it ended this
 * one, or ours freed it. Not after a failure. */
int sim_link_new(struct ble_loop *loop, struct sim_peripheral *peripheral,
		 struct att_server *server, const struct link_params *requested,
		 void (*gone)(void *user), void *user, struct att **ret_att);

/* The radio started over: closes the link, from dispatch. */
void sim_link_close(struct att *att, int error);

#endif
