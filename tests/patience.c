/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L /* nanosleep */
#include "tests/patience.h"

#include <stdint.h>
#include <stdlib.h>

#ifdef _WIN32
#include <windows.h>

static uint64_t now_us(void)
{
	return GetTickCount64() * 1000;
}

static void yield(void)
{
	Sleep(0);
}
#else
#include <time.h>

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void yield(void)
{
	nanosleep(&(struct timespec){ 0, 1 }, NULL);
}
#endif

/* What takes USUAL_US on a machine with nothing else to do: some work, and being
 * scheduled again after each part of it. */
static unsigned int measure_us(void)
{
	enum { PARTS = 10, STEPS = 200000 };
	volatile uint32_t kept;
	uint32_t x = 1;
	uint64_t start = now_us();

	for (int part = 0; part < PARTS; part++) {
		for (int i = 0; i < STEPS; i++) {
			x ^= x << 13;
			x ^= x >> 17;
			x ^= x << 5;
		}
		kept = x;
		(void)kept;
		yield();
	}
	return (unsigned int)(now_us() - start);
}

unsigned int patience_ms(void)
{
	enum { LEAST_S = 300, MOST_S = 3600, USUAL_US = 8000 };
	static unsigned int seconds;
	const char *given = getenv("BLEWIRE_PATIENCE");

	if (!seconds && given)
		seconds = (unsigned int)strtoul(given, NULL, 10);
	if (!seconds) {
		seconds = (unsigned int)(LEAST_S * (uint64_t)measure_us() / USUAL_US);
		if (seconds < LEAST_S)
			seconds = LEAST_S;
		if (seconds > MOST_S)
			seconds = MOST_S;
	}
	return 1000 * seconds;
}
