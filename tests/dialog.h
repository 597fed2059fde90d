/* SPDX-License-Identifier: MIT */
/*
 * Tests the client's calls against a peer that follows a text. The adapter has one
 * link and nothing else.
 *
 *	> 0a 0300		the next PDU that must be sent
 *	< 0b aabb		the peer's response, at once
 *	< 900 0b aabb		the same after 900 ms: three digits and a space
 *	! 0003 aabb		the next value that must be called back
 *	! done -ETIMEDOUT	the result that the call must end with: 0, 0x02, ...
 *
 * HEX may contain repetitions: 00*20. After the last line the peer sends nothing. In
 * the mutations of a dialog the peer's PDUs are cut, lengthened and changed. Nothing is
 * compared then, but each call must end once, and the sanitizers must find nothing.
 */
#ifndef TESTS_DIALOG_H
#define TESTS_DIALOG_H

#include "api/internal.h"

struct dialog;

struct dialog_case {
	/* Makes the calls, with the callbacks below; their user is the dialog. */
	void (*act)(struct dialog *dialog, struct ble_client *client);
	const char *text;
	uint16_t mtu; /* to request; the text has the exchange. 0: no exchange, MTU 23 */
};

/* A case of a test table: its data is a struct dialog_case. */
void dialog_run(void);

void dialog_value(void *dialog, uint16_t handle, struct ble_bytes value);
void dialog_done(void *dialog, int error);
/* A read's value, recorded as that of handle 0. */
void dialog_read(void *dialog, int error, struct ble_bytes value);

/* Sets a check of the tree that is called at the end, but not for mutations. */
void dialog_after(struct dialog *dialog,
		  void (*look)(const struct ble_services *tree));

/* The peer sends this PDU by itself. */
void dialog_peer(struct dialog *dialog, const char *hex);

/* Runs the loop until this many calls have ended. False: they did not. */
bool dialog_wait(struct dialog *dialog, unsigned int ends);

#endif
