/* SPDX-License-Identifier: MIT */
/* The scan as a table on a terminal, updated in place. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "cli/cli.h"

struct table;

/* Switches to the alternate screen. by_rssi: strongest first, otherwise first seen
 * first. title is borrowed. 0 or -errno. */
int table_open(const char *title, bool by_rssi, struct table **ret_table);

/* Adds a report, for the next draw. */
void table_seen(struct table *table, const struct ble_advertisement *adv);

/* Draws the table in the current size of the terminal. */
void table_draw(struct table *table);

/* Restores the screen and prints the whole table. NULL is allowed. */
void table_close(struct table *table);

/* What an advertisement contains, as escaped text: services, then companies, whose names are cut at 40 columns. */
void describe(const struct ble_advertisement *adv, char *out, size_t size);

#endif
