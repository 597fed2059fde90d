/* SPDX-License-Identifier: MIT */
/* The dongle's 16-bit results as errors, texts and disconnect reasons. */
#ifndef BGAPI_RESULT_H
#define BGAPI_RESULT_H

#include "blewire.h"

/* Results that change what the host does. */
enum {
	BGAPI_SUCCESS = 0,
	BGAPI_INVALID_PARAMETER = 0x0180,
	BGAPI_WRONG_STATE = 0x0181,
	BGAPI_QUEUE_FULL = 0x0182, /* send the command again later */
	BGAPI_NOT_CONNECTED = 0x0186,
	BGAPI_NOT_ESTABLISHED = 0x023e
};

/* 0 for success. 0x01xx and 0x03xx (pairing) give -errno, 0x02xx the -errno of the
 * controller's status, 0x04xx the peer's ATT code. Never 0 for another result. */
int bgapi_result_error(uint16_t result);

/* "wrong state". Static. */
const char *bgapi_result_text(uint16_t result);

/* The reason of connection_disconnected as the controller's code (Vol 1, Part F, 1.3), or
 * 0 if it is not one. For a disconnect by the host the manuals give 0, and the vendor's
 * sample has 0x0216. Both become 0x16, because no capture shows which is right. */
uint8_t bgapi_reason(uint16_t result);

#endif
