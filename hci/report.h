/* SPDX-License-Identifier: MIT */
/*
 * LE advertising report events to advertisements: a pure parser that holds no
 * descriptor, clock or loop and allocates nothing. One event may carry several
 * reports, and one advertisement may come in several reports (fragments), which
 * are joined here.
 */
#ifndef HCI_REPORT_H
#define HCI_REPORT_H

#include "blewire.h"

enum {
	REPORT_DATA_MAX = 1650, /* Vol 4, Part E, 7.8.57: of one advertisement */
	REPORT_CHAINS = 4,      /* incomplete advertisements kept at a time */
	REPORT_EVENT_LEGACY = 0x02,
	REPORT_EVENT_DIRECTED = 0x0b,
	REPORT_EVENT_EXTENDED = 0x0d,
};

struct report_chain {
	bool used;
	bool truncated;
	struct ble_address address;
	uint8_t sid;
	bool scan_response;
	uint64_t time; /* of the latest fragment */
	size_t len;
	uint8_t data[REPORT_DATA_MAX];
};

/* Zeroed memory is a valid parser. */
struct report_parser {
	struct report_chain chains[REPORT_CHAINS];
};

/* A walk through one event. */
struct report_walk {
	uint8_t subevent;
	uint8_t left; /* reports left, by the event's count */
	uint64_t time;
	struct ble_bytes rest;
};

/* meta: the parameters of an LE Meta event, its subevent code first. False if
 * it is not an advertising report. */
bool report_begin(struct report_walk *walk, struct ble_bytes meta, uint64_t time);

/* The next advertisement that is complete. False at the end of the event, and
 * at the first report that is longer than what is left of it. Its data is
 * valid until the parser's or the event's memory is used again. */
bool report_next(struct report_parser *parser, struct report_walk *walk,
		 struct ble_advertisement *ret_adv);

#endif
