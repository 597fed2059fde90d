/* SPDX-License-Identifier: MIT */
/*
 * The benchmarks: "bench" runs every part in a process of its own, prints the
 * table as it grows and the same as lines of JSON at the end. "bench PART..."
 * runs some.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"

const char *bench_program;

static const struct bench_part parts[] = {
	{ "notifications", bench_notifications, "back to back, and a callgrind of it", false },
	{ "window", bench_window, "what callgrind looks at", true },
	{ "latency", bench_latency, "one notification after silence", false },
	{ "requests", bench_requests, "reads and writes, closed loop", false },
	{ "commands", bench_commands, "write commands", false },
	{ "reports", bench_reports, "scan reports", false },
	{ "soak", bench_soak, "10 million scan reports from 50,000 addresses", false },
	{ "discovery", bench_discovery, "requests against the fewest", false },
	{ "bgapi", bench_bgapi, "messages of a dongle", false },
	{ "links", bench_links, "1 to 1,000 clients on one loop", false },
	{ "memory", bench_memory, "of a link, an attribute, the program, the library", false },
	{ 0 }
};

static void usage(FILE *file)
{
	fputs("usage: bench [PART...]\n", file);
	for (const struct bench_part *part = parts; part->name; part++)
		if (!part->asked)
			fprintf(file, "  %-14s %s\n", part->name, part->what);
}

static const struct bench_part *find(const char *name)
{
	for (const struct bench_part *part = parts; part->name; part++)
		if (!strcmp(part->name, name))
			return part;
	return NULL;
}

/* In a process of its own: each starts with a heap that nobody used. */
static bool run(const struct bench_part *part, FILE *json)
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (child < 0)
		bench_die("fork: no process to be had");
	if (!child) {
		bench_json(json);
		part->run();
		fflush(stdout);
		_exit(0);
	}
	return waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

static void copy_out(FILE *from)
{
	char line[512];

	rewind(from);
	while (fgets(line, sizeof(line), from))
		fputs(line, stdout);
}

static void raise_files(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	static char path[4096];
	FILE *json = tmpfile();
	bool good = true;

	if (!json || readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		bench_die("no /tmp or no /proc");
	bench_program = path;
	raise_files();
	for (int i = 1; i < argc; i++)
		if (!find(argv[i])) {
			usage(strcmp(argv[i], "--help") ? stderr : stdout);
			return strcmp(argv[i], "--help") ? 2 : 0;
		}
	if (argc == 2 && find(argv[1])->asked) {
		find(argv[1])->run();
		return 0;
	}
	bench_heading();
	for (const struct bench_part *part = parts; part->name && argc == 1; part++)
		if (!part->asked)
			good = run(part, json) && good;
	for (int i = 1; i < argc; i++)
		good = run(find(argv[i]), json) && good;
	copy_out(json);
	return good ? 0 : 1;
}
