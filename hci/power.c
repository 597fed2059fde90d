/* SPDX-License-Identifier: MIT */
/* See power.h. */
#define _GNU_SOURCE /* for hci.h */
#include "hci/power.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>

#include "hci/hci.h"

/* Whether the file has a 1. */
static bool is_set(const char *folder, const char *name, const char *file)
{
	char path[320], value = 0;
	int fd, len = snprintf(path, sizeof(path), "%s/%s/%s", folder, name, file);

	if (len < 0 || (size_t)len >= sizeof(path))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, &value, 1) != 1)
		value = 0;
	close(fd);
	return value == '1';
}

enum rfkill power_rfkill_in(const char *folder)
{
	enum rfkill result = RFKILL_NONE;
	struct dirent *entry;
	DIR *dir = opendir(folder);

	if (!dir)
		return RFKILL_NONE;
	while (result != RFKILL_HARD && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "rfkill", 6))
			continue;
		if (is_set(folder, entry->d_name, "hard"))
			result = RFKILL_HARD;
		else if (is_set(folder, entry->d_name, "soft"))
			result = RFKILL_SOFT;
	}
	closedir(dir);
	return result;
}

enum rfkill power_rfkill(uint16_t index)
{
	char folder[48];

	snprintf(folder, sizeof(folder), "/sys/class/bluetooth/hci%u", index);
	return power_rfkill_in(folder);
}

const char *power_rfkill_words(enum rfkill rfkill)
{
	switch (rfkill) {
	case RFKILL_SOFT:
		return "is blocked by rfkill: lift the block with \"rfkill unblock bluetooth\"";
	case RFKILL_HARD:
		return "is blocked by a switch or key of this machine (rfkill, hard): use that";
	default:
		return NULL;
	}
}

enum power power_state(int fd, uint16_t index)
{
	struct hci_dev_info info = { .dev_id = index };

	if (fd < 0)
		return POWER_UP;
	if (ioctl(fd, HCIGETDEVINFO, &info) < 0)
		return errno == ENODEV ? POWER_GONE : POWER_UP;
	return info.flags & 1u << HCI_UP ? POWER_UP : POWER_DOWN;
}

const char power_off_words[] = "was switched off or reset";
const char power_gone_words[] = "was pulled out or reset"; /* a reset of USB is both */

int hci_adapter_off(const struct hci_adapter *hci, const char **ret_words)
{
	enum power power;

	/* A block is set before the kernel ends links for it, with the adapter still up. */
	*ret_words = power_rfkill_words(hci->setup.rfkill(hci->index));
	if (*ret_words)
		return -ERFKILL;
	power = hci->power(hci->raw.watch.fd, hci->index);
	if (power == POWER_GONE) {
		/* -ENODEV is for what ends after Index Removed, when it can be opened again. */
		*ret_words = power_gone_words;
		return -ENETDOWN;
	}
	if (power == POWER_DOWN || !hci->adapter.info.powered) {
		*ret_words = power_off_words;
		return -ENETDOWN;
	}
	if (!hci->powering_off)
		return 0;
	/* A suspend ends the links with the same reason, and leaves the adapter up. */
	*ret_words = "was switched off, or this machine was suspended";
	return -ENETDOWN;
}
