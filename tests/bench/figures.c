/* SPDX-License-Identifier: MIT */
/* Figures: the table, the lines of JSON, medians. */
#define _GNU_SOURCE /* sched_setaffinity() */
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/bench.h"

static FILE *json;

void bench_die(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	va_start(args, format);
	fputs("bench: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

void bench_json(FILE *file)
{
	json = file;
}

/* -- The table ------------------------------------------------------------------ */

static const char format[] = "%-47s %9s %-6s %9s %-20s %6s %9s  %s\n";

void bench_heading(void)
{
	printf(format, "path", "ours", "", "floor", "", "ratio", "reach", "");
	fflush(stdout);
}

static const char *number(char *text, size_t size, double value)
{
	if (value == (double)(long)value && value < 1e7)
		snprintf(text, size, "%ld", (long)value);
	else
		snprintf(text, size, "%.*f", value < 10 ? 2 : value < 100 ? 1 : 0, value);
	if (value >= 1e6)
		snprintf(text, size, "%.2fM", value / 1e6);
	return text;
}

static bool met(const struct bench_figure *f)
{
	double value = f->ratio > 0 ? f->ratio : f->ours;

	return f->kind == REACH_NONE ||
	       (f->kind == REACH_AT_MOST ? value <= f->reach : value >= f->reach);
}

static void print_row(const struct bench_figure *f)
{
	char ours[24], floor[24] = "", ratio[24] = "", reach[32] = "", text[24];

	number(ours, sizeof(ours), f->ours);
	if (f->against)
		number(floor, sizeof(floor), f->floor);
	if (f->ratio > 0)
		snprintf(ratio, sizeof(ratio), "%.2f", f->ratio);
	if (f->kind != REACH_NONE)
		snprintf(reach, sizeof(reach), "%s %s", f->kind == REACH_AT_MOST ? "<=" : ">=",
			 number(text, sizeof(text), f->reach));
	printf(format, f->path, ours, f->unit, floor, f->against ? f->against : "", ratio,
	       reach, f->kind == REACH_NONE ? "" : met(f) ? "met" : "MISSED");
	fflush(stdout);
}

/* Our own words need no escapes. */
static void print_json(const struct bench_figure *f)
{
	fprintf(json, "{\"path\": \"%s\", \"ours\": %.6g, \"unit\": \"%s\"", f->path, f->ours,
		f->unit);
	if (f->against)
		fprintf(json, ", \"against\": \"%s\", \"floor\": %.6g", f->against, f->floor);
	if (f->ratio > 0)
		fprintf(json, ", \"ratio\": %.4g", f->ratio);
	if (f->kind != REACH_NONE)
		fprintf(json, ", \"reach\": \"%s %.6g\", \"met\": %s",
			f->kind == REACH_AT_MOST ? "<=" : ">=", f->reach,
			met(f) ? "true" : "false");
	fputs("}\n", json);
	fflush(json);
}

void bench_figure(const struct bench_figure *figure)
{
	print_row(figure);
	if (json)
		print_json(figure);
}

void bench_left_out(const char *path, const char *why)
{
	printf("%-47s left out: %s\n", path, why);
	fflush(stdout);
	if (json)
		fprintf(json, "{\"path\": \"%s\", \"left_out\": \"%s\"}\n", path, why);
}

/* -- Time ------------------------------------------------------------------------- */

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t bench_cpu(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t bench_wall(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

double bench_cpu_cost(void)
{
	enum { TIMES = 201 };
	double costs[TIMES];

	for (int i = 0; i < TIMES; i++) {
		uint64_t start = bench_cpu();

		costs[i] = (double)(bench_cpu() - start);
	}
	return bench_share(costs, TIMES, 0.5);
}

void bench_one_cpu(void)
{
	cpu_set_t all, one;

	CPU_ZERO(&one);
	NEED(sched_getaffinity(0, sizeof(all), &all) == 0);
	for (int cpu = CPU_SETSIZE - 1; cpu >= 0 && !CPU_COUNT(&one); cpu--)
		if (CPU_ISSET((size_t)cpu, &all))
			CPU_SET((size_t)cpu, &one);
	NEED(sched_setaffinity(0, sizeof(one), &one) == 0);
}

/* -- Pairs -------------------------------------------------------------------------- */

void bench_pair_init(struct bench_pair *pair, size_t rounds)
{
	pair->n = 0;
	pair->room = rounds;
	pair->ours = calloc(3 * rounds, sizeof(*pair->ours));
	NEED(pair->ours);
	pair->floor = pair->ours + rounds;
	pair->ratios = pair->floor + rounds;
}

void bench_pair_add(struct bench_pair *pair, double ours, double floor)
{
	NEED(pair->n < pair->room && floor > 0);
	pair->ours[pair->n] = ours;
	pair->floor[pair->n] = floor;
	pair->ratios[pair->n++] = ours / floor;
}

void bench_pair_free(struct bench_pair *pair)
{
	free(pair->ours);
	*pair = (struct bench_pair){ 0 };
}

static int by_size(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return *left < *right ? -1 : *left > *right;
}

double bench_share(double *values, size_t n, double share)
{
	size_t at = (size_t)((double)n * share);

	NEED(n > 0);
	qsort(values, n, sizeof(*values), by_size);
	return values[at < n ? at : n - 1];
}

void bench_pair_figure(struct bench_pair *pair, const char *path, const char *against,
		       const char *unit, enum bench_reach kind, double reach)
{
	const struct bench_figure figure = {
		.path = path,
		.against = against,
		.ours = bench_share(pair->ours, pair->n, 0.5),
		.floor = bench_share(pair->floor, pair->n, 0.5),
		.unit = unit,
		.ratio = bench_share(pair->ratios, pair->n, 0.5),
		.kind = kind,
		.reach = reach,
	};

	bench_figure(&figure);
}
