/* SPDX-License-Identifier: MIT */
/* See user.h. */
#include "tests/fuzz/user.h"

#include <stdlib.h>

struct user_op {
	struct att_op op;
	struct user *user;
	unsigned int place;
	bool submitting; /* submit has not returned yet */
	uint8_t *value;
};

static void drop(struct user_op *op)
{
	op->user->ops[op->place] = NULL;
	free(op->value);
	free(op);
}

/* -- What is called back ----------------------------------------------------------- */

static void react(struct user *user)
{
	if (user->fuzz->len && (fuzz_u8(user->fuzz) & 0xc0) == 0x40)
		user_step(user);
}

static void hold(const struct user *user)
{
	HOLDS(user->dispatching);
	HOLDS(!user->calling);
	HOLDS(user->att != NULL);
	HOLDS(!user->closed);
}

static void on_record(struct att_op *att_op, const struct att_record *record)
{
	struct user_op *op = container_of(att_op, struct user_op, op);
	struct user *user = op->user;

	hold(user);
	HOLDS(user->ops[op->place] == op);
	HOLDS(record->value.len < ATT_MTU_MAX);
	HOLDS(record->end >= record->handle);
	fuzz_touch(record->value);
	react(user);
}

static void on_done(struct att_op *att_op, int error)
{
	struct user_op *op = container_of(att_op, struct user_op, op);
	struct user *user = op->user;

	hold(user);
	HOLDS(user->ops[op->place] == op);
	HOLDS(!op->submitting);
	HOLDS(error < 256);
	drop(op);
	react(user);
}

static void on_value(void *data, uint16_t handle, struct ble_bytes value)
{
	struct user *user = data;

	hold(user);
	HOLDS(handle != 0);
	fuzz_touch(value);
	react(user);
}

static void on_closed(void *data, int error, uint8_t reason)
{
	struct user *user = data;

	(void)reason;
	hold(user);
	HOLDS(error < 0);
	HOLDS(!user_waits(user));
	user->closed = true;
	react(user);
	/* The one thing left to do. */
	if (user->att)
		user_free(user);
}

/* -- What is asked ------------------------------------------------------------------- */

static const uint16_t mtus[] = { 23, 517, 185, 24, 22, 600, 64, 512 };

static void fill(struct user_op *op, struct fuzz *fuzz)
{
	struct ble_bytes value = { NULL, 0 };

	op->op.verb = (enum att_verb)fuzz_below(fuzz, ATT_VERBS + 1);
	op->op.start = fuzz_u16(fuzz);
	if (op->op.verb <= ATT_READ_BY_GROUP_TYPE)
		op->op.end = fuzz_u16(fuzz);
	if (op->op.verb == ATT_EXCHANGE_MTU && op->op.end & 1)
		op->op.start = mtus[op->op.start % 8];
	if (op->op.verb == ATT_FIND_BY_TYPE_VALUE || op->op.verb == ATT_READ_BY_TYPE ||
	    op->op.verb == ATT_READ_BY_GROUP_TYPE)
		op->op.type = fuzz_uuid(fuzz);
	if (op->op.verb == ATT_PREPARE_WRITE || op->op.verb == ATT_READ_LONG)
		op->op.offset = fuzz_u16(fuzz);
	if (op->op.verb >= ATT_READ_MULTIPLE || op->op.verb == ATT_FIND_BY_TYPE_VALUE)
		value = fuzz_bytes(fuzz, 600);
	op->value = fuzz_copy(value);
	op->op.value = (struct ble_bytes){ op->value, value.len };
}

static void submit(struct user *user)
{
	unsigned int place = fuzz_below(user->fuzz, USER_OPS);
	struct user_op *op;
	bool alone;
	int error;

	if (user->ops[place])
		return;
	op = calloc(1, sizeof(*op));
	HOLDS(op != NULL);
	op->user = user;
	op->place = place;
	fill(op, user->fuzz);
	alone = op->op.verb == ATT_WRITE_COMMAND && op->op.start & 0x100;
	op->op.record = op->op.start & 0x8000 ? NULL : on_record;
	op->op.done = alone ? NULL : on_done;
	user->ops[place] = op;
	op->submitting = true;
	user->calling = true;
	error = att_submit(user->att, &op->op);
	user->calling = false;
	op->submitting = false;
	HOLDS(error <= 0);
	HOLDS(error != -EAGAIN || alone);
	if (error || alone)
		drop(op);
}

static void cancel(struct user *user)
{
	struct user_op *op = user->ops[fuzz_below(user->fuzz, USER_OPS)];

	if (!op)
		return;
	user->calling = true;
	att_cancel(user->att, &op->op);
	user->calling = false;
	drop(op);
}

void user_free(struct user *user)
{
	if (user->freeing)
		user->freeing(user);
	user->calling = true;
	att_free(user->att);
	user->calling = false;
	user->att = NULL;
	for (size_t i = 0; i < USER_OPS; i++)
		if (user->ops[i])
			drop(user->ops[i]);
}

void user_step(struct user *user)
{
	unsigned int what;

	if (!user->att)
		return;
	what = fuzz_below(user->fuzz, 16);
	if (what == 15)
		user_free(user);
	else if (what >= 11)
		cancel(user);
	else
		submit(user);
}

bool user_waits(const struct user *user)
{
	for (size_t i = 0; i < USER_OPS; i++)
		if (user->ops[i])
			return true;
	return false;
}

void user_begin(struct user *user, struct fuzz *fuzz, struct att *att)
{
	static const struct att_events events = { .value = on_value, .closed = on_closed };

	*user = (struct user){ .fuzz = fuzz, .att = att };
	att->events = &events;
	att->user = user;
}
