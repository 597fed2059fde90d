/* SPDX-License-Identifier: MIT */
/* Shared by the scan of the command line and of the shell. */
#ifndef CLI_SCAN_H
#define CLI_SCAN_H

#include "cli/cli.h"

struct scan_options {
	uint64_t time_ms; /* 0: no end */
	bool passive, duplicates;
	bool by_rssi; /* the order of the table */
	const char *name;
	struct uuid_list services;
	int8_t min_rssi;
};

extern const struct cli_option scan_table[];
enum { SCAN_OPTIONS = 7, SCAN_SHELL_OPTIONS = 5 }; /* the shell has the first ones */

/* The filters, which are borrowed from the options. */
struct ble_scan_params scan_params(const struct scan_options *options);

void scan_show(struct cli *cli, const struct ble_advertisement *adv);

#endif
