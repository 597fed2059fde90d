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

#include "peer.h"

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
	{ NULL, NULL, NULL, 0, NULL, NULL, NULL },
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
		if (!peer->keeps)
			close(peer->fd);
	}
}

static void list_modes(const struct mode *mode)
{
	for (; mode->name; mode++)
		fprintf(stderr, "  %-11s%-10s%s\n", mode->name, mode->argument, mode->does);
}

static int usage(void)
{
	fprintf(stderr, "usage: peer [-k] [-r] ADDRESS MODE\n"
		"       peer [-k] [-r] -o FILE ADDRESS[,ADDRESS...] MODE\n"
		"ADDRESS is the adapter's here; -r: it is a static random one\n"
		"-k: never closes the socket of a link, which kills it on some kernels\n"
		"-o: what each says goes to FILE.NUMBER, with its address's last octet\n");
	list_modes(modes);
	list_modes(hostile_modes);
	return 2;
}

static const struct mode *find_mode(const struct mode *mode, const char *name)
{
	for (; mode->name; mode++)
		if (!strcmp(name, mode->name))
			return mode;
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
	while ((option = getopt(argc, argv, "+kro:")) != -1) {
		if (option == 'r')
			peer.address_type = BDADDR_LE_RANDOM;
		else if (option == 'k')
			peer.keeps = 1;
		else if (option == 'o')
			file = optarg;
		else
			return usage();
	}
	argv += optind;
	argc -= optind;
	if (argc < 2)
		return usage();
	peer.mode = find_mode(modes, argv[1]);
	if (!peer.mode)
		peer.mode = find_mode(hostile_modes, argv[1]);
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
