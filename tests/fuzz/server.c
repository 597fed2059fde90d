/* SPDX-License-Identifier: MIT */
/* The server table asked by a random client: any PDU, any MTU, and values of the
 * table read and written the other way, too. */
#include "gatt/server.h"

#include <stdlib.h>

#include "att/pdu.h"
#include "tests/fuzz/fuzz.h"
#include "tests/reference.h"

static const unsigned int sizes[] = { REFERENCE_MIDDLE, REFERENCE_SMALL,
				      REFERENCE_CHANGING, REFERENCE_LARGE };
static const uint16_t mtus[] = { 23, 517, 185, 24 };

static void hold_answer(uint8_t request, const uint8_t *response, size_t len)
{
	const struct att_pdu_info *info = att_pdu_info(request);

	if (info->kind == ATT_COMMAND || info->kind == ATT_CONFIRMATION ||
	    request & ATT_COMMAND_FLAG)
		HOLDS(len == 0);
	if (!len)
		return;
	if (response[0] == ATT_ERROR_RSP)
		HOLDS(len == 5 && response[1] == request && response[4] != 0);
	else
		HOLDS(info->kind == ATT_REQUEST && response[0] == info->response);
}

static void ask(struct gatt_session *session, struct fuzz *fuzz, uint16_t mtu)
{
	struct ble_bytes pdu = fuzz_bytes(fuzz, ATT_MTU_MAX);
	uint8_t *copy, *response;
	size_t len;

	if (!pdu.len)
		return;
	copy = fuzz_copy(pdu);
	response = malloc(mtu);
	HOLDS(response != NULL);
	len = gatt_session_answer(session, mtu, (struct ble_bytes){ copy, pdu.len },
				  response);
	HOLDS(len <= mtu);
	fuzz_touch((struct ble_bytes){ response, len });
	hold_answer(copy[0], response, len);
	free(response);
	free(copy);
}

static void use(struct gatt_session *session, struct fuzz *fuzz)
{
	uint16_t handle = fuzz_u16(fuzz);
	struct ble_bytes value;

	if (!gatt_session_read(session, handle, &value))
		fuzz_touch(value);
	gatt_session_configuration(session, handle);
	value = fuzz_bytes(fuzz, 600);
	gatt_session_write(session, handle, value.len & 1 ? GATT_MAY_WRITE
							   : GATT_MAY_COMMAND, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	struct sim_model model;
	struct sim_peripheral *peripheral;
	struct gatt_session session;
	uint16_t mtu = mtus[fuzz_below(&fuzz, 4)];

	sim_model_init(&model);
	HOLDS(reference_peripheral(&model, sizes[fuzz_below(&fuzz, 4)], 20,
				   &peripheral) == 0);
	HOLDS(gatt_session_init(&session, &peripheral->table) == 0);
	while (fuzz.len) {
		if (fuzz_below(&fuzz, 8) == 7)
			use(&session, &fuzz);
		else
			ask(&session, &fuzz, mtu);
		HOLDS(session.prepared_len <= GATT_PREPARED_MAX);
	}
	for (size_t i = 0; i < peripheral->table.n; i++) {
		const struct gatt_attribute *a = &peripheral->table.attributes[i];

		HOLDS(a->len <= a->max);
		fuzz_touch(gatt_value(a));
	}
	gatt_session_release(&session);
	sim_model_release(&model);
	return 0;
}
