/* SPDX-License-Identifier: MIT */
/*
 * A failure and its sentence, kept from where it is understood to where it is
 * called back: the loop itself keeps a sentence for one dispatch only.
 */
#ifndef HCI_DEFERRED_ERROR_H
#define HCI_DEFERRED_ERROR_H

#include "base/loop.h"

struct fault {
	int error;
	char text[240];
};

/* Returns error. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
int fault_set(struct fault *fault, int error, const char *format, ...);

/* Passes the sentence on to the loop. Returns the error. */
int fault_say(struct ble_loop *loop, const struct fault *fault);

/* -EPERM: what wants which capability, and how this program gets it. */
int fault_permission(struct fault *fault, const char *adapter, const char *what,
		     const char *capability);

#endif
