/* SPDX-License-Identifier: MIT */
/*
 * The mutations of a script: the peer's PDUs are cut, lengthened and changed octet
 * by octet. Nothing is compared then, but the contracts must hold and the sanitizers
 * must find nothing.
 */
#include <stdio.h>
#include <string.h>

#include "tests/harness.h"
#include "tests/script.h"

static const struct script_change unchanged = { .pdu = -1, .at = -1 };

/* The first failure says enough. */
static unsigned int failures;

static void mutation(const struct script_wire *wire, const char *name,
		 const char *text, struct script_change change)
{
	if (harness_failures() == failures)
		script_play(wire, name, text, false, change);
}

static void mutations_of_pdu(const struct script_wire *wire, const char *name,
			 const char *text, int pdu, int len)
{
	static const int longer[] = { 1, 2, 3, 17, 100 };
	struct script_change change = unchanged;

	change.pdu = pdu;
	/* Long ones are alike in their middle. */
	for (change.cut = 1; change.cut <= len; change.cut += len > 64 ? 7 : 1)
		mutation(wire, name, text, change);
	change.cut = 0;
	for (size_t i = 0; i < sizeof(longer) / sizeof(longer[0]); i++) {
		change.add = longer[i];
		mutation(wire, name, text, change);
	}
	change.add = 0;
	for (change.at = 0; change.at < len && change.at < 48; change.at++) {
		static const uint8_t values[] = { 0x00, 0x01, 0x02, 0x03, 0x04,
						  0x05, 0x07, 0x12, 0x1d, 0x7f,
						  0x80, 0xfe, 0xff };

		for (size_t i = 0; i < sizeof(values); i++) {
			change.value = values[i];
			mutation(wire, name, text, change);
		}
	}
}

void script_mutations(const struct script_wire *wire, const char *name,
		  const char *text)
{
	int pdu = 0;

	failures = harness_failures();

	for (const char *p = text; p; p = strchr(p, '\n')) {
		uint8_t octets[2 * ATT_MTU_MAX];
		char line[SCRIPT_LINE];

		p += strspn(p, "\n \t");
		if (p[0] != '<')
			continue;
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(p, "\n#"), p);
		mutations_of_pdu(wire, name, text, pdu++,
			     (int)text_bytes(line + 1, octets, sizeof(octets)));
	}
}

const struct script_wire *script_wire = &bare_wire;

void run_script(void)
{
	const char *name = harness_name();
	const char *text = harness_data();

	script_play(script_wire, name, text, true, unchanged);
	script_mutations(script_wire, name, text);
}
