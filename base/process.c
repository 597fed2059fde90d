/* SPDX-License-Identifier: MIT */
/* Forks and the lock, on POSIX systems; those of Windows are in windows.c. */
#include "base/process.h"

#include <pthread.h>
#include <stdbool.h>

unsigned int process_forks;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void process_lock(void)
{
	pthread_mutex_lock(&mutex);
}

void process_unlock(void)
{
	pthread_mutex_unlock(&mutex);
}

static void in_child(void)
{
	process_forks++;
	process_unlock();
}

int process_init(void)
{
	static bool done;
	int error = 0;

	process_lock();
	if (!done)
		error = -pthread_atfork(process_lock, process_unlock, in_child);
	done = !error;
	process_unlock();
	return error;
}
