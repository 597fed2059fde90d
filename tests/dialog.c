/* SPDX-License-Identifier: MIT */
#include "tests/dialog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "att/engine.h"
#include "tests/harness.h"
#include "tests/script.h"

enum { LOG = 8192, ANSWERS = 64 };

struct answer {
	unsigned int ms;
	size_t len;
	uint8_t pdu[ATT_MTU_MAX];
};

struct dialog {
	struct ble_loop *loop;
	struct adapter backend;
	struct connect_op *connect;
	struct loop_task task; /* makes the link */
	struct att_engine engine;
	struct loop_timer answer, expiry;
	bool running, freed;
	struct answer answers[ANSWERS];
	size_t n_answers, asked; /* requests that left */
	unsigned int ends;
	void (*look)(const struct ble_services *tree);
	bool strict;
	size_t len, expected_len;
	char log[LOG], expected[LOG];
};

static void note(char *log, size_t *len, char mark, const char *word,
		 struct ble_bytes bytes)
{
	size_t room = LOG - *len;
	int n = snprintf(log + *len, room, "%c %s", mark, word);

	REQUIRE(n > 0 && (size_t)n + 2 * bytes.len + 2 < room);
	*len += (size_t)n;
	for (size_t i = 0; i < bytes.len; i++)
		*len += (size_t)sprintf(log + *len, "%02x", bytes.data[i]);
	*len += (size_t)sprintf(log + *len, "\n");
}

/* -- The link ------------------------------------------------------------------------- */

static struct dialog *of(struct att_engine *engine)
{
	return container_of(engine, struct dialog, engine);
}

static int engine_send(struct att_engine *engine, struct ble_bytes head,
		       struct ble_bytes tail)
{
	struct dialog *d = of(engine);
	uint8_t pdu[ATT_MTU_MAX];

	REQUIRE(head.len + tail.len <= engine->att.mtu);
	memcpy(pdu, head.data, head.len);
	if (tail.len)
		memcpy(pdu + head.len, tail.data, tail.len);
	note(d->log, &d->len, '>', "",
	     (struct ble_bytes){ pdu, head.len + tail.len });
	if (d->asked < d->n_answers)
		loop_timer_in(d->loop, &d->answer, d->answers[d->asked].ms);
	d->asked++;
	return 0;
}

static void settle(struct dialog *d)
{
	d->running = false;
	if (d->freed || d->engine.closed)
		loop_timer_stop(&d->expiry);
	else if (att_engine_deadline(&d->engine) != UINT64_MAX)
		loop_timer_at(d->loop, &d->expiry, att_engine_deadline(&d->engine));
}

static void answer(struct loop_timer *timer)
{
	struct dialog *d = container_of(timer, struct dialog, answer);
	const struct answer *a = &d->answers[d->asked - 1];
	uint8_t *pdu = malloc(a->len + 1); /* of its own, for the sanitizer */

	REQUIRE(pdu != NULL);
	memcpy(pdu, a->pdu, a->len);
	d->running = true;
	att_engine_input(&d->engine, pdu, a->len);
	free(pdu);
	settle(d);
}

static void expire(struct loop_timer *timer)
{
	struct dialog *d = container_of(timer, struct dialog, expiry);

	att_engine_expire(&d->engine, loop_now(d->loop));
	settle(d);
}

static void engine_wake(struct att_engine *engine)
{
	(void)engine; /* no command with done is made here */
	FAIL("a command");
}

static uint64_t engine_now(struct att_engine *engine)
{
	return loop_now(of(engine)->loop);
}

static int link_submit(struct att *att, struct att_op *op)
{
	struct dialog *d = container_of(att, struct dialog, engine.att);
	int error = att_engine_submit(att, op);

	if (!d->running)
		settle(d);
	return error;
}

static void link_free(struct att *att)
{
	struct dialog *d = container_of(att, struct dialog, engine.att);

	att_engine_drop_ops(&d->engine);
	d->freed = true;
	loop_timer_stop(&d->answer);
	loop_timer_stop(&d->expiry);
}

/* -- The adapter ---------------------------------------------------------------------- */

static void link_up(struct loop_task *task)
{
	static const struct att_class class = {
		.name = "dialog",
		.submit = link_submit,
		.cancel = att_engine_cancel,
		.free = link_free,
	};
	static const struct att_engine_io io = { engine_send, engine_wake, engine_now };
	struct dialog *d = container_of(task, struct dialog, task);

	att_engine_init(&d->engine, &io, &class);
	d->answer.fire = answer;
	d->expiry.fire = expire;
	d->connect->done(d->connect, 0, 0, &d->engine.att);
}

static int make_link(struct adapter *adapter, struct connect_op *op)
{
	struct dialog *d = container_of(adapter, struct dialog, backend);

	d->connect = op;
	d->task.run = link_up;
	loop_defer(d->loop, &d->task);
	return 0;
}

static void cancel_connect(struct adapter *adapter, struct connect_op *op)
{
	(void)adapter;
	(void)op;
}

static void backend_free(struct adapter *adapter)
{
	(void)adapter;
}

/* -- What callbacks say ---------------------------------------------------------------- */

void dialog_value(void *user, uint16_t handle, struct ble_bytes value)
{
	struct dialog *d = user;
	char word[8];

	snprintf(word, sizeof(word), "%04x ", handle);
	note(d->log, &d->len, '!', word, value);
}

void dialog_done(void *user, int error)
{
	struct dialog *d = user;
	char word[30], number[16];

	d->ends++;
	snprintf(word, sizeof(word), "done %s", error ? error_word(error, number) : "0");
	note(d->log, &d->len, '!', word, (struct ble_bytes){ NULL, 0 });
}

void dialog_read(void *user, int error, struct ble_bytes value)
{
	if (!error)
		dialog_value(user, 0, value);
	dialog_done(user, error);
}

void dialog_after(struct dialog *d, void (*look)(const struct ble_services *tree))
{
	d->look = look;
}

void dialog_peer(struct dialog *d, const char *hex)
{
	uint8_t pdu[ATT_MTU_MAX];

	att_engine_input(&d->engine, pdu, text_bytes(hex, pdu, sizeof(pdu)));
}

bool dialog_wait(struct dialog *d, unsigned int ends)
{
	for (int i = 0; i < 300 && d->ends < ends; i++)
		ble_loop_dispatch(d->loop, 40000);
	return d->ends >= ends;
}

/* -- The page ------------------------------------------------------------------------- */

static void read_line(struct dialog *d, const char *line)
{
	uint8_t octets[2 * ATT_MTU_MAX];
	struct ble_bytes none = { NULL, 0 };
	struct answer *a = &d->answers[d->n_answers];
	unsigned int number;
	char word[30];

	if (line[0] == '>') {
		note(d->expected, &d->expected_len, '>', "", (struct ble_bytes){
			octets, text_bytes(line + 1, octets, sizeof(octets)) });
	} else if (line[0] == '<') {
		REQUIRE(d->n_answers < ANSWERS);
		line += 2;
		if (strspn(line, "0123456789") == 3) {
			a->ms = (unsigned int)strtoul(line, NULL, 10);
			line += 3;
		}
		a->len = text_bytes(line, a->pdu, sizeof(a->pdu));
		d->n_answers++;
	} else if (!strncmp(line, "! done ", 7)) {
		snprintf(word, sizeof(word), "%.*s", (int)strcspn(line + 2, "\n\t#"),
			 line + 2);
		note(d->expected, &d->expected_len, '!', word, none);
	} else if (sscanf(line, "! %4x ", &number) == 1) {
		snprintf(word, sizeof(word), "%04x ", number);
		note(d->expected, &d->expected_len, '!', word, (struct ble_bytes){
			octets, text_bytes(line + 6, octets, sizeof(octets)) });
	} else {
		FAIL(line);
	}
}

static void read_page(struct dialog *d, const char *text)
{
	while (text[text[0] == '\n']) {
		char line[600];

		text += strspn(text, "\n\t ");
		if (!*text)
			return;
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n#"), text);
		if (line[0])
			read_line(d, line);
		text += strcspn(text, "\n");
	}
}

static void change_answer(struct dialog *d, struct script_change change)
{
	struct answer *a = &d->answers[change.pdu];
	size_t len = a->len - (size_t)change.cut + (size_t)change.add;

	if (change.at >= 0)
		a->pdu[change.at] = change.value;
	for (size_t i = a->len; i < len && i < sizeof(a->pdu); i++)
		a->pdu[i] = (uint8_t)(0x55 + i);
	a->len = len < sizeof(a->pdu) ? len : sizeof(a->pdu);
}

/* Returns how many answers there are, and of what length this one is. */
static size_t play(const struct dialog_case *page, const struct script_change *change,
		   size_t *ret_len)
{
	static const struct adapter_class class = {
		.name = "dialog", .connect = make_link,
		.cancel_connect = cancel_connect, .free = backend_free,
	};
	const struct ble_address address = { { 1, 2, 3, 4, 5, 0xc6 }, BLE_ADDRESS_RANDOM };
	const struct ble_connect_params params = { .mtu = page->mtu ? page->mtu : 23 };
	struct dialog *d = calloc(1, sizeof(*d));
	struct ble_adapter *adapter;
	struct ble_client *client;
	bool connected;
	size_t n;

	REQUIRE(d != NULL);
	read_page(d, page->text);
	n = d->n_answers;
	d->strict = !change;
	if (change && ret_len)
		*ret_len = d->answers[change->pdu].len;
	if (change)
		change_answer(d, *change);
	REQUIRE(ble_loop_new(&d->loop) == 0);
	loop_clock_freeze(d->loop);
	d->backend.class = &class;
	d->backend.loop = d->loop;
	d->backend.info.name = d->backend.info.backend = "dialog";
	REQUIRE(adapter_new(d->loop, &d->backend, &adapter) == 0);
	REQUIRE(ble_client_new(adapter, &address, &client) == 0);
	connected = ble_client_connect_sync(client, &params) == 0;
	CHECK(connected || change);
	if (connected)
		page->act(d, client);
	if (d->strict) {
		CHECK_STR(d->log, d->expected);
		if (d->look)
			d->look(ble_client_services(client));
	}
	ble_client_unref(client);
	ble_adapter_unref(adapter);
	ble_loop_unref(d->loop);
	free(d);
	return n;
}

/* A loop costs a lot under Wine, and what the mutations test is plain C. */
#ifdef _WIN32
enum { OCTET_STEP = 12 };
#else
enum { OCTET_STEP = 1 };
#endif

static void mutations_of(const struct dialog_case *page, int pdu)
{
	static const uint8_t values[] = { 0x00, 0x01, 0x02, 0x05, 0x07, 0x0a, 0x13,
					  0x15, 0x7f, 0x80, 0xff };
	struct script_change change = { .pdu = pdu, .at = -1 };
	size_t len;

	play(page, &change, &len);
	/* Long ones are alike in their middle. */
	for (change.cut = 1; change.cut <= (int)len; change.cut += len > 64 ? 31 : 1)
		play(page, &change, NULL);
	change.cut = 0;
	for (change.add = 1; change.add < 40; change.add = change.add * 2 + 1)
		play(page, &change, NULL);
	change.add = 0;
	for (change.at = 0; change.at < (int)len && change.at < 32;
	     change.at += OCTET_STEP) {
		for (size_t i = 0; i < sizeof(values); i++) {
			change.value = values[i];
			play(page, &change, NULL);
		}
	}
}

void dialog_run(void)
{
	const struct dialog_case *page = harness_data();
	size_t n = play(page, NULL, NULL);

	for (size_t i = 0; i < n; i++)
		mutations_of(page, (int)i);
}
