/* SPDX-License-Identifier: MIT */
/*
 * What goes wrong between a client and a peripheral of a stand. The linker
 * sends what reaches a sim_peer through here (--wrap, see local.mk), and with it
 * what all stands in this process have on the air: the simulator's links, those
 * over socket pairs and those of the emulated dongle.
 *
 * PDUs are counted from the client, from 1. One fault happens once.
 */
#ifndef TESTS_FAULTY_WIRE_H
#define TESTS_FAULTY_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wire_fault {
	WIRE_NO_FAULT,
	WIRE_CUT_BEFORE, /* the link ends instead of the PDU's arrival */
	WIRE_CUT_AFTER,  /* once it and its answer arrived */
	WIRE_ERROR,      /* a request is refused: argument is the ATT error */
	WIRE_SILENCE,    /* it is not heard */
	/* Its answer, if there is one, comes ... */
	WIRE_TWICE,
	WIRE_OTHER,      /* as a response of another opcode */
	WIRE_OTHER_TOO,  /* behind such a one */
	WIRE_UNKNOWN,    /* behind a PDU of an opcode that is nobody's */
	WIRE_ASKS,       /* behind a request of the peer's own */
	WIRE_CUT_OFF,    /* with only its first argument octets; at least 1 */
	WIRE_LESS,       /* without its last argument octets */
	WIRE_MORE,       /* with argument octets too many */
	WIRE_FAULTS
};

/* Counts from here on, and has this happen at PDU number at; 0: never. */
void wire_arm(enum wire_fault fault, unsigned int at, unsigned int argument);

/* PDUs so far; whether the fault happened. */
unsigned int wire_count(void);
bool wire_happened(void);

/* Whether what was counted as number at was a request. */
bool wire_is_request(unsigned int at);

/* Every link ends now. */
void wire_cut(void);

#endif
