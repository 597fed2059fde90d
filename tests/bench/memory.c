/* SPDX-License-Identifier: MIT */
/* What a link, an attribute, the running program and the library take. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/fixture.h"

enum { LINKS = 400 };

static void link_memory(void)
{
	static struct ble_client *clients[LINKS];
	static int peers[LINKS];
	struct bench_fixture fixture;
	size_t before;

	bench_open(&fixture, REFERENCE_SMALL, ATT_MTU_MAX);
	/* What the first one takes once for all */
	clients[0] = bench_connect(&fixture);
	peers[0] = bench_cut(&fixture);
	before = bench_heap();
	for (int i = 1; i < LINKS; i++) {
		clients[i] = bench_connect(&fixture);
		peers[i] = bench_cut(&fixture);
	}
	bench_figure(&(struct bench_figure){
		.path = "heap of an idle link, empty tree", .unit = "octets",
		.ours = (double)(bench_heap() - before) / (LINKS - 1),
		.kind = REACH_AT_MOST, .reach = 4096 });
	for (int i = 0; i < LINKS; i++) {
		ble_client_unref(clients[i]);
		close(peers[i]);
	}
	bench_close(&fixture);
}

static void attribute_memory(unsigned int n)
{
	struct bench_fixture fixture;
	struct ble_client *client;
	size_t before;
	char path[64];

	bench_open(&fixture, n, ATT_MTU_MAX);
	client = bench_connect(&fixture);
	before = bench_heap();
	NEED(ble_client_discover_sync(client) == 0);
	snprintf(path, sizeof(path), "heap of an attribute, %u in the tree", n);
	bench_figure(&(struct bench_figure){
		.path = path, .unit = "octets", .ours = (double)(bench_heap() - before) / n,
		.kind = REACH_AT_MOST, .reach = 64 });
	ble_client_unref(client);
	bench_close(&fixture);
}

/* -- Programs ------------------------------------------------------------------------ */

/* The folder of the build, from tests/bench/bench in it */
static const char *built(const char *name)
{
	static char path[4200];
	size_t len = strlen(bench_program);

	for (int up = 0; up < 3; up++)
		while (len > 0 && bench_program[--len] != '/')
			;
	snprintf(path, sizeof(path), "%.*s/%s", (int)len, bench_program, name);
	return path;
}

static long resident_kib(pid_t pid)
{
	char name[64], line[256];
	long kib = -1;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%ld/status", (long)pid);
	file = fopen(name, "r");
	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, "VmHWM:", 6))
			kib = strtol(line + 6, NULL, 10);
	if (file)
		fclose(file);
	return kib;
}

/* While it prints: after its fourth value it is asked, and ended. */
static void program_memory(void)
{
	const char *program = built(".libs/blewire");
	int lines = 0, out[2];
	char octet;
	pid_t pid;

	if (access(program, X_OK)) {
		bench_left_out("resident size of blewire notify", "the program was not built");
		return;
	}
	NEED(pipe(out) == 0);
	pid = fork();
	NEED(pid >= 0);
	if (!pid) {
		setenv("LD_LIBRARY_PATH", built(".libs"), 1);
		dup2(out[1], 1);
		close(out[0]);
		close(out[1]);
		execl(built(".libs/blewire"), "blewire", "-a", "sim", "notify",
		      "C0:FF:EE:00:18:1A/random", "temperature", (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	while (lines < 4 && read(out[0], &octet, 1) == 1)
		lines += octet == '\n';
	NEED(lines == 4);
	NEED(resident_kib(pid) > 0);
	bench_figure(&(struct bench_figure){
		.path = "resident size of blewire notify (simulator)", .unit = "KiB",
		.ours = (double)resident_kib(pid), .kind = REACH_AT_MOST, .reach = 4096 });
	kill(pid, SIGTERM);
	close(out[0]);
	waitpid(pid, NULL, 0);
}

/* As "size" counts it, with what is read only; symbols that strip takes are not of it. */
static void library_text(const char *path, const char *library, double reach, const char *how)
{
	char command[4400], line[256];
	double text = 0;
	FILE *pipe;

	snprintf(command, sizeof(command), "size '%s' 2>/dev/null", built(library));
	pipe = popen(command, "r");
	NEED(pipe);
	while (fgets(line, sizeof(line), pipe))
		text = strtod(line, NULL);
	pclose(pipe);
	if (text > 0)
		bench_figure(&(struct bench_figure){
			.path = path, .unit = "KiB", .ours = text / 1024,
			.kind = REACH_AT_MOST, .reach = reach });
	else
		bench_left_out(path, how);
}

void bench_memory(void)
{
	bench_weigh();
	link_memory();
	attribute_memory(REFERENCE_MIDDLE);
	attribute_memory(REFERENCE_LARGE);
	program_memory();
	library_text("library, text, with names", ".libs/libblewire.so", 296,
		     "needs size (binutils) and a shared library");
	library_text("library, text, without names", "../nameless/.libs/libblewire.so", 184,
		     "needs a build with --disable-names in ../nameless");
}
