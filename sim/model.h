/* SPDX-License-Identifier: MIT */
/*
 * The peripherals of one simulator: what they advertise, their databases and
 * what moves in them. Made by the loader, by the built-in ones or by a test;
 * written values stay in it as long as it lives.
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

/* An attribute's value with more to it than lying in the table. */
struct sim_source {
	uint8_t read_error, write_error; /* ATT error codes; 0: none */
	unsigned int refusals;    /* how often they are given; 0: always */
	bool on_write;            /* send a value that was written */
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

/* How a peripheral goes wrong, once for each link; 0: it does not. */
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

/* These add to the table and keep a copy of what the value does beside;
 * like may be NULL, ret_source too. Errors are those of gatt/server_table.h. */
int sim_add_characteristic(struct sim_peripheral *peripheral,
			   const struct gatt_characteristic *characteristic,
			   const struct sim_source *like,
			   struct sim_source **ret_source);
int sim_add_descriptor(struct sim_peripheral *peripheral, uint16_t handle,
		       const struct ble_uuid *uuid,
		       const struct gatt_value *value,
		       const struct sim_source *like);

/* Appends an AD structure; more says room of data. -EMSGSIZE. */
int sim_add_ad(uint8_t *data, uint8_t *len, size_t room, uint8_t type,
	       struct ble_bytes value);

/* Flags and the name, shortened where it does not fit. */
void sim_advertise_name(struct sim_peripheral *peripheral);

/* Ready to be used: after this the table and the sources stay as they are.
 * -ENOENT: an include names what is no service. */
int sim_peripheral_finish(struct sim_peripheral *peripheral);

/* Puts the next sample of a source in its value. */
void sim_source_step(struct sim_source *source);

/* The built-in ones: a heart rate sensor and an environment sensor. */
int sim_builtin(struct sim_model *model);

/* Reads a file as doc/simulator.md describes it. -errno, with a sentence
 * through loop_say(); the model is then to be released as well. */
struct ble_loop;
int sim_load(struct ble_loop *loop, const char *path, struct sim_model *model);

/* An adapter called name, with the peripherals that fill puts into its model. */
struct adapter;
typedef int (*sim_fill_func)(struct ble_loop *loop, void *user,
			     struct sim_model *model);
int sim_open_with(struct ble_loop *loop, const char *name, sim_fill_func fill,
		  void *user, struct adapter **ret_adapter);

#endif
