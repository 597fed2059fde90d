/* SPDX-License-Identifier: MIT */
/*
 * The library's lock, and a number that tells whether the process was forked after an
 * object was made.
 *
 * A child of fork() shares the kernel's objects with its parent: an epoll set, a
 * timerfd, a socket. The child may close its descriptors; anything else that it does
 * to these objects affects the parent, too. So a struct that has such a descriptor
 * stores the generation of the process that made it. In another generation it only
 * closes the descriptor and frees memory:
 *
 *	link->generation = process_generation();
 *	...
 *	if (link->generation == process_generation())
 *		shutdown(link->fd, SHUT_RDWR);
 *	close(link->fd);
 *
 * An object of a loop may use loop_inherited() instead. A callback may fork and return
 * in the child. So code that uses a descriptor, a timer or a queue after a callback
 * has to compare the generations again after it.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

/* Forks are counted from the first call on, which is made by ble_loop_new(). 0 or
 * -errno. */
int process_init(void);

/* A number that is another one in each child of fork(). Makes no system call. */
#ifdef _WIN32
static inline unsigned int process_generation(void)
{
	return 0;
}
#else
extern unsigned int process_forks; /* between the first process and this one */

static inline unsigned int process_generation(void)
{
	return process_forks;
}
#endif

/* Protects data that several threads use. It is held for a short time and never during
 * a callback. fork() waits until no other thread has it. */
void process_lock(void);
void process_unlock(void);

#endif
