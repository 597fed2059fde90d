/* SPDX-License-Identifier: MIT */
/*
 * The stream over a port of Windows: partial messages, a full pipe, hang-ups, a free
 * at every moment; and the dongle emulator at its other end. The port is a pipe,
 * which has the same calls; libserialport and the calls for ports alone are fakes.
 */
#include <errno.h>
#include <libserialport.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

/* Words of 16-bit compilers, still claimed */
#undef near
#undef far

#include "bgapi/message.h"
#include "bgapi/serial.h"
#include "tests/dongle/dongle.h"
#include "tests/harness.h"
#include "tests/line.h"
#include "tests/patience.h"
#include "tests/reference.h"

enum { PIPE_ROOM = 512 };

/* -- A libserialport with one port ------------------------------------------------------- */

struct sp_port {
	HANDLE ours;
};

static struct {
	HANDLE theirs; /* the dongle's end, overlapped */
	void (*opened)(void);
	char name[32];
	int refuses;        /* Windows' error of opening; 0: it opens */
	bool takes_nothing; /* no settings */
	int baud, bits, stopbits;
	enum sp_parity parity;
	enum sp_flowcontrol flow;
	bool flushed;
	enum sp_dtr dtr;
	struct sp_port *port; /* that is open */
	bool dead; /* ClearCommError() fails */
	unsigned int ports, open;
} fake;

enum sp_return sp_get_port_by_name(const char *name, struct sp_port **port_ptr)
{
	*port_ptr = calloc(1, sizeof(**port_ptr));
	REQUIRE(*port_ptr != NULL);
	snprintf(fake.name, sizeof(fake.name), "%s", name);
	fake.ports++;
	return SP_OK;
}

void sp_free_port(struct sp_port *port)
{
	fake.ports--;
	free(port);
}

enum sp_return sp_open(struct sp_port *port, enum sp_mode flags)
{
	static unsigned int number;
	char name[64];

	CHECK_INT(flags, SP_MODE_READ_WRITE);
	if (fake.refuses)
		return SP_ERR_FAIL;
	snprintf(name, sizeof(name), "\\\\.\\pipe\\blewire-%lu-%u", GetCurrentProcessId(),
		 number++);
	fake.theirs = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
				    PIPE_TYPE_BYTE | PIPE_WAIT, 1, PIPE_ROOM, PIPE_ROOM, 0,
				    NULL);
	port->ours = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
				 FILE_FLAG_OVERLAPPED, NULL);
	REQUIRE(fake.theirs != INVALID_HANDLE_VALUE && port->ours != INVALID_HANDLE_VALUE);
	fake.open++;
	fake.port = port;
	if (fake.opened)
		fake.opened();
	return SP_OK;
}

enum sp_return sp_close(struct sp_port *port)
{
	if (!port->ours)
		return SP_ERR_ARG;
	CloseHandle(port->ours);
	fake.open--;
	return SP_OK;
}

int sp_last_error_code(void)
{
	return fake.refuses;
}

enum sp_return sp_set_baudrate(struct sp_port *port, int baudrate)
{
	(void)port;
	fake.baud = baudrate;
	return fake.takes_nothing ? SP_ERR_FAIL : SP_OK;
}

enum sp_return sp_set_bits(struct sp_port *port, int bits)
{
	(void)port;
	fake.bits = bits;
	return SP_OK;
}

enum sp_return sp_set_parity(struct sp_port *port, enum sp_parity parity)
{
	(void)port;
	fake.parity = parity;
	return SP_OK;
}

enum sp_return sp_set_stopbits(struct sp_port *port, int stopbits)
{
	(void)port;
	fake.stopbits = stopbits;
	return SP_OK;
}

enum sp_return sp_set_flowcontrol(struct sp_port *port, enum sp_flowcontrol flowcontrol)
{
	(void)port;
	fake.flow = flowcontrol;
	return SP_OK;
}

enum sp_return sp_set_dtr(struct sp_port *port, enum sp_dtr dtr)
{
	(void)port;
	fake.dtr = dtr;
	return SP_OK;
}

enum sp_return sp_flush(struct sp_port *port, enum sp_buffer buffers)
{
	(void)port;
	fake.flushed = buffers == SP_BUF_BOTH;
	return SP_OK;
}

enum sp_return sp_get_port_handle(const struct sp_port *port, void *result_ptr)
{
	*(HANDLE *)result_ptr = port->ours;
	return SP_OK;
}

static BOOL WINAPI tell_state(HANDLE handle, DWORD *errors, COMSTAT *state)
{
	*errors = 0;
	if (fake.dead)
		return FALSE;
	if (!state)
		return TRUE;
	memset(state, 0, sizeof(*state));
	return PeekNamedPipe(handle, NULL, 0, NULL, &state->cbInQue, NULL);
}

/* What a call of ClearCommError() goes through */
BOOL(WINAPI *__imp_ClearCommError)(HANDLE, DWORD *, COMSTAT *) = tell_state;

/* -- The dongle's end ---------------------------------------------------------------------- */

static bool their_call(bool write, void *data, size_t len, DWORD ms, size_t *ret_len)
{
	OVERLAPPED call = { .hEvent = CreateEvent(NULL, TRUE, FALSE, NULL) };
	DWORD n = 0;
	BOOL good = write ? WriteFile(fake.theirs, data, (DWORD)len, NULL, &call)
			  : ReadFile(fake.theirs, data, (DWORD)len, NULL, &call);

	if (good || GetLastError() == ERROR_IO_PENDING) {
		if (WaitForSingleObject(call.hEvent, ms) != WAIT_OBJECT_0)
			CancelIoEx(fake.theirs, &call);
		good = GetOverlappedResult(fake.theirs, &call, &n, TRUE);
	}
	CloseHandle(call.hEvent);
	*ret_len = n;
	return good;
}

static void they_say(const void *data, size_t len)
{
	size_t n;

	REQUIRE(their_call(true, (void *)(uintptr_t)data, len, patience_ms(), &n) && n == len);
}

/* The driver breaks off what is under way. */
static void abort_all(void)
{
	REQUIRE(CancelIoEx(fake.port->ours, NULL));
}

static void hang_up(void)
{
	CloseHandle(fake.theirs);
	fake.theirs = NULL;
}

/* -- A stream over it ------------------------------------------------------------------------- */

static DWORD handles_before;

static DWORD handles(void)
{
	DWORD count = 0;

	GetProcessHandleCount(GetCurrentProcess(), &count);
	return count;
}

static struct line *line_new(void)
{
	struct line *line;

	memset(&fake, 0, sizeof(fake));
	handles_before = handles();
	line = line_start();
	REQUIRE(bgapi_serial_open(line->loop, "COM3", &line->stream) == 0);
	line_listen(line);
	return line;
}

static void line_end(struct line *line)
{
	line_drop(line);
	if (fake.theirs)
		hang_up();
	ble_loop_unref(line->loop);
	CHECK_INT(fake.open, 0);
	CHECK_INT(fake.ports, 0);
	CHECK_INT(handles(), handles_before);
}

static int send_all(struct line *line, const void *data, size_t len)
{
	return line->stream->class->send(line->stream, (struct ble_bytes){ data, len });
}

static void dispatch_until(struct line *line, size_t len)
{
	while (line->len < len && !line->closes)
		REQUIRE(ble_loop_dispatch(line->loop, -1) == 0);
	CHECK_INT(line->len, len);
}

static void fill(uint8_t *octet, size_t len)
{
	for (size_t i = 0; i < len; i++)
		octet[i] = reference_octet(i);
}

/* -- Opening -------------------------------------------------------------------------------- */

static void settings(void)
{
	struct line *line = line_new();

	CHECK_STR(fake.name, "COM3");
	CHECK_INT(fake.baud, 115200);
	CHECK_INT(fake.bits, 8);
	CHECK_INT(fake.parity, SP_PARITY_NONE);
	CHECK_INT(fake.stopbits, 1);
	CHECK_INT(fake.flow, SP_FLOWCONTROL_NONE);
	CHECK(fake.flushed);
	CHECK_INT(fake.dtr, SP_DTR_ON);
	line_end(line);
}

static void long_name(void)
{
	struct line *line = line_new();

	line_drop(line);
	hang_up();
	REQUIRE(bgapi_serial_open(line->loop, "\\\\.\\COM12", &line->stream) == 0);
	CHECK_STR(fake.name, "COM12");
	line_end(line);
}

static void refused(void)
{
	static const struct {
		int windows, error;
		const char *words;
	} cases[] = {
		{ ERROR_FILE_NOT_FOUND, -ENODEV, "there is no COM3" },
		{ ERROR_ACCESS_DENIED, -EBUSY, "another program is using COM3" },
		{ ERROR_GEN_FAILURE, -EIO, "Windows' error 31" },
		{ 0, -EIO, "COM3 takes no settings" },
	};
	struct bgapi_stream *stream;
	struct ble_loop *loop;

	REQUIRE(ble_loop_new(&loop) == 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&fake, 0, sizeof(fake));
		fake.refuses = cases[i].windows;
		fake.takes_nothing = true;
		CHECK_INT(bgapi_serial_open(loop, "COM3", &stream), cases[i].error);
		CHECK(strstr(ble_error_text(loop, cases[i].error), cases[i].words) != NULL);
		CHECK_INT(fake.open, 0);
		CHECK_INT(fake.ports, 0);
		if (fake.theirs)
			hang_up();
	}
	ble_loop_unref(loop);
}

static const struct test_case opening[] = { TEST(settings), TEST(long_name), TEST(refused),
					    { 0 } };

/* -- Octets ----------------------------------------------------------------------------------- */

static void come(void)
{
	static uint8_t many[20000];
	struct line *line = line_new();
	size_t sent = 0;

	fill(many, sizeof(many));
	while (sent < sizeof(many)) {
		size_t len = sizeof(many) - sent < 300 ? sizeof(many) - sent : 300;

		they_say(many + sent, len);
		sent += len;
		dispatch_until(line, sent);
	}
	CHECK_MEM(line->octet, many, sizeof(many));
	line_end(line);
}

/* Two pieces before anybody looks, then nothing: the loop sleeps. */
static void come_in_pieces(void)
{
	struct line *line = line_new();
	ULONGLONG before;

	they_say("ab", 2);
	they_say("cd", 2);
	dispatch_until(line, 4);
	CHECK_MEM(line->octet, "abcd", 4);
	CHECK_INT(line->inputs, 1);
	before = GetTickCount64();
	CHECK_INT(ble_loop_dispatch(line->loop, 200), 0);
	CHECK(GetTickCount64() - before >= 100);
	CHECK_INT(line->len, 4);
	line_end(line);
}

static void go(void)
{
	struct line *line = line_new();
	uint8_t octet[16];
	size_t n;

	CHECK_INT(send_all(line, "abc", 3), 0);
	CHECK_INT(send_all(line, "de", 2), 0);
	REQUIRE(their_call(false, octet, 3, patience_ms(), &n) && n == 3);
	CHECK_MEM(octet, "abc", 3);
	CHECK_INT(ble_loop_dispatch(line->loop, 20), 0);
	REQUIRE(their_call(false, octet, sizeof(octet), patience_ms(), &n) && n == 2);
	CHECK_MEM(octet, "de", 2);
	line_end(line);
}

/* A dongle that takes nothing: so much waits, and what was refused is not there. */
static void go_later(void)
{
	static uint8_t sent[LINE_ROOM], seen[LINE_ROOM];
	struct line *line = line_new();
	size_t len = 0, got = 0, n;
	int error;

	fill(sent, sizeof(sent));
	for (;;) {
		error = send_all(line, sent + len, 1 + BGAPI_FRAME_MAX);
		if (error)
			break;
		len += 1 + BGAPI_FRAME_MAX;
		REQUIRE(len < LINE_ROOM / 2);
	}
	CHECK_INT(error, -EAGAIN);
	CHECK(len >= 4 * (1 + BGAPI_FRAME_MAX));
	while (got < len) {
		REQUIRE(their_call(false, seen + got, sizeof(seen) - got, patience_ms(), &n) && n);
		got += n;
		CHECK_INT(ble_loop_dispatch(line->loop, 20), 0);
	}
	CHECK_INT(got, len);
	CHECK_MEM(seen, sent, len);
	CHECK_INT(send_all(line, "x", 1), 0);
	REQUIRE(their_call(false, seen, sizeof(seen), patience_ms(), &n) && n == 1);
	CHECK_INT(seen[0], 'x');
	CHECK_INT(send_all(line, sent, 2 + BGAPI_FRAME_MAX), -EMSGSIZE);
	line_end(line);
}

static void wait_for_them(void)
{
	struct line *line = line_new();
	const struct bgapi_stream_class *class = line->stream->class;
	ULONGLONG before;

	CHECK_INT(class->wait(line->stream, 0), -ETIMEDOUT);
	before = GetTickCount64();
	CHECK_INT(class->wait(line->stream, 100), -ETIMEDOUT);
	CHECK(GetTickCount64() - before >= 80);
	they_say("abc", 3);
	CHECK_INT(class->wait(line->stream, patience_ms()), 0);
	CHECK_INT(line->len, 3);
	line->free_on_input = true;
	they_say("d", 1);
	CHECK_INT(class->wait(line->stream, patience_ms()), 0);
	CHECK(!line->stream);
	line_end(line);
}

/* What waits to leave leaves while we wait for something to come. */
static void wait_and_go(void)
{
	static uint8_t sent[LINE_ROOM], seen[LINE_ROOM];
	struct line *line = line_new();
	size_t len = 0, got = 0, n;

	fill(sent, sizeof(sent));
	while (send_all(line, sent + len, 1 + BGAPI_FRAME_MAX) == 0)
		len += 1 + BGAPI_FRAME_MAX;
	while (got < len) {
		REQUIRE(their_call(false, seen + got, sizeof(seen) - got, patience_ms(), &n) && n);
		got += n;
		CHECK_INT(line->stream->class->wait(line->stream, 20), -ETIMEDOUT);
	}
	CHECK_MEM(seen, sent, len);
	line_end(line);
}

/* An error of the line is no end. */
static void broken_off(void)
{
	struct line *line = line_new();

	for (char c = 'a'; c < 'f'; c++) {
		abort_all();
		REQUIRE(ble_loop_dispatch(line->loop, 20) == 0);
		they_say(&c, 1);
		dispatch_until(line, (size_t)(c - 'a' + 1));
	}
	CHECK_MEM(line->octet, "abcde", 5);
	CHECK_INT(line->closes, 0);
	abort_all();
	CHECK_INT(line->stream->class->wait(line->stream, 20), -ETIMEDOUT);
	line_end(line);
}

static const struct test_case traffic[] = {
	TEST(come), TEST(come_in_pieces), TEST(go), TEST(go_later), TEST(wait_for_them),
	TEST(wait_and_go), TEST(broken_off), { 0 }
};

/* -- Ends ------------------------------------------------------------------------------------- */

static void dispatch_until_closed(struct line *line)
{
	while (!line->closes)
		REQUIRE(ble_loop_dispatch(line->loop, -1) == 0);
	CHECK_INT(line->error, -ENODEV);
	CHECK_INT(line->closes, 1);
}

static void freed_in_input(void)
{
	struct line *line = line_new();

	line->free_on_input = true;
	they_say("abc", 3);
	dispatch_until(line, 3);
	CHECK(!line->stream);
	line_end(line);
}

static void pulled(void)
{
	struct line *line = line_new();

	they_say("abc", 3);
	hang_up();
	dispatch_until_closed(line);
	CHECK_INT(line->len, 3);
	CHECK_INT(ble_loop_dispatch(line->loop, 0), 0);
	CHECK_INT(line->closes, 1);
	CHECK_INT(send_all(line, "x", 1), -ENODEV);
	CHECK_INT(line->stream->class->wait(line->stream, patience_ms()), -ENODEV);
	line_end(line);
}

/* Twice with nothing between, or where the port does not answer any more. */
static void broken_off_for_good(void)
{
	for (int dead = 0; dead < 2; dead++) {
		struct line *line = line_new();

		fake.dead = dead;
		abort_all();
		REQUIRE(ble_loop_dispatch(line->loop, 20) == 0);
		CHECK_INT(line->closes, dead);
		if (!dead)
			abort_all();
		dispatch_until_closed(line);
		line_end(line);
	}
}

/* Nobody may go on behind octets that are missing. */
static void write_broken_off(void)
{
	static uint8_t octet[1 + BGAPI_FRAME_MAX];
	struct line *line = line_new();

	while (send_all(line, octet, sizeof(octet)) == 0)
		;
	abort_all();
	CHECK_INT(send_all(line, octet, 1), -ENODEV);
	CHECK_INT(send_all(line, octet, 1), -ENODEV);
	CHECK_INT(line->closes, 0);
	dispatch_until_closed(line);
	line_end(line);
}

/* wait() met the end; the loop tells it. */
static void pulled_while_waiting(void)
{
	struct line *line = line_new();

	they_say("abc", 3);
	hang_up();
	CHECK_INT(line->stream->class->wait(line->stream, patience_ms()), 0);
	CHECK_INT(line->len, 3);
	CHECK_INT(line->stream->class->wait(line->stream, patience_ms()), -ENODEV);
	CHECK_INT(line->closes, 0);
	line->free_on_close = true;
	dispatch_until_closed(line);
	CHECK(!line->stream);
	line_end(line);
}

/* A dongle that takes nothing keeps nobody. */
static void freed_while_writing(void)
{
	static uint8_t octet[1 + BGAPI_FRAME_MAX];
	struct line *line = line_new();
	ULONGLONG before;

	while (send_all(line, octet, sizeof(octet)) == 0)
		;
	before = GetTickCount64();
	line_drop(line);
	CHECK(GetTickCount64() - before < patience_ms());
	line_end(line);
}

static void pulled_while_writing(void)
{
	static uint8_t octet[1 + BGAPI_FRAME_MAX];
	struct line *line = line_new();

	while (send_all(line, octet, sizeof(octet)) == 0)
		;
	hang_up();
	dispatch_until_closed(line);
	line_end(line);
}

static const struct test_case ends[] = {
	TEST(freed_in_input), TEST(freed_while_writing), TEST(pulled),
	TEST(pulled_while_writing), TEST(pulled_while_waiting), TEST(broken_off_for_good),
	TEST(write_broken_off), { 0 }
};

/* -- A dongle --------------------------------------------------------------------------------- */

/* The emulator, in a thread with a loop of its own */
static struct {
	HANDLE thread;
	volatile bool ended;
	struct ble_loop *loop;
	struct dongle *dongle;
	struct dongle_port port;
	struct loop_watch readable;
	OVERLAPPED read;
	bool reading; /* its event is set when the read has ended */
	uint8_t in[512];
} emulator;

/* A read that fails at once, because the host has just closed the port, sets no event. */
static void emulator_asks(void)
{
	emulator.reading = ReadFile(fake.theirs, emulator.in, sizeof(emulator.in), NULL,
				    &emulator.read) ||
			   GetLastError() == ERROR_IO_PENDING;
	if (!emulator.reading)
		loop_unwatch(&emulator.readable);
}

static void emulator_hears(struct loop_watch *watch, unsigned int events)
{
	DWORD n;

	(void)events;
	if (!GetOverlappedResult(fake.theirs, &emulator.read, &n, FALSE)) {
		loop_unwatch(watch);
		return;
	}
	dongle_input(emulator.dongle, (struct ble_bytes){ emulator.in, n });
	emulator_asks();
}

static size_t emulator_says(struct dongle_port *port, struct ble_bytes octets)
{
	size_t n;

	(void)port;
	their_call(true, (void *)(uintptr_t)octets.data, octets.len, patience_ms(), &n);
	return octets.len;
}

static DWORD WINAPI emulate(void *user)
{
	struct dongle_config config;
	struct sim_peripheral *peripheral;
	struct sim_model model;

	(void)user;
	dongle_config_init(&config);
	sim_model_init(&model);
	emulator.port.output = emulator_says;
	emulator.readable.ready = emulator_hears;
	emulator.read.hEvent = CreateEvent(NULL, TRUE, FALSE, NULL);
	if (reference_peripheral(&model, REFERENCE_MIDDLE, 20, &peripheral) == 0 &&
	    dongle_new(emulator.loop, &model, &config, &emulator.dongle) == 0 &&
	    dongle_attach(emulator.dongle, &emulator.port) == 0 &&
	    loop_watch(emulator.loop, &emulator.readable, emulator.read.hEvent, LOOP_READ) == 0)
		emulator_asks();
	while (!emulator.ended)
		ble_loop_dispatch(emulator.loop, -1);
	loop_unwatch(&emulator.readable);
	if (emulator.reading) {
		CancelIoEx(fake.theirs, &emulator.read);
		WaitForSingleObject(emulator.read.hEvent, patience_ms());
	}
	hang_up();
	dongle_free(emulator.dongle);
	sim_model_release(&model);
	CloseHandle(emulator.read.hEvent);
	return 0;
}

static void emulator_start(void)
{
	memset(&emulator, 0, sizeof(emulator));
	REQUIRE(ble_loop_new(&emulator.loop) == 0);
	emulator.thread = CreateThread(NULL, 0, emulate, NULL, 0, NULL);
	REQUIRE(emulator.thread != NULL);
}

/* Its end of the port goes with it. */
static void emulator_stops(void)
{
	emulator.ended = true;
	ble_loop_interrupt(emulator.loop);
}

static void emulator_end(void)
{
	emulator_stops();
	WaitForSingleObject(emulator.thread, INFINITE);
	CloseHandle(emulator.thread);
	ble_loop_unref(emulator.loop);
}

static unsigned int notified;

static void on_notified(void *user, uint16_t handle, struct ble_bytes value)
{
	(void)user;
	CHECK_INT(handle, REFERENCE_NOTIFY);
	CHECK_INT(value.len, 4);
	notified++;
}

struct visit {
	struct ble_loop *loop;
	struct ble_adapter *adapter;
	struct ble_client *client;
};

/* A client of the emulator's peripheral that has discovered it. */
static void visit(struct visit *v)
{
	struct sim_peripheral *peripheral;
	struct sim_model model;

	memset(&fake, 0, sizeof(fake));
	fake.opened = emulator_start;
	REQUIRE(ble_loop_new(&v->loop) == 0);
	REQUIRE(ble_adapter_open(v->loop, "COM3", &v->adapter) == 0);
	sim_model_init(&model);
	REQUIRE(reference_peripheral(&model, REFERENCE_MIDDLE, 20, &peripheral) == 0);
	REQUIRE(ble_client_new(v->adapter, &peripheral->address, &v->client) == 0);
	sim_model_release(&model);
	REQUIRE(ble_client_connect_sync(v->client, NULL) == 0);
	REQUIRE(ble_client_discover_sync(v->client) == 0);
}

static void leave(struct visit *v)
{
	ble_client_unref(v->client);
	ble_adapter_unref(v->adapter);
	emulator_end();
	CHECK_INT(fake.open, 0);
	ble_loop_unref(v->loop);
}

static void hear(struct visit *v, unsigned int most)
{
	notified = 0;
	CHECK_INT(ble_client_subscribe_sync(v->client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO,
					    on_notified, NULL, NULL), 0);
	while (notified < most) {
		REQUIRE(ble_client_connected(v->client));
		REQUIRE(ble_loop_dispatch(v->loop, -1) == 0);
	}
}

static void everything(void)
{
	uint8_t value[ATT_VALUE_MAX], seen[ATT_VALUE_MAX];
	struct visit v;
	size_t len = 0;

	visit(&v);
	fill(value, sizeof(value));
	CHECK_INT(ble_client_read_sync(v.client, REFERENCE_512, seen, sizeof(seen), &len), 0);
	CHECK_INT(len, sizeof(value));
	CHECK_MEM(seen, value, sizeof(value));
	memset(value, 0xa5, sizeof(value));
	CHECK_INT(ble_client_write_sync(v.client, REFERENCE_512,
					(struct ble_bytes){ value, sizeof(value) }), 0);
	CHECK_INT(ble_client_read_sync(v.client, REFERENCE_512, seen, sizeof(seen), &len), 0);
	CHECK_MEM(seen, value, sizeof(value));
	hear(&v, 100);
	CHECK_INT(ble_client_disconnect_sync(v.client), 0);
	leave(&v);
}

static void pulled_while_it_notifies(void)
{
	struct visit v;

	visit(&v);
	hear(&v, 3);
	emulator_stops();
	while (ble_client_connected(v.client))
		REQUIRE(ble_loop_dispatch(v.loop, -1) == 0);
	CHECK_INT(ble_client_connect_sync(v.client, NULL), -ENODEV);
	leave(&v);
}

static const struct test_case whole[] = { TEST(everything), TEST(pulled_while_it_notifies),
					   { 0 } };

int main(int argc, char **argv)
{
	static const struct test_suite suites[] = {
		{ "opening", opening },
		{ "traffic", traffic },
		{ "ends", ends },
		{ "dongle", whole },
		{ 0 },
	};

	return harness_main(argc, argv, suites);
}
