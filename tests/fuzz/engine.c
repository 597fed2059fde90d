/* SPDX-License-Identifier: MIT */
/* The ATT engine, bare: a random user, a random peer, a link that is full at
 * times and breaks at last. The peer plays the client, too. */
#include "att/engine.h"

#include <stdlib.h>

#include "att/pdu.h"
#include "gatt/server.h"
#include "tests/fuzz/user.h"
#include "tests/reference.h"

struct link {
	struct att_engine engine;
	struct user user;
	uint64_t now;
	unsigned int left; /* sends until the link is full */
	int broken;        /* what sends return then; 0: -EAGAIN */
	bool full;         /* it was told: nobody may send before a flush */
	bool woken, freed;
};

static struct link *link_of(struct att_engine *engine)
{
	return container_of(engine, struct link, engine);
}

static int link_send(struct att_engine *engine, struct ble_bytes head,
		     struct ble_bytes tail)
{
	struct link *link = link_of(engine);

	HOLDS(!link->freed && !engine->closed);
	HOLDS(head.len > 0);
	HOLDS(head.len + tail.len <= engine->att.mtu);
	HOLDS(!link->full);
	fuzz_touch(head);
	fuzz_touch(tail);
	if (link->broken)
		return link->broken;
	if (!link->left) {
		link->full = true;
		return -EAGAIN;
	}
	link->left--;
	return 0;
}

static void link_wake(struct att_engine *engine)
{
	HOLDS(!link_of(engine)->freed);
	link_of(engine)->woken = true;
}

static uint64_t link_now(struct att_engine *engine)
{
	return link_of(engine)->now;
}

static void link_free(struct att *att)
{
	struct link *link = container_of(att, struct link, engine.att);

	att_engine_drop_ops(&link->engine);
	link->freed = true;
}

static const struct att_engine_io io = { link_send, link_wake, link_now };
static const struct att_class class = {
	.name = "fuzz",
	.submit = att_engine_submit,
	.cancel = att_engine_cancel,
	.free = link_free,
};

static void input(struct link *link, struct ble_bytes pdu)
{
	uint8_t *copy = fuzz_copy(pdu);

	att_engine_input(&link->engine, copy, pdu.len);
	free(copy);
}

/* The response that is waited for, with whatever in it. */
static void respond(struct link *link, struct fuzz *fuzz)
{
	struct ble_bytes rest = fuzz_bytes(fuzz, ATT_MTU_MAX - 1);
	uint8_t pdu[ATT_MTU_MAX];

	pdu[0] = att_pdu_info(link->engine.waiting)->response;
	for (size_t i = 0; i < rest.len; i++)
		pdu[1 + i] = rest.data[i];
	input(link, (struct ble_bytes){ pdu, 1 + rest.len });
}

static void refuse(struct link *link, struct fuzz *fuzz)
{
	uint8_t pdu[5] = { ATT_ERROR_RSP, link->engine.waiting, 0, 0, fuzz_u8(fuzz) };

	input(link, (struct ble_bytes){ pdu, sizeof(pdu) });
}

static void pass(struct link *link, unsigned int ms)
{
	link->now += ms * UINT64_C(1000000);
	att_engine_expire(&link->engine, link->now);
}

static void step(struct link *link, struct fuzz *fuzz)
{
	unsigned int what = fuzz_below(fuzz, 20);

	link->user.dispatching = what >= 5;
	switch (what) {
	case 0: case 1: case 2: case 3: case 4:
		user_step(&link->user);
		break;
	case 5: case 6: case 7:
		input(link, fuzz_bytes(fuzz, ATT_MTU_MAX));
		break;
	case 8: case 9: case 10: case 11:
		respond(link, fuzz);
		break;
	case 12: case 13:
		refuse(link, fuzz);
		break;
	case 14:
		link->left = fuzz_u8(fuzz);
		break;
	case 15: case 16:
		link->left = 10000;
		link->full = false;
		att_engine_flush(&link->engine);
		break;
	case 17:
		pass(link, fuzz_u8(fuzz) * 200u);
		break;
	case 18:
		link->broken = fuzz_u8(fuzz) & 1 ? -EPIPE : 0;
		break;
	default:
		if (fuzz_u8(fuzz) & 1)
			att_engine_close(&link->engine, -ENOTCONN, 0x13);
		break;
	}
	for (int i = 0; link->woken && !link->freed; i++) {
		HOLDS(i < 1000);
		link->woken = false;
		link->user.dispatching = true;
		att_engine_finish(&link->engine);
	}
	link->user.dispatching = false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	struct link *link = calloc(1, sizeof(*link));
	struct gatt_table table = { 0 };
	struct gatt_session session;
	bool serves = fuzz_u8(&fuzz) & 1;

	HOLDS(link != NULL);
	att_engine_init(&link->engine, &io, &class);
	user_begin(&link->user, &fuzz, &link->engine.att);
	link->left = 10000;
	if (serves) {
		HOLDS(reference_build(&table, REFERENCE_MIDDLE) == 0);
		HOLDS(gatt_session_init(&session, &table) == 0);
		link->engine.att.server = &session.server;
	}
	while (fuzz.len && !link->freed)
		step(link, &fuzz);
	/* What is on the wire has an end. */
	HOLDS(link->freed || link->engine.closed || !link->engine.current ||
	      att_engine_deadline(&link->engine) != UINT64_MAX);
	link->user.dispatching = true;
	if (!link->freed)
		att_engine_close(&link->engine, -ENOTCONN, 0);
	HOLDS(!user_waits(&link->user));
	if (serves) {
		gatt_session_release(&session);
		gatt_table_release(&table);
	}
	free(link);
	return 0;
}
