/* SPDX-License-Identifier: MIT */
/* See generator.h. The sine is computed in floating point and rounded. */
#include "sim/generator.h"

#include <math.h>

#include "base/bytes.h"

const char *sim_kind_text(enum sim_kind kind)
{
	static const char *const names[SIM_KINDS] = {
		"constant", "counter", "sine", "walk", "heart-rate",
	};

	return (unsigned int)kind < SIM_KINDS ? names[kind] : NULL;
}

/* Marsaglia's xorshift with 32 bits. */
uint32_t sim_random(uint32_t *state)
{
	uint32_t x = *state ? *state : 0x9e3779b9u;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	*state = x;
	return x;
}

void sim_generator_start(struct sim_generator *g)
{
	g->random = g->seed * 2654435761u + 1;
	g->sample = 0;
	g->energy = 0;
	g->now = g->kind == SIM_COUNTER ? g->min : g->min + (g->max - g->min) / 2;
	if (g->kind == SIM_HEART_RATE)
		g->now = g->min + (g->max - g->min) / 4;
}

/* A random number from -reach to reach. */
static int64_t swing(struct sim_generator *g, int64_t reach)
{
	return (int64_t)(sim_random(&g->random) % (uint64_t)(2 * reach + 1)) -
	       reach;
}

static int64_t within(const struct sim_generator *g, int64_t value)
{
	if (value < g->min)
		return g->min;
	return value > g->max ? g->max : value;
}

static int64_t count(struct sim_generator *g)
{
	int64_t value = g->now;

	g->now += g->step;
	if (g->now > g->max || g->now < g->min)
		g->now = g->min;
	return value;
}

static int64_t sine(const struct sim_generator *g)
{
	const double turn = 6.283185307179586;
	double angle = turn * (g->sample % g->period) / g->period;
	double middle = ((double)g->min + (double)g->max) / 2;
	double reach = ((double)g->max - (double)g->min) / 2;

	return within(g, llround(middle + reach * sin(angle)));
}

static size_t put_integer(const struct sim_generator *g, int64_t value,
			  uint8_t *p)
{
	uint64_t bits = (uint64_t)value;

	for (unsigned int i = 0; i < g->size; i++)
		p[i] = (uint8_t)(bits >> 8 * i);
	return g->size;
}

/* Heart Rate Service 3.1: flags, beats a minute in 8 bits, in every tenth
 * sample the energy spent so far, and the time between two beats. */
static size_t beat(struct sim_generator *g, uint8_t *p)
{
	enum { CONTACT = 0x06, ENERGY = 0x08, INTERVAL = 0x10 };
	size_t len = 2;

	g->now = within(g, g->now + swing(g, g->sample % 30 < 15 ? 2 : 1) +
				   (g->sample % 60 < 20 ? 1 : 0));
	g->energy += (uint32_t)g->now / 8;
	p[0] = CONTACT | INTERVAL;
	p[1] = (uint8_t)g->now;
	if (g->sample % 10 == 9) {
		p[0] |= ENERGY;
		put_le16(p + len, (uint16_t)(g->energy / 64));
		len += 2;
	}
	put_le16(p + len, (uint16_t)(60 * 1024 / (g->now ? g->now : 1) +
				     swing(g, 8)));
	return len + 2;
}

size_t sim_generate(struct sim_generator *g, uint8_t sample[SIM_SAMPLE_MAX])
{
	size_t len = 0;

	switch (g->kind) {
	case SIM_COUNTER:
		len = put_integer(g, count(g), sample);
		break;
	case SIM_SINE:
		len = put_integer(g, sine(g), sample);
		break;
	case SIM_WALK:
		g->now = within(g, g->now + swing(g, g->step));
		len = put_integer(g, g->now, sample);
		break;
	case SIM_HEART_RATE:
		len = beat(g, sample);
		break;
	case SIM_CONSTANT:
	case SIM_KINDS:
		break;
	}
	g->sample++;
	return len;
}
