/* SPDX-License-Identifier: MIT */
/* See peer.h. Responses are sent first, then samples of each source in turn. */
#include "sim/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "att/engine.h"
#include "att/pdu.h"
#include "base/bytes.h"

enum { NOTIFY = 1, INDICATE = 2 }; /* bits of a client configuration */

static void hang_up(struct sim_peer *peer, uint8_t reason)
{
	if (peer->ended)
		return;
	peer->ended = true;
	peer->io->hang_up(peer, reason);
}

/* -EAGAIN: not sent. Any other result: do not send it again. */
static int send_pdu(struct sim_peer *peer, const uint8_t *pdu, size_t len)
{
	int err = peer->io->send(peer, pdu, len);

	peer->blocked = err == -EAGAIN;
	return err;
}

/* -- Values ------------------------------------------------------------------- */

/* Sends one sample if the client has it configured and no indication waits for its
 * confirmation. False: nothing to send now. */
static bool send_sample(struct sim_peer *peer, struct sim_stream *stream)
{
	struct sim_source *source = stream->source;
	uint16_t bits = gatt_session_configuration(&peer->session,
						   source->configuration);
	uint8_t pdu[ATT_MTU_MAX];
	struct ble_bytes value;
	size_t len;

	if (!stream->due || !bits || (!(bits & NOTIFY) && peer->indicated))
		return false;
	if (!stream->stepped)
		sim_source_step(source);
	stream->stepped = true;
	value = gatt_value(source->attribute);
	len = value.len < peer->mtu - 3u ? value.len : peer->mtu - 3u;
	pdu[0] = bits & NOTIFY ? ATT_NOTIFY : ATT_INDICATE;
	put_le16(pdu + 1, source->handle);
	if (len)
		memcpy(pdu + 3, value.data, len);
	if (send_pdu(peer, pdu, 3 + len) == -EAGAIN)
		return true;
	stream->stepped = false;
	stream->due--;
	if (!(bits & NOTIFY)) {
		peer->indicated = stream;
		loop_timer_in(peer->loop, &peer->confirm, ATT_TIMEOUT_S * 1000);
	}
	return true;
}

/* Sends one sample of each stream in turn, until nothing is due or the link is full. */
static void send_samples(struct sim_peer *peer)
{
	size_t n = peer->peripheral->n_sources, idle = 0;

	while (!peer->blocked && !peer->ended && idle < n) {
		struct sim_stream *stream = &peer->streams[peer->next];

		if (!send_sample(peer, stream)) {
			peer->next = (peer->next + 1) % n;
			idle++;
		} else if (!peer->blocked) {
			peer->next = (peer->next + 1) % n;
			idle = 0;
		}
	}
}

static void add_due(struct sim_stream *stream)
{
	unsigned int burst = stream->source->burst ? stream->source->burst : 1;

	/* If the client is too slow, whole bursts are left out: a real peripheral's
	 * queue is limited too. */
	if (stream->due < burst)
		stream->due += burst;
}

static void stream_fire(struct loop_timer *timer)
{
	struct sim_stream *stream = container_of(timer, struct sim_stream, timer);
	uint64_t interval = stream->source->interval_ms * UINT64_C(1000000);
	uint64_t now = loop_now(stream->peer->loop);
	uint64_t next = timer->deadline + interval;

	loop_timer_at(stream->peer->loop, timer, next > now ? next : now + interval);
	add_due(stream);
	send_samples(stream->peer);
}

static void configured(struct gatt_session *session, uint16_t handle,
		       uint16_t bits)
{
	struct sim_peer *peer = container_of(session, struct sim_peer, session);

	for (size_t i = 0; i < peer->peripheral->n_sources; i++) {
		struct sim_stream *stream = &peer->streams[i];

		if (stream->source->configuration != handle)
			continue;
		if (!bits) {
			loop_timer_stop(&stream->timer);
			stream->due = 0;
			stream->stepped = false;
		} else if (stream->source->interval_ms && !stream->timer.loop) {
			loop_timer_in(peer->loop, &stream->timer,
				      stream->source->interval_ms);
		}
	}
}

static void confirmed(struct gatt_session *session)
{
	struct sim_peer *peer = container_of(session, struct sim_peer, session);

	peer->indicated = NULL;
	loop_timer_stop(&peer->confirm);
}

/* Vol 3, Part F, 3.3.3: nothing more may be sent on this bearer. */
static void confirm_fire(struct loop_timer *timer)
{
	struct sim_peer *peer = container_of(timer, struct sim_peer, confirm);

	hang_up(peer, peer->peripheral->faults.reason);
}

static void leave_fire(struct loop_timer *timer)
{
	struct sim_peer *peer = container_of(timer, struct sim_peer, leave);

	hang_up(peer, peer->peripheral->faults.reason);
}

/* Makes values due that are sent after a write. */
static void send_written(struct sim_peer *peer)
{
	for (size_t i = 0; i < peer->peripheral->n_sources; i++) {
		struct sim_stream *stream = &peer->streams[i];
		struct sim_source *source = stream->source;

		if (stream->writes == source->writes)
			continue;
		stream->writes = source->writes;
		if (!gatt_session_configuration(&peer->session,
						source->configuration))
			continue;
		stream->due++;
		stream->stepped = true;
	}
}

/* -- What arrives ---------------------------------------------------------------- */

static size_t exchange_mtu(struct sim_peer *peer, const uint8_t *pdu, size_t len)
{
	uint8_t *out = peer->response;

	if (len == 3) {
		uint16_t theirs = get_le16(pdu + 1), ours = peer->peripheral->mtu;
		uint16_t mtu = theirs < ours ? theirs : ours;

		out[0] = ATT_MTU_RSP;
		put_le16(out + 1, ours);
		peer->mtu = mtu < ATT_MTU_MIN ? ATT_MTU_MIN : mtu;
		return 3;
	}
	out[0] = ATT_ERROR_RSP;
	out[1] = pdu[0];
	put_le16(out + 2, 0);
	out[4] = ble_error_att(ATT_INVALID_PDU);
	return 5;
}

/* Whether the peripheral still answers, by its faults. */
static bool behaves(struct sim_peer *peer, uint8_t opcode)
{
	const struct sim_faults *faults = &peer->peripheral->faults;

	if (att_pdu_info(opcode)->kind != ATT_REQUEST)
		return true;
	peer->requests++;
	if (faults->disconnect_after_requests &&
	    peer->requests > faults->disconnect_after_requests) {
		hang_up(peer, faults->reason);
		return false;
	}
	return !faults->silent_after_requests ||
	       peer->requests <= faults->silent_after_requests;
}

void sim_peer_input(struct sim_peer *peer, const uint8_t *pdu, size_t len)
{
	size_t size;
	uint8_t kind;

	if (!len || peer->ended)
		return;
	/* A client that sends a request before the response to the last one
	 * violates Vol 3, Part F, 3.3.2: it is ignored. */
	kind = att_pdu_info(pdu[0])->kind;
	if (peer->response_len && (kind == ATT_REQUEST || kind == ATT_UNKNOWN))
		return;
	if (!behaves(peer, pdu[0]))
		return;
	if (pdu[0] == ATT_MTU_REQ)
		size = exchange_mtu(peer, pdu, len);
	else
		size = gatt_session_answer(&peer->session, peer->mtu,
					   bytes(pdu, len), peer->response);
	if (size)
		peer->response_len = size;
	send_written(peer);
	sim_peer_flush(peer);
}

void sim_peer_flush(struct sim_peer *peer)
{
	peer->blocked = false;
	if (peer->ended)
		return;
	if (peer->response_len &&
	    send_pdu(peer, peer->response, peer->response_len) != -EAGAIN)
		peer->response_len = 0;
	send_samples(peer);
}

/* -- Its life ----------------------------------------------------------------------- */

int sim_peer_init(struct sim_peer *peer, struct ble_loop *loop,
		  struct sim_peripheral *peripheral,
		  const struct sim_peer_io *io)
{
	size_t i = 0;

	memset(peer, 0, sizeof(*peer));
	peer->peripheral = peripheral;
	peer->loop = loop;
	peer->io = io;
	peer->mtu = ATT_MTU_MIN;
	peer->confirm.fire = confirm_fire;
	peer->leave.fire = leave_fire;
	peer->streams = calloc(peripheral->n_sources + 1, sizeof(*peer->streams));
	if (!peer->streams || gatt_session_init(&peer->session, &peripheral->table)) {
		free(peer->streams);
		peer->streams = NULL;
		return -ENOMEM;
	}
	peer->session.configured = configured;
	peer->session.confirmed = confirmed;
	list_for_each(l, &peripheral->sources) {
		struct sim_stream *stream = &peer->streams[i++];

		stream->peer = peer;
		stream->source = list_entry(l, struct sim_source, link);
		stream->writes = stream->source->writes;
		stream->timer.fire = stream_fire;
	}
	if (peripheral->faults.disconnect_after_ms)
		loop_timer_in(loop, &peer->leave,
			      peripheral->faults.disconnect_after_ms);
	return 0;
}

void sim_peer_release(struct sim_peer *peer)
{
	if (!peer->streams)
		return;
	peer->ended = true;
	for (size_t i = 0; i < peer->peripheral->n_sources; i++)
		loop_timer_stop(&peer->streams[i].timer);
	loop_timer_stop(&peer->confirm);
	loop_timer_stop(&peer->leave);
	gatt_session_release(&peer->session);
	free(peer->streams);
	peer->streams = NULL;
}
