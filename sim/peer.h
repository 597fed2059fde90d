/* SPDX-License-Identifier: MIT */
/*
 * The peripheral's side of one link: answers requests from its database, and sends
 * notifications and indications by the loop's timers while the client has them
 * configured. It has no transport. Its owner (the simulator's link, a socket in a test,
 * the dongle emulator) passes it PDUs and sends PDUs for it.
 */
#ifndef SIM_PEER_H
#define SIM_PEER_H

#include "base/loop.h"
#include "sim/model.h"

struct sim_peer;

struct sim_peer_io {
	/* Sends one PDU of at most the MTU to the client. 0. -EAGAIN: it was not
	 * taken; the owner calls sim_peer_flush() when there is room. Another
	 * -errno: the link is dead; the owner handles that later, not in this
	 * call. */
	int (*send)(struct sim_peer *peer, const uint8_t *pdu, size_t len);
	/* The peripheral ends the link, with the controller's reason. Called
	 * once, in sim_peer_input() or from dispatch. The owner ends the link
	 * later, not in this call. */
	void (*hang_up)(struct sim_peer *peer, uint8_t reason);
};

/* The samples of one source for the client. */
struct sim_stream {
	struct sim_peer *peer;
	struct sim_source *source;
	struct loop_timer timer;
	unsigned int due; /* samples to send */
	bool stepped;     /* the value is already the next sample */
	unsigned int writes; /* source->writes when it was last checked */
};

struct sim_peer {
	struct gatt_session session;
	struct sim_peripheral *peripheral; /* borrowed */
	struct ble_loop *loop;
	const struct sim_peer_io *io;
	uint16_t mtu;
	bool ended;   /* by the peripheral: it neither sends nor receives */
	bool blocked; /* send() returned -EAGAIN */
	unsigned int requests;
	struct sim_stream *streams; /* owned, one for each source */
	struct sim_stream *indicated; /* waits for a confirmation; NULL: none */
	size_t next; /* the stream that sends next */
	struct loop_timer confirm, leave;
	size_t response_len; /* of a response that send() did not take */
	uint8_t response[ATT_MTU_MAX];
};

/* 0 or -ENOMEM. The peripheral is finished and outlives the peer. */
int sim_peer_init(struct sim_peer *peer, struct ble_loop *loop,
		  struct sim_peripheral *peripheral,
		  const struct sim_peer_io *io);

/* Afterwards nothing is sent and no timer runs. May be called twice. */
void sim_peer_release(struct sim_peer *peer);

/* Handles one PDU of the client. */
void sim_peer_input(struct sim_peer *peer, const uint8_t *pdu, size_t len);

/* send() has room again. */
void sim_peer_flush(struct sim_peer *peer);

#endif
