/* SPDX-License-Identifier: MIT */
/* Completion in the shell: commands, options, addresses that were heard, and the
 * characteristics and descriptors of the peripheral. */
#include "cli/shell.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void add(struct candidates *list, const char *prefix, const char *word)
{
	if (list->n == COUNT_OF(list->words) || strncasecmp(word, prefix, strlen(prefix)))
		return;
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->words[i], word) == 0)
			return;
	list->words[list->n] = strdup(word);
	if (list->words[list->n])
		list->n++;
}

void candidates_free(struct candidates *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->words[i]);
	list->n = 0;
}

static void add_address(struct candidates *list, const char *prefix,
			const struct ble_address *address)
{
	char text[BLE_ADDRESS_TEXT], word[BLE_ADDRESS_TEXT + 8];

	snprintf(word, sizeof(word), "%s/%s", ble_address_text(address, text),
		 ble_address_type_text(address));
	add(list, prefix, word);
}

static void add_addresses(struct cli *cli, struct candidates *list, const char *prefix)
{
	struct ble_device *device = NULL;

	while ((device = shell_scan_device(cli->shell->scan, device)) != NULL)
		add_address(list, prefix, ble_device_address(device));
}

/* The name in the form "heart_rate_measurement", which needs no quotes. False if no
 * name is unique to the UUID. */
static bool unquoted_name(const struct ble_uuid *uuid, char name[80])
{
	char known[BLE_NAME_TEXT];
	struct ble_uuid back;
	size_t at = 0;

	if (!ble_uuid_name(uuid, known) || strlen(known) > 79 || strchr(known, '/'))
		return false;
	for (; known[at]; at++)
		name[at] = known[at] == ' ' ? '_' : (char)tolower((unsigned char)known[at]);
	name[at] = '\0';
	return ble_uuid_from_name(name, &back) == 0 && ble_uuid_equal(&back, uuid);
}

/* Adds the forms of an attribute (handle, name, UUID), each after the text before. */
static void add_attribute(struct candidates *list, const char *prefix, const char *before,
			  const struct ble_uuid *uuid, uint16_t handle)
{
	const char *typed = prefix + strlen(before);
	char uuid_text[BLE_UUID_TEXT], name[80], word[300];
	bool named = unquoted_name(uuid, name);

	if (*typed == '@') {
		snprintf(word, sizeof(word), "%s@0x%04x", before, handle);
		add(list, prefix, word);
		return;
	}
	if (named) {
		snprintf(word, sizeof(word), "%s%s", before, name);
		add(list, prefix, word);
	}
	if (!named || *typed) {
		snprintf(word, sizeof(word), "%s%s", before, ble_uuid_text(uuid, uuid_text));
		add(list, prefix, word);
	}
}

static void add_descriptor(struct candidates *list, const char *prefix, const char *before,
			   const struct ble_uuid *uuid)
{
	char word[300];

	add_attribute(list, prefix, before, uuid, 0);
	if (ble_uuid_short(uuid) == 0x2901 && prefix[strlen(before)]) {
		snprintf(word, sizeof(word), "%sdescription", before);
		add(list, prefix, word);
	}
}

/* Whether text names this characteristic. */
static bool is_named(const struct ble_characteristic *c, const char *text)
{
	char uuid[BLE_UUID_TEXT], name[80];
	long long handle;

	if (*text == '@')
		return parse_number(text + 1, 1, 0xffff, &handle) == 0 && handle == c->value_handle;
	return strcasecmp(ble_uuid_text(&c->uuid, uuid), text) == 0 ||
	       (unquoted_name(&c->uuid, name) && strcasecmp(name, text) == 0);
}

static void add_attributes(struct cli *cli, struct candidates *list, const char *prefix)
{
	const struct ble_characteristic *c = NULL;
	const struct ble_services *tree;
	const char *slash = strchr(prefix, '/');
	char before[200];

	if (!cli->peer.client || !cli->peer.discovered)
		return;
	tree = ble_client_services(cli->peer.client);
	while ((c = ble_services_next_characteristic(tree, c))) {
		const struct ble_descriptor *d = NULL;

		if (!slash) {
			add_attribute(list, prefix, "", &c->uuid, c->value_handle);
			continue;
		}
		snprintf(before, sizeof(before), "%.*s", (int)(slash - prefix), prefix);
		if (!is_named(c, before))
			continue;
		snprintf(before, sizeof(before), "%.*s/", (int)(slash - prefix), prefix);
		while ((d = ble_characteristic_next_descriptor(c, d)))
			if (prefix[strlen(before)] != '@')
				add_descriptor(list, prefix, before, &d->uuid);
	}
}

static void add_options(struct candidates *list, const char *prefix,
			const struct command *command)
{
	char word[40];

	for (size_t i = 0; i < command->n_options; i++) {
		snprintf(word, sizeof(word), "--%s", command->options[i].name);
		add(list, prefix, word);
	}
}

/* The values of options, by what help calls the value. */
static const struct {
	const char *value;
	const char *words[10];
} values[] = {
	{ "FORMAT", { "hex", "text", "u8", "u16", "u32", "i8", "i16", "i32" } },
	{ "NAME", { "low-latency", "balanced", "low-power" } },
};

/* The option of this name, if it takes a value; or NULL. */
static const struct cli_option *option_of(const struct command *command, const char *word)
{
	for (size_t i = 0; word[0] == '-' && i < command->n_options; i++) {
		const struct cli_option *o = &command->options[i];

		if (o->value && ((word[1] == '-' && strcmp(word + 2, o->name) == 0) ||
				 (o->letter && word[1] == o->letter && !word[2])))
			return o;
	}
	return NULL;
}

static void add_values(struct candidates *list, const char *prefix,
		       const struct cli_option *option)
{
	for (size_t i = 0; i < COUNT_OF(values); i++)
		for (size_t k = 0; strcmp(values[i].value, option->value) == 0 && values[i].words[k]; k++)
			add(list, prefix, values[i].words[k]);
}

/* Adds candidates for the command's argument number i, by its name in the help. */
static void add_argument(struct cli *cli, struct candidates *list, const char *prefix,
			 const struct command *command, int i)
{
	const char *text = command->arguments;
	char what[60];

	for (i += command->takes_address; i > 0; i--) {
		/* The last one may be repeated. */
		if (command->n_more == MANY && !strchr(text, ' '))
			break;
		text += strcspn(text, " ");
		text += strspn(text, " ");
	}
	snprintf(what, sizeof(what), "%.*s", (int)strcspn(text, " "), text);
	if (strstr(what, "CHARACTERISTIC")) {
		add_attributes(cli, list, prefix);
	} else if (strstr(what, "ADDRESS")) {
		add_addresses(cli, list, prefix);
	} else if (strstr(what, "on|off")) {
		add(list, prefix, "on");
		add(list, prefix, "off");
	} else if (strstr(what, "COMMAND")) {
		for (size_t k = 0; cli->shell->commands[k]; k++)
			add(list, prefix, cli->shell->commands[k]->name);
	}
}

static void add_in_command(struct cli *cli, struct candidates *list, const char *prefix,
			   char **words, int n)
{
	const struct command *command = command_find(cli->shell->commands, words[0]);
	const struct cli_option *option = NULL;
	int arguments = 0;

	if (!command)
		return;
	for (int i = 1; i < n; i++) {
		bool value = option;

		option = value ? NULL : option_of(command, words[i]);
		arguments += !value && words[i][0] != '-';
	}
	if (option)
		add_values(list, prefix, option);
	else if (*prefix == '-')
		add_options(list, prefix, command);
	else
		add_argument(cli, list, prefix, command, arguments);
}

void complete(struct cli *cli, const char *line, size_t len,
	      struct candidates *ret_candidates)
{
	struct candidates *list = ret_candidates;
	char *words[WORDS_MAX + 1], before[1024], prefix[200], why[100];
	int n;

	*list = (struct candidates){ .from = len };
	while (list->from && !strchr(" \t", line[list->from - 1]))
		list->from--;
	if (list->from >= sizeof(before) || len - list->from >= sizeof(prefix))
		return;
	memcpy(before, line, list->from);
	before[list->from] = '\0';
	memcpy(prefix, line + list->from, len - list->from);
	prefix[len - list->from] = '\0';
	if (words_split(before, words, &n, why))
		return; /* an open quote */
	if (n)
		add_in_command(cli, list, prefix, words, n);
	else
		for (size_t i = 0; cli->shell->commands[i]; i++)
			add(list, prefix, cli->shell->commands[i]->name);
}
