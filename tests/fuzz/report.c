/* SPDX-License-Identifier: MIT */
/* LE Meta events to advertisements, several events for one parser. */
#include "hci/report.h"

#include <stdlib.h>

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	struct report_parser *parser = calloc(1, sizeof(*parser));
	uint64_t time = 1;

	HOLDS(parser != NULL);
	while (fuzz.len) {
		struct ble_bytes event = fuzz_bytes(&fuzz, 255);
		uint8_t *copy = fuzz_copy(event);
		struct ble_advertisement adv;
		struct report_walk walk;
		unsigned int n = 0;

		time += fuzz_u8(&fuzz) * UINT64_C(50000000);
		if (report_begin(&walk, (struct ble_bytes){ copy, event.len }, time))
			while (report_next(parser, &walk, &adv)) {
				HOLDS(n++ < 255);
				HOLDS(adv.data.len <= REPORT_DATA_MAX);
				HOLDS(adv.sid <= 15 || adv.sid == BLE_NO_SID);
				HOLDS(adv.time == time);
				fuzz_touch(adv.data);
			}
		for (size_t i = 0; i < REPORT_CHAINS; i++)
			HOLDS(parser->chains[i].len <= REPORT_DATA_MAX);
		free(copy);
	}
	free(parser);
	return 0;
}
