/* SPDX-License-Identifier: MIT */
/* The process that tests run in, on Windows. */
#include "tests/runner.h"

#include <stdio.h>
#include <windows.h>

enum { MAX_HANDLES = 512 };

static HANDLE timer; /* of the system's own threads; made by the first watch */
static const char *watched;
static bool open_before[MAX_HANDLES];

static VOID CALLBACK hang(PVOID user, BOOLEAN fired)
{
	(void)user;
	(void)fired;
	fprintf(stderr, "\nharness: this case hangs: %s\n", watched);
	fflush(stderr);
	TerminateProcess(GetCurrentProcess(), 99);
}

void process_watch(unsigned int seconds, const char *name)
{
	/* For ever is a month, so that the timer stays and no handle of it
	 * comes or goes between two cases. */
	DWORD ms = seconds ? seconds * 1000 : 30u * 24 * 3600 * 1000;

	watched = name;
	if (timer)
		ChangeTimerQueueTimer(NULL, timer, ms, 0);
	else
		CreateTimerQueueTimer(&timer, NULL, hang, NULL, ms, 0,
				      WT_EXECUTEONLYONCE);
}

uint32_t process_number(void)
{
	return GetCurrentProcessId();
}

/* Handles are small multiples of four. Their count can be asked for, but wine
 * knows no answer. */
static bool is_open(unsigned int i)
{
	DWORD flags;

	return GetHandleInformation((HANDLE)(uintptr_t)(4 * (i + 1)), &flags);
}

unsigned int harness_fds(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < MAX_HANDLES; i++)
		n += is_open(i);
	return n;
}

void process_mark_open(void)
{
	for (unsigned int i = 0; i < MAX_HANDLES; i++)
		open_before[i] = is_open(i);
}

void process_check_open(void (*left)(const char *what))
{
	for (unsigned int i = 0; i < MAX_HANDLES; i++) {
		char what[80];

		if (open_before[i] || !is_open(i))
			continue;
		snprintf(what, sizeof(what), "handle 0x%x left open", 4 * (i + 1));
		left(what);
	}
}
