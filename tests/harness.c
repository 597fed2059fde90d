/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/harness.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/failmalloc.h"
#include "tests/failsend.h"
#include "tests/patience.h"
#include "tests/runner.h"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_LSAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_LSAN 1
#endif
#endif
#ifdef WITH_LSAN
#include <sanitizer/lsan_interface.h>
#endif

#ifdef NAMES
const bool harness_named = true;
#else
const bool harness_named = false;
#endif

static const struct test_case *current;
static char current_name[160];
static char about[1024];
static const char *filter;
static bool aborted; /* by a failed REQUIRE: what it leaves is no failure of its own */
static size_t memory_before;
static uint32_t seed, state;
static bool is_child; /* of harness_fork() */
static unsigned int child_failures;

/* -- Checks ------------------------------------------------------------------ */

/* The runner prints failures when a case ends, which a child does not see. */
static void note_child(bool fatal, int line, const char *text, const char *file)
{
	printf("\n      in a child: %s:%d  - %s\n", file, line, text);
	child_failures++;
	if (fatal)
		harness_end_child();
}

static bool fail(int line, const char *file, bool fatal, const char *format, ...)
{
	char text[2048];
	size_t used = 0;
	va_list args;

	if (about[0])
		used = (size_t)snprintf(text, sizeof(text), "[%s] ", about);
	va_start(args, format);
	vsnprintf(text + used, sizeof(text) - used, format, args);
	va_end(args);
	if (is_child) {
		note_child(fatal, line, text, file);
		return false;
	}
	aborted = aborted || fatal;
	runner_note(false, fatal, line, text, file);
	return false;
}

static bool pass(int line, const char *what, const char *file)
{
	if (current) /* tables may be made before anything runs */
		runner_note(true, false, line, what, file);
	return true;
}

bool harness_check(bool good, int line, const char *what, const char *file,
		   bool fatal)
{
	return good ? pass(line, what, file)
		    : fail(line, file, fatal, "%s", what);
}

bool harness_check_int(long long seen, long long expected, int line,
		       const char *what, const char *file)
{
	return seen == expected
		? pass(line, what, file)
		: fail(line, file, false, "%s is %lld (0x%llx), not %lld", what,
		       seen, (unsigned long long)seen, expected);
}

bool harness_check_str(const char *seen, const char *expected, int line,
		       const char *what, const char *file)
{
	if (seen && expected ? strcmp(seen, expected) == 0 : seen == expected)
		return pass(line, what, file);
	return fail(line, file, false, "%s is \"%s\", not \"%s\"", what,
		    seen ? seen : "(null)", expected ? expected : "(null)");
}

bool harness_check_mem(const void *seen, const void *expected, size_t len,
		       int line, const char *what, const char *file)
{
	const uint8_t *a = seen, *b = expected;

	for (size_t i = 0; i < len; i++) {
		if (a[i] != b[i])
			return fail(line, file, false,
				    "%s[%zu] is 0x%02x, not 0x%02x", what, i,
				    a[i], b[i]);
	}
	return pass(line, what, file);
}

void harness_about(const char *format, ...)
{
	va_list args;

	about[0] = '\0';
	if (!format)
		return;
	va_start(args, format);
	vsnprintf(about, sizeof(about), format, args);
	va_end(args);
}

/* -- Random numbers: xorshift32 ----------------------------------------------- */

uint32_t harness_random(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

uint32_t harness_below(uint32_t limit)
{
	return harness_random() % limit;
}

static void set_seed(void)
{
	const char *given = getenv("BLEWIRE_SEED");

	seed = given ? (uint32_t)strtoul(given, NULL, 0)
		     : (uint32_t)time(NULL) ^ process_number() << 16;
	if (!seed)
		seed = 1;
}

/* -- Around each case ---------------------------------------------------------- */

static void left_open(const char *what)
{
	if (!aborted)
		fail(__LINE__, current_name, false, "%s", what);
}

static void check_memory(void)
{
	if (failmalloc_live() > memory_before && !aborted) {
		fail(__LINE__, current_name, false, "%zu allocations left behind",
		     failmalloc_live() - memory_before);
		failmalloc_list(stderr);
	}
#ifdef WITH_LSAN
	static bool leak_reported;

	/* What other libraries allocated for us; each leak is told once. */
	if (!leak_reported && __lsan_do_recoverable_leak_check()) {
		leak_reported = true;
		fail(__LINE__, current_name, false, "memory leaked, see above");
	}
#endif
}

static void before(const char *suite, const struct test_case *tested)
{
	current = tested;
	snprintf(current_name, sizeof(current_name), "%s/%s", suite, tested->name);
	about[0] = '\0';
	aborted = false;
	state = seed;
	process_watch(patience_ms() / 1000, current_name);
	process_mark_open();
	failmalloc_mark();
	memory_before = failmalloc_live();
}

static void after(void)
{
	process_watch(0, current_name);
	failmalloc_disarm();
	failsend_disarm();
	process_check_open(left_open);
	check_memory();
}

const void *harness_data(void)
{
	return current ? current->data : NULL;
}

const char *harness_name(void)
{
	return current ? current->name : NULL;
}

unsigned int harness_failures(void)
{
	return is_child ? child_failures : runner_failures();
}

void harness_enter_child(void)
{
	is_child = true;
	child_failures = 0;
	process_watch(patience_ms() / 1000, current_name);
}

void harness_end_child(void)
{
	fflush(stdout);
	_Exit(child_failures != 0);
}

/* -- Running -------------------------------------------------------------------- */

static bool wanted(const char *suite, const char *name)
{
	char full[160];

	snprintf(full, sizeof(full), "%s/%s", suite, name);
	return !filter || strstr(full, filter);
}

int harness_main(int argc, char **argv, const struct test_suite *suites)
{
	const struct runner runner = { suites, wanted, before, after };

	filter = argc > 1 ? argv[1] : NULL;
	set_seed();
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	printf("seed %u (BLEWIRE_SEED sets it)\n", seed);
	return runner_run(&runner);
}
