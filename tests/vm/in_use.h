/* SPDX-License-Identifier: MIT */
/* What the process has in use, for programs that must not grow. */
#ifndef TESTS_VM_IN_USE_H
#define TESTS_VM_IN_USE_H

#include <dirent.h>
#include <malloc.h>
#include <stddef.h>

/* Where there is the address sanitizer, whose heap mallinfo2() does not know. */
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static inline size_t heap_in_use(void)
{
	return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes()
						       : mallinfo2().uordblks;
}

static inline size_t descriptors_in_use(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t n = 0;

	while (folder && readdir(folder))
		n++;
	if (folder)
		closedir(folder);
	return n - 3; /* "." and "..", and the folder's */
}

#endif
