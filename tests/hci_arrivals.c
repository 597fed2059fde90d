/* SPDX-License-Identifier: MIT */
/* Adapters that come and go, as the kernel's management interface tells it. */
#define _GNU_SOURCE /* SOCK_NONBLOCK, for hci.h too */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "tests/failmalloc.h"
#include "tests/hci_fixture.h"

enum { SHORT = 10 };

/* The kernel's side. */
static struct {
	struct ble_loop *loop;
	struct loop_watch watch;
	size_t n;
	struct {
		uint16_t index;
		uint8_t address; /* its last octet */
	} adapters[100];
	bool closed;    /* it gives no socket */
	bool mute;      /* and no answer */
	uint8_t status; /* of the answers */
	unsigned int lists, infos;
} kernel;

static struct {
	struct adapter_watch *watch;
	char log[2000];
	unsigned int n, free_at;
} told;

static void note(const char *text)
{
	size_t used = strlen(told.log);

	snprintf(told.log + used, sizeof(told.log) - used, "%s%s", used ? " " : "", text);
}

/* "+hci0/1": arrived, with the last octet of its address */
static void on_change(void *user, bool arrived, const struct ble_adapter_info *info)
{
	char text[40];

	CHECK(user == &told);
	CHECK(loop_dispatching(kernel.loop));
	CHECK_STR(info->backend, "hci");
	snprintf(text, sizeof(text), info->address.type == BLE_ADDRESS_UNKNOWN ? "%s%s" : "%s%s/%u",
		 arrived ? "+" : "-", info->name, info->address.octet[0]);
	note(text);
	if (arrived)
		CHECK(info->low_energy && !info->powered && !info->extended);
	if (++told.n == told.free_at) {
		told.watch->free(told.watch);
		told.watch = NULL;
	}
}

static void say(const void *message, size_t len)
{
	send(kernel.watch.fd, message, len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void event(uint16_t code, uint16_t index)
{
	uint8_t message[MGMT_HEAD];

	put_le16(message, code);
	put_le16(message + 2, index);
	put_le16(message + 4, 0);
	say(message, sizeof(message));
}

static int find(uint16_t index)
{
	for (size_t i = 0; i < kernel.n; i++)
		if (kernel.adapters[i].index == index)
			return (int)i;
	return -1;
}

static void plug(uint16_t index, uint8_t address)
{
	kernel.adapters[kernel.n].index = index;
	kernel.adapters[kernel.n++].address = address;
	event(MGMT_INDEX_ADDED, index);
}

static void unplug(uint16_t index)
{
	kernel.adapters[find(index)] = kernel.adapters[kernel.n - 1];
	kernel.n--;
	event(MGMT_INDEX_REMOVED, index);
}

static void answer(uint16_t opcode, uint16_t index, uint8_t status, const void *params, size_t len)
{
	uint8_t message[300] = { MGMT_COMMAND_COMPLETE };

	put_le16(message + 2, index);
	put_le16(message + 4, (uint16_t)(3 + len));
	put_le16(message + 6, opcode);
	message[8] = status;
	if (len)
		memcpy(message + 9, params, len);
	say(message, 9 + len);
}

static void answer_list(void)
{
	uint8_t list[2 + 2 * 100];

	kernel.lists++;
	put_le16(list, (uint16_t)kernel.n);
	for (size_t i = 0; i < kernel.n; i++)
		put_le16(list + 2 + 2 * i, kernel.adapters[i].index);
	answer(MGMT_READ_INDEX_LIST, MGMT_INDEX_NONE, kernel.status, list,
	       kernel.status ? 0 : 2 + 2 * kernel.n);
}

static void answer_info(uint16_t index)
{
	uint8_t info[280] = { 0 };
	int at = find(index);

	kernel.infos++;
	if (at < 0 || kernel.status) {
		answer(MGMT_READ_INFO, index, at < 0 ? MGMT_INVALID_INDEX : kernel.status, NULL, 0);
		return;
	}
	info[0] = kernel.adapters[at].address;
	put_le32(info + 9, MGMT_LE);
	answer(MGMT_READ_INFO, index, 0, info, sizeof(info));
}

static void asked(struct loop_watch *watch, unsigned int events)
{
	uint8_t command[64];
	ssize_t len = recv(watch->fd, command, sizeof(command), MSG_DONTWAIT);

	(void)events;
	if (len < MGMT_HEAD) {
		loop_unwatch(watch);
		return;
	}
	if (kernel.mute)
		return;
	if (get_le16(command) == MGMT_READ_INDEX_LIST)
		answer_list();
	else if (CHECK_INT(get_le16(command), MGMT_READ_INFO))
		answer_info(get_le16(command + 2));
}

static int give_socket(int *ret_fd)
{
	int pair[2];

	if (kernel.closed)
		return -EAFNOSUPPORT;
	if (kernel.watch.fd >= 0) {
		loop_unwatch(&kernel.watch);
		close(kernel.watch.fd);
		kernel.watch.fd = -1;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	kernel.watch.ready = asked;
	if (loop_watch(kernel.loop, &kernel.watch, pair[0], LOOP_READ)) {
		close(pair[0]);
		close(pair[1]);
		kernel.watch.fd = -1;
		return -ENOMEM;
	}
	*ret_fd = pair[1];
	return 0;
}

static void run(unsigned int ms)
{
	uint64_t end = loop_now(kernel.loop) + ms * UINT64_C(1000000);

	while (loop_now(kernel.loop) < end)
		ble_loop_dispatch(kernel.loop, (int)((end - loop_now(kernel.loop)) / 1000000));
}

static int open_kernel(void)
{
	memset(&kernel, 0, sizeof(kernel));
	memset(&told, 0, sizeof(told));
	kernel.watch.fd = -1;
	if (ble_loop_new(&kernel.loop))
		return -ENOMEM;
	loop_clock_freeze(kernel.loop);
	kernel.n = 2; /* hci0 and hci1 are there */
	kernel.adapters[0].address = 10;
	kernel.adapters[1].index = 1;
	kernel.adapters[1].address = 11;
	return 0;
}

static int begin(void)
{
	return hci_arrivals_new(kernel.loop, give_socket, on_change, &told, &told.watch);
}

static void open_watch(void)
{
	REQUIRE(open_kernel() == 0);
	REQUIRE(begin() == 0);
	CHECK_STR(told.log, "");
}

static void close_kernel(void)
{
	if (told.watch)
		told.watch->free(told.watch);
	loop_unwatch(&kernel.watch);
	if (kernel.watch.fd >= 0)
		close(kernel.watch.fd);
	ble_loop_unref(kernel.loop);
}

static void comes_and_goes(void)
{
	open_watch();
	run(SHORT);
	CHECK_STR(told.log, ""); /* what was there */
	plug(2, 12);
	run(SHORT);
	CHECK_STR(told.log, "+hci2/12");
	unplug(0);
	unplug(2);
	run(SHORT);
	CHECK_STR(told.log, "+hci2/12 -hci0/10 -hci2/12");
	/* The same one with another index. */
	unplug(1);
	plug(5, 11);
	run(SHORT);
	CHECK_STR(told.log, "+hci2/12 -hci0/10 -hci2/12 -hci1/11 +hci5/11");
	CHECK_INT(kernel.lists, 1);
	CHECK_INT(kernel.infos, 4);
	event(MGMT_NEW_SETTINGS, 5);
	event(0x0020, 5); /* Extended Index Added, for others */
	say("\4", 1);
	say("\4\0\5\0\1\0", 6); /* its length lies */
	run(SHORT);
	CHECK_INT(told.n, 5);
	close_kernel();
}

/* Before the first answers: of an adapter that leaves at once no more than its name is known. */
static void at_the_start(void)
{
	open_watch();
	unplug(0);
	plug(0, 20);
	plug(3, 13);
	run(SHORT);
	CHECK_STR(told.log, "+hci0/20 +hci3/13");
	close_kernel();
	open_watch();
	kernel.mute = true;
	run(SHORT);
	kernel.mute = false;
	answer_list();
	kernel.mute = true;
	run(SHORT);
	unplug(1);
	run(SHORT);
	CHECK_STR(told.log, "-hci1");
	close_kernel();
}

/* An index that is another adapter's, though its removal was not heard. */
static void replaced(void)
{
	open_watch();
	run(SHORT);
	kernel.adapters[1].address = 99;
	event(MGMT_INDEX_ADDED, 1);
	run(SHORT);
	CHECK_STR(told.log, "-hci1/11 +hci1/99");
	close_kernel();
}

static void gone_before_it_was_asked(void)
{
	open_watch();
	run(SHORT);
	plug(2, 12);
	unplug(2);
	run(SHORT);
	plug(3, 13);
	kernel.n--; /* it is gone, and that is told later */
	run(5000);
	event(MGMT_INDEX_REMOVED, 3);
	run(5000);
	CHECK_STR(told.log, "");
	CHECK_INT(kernel.lists, 1);
	close_kernel();
}

/* What failed is asked again after a second. */
static void kernel_fails(void)
{
	open_watch();
	kernel.status = MGMT_FAILED;
	run(3500);
	CHECK_INT(kernel.lists, 4);
	kernel.status = 0;
	run(1000);
	kernel.status = MGMT_FAILED;
	plug(2, 12);
	run(500);
	CHECK_STR(told.log, "");
	kernel.status = 0;
	run(1000);
	CHECK_STR(told.log, "+hci2/12");
	/* No answer for 10 s. */
	kernel.mute = true;
	plug(3, 13);
	run(9000);
	kernel.mute = false;
	run(3000);
	CHECK_STR(told.log, "+hci2/12 +hci3/13");
	close_kernel();
}

/* What happened while there was no socket is found in the next list. */
static void socket_ends(void)
{
	open_watch();
	run(SHORT);
	kernel.closed = true;
	loop_unwatch(&kernel.watch);
	close(kernel.watch.fd);
	kernel.watch.fd = -1;
	run(3000);
	kernel.n = 0;
	plug(1, 11);
	plug(7, 17);
	CHECK_STR(told.log, "");
	kernel.closed = false;
	run(1500);
	CHECK_STR(told.log, "-hci0/10 +hci7/17");
	unplug(7);
	run(SHORT);
	CHECK_STR(told.log, "-hci0/10 +hci7/17 -hci7/17");
	close_kernel();
}

static void freed(void)
{
	for (unsigned int at = 1; at <= 4; at++) {
		harness_about("event %u", at);
		open_watch();
		told.free_at = at;
		run(SHORT);
		unplug(0);
		unplug(1);
		plug(1, 21);
		plug(2, 22);
		run(SHORT);
		CHECK_INT(told.n, at);
		CHECK(!told.watch);
		close_kernel();
	}
	/* In the walk over what a list lacks. */
	open_watch();
	run(SHORT);
	told.free_at = 1;
	loop_unwatch(&kernel.watch);
	close(kernel.watch.fd);
	kernel.watch.fd = -1;
	kernel.n = 0;
	run(SHORT);
	CHECK_INT(told.n, 1);
	close_kernel();
	/* While each message is on its way. */
	for (unsigned int turns = 0; turns < 12; turns++) {
		open_watch();
		plug(3, 13);
		for (unsigned int i = 0; i < turns; i++)
			ble_loop_dispatch(kernel.loop, 0);
		told.watch->free(told.watch);
		told.watch = NULL;
		told.n = 0;
		run(5000);
		CHECK_INT(told.n, 0);
		close_kernel();
	}
}

static void more_than_there_is_room_for(void)
{
	open_watch();
	run(SHORT);
	for (uint16_t i = 2; i < 70; i++) {
		plug(i, (uint8_t)i);
		run(SHORT);
	}
	CHECK_INT(told.n, HCI_ADAPTERS_MAX - 2);
	unplug(69);
	unplug(10);
	plug(10, 100);
	run(SHORT);
	CHECK_INT(told.n, HCI_ADAPTERS_MAX);
	close_kernel();
}

static int scenario(void *user)
{
	int error = open_kernel();

	(void)user;
	if (error)
		return error;
	error = begin();
	if (!error) {
		run(SHORT);
		plug(2, 12);
		run(SHORT);
		CHECK_STR(told.log, "+hci2/12");
	}
	close_kernel();
	return error;
}

static void without_memory(void)
{
	CHECK(fail_each(scenario, NULL) >= 2);
	REQUIRE(open_kernel() == 0);
	kernel.closed = true;
	CHECK_INT(begin(), -EAFNOSUPPORT);
	close_kernel();
}

static void in_child(void)
{
	open_watch();
	run(SHORT);
	if (harness_fork_first()) {
		told.watch->free(told.watch);
		told.watch = NULL;
		CHECK_INT(ble_loop_dispatch(kernel.loop, 0), -ECHILD);
		close_kernel();
		harness_end_child();
	}
	plug(2, 12);
	run(SHORT);
	CHECK_STR(told.log, "+hci2/12");
	close_kernel();
}

const struct test_case hci_arrivals_cases[] = {
	TEST(comes_and_goes), TEST(at_the_start), TEST(replaced), TEST(gone_before_it_was_asked),
	TEST(kernel_fails), TEST(socket_ends), TEST(freed), TEST(more_than_there_is_room_for),
	TEST(without_memory), TEST(in_child), { 0 },
};
