/* SPDX-License-Identifier: MIT */
/*
 * What the air and the relay of a guest tell each other over a virtio port: a stream of frames,
 * each a head and its content. Numbers are little endian.
 */
#ifndef RELAY_H
#define RELAY_H

enum {
	FRAME_HEAD = 4,		/* controller, kind, length of the content (16 bits) */
	FRAME_CONTENT = 2048,

	FRAME_PACKET = 1,	/* what is read from and written to /dev/vhci */
	/* from the relay: the controller is there, is not; from the air: what shall be */
	FRAME_PLUGGED = 2, FRAME_UNPLUGGED = 3,
	FRAME_LINE = 4,		/* of control, see air_control.c, and its reply; no controller */
};

#endif
