/* SPDX-License-Identifier: MIT */
/* What a script cannot express: users without callbacks, ops that submit further
 * ops without end, and peers that send random PDUs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "att/engine.h"
#include "tests/failmalloc.h"
#include "tests/test_engine.h"

struct user {
	struct att_engine engine;
	struct att_op op;
	int sent, woken, done, values;
};

static struct user *user_of(struct att_engine *engine)
{
	return container_of(engine, struct user, engine);
}

static int count_send(struct att_engine *engine, struct ble_bytes head,
		      struct ble_bytes tail)
{
	(void)head;
	(void)tail;
	user_of(engine)->sent++;
	return 0;
}

static void count_wake(struct att_engine *engine)
{
	user_of(engine)->woken++;
}

static uint64_t no_time(struct att_engine *engine)
{
	(void)engine;
	return 0;
}

static void count_value(void *user, uint16_t handle, struct ble_bytes value)
{
	struct user *u = user;

	(void)handle;
	(void)value;
	u->values++;
}

static void no_closed(void *user, int error, uint8_t reason)
{
	(void)user;
	(void)error;
	(void)reason;
}

static const struct att_engine_io count_io = { count_send, count_wake, no_time };
static const struct att_class count_class = {
	.name = "count",
	.submit = att_engine_submit,
	.cancel = att_engine_cancel,
};
static const struct att_events count_events = { .value = count_value,
						.closed = no_closed };

static void init(struct user *user)
{
	memset(user, 0, sizeof(*user));
	memset(&user->engine, 0xa5, sizeof(user->engine)); /* init is enough */
	att_engine_init(&user->engine, &count_io, &count_class);
}

static void submit_again(struct att_op *op, int error)
{
	struct user *user = container_of(op, struct user, op);

	CHECK_INT(error, 0);
	user->done++;
	if (user->done < 100)
		CHECK_INT(att_submit(&user->engine.att, op), 0);
}

/* Commands that are submitted from their own done must not keep the owner in
 * one finish for ever. */
static void endless_commands(void)
{
	struct user user;

	init(&user);
	user.op = (struct att_op){ .verb = ATT_WRITE_COMMAND, .start = 1,
				   .done = submit_again };
	CHECK_INT(att_submit(&user.engine.att, &user.op), 0);
	CHECK_INT(user.done, 0);
	for (int i = 1; i <= 100; i++) {
		CHECK_INT(user.woken, i);
		att_engine_finish(&user.engine);
		if (!CHECK_INT(user.done, i))
			return;
	}
	att_engine_finish(&user.engine);
	CHECK_INT(user.done, 100);
	CHECK_INT(user.sent, 100);
}

/* Values without somebody to take them are confirmed all the same. */
static void nobody_listens(void)
{
	static const uint8_t notify[] = { 0x1b, 3, 0, 1 };
	static const uint8_t indicate[] = { 0x1d, 3, 0, 1 };
	static const uint8_t multi[] = { 0x23, 3, 0, 1, 0, 1 };
	struct user user;

	init(&user);
	att_engine_input(&user.engine, notify, sizeof(notify));
	att_engine_input(&user.engine, multi, sizeof(multi));
	CHECK_INT(user.sent, 0);
	att_engine_input(&user.engine, indicate, sizeof(indicate));
	CHECK_INT(user.sent, 1);
	att_engine_close(&user.engine, -1, 0);
	att_engine_input(&user.engine, indicate, sizeof(indicate));
	CHECK_INT(user.sent, 1);
}

static void count_done(struct att_op *op, int error)
{
	struct user *user = container_of(op, struct user, op);

	CHECK_INT(error, 0);
	user->done++;
}

/* A command that left was sent, however the link ends. */
static void lost_before_called_back(void)
{
	struct user user;

	init(&user);
	user.op = (struct att_op){ .verb = ATT_WRITE_COMMAND, .start = 1,
				   .done = count_done };
	CHECK_INT(att_submit(&user.engine.att, &user.op), 0);
	CHECK_INT(user.done, 0);
	att_engine_close(&user.engine, -1, 0);
	CHECK_INT(user.done, 1);
	att_engine_finish(&user.engine);
	CHECK_INT(user.done, 1);
}

static void cancelled_before_called_back(void)
{
	struct user user;

	init(&user);
	user.op = (struct att_op){ .verb = ATT_WRITE_COMMAND, .start = 1,
				   .done = count_done };
	CHECK_INT(att_submit(&user.engine.att, &user.op), 0);
	att_cancel(&user.engine.att, &user.op);
	memset(&user.op, 0xa5, sizeof(user.op));
	att_engine_finish(&user.engine);
	att_engine_close(&user.engine, -1, 0);
	CHECK_INT(user.done, 0);
	CHECK_INT(user.sent, 1);
}

static void no_record_wanted(void)
{
	static const uint8_t response[] = { 0x05, 1, 1, 0, 0, 0x28 };
	struct user user;

	init(&user);
	user.op = (struct att_op){ .verb = ATT_FIND_INFORMATION, .start = 1,
				   .end = 1, .done = count_done };
	CHECK_INT(att_submit(&user.engine.att, &user.op), 0);
	att_engine_input(&user.engine, response, sizeof(response));
	CHECK_INT(user.done, 1);
}

static void skip_record(struct att_op *op, const struct att_record *record)
{
	if (record->handle == 1)
		op->start = 5; /* 2 to 4 are implied */
	else
		op->end = 6;
}

/* A record may narrow what is left to ask for. */
static void narrowed_sweep(void)
{
	static const uint8_t first[] = { 0x05, 1, 1, 0, 0, 0x28 };
	static const uint8_t second[] = { 0x05, 1, 6, 0, 0, 0x28 };
	struct user user;

	init(&user);
	user.op = (struct att_op){ .verb = ATT_FIND_INFORMATION, .start = 1,
				   .end = 0xffff, .record = skip_record,
				   .done = count_done };
	CHECK_INT(att_submit(&user.engine.att, &user.op), 0);
	att_engine_input(&user.engine, first, sizeof(first));
	CHECK_INT(user.done, 0);
	CHECK_INT(user.op.start, 5);
	CHECK_INT(user.sent, 2);
	att_engine_input(&user.engine, second, sizeof(second));
	CHECK_INT(user.done, 1);
	CHECK_INT(user.sent, 2);
}

/* The hot path: a value in, a command out. */
static void nothing_allocated(void)
{
	static const uint8_t notify[] = { 0x1b, 3, 0, 1, 2, 3, 4 };
	struct user user;
	unsigned long before;

	init(&user);
	user.engine.att.events = &count_events;
	user.engine.att.user = &user;
	user.op = (struct att_op){ .verb = ATT_WRITE_COMMAND, .start = 1 };
	before = failmalloc_count();
	for (int i = 0; i < 1000; i++) {
		att_engine_input(&user.engine, notify, sizeof(notify));
		CHECK_INT(att_submit(&user.engine.att, &user.op), 0);
	}
	CHECK_INT(failmalloc_count(), before);
	CHECK_INT(user.values, 1000);
	CHECK_INT(user.sent, 1000);
}

/* -- Many ------------------------------------------------------------------------ */

enum { MANY = 10000 };

struct crowd {
	struct user user;
	struct att_op ops[MANY];
	int sent, done, room;
};

static int send_while_room(struct att_engine *engine, struct ble_bytes head,
			   struct ble_bytes tail)
{
	struct crowd *crowd = container_of(user_of(engine), struct crowd, user);

	(void)head;
	(void)tail;
	if (!crowd->room)
		return -EAGAIN;
	crowd->room--;
	crowd->sent++;
	return 0;
}

static void no_done(struct att_op *op, int error)
{
	(void)op;
	(void)error;
}

/* A walk over the queue, from either end, meets the cut and is told by the sanitizer
 * or the crash: ops far from the cancelled one have no neighbours meanwhile. */
static void cut_and_cancel(struct crowd *crowd, int at)
{
	struct list *first = &crowd->ops[0].link, *second = &crowd->ops[1].link;
	struct list *last = &crowd->ops[MANY - 1].link, *before = &crowd->ops[MANY - 2].link;
	const struct list cuts[4] = { *first, *second, *last, *before };

	first->next = second->next = last->prev = before->prev = NULL;
	att_cancel(&crowd->user.engine.att, &crowd->ops[at]);
	first->next = cuts[0].next;
	second->next = cuts[1].next;
	last->prev = cuts[2].prev;
	before->prev = cuts[3].prev;
	CHECK(!list_queued(&crowd->ops[at].link));
}

/* Cancelling one of many queued ops touches its neighbours only. */
static void cancel_of_many(void)
{
	static const struct att_engine_io io = { send_while_room, count_wake, no_time };
	static const enum att_verb verbs[] = { ATT_READ, ATT_WRITE_COMMAND };
	struct crowd *crowd = calloc(1, sizeof(*crowd));

	REQUIRE(crowd != NULL);
	for (size_t v = 0; v < 2; v++) {
		struct att_engine *engine = &crowd->user.engine;
		int left = MANY;

		memset(crowd, 0, sizeof(*crowd));
		att_engine_init(engine, &io, &count_class);
		for (int i = 0; i < MANY; i++) {
			crowd->ops[i] = (struct att_op){ .verb = verbs[v], .start = 1,
							 .done = no_done };
			CHECK_INT(att_submit(&engine->att, &crowd->ops[i]), 0);
		}
		for (int i = 10; i < MANY - 10; i += 10, left--)
			cut_and_cancel(crowd, i);
		CHECK_INT(crowd->sent, 0);
		crowd->room = MANY;
		att_engine_flush(engine);
		CHECK_INT(crowd->sent, verbs[v] == ATT_READ ? 1 : left);
		att_engine_drop_ops(engine);
	}
	free(crowd);
}

/* Which of two ops was submitted earlier is told when the numbers wrap around, too. */
static void numbers_wrap(void)
{
	static const struct att_engine_io io = { send_while_room, count_wake, no_time };
	struct crowd *crowd = calloc(1, sizeof(*crowd));
	struct att_engine *engine;

	REQUIRE(crowd != NULL);
	engine = &crowd->user.engine;
	att_engine_init(engine, &io, &count_class);
	engine->submitted = (unsigned int)-1;
	for (int i = 0; i < 3; i++) { /* command, request, command */
		crowd->ops[i] = (struct att_op){
			.verb = i == 1 ? ATT_READ : ATT_WRITE_COMMAND,
			.start = 1, .done = no_done,
		};
		CHECK_INT(att_submit(&engine->att, &crowd->ops[i]), 0);
	}
	crowd->room = 1;
	att_engine_flush(engine);
	CHECK_INT(engine->waiting, 0);
	crowd->room = 1;
	att_engine_flush(engine);
	CHECK_INT(engine->waiting, 0x0a);
	att_engine_drop_ops(engine);
	free(crowd);
}

/* -- At random ------------------------------------------------------------------- */

static const char *const submits[] = {
	"mtu 100", "find-info 0001-0005", "find-type 0001-ffff 2800 0118",
	"read-type 0001-ffff 2803", "read-group 0001-0010 2800", "read 0003",
	"read-long 0003", "read-multi 01000200", "read-var 01000200",
	"write 0003 0102", "command 0003 01", "command-bare 0003 01",
	"prepare 0003 0 0102", "execute 1",
};

static const uint8_t opcodes[] = {
	0x01, 0x02, 0x03, 0x05, 0x07, 0x09, 0x0b, 0x0d, 0x0f, 0x11, 0x13, 0x17,
	0x19, 0x1b, 0x1d, 0x1e, 0x21, 0x23, 0x52, 0x0a, 0x10, 0xd2, 0x3f,
};

static const char *const events[] = { "record", "done", "value", "closed" };

#define PICK(array) array[harness_below(sizeof(array) / sizeof(array[0]))]

static int random_pdu(char *line, size_t size)
{
	uint32_t len = harness_below(harness_below(8) ? 12 : 60);
	int n = snprintf(line, size, "< %02x", PICK(opcodes));

	for (uint32_t i = 0; i < len; i++)
		n += snprintf(line + n, size - (size_t)n, "%02x",
			      harness_below(3) ? harness_below(24)
					       : harness_below(256));
	return n;
}

static int random_step(char *line, size_t size, bool inside)
{
	int letter = (int)('a' + harness_below(4));

	switch (harness_below(inside ? 5 : 12)) {
	case 0:
		return snprintf(line, size, "cancel %c", letter);
	case 1:
	case 2:
	case 3:
		return snprintf(line, size, "submit %c %s", letter, PICK(submits));
	case 4:
		return harness_below(inside ? 3 : 20)
			? snprintf(line, size, "submit %c read 0001", letter)
			: snprintf(line, size, "free");
	case 5:
		return snprintf(line, size, "block %u", harness_below(3));
	case 6:
		return snprintf(line, size, "flush");
	case 7:
		return snprintf(line, size, "wait %u", harness_below(12000));
	default:
		return random_pdu(line, size);
	}
}

/* Half of the time the page starts with steps to do inside callbacks. */
static void random_page(char *page, size_t size)
{
	size_t used = 0;

	page[0] = '\0';
	for (uint32_t i = harness_below(2) * 6; i > 0; i--) {
		const char *event = PICK(events);

		used += (size_t)snprintf(page + used, size - used, "when %s", event);
		if (event[0] == 'r' || event[0] == 'd')
			used += (size_t)snprintf(page + used, size - used, " %c",
						 (int)('a' + harness_below(4)));
		used += (size_t)snprintf(page + used, size - used, ": ");
		used += (size_t)random_step(page + used, size - used, true);
		page[used++] = '\n';
	}
	if (harness_below(4) == 0)
		used += (size_t)snprintf(page + used, size - used,
					 "server\nanswer 0b01\n");
	for (uint32_t i = 10 + harness_below(60); i > 0 && used < size - 300; i--) {
		used += (size_t)random_step(page + used, size - used, false);
		page[used++] = '\n';
	}
	page[used] = '\0';
}

static void random_pages(void)
{
	static char page[1 << 14];

	for (int i = 0; i < 3000; i++) {
		unsigned int failures = harness_failures();

		random_page(page, sizeof(page));
		script_play(&bare_wire, "random", page, false,
			    (struct script_change){ .pdu = -1, .at = -1 });
		if (harness_failures() > failures) {
			fprintf(stderr, "page %d:\n%s\n", i, page);
			return;
		}
	}
}

const struct test_case engine_bare[] = {
	TEST(endless_commands), TEST(nobody_listens), TEST(no_record_wanted),
	TEST(lost_before_called_back), TEST(cancelled_before_called_back),
	TEST(narrowed_sweep),	TEST(nothing_allocated), TEST(cancel_of_many),
	TEST(numbers_wrap), TEST(random_pages),
	{ 0 },
};
