/* SPDX-License-Identifier: MIT */
/* Runs a script: events are appended to the log, checks take them from it. */
#include "tests/script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/harness.h"

/* -- The log -------------------------------------------------------------------- */

static void happened(struct script *script, const char *line)
{
	size_t len = strlen(line);

	if (!script->strict)
		return;
	REQUIRE(script->log_len + len + 2 < SCRIPT_LOG);
	memcpy(script->log + script->log_len, line, len);
	script->log_len += len;
	script->log[script->log_len++] = '\n';
	script->log[script->log_len] = '\0';
}

/* The next line not taken yet; of its own kind where order across is unknown. */
static char *next_line(struct script *script, char kind)
{
	for (char *line = script->log; *line; line = strchr(line, '\n') + 1) {
		if (*line != ' ' && (script->wire->bare || !kind || *line == kind))
			return line;
	}
	return NULL;
}

void script_expect(struct script *script, const char *step)
{
	char wanted[SCRIPT_LINE], *line = next_line(script, step[0]), *end;

	text_expand(step, step[0] != '>', wanted);
	if (!line) {
		CHECK_STR("nothing happened", wanted);
		return;
	}
	end = strchr(line, '\n');
	*end = '\0';
	CHECK_STR(line, wanted);
	*end = '\n';
	*line = ' ';
}

static void expect_nothing(struct script *script)
{
	char *line;

	if (!script->strict)
		return;
	while ((line = next_line(script, 0))) {
		*strchr(line, '\n') = '\0';
		CHECK_STR(line, "nothing");
		line[strlen(line)] = '\n';
		*line = ' ';
	}
	script->log_len = 0;
	script->log[0] = '\0';
}

/* -- What happens ------------------------------------------------------------------ */

/* The first step that waits for this event runs, inside its callback. */
static void react(struct script *script, const char *event)
{
	for (size_t i = 0; i < script->n_whens; i++) {
		if (script->whens[i].used || strcmp(script->whens[i].event, event))
			continue;
		script->whens[i].used = true;
		CHECK(script_step(script, script->whens[i].step));
		return;
	}
}

static void check_dispatch(const struct script *script)
{
	CHECK(script->dispatching);
	CHECK(!script->calling);
}

void script_sent(struct script *script, struct ble_bytes head,
		 struct ble_bytes tail)
{
	char line[2 * ATT_MTU_MAX + 8] = ">";

	REQUIRE(head.len + tail.len <= ATT_MTU_MAX);
	CHECK(script->wire->messages || !script->att ||
	      head.len + tail.len <= script->att->mtu);
	if (!script->strict)
		return;
	text_hex(line + 1, head);
	text_hex(line + strlen(line), tail);
	happened(script, line);
}

/* A peer that lies must not get a record through that breaks the contract. */
static void check_record(struct script_op *op, const struct att_record *record)
{
	switch (op->op.verb) {
	case ATT_FIND_INFORMATION:
	case ATT_FIND_BY_TYPE_VALUE:
	case ATT_READ_BY_TYPE:
	case ATT_READ_BY_GROUP_TYPE:
		CHECK(record->handle >= op->start && record->handle <= op->end);
		CHECK(record->handle > op->last && record->end >= record->handle);
		op->last = record->end;
		break;
	case ATT_READ_LONG:
		CHECK_INT(record->offset, op->last);
		op->last = (uint16_t)(op->last + record->value.len);
		CHECK(op->last <= ATT_VALUE_MAX);
		break;
	default:
		break;
	}
}

void script_on_record(struct att_op *att_op, const struct att_record *record)
{
	struct script_op *op = container_of(att_op, struct script_op, op);
	struct script *script = op->script;
	char line[2 * ATT_MTU_MAX + 60], event[16], offset[16] = "";
	int n;

	check_dispatch(script);
	check_record(op, record);
	if (record->offset)
		snprintf(offset, sizeof(offset), "+%u", record->offset);
	n = record->end == record->handle
		? snprintf(line, sizeof(line), "! record %c %04x%s ", op->name,
			   record->handle, offset)
		: snprintf(line, sizeof(line), "! record %c %04x-%04x ", op->name,
			   record->handle, record->end);
	if (record->value.len)
		text_hex(line + n, record->value);
	else
		strcpy(line + n, "-");
	happened(script, line);
	snprintf(event, sizeof(event), "record %c", op->name);
	react(script, event);
}

void script_drop_op(struct script_op *op)
{
	op->script->ops[op->name - 'a'] = NULL;
	free(op->value);
	free(op);
}

void script_on_done(struct att_op *att_op, int error)
{
	struct script_op *op = container_of(att_op, struct script_op, op);
	struct script *script = op->script;
	char line[64], event[16], word[16];

	check_dispatch(script);
	CHECK(error < 256);
	snprintf(line, sizeof(line), "! done %c %s", op->name,
		 error_word(error, word));
	snprintf(event, sizeof(event), "done %c", op->name);
	script_drop_op(op);
	happened(script, line);
	react(script, event);
}

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	struct script *script = user;
	char line[2 * ATT_MTU_MAX + 30];
	int n = snprintf(line, sizeof(line), "! value %04x ", handle);

	check_dispatch(script);
	CHECK(script->att && !script->closed);
	if (value.len)
		text_hex(line + n, value);
	else
		strcpy(line + n, "-");
	happened(script, line);
	react(script, "value");
}

static void on_closed(void *user, int error, uint8_t reason)
{
	struct script *script = user;
	char line[64], word[16];

	check_dispatch(script);
	CHECK_INT(script->closed++, 0);
	for (size_t i = 0; i < SCRIPT_OPS; i++)
		CHECK(!script->ops[i] || script->ops[i]->by_hand);
	snprintf(line, sizeof(line), "! closed %s %02x", error_word(error, word),
		 reason);
	happened(script, line);
	react(script, "closed");
}

static void on_writable(void *user)
{
	struct script *script = user;

	check_dispatch(script);
	CHECK(script->att && !script->closed);
	happened(script, "! writable");
	react(script, "writable");
}

const struct att_events script_events = {
	.value = on_value,
	.closed = on_closed,
	.writable = on_writable,
};

size_t script_on_asked(struct att_server *server, uint16_t mtu,
		       struct ble_bytes pdu, uint8_t *response)
{
	struct script *script = container_of(server, struct script, server);
	char line[2 * ATT_MTU_MAX + 30] = "! asked ";
	size_t len = script->answer_len;

	CHECK(pdu.len > 0 && pdu.len <= ATT_MTU_MAX);
	text_hex(line + 8, pdu);
	happened(script, line);
	if (len > mtu)
		len = mtu;
	memcpy(response, script->answer, len);
	script->answer_len = 0;
	return len;
}

/* -- The whole of it -------------------------------------------------------------------- */

/* Copies the next line of text, without indent and remark. False at the end. */
static bool take_line(const char **text, char line[SCRIPT_LINE])
{
	size_t len;

	if (!**text)
		return false;
	*text += strspn(*text, " \t");
	len = strcspn(*text, "\n");
	REQUIRE(len < SCRIPT_LINE);
	snprintf(line, SCRIPT_LINE, "%.*s", (int)strcspn(*text, "#\n"), *text);
	for (size_t end = strlen(line); end && strchr(" \t", line[end - 1]); end--)
		line[end - 1] = '\0';
	*text += len + ((*text)[len] == '\n');
	return true;
}

bool script_needs_bare(const char *text)
{
	char line[SCRIPT_LINE];

	while (take_line(&text, line)) {
		const struct script_step *step = line[0] ? script_find_step(line) : NULL;

		if (step && step->bare)
			return true;
	}
	return false;
}

static void play_lines(struct script *script, const char *text)
{
	char line[SCRIPT_LINE];

	for (int n = 1; take_line(&text, line); n++) {
		const struct script_step *step = line[0] ? script_find_step(line) : NULL;

		if (!line[0])
			continue;
		harness_about("%s, %s, line %d: %.300s", script->wire->name,
			      script->name, n, line);
		if (!step || !step->looks)
			expect_nothing(script);
		CHECK(script_step(script, line));
		script->wire->settle(script);
	}
	expect_nothing(script);
}

void script_play(const struct script_wire *wire, const char *name,
		 const char *text, bool strict, struct script_change change)
{
	struct script *script = calloc(1, sizeof(*script));

	REQUIRE(script != NULL);
	if (strict) {
		script->log = calloc(1, SCRIPT_LOG);
		REQUIRE(script->log != NULL);
	}
	script->wire = wire;
	script->name = name;
	script->strict = strict;
	script->change = change;
	REQUIRE(wire->open(script) == 0);
	script->att->events = &script_events;
	script->att->user = script;
	play_lines(script, text);
	harness_about("%s, %s, pdu %d cut %d add %d octet %d = %02x", wire->name,
		      name, change.pdu, change.cut, change.add, change.at,
		      change.value);
	script->strict = false;
	if (script->att && !script->closed) {
		wire->close(script, -ECONNRESET, 0x13);
		wire->settle(script);
	}
	/* Accepted ops ended; the engine goes without a word about the rest. */
	for (size_t i = 0; i < SCRIPT_OPS; i++)
		CHECK(!script->ops[i]);
	if (script->att)
		script_free(script);
	wire->end(script);
	free(script->log);
	free(script);
	harness_about(NULL);
}
