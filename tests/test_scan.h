/* SPDX-License-Identifier: MIT */
#ifndef TESTS_TEST_SCAN_H
#define TESTS_TEST_SCAN_H

#include "api/internal.h"
#include "tests/harness.h"

/* An adapter that receives the reports that a test sends. */
struct air {
	struct ble_loop *loop;
	struct ble_adapter *adapter;
	struct adapter *backend;
	struct adapter_scan scan; /* the requested one */
	unsigned int starts, stops;
	int refuse; /* the error of the next scan_start() */
};

void air_open(struct air *air);
void air_close(struct air *air);

/* data is AD structures. The report is legacy, connectable, -50 dBm, from the random
 * address C0:00:00:00:NN:NN. */
struct ble_advertisement air_report(unsigned int number, bool response,
				    const void *data, size_t len);
void air_send(struct air *air, const struct ble_advertisement *report);

#define SEND(air, number, response, text)                                     \
	do {                                                                  \
		struct ble_advertisement report_ =                            \
			air_report(number, response, text, sizeof(text) - 1); \
		air_send(air, &report_);                                      \
	} while (0)

extern const struct test_case scan_ad[], scan_listeners[], scan_filters[],
	scan_devices[], scan_rest[];

#endif
