/* SPDX-License-Identifier: MIT */
/*
 * The peripherals of one simulator: their advertisements, their databases and the values
 * that change. Made by the loader, by builtin.c or by a test. Values that are written
 * last as long as the model.
 */
#ifndef SIM_MODEL_H
#define SIM_MODEL_H

#include "base/list.h"
#include "gatt/server.h"
#include "sim/generator.h"

enum {
	SIM_PERIPHERALS_MAX = 64,
	SIM_NAME_MAX = 248, /* Vol 3, Part C, 12.1 */
	SIM_AD_LEGACY = 31,
	SIM_AD_MAX = 229, /* what one extended advertising report carries */
	SIM_BURST_MAX = 10000
};

/* An attribute's value that is more than octets in the table. */
struct sim_source {
	uint8_t read_error, write_error; /* ATT error codes; 0: none */
	unsigned int refusals;    /* how often the errors are given; 0: always */
	bool on_write;            /* send a value after it was written */
	unsigned int interval_ms; /* between samples; 0: none */
	unsigned int burst;       /* samples sent at a time; 0: 1 */
	struct sim_generator generator;
	/* Refuses a value or acts on it; may be NULL. 0, or an ATT error. */
	int (*written)(struct sim_source *source, struct ble_bytes value);
	struct sim_source *target; /* for written: another value of the peripheral */
	struct sim_peripheral *peripheral; /* the same; once finished */
	/* The model's. */
	struct list link;
	uint16_t handle, configuration; /* of the value; of its configuration */
	struct gatt_attribute *attribute;
	unsigned int writes; /* counted where on_write */
};

struct sim_advertising {
	unsigned int interval_ms;
	bool connectable, extended, while_connected;
	int8_t rssi;
	uint8_t data_len, response_len;
	uint8_t data[SIM_AD_MAX], response[SIM_AD_LEGACY];
};

/* Faults of a peripheral, once for each link; 0: none. */
struct sim_faults {
	unsigned int disconnect_after_ms;
	unsigned int disconnect_after_requests;
	unsigned int silent_after_requests;
	uint8_t reason; /* given when it disconnects */
};

struct sim_peripheral {
	struct list link;
	struct ble_address address;
	char name[SIM_NAME_MAX + 1];
	struct sim_advertising advertising;
	unsigned int connect_ms; /* from an advertisement to the link */
	unsigned int latency_ms; /* from a request to its response */
	uint16_t mtu;            /* the largest that it takes */
	struct sim_faults faults;
	struct gatt_table table;
	struct list sources;
	size_t n_sources;
};

struct sim_model {
	struct list peripherals;
	size_t n;
};

void sim_model_init(struct sim_model *model);
void sim_model_release(struct sim_model *model);

/* A peripheral with defaults and an empty table. -EEXIST: the address is
 * taken. -E2BIG: too many, or the name is too long. -ENOMEM. It is the model's. */
int sim_add_peripheral(struct sim_model *model, const char *name,
		       const struct ble_address *address,
		       struct sim_peripheral **ret_peripheral);

/* These add to the table, and a copy of like to the sources. like and ret_source may be
 * NULL. Errors are those of gatt/server_table.h. */
int sim_add_characteristic(struct sim_peripheral *peripheral,
			   const struct gatt_characteristic *characteristic,
			   const struct sim_source *like,
			   struct sim_source **ret_source);
int sim_add_descriptor(struct sim_peripheral *peripheral, uint16_t handle,
		       const struct ble_uuid *uuid,
		       const struct gatt_value *value,
		       const struct sim_source *like);

/* Appends an AD structure to data, which has room octets. -EMSGSIZE: it does not fit. */
int sim_add_ad(uint8_t *data, uint8_t *len, size_t room, uint8_t type,
	       struct ble_bytes value);

/* Advertises flags and the name, which is shortened if it does not fit. */
void sim_advertise_name(struct sim_peripheral *peripheral);

/* Ends the building of the table and the sources: no more may be added.
 * -ENOENT: an include does not name a service. */
int sim_peripheral_finish(struct sim_peripheral *peripheral);

/* Sets the value to the next sample of the source. */
void sim_source_step(struct sim_source *source);

/* Adds the built-in peripherals: a heart rate sensor and an environment sensor. */
int sim_builtin(struct sim_model *model);

/* Reads a file in the format of doc/simulator.md. 0, or -errno with its text; the model
 * must be released then, too. */
struct ble_loop;
int sim_load(struct ble_loop *loop, const char *path, struct sim_model *model);

/* An adapter called name, with the peripherals that fill puts into its model. */
struct adapter;
typedef int (*sim_fill_func)(struct ble_loop *loop, void *user,
			     struct sim_model *model);
int sim_open_with(struct ble_loop *loop, const char *name, sim_fill_func fill,
		  void *user, struct adapter **ret_adapter);

#endif
