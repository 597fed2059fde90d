/* SPDX-License-Identifier: MIT */
/* The dongle's scan_response events as advertisements. Pure: no clock, no loop,
 * nothing allocated. */
#ifndef BGAPI_REPORT_H
#define BGAPI_REPORT_H

#include "bgapi/message.h"

/* Decodes one event. ret_report->data points into the frame, and its time is 0.
 * -EBADMSG: another message, an unknown packet type, or more than the 31 octets
 * of a legacy advertisement. */
int bgapi_report(const struct bgapi_frame *frame, struct ble_advertisement *ret_report);

#endif
