/* SPDX-License-Identifier: MIT */
/*
 * The client's calls against a peer that speaks by a page of text, over an
 * adapter that has one link and nothing else.
 *
 *	> 0a 0300		what must leave next
 *	< 0b aabb		what the peer answers to it, at once
 *	< 900 0b aabb		the same after 900 ms: three digits and a blank
 *	! 0003 aabb		the value that must be called back next
 *	! done -ETIMEDOUT	the end that must be: 0, 0x02, ...
 *
 * HEX may hold repetitions: 00*20. After its last line the peer is silent. The
 * twins of a dialog have the peer's words cut, lengthened and changed; nothing
 * is compared then, but a call ends once, and the sanitizers watch.
 */
#ifndef TESTS_DIALOG_H
#define TESTS_DIALOG_H

#include "api/internal.h"

struct dialog;

struct dialog_case {
	/* Makes the calls; their callbacks are those below, their user the
	 * dialog. */
	void (*act)(struct dialog *dialog, struct ble_client *client);
	const char *text;
	uint16_t mtu; /* to ask for: in the text, too; 0: 23, not asked for */
};

/* A case of a test table: its data is a struct dialog_case. */
void dialog_run(void);

void dialog_value(void *dialog, uint16_t handle, struct ble_bytes value);
void dialog_done(void *dialog, int error);
/* A read's value, told as that of handle 0. */
void dialog_read(void *dialog, int error, struct ble_bytes value);

/* For more to look at in the end; not in twins. */
void dialog_after(struct dialog *dialog,
		  void (*look)(const struct ble_services *tree));

/* The peer sends this by itself. */
void dialog_peer(struct dialog *dialog, const char *hex);

/* Runs the loop until so many calls ended; false: they did not. */
bool dialog_wait(struct dialog *dialog, unsigned int ends);

#endif
