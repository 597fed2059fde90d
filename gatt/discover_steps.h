/* SPDX-License-Identifier: MIT */
/* The steps of a discovery, each of which is one sweep. Inside of discover.c. */
#ifndef GATT_DISCOVER_STEPS_H
#define GATT_DISCOVER_STEPS_H

#include "gatt/gatt.h"

struct gatt_step {
	enum att_verb verb;
	uint16_t type;
	/* Sets the range of the sweep. False: the step is left out. */
	bool (*range)(struct gatt_discovery *discovery, struct att_op *op);
	/* 0, or the error that ends the discovery. */
	int (*record)(struct gatt_discovery *discovery, struct att_op *op,
		      const struct att_record *record);
	bool each; /* once for each chosen UUID */
	/* Called when the sweep ended: 0 continues. NULL: any error ends all. */
	int (*ended)(struct gatt_discovery *discovery, int error);
};

/* Each ends with a row without range. */
extern const struct gatt_step gatt_steps_all[], gatt_steps_chosen[];

#endif
