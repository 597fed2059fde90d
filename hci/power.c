/* SPDX-License-Identifier: MIT */
/* See power.h. */
#define _GNU_SOURCE /* for hci.h */
#include "hci/power.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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

bool power_down(int fd, uint16_t index)
{
	struct hci_dev_info info = { .dev_id = index };

	return fd >= 0 && ioctl(fd, HCIGETDEVINFO, &info) == 0 &&
	       !(info.flags & 1u << HCI_UP);
}

int hci_adapter_off(const struct hci_adapter *hci, const char **ret_words)
{
	/* A block is set before the kernel ends links for it, with the adapter still up. */
	*ret_words = power_rfkill_words(hci->setup.rfkill(hci->index));
	if (*ret_words)
		return -ERFKILL;
	if (hci->adapter.info.powered && !hci->powering_off &&
	    !hci->down(hci->raw.watch.fd, hci->index))
		return 0;
	*ret_words = "was switched off";
	return -ENETDOWN;
}
