/* SPDX-License-Identifier: MIT */
/* A simulated peripheral's half of a link behind a socket. */
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "tests/reference.h"
#include "tests/sim_client.h"
#include "tests/socket_peer.h"

static void ask_socket(int fd, const char *pdu, size_t len, const char *answer,
		       size_t answer_len)
{
	uint8_t got[ATT_MTU_MAX];
	ssize_t n = -1;

	CHECK_INT(send(fd, pdu, len, 0), len);
	for (int i = 0; i < 20 && n < 0; i++) {
		ble_loop_dispatch(loop, 0);
		n = recv(fd, got, sizeof(got), MSG_DONTWAIT);
	}
	if (CHECK_INT(n, answer_len))
		CHECK_MEM(got, answer, answer_len);
}

/* One thousand at a time into a socket that takes only some of them. */
static void over_a_socket(void)
{
	struct sim_peripheral *p;
	struct sim_model model;
	struct socket_peer peer;
	uint8_t got[ATT_MTU_MAX];
	uint32_t expected = 0;
	int fds[2], small = 4096;

	REQUIRE(ble_loop_new(&loop) == 0);
	loop_clock_freeze(loop);
	sim_model_init(&model);
	REQUIRE(reference_peripheral(&model, REFERENCE_MIDDLE, 50, &p) == 0);
	in_bursts(p);
	REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0);
	setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	REQUIRE(socket_peer_open(&peer, loop, p, fds[1]) == 0);
	ask_socket(fds[0], "\x02\x05\x02", 3, "\x03\xf7\x00", 3);
	ask_socket(fds[0], "\x02\x05", 2, "\x01\x02\x00\x00\x04", 5);
	ask_socket(fds[0], "\x0a\x25\x00", 3, "\x0b\x01", 2);
	ask_socket(fds[0], "\x12\x31\x00\x01\x00", 5, "\x13", 1);
	loop_clock_advance(loop, 50);
	for (int idle = 0; idle < 20; idle++) {
		ble_loop_dispatch(loop, 0);
		/* A slow reader: one a turn. */
		if (recv(fds[0], got, sizeof(got), MSG_DONTWAIT) != 7)
			continue;
		CHECK_MEM(got, "\x1b\x30\x00", 3);
		CHECK_INT(get_le32(got + 3), expected);
		expected++;
		idle = 0;
	}
	CHECK_INT(expected, 1000);
	close(fds[0]);
	for (int i = 0; i < 5; i++)
		ble_loop_dispatch(loop, 0);
	CHECK(peer.ended);
	socket_peer_close(&peer);
	sim_model_release(&model);
	loop = ble_loop_unref(loop);
}

const struct test_case sim_socket[] = { TEST(over_a_socket), { 0 } };
