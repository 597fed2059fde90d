/* SPDX-License-Identifier: MIT */
/*
 * Somebody else's peripheral, and not always a good one: it listens on L2CAP CID 4 of one
 * adapter, without a daemon, and floods, falls silent, hangs up or answers rubbish on demand.
 *
 * It shares no code with the library it is used against, on purpose: a mistake made in both
 * ends would cancel itself out.  Its database is six attributes:
 *
 *   1  primary service 0x180d
 *   2    characteristic 0x2a37, read, notify, indicate
 *   3      its value: a running number (32 bits, little endian), the last octet of the
 *          adapter's address (so that values of several peers can be told apart), filling
 *   4      client characteristic configuration
 *   5    characteristic 0x2a38, read, write, write without response
 *   6      its value: the adapter's address in text, until written
 *
 * Several adapters are so many peers, each in a process of its own, which is a fork of this one
 * and so takes little memory, and writes what it says to a file of its own.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <bluetooth/hci_lib.h>
#include <bluetooth/l2cap.h>

enum {
	ATT_CID = 4, MTU = 517, MTU_DEFAULT = 23,
	ERROR_RSP = 0x01, MTU_REQ = 0x02, MTU_RSP = 0x03, FIND_INFO_REQ = 0x04,
	READ_TYPE_REQ = 0x08, READ_REQ = 0x0a, READ_BLOB_REQ = 0x0c, READ_GROUP_REQ = 0x10,
	WRITE_REQ = 0x12, NOTIFY = 0x1b, INDICATE = 0x1d, CONFIRM = 0x1e, WRITE_CMD = 0x52,
	BAD_HANDLE = 0x01, NO_WRITE = 0x03, BAD_PDU = 0x04, NOT_SUPPORTED = 0x06,
	BAD_OFFSET = 0x07, NOT_FOUND = 0x0a, BAD_LENGTH = 0x0d,
	PRIMARY = 0x2800, CHARACTERISTIC = 0x2803, CCCD = 0x2902,
	SENSOR = 3, CONFIG = 4, TEXT = 6, LAST = 6,
};

struct attribute {
	uint16_t type;
	uint16_t length;
	uint8_t value[512];
};

struct peer {
	int fd;
	bdaddr_t address;
	uint8_t address_type;
	uint16_t mtu;
	const struct mode *mode;
	uint32_t count;			/* the mode's number: how many, how long, which PDU */
	uint16_t size;			/* of a notified value */
	uint32_t sent, confirmed, received;
	struct attribute table[LAST + 1];	/* by handle; 0 is not one */
};

struct mode {
	const char *name, *argument, *does;
	uint32_t least_arguments;
	/* each may be NULL; non-zero from pdu: taken care of, do not answer */
	int (*pdu)(struct peer *peer, const uint8_t *pdu, size_t length);
	void (*subscribed)(struct peer *peer);
	void (*time_up)(struct peer *peer);	/* after count milliseconds */
};

static uint16_t get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static void put16(uint8_t *bytes, uint16_t value)
{
	bytes[0] = (uint8_t)value;
	bytes[1] = (uint8_t)(value >> 8);
}

/* The socket blocks, so the kernel paces us; a link that goes shows at the next receive. */
static int say(const struct peer *peer, const uint8_t *pdu, size_t length)
{
	return send(peer->fd, pdu, length, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static void say_error(const struct peer *peer, uint8_t request, uint16_t handle, uint8_t code)
{
	uint8_t pdu[5] = { ERROR_RSP, request, 0, 0, code };

	put16(pdu + 2, handle);
	say(peer, pdu, sizeof(pdu));
}

/* ------------------------------------------------------------------ the database's answers */

static void fill(struct attribute *attribute, uint16_t type, const void *value, size_t length)
{
	attribute->type = type;
	attribute->length = (uint16_t)length;
	memcpy(attribute->value, value, length);
}

static void fill_table(struct peer *peer)
{
	static const uint8_t service[] = { 0x0d, 0x18 };
	static const uint8_t sensor[] = { 0x32, SENSOR, 0, 0x37, 0x2a };
	static const uint8_t text[] = { 0x0e, TEXT, 0, 0x38, 0x2a };
	static const uint8_t nothing[512];
	char address[18];

	ba2str(&peer->address, address);
	fill(&peer->table[1], PRIMARY, service, sizeof(service));
	fill(&peer->table[2], CHARACTERISTIC, sensor, sizeof(sensor));
	fill(&peer->table[SENSOR], 0x2a37, nothing, peer->size);
	peer->table[SENSOR].value[4] = peer->address.b[0];
	fill(&peer->table[CONFIG], CCCD, nothing, 2);
	fill(&peer->table[5], CHARACTERISTIC, text, sizeof(text));
	fill(&peer->table[TEXT], 0x2a38, address, strlen(address));
}

/* A range request's start, or 0 after having refused it. */
static uint16_t range(const struct peer *peer, const uint8_t *pdu, uint16_t *ret_end)
{
	uint16_t start = get16(pdu + 1), end = get16(pdu + 3);

	if (!start || start > end) {
		say_error(peer, pdu[0], start, BAD_HANDLE);
		return 0;
	}
	*ret_end = end < LAST ? end : LAST;
	if (start > LAST)
		say_error(peer, pdu[0], start, NOT_FOUND);
	return start > LAST ? 0 : start;
}

static void find_information(const struct peer *peer, const uint8_t *pdu)
{
	uint8_t answer[MTU] = { FIND_INFO_REQ + 1, 1 };
	size_t length = 2;
	uint16_t end, handle = range(peer, pdu, &end);

	if (!handle)
		return;
	for (; handle <= end && length + 4 <= peer->mtu; handle++, length += 4) {
		put16(answer + length, handle);
		put16(answer + length + 2, peer->table[handle].type);
	}
	say(peer, answer, length);
}

/* Read By Type and Read By Group Type differ in the end of the group, and in which types. */
static void read_by_type(const struct peer *peer, const uint8_t *pdu)
{
	uint8_t answer[MTU] = { (uint8_t)(pdu[0] + 1) };
	uint16_t start = get16(pdu + 1), type = get16(pdu + 5), end, handle;
	size_t length = 2, head = pdu[0] == READ_GROUP_REQ ? 4 : 2, value;

	handle = range(peer, pdu, &end);
	if (!handle)
		return;
	for (; handle <= end; handle++) {
		if (peer->table[handle].type != type)
			continue;
		value = peer->table[handle].length;
		if (value > peer->mtu - length - head || (answer[1] && answer[1] != value + head))
			break;
		answer[1] = (uint8_t)(value + head);
		put16(answer + length, handle);
		if (head == 4)
			put16(answer + length + 2, LAST);
		memcpy(answer + length + head, peer->table[handle].value, value);
		length += head + value;
	}
	if (length == 2)
		say_error(peer, pdu[0], start, NOT_FOUND);
	else
		say(peer, answer, length);
}

static void read_value(const struct peer *peer, const uint8_t *pdu, uint16_t offset)
{
	uint16_t handle = get16(pdu + 1);
	const struct attribute *attribute = &peer->table[handle <= LAST ? handle : 0];
	uint8_t answer[MTU] = { (uint8_t)(pdu[0] + 1) };
	size_t length;

	if (!attribute->type) {
		say_error(peer, pdu[0], handle, BAD_HANDLE);
	} else if (offset > attribute->length) {
		say_error(peer, pdu[0], handle, BAD_OFFSET);
	} else {
		length = (size_t)attribute->length - offset;
		if (length > peer->mtu - 1u)
			length = peer->mtu - 1u;
		memcpy(answer + 1, attribute->value + offset, length);
		say(peer, answer, length + 1);
	}
}

static uint8_t store(struct peer *peer, uint16_t handle, const uint8_t *value, size_t length)
{
	if (!handle || handle > LAST)
		return BAD_HANDLE;
	if (handle != CONFIG && handle != TEXT)
		return NO_WRITE;
	if (handle == CONFIG ? length != 2 : length > sizeof(peer->table[TEXT].value))
		return BAD_LENGTH;
	fill(&peer->table[handle], peer->table[handle].type, value, length);
	return 0;
}

static void write_value(struct peer *peer, const uint8_t *pdu, size_t length)
{
	static const uint8_t done = WRITE_REQ + 1;
	uint16_t handle = get16(pdu + 1);
	uint8_t code = store(peer, handle, pdu + 3, length - 3);

	if (pdu[0] == WRITE_CMD)
		return;
	if (code) {
		say_error(peer, pdu[0], handle, code);
		return;
	}
	say(peer, &done, 1);
	if (handle != CONFIG)
		return;
	printf("configured %u\n", get16(pdu + 3));
	if (get16(pdu + 3) && peer->mode->subscribed)
		peer->mode->subscribed(peer);
}

static void exchange_mtu(struct peer *peer, const uint8_t *pdu)
{
	uint8_t answer[3] = { MTU_RSP };
	uint16_t theirs = get16(pdu + 1);

	put16(answer + 1, MTU);
	say(peer, answer, sizeof(answer));
	peer->mtu = theirs < MTU_DEFAULT ? MTU_DEFAULT : theirs > MTU ? MTU : theirs;
}

static size_t least_length(uint8_t opcode)
{
	switch (opcode) {
	case MTU_REQ: case READ_REQ: case WRITE_REQ: case WRITE_CMD: return 3;
	case FIND_INFO_REQ: case READ_BLOB_REQ: return 5;
	case READ_TYPE_REQ: case READ_GROUP_REQ: return 7;
	default: return 1;
	}
}

static void answer(struct peer *peer, const uint8_t *pdu, size_t length)
{
	if (length < least_length(pdu[0])) {
		say_error(peer, pdu[0], 0, BAD_PDU);
		return;
	}
	switch (pdu[0]) {
	case MTU_REQ: exchange_mtu(peer, pdu); break;
	case FIND_INFO_REQ: find_information(peer, pdu); break;
	case READ_TYPE_REQ: case READ_GROUP_REQ: read_by_type(peer, pdu); break;
	case READ_REQ: read_value(peer, pdu, 0); break;
	case READ_BLOB_REQ: read_value(peer, pdu, get16(pdu + 3)); break;
	case WRITE_REQ: case WRITE_CMD: write_value(peer, pdu, length); break;
	default:
		/* responses (odd) and commands (0x40) want no answer */
		if (!(pdu[0] & 0x41))
			say_error(peer, pdu[0], 0, NOT_SUPPORTED);
	}
}

/* --------------------------------------------------------------------------------- the modes */

/* One value with the next number; 0 or -errno. */
static int push(struct peer *peer, uint8_t opcode)
{
	uint8_t pdu[MTU] = { opcode, SENSOR, 0 };
	struct attribute *value = &peer->table[SENSOR];
	size_t length = value->length;

	put16(value->value, (uint16_t)peer->sent);
	put16(value->value + 2, (uint16_t)(peer->sent >> 16));
	if (length > peer->mtu - 3u)
		length = peer->mtu - 3u;
	memcpy(pdu + 3, value->value, length);
	peer->sent++;
	return say(peer, pdu, length + 3);
}

static void flood(struct peer *peer)
{
	uint32_t i;
	int err = 0;

	for (i = 0; i < peer->count && !err; i++)
		err = push(peer, NOTIFY);
	printf("sent %u%s%s\n", err ? i - 1 : i, err ? ": " : "", err ? strerror(-err) : "");
}

static void tick(struct peer *peer)
{
	if (get16(peer->table[CONFIG].value) & 1)
		push(peer, NOTIFY);
}

static void indicate_first(struct peer *peer)
{
	peer->confirmed = 0;
	if (peer->count)
		push(peer, INDICATE);
}

static int indicate_next(struct peer *peer, const uint8_t *pdu, size_t length)
{
	if (pdu[0] != CONFIRM || length != 1)
		return 0;
	if (++peer->confirmed < peer->count)
		push(peer, INDICATE);
	else
		printf("confirmed %u\n", peer->confirmed);
	return 1;
}

static int keep_silent(struct peer *peer, const uint8_t *pdu, size_t length)
{
	(void)peer; (void)pdu; (void)length;
	return 1;
}

/* Closing the socket alone would leave the link up for another two seconds. */
static void hang_up(struct peer *peer)
{
	struct l2cap_conninfo info;
	socklen_t length = sizeof(info);
	disconnect_cp command = { .reason = HCI_OE_USER_ENDED_CONNECTION };
	char address[18];
	int hci;

	ba2str(&peer->address, address);
	hci = hci_open_dev(hci_devid(address));
	if (hci < 0 || getsockopt(peer->fd, SOL_L2CAP, L2CAP_CONNINFO, &info, &length) < 0) {
		printf("cannot hang up: %s\n", strerror(errno));
	} else {
		command.handle = htobs(info.hci_handle);
		hci_send_cmd(hci, OGF_LINK_CTL, OCF_DISCONNECT, DISCONNECT_CP_SIZE, &command);
		printf("hung up after %u PDUs\n", peer->received);
	}
	if (hci >= 0)
		hci_close_dev(hci);
}

static int hang_up_at(struct peer *peer, const uint8_t *pdu, size_t length)
{
	(void)pdu; (void)length;
	if (peer->received < peer->count)
		return 0;
	if (peer->received == peer->count)
		hang_up(peer);
	return 1;
}

static int garbage(struct peer *peer, const uint8_t *pdu, size_t length)
{
	uint8_t rubbish[64];
	size_t i, many = 1 + (size_t)rand() % sizeof(rubbish);

	(void)pdu; (void)length;
	for (i = 0; i < many; i++)
		rubbish[i] = (uint8_t)rand();
	say(peer, rubbish, many);
	return 1;
}

static const struct mode modes[] = {
	{ "answer", "", "answers as it should and no more", 0, NULL, NULL, NULL },
	{ "flood", "N [SIZE]", "N notifications back to back once subscribed", 1, NULL, flood, NULL },
	{ "tick", "MS [SIZE]", "a notification every MS milliseconds", 1, NULL, NULL, tick },
	{ "indicate", "N", "N indications, each upon the confirmation of the last", 1,
	  indicate_next, indicate_first, NULL },
	{ "silent", "", "accepts the link and answers nothing", 0, keep_silent, NULL, NULL },
	{ "hangup", "MS", "ends the link MS milliseconds after it came up", 1, NULL, NULL, hang_up },
	{ "hangup-at", "K", "ends the link in place of answering the K-th PDU", 1, hang_up_at,
	  NULL, NULL },
	{ "garbage", "[SEED]", "answers each PDU with random bytes", 0, garbage, NULL, NULL },
};

/* ------------------------------------------------------------------------------------ a link */

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Ends with the link; says with which errno. */
static int serve(struct peer *peer)
{
	struct pollfd readable = { .fd = peer->fd, .events = POLLIN };
	int64_t due = milliseconds() + peer->count, left;
	uint8_t pdu[1024];
	ssize_t length;

	for (;;) {
		left = due - milliseconds();
		if (peer->mode->time_up && left <= 0) {
			peer->mode->time_up(peer);
			due += peer->count ? peer->count : 1;
			continue;
		}
		if (poll(&readable, 1, peer->mode->time_up ? (int)left : -1) == 0)
			continue;
		length = recv(peer->fd, pdu, sizeof(pdu), 0);
		if (length <= 0)
			return length ? errno : 0;
		peer->received++;
		if (!peer->mode->pdu || !peer->mode->pdu(peer, pdu, (size_t)length))
			answer(peer, pdu, (size_t)length);
	}
}

static int listen_on(const struct peer *peer)
{
	struct sockaddr_l2 local = {
		.l2_family = AF_BLUETOOTH, .l2_cid = htobs(ATT_CID),
		.l2_bdaddr = peer->address, .l2_bdaddr_type = peer->address_type,
	};
	int fd = socket(AF_BLUETOOTH, SOCK_SEQPACKET | SOCK_CLOEXEC, BTPROTO_L2CAP);

	if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof(local)) < 0 || listen(fd, 1) < 0) {
		fprintf(stderr, "peer: cannot listen: %s\n", strerror(errno));
		return -1;
	}
	return fd;
}

/* One link after the other until killed, or until the adapter goes. */
static int serve_all(struct peer *peer)
{
	struct sockaddr_l2 remote;
	socklen_t length;
	char text[18];
	int listening = listen_on(peer), err;

	if (listening < 0)
		return EXIT_FAILURE;
	puts("listening");
	for (;;) {
		length = sizeof(remote);
		peer->fd = accept(listening, (struct sockaddr *)&remote, &length);
		if (peer->fd < 0) {
			printf("no more links: %s\n", strerror(errno));
			return EXIT_FAILURE;
		}
		ba2str(&remote.l2_bdaddr, text);
		printf("connected %s\n", text);
		peer->mtu = MTU_DEFAULT;
		peer->sent = peer->confirmed = peer->received = 0;
		fill_table(peer);
		err = serve(peer);
		printf("disconnected: %s\n", strerror(err));
		close(peer->fd);
	}
}

static int usage(void)
{
	size_t i;

	fprintf(stderr, "usage: peer [-r] ADDRESS MODE\n"
		"       peer [-r] -o FILE ADDRESS[,ADDRESS...] MODE\n"
		"ADDRESS is the adapter's here; -r: it is a static random one\n"
		"-o: what each says goes to FILE.NUMBER, with its address's last octet\n");
	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		fprintf(stderr, "  %-10s%-10s%s\n", modes[i].name, modes[i].argument, modes[i].does);
	return 2;
}

static const struct mode *find_mode(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (!strcmp(name, modes[i].name))
			return &modes[i];
	return NULL;
}

static int serve_address(struct peer *peer, const char *address, const char *file)
{
	char name[200];

	if (strlen(address) != 17 || str2ba(address, &peer->address) < 0)
		return usage();
	snprintf(name, sizeof(name), "%s.%u", file ? file : "", peer->address.b[0]);
	if (file && !freopen(name, "w", stdout)) {
		perror(name);
		return EXIT_FAILURE;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	return serve_all(peer);
}

/* Ends when all have ended; killed, it takes them along. */
static int serve_addresses(struct peer *peer, char *addresses, const char *file)
{
	const char *address;
	int status, result = EXIT_SUCCESS;
	pid_t parent = getpid(), child;

	for (address = strtok(addresses, ","); address; address = strtok(NULL, ",")) {
		child = fork();
		if (!child) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			_exit(getppid() == parent ? serve_address(peer, address, file) : EXIT_FAILURE);
		}
		if (child < 0)
			result = EXIT_FAILURE;
	}
	while (wait(&status) > 0)
		if (status)
			result = EXIT_FAILURE;
	return result;
}

int main(int argc, char **argv)
{
	struct peer peer = { .size = 20, .address_type = BDADDR_LE_PUBLIC };
	const char *file = NULL;
	int option;

	/* "+": a mode's arguments are no options */
	while ((option = getopt(argc, argv, "+ro:")) != -1) {
		if (option == 'r')
			peer.address_type = BDADDR_LE_RANDOM;
		else if (option == 'o')
			file = optarg;
		else
			return usage();
	}
	argv += optind;
	argc -= optind;
	if (argc < 2)
		return usage();
	peer.mode = find_mode(argv[1]);
	if (!peer.mode || argc < 2 + (int)peer.mode->least_arguments)
		return usage();
	if (argc > 2)
		peer.count = (uint32_t)strtoul(argv[2], NULL, 10);
	if (argc > 3)
		peer.size = (uint16_t)strtoul(argv[3], NULL, 10);
	if (peer.size < 5 || peer.size > 512)
		return usage();
	srand(peer.count);
	return file ? serve_addresses(&peer, argv[0], file) : serve_address(&peer, argv[0], NULL);
}
