/* SPDX-License-Identifier: MIT */
/*
 * Measuring. Every figure is one of a pair that was taken side by side: rounds
 * of ours and of the floor in turn, and the median of the ratios of each round,
 * since a machine that has other things to do slows both down. Time is the CPU
 * time of this thread unless a row says latency.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/portable.h"

/* Says what went wrong and ends this part. */
PRINTF_LIKE(1, 2)
_Noreturn void bench_die(const char *format, ...);
#define NEED(condition) \
	((condition) ? (void)0 : bench_die("%s:%d: %s", __FILE__, __LINE__, #condition))

/* -- Figures (figures.c) ----------------------------------------------------- */

enum bench_reach { REACH_NONE, REACH_AT_MOST, REACH_AT_LEAST };

struct bench_figure {
	const char *path;   /* what is measured */
	const char *against; /* what floor is; NULL: nothing */
	double ours, floor;
	const char *unit;   /* of both */
	double ratio;       /* 0: no ratio, the reach is about ours */
	enum bench_reach kind;
	double reach;
};

/* A line of the table, and one of JSON for later. */
void bench_figure(const struct bench_figure *figure);

/* A row that cannot be measured here, and why. */
void bench_left_out(const char *path, const char *why);

/* The lines of JSON go there; NULL: nowhere. */
void bench_json(FILE *file);
void bench_heading(void);

/* -- Time ----------------------------------------------------------------------- */

uint64_t bench_cpu(void);  /* ns of this thread */
uint64_t bench_wall(void); /* ns */

/* What of looking at bench_cpu() twice lies between the two, ns: where little does, it is to be
 * taken off. */
double bench_cpu_cost(void);

/* Keeps this thread and those that it starts on one CPU: what passes between two
 * of them is then a switch, not an interrupt at another CPU, which takes several
 * times as long and would hide what is measured. */
void bench_one_cpu(void);

/* Rounds of two that are compared. */
struct bench_pair {
	size_t n, room;
	double *ours, *floor, *ratios;
};

void bench_pair_init(struct bench_pair *pair, size_t rounds);
void bench_pair_add(struct bench_pair *pair, double ours, double floor);
void bench_pair_free(struct bench_pair *pair);

/* Sorts; share 0.5 is the median. */
double bench_share(double *values, size_t n, double share);

/* Medians as one figure. */
void bench_pair_figure(struct bench_pair *pair, const char *path, const char *against,
		       const char *unit, enum bench_reach kind, double reach);

/* -- Memory (count.c) ------------------------------------------------------------- */

unsigned long bench_allocations(void); /* so far */
/* Octets in use, malloc()'s own included, in a part that says first that it weighs
 * them: where time is taken this must not cost any. */
void bench_weigh(void);
size_t bench_heap(void);

/* -- The parts ------------------------------------------------------------------------ */

struct bench_part {
	const char *name; /* NULL ends the table */
	void (*run)(void);
	const char *what;
	bool asked; /* only by name */
};

extern const char *bench_program; /* the path of this one */

void bench_notifications(void);
void bench_window(void);
void bench_latency(void);
void bench_requests(void);
void bench_commands(void);
void bench_reports(void);
void bench_soak(void);
void bench_discovery(void);
void bench_bgapi(void);
void bench_links(void);
void bench_memory(void);

#endif
