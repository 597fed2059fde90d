/* SPDX-License-Identifier: MIT */
/* The bare engine as a wire: no descriptor, no loop, a clock of its own. */
#include <errno.h>
#include <stdlib.h>

#include "att/engine.h"
#include "tests/harness.h"
#include "tests/script.h"

struct bare {
	struct att_engine engine;
	struct script *script;
	uint64_t now;
	int error; /* what sends return ... */
	int left;  /* ... once so many passed; -1: never */
	bool told; /* -EAGAIN was said: a flush is due */
	bool woken;
	bool freed;
};

static struct bare *bare_of(struct att_engine *engine)
{
	return container_of(engine, struct bare, engine);
}

static int bare_send(struct att_engine *engine, struct ble_bytes head,
		     struct ble_bytes tail)
{
	struct bare *bare = bare_of(engine);

	CHECK(!bare->freed);
	CHECK(head.len > 0);
	if (bare->left == 0) {
		/* The owner said -EAGAIN: nobody asks again before its flush. */
		CHECK(!bare->told);
		bare->told = bare->error == -EAGAIN;
		return bare->error;
	}
	if (bare->left > 0)
		bare->left--;
	script_sent(bare->script, head, tail);
	return 0;
}

static void bare_wake(struct att_engine *engine)
{
	CHECK(!bare_of(engine)->freed);
	bare_of(engine)->woken = true;
}

static uint64_t bare_now(struct att_engine *engine)
{
	return bare_of(engine)->now;
}

static void bare_free(struct att *att)
{
	struct bare *bare = container_of(att, struct bare, engine.att);

	att_engine_drop_ops(&bare->engine);
	bare->freed = true; /* its memory lives until bare_end() */
}

static const struct att_engine_io bare_io = { bare_send, bare_wake, bare_now };
static const struct att_class bare_class = {
	.name = "bare",
	.submit = att_engine_submit,
	.cancel = att_engine_cancel,
	.free = bare_free,
};

static int bare_open(struct script *script)
{
	struct bare *bare = calloc(1, sizeof(*bare));

	if (!bare)
		return -ENOMEM;
	att_engine_init(&bare->engine, &bare_io, &bare_class);
	bare->script = script;
	bare->left = -1;
	bare->now = 1000;
	script->att = &bare->engine.att;
	script->link = bare;
	return 0;
}

static void bare_input(struct script *script, const uint8_t *pdu, size_t len)
{
	struct bare *bare = script->link;

	script->dispatching = true;
	att_engine_input(&bare->engine, pdu, len);
	script->dispatching = false;
}

static void bare_settle(struct script *script)
{
	struct bare *bare = script->link;

	for (int i = 0; bare->woken && !bare->freed; i++) {
		if (!CHECK(i < 1000))
			return;
		bare->woken = false;
		script->dispatching = true;
		att_engine_finish(&bare->engine);
		script->dispatching = false;
	}
}

static void bare_wait(struct script *script, unsigned int ms)
{
	struct bare *bare = script->link;

	bare->now += ms * UINT64_C(1000000);
	script->dispatching = true;
	if (!bare->freed)
		att_engine_expire(&bare->engine, bare->now);
	script->dispatching = false;
}

static void bare_close(struct script *script, int error, uint8_t reason)
{
	struct bare *bare = script->link;

	script->dispatching = true;
	att_engine_close(&bare->engine, error, reason);
	script->dispatching = false;
}

static void bare_obstruct(struct script *script, int error, int left, bool flush)
{
	struct bare *bare = script->link;

	bare->error = error;
	bare->left = left;
	if (!flush)
		return;
	bare->told = false;
	script->dispatching = true;
	att_engine_flush(&bare->engine);
	script->dispatching = false;
}

static bool bare_idle(struct script *script)
{
	struct bare *bare = script->link;

	return att_engine_deadline(&bare->engine) == UINT64_MAX;
}

static void bare_end(struct script *script)
{
	free(script->link);
}

const struct script_wire bare_wire = {
	.name = "bare",
	.bare = true,
	.open = bare_open,
	.input = bare_input,
	.settle = bare_settle,
	.wait = bare_wait,
	.close = bare_close,
	.obstruct = bare_obstruct,
	.idle = bare_idle,
	.end = bare_end,
};
