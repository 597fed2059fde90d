/* SPDX-License-Identifier: MIT */
/* Counts what is allocated. The names are the linker's: with --wrap=malloc each
 * call of malloc() becomes one of __wrap_malloc(). */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);

static unsigned long allocations;

void *__wrap_malloc(size_t size)
{
	allocations++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	allocations++;
	return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	allocations++;
	return __real_realloc(p, size);
}

char *__wrap_strdup(const char *s)
{
	allocations++;
	return __real_strdup(s);
}

unsigned long bench_allocations(void)
{
	return allocations;
}

size_t bench_heap(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}
