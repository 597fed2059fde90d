/* SPDX-License-Identifier: MIT */
/* Differences between compilers and C libraries: here and nowhere else. */
#ifndef BASE_PORTABLE_H
#define BASE_PORTABLE_H

#include <errno.h>

/* Errors that some systems lack get the nearest one that they have. */
#ifndef EBADE
#define EBADE EACCES
#endif
#ifndef EBADRQC
#define EBADRQC ENOSYS
#endif
#ifndef EHOSTDOWN
#define EHOSTDOWN EHOSTUNREACH
#endif

/* Its arguments are checked as those of the C library's printf(); on Windows
 * there are two of them, and configure chose the one that speaks C99. */
#if defined(__MINGW32__) && !defined(__clang__)
#define PRINTF_LIKE(format_, first) __attribute__((format(gnu_printf, format_, first)))
#elif defined(__GNUC__)
#define PRINTF_LIKE(format_, first) __attribute__((format(printf, format_, first)))
#else
#define PRINTF_LIKE(format_, first)
#endif

/* For functions that are called after a failure: the compiler moves the branches
 * that lead there out of the hot path. */
#ifdef __GNUC__
#define COLD __attribute__((cold))
#else
#define COLD
#endif

#endif
