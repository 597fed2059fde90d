/* SPDX-License-Identifier: MIT */
/* Dialogues with a server: requests and the responses that they must get. */
#ifndef TESTS_TEST_SERVER_H
#define TESTS_TEST_SERVER_H

#include "tests/harness.h"
#include "tests/reference.h"

struct exchange {
	const char *pdu;    /* NULL ends the dialogue */
	const char *answer; /* "": none */
};

struct dialogue {
	unsigned int attributes;
	uint16_t mtu;
	const struct exchange *exchanges;
};

/* Runs a dialogue, and its mutations. */
void converse(void);

#define DIALOGUE(name, attributes, mtu, ...)                             \
	{ name, converse, &(const struct dialogue){ attributes, mtu,      \
		(const struct exchange[]){ __VA_ARGS__, { NULL, NULL } } } }

extern const struct test_case server_finds[], server_reads_by_type[],
	server_reads[], server_writes[], server_prepared[], server_others[];

#endif
