/* SPDX-License-Identifier: MIT */
/*
 * Writes everything that passes between the kernel and its controllers to a btsnoop file, until
 * killed.  Debian 12's btmon does that too, but decodes all of it meanwhile and crashes on ATT
 * requests, and a test must not lose its evidence.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>

/* not in libbluetooth's headers */
enum { CHANNEL_MONITOR = 2, CONTROL_TIME_STAMP = 2 };

/* The format counts microseconds from the year 0; this is 1970 there. */
static const int64_t epoch = 0x00dcddb30f2f8000;

struct monitor_header {
	uint16_t opcode, index, length;
};

struct record {		/* big endian */
	uint32_t length, included, flags, drops;
	int64_t time;
};

static int open_monitor(void)
{
	struct sockaddr_hci address = {
		.hci_family = AF_BLUETOOTH, .hci_dev = HCI_DEV_NONE, .hci_channel = CHANNEL_MONITOR,
	};
	int on = 1, fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, BTPROTO_HCI);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on)) < 0)
		return -1;
	return fd;
}

static int64_t arrival(struct msghdr *message)
{
	struct cmsghdr *control;
	struct timeval time = { 0 };

	for (control = CMSG_FIRSTHDR(message); control; control = CMSG_NXTHDR(message, control))
		if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_TIMESTAMP)
			memcpy(&time, CMSG_DATA(control), sizeof(time));
	return epoch + (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

static int copy_one(int from, int to)
{
	static uint8_t data[UINT16_MAX];
	char control[CMSG_SPACE(sizeof(struct timeval))];
	struct monitor_header header;
	struct record record = { 0 };
	struct iovec in[] = { { &header, sizeof(header) }, { data, sizeof(data) } };
	struct iovec out[] = { { &record, sizeof(record) }, { data, 0 } };
	struct msghdr message = { .msg_iov = in, .msg_iovlen = 2,
				  .msg_control = control, .msg_controllen = sizeof(control) };
	ssize_t length = recvmsg(from, &message, 0);

	if (length < (ssize_t)sizeof(header))
		return -1;
	out[1].iov_len = (size_t)length - sizeof(header);
	record.length = record.included = htobe32((uint32_t)out[1].iov_len);
	record.flags = htobe32((uint32_t)le16toh(header.index) << 16 | le16toh(header.opcode));
	record.time = (int64_t)htobe64((uint64_t)arrival(&message));
	return writev(to, out, 2) < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
	static const uint8_t head[16] = { 'b', 't', 's', 'n', 'o', 'o', 'p', 0,
					  0, 0, 0, 1, 0, 0, 0x07, 0xd1 };
	int monitor, file;

	if (argc != 2) {
		fprintf(stderr, "usage: capture FILE\n");
		return 2;
	}
	monitor = open_monitor();
	file = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (monitor < 0 || file < 0 || write(file, head, sizeof(head)) < 0) {
		fprintf(stderr, "capture: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	while (copy_one(monitor, file) == 0)
		;
	fprintf(stderr, "capture: %s\n", strerror(errno));
	return EXIT_FAILURE;
}
