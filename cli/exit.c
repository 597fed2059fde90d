/* SPDX-License-Identifier: MIT */
/* The table of exit statuses, and the error messages: one line that says what
 * happened and what to do. */
#include "cli/cli.h"
#include "cli/json.h"

#include <stdarg.h>
#include <string.h>

const struct exit_status exit_table[] = {
	{ STATUS_OK, "ok", "success" },
	{ STATUS_FAILURE, "failure",
	  "any other failure: out of memory, output that cannot be written" },
	{ STATUS_USAGE, "usage",
	  "wrong usage: an invalid command, option or value; nothing was done" },
	{ STATUS_ADAPTER, "adapter",
	  "no such adapter, or it cannot be used: no permission, switched off, a faulty simulator file" },
	{ STATUS_NOT_FOUND, "not-found",
	  "the peripheral was not found in time, or it has no such characteristic, or several" },
	{ STATUS_LINK, "connection", "the connection failed or was lost" },
	{ STATUS_ATT, "att", "the peripheral refused: an ATT error" },
	{ STATUS_TIME, "time", "the time ran out: -t before the values came, or --timeout before an answer did" },
};

const size_t exit_table_len = COUNT_OF(exit_table);

/* The status of an error: the first row that matches. error 0 matches every
 * -errno. */
static const struct {
	unsigned int steps; /* 1 << enum step, or'ed */
	int error, status;
} error_table[] = {
	{ ~0u, -ENOMEM, STATUS_FAILURE },
	{ ~0u, -EMFILE, STATUS_FAILURE },
	{ 1 << STEP_ADAPTER | 1 << STEP_SCAN, 0, STATUS_ADAPTER },
	{ ~0u, -ENODEV, STATUS_ADAPTER },
	{ ~0u, -EPERM, STATUS_ADAPTER },
	{ ~0u, -ENETDOWN, STATUS_ADAPTER },
	{ ~0u, -EAFNOSUPPORT, STATUS_ADAPTER },
	{ ~0u, -EPROTONOSUPPORT, STATUS_ADAPTER },
#ifdef ERFKILL
	{ ~0u, -ERFKILL, STATUS_ADAPTER },
#endif
	{ 1 << STEP_CONNECT, -ETIMEDOUT, STATUS_NOT_FOUND },
	{ ~0u, -ENOENT, STATUS_NOT_FOUND },
	{ ~0u, -ENOTUNIQ, STATUS_NOT_FOUND },
	{ 1 << STEP_PEER, -EOPNOTSUPP, STATUS_NOT_FOUND },
	{ 1 << STEP_PEER, -EMSGSIZE, STATUS_USAGE },
	{ ~0u, 0, STATUS_LINK },
};

/* What to do about an ATT error. */
static const struct {
	uint8_t code;
	const char *hint;
} att_hints[] = {
	{ 0x01, "blewire info lists the handles" },
	{ 0x02, "blewire info shows what can be read" },
	{ 0x03, "blewire info shows what can be written" },
	{ 0x05, "pair with the peripheral first" },
	{ 0x06, "the peripheral has no other way" },
	{ 0x0c, "pair with the peripheral again" },
	{ 0x0d, "its specification tells the length" },
	{ 0x0f, "pair with the peripheral first" },
	{ 0x11, "try again later" },
	{ 0x13, "its specification tells the values" },
};

/* Removes "blewire " at the start of a hint in the shell. */
static const char *adapt_hint(const struct cli *cli, const char *hint)
{
	static const char name[] = "blewire ";
	size_t len = sizeof(name) - 1;

	return cli->shell && strncmp(hint, name, len) == 0 ? hint + len : hint;
}

const char *command_prefix(const struct cli *cli)
{
	return cli->shell ? "" : "blewire ";
}

const char *info_hint(const struct cli *cli, char text[INFO_HINT])
{
	snprintf(text, INFO_HINT, "%sinfo%s%s", command_prefix(cli), cli->shell ? "" : " ",
		 cli->shell ? "" : cli->peer.name);
	return text;
}

/* " (ATT error 0x02): what to do" */
static void att_hint(const struct cli *cli, int error, char *text, size_t size)
{
	const char *hint = "its specification tells more";

	for (size_t i = 0; i < COUNT_OF(att_hints); i++)
		if (att_hints[i].code == ble_error_att(error))
			hint = adapt_hint(cli, att_hints[i].hint);
	snprintf(text, size, " (ATT error 0x%02x): %s", (unsigned int)ble_error_att(error), hint);
}

static int status_of(enum step step, int error)
{
	if (ble_error_att(error))
		return STATUS_ATT;
	for (size_t i = 0; i < COUNT_OF(error_table); i++)
		if ((error_table[i].steps & 1u << step) &&
		    (error_table[i].error == error || !error_table[i].error))
			return error_table[i].status;
	return STATUS_FAILURE;
}

static const char *word_of(int status)
{
	for (size_t i = 0; i < exit_table_len; i++)
		if (exit_table[i].status == status)
			return exit_table[i].word;
	return "failure";
}

/* The hint after ble_strerror(), by status. */
static const char *hint_of(const struct cli *cli, int status)
{
	switch (status) {
	case STATUS_USAGE:
		return cli->shell ? "see help" : "see blewire --help";
	case STATUS_ADAPTER:
		return adapt_hint(cli, "blewire adapters shows what there is");
	case STATUS_NOT_FOUND:
		return cli->shell ? "scan shows what is near, info what it has" :
			"blewire scan shows what is near, blewire info what it has";
	case STATUS_LINK:
		return "try again, nearer to it";
	default:
		return "try again";
	}
}

static void print_line(const char *sentence)
{
	char line[2048];

	text_escape(line, sizeof(line), text_bytes(sentence));
	output_hide_prompt();
	fflush(stdout);
	fprintf(stderr, "blewire: %s\n", line);
}

static int fail_line(struct cli *cli, int status, int error, const char *sentence)
{
	print_line(sentence);
	if (cli->json) {
		struct json_object *object = js_new("error");

		js_number(object, "status", status);
		js_text(object, "reason", word_of(status));
		js_bytes(object, "message", text_bytes(sentence));
		if (ble_error_att(error))
			js_number(object, "att", ble_error_att(error));
		else
			js_null(object, "att");
		js_print(object);
	}
	return status;
}

int fail(struct cli *cli, int status, const char *format, ...)
{
	char sentence[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(sentence, sizeof(sentence), format, ap);
	va_end(ap);
	return fail_line(cli, status, 0, sentence);
}

int fail_error(struct cli *cli, enum step step, int error, const char *format,
	       ...)
{
	const char *known = ble_error_text(cli->loop, error);
	int status = status_of(step, error);
	char sentence[1024], hint[80];
	size_t len = 0;
	va_list ap;

	cli->adapter_removed = cli->adapter_removed || (cli->adapter && error == -ENODEV);
	if (signals_caught())
		return STATUS_SIGNAL + signals_caught();
	if (output_error())
		return STATUS_FAILURE; /* main() reports it */
	/* The library's sentence, if it has one, describes this failure and names the
	 * address or adapter. ble_strerror() alone does not. */
	if (strcmp(known, ble_strerror(error)) != 0)
		return fail_line(cli, status, error, known);
	if (ble_error_att(error))
		att_hint(cli, error, hint, sizeof(hint));
	else
		snprintf(hint, sizeof(hint), ": %s", hint_of(cli, status));
	va_start(ap, format);
	vsnprintf(sentence, sizeof(sentence), format, ap);
	va_end(ap);
	len = strlen(sentence);
	snprintf(sentence + len, sizeof(sentence) - len, ": %s%s", known, hint);
	return fail_line(cli, status, error, sentence);
}

static void print_message_list(const char *format, va_list ap)
{
	char sentence[1024];

	vsnprintf(sentence, sizeof(sentence), format, ap);
	print_line(sentence);
}

void print_message(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	print_message_list(format, ap);
	va_end(ap);
}

void print_verbose(const struct cli *cli, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	if (cli->verbose)
		print_message_list(format, ap);
	va_end(ap);
}
