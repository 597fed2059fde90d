/* SPDX-License-Identifier: MIT */
#include "tests/failmalloc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/harness.h"

/* The names are the linker's: --wrap=malloc calls __wrap_malloc instead. */
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

#ifndef _WIN32 /* which has none of these */
void *__real_reallocarray(void *p, size_t n, size_t size);
char *__real_strndup(const char *s, size_t n);
int __real_vasprintf(char **ret, const char *format, va_list args);

void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strndup(const char *s, size_t n);
int __wrap_vasprintf(char **ret, const char *format, va_list args);
int __wrap_asprintf(char **ret, const char *format, ...);
#endif

/* What is allocated: open addressing, no deletion marks (entries move up). */
enum { SLOTS = 1 << 16 };

static struct slot {
	void *p;
	void *caller;
	unsigned long number;
} slots[SLOTS];

static atomic_flag locked = ATOMIC_FLAG_INIT; /* test_comport has two threads */
static size_t live;
static unsigned long count, marked;
static unsigned int countdown; /* 0: not armed */
static bool failed, held;
static void **recorded; /* NULL: they are not */
static size_t n_recorded, recorded_max;

static void lock(void)
{
	while (atomic_flag_test_and_set(&locked))
		;
}

static size_t home(const void *p)
{
	return (size_t)(((uintptr_t)p >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 48);
}

static size_t find(const void *p)
{
	size_t i = home(p);

	while (slots[i].p && slots[i].p != p)
		i = (i + 1) % SLOTS;
	return i;
}

static void *follow(void *p, void *caller)
{
	size_t i;

	if (!p)
		return NULL;
	if (live > SLOTS / 2) {
		fputs("failmalloc: too many allocations to follow\n", stderr);
		abort();
	}
	lock();
	i = find(p);
	live += !slots[i].p;
	slots[i] = (struct slot){ p, caller, ++count };
	atomic_flag_clear(&locked);
	return p;
}

/* hole: where it is. */
static void take_out(size_t hole)
{
	size_t i = hole;

	live--;
	for (;;) {
		size_t wants;

		i = (i + 1) % SLOTS;
		if (!slots[i].p)
			break;
		wants = home(slots[i].p);
		if ((i - wants) % SLOTS >= (i - hole) % SLOTS) {
			slots[hole] = slots[i];
			hole = i;
		}
	}
	slots[hole].p = NULL;
}

static void forget(void *p)
{
	size_t i;

	if (!p)
		return;
	lock();
	i = find(p);
	if (slots[i].p)
		take_out(i);
	atomic_flag_clear(&locked);
}

#define CALLER __builtin_return_address(0)

static void record(void *caller)
{
	if (recorded && n_recorded < recorded_max)
		recorded[n_recorded] = caller;
	n_recorded++;
}

static bool fails(void *caller)
{
	if (held)
		return false;
	record(caller);
	if (!countdown || --countdown)
		return false;
	failed = true;
	errno = ENOMEM;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails(CALLER) ? NULL : follow(__real_malloc(size), CALLER);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails(CALLER) ? NULL : follow(__real_calloc(n, size), CALLER);
}

void *__wrap_realloc(void *p, size_t size)
{
	void *q;

	if (fails(CALLER))
		return NULL;
	forget(p); /* before another thread gets its address */
	q = __real_realloc(p, size);
	if (!q && size)
		follow(p, CALLER);
	return follow(q, CALLER);
}

char *__wrap_strdup(const char *s)
{
	return fails(CALLER) ? NULL : follow(__real_strdup(s), CALLER);
}

void __wrap_free(void *p)
{
	forget(p);
	__real_free(p);
}

#ifndef _WIN32
void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	void *q;

	if (fails(CALLER))
		return NULL;
	q = __real_reallocarray(p, n, size);
	if (q)
		forget(p);
	return follow(q, CALLER);
}

char *__wrap_strndup(const char *s, size_t n)
{
	return fails(CALLER) ? NULL : follow(__real_strndup(s, n), CALLER);
}

int __wrap_vasprintf(char **ret, const char *format, va_list args)
{
	int len = fails(CALLER) ? -1 : __real_vasprintf(ret, format, args);

	if (len >= 0)
		follow(*ret, CALLER);
	return len;
}

int __wrap_asprintf(char **ret, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = __wrap_vasprintf(ret, format, args);
	va_end(args);
	return len;
}
#endif

void failmalloc_arm(unsigned int n)
{
	countdown = n;
	failed = false;
}

int failmalloc_disarm(void)
{
	countdown = 0;
	return failed;
}

int failmalloc_came(void)
{
	return failed;
}

void failmalloc_hold(bool hold)
{
	held = hold;
}

size_t failmalloc_record(void **callers, size_t n)
{
	size_t before = n_recorded;

	recorded = callers;
	recorded_max = n;
	n_recorded = 0;
	return before;
}

size_t failmalloc_live(void)
{
	return live;
}

unsigned long failmalloc_count(void)
{
	return count;
}

void failmalloc_mark(void)
{
	marked = count;
}

void failmalloc_list(FILE *out)
{
	for (size_t i = 0; i < SLOTS; i++) {
		if (slots[i].p && slots[i].number > marked)
			fprintf(out, "allocation %lu (%p) left behind, made before %p\n",
				slots[i].number - marked, slots[i].p,
				slots[i].caller);
	}
}

unsigned int fail_each(int (*scenario)(void *user), void *user)
{
	for (unsigned int n = 1;; n++) {
		size_t memory = live;
		unsigned int fds = harness_fds();
		int result, came;

		harness_about("allocation %u fails", n);
		failmalloc_mark();
		failmalloc_arm(n);
		result = scenario(user);
		came = failmalloc_disarm();
		CHECK_INT(harness_fds(), fds);
		if (live > memory)
			failmalloc_list(stderr);
		CHECK_INT(live, memory);
		if (!came) {
			harness_about("no allocation fails");
			CHECK_INT(result, 0);
			harness_about(NULL);
			return n - 1;
		}
		if (result != 0)
			CHECK_INT(result, -ENOMEM);
	}
}
