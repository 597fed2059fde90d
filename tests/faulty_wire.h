/* SPDX-License-Identifier: MIT */
/*
 * Faults between a client and a peripheral of a fixture. The linker sends every PDU
 * for a sim_peer here (--wrap, see local.mk): those of the simulator's links, of
 * links over socket pairs and of the emulated dongle.
 *
 * The client's PDUs are counted, from 1. A fault happens once.
 */
#ifndef TESTS_FAULTY_WIRE_H
#define TESTS_FAULTY_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wire_fault {
	WIRE_NO_FAULT,
	WIRE_CUT_BEFORE, /* the link ends before the PDU arrives */
	WIRE_CUT_AFTER,  /* the link ends after the PDU and its response arrived */
	WIRE_ERROR,      /* a request gets an error response: argument is the ATT error */
	WIRE_SILENCE,    /* the PDU is lost */
	/* Its response, if there is one, comes ... */
	WIRE_TWICE,
	WIRE_OTHER,      /* with another response's opcode */
	WIRE_OTHER_TOO,  /* after a PDU with another response's opcode */
	WIRE_UNKNOWN,    /* after a PDU with an unassigned opcode */
	WIRE_ASKS,       /* after a request of the peer */
	WIRE_CUT_OFF,    /* with only its first argument octets; at least 1 */
	WIRE_LESS,       /* without its last argument octets */
	WIRE_MORE,       /* with argument octets more */
	WIRE_FAULTS
};

/* Counts from 1 again and causes the fault at PDU number at; 0: never. */
void wire_arm(enum wire_fault fault, unsigned int at, unsigned int argument);

/* PDUs so far; whether the fault happened. */
unsigned int wire_count(void);
bool wire_happened(void);

/* Whether PDU number at was a request. */
bool wire_is_request(unsigned int at);

/* Ends every link. */
void wire_cut(void);

#endif
