/* SPDX-License-Identifier: MIT */
/* The checks of harness.h, for fixtures that were written for test programs. */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/harness.h"

bool harness_check(bool good, int line, const char *what, const char *file, bool fatal)
{
	(void)fatal;
	if (!good)
		fuzz_broken(what, file, line);
	return good;
}

bool harness_check_int(long long seen, long long expected, int line, const char *what,
		       const char *file)
{
	return harness_check(seen == expected, line, what, file, true);
}

bool harness_check_str(const char *seen, const char *expected, int line,
		       const char *what, const char *file)
{
	return harness_check(!strcmp(seen, expected), line, what, file, true);
}

bool harness_check_mem(const void *seen, const void *expected, size_t len, int line,
		       const char *what, const char *file)
{
	return harness_check(!memcmp(seen, expected, len), line, what, file, true);
}
