/* SPDX-License-Identifier: MIT */
/*
 * What is one for the whole process: whether it was forked since an object was
 * made, and the library's one lock.
 *
 * A child of fork() shares the kernel's objects with its parent: an epoll set,
 * a timerfd, a socket. Closing a descriptor of its own is harmless; everything
 * else that it does to them is done to the parent as well. So what holds such
 * an object keeps the generation that it was made in, and in any other one only
 * closes descriptors and frees memory:
 *
 *	link->generation = process_generation();
 *	...
 *	if (link->generation == process_generation())
 *		shutdown(link->fd, SHUT_RDWR);
 *	close(link->fd);
 *
 * What belongs to a loop may ask loop_inherited() instead. A callback may fork and
 * return in the child, so whoever calls one and goes on with a descriptor, a timer or
 * a queue asks again after it.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

/* 0 or -errno. Forks are noticed from the first call on; ble_loop_new() makes it. */
int process_init(void);

/* Another number in each child of fork(). No system call. */
#ifdef _WIN32
static inline unsigned int process_generation(void)
{
	return 0;
}
#else
extern unsigned int process_forks; /* from the first process to this one */

static inline unsigned int process_generation(void)
{
	return process_forks;
}
#endif

/* For what several threads may touch. Held for a short time, never over a
 * callback, and not by another thread while this one forks. */
void process_lock(void);
void process_unlock(void);

#endif
