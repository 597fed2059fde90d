/* SPDX-License-Identifier: MIT */
/* The scan as a table on a terminal, updated in place. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "cli/cli.h"

struct table;

/* Switches to the alternate screen. by_rssi: strongest first, otherwise first seen
 * first. title is borrowed. 0 or -errno. */
int table_open(const char *title, bool by_rssi, struct table **ret_table);

/* Adds a report. It is shown by the next table_draw(). */
void table_add(struct table *table, const struct ble_advertisement *adv);

/* Draws the table in the current size of the terminal. */
void table_draw(struct table *table);

/* Restores the screen and prints the whole table. NULL is allowed. */
void table_close(struct table *table);

/* The services of an advertisement, then its companies, as escaped text. The name of a
 * company is cut at 40 columns. */
void describe(const struct ble_advertisement *adv, char *out, size_t size);

#endif
