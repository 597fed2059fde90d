/* SPDX-License-Identifier: MIT */
/* Parses the script of faults and finds the rule for a message. See dongle.h. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "tests/dongle/inside.h"

enum argument { NONE, NUMBER, MAYBE_NUMBER, HEX, MAYBE_NUMBER_HEX };

static const struct action {
	const char *name;
	enum rule_action action;
	bool command; /* for commands; otherwise for responses and events */
	enum argument argument;
	unsigned long number; /* the default */
} actions[] = {
	{ "silence", DO_SILENCE, true, NONE, 0 },
	{ "result", DO_RESULT, true, NUMBER, 0 },
	{ "hang", DO_HANG, true, NONE, 0 },
	{ "fail", DO_FAIL, true, MAYBE_NUMBER, 60 },
	{ "delay", DO_DELAY, true, NUMBER, 0 },
	{ "unplug", DO_UNPLUG, true, MAYBE_NUMBER, DONGLE_FOR_EVER },
	{ "lose", DO_LOSE, false, NONE, 0 },
	{ "twice", DO_TWICE, false, NONE, 0 },
	{ "delay", DO_DELAY, false, NUMBER, 0 },
	{ "half", DO_HALF, false, MAYBE_NUMBER, 0 },
	{ "before", DO_BEFORE, false, HEX, 0 },
	{ "after", DO_AFTER, false, HEX, 0 },
	{ "inside", DO_INSIDE, false, MAYBE_NUMBER_HEX, 0 },
	{ "wrong", DO_WRONG, false, NONE, 0 },
	{ "unplug", DO_UNPLUG, false, MAYBE_NUMBER, DONGLE_FOR_EVER },
};

/* -- Matching -------------------------------------------------------------- */

const struct rule *fw_script_match(struct dongle *dongle, int id)
{
	const struct rule *match = NULL;

	id &= ~BGAPI_OLD_LAYOUT;
	list_for_each(l, &dongle->rules) {
		struct rule *rule = list_entry(l, struct rule, link);

		if ((int)rule->kind != id >> 16 || (rule->id && rule->id != id))
			continue;
		rule->count++;
		if (!match && rule->count >= rule->from && rule->count <= rule->to)
			match = rule;
	}
	return match;
}

void dongle_script_clear(struct dongle *dongle)
{
	struct list *l;

	dongle->rule = NULL;
	while ((l = list_pop(&dongle->rules)))
		free(list_entry(l, struct rule, link));
}

/* -- Reading --------------------------------------------------------------- */

/* The next word before end. Its length is 0 if there is none. */
static struct ble_bytes word(const char **at, const char *end)
{
	const char *start;

	while (*at < end && isspace((unsigned char)**at))
		++*at;
	start = *at;
	while (*at < end && !isspace((unsigned char)**at))
		++*at;
	return (struct ble_bytes){ (const uint8_t *)start, (size_t)(*at - start) };
}

static bool is(struct ble_bytes w, const char *text)
{
	return w.len == strlen(text) && memcmp(w.data, text, w.len) == 0;
}

static bool read_number(struct ble_bytes w, unsigned long *ret_number)
{
	char text[24], *end;
	unsigned long number;

	if (!w.len || w.len >= sizeof(text) || !isdigit(w.data[0]))
		return false;
	memcpy(text, w.data, w.len);
	text[w.len] = 0;
	number = strtoul(text, &end, strncmp(text, "0x", 2) ? 10 : 16);
	if (*end || number > INT32_MAX)
		return false;
	*ret_number = number;
	return true;
}

static bool read_kind(struct ble_bytes w, struct rule *rule)
{
	rule->kind = is(w, "cmd")   ? BGAPI_COMMAND
		     : is(w, "rsp") ? BGAPI_RESPONSE
				    : BGAPI_EVENT;
	return rule->kind != BGAPI_EVENT || is(w, "evt");
}

static bool read_name(struct ble_bytes w, struct rule *rule)
{
	if (is(w, "*"))
		return true;
	for (int class = 0; class < BGAPI_CLASSES; class++) {
		for (int number = 0; number < 256; number++) {
			int id = BGAPI_ID((int)rule->kind, class, number);
			const struct bgapi_message *message = bgapi_message(id);

			if (message && is(w, bgapi_name(message) + strlen("cmd "))) {
				rule->id = id;
				return true;
			}
		}
	}
	return false;
}

/* Parses 3, 3-5 or 3-. */
static bool read_which(struct ble_bytes w, struct rule *rule)
{
	const uint8_t *dash = w.len ? memchr(w.data, '-', w.len) : NULL;
	size_t first = dash ? (size_t)(dash - w.data) : w.len;
	struct ble_bytes rest = { w.data + first + 1, dash ? w.len - first - 1 : 0 };

	if (!read_number((struct ble_bytes){ w.data, first }, &rule->from) || !rule->from)
		return false;
	rule->to = dash ? ULONG_MAX : rule->from;
	return !rest.len || (read_number(rest, &rule->to) && rule->to >= rule->from);
}

static bool read_hex(struct ble_bytes w, struct rule *rule)
{
	if (!w.len || w.len % 2)
		return false;
	for (size_t i = 0; i < w.len; i += 2) {
		char digits[3] = { (char)w.data[i], (char)w.data[i + 1], 0 };

		if (!isxdigit(w.data[i]) || !isxdigit(w.data[i + 1]) ||
		    rule->noise_len == sizeof(rule->noise))
			return false;
		rule->noise[rule->noise_len++] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return true;
}

static const struct action *find_action(struct ble_bytes w, const struct rule *rule)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (is(w, actions[i].name) &&
		    actions[i].command == (rule->kind == BGAPI_COMMAND))
			return &actions[i];
	}
	return NULL;
}

static bool read_argument(const struct action *action, const char *at, const char *end,
			  struct rule *rule)
{
	struct ble_bytes w = word(&at, end);
	const char *rest = at;

	rule->number = action->number;
	if (action->argument == NONE)
		return !w.len;
	if (action->argument == HEX || action->argument == MAYBE_NUMBER_HEX) {
		/* "inside 6 ff": it is a number if it is not two digits and octets follow. */
		if (action->argument == MAYBE_NUMBER_HEX && w.len != 2 &&
		    word(&rest, end).len && read_number(w, &rule->number)) {
			rule->has_number = true;
			w = word(&at, end);
		}
		for (; w.len; w = word(&at, end)) {
			if (!read_hex(w, rule))
				return false;
		}
		return rule->noise_len > 0;
	}
	if (!w.len)
		return action->argument == MAYBE_NUMBER;
	rule->has_number = true;
	return read_number(w, &rule->number) && !word(&at, end).len;
}

static bool read_rule(const char *at, const char *end, struct rule *rule)
{
	const struct action *action;
	struct ble_bytes w;

	rule->from = 1;
	rule->to = ULONG_MAX;
	if (!read_kind(word(&at, end), rule) || !read_name(word(&at, end), rule))
		return false;
	w = word(&at, end);
	if (w.len && isdigit(w.data[0])) {
		if (!read_which(w, rule))
			return false;
		w = word(&at, end);
	}
	action = find_action(w, rule);
	if (!action)
		return false;
	rule->action = action->action;
	return read_argument(action, at, end, rule);
}

static int add_rules(struct list *rules, const char *text, const char **ret_bad)
{
	while (*text) {
		const char *end = text + strcspn(text, ";\n"), *at = text;
		struct ble_bytes first = word(&at, end);
		struct rule *rule;

		if (first.len && first.data[0] == '#') {
			end = text + strcspn(text, "\n");
		} else if (first.len) {
			rule = calloc(1, sizeof(*rule));
			if (!rule)
				return -ENOMEM;
			list_append(rules, &rule->link);
			if (!read_rule(text, end, rule)) {
				*ret_bad = (const char *)first.data;
				return -EINVAL;
			}
		}
		text = *end ? end + 1 : end;
	}
	return 0;
}

int dongle_script(struct dongle *dongle, const char *text, const char **ret_bad)
{
	const char *bad = NULL;
	struct list rules, *l;
	int error;

	list_init(&rules);
	error = add_rules(&rules, text, &bad);
	if (!error) {
		list_splice(&dongle->rules, &rules);
		return 0;
	}
	while ((l = list_pop(&rules)))
		free(list_entry(l, struct rule, link));
	if (ret_bad)
		*ret_bad = bad;
	return error;
}
