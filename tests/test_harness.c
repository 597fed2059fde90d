/* SPDX-License-Identifier: MIT */
/*
 * Proves that the harness can fail: with an argument this program does one forbidden
 * thing, which tests/selftest.sh expects to be detected.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/failmalloc.h"
#include "tests/harness.h"

/* Only what no optimiser can see is really done. */
static void *volatile kept;
static volatile int kept_fd;

static void bad_check(void)
{
	CHECK_INT(1 + 1, 3);
}

static void bad_descriptor(void)
{
	kept_fd = open("/dev/null", O_RDONLY);
	REQUIRE(kept_fd >= 0);
}

static void bad_memory(void)
{
	kept = malloc(10);
	REQUIRE(kept != NULL);
	kept = NULL;
}

static int unwary(void *user)
{
	void *volatile p = malloc(4);

	(void)user;
	if (!p)
		return -EIO; /* instead of -ENOMEM */
	free(p);
	return 0;
}

static void bad_errno(void)
{
	fail_each(unwary, NULL);
}

static int leaky(void *user)
{
	void *volatile a = malloc(4), *volatile b = malloc(4);

	(void)user;
	if (!a || !b)
		return -ENOMEM; /* and the other one is lost */
	free(a);
	free(b);
	return 0;
}

static void bad_cleanup(void)
{
	fail_each(leaky, NULL);
}

static void bad_hang(void)
{
	alarm(1);
	for (;;)
		pause();
}

static void fails(void)
{
	REQUIRE(1 + 1 == 3);
	harness_about("it goes on");
	FAIL("");
}

static void bad_child(void)
{
	harness_run_child(fails);
}

static int careful(void *user)
{
	void *volatile a = strdup("four"), *volatile b = calloc(2, 2);
	void *volatile c = realloc(NULL, 4);
	int fd = open("/dev/null", O_RDONLY);
	int error = a && b && c ? 0 : -ENOMEM;

	(void)user;
	free(a);
	free(b);
	free(c);
	close(fd);
	return error;
}

static void good_scenario(void)
{
	CHECK_INT(fail_each(careful, NULL), 3);
}

static void good_follow(void)
{
	void *volatile p[300];
	size_t live = failmalloc_live();

	for (int i = 0; i < 300; i++)
		p[i] = malloc((size_t)i);
	CHECK_INT(failmalloc_live(), live + 300);
	for (int i = 0; i < 300; i += 2)
		free(p[i]);
	CHECK_INT(failmalloc_live(), live + 150);
	for (int i = 1; i < 300; i += 2)
		free(p[i]);
	CHECK_INT(failmalloc_live(), live);
}

static const struct test_case bad[] = {
	TEST(bad_check), TEST(bad_descriptor), TEST(bad_memory), TEST(bad_errno),
	TEST(bad_cleanup), TEST(bad_hang), TEST(bad_child), { 0 },
};

static const struct test_case good[] = {
	TEST(good_scenario), TEST(good_follow), { 0 },
};

int main(int argc, char **argv)
{
	static const struct test_suite good_suites[] = { { "harness", good }, { 0 } };
	static const struct test_suite bad_suites[] = { { "harness", bad }, { 0 } };

	return harness_main(argc, argv, argc > 1 ? bad_suites : good_suites);
}
