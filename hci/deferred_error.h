/* SPDX-License-Identifier: MIT */
/*
 * A failure and its sentence, kept from where it is understood to where it is
 * called back: the loop itself keeps a sentence for one dispatch only.
 */
#ifndef HCI_DEFERRED_ERROR_H
#define HCI_DEFERRED_ERROR_H

#include "base/loop.h"

struct deferred_error {
	int error;
	char text[240];
};

/* Returns error. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
int deferred_error_set(struct deferred_error *deferred, int error, const char *format, ...);

/* Passes the sentence on to the loop. Returns the error. */
int deferred_error_tell(struct ble_loop *loop, const struct deferred_error *deferred);

/* -EPERM: what wants which capability, and how this program gets it. */
int deferred_error_permission(struct deferred_error *deferred, const char *adapter, const char *what,
		     const char *capability);

#endif
