/* SPDX-License-Identifier: MIT */
/* Splits a line of the shell into words. */
#include "cli/shell.h"

#include <string.h>

/* Copies one word and returns its end. out is never beyond in. */
static char *copy_word(char *in, char **out, char *ret_open)
{
	char quote = 0;

	for (; *in && (quote || !strchr(" \t", *in)); in++) {
		if (quote && *in == quote)
			quote = 0;
		else if (!quote && (*in == '"' || *in == '\''))
			quote = *in;
		else if (*in == '\\' && quote != '\'' && in[1])
			*(*out)++ = *++in;
		else
			*(*out)++ = *in;
	}
	*ret_open = quote;
	return in;
}

int words_split(char *line, char *words[WORDS_MAX + 1], int *ret_n, char why[100])
{
	char *in = line, *out = line, open = 0;
	int n = 0;

	for (;;) {
		bool end;

		in += strspn(in, " \t");
		if (!*in || *in == '#')
			break;
		if (n == WORDS_MAX) {
			snprintf(why, 100, "more than %d words in a line", WORDS_MAX);
			return -EINVAL;
		}
		words[n++] = out;
		in = copy_word(in, &out, &open);
		if (open) {
			snprintf(why, 100, "a closing %c is missing", open);
			return -EINVAL;
		}
		end = !*in;
		if (!end)
			in++;
		*out++ = '\0';
		if (end)
			break;
	}
	words[n] = NULL;
	*ret_n = n;
	return 0;
}
