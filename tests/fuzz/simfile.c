/* SPDX-License-Identifier: MIT */
/* Files of the simulator: one that is taken is a set of peripherals that can be
 * asked, written to and run. */
#define _GNU_SOURCE /* memfd_create */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/loop.h"
#include "sim/model.h"
#include "tests/fuzz/fuzz.h"

static void ask(struct gatt_session *session, uint16_t handle)
{
	uint8_t read[3] = { 0x0a }, write[5] = { 0x12 }, response[64];
	struct ble_bytes value;

	put_le16(read + 1, handle);
	HOLDS(gatt_session_answer(session, sizeof(response), bytes(read, 3),
				  response) > 0);
	put_le16(write + 1, handle);
	HOLDS(gatt_session_answer(session, sizeof(response), bytes(write, 5),
				  response) > 0);
	if (!gatt_session_read(session, handle, &value))
		fuzz_touch(value);
}

static void use(struct sim_peripheral *peripheral)
{
	struct gatt_session session;

	HOLDS(strlen(peripheral->name) <= SIM_NAME_MAX);
	HOLDS(peripheral->advertising.data_len <= SIM_AD_MAX);
	HOLDS(peripheral->advertising.response_len <= SIM_AD_LEGACY);
	HOLDS(gatt_session_init(&session, &peripheral->table) == 0);
	for (size_t i = 0; i < peripheral->table.n; i++)
		ask(&session, peripheral->table.attributes[i].handle);
	list_for_each(link, &peripheral->sources) {
		struct sim_source *source = list_entry(link, struct sim_source, link);

		for (int i = 0; i < 3; i++)
			sim_source_step(source);
		HOLDS(source->attribute->len <= source->attribute->max);
	}
	gatt_session_release(&session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ble_loop *loop;
	struct sim_model model;
	char path[40];
	int fd = memfd_create("simfile", MFD_CLOEXEC), error;

	HOLDS(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	HOLDS(ble_loop_new(&loop) == 0);
	sim_model_init(&model);
	error = sim_load(loop, path, &model);
	HOLDS(error <= 0 && model.n <= SIM_PERIPHERALS_MAX);
	if (error)
		HOLDS(strlen(ble_error_text(loop, error)) > 0);
	else
		list_for_each(link, &model.peripherals)
			use(list_entry(link, struct sim_peripheral, link));
	sim_model_release(&model);
	ble_loop_unref(loop);
	close(fd);
	return 0;
}
