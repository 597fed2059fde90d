/* SPDX-License-Identifier: MIT */
/*
 * Values that change: each call gives the next sample. The same settings give the same
 * samples on every machine and in every run, at any speed.
 */
#ifndef SIM_GENERATOR_H
#define SIM_GENERATOR_H

#include "blewire.h"

enum sim_kind {
	SIM_CONSTANT, /* no samples: the value does not change */
	SIM_COUNTER,  /* from min by step to max, then from min again */
	SIM_SINE,     /* between min and max, with a period of period samples */
	SIM_WALK,     /* at most step above or below the last sample */
	SIM_HEART_RATE, /* Heart Rate Measurement (0x2A37), min to max beats a minute */
	SIM_KINDS
};

enum { SIM_SAMPLE_MAX = 8 };

struct sim_generator {
	enum sim_kind kind;
	uint8_t size; /* octets of a sample, 1 to 4, little endian */
	int64_t min, max, step; /* min <= max */
	uint32_t period; /* samples, at least 2 */
	uint32_t seed;   /* 0 is a seed too */
	/* Its state. */
	uint32_t random, sample;
	int64_t now;
	uint32_t energy; /* SIM_HEART_RATE: 1/64 kJ spent */
};

/* The name of a kind in files; NULL from SIM_KINDS on. */
const char *sim_kind_text(enum sim_kind kind);

/* Resets it to the first sample. */
void sim_generator_start(struct sim_generator *generator);

/* Writes the next sample and returns its length; 0 from SIM_CONSTANT. */
size_t sim_generate(struct sim_generator *generator,
		    uint8_t sample[SIM_SAMPLE_MAX]);

/* The next pseudo-random number. *state may be any number at first. */
uint32_t sim_random(uint32_t *state);

#endif
