/* SPDX-License-Identifier: MIT */
/*
 * What the kernel alone does with several peers: plain ATT sockets, one for each, all connected
 * at once. It shares no code with the library that it is compared with.
 *
 *	sockets [-k] [-n COUNT] [-t MS] [-r] ADAPTER PEER...
 *
 * ADAPTER is an address, a PEER one too, with /random if it is. It prints what becomes of each,
 * and ends once COUNT of them (default: all) are connected, or after MS milliseconds (default:
 * never); 0 if they are. With -r a peer is connected when it sent its own address as the value
 * of handle 6, as "peer" does; with -k it goes on afterwards and says which links end, until all
 * have or it is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <bluetooth/bluetooth.h>
#include <bluetooth/l2cap.h>

enum { PEERS = 64, ATT_CID = 4, READ_REQ = 0x0a, READ_RSP = 0x0b, TEXT = 6, ADDRESS_TEXT = 17 };

enum state { CONNECTING, READING, CONNECTED, OVER };

static struct peer {
	const char *name;
	enum state state;
} peers[PEERS];

static struct pollfd sets[PEERS];
static nfds_t count;
static size_t connected;
static int read_too;
static int64_t began;

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int begin(const char *name, const bdaddr_t *adapter)
{
	struct sockaddr_l2 local = {
		.l2_family = AF_BLUETOOTH, .l2_cid = htobs(ATT_CID), .l2_bdaddr = *adapter,
		.l2_bdaddr_type = BDADDR_LE_PUBLIC,
	};
	struct sockaddr_l2 remote = local;
	int fd = socket(AF_BLUETOOTH, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, BTPROTO_L2CAP);
	char text[ADDRESS_TEXT + 1];

	snprintf(text, sizeof(text), "%s", name);
	str2ba(text, &remote.l2_bdaddr);
	if (strstr(name, "/random"))
		remote.l2_bdaddr_type = BDADDR_LE_RANDOM;
	if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof(local)) < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&remote, sizeof(remote)) < 0 && errno != EINPROGRESS)
		return -1;
	peers[count].name = name;
	sets[count++] = (struct pollfd){ .fd = fd, .events = POLLOUT };
	return 0;
}

static void over(size_t i, const char *what, int error)
{
	printf("%s %s after %d ms: %d %s\n", peers[i].name, what, (int)(milliseconds() - began), error,
	       strerror(error));
	connected -= peers[i].state == CONNECTED;
	peers[i].state = OVER;
	close(sets[i].fd);
	sets[i].fd = -1;
}

static void is_connected(size_t i)
{
	peers[i].state = CONNECTED;
	connected++;
	printf("%s connected after %d ms\n", peers[i].name, (int)(milliseconds() - began));
}

static void connect_ended(size_t i)
{
	static const uint8_t request[3] = { READ_REQ, TEXT, 0 };
	int error = 0;
	socklen_t length = sizeof(error);

	getsockopt(sets[i].fd, SOL_SOCKET, SO_ERROR, &error, &length);
	sets[i].events = POLLIN;
	if (!error && read_too && send(sets[i].fd, request, sizeof(request), MSG_NOSIGNAL) < 0)
		error = errno;
	if (error)
		over(i, "failed", error);
	else if (read_too)
		peers[i].state = READING;
	else
		is_connected(i);
}

static void received(size_t i)
{
	uint8_t pdu[600];
	ssize_t length = recv(sets[i].fd, pdu, sizeof(pdu), 0);

	if (length <= 0)
		over(i, peers[i].state == READING ? "failed" : "disconnected", length ? errno : 0);
	else if (peers[i].state != READING)
		return;
	else if (length == 1 + ADDRESS_TEXT && pdu[0] == READ_RSP &&
		 !strncasecmp((const char *)pdu + 1, peers[i].name, ADDRESS_TEXT))
		is_connected(i);
	else
		over(i, "failed: it is another peer", EBADMSG);
}

/* Non-zero: the time is up. */
static int wait_and_see(int64_t end)
{
	int64_t left = end ? end - milliseconds() : -1;
	nfds_t i;

	if (end && left <= 0)
		return 1;
	poll(sets, count, (int)left);
	for (i = 0; i < count; i++) {
		if (!sets[i].revents)
			continue;
		if (peers[i].state == CONNECTING)
			connect_ended(i);
		else
			received(i);
	}
	return 0;
}

static size_t open_sockets(void)
{
	size_t i, many = 0;

	for (i = 0; i < count; i++)
		many += sets[i].fd >= 0;
	return many;
}

int main(int argc, char **argv)
{
	size_t wanted = 0;
	int64_t end = 0;
	int option, keep = 0, result;
	bdaddr_t adapter;

	began = milliseconds();
	while ((option = getopt(argc, argv, "kn:rt:")) != -1) {
		switch (option) {
		case 'k': keep = 1; break;
		case 'n': wanted = (size_t)atoi(optarg); break;
		case 'r': read_too = 1; break;
		case 't': end = began + atoi(optarg); break;
		default: return 2;
		}
	}
	if (argc - optind < 2 || argc - optind - 1 > PEERS || str2ba(argv[optind], &adapter) < 0)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (argv[++optind])
		if (begin(argv[optind], &adapter) < 0) {
			perror(argv[optind]);
			return EXIT_FAILURE;
		}
	wanted = wanted ? wanted : count;
	while (connected < wanted && open_sockets() && !wait_and_see(end))
		;
	result = connected < wanted ? EXIT_FAILURE : EXIT_SUCCESS;
	printf("%u of %u connected after %d ms\n", (unsigned int)connected, (unsigned int)count,
	       (int)(milliseconds() - began));
	while (keep && !result && open_sockets())
		wait_and_see(0);
	return result;
}
