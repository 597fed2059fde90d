/* SPDX-License-Identifier: MIT */
/*
 * A random user of one link (seam 1, att/att.h), who holds the backend to the
 * contract: a record or an end only from dispatch, an end once, none after a
 * cancel, nothing at all after a free, everything ended when the link is gone.
 * Inside callbacks it submits, cancels and frees as well.
 */
#ifndef TESTS_FUZZ_USER_H
#define TESTS_FUZZ_USER_H

#include "att/att.h"
#include "tests/fuzz/fuzz.h"

enum { USER_OPS = 6 };

struct user {
	struct fuzz *fuzz;
	struct att *att;  /* NULL: none, or freed */
	struct user_op *ops[USER_OPS];
	bool dispatching; /* set by whoever drives the link */
	bool calling;     /* inside submit, cancel, free */
	bool closed;
	void (*freeing)(struct user *user); /* before the link is; may be NULL */
};

/* Takes the link. */
void user_begin(struct user *user, struct fuzz *fuzz, struct att *att);

/* Submits something, cancels something, or frees the link (not often). */
void user_step(struct user *user);

void user_free(struct user *user); /* the link; nothing comes afterwards */

/* Whether an op is under way. */
bool user_waits(const struct user *user);

#endif
