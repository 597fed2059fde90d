/* SPDX-License-Identifier: MIT */
/*
 * Faults between a client and a peripheral of a fixture. The linker replaces the
 * function that gives a PDU to a sim_peer (--wrap, see local.mk). So every PDU comes
 * here: on the simulator's links, on links over socket pairs and with the emulated
 * dongle.
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
	/* If the PDU has a response: */
	WIRE_TWICE,      /* it is sent twice */
	WIRE_OTHER,      /* it has the opcode of another response */
	WIRE_OTHER_TOO,  /* before it, a PDU with the opcode of another response */
	WIRE_UNKNOWN,    /* before it, a PDU with an unassigned opcode */
	WIRE_ASKS,       /* before it, a request of the peer */
	WIRE_CUT_OFF,    /* only its first argument octets, at least 1, are sent */
	WIRE_LESS,       /* its last argument octets are missing */
	WIRE_MORE,       /* argument octets are added */
	WIRE_FAULTS
};

/* Counts from 1 again, and causes the fault at PDU number at. at 0: never. */
void wire_arm(enum wire_fault fault, unsigned int at, unsigned int argument);

/* How many PDUs there were, and whether the fault happened. */
unsigned int wire_count(void);
bool wire_happened(void);

/* Whether PDU number at was a request. */
bool wire_is_request(unsigned int at);

/* Ends every link. */
void wire_cut(void);

#endif
