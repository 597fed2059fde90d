/* SPDX-License-Identifier: MIT */
/*
 * What the kernel says about an adapter that is off: rfkill's state, and whether it is
 * up. Asked when something has failed, as both change at any time.
 */
#ifndef HCI_POWER_H
#define HCI_POWER_H

#include <stdbool.h>
#include <stdint.h>

/* HARD: by a switch of the machine, which a program cannot lift. */
enum rfkill { RFKILL_NONE, RFKILL_SOFT, RFKILL_HARD };

/* NONE too if sysfs does not say. */
enum rfkill power_rfkill(uint16_t index);

/* The same, in a folder as sysfs has it for an adapter. */
enum rfkill power_rfkill_in(const char *folder);

/* What follows the adapter's name in a sentence. NULL for RFKILL_NONE. */
const char *power_rfkill_words(enum rfkill rfkill);

/* Whether it is down; fd is a raw socket. False too if the kernel does not say. */
bool power_down(int fd, uint16_t index);

#endif
