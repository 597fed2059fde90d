/* SPDX-License-Identifier: MIT */
/*
 * The peripheral's half of one link: answers PDUs from its database, sends
 * notifications and indications by the loop's timers while the client asked
 * for them. It knows no transport: whoever has one (the simulator's link, a
 * socket, a dongle's emulator) hands over what arrives and sends for it.
 */
#ifndef SIM_PEER_H
#define SIM_PEER_H

#include "base/loop.h"
#include "sim/model.h"

struct sim_peer;

struct sim_peer_io {
	/* Sends one PDU to the client, of at most the MTU. 0; -EAGAIN: not
	 * taken, and sim_peer_flush() is called when there is room; another
	 * -errno: the link is dead, which its owner handles later, not from
	 * inside send. */
	int (*send)(struct sim_peer *peer, const uint8_t *pdu, size_t len);
	/* The peripheral ends the link, with the controller's reason. Comes
	 * once, from sim_peer_input() or from dispatch; the owner hangs up
	 * later, not from inside. */
	void (*hang_up)(struct sim_peer *peer, uint8_t reason);
};

/* One value on its way to the client. */
struct sim_stream {
	struct sim_peer *peer;
	struct sim_source *source;
	struct loop_timer timer;
	unsigned int due; /* samples to send */
	bool stepped;     /* the next one stands in the value already */
	unsigned int writes; /* of the source, when last looked at */
};

struct sim_peer {
	struct gatt_session session;
	struct sim_peripheral *peripheral; /* borrowed */
	struct ble_loop *loop;
	const struct sim_peer_io *io;
	uint16_t mtu;
	bool ended;   /* by the peripheral: deaf and dumb from then on */
	bool blocked; /* send said -EAGAIN */
	unsigned int requests;
	struct sim_stream *streams; /* owned, one for each source */
	struct sim_stream *indicated; /* not yet confirmed; NULL: none */
	size_t next; /* the stream whose turn it is */
	struct loop_timer confirm, leave;
	size_t response_len; /* one that met -EAGAIN */
	uint8_t response[ATT_MTU_MAX];
};

/* 0 or -ENOMEM. The peripheral is finished and outlives the peer. */
int sim_peer_init(struct sim_peer *peer, struct ble_loop *loop,
		  struct sim_peripheral *peripheral,
		  const struct sim_peer_io *io);

/* Silent: nothing is sent and no timer runs afterwards. Twice is fine. */
void sim_peer_release(struct sim_peer *peer);

/* What the client sent, one PDU. */
void sim_peer_input(struct sim_peer *peer, const uint8_t *pdu, size_t len);

/* There is room again. */
void sim_peer_flush(struct sim_peer *peer);

#endif
