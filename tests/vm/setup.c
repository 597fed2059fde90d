/* SPDX-License-Identifier: MIT */
/*
 * Sets adapters up over the kernel's management interface, for the sides of a test that are
 * not under test.  Debian's btmgmt does the same, but takes a fifth of a second a setting on an
 * emulated machine, and does nothing at all when its standard input is at its end.
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>

enum {
	CHANNEL_CONTROL = 3, COMPLETE = 1, STATUS = 2, WAIT = 300000,
	READ_LIST = 0x0003, READ_INFO = 0x0004, SET_DISCOVERABLE = 0x0006, SET_NAME = 0x000f,
	SET_STATIC_ADDRESS = 0x002b,
};

static const struct word {
	const char *name;
	uint16_t opcode;
	uint8_t value;
	uint16_t bit;		/* in the current settings */
} words[] = {
	{ "off", 0x0005, 0, 0x0001 }, { "on", 0x0005, 1, 0x0001 },
	{ "connectable", 0x0007, 1, 0x0002 },
	{ "no-le", 0x000d, 0, 0x0200 }, { "le", 0x000d, 1, 0x0200 },
	{ "no-advertising", 0x0029, 0, 0x0400 }, { "advertising", 0x0029, 1, 0x0400 },
	{ "no-bredr", 0x002a, 0, 0x0080 },
	/* what an active scan that was not the kernel's own leaves behind, see the guest script */
	{ "stop-discovery", 0x0024, 0, 0 },
};

static int mgmt;

static int open_mgmt(void)
{
	struct sockaddr_hci address = {
		.hci_family = AF_BLUETOOTH, .hci_dev = HCI_DEV_NONE, .hci_channel = CHANNEL_CONTROL,
	};

	mgmt = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, BTPROTO_HCI);
	return mgmt < 0 ? -1 : bind(mgmt, (struct sockaddr *)&address, sizeof(address));
}

static uint16_t get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] | bytes[1] << 8);
}

/* Sends and waits for the answer; its parameters' length, or -1 after a word about why. */
static int ask(uint16_t opcode, uint16_t index, const void *given, size_t length, uint8_t *answer)
{
	uint8_t packet[512] = { (uint8_t)opcode, (uint8_t)(opcode >> 8), (uint8_t)index,
				(uint8_t)(index >> 8), (uint8_t)length, (uint8_t)(length >> 8) };
	struct pollfd readable = { .fd = mgmt, .events = POLLIN };
	ssize_t got;

	if (length)
		memcpy(packet + 6, given, length);
	if (write(mgmt, packet, length + 6) < 0) {
		fprintf(stderr, "setup: command 0x%04x: %s\n", opcode, strerror(errno));
		return -1;
	}
	while (poll(&readable, 1, WAIT) > 0) {
		got = read(mgmt, packet, sizeof(packet));
		if (got < 9 || get16(packet) > STATUS || get16(packet + 6) != opcode ||
		    get16(packet + 2) != index)
			continue;
		if (packet[8]) {
			fprintf(stderr, "setup: command 0x%04x on hci%u: status 0x%02x\n", opcode,
				index, packet[8]);
			return -1;
		}
		memcpy(answer, packet + 9, (size_t)got - 9);
		return (int)got - 9;
	}
	fprintf(stderr, "setup: command 0x%04x: no answer\n", opcode);
	return -1;
}

/* Calls back for each adapter until told to stop; what that returned, or -1. */
static int each(int (*found)(uint16_t index, const uint8_t *info, void *data), void *data)
{
	uint8_t list[512], info[512];
	int i, result = -1, length = ask(READ_LIST, HCI_DEV_NONE, NULL, 0, list);

	for (i = 0; length >= 2 && i < get16(list) && i * 2 + 4 <= length; i++) {
		uint16_t index = get16(list + 2 + 2 * i);

		/* one that is just being made or going is listed and cannot be read */
		if (ask(READ_INFO, index, NULL, 0, info) < 17)
			continue;
		result = found(index, info, data);
		if (result >= 0)
			return result;
	}
	return result;
}

static int show(uint16_t index, const uint8_t *info, void *data)
{
	char address[18];
	bdaddr_t octets;

	(void)data;
	memcpy(&octets, info, sizeof(octets));
	ba2str(&octets, address);
	printf("%u %s%s%s%s\n", index, address, info[13] & 0x01 ? " on" : "",
	       info[14] & 0x02 ? " le" : "", info[14] & 0x04 ? " advertising" : "");
	return -1;
}

static int match(uint16_t index, const uint8_t *info, void *data)
{
	return memcmp(info, data, sizeof(bdaddr_t)) ? -1 : index;
}

/* What is so already is left alone: an LE only controller refuses even to turn BR/EDR off. */
static int set_word(uint16_t index, const struct word *word)
{
	uint8_t answer[512];

	if (ask(READ_INFO, index, NULL, 0, answer) < 17)
		return -1;
	if (word->bit && !(get16(answer + 13) & word->bit) == !word->value)
		return 0;
	return ask(word->opcode, index, &word->value, 1, answer);
}

static int set(uint16_t index, const char *text)
{
	static const uint8_t for_good[] = { 1, 0, 0 };
	uint8_t answer[512], name[260] = { 0 };
	bdaddr_t address;
	size_t i;

	if (!strncmp(text, "name=", 5)) {
		snprintf((char *)name, 249, "%s", text + 5);
		return ask(SET_NAME, index, name, sizeof(name), answer);
	}
	if (!strncmp(text, "static=", 7)) {
		str2ba(text + 7, &address);
		return ask(SET_STATIC_ADDRESS, index, &address, sizeof(address), answer);
	}
	if (!strcmp(text, "discoverable"))
		return ask(SET_DISCOVERABLE, index, for_good, sizeof(for_good), answer);
	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(text, words[i].name))
			return set_word(index, &words[i]);
	fprintf(stderr, "setup: no setting '%s'\n", text);
	return -1;
}

static int set_all(const char *text, char **settings)
{
	bdaddr_t address;
	int index;

	str2ba(text, &address);
	index = each(match, &address);
	if (index < 0)
		fprintf(stderr, "setup: no adapter %s\n", text);
	for (; index >= 0 && *settings; settings++)
		if (set((uint16_t)index, *settings) < 0)
			return -1;
	return index;
}

int main(int argc, char **argv)
{
	char *address;

	if (argc < 2) {
		fprintf(stderr, "usage: setup list\n       setup ADDRESS[,ADDRESS...] SETTING...\n");
		return 2;
	}
	if (open_mgmt() < 0) {
		fprintf(stderr, "setup: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	if (!strcmp(argv[1], "list"))
		return each(show, NULL) == -1 ? EXIT_SUCCESS : EXIT_FAILURE;
	for (address = strtok(argv[1], ","); address; address = strtok(NULL, ","))
		if (set_all(address, argv + 2) < 0)
			return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
