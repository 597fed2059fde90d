/* SPDX-License-Identifier: MIT */
/* What compilers and C libraries differ in: here once, and nowhere else. */
#ifndef BASE_PORTABLE_H
#define BASE_PORTABLE_H

#include <errno.h>

/* Errors that some systems do not have get the nearest one that they have. */
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

/* Called when something went wrong: what leads there is kept out of the way of
 * what runs all the time. */
#ifdef __GNUC__
#define COLD __attribute__((cold))
#else
#define COLD
#endif

#endif
