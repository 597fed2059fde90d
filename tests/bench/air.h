/* SPDX-License-Identifier: MIT */
/* HCI events with advertising reports of devices that there are not. */
#ifndef TESTS_BENCH_AIR_H
#define TESTS_BENCH_AIR_H

#include <stddef.h>
#include <stdint.h>

enum { AIR_EVENT_MAX = 260 };

struct air_event {
	size_t len;
	uint8_t packet[AIR_EVENT_MAX]; /* H4: as the raw socket gives it */
};

/* The report of one device, told by its number, with len octets of AD: a legacy
 * one up to 31, an extended one above. */
void air_report(struct air_event *event, uint32_t device, size_t len);

/* Its scan response; legacy. */
void air_response(struct air_event *event, uint32_t device);

#endif
