/* SPDX-License-Identifier: MIT */
#include "tests/harness.h"

#include <CUnit/Basic.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/failmalloc.h"

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

enum { MAX_CASES = 2048, MAX_FDS = 1024, HANG_S = 120 };

static struct {
	CU_pTest test;
	const struct test_case *tested;
} cases[MAX_CASES];
static size_t n_cases;

static const struct test_case *current;
static char current_name[160];
static char about[1024];
static bool fds_before[MAX_FDS];
static size_t memory_before;
static uint32_t seed, state;

/* -- Checks ------------------------------------------------------------------ */

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
	CU_assertImplementation(CU_FALSE, (unsigned int)line, text, file, "",
				fatal ? CU_TRUE : CU_FALSE);
	return false;
}

static bool pass(int line, const char *what, const char *file)
{
	if (current) /* tables may be made before anything runs */
		CU_assertImplementation(CU_TRUE, (unsigned int)line, what, file,
					"", CU_FALSE);
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
		     : (uint32_t)time(NULL) ^ (uint32_t)getpid() << 16;
	if (!seed)
		seed = 1;
}

/* -- Around each case ---------------------------------------------------------- */

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

unsigned int harness_fds(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < MAX_FDS; fd++)
		n += is_open(fd);
	return n;
}

static void check_fds(void)
{
	for (int fd = 0; fd < MAX_FDS; fd++) {
		char link[32], target[128] = "?";
		ssize_t len;

		if (fds_before[fd] || !is_open(fd))
			continue;
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		len = readlink(link, target, sizeof(target) - 1);
		if (len > 0)
			target[len] = '\0';
		fail(__LINE__, current_name, false, "descriptor %d left open: %s",
		     fd, target);
		close(fd);
	}
}

static void check_memory(void)
{
	if (failmalloc_live() > memory_before) {
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

static void hang(int number)
{
	static const char text[] = "\nharness: this case hangs: ";

	(void)number;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0 ||
	    write(STDERR_FILENO, current_name, strlen(current_name)) < 0 ||
	    write(STDERR_FILENO, "\n", 1) < 0)
		_exit(98);
	_exit(99);
}

static void before(void)
{
	CU_pTest test = CU_get_current_test();

	current = NULL;
	for (size_t i = 0; i < n_cases; i++) {
		if (cases[i].test == test)
			current = cases[i].tested;
	}
	snprintf(current_name, sizeof(current_name), "%s/%s",
		 CU_get_current_suite()->pName, test->pName);
	about[0] = '\0';
	state = seed;
	for (int fd = 0; fd < MAX_FDS; fd++)
		fds_before[fd] = is_open(fd);
	failmalloc_mark();
	memory_before = failmalloc_live();
	alarm(HANG_S);
}

static void after(void)
{
	alarm(0);
	failmalloc_disarm();
	check_fds();
	check_memory();
}

const void *harness_data(void)
{
	return current ? current->data : NULL;
}

/* -- Running -------------------------------------------------------------------- */

static bool wanted(const char *suite, const char *name, const char *filter)
{
	char full[160];

	snprintf(full, sizeof(full), "%s/%s", suite, name);
	return !filter || strstr(full, filter);
}

static int add_suite(const struct test_suite *suite, const char *filter)
{
	CU_pSuite added = NULL;

	for (const struct test_case *c = suite->cases; c->name; c++) {
		if (!wanted(suite->name, c->name, filter))
			continue;
		if (!added)
			added = CU_add_suite_with_setup_and_teardown(
				suite->name, NULL, NULL, before, after);
		if (!added || n_cases == MAX_CASES)
			return -1;
		cases[n_cases].test = CU_add_test(added, c->name, c->run);
		if (!cases[n_cases].test)
			return -1;
		cases[n_cases++].tested = c;
	}
	return 0;
}

int harness_main(int argc, char **argv, const struct test_suite *suites)
{
	const char *filter = argc > 1 ? argv[1] : NULL;
	unsigned int failed;

	set_seed();
	signal(SIGALRM, hang);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("seed %u (BLEWIRE_SEED sets it)\n", seed);
	if (CU_initialize_registry() != CUE_SUCCESS)
		return 99;
	for (; suites->name; suites++) {
		if (add_suite(suites, filter)) {
			fprintf(stderr, "%s: %s\n", suites->name, CU_get_error_msg());
			CU_cleanup_registry();
			return 99;
		}
	}
	CU_basic_set_mode(CU_BRM_VERBOSE);
	if (CU_basic_run_tests() != CUE_SUCCESS || n_cases == 0 ||
	    CU_get_number_of_tests_run() != n_cases) {
		fprintf(stderr, "not every case ran: %s\n", CU_get_error_msg());
		CU_cleanup_registry();
		return 99;
	}
	failed = CU_get_number_of_failures() + CU_get_number_of_tests_failed();
	CU_cleanup_registry();
	return failed ? 1 : 0;
}
