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
void __real_free(void *p);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);
void __wrap_free(void *p);

static unsigned long allocations;
static size_t heap;
static bool weighing;

/* With the word that malloc() keeps before each block. What it puts aside when
 * it is freed, and its own statistics count as used, is not. */
static size_t size_of(void *p)
{
	return p && weighing ? malloc_usable_size(p) + sizeof(size_t) : 0;
}

static void *added(void *p)
{
	allocations++;
	heap += size_of(p);
	return p;
}

void *__wrap_malloc(size_t size)
{
	return added(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return added(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t size)
{
	size_t before = size_of(p);
	void *more = __real_realloc(p, size);

	if (more)
		heap -= before;
	return added(more);
}

char *__wrap_strdup(const char *s)
{
	return added(__real_strdup(s));
}

void __wrap_free(void *p)
{
	heap -= size_of(p);
	__real_free(p);
}

unsigned long bench_allocations(void)
{
	return allocations;
}

void bench_weigh(void)
{
	weighing = true;
}

size_t bench_heap(void)
{
	return heap;
}
