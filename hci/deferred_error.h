/* SPDX-License-Identifier: MIT */
/*
 * An error and its sentence, kept from where it is detected until the callback.
 * The loop itself keeps a sentence for one dispatch only.
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

/* Gives the sentence to the loop. Returns the error. */
int deferred_error_tell(struct ble_loop *loop, const struct deferred_error *deferred);

/* -EPERM: what needs which capability, and how this program gets it. */
int deferred_error_permission(struct deferred_error *deferred, const char *adapter,
			      const char *what, const char *capability);

#endif
