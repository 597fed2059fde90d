/* SPDX-License-Identifier: MIT */
/* The steps of a script: steps[] has a row for each word. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/harness.h"
#include "tests/script.h"

static void do_submit(struct script *script, const char *words)
{
	struct script_op *op = calloc(1, sizeof(*op));
	char copy[SCRIPT_LINE], *wanted;
	bool bare = false;
	int error;

	REQUIRE(op != NULL && strlen(words) < sizeof(copy));
	snprintf(copy, sizeof(copy), "%s", words);
	wanted = strchr(copy, '=');
	if (wanted)
		*wanted++ = '\0';
	op->script = script;
	op->name = copy[0];
	REQUIRE(op->name >= 'a' && op->name <= 'z');
	if (script->ops[op->name - 'a']) { /* a changed answer kept it waiting */
		CHECK(!script->strict);
		free(op);
		return;
	}
	REQUIRE(text_op(copy + 1, &op->op, &op->value, &bare));
	op->op.record = script_on_record;
	op->op.done = bare ? NULL : script_on_done;
	memset(&op->op.link, 0xa5, sizeof(op->op.link)); /* the backend's */
	op->start = op->op.start;
	op->end = op->op.end;
	script->ops[op->name - 'a'] = op;
	op->by_hand = true;
	script->calling = true;
	error = script->att ? att_submit(script->att, &op->op) : -ENOTCONN;
	script->calling = false;
	op->by_hand = false;
	if (script->strict)
		CHECK_INT(error, wanted ? text_error(wanted + strspn(wanted, " ")) : 0);
	if (error || bare)
		script_drop_op(op);
}

static void do_cancel(struct script *script, char name)
{
	struct script_op *op = script->ops[name - 'a'];

	if (script->strict)
		CHECK(op != NULL);
	if (!op)
		return;
	script->calling = true;
	att_cancel(script->att, &op->op);
	att_cancel(script->att, &op->op); /* once too often does nothing */
	script->calling = false;
	script_drop_op(op);
}

void script_free(struct script *script)
{
	struct att *att = script->att;

	script->att = NULL;
	script->calling = true;
	att_free(att);
	script->calling = false;
	for (size_t i = 0; i < SCRIPT_OPS; i++) {
		if (script->ops[i])
			script_drop_op(script->ops[i]);
	}
}

static void do_input(struct script *script, const char *words)
{
	const struct script_change *change = &script->change;
	uint8_t octets[2 * ATT_MTU_MAX] = { 0 }, *pdu;
	size_t len = text_bytes(words, octets, ATT_MTU_MAX + 100);

	if (script->n_input++ == change->pdu) {
		len -= (size_t)change->cut < len ? (size_t)change->cut : len;
		len += (size_t)change->add;
		if (change->at >= 0 && (size_t)change->at < len)
			octets[change->at] = change->value;
	}
	pdu = malloc(len ? len : 1);
	REQUIRE(pdu != NULL);
	memcpy(pdu, octets, len);
	if (script->att)
		script->wire->input(script, pdu, len);
	free(pdu);
}

static void do_when(struct script *script, const char *words)
{
	const char *colon = strchr(words, ':');

	REQUIRE(colon && script->n_whens < SCRIPT_WHENS);
	snprintf(script->whens[script->n_whens].event,
		 sizeof(script->whens[0].event), "%.*s", (int)(colon - words), words);
	snprintf(script->whens[script->n_whens].step,
		 sizeof(script->whens[0].step), "%s", colon + 1 + strspn(colon + 1, " "));
	script->n_whens++;
}

static void do_close(struct script *script, const char *words)
{
	char word[16] = "";
	unsigned int reason = 0;

	CHECK_INT(sscanf(words, "%15s %x", word, &reason), 2);
	script->wire->close(script, text_error(word), (uint8_t)reason);
}

static void do_is(struct script *script, const char *words)
{
	unsigned int n;

	if (!script->strict || !script->att)
		return;
	if (sscanf(words, "mtu %u", &n) == 1)
		CHECK_INT(script->att->mtu, n);
	else if (sscanf(words, "requests %u", &n) == 1)
		CHECK_INT(script->att->requests, n);
	else if (strcmp(words, "idle") == 0)
		CHECK(!script->wire->idle || script->wire->idle(script));
	else if (strcmp(words, "busy") == 0)
		CHECK(!script->wire->idle || !script->wire->idle(script));
	else
		FAIL("something known");
}

static void do_block(struct script *script, const char *words)
{
	script->wire->obstruct(script, -EAGAIN, atoi(words), false);
}

static void do_flush(struct script *script, const char *words)
{
	if (words[0] == '-')
		script->wire->obstruct(script, text_error(words), 0, true);
	else
		script->wire->obstruct(script, -EAGAIN, words[0] ? atoi(words) : -1, true);
}

static void do_break(struct script *script, const char *words)
{
	script->wire->obstruct(script, text_error(words), 0, false);
}

static void do_server(struct script *script, const char *words)
{
	(void)words;
	if (!script->att)
		return;
	script->server.answer = script_on_asked;
	script->att->server = &script->server;
}

static void do_answer(struct script *script, const char *words)
{
	script->answer_len = text_bytes(words, script->answer, ATT_MTU_MAX);
}

static void do_wait(struct script *script, const char *words)
{
	script->wire->wait(script, (unsigned int)atoi(words));
}

static void do_cancel_words(struct script *script, const char *words)
{
	do_cancel(script, words[0]);
}

static void do_free_words(struct script *script, const char *words)
{
	(void)words;
	if (script->att)
		script_free(script);
}

static const struct script_step steps[] = {
	{ "<", do_input, false, false },
	{ ">", NULL, false, true },
	{ "!", NULL, false, true },
	{ "submit", do_submit, false, false },
	{ "cancel", do_cancel_words, false, false },
	{ "free", do_free_words, false, false },
	{ "wait", do_wait, false, false },
	{ "close", do_close, true, false },
	{ "server", do_server, false, false },
	{ "answer", do_answer, false, false },
	{ "when", do_when, false, false },
	{ "is", do_is, false, true },
	{ "block", do_block, true, false },
	{ "flush", do_flush, true, false },
	{ "break", do_break, true, false },
};

const struct script_step *script_find_step(const char *line)
{
	size_t len = strcspn(line, " ");

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (strlen(steps[i].word) == len &&
		    strncmp(steps[i].word, line, len) == 0)
			return &steps[i];
	}
	return NULL;
}

bool script_step(struct script *script, const char *line)
{
	const struct script_step *step = script_find_step(line);

	if (!step)
		return false;
	if (step->run) {
		const char *words = line + strlen(step->word);

		step->run(script, words + strspn(words, " "));
	} else if (script->strict) {
		script_expect(script, line);
	}
	return true;
}
