/* SPDX-License-Identifier: MIT */
#include "tests/faulty_wire.h"

#include <string.h>

#include "att/pdu.h"
#include "base/bytes.h"
#include "sim/peer.h"

enum { PEERS = 8, KINDS = 4096, REASON = 0x13 };

/* The names are the linker's. */
int __real_sim_peer_init(struct sim_peer *peer, struct ble_loop *loop,
			 struct sim_peripheral *peripheral, const struct sim_peer_io *io);
void __real_sim_peer_input(struct sim_peer *peer, const uint8_t *pdu, size_t len);
void __real_sim_peer_release(struct sim_peer *peer);
int __wrap_sim_peer_init(struct sim_peer *peer, struct ble_loop *loop,
			 struct sim_peripheral *peripheral, const struct sim_peer_io *io);
void __wrap_sim_peer_input(struct sim_peer *peer, const uint8_t *pdu, size_t len);
void __wrap_sim_peer_release(struct sim_peer *peer);

static struct {
	struct sim_peer *peer;
	const struct sim_peer_io *io;
} peers[PEERS];

static struct {
	enum wire_fault fault;
	unsigned int at, argument, count;
	bool due;      /* for the answer that is being made */
	bool happened;
	bool request[KINDS];
} wire;

static const struct sim_peer_io *io_of(const struct sim_peer *peer)
{
	for (size_t i = 0; i < PEERS; i++)
		if (peers[i].peer == peer)
			return peers[i].io;
	return NULL;
}

static void hang_up(struct sim_peer *peer)
{
	if (peer->ended)
		return;
	peer->ended = true;
	io_of(peer)->hang_up(peer, REASON);
}

/* -- Answers -------------------------------------------------------------------------- */

static int pass(struct sim_peer *peer, const uint8_t *pdu, size_t len)
{
	return io_of(peer)->send(peer, pdu, len);
}

/* A response that this request has not. */
static uint8_t other_response(uint8_t response)
{
	return response == ATT_WRITE_RSP ? ATT_READ_RSP : ATT_WRITE_RSP;
}

static void send_before(struct sim_peer *peer, uint8_t answer)
{
	static const uint8_t unknown[] = { 0x3e, 1, 2, 3 };
	static const uint8_t asks[] = { ATT_FIND_INFO_REQ, 1, 0, 0xff, 0xff };
	const uint8_t other[] = { other_response(answer) };

	if (wire.fault == WIRE_OTHER_TOO)
		pass(peer, other, sizeof(other));
	else if (wire.fault == WIRE_UNKNOWN)
		pass(peer, unknown, sizeof(unknown));
	else if (wire.fault == WIRE_ASKS)
		pass(peer, asks, sizeof(asks));
}

/* How long the answer becomes; it is in peer->response. */
static size_t spoil(struct sim_peer *peer, size_t len)
{
	size_t most = peer->mtu;

	switch ((int)wire.fault) {
	case WIRE_OTHER:
		peer->response[0] = other_response(peer->response[0]);
		return 1;
	case WIRE_CUT_OFF:
		return wire.argument < len ? wire.argument : len;
	case WIRE_LESS:
		return len > wire.argument ? len - wire.argument : 1;
	case WIRE_MORE:
		for (size_t i = 0; i < wire.argument && len < most; i++)
			peer->response[len++] = 0xa5;
		return len;
	default:
		return len;
	}
}

static int send_hook(struct sim_peer *peer, const uint8_t *pdu, size_t len)
{
	uint8_t again[ATT_MTU_MAX];
	int error;

	if (!wire.due || pdu != peer->response)
		return pass(peer, pdu, len);
	send_before(peer, pdu[0]);
	len = spoil(peer, len);
	peer->response_len = len;
	memcpy(again, pdu, len);
	error = pass(peer, pdu, len);
	if (!error && wire.fault == WIRE_TWICE)
		pass(peer, again, len);
	wire.due = false;
	wire.happened = true;
	return error;
}

static void hang_up_hook(struct sim_peer *peer, uint8_t reason)
{
	io_of(peer)->hang_up(peer, reason);
}

int __wrap_sim_peer_init(struct sim_peer *peer, struct ble_loop *loop,
			 struct sim_peripheral *peripheral, const struct sim_peer_io *io)
{
	static const struct sim_peer_io hooks = { send_hook, hang_up_hook };
	int error = __real_sim_peer_init(peer, loop, peripheral, &hooks);
	size_t i = 0;

	while (i < PEERS && peers[i].peer && peers[i].peer != peer)
		i++;
	if (error || i == PEERS) {
		peer->io = io; /* more than can be followed: untouched */
		return error;
	}
	peers[i].peer = peer;
	peers[i].io = io;
	return 0;
}

void __wrap_sim_peer_release(struct sim_peer *peer)
{
	for (size_t i = 0; i < PEERS; i++)
		if (peers[i].peer == peer)
			peers[i].peer = NULL;
	__real_sim_peer_release(peer);
}

/* -- What the client sends -------------------------------------------------------------- */

static void refuse(struct sim_peer *peer, const uint8_t *pdu, size_t len)
{
	uint8_t *out = peer->response;

	out[0] = ATT_ERROR_RSP;
	out[1] = pdu[0];
	put_le16(out + 2, len >= 3 ? get_le16(pdu + 1) : 0);
	out[4] = (uint8_t)wire.argument;
	peer->response_len = 5;
	wire.happened = true;
	sim_peer_flush(peer);
}

void __wrap_sim_peer_input(struct sim_peer *peer, const uint8_t *pdu, size_t len)
{
	bool request = len && att_pdu_info(pdu[0])->kind == ATT_REQUEST;

	if (!io_of(peer) || peer->ended) {
		__real_sim_peer_input(peer, pdu, len);
		return;
	}
	if (++wire.count < KINDS)
		wire.request[wire.count] = request;
	if (wire.count != wire.at) {
		__real_sim_peer_input(peer, pdu, len);
		return;
	}
	switch ((int)wire.fault) {
	case WIRE_CUT_BEFORE:
		wire.happened = true;
		hang_up(peer);
		return;
	case WIRE_SILENCE:
		wire.happened = true;
		return;
	case WIRE_ERROR:
		if (request)
			refuse(peer, pdu, len);
		else
			__real_sim_peer_input(peer, pdu, len);
		return;
	case WIRE_CUT_AFTER:
		__real_sim_peer_input(peer, pdu, len);
		wire.happened = true;
		hang_up(peer);
		return;
	default:
		wire.due = request;
		__real_sim_peer_input(peer, pdu, len);
		return;
	}
}

/* -- For tests ---------------------------------------------------------------------------- */

void wire_arm(enum wire_fault fault, unsigned int at, unsigned int argument)
{
	wire.fault = fault;
	wire.at = at;
	wire.argument = argument;
	wire.count = 0;
	wire.due = wire.happened = false;
}

unsigned int wire_count(void)
{
	return wire.count;
}

bool wire_happened(void)
{
	return wire.happened;
}

bool wire_is_request(unsigned int at)
{
	return at < KINDS && wire.request[at];
}

void wire_cut(void)
{
	for (size_t i = 0; i < PEERS; i++)
		if (peers[i].peer)
			hang_up(peers[i].peer);
}
