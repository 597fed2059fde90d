/* SPDX-License-Identifier: MIT */
/*
 * What the kernel says about an adapter that is off: rfkill's state, and whether it is
 * up. Asked when something has failed, as both change at any time.
 */
#ifndef HCI_POWER_H
#define HCI_POWER_H

#include <stdint.h>

/* HARD: by a switch of the machine, which a program cannot lift. */
enum rfkill { RFKILL_NONE, RFKILL_SOFT, RFKILL_HARD };

/* NONE too if sysfs does not say. */
enum rfkill power_rfkill(uint16_t index);

/* The same, in a folder as sysfs has it for an adapter. */
enum rfkill power_rfkill_in(const char *folder);

/* What follows the adapter's name in a sentence. NULL for RFKILL_NONE. */
const char *power_rfkill_words(enum rfkill rfkill);

/* The same for an adapter that is down, and for one that the kernel has removed. A reset by
 * "hciconfig reset", or by the kernel after an error of the controller, switches it off and on,
 * and looks the same until it is on again. */
extern const char power_off_words[], power_gone_words[];

/* GONE: the kernel takes an adapter that it removes out of its list before it switches it off
 * and ends its links; Index Removed comes after that. */
enum power { POWER_UP, POWER_DOWN, POWER_GONE };

/* fd is a raw socket. UP too if the kernel does not say. */
enum power power_state(int fd, uint16_t index);

#endif
