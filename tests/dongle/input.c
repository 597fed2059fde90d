/* SPDX-License-Identifier: MIT */
/*
 * From the host: parses octets into commands and has them executed. A malformed or
 * unfinished command is discarded with all octets behind it until the host sends
 * nothing for 1 s. Then the event protocol_error is sent. Its reasons are guessed,
 * except 0x0184.
 */
#include <string.h>

#include "base/bytes.h"
#include "tests/dongle/inside.h"

enum { SILENCE_MS = 1000, LATE_MS = 4 };

static const struct dongle_command *const commands[] = {
	fw_system_commands,    fw_store_commands,    fw_connection_commands,
	fw_attclient_commands, fw_sm_commands,	     fw_gap_commands,
	fw_scan_commands,      fw_hardware_commands,
};

static void trace(struct dongle *dongle, const uint8_t *octets, size_t len)
{
	if (dongle->config.trace && len)
		dongle->config.trace(dongle->config.trace_user, true, bytes(octets, len));
}

/* -- Executing ------------------------------------------------------------- */

static const struct dongle_command *find(int id)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		for (const struct dongle_command *c = commands[i]; c->run; c++) {
			if (c->id == id)
				return c;
		}
	}
	return NULL;
}

static int response_to(int command)
{
	return (command & ~(0xff << 16)) | BGAPI_RESPONSE << 16 |
	       (command & BGAPI_OLD_LAYOUT);
}

/* Sets a parameter of any message: the first of this type, and of this name if name is
 * not NULL. */
static void put_param(const struct bgapi_message *message, uint8_t *params,
		      const char *name, enum bgapi_type type, uint16_t value)
{
	for (struct bgapi_param p = bgapi_first(message); p.type != BGAPI_END; bgapi_next(&p)) {
		if (p.type != type || (name && strcmp(bgapi_param_name(message, &p), name) != 0))
			continue;
		if (type == BGAPI_U8)
			params[p.offset] = (uint8_t)value;
		else
			memcpy(params + p.offset, &value, sizeof(value));
		return;
	}
}

void fw_answer(struct dongle *dongle, uint16_t result)
{
	fw_answer_link(dongle, 0, result);
}

void fw_answer_link(struct dongle *dongle, uint8_t connection, uint16_t result)
{
	const struct bgapi_message *message = bgapi_message(response_to(dongle->command));
	_Alignas(max_align_t) uint8_t params[128] = { 0 };

	if (!message)
		return;
	put_param(message, params, "connection", BGAPI_U8, connection);
	put_param(message, params, NULL, BGAPI_RESULT, result);
	fw_send(dongle, (int)message->id, params);
}

/* Applies a rule to the command. True: it is not executed now. */
static bool apply_rule(struct dongle *dongle, const struct rule *rule)
{
	const struct bgapi_frame *frame = &dongle->frame;

	switch (rule->action) {
	case DO_SILENCE:
		return true;
	case DO_UNPLUG:
		fw_die(dongle, (unsigned int)rule->number);
		return true;
	case DO_RESULT:
		fw_answer_link(dongle, frame->payload.len ? frame->payload.data[0] : 0,
			       (uint16_t)rule->number);
		return true;
	case DO_DELAY:
		dongle->waiting = true;
		loop_timer_in(dongle->loop, &dongle->late, (unsigned int)rule->number);
		return true;
	default:
		dongle->rule = rule; /* the command's function applies it */
		return false;
	}
}

static void refuse(struct dongle *dongle, uint16_t why)
{
	dongle->bad = why;
}

static void execute(struct dongle *dongle)
{
	const struct bgapi_message *message = dongle->frame.message;
	const struct dongle_command *command = find((int)message->id);
	_Alignas(max_align_t) uint8_t params[128];
	const struct rule *rule;

	dongle->command = (int)message->id;
	dongle->rule = NULL;
	if (!dongle->was_late) {
		trace(dongle, dongle->octet, dongle->octet_len);
		rule = fw_script_match(dongle, dongle->command);
		if (rule && apply_rule(dongle, rule))
			return;
		if (!rule && dongle->config.seed &&
		    sim_random(&dongle->random) % 3 == 0) {
			dongle->waiting = true;
			loop_timer_in(dongle->loop, &dongle->late,
				      sim_random(&dongle->random) % LATE_MS);
			return;
		}
	}
	dongle->was_late = false;
	if (!command || sizeof(params) < message->size) {
		refuse(dongle, INVALID_COMMAND);
		return;
	}
	if (!bgapi_read_any(message->id, &dongle->frame, params))
		command->run(dongle, params);
	dongle->rule = NULL;
}

static void late_fire(struct loop_timer *timer)
{
	struct dongle *dongle = container_of(timer, struct dongle, late);

	dongle->waiting = false;
	dongle->was_late = true;
	execute(dongle);
	dongle->octet_len = 0;
	loop_defer(dongle->loop, &dongle->work);
}

/* -- Parsing --------------------------------------------------------------- */

/* How many more octets the command needs; 0: it is complete. */
static size_t wanted(struct dongle *dongle)
{
	const uint8_t *p = dongle->octet;
	size_t len;

	if (dongle->octet_len && p[0] & ~7) /* an event, or another technology */
		refuse(dongle, INVALID_COMMAND);
	if (dongle->octet_len < BGAPI_HEADER)
		return BGAPI_HEADER - dongle->octet_len;
	len = (size_t)(p[0] & 7) << 8 | p[1];
	if (len > BGAPI_PAYLOAD_MAX) {
		refuse(dongle, TOO_LONG);
		return 1;
	}
	return BGAPI_HEADER + len - dongle->octet_len;
}

static void whole(struct dongle *dongle)
{
	const uint8_t *p = dongle->octet;
	size_t len = dongle->octet_len - BGAPI_HEADER;
	struct bgapi_frame *frame = &dongle->frame;

	frame->payload = bytes(p + BGAPI_HEADER, len);
	if (bgapi_identify(BGAPI_COMMAND, p[2], p[3], p + BGAPI_HEADER, len, len,
			   &frame->message) == BGAPI_FITS)
		execute(dongle);
	else if (bgapi_message(BGAPI_ID(BGAPI_COMMAND, p[2], p[3])))
		refuse(dongle, INVALID_PARAM);
	else
		refuse(dongle, INVALID_COMMAND);
}

/* Takes octets from the inbox. False: nothing more can be taken now. */
static bool take(struct dongle *dongle)
{
	size_t more = dongle->bad ? dongle->inbox_len : wanted(dongle);

	if (dongle->waiting || dongle->dying || !dongle->there || !dongle->inbox_len)
		return false;
	if (dongle->bad) {
		trace(dongle, dongle->octet, dongle->octet_len);
		trace(dongle, dongle->inbox, dongle->inbox_len);
		dongle->octet_len = dongle->inbox_len = 0;
		return false;
	}
	if (more > dongle->inbox_len)
		more = dongle->inbox_len;
	if (dongle->octet_len < BGAPI_HEADER && more > 1)
		more = 1; /* the first octet may already be wrong */
	memcpy(dongle->octet + dongle->octet_len, dongle->inbox, more);
	dongle->octet_len += more;
	dongle->inbox_len -= more;
	memmove(dongle->inbox, dongle->inbox + more, dongle->inbox_len);
	if (!wanted(dongle) && !dongle->bad) {
		whole(dongle);
		if (!dongle->waiting && !dongle->bad)
			dongle->octet_len = 0;
	}
	return true;
}

static void work(struct loop_task *task)
{
	struct dongle *dongle = container_of(task, struct dongle, work);

	while (take(dongle))
		;
}

static void silence_fire(struct loop_timer *timer)
{
	struct dongle *dongle = container_of(timer, struct dongle, silence);
	uint16_t why = dongle->bad;

	if (dongle->waiting) { /* the command is complete, only delayed */
		loop_timer_in(dongle->loop, timer, SILENCE_MS);
		return;
	}
	if (!why && dongle->octet_len)
		why = TIMED_OUT;
	trace(dongle, dongle->octet, dongle->octet_len);
	dongle->bad = 0;
	dongle->octet_len = 0;
	if (why)
		SEND(dongle, evt_system_protocol_error, .reason = why);
}

void dongle_input(struct dongle *dongle, struct ble_bytes octets)
{
	size_t room = sizeof(dongle->inbox) - dongle->inbox_len;

	if (!dongle->there || dongle->dying || !octets.len)
		return;
	if (octets.len > room) {
		octets.len = room;
		refuse(dongle, FLOW);
	}
	memcpy(dongle->inbox + dongle->inbox_len, octets.data, octets.len);
	dongle->inbox_len += octets.len;
	loop_timer_in(dongle->loop, &dongle->silence, SILENCE_MS);
	loop_defer(dongle->loop, &dongle->work);
}

void fw_input_init(struct dongle *dongle)
{
	dongle->work.run = work;
	dongle->silence.fire = silence_fire;
	dongle->late.fire = late_fire;
}

void fw_input_reset(struct dongle *dongle)
{
	loop_undefer(&dongle->work);
	loop_timer_stop(&dongle->silence);
	loop_timer_stop(&dongle->late);
	dongle->inbox_len = dongle->octet_len = 0;
	dongle->bad = 0;
	dongle->waiting = dongle->was_late = false;
}
