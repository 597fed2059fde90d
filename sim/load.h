/* SPDX-License-Identifier: MIT */
/* The parts of the loader of files. */
#ifndef SIM_LOAD_H
#define SIM_LOAD_H

#include "sim/model.h"
#include "sim/reader.h"

/* Each reads one member of a peripheral into a struct sim_peripheral. */
int load_advertising(struct reader *r, struct json_object *value,
		     struct sim_peripheral *peripheral);
int load_services(struct reader *r, struct json_object *value,
		  struct sim_peripheral *peripheral);

#endif
