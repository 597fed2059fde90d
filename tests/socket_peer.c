/* SPDX-License-Identifier: MIT */
#include "tests/socket_peer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void end(struct socket_peer *p, int error)
{
	if (p->ended)
		return;
	p->ended = true;
	p->error = error;
	loop_unwatch(&p->watch);
	loop_undefer(&p->leave);
	sim_peer_release(&p->peer);
	close(p->fd);
}

static void end_and_tell(struct socket_peer *p, int error)
{
	end(p, error);
	if (p->on_end)
		p->on_end(p);
}

static int send_pdu(struct sim_peer *peer, const uint8_t *pdu, size_t len)
{
	struct socket_peer *p = container_of(peer, struct socket_peer, peer);

	if (send(p->fd, pdu, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	if (errno == EINTR)
		return send_pdu(peer, pdu, len);
	if (errno != EAGAIN)
		return -errno; /* the watch tells of the end */
	loop_watch_change(&p->watch, LOOP_READ | LOOP_WRITE);
	return -EAGAIN;
}

static void leave(struct loop_task *task)
{
	end_and_tell(container_of(task, struct socket_peer, leave), 0);
}

static void hang_up(struct sim_peer *peer, uint8_t reason)
{
	struct socket_peer *p = container_of(peer, struct socket_peer, peer);

	(void)reason; /* the kernel gives its own */
	loop_defer(peer->loop, &p->leave);
}

static void ready(struct loop_watch *watch, unsigned int events)
{
	struct socket_peer *p = container_of(watch, struct socket_peer, watch);
	uint8_t pdu[1024];
	ssize_t len = -1;

	if (events & LOOP_WRITE) {
		loop_watch_change(watch, LOOP_READ);
		sim_peer_flush(&p->peer);
	}
	for (int i = 0; i < 64 && !p->ended; i++) {
		len = recv(p->fd, pdu, sizeof(pdu), MSG_DONTWAIT);
		if (len <= 0)
			break;
		sim_peer_input(&p->peer, pdu, (size_t)len);
	}
	if (len == 0)
		end_and_tell(p, 0);
	else if (len < 0 && errno != EAGAIN && errno != EINTR)
		end_and_tell(p, -errno);
}

int socket_peer_open(struct socket_peer *p, struct ble_loop *loop,
		     struct sim_peripheral *peripheral, int fd)
{
	static const struct sim_peer_io io = { send_pdu, hang_up };
	int err;

	memset(p, 0, sizeof(*p));
	p->fd = fd;
	p->watch.ready = ready;
	p->leave.run = leave;
	err = sim_peer_init(&p->peer, loop, peripheral, &io);
	if (err)
		return err;
	err = loop_watch(loop, &p->watch, fd, LOOP_READ);
	if (err)
		sim_peer_release(&p->peer);
	return err;
}

void socket_peer_close(struct socket_peer *p)
{
	end(p, 0);
}
