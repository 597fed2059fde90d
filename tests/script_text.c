/* SPDX-License-Identifier: MIT */
/* The words of scripts: octets, errors, verbs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/harness.h"
#include "tests/script.h"

static int digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) : -1;
}

/* "0a 0b00*3": pairs of digits, "*N" repeats the pair before it. */
size_t text_bytes(const char *text, uint8_t *bytes, size_t max)
{
	size_t n = 0;

	while (*text && *text != '#') {
		if (*text == ' ' || *text == '\t' || *text == '-') {
			text++;
		} else if (*text == '*' && n) {
			char *end;
			unsigned long times = strtoul(text + 1, &end, 10);

			for (; times > 1 && n < max; times--, n++)
				bytes[n] = bytes[n - 1];
			text = end;
		} else {
			int high = digit(text[0]), low = high < 0 ? -1 : digit(text[1]);

			if (low < 0 || n == max) {
				FAIL("octets");
				return n;
			}
			bytes[n++] = (uint8_t)(high << 4 | low);
			text += 2;
		}
	}
	return n;
}

void text_hex(char *text, struct ble_bytes bytes)
{
	*text = '\0';
	for (size_t i = 0; i < bytes.len; i++)
		text += sprintf(text, "%02x", bytes.data[i]);
}

/* Writes out repetitions, drops the remark, and all spaces or the double ones. */
void text_expand(const char *line, bool spaces, char *ret_line)
{
	char *out = ret_line;

	for (; *line && *line != '#'; line++) {
		if (*line == ' ' || *line == '\t') {
			if (spaces && out > ret_line && out[-1] != ' ')
				*out++ = ' ';
		} else if (*line == '*' && out - ret_line >= 2) {
			char *end;
			unsigned long times = strtoul(line + 1, &end, 10);

			for (; times > 1; times--, out += 2)
				memcpy(out, out - 2, 2);
			line = end - 1;
		} else {
			*out++ = *line;
		}
	}
	while (out > ret_line && out[-1] == ' ')
		out--;
	*out = '\0';
}

static const struct {
	const char *word;
	int error;
} errors[] = {
	{ "-EAGAIN", -EAGAIN },	      { "-EALREADY", -EALREADY },
	{ "-EBADMSG", -EBADMSG },     { "-ECONNRESET", -ECONNRESET },
	{ "-EINVAL", -EINVAL },	      { "-EIO", -EIO },
	{ "-EOPNOTSUPP", -EOPNOTSUPP },
	{ "-EMSGSIZE", -EMSGSIZE },   { "-ENODEV", -ENODEV },
	{ "-ENOENT", -ENOENT },
	{ "-ENOTCONN", -ENOTCONN },   { "-EPIPE", -EPIPE },
	{ "-ETIMEDOUT", -ETIMEDOUT }, { "-ECANCELED", -ECANCELED },
};

enum { N_ERRORS = sizeof(errors) / sizeof(errors[0]) };

int text_error(const char *word)
{
	for (size_t i = 0; i < N_ERRORS; i++) {
		if (strcmp(errors[i].word, word) == 0)
			return errors[i].error;
	}
	/* "0x0a" is an ATT error code. */
	return strncmp(word, "0x", 2) == 0 ? BLE_ERROR_ATT((int)strtol(word, NULL, 16)) :
					     (int)strtol(word, NULL, 10);
}

const char *error_word(int error, char word[16])
{
	for (size_t i = 0; i < N_ERRORS; i++) {
		if (errors[i].error == error)
			return errors[i].word;
	}
	if (ble_error_att(error))
		snprintf(word, 16, "0x%02x", (unsigned int)ble_error_att(error));
	else
		snprintf(word, 16, "%d", error);
	return word;
}

/* h handle, r range, u UUID, v value, n decimal start, o decimal offset */
static const struct {
	const char *word;
	enum att_verb verb;
	const char *form;
} verbs[] = {
	{ "mtu", ATT_EXCHANGE_MTU, "n" },
	{ "find-info", ATT_FIND_INFORMATION, "r" },
	{ "find-type", ATT_FIND_BY_TYPE_VALUE, "ruv" },
	{ "read-type", ATT_READ_BY_TYPE, "ru" },
	{ "read-group", ATT_READ_BY_GROUP_TYPE, "ru" },
	{ "read", ATT_READ, "h" },
	{ "read-long", ATT_READ_LONG, "h" },
	{ "read-multi", ATT_READ_MULTIPLE, "v" },
	{ "read-var", ATT_READ_MULTIPLE_VARIABLE, "v" },
	{ "write", ATT_WRITE, "hv" },
	{ "command", ATT_WRITE_COMMAND, "hv" },
	{ "command-bare", ATT_WRITE_COMMAND, "hv" }, /* without done */
	{ "prepare", ATT_PREPARE_WRITE, "hov" },
	{ "execute", ATT_EXECUTE_WRITE, "n" },
	{ "nonsense", ATT_VERBS, "" },
};

static void text_value(const char *word, struct att_op *op, uint8_t **ret_value)
{
	uint8_t octets[1000];
	size_t len = text_bytes(word, octets, sizeof(octets));

	*ret_value = malloc(len ? len : 1);
	REQUIRE(*ret_value != NULL);
	memcpy(*ret_value, octets, len);
	op->value = (struct ble_bytes){ *ret_value, len };
}

static void text_argument(char form, const char *word, struct att_op *op,
			  uint8_t **ret_value)
{
	unsigned int start = 0, end = 0;

	switch (form) {
	case 'h':
		op->start = op->end = (uint16_t)strtoul(word, NULL, 16);
		break;
	case 'r':
		CHECK_INT(sscanf(word, "%x-%x", &start, &end), 2);
		op->start = (uint16_t)start;
		op->end = (uint16_t)end;
		break;
	case 'u':
		CHECK_INT(ble_uuid_parse(word, &op->type), 0);
		break;
	case 'v':
		text_value(word, op, ret_value);
		break;
	case 'n':
		op->start = (uint16_t)strtoul(word, NULL, 10);
		break;
	case 'o':
		op->offset = (uint16_t)strtoul(word, NULL, 10);
		break;
	}
}

bool text_op(char *words, struct att_op *op, uint8_t **ret_value, bool *ret_bare)
{
	char *rest, *word = strtok_r(words, " \t", &rest);

	for (size_t i = 0; word && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].word, word) != 0)
			continue;
		op->verb = verbs[i].verb;
		*ret_bare = strcmp(word, "command-bare") == 0;
		for (const char *form = verbs[i].form; *form; form++) {
			word = strtok_r(NULL, " \t", &rest);
			if (!word)
				return false;
			text_argument(*form, word, op, ret_value);
		}
		return true;
	}
	return false;
}
