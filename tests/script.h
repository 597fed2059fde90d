/* SPDX-License-Identifier: MIT */
/*
 * A script for a peer and for the client side: one step a line; "#" starts a
 * comment.
 *
 *	submit a read-group 0001-ffff 2800	the client's op
 *	> 10 0100 ffff 0028			a PDU that must be sent
 *	< 11 06 0100 0400 0118			a PDU of the peer
 *	! record a 0001-0004 0118		a callback that must come
 *	! done a 0
 *
 * Actions:
 *	submit NAME VERB ARGUMENTS [= ERROR]	NAME is one letter; see verbs[]
 *	cancel NAME	free		wait MS		close ERROR REASON
 *	server		answer HEX	(the response to the peer's next request)
 *	when EVENT: STEP	does STEP once, in that callback: "when done a: free"
 * and on the bare engine only
 *	block [N]	sends fail with -EAGAIN, after N that succeed
 *	flush [N]	there is room again, for N sends or without limit
 *	flush ERROR	the engine is told ERROR, and every send fails
 *	break ERROR	every send fails
 * Checks: > and ! take the next event from the log. Before an action the log must
 * be empty.
 *	is mtu N	is requests N	is idle
 * HEX may contain repetitions: 00*20. An empty value is "-".
 *
 * The memory of an op is freed when it is done or cancelled or its link is gone, and
 * each PDU is in a block of its own, so that the sanitizers find every access beyond
 * these.
 */
#ifndef TESTS_SCRIPT_H
#define TESTS_SCRIPT_H

#include "att/att.h"

struct script;

/* What carries the PDUs. */
struct script_wire {
	const char *name;
	/* The order between sends and callbacks is compared, too, and block, flush
	 * and break work. */
	bool bare;
	bool messages; /* a dongle's, not PDUs */
	/* Makes the link, and what it needs at script->link. */
	int (*open)(struct script *script);
	void (*input)(struct script *script, const uint8_t *pdu, size_t len);
	/* Runs everything that is due. */
	void (*settle)(struct script *script);
	void (*wait)(struct script *script, unsigned int ms);
	void (*close)(struct script *script, int error, uint8_t reason);
	/* bare: sends return error after left of them (-1: no limit); flush:
	 * tell the engine. NULL otherwise. */
	void (*obstruct)(struct script *script, int error, int left, bool flush);
	bool (*idle)(struct script *script);
	/* After att_free(), or instead of it. */
	void (*end)(struct script *script);
};

extern const struct script_wire bare_wire;

enum { SCRIPT_OPS = 26, SCRIPT_WHENS = 8, SCRIPT_LOG = 1 << 16, SCRIPT_LINE = 3000 };

struct script_op {
	struct att_op op;
	struct script *script;
	char name;
	bool by_hand;             /* in the step that submits it */
	uint16_t start, end, last; /* the bounds of its records */
	uint8_t *value;
};

struct script_change { /* a mutation: a change of one of the peer's PDUs */
	int pdu;       /* its number, from 0; -1: none is changed */
	int cut, add;  /* octets removed and added at its end */
	int at;        /* the octet that becomes value; -1: none */
	uint8_t value;
};

struct script {
	const struct script_wire *wire;
	const char *name;
	struct att *att; /* NULL once freed */
	void *link;      /* the wire's */
	bool strict;     /* events are compared; otherwise only the contracts are checked */
	bool dispatching;
	bool calling; /* inside submit, cancel, free: no callback is allowed */
	struct script_change change;
	int n_input;
	unsigned int closed;
	struct script_op *ops[SCRIPT_OPS];
	struct {
		char event[16];
		char step[200];
		bool used;
	} whens[SCRIPT_WHENS];
	size_t n_whens;
	struct att_server server;
	uint8_t answer[ATT_MTU_MAX];
	size_t answer_len;
	char *log; /* lines; those that were compared start with ' '. NULL if not strict */
	size_t log_len;
};

/* A case whose data is a script's text. run_script also runs its mutations: each
 * PDU of the peer shorter, longer and with octets changed; then only the contracts
 * are checked. */
#define SCRIPT(name, text) { name, run_script, text }
void run_script(void);
extern const struct script_wire *script_wire; /* what it runs over: bare */

/* Runs a script once. Also for wires of other files. */
void script_play(const struct script_wire *wire, const char *name,
		 const char *text, bool strict, struct script_change change);
void script_mutations(const struct script_wire *wire, const char *name,
		  const char *text);
/* Whether the script needs the bare engine. */
bool script_needs_bare(const char *text);

/* For wires: a PDU was sent. */
void script_sent(struct script *script, struct ble_bytes head,
		 struct ble_bytes tail);
extern const struct att_events script_events; /* their user is the script */

/* From here on: shared by the script's own files. */

struct script_step {
	const char *word;
	void (*run)(struct script *script, const char *words);
	bool bare;  /* only on the bare engine */
	bool looks; /* a check, not an action */
};

const struct script_step *script_find_step(const char *line);
bool script_step(struct script *script, const char *line);
void script_expect(struct script *script, const char *step);
void script_free(struct script *script);
void script_drop_op(struct script_op *op);
void script_on_record(struct att_op *att_op, const struct att_record *record);
void script_on_done(struct att_op *att_op, int error);
size_t script_on_asked(struct att_server *server, uint16_t mtu,
		       struct ble_bytes pdu, uint8_t *response);

/* script_text.c */
size_t text_bytes(const char *text, uint8_t *bytes, size_t max);
void text_hex(char *text, struct ble_bytes bytes);
void text_expand(const char *line, bool spaces, char *ret_line);
int text_error(const char *word);
const char *error_word(int error, char word[16]);
/* Fills the op from "VERB ARGUMENTS"; its value goes to ret_value, malloc'ed. */
bool text_op(char *words, struct att_op *op, uint8_t **ret_value, bool *ret_bare);

#endif
