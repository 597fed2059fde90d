/* SPDX-License-Identifier: MIT */
/* Replaces prompt.c if libedit is missing. Scripts work as usual. */
#include "cli/shell.h"

int prompt_open(struct cli *cli, struct prompt **ret_prompt)
{
	(void)ret_prompt;
	return fail(cli, STATUS_USAGE,
		    "this program was built without libedit, so the shell has no prompt: give it commands on standard input");
}

int prompt_line(struct prompt *prompt, char **ret_line)
{
	(void)prompt;
	(void)ret_line;
	return -ENODATA;
}

void prompt_close(struct prompt *prompt)
{
	(void)prompt;
}
