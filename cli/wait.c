/* SPDX-License-Identifier: MIT */
/*
 * Waits until a callback sets done, a time limit is reached, a signal arrives, or the
 * reader of our output is gone. A signal only interrupts the loop. The command then
 * returns as usual and frees everything, so that no scan and no link is left. At the
 * end the program kills itself by the same signal. From that a shell sees that Ctrl-C
 * is to end its script, too.
 */
#include "cli/cli.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
static volatile sig_atomic_t caught;
static struct ble_loop *volatile interrupted;

static void on_signal(int number)
{
	int saved = errno;

	if (!caught)
		caught = number;
	ble_loop_interrupt(interrupted);
	errno = saved;
}

int signals_catch(struct ble_loop *loop)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct sigaction old;

	interrupted = loop;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		/* started by nohup */
		if (numbers[i] == SIGHUP && sigaction(SIGHUP, NULL, &old) == 0 &&
		    old.sa_handler == SIG_IGN)
			continue;
		if (sigaction(numbers[i], &action, NULL) < 0)
			return -errno;
	}
	action.sa_handler = SIG_IGN; /* writes fail with EPIPE instead */
	return sigaction(SIGPIPE, &action, NULL) < 0 ? -errno : 0;
}

int signals_caught(void)
{
	return caught;
}

void signals_clear(void)
{
	caught = 0;
	/* Clears the interruption of the loop. */
	if (interrupted)
		ble_loop_dispatch(interrupted, 0);
}

void signals_release(void)
{
	struct sigaction old;

	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		if (sigaction(numbers[i], NULL, &old) == 0 &&
		    old.sa_handler == on_signal)
			signal(numbers[i], SIG_DFL);
	interrupted = NULL;
}

void signals_raise(void)
{
	int number = caught ? caught : output_error() == -EPIPE ? SIGPIPE : 0;

	if (!number)
		return;
#ifdef __SANITIZE_ADDRESS__
	/* There is no check for leaks at exit after a signal. */
	__lsan_do_leak_check();
#endif
	signal(number, SIG_DFL);
	raise(number);
}

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void start_time_limit(struct cli *cli)
{
	/* Some 300 years are no limit. */
	uint64_t most = (UINT64_MAX - now_ns()) / 1000000;

	cli->until_ns = cli->timeout_ms && cli->timeout_ms < most ?
				now_ns() + cli->timeout_ms * 1000000 : 0;
}

static bool reader_gone(const struct pollfd *output)
{
	return output->revents & (POLLERR | POLLHUP | POLLNVAL);
}

/* Sleeps until the loop has something to do, ns have passed, or a signal. */
static int sleep_for(struct cli *cli, uint64_t ns)
{
	struct pollfd fds[] = {
		{ .fd = STDOUT_FILENO },
		{ .fd = ble_loop_fd(cli->loop), .events = POLLIN },
	};
	int ms = ns / 1000000 >= INT_MAX ? -1 : (int)((ns + 999999) / 1000000);

	/* The loop has no descriptor: dispatch in slices of at most 100 ms. */
	if (fds[1].fd < 0) {
		int err = ble_loop_dispatch(cli->loop,
					    ms >= 0 && ms < 100 ? ms : 100);

		if (err)
			return err;
		ms = 0;
	}
	if (poll(fds, COUNT_OF(fds), ms) < 0 && errno != EINTR)
		return -errno;
	if (fds[0].revents && reader_gone(&fds[0]))
		output_set_error(-EPIPE);
	return 0;
}

int wait_for(struct cli *cli, struct waiting *waiting)
{
	uint64_t start = now_ns(), next = 0;

	for (;;) {
		uint64_t limit = waiting->limit_ms * 1000000;
		uint64_t tick = waiting->tick_ms * 1000000;
		uint64_t passed = now_ns() - start, left = UINT64_MAX;
		/* After done no further dispatch: it would discard the sentence about an error. */
		int err = waiting->done ? 0 : ble_loop_dispatch(cli->loop, 0);

		if (err)
			return err;
		if (output_error())
			return output_error();
		if (waiting->done)
			return 0;
		if (limit && passed >= limit)
			return -ETIMEDOUT;
		if (tick && passed >= next) {
			waiting->tick(waiting->user);
			next = passed + tick;
		}
		if (limit)
			left = limit - passed;
		if (tick && next - passed < left)
			left = next - passed;
		err = sleep_for(cli, left);
		if (err)
			return err;
	}
}

int wait_readable(struct cli *cli, int fd)
{
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = fd, .events = POLLIN },
			{ .fd = ble_loop_fd(cli->loop), .events = POLLIN },
			{ .fd = STDOUT_FILENO },
		};
		bool no_fd = fds[1].fd < 0; /* as in sleep_for() */
		int err = ble_loop_dispatch(cli->loop, no_fd ? 50 : 0);

		output_show_prompt();
		if (signals_caught())
			return -EINTR;
		if (err && err != -EINTR)
			return err;
		if (output_error())
			return output_error();
		if (poll(fds, COUNT_OF(fds), no_fd ? 0 : -1) < 0 && errno != EINTR)
			return -errno;
		if (signals_caught())
			return -EINTR;
		if (fds[2].revents && reader_gone(&fds[2]))
			output_set_error(-EPIPE);
		else if (fds[0].revents)
			return 0;
	}
}
