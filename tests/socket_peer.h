/* SPDX-License-Identifier: MIT */
/*
 * Serves a simulated peripheral over a SOCK_SEQPACKET descriptor: one end of a
 * socketpair, or a connected L2CAP socket on the ATT channel.
 *
 *	struct socket_peer peer;
 *	socket_peer_open(&peer, loop, peripheral, fd);	the peer owns fd now
 *	ble_loop_dispatch(loop, -1) ... until peer.ended
 *	socket_peer_close(&peer);
 */
#ifndef TESTS_SOCKET_PEER_H
#define TESTS_SOCKET_PEER_H

#include "sim/peer.h"

struct socket_peer {
	struct sim_peer peer;
	struct loop_watch watch;
	struct loop_task leave;
	int fd;
	bool ended;   /* by either side; the fd is closed */
	int error;    /* -errno of the socket, 0: hung up */
	void (*on_end)(struct socket_peer *peer); /* from dispatch, or NULL */
};

/* 0 or -errno. After an error the caller still owns fd. */
int socket_peer_open(struct socket_peer *peer, struct ble_loop *loop,
		     struct sim_peripheral *peripheral, int fd);

/* Closes the descriptor, unless it is closed. May be called from on_end. */
void socket_peer_close(struct socket_peer *peer);

#endif
