/* SPDX-License-Identifier: MIT */
/*
 * Values that move: each call gives the next sample. The same settings give
 * the same samples on every machine and in every run; time plays no part.
 */
#ifndef SIM_GENERATOR_H
#define SIM_GENERATOR_H

#include "blewire.h"

enum sim_kind {
	SIM_CONSTANT, /* generates nothing: the value stays as it is */
	SIM_COUNTER,  /* from min by step to max, then from min again */
	SIM_SINE,     /* between min and max, once around in period samples */
	SIM_WALK,     /* at most step up or down from where it is */
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
	/* Where it stands. */
	uint32_t random, sample;
	int64_t now;
	uint32_t energy; /* SIM_HEART_RATE: 1/64 kJ spent */
};

/* The name of a kind in files; NULL from SIM_KINDS on. */
const char *sim_kind_text(enum sim_kind kind);

/* Back to the beginning. */
void sim_generator_start(struct sim_generator *generator);

/* Writes the next sample and returns its length; 0 from SIM_CONSTANT. */
size_t sim_generate(struct sim_generator *generator,
		    uint8_t sample[SIM_SAMPLE_MAX]);

/* The next of a row of numbers without pattern. *state is any number at first
 * and never stays at 0. */
uint32_t sim_random(uint32_t *state);

#endif
