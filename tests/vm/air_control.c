/* SPDX-License-Identifier: MIT */
/*
 * What a case asks of the air, one line each. A controller is its number; off, slow, deaf and
 * fail stay through a reset, until "on".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "air.h"

static int on(struct controller *which, int ticks)
{
	memset(&which->radio, 0, sizeof(which->radio));
	which->radio.off = ticks > 0;
	which->radio.back = ticks;
	if (ticks)
		lose_links(which);
	return 1;
}

static int off(struct controller *which, int unused)
{
	(void)unused;
	which->radio.off = 1;
	which->radio.back = 0;
	lose_links(which);
	return 1;
}

static int cut(struct controller *which, int unused)
{
	(void)unused;
	lose_links(which);
	return 1;
}

static int slow(struct controller *which, int ticks)
{
	which->radio.every = which->radio.due = ticks;
	return 1;
}

static int deaf(struct controller *which, int unused)
{
	(void)unused;
	which->radio.deaf = 1;
	return 1;
}

static int fail(struct controller *which, int links)
{
	which->radio.fails = links;
	return 1;
}

static int pull(struct controller *which, int unused)
{
	(void)unused;
	return unplug(which);
}

static int put_in(struct controller *which, int unused)
{
	(void)unused;
	return plug(which);
}

static int idle(struct controller *which, int unused)
{
	const struct link *link;

	(void)unused;
	for (link = which->links; link < which->links + LINKS; link++)
		if (link->peer)
			return 0;
	return 1;
}

static const struct word {
	const char *name, *argument, *does;
	int (*call)(struct controller *which, int number);
} words[] = {
	{ "on", " [TICKS]", "as at first, or, until so many ticks from now, off", on },
	{ "off", "", "out of reach: hears nothing, is not heard, its links time out", off },
	{ "cut", "", "its links time out, as if both were out of reach for a moment", cut },
	{ "slow", " TICKS", "advertises at every so many ticks, first after as many", slow },
	{ "deaf", "", "advertises, and no attempt to connect gets to it", deaf },
	{ "fail", " LINKS", "so many links to it end with 0x3e as soon as they are up", fail },
	{ "pull", "", "the controller is pulled out of its host", pull },
	{ "idle", "", "nothing, and is refused while it has a link", idle },
	{ "plug", "", "and plugged in again; the host gives it an index anew", put_in },
};

static const struct word *find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(name, words[i].name))
			return &words[i];
	return NULL;
}

void control(const char *line, char *ret_reply, size_t size)
{
	char name[16] = "", rest[2];
	unsigned int which = CONTROLLERS;
	int number = 0, fields = sscanf(line, "%15s %u %d %1s", name, &which, &number, rest);
	const struct word *word = find(name);

	if (!word || which >= air.count || fields > 3 || number < 0 ||
	    (word->argument[0] && word->argument[1] != '[' && fields != 3) ||
	    (!word->argument[0] && fields != 2))
		snprintf(ret_reply, size, "refused: not a line of control: %.60s", line);
	else if (!word->call(&air.controllers[which], number))
		snprintf(ret_reply, size, "refused: cannot now: %.60s", line);
	else
		snprintf(ret_reply, size, "done: %.60s", line);
}

void control_usage(void)
{
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		fprintf(stderr, "  %s CONTROLLER%-*s%s\n", words[i].name,
			(int)(12 - strlen(words[i].name)), words[i].argument, words[i].does);
}
