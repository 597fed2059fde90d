/* SPDX-License-Identifier: MIT */
/* The kernel backend's link as a wire: over a SEQPACKET socketpair, with a frozen
 * clock and the peer at the other end. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hci/l2cap.h"
#include "tests/harness.h"
#include "tests/script_socket.h"

struct wire {
	struct ble_loop *loop;
	struct l2cap_link *link;
	int peer;
};

static int socket_open(struct script *script)
{
	struct wire *wire = calloc(1, sizeof(*wire));
	int fds[2];

	REQUIRE(wire != NULL);
	REQUIRE(ble_loop_new(&wire->loop) == 0);
	REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds) == 0);
	loop_clock_freeze(wire->loop);
	REQUIRE(l2cap_link_new(wire->loop, fds[0], NULL, &wire->link) == 0);
	wire->peer = fds[1];
	script->att = &wire->link->engine.att;
	script->link = wire;
	return 0;
}

/* What the peer hears, until it hears nothing. */
static bool hear(struct script *script)
{
	struct wire *wire = script->link;
	uint8_t pdu[2 * ATT_MTU_MAX];
	bool heard = false;
	ssize_t len;

	while (wire->peer >= 0 && (len = recv(wire->peer, pdu, sizeof(pdu), 0)) > 0) {
		script_sent(script, (struct ble_bytes){ pdu, (size_t)len },
			    (struct ble_bytes){ NULL, 0 });
		heard = true;
	}
	return heard;
}

static void socket_settle(struct script *script)
{
	struct wire *wire = script->link;

	for (int quiet = 0; quiet < 2;) {
		script->dispatching = true;
		CHECK_INT(ble_loop_dispatch(wire->loop, 0), 0);
		script->dispatching = false;
		quiet = hear(script) ? 0 : quiet + 1;
	}
}

static void socket_input(struct script *script, const uint8_t *pdu, size_t len)
{
	struct wire *wire = script->link;

	/* It fails where the link is down already. */
	if (wire->peer >= 0 && send(wire->peer, pdu, len, MSG_NOSIGNAL) < 0)
		CHECK(errno == EPIPE || errno == ECONNRESET);
	socket_settle(script);
}

static void socket_wait(struct script *script, unsigned int ms)
{
	struct wire *wire = script->link;

	loop_clock_advance(wire->loop, ms);
	socket_settle(script);
}

/* The peer can only hang up. */
static void socket_close(struct script *script, int error, uint8_t reason)
{
	struct wire *wire = script->link;

	(void)error;
	(void)reason;
	close(wire->peer);
	wire->peer = -1;
	socket_settle(script);
}

static bool socket_idle(struct script *script)
{
	struct wire *wire = script->link;

	return att_engine_deadline(&wire->link->engine) == UINT64_MAX;
}

static void socket_end(struct script *script)
{
	struct wire *wire = script->link;

	if (wire->peer >= 0)
		close(wire->peer);
	ble_loop_unref(wire->loop);
	free(wire);
}

const struct script_wire socket_wire = {
	.name = "socket",
	.open = socket_open,
	.input = socket_input,
	.settle = socket_settle,
	.wait = socket_wait,
	.close = socket_close,
	.idle = socket_idle,
	.end = socket_end,
};
