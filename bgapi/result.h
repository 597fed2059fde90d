/* SPDX-License-Identifier: MIT */
/* The dongle's 16-bit results: as one of our errors, in words, as a reason. */
#ifndef BGAPI_RESULT_H
#define BGAPI_RESULT_H

#include "blewire.h"

/* Those that a host acts upon. */
enum {
	BGAPI_SUCCESS = 0,
	BGAPI_INVALID_PARAMETER = 0x0180,
	BGAPI_WRONG_STATE = 0x0181,
	BGAPI_QUEUE_FULL = 0x0182, /* of a write: send it again */
	BGAPI_NOT_CONNECTED = 0x0186,
	BGAPI_NOT_ESTABLISHED = 0x023e
};

/* 0 for success. 0x01xx and 0x03xx (pairing) give -errno, 0x02xx that of the
 * controller's status, 0x04xx the peer's ATT code. Never 0 for another result. */
int bgapi_result_error(uint16_t result);

/* "wrong state". Static. */
const char *bgapi_result_text(uint16_t result);

/* The reason of connection_disconnected as the controller's own (Vol 1, Part F,
 * 1.3); 0 where it is none. The manuals give 0 for an end of our own making,
 * a host that follows the vendor's sample has 0x0216 in its table, and no
 * capture tells: both are 0x16. */
uint8_t bgapi_reason(uint16_t result);

#endif
