/* SPDX-License-Identifier: MIT */
/* The scan as a table on a terminal that is kept up to date in place. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "cli/cli.h"

struct table;

/* Takes the screen over. by_rssi: strongest first, otherwise first seen
 * first. title is borrowed. 0 or -errno. */
int table_open(const char *title, bool by_rssi, struct table **ret_table);

/* Takes a report in; it shows with the next draw. */
void table_seen(struct table *table, const struct ble_advertisement *adv);

/* Draws it in the size that the terminal has now. */
void table_draw(struct table *table);

/* Gives the screen back and leaves the whole table printed there. NULL is
 * fine. */
void table_close(struct table *table);

/* What an advertiser tells of itself, in words and escaped: services, then
 * companies, whose names are cut at 40 columns. */
void describe(const struct ble_advertisement *adv, char *out, size_t size);

#endif
