/* SPDX-License-Identifier: MIT */
/*
 * The fewest requests that learn a database whole: every primary service, every
 * characteristic, include and descriptor, and that there are no others. Worked
 * out on the finished table, by somebody who knows what is where and only has to
 * show it; it shares nothing with our discovery.
 */
#ifndef TESTS_BENCH_FEWEST_H
#define TESTS_BENCH_FEWEST_H

#include "gatt/server_table.h"

unsigned int fewest_requests(const struct gatt_table *table, uint16_t mtu);

#endif
