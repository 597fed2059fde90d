/* SPDX-License-Identifier: MIT */
/* See mgmt.h. The messages are described in BlueZ's mgmt-api.txt. */
#include "hci/mgmt.h"

#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "hci/raw.h"

/* The kernel answers at once, except to Set Powered, which waits for the
 * controller's firmware. */
enum { ANSWER_MS = 10000, ENDS = 3 };

int mgmt_socket(int *ret_fd)
{
	return ble_hci_socket(HCI_DEV_NONE, HCI_CHANNEL_CONTROL, ret_fd);
}

static int send_command(int fd, uint16_t opcode, uint16_t index,
			struct ble_bytes params)
{
	uint8_t message[MGMT_HEAD + 16];

	if (params.len > sizeof(message) - MGMT_HEAD)
		return -EMSGSIZE;
	put_le16(message, opcode);
	put_le16(message + 2, index);
	put_le16(message + 4, (uint16_t)params.len);
	if (params.len)
		memcpy(message + MGMT_HEAD, params.data, params.len);
	if (send(fd, message, MGMT_HEAD + params.len, MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

/* One message, parsed. */
struct message {
	uint16_t event, index;
	struct ble_bytes params;
	/* of a reply */
	uint16_t opcode;
	uint8_t status;
};

static bool parse_message(const uint8_t *p, size_t len, struct message *ret)
{
	if (len < MGMT_HEAD || get_le16(p + 4) != len - MGMT_HEAD)
		return false;
	ret->event = get_le16(p);
	ret->index = get_le16(p + 2);
	ret->params = bytes(p + MGMT_HEAD, len - MGMT_HEAD);
	ret->opcode = 0;
	ret->status = 0;
	if (ret->event != MGMT_COMMAND_COMPLETE && ret->event != MGMT_COMMAND_STATUS)
		return true;
	if (ret->params.len < 3)
		return false;
	ret->opcode = get_le16(p + MGMT_HEAD);
	ret->status = p[MGMT_HEAD + 2];
	ret->params = bytes(p + MGMT_HEAD + 3, len - MGMT_HEAD - 3);
	return true;
}

/* -- Asynchronous ------------------------------------------------------------ */

static void send_next(struct mgmt *mgmt);

/* Unlinks the first command, sends the next, then calls back. */
static void end_first(struct mgmt *mgmt, int error, uint8_t status,
		      struct ble_bytes params)
{
	struct mgmt_command *command;

	loop_timer_stop(&mgmt->timer);
	mgmt->sent = false;
	command = list_entry(list_pop(&mgmt->commands), struct mgmt_command, link);
	send_next(mgmt);
	if (command->done)
		command->done(command, error, status, params);
}

/* A socket in place of one that has ended. */
static int reopen(struct mgmt *mgmt)
{
	int fd, error = mgmt->open(&fd);

	if (error)
		return -ENODEV;
	error = loop_watch(mgmt->loop, &mgmt->watch, fd, LOOP_READ);
	if (error) {
		mgmt->watch.fd = -1;
		close(fd);
	}
	return error;
}

static int send_first(struct mgmt *mgmt, const struct mgmt_command *command)
{
	int error = 0;

	if (loop_inherited(mgmt->loop))
		return -ECHILD;
	if (mgmt->watch.fd < 0)
		error = reopen(mgmt);
	return error ? error
		     : send_command(mgmt->watch.fd, command->opcode, command->index,
				    bytes(command->params, command->len));
}

static void send_next(struct mgmt *mgmt)
{
	struct mgmt_command *command;

	if (mgmt->sent || list_empty(&mgmt->commands))
		return;
	command = list_entry(mgmt->commands.next, struct mgmt_command, link);
	mgmt->sent = true;
	mgmt->failure = send_first(mgmt, command);
	if (mgmt->failure == -EPIPE)
		mgmt->failure = 0; /* the socket's end is received next */
	if (mgmt->failure)
		loop_defer(mgmt->loop, &mgmt->failed);
	else
		loop_timer_in(mgmt->loop, &mgmt->timer, ANSWER_MS);
}

static void timer_fired(struct loop_timer *timer)
{
	end_first(container_of(timer, struct mgmt, timer), -ETIMEDOUT, 0,
		  bytes(NULL, 0));
}

static void failed_run(struct loop_task *task)
{
	struct mgmt *mgmt = container_of(task, struct mgmt, failed);

	end_first(mgmt, mgmt->failure, 0, bytes(NULL, 0));
}

static void route(struct mgmt *mgmt, const struct message *message)
{
	const struct mgmt_command *first;

	if (!message->opcode) {
		if (mgmt->index == message->index || mgmt->index == MGMT_INDEX_NONE)
			mgmt->event(mgmt->user, message->event, message->index, message->params);
		return;
	}
	if (!mgmt->sent || mgmt->failure)
		return;
	first = list_entry(mgmt->commands.next, struct mgmt_command, link);
	if (first->opcode == message->opcode && first->index == message->index)
		end_first(mgmt, 0, message->status, message->params);
}

/* The command that waits for a reply is sent again over another socket, as the kernel may
 * or may not have executed it; but not if that has ended several sockets already. */
static void socket_ended(struct mgmt *mgmt)
{
	loop_unwatch(&mgmt->watch);
	close(mgmt->watch.fd);
	mgmt->watch.fd = -1;
	if (mgmt->sent && !mgmt->failure) {
		loop_timer_stop(&mgmt->timer);
		mgmt->sent = false;
		if (mgmt->ends++ < ENDS) {
			send_next(mgmt);
		} else {
			mgmt->sent = true;
			mgmt->failure = -ECONNRESET;
			loop_defer(mgmt->loop, &mgmt->failed);
		}
	}
	mgmt->ended(mgmt->user);
}

/* One message a call: a callback may close this client. */
static void mgmt_ready(struct loop_watch *watch, unsigned int events)
{
	struct mgmt *mgmt = container_of(watch, struct mgmt, watch);
	uint8_t buffer[MGMT_MESSAGE_MAX];
	struct message message;
	ssize_t len = recv(watch->fd, buffer, sizeof(buffer), MSG_DONTWAIT);

	if (len > 0) {
		mgmt->ends = 0;
		if (parse_message(buffer, (size_t)len, &message))
			route(mgmt, &message);
	} else if (len == 0 || events & LOOP_HANGUP ||
		   (errno != EAGAIN && errno != EINTR)) {
		socket_ended(mgmt);
	}
}

int mgmt_init(struct mgmt *mgmt, struct ble_loop *loop, int fd, uint16_t index,
	      void (*event)(void *user, uint16_t event, uint16_t index, struct ble_bytes params),
	      void (*ended)(void *user), void *user)
{
	int error;

	*mgmt = (struct mgmt){
		.loop = loop,
		.watch.ready = mgmt_ready,
		.timer.fire = timer_fired,
		.failed.run = failed_run,
		.index = index,
		.event = event,
		.ended = ended,
		.open = mgmt_socket,
		.user = user,
	};
	list_init(&mgmt->commands);
	error = loop_watch(loop, &mgmt->watch, fd, LOOP_READ);
	if (error)
		mgmt->watch.fd = -1;
	return error;
}

void mgmt_close(struct mgmt *mgmt)
{
	while (list_pop(&mgmt->commands))
		;
	loop_timer_stop(&mgmt->timer);
	loop_undefer(&mgmt->failed);
	if (mgmt->watch.fd < 0)
		return;
	loop_unwatch(&mgmt->watch);
	close(mgmt->watch.fd);
	mgmt->watch.fd = -1;
}

void mgmt_submit_to(struct mgmt *mgmt, uint16_t index, struct mgmt_command *command)
{
	command->index = index;
	list_append(&mgmt->commands, &command->link);
	send_next(mgmt);
}

void mgmt_submit(struct mgmt *mgmt, struct mgmt_command *command)
{
	mgmt_submit_to(mgmt, mgmt->index, command);
}

/* The reply to a cancelled command looks like that to a later one of the same
 * opcode, which takes it: both are the same request. */
void mgmt_cancel(struct mgmt *mgmt, struct mgmt_command *command)
{
	if (!list_queued(&command->link))
		return;
	if (mgmt->sent && mgmt->commands.next == &command->link) {
		loop_timer_stop(&mgmt->timer);
		loop_undefer(&mgmt->failed);
		mgmt->sent = false;
	}
	list_remove(&command->link);
	send_next(mgmt);
}

/* -- Blocking ---------------------------------------------------------------- */

int mgmt_ask(int fd, uint16_t opcode, uint16_t index, struct ble_bytes params,
	     int timeout_ms, uint8_t *ret_status, uint8_t *reply, size_t size,
	     size_t *ret_len)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	uint8_t buffer[MGMT_MESSAGE_MAX];
	struct timespec start;
	struct message message;
	int error = send_command(fd, opcode, index, params);

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (!error) {
		ssize_t len;

		if (poll(&poller, 1, ble_hci_ms_left(&start, timeout_ms)) == 0)
			return -ETIMEDOUT;
		len = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
		if (len == 0)
			return -ENODEV;
		if (len < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (len < 0 || !parse_message(buffer, (size_t)len, &message) ||
		    message.opcode != opcode || message.index != index)
			continue;
		if (message.params.len < size)
			size = message.params.len;
		if (size)
			memcpy(reply, message.params.data, size);
		*ret_len = size;
		*ret_status = message.status;
		return 0;
	}
	return error;
}

int mgmt_parse_info(struct ble_bytes params, struct mgmt_info *ret_info)
{
	/* address, version, manufacturer, supported, current, class, names */
	if (params.len < 17)
		return -EBADMSG;
	memcpy(ret_info->address, params.data, 6);
	ret_info->supported = get_le32(params.data + 9);
	ret_info->current = get_le32(params.data + 13);
	return 0;
}
